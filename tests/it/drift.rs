//! Version 1, turned back on by somebody who may.

use v2only_aws::launcher::Options;
use v2only_enforcer::policy_source::Location;
use v2only_sandbox::{HttpTokens, Toggle};
use v2only_tests::alone::{Alone, alone};
use v2only_tests::stage::{v1, v2};
use v2only_tests::{ENFORCE, HOME, REGION, SECOND, Setup};

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

/// Through the entry points of the library, because the functions go by the machine's clock. The queue delivers the event
/// of the flip again; after the pause that delivery closes IMDSv1.
#[test]
fn contested_drift_is_closed_after_a_pause() {
    let policy = Location::Inline(ENFORCE.to_owned());
    alone("drift::contested_drift_is_closed_after_a_pause", policy, |mut side| {
        let actor = v2only_sandbox::Actor::User("ana".to_owned());
        let id = side.aws.launch_as(HOME, REGION, &actor, v2()).unwrap().remove(0);
        let tokens = |side: &Alone| side.aws.instance(HOME, REGION, &id).unwrap().metadata.http_tokens;
        let flip = |side: &Alone| {
            let mut events = side.aws.subscribe();
            side.people().turn_back(REGION, &id);
            loop {
                let event = events.try_recv().unwrap();
                if event["detail"]["eventName"] == "ModifyInstanceMetadataOptions" {
                    return event;
                }
            }
        };
        for number in 1..=3 {
            side.pass(SECOND * 1800);
            let event = flip(&side);
            side.hand_over(&event).unwrap();
            assert_eq!(tokens(&side), HttpTokens::Required, "flip {number}");
        }
        side.pass(SECOND * 1800);
        let event = flip(&side);
        assert!(side.hand_over(&event).is_err(), "the event goes back to the queue");
        assert_eq!(tokens(&side), HttpTokens::Optional);
        assert_eq!(side.story(&id).last().unwrap(), "violation wait waiting");
        side.aws.advance(SECOND * 120);
        side.hand_over(&event).unwrap();
        assert_eq!(tokens(&side), HttpTokens::Required, "{:#?}", side.story(&id));
        let last = side.lines().last().unwrap();
        assert!(last.0["notes"].to_string().contains("contested"), "{last:?}");
    });
}

/// Opened while the endpoint was disabled, which is compliant, and enabled later.
#[test]
fn an_old_instance_opened_behind_a_disabled_endpoint_is_closed_when_the_endpoint_is_enabled() {
    let stage = Setup::default().open();
    let ids = stage.launch(v2());
    stage.aws.age_instance(v2only_tests::HOME, REGION, &ids[0], SECOND * 86_400 * 20);
    stage.pass(SECOND * 60);
    let people = stage.people();
    // Both before the function sees the first of them.
    people.turn_back(REGION, &ids[0]);
    people.set(REGION, &ids[0], Options { endpoint: Some("disabled"), ..Options::default() });
    stage.pass(SECOND * 120);
    people.set(REGION, &ids[0], Options { endpoint: Some("enabled"), ..Options::default() });
    stage.settle();
    let after = stage.instance(&ids[0]).metadata;
    assert_eq!((after.http_tokens, after.http_endpoint), (HttpTokens::Required, Toggle::Enabled));
}
