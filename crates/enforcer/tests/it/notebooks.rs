//! What events about notebooks lead to, one step at a time.

use jiff::SignedDuration;
use serde_json::{Value, json};
use v2only_enforcer::Kind;
use v2only_enforcer::LogEntry;
use v2only_enforcer::invocation::{App, Invocation, InvocationError, handle_notebook};
use v2only_enforcer::policy_source::{Location, PolicySource};
use v2only_policy::Tags;
use v2only_policy::notebook::{MinimumVersion, NotebookStatus, RESTART_TAG, UPDATED_TAG};

use crate::fake::{ACCOUNT, Fake, NOW, REGION, World, now};

fn app(build: impl FnOnce(&mut World)) -> App<Fake> {
    let policy = Location::Inline("version: 1\nmode: enforce\n".to_owned());
    App::new(PolicySource::new(policy), Fake::with(build))
}

pub fn state_change(name: &str, status: &str) -> Value {
    json!({
        "version": "0", "id": "e-1", "detail-type": "SageMaker Notebook Instance State Change",
        "source": "aws.sagemaker", "account": ACCOUNT, "time": NOW, "region": REGION, "resources": [],
        "detail": {
            "NotebookInstanceArn": format!("arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance/{name}"),
            "NotebookInstanceName": name, "NotebookInstanceStatus": status, "Tags": {},
        },
    })
}

async fn handle(app: &App<Fake>, payload: Value) -> Result<Vec<String>, InvocationError> {
    let mut said = Vec::new();
    let mut say = |entry: LogEntry<'_>| {
        if let LogEntry::Record(record) = entry {
            said.push(record.outcome.code().to_owned());
        }
    };
    let clock = || now() + SignedDuration::from_millis(app.ports.0.lock().unwrap().passed);
    let invocation = Invocation { now: &clock, deadline: None, log: &mut say };
    handle_notebook(payload, app, invocation).await.map_err(|it| it.why)?;
    Ok(said)
}

fn ends_well(app: &App<Fake>) -> bool {
    let mut world = app.ports.0.lock().unwrap();
    let it = world.notebook("churn", NotebookStatus::Pending);
    it.status == NotebookStatus::InService
        && it.minimum_version == MinimumVersion::Two
        && !it.tags.contains_key(RESTART_TAG)
}

fn tags(app: &App<Fake>) -> Tags {
    app.ports.0.lock().unwrap().notebook("churn", NotebookStatus::Pending).tags.clone()
}

const WAY: [&str; 4] = ["InService", "Stopped", "Stopped", "InService"];

#[tokio::test]
async fn a_running_notebook_is_marked_stopped_updated_started_and_unmarked() {
    let app = app(|world| {
        world.notebook("churn", NotebookStatus::InService);
    });
    let mut outcomes = Vec::new();
    for status in WAY {
        outcomes.extend(handle(&app, state_change("churn", status)).await.unwrap());
    }
    assert_eq!(outcomes, ["advanced", "advanced", "advanced", "fixed"]);
    assert!(ends_well(&app));
    let writes: Vec<String> = app
        .ports
        .calls()
        .into_iter()
        .filter(|it| !it.starts_with("sagemaker:Describe") && !it.starts_with("sagemaker:List"))
        .map(|it| it.split_whitespace().next().unwrap().trim_start_matches("sagemaker:").to_owned())
        .collect();
    assert_eq!(
        writes,
        [
            "AddTags",
            "StopNotebookInstance",
            "UpdateNotebookInstance",
            "AddTags",
            "AddTags",
            "StartNotebookInstance",
            "DeleteTags"
        ]
    );
}

#[tokio::test]
async fn whichever_call_fails_once_the_redelivered_event_goes_on() {
    for action in [
        "sagemaker:DescribeNotebookInstance",
        "sagemaker:ListTags",
        "sagemaker:AddTags",
        "sagemaker:StopNotebookInstance",
        "sagemaker:UpdateNotebookInstance",
        "sagemaker:StartNotebookInstance",
        "sagemaker:DeleteTags",
    ] {
        let app = app(|world| {
            world.notebook("churn", NotebookStatus::InService);
            world.failures.insert(action, vec![Kind::Unavailable]);
        });
        let mut retried = 0;
        for status in WAY {
            while handle(&app, state_change("churn", status)).await.is_err() {
                retried += 1;
                app.ports.0.lock().unwrap().passed += 15 * 60_000;
            }
        }
        assert_eq!(retried, 1, "{action}");
        assert!(ends_well(&app), "{action}");
    }
}

/// A refused call is no evidence about the notebook, and uses up none of the tries.
#[tokio::test]
async fn an_update_that_is_refused_often_is_not_taken_for_one_without_effect() {
    for (kind, retried) in [(Kind::Throttled, true), (Kind::Denied, false)] {
        let app = app(|world| {
            world.notebook("churn", NotebookStatus::Stopped);
            world.failures.insert("sagemaker:UpdateNotebookInstance", vec![kind; 5]);
        });
        for _ in 0..5 {
            assert_eq!(handle(&app, state_change("churn", "Stopped")).await.is_err(), retried);
        }
        assert!(!tags(&app).contains_key(UPDATED_TAG));
        assert_eq!(handle(&app, state_change("churn", "Stopped")).await.unwrap(), ["fixed"], "{kind:?}");
        assert_eq!(tags(&app)[UPDATED_TAG], NOW);
    }
}

/// The update is made whether or not it can be counted, and is not made again for that.
#[tokio::test]
async fn an_update_that_cannot_be_counted_is_an_update_all_the_same() {
    for kind in [Kind::Denied, Kind::Throttled] {
        let app = app(|world| {
            world.notebook("churn", NotebookStatus::Stopped);
            world.failures.insert("sagemaker:AddTags", vec![kind]);
        });
        let mut reasons = Vec::new();
        let mut say = |entry: LogEntry<'_>| {
            if let LogEntry::Record(record) = entry {
                reasons.push((record.outcome.code().to_owned(), record.reasons().join("; ")));
            }
        };
        let invocation = Invocation { now: &now, deadline: None, log: &mut say };
        handle_notebook(state_change("churn", "Stopped"), &app, invocation).await.unwrap();
        let [(outcome, reasons)] = reasons.as_slice() else { panic!("{reasons:?}") };
        assert_eq!(outcome, "fixed");
        assert!(reasons.contains("`v2only:updated` could not be remembered"), "{reasons}");
    }
}

fn turned_back(name: &str) -> Value {
    requested(name, "1", NOW)
}

/// Somebody requested a minimum version.
fn requested(name: &str, version: &str, at: &str) -> Value {
    json!({
        "id": "e-2", "detail-type": "AWS API Call via CloudTrail", "source": "aws.sagemaker", "account": ACCOUNT,
        "time": at, "region": REGION, "resources": [],
        "detail": {
            "eventVersion": "1.11", "eventSource": "sagemaker.amazonaws.com", "eventTime": at,
            "eventName": "UpdateNotebookInstance", "awsRegion": REGION, "eventID": "ct-2",
            "recipientAccountId": ACCOUNT, "eventType": "AwsApiCall",
            "userIdentity": { "type": "IAMUser", "arn": format!("arn:aws:iam::{ACCOUNT}:user/alice") },
            "requestParameters": {
                "notebookInstanceName": name,
                "instanceMetadataServiceConfiguration": { "minimumInstanceMetadataServiceVersion": version },
            },
            "responseElements": null,
        },
    })
}

#[tokio::test]
async fn a_stopped_notebook_is_updated_although_no_tag_can_be_written() {
    for kind in [Kind::Refused, Kind::Denied, Kind::Throttled] {
        let app = app(|world| {
            world.notebook("churn", NotebookStatus::Stopped);
            world.failures.insert("sagemaker:AddTags", vec![kind; 2]);
        });
        // A flip that another try may remember brings the event back; the update is made all the same.
        assert_eq!(handle(&app, turned_back("churn")).await.is_err(), kind == Kind::Throttled, "{kind:?}");
        let mut world = app.ports.0.lock().unwrap();
        let version = world.notebook("churn", NotebookStatus::Pending).minimum_version;
        assert_eq!(version, MinimumVersion::Two, "{kind:?}");
    }
}

#[tokio::test]
async fn a_history_of_a_notebook_that_cannot_be_read_is_said() {
    for (denied, expected) in [(true, true), (false, false)] {
        let app = app(|world| {
            world.notebook("churn", NotebookStatus::Stopped);
            if denied {
                world.failures.insert("cloudtrail:LookupEvents", vec![Kind::Denied]);
            }
        });
        let mut notes = Vec::new();
        let mut say = |entry: LogEntry<'_>| {
            if let LogEntry::Record(record) = entry {
                notes.push((record.outcome.code(), record.notes()));
            }
        };
        let invocation = Invocation { now: &now, deadline: None, log: &mut say };
        handle_notebook(turned_back("churn"), &app, invocation).await.unwrap();
        let [(outcome, notes)] = notes.as_slice() else { panic!("{notes:?}") };
        assert_eq!(*outcome, "fixed", "closing matters more");
        assert_eq!(format!("{notes:?}").contains("history-not-read"), expected, "{notes:?}");
    }
}

/// Without the mark, nothing would start the notebook again.
#[tokio::test]
async fn a_running_notebook_that_cannot_be_marked_is_not_stopped() {
    for kind in [Kind::Refused, Kind::Denied, Kind::Throttled] {
        let app = app(|world| {
            world.notebook("churn", NotebookStatus::InService);
            world.failures.insert("sagemaker:AddTags", vec![kind]);
        });
        assert_eq!(handle(&app, state_change("churn", "InService")).await.is_err(), kind == Kind::Throttled);
        assert!(app.ports.calls().iter().all(|it| !it.contains("Stop")), "{:?}", app.ports.calls());
    }
}

#[tokio::test]
async fn an_update_without_effect_is_made_three_times() {
    let app = app(|world| {
        world.notebook("churn", NotebookStatus::Stopped);
    });
    let mut outcomes = Vec::new();
    for minute in 0..5 {
        app.ports.0.lock().unwrap().notebook("churn", NotebookStatus::Stopped).minimum_version =
            MinimumVersion::One;
        let later = move || now() + SignedDuration::from_mins(minute);
        let mut say = |entry: LogEntry<'_>| {
            if let LogEntry::Record(record) = entry {
                outcomes.push(record.outcome.code().to_owned());
            }
        };
        let invocation = Invocation { now: &later, deadline: None, log: &mut say };
        handle_notebook(state_change("churn", "Stopped"), &app, invocation).await.unwrap();
    }
    assert_eq!(outcomes, ["fixed", "fixed", "fixed", "held", "held"]);
}

/// CloudTrail finds records by name. A notebook of the same name, which is deleted, was turned back again and again.
#[tokio::test]
async fn a_new_notebook_is_not_contested_for_one_that_had_its_name() {
    let document = "version: 1\nmode: enforce\ndrift: { contested_after: 2, when_contested: report }\n";
    for (created, outcome) in [(NOW, "fixed"), ("2026-11-20T08:00:00Z", "held")] {
        let policy = Location::Inline(document.to_owned());
        let app = App::new(
            PolicySource::new(policy),
            Fake::with(|world| {
                world.notebook("churn", NotebookStatus::Stopped).created_at = Some(created.parse().unwrap());
                for hour in [11, 10, 9] {
                    for (minute, version) in [(30, "1"), (0, "2")] {
                        world.history.push(requested(
                            "churn",
                            version,
                            &format!("2026-11-20T{hour:02}:{minute:02}:00Z"),
                        ));
                    }
                }
            }),
        );
        assert_eq!(handle(&app, turned_back("churn")).await.unwrap(), [outcome], "created at {created}");
    }
}

/// Its event comes when the notebook is deleted, and another one has its name.
#[tokio::test]
async fn a_flip_of_a_deleted_notebook_is_not_remembered_on_a_new_one() {
    for (at, is_remembered) in [("2026-11-20T11:59:59Z", false), (NOW, true)] {
        let app = app(|world| {
            world.notebook("churn", NotebookStatus::Stopped);
        });
        assert_eq!(handle(&app, requested("churn", "1", at)).await.unwrap(), ["fixed"]);
        assert_eq!(tags(&app).contains_key("v2only:reverted"), is_remembered, "{at}");
    }
}

/// Each update had its effect, and somebody turned the notebook back afterwards, in events that were lost.
#[tokio::test]
async fn a_notebook_that_was_turned_back_after_each_update_is_updated_again() {
    let app = app(|world| {
        let updated = "2026-11-20T11:30:00Z 2026-11-20T11:40:00Z 2026-11-20T11:50:00Z".to_owned();
        world.notebook("churn", NotebookStatus::Stopped).tags.insert("v2only:updated".to_owned(), updated);
        world.history.push(turned_back("churn"));
    });
    assert_eq!(handle(&app, state_change("churn", "Stopped")).await.unwrap(), ["fixed"]);
}

#[tokio::test]
async fn a_stopped_notebook_is_updated_and_stays_stopped() {
    let app = app(|world| {
        world.notebook("churn", NotebookStatus::Stopped);
    });
    assert_eq!(handle(&app, state_change("churn", "Stopped")).await.unwrap(), ["fixed"]);
    assert_eq!(handle(&app, state_change("churn", "Stopped")).await.unwrap(), ["left"]);
    let mut world = app.ports.0.lock().unwrap();
    assert_eq!(world.notebook("churn", NotebookStatus::Pending).status, NotebookStatus::Stopped);
}

/// Somebody created a notebook with a minimum version.
fn created(name: &str, version: &str) -> Value {
    let mut event = requested(name, version, NOW);
    event["detail"]["eventName"] = json!("CreateNotebookInstance");
    let arn = format!("arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance/{name}");
    event["detail"]["responseElements"] = json!({ "notebookInstanceArn": arn });
    event
}

#[tokio::test]
async fn one_created_with_version_2_costs_no_call() {
    let app = app(|world| {
        world.notebook("churn", NotebookStatus::Stopped);
    });
    let mut reasons = Vec::new();
    let mut say = |entry: LogEntry<'_>| {
        if let LogEntry::Record(record) = entry {
            reasons.push((record.outcome.code(), record.reasons().join("; ")));
        }
    };
    let invocation = Invocation { now: &now, deadline: None, log: &mut say };
    handle_notebook(created("churn", "2"), &app, invocation).await.unwrap();
    let [(outcome, reasons)] = reasons.as_slice() else { panic!("{reasons:?}") };
    assert_eq!((*outcome, reasons.as_str()), ("left", "minimum IMDS version is 2, says its creation record"));
    assert_eq!(app.ports.calls(), Vec::<String>::new());
    assert_eq!(handle(&app, created("churn", "1")).await.unwrap(), ["fixed"], "any other is described");
}

/// What v2only did itself is nobody's flip.
#[tokio::test]
async fn an_update_of_our_own_is_not_remembered_as_a_flip() {
    for (by, is_remembered) in [("v2only-ec2-enforcer", false), ("developer", true)] {
        let app = app(|world| {
            world.notebook("churn", NotebookStatus::Stopped);
        });
        let mut event = turned_back("churn");
        let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{by}/{by}");
        event["detail"]["userIdentity"] = json!({"type": "AssumedRole", "arn": arn, "accountId": ACCOUNT});
        assert_eq!(handle(&app, event).await.unwrap(), ["fixed"], "{by}");
        assert_eq!(tags(&app).contains_key("v2only:reverted"), is_remembered, "{by}");
    }
}
