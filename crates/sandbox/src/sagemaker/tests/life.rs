//! Scenarios: the life of a notebook.

use serde_json::{Value, json};

use super::*;
use crate::sagemaker::{DefaultVersion, Platform, Seed, UnsupportedType, UpdateVisible};

#[test]
fn a_new_notebook_is_pending_and_comes_into_service() {
    let (aws, notebooks) = start();
    let arn = "arn:aws:sagemaker:eu-central-1:111122223333:notebook-instance/research-churn";
    assert_eq!(create(&aws, json!({})), Ok(json!({"NotebookInstanceArn": arn})));
    let seen = describe(&aws, "Research-Churn");
    assert_eq!(seen["NotebookInstanceName"], "Research-Churn", "the name keeps its case");
    assert_eq!(seen["NotebookInstanceArn"], arn, "the ARN does not");
    assert_eq!(seen["NotebookInstanceStatus"], "Pending");
    assert_eq!(seen["CreationTime"], json!(1_793_610_000.0));
    aws.advance(2 * MINUTE);
    assert_eq!(notebooks.get(&here(), "research-churn").unwrap().status, Status::InService);
    assert_eq!(heard(&aws), ["Pending", "CreateNotebookInstance", "InService"]);
}

#[test]
fn what_a_new_notebook_gets_that_does_not_ask_is_a_setting() {
    for (default, expected) in [
        (DefaultVersion::One, json!({"MinimumInstanceMetadataServiceVersion": "1"})),
        (DefaultVersion::Two, json!({"MinimumInstanceMetadataServiceVersion": "2"})),
        (DefaultVersion::Absent, Value::Null),
    ] {
        let (aws, notebooks) = start();
        notebooks.configure(|it| it.default_version = default);
        create(&aws, json!({})).unwrap();
        let seen = describe(&aws, "research-churn");
        assert_eq!(seen.get("InstanceMetadataServiceConfiguration").unwrap_or(&Value::Null), &expected);
    }
}

#[test]
fn stop_update_start() {
    let (aws, notebooks) = start();
    notebooks.add(&here(), Seed::new("nb").minimum_version("1"));
    call(&aws, "StopNotebookInstance", named("nb")).unwrap();
    status(&notebooks, Status::Stopping);
    aws.advance(MINUTE);
    status(&notebooks, Status::Stopped);
    assert_eq!(update_v2(&aws, json!({})), Ok(json!({})));
    status(&notebooks, Status::Updating);
    aws.advance(MINUTE);
    status(&notebooks, Status::Stopped);
    call(&aws, "StartNotebookInstance", named("nb")).unwrap();
    status(&notebooks, Status::Pending);
    aws.advance(2 * MINUTE);
    let notebook = notebooks.get(&here(), "nb").unwrap();
    assert_eq!((notebook.status, notebook.minimum_version.as_deref()), (Status::InService, Some("2")));
    let story = [
        "Stopping",
        "StopNotebookInstance",
        "Stopped",
        "Updating",
        "UpdateNotebookInstance",
        "Stopped",
        "Pending",
        "StartNotebookInstance",
        "InService",
    ];
    assert_eq!(heard(&aws), story);
}

#[test]
fn an_operation_in_the_wrong_status_is_refused_in_aws_own_words() {
    let (aws, notebooks) = start();
    let arn = "(arn:aws:sagemaker:eu-central-1:111122223333:notebook-instance/nb)";
    let running = [Status::Pending, Status::InService, Status::Stopping, Status::Updating, Status::Deleting];
    for now in running {
        notebooks.add(&here(), Seed::new("nb").status(now));
        let from = format!("Status ({}) not in ([Stopped, Failed]). Unable to transition to", now.id());
        refused(update_v2(&aws, json!({})), &format!("{from} (Updating) for Notebook Instance {arn}."));
        refused(call(&aws, "StartNotebookInstance", named("nb")), &format!("{from} (Pending)"));
        refused(call(&aws, "DeleteNotebookInstance", named("nb")), &format!("{from} (Deleting)"));
    }
    for now in Status::ALL.into_iter().filter(|it| *it != Status::InService) {
        notebooks.add(&here(), Seed::new("nb").status(now));
        let text = format!("Status ({}) not in ([InService]). Unable to transition to (Stopping)", now.id());
        refused(call(&aws, "StopNotebookInstance", named("nb")), &text);
    }
}

#[test]
fn a_failed_notebook_can_be_updated_and_started_again() {
    let (aws, notebooks) = start();
    notebooks.add(&here(), Seed::new("nb").status(Status::Stopped));
    assert!(notebooks.fail_next_start(&here(), "nb", "Lifecycle configuration script exited"));
    call(&aws, "StartNotebookInstance", named("nb")).unwrap();
    aws.advance(2 * MINUTE);
    assert_eq!(describe(&aws, "nb")["FailureReason"], "Lifecycle configuration script exited");
    assert_eq!(aws.events().last().unwrap()["detail"]["NotebookInstanceStatus"], "Failed");
    update_v2(&aws, json!({})).unwrap();
    aws.advance(MINUTE);
    status(&notebooks, Status::Stopped);
    call(&aws, "StartNotebookInstance", named("nb")).unwrap();
    aws.advance(2 * MINUTE);
    status(&notebooks, Status::InService);
    assert!(describe(&aws, "nb").get("FailureReason").is_none());
}

#[test]
fn an_update_may_fail_and_may_be_seen_late() {
    let (aws, notebooks) = start();
    notebooks.configure(|it| it.update_visible = UpdateVisible::AtTheEnd);
    notebooks.add(&here(), Seed::new("nb").status(Status::Stopped).minimum_version("1"));
    let version = || notebooks.get(&here(), "nb").unwrap().minimum_version.unwrap();
    notebooks.fail_next_update(&here(), "nb", "out of order");
    update_v2(&aws, json!({})).unwrap();
    aws.advance(MINUTE);
    status(&notebooks, Status::Failed);
    assert_eq!(version(), "1");
    update_v2(&aws, json!({})).unwrap();
    assert_eq!(version(), "1", "not yet");
    aws.advance(MINUTE);
    assert_eq!(version(), "2");
}

#[test]
fn a_hanging_notebook_stays_until_it_is_released() {
    let (aws, notebooks) = start();
    notebooks.add(&here(), Seed::new("nb"));
    notebooks.hang_in(&here(), "nb", Status::Stopping);
    call(&aws, "StopNotebookInstance", named("nb")).unwrap();
    aws.advance(600 * MINUTE);
    status(&notebooks, Status::Stopping);
    assert!(notebooks.release(&here(), "nb"));
    status(&notebooks, Status::Stopped);
}

#[test]
fn a_stopped_notebook_on_amazon_linux_2_never_starts_again_unless_upgraded() {
    let (aws, notebooks) = start();
    notebooks.add(&here(), Seed::new("nb").status(Status::Stopped).platform(Platform::Al2V2));
    refused(call(&aws, "StartNotebookInstance", named("nb")), "notebook-al2-v2 is no longer supported");
    update_v2(&aws, json!({"PlatformIdentifier": "notebook-al2023-v1"})).unwrap();
    aws.advance(MINUTE);
    call(&aws, "StartNotebookInstance", named("nb")).unwrap();
}

#[test]
fn before_july_2026_amazon_linux_2_still_starts() {
    let (aws, notebooks) = start_at("2026-06-30T23:50:00Z");
    notebooks.add(&here(), Seed::new("nb").status(Status::Stopped).platform(Platform::Al2V3));
    call(&aws, "StartNotebookInstance", named("nb")).unwrap();
    aws.advance(20 * MINUTE);
    status(&notebooks, Status::InService);
    call(&aws, "StopNotebookInstance", named("nb")).unwrap();
    aws.advance(MINUTE);
    refused(call(&aws, "StartNotebookInstance", named("nb")), "no longer supported");
}

#[test]
fn amazon_linux_1_leads_nowhere() {
    let (aws, notebooks) = start();
    notebooks.add(&here(), Seed::new("nb").status(Status::Stopped).platform(Platform::Al1V1));
    refused(call(&aws, "StartNotebookInstance", named("nb")), "no longer supported");
    refused(update_v2(&aws, json!({"PlatformIdentifier": "notebook-al2023-v1"})), "not supported");
    update_v2(&aws, json!({})).unwrap();
}

#[test]
fn an_unsupported_instance_type_is_refused_at_the_update_or_at_the_start() {
    let (aws, notebooks) = start();
    let upgrade = json!({"PlatformIdentifier": "notebook-al2023-v1"});
    for old in ["ml.p2.xlarge", "ml.p3.2xlarge", "ml.p3dn.24xlarge", "ml.inf1.xlarge", "ml.g3.4xlarge"] {
        let seed = Seed::new("nb").status(Status::Stopped).platform(Platform::Al2V2).instance_type(old);
        notebooks.configure(|it| it.unsupported_type = UnsupportedType::AtUpdate);
        notebooks.add(&here(), seed);
        refused(update_v2(&aws, upgrade.clone()), &format!("{old} is not supported"));
        notebooks.configure(|it| it.unsupported_type = UnsupportedType::AtStart);
        update_v2(&aws, upgrade.clone()).unwrap();
        aws.advance(MINUTE);
        refused(call(&aws, "StartNotebookInstance", named("nb")), &format!("{old} is not supported"));
    }
}

#[test]
fn a_deleted_notebook_says_so_and_is_gone() {
    let (aws, notebooks) = start();
    notebooks.add(&here(), Seed::new("nb").status(Status::Stopped));
    call(&aws, "DeleteNotebookInstance", named("nb")).unwrap();
    aws.advance(MINUTE);
    assert!(notebooks.get(&here(), "nb").is_none());
    assert_eq!(heard(&aws), ["Deleting", "DeleteNotebookInstance", "Deleted"]);
}
