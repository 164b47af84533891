//! CloudFormation templates in detail: functions, references, lists, counts, and what to write instead.

use rstest::rstest;
use v2only_guardrails::Settings;
use v2only_guardrails::iac::cloudformation::Template;
use v2only_guardrails::iac::{Counts, Finding};
use v2only_policy::settings::{HopLimit, HopLimitRule};

pub(super) fn findings(text: &str) -> Vec<Finding> {
    Template::read(text).unwrap().unwrap().findings(&Settings::shipped())
}

/// What is found as `address: why`.
fn whys(text: &str) -> Vec<String> {
    findings(text).into_iter().map(|it| format!("{}: {}", it.address, it.why)).collect()
}

#[rstest]
#[case("MetadataOptions: text")]
#[case("MetadataOptions: [a]")]
#[case("MetadataOptions: !Sub text")]
fn options_that_are_no_map_are_refused(#[case] properties: &str) {
    let text = format!("Resources: {{Web: {{Type: AWS::EC2::Instance, Properties: {{{properties}}}}}}}\n");
    let codes: Vec<_> = findings(&text).iter().map(|it| it.code).collect();
    assert!(!codes.is_empty() && codes.iter().all(|it| *it == "malformed-property"), "{codes:?}");
}

/// A template of the file is judged where it stands. Another one is named.
#[rstest]
#[case("LaunchTemplateId: !Ref T", "")]
#[case("LaunchTemplateId: {Ref: T}", "")]
#[case("LaunchTemplateId: !GetAtt T.Id", "")]
#[case("LaunchTemplateId: !GetAtt [T, Id]", "")]
#[case("LaunchTemplateId: !Sub '${T}'", "")]
#[case("LaunchTemplateId: !Sub '${T.Id}'", "")]
#[case("LaunchTemplateName: web", "")]
#[case("LaunchTemplateName: other", "the launch template other is not in this file, and decides")]
#[case("LaunchTemplateId: !Ref Other", "the launch template Other is not in this file, and decides")]
#[case("LaunchTemplateId: !Sub 'a${T}'", "the launch template a${T} is not in this file, and decides")]
#[case(
    "LaunchTemplateId: {Fn::ImportValue: T}",
    "the launch template a function is not in this file, and decides"
)]
#[case("LaunchTemplateId: !ImportValue '${T}'", "the launch template ${T} is not in this file, and decides")]
#[case("Version: 1", "a launch template that is not named here decides")]
fn a_launch_template_is_in_the_file_or_named(#[case] reference: &str, #[case] why: &str) {
    const T: &str = "T: {Type: AWS::EC2::LaunchTemplate, Properties: {LaunchTemplateName: web, LaunchTemplateData: \
                     {MetadataOptions: {HttpTokens: required}}}}";
    let expected: Vec<String> =
        Some(why).filter(|it| !it.is_empty()).map(|it| format!("A: {it}")).into_iter().collect();
    for (kind, properties) in [
        ("AutoScaling::AutoScalingGroup", format!("{{LaunchTemplate: {{{reference}}}}}")),
        ("EC2::Instance", format!("{{LaunchTemplate: {{{reference}}}}}")),
        (
            "AutoScaling::AutoScalingGroup",
            format!(
                "{{MixedInstancesPolicy: {{LaunchTemplate: {{LaunchTemplateSpecification: {{LaunchTemplateName: web}}, \
                 Overrides: [{{LaunchTemplateSpecification: {{{reference}}}}}]}}}}}}"
            ),
        ),
        (
            "EC2::EC2Fleet",
            format!("{{LaunchTemplateConfigs: [{{LaunchTemplateSpecification: {{{reference}}}}}]}}"),
        ),
        ("EKS::Nodegroup", format!("{{LaunchTemplate: {{{reference}}}}}")),
    ] {
        let text = format!("Resources:\n  {T}\n  A: {{Type: 'AWS::{kind}', Properties: {properties}}}\n");
        assert_eq!(whys(&text), expected, "{kind} {properties}");
    }
}

#[rstest]
#[case("later", "A: a launch template that is not named here decides")]
#[case("!Sub later", "A: the launch template is not a map")]
#[case("!Ref P", "A: LaunchTemplate comes from !Ref (P)")]
#[case("!Ref AWS::NoValue", "A: what the resource launches is not stated, so it cannot be judged")]
fn a_launch_template_that_is_no_map_is_named(#[case] reference: &str, #[case] why: &str) {
    let text = format!(
        "Resources: {{A: {{Type: AWS::AutoScaling::AutoScalingGroup, Properties: {{LaunchTemplate: {reference}}}}}}}\n"
    );
    assert_eq!(whys(&text), [why]);
}

#[rstest]
#[case::keep(HopLimitRule::Keep, "64", "")]
#[case::most(max(2), "2", "")]
#[case::more(max(2), "3", "HttpPutResponseHopLimit is 3")]
#[case::exactly(exactly(2), "2", "")]
#[case::fewer(exactly(2), "1", "HttpPutResponseHopLimit is 1")]
#[case::no_number(max(2), "many", "HttpPutResponseHopLimit is many, which is no number")]
#[case::list(max(2), "[1]", "")]
#[case::later(max(2), "!Ref P", "HttpPutResponseHopLimit comes from !Ref (P)")]
fn the_hop_limit_is_that_of_the_document(
    #[case] hop_limit: HopLimitRule,
    #[case] stated: &str,
    #[case] why: &str,
) {
    let settings = Settings { hop_limit, ..Settings::shipped() };
    let text = format!(
        "Resources: {{A: {{Type: AWS::EC2::Instance, Properties: {{MetadataOptions: {{HttpTokens: required, \
         HttpPutResponseHopLimit: {stated}}}}}}}}}\n"
    );
    let found = Template::read(&text).unwrap().unwrap().findings(&settings);
    assert_eq!(found.first().map(|it| it.why.as_str()).unwrap_or_default(), why);
}

fn max(hops: i64) -> HopLimitRule {
    HopLimitRule::Max(HopLimit::new(hops).unwrap())
}

fn exactly(hops: i64) -> HopLimitRule {
    HopLimitRule::Exactly(HopLimit::new(hops).unwrap())
}

/// The option `DisableIMDSv1` in a list of options.
#[rstest]
#[case("[{Namespace: N, OptionName: DisableIMDSv1, Value: true}]", "")]
#[case(
    "[{Namespace: other, OptionName: X, Value: 1}, {Namespace: N, OptionName: DisableIMDSv1, Value: 'true'}]",
    ""
)]
#[case("[{Namespace: N, OptionName: DisableIMDSv1, Value: false}]", "Error: DisableIMDSv1 is false")]
#[case("[{Namespace: N, OptionName: DisableIMDSv1, Value: !Ref P}]", "Note: Value comes from !Ref (P)")]
#[case("[{Namespace: N, OptionName: DisableIMDSv1}]", "Error: DisableIMDSv1 is not stated")]
#[case(
    "[{Namespace: N, OptionName: DisableIMDSv2, Value: true}]",
    "Error: DisableIMDSv1 is not stated, so the platform version decides"
)]
#[case(
    "[{Namespace: M, OptionName: DisableIMDSv1, Value: true}]",
    "Error: DisableIMDSv1 is not stated, so the platform version decides"
)]
#[case("!Ref P", "Note: OptionSettings comes from !Ref (P)")]
#[case("text", "Error: a list is expected here")]
#[case("~", "Error: DisableIMDSv1 is not stated")]
fn the_option_of_elastic_beanstalk_is_one_of_a_list(#[case] settings: &str, #[case] expected: &str) {
    let settings = settings.replace("Namespace: N", "Namespace: 'aws:autoscaling:launchconfiguration'");
    let text = format!(
        "Resources: {{A: {{Type: AWS::ElasticBeanstalk::Environment, Properties: {{OptionSettings: {settings}}}}}}}\n"
    );
    let found = findings(&text);
    let first = found.first().map_or_else(String::new, |it| format!("{:?}: {}", it.level, it.why));
    assert_eq!((first.as_str(), found.len() <= 1), (expected, true));
}

/// The security configuration of Amazon EMR, as a map and as JSON in a text.
#[rstest]
#[case("{InstanceMetadataServiceConfiguration: {MinimumInstanceMetadataServiceVersion: 2}}", "")]
#[case(
    "{InstanceMetadataServiceConfiguration: {MinimumInstanceMetadataServiceVersion: 1}}",
    "Error: MinimumInstanceMetadataServiceVersion is 1"
)]
#[case(
    "{InstanceMetadataServiceConfiguration: {}}",
    "Error: MinimumInstanceMetadataServiceVersion is not stated"
)]
#[case(
    "{InstanceMetadataServiceConfiguration: !Ref P}",
    "Note: InstanceMetadataServiceConfiguration comes from !Ref (P)"
)]
#[case("'{\"InstanceMetadataServiceConfiguration\": {\"MinimumInstanceMetadataServiceVersion\": 2}}'", "")]
#[case(
    "'{\"InstanceMetadataServiceConfiguration\": {\"MinimumInstanceMetadataServiceVersion\": \"2\"}}'",
    ""
)]
#[case(
    "'{\"InstanceMetadataServiceConfiguration\": {\"MinimumInstanceMetadataServiceVersion\": 1}}'",
    "Error: MinimumInstanceMetadataServiceVersion is 1"
)]
#[case(
    "'{\"InstanceMetadataServiceConfiguration\": {}}'",
    "Error: MinimumInstanceMetadataServiceVersion is not stated"
)]
#[case("'{'", "Note: the text is not JSON")]
#[case("~", "Error: MinimumInstanceMetadataServiceVersion is not stated")]
fn the_security_configuration_of_emr_states_a_version(#[case] configuration: &str, #[case] expected: &str) {
    let text = format!(
        "Resources: {{A: {{Type: AWS::EMR::SecurityConfiguration, Properties: {{SecurityConfiguration: {configuration}}}}}}}\n"
    );
    let found = findings(&text);
    let first = found.first().map_or_else(String::new, |it| format!("{:?}: {}", it.level, it.why));
    assert_eq!((first.as_str(), found.len() <= 1), (expected, true));
}

#[rstest]
#[case("LaunchSpecifications: [{ImageId: a}]", &["A: launch specifications cannot state HttpTokens, so the account default and the AMI decide"])]
#[case("LaunchSpecifications: !Ref P", &["A: LaunchSpecifications comes from !Ref (P)"])]
#[case("LaunchTemplateConfigs: [{LaunchTemplateSpecification: {LaunchTemplateName: t}}]", &["A: the launch template t is not in this file, and decides"])]
#[case("", &["A: what the resource launches is not stated, so it cannot be judged"])]
fn a_spot_fleet_launches_by_specifications_or_templates(#[case] data: &str, #[case] expected: &[&str]) {
    let text = format!(
        "Resources: {{A: {{Type: AWS::EC2::SpotFleet, Properties: {{SpotFleetRequestConfigData: {{{data}}}}}}}}}\n"
    );
    assert_eq!(whys(&text), expected);
}

#[rstest]
#[case("LaunchConfigurationName: other", "the launch configuration other is not in this file, and decides")]
#[case("LaunchConfigurationName: known", "")]
#[case("LaunchConfigurationName: !Ref L", "")]
#[case("LaunchConfigurationName: !Join ['', [know, n]]", "")]
#[case("LaunchConfigurationName: !Ref P", "LaunchConfigurationName comes from !Ref (P)")]
#[case("LaunchConfigurationName: {a: b}", "LaunchConfigurationName is not a text")]
#[case("InstanceId: i-1", "the instance i-1 is not in this file, and decides")]
fn a_group_launches_from_a_configuration_or_an_instance(#[case] source: &str, #[case] why: &str) {
    let text = format!(
        "Resources:\n  A: {{Type: AWS::AutoScaling::AutoScalingGroup, Properties: {{{source}}}}}\n  \
         L: {{Type: AWS::AutoScaling::LaunchConfiguration, Properties: {{LaunchConfigurationName: known, MetadataOptions: \
         {{HttpTokens: required}}}}}}\n"
    );
    let expected: Vec<String> =
        Some(why).filter(|it| !it.is_empty()).map(|it| format!("A: {it}")).into_iter().collect();
    assert_eq!(whys(&text), expected);
}

#[test]
fn resources_are_counted_by_what_is_done_with_them() {
    let text = "Resources:\n  A: {Type: AWS::EC2::Instance}\n  B: {Type: AWS::EKS::Nodegroup}\n  C: {Type: AWS::CloudFormation::Stack}\n  \
                D: {Type: A::B::MODULE}\n  E: {}\n  F: {Type: AWS::S3::Bucket}\n  G: {Type: AWS::SQS::Queue}\n  \
                H: [N, [a], {W: {Type: AWS::EC2::Instance}}]\n  \
                Fn::ForEach::All:\n    - N\n    - [a]\n    - 'W${N}': {Type: AWS::EC2::Instance}\n";
    let counts = Template::read(text).unwrap().unwrap().counts();
    assert_eq!(counts, Counts { judged: 2, named: 5, other: 2 });
}

#[rstest]
#[case("Transform: AWS::Serverless-2016-10-31", &[])]
#[case("Transform: [AWS::Serverless-2016-10-31, Mine]", &["template: the macro Mine may change every resource"])]
#[case("Parameters: {A: {Type: String, Type: Number}}", &[])]
fn a_macro_that_is_not_of_aws_is_named(#[case] beside: &str, #[case] expected: &[&str]) {
    assert_eq!(whys(&format!("{beside}\nResources: {{A: {{Type: AWS::S3::Bucket}}}}\n")), expected);
}

#[test]
fn a_key_that_is_written_twice_is_named_with_both_lines() {
    let text =
        "Resources:\n  A:\n    Type: AWS::S3::Bucket\n    Properties:\n      Tags: []\n      Tags: []\n";
    assert_eq!(whys(text), ["A: Tags is written on line 5 and on line 6; line 6 counts"]);
    assert_eq!(findings(text)[0].instead, "keep one Tags");
}

#[rstest]
#[case(
    "!Sub 'Resources: {W: {Type: AWS::EC2::Instance}}'",
    "S.W: HttpTokens is not stated, so the account default and the AMI decide"
)]
#[case("!Ref Body", "S: the template body cannot be read here")]
#[case(
    "!ImportValue 'Resources: {W: {Type: AWS::EC2::Instance}}'",
    "S: the template body cannot be read here"
)]
#[case("'a: b'", "S: the template body cannot be read here")]
#[case("'{'", "S: the template body cannot be read here")]
fn the_body_of_a_stack_set_is_a_template(#[case] body: &str, #[case] why: &str) {
    let text = format!(
        "Resources: {{S: {{Type: AWS::CloudFormation::StackSet, Properties: {{TemplateBody: {body}}}}}}}\n"
    );
    assert_eq!(whys(&text), [why]);
}

/// The lines of the body are not those of the file.
#[test]
fn a_finding_in_the_body_of_a_stack_set_stands_at_the_body() {
    let text = "Resources:\n  S:\n    Type: AWS::CloudFormation::StackSet\n    Properties:\n      TemplateBody: |\n        \
                Resources:\n          W:\n            Type: AWS::EC2::Instance\n";
    let lines: Vec<usize> = findings(text).into_iter().map(|it| it.at.unwrap().line).collect();
    assert_eq!(lines, [6]);
}

#[rstest]
#[case("Fn::ForEach::All: [N, [a], {}]")]
#[case("Fn::ForEach::All: text")]
#[case("Fn::Transform: {Name: Mine}")]
fn resources_that_a_function_creates_are_named(#[case] resource: &str) {
    let text = format!("Resources: {{{resource}}}\n");
    let found = whys(&text);
    assert!(found.len() == 1 && found[0].ends_with("are known only when it is deployed"), "{found:?}");
}

/// The lines to write instead, in the language of the template.
#[rstest]
#[case(
    "AWS::EC2::LaunchTemplate",
    "LaunchTemplateData:\n  MetadataOptions:\n    HttpTokens: required",
    r#""LaunchTemplateData": { "MetadataOptions": { "HttpTokens": "required" } }"#
)]
#[case("AWS::AppStream::Fleet", "DisableIMDSV1: true", r#""DisableIMDSV1": true"#)]
#[case(
    "AWS::SageMaker::NotebookInstance",
    "InstanceMetadataServiceConfiguration:\n  MinimumInstanceMetadataServiceVersion: \"2\"",
    r#""InstanceMetadataServiceConfiguration": { "MinimumInstanceMetadataServiceVersion": "2" }"#
)]
#[case(
    "AWS::EMR::SecurityConfiguration",
    "InstanceMetadataServiceConfiguration:\n  MinimumInstanceMetadataServiceVersion: 2",
    r#""InstanceMetadataServiceConfiguration": { "MinimumInstanceMetadataServiceVersion": 2 }"#
)]
fn the_lines_to_write_are_in_the_language_of_the_template(
    #[case] kind: &str,
    #[case] yaml: &str,
    #[case] json: &str,
) {
    let instead = |text: &str| findings(text).into_iter().map(|it| it.instead).collect::<Vec<_>>();
    let in_json = format!(r#"{{"Resources": {{"A": {{"Type": "{kind}", "Properties": {{}}}}}}}}"#);
    assert_eq!(instead(&in_json), [json]);
    assert_eq!(instead(&format!("Resources:\n  A:\n    Type: {kind}\n    Properties: {{}}\n")), [yaml]);
}

/// Resources end where the next key begins, and a comment belongs to the resource that it stands in or above.
#[test]
fn comments_belong_to_resources_by_their_lines() {
    let text = "# v2only:ignore a\nParameters: {}\nResources:\n  # v2only:ignore b\n  A:\n    Type: X::Y\n    # v2only:ignore c\n\n  \
                B:\n    Type: X::Y # v2only:ignore d\n    Note: 'x # v2only:ignored'\nOutputs: {} # v2only:ignore e\n# other\n#v2only:ignore\n";
    let directives = Template::read(text).unwrap().unwrap().directives(text);
    let listed: Vec<_> = directives
        .iter()
        .map(|it| (it.at.unwrap().line, it.at.unwrap().column, it.address.as_deref(), it.codes.join(",")))
        .collect();
    let expected = [
        (1, 1, None, "a"),
        (4, 3, Some("A"), "b"),
        (7, 5, Some("A"), "c"),
        (10, 16, Some("B"), "d"),
        (12, 13, None, "e"),
        (14, 1, None, ""),
    ];
    assert_eq!(
        listed,
        expected.map(|(line, column, address, codes)| (line, column, address, codes.to_owned()))
    );
}
