//! What taking an installation out consists of.

use insta::assert_snapshot;
use v2only_enforcer::Kind;
use v2only_installation::ports::Control;

use crate::fake_aws::FakeAws;
use crate::fake_deployment::{Deployment, HERE};
use crate::fake_world::FakeWorld;

const EVERYWHERE: &str = "uninstall-plan --accounts 444455556666 --role-name v2only-doctor --region eu-central-1 --region us-east-1";

fn world(it: Deployment) -> FakeWorld {
    FakeWorld::with(FakeAws::default().at_home(HERE).deployed(it))
}

fn shipped(name: &str) -> Control {
    let text = std::fs::read_to_string(format!("../../policies/scp/{name}.json")).unwrap();
    Control { id: format!("p-{name}"), name: format!("v2only-{name}"), target: "r-ab12".to_owned(), text }
}

#[test]
fn every_step_has_its_place_its_reason_and_its_command() {
    let mut it = Deployment::organization();
    it.controls = ["protect-v2only", "only-owners-modify", "require-v2-at-launch"].map(shipped).into();
    let world = world(it);
    assert_snapshot!(world.run(EVERYWHERE).seen());
    assert_eq!(world.aws.changes(), Vec::<String>::new());
}

#[test]
fn one_account_by_terraform() {
    assert_snapshot!(world(Deployment::alone()).run("uninstall-plan --with terraform").out);
}

#[test]
fn json_has_its_published_shape() {
    let json = world(Deployment::alone()).run("uninstall-plan --output json").json();
    assert_eq!(
        (json["schema"].as_str(), json["exit_code"].as_u64()),
        (Some("v2only.uninstall-plan.v1"), Some(0))
    );
    let steps = json["steps"].as_array().unwrap();
    let stack = steps.iter().find(|it| it["what"] == "stack security-v2only").unwrap();
    assert_snapshot!(serde_json::to_string_pretty(stack).unwrap());
    let phases: Vec<&str> = steps.iter().map(|it| it["phase"].as_str().unwrap()).collect();
    let order = ["keep", "settle", "silence", "drain", "unlock", "remove", "afterwards"];
    assert!(phases.iter().map(|it| order.iter().position(|other| other == it)).is_sorted(), "{phases:?}");
}

#[test]
fn where_nothing_is_there_is_nothing_to_remove() {
    let ran = world(Deployment::default()).run("uninstall-plan");
    assert_eq!(
        (ran.exit.code(), ran.out.as_str()),
        (0, "nothing of v2only is in 111122223333/eu-central-1\n")
    );
}

#[test]
fn how_it_was_deployed_is_asked_where_it_does_not_show() {
    let mut it = Deployment::alone();
    for (function, _) in it.functions.values_mut() {
        function.stack = None;
    }
    let world = world(it);
    assert_eq!(world.run("uninstall-plan").exit.code(), 2);
    let ran = world.run("uninstall-plan --with stack --stack-name theirs");
    assert_eq!(ran.exit.code(), 0);
    assert!(
        ran.out.contains("aws cloudformation delete-stack --stack-name theirs --region eu-central-1 && "),
        "{}",
        ran.out
    );
}

#[test]
fn policies_that_cannot_be_read_leave_with_3() {
    let aws = FakeAws::default().at_home(HERE).deployed(Deployment::organization());
    let action = "organizations:ListPoliciesForTarget";
    let denied = aws.failing(action, None, Kind::Denied, "AccessDeniedException", "not authorized");
    let ran = FakeWorld::with(denied).run(EVERYWHERE);
    assert_eq!(ran.exit.code(), 3, "{}", ran.err);
    assert!(
        ran.err.contains("service control policy (any) in 111122223333/eu-central-1 could not be read"),
        "{}",
        ran.err
    );
}

#[test]
fn what_cannot_be_read_leaves_with_3() {
    let aws = FakeAws::default().at_home(HERE).deployed(Deployment::organization());
    let denied = aws
        .failing("sqs:GetQueueAttributes", None, Kind::Unavailable, "", "AWS did not answer in time")
        .failing(
            "organizations:ListPoliciesForTarget",
            None,
            Kind::Denied,
            "AccessDeniedException",
            "not authorized",
        );
    let ran = FakeWorld::with(denied).run(EVERYWHERE);
    assert_eq!(ran.exit.code(), 3);
    assert!(
        ran.err.contains("queue v2only-undelivered in 444455556666/us-east-1 could not be read"),
        "{}",
        ran.err
    );
    assert!(
        ran.out.contains("aws organizations list-policies --filter SERVICE_CONTROL_POLICY"),
        "{}",
        ran.out
    );
}
