//! CloudFormation templates, one table for each kind of input.

use rstest::rstest;
use v2only_guardrails::Settings;
use v2only_guardrails::iac::cloudformation::Template;

/// The resource and the code of every finding.
fn found(text: &str) -> Vec<(String, &'static str)> {
    let template = Template::read(text).unwrap().unwrap();
    let findings = template.findings(&Settings::shipped());
    findings.into_iter().map(|it| (it.address, it.code)).collect()
}

/// The codes for one resource of this type with these properties.
fn codes(kind: &str, properties: &str) -> Vec<&'static str> {
    let text = format!("Resources:\n  Web:\n    Type: {kind}\n    Properties: {properties}\n");
    found(&text).into_iter().map(|it| it.1).collect()
}

#[rstest]
#[case::required("{MetadataOptions: {HttpTokens: required}}", &[])]
#[case::sub_without_a_variable("{MetadataOptions: {HttpTokens: !Sub required}}", &[])]
#[case::both_branches("{MetadataOptions: {HttpTokens: !If [A, required, required]}}", &[])]
#[case::all_branches_are_bad("{MetadataOptions: !If [A, {HttpTokens: optional}, !Ref AWS::NoValue]}", &["http-tokens-not-required"])]
#[case::one_branch("{MetadataOptions: {HttpTokens: !If [A, required, optional]}}", &["cannot-tell"])]
#[case::options_of_a_parameter("{MetadataOptions: !Ref P}", &["cannot-tell"])]
#[case::options_of_a_parameter_or_wrong("{MetadataOptions: {HttpTokens: !Ref P, HttpPutResponseHopLimit: 3}}", &["cannot-tell", "hop-limit"])]
#[case::no_value("{MetadataOptions: !Ref AWS::NoValue}", &["http-tokens-not-stated"])]
#[case::null("{MetadataOptions: {HttpTokens: }}", &["http-tokens-not-stated"])]
#[case::import("{MetadataOptions: {HttpTokens: !ImportValue T}}", &["cannot-tell"])]
#[case::case_of_the_key("{MetadataOptions: {httpTokens: required}}", &["malformed-property"])]
#[case::list("{MetadataOptions: {HttpTokens: [required]}}", &["malformed-property"])]
#[case::function_among_keys("{ImageId: a, Ref: b}", &["malformed-property"])]
#[case::twice("{MetadataOptions: {HttpTokens: required, HttpTokens: optional}}", &["key-written-twice", "http-tokens-not-required"])]
#[case::dark("{MetadataOptions: {HttpEndpoint: disabled, HttpPutResponseHopLimit: 64}}", &[])]
#[case::hops_as_text("{MetadataOptions: {HttpTokens: required, HttpPutResponseHopLimit: '3'}}", &["hop-limit"])]
#[case::hops_later("{MetadataOptions: {HttpTokens: required, HttpPutResponseHopLimit: !Ref H}}", &["cannot-tell"])]
#[case::template_elsewhere("{LaunchTemplate: {LaunchTemplateId: lt-0abc}}", &["cannot-tell"])]
#[case::template_of_a_parameter("{LaunchTemplate: {LaunchTemplateId: !Ref P}}", &["cannot-tell"])]
#[case::empty_template("{LaunchTemplate: {}}", &["cannot-tell"])]
#[case::options_in_doubt_beside_a_template("{LaunchTemplate: {LaunchTemplateName: t}, MetadataOptions: !If [A, {HttpTokens: required}, !Ref AWS::NoValue]}", &["cannot-tell"])]
#[case::tokens_beside_a_template("{LaunchTemplate: {LaunchTemplateName: t}, MetadataOptions: {HttpTokens: required}}", &[])]
#[case::misspelt_options("{MetadataOption: {HttpTokens: required}}", &["malformed-property"])]
#[case::misspelt_tokens("{MetadataOptions: {HttpToken: required}}", &["malformed-property"])]
#[case::misspelt_template("{LaunchTemplates: {LaunchTemplateName: t}}", &["http-tokens-not-stated", "cannot-tell"])]
fn an_instance_is_judged_by_what_it_becomes(#[case] properties: &str, #[case] expected: &[&str]) {
    assert_eq!(codes("AWS::EC2::Instance", properties), expected);
}

#[rstest]
#[case("AWS::ImageBuilder::InfrastructureConfiguration", "{InstanceMetadataOptions: {HttpTokens: required}}", &[])]
#[case("AWS::ImageBuilder::InfrastructureConfiguration", "{}", &["http-tokens-not-stated"])]
#[case("AWS::AppStream::Fleet", "{DisableIMDSV1: true}", &[])]
#[case("AWS::AppStream::Fleet", "{}", &["http-tokens-not-required"])]
#[case("AWS::WorkspacesInstances::WorkspaceInstance", "{ManagedInstance: {MetadataOptions: {HttpTokens: optional}}}", &["http-tokens-not-required"])]
#[case("AWS::EMR::SecurityConfiguration", "{SecurityConfiguration: '{\"InstanceMetadataServiceConfiguration\": {\"MinimumInstanceMetadataServiceVersion\": 2}}'}", &[])]
#[case("AWS::EMR::SecurityConfiguration", "{SecurityConfiguration: {EncryptionConfiguration: {}}}", &["http-tokens-not-stated"])]
#[case("AWS::ElasticBeanstalk::Environment", "{OptionSettings: [{Namespace: 'aws:autoscaling:launchconfiguration', OptionName: DisableIMDSv1, Value: true}]}", &[])]
#[case("AWS::ElasticBeanstalk::Environment", "{OptionSettings: []}", &["http-tokens-not-stated"])]
#[case("AWS::EC2::SpotFleet", "{SpotFleetRequestConfigData: {LaunchSpecifications: [{ImageId: a}]}}", &["http-tokens-not-stated"])]
#[case("AWS::EC2::EC2Fleet", "{LaunchTemplateConfigs: [{LaunchTemplateSpecification: {LaunchTemplateId: lt-1}}]}", &["cannot-tell"])]
#[case("AWS::EC2::EC2Fleet", "{LaunchTemplateConfigs: [{Overrides: [{MetadataOptions: {HttpTokens: optional}}, {InstanceType: m7g.large}]}]}", &["http-tokens-not-required"])]
#[case("AWS::EC2::EC2Fleet", "{LaunchTemplateConfigs: [{Overrides: [{MetadataOptions: {HttpTokens: !Ref T}}, {MetadataOptions: {HttpTokens: required}}]}]}", &["cannot-tell"])]
#[case("AWS::AutoScaling::AutoScalingGroup", "{MixedInstancesPolicy: {LaunchTemplate: {LaunchTemplateSpecification: {LaunchTemplateName: t}}}}", &["cannot-tell"])]
#[case("AWS::AutoScaling::AutoScalingGroup", "{LaunchConfigurationName: elsewhere}", &["cannot-tell"])]
#[case("AWS::AutoScaling::AutoScalingGroup", "{LaunchConfigurationName: !Ref P}", &["cannot-tell"])]
#[case("AWS::AutoScaling::AutoScalingGroup", "{LaunchConfigurationName: !If [C, elsewhere, !Ref AWS::NoValue]}", &["cannot-tell"])]
#[case("AWS::AutoScaling::AutoScalingGroup", "{InstanceId: i-0abc}", &["cannot-tell"])]
#[case("AWS::AutoScaling::AutoScalingGroup", "{LaunchConfigurationName: }", &["cannot-tell"])]
#[case("AWS::AutoScaling::LaunchConfiguration", "{}", &["http-tokens-not-stated"])]
#[case("AWS::EKS::Nodegroup", "{}", &["cannot-tell"])]
#[case("AWS::Batch::ComputeEnvironment", "{}", &["cannot-tell"])]
#[case("AWS::Cloud9::EnvironmentEC2", "{}", &["cannot-tell"])]
#[case("AWS::Serverless::Application", "{}", &["cannot-tell"])]
#[case("Acme::EC2::Server::MODULE", "{}", &["cannot-tell"])]
#[case("AWS::S3::Bucket", "{}", &[])]
fn every_type_with_a_switch_is_judged_or_named(
    #[case] kind: &str,
    #[case] properties: &str,
    #[case] expected: &[&str],
) {
    assert_eq!(codes(kind, properties), expected);
}

#[rstest]
#[case::scalar_among_resources(
    "Resources:\n  Web: {Type: AWS::EC2::Instance, Properties: {MetadataOptions: {HttpTokens: optional}}}\n  Later:\n",
    &["Web", "Later"]
)]
#[case::second_document("Resources: {A: {Type: AWS::S3::Bucket}}\n---\nResources: {}\n", &["template"])]
#[case::macro_of_an_account("Transform: Mine\nResources: {A: {Type: AWS::S3::Bucket}}\n", &["template"])]
#[case::template_in_the_file(
    "Resources:\n  A: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: {LaunchTemplate: {LaunchTemplateId: !Ref T}}}\n  \
     T: {Type: AWS::EC2::LaunchTemplate, Properties: {LaunchTemplateData: {MetadataOptions: {HttpTokens: required}}}}\n",
    &[]
)]
#[case::launch_configurations_in_the_file(
    "Resources:\n  A: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: {LaunchConfigurationName: !If [C, !Ref L, known]}}\n  \
     B: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: {LaunchConfigurationName: !Ref T}}\n  \
     L: {Type: AWS::AutoScaling::LaunchConfiguration, Properties: {LaunchConfigurationName: known, MetadataOptions: {HttpTokens: required}}}\n  \
     T: {Type: AWS::EC2::LaunchTemplate, Properties: {LaunchTemplateData: {MetadataOptions: {HttpTokens: required}}}}\n",
    &["B"]
)]
#[case::body_of_a_stack_set(
    "Resources:\n  Set:\n    Type: AWS::CloudFormation::StackSet\n    Properties:\n      TemplateBody: |\n        \
     Resources: {Web: {Type: AWS::EC2::Instance}}\n",
    &["Set.Web"]
)]
#[case::body_of_a_loop(
    "Resources:\n  Fn::ForEach::All:\n    - N\n    - [A, B]\n    - 'Web${N}': {Type: AWS::EC2::Instance}\n",
    &["Web${N}"]
)]
#[case::fleet_in_a_loop_with_a_misspelt_key(
    "Resources:\n  Fn::ForEach::All:\n    - N\n    - [A, B]\n    - 'Fleet${N}': {Type: AWS::EC2::EC2Fleet, Properties1: {}}\n",
    &["Fleet${N}", "Fleet${N}"]
)]
#[case::fleet_with_a_misspelt_list(
    "Resources:\n  A: {Type: AWS::EC2::EC2Fleet, Properties: {LaunchTemplatesConfig: []}}\n",
    &["A"]
)]
#[case::fleets_and_groups_of_nothing(
    "Resources:\n  A: {Type: AWS::EC2::EC2Fleet}\n  B: {Type: AWS::EC2::SpotFleet, Properties: {}}\n  \
     C: {Type: AWS::AutoScaling::AutoScalingGroup}\n  D: {Type: AWS::EC2::EC2Fleet, Properties: {LaunchTemplateConfigs: []}}\n",
    &["A", "B", "C", "D"]
)]
#[case::keys_of_a_resource(
    "Resources:\n  A: {Type: AWS::AppStream::Fleet, DeletionPolice: Retain, Properties: {DisableIMDSV1: true}}\n  \
     B: {Type: AWS::AppStream::Fleet, Owner: me, Properties: {DisableIMDSV1: true}}\n  \
     C: {Type: AWS::AppStream::Fleet, Metadata: {}, UpdateReplacePolicy: Retain, Properties: {DisableIMDSV1: true}}\n",
    &["A", "B"]
)]
#[case::byte_order_mark("\u{feff}{\"Resources\": {\"Web\": {\"Type\": \"AWS::EC2::Instance\"}}}", &["Web"])]
fn nothing_that_is_not_judged_counts_as_clean(#[case] text: &str, #[case] expected: &[&str]) {
    assert_eq!(found(text).into_iter().map(|it| it.0).collect::<Vec<_>>(), expected);
}

#[test]
fn a_misspelt_key_is_named_with_its_spelling() {
    let text = "Resources:\n  A: {Type: AWS::EC2::EC2Fleet, Properties1: {}}\n  \
                B: {Type: AWS::AppStream::Fleet, dependsOn: A, Properties: {DisableIMDSV1: true}}\n";
    let findings = Template::read(text).unwrap().unwrap().findings(&Settings::shipped());
    let whys: Vec<&str> = findings.iter().map(|it| it.why.as_str()).collect();
    assert!(whys.contains(&"there is no key Properties1 of a resource; write Properties"), "{whys:?}");
    assert!(whys.contains(&"there is no key dependsOn of a resource; write DependsOn"), "{whys:?}");
}

/// Two letters may differ in a long key. A short one is misspelt only in its case.
#[rstest]
#[case("Metadates", "there is no key Metadates of a resource; write Metadata")]
#[case("metadata", "there is no key metadata of a resource; write Metadata")]
#[case("Metadatums", "the key Metadatums of a resource is unknown")]
#[case("type", "there is no key type of a resource; write Type")]
#[case("Typo", "the key Typo of a resource is unknown")]
fn a_key_of_a_resource_is_misspelt_or_unknown(#[case] key: &str, #[case] why: &str) {
    let text = format!(
        "Resources: {{A: {{Type: AWS::AppStream::Fleet, {key}: a, Properties: {{DisableIMDSV1: true}}}}}}\n"
    );
    let found = Template::read(&text).unwrap().unwrap().findings(&Settings::shipped());
    assert_eq!(found.iter().map(|it| it.why.as_str()).collect::<Vec<_>>(), [why]);
}

#[test]
fn parameters_are_judged_by_their_allowed_values_or_their_defaults() {
    let text = |parameter: &str| {
        format!(
            "Parameters: {{T: {parameter}}}\nResources: {{W: {{Type: AWS::EC2::Instance, Properties: {{MetadataOptions: \
             {{HttpTokens: !Ref T}}}}}}}}\n"
        )
    };
    let codes = |text: &str| found(text).into_iter().map(|it| it.1).collect::<Vec<_>>();
    assert_eq!(codes(&text("{Default: optional}")), ["cannot-tell"]);
    assert_eq!(codes(&text("{Default: required, AllowedValues: [required]}")), [""; 0]);
    assert_eq!(codes(&text("{AllowedValues: [optional]}")), ["http-tokens-not-required"]);
    let template = Template::read(&text("{Default: optional}")).unwrap().unwrap().with_parameter_defaults();
    assert_eq!(template.findings(&Settings::shipped())[0].code, "http-tokens-not-required");
}

const BY_DEFAULT: &str = "
Parameters:
  Tokens: {Type: String, Default: optional}
  Strict: {Type: String, Default: required}
  Stored: {Type: 'AWS::SSM::Parameter::Value<String>', Default: required, AllowedValues: [required]}
  Stage: {Type: String, Default: prod}
Mappings:
  ByStage: {prod: {T: required}, test: {T: optional}}
  Open: {prod: {T: optional}, test: {T: optional}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsTest: !Not [!Condition IsProd]
  Both: !And [!Condition IsProd, !Equals [!Ref 'AWS::Region', eu-west-1]]
  Neither: !Or [!Condition IsTest, !Equals [!Ref Stage, dev]]
Resources:
  Web:
    Type: AWS::EC2::Instance
    Properties:
      MetadataOptions: {HttpTokens: VALUE}
";

#[rstest]
#[case::a_default("!Ref Tokens", &["http-tokens-not-required"], &["cannot-tell"])]
#[case::a_good_default("!Ref Strict", &[], &["cannot-tell"])]
#[case::the_name_of_an_ssm_parameter("!Ref Stored", &["cannot-tell"], &["cannot-tell"])]
#[case::sub("!Sub '${Strict}'", &[], &["cannot-tell"])]
#[case::sub_with_variables("!Sub ['${A}ional', {A: opt}]", &["http-tokens-not-required"], &["http-tokens-not-required"])]
#[case::join("!Join ['', [requ, ired]]", &[], &[])]
#[case::select("!Select [1, [required, !Ref Tokens]]", &["http-tokens-not-required"], &["cannot-tell"])]
#[case::mapping("!FindInMap [ByStage, !Ref Stage, T]", &[], &["cannot-tell"])]
#[case::literal_mapping("!FindInMap [ByStage, test, T]", &["http-tokens-not-required"], &["http-tokens-not-required"])]
#[case::mapping_with_one_outcome("!FindInMap [Open, !Ref 'AWS::Region', T]", &["http-tokens-not-required"], &["http-tokens-not-required"])]
#[case::condition("!If [IsProd, required, optional]", &[], &["cannot-tell"])]
#[case::negated("!If [IsTest, required, optional]", &["http-tokens-not-required"], &["cannot-tell"])]
#[case::partly_known("!If [Both, required, optional]", &["cannot-tell"], &["cannot-tell"])]
#[case::known_by_all_parts("!If [Neither, optional, required]", &[], &["cannot-tell"])]
#[case::pseudo_parameter("!Ref 'AWS::Region'", &["cannot-tell"], &["cannot-tell"])]
fn defaults_decide_where_they_are_asked_for(
    #[case] value: &str,
    #[case] by_default: &[&str],
    #[case] otherwise: &[&str],
) {
    let text = BY_DEFAULT.replace("VALUE", value);
    let template = Template::read(&text).unwrap().unwrap();
    let codes = |template: Template| {
        let findings = template.findings(&Settings::shipped());
        findings.into_iter().map(|it| it.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(template.clone()), otherwise);
    assert_eq!(codes(template.with_parameter_defaults()), by_default);
}

#[rstest]
#[case::no_resources("AWSTemplateFormatVersion: '2010-09-09'\n")]
#[case::a_list("AWSTemplateFormatVersion: '2010-09-09'\nResources: [a]\n")]
#[case::a_text("AWSTemplateFormatVersion: '2010-09-09'\nResources: later\n")]
#[case::only_scalars("AWSTemplateFormatVersion: '2010-09-09'\nResources: {Web: later}\n")]
fn a_template_without_resources_that_can_be_judged_says_so(#[case] text: &str) {
    assert_eq!(found(text).into_iter().map(|it| it.1).collect::<Vec<_>>(), ["cannot-tell"]);
}

#[test]
fn a_file_with_aliases_that_is_no_template_is_not_a_template() {
    assert!(Template::read("home: &a 1\nrules: [{type: AWS::S3::Bucket, region: *a}]\n").unwrap().is_none());
    assert!(Template::read("Resources: {A: &a {Type: AWS::S3::Bucket}, B: *a}\n").is_err());
}

#[test]
fn a_resource_of_the_cdk_gets_the_property_of_its_construct() {
    let template = |kind: &str, metadata: &str| {
        format!("Resources:\n  A:\n    Type: {kind}\n    Metadata: {{{metadata}}}\n    Properties: {{}}\n")
    };
    let instead = |kind: &str, metadata: &str| {
        let read = Template::read(&template(kind, metadata)).unwrap().unwrap();
        read.findings(&Settings::shipped()).into_iter().map(|it| it.instead).collect::<String>()
    };
    const PATH: &str = "aws:cdk:path: App/Web/Resource";
    let advice = "in the CDK app, for App/Web:\n  requireImdsv2: true\nor for all:\n  \
                  Aspects.of(app).add(new ec2.InstanceRequireImdsv2Aspect())";
    assert!(instead("AWS::EC2::Instance", PATH).ends_with(advice), "{}", instead("AWS::EC2::Instance", PATH));
    for (kind, advice) in [
        ("AWS::EC2::LaunchTemplate", "ec2.LaunchTemplateRequireImdsv2Aspect"),
        ("AWS::AutoScaling::LaunchConfiguration", "autoscaling.AutoScalingGroupRequireImdsv2Aspect"),
        (
            "AWS::ImageBuilder::InfrastructureConfiguration",
            "instanceMetadataOptions: { httpTokens: 'required' }",
        ),
        ("AWS::SageMaker::NotebookInstance", "minimumInstanceMetadataServiceVersion: '2'"),
    ] {
        assert!(instead(kind, PATH).contains(advice), "{}", instead(kind, PATH));
    }
    assert!(!instead("AWS::AppStream::Fleet", PATH).contains("CDK"), "the CDK has no construct for it");
    assert!(!instead("AWS::EC2::Instance", "a: b").contains("CDK"));
}

#[test]
fn a_launch_configuration_without_tokens_is_open() {
    let text = "Resources: {A: {Type: AWS::AutoScaling::LaunchConfiguration}}\n";
    let found = Template::read(text).unwrap().unwrap().findings(&Settings::shipped());
    let whys: Vec<&str> = found.iter().map(|it| it.why.as_str()).collect();
    assert_eq!(whys, ["HttpTokens is not stated, which for a launch configuration means optional"]);
}
