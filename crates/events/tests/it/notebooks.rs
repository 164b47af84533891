//! SageMaker notebook instances.

use crate::support::*;
use rstest::rstest;
use serde_json::Value;
use v2only_events::{EventName, Ignored, NotebookCause, Parsed, Subject, Trigger, parse};
use v2only_policy::{MinimumVersion, NotebookName, NotebookStatus};

#[rstest]
#[case::created_with_version_1(
    "create-notebook-v1",
    EventName::CreateNotebookInstance,
    NotebookCause::Created { minimum_version: Some(MinimumVersion::One) }
)]
#[case::created_without_a_word_about_it(
    "create-notebook-silent",
    EventName::CreateNotebookInstance,
    NotebookCause::Created { minimum_version: None }
)]
#[case::updated_with_a_response_of_null_and_a_number(
    "update-notebook",
    EventName::UpdateNotebookInstance,
    NotebookCause::Updated { minimum_version: Some(MinimumVersion::Two) }
)]
#[case::started("start-notebook", EventName::StartNotebookInstance, NotebookCause::Started)]
fn a_call_names_its_notebook(#[case] fixture: &str, #[case] event: EventName, #[case] cause: NotebookCause) {
    assert_eq!(trigger(fixture), called(event, Subject::Notebook { name: notebook(), cause }));
}

#[rstest]
#[case::in_service("notebook-in-service", NotebookStatus::InService, "InService", Some(&[("team", "research")][..]))]
#[case::failed_without_tags("notebook-failed", NotebookStatus::Failed, "Failed", None)]
fn a_status_keeps_the_case_of_the_name(
    #[case] fixture: &str,
    #[case] status: NotebookStatus,
    #[case] word: &str,
    #[case] expected: Option<&[(&str, &str)]>,
) {
    let cause = NotebookCause::StateChanged { status, word: word.to_owned(), tags: expected.map(tags) };
    let subject = Subject::Notebook { name: notebook(), cause };
    assert_eq!(trigger(fixture), announced(EventName::NotebookStateChange, subject));
}

#[rstest]
#[case::in_the_event("notebook-named-by-arn", &[])]
#[case::in_the_resources("notebook-named-by-arn", &["/detail/NotebookInstanceArn"])]
#[case::in_the_response("create-notebook-v1", &["/detail/requestParameters/notebookInstanceName"])]
fn without_a_name_an_arn_names_the_notebook(#[case] fixture_name: &str, #[case] removed: &[&str]) {
    let mut event = fixture(fixture_name);
    for pointer in removed {
        *event.pointer_mut(pointer).unwrap() = Value::Null;
    }
    let Ok(Parsed::Trigger(Trigger { subject: Subject::Notebook { name, .. }, .. })) = parse(&event) else {
        panic!("no notebook")
    };
    assert_eq!(name, NotebookName::parse("research-churn").unwrap());
}

#[test]
fn a_notebook_of_another_region_is_refused() {
    let mut event = fixture("notebook-in-service");
    event["region"] = "eu-west-1".into();
    assert_eq!(parse(&event).unwrap_err().field, "detail.NotebookInstanceArn");
}

#[test]
fn a_notebook_that_is_being_deleted_is_left_alone() {
    let mut event = fixture("notebook-in-service");
    event["detail"]["NotebookInstanceStatus"] = "Deleting".into();
    let why = Ignored::NotebookStatus { name: notebook(), status: "Deleting".to_owned() };
    assert_eq!(parse(&event), Ok(Parsed::Ignored(why)));
}

#[rstest]
#[case("Pending", NotebookStatus::Pending)]
#[case("Stopping", NotebookStatus::Stopping)]
#[case("Stopped", NotebookStatus::Stopped)]
#[case("Updating", NotebookStatus::Updating)]
#[case("Hibernating", NotebookStatus::Unknown)]
fn every_status_but_the_last_two_is_a_trigger(#[case] status: &str, #[case] expected: NotebookStatus) {
    let mut event = fixture("notebook-in-service");
    event["detail"]["NotebookInstanceStatus"] = status.into();
    let Ok(Parsed::Trigger(trigger)) = parse(&event) else { panic!("no trigger") };
    let Subject::Notebook { cause: NotebookCause::StateChanged { status: read, word, .. }, .. } =
        trigger.subject
    else {
        panic!("not a status")
    };
    assert_eq!((read, word.as_str()), (expected, status));
}
