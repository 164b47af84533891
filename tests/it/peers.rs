//! What other tools for the same job got wrong, as tests named after what broke.
//!
//! | what broke | where it is tested |
//! |---|---|
//! | wrong on one of two options was skipped | `crates/policy/tests/it/peers.rs` |
//! | a launch without ids in its record was skipped | [`crate::launches`], by client token |
//! | only `RunInstances` was listened to | here |
//! | compliant instances were changed as well | here |
//! | an endpoint that was off was switched on | `crates/policy/tests/it/peers.rs`, [`crate::launches`] |
//! | failures looked like success; tags matched by value alone | here |
//! | instances at hop limit 1 were skipped | `crates/policy/tests/it/peers.rs` |
//! | other options were overwritten | `crates/policy/tests/it/peers.rs`, [`crate::launches`] |
//! | the Region was guessed from the availability zone | here |
//! | running notebooks were updated | `crates/policy/tests/it/peers.rs`, [`crate::notebooks`] |
//! | a template without options counted as safe | here, by what it launches; `crates/policy/tests/it/sources.rs` |
//! | fixing one option of a template reset the others | `tests/foreign/test_sources.py` |
//! | one call for each instance, only to look | here |
//! | what failed was swallowed | here |
//! | only the first page was read | here |
//! | instances were terminated, in every Region | here |
//! | Auto Scaling groups, and who uses version 1, ended in a stack trace | `tests/foreign/test_sources.py`, [`crate::usage`] |
//! | a rollback required tokens once more; a dry run wrote its state | `tests/foreign/test_rollback.py`, `crates/cli/tests/it/rollback.rs` |
//! | an SCP allowed, which restricts nothing, or denied the remediation itself | `tests/foreign/test_policies.py`, `test_policies_roles.py` |
//! | unpaced calls left half of them unfixed | [`crate::pacing`], [`crate::pacing_cli`] |

use v2only_aws::launcher::Options;
use v2only_sandbox::sagemaker::{Seed, Status};
use v2only_sandbox::{
    Actor, AwsError, Effect, Fault, HttpTokens, InstanceStateName, MetadataRequest, Toggle,
};
use v2only_tests::stage::{v1, v2};
use v2only_tests::{ENFORCE, HOME, REGION, SECOND, Setup};

/// Delivered alone, each of these events leads to what it is about.
#[test]
fn every_way_to_version_1_is_listened_to() {
    // Started, running, stopped, fulfilled by Spot, launched by Auto Scaling or a fleet, turned back.
    for name in ["StartInstances", "EC2 Instance State-change Notification"] {
        let stage = Setup::default().closed();
        let ids = stage.launch(v1());
        stage.pass(SECOND * 10);
        let people = stage.people();
        people.stop(REGION, &ids[0]);
        stage.pass(SECOND * 10);
        people.start(REGION, &ids[0]);
        stage.pass(SECOND * 10);
        let event = stage.published(name).pop().unwrap();
        stage.invoke(&stage.ec2, &event);
        assert_eq!(stage.tokens(&ids[0]), HttpTokens::Required, "{name}");
    }
    let actors = [
        (Actor::SpotService, "EC2 Spot Instance Request Fulfillment"),
        (Actor::AutoScaling("web".to_owned()), "RunInstances"),
        (Actor::Fleet("karpenter".to_owned()), "RunInstances"),
    ];
    for (actor, name) in actors {
        let stage = Setup::default().closed();
        let ids = stage.aws.launch_as(HOME, REGION, &actor, v1()).unwrap();
        stage.invoke(&stage.ec2, &stage.published(name)[0]);
        assert_eq!(stage.tokens(&ids[0]), HttpTokens::Required, "{actor:?}");
    }
    let stage = Setup::default().closed();
    let ids = stage.launch(v2());
    stage.people().turn_back(REGION, &ids[0]);
    stage.invoke(&stage.ec2, &stage.published("ModifyInstanceMetadataOptions")[0]);
    assert_eq!(stage.tokens(&ids[0]), HttpTokens::Required);
}

#[test]
fn compliant_instances_are_not_changed() {
    let stage = Setup::default().closed();
    stage.launch(v2().count(50));
    stage.install();
    for _ in 0..3 {
        // As after a restart of the function, which knows nothing of the launch any more.
        stage.ec2.kill();
        stage.aws.advance(SECOND * 5);
        for event in stage.published("EC2 Instance State-change Notification") {
            stage.aws.bus().deliver(event);
        }
        stage.settle();
    }
    let bill = stage.bill();
    assert_eq!(bill.keys().collect::<Vec<_>>(), ["ec2:DescribeInstances"], "{bill:?}");
}

/// metabadger printed FAILED and left with 0; Tamnoon swallowed errors; a published Lambda logged and went on.
#[test]
fn what_failed_is_never_called_a_success() {
    let stage = Setup::default().closed();
    let ids = stage.launch(v1().count(3));
    let denied = AwsError::client("UnauthorizedOperation", "You are not authorized.").with_status(403);
    stage.aws.inject(Fault::on("ec2", "ModifyInstanceMetadataOptions", Effect::ErrorBefore(denied)).times(2));
    stage.invoke(&stage.ec2, &stage.published("RunInstances")[0]);
    let fixed = ids.iter().filter(|id| stage.tokens(id) == HttpTokens::Required).count();
    let lines = stage.lines();
    let metrics = lines.iter().find(|it| it.is_metrics()).unwrap();
    assert_eq!((fixed, &metrics.0["Fixed"], &metrics.0["Failed"]), (1, &1.into(), &2.into()));
    for id in &ids {
        let expected = match stage.tokens(id) {
            HttpTokens::Required => "violation act fixed",
            HttpTokens::Optional => "violation act failed denied",
        };
        assert_eq!(stage.story(id), [expected]);
    }
}

/// AWS says yes and describes what was before: that is no success either.
#[test]
fn a_change_that_aws_does_not_show_is_not_called_a_success() {
    let stage = Setup::default().without_sdk_retries().closed();
    let ids = stage.launch(v1());
    let internal = AwsError::server("InternalError", "as the test asked");
    stage
        .aws
        .inject(Fault::on("ec2", "ModifyInstanceMetadataOptions", Effect::ErrorAfter(internal)).times(1));
    let outcome = stage.invoke(&stage.ec2, &stage.published("RunInstances")[0]);
    assert!(outcome.response().is_none(), "it is to be tried again: {outcome:?}");
    assert_eq!(stage.story(&ids[0]), ["violation act retry unavailable"]);
    stage.invoke(&stage.ec2, &stage.published("RunInstances")[0]);
    assert_eq!(stage.story(&ids[0])[1], "compliant nothing left", "the change had its effect");
}

/// metabadger's `--tags` looked at values and ignored keys; IMDShift did so as well.
#[test]
fn a_tag_matches_by_key_and_value() {
    let exemptions = "exemptions:\n  - match: { tag: { key: app, value: legacy } }\n    reason: r\n    until: 2099-12-31\n";
    let stage = Setup::policy(&format!("{ENFORCE}{exemptions}")).open();
    let other_key = stage.launch(v1().tag("team", "legacy"));
    let other_value = stage.launch(v1().tag("app", "legacy2"));
    let other_case = stage.launch(v1().tag("App", "legacy"));
    stage.settle();
    for ids in [other_key, other_value, other_case] {
        assert_eq!(stage.tokens(&ids[0]), HttpTokens::Required);
    }
}

/// IMDShift took the Region for the availability zone less its last letter, wrong in Local Zones.
#[test]
fn the_region_is_the_one_of_the_event() {
    for region in ["us-west-2", "ap-southeast-2", "eu-west-3"] {
        let stage = Setup::default().closed();
        let ids = stage.launch_at(HOME, region, v1());
        let mut event = stage.published("RunInstances").remove(0);
        let text = event.to_string().replace(&format!("{region}a"), &format!("{region}-lax-1a"));
        event = serde_json::from_str(&text).unwrap();
        stage.invoke(&stage.ec2, &event);
        let it = stage.aws.instance(HOME, region, &ids[0]).unwrap();
        assert_eq!(it.metadata.http_tokens, HttpTokens::Required, "{region}");
    }
}

/// Prowler passed a template that sets no metadata options: what it launches answers version 1.
#[test]
fn what_a_launch_does_not_set_is_looked_up_and_not_taken_for_safe() {
    let stage = Setup::default().closed();
    let ids = stage.launch(v1());
    let mut event = stage.published("RunInstances").remove(0);
    let items = event["detail"]["responseElements"]["instancesSet"]["items"].as_array_mut().unwrap();
    for item in items {
        item.as_object_mut().unwrap().remove("metadataOptions");
    }
    stage.invoke(&stage.ec2, &event);
    assert_eq!(stage.tokens(&ids[0]), HttpTokens::Required);
}

/// Prowler made 2301 calls to check 1000 instances. Observed, so that nothing is paced.
#[test]
fn looking_costs_one_call_for_all_instances_of_a_batch() {
    let stage = Setup::policy("version: 1\nmode: observe\n").closed();
    stage.launch(v1().count(150));
    stage.aws.advance(SECOND * 10);
    let events = stage.published("EC2 Instance State-change Notification");
    let running = events.iter().filter(|it| it["detail"]["state"] == "running");
    let message = |(n, event): (usize, &serde_json::Value)| serde_json::json!({"messageId": n.to_string(), "body": event.to_string(), "eventSource": "aws:sqs"});
    let batch = serde_json::json!({"Records": running.enumerate().map(message).collect::<Vec<_>>()});
    stage.invoke(&stage.ec2, &batch);
    assert_eq!(stage.bill(), [("ec2:DescribeInstances".to_owned(), 1)].into());
    assert_eq!(stage.lines().iter().filter(|it| it.is_record()).count(), 150);
}

/// reflex never passed `NextToken`, bpsets read one page. AWS shows a thousand on a page.
#[test]
fn all_pages_are_read() {
    let stage = Setup { timeout: SECOND * 30, ..Setup::policy("version: 1\nmode: observe\n") }.closed();
    let ids = stage.launch(v1().count(2_100).client_token("a-very-large-launch"));
    stage.invoke(&stage.ec2, &stage.published("RunInstances")[0]);
    assert_eq!(stage.bill(), [("ec2:DescribeInstances".to_owned(), 3)].into());
    let held = stage.lines().iter().filter(|it| it.text("hold") == "observe-mode").count();
    assert_eq!(held, ids.len());
}

/// A sample terminated every instance with version 1, in every Region, at one event.
#[test]
fn only_what_an_event_names_is_touched_and_nothing_is_stopped() {
    let stage = Setup::default().closed();
    let elsewhere = stage.launch_at(HOME, "us-east-1", v1());
    let bystander = stage.launch(v1());
    let ids = stage.launch(v1());
    stage.aws.advance(SECOND * 10);
    let launches = stage.published("RunInstances");
    let own = launches.iter().find(|it| it["detail"].to_string().contains(&ids[0])).unwrap();
    stage.invoke(&stage.ec2, own);
    assert_eq!(stage.tokens(&ids[0]), HttpTokens::Required);
    assert_eq!(stage.tokens(&bystander[0]), HttpTokens::Optional);
    let far = stage.aws.instance(HOME, "us-east-1", &elsewhere[0]).unwrap();
    assert_eq!((far.metadata.http_tokens, far.state), (HttpTokens::Optional, InstanceStateName::Running));
    assert_eq!(stage.instance(&ids[0]).state, InstanceStateName::Running);
}

/// ASR replaced all metadata options of what it fixed, and the hop limit fell back to its default.
#[test]
fn a_hop_limit_is_never_lowered_by_default() {
    let stage = Setup::default().open();
    let hops = |hop_limit| MetadataRequest { hop_limit: Some(hop_limit), ..MetadataRequest::default() };
    let ids: Vec<String> =
        [1, 2, 3, 64].iter().flat_map(|it| stage.launch(v1().metadata(hops(*it)))).collect();
    stage.settle();
    let after: Vec<_> = ids.iter().map(|id| stage.instance(id).metadata.hop_limit).collect();
    assert_eq!(after, [1, 2, 3, 64]);
    assert!(ids.iter().all(|id| stage.tokens(id) == HttpTokens::Required));
}

/// Switched off after the event and before the look: what is described counts, not what the event says.
#[test]
fn an_endpoint_switched_off_meanwhile_stays_off() {
    let stage = Setup::default().closed();
    let ids = stage.launch(v1());
    let off = Options { endpoint: Some("disabled"), ..Options::default() };
    stage.people().set(REGION, &ids[0], off);
    stage.install();
    stage.replay();
    stage.pass(SECOND * 600);
    assert_eq!(stage.instance(&ids[0]).metadata.http_endpoint, Toggle::Disabled);
    assert!(!stage.bill().contains_key("ec2:ModifyInstanceMetadataOptions"));
}

/// IMDShift called `UpdateNotebookInstance` on whatever it found.
#[test]
fn no_notebook_is_asked_for_what_its_status_forbids() {
    for status in [Status::Pending, Status::Stopping, Status::Updating] {
        let stage = Setup::default().open();
        stage.aws.notebooks().add(&stage.home(), Seed::new("churn").age(SECOND * 60).status(status));
        stage.pass(SECOND * 1800);
        let calls = v2only_tests::audit::our_calls(&stage.aws);
        assert!(calls.iter().all(|it| it.error.is_none()), "{status:?}: {calls:#?}");
        let it = stage.aws.notebooks().get(&stage.home(), "churn").unwrap();
        assert_eq!(it.minimum_version.as_deref(), Some("2"), "{status:?}");
    }
}
