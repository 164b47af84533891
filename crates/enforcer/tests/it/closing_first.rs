//! IMDSv1 is closed whatever else fails: tags, options beside the tokens, changes without effect.

use v2only_enforcer::invocation::{Invocation, handle_ec2};
use v2only_enforcer::record::Posture;
use v2only_enforcer::{Kind, LogEntry};
use v2only_policy::instance::{HttpTokens, Switch};
use v2only_policy::{MetadataOption, SwitchOption};

use crate::fake::{NOW, World, now};
use crate::instances::{ENFORCE, again, app, batch, handle, launch, modified};

const ID: &str = "i-00000001";
const MODIFY: &str = "ec2:ModifyInstanceMetadataOptions i-00000001";
const HISTORY: &str = "cloudtrail:LookupEvents i-00000001";
const TAG: &str = "ec2:CreateTags i-00000001";
const OPINIONS: &str =
    "version: 1\nmode: enforce\ninstances: { hop_limit: { exactly: 2 }, ipv6_endpoint: enabled }\n";

fn open_instance(world: &mut World) {
    world.instance(ID);
}

/// A flip, with `CreateTags` failing once: the calls of both deliveries, and whether the first one is retried.
async fn flip(kind: Kind) -> (Vec<String>, bool, Vec<String>) {
    let app = app(ENFORCE, |world| {
        open_instance(world);
        world.failures.insert("ec2:CreateTags", vec![kind]);
    });
    let event = batch(&[modified(ID, Some("optional"), NOW)]);
    let (records, reply) = handle(&app, event.clone()).await;
    assert_eq!(app.ports.tokens(ID), HttpTokens::Required, "{kind:?} keeps IMDSv1 open");
    assert_eq!(records, ["i-00000001 fixed"]);
    let first = app.ports.calls().len();
    let retried = !again(&reply).is_empty();
    let (_, reply) = handle(&app, event).await;
    assert!(again(&reply).is_empty());
    let calls = app.ports.calls();
    let (before, after) = calls.split_at(first);
    (before.to_vec(), retried, after.to_vec())
}

#[tokio::test]
async fn a_failed_tag_never_keeps_v1_open_and_only_the_tag_is_retried() {
    for kind in [Kind::Throttled, Kind::Unavailable] {
        let (first, retried, second) = flip(kind).await;
        let postponed = "sqs:ChangeMessageVisibility r-0=40s";
        assert_eq!(first, ["ec2:DescribeInstances 1", HISTORY, MODIFY, TAG, postponed]);
        assert!(retried, "{kind:?}");
        assert_eq!(second, ["ec2:DescribeInstances 1", TAG], "{kind:?}: only the tag is written");
    }
    for kind in [Kind::Refused, Kind::Denied, Kind::Invalid] {
        let (first, retried, _) = flip(kind).await;
        assert_eq!(first, ["ec2:DescribeInstances 1", HISTORY, MODIFY, TAG]);
        assert!(!retried, "{kind:?}: another try fails as well");
    }
}

/// The flip is remembered once it is corrected: the tag says so.
#[tokio::test]
async fn a_flip_whose_correction_is_tried_again_is_not_tagged_yet() {
    for (kind, tagged) in [(Kind::Throttled, false), (Kind::Denied, true)] {
        let app = app(ENFORCE, |world| {
            open_instance(world);
            world.failures.insert("ec2:ModifyInstanceMetadataOptions", vec![kind]);
        });
        handle(&app, batch(&[modified(ID, Some("optional"), NOW)])).await.1.unwrap();
        assert_eq!(app.ports.calls().iter().any(|it| it == TAG), tagged, "{kind:?}");
    }
}

/// AWS refuses all options in one call, and sets the hop limit alone or not. The other option follows.
#[tokio::test]
async fn an_option_that_aws_accepted_and_did_not_set_makes_the_change_fail() {
    for (ignored, outcome) in [(None, "fixed"), (Some(MetadataOption::HopLimit), "retry")] {
        let app = app(OPINIONS, |world| {
            open_instance(world);
            world.ignores = ignored;
            world.failures.insert("ec2:ModifyInstanceMetadataOptions", vec![Kind::Invalid]);
        });
        let mut said = Vec::new();
        let mut log = |entry: LogEntry<'_>| {
            if let LogEntry::Record(it) = entry {
                said.push((it.outcome.code(), it.request_id.clone(), it.after));
            }
        };
        let invocation = Invocation { now: &now, deadline: None, log: &mut log };
        handle_ec2(batch(&[launch(&[ID], "optional")]), &app, invocation).await.unwrap();
        let options = app.ports.0.lock().unwrap().instances[ID].options;
        let (code, request_id, after) = said.remove(0);
        assert_eq!((code, options.http_tokens), (outcome, HttpTokens::Required));
        // The description, all, the tokens, the hop limit, and IPv6.
        let last = if ignored.is_some() { "req-4" } else { "req-5" };
        assert_eq!(request_id.as_deref(), Some(last));
        let Some(Posture::Options(after)) = after else { panic!("{after:?}") };
        assert_eq!(after.switches[SwitchOption::Ipv6Endpoint], Switch::Enabled, "as AWS answered last");
    }
}

#[tokio::test]
async fn a_refused_side_option_is_reported_and_the_others_are_set() {
    for words in ["The parameter HttpProtocolIpv6 is not recognized", "The request is invalid"] {
        let app = app(OPINIONS, |world| {
            open_instance(world);
            world.refuses = Some((MetadataOption::Switch(SwitchOption::Ipv6Endpoint), words));
        });
        let (records, reply) = handle(&app, batch(&[launch(&[ID], "optional")])).await;
        assert_eq!(records, ["i-00000001 failed"]);
        assert!(again(&reply).is_empty(), "another try is refused as well");
        let options = app.ports.0.lock().unwrap().instances[ID].options;
        assert_eq!((options.http_tokens, options.hop_limit), (HttpTokens::Required, Some(2)), "{words}");
        assert_eq!(options.switches[SwitchOption::Ipv6Endpoint], Switch::Disabled);
        let calls = app.ports.calls();
        assert_eq!(calls.iter().filter(|it| *it == MODIFY).count(), 4, "all, tokens, hop limit, IPv6");
        // Our own changes raise events: the refused option alone is asked for once more, without any effect.
        let (_, reply) = handle(&app, batch(&[modified(ID, Some("required"), NOW)])).await;
        assert!(again(&reply).is_empty());
        assert_eq!(app.ports.calls().len() - calls.len(), 2, "{:?}", app.ports.calls());
    }
}

#[tokio::test]
async fn a_refusal_that_names_the_tokens_is_not_asked_for_again() {
    let app = app(OPINIONS, |world| {
        open_instance(world);
        world.refuses = Some((MetadataOption::HopLimit, "HttpTokens cannot be changed"));
    });
    let (_, reply) = handle(&app, batch(&[launch(&[ID], "optional")])).await;
    assert!(again(&reply).is_empty());
    assert_eq!(app.ports.calls(), ["ec2:DescribeInstances 1", MODIFY]);
}

#[tokio::test]
async fn an_option_that_aws_does_not_describe_is_never_set() {
    let app = app(OPINIONS, |world| {
        let options = &mut world.instance(ID).options;
        options.switches[SwitchOption::Ipv6Endpoint] = Switch::Unknown;
        options.hop_limit = Some(2);
    });
    let (records, _) = handle(&app, batch(&[launch(&[ID], "optional")])).await;
    assert_eq!(records, ["i-00000001 fixed"]);
    let (records, _) = handle(&app, batch(&[modified(ID, Some("required"), NOW)])).await;
    assert_eq!(records, ["i-00000001 left"], "our own change leads to no other");
    assert_eq!(app.ports.calls().iter().filter(|it| *it == MODIFY).count(), 1);
}

#[tokio::test]
async fn a_change_that_had_no_effect_is_not_repeated_for_its_own_event() {
    let app = app(ENFORCE, |world| {
        open_instance(world);
        world.ignores_changes = true;
    });
    let (_, reply) = handle(&app, batch(&[launch(&[ID], "optional")])).await;
    assert!(again(&reply).is_empty());
    let (records, _) = handle(&app, batch(&[modified(ID, Some("required"), NOW)])).await;
    assert_eq!(records, ["i-00000001 held"]);
    assert_eq!(app.ports.calls().iter().filter(|it| *it == MODIFY).count(), 1);
    // Somebody's flip is something else, in the same batch as well.
    let both = [modified(ID, Some("required"), NOW), modified(ID, Some("optional"), NOW)];
    let (_, reply) = handle(&app, batch(&both)).await;
    assert!(again(&reply).is_empty());
    assert_eq!(app.ports.calls().iter().filter(|it| *it == MODIFY).count(), 2);
}
