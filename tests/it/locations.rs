//! `remediate_with: ssm-automation` for several accounts and Regions in one execution: the built `v2only` starts it in its
//! own account, and looks in each place at what came of it.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use v2only_sandbox::{Actor, Config, Effect, Fault, HttpTokens, MetadataOptions};
use v2only_tests::stage::v1;
use v2only_tests::{HOME, MEMBER, REGION};

use crate::automation::{Estate, ended};

const THIRD: &str = "333344445555";
const ELSEWHERE: &str = "eu-west-1";
const START: &str = "ssm:StartAutomationExecution";
const ADMINISTRATION: &str = "AWS-SystemsManager-AutomationAdministrationRole";
const EXECUTION: &str = "AWS-SystemsManager-AutomationExecutionRole";
const ACCOUNTS: [&str; 3] = [HOME, MEMBER, THIRD];

/// An organization whose accounts have the roles that AWS's pages say.
struct Central {
    estate: Estate,
    launched: Vec<(String, String, String)>,
}

impl Central {
    fn new(config: Config) -> Self {
        let estate = Estate::with(config);
        estate.aws.add_role(HOME, ADMINISTRATION, None);
        for account in ACCOUNTS {
            estate.aws.add_role(account, EXECUTION, None);
            estate.aws.add_role(account, "v2only-scanner", None);
        }
        Self { estate, launched: Vec::new() }
    }

    fn launch(mut self, account: &str, region: &str, count: i64) -> Self {
        let launched =
            self.estate.aws.launch_as(account, region, &Actor::User("alice".to_owned()), v1().count(count));
        let launched = launched.unwrap().into_iter();
        self.launched.extend(launched.map(|id| (account.to_owned(), region.to_owned(), id)));
        self
    }

    /// Two instances in each of two Regions of each account.
    fn everywhere(self) -> Self {
        let places = ACCOUNTS.iter().flat_map(|it| [REGION, ELSEWHERE].map(|region| (*it, region)));
        places.fold(self, |all, (account, region)| all.launch(account, region, 2))
    }

    fn arguments<'a>(more: &[&'a str]) -> Vec<&'a str> {
        let given = [
            "--accounts",
            "111122223333,222233334444,333344445555",
            "--role-name",
            "v2only-scanner",
            "--region",
            REGION,
            "--region",
            ELSEWHERE,
            "--administration-role",
            ADMINISTRATION,
        ];
        given.into_iter().chain(more.iter().copied()).collect()
    }

    fn enforce(&self, exit: i32, more: &[&str]) -> String {
        ended(&self.estate.enforce(&Self::arguments(more)), exit)
    }

    fn is_closed(&self, (account, region, id): &(String, String, String)) -> bool {
        self.options(account, region, id).http_tokens == HttpTokens::Required
    }

    fn options(&self, account: &str, region: &str, id: &str) -> MetadataOptions {
        self.estate.aws.instance(account, region, id).unwrap().metadata
    }

    fn closed(&self) -> usize {
        self.launched.iter().filter(|it| self.is_closed(it)).count()
    }

    /// Where executions were started, and with which error.
    fn started(&self) -> Vec<(String, String, Option<String>)> {
        let calls = self.estate.aws.calls().into_iter().filter(|it| it.name() == START);
        calls.map(|it| (it.account, it.region, it.error)).collect()
    }
}

#[test]
fn several_accounts_and_regions_are_changed_by_one_execution_of_our_own_account() {
    let it = Central::new(Config::default()).everywhere();
    let said = it.enforce(0, &[]);
    assert!(said.contains("for all places from 111122223333/eu-central-1"), "{said}");
    assert_eq!(it.closed(), 12);
    assert_eq!(it.started(), [(HOME.to_owned(), REGION.to_owned(), None)]);
    let follows: Vec<_> =
        it.estate.aws.calls().into_iter().filter(|it| it.action == "GetAutomationExecution").collect();
    assert!(!follows.is_empty() && follows.iter().all(|it| it.account == HOME && it.region == REGION));
    let changes: Vec<Value> = it
        .estate
        .aws
        .events()
        .into_iter()
        .filter(|it| it["detail"]["eventName"] == "ModifyInstanceMetadataOptions")
        .collect();
    assert_eq!(changes.len(), 12);
    for event in changes {
        let who = event["detail"]["userIdentity"]["arn"].as_str().unwrap();
        let account = event["account"].as_str().unwrap();
        assert_eq!(who, format!("arn:aws:sts::{account}:assumed-role/{EXECUTION}/Automation"));
    }
}

#[test]
fn where_the_execution_role_is_missing_instances_fail_named_and_the_others_are_fixed() {
    let it = Central::new(Config::default()).everywhere();
    it.estate.aws.remove_role(MEMBER, EXECUTION);
    let said = it.enforce(3, &[]);
    assert_eq!(it.closed(), 8);
    assert!(said.contains("12 violations, 8 fixed, 4 failed"), "{said}");
    for region in [REGION, ELSEWHERE] {
        let why = format!(
            "failed in {MEMBER}/{region}: The execution role arn:aws:iam::{MEMBER}:role/{EXECUTION} in the target \
             location is unable to be assumed."
        );
        assert!(said.contains(&why), "{said}");
    }
    it.estate.aws.add_role(MEMBER, EXECUTION, None);
    it.enforce(0, &["--journal", "second.ndjson"]);
    assert_eq!((it.closed(), it.started().len()), (12, 2));
    assert_eq!(it.estate.journal("second.ndjson").lines().count(), 4, "only what was left");
}

#[test]
fn where_aws_does_not_take_the_form_each_place_gets_its_own_and_nothing_is_lost_or_done_twice() {
    let config = Config { parameter_values_in_locations: false, ..Config::default() };
    let it = Central::new(config).everywhere();
    let said = it.enforce(0, &["--canary", "3", "--soak", "0s", "--journal", "before.ndjson"]);
    assert_eq!(it.closed(), 12);
    assert_eq!(said.matches("did not take one execution for several accounts and Regions").count(), 1);
    assert!(said.contains("InvalidTarget"), "{said}");
    let started = it.started();
    let refused: Vec<_> = started.iter().filter(|(.., error)| error.is_some()).collect();
    assert_eq!(refused.len(), 1, "asked once, and not again in the next wave: {started:?}");
    let mut written: Vec<String> = it.estate.journal("before.ndjson").lines().map(str::to_owned).collect();
    assert_eq!(written.len(), 12);
    written.sort_unstable();
    written.dedup();
    assert_eq!(written.len(), 12);
    let changed = it.estate.aws.events().into_iter();
    let changed = changed.filter(|it| it["detail"]["eventName"] == "ModifyInstanceMetadataOptions").count();
    assert_eq!(changed, 12, "each once");
}

/// AWS says it by the same code; what it says is passed on.
#[test]
fn an_administration_role_that_is_not_there_is_said_and_each_place_gets_its_own() {
    let it = Central::new(Config::default()).everywhere();
    it.estate.aws.remove_role(HOME, ADMINISTRATION);
    let said = it.enforce(0, &[]);
    assert!(said.contains("The defined assume role is unable to be assumed"), "{said}");
    assert_eq!((it.closed(), it.started().len()), (12, 1 + 6));
}

#[test]
fn each_set_of_parameters_is_an_execution_and_so_are_the_next_50_of_a_place() {
    let it = Central::new(Config::default()).launch(HOME, REGION, 53).launch(MEMBER, ELSEWHERE, 2);
    for (account, region, id) in it.launched.iter().rev().take(1).chain(it.launched.iter().take(1)) {
        let wide = MetadataOptions { hop_limit: 9, ..it.options(account, region, id) };
        it.estate.aws.set_metadata_options(account, region, id, wide);
    }
    it.enforce(0, &["--canary", "100%"]);
    assert_eq!(it.closed(), 55);
    let hops = |central: &Central| {
        central
            .launched
            .iter()
            .filter(|(account, region, id)| central.options(account, region, id).hop_limit == 2)
            .count()
    };
    assert_eq!(hops(&it), 2, "only where it was above the limit");
    assert_eq!(it.started().len(), 3, "50, the other 2, and those whose hop limit is set as well");
}

#[test]
fn an_execution_goes_on_to_no_other_place_once_more_failed_than_may() {
    let it = Central::new(Config::default()).launch(HOME, REGION, 2).launch(THIRD, REGION, 2);
    it.estate.aws.remove_role(HOME, EXECUTION);
    let said = it.enforce(3, &["--max-errors", "0"]);
    assert_eq!(it.closed(), 0, "{said}");
    assert!(said.contains("ended as Failed"), "{said}");
    it.estate.aws.add_role(HOME, EXECUTION, None);
    it.enforce(0, &["--max-errors", "0", "--journal", "second.ndjson"]);
    assert_eq!(it.closed(), 4);
}

#[test]
fn a_canary_that_fails_ends_the_run_before_the_next_execution() {
    let it = Central::new(Config::default()).everywhere();
    for account in ACCOUNTS {
        it.estate.aws.remove_role(account, EXECUTION);
    }
    let more = ["--canary", "2", "--max-errors", "1", "--soak", "0s", "--journal", "before.ndjson"];
    let said = it.enforce(3, &more);
    assert!(said.contains("10 changes left"), "{said}");
    assert_eq!((it.closed(), it.started().len()), (0, 1));
    assert_eq!(it.estate.journal("before.ndjson").lines().count(), 2);
}

#[test]
fn a_run_that_is_killed_after_it_started_an_execution_is_finished_by_the_next() {
    let it = Central::new(Config::default()).everywhere();
    it.estate.aws.inject(Fault::on("ssm", "StartAutomationExecution", Effect::HoldAfter).times(1));
    let mut command = it.estate.command(&Central::arguments(&["--journal", "before.ndjson"]));
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let since = Instant::now();
    while it.closed() < 12 {
        assert!(since.elapsed() < Duration::from_secs(90), "it started nothing");
        std::thread::sleep(Duration::from_millis(50));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    assert_eq!(it.estate.journal("before.ndjson").lines().count(), 12, "the state before is known");
    it.enforce(0, &["--journal", "second.ndjson"]);
    assert_eq!((it.closed(), it.estate.made(START)), (12, 1));
}
