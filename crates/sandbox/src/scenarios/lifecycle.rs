//! Starting, stopping, terminating.

use serde_json::Value;

use super::client::{Aws, aws};

fn state(aws: &Aws, id: &str) -> &'static str {
    aws.sandbox.instance(aws.account, aws.region, id).unwrap().state.as_str()
}

/// The states of an instance in the events, in order.
fn states(aws: &Aws, id: &str) -> Vec<String> {
    let events = aws.sandbox.events();
    let details = events.iter().map(|event| &event["detail"]).filter(|detail| detail["instance-id"] == id);
    details.map(|detail| detail["state"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_instance_lives_and_every_step_is_an_event() {
    let aws = aws();
    let id = aws.launched(&[]);
    let named = [("InstanceId.1", id.as_str())];
    aws.wait(5);
    let stop = aws.ec2("StopInstances", &named).ok();
    assert_eq!(stop.texts("name"), ["stopping", "running"]);
    assert_eq!(stop.texts("code"), ["64", "16"]);
    aws.wait(5);
    assert_eq!(state(&aws, &id), "stopped");
    let start = aws.ec2("StartInstances", &named).ok();
    assert_eq!(start.texts("name"), ["pending", "stopped"]);
    aws.wait(5);
    aws.ec2("TerminateInstances", &named).ok();
    aws.wait(5);
    assert_eq!(state(&aws, &id), "terminated");
    let steps =
        ["pending", "running", "stopping", "stopped", "pending", "running", "shutting-down", "terminated"];
    assert_eq!(states(&aws, &id), steps);
    aws.wait(60 * 60);
    assert!(aws.sandbox.instance(aws.account, aws.region, &id).is_none());
}

#[test]
fn a_restart_moves_the_launch_time_but_not_the_attachments() {
    let aws = aws();
    let id = aws.launched(&[]);
    let times = || {
        let shown = aws.ec2("DescribeInstances", &[("InstanceId.1", &id)]).ok();
        (shown.text("launchTime"), shown.texts("attachTime"))
    };
    let (launch, attached) = times();
    assert_eq!(attached, [launch.as_str(), launch.as_str()], "volume and interface");
    aws.wait(60);
    aws.ec2("StopInstances", &[("InstanceId.1", &id)]).ok();
    aws.wait(60);
    aws.ec2("StartInstances", &[("InstanceId.1", &id)]).ok();
    let (restarted, still) = times();
    assert_eq!(restarted, "2026-11-01T10:02:00.000Z");
    assert_eq!(still, attached);
}

#[test]
fn wrong_states_are_refused_and_nothing_happens() {
    let aws = aws();
    let (running, terminated) = (aws.running(), aws.running());
    aws.ec2("TerminateInstances", &[("InstanceId.1", &terminated)]).ok();
    aws.wait(10);
    let both = [("InstanceId.1", running.as_str()), ("InstanceId.2", terminated.as_str())];
    assert_eq!(aws.ec2("StopInstances", &both).code(), "IncorrectInstanceState");
    assert_eq!(state(&aws, &running), "running");
    assert_eq!(aws.ec2("StartInstances", &[("InstanceId.1", &terminated)]).code(), "IncorrectInstanceState");
    let pending = aws.launched(&[]);
    assert_eq!(aws.ec2("StopInstances", &[("InstanceId.1", &pending)]).code(), "IncorrectInstanceState");
    assert_eq!(aws.ec2("StopInstances", &[]).code(), "MissingParameter");
    assert_eq!(
        aws.ec2("StartInstances", &[("InstanceId.1", &running), ("DryRun", "true")]).code(),
        "DryRunOperation"
    );
    // Starting what runs and terminating what is gone are no errors.
    aws.ec2("StartInstances", &[("InstanceId.1", &running)]).ok();
    aws.ec2("TerminateInstances", &[("InstanceId.1", &terminated)]).ok();
    assert_eq!(states(&aws, &terminated).last().unwrap(), "terminated");
}

#[test]
fn an_instance_terminated_while_starting_never_runs() {
    let aws = aws();
    let id = aws.launched(&[]);
    aws.wait(2);
    aws.ec2("TerminateInstances", &[("InstanceId.1", &id)]).ok();
    aws.wait(3);
    assert_eq!(state(&aws, &id), "shutting-down", "the timer of the start came too late");
    aws.wait(10);
    assert_eq!(states(&aws, &id), ["pending", "shutting-down", "terminated"]);
}

#[test]
fn a_state_change_event_has_the_documented_shape() {
    let aws = aws();
    let id = aws.launched(&[]);
    let event = aws.sandbox.events().into_iter().find(|event| event["source"] == "aws.ec2").unwrap();
    assert_eq!(event["detail-type"], "EC2 Instance State-change Notification");
    assert_eq!(event["account"], aws.account);
    assert_eq!(event["region"], aws.region);
    assert_eq!(event["time"], "2026-11-01T10:00:00Z");
    assert_eq!(event["resources"][0], format!("arn:aws:ec2:eu-central-1:111122223333:instance/{id}"));
    assert_eq!(event["detail"], serde_json::json!({ "instance-id": id, "state": "pending" }));
    assert!(matches!(&event["id"], Value::String(id) if id.len() == 36));
}
