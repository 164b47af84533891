//! Version 1, turned back on by somebody who may.

use v2only_sandbox::{HttpTokens, Toggle};
use v2only_tests::stage::{v1, v2};
use v2only_tests::{ENFORCE, REGION, SECOND, Setup};

use v2only_aws::launcher::Options;

#[test]
fn version_1_turned_back_on_is_turned_off_and_remembered() {
    let stage = Setup::default().open();
    let ids = stage.launch(v2());
    stage.pass(SECOND * 60);
    stage.people().turn_back(REGION, &ids[0]);
    let flipped = stage.published("ModifyInstanceMetadataOptions")[0]["detail"]["eventTime"].clone();
    stage.settle();
    assert_eq!(stage.tokens(&ids[0]), HttpTokens::Required);
    assert_eq!(stage.instance(&ids[0]).tags["v2only:reverted"], flipped.as_str().unwrap());
}

/// However old the instance is: somebody asked for version 1 by name.
#[test]
fn drift_does_not_wait_for_evidence() {
    let stage = Setup::default().open();
    let ids = stage.launch(v2());
    stage.aws.age_instance(v2only_tests::HOME, REGION, &ids[0], SECOND * 86_400 * 90);
    stage.pass(SECOND * 60);
    stage.people().turn_back(REGION, &ids[0]);
    stage.settle();
    assert_eq!(stage.tokens(&ids[0]), HttpTokens::Required);
}

#[test]
fn an_old_instance_that_is_only_seen_waits_for_evidence() {
    let stage = Setup::default().closed();
    let ids = stage.launch(v1());
    stage.pass(SECOND * 60);
    stage.aws.age_instance(v2only_tests::HOME, REGION, &ids[0], SECOND * 86_400 * 90);
    stage.install();
    let people = stage.people();
    people.stop(REGION, &ids[0]);
    stage.pass(SECOND * 60);
    people.start(REGION, &ids[0]);
    stage.pass(SECOND * 60);
    assert_eq!(stage.tokens(&ids[0]), HttpTokens::Optional);
    let story = stage.story(&ids[0]);
    assert!(story.iter().all(|it| it == "violation hold usage-gate held"), "{story:?}");
    assert!(story.len() >= 3, "stopped, started, running: {story:?}");
}

#[test]
fn drift_is_corrected_until_it_is_contested_and_then_reported() {
    let drift = "drift: { contested_after: 3, window_hours: 24, when_contested: report }";
    let stage = Setup::policy(&format!("{ENFORCE}{drift}\n")).open();
    let ids = stage.launch(v2());
    stage.pass(SECOND * 60);
    let people = stage.people();
    for flip in 1..=5 {
        people.turn_back(REGION, &ids[0]);
        stage.pass(SECOND * 120);
        let expected = if flip <= 3 { HttpTokens::Required } else { HttpTokens::Optional };
        assert_eq!(stage.tokens(&ids[0]), expected, "flip {flip}: {:#?}", stage.story(&ids[0]));
    }
    let story = stage.story(&ids[0]);
    assert_eq!(story.iter().filter(|it| *it == "violation act fixed").count(), 3, "{story:#?}");
    assert!(story.iter().any(|it| it == "violation hold contested held"), "{story:#?}");
    let contested: u64 =
        stage.lines().iter().filter(|it| it.is_metrics()).map(|it| it.0["Contested"].as_u64().unwrap()).sum();
    assert!(contested >= 1, "it is counted, so that it can raise an alarm");
}

#[test]
fn the_same_flip_delivered_again_and_again_counts_once() {
    let stage = Setup::default().open();
    let ids = stage.launch(v2());
    stage.pass(SECOND * 60);
    stage.people().turn_back(REGION, &ids[0]);
    let flip = stage.published("ModifyInstanceMetadataOptions").remove(0);
    stage.settle();
    for _ in 0..5 {
        stage.aws.bus().deliver(flip.clone());
        stage.settle();
    }
    assert_eq!(stage.instance(&ids[0]).tags["v2only:reverted"].split(' ').count(), 1);
    assert_eq!(stage.bill()["ec2:ModifyInstanceMetadataOptions"], 1);
}

/// There was nothing to enforce while the endpoint was off; now there is, and that is an event.
#[test]
fn an_endpoint_switched_on_again_is_closed_for_version_1_while_it_is_new() {
    let stage = Setup::default().open();
    let off = v2only_sandbox::MetadataRequest {
        http_endpoint: Some(Toggle::Disabled),
        ..v2only_sandbox::MetadataRequest::default()
    };
    let ids = stage.launch(v1().metadata(off));
    stage.pass(SECOND * 60);
    assert_eq!(stage.tokens(&ids[0]), HttpTokens::Optional);
    stage.people().set(REGION, &ids[0], Options { endpoint: Some("enabled"), ..Options::default() });
    stage.settle();
    let after = stage.instance(&ids[0]).metadata;
    assert_eq!((after.http_tokens, after.http_endpoint), (HttpTokens::Required, Toggle::Enabled));
}

/// The queue delivers the event of the flip again until the pause is over.
#[test]
fn contested_drift_is_closed_after_a_pause_and_counted() {
    let stage = Setup::default().open();
    let ids = stage.launch(v2());
    stage.pass(SECOND * 60);
    for flip in 1..=6 {
        stage.people().turn_back(REGION, &ids[0]);
        stage.pass(SECOND * 1800);
        assert_eq!(stage.tokens(&ids[0]), HttpTokens::Required, "flip {flip}: {:#?}", stage.story(&ids[0]));
    }
    let story = stage.story(&ids[0]);
    assert!(story.iter().any(|it| it.contains("waiting")), "{story:#?}");
    let contested: u64 =
        stage.lines().iter().filter(|it| it.is_metrics()).map(|it| it.0["Contested"].as_u64().unwrap()).sum();
    assert!(contested >= 3, "it is counted, so that it can raise an alarm");
}

/// Opened while the endpoint was disabled, which is compliant, and enabled later.
#[test]
fn an_old_instance_opened_behind_a_disabled_endpoint_is_closed_when_the_endpoint_is_enabled() {
    let stage = Setup::default().open();
    let ids = stage.launch(v2());
    stage.aws.age_instance(v2only_tests::HOME, REGION, &ids[0], SECOND * 86_400 * 20);
    stage.pass(SECOND * 60);
    let people = stage.people();
    people.set(REGION, &ids[0], Options { endpoint: Some("disabled"), tokens: Some("optional"), hops: None });
    stage.pass(SECOND * 3600);
    people.set(REGION, &ids[0], Options { endpoint: Some("enabled"), ..Options::default() });
    stage.settle();
    let after = stage.instance(&ids[0]).metadata;
    assert_eq!((after.http_tokens, after.http_endpoint), (HttpTokens::Required, Toggle::Enabled));
}
