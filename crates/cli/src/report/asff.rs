//! AWS Security Finding Format, which Security Hub imports.
//!
//! Source: AWS Security Hub User Guide, "AWS Security Finding Format"; API Reference, `BatchImportFindings`.
//!
//! One finding for each resource and rule, under the same id in every run, so that a later run updates it. What is
//! exempt stays active as a warning: a suppressed finding would stay suppressed after its exemption expired.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};
use v2only_enforcer::ResourceId;
use v2only_enforcer::ports::KnownFinding;
use v2only_policy::rules::{About, Severity};
use v2only_policy::{Finding, MetadataOption, Place};

use super::list::List;
use super::resource::{self, Named};
use crate::report::item::Item;
use crate::report::sink::{Sink, Tail};
use crate::term::problem::Stop;

/// What every id of a generator begins with.
pub(crate) const GENERATOR: &str = "v2only/";

/// What Security Hub calls findings of this kind.
const TYPE: &str = "Software and Configuration Checks/AWS Security Best Practices";

/// The most that Security Hub takes of each text.
const TITLE: usize = 256;
const DESCRIPTION: usize = 1024;
const RECOMMENDATION: usize = 512;
const FIELD: usize = 1024;

/// When findings that are known already came to be, by their ids.
pub(crate) type Known = BTreeMap<String, String>;

/// The document that `BatchImportFindings` takes, but for its limit of 100.
pub(crate) struct Asff<'a> {
    now: Timestamp,
    list: List,
    out: &'a mut dyn Write,
}

impl<'a> Asff<'a> {
    pub(crate) fn new(now: Timestamp, out: &'a mut dyn Write) -> Self {
        Self { now, list: List::with_elements_at(2), out }
    }
}

impl Sink for Asff<'_> {
    fn begin(&mut self) -> io::Result<()> {
        self.out.write_all(b"{\n  \"Findings\": ")?;
        self.list.begin(self.out)
    }

    fn finding(&mut self, item: &Item<'_>) -> Result<(), Stop> {
        let findings = findings(item, self.now, &Known::new());
        Ok(findings.iter().try_for_each(|finding| self.list.element(self.out, finding))?)
    }

    fn end(&mut self, _: &Tail<'_>) -> Result<(), Stop> {
        self.list.end(self.out)?;
        Ok(self.out.write_all(b"\n}\n")?)
    }
}

/// A document of findings, which may be serialized one by one.
#[derive(Serialize)]
pub(crate) struct Document<T> {
    #[serde(rename = "Findings")]
    pub(crate) findings: T,
}

/// The findings of one resource, one for each rule.
pub(crate) fn findings(item: &Item<'_>, now: Timestamp, known: &Known) -> Vec<Value> {
    item.findings_by_rule().into_iter().map(|violation| finding(item, violation, now, known)).collect()
}

fn finding(item: &Item<'_>, finding: Finding, now: Timestamp, known: &Known) -> Value {
    let rule = finding.rule().about();
    let (place, id) = (&item.record.place, &item.record.resource);
    let named = resource::named(place, id);
    let finding_id = resource::finding_id(place, id, rule.id);
    let time = time(now);
    let created = known.get(&finding_id).unwrap_or(&time).clone();
    let closed = item.is_fixed() || item.is_gone();
    let (status, severity) = match (closed, item.exemption()) {
        (true, _) => ("PASSED", Severity::Informational),
        (false, Some(_)) => ("WARNING", Severity::Informational),
        (false, None) => ("FAILED", rule.severity),
    };
    json!({
        "SchemaVersion": "2018-10-08",
        "Id": finding_id,
        "ProductArn": product_arn(place),
        "ProductName": "v2only",
        "CompanyName": "v2only",
        "GeneratorId": format!("{GENERATOR}{}", rule.id),
        "AwsAccountId": place.account.as_str(),
        "CreatedAt": created,
        "UpdatedAt": time,
        "LastObservedAt": time,
        "Title": cut(rule.title, TITLE),
        "Description": cut(&resource::description(item, finding), DESCRIPTION),
        "FindingProviderFields": {
            "Severity": { "Label": label(severity), "Original": label(severity) },
            "Types": [TYPE],
        },
        "Remediation": { "Recommendation": {
            "Text": cut(&resource::remedy(item, finding), RECOMMENDATION),
            "Url": rule.aws_page,
        }},
        "ProductFields": product_fields(item, rule),
        "Resources": [described(item, &named)],
        "Compliance": compliance(status, rule, id),
        "Workflow": { "Status": if closed { "RESOLVED" } else { "NEW" } },
        "RecordState": if closed { "ARCHIVED" } else { "ACTIVE" },
    })
}

/// The status, and the requirements that AWS relates to its own control for this kind of resource.
fn compliance(status: &str, rule: &About, id: &ResourceId) -> Value {
    let requirements = rule.control(id.in_registry()).map_or(&[][..], |it| it.requirements);
    if requirements.is_empty() {
        return json!({ "Status": status });
    }
    json!({ "Status": status, "RelatedRequirements": requirements })
}

/// The finding that closes a known one.
pub(crate) fn closed(known: &KnownFinding, place: &Place, now: Timestamp) -> Value {
    let time = time(now);
    let created = if known.created_at.is_empty() { &time } else { &known.created_at };
    let resources: Vec<Value> = known
        .resources
        .iter()
        .map(|(kind, id)| {
            json!({
                "Type": kind, "Id": id,
                "Partition": place.region.partition().as_str(), "Region": place.region.as_str(),
            })
        })
        .collect();
    json!({
        "SchemaVersion": "2018-10-08",
        "Id": known.id,
        "ProductArn": product_arn(place),
        "ProductName": "v2only",
        "CompanyName": "v2only",
        "GeneratorId": known.generator,
        "AwsAccountId": place.account.as_str(),
        "CreatedAt": created,
        "UpdatedAt": time,
        "LastObservedAt": time,
        "Title": known.title,
        "Description": known.description,
        "FindingProviderFields": {
            "Severity": { "Label": "INFORMATIONAL", "Original": "INFORMATIONAL" },
            "Types": [TYPE],
        },
        "Resources": resources,
        "Compliance": { "Status": "PASSED" },
        "Workflow": { "Status": "RESOLVED" },
        "RecordState": "ARCHIVED",
    })
}

/// The product that everybody has in their own account.
pub(crate) fn product_arn(place: &Place) -> String {
    let partition = place.region.partition().as_str();
    let (account, region) = (&place.account, &place.region);
    format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default")
}

/// To the millisecond, as Security Hub keeps it.
pub(crate) fn time(at: Timestamp) -> String {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at).to_string()
}

fn product_fields(item: &Item<'_>, rule: &About) -> Value {
    let record = item.record;
    let exemption = item.exemption();
    let fields = [
        ("v2only/Version", Some(env!("CARGO_PKG_VERSION").to_owned())),
        ("v2only/Rule", Some(rule.id.to_owned())),
        ("v2only/Verdict", record.verdict().map(|it| it.code().to_owned())),
        ("v2only/Outcome", Some(item.outcome().to_owned())),
        ("v2only/Hold", record.hold().map(|it| it.code().to_owned())),
        ("v2only/Resource", Some(record.resource.to_string())),
        ("v2only/Cause", item.cause.map(v2only_policy::cause::RootCause::words)),
        ("v2only/AutoScalingGroup", item.cause.and_then(|it| it.group.clone())),
        ("v2only/LaunchedBy", item.launcher.map(ToString::to_string)),
        ("v2only/ExemptUntil", exemption.map(|it| it.until.to_string())),
        ("v2only/ExemptBecause", exemption.map(|it| it.reason.clone())),
        ("v2only/ExemptOwner", exemption.and_then(|it| it.owner.clone())),
    ];
    let said = |(key, value): (&str, Option<String>)| {
        let value = value.filter(|it| !it.trim().is_empty())?;
        Some((key.to_owned(), Value::String(cut(&value, FIELD))))
    };
    Value::Object(fields.into_iter().filter_map(said).collect())
}

/// The resource, with the options that are known of it where the format has a place for them.
fn described(item: &Item<'_>, named: &Named) -> Value {
    let place = &item.record.place;
    let mut resource = Map::from_iter([
        ("Type".to_owned(), named.security_hub_type.into()),
        ("Id".to_owned(), named.id.as_str().into()),
        ("Partition".to_owned(), place.region.partition().as_str().into()),
        ("Region".to_owned(), place.region.as_str().into()),
    ]);
    if let Some(details) = details(item) {
        resource.insert("Details".to_owned(), details);
    }
    Value::Object(resource)
}

fn details(item: &Item<'_>) -> Option<Value> {
    let options = resource::options(item.posture()?);
    let pick = |wanted: &[&str]| -> Map<String, Value> {
        let wanted = options.iter().filter(|(key, _)| wanted.contains(key));
        wanted.map(|(key, value)| ((*key).to_owned(), value.into())).collect()
    };
    let all: Vec<&str> = MetadataOption::all().map(MetadataOption::as_str).collect();
    Some(match &item.record.resource {
        ResourceId::Instance(_) => json!({ "AwsEc2Instance": { "MetadataOptions": pick(&all) } }),
        ResourceId::Notebook(name) => {
            let mut notebook = pick(&["NotebookInstanceStatus"]);
            notebook.insert("NotebookInstanceName".to_owned(), name.as_str().into());
            let minimum = pick(&["MinimumInstanceMetadataServiceVersion"]);
            notebook.insert("InstanceMetadataServiceConfiguration".to_owned(), minimum.into());
            json!({ "AwsSageMakerNotebookInstance": notebook })
        }
        ResourceId::TemplateVersion(id, _) => {
            let mut template = Map::from_iter([
                ("Id".to_owned(), id.as_str().into()),
                ("LaunchTemplateData".to_owned(), json!({ "MetadataOptions": pick(&all) })),
            ]);
            if let Some(it) = item.template() {
                template.insert("LaunchTemplateName".to_owned(), it.name.as_str().into());
                template.insert("DefaultVersionNumber".to_owned(), it.default.into());
                template.insert("LatestVersionNumber".to_owned(), it.described_latest().into());
            }
            json!({ "AwsEc2LaunchTemplate": template })
        }
        ResourceId::LaunchConfiguration(name) => {
            let said = pick(&["HttpTokens", "HttpEndpoint", "HttpPutResponseHopLimit"]);
            json!({ "AwsAutoScalingLaunchConfiguration": {
                "LaunchConfigurationName": name, "MetadataOptions": said,
            }})
        }
        _ => {
            let said: Map<String, Value> =
                options.iter().map(|(key, value)| ((*key).to_owned(), value.to_string().into())).collect();
            json!({ "Other": said })
        }
    })
}

const fn label(it: Severity) -> &'static str {
    match it {
        Severity::Informational => "INFORMATIONAL",
        Severity::Low => "LOW",
        Severity::Medium => "MEDIUM",
        Severity::High => "HIGH",
    }
}

/// At most so many characters, with a mark where something is missing.
pub(crate) fn cut(text: &str, at_most: usize) -> String {
    if text.chars().count() <= at_most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(at_most.saturating_sub(1)).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
    }

    #[test]
    fn times_have_milliseconds_and_a_z() {
        assert_eq!(time("2026-11-20T10:15:00.123456789Z".parse().unwrap()), "2026-11-20T10:15:00.123Z");
        assert_eq!(time("2026-11-20T10:15:00Z".parse().unwrap()), "2026-11-20T10:15:00Z");
    }
}
