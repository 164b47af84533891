//! Launches, from the event to what AWS describes afterwards.

use serde_json::Value;
use v2only_sandbox::{
    Config, Ec2Config, HttpTokens, InstanceStateName, MetadataDefaults, MetadataOptions, MetadataRequest,
    OmittedField, Toggle,
};
use v2only_tests::stage::{v1, v2};
use v2only_tests::{ENFORCE, REGION, Route, SECOND, Setup, Stage};

const DESCRIBE: &str = "ec2:DescribeInstances";
const MODIFY: &str = "ec2:ModifyInstanceMetadataOptions";

/// `(DescribeInstances, ModifyInstanceMetadataOptions)`, and nothing else was called.
fn bill(stage: &Stage) -> (usize, usize) {
    let bill = stage.bill();
    let count = |action| bill.get(action).copied().unwrap_or_default();
    let (describe, modify) = (count(DESCRIBE), count(MODIFY));
    assert_eq!(bill.values().sum::<usize>(), describe + modify, "{bill:?}");
    (describe, modify)
}

fn ec2(change: impl FnOnce(&mut Ec2Config)) -> Setup {
    let mut setup = Setup::default();
    change(&mut setup.config.ec2);
    setup
}

#[test]
fn a_launch_is_fixed_through_rule_queue_and_function() {
    let stage = Setup::default().open();
    let ids = stage.launch(v1().count(2));
    assert_eq!(stage.tokens(&ids[0]), HttpTokens::Optional);
    stage.settle();
    for seen in stage.people().instances(REGION) {
        assert_eq!((seen.tokens.as_str(), seen.endpoint.as_str()), ("required", "enabled"), "{}", seen.id);
    }
    stage.pass(SECOND * 3600);
    assert_eq!((stage.waiting(), stage.dead().len()), (0, 0));
    assert_eq!(stage.story(&ids[0])[0], "violation act fixed");
}

#[test]
fn a_launch_is_fixed_straight_from_the_rule() {
    let stage = Setup { route: Route::Direct, ..Setup::default() }.open();
    let ids = stage.launch(v1());
    stage.settle();
    assert_eq!(stage.people().instances(REGION)[0].tokens, "required");
    stage.pass(SECOND * 3600);
    assert!(stage.wiring.ledger().given_up.is_empty());
    assert_eq!(stage.story(&ids[0])[0], "violation act fixed");
}

#[test]
fn every_option_the_policy_has_no_opinion_on_is_kept() {
    let stage = Setup::default().open();
    let asked = MetadataRequest {
        hop_limit: Some(5),
        http_protocol_ipv6: Some(Toggle::Enabled),
        instance_metadata_tags: Some(Toggle::Enabled),
        ..MetadataRequest::default()
    };
    let ids = stage.launch(v1().instance_type("t3.micro").metadata(asked));
    let before = stage.instance(&ids[0]).metadata;
    stage.settle();
    let after = stage.instance(&ids[0]).metadata;
    assert_eq!(after, MetadataOptions { http_tokens: HttpTokens::Required, ..before });
}

#[test]
fn what_the_policy_has_an_opinion_on_is_changed_in_the_same_call() {
    let rules = "instances:\n  hop_limit: { max: 2 }\n  ipv6_endpoint: disabled\n  metadata_tags: disabled\n";
    let stage = Setup::policy(&format!("{ENFORCE}{rules}")).closed();
    let asked = MetadataRequest {
        hop_limit: Some(5),
        http_protocol_ipv6: Some(Toggle::Enabled),
        instance_metadata_tags: Some(Toggle::Enabled),
        ..MetadataRequest::default()
    };
    let ids = stage.launch(v1().instance_type("t3.micro").metadata(asked));
    stage.invoke(&stage.ec2, &stage.published("RunInstances")[0]);
    assert_eq!(bill(&stage), (1, 1));
    let after = stage.instance(&ids[0]).metadata;
    assert_eq!((after.http_tokens, after.hop_limit), (HttpTokens::Required, 2));
    assert_eq!(
        (after.http_protocol_ipv6, after.instance_metadata_tags),
        (Toggle::Disabled, Toggle::Disabled)
    );
}

#[test]
fn an_endpoint_that_is_off_stays_off() {
    let stage = Setup::default().open();
    let asked = MetadataRequest { http_endpoint: Some(Toggle::Disabled), ..MetadataRequest::default() };
    let ids = stage.launch(v1().instance_type("t3.micro").metadata(asked));
    let before = stage.instance(&ids[0]).metadata;
    stage.pass(SECOND * 600);
    assert_eq!(stage.instance(&ids[0]).metadata, before);
    assert_eq!(stage.bill(), [].into(), "its launch record says so already");
    assert_eq!(stage.story(&ids[0])[0], "compliant nothing left");
}

#[test]
fn an_instance_of_a_service_is_reported_and_left() {
    for hidden in [false, true] {
        let stage = Setup::default().closed();
        let ids = stage.launch(v1().managed_by("eks.amazonaws.com"));
        stage.aws.set_managed(v2only_tests::HOME, REGION, &ids[0], "eks.amazonaws.com", hidden);
        stage.install();
        stage.replay();
        stage.pass(SECOND * 600);
        assert_eq!(bill(&stage).1, 0);
        let stories = stage.story(&ids[0]);
        assert!(stories.iter().all(|it| it == "violation hold managed held"), "{stories:?}");
        assert!(stage.lines().iter().any(|it| it.texts("reasons").contains("managed by eks.amazonaws.com")));
    }
}

#[test]
fn an_exempt_instance_is_not_touched() {
    let exemptions = "exemptions:\n  - match: { tag: { key: app, value: legacy } }\n    reason: vendor agent\n    \
                      until: 2099-12-31\n";
    let stage = Setup::policy(&format!("{ENFORCE}{exemptions}")).open();
    let tagged = v1()
        .tag("v2only:exempt-until", &v2only_tests::exemption_day())
        .tag("v2only:exempt-reason", "migration");
    let ids = [
        stage.launch(tagged),
        stage.launch(v1().tag("app", "legacy")),
        stage.launch(v1().tag("app", "shop")),
    ]
    .concat();
    stage.exempt(ids[..2].iter().cloned());
    stage.pass(SECOND * 600);
    assert_eq!(
        ids.iter().map(|id| stage.tokens(id)).collect::<Vec<_>>(),
        [HttpTokens::Optional, HttpTokens::Optional, HttpTokens::Required]
    );
    for id in &ids[..2] {
        assert!(stage.story(id).iter().all(|it| it == "exempt nothing left"), "{:?}", stage.story(id));
    }
}

#[test]
fn an_expired_exemption_exempts_nobody() {
    let stage = Setup::default().open();
    let over = v1().tag("v2only:exempt-until", "2020-12-31").tag("v2only:exempt-reason", "migration");
    let without_reason = v1().tag("v2only:exempt-until", &v2only_tests::exemption_day());
    let ids = [stage.launch(over), stage.launch(without_reason)].concat();
    stage.settle();
    for id in &ids {
        assert_eq!(stage.tokens(id), HttpTokens::Required);
    }
}

#[test]
fn a_compliant_launch_costs_no_call() {
    let stage = Setup::default().open();
    let ids = stage.launch(v2().count(3));
    stage.pass(SECOND * 600);
    assert_eq!(stage.bill(), [].into());
    let lines = stage.lines();
    assert_eq!(lines.iter().filter(|it| it.text("event") == "RunInstances").count(), 3);
    assert!(stage.story(&ids[0]).iter().all(|it| it == "compliant nothing left"));
}

#[test]
fn an_account_whose_default_is_version_2_leaves_nothing_to_do() {
    let stage = Setup::default().open();
    let required =
        MetadataDefaults { http_tokens: Some(HttpTokens::Required), ..MetadataDefaults::default() };
    stage.aws.set_metadata_defaults(v2only_tests::HOME, REGION, required);
    let ids = stage.launch(v1());
    stage.pass(SECOND * 600);
    assert_eq!((stage.bill(), stage.tokens(&ids[0])), ([].into(), HttpTokens::Required));
}

#[test]
fn k_violating_instances_of_an_event_cost_one_description_and_k_changes() {
    for k in [1, 3, 20] {
        let stage = Setup::default().closed();
        stage.launch(v1().count(k));
        let outcome = stage.invoke(&stage.ec2, &stage.published("RunInstances")[0]);
        assert!(outcome.response().is_some(), "{outcome:?}");
        assert_eq!(bill(&stage), (1, usize::try_from(k).unwrap()));
        assert!(stage.people().instances(REGION).iter().all(|it| it.tokens == "required"));
    }
}

#[test]
fn the_same_event_again_changes_nothing() {
    let stage = Setup::default().closed();
    stage.launch(v1().count(3));
    let event = &stage.published("RunInstances")[0];
    for describes in 1..=3 {
        stage.invoke(&stage.ec2, event);
        assert_eq!(bill(&stage), (describes, 3));
    }
}

/// CloudTrail leaves `responseElements` out above 100 KB, and does not say how that looks.
#[test]
fn a_launch_too_large_for_its_record_is_found_by_its_client_token() {
    for omitted in [OmittedField::Null, OmittedField::Missing] {
        let config = Config { omitted, ..Setup::default().config };
        let stage = Setup { config, ..Setup::default() }.closed();
        stage.launch(v1().count(60).client_token("a-large-launch"));
        let event = &stage.published("RunInstances")[0];
        match omitted {
            OmittedField::Null => assert_eq!(event["detail"].get("responseElements"), Some(&Value::Null)),
            OmittedField::Missing => assert_eq!(event["detail"].get("responseElements"), None),
        }
        stage.invoke(&stage.ec2, event);
        assert_eq!(bill(&stage), (1, 60), "{omitted:?}");
        assert!(stage.people().instances(REGION).iter().all(|it| it.tokens == "required"), "{omitted:?}");
    }
}

#[test]
fn an_instance_that_is_not_shown_yet_is_looked_for_until_it_is() {
    let stage = ec2(|it| it.visible_after = SECOND * 20).open();
    let ids = stage.launch(v1());
    stage.settle();
    assert_eq!(stage.waiting(), 1, "its message waits for its next delivery");
    assert_eq!(stage.story(&ids[0]), ["retry not-visible-yet"]);
    stage.pass(SECOND * 19);
    assert_eq!(stage.tokens(&ids[0]), HttpTokens::Optional);
    stage.pass(SECOND * 20);
    assert_eq!((stage.tokens(&ids[0]), stage.waiting()), (HttpTokens::Required, 0));
    assert_eq!(stage.dead(), [] as [String; 0]);
}

#[test]
fn an_instance_that_may_not_be_changed_while_it_is_pending_is_changed_later() {
    let stage = ec2(|it| it.modify_refused_in.push(InstanceStateName::Pending)).open();
    let ids = stage.launch(v1());
    stage.settle();
    assert_eq!(stage.story(&ids[0]), ["violation act retry wrong-state"]);
    stage.pass(SECOND * 120);
    assert_eq!((stage.tokens(&ids[0]), stage.waiting()), (HttpTokens::Required, 0));
    assert_eq!(stage.dead(), [] as [String; 0]);
}

#[test]
fn the_state_change_alone_is_enough() {
    let stage = Setup::default().closed();
    let ids = stage.launch(v1());
    stage.aws.advance(SECOND * 10);
    stage.invoke(&stage.ec2, &stage.published("EC2 Instance State-change Notification")[1]);
    assert_eq!((bill(&stage), stage.tokens(&ids[0])), ((1, 1), HttpTokens::Required));
}

#[test]
fn observe_mode_changes_nothing_and_says_what_it_would_do() {
    let stage = Setup::policy("version: 1\nmode: observe\n").open();
    let ids = stage.launch(v1());
    stage.pass(SECOND * 600);
    assert_eq!((bill(&stage).1, stage.tokens(&ids[0])), (0, HttpTokens::Optional));
    let line = stage.lines().into_iter().find(|it| it.is_record()).unwrap();
    assert_eq!(
        (line.brief().as_str(), line.text("step")),
        ("violation hold observe-mode held", "HttpTokens=required")
    );
}
