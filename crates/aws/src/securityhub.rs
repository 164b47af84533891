//! Findings in Security Hub. Source of every shape: AWS Security Hub API Reference, `GetFindings` and
//! `BatchImportFindings`.
//!
//! What is imported is sent as it was rendered, byte for byte: nothing is translated on the way, and so what
//! `--output asff` prints is what arrives.

use aws_sdk_securityhub::Client;
use aws_sdk_securityhub::types as sdk;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use v2only_enforcer::ports::{Answer, ImportFindings, KnownFinding, ReadFindings, RefusedFinding};
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
        let call = Call::GetFindings;
        let client = self.securityhub(place).await?;
        let filters = sdk::AwsSecurityFindingFilters::builder()
            .aws_account_id(filter(sdk::StringFilterComparison::Equals, place.account.as_str()))
            // Where Regions are aggregated, those of others are there as well.
            .region(filter(sdk::StringFilterComparison::Equals, place.region.as_str()))
            .generator_id(filter(sdk::StringFilterComparison::Prefix, generators))
            .record_state(filter(sdk::StringFilterComparison::Equals, "ACTIVE"))
            .build();
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
        let refused = answer.failed_findings().iter().map(|it| RefusedFinding {
            id: text(it.id()),
            code: text(it.error_code()),
            message: text(it.error_message()),
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
