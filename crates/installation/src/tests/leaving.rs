//! How it is taken out.

use super::complete::{attributes, complete, control, empty, hub};
use crate::Site;
use crate::judge::Control;
use crate::removal::{Phase, Step, Way, plan};
use v2only_enforcer::{Failure, Kind};

fn position(steps: &[Step], what: &str) -> usize {
    steps.iter().position(|it| it.what.contains(what)).unwrap_or_else(|| panic!("no {what} in {steps:#?}"))
}

#[test]
fn a_removal_loses_nothing_and_opens_nothing() {
    let mut center = complete(Site::Hub);
    attributes(&mut center, "v2only-ec2-enforcer-dlq")
        .insert("ApproximateNumberOfMessages".to_owned(), "2".to_owned());
    let all = [center, complete(Site::Member { hub: hub() })];
    let controls = [
        Control { protects: true, keeps_v1_out: true, names_roles: true, ..control("everything-1") },
        Control { names_roles: true, ..control("only-owners-modify") },
    ];
    let steps = plan(&all, Ok(&controls), &Way::Stack("security-v2only".to_owned()));
    let order = [
        "parameter /v2only/policy",
        "notebooks on their way",
        "rule v2only-ec2-enforcer",
        "queue v2only-ec2-enforcer",
        "service control policy everything-1",
        "stacks of the members",
        "StackSet v2only-member",
        "stack security-v2only",
        "service control policy only-owners-modify",
        "tags v2only:*",
    ];
    let positions: Vec<usize> = order.iter().map(|it| position(&steps, it)).collect();
    assert!(positions.is_sorted(), "{positions:?} {steps:#?}");
    // On both buses, and in the member.
    assert_eq!(steps.iter().filter(|it| it.what.starts_with("rule ")).count(), 6);
    // A queue without a consumer is named only if it contains messages.
    assert!(steps.iter().any(|it| it.what == "queue v2only-ec2-enforcer-dlq"));
    assert!(!steps.iter().any(|it| it.what == "queue v2only-notebook-enforcer-dlq"));
    let unlock: Vec<&Step> = steps.iter().filter(|it| it.phase == Phase::Unlock).collect();
    assert_eq!(unlock.len(), 1);
    assert!(unlock.iter().all(|it| it.why.contains("scp/no-way-back")));
    assert!(steps.iter().all(|it| !it.command.as_str().is_empty()));
}

#[test]
fn terraform_is_kept_from_destroying_what_keeps_version_1_out() {
    let steps = plan(&[complete(Site::Hub)], Ok(&[]), &Way::Terraform);
    assert!(
        position(&steps, "guardrails, out of the state") < position(&steps, "everything that Terraform made")
    );
    let alone = plan(&[complete(Site::Alone)], Ok(&[]), &Way::Terraform);
    assert!(!alone.iter().any(|it| it.command.as_str().contains("guardrails")));
}

#[test]
fn where_nothing_is_there_is_nothing_to_remove_and_what_cannot_be_read_may_be_there() {
    let mut empty = empty(Site::Alone);
    assert_eq!(plan(&[empty.clone()], Ok(&[]), &Way::Terraform), []);
    empty.parameter = Err(Failure::new(Kind::Denied, "ssm:GetParameter", "no"));
    assert!(!plan(&[empty.clone()], Ok(&[]), &Way::Terraform).is_empty());
    assert_eq!(empty.unread().len(), 1);
}
