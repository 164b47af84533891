//! What a resource is called outside: its ARN, its type, and the command that fixes it.

use std::fmt;

use serde_json::Value;
use v2only_enforcer::record::Posture;
use v2only_enforcer::{Outcome, ResourceId};
use v2only_policy::surface::SurfaceFix;
use v2only_policy::{DefaultFinding, Disabled, Finding, MetadataOption, OptionFinding, Place, ResourceKind};

use crate::report::item::Item;
use crate::report::posture_v1::PostureV1;
use crate::report::repoint;

/// A resource as AWS names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// Its ARN; its name where AWS's ARN needs what a scan does not read.
    pub(crate) id: String,
    /// The word of Security Hub for its type.
    pub(crate) security_hub_type: &'static str,
    /// The word of CloudFormation for its type.
    pub(crate) cloud_formation_type: &'static str,
}

/// What AWS calls it.
pub(crate) fn named(place: &Place, resource: &ResourceId) -> Named {
    match resource.in_registry().map(ResourceKind::about) {
        Some(about) => Named {
            id: fill(about.arn, place, &resource.aws_id()),
            security_hub_type: about.security_hub_type,
            cloud_formation_type: about.cloud_formation_type,
        },
        None => Named { id: resource.to_string(), security_hub_type: "Other", cloud_formation_type: "Other" },
    }
}

/// A text of the registry with the names of a resource.
fn fill(text: &str, place: &Place, id: &str) -> String {
    text.replace("{partition}", place.region.partition().as_str())
        .replace("{region}", place.region.as_str())
        .replace("{account}", place.account.as_str())
        .replace("{lower}", &id.to_lowercase())
        .replace("{id}", id)
}

/// One finding of one resource, the same in every run.
pub(crate) fn finding_id(place: &Place, resource: &ResourceId, rule: &str) -> String {
    let (kind, partition) = (resource.kind(), place.region.partition().as_str());
    format!("v2only/{partition}/{}/{}/{kind}/{resource}/{rule}", place.account, place.region)
}

/// The command that fixes a finding by hand.
pub(crate) fn command(item: &Item<'_>, finding: Finding) -> String {
    let region = &item.record.place.region;
    let on = |enable: bool| if enable { "enabled" } else { "disabled" };
    match &item.record.resource {
        ResourceId::Instance(id) => {
            let option = match finding {
                Finding::Option(OptionFinding::EndpointEnabled) => "--http-endpoint disabled".to_owned(),
                Finding::Option(
                    OptionFinding::HopLimitAbove { max: hops, .. }
                    | OptionFinding::HopLimitOther { exactly: hops, .. },
                ) => format!("--http-put-response-hop-limit {}", hops.get()),
                Finding::Option(OptionFinding::Switch { option, enable }) => {
                    format!("{} {}", option.flag(), on(enable))
                }
                _ => "--http-tokens required --http-endpoint enabled".to_owned(),
            };
            format!("aws ec2 modify-instance-metadata-options --region {region} --instance-id {id} {option}")
        }
        ResourceId::Notebook(name) => format!(
            "aws sagemaker update-notebook-instance --region {region} --notebook-instance-name {name} \
             --instance-metadata-service-configuration MinimumInstanceMetadataServiceVersion=2"
        ),
        ResourceId::AccountDefault => {
            let option = match finding {
                Finding::Default(DefaultFinding::HopLimit { must, .. }) => {
                    let hops = must.map(|it| i16::from(it.get())).unwrap_or(-1);
                    format!("--http-put-response-hop-limit {hops}")
                }
                Finding::Default(DefaultFinding::Endpoint { must, .. }) => {
                    format!("--http-endpoint {}", must.map(|Disabled| on(false)).unwrap_or("no-preference"))
                }
                Finding::Default(DefaultFinding::MetadataTags { must, .. }) => {
                    format!("--instance-metadata-tags {}", must.map(on).unwrap_or("no-preference"))
                }
                Finding::Default(DefaultFinding::NotEnforced) => "--http-tokens-enforced enabled".to_owned(),
                _ => "--http-tokens required".to_owned(),
            };
            format!("aws ec2 modify-instance-metadata-defaults --region {region} {option}")
        }
        ResourceId::Image(id) => {
            format!("aws ec2 modify-image-attribute --region {region} --image-id {id} --imds-support v2.0")
        }
        ResourceId::Surface(kind, id) => fill(kind.about().command, &item.record.place, id),
        ResourceId::Consumer(..) => format!("v2only scan --region {region} --kind launch-template"),
        other @ (ResourceId::TemplateVersion(..)
        | ResourceId::LaunchConfiguration(_)
        | ResourceId::UnnamedLaunch(_)
        | ResourceId::Source(_)) => {
            format!("v2only enforce --policy policy.yaml --region {region} --kind {}", other.kind())
        }
    }
}

/// What to do about a finding, in words, with the command to type.
pub(crate) fn remedy(item: &Item<'_>, finding: Finding) -> String {
    let command = command(item, finding);
    match &item.record.resource {
        ResourceId::Notebook(_) => format!("Once it is stopped, type: {command}"),
        ResourceId::LaunchConfiguration(_) => {
            "Launch configurations cannot be changed: move its Auto Scaling groups to a launch template that \
             requires tokens. `v2only scan --kind launch-configuration` names the groups."
                .to_owned()
        }
        ResourceId::TemplateVersion(..) => {
            format!(
                "Let the policy document say `launch_templates: {{ fix: new-version }}`, and type: {command}"
            )
        }
        ResourceId::Image(_) => format!("Nobody can undo it. Type: {command}"),
        ResourceId::Consumer(..) => {
            let advice = repoint::advice(item);
            if advice.is_empty() { item.held_because().unwrap_or_default() } else { advice.join("\n") }
        }
        ResourceId::Instance(_) if item.usage().is_some() => {
            format!(
                "See who uses IMDSv1 first: v2only readiness --region {}. Then type: {command}",
                item.record.place.region
            )
        }
        ResourceId::Surface(kind, _) => match kind.about().fix {
            SurfaceFix::Report(advice) => format!("Not fixed by v2only: {advice}. By hand: {command}"),
            SurfaceFix::BehindUsageGate | SurfaceFix::InPlace => format!("Type: {command}"),
        },
        ResourceId::Instance(_)
        | ResourceId::AccountDefault
        | ResourceId::UnnamedLaunch(_)
        | ResourceId::Source(_) => format!("Type: {command}"),
    }
}

/// What is wrong, and what follows.
pub(super) fn description(item: &Item<'_>, finding: Finding) -> String {
    let mut words = vec![format!("{} {}: {finding}.", item.record.resource.kind(), item.record.resource)];
    if let Some(by) = item.exemption() {
        words.push(format!("Exempt through {} ({}): {}.", by.until, by.origin, by.reason));
    }
    if let Some(why) = item.held_because() {
        words.push(format!("Held: {why}."));
    }
    if let Some(cause) = item.cause {
        words.push(format!("Cause: {}.", cause.words()));
    }
    match &item.record.outcome {
        Outcome::Fixed => words.push("Fixed by v2only.".to_owned()),
        Outcome::Failed(failure) => words.push(format!("Not fixed: {failure}.")),
        _ => {}
    }
    words.join(" ")
}

/// The value of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OptionValue {
    Word(&'static str),
    Number(u8),
}

impl fmt::Display for OptionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Number(number) => number.fmt(f),
        }
    }
}

impl From<&OptionValue> for Value {
    fn from(value: &OptionValue) -> Self {
        match value {
            OptionValue::Word(word) => (*word).into(),
            OptionValue::Number(number) => (*number).into(),
        }
    }
}

/// Options as pairs in AWS's own words, those that are not described left out.
pub(crate) fn options(posture: &Posture) -> Vec<(&'static str, OptionValue)> {
    let posture = PostureV1::from(posture);
    let (mut status, mut minimum_version, mut imds_support, mut enforced) = (None, None, None, None);
    let options = match &posture {
        PostureV1::Instance(options) | PostureV1::Launch { options, .. } => Some(options),
        PostureV1::Defaults { options, http_tokens_enforced } => {
            enforced = *http_tokens_enforced;
            Some(options)
        }
        PostureV1::Notebook { minimum_version: version, status: word } => {
            (minimum_version, status) = (*version, *word);
            None
        }
        PostureV1::Image { imds_support: support } => {
            imds_support = *support;
            None
        }
    };
    let word = |value: Option<&'static str>| value.map(OptionValue::Word);
    let of_instance = options.into_iter().flat_map(|options| {
        MetadataOption::all().map(|option| {
            let value = match option {
                MetadataOption::HttpTokens => word(options.http_tokens),
                MetadataOption::HttpEndpoint => word(options.http_endpoint),
                MetadataOption::HopLimit => options.hop_limit.map(OptionValue::Number),
                MetadataOption::Switch(switch) => word(options.switches.0[switch]),
            };
            (option.as_str(), value)
        })
    });
    let others = [
        ("HttpTokensEnforced", word(enforced)),
        ("MinimumInstanceMetadataServiceVersion", word(minimum_version)),
        ("NotebookInstanceStatus", word(status)),
        ("ImdsSupport", word(imds_support)),
    ];
    of_instance.chain(others).filter_map(|(key, value)| Some((key, value?))).collect()
}
