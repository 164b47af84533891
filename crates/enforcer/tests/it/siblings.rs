//! New launches beside running instances that still use version 1.

use v2only_enforcer::Kind;
use v2only_policy::ImageId;
use v2only_policy::instance::{GROUP_TAG, HttpTokens, InstanceState, TEMPLATE_TAG};

use crate::fake::World;
use crate::instances::{ENFORCE, again, app, batch, handle, launch};
use crate::sweep::{Deployed, SweepOutput};

const SIBLINGS: &str = "version: 1\nmode: enforce\ninstances: { usage_gate: { applies_to: siblings } }\n";
const NEW: &str = "i-000000001";
const OLD: &str = "i-000000002";

/// An instance that was just launched, and one that runs for long, in the same group.
fn group(world: &mut World, calls: u64) {
    for id in [NEW, OLD] {
        let it = world.instance(id);
        it.tags.insert(GROUP_TAG.to_owned(), "web".to_owned());
        it.tags.insert(TEMPLATE_TAG.to_owned(), "lt-0000000000000000a".to_owned());
    }
    world.instance(NEW).state = InstanceState::Pending;
    world.version_1_calls.insert(OLD.to_owned(), calls);
}

#[tokio::test]
async fn a_launch_of_a_group_that_still_uses_version_1_is_held() {
    let app = app(SIBLINGS, |world| group(world, 3));
    let (said, reply) = handle(&app, batch(&[launch(&[NEW], "optional")])).await;
    assert_eq!(said, [format!("{NEW} held")]);
    assert!(again(&reply).is_empty());
    assert_eq!(app.ports.tokens(NEW), HttpTokens::Optional);
}

#[tokio::test]
async fn a_launch_of_a_quiet_group_is_fixed_and_many_of_them_ask_once() {
    let app = app(SIBLINGS, |world| {
        group(world, 0);
        for id in ["i-000000003", "i-000000004"] {
            *world.instance(id) = v2only_policy::Instance {
                id: v2only_policy::InstanceId::parse(id).unwrap(),
                ..world.instance(NEW).clone()
            };
        }
    });
    let launched = launch(&[NEW, "i-000000003", "i-000000004"], "optional");
    let (said, _) = handle(&app, batch(&[launched])).await;
    assert_eq!(said, [NEW, "i-000000003", "i-000000004"].map(|id| format!("{id} fixed")));
    let calls = app.ports.calls();
    let count = |action: &str| calls.iter().filter(|it| it.starts_with(action)).count();
    // The launches, and the group.
    assert_eq!((count("ec2:DescribeInstances"), count("cloudwatch:GetMetricData")), (2, 1), "{calls:?}");
}

#[tokio::test]
async fn without_a_group_the_template_decides_and_without_both_the_image() {
    let image = || Some(ImageId::parse("ami-0000000000000000a").unwrap());
    for (tag, calls, outcome) in [(true, 3, "held"), (false, 3, "held"), (false, 0, "fixed")] {
        let app = app(SIBLINGS, |world| {
            for id in [NEW, OLD] {
                let it = world.instance(id);
                it.image = image();
                if tag {
                    it.tags.insert(TEMPLATE_TAG.to_owned(), "lt-0000000000000000a".to_owned());
                }
            }
            world.instance(NEW).state = InstanceState::Pending;
            world.version_1_calls.insert(OLD.to_owned(), calls);
        });
        let (said, _) = handle(&app, launch(&[NEW], "optional")).await;
        assert_eq!(said, [format!("{NEW} {outcome}")], "template {tag}, {calls} calls");
    }
}

#[tokio::test]
async fn siblings_that_cannot_be_read_hold_a_launch_or_bring_it_back() {
    for (kind, outcome, back) in [(Kind::Denied, "held", 0), (Kind::Throttled, "retry", 1)] {
        let app = app(SIBLINGS, |world| {
            group(world, 0);
            world.failures.insert("cloudwatch:GetMetricData", vec![kind]);
        });
        let (said, reply) = handle(&app, batch(&[launch(&[NEW], "optional")])).await;
        assert_eq!(said, [format!("{NEW} {outcome}")]);
        assert_eq!(again(&reply).len(), back, "{kind:?}");
        assert_eq!(app.ports.tokens(NEW), HttpTokens::Optional);
    }
}

/// No data is not zero: the data of an instance comes minutes late. Neither is a part of the data.
#[tokio::test]
async fn a_running_sibling_without_complete_data_holds_a_launch() {
    for has_data in [true, false] {
        let app = app(SIBLINGS, |world| {
            group(world, 0);
            world.counts_in_part = has_data;
            if !has_data {
                world.version_1_calls.remove(OLD);
            }
        });
        let (said, reply) = handle(&app, batch(&[launch(&[NEW], "optional")])).await;
        assert_eq!(said, [format!("{NEW} held")], "{has_data}");
        assert!(again(&reply).is_empty());
        assert_eq!(app.ports.tokens(NEW), HttpTokens::Optional);
    }
}

/// A sibling that requires tokens publishes no `MetadataNoToken`.
#[tokio::test]
async fn a_running_sibling_that_requires_tokens_needs_no_data() {
    let app = app(SIBLINGS, |world| {
        group(world, 0);
        world.version_1_calls.remove(OLD);
        world.instance(OLD).options.http_tokens = HttpTokens::Required;
    });
    let (said, _) = handle(&app, launch(&[NEW], "optional")).await;
    assert_eq!(said, [format!("{NEW} fixed")]);
    assert!(!app.ports.calls().iter().any(|it| it.starts_with("cloudwatch:")));
}

/// The event of the launch was lost.
#[tokio::test]
async fn a_sweep_asks_the_siblings_of_a_new_launch_as_well() {
    for (calls, outcome) in [(3, "held"), (0, "fixed")] {
        let deployed = Deployed::new(SIBLINGS, |world| {
            group(world, calls);
            world.instance(OLD).options.http_tokens = HttpTokens::Optional;
            world.instance(OLD).created_at = Some("2020-01-01T00:00:00Z".parse().unwrap());
        });
        let mut told = SweepOutput::default();
        deployed.drain(r#"{"task": "sweep", "only": "instances"}"#, &mut told).await;
        assert!(told.resources(outcome).contains(&NEW.to_owned()), "{calls}: {:?}", told.lines);
    }
}

#[tokio::test]
async fn other_policies_do_not_ask_about_siblings() {
    let app = app(ENFORCE, |world| group(world, 3));
    let (said, _) = handle(&app, launch(&[NEW], "optional")).await;
    assert_eq!(said, [format!("{NEW} fixed")]);
    assert_eq!(app.ports.calls().len(), 2, "one description, one change");
}
