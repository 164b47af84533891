//! Other accounts than our own: `--accounts`, `--org`, and the role they are entered by.

use v2only_enforcer::Kind;

use crate::fake_aws::{ACCOUNT, FakeAws, instance};
use crate::fake_world::FakeWorld;

fn world() -> FakeWorld {
    FakeWorld::with(
        FakeAws::default().at_home("eu-central-1").instance("eu-central-1", instance("i-0000000000000000a")),
    )
}

#[test]
fn a_role_has_to_be_named_for_other_accounts() {
    for line in ["scan --org", "scan --accounts 444455556666", "enforce --org --yes --policy DIR/p.yaml"] {
        let ran = world().file("p.yaml", "version: 1\nmode: enforce\n").run(line);
        assert_eq!((ran.exit.code(), ran.out.as_str()), (2, ""), "{line}");
        assert!(ran.err.contains("add `--role-name NAME`"), "{}", ran.err);
    }
    let ran = world().run("scan --external-id x");
    assert!(ran.err.contains("--external-id: no role is named"), "{}", ran.err);
}

#[test]
fn what_is_no_account_is_named() {
    let ran = world().run("scan --role-name r --accounts 444455556666,1234");
    assert_eq!(ran.exit.code(), 2);
    assert!(ran.err.contains("--accounts: `1234` is not"), "{}", ran.err);
    let both = world().run("scan --role-name r --org --accounts 444455556666");
    assert_eq!(both.exit.code(), 2);
}

#[test]
fn an_account_that_cannot_be_entered_is_named_and_the_others_are_shown() {
    let world = world();
    let ran = world.run("scan --org --role-name v2only-scanner");
    assert_eq!(ran.exit.code(), 3);
    assert!(ran.out.contains("At least 1 instance still answers IMDSv1"), "{}", ran.out);
    assert!(ran.out.contains("payments"), "accounts have their names: {}", ran.out);
    assert!(ran.err.contains("444455556666"), "{}", ran.err);
    assert_eq!(world.aws.calls_of("organizations:ListAccounts"), 1);
}

#[test]
fn an_organization_that_cannot_be_listed_is_not_clean() {
    let aws = FakeAws::default().at_home("eu-central-1").failing(
        "organizations:ListAccounts",
        None,
        Kind::Denied,
        "AccessDeniedException",
        "You don't have permissions to access this resource.",
    );
    let ran = FakeWorld::with(aws).run("scan --org --role-name v2only-scanner");
    assert_eq!((ran.exit.code(), ran.out.as_str()), (3, ""));
    assert!(ran.err.contains("organizations:ListAccounts: AccessDeniedException"), "{}", ran.err);
}

#[test]
fn only_the_accounts_that_are_named_are_read() {
    let world = world();
    let ran = world.run(&format!("scan --accounts {ACCOUNT},{ACCOUNT} --role-name v2only-scanner"));
    assert_eq!(ran.exit.code(), 10, "{}", ran.err);
    assert!(ran.err.contains(&format!("read 1 Region in account {ACCOUNT}")), "{}", ran.err);
    assert_eq!(world.aws.calls_of("organizations:ListAccounts"), 0);
}
