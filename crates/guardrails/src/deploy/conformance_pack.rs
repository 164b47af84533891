//! The conformance pack.
//!
//! Source: AWS Config Developer Guide, "List of AWS Config Managed Rules", "Creating AWS Config Custom Policy Rules"
//! and "Conformance packs".

use crate::Settings;

const TEMPLATE: &str = r#"# An AWS Config conformance pack: reports instances, launch templates, launch configurations and notebook instances that
# answer IMDSv1. It changes no resource.
#
# The parameters are the exemptions of the policy document by id or name. AWS Config cannot compare dates: render the pack
# again when an exemption ends. Exemptions by tag, account or organizational unit are no parameters, and their resources
# stay NON_COMPLIANT.
Parameters:
  ExemptInstances:
    Type: String
    Default: INSTANCES
    Description: Ids of exempt instances, as a regular expression such as i-0abc|i-0def, or none
  ExemptNotebooks:
    Type: String
    Default: NOTEBOOKS
    Description: Names of exempt notebook instances, as a regular expression such as legacy-.*|lab, or none
Conditions:
  NoInstanceIsExempt: !Equals [!Ref ExemptInstances, none]
  SomeInstanceIsExempt: !Not [!Equals [!Ref ExemptInstances, none]]
Resources:
  # The managed rule has no exemptions, so a rule of our own takes its place where there are some.
  Instances:
    Type: AWS::Config::ConfigRule
    Condition: NoInstanceIsExempt
    Properties:
      ConfigRuleName: v2only-ec2-imdsv2-check
      Description: EC2 instances require IMDSv2
      Scope: {ComplianceResourceTypes: ["AWS::EC2::Instance"]}
      Source: {Owner: AWS, SourceIdentifier: EC2_IMDSV2_CHECK}
  InstancesWithExemptions:
    Type: AWS::Config::ConfigRule
    Condition: SomeInstanceIsExempt
    Properties:
      ConfigRuleName: v2only-ec2-imdsv2-check-with-exemptions
      Description: EC2 instances require IMDSv2, or are exempt
      Scope: {ComplianceResourceTypes: ["AWS::EC2::Instance"]}
      Source:
        Owner: CUSTOM_POLICY
        SourceDetails:
          - {EventSource: aws.config, MessageType: ConfigurationItemChangeNotification}
          - {EventSource: aws.config, MessageType: OversizedConfigurationItemChangeNotification}
        CustomPolicyDetails:
          EnableDebugLogDelivery: false
          PolicyRuntime: guard-2.x.x
          PolicyText: !Sub |
            rule ec2_instance_requires_imdsv2 when resourceType == 'AWS::EC2::Instance'
                                                   resourceId != /^(${ExemptInstances})$/ {
                configuration.metadataOptions.httpTokens == 'required' or
                configuration.metadataOptions.httpEndpoint == 'disabled'
            }
  LaunchTemplates:
    Type: AWS::Config::ConfigRule
    Properties:
      ConfigRuleName: v2only-ec2-launch-template-imdsv2-check
      Description: Launch templates require IMDSv2
      Scope: {ComplianceResourceTypes: ["AWS::EC2::LaunchTemplate"]}
      Source: {Owner: AWS, SourceIdentifier: EC2_LAUNCH_TEMPLATE_IMDSV2_CHECK}
  LaunchConfigurations:
    Type: AWS::Config::ConfigRule
    Properties:
      ConfigRuleName: v2only-autoscaling-launchconfig-requires-imdsv2
      Description: Launch configurations require IMDSv2
      Scope: {ComplianceResourceTypes: ["AWS::AutoScaling::LaunchConfiguration"]}
      Source: {Owner: AWS, SourceIdentifier: AUTOSCALING_LAUNCHCONFIG_REQUIRES_IMDSV2}
  # No managed rule checks notebook instances.
  Notebooks:
    Type: AWS::Config::ConfigRule
    Properties:
      ConfigRuleName: v2only-sagemaker-notebook-requires-imdsv2
      Description: Notebook instances answer IMDSv2 only, or are exempt
      Scope: {ComplianceResourceTypes: ["AWS::SageMaker::NotebookInstance"]}
      Source:
        Owner: CUSTOM_POLICY
        SourceDetails:
          - {EventSource: aws.config, MessageType: ConfigurationItemChangeNotification}
          - {EventSource: aws.config, MessageType: OversizedConfigurationItemChangeNotification}
        CustomPolicyDetails:
          EnableDebugLogDelivery: false
          PolicyRuntime: guard-2.x.x
          PolicyText: !Sub |
            rule sagemaker_notebook_requires_imdsv2 when resourceType == 'AWS::SageMaker::NotebookInstance'
                                                         resourceId != /(^|\/)(${ExemptNotebooks})$/ {
                configuration.InstanceMetadataServiceConfiguration.MinimumInstanceMetadataServiceVersion IN ['2', 2]
            }
"#;

/// The pack for some settings.
pub(super) fn template(settings: &Settings) -> String {
    let of = |ids: &[String]| {
        let patterns: Vec<String> = ids.iter().map(|it| expression(it)).collect();
        let text = if patterns.is_empty() { "none".to_owned() } else { patterns.join("|") };
        // A text in quotes of JSON is a text in double quotes of YAML.
        serde_json::Value::String(text).to_string()
    };
    TEMPLATE
        .replace("INSTANCES", &of(&settings.exempt_instances))
        .replace("NOTEBOOKS", &of(&settings.exempt_notebooks))
}

/// A pattern with `*` and `?` as a regular expression.
fn expression(pattern: &str) -> String {
    let mut expression = String::new();
    for character in pattern.chars() {
        match character {
            '*' => expression.push_str(".*"),
            '?' => expression.push('.'),
            it if it.is_ascii_alphanumeric() || it == '-' || it == '_' => expression.push(it),
            it => expression.extend(['\\', it]),
        }
    }
    expression
}
