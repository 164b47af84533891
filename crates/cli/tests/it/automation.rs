//! `enforce` where the policy says `remediate_with: ssm-automation`.

use insta::assert_snapshot;
use v2only_enforcer::Kind;
use v2only_policy::{HttpTokens, Instance, Switch, SwitchOption};

use crate::fake_aws::{FakeAws, instance};
use crate::fake_world::FakeWorld;

const HERE: &str = "eu-central-1";
const START: &str = "ssm:StartAutomationExecution";
const POLICY: &str = "\
version: 1
mode: enforce
instances:
  hop_limit: { max: 2 }
  remediate_with: ssm-automation
  usage_gate: { applies_to: none }
";

fn hopping(id: &str) -> Instance {
    let mut it = instance(id);
    it.options.hop_limit = Some(5);
    it
}

fn estate() -> FakeAws {
    FakeAws::default()
        .at_home(HERE)
        .instance(HERE, instance("i-0000000000000000a"))
        .instance(HERE, instance("i-0000000000000000b"))
        .instance(HERE, hopping("i-0000000000000000c"))
}

fn world(aws: FakeAws) -> FakeWorld {
    FakeWorld::with(aws).watched(160).file("policy.yaml", POLICY)
}

const ENFORCE: &str = "enforce --policy DIR/policy.yaml --kind instance --yes --journal DIR/journal.ndjson";

#[test]
fn runbooks_are_told_everything_and_followed_to_their_end_and_the_instances_looked_at() {
    let world = world(estate());
    let ran = world.run(ENFORCE);
    assert_snapshot!(ran.seen());
    assert_eq!(ran.exit.code(), 0);
    let told = "EnforceIMDSv2=required HttpPutResponseHopLimit";
    assert_eq!(
        world.aws.asked_of(START),
        [
            format!(
                "{HERE} AWSSupport-ConfigureEC2Metadata {told}=0 MetadataAccess=enabled: i-0000000000000000a i-0000000000000000b"
            ),
            format!(
                "{HERE} AWSSupport-ConfigureEC2Metadata {told}=2 MetadataAccess=enabled: i-0000000000000000c"
            ),
        ]
    );
    assert!(world.aws.described().iter().all(|it| it.options.http_tokens == HttpTokens::Required));
    assert!(world.aws.changes().iter().all(|it| !it.contains("Modify")), "{:?}", world.aws.changes());
    assert_eq!(world.read("journal.ndjson").lines().count(), 3);
    assert!(world.read("journal.ndjson").contains("optional"));
}

#[test]
fn with_a_role_it_is_the_runbook_that_can_only_tighten() {
    let world = world(estate());
    assert_eq!(world.run(&format!("{ENFORCE} --automation-role v2only-automation")).exit.code(), 0);
    for asked in world.aws.asked_of(START) {
        let role = "AutomationAssumeRole=arn:aws:iam::111122223333:role/v2only-automation";
        assert!(
            asked.contains("AWSConfigRemediation-EnforceEC2InstanceIMDSv2") && asked.contains(role),
            "{asked}"
        );
    }
}

#[test]
fn what_the_journal_recorded_is_rolled_back_as_any_other_change() {
    let world = world(estate());
    world.run(ENFORCE);
    let ran = world.run("rollback DIR/journal.ndjson --yes");
    assert_eq!(ran.exit.code(), 0, "{}", ran.err);
    assert!(world.aws.described().iter().all(|it| it.options.http_tokens == HttpTokens::Optional));
}

#[test]
fn the_truth_is_how_aws_describes_the_instance_and_not_how_an_execution_ended() {
    let failed = world(estate().automation_ending("Failed", "Step fails when it is asserting")).run(ENFORCE);
    assert_eq!(failed.exit.code(), 0, "the changes were made all the same: {}", failed.err);
    let deaf = world(estate().deaf()).run(ENFORCE);
    assert_eq!(deaf.exit.code(), 3);
    assert!(deaf.err.contains("succeeded, and AWS describes the instance otherwise"), "{}", deaf.err);
    let both = world(estate().deaf().automation_ending("TimedOut", "")).run(ENFORCE);
    assert_eq!(both.exit.code(), 3);
    assert!(both.err.contains("execution-1 ended as TimedOut"), "{}", both.err);
}

#[test]
fn a_runbook_that_may_not_be_started_is_named() {
    let aws = estate().failing(START, None, Kind::Denied, "AccessDeniedException", "not authorized");
    let ran = world(aws).run(ENFORCE);
    assert_eq!(ran.exit.code(), 3);
    assert!(ran.err.contains("ssm:StartAutomationExecution: AccessDeniedException"), "{}", ran.err);
}

#[test]
fn without_a_journal_no_runbook_is_started() {
    let world = world(estate()).file("journal.ndjson", "");
    assert_eq!(world.run(ENFORCE).exit.code(), 2);
    assert_eq!(world.aws.asked_of(START), [""; 0]);
}

#[test]
fn what_no_runbook_can_do_stays_held_and_says_so() {
    let mut six = instance("i-0000000000000000a");
    six.options.switches[SwitchOption::Ipv6Endpoint] = Switch::Enabled;
    let policy = POLICY.replace("hop_limit: { max: 2 }", "ipv6_endpoint: disabled");
    let aws = FakeAws::default().at_home(HERE).instance(HERE, six);
    let world = FakeWorld::with(aws).watched(160).file("policy.yaml", &policy);
    let ran = world.run(ENFORCE);
    assert_eq!(ran.exit.code(), 10);
    assert_eq!(world.aws.asked_of(START), [""; 0]);
    assert!(ran.err.contains("can require tokens and set the hop limit, and nothing else"), "{}", ran.err);
    let disabling = POLICY.replace("hop_limit: { max: 2 }", "http_endpoint: disabled");
    let world = FakeWorld::with(estate()).file("policy.yaml", &disabling);
    assert_eq!(world.run(ENFORCE).exit.code(), 10);
    assert_eq!(world.aws.asked_of(START), [""; 0]);
}

#[test]
fn observing_starts_nothing() {
    let world = FakeWorld::with(estate()).file("policy.yaml", &POLICY.replace("enforce", "observe"));
    assert_eq!(world.run(ENFORCE).exit.code(), 10);
    assert_eq!(world.aws.asked_of(START), [""; 0]);
}

/// The canary is an execution of its own; that all of it failed ends the run before the next.
#[test]
fn executions_go_by_waves_and_end_with_them() {
    let mut aws = FakeAws::default().at_home(HERE);
    for number in 0..40 {
        aws = aws.instance(HERE, instance(&format!("i-{number:017x}")));
    }
    let world = world(aws.deaf());
    let ran = world.run(&format!("{ENFORCE} --canary 5 --max-errors 2"));
    assert_eq!(ran.exit.code(), 3);
    let sizes: Vec<usize> = world.aws.asked_of(START).iter().map(|it| it.matches("i-0").count()).collect();
    assert_eq!(sizes, [5]);
    assert!(ran.err.contains("35 changes left"), "{}", ran.err);
    assert_eq!(world.read("journal.ndjson").lines().count(), 5, "what was left is not in the journal");
}

#[test]
fn an_execution_is_given_50_instances_at_most() {
    let mut aws = FakeAws::default().at_home(HERE);
    for number in 0..120 {
        aws = aws.instance(HERE, instance(&format!("i-{number:017x}")));
    }
    let world = world(aws);
    let ran = world.run(&format!("{ENFORCE} --canary 100%"));
    assert_eq!(ran.exit.code(), 0, "{}", ran.err);
    let sizes: Vec<usize> = world.aws.asked_of(START).iter().map(|it| it.matches("i-0").count()).collect();
    assert_eq!(sizes, [50, 50, 20]);
}

const CENTRALLY: &str = "--administration-role Central --region eu-central-1 --region eu-west-1";
const THERE: &str = "eu-west-1";

/// Two Regions, and in one of them one instance whose hop limit is set as well.
fn regions() -> FakeAws {
    estate().instance(THERE, instance("i-0000000000000000d")).instance(THERE, hopping("i-0000000000000000e"))
}

#[test]
fn one_execution_is_for_all_places_of_a_wave_and_one_set_of_parameters() {
    let world = world(regions());
    let ran = world.run(&format!("{ENFORCE} {CENTRALLY}"));
    assert_eq!(ran.exit.code(), 0, "{}", ran.err);
    let told = "AWSConfigRemediation-EnforceEC2InstanceIMDSv2 \
                AutomationAssumeRole=arn:aws:iam::111122223333:role/Central HttpPutResponseHopLimit";
    let from = "from 111122223333/eu-central-1 as AWS-SystemsManager-AutomationExecutionRole, 8 side by side, all \
                may fail";
    assert_eq!(
        world.aws.asked_of(START),
        [
            format!(
                "{from}, {told}=0: 111122223333/eu-central-1 i-0000000000000000a i-0000000000000000b, \
                 111122223333/eu-west-1 i-0000000000000000d"
            ),
            format!(
                "{from}, {told}=2: 111122223333/eu-central-1 i-0000000000000000c, 111122223333/eu-west-1 \
                 i-0000000000000000e"
            ),
        ]
    );
    assert!(world.aws.described().iter().all(|it| it.options.http_tokens == HttpTokens::Required));
    assert_eq!(world.read("journal.ndjson").lines().count(), 5);
    let plan = "5 changes by Systems Manager Automation: AWSConfigRemediation-EnforceEC2InstanceIMDSv2, for all places \
                from 111122223333/eu-central-1";
    assert!(ran.err.contains(plan), "{}", ran.err);
}

#[test]
fn the_role_in_each_account_is_the_one_that_is_named() {
    let world = world(regions());
    let ran = world.run(&format!("{ENFORCE} {CENTRALLY} --automation-role v2only-automation"));
    assert_eq!(ran.exit.code(), 0, "{}", ran.err);
    assert!(world.aws.asked_of(START).iter().all(|it| it.contains("as v2only-automation, ")));
}

/// AWS calls an execution a success as long as no more places failed than may.
#[test]
fn a_place_that_failed_is_named_with_its_reason_however_the_whole_ended() {
    let why = "The execution role in the target location is unable to be assumed.";
    for aws in [regions(), regions().automation_ending("Failed", "one location failed")] {
        let world = world(aws.automation_missing(THERE, why));
        let ran = world.run(&format!("{ENFORCE} {CENTRALLY}"));
        assert_eq!(ran.exit.code(), 3, "{}", ran.err);
        assert!(ran.err.contains(&format!("failed in 111122223333/eu-west-1: {why}")), "{}", ran.err);
        assert!(ran.err.contains("5 violations, 3 fixed, 2 failed"), "{}", ran.err);
    }
}

/// The whole is stopped where the bound of the run would be broken, and not before.
#[test]
fn as_many_places_may_fail_as_changes_are_left_to_fail() {
    let world = world(regions());
    let ran = world.run(&format!("{ENFORCE} {CENTRALLY} --max-errors 3"));
    assert_eq!(ran.exit.code(), 0, "{}", ran.err);
    assert!(world.aws.asked_of(START).iter().all(|it| it.contains(", 3 may fail, ")));
    let world = self::world(regions().deaf());
    let ran = world.run(&format!("{ENFORCE} {CENTRALLY} --max-errors 2"));
    assert_eq!(world.aws.asked_of(START).len(), 1, "three of the first failed");
    assert!(ran.err.contains("2 changes left"), "{}", ran.err);
    assert_eq!(world.read("journal.ndjson").lines().count(), 3, "what was left is not in the journal");
}

#[test]
fn an_execution_for_all_that_may_not_be_started_is_not_started_place_by_place() {
    let aws = regions().failing(START, None, Kind::Denied, "AccessDeniedException", "not authorized");
    let world = world(aws);
    let ran = world.run(&format!("{ENFORCE} {CENTRALLY}"));
    assert_eq!(ran.exit.code(), 3);
    assert!(ran.err.contains("ssm:StartAutomationExecution: AccessDeniedException"), "{}", ran.err);
    assert_eq!(world.aws.asked_of(START).len(), 2, "one for each set of parameters");
}

#[test]
fn what_the_form_does_not_take_is_a_mistake_before_anything_is_asked() {
    let world = world(regions());
    let too_long = format!("path/{}", "r".repeat(60));
    for (flags, says) in [
        ("--administration-role arn:aws:iam::111122223333:role/Central", "type `Central`"),
        ("--administration-role /Central", "expected the name of a role"),
        (&format!("{CENTRALLY} --automation-role {too_long}"), "at most 64 characters"),
    ] {
        let ran = world.run(&format!("{ENFORCE} {flags}"));
        assert_eq!(ran.exit.code(), 2, "{}", ran.err);
        assert!(ran.err.contains(says), "{}", ran.err);
    }
    assert_eq!(world.aws.calls_of("sts:GetCallerIdentity"), 0);
    assert!(!world.exists("journal.ndjson"));
}

/// The second execution of each form is started with instances that are described after the first one.
#[test]
fn what_somebody_exempted_or_switched_off_meanwhile_is_handed_to_no_runbook() {
    for flags in ["--region eu-central-1 --region eu-west-1", CENTRALLY] {
        let aws = regions().before(START, 0, |aws| {
            aws.change("i-0000000000000000c", |instance| {
                instance.tags.insert("v2only:exempt-until".to_owned(), "2027-01-31".to_owned());
                instance.tags.insert("v2only:exempt-reason".to_owned(), "vendor agent".to_owned());
            });
            aws.change("i-0000000000000000e", |it| it.options.http_endpoint = Switch::Disabled);
        });
        let world = world(aws);
        let ran = world.run(&format!("{ENFORCE} {flags} --output json"));
        assert_eq!(ran.json()["totals"]["held"]["changed-since"], 2, "{flags}: {}", ran.err);
        let asked = world.aws.asked_of(START).join("\n");
        for id in ["i-0000000000000000c", "i-0000000000000000e"] {
            assert!(!asked.contains(id), "{flags}: {asked}");
        }
        assert_eq!(world.read("journal.ndjson").lines().count(), 3, "{flags}");
    }
}
