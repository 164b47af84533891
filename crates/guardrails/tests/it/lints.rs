//! The mistakes that a check of a policy finds, one table for each kind, with what is no mistake beside it.

use rstest::rstest;
use v2only_guardrails::Settings;
use v2only_guardrails::check::{Against, Attachment, Finding, check};

pub(super) fn against(text: &str, attachment: Attachment, own: bool) -> Vec<Finding> {
    check(text, Against { settings: &Settings::shipped(), own, attachment }).unwrap().findings
}

fn policy(statements: &str) -> String {
    format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{statements}]}}")
}

/// A statement with this effect and these elements.
pub(super) fn statement(effect: &str, elements: &str) -> String {
    policy(&format!("{{\"Sid\": \"S\", \"Effect\": \"{effect}\", {elements}}}"))
}

/// The findings with a code, as `message | instead`.
pub(super) fn with_code(text: &str, attachment: Attachment, code: &str) -> Vec<String> {
    let findings = against(text, attachment, false).into_iter().filter(|it| it.code == code);
    findings.map(|it| format!("{} | {}", it.message, it.instead)).collect()
}

pub(super) fn has(text: &str, code: &str) -> bool {
    !with_code(text, Attachment::Scp, code).is_empty()
}

const LAUNCH: &str = r#""Action": "ec2:RunInstances", "Resource": "arn:aws:ec2:*:*:instance/*""#;
const MODIFY: &str = r#""Action": "ec2:ModifyInstanceMetadataOptions", "Resource": "*""#;

/// An Allow in a service control policy: a list, every action, or a restriction that restricts nothing.
#[rstest]
#[case::full_access(r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#, 0, 0)]
#[case::full_access_and_list(r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#, 0, 1)]
#[case::list(r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}, {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}"#, 1, 0)]
#[case::of_one_resource(r#"{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::a"}"#, 1, 0)]
#[case::all_but_one(r#"{"Effect": "Allow", "NotAction": ["iam:*", "*"], "Resource": "*"}"#, 1, 0)]
#[case::two_conditions(r#"{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:ViaAWSService": "true"}}}, {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:ViaAWSService": "true"}}}"#, 0, 2)]
#[case::denial(r#"{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}"#, 0, 0)]
fn an_allow_is_a_list_or_restricts_nothing(
    #[case] statements: &str,
    #[case] lists: usize,
    #[case] useless: usize,
) {
    let count = |attachment, code| with_code(&policy(statements), attachment, code).len();
    assert_eq!(count(Attachment::Scp, "allow-list"), lists);
    assert_eq!(count(Attachment::Scp, "allow-restricts-nothing"), useless);
    assert_eq!(count(Attachment::Identity, "allow-list"), 0);
}

#[rstest]
#[case::same_exception(r#""NotResource": "arn:aws:s3:::a""#, r#""NotResource": "arn:aws:s3:::a""#, true)]
#[case::other_exception(r#""NotResource": "arn:aws:s3:::a""#, r#""NotResource": "arn:aws:s3:::b""#, false)]
#[case::fewer_exceptions(
    r#""NotResource": ["arn:aws:s3:::a", "arn:aws:s3:::b"]"#,
    r#""NotResource": "arn:aws:s3:::b""#,
    true
)]
#[case::more_exceptions(
    r#""NotResource": "arn:aws:s3:::a""#,
    r#""NotResource": ["arn:aws:s3:::a", "arn:aws:s3:::b"]"#,
    false
)]
#[case::everything(r#""NotResource": "arn:aws:s3:::a""#, r#""Resource": "*""#, true)]
#[case::resources_but_one(r#""Resource": "arn:aws:s3:::b""#, r#""NotResource": "arn:aws:s3:::a""#, false)]
#[case::a_part(
    r#""Resource": ["arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:*:*:volume/*"]"#,
    r#""Resource": "arn:aws:ec2:*:*:instance/*""#,
    true
)]
#[case::another_kind(
    r#""Resource": ["arn:aws:ec2:*:*:instance/*"]"#,
    r#""Resource": "arn:aws:ec2:*:*:volume/*""#,
    false
)]
#[case::all(r#""Resource": "*""#, r#""Resource": "arn:aws:ec2:*:*:instance/*""#, true)]
fn a_grant_is_useless_beside_one_of_all_its_resources(
    #[case] narrow: &str,
    #[case] wide: &str,
    #[case] found: bool,
) {
    let condition = r#""Condition": {"StringEquals": {"ec2:MetadataHttpTokens": "required"}}"#;
    let text = policy(&format!(
        r#"{{"Sid": "N", "Effect": "Allow", "Action": "ec2:RunInstances", {narrow}, {condition}}},
           {{"Sid": "W", "Effect": "Allow", "Action": "ec2:Run*", {wide}}}"#
    ));
    let messages = with_code(&text, Attachment::Identity, "allow-restricts-nothing");
    assert_eq!(!messages.is_empty(), found, "{messages:?}");
    if found {
        assert_eq!(
            messages,
            [
                "`W` grants ec2:RunInstances without these conditions | take ec2:RunInstances out of `W`, or deny what the conditions are to keep out"
            ]
        );
    }
}

/// Whom a denial spares. With the user's own settings, an unknown role is a finding.
#[rstest]
#[case("ArnNotLike", "arn:aws:iam::*:role/*", Some("exempts-everybody"))]
#[case("StringNotLike", "arn:aws:iam::*:*", Some("exempts-everybody"))]
#[case("StringNotLike", "*", Some("exempts-everybody"))]
#[case("ArnNotLike", "*:*", Some("exempts-everybody"))]
#[case("StringNotEquals", "arn:aws:iam::*:role/*", None)]
#[case("ArnNotLike", "arn:aws:iam::*:role/admin", Some("exempt-role-unknown"))]
#[case("ArnNotLike", "arn:aws:iam::*:role/v2only-rollback", None)]
#[case("ArnNotLike", "arn:aws:iam::*:role/v2only-*", None)]
#[case("ArnNotLike", "arn:aws:iam::111122223333:role/v2only-sweeper", None)]
#[case("ArnNotLike", "arn:aws:iam::*:role/aws:ec2-infrastructure", None)]
#[case("ArnNotLike", "arn:aws:iam::*:role/aws-service-role/*", None)]
#[case("ArnLike", "arn:aws:iam::*:role/*", None)]
fn a_denial_spares_roles_that_are_known(
    #[case] operator: &str,
    #[case] arn: &str,
    #[case] code: Option<&str>,
) {
    let elements = |key: &str| {
        format!(
            r#""Action": "ec2:StopInstances", "Resource": "*", "Condition": {{"{operator}": {{"{key}": ["{arn}"]}}}}"#
        )
    };
    let codes = |effect: &str, key: &str, own| {
        let found = against(&statement(effect, &elements(key)), Attachment::Identity, own);
        let about_roles = found.into_iter().filter(|it| it.code.starts_with("exempt"));
        about_roles.map(|it| it.code).collect::<Vec<_>>()
    };
    assert_eq!(codes("Deny", "aws:PrincipalArn", true), code.into_iter().collect::<Vec<_>>());
    let anyway = code.filter(|it| *it == "exempts-everybody");
    assert_eq!(codes("Deny", "AWS:principalarn", false), anyway.into_iter().collect::<Vec<_>>());
    assert_eq!(codes("Allow", "aws:PrincipalArn", true), [""; 0]);
    assert_eq!(codes("Deny", "aws:SourceArn", true), [""; 0]);
}

/// A negative test of a requested value, with another test beside it.
#[rstest]
#[case::alone("", true)]
#[case::guard(r#", "Null": {"ec2:attribute/httptokens": "false"}"#, false)]
#[case::guard_by_another_option(r#", "Null": {"ec2:Attribute/HttpEndpoint": "false"}"#, false)]
#[case::guard_by_another_service(
    r#", "Null": {"sagemaker:MinimumInstanceMetadataServiceVersion": "false"}"#,
    true
)]
#[case::opposite_guard(r#", "Null": {"ec2:Attribute/HttpTokens": "true"}"#, true)]
#[case::positive(r#", "StringEquals": {"ec2:Attribute/HttpEndpoint": "enabled"}"#, false)]
#[case::positive_if_exists(r#", "StringEqualsIfExists": {"ec2:Attribute/HttpEndpoint": "enabled"}"#, true)]
#[case::negative(r#", "StringNotLike": {"ec2:Attribute/HttpEndpoint": "d*"}"#, true)]
#[case::another_key(r#", "StringEquals": {"ec2:MetadataHttpTokens": "optional"}"#, true)]
#[case::no_operator(r#", "StringEqual": {"ec2:Attribute/HttpEndpoint": "enabled"}"#, true)]
fn a_negative_test_of_a_requested_value_needs_a_guard(#[case] beside: &str, #[case] found: bool) {
    let condition =
        format!(r#""Condition": {{"StringNotEquals": {{"ec2:Attribute/HttpTokens": "required"}}{beside}}}"#);
    let text = |effect: &str, about: &str| statement(effect, &format!("{about}, {condition}"));
    let code = "missing-null-guard";
    assert_eq!(has(&text("Deny", MODIFY), code), found);
    assert!(!has(&text("Allow", MODIFY), code) && !has(&text("Deny", LAUNCH), code));
    if found {
        let messages = with_code(&text("Deny", MODIFY), Attachment::Scp, code);
        assert!(
            messages[0].starts_with("`StringNotEquals` also holds for a ec2:ModifyInstanceMetadataOptions"),
            "{messages:?}"
        );
    }
}

#[test]
fn only_the_update_of_a_notebook_needs_a_guard() {
    let text = |action: &str| {
        statement(
            "Deny",
            &format!(
                r#""Action": "sagemaker:{action}", "Resource": "*", "Condition": {{"StringNotEquals": {{"sagemaker:MinimumInstanceMetadataServiceVersion": "2"}}}}"#
            ),
        )
    };
    let code = "missing-null-guard";
    assert!(has(&text("UpdateNotebookInstance"), code) && has(&text("*NotebookInstance"), code));
    assert!(!has(&text("CreateNotebookInstance"), code));
}

/// Keys that AWS does not have.
#[rstest]
#[case(
    "StringNotEquals",
    "ec2:MetadataHttpsTokens",
    "there is no condition key `ec2:MetadataHttpsTokens`, so the statement denies every request | did you mean `ec2:MetadataHttpTokens`?"
)]
#[case(
    "StringEquals",
    "ec2:MetadataHttpsTokens",
    "there is no condition key `ec2:MetadataHttpsTokens`, so the test never holds | did you mean `ec2:MetadataHttpTokens`?"
)]
#[case(
    "StringEquals",
    "ec2:MetadataHttpTokensXYZ",
    "there is no condition key `ec2:MetadataHttpTokensXYZ`, so the test never holds | did you mean `ec2:MetadataHttpTokens`?"
)]
#[case("StringEquals", "aws:RequestTag/", "the global condition key `aws:RequestTag/` is not known here | ")]
#[case(
    "StringEquals",
    "aws:PrincipalArm",
    "the global condition key `aws:PrincipalArm` is not known here | did you mean `aws:PrincipalArn`?"
)]
#[case(
    "StringEquals",
    "ec2:CompletelyUnknown",
    "there is no condition key `ec2:CompletelyUnknown`, so the test never holds | look the key up in the Service Authorization Reference"
)]
#[case("StringEquals", "EC2:metadatahttptokens", "")]
#[case("StringEquals", "aws:requesttag/team", "")]
#[case("StringEquals", "ec2:Attribute/HttpTokens", "")]
#[case("StringEquals", "nokey", "")]
fn a_key_that_does_not_exist_is_named(#[case] operator: &str, #[case] key: &str, #[case] expected: &str) {
    let condition = format!(r#""Condition": {{"{operator}": {{"{key}": "required"}}}}"#);
    let found = with_code(
        &statement("Deny", &format!("{LAUNCH}, {condition}")),
        Attachment::Scp,
        "unknown-condition-key",
    );
    let first = found.first().map(String::as_str).unwrap_or_default();
    assert!(first.starts_with(expected) && first.is_empty() == expected.is_empty(), "{first}");
    if operator == "StringNotEquals" {
        let allowed = statement("Allow", &format!("{LAUNCH}, {condition}"));
        assert!(
            with_code(&allowed, Attachment::Identity, "unknown-condition-key")[0]
                .contains("so the test never holds")
        );
    }
}

/// A key that none of the actions carries, and what carries the key.
#[rstest]
#[case("ec2:CreateVpc", "ec2:MetadataHttpTokens", "actions carry it, such as ec2:RunInstances")]
#[case(
    "ec2:RunInstances",
    "ec2:Attribute/HttpTokens",
    "the actions that carry it are ec2:ModifyInstanceMetadataDefaults and ec2:ModifyInstanceMetadataOptions"
)]
#[case(
    "s3:GetObject",
    "sagemaker:MinimumInstanceMetadataServiceVersion",
    "the actions that carry it are sagemaker:CreateNotebookInstance and sagemaker:UpdateNotebookInstance"
)]
#[case(
    "s3:GetObject",
    "autoscaling:MetadataHttpTokens",
    "only autoscaling:CreateLaunchConfiguration carries it"
)]
fn the_actions_that_carry_a_key_are_named(#[case] action: &str, #[case] key: &str, #[case] instead: &str) {
    let text = |effect: &str, operator: &str, resource: &str| {
        statement(
            effect,
            &format!(
                r#""Action": "{action}", {resource}, "Condition": {{"{operator}": {{"{key}": "required"}}}}"#
            ),
        )
    };
    let (code, all) = ("key-not-on-resource", r#""Resource": "*""#);
    let found = with_code(&text("Deny", "StringNotEquals", all), Attachment::Scp, code);
    assert!(found.len() == 1 && found[0].ends_with(instead), "{found:?}");
    assert!(
        found[0].starts_with(&format!(
            "none of these actions carries `{key}`, so `StringNotEquals` always holds"
        ))
    );
    for (effect, operator, resource) in [
        ("Allow", "StringNotEquals", all),
        ("Deny", "StringEquals", all),
        ("Deny", "Null", all),
        ("Deny", "StringNotEquals", r#""NotResource": "*""#),
    ] {
        assert!(
            with_code(&text(effect, operator, resource), Attachment::Scp, code).is_empty(),
            "{effect} {operator}"
        );
    }
}

/// The kind of resource that lacks the key, in each partition.
#[rstest]
#[case("arn:aws:ec2:*:*:instance/*", None)]
#[case("arn:aws:ec2:*:*:*/*", Some("image"))]
#[case("arn:aws-cn:ec2:*:*:volume/*", Some("volume"))]
#[case("arn:aws-us-gov:ec2:*:*:subnet/*", Some("subnet"))]
#[case("arn:aws:ec2:*::image/*", Some("image"))]
#[case("arn:aws:ec2:*:*:network-interface/*", Some("network-interface"))]
#[case("arn:aws:ec2:*:*:security-group/*", Some("security-group"))]
#[case("arn:aws:ec2:*::snapshot/*", Some("snapshot"))]
#[case("arn:aws:ec2:*:*:placement-group/*", Some("placement-group"))]
#[case("arn:aws:ec2:*:*:capacity-reservation/*", Some("capacity-reservation"))]
#[case("arn:aws:ec2:*:*:vpc/*", None)]
fn a_launch_is_denied_by_a_resource_without_the_key(#[case] resource: &str, #[case] kind: Option<&str>) {
    let text = statement(
        "Deny",
        &format!(
            r#""Action": "ec2:RunInstances", "Resource": ["{resource}"], "Condition": {{"StringNotEquals": {{"ec2:MetadataHttpTokens": "required"}}}}"#
        ),
    );
    let found = with_code(&text, Attachment::Scp, "key-not-on-resource");
    let expected = kind.map(|it| format!("`ec2:MetadataHttpTokens` does not exist on {it}/*"));
    assert_eq!(found.len(), usize::from(kind.is_some()), "{found:?}");
    assert!(expected.is_none_or(|it| found[0].starts_with(&it)), "{found:?}");
}

/// Operators against the type of a key, and against its values.
#[rstest]
#[case("StringEquals", "ec2:MetadataHttpTokens", "required", None)]
#[case("StringLike", "ec2:MetadataHttpTokens", "requ*", None)]
#[case("Null", "ec2:MetadataHttpTokens", "true", None)]
#[case("StringEquals", "ec2:MetadataHttpTokens", "${aws:username}", None)]
#[case("StringEqualsIgnoreCase", "ec2:MetadataHttpTokens", "v2", None)]
#[case("StringEquals", "ec2:MetadataHttpTokens", "v2", Some("impossible-value"))]
#[case("Bool", "ec2:MetadataHttpTokens", "true", Some("wrong-operator"))]
#[case("DateEquals", "ec2:MetadataHttpTokens", "2026-01-01", Some("wrong-operator"))]
#[case("ArnLike", "ec2:MetadataHttpTokens", "required", Some("wrong-operator"))]
#[case("NumericEquals", "ec2:MetadataHttpTokens", "1", Some("wrong-operator"))]
#[case("NumericEquals", "ec2:MetadataHttpPutResponseHopLimit", "1", None)]
#[case("NumericEquals", "ec2:MetadataHttpPutResponseHopLimit", "${aws:username}", None)]
#[case("NumericEquals", "ec2:MetadataHttpPutResponseHopLimit", "one", Some("not-a-number"))]
#[case("StringEquals", "ec2:MetadataHttpPutResponseHopLimit", "1", Some("wrong-operator"))]
#[case("Null", "ec2:MetadataHttpPutResponseHopLimit", "true", None)]
#[case("StringEquals", "ec2:Attribute/HttpPutResponseHopLimit", "1", None)]
#[case("StringEqual", "ec2:MetadataHttpTokens", "required", Some("unknown-operator"))]
#[case("ForAnyValue:StringEqualIfExists", "ec2:MetadataHttpTokens", "required", Some("unknown-operator"))]
fn an_operator_fits_its_key_and_its_values(
    #[case] operator: &str,
    #[case] key: &str,
    #[case] value: &str,
    #[case] code: Option<&str>,
) {
    const CODES: [&str; 4] = ["impossible-value", "wrong-operator", "not-a-number", "unknown-operator"];
    let condition = format!(r#""Condition": {{"{operator}": {{"{key}": ["{value}"]}}}}"#);
    let found = against(&statement("Deny", &format!("{LAUNCH}, {condition}")), Attachment::Scp, false);
    let found: Vec<&Finding> = found.iter().filter(|it| CODES.contains(&it.code)).collect();
    assert_eq!(found.iter().map(|it| it.code).collect::<Vec<_>>(), code.into_iter().collect::<Vec<_>>());
    if code == Some("unknown-operator") {
        assert_eq!(found[0].instead, "did you mean `StringEquals`?");
    }
    if code == Some("wrong-operator") {
        let what = if key.ends_with("HopLimit") { "is a number" } else { "is a text" };
        assert!(found[0].message.contains(what), "{}", found[0].message);
    }
}

#[rstest]
#[case(r#""Action": "${action}", "Resource": "*""#)]
#[case(r#""Action": "ec2:StopInstances", "Resource": "arn:aws:ec2:*:${account}:instance/*""#)]
#[case(r#""Action": "ec2:StopInstances", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": "{{ account }}"}}"#)]
fn a_placeholder_is_found_wherever_a_value_is(#[case] elements: &str) {
    assert!(has(&statement("Deny", elements), "unfilled-placeholder"));
}

#[rstest]
#[case(r#""Action": "ec2:modifyinstancemetadataoptions""#, true)]
#[case(r#""Action": ["s3:*", "ec2:ModifyInstanceMetadataOptions"]"#, true)]
#[case(r#""Action": "ec2:Modify*""#, false)]
#[case(r#""NotAction": "ec2:ModifyInstanceMetadataOptions""#, false)]
fn only_a_denial_of_the_change_by_name_tests_the_present_value(#[case] action: &str, #[case] found: bool) {
    for (key, asked, value) in [
        ("ec2:MetadataHttpTokens", "ec2:Attribute/HttpTokens", "required"),
        ("ec2:MetadataHttpEndpoint", "ec2:Attribute/HttpEndpoint", "disabled"),
    ] {
        let elements = format!(
            r#"{action}, "Resource": "*", "Condition": {{"StringNotEquals": {{"{key}": "{value}"}}}}"#
        );
        let messages = with_code(&statement("Deny", &elements), Attachment::Scp, "present-value");
        assert_eq!(messages.len(), usize::from(found), "{messages:?}");
        assert!(messages.iter().all(|it| it.contains(&format!("\"{asked}\": \"{value}\""))), "{messages:?}");
        assert!(!has(&statement("Allow", &elements), "present-value"));
        // That finding says what to write, so that no second one names the roles that the statement locks out.
        assert_eq!(has(&statement("Deny", &elements), "locks-out-remediation"), !found);
    }
}

#[test]
fn a_policy_that_locks_our_roles_out_names_each_of_them() {
    let text = statement(
        "Deny",
        r#""Action": ["ec2:CreateTags", "sagemaker:UpdateNotebookInstance"], "Resource": "*""#,
    );
    let found = with_code(&text, Attachment::Scp, "locks-out-remediation");
    let roles: Vec<&str> = found.iter().filter_map(|it| it.split(['(', ')']).nth(1)).collect();
    assert_eq!(roles, ["v2only-ec2-enforcer", "v2only-notebook-enforcer", "v2only-sweeper"]);
    assert_eq!(with_code(&text, Attachment::Identity, "locks-out-remediation"), [""; 0]);
    let list = statement("Allow", r#""Action": ["ec2:*"], "Resource": "*""#);
    let missing = with_code(&list, Attachment::Scp, "locks-out-remediation");
    assert_eq!(
        missing[0],
        "the allow list does not contain what has to go on: our function requires version 2 of a notebook | add \"sagemaker:UpdateNotebookInstance\" to its actions"
    );
}
