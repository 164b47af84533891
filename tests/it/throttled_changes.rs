//! A change that AWS throttles, because somebody else calls from the same account, waits for another turn. Its resource is described
//! again before that turn is used: what somebody wrote meanwhile holds.

use serde_json::{Value, json};
use v2only_sandbox::{Actor, ActorCall, AwsError, CallFilter, Config, Effect, Fault, HttpTokens, Sandbox};
use v2only_tests::stage::v1;
use v2only_tests::{HOME, REGION, Setup, exemption_day};

use crate::template_editors::{exempt_by_tags, mallory, rollback_in, run, run_in};

const POLICY: &str = "version: 1\nmode: enforce\ninstances: { usage_gate: { applies_to: none } }\n";
const MODIFY: &str = "ModifyInstanceMetadataOptions";

fn throttled() -> AwsError {
    AwsError::client("RequestLimitExceeded", "Rate exceeded").with_status(503)
}

/// AWS throttles the first call of this action, and somebody acts at that moment.
fn throttled_once(aws: &Sandbox, service: &str, action: &str, act: impl FnOnce(&Sandbox) + Send + 'static) {
    let json = || AwsError::client("ThrottlingException", "Rate exceeded").with_status(400);
    let error = if service == "ec2" { throttled() } else { json() };
    aws.inject(Fault::on(service, action, Effect::ErrorBefore(error)).times(1));
    aws.before_call(CallFilter::of(service, action), 1, act);
}

fn finding(output: &std::process::Output) -> Value {
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    document["findings"][0].clone()
}

fn one_instance() -> (Sandbox, String) {
    let aws = Sandbox::start(Config::default()).unwrap();
    let launched = aws.launch_as(HOME, REGION, &Actor::AutoScaling("web".to_owned()), v1().count(1)).unwrap();
    (aws, launched[0].clone())
}

fn tokens(aws: &Sandbox) -> HttpTokens {
    aws.instances(HOME, REGION)[0].metadata.http_tokens
}

fn changes(aws: &Sandbox, action: &str) -> usize {
    aws.calls().iter().filter(|it| it.action == action).count()
}

/// The second attempt is not made, because the first one took effect.
#[test]
fn a_change_whose_answer_is_lost_is_fixed() {
    let (aws, _) = one_instance();
    aws.inject(Fault::on("ec2", MODIFY, Effect::DropAfter).times(1));
    let found = finding(&run(&aws, POLICY, &ENFORCE));
    assert_eq!(found["outcome"], "fixed", "{found}");
    assert_eq!((tokens(&aws), changes(&aws, MODIFY)), (HttpTokens::Required, 1));
}

const ENFORCE: [&str; 9] =
    ["enforce", "--yes", "--kind", "instance", "--output", "json", "--journal", "journal.ndjson", "-q"];

#[test]
fn an_instance_that_somebody_exempts_while_its_change_is_throttled_stays() {
    let (aws, id) = one_instance();
    throttled_once(&aws, "ec2", MODIFY, move |aws| exempt_by_tags(aws, &id));
    let found = finding(&run(&aws, POLICY, &ENFORCE));
    assert_eq!(found["hold"], "changed-since", "{found}");
    assert_eq!((tokens(&aws), changes(&aws, MODIFY)), (HttpTokens::Optional, 1));
}

#[test]
fn a_throttled_change_takes_another_turn() {
    let (aws, _) = one_instance();
    throttled_once(&aws, "ec2", MODIFY, |_| ());
    let found = finding(&run(&aws, POLICY, &ENFORCE));
    assert_eq!(found["outcome"], "fixed", "{found}");
    assert_eq!((tokens(&aws), changes(&aws, MODIFY)), (HttpTokens::Required, 2));
}

#[test]
fn an_instance_that_somebody_changes_while_its_restoration_is_throttled_is_not_restored() {
    let (aws, id) = one_instance();
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(finding(&run_in(folder.path(), &aws, POLICY, &ENFORCE))["outcome"], "fixed");
    aws.clear_calls();
    throttled_once(&aws, "ec2", MODIFY, move |aws| {
        let hops =
            [("InstanceId", id.as_str()), ("HttpPutResponseHopLimit", "3"), ("HttpEndpoint", "enabled")];
        aws.call_as(&mallory("ec2", MODIFY, &hops)).unwrap();
    });
    let output = rollback_in(folder.path(), &aws);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!((tokens(&aws), changes(&aws, MODIFY)), (HttpTokens::Required, 1), "{said}");
    assert!(said.contains("somebody changed it since"), "{said}");
}

#[test]
fn a_lightsail_instance_that_somebody_exempts_while_its_change_is_throttled_stays() {
    let aws = Sandbox::start(Config::default()).unwrap();
    let alice = || ActorCall::new(HOME, REGION, Actor::User("alice".to_owned()));
    let request = json!({
        "instanceNames": ["shop"], "availabilityZone": format!("{REGION}a"), "blueprintId": "debian_12",
        "bundleId": "nano_3_0",
    });
    aws.call_as(&alice().json("lightsail", "CreateInstances", request)).unwrap();
    throttled_once(&aws, "lightsail", "UpdateInstanceMetadataOptions", move |aws| {
        let tags = json!([
            { "key": "v2only:exempt-until", "value": exemption_day() },
            { "key": "v2only:exempt-reason", "value": "migration" },
        ]);
        let request = json!({ "resourceName": "shop", "tags": tags });
        aws.call_as(&alice().json("lightsail", "TagResource", request)).unwrap();
    });
    let words = ["enforce", "--yes", "--kind", "lightsail-instance", "--output", "json"];
    let found = finding(&run(&aws, POLICY, &words));
    assert_eq!(found["hold"], "changed-since", "{found}");
    assert_eq!(changes(&aws, "UpdateInstanceMetadataOptions"), 1);
}

/// No time passes on the clock of the queue.
#[test]
fn a_function_makes_a_throttled_change_again_in_the_same_invocation() {
    let stage = Setup::default().open();
    let ids = stage.launch(v1());
    stage.aws.inject(Fault::on("ec2", MODIFY, Effect::ErrorBefore(throttled())).times(2));
    stage.settle();
    assert_eq!((stage.tokens(&ids[0]), changes(&stage.aws, MODIFY)), (HttpTokens::Required, 3));
    assert_eq!(stage.story(&ids[0])[0], "violation act fixed");
}

#[test]
fn an_instance_that_somebody_exempts_while_the_change_of_a_function_is_throttled_stays() {
    let stage = Setup::default().open();
    let ids = stage.launch(v1());
    stage.exempt(ids.clone());
    let id = ids[0].clone();
    throttled_once(&stage.aws, "ec2", MODIFY, move |aws| exempt_by_tags(aws, &id));
    stage.settle();
    assert_eq!((stage.tokens(&ids[0]), changes(&stage.aws, MODIFY)), (HttpTokens::Optional, 1));
}

#[test]
fn a_change_of_a_function_whose_answer_is_lost_is_fixed() {
    let stage = Setup::default().open();
    let ids = stage.launch(v1());
    stage.aws.inject(Fault::on("ec2", MODIFY, Effect::DropAfter).times(1));
    stage.settle();
    assert_eq!((stage.tokens(&ids[0]), changes(&stage.aws, MODIFY)), (HttpTokens::Required, 1));
    assert_eq!(stage.story(&ids[0])[0], "violation act fixed");
}
