//! Instances started or changed, and what instances are launched from.

use crate::support::*;
use rstest::rstest;
use serde_json::{Value, json};
use v2only_events::{EventName, Parsed, RequestedOptions, Subject, Trigger, parse};
use v2only_policy::{HttpTokens, InstanceState, Switch};

fn template(id: Option<&str>, name: Option<&str>) -> Subject {
    Subject::LaunchTemplateChanged { id: id.map(str::to_owned), name: name.map(str::to_owned) }
}

fn image() -> Subject {
    Subject::ImageChanged { id: IMAGE.to_owned() }
}

fn modified(tokens: HttpTokens, hop_limit: Option<u8>) -> Subject {
    let requested = RequestedOptions {
        http_tokens: Some(tokens),
        http_endpoint: Some(Switch::Enabled),
        hop_limit,
        ..RequestedOptions::default()
    };
    Subject::OptionsModified { id: id(A), requested }
}

const TEMPLATE: Option<&str> = Some("lt-0123456789abcdef0");

#[rstest]
#[case::start("start-instances", EventName::StartInstances, Subject::Started { ids: vec![id(B), id(A)] })]
#[case::options(
    "modify-options",
    EventName::ModifyInstanceMetadataOptions,
    modified(HttpTokens::Optional, Some(3))
)]
#[case::options_flat(
    "modify-options-flat",
    EventName::ModifyInstanceMetadataOptions,
    modified(HttpTokens::Required, None)
)]
#[case::defaults("modify-defaults", EventName::ModifyInstanceMetadataDefaults, Subject::DefaultsModified)]
#[case::template("create-launch-template", EventName::CreateLaunchTemplate, template(TEMPLATE, Some("web")))]
#[case::template_version(
    "create-launch-template-version",
    EventName::CreateLaunchTemplateVersion,
    template(TEMPLATE, Some("web"))
)]
#[case::template_by_name_only(
    "modify-launch-template-by-name",
    EventName::ModifyLaunchTemplate,
    template(None, Some("web"))
)]
#[case::image_registered("register-image", EventName::RegisterImage, image())]
#[case::image_of_an_instance("create-image", EventName::CreateImage, image())]
#[case::image_copied_is_the_copy("copy-image", EventName::CopyImage, image())]
fn a_call_names_what_it_changed(#[case] name: &str, #[case] event: EventName, #[case] subject: Subject) {
    assert_eq!(trigger(name), called(event, subject));
}

#[rstest]
#[case("state-running", InstanceState::Running, "running")]
#[case("state-stopped", InstanceState::Stopped, "stopped")]
fn a_state_is_the_back_stop(#[case] name: &str, #[case] state: InstanceState, #[case] word: &str) {
    let subject = Subject::InstanceStateChanged { id: id(A), state, word: word.to_owned() };
    assert_eq!(trigger(name), announced(EventName::InstanceStateChange, subject));
}

#[test]
fn a_fulfilled_spot_request_names_its_instance_and_an_unreadable_time_is_no_obstacle() {
    let subject = Subject::SpotFulfilled { id: id(A) };
    let expected = Trigger { time: None, ..announced(EventName::SpotFulfillment, subject) };
    assert_eq!(trigger("spot-fulfilled"), expected);
}

/// CloudTrail omits a request or a response that is too long, each for itself.
#[rstest]
#[case::start_without_request("start-instances", "requestParameters", vec![A, B])]
#[case::start_without_response("start-instances", "responseElements", vec![B, A])]
#[case::options_without_request("modify-options", "requestParameters", vec![A])]
#[case::options_without_response("modify-options", "responseElements", vec![A])]
fn half_a_record_is_enough(#[case] name: &str, #[case] omitted: &str, #[case] expected: Vec<&str>) {
    let mut event = fixture(name);
    event["detail"][omitted] = Value::Null;
    let ids = match parse(&event) {
        Ok(Parsed::Trigger(Trigger { subject: Subject::Started { ids }, .. })) => ids,
        Ok(Parsed::Trigger(Trigger { subject: Subject::OptionsModified { id, .. }, .. })) => vec![id],
        other => panic!("{other:?}"),
    };
    assert_eq!(ids, expected.into_iter().map(id).collect::<Vec<_>>());
}

#[rstest]
#[case::in_both(json!({}), template(TEMPLATE, Some("web")))]
#[case::name_unreadable(json!({"LaunchTemplateName": "a b"}), template(TEMPLATE, None))]
#[case::name_too_long(json!({"LaunchTemplateName": "x".repeat(129)}), template(TEMPLATE, None))]
fn a_template_is_known_by_its_id_whatever_its_name(#[case] request: Value, #[case] expected: Subject) {
    let mut event = fixture("create-launch-template");
    event["detail"]["requestParameters"]["CreateLaunchTemplateRequest"] = request;
    assert_eq!(parse(&event), Ok(Parsed::Trigger(called(EventName::CreateLaunchTemplate, expected))));
}

#[test]
fn a_template_version_is_known_by_its_response_alone() {
    let mut event = fixture("create-launch-template-version");
    event["detail"]["requestParameters"] = Value::Null;
    let expected = called(EventName::CreateLaunchTemplateVersion, template(TEMPLATE, Some("web")));
    assert_eq!(parse(&event), Ok(Parsed::Trigger(expected)));
}

#[rstest]
#[case::template_id_too_short(
    "create-launch-template-version",
    "/detail/requestParameters/CreateLaunchTemplateVersionRequest/LaunchTemplateId",
    "lt-1"
)]
#[case::template_name(
    "modify-launch-template-by-name",
    "/detail/requestParameters/ModifyLaunchTemplateRequest/LaunchTemplateName",
    "a b"
)]
#[case::image_id("copy-image", "/detail/responseElements/imageId", "ami-0a0a0a0a0a0a0a0a0,ami-1")]
fn what_is_no_id_is_refused(#[case] name: &str, #[case] pointer: &str, #[case] text: &str) {
    let mut event = fixture(name);
    *event.pointer_mut(pointer).unwrap() = text.into();
    let error = parse(&event).unwrap_err();
    assert_eq!(format!("/{}", error.field.replace('.', "/")), pointer);
    assert_eq!(error.found, format!("`{text}`"));
}
