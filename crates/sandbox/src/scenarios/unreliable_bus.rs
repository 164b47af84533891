//! Delivery of events: twice, late, out of order, not at all.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::{AMAZON_LINUX_2, Actor, Chaos, Config, LaunchSpec, Sandbox};

fn received(receiver: &mut UnboundedReceiver<Value>) -> Vec<Value> {
    std::iter::from_fn(|| receiver.try_recv().ok()).collect()
}

fn launch(sandbox: &Sandbox, count: i64) {
    let spec = LaunchSpec::of_image(AMAZON_LINUX_2).count(count);
    sandbox.launch_as("111122223333", "eu-west-1", &Actor::SpotService, spec).unwrap();
}

/// What was published and what arrived, under this chaos.
fn play(chaos: Chaos) -> (Vec<Value>, Vec<Value>) {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    sandbox.set_chaos(chaos);
    let mut receiver = sandbox.subscribe();
    launch(&sandbox, 50);
    sandbox.advance(Duration::from_secs(600));
    (sandbox.events(), received(&mut receiver))
}

fn ids(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["id"].as_str().unwrap()).collect()
}

#[test]
fn a_quiet_bus_delivers_everything_once_and_in_order() {
    let (published, arrived) = play(Chaos::default());
    assert_eq!(published, arrived);
    assert_eq!(published.len(), 50 * 3 + 1, "pending, running, fulfilled for each, and the call");
}

#[test]
fn a_chaotic_bus_loses_doubles_and_mixes() {
    let (published, lost) = play(Chaos { drop: 0.5, ..Chaos::default() });
    assert!(lost.len() < published.len() && !lost.is_empty());
    let (published, doubled) = play(Chaos { duplicate: 0.5, ..Chaos::default() });
    assert!(doubled.len() > published.len() && doubled.len() < 2 * published.len());
    let (published, mixed) = play(Chaos { reorder: 0.3, ..Chaos::default() });
    assert_ne!(published, mixed);
    let (mut before, mut after) = (ids(&published), ids(&mixed));
    before.sort_unstable();
    after.sort_unstable();
    assert_eq!(before, after, "all of them arrive, in another order");
}

#[test]
fn delayed_events_arrive_when_their_time_comes() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    sandbox.set_chaos(Chaos { delay: Duration::from_secs(120), ..Chaos::default() });
    let mut receiver = sandbox.subscribe();
    launch(&sandbox, 1);
    assert!(received(&mut receiver).is_empty());
    sandbox.advance(Duration::from_secs(300));
    assert_eq!(received(&mut receiver).len(), sandbox.events().len());
}

#[test]
fn a_test_may_deliver_events_of_its_own() {
    let sandbox = Sandbox::start(Config::default()).unwrap();
    let mut receiver = sandbox.subscribe();
    sandbox.bus().deliver(serde_json::json!({ "replay-name": "again" }));
    assert_eq!(received(&mut receiver).len(), 1);
    assert!(sandbox.events().is_empty());
}

#[test]
fn on_the_machines_clock_things_happen_by_themselves() {
    let mut config = Config { clock: crate::ClockMode::System, ..Config::default() };
    config.ec2.transition = Duration::from_millis(30);
    let sandbox = Sandbox::start(config).unwrap();
    let mut receiver = sandbox.subscribe();
    launch(&sandbox, 1);
    let mut states = Vec::new();
    while states.len() < 2 {
        let event = receiver.blocking_recv().unwrap();
        states.extend(event["detail"]["state"].as_str().map(str::to_owned));
    }
    assert_eq!(states, ["pending", "running"]);
}
