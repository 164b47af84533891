//! `RunInstances`.

use crate::support::*;
use rstest::rstest;
use serde_json::{Value, json};
use v2only_events::{EventName, Launched, Malformed, Parsed, RequestedOptions, Subject, Trigger, parse};
use v2only_policy::HttpTokens::{Optional, Required, Unknown};
use v2only_policy::{HttpTokens, Switch};

fn launch(instances: Vec<Launched>, requested: RequestedOptions) -> Trigger {
    called(EventName::RunInstances, Subject::Launched { instances, requested })
}

fn unnamed(client_token: Option<&str>, at_least: u32, requested: RequestedOptions) -> Trigger {
    let client_token = client_token.map(str::to_owned);
    called(EventName::RunInstances, Subject::LaunchedUnnamed { client_token, at_least, requested })
}

/// Nothing but an image was asked for.
fn image() -> RequestedOptions {
    RequestedOptions { image: Some(IMAGE.to_owned()), ..RequestedOptions::default() }
}

fn template(name: &str, version: &str) -> RequestedOptions {
    RequestedOptions {
        launch_template: Some(name.to_owned()),
        launch_template_version: Some(version.to_owned()),
        ..RequestedOptions::default()
    }
}

fn one_optional() -> Vec<Launched> {
    vec![launched(A, Optional, 2)]
}

#[rstest]
#[case::the_record_says_required(
    "run-instances-required",
    launch(
        vec![Launched { tags: Some(tags(&[("app", "shop")])), ..launched(A, Required, 2) }],
        RequestedOptions {
            http_tokens: Some(Required),
            http_endpoint: Some(Switch::Enabled),
            hop_limit: Some(2),
            ..image()
        },
    )
)]
#[case::two_without_tags(
    "run-instances-optional-two",
    launch(
        vec![
            Launched { tags: Some(tags(&[])), ..launched(A, Optional, 1) },
            Launched { tags: Some(tags(&[])), ..launched(B, Optional, 1) },
        ],
        image(),
    )
)]
#[case::the_endpoint_is_disabled(
    "run-instances-endpoint-disabled",
    launch(
        vec![Launched { http_endpoint: Some(Switch::Disabled), ..launched(A, Optional, 2) }],
        RequestedOptions { http_endpoint: Some(Switch::Disabled), ..image() },
    )
)]
#[case::by_auto_scaling(
    "run-instances-auto-scaling",
    Trigger {
        actor: Some(session_of_service("AWSServiceRoleForAutoScaling", "AutoScaling", "autoscaling.amazonaws.com")),
        ..launch(
            vec![Launched {
                tags: Some(tags(&[("aws:autoscaling:groupName", "web")])),
                ..launched(A, Optional, 2)
            }],
            template("lt-0123456789abcdef0", "4"),
        )
    }
)]
#[case::by_ec2_fleet_for_a_role(
    "run-instances-ec2-fleet",
    Trigger {
        actor: Some(session_of_service("Karpenter", "1762000000", "ec2fleet.amazonaws.com")),
        ..launch(one_optional(), template("karpenter", "$Latest"))
    }
)]
#[case::by_spot(
    "run-instances-spot",
    Trigger {
        actor: Some(session_of_service("AWSServiceRoleForEC2Spot", "EC2Spot", "spot.amazonaws.com")),
        ..launch(vec![launched(A, Optional, 1)], image())
    }
)]
#[case::managed_by_a_service(
    "run-instances-managed",
    launch(
        vec![Launched { managed_by: Some("eks.amazonaws.com".to_owned()), ..launched(A, Optional, 2) }],
        image(),
    )
)]
#[case::error_code_null_is_no_error("run-instances-error-code-null", launch(one_optional(), image()))]
#[case::numbers_as_text_and_a_list_of_one_as_object(
    "run-instances-numbers-as-text",
    launch(
        vec![launched(A, Optional, 64)],
        RequestedOptions { http_tokens: Some(Optional), hop_limit: Some(64), ..image() },
    )
)]
#[case::replayed(
    "run-instances-replayed",
    Trigger { replay: Some("after-the-outage".to_owned()), ..launch(one_optional(), image()) }
)]
#[case::twice_the_same_is_once_in_order(
    "run-instances-twice-the-same",
    launch(vec![launched(B, Required, 2), launched(A, Required, 2)], image())
)]
#[case::twice_and_different_is_not_believed(
    "run-instances-twice-and-different",
    launch(vec![Launched::unknown(id(A))], image())
)]
fn a_launch_names_its_instances(#[case] name: &str, #[case] expected: Trigger) {
    assert_eq!(trigger(name), expected);
}

#[rstest]
#[case::null("run-instances-oversized", unnamed(Some("token-1"), 60, image()))]
#[case::absent_with_the_request(
    "run-instances-oversized-both",
    unnamed(None, 1, RequestedOptions::default())
)]
#[case::without_items("run-instances-empty-set", unnamed(Some("token-1"), 1, image()))]
fn a_launch_without_instances_in_its_record_is_still_a_launch(#[case] name: &str, #[case] expected: Trigger) {
    assert_eq!(trigger(name), expected);
}

#[test]
fn a_record_without_an_envelope_and_without_metadata_options() {
    let trigger = trigger("run-instances-before-imds-options");
    let known = Launched { image: Some(IMAGE.to_owned()), ..Launched::unknown(id("i-784cdacd")) };
    let mut expected = launch(vec![known], image());
    expected.actor.clone_from(&trigger.actor);
    assert_eq!(trigger, expected);
    assert_eq!(trigger.actor.unwrap().to_string(), "Auto Scaling (autoscaling.amazonaws.com)");
}

fn unreadable(index: usize, found: &str) -> Malformed {
    Malformed {
        field: format!("detail.responseElements.instancesSet.items[{index}].instanceId"),
        expected: "an EC2 instance id such as `i-0123456789abcdef0`".to_owned(),
        found: found.to_owned(),
    }
}

#[test]
fn unreadable_instances_are_reported_beside_the_good_ones() {
    let expected = Trigger {
        unreadable: vec![unreadable(1, "missing"), unreadable(2, "`instance-7`")],
        ..launch(vec![launched(A, Required, 2), launched(B, Optional, 2)], image())
    };
    assert_eq!(trigger("run-instances-unreadable-beside-good"), expected);
}

#[test]
fn a_launch_with_unreadable_instances_only_is_one_without_names() {
    let expected = Trigger {
        unreadable: vec![unreadable(0, "`i-`"), unreadable(1, "null")],
        ..unnamed(Some("token-1"), 2, image())
    };
    assert_eq!(trigger("run-instances-none-readable"), expected);
}

/// A word that is not known is not silence, and nothing may be concluded from either.
#[rstest]
#[case(json!("required"), Some(Required))]
#[case(json!("optional"), Some(Optional))]
#[case(json!("Required"), Some(Unknown))]
#[case(json!(true), Some(Unknown))]
#[case(json!(null), None)]
#[case(json!(""), None)]
fn only_the_exact_word_says_required(#[case] word: Value, #[case] expected: Option<HttpTokens>) {
    let mut event = fixture("run-instances-required");
    *event.pointer_mut("/detail/responseElements/instancesSet/items/0/metadataOptions/httpTokens").unwrap() =
        word;
    let Ok(Parsed::Trigger(Trigger { subject: Subject::Launched { instances, .. }, .. })) = parse(&event)
    else {
        panic!("no launch")
    };
    assert_eq!(instances[0].http_tokens, expected);
}

#[rstest]
#[case(json!("disabled"), Some(Switch::Disabled))]
#[case(json!("enabled"), Some(Switch::Enabled))]
#[case(json!("off"), Some(Switch::Unknown))]
#[case(json!(null), None)]
fn only_the_exact_word_says_disabled(#[case] word: Value, #[case] expected: Option<Switch>) {
    let mut event = fixture("run-instances-required");
    *event
        .pointer_mut("/detail/responseElements/instancesSet/items/0/metadataOptions/httpEndpoint")
        .unwrap() = word;
    let Ok(Parsed::Trigger(Trigger { subject: Subject::Launched { instances, .. }, .. })) = parse(&event)
    else {
        panic!("no launch")
    };
    assert_eq!(instances[0].http_endpoint, expected);
}

#[rstest]
#[case::space_and_no_zone("2026-11-01 10:05:00", Some("2026-11-01T10:05:00Z"))]
#[case::another_zone("2026-11-01T11:05:00+01:00", Some("2026-11-01T10:05:00Z"))]
#[case::unreadable_gives_that_of_the_envelope("yesterday", Some("2026-11-01T10:05:07Z"))]
fn a_time_is_read_as_aws_and_databases_write_it(#[case] time: &str, #[case] expected: Option<&str>) {
    let mut event = fixture("run-instances-required");
    event["detail"]["eventTime"] = time.into();
    let Ok(Parsed::Trigger(trigger)) = parse(&event) else { panic!("no trigger") };
    assert_eq!(trigger.time, expected.map(|time| time.parse().unwrap()));
}

#[test]
fn an_empty_error_code_is_no_error() {
    let mut event = fixture("run-instances-error-code-null");
    event["detail"]["errorCode"] = "".into();
    assert_eq!(parse(&event), parse(&fixture("run-instances-error-code-null")));
}

#[rstest]
#[case(json!(0), 1)]
#[case(json!("7"), 7)]
#[case(json!(-1), 1)]
#[case(json!(null), 1)]
fn a_launch_without_names_is_of_one_at_least(#[case] count: Value, #[case] expected: u32) {
    let mut event = fixture("run-instances-oversized");
    event["detail"]["requestParameters"]["instancesSet"]["items"][0]["minCount"] = count;
    assert_eq!(parse(&event), Ok(Parsed::Trigger(unnamed(Some("token-1"), expected, image()))));
}

/// The Regions in China have a suffix of their own.
#[test]
fn a_service_is_known_in_every_partition() {
    let mut event = fixture("run-instances-required");
    event["detail"]["eventSource"] = "ec2.amazonaws.com.cn".into();
    assert_eq!(parse(&event), parse(&fixture("run-instances-required")));
}

/// A tag that the launch itself asked for did not come from its launch template.
#[rstest]
#[case::of_instances(json!([{"resourceType": "instance", "tags": [{"key": "v2only:exempt-until", "value": "2026-12-31"}]}]), true)]
#[case::of_volumes(json!([{"resourceType": "volume", "tags": [{"key": "v2only:exempt-until", "value": "2026-12-31"}]}]), false)]
#[case::another_tag(json!([{"resourceType": "instance", "tags": [{"key": "Name", "value": "web"}]}]), false)]
#[case::none(json!([]), false)]
fn an_exemption_tag_that_the_launch_asked_for_is_known(#[case] specifications: Value, #[case] asked: bool) {
    let mut event = fixture("run-instances-required");
    event["detail"]["requestParameters"]["tagSpecificationSet"] = json!({ "items": specifications });
    let Ok(Parsed::Trigger(trigger)) = parse(&event) else { panic!("no trigger") };
    let Subject::Launched { requested, .. } = trigger.subject else { panic!("{:?}", trigger.subject) };
    assert_eq!(requested.exemption_tag, asked);
}
