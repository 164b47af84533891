//! What a policy does to the requests that matter here, by their ids.

use rstest::rstest;
use v2only_guardrails::Settings;
use v2only_guardrails::check::{Against, Attachment, Outcome, check};

use super::lints::statement;

/// The ids of the requests that a service control policy denies, each once by the only statement.
fn denied(text: &str) -> Vec<&'static str> {
    let against = Against { settings: &Settings::shipped(), own: false, attachment: Attachment::Scp };
    let cases = check(text, against).unwrap().effects.into_iter();
    cases.filter(|it| it.outcome == Outcome::Denied(vec!["S".to_owned()])).map(|it| it.id).collect()
}

const OPEN: &str =
    r#""StringEquals": {"ec2:MetadataHttpTokens": "optional", "ec2:MetadataHttpEndpoint": "enabled"}"#;

#[rstest]
#[case("ec2:RunInstances", "", &["launch-v1", "launch-silent", "launch-v2", "launch-template-v2"])]
#[case("ec2:StartInstances", OPEN, &["start-open-instance"])]
#[case("ec2:AssociateIamInstanceProfile", OPEN, &["role-onto-open-instance"])]
#[case(
    "ec2:ModifyInstanceMetadataOptions",
    r#""StringEquals": {"ec2:Attribute/HttpTokens": "optional"}"#,
    &["opt-out", "restore-instance"]
)]
fn a_denial_is_of_the_requests_that_it_is_about(
    #[case] action: &str,
    #[case] condition: &str,
    #[case] expected: &[&str],
) {
    let text =
        statement("Deny", &format!(r#""Action": "{action}", "Resource": "*", "Condition": {{{condition}}}"#));
    assert_eq!(denied(&text), expected);
}

/// A policy for one Region is judged there.
#[rstest]
#[case("aws", "eu-central-1")]
#[case("aws-us-gov", "us-gov-west-1")]
#[case("aws-cn", "cn-north-1")]
fn requests_are_made_in_a_region_of_the_partition(#[case] partition: &str, #[case] region: &str) {
    let text = |region: &str| {
        let resource = format!("arn:{partition}:ec2:{region}:111122223333:instance/*");
        statement("Deny", &format!(r#""Action": "ec2:StartInstances", "Resource": "{resource}""#))
    };
    assert_eq!(denied(&text(region)), ["start-open-instance"]);
    assert_eq!(denied(&text("us-east-1")), [""; 0]);
}
