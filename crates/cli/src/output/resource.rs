//! What a resource is called outside: its ARN, its type, and the command that mends it.

use v2only_enforcer::ResourceId;
use v2only_enforcer::record::Posture;
use v2only_policy::{DefaultFinding, Finding, OptionFinding, Place, Switch};

use super::items::Item;

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
    let partition = place.region.partition().as_str();
    let (account, region) = (&place.account, &place.region);
    let ec2 = |what: String| format!("arn:{partition}:ec2:{region}:{account}:{what}");
    let (id, security_hub_type, cloud_formation_type) = match resource {
        ResourceId::Instance(id) => (ec2(format!("instance/{id}")), "AwsEc2Instance", "AWS::EC2::Instance"),
        ResourceId::Notebook(name) => (
            format!(
                "arn:{partition}:sagemaker:{region}:{account}:notebook-instance/{}",
                name.as_str().to_lowercase()
            ),
            "AwsSageMakerNotebookInstance",
            "AWS::SageMaker::NotebookInstance",
        ),
        ResourceId::TemplateVersion(id, _) => {
            (ec2(format!("launch-template/{id}")), "AwsEc2LaunchTemplate", "AWS::EC2::LaunchTemplate")
        }
        // Its ARN holds a random part.
        ResourceId::LaunchConfiguration(name) => {
            (name.clone(), "AwsAutoScalingLaunchConfiguration", "AWS::AutoScaling::LaunchConfiguration")
        }
        ResourceId::Image(id) => {
            (format!("arn:{partition}:ec2:{region}::image/{id}"), "Other", "AWS::EC2::Image")
        }
        ResourceId::AccountDefault => (format!("AWS::::Account:{account}"), "AwsAccount", "AWS::::Account"),
        ResourceId::UnnamedLaunch(text) | ResourceId::Source(text) => (text.clone(), "Other", "Other"),
    };
    Named { id, security_hub_type, cloud_formation_type }
}

/// One finding of one resource, the same in every run.
pub(crate) fn finding_id(place: &Place, resource: &ResourceId, rule: &str) -> String {
    let (kind, partition) = (resource.kind(), place.region.partition().as_str());
    format!("v2only/{partition}/{}/{}/{kind}/{resource}/{rule}", place.account, place.region)
}

/// The command that mends a finding, for people who mend by hand.
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
                Finding::Option(OptionFinding::Ipv6Endpoint { enable }) => {
                    format!("--http-protocol-ipv6 {}", on(enable))
                }
                Finding::Option(OptionFinding::MetadataTags { enable }) => {
                    format!("--instance-metadata-tags {}", on(enable))
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
                    format!("--http-put-response-hop-limit {}", must.get())
                }
                Finding::Default(DefaultFinding::NotEnforced) => "--http-tokens-enforced enabled".to_owned(),
                _ => "--http-tokens required".to_owned(),
            };
            format!("aws ec2 modify-instance-metadata-defaults --region {region} {option}")
        }
        ResourceId::Image(id) => {
            format!("aws ec2 modify-image-attribute --region {region} --image-id {id} --imds-support v2.0")
        }
        other => format!("v2only enforce --policy policy.yaml --region {region} --kind {}", other.kind()),
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
        ResourceId::Instance(_) if item.usage().is_some() => {
            format!(
                "See who uses IMDSv1 first: v2only readiness --region {}. Then type: {command}",
                item.record.place.region
            )
        }
        _ => format!("Type: {command}"),
    }
}

/// Options as pairs in AWS's own words, those that are not described left out.
pub(crate) fn options(posture: &Posture) -> Vec<(&'static str, String)> {
    let word = |it: Switch| super::posture_v1::switch(it).map(str::to_owned);
    let value = serde_json::to_value(super::posture_v1::PostureV1::from(posture)).unwrap_or_default();
    let text = |key: &str| match value.get(key) {
        Some(serde_json::Value::String(text)) => Some(text.clone()),
        Some(serde_json::Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let enforced = match posture {
        Posture::Defaults { enforced, .. } => word(*enforced),
        _ => None,
    };
    [
        ("HttpTokens", text("http_tokens")),
        ("HttpEndpoint", text("http_endpoint")),
        ("HttpPutResponseHopLimit", text("hop_limit")),
        ("HttpProtocolIpv6", text("ipv6_endpoint")),
        ("InstanceMetadataTags", text("metadata_tags")),
        ("HttpTokensEnforced", enforced),
        ("MinimumInstanceMetadataServiceVersion", text("minimum_version")),
        ("NotebookInstanceStatus", text("status")),
        ("ImdsSupport", text("imds_support")),
    ]
    .into_iter()
    .filter_map(|(key, value)| Some((key, value?)))
    .collect()
}
