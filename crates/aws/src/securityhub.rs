//! Findings in Security Hub. Source of every shape: AWS Security Hub API Reference, `GetFindings`,
//! `BatchImportFindings` and `BatchUpdateFindings`.
//!
//! What is imported is sent as it was rendered, byte for byte: nothing is translated on the way, and so what
//! `--output asff` prints is what arrives.

use aws_sdk_securityhub::Client;
use aws_sdk_securityhub::types as sdk;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use v2only_enforcer::ports::{
    Answer, ControlFinding, ImportFindings, KnownFinding, ReadControls, ReadFindings, RefusedFinding,
    UpdateFindings,
};
use v2only_enforcer::{Failure, Kind};
use v2only_policy::Place;

use crate::call::Call;
use crate::connect::Aws;

/// AWS gives at most 100 findings in one answer.
const PAGE: i32 = 100;

impl Aws {
    async fn securityhub(&self, place: &Place) -> Answer<Client> {
        Ok(Client::new(&self.config(place).await?))
    }
}

impl ReadFindings for Aws {
    async fn active_findings(&self, place: &Place, generators: &str) -> Answer<Vec<KnownFinding>> {
        let filters =
            active_at(place).generator_id(filter(sdk::StringFilterComparison::Prefix, generators)).build();
        self.findings(place, filters, read).await
    }
}

impl ReadControls for Aws {
    async fn control_findings(&self, place: &Place, controls: &[&str]) -> Answer<Vec<ControlFinding>> {
        let (partition, region) = (place.region.partition().as_str(), &place.region);
        let product = format!("arn:{partition}:securityhub:{region}::product/aws/securityhub");
        let equal = |it: &str| filter(sdk::StringFilterComparison::Equals, it);
        let filters = active_at(place).product_arn(equal(&product));
        let filters =
            controls.iter().fold(filters, |filters, it| filters.compliance_security_control_id(equal(it)));
        self.findings(place, filters.build(), read_control).await
    }
}

impl Aws {
    /// Every page of the findings that match.
    async fn findings<T>(
        &self,
        place: &Place,
        filters: sdk::AwsSecurityFindingFilters,
        read: fn(&sdk::AwsSecurityFinding) -> Option<T>,
    ) -> Answer<Vec<T>> {
        let call = Call::GetFindings;
        let client = self.securityhub(place).await?;
        let mut known = Vec::new();
        let mut next: Option<String> = None;
        loop {
            self.turn(Some(place), call).await?;
            let page = client
                .get_findings()
                .filters(filters.clone())
                .max_results(PAGE)
                .set_next_token(next.clone())
                .send()
                .await
                .map_err(|it| self.failure(place, call, &it))?;
            known.extend(page.findings().iter().filter_map(read));
            let following = page.next_token.filter(|it| !it.is_empty());
            if following.is_some() && following == next {
                let why = "Security Hub answered with the same page token again";
                return Err(Failure::new(Kind::Unknown, call.iam_action(), why));
            }
            next = following;
            if next.is_none() {
                return Ok(known);
            }
        }
    }
}

/// The active findings about an account and Region. Where Regions are aggregated, those of others are there as well.
fn active_at(place: &Place) -> sdk::builders::AwsSecurityFindingFiltersBuilder {
    let equal = |it: &str| filter(sdk::StringFilterComparison::Equals, it);
    sdk::AwsSecurityFindingFilters::builder()
        .aws_account_id(equal(place.account.as_str()))
        .region(equal(place.region.as_str()))
        .record_state(equal("ACTIVE"))
}

fn filter(comparison: sdk::StringFilterComparison, value: &str) -> sdk::StringFilter {
    sdk::StringFilter::builder().comparison(comparison).value(value).build()
}

/// One without an id is none of ours.
fn read(it: &sdk::AwsSecurityFinding) -> Option<KnownFinding> {
    let text = |it: Option<&str>| it.unwrap_or_default().to_owned();
    let resource = |it: &sdk::Resource| (text(it.r#type()), text(it.id()));
    Some(KnownFinding {
        id: it.id()?.to_owned(),
        generator: text(it.generator_id()),
        title: text(it.title()),
        description: text(it.description()),
        created_at: text(it.created_at()),
        resources: it.resources().iter().map(resource).collect(),
    })
}

/// One without an id, a product or a control cannot be updated by either.
fn read_control(it: &sdk::AwsSecurityFinding) -> Option<ControlFinding> {
    let compliance = it.compliance()?;
    let text = |it: Option<&str>| it.unwrap_or_default().to_owned();
    Some(ControlFinding {
        id: it.id()?.to_owned(),
        product: it.product_arn()?.to_owned(),
        control: compliance.security_control_id()?.to_owned(),
        resources: it.resources().iter().filter_map(|it| it.id().map(str::to_owned)).collect(),
        compliance: text(compliance.status().map(sdk::ComplianceStatus::as_str)),
        workflow: text(it.workflow().and_then(|it| it.status()).map(sdk::WorkflowStatus::as_str)),
        note: it.note().map(|it| (text(it.text()), text(it.updated_by()))),
    })
}

impl UpdateFindings for Aws {
    async fn set_workflow(
        &self,
        place: &Place,
        findings: &[&ControlFinding],
        status: &str,
        (text, by): (&str, &str),
    ) -> Answer<Vec<RefusedFinding>> {
        let call = Call::BatchUpdateFindings;
        let client = self.securityhub(place).await?;
        self.turn(Some(place), call).await?;
        let named = findings.iter().map(|finding| {
            sdk::AwsSecurityFindingIdentifier::builder().id(&finding.id).product_arn(&finding.product).build()
        });
        let workflow = sdk::WorkflowUpdate::builder().status(sdk::WorkflowStatus::from(status)).build();
        let answer = client
            .batch_update_findings()
            .set_finding_identifiers(Some(named.collect()))
            .note(sdk::NoteUpdate::builder().text(text).updated_by(by).build())
            .workflow(workflow)
            .send()
            .await
            .map_err(|it| self.failure(place, call, &it))?;
        let said = |it: Option<&str>| it.unwrap_or_default().to_owned();
        let refused = answer.unprocessed_findings().iter().map(|finding| RefusedFinding {
            id: said(finding.finding_identifier().and_then(|it| it.id())),
            code: said(finding.error_code()),
            message: said(finding.error_message()),
        });
        let refused: Vec<RefusedFinding> = refused.collect();
        let answered = answer.processed_findings().len() + refused.len();
        if answered < findings.len() {
            let why = format!("Security Hub answered for {answered} of {} findings", findings.len());
            return Err(Failure::new(Kind::Unverified, call.iam_action(), why));
        }
        Ok(refused)
    }
}

impl ImportFindings for Aws {
    async fn import_findings(&self, place: &Place, document: &Value) -> Answer<Vec<RefusedFinding>> {
        let call = Call::BatchImportFindings;
        let client = self.securityhub(place).await?;
        self.turn(Some(place), call).await?;
        let body = document.to_string();
        let as_it_is = move |request: &mut HttpRequest| {
            request.headers_mut().insert("content-length", body.len().to_string());
            *request.body_mut() = SdkBody::from(body.as_str());
        };
        let answer = client
            .batch_import_findings()
            .customize()
            .mutate_request(as_it_is)
            .send()
            .await
            .map_err(|it| self.failure(place, call, &it))?;
        let text = |it: Option<&str>| it.unwrap_or_default().to_owned();
        let refused = answer.failed_findings().iter().map(|finding| RefusedFinding {
            id: text(finding.id()),
            code: text(finding.error_code()),
            message: text(finding.error_message()),
        });
        let refused: Vec<RefusedFinding> = refused.collect();
        let failed = usize::try_from(answer.failed_count().unwrap_or_default()).unwrap_or(0);
        if failed > refused.len() {
            let why = format!("Security Hub did not take {failed} findings, and named {}", refused.len());
            return Err(Failure::new(Kind::Unverified, call.iam_action(), why));
        }
        Ok(refused)
    }
}
