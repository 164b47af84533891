//! Accounts other than the functions' own: entered by a role, and only members of the organization.

use v2only_sandbox::{AccountState, HttpTokens, MemberAccount, Organization};
use v2only_tests::audit::our_calls;
use v2only_tests::stage::v1;
use v2only_tests::{ENFORCE, HOME, MEMBER, REGION, SECOND, Setup, Stage};

const STRANGER: &str = "555566667777";

/// A launch in that account, and what came of it.
fn launch_in(stage: &Stage, account: &str, region: &str) -> (HttpTokens, v2only_tests::Line) {
    let ids = stage.launch_at(account, region, v1());
    stage.pass(SECOND * 300);
    let tokens = stage.aws.instance(account, region, &ids[0]).unwrap().metadata.http_tokens;
    let line = stage.lines().into_iter().find(|it| it.text("resource") == ids[0]);
    (tokens, line.unwrap())
}

/// It was refused, said so once for each event, and left nothing to try again.
#[track_caller]
fn refused(stage: &Stage, account: &str, error: &str, why: &str) {
    let (tokens, line) = launch_in(stage, account, REGION);
    assert_eq!((tokens, line.text("account")), (HttpTokens::Optional, account));
    assert_eq!((line.text("outcome"), line.text("error"), line.text("level")), ("failed", error, "error"));
    assert!(line.text("error_message").contains(why), "{}", line.text("error_message"));
    assert_eq!((stage.waiting(), stage.dead().len()), (0, 0), "trying again would change nothing");
    assert!(!stage.bill().keys().any(|it| it.starts_with("ec2:")), "{:?}", stage.bill());
    let failed: u64 =
        stage.lines().iter().filter(|it| it.is_metrics()).map(|it| it.0["Failed"].as_u64().unwrap()).sum();
    assert!(failed >= 1, "it is counted, so that it can raise an alarm");
}

#[test]
fn the_member_role_is_assumed_once_for_all_regions_of_an_account() {
    let stage = Setup::default().cross_account().open();
    for region in [REGION, "us-west-2", REGION] {
        let (tokens, line) = launch_in(&stage, MEMBER, region);
        assert_eq!(
            (tokens, line.text("account"), line.text("region")),
            (HttpTokens::Required, MEMBER, region)
        );
    }
    let bill = stage.bill();
    assert_eq!((bill["sts:AssumeRole"], bill["organizations:DescribeAccount"]), (1, 1));
    for call in our_calls(&stage.aws) {
        let expected = if call.service == "ec2" {
            format!("arn:aws:sts::{MEMBER}:assumed-role/v2only-member/v2only")
        } else {
            format!("arn:aws:sts::{HOME}:assumed-role/ec2-enforcer-role/ec2-enforcer")
        };
        assert_eq!((call.principal, call.error), (expected, None));
    }
}

#[test]
fn a_session_that_aws_no_longer_takes_is_assumed_again() {
    let stage = Setup::default().cross_account().open();
    launch_in(&stage, MEMBER, REGION);
    // The function's own clock does not move with this one: it believes that its session is still good.
    stage.aws.advance(SECOND * 3700);
    let (tokens, _) = launch_in(&stage, MEMBER, "us-west-2");
    assert_eq!(tokens, HttpTokens::Required);
    assert_eq!(stage.bill()["sts:AssumeRole"], 2, "once more, not at every try");
    assert_eq!((stage.waiting(), stage.dead().len()), (0, 0));
}

#[test]
fn the_functions_own_account_takes_no_role() {
    let stage = Setup::default().cross_account().open();
    let (tokens, _) = launch_in(&stage, HOME, REGION);
    assert_eq!(tokens, HttpTokens::Required);
    assert!(stage.bill().keys().all(|it| it.starts_with("ec2:")), "{:?}", stage.bill());
}

#[test]
fn a_wrong_external_id_is_refused_and_not_tried_again() {
    let stage = Setup::default().cross_account().variable("V2ONLY_EXTERNAL_ID", "another").open();
    refused(&stage, MEMBER, "denied", "not authorized to perform: sts:AssumeRole");
}

#[test]
fn a_missing_external_id_is_refused_and_not_tried_again() {
    let stage = Setup::default().cross_account().variable("V2ONLY_EXTERNAL_ID", "").open();
    refused(&stage, MEMBER, "denied", "not authorized to perform: sts:AssumeRole");
}

#[test]
fn an_account_outside_the_organization_is_refused() {
    let stage = Setup::default().cross_account().open();
    stage.aws.add_role(STRANGER, "v2only-member", None);
    refused(&stage, STRANGER, "foreign-account", "");
    assert!(!stage.bill().contains_key("sts:AssumeRole"), "not even asked");
}

#[test]
fn an_account_of_another_organization_is_refused() {
    let stage = Setup::default().cross_account().variable("V2ONLY_ORGANIZATION_ID", "o-somebodyelse").open();
    refused(&stage, MEMBER, "foreign-account", "does not belong to organization o-somebodyelse");
}

#[test]
fn an_account_that_is_not_active_is_refused() {
    for (state, word) in
        [(AccountState::Suspended, "SUSPENDED"), (AccountState::PendingClosure, "PENDING_CLOSURE")]
    {
        let stage = Setup::default().cross_account().open();
        stage.aws.set_organization(
            Organization::managed_by("999988887777")
                .account(MemberAccount::new(HOME, "security"))
                .account(MemberAccount::new(MEMBER, "shop").in_state(state))
                .delegated_administrator(HOME),
        );
        refused(&stage, MEMBER, "foreign-account", word);
    }
}

#[test]
fn without_a_member_role_other_accounts_are_refused_without_a_call() {
    let stage = Setup::default().open();
    refused(&stage, MEMBER, "foreign-account", "no member role is set");
    assert_eq!(stage.bill(), [].into());
}

#[test]
fn listed_accounts_are_entered_without_asking_the_organization() {
    let listed = || {
        Setup::default()
            .variable("V2ONLY_MEMBER_ROLE", "v2only-member")
            .variable("V2ONLY_EXTERNAL_ID", v2only_tests::stage::EXTERNAL_ID)
            .variable("V2ONLY_ACCOUNTS", MEMBER)
    };
    let stage = listed().open();
    assert_eq!(launch_in(&stage, MEMBER, REGION).0, HttpTokens::Required);
    assert!(!stage.bill().keys().any(|it| it.starts_with("organizations:")), "{:?}", stage.bill());
    let stage = listed().open();
    refused(&stage, STRANGER, "foreign-account", "is not among those listed in V2ONLY_ACCOUNTS");
}

/// The refusal names the role that was asked for, and the sessions that are given name their partition.
#[test]
fn roles_are_asked_for_in_the_partition_of_the_region() {
    for (region, other, partition) in [
        ("us-gov-west-1", "us-gov-east-1", "aws-us-gov"),
        ("cn-north-1", "cn-northwest-1", "aws-cn"),
        ("eu-central-1", "us-east-1", "aws"),
    ] {
        let stage = Setup { region, ..Setup::default() }.cross_account().open();
        stage.aws.remove_role(MEMBER, "v2only-member");
        let (_, line) = launch_in(&stage, MEMBER, other);
        let asked = format!("arn:{partition}:iam::{MEMBER}:role/v2only-member");
        assert!(line.text("error_message").ends_with(&asked), "{}", line.text("error_message"));

        let stage = Setup { region, ..Setup::default() }.cross_account().open();
        assert_eq!(launch_in(&stage, MEMBER, other).0, HttpTokens::Required, "{partition}");
        let session = format!("arn:{partition}:sts::{MEMBER}:assumed-role/v2only-member/v2only");
        assert!(our_calls(&stage.aws).iter().any(|it| it.principal == session), "{partition}");
    }
}

#[test]
fn an_override_for_an_organizational_unit_is_found_by_the_units_above_the_account() {
    let policy =
        format!("{ENFORCE}overrides:\n  - match: {{ ous: [ou-ab12-sandbox0] }}\n    mode: observe\n");
    for (unit, expected) in
        [("ou-ab12-sandbox0", HttpTokens::Optional), ("ou-ab12-prodprod", HttpTokens::Required)]
    {
        let stage = Setup::policy(&policy).cross_account().open();
        stage.aws.set_organization(
            Organization::managed_by("999988887777")
                .account(MemberAccount::new(HOME, "security"))
                .unit(
                    v2only_sandbox::OrganizationalUnit::with_id(unit, "a unit")
                        .account(MemberAccount::new(MEMBER, "shop")),
                )
                .delegated_administrator(HOME),
        );
        assert_eq!(launch_in(&stage, MEMBER, REGION).0, expected, "{unit}");
        assert_eq!(stage.bill()["organizations:ListParents"], 2, "asked once for each level, and kept");
    }
}

/// Not knowing the units, it could be the ones that only observe: nothing is concluded.
#[test]
fn units_that_cannot_be_read_hold_everything_back() {
    let policy =
        format!("{ENFORCE}overrides:\n  - match: {{ ous: [ou-ab12-sandbox0] }}\n    mode: observe\n");
    let stage = Setup::policy(&policy).cross_account().open();
    stage.aws.set_organization(
        Organization::managed_by("999988887777")
            .account(MemberAccount::new(HOME, "security"))
            .account(MemberAccount::new(MEMBER, "shop")),
    );
    let (tokens, line) = launch_in(&stage, MEMBER, REGION);
    assert_eq!(
        (tokens, line.text("outcome"), line.text("error")),
        (HttpTokens::Optional, "failed", "denied")
    );
}
