//! The organization's policies as one template.
//!
//! Source: AWS CloudFormation Template Reference, `AWS::Organizations::Policy`.

use crate::{File, Kind};

const HEAD: &str = r#"# Creates the service control, resource control and declarative policies of this folder, and attaches none: a policy
# has no effect until you attach it. Deploy it in the management account or in a delegated administrator of AWS
# Organizations, as a stack or through a stack set. Of several Regions only the one in HomeRegion gets the policies,
# because their names are unique in the organization.
AWSTemplateFormatVersion: "2010-09-09"
Description: v2only, policies that block IMDSv1 at the API, attached to nothing
Parameters:
  HomeRegion:
    Type: String
    Default: us-east-1
    Description: The one Region in which the stack creates the policies
  ServiceControlPolicies:
    Type: String
    Default: "yes"
    AllowedValues: ["yes", "no"]
  ResourceControlPolicies:
    Type: String
    Default: "yes"
    AllowedValues: ["yes", "no"]
  DeclarativePolicies:
    Type: String
    Default: "yes"
    AllowedValues: ["yes", "no"]
Conditions:
  IsHome: !Equals [!Ref AWS::Region, !Ref HomeRegion]
  CreateServiceControl: !And [!Condition IsHome, !Equals [!Ref ServiceControlPolicies, "yes"]]
  CreateResourceControl: !And [!Condition IsHome, !Equals [!Ref ResourceControlPolicies, "yes"]]
  CreateDeclarative: !And [!Condition IsHome, !Equals [!Ref DeclarativePolicies, "yes"]]
Resources:
  # A stack needs a resource also where it creates no policy.
  Anchor:
    Type: AWS::CloudFormation::WaitConditionHandle
"#;

/// The template for rendered files. Files that repeat the statements of others are left out.
pub(super) fn template(files: &[File]) -> String {
    let mut text = HEAD.to_owned();
    // AWS Organizations changes one policy at a time, so each waits for the one before it. A policy cannot wait for
    // one under another condition.
    let mut before: Option<(Kind, String)> = None;
    for file in files.iter().filter(|it| !it.path.starts_with("scp/everything")) {
        let (kind, condition) = match file.kind {
            Kind::Scp => ("SERVICE_CONTROL_POLICY", "CreateServiceControl"),
            Kind::Rcp => ("RESOURCE_CONTROL_POLICY", "CreateResourceControl"),
            Kind::Declarative => ("DECLARATIVE_POLICY_EC2", "CreateDeclarative"),
            Kind::Iam => continue,
        };
        let stem = file.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".json");
        let folder = file.kind.folder();
        let name = logical(&format!("{folder}-{stem}"));
        let waits = before.filter(|(kind, _)| *kind == file.kind);
        let depends = waits.map(|(_, it)| format!("    DependsOn: {it}\n")).unwrap_or_default();
        let content = file.json.replace('\n', "");
        text.push_str(&format!(
            "  {name}:\n    Type: AWS::Organizations::Policy\n    Condition: {condition}\n{depends}    Properties:\n      \
             Name: v2only-{folder}-{stem}\n      Type: {kind}\n      \
             Description: v2only, policies/README.md explains each statement\n      Content: {content}\n"
        ));
        before = Some((file.kind, name));
    }
    text
}

/// `scp-no-way-back` as `ScpNoWayBack`.
fn logical(name: &str) -> String {
    let word = |text: &str| {
        let mut letters = text.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
    };
    name.split('-').filter_map(word).collect()
}
