//! Faults on order.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::client::{Aws, OTHER, Reply, aws};
use crate::{AwsError, Effect, Fault, HttpTokens};

const MODIFY: &str = "ModifyInstanceMetadataOptions";

fn require(aws: &Aws, id: &str) -> Option<Reply> {
    let parameters = [("InstanceId", id), ("HttpTokens", "required"), ("HttpEndpoint", "enabled")];
    aws.try_query("ec2", "2016-11-15", MODIFY, &parameters)
}

fn is_v2(aws: &Aws, id: &str) -> bool {
    let instance = aws.sandbox.instance(aws.account, aws.region, id).unwrap();
    instance.metadata.http_tokens == HttpTokens::Required
}

fn internal() -> AwsError {
    AwsError::server("InternalError", "An internal error has occurred")
}

#[test]
fn an_error_before_the_effect_changes_nothing() {
    let aws = aws();
    let id = aws.running();
    aws.sandbox.inject(Fault::on("ec2", MODIFY, Effect::ErrorBefore(internal())).times(1));
    let failed = require(&aws, &id).unwrap();
    assert_eq!((failed.status, failed.code().as_str()), (500, "InternalError"));
    assert!(!is_v2(&aws, &id));
    require(&aws, &id).unwrap().ok();
    assert!(is_v2(&aws, &id));
}

#[test]
fn an_error_after_the_effect_hides_a_success() {
    let aws = aws();
    let id = aws.running();
    aws.sandbox.inject(Fault::on("ec2", MODIFY, Effect::ErrorAfter(internal())));
    assert_eq!(require(&aws, &id).unwrap().code(), "InternalError");
    assert!(is_v2(&aws, &id));
    assert_eq!(aws.sandbox.calls().last().unwrap().error.as_deref(), Some("InternalError"));
}

#[test]
fn a_connection_is_dropped_before_or_after_the_effect() {
    let aws = aws();
    let id = aws.running();
    aws.sandbox.inject(Fault::on("ec2", MODIFY, Effect::DropBefore).times(1));
    assert!(require(&aws, &id).is_none());
    assert!(!is_v2(&aws, &id));
    aws.sandbox.inject(Fault::on("ec2", MODIFY, Effect::DropAfter).times(1));
    assert!(require(&aws, &id).is_none());
    assert!(is_v2(&aws, &id));
    assert_eq!(aws.sandbox.calls().last().unwrap().error.as_deref(), Some("ConnectionDropped"));
}

#[test]
fn an_answer_can_be_held_back_for_ever() {
    let aws = aws();
    let id = aws.running();
    let before = *aws.sandbox.call_count().borrow();
    aws.sandbox.inject(Fault::on("ec2", MODIFY, Effect::HoldAfter));
    let aws = aws.impatient();
    assert!(require(&aws, &id).is_none(), "the client gave up");
    assert!(is_v2(&aws, &id));
    assert_eq!(*aws.sandbox.call_count().borrow(), before + 1);
    assert_eq!(aws.sandbox.calls().last().unwrap().error.as_deref(), Some("NoAnswer"));
}

#[test]
fn faults_meet_the_calls_they_are_for() {
    let aws = aws();
    let id = aws.running();
    let order = || Fault::on("ec2", MODIFY, Effect::ErrorBefore(internal()));
    aws.sandbox.inject(order().in_account(OTHER));
    aws.sandbox.inject(order().in_region("us-east-1"));
    aws.sandbox.inject(Fault::on("ec2", "StopInstances", Effect::ErrorBefore(internal())));
    aws.sandbox.inject(order().from_call(2).times(2));
    let statuses: Vec<u16> = (0..4).map(|_| require(&aws, &id).unwrap().status).collect();
    assert_eq!(statuses, [200, 500, 500, 200]);
    aws.sandbox.clear_faults();
    aws.ec2("StopInstances", &[("InstanceId.1", &id)]).ok();
}

#[test]
fn chances_come_from_the_seed() {
    let outcomes = || {
        let aws = aws();
        aws.sandbox.inject(Fault::anywhere(Effect::ErrorBefore(internal())).chance(0.5));
        (0..20).map(|_| aws.ec2("DescribeRegions", &[]).status).collect::<Vec<u16>>()
    };
    let first = outcomes();
    assert!(first.contains(&200) && first.contains(&500), "{first:?}");
    assert_eq!(first, outcomes());
}

#[test]
fn latency_is_real_time() {
    let aws = aws();
    aws.sandbox.inject(Fault::anywhere(Effect::Latency(Duration::from_millis(80))).times(1));
    let start = Instant::now();
    aws.ec2("DescribeRegions", &[]).ok();
    assert!(start.elapsed() >= Duration::from_millis(80));
}

#[test]
fn a_test_can_act_after_the_nth_call_and_before_its_answer() {
    let aws = aws();
    let id = aws.running();
    let seen = Arc::new(AtomicU64::new(0));
    let (tell, told) = mpsc::channel();
    let counter = Arc::clone(&seen);
    aws.sandbox.on_call(move |call| {
        if call.action == MODIFY && counter.fetch_add(1, Ordering::SeqCst) == 1 {
            tell.send(call.request_id.clone()).unwrap();
        }
    });
    let first = require(&aws, &id).unwrap().text("requestId");
    let second = require(&aws, &id).unwrap().text("requestId");
    assert_ne!(first, second);
    assert_eq!(told.try_recv().unwrap(), second, "told before the answer came");
}
