//! `remediate_with: ssm-automation` over the wire: the built `v2only` starts the runbooks of AWS and checks their result.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use v2only_sandbox::{
    Actor, AwsError, ClockMode, Config, Effect, Fault, HttpTokens, MetadataOptions, Sandbox,
};
use v2only_tests::stage::v1;
use v2only_tests::{HOME, MEMBER, REGION, binaries};

const POLICY: &str = "\
version: 1
mode: enforce
instances:
  hop_limit: { max: 2 }
  remediate_with: ssm-automation
  usage_gate: { applies_to: none }
";

pub(crate) struct Estate {
    pub(crate) aws: Sandbox,
    folder: tempfile::TempDir,
}

impl Estate {
    fn new() -> Self {
        Self::with(Config::default())
    }

    pub(crate) fn with(config: Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("policy.yaml"), POLICY).unwrap();
        let config = Config { clock: ClockMode::System, throttling: true, ..config };
        Self { aws: Sandbox::start(config).unwrap(), folder }
    }

    fn launch(&self, account: &str, count: i64) -> Vec<String> {
        self.aws.launch_as(account, REGION, &Actor::User("alice".to_owned()), v1().count(count)).unwrap()
    }

    pub(crate) fn enforce(&self, more: &[&str]) -> Output {
        self.command(more).output().unwrap()
    }

    pub(crate) fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(binaries::function("v2only"));
        command.args(["enforce", "--yes", "--kind", "instance", "--policy", "policy.yaml"]).args(more);
        command.current_dir(self.folder.path()).env_clear().envs([
            ("AWS_ENDPOINT_URL", self.aws.endpoint().as_str()),
            ("AWS_ACCESS_KEY_ID", HOME),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", REGION),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_MAX_ATTEMPTS", "1"),
            ("V2ONLY_LOOPBACK_ONLY", "1"),
        ]);
        command
    }

    pub(crate) fn journal(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    fn options(&self, account: &str, id: &str) -> MetadataOptions {
        self.aws.instance(account, REGION, id).unwrap().metadata
    }

    pub(crate) fn made(&self, call: &str) -> usize {
        self.aws.calls().iter().filter(|it| it.name() == call).count()
    }
}

pub(crate) fn ended(output: &Output, exit: i32) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(exit), "{said}");
    said
}

#[test]
fn both_runbooks_require_tokens_and_leave_the_hop_limit_alone_or_set_it() {
    for more in [&[][..], &["--automation-role", "v2only-automation"]] {
        let estate = Estate::new();
        let ids = estate.launch(HOME, 3);
        let wide = MetadataOptions { hop_limit: 9, ..estate.options(HOME, &ids[2]) };
        estate.aws.set_metadata_options(HOME, REGION, &ids[2], wide);
        let before = estate.options(HOME, &ids[0]);
        ended(&estate.enforce(more), 0);
        let after = estate.options(HOME, &ids[0]);
        assert_eq!(after, MetadataOptions { http_tokens: HttpTokens::Required, ..before });
        assert_eq!(estate.options(HOME, &ids[2]).hop_limit, 2);
        assert_eq!(estate.made("ec2:ModifyInstanceMetadataOptions"), 0, "not by our own call");
        assert_eq!(estate.made("ssm:StartAutomationExecution"), 2, "one for each set of parameters");
        let throttled = estate.aws.calls().iter().filter(|it| it.error.is_some()).count();
        assert_eq!(throttled, 0);
    }
}

#[test]
fn a_runbook_that_could_not_be_started_is_named_and_the_next_run_starts_it() {
    let estate = Estate::new();
    let ids = estate.launch(HOME, 2);
    let fault = AwsError::client("AutomationExecutionLimitExceededException", "too many");
    estate.aws.inject(Fault::on("ssm", "StartAutomationExecution", Effect::ErrorBefore(fault)).times(1));
    let said = ended(&estate.enforce(&[]), 3);
    assert!(said.contains("AutomationExecutionLimitExceededException"), "{said}");
    ended(&estate.enforce(&["--journal", "second.ndjson"]), 0);
    assert!(ids.iter().all(|id| estate.options(HOME, id).http_tokens == HttpTokens::Required));
}

/// The SDK repeats the start by itself.
#[test]
fn a_runbook_whose_start_was_not_answered_runs_once() {
    let estate = Estate::new();
    let ids = estate.launch(HOME, 2);
    estate.aws.inject(Fault::on("ssm", "StartAutomationExecution", Effect::DropAfter).times(1));
    let mut command = estate.command(&[]);
    ended(&command.env_remove("AWS_MAX_ATTEMPTS").output().unwrap(), 0);
    assert!(ids.iter().all(|id| estate.options(HOME, id).http_tokens == HttpTokens::Required));
    let events = estate.aws.events();
    let started = events.iter().filter(|it| it["detail"]["eventName"] == "StartAutomationExecution");
    let executions: BTreeSet<String> =
        started.map(|it| it["detail"]["responseElements"]["automationExecutionId"].to_string()).collect();
    assert_eq!((estate.made("ssm:StartAutomationExecution"), executions.len()), (2, 1), "{executions:?}");
}

#[test]
fn each_account_is_entered_and_its_instances_are_changed_there() {
    let estate = Estate::new();
    estate.aws.add_role(MEMBER, "v2only-scanner", None);
    let (here, there) = (estate.launch(HOME, 1), estate.launch(MEMBER, 1));
    let accounts = format!("{HOME},{MEMBER}");
    ended(&estate.enforce(&["--accounts", &accounts, "--role-name", "v2only-scanner"]), 0);
    assert_eq!(estate.options(HOME, &here[0]).http_tokens, HttpTokens::Required);
    assert_eq!(estate.options(MEMBER, &there[0]).http_tokens, HttpTokens::Required);
    assert_eq!(estate.made("ssm:StartAutomationExecution"), 2);
}
