//! Who did it, in words.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{fixture, session, session_of_service};
use v2only_events::{Actor, Parsed, parse};
use v2only_policy::AccountId;

#[rstest]
#[case::role(session("Developer", "alice"), "role/Developer (alice)")]
#[case::service_linked_role(
    session_of_service("AWSServiceRoleForAutoScaling", "AutoScaling", "autoscaling.amazonaws.com"),
    "Auto Scaling (autoscaling.amazonaws.com)"
)]
#[case::service_for_a_role(
    session_of_service("Karpenter", "1762000000", "ec2fleet.amazonaws.com"),
    "EC2 Fleet (ec2fleet.amazonaws.com) for role/Karpenter (1762000000)"
)]
#[case::service_without_a_common_name(
    Actor { invoked_by: Some("m2.amazonaws.com".to_owned()), ..Actor::default() },
    "m2.amazonaws.com"
)]
#[case::nobody(Actor::default(), "somebody")]
fn an_actor_is_told_in_words(#[case] actor: Actor, #[case] words: &str) {
    assert_eq!(actor.to_string(), words);
}

#[rstest]
#[case::user(json!({"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ops/bob"}), Some("user/ops/bob"))]
#[case::root(json!({"type": "Root", "arn": "arn:aws:iam::111122223333:root"}), Some("root of 111122223333"))]
#[case::root_in_the_console(
    json!({"arn": "arn:aws:iam::111122223333:root", "invokedBy": "signin.amazonaws.com"}),
    Some("the AWS console (signin.amazonaws.com) for root of 111122223333")
)]
#[case::name_only(json!({"type": "IAMUser", "userName": "bob"}), Some("bob"))]
#[case::another_account(
    json!({"type": "AWSAccount", "principalId": "AIDACKCEVSQ6C2EXAMPLE", "accountId": "444455556666"}),
    Some("account 444455556666")
)]
#[case::kind_only(json!({"type": "AWSAccount"}), Some("AWSAccount"))]
#[case::unreadable(json!("bob"), None)]
#[case::nothing(json!(null), None)]
fn an_identity_is_told_in_words(#[case] identity: Value, #[case] words: Option<&str>) {
    let mut event = fixture("run-instances-required");
    event["detail"]["userIdentity"] = identity;
    let Ok(Parsed::Trigger(trigger)) = parse(&event) else { panic!("no trigger") };
    assert_eq!(trigger.actor.map(|actor| actor.to_string()).as_deref(), words);
}

#[test]
fn a_service_may_stand_as_the_source_address_only() {
    let mut event = fixture("run-instances-required");
    event["detail"]["userIdentity"] = json!(null);
    event["detail"]["sourceIPAddress"] = "spotfleet.amazonaws.com".into();
    let Ok(Parsed::Trigger(trigger)) = parse(&event) else { panic!("no trigger") };
    assert_eq!(trigger.actor.unwrap().to_string(), "Spot Fleet (spotfleet.amazonaws.com)");
}

#[test]
fn a_role_is_known_by_its_name() {
    assert_eq!(session("Developer", "alice").role(), Some("Developer"));
    assert_eq!(session("Developer", "alice").session_name(), Some("alice"));
    assert_eq!(session("Developer", "alice").user(), None);
    assert_eq!(Actor::default().role(), None);
}

fn with_arn(resource: &str) -> Actor {
    Actor { arn: Some(format!("arn:aws-cn:iam::111122223333:{resource}")), ..Actor::default() }
}

#[test]
fn users_and_sessions_are_known_by_their_names() {
    assert_eq!(with_arn("user/ops/bob").user(), Some("bob"));
    assert_eq!(with_arn("federated-user/carol").session_or_federated_name(), Some("carol"));
    assert_eq!(with_arn("assumed-role/Developer/alice").session_or_federated_name(), Some("alice"));
    assert_eq!(with_arn("user/bob").session_or_federated_name(), None);
    let role = with_arn("assumed-role/Developer/alice").role_arn();
    assert_eq!(role.as_deref(), Some("arn:aws-cn:iam::111122223333:role/Developer"));
    assert_eq!(with_arn("user/bob").role_arn(), None);
}

#[rstest]
#[case("autoscaling", "Auto Scaling")]
#[case("batch", "AWS Batch")]
#[case("cloudformation", "CloudFormation")]
#[case("ec2fleet", "EC2 Fleet")]
#[case("ecs", "ECS")]
#[case("ecs-compute", "ECS")]
#[case("eks", "EKS")]
#[case("eks-nodegroup", "EKS managed node groups")]
#[case("elasticbeanstalk", "Elastic Beanstalk")]
#[case("elasticmapreduce", "EMR")]
#[case("imagebuilder", "EC2 Image Builder")]
#[case("sagemaker", "SageMaker")]
#[case("signin", "the AWS console")]
#[case("spot", "EC2 Spot")]
#[case("spotfleet", "Spot Fleet")]
#[case("ssm", "Systems Manager")]
fn a_service_has_a_name_for_people(#[case] service: &str, #[case] name: &str) {
    let principal = format!("{service}.amazonaws.com");
    let actor = Actor { invoked_by: Some(principal.clone()), ..Actor::default() };
    assert!(actor.is_service(service) && !actor.is_service("m2"));
    assert_eq!(actor.to_string(), format!("{name} ({principal})"));
}

#[test]
fn a_session_of_a_role_is_told_by_account_role_and_name() {
    let ours = session("v2only-rollback", "v2only");
    let account = AccountId::parse("111122223333").unwrap();
    let other = AccountId::parse("444455556666").unwrap();
    assert!(ours.is_session_of(&account, "v2only-rollback", "v2only"));
    assert!(
        ours.is_session_of(&account, "security/v2only-rollback", "v2only"),
        "a session leaves the path out"
    );
    assert!(!ours.is_session_of(&other, "v2only-rollback", "v2only"));
    assert!(!ours.is_session_of(&account, "v2only-rollback", "alice"));
    assert!(!ours.is_session_of(&account, "Developer", "v2only"));
    assert!(!Actor::default().is_session_of(&account, "v2only-rollback", "v2only"));
}
