//! Who calls: accounts, sessions, roles.

use super::client::{OTHER, Reply, aws};

fn assume(aws: &super::client::Aws, account: &str, external_id: Option<&str>) -> Reply {
    let arn = format!("arn:aws:iam::{account}:role/v2only-member");
    let mut parameters = vec![("RoleArn", arn.as_str()), ("RoleSessionName", "v2only")];
    parameters.extend(external_id.map(|id| ("ExternalId", id)));
    aws.sts("AssumeRole", &parameters)
}

#[test]
fn an_access_key_of_twelve_digits_is_that_account() {
    let aws = aws().called_from(OTHER);
    let me = aws.sts("GetCallerIdentity", &[]).ok();
    assert_eq!(me.text("Account"), OTHER);
    assert_eq!(me.text("Arn"), format!("arn:aws:iam::{OTHER}:root"));
    let aws = aws.with_key("AKIAIOSFODNN7EXAMPLE");
    assert_eq!(aws.sts("GetCallerIdentity", &[]).ok().text("Account"), "111122223333");
}

#[test]
fn a_session_acts_in_the_account_of_its_role() {
    let aws = aws();
    aws.sandbox.add_role(OTHER, "v2only-member", Some("secret-id"));
    let session = assume(&aws, OTHER, Some("secret-id")).ok();
    let arn = format!("arn:aws:sts::{OTHER}:assumed-role/v2only-member/v2only");
    assert_eq!(session.text("Arn"), arn);
    assert_eq!(session.text("Expiration"), "2026-11-01T11:00:00.000Z");
    assert_eq!(session.text("AccessKeyId").len(), 20);
    let aws = aws.with_key(&session.text("AccessKeyId"));
    assert_eq!(aws.sts("GetCallerIdentity", &[]).ok().text("Arn"), arn);
    aws.launched(&[]);
    assert_eq!(aws.sandbox.instances(OTHER, aws.region).len(), 1);
    assert!(aws.sandbox.instances("111122223333", aws.region).is_empty());
    let identity = &aws.last_record()["userIdentity"];
    assert_eq!(identity["type"], "AssumedRole");
    assert_eq!(identity["arn"], arn);
    assert_eq!(identity["sessionContext"]["sessionIssuer"]["userName"], "v2only-member");
    assert_eq!(aws.sandbox.calls().last().unwrap().principal, arn);
}

#[test]
fn a_session_ends() {
    let aws = aws();
    aws.sandbox.add_role(OTHER, "v2only-member", None);
    let key = assume(&aws, OTHER, None).ok().text("AccessKeyId");
    let aws = aws.with_key(&key);
    aws.wait(3599);
    aws.ec2("DescribeInstances", &[]).ok();
    aws.wait(1);
    assert_eq!(aws.ec2("DescribeInstances", &[]).code(), "RequestExpired");
    assert_eq!(aws.sts("GetCallerIdentity", &[]).code(), "ExpiredToken");
}

#[test]
fn a_role_wants_to_exist_and_its_external_id() {
    let aws = aws();
    aws.sandbox.add_role(OTHER, "v2only-member", Some("secret-id"));
    assert_eq!(assume(&aws, OTHER, None).code(), "AccessDenied");
    assert_eq!(assume(&aws, OTHER, Some("guess")).code(), "AccessDenied");
    let nowhere = assume(&aws, "333344445555", Some("secret-id"));
    assert_eq!((nowhere.status, nowhere.code().as_str()), (403, "AccessDenied"));
    assert!(
        nowhere.message().contains("is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam")
    );
    aws.sandbox.remove_role(OTHER, "v2only-member");
    assert_eq!(assume(&aws, OTHER, Some("secret-id")).code(), "AccessDenied");
}

#[test]
fn wrong_requests_for_a_role_are_refused() {
    let aws = aws();
    aws.sandbox.add_role(OTHER, "r", None);
    let arn = format!("arn:aws:iam::{OTHER}:role/r");
    let refused = |parameters: &[(&str, &str)]| aws.sts("AssumeRole", parameters).code();
    assert_eq!(refused(&[("RoleSessionName", "v2only")]), "ValidationError");
    assert_eq!(refused(&[("RoleArn", &arn), ("RoleSessionName", "a b")]), "ValidationError");
    assert_eq!(refused(&[("RoleArn", "r"), ("RoleSessionName", "v2only")]), "ValidationError");
    let long = [("RoleArn", arn.as_str()), ("RoleSessionName", "v2only"), ("DurationSeconds", "43201")];
    assert_eq!(refused(&long), "ValidationError");
}
