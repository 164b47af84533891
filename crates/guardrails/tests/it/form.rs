//! The form of policies that others wrote: resources, partitions, versions, sizes, and what is no policy.

use rstest::rstest;
use v2only_guardrails::Settings;
use v2only_guardrails::check::{Against, Attachment, Level, check};
use v2only_policy::Partition;

use super::lints::{against, has, statement, with_code};

#[rstest]
#[case("arn:aws:ec2:*:*:instance/i-*", None)]
#[case("arn:aws:ec2*", None)]
#[case("${resource}", None)]
#[case("arn:aws:ec2:${region}::instance/*", None)]
#[case("*:instance/*", None)]
#[case("arn:aws:s3:::bucket", None)]
#[case("arn:aws:ec2:*::snapshot/*", None)]
#[case("arn:aws:ec2:eu-central-1", Some("an ARN has six parts"))]
#[case("ec2:*", Some("an ARN has six parts"))]
#[case("xrn:aws:ec2:*:*:instance/*", Some("an ARN begins with `arn:`"))]
#[case("*rn:aws:ec2:*:*:instance/*", None)]
#[case("arn:aws:ec2:*:*:instance/", Some("it ends before the name of the resource"))]
#[case("arn:aws:ec2::111122223333:instance/*", Some("its Region is empty"))]
#[case("arn:aws:autoscaling:*::launchConfiguration:*", Some("its account is empty"))]
#[case("arn:aws:imagebuilder:*::infrastructure-configuration/*", Some("its account is empty"))]
#[case("arn:aws:sagemaker:*::image/*", Some("its account is empty"))]
#[case("arn:aws:*:*::x", None)]
#[case("", Some("it is empty"))]
fn a_resource_pattern_matches_or_says_why_not(#[case] pattern: &str, #[case] why: Option<&str>) {
    let text = statement("Deny", &format!(r#""Action": "ec2:StopInstances", "Resource": "{pattern}""#));
    let found = with_code(&text, Attachment::Scp, "matches-nothing");
    assert_eq!(found.len(), usize::from(why.is_some()), "{found:?}");
    assert!(why.is_none_or(|it| found[0].contains(&format!(": {it} |"))), "{found:?}");
}

/// ARNs are of the user's partition, or of that of the first ARN.
#[rstest]
#[case("arn:aws:s3:::a", "arn:aws:s3:::b", Partition::Aws, 0, 0)]
#[case("arn:aws:s3:::a", "arn:aws-cn:s3:::b", Partition::Aws, 1, 1)]
#[case("arn:aws-cn:s3:::a", "arn:aws-cn:s3:::b", Partition::Aws, 0, 2)]
#[case("arn:aws-cn:s3:::a", "arn:aws-cn:s3:::b", Partition::AwsCn, 0, 0)]
#[case("arn:*:s3:::a", "arn:aws-cn:s3:::b", Partition::Aws, 0, 1)]
#[case("arn:${p}:s3:::a", "arn:aws?:s3:::b", Partition::Aws, 0, 0)]
fn arns_are_of_one_partition(
    #[case] one: &str,
    #[case] other: &str,
    #[case] partition: Partition,
    #[case] without_settings: usize,
    #[case] with_settings: usize,
) {
    let text = statement(
        "Deny",
        &format!(
            r#""Action": "s3:*", "Resource": "{one}", "Condition": {{"ArnEquals": {{"aws:SourceArn": "{other}"}}}}"#
        ),
    );
    let settings = Settings { partition, ..Settings::shipped() };
    let count = |own| {
        let against = Against { settings: &settings, own, attachment: Attachment::Scp };
        let found = check(&text, against).unwrap().findings;
        found.iter().filter(|it| it.code == "partition-differs").count()
    };
    assert_eq!((count(false), count(true)), (without_settings, with_settings));
}

#[rstest]
#[case("2012-10-17", "a", None)]
#[case("2008-10-17", "a", Some(Level::Note))]
#[case("2008-10-17", "${aws:username}", Some(Level::Error))]
#[case("2020-01-01", "a", Some(Level::Error))]
#[case("", "a", None)]
#[case("", "${aws:username}", Some(Level::Error))]
fn a_policy_variable_needs_the_current_version(
    #[case] version: &str,
    #[case] value: &str,
    #[case] level: Option<Level>,
) {
    let version = if version.is_empty() { String::new() } else { format!("\"Version\": \"{version}\", ") };
    let text = format!(
        "{{{version}\"Statement\": {{\"Effect\": \"Deny\", \"Action\": \"s3:*\", \"Resource\": \"*\", \"Condition\": \
         {{\"StringEquals\": {{\"aws:username\": \"{value}\"}}}}}}}}"
    );
    let found = against(&text, Attachment::Identity, false);
    assert_eq!(found.iter().map(|it| it.level).collect::<Vec<_>>(), level.into_iter().collect::<Vec<_>>());
}

/// The largest text of each size, and the first that is too large.
#[rstest]
#[case(Attachment::Scp, 5_120, None)]
#[case(Attachment::Scp, 5_121, Some(Level::Note))]
#[case(Attachment::Scp, 10_240, Some(Level::Note))]
#[case(Attachment::Scp, 10_241, Some(Level::Error))]
#[case(Attachment::Rcp, 5_120, None)]
#[case(Attachment::Rcp, 5_121, Some(Level::Error))]
#[case(Attachment::Identity, 6_144, None)]
#[case(Attachment::Identity, 6_145, Some(Level::Error))]
fn a_size_is_too_large_from_the_first_character(
    #[case] attachment: Attachment,
    #[case] size: usize,
    #[case] level: Option<Level>,
) {
    let text = |padding: usize| {
        let bucket = "a".repeat(padding);
        format!(
            "{{\"Version\":\"2012-10-17\",\"Statement\":{{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\"Resource\":\"arn:aws:s3:::{bucket}\"}}}}"
        )
    };
    let white_space = if attachment == Attachment::Identity { " \n\t\n " } else { "\n\n" };
    let text = text(size - text(0).len()) + white_space;
    let found = against(&text, attachment, false).into_iter().filter(|it| it.code == "too-large");
    assert_eq!(found.map(|it| it.level).collect::<Vec<_>>(), level.into_iter().collect::<Vec<_>>());
}

/// Where the text of a policy ends, and what is there instead.
#[rstest]
#[case(r#"[{"Effect": "Deny"}]"#, "these are statements without their policy")]
#[case(r#"[1]"#, "a policy is a JSON object")]
#[case(r#"{"Version": [], "Statement": []}"#, "expected a text, or a list of texts")]
#[case(r#"{"Id": "a"}"#, "this is no IAM policy: it has no `Statement`")]
#[case(r#"{"ec2_attributes": {}}"#, "this is a declarative policy, which has no conditions to check")]
#[case(r#"{"Statement": [1]}"#, "a statement is a JSON object")]
#[case(r#"{"Statement": {"Effect": "deny", "Action": "*", "Resource": "*"}}"#, "`deny` is no effect")]
#[case(r#"{"Statement": {"Effect": "Deny", "Resource": "*"}}"#, "statement 1 has no `Action`")]
#[case(r#"{"Statement": {"Sid": "A", "Effect": "Deny", "Resource": "*"}}"#, "A has no `Action`")]
#[case(r#"{"Statement": {"Sid": "", "Effect": "Deny", "Resource": "*"}}"#, "statement 1 has no `Action`")]
#[case(
    r#"{"Statement": {"Effect": "Deny", "Action": {}, "Resource": "*"}}"#,
    "expected a text, or a list of texts"
)]
#[case(
    r#"{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": []}}"#,
    "a condition is an object of operators"
)]
#[case(
    r#"{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": 1}}}"#,
    "`Bool` is not an object of keys"
)]
#[case(r#"{"NotAction": "*"}"#, "this is a statement without its policy")]
fn what_is_no_policy_is_refused(#[case] text: &str, #[case] message: &str) {
    let settings = Settings::shipped();
    let invalid =
        check(text, Against { settings: &settings, own: false, attachment: Attachment::Scp }).unwrap_err();
    assert_eq!(invalid.message, message);
    assert_eq!(invalid.to_string(), format!("{}:{}: {message}", invalid.at.line, invalid.at.column));
}

/// What is meant by an element, or what can stand in its place.
#[rstest]
#[case(r#"{"Statements": []}"#, "did you mean `Statement`?")]
#[case(r#"{"xy": 1}"#, "what can be here: Version, Id, Statement")]
#[case(
    r#"{"Statement": {"Effect": "Deny", "NotActions": "*", "Resource": "*"}}"#,
    "did you mean `NotAction`?"
)]
#[case(
    r#"{"Statement": {"When": {}}}"#,
    "what can be here: Sid, Effect, Action, NotAction, Resource, NotResource, Condition"
)]
fn an_unknown_element_is_told_what_stands_there(#[case] text: &str, #[case] instead: &str) {
    let settings = Settings::shipped();
    let against = Against { settings: &settings, own: false, attachment: Attachment::Scp };
    assert_eq!(check(text, against).unwrap_err().instead, instead);
}

/// An element that is written twice belongs to its statement, and is no contradiction of itself.
#[test]
fn an_element_that_is_written_twice_is_named_with_its_statement() {
    let plain = r#""Effect": "Deny", "Resource": "*", "Action": "ec2:StopInstances""#;
    let text = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Sid": "A", {plain}}},
            {{"Sid": "B", {plain}, "Action": "ec2:StartInstances"}}, {{"Sid": "C", {plain}}}]}}"#
    );
    let found = against(&text, Attachment::Identity, false);
    let found: Vec<_> = found.iter().map(|it| (it.statement.as_deref(), it.message.as_str())).collect();
    assert_eq!(found, [(Some("B"), "`Action` is written twice, first on line 2")]);
}

#[rstest]
#[case(r#""Principal": "*""#, true)]
#[case(r#""Principal": {"AWS": "*"}"#, true)]
#[case(r#""Principal": {"AWS": ["*"]}"#, true)]
#[case(r#""Principal": {"AWS": ["*", "111122223333"]}"#, false)]
#[case(r#""Principal": {"Service": "*"}"#, false)]
#[case(r#""NotPrincipal": "*""#, false)]
fn a_resource_control_policy_is_about_everybody(#[case] principal: &str, #[case] everybody: bool) {
    let text = statement("Deny", &format!(r#"{principal}, "Action": "s3:*", "Resource": "*""#));
    let found = with_code(&text, Attachment::Rcp, "malformed");
    assert_eq!(found.is_empty(), everybody, "{found:?}");
}

#[rstest]
#[case("ec2:RunInstances", true)]
#[case("SageMaker:*", true)]
#[case("autoscaling:*", true)]
#[case("imagebuilder:*", true)]
#[case("sqs:*", false)]
fn a_resource_control_policy_reaches_some_services(#[case] action: &str, #[case] unsupported: bool) {
    let text = statement("Deny", &format!(r#""Principal": "*", "Action": "{action}", "Resource": "*""#));
    assert_eq!(with_code(&text, Attachment::Rcp, "unsupported-service").len(), usize::from(unsupported));
    assert!(!has(&text, "unsupported-service"));
}

/// Misspelt actions, with the action that is probably meant.
#[rstest]
#[case("ec2:RunInstance", "there is no action `ec2:RunInstance` | did you mean `ec2:RunInstances`?")]
#[case(
    "ec2:Xyzzy",
    "there is no action `ec2:Xyzzy` | see the actions in the Service Authorization Reference"
)]
#[case(
    "ec2:Xyzzy*",
    "`ec2:Xyzzy*` matches no action | see the actions in the Service Authorization Reference"
)]
#[case("ec2:Xyzz?", "`ec2:Xyzz?` matches no action | see the actions in the Service Authorization Reference")]
#[case(
    ":RunInstances",
    "`:RunInstances` is no action, so it matches nothing | write `service:Action`, such as `ec2:RunInstances`, or `*`"
)]
#[case(
    "ec2:ModifyInstanceMetadataOptionsXYZ",
    "there is no action `ec2:ModifyInstanceMetadataOptionsXYZ` | did you mean `ec2:ModifyInstanceMetadataOptions`?"
)]
#[case("EC2:Run*", "")]
fn a_misspelt_action_is_named(#[case] action: &str, #[case] expected: &str) {
    let text = statement("Deny", &format!(r#""Action": "{action}", "Resource": "*""#));
    let found = with_code(&text, Attachment::Identity, "unknown-action");
    assert_eq!(found.first().map(String::as_str).unwrap_or_default(), expected);
}
