//! Launch templates that somebody else edits, or that a group names by number, while `enforce` runs.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use v2only_sandbox::{
    AMAZON_LINUX_2, Actor, ActorCall, AwsError, CallFilter, Config, Effect, Fault, Sandbox,
};
use v2only_tests::{HOME, REGION, binaries};

const POLICY: &str = "version: 1\nmode: enforce\nlaunch_templates: { fix: new-version }\n";

/// A call of somebody else.
pub(crate) fn mallory(service: &str, action: &str, parameters: &[(&str, &str)]) -> ActorCall {
    ActorCall::new(HOME, REGION, Actor::User("mallory".to_owned())).query(
        service,
        action,
        parameters.iter().copied(),
    )
}

/// One launch template, `web`, whose only version answers IMDSv1.
pub(crate) fn estate() -> Sandbox {
    let aws = Sandbox::start(Config::default()).unwrap();
    let parameters = [
        ("LaunchTemplateName", "web"),
        ("LaunchTemplateData.ImageId", AMAZON_LINUX_2),
        ("LaunchTemplateData.MetadataOptions.HttpTokens", "optional"),
    ];
    aws.call_as(&mallory("ec2", "CreateLaunchTemplate", &parameters)).unwrap();
    aws
}

/// Somebody creates a version of the template and makes it the default.
fn edit(aws: &Sandbox, version: &str) {
    let source = [
        ("LaunchTemplateName", "web"),
        ("SourceVersion", "1"),
        ("LaunchTemplateData.InstanceType", "t3.large"),
    ];
    aws.call_as(&mallory("ec2", "CreateLaunchTemplateVersion", &source)).unwrap();
    let default = [("LaunchTemplateName", "web"), ("SetDefaultVersion", version)];
    aws.call_as(&mallory("ec2", "ModifyLaunchTemplate", &default)).unwrap();
}

fn enforce(aws: &Sandbox, output: &str) -> Output {
    run(aws, POLICY, &["enforce", "--yes", "--kind", "launch-template", "--output", output])
}

/// Runs the command line under this policy in a folder of its own.
pub(crate) fn run(aws: &Sandbox, policy: &str, words: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    run_in(folder.path(), aws, policy, words)
}

/// Runs the command line under this policy in a folder.
pub(crate) fn run_in(folder: &Path, aws: &Sandbox, policy: &str, words: &[&str]) -> Output {
    std::fs::write(folder.join("policy.yaml"), policy).unwrap();
    ours(folder, aws, &[words, &["--policy", "policy.yaml"]].concat())
}

/// Restores what the journal in a folder recorded.
pub(crate) fn rollback_in(folder: &Path, aws: &Sandbox) -> Output {
    ours(folder, aws, &["rollback", "journal.ndjson", "--yes"])
}

fn ours(folder: &Path, aws: &Sandbox, words: &[&str]) -> Output {
    Command::new(binaries::function("v2only"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .envs([
            ("AWS_ENDPOINT_URL", aws.endpoint().as_str()),
            ("AWS_ACCESS_KEY_ID", HOME),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", REGION),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("V2ONLY_LOOPBACK_ONLY", "1"),
        ])
        .output()
        .unwrap()
}

/// The first finding, and the exit code.
fn finding(output: &Output) -> (Value, Option<i32>) {
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    (document["findings"][0].clone(), output.status.code())
}

fn defaults_made(aws: &Sandbox) -> usize {
    aws.calls().iter().filter(|it| it.action == "ModifyLaunchTemplate").count()
}

#[test]
fn the_default_that_somebody_chose_while_we_created_a_version_stays() {
    let aws = estate();
    aws.before_call(CallFilter::of("ec2", "CreateLaunchTemplateVersion"), 1, |aws| edit(aws, "2"));
    let (found, code) = finding(&enforce(&aws, "json"));
    assert_eq!((&found["hold"], code), (&"changed-since".into(), Some(10)), "{found}");
    assert!(found["reasons"].to_string().contains("version 2 stays the default"), "{found}");
    assert_eq!(defaults_made(&aws), 0);
}

/// Somebody exempts the template.
pub(crate) fn exempt(aws: &Sandbox) {
    let described = aws.answer_as(&mallory("ec2", "DescribeLaunchTemplates", &[])).unwrap();
    let (_, id) = described.split_once("<launchTemplateId>").unwrap();
    let (id, _) = id.split_once('<').unwrap();
    exempt_by_tags(aws, id);
}

/// Somebody exempts a resource of EC2.
pub(crate) fn exempt_by_tags(aws: &Sandbox, id: &str) {
    let day = v2only_tests::exemption_day();
    let exemption = [
        ("ResourceId.1", id),
        ("Tag.1.Key", "v2only:exempt-until"),
        ("Tag.1.Value", &day),
        ("Tag.2.Key", "v2only:exempt-reason"),
        ("Tag.2.Value", "migration"),
    ];
    aws.call_as(&mallory("ec2", "CreateTags", &exemption)).unwrap();
}

/// The second description is the one before all changes. Another one comes right before each change: of the version, and of the default.
#[test]
fn a_template_that_somebody_exempts_before_we_change_it_stays() {
    for (look, created) in [(2, 0), (3, 0), (4, 1)] {
        let aws = estate();
        aws.before_call(CallFilter::of("ec2", "DescribeLaunchTemplates"), look, exempt);
        let (found, code) = finding(&enforce(&aws, "json"));
        assert_eq!((&found["hold"], code), (&"changed-since".into(), Some(10)), "{found}");
        let versions = aws.calls().iter().filter(|it| it.action == "CreateLaunchTemplateVersion").count();
        assert_eq!((versions, defaults_made(&aws)), (created, 0), "{found}");
        assert_eq!(found["reasons"].to_string().contains("version 2"), created == 1, "{found}");
    }
}

/// What somebody does while AWS throttles the change of the default, and what becomes of it.
fn throttled(act: impl FnOnce(&Sandbox) + Send + 'static) -> (Value, usize) {
    let aws = estate();
    let error = AwsError::client("RequestLimitExceeded", "Rate exceeded").with_status(503);
    aws.inject(Fault::on("ec2", "ModifyLaunchTemplate", Effect::ErrorBefore(error)).times(1));
    aws.before_call(CallFilter::of("ec2", "ModifyLaunchTemplate"), 1, act);
    (finding(&enforce(&aws, "json")).0, defaults_made(&aws))
}

#[test]
fn a_template_whose_change_is_throttled_is_described_again_before_its_default_is_changed() {
    let (found, made) = throttled(|_| ());
    assert_eq!((&found["outcome"], made), (&"fixed".into(), 2), "{found}");
    let (found, made) = throttled(|aws| edit(aws, "3"));
    assert_eq!((&found["hold"], made), (&"changed-since".into(), 1), "{found}");
    assert!(found["reasons"].to_string().contains("version 3 stays the default"), "{found}");
    let (found, made) = throttled(exempt);
    assert_eq!((&found["hold"], made), (&"changed-since".into(), 1), "{found}");
}

#[test]
fn a_change_of_the_default_whose_answer_is_lost_is_not_made_again() {
    let aws = estate();
    aws.inject(Fault::on("ec2", "ModifyLaunchTemplate", Effect::DropAfter).times(1));
    let (found, code) = finding(&enforce(&aws, "json"));
    assert_eq!((&found["outcome"], code), (&"fixed".into(), Some(0)), "{found}");
    assert_eq!(defaults_made(&aws), 1);
}

#[test]
fn a_default_chosen_between_our_last_look_and_our_change_is_not_called_fixed() {
    let aws = estate();
    aws.before_call(CallFilter::of("ec2", "ModifyLaunchTemplate"), 1, |aws| edit(aws, "3"));
    let (found, code) = finding(&enforce(&aws, "json"));
    assert_eq!((&found["outcome"], code), (&"retry".into(), Some(3)), "{found}");
    assert!(found["failure"].to_string().contains("make version 3 the default again"), "{found}");
}

#[test]
fn a_group_that_names_version_1_by_number_still_launches_it_and_the_command_is_printed() {
    let aws = estate();
    let group = [
        ("AutoScalingGroupName", "web"),
        ("MinSize", "0"),
        ("MaxSize", "3"),
        ("LaunchTemplate.LaunchTemplateName", "web"),
        ("LaunchTemplate.Version", "1"),
        ("AvailabilityZones.member.1", "eu-central-1a"),
    ];
    aws.call_as(&mallory("autoscaling", "CreateAutoScalingGroup", &group)).unwrap();
    for outcome in ["advanced", "held"] {
        let output = enforce(&aws, "json");
        let (found, code) = finding(&output);
        assert_eq!((&found["outcome"], code), (&outcome.into(), Some(10)), "{found}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.contains("aws autoscaling update-auto-scaling-group --auto-scaling-group-name web"),
            "{said}"
        );
        assert!(said.contains("Version=$Default' --region"), "{said}");
        assert!(!said.contains("start-instance-refresh"), "a refresh launches version 1 again: {said}");
    }
}
