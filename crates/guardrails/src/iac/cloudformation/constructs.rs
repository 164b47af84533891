//! What to write in an AWS CDK app, for resources that the CDK made.
//!
//! Source: AWS CDK, API reference v2: `aws_ec2.Instance`, `aws_ec2.LaunchTemplate`, `aws_autoscaling.AutoScalingGroup`
//! (`requireImdsv2`), the aspects `InstanceRequireImdsv2Aspect`, `LaunchTemplateRequireImdsv2Aspect` and
//! `AutoScalingGroupRequireImdsv2Aspect`, and `aws_sagemaker.CfnNotebookInstance`.

use v2only_document::tree::Node;

use crate::iac::Finding;

/// The property of a construct, and the aspect for all constructs of an app.
fn property(kind: &str, code: &str) -> Option<(&'static str, Option<&'static str>)> {
    const REQUIRE: &str = "requireImdsv2: true";
    if code == "hop-limit" {
        return None;
    }
    Some(match kind {
        "AWS::EC2::Instance" => (REQUIRE, Some("ec2.InstanceRequireImdsv2Aspect")),
        "AWS::EC2::LaunchTemplate" => (REQUIRE, Some("ec2.LaunchTemplateRequireImdsv2Aspect")),
        "AWS::AutoScaling::LaunchConfiguration" => {
            (REQUIRE, Some("autoscaling.AutoScalingGroupRequireImdsv2Aspect"))
        }
        "AWS::ImageBuilder::InfrastructureConfiguration" => {
            ("instanceMetadataOptions: { httpTokens: 'required' }", None)
        }
        "AWS::SageMaker::NotebookInstance" => {
            ("instanceMetadataServiceConfiguration: { minimumInstanceMetadataServiceVersion: '2' }", None)
        }
        _ => return None,
    })
}

/// Adds the lines for the CDK app to findings about a resource that has the path of its construct.
pub(super) fn advise(node: &Node, kind: &str, findings: &mut [Finding]) {
    let path = node.get("Metadata").and_then(|it| it.get("aws:cdk:path")).and_then(Node::text);
    let Some(path) = path else { return };
    for finding in findings {
        if let Some((property, aspect)) = property(kind, finding.code) {
            let construct = path.trim_end_matches("/Resource");
            finding.instead.push_str(&format!("\nin the CDK app, for {construct}:\n  {property}"));
            if let Some(aspect) = aspect {
                finding.instead.push_str(&format!("\nor for all:\n  Aspects.of(app).add(new {aspect}())"));
            }
        }
    }
}
