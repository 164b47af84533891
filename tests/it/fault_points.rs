//! Every single call as the one at which things go wrong: the function killed right after its effect, or the
//! connection cut before or after it. The queue delivers again, and it ends as if nothing had happened.
//!
//! The SDK's own tries are off, so that the queue has to retry it; at the end of the file they are on, as
//! they are where the functions are deployed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;
use v2only_sandbox::sagemaker::{Notebooks, Seed, Status};
use v2only_sandbox::{Actor, ActorCall, Effect, Fault, MetadataOptions, MetadataRequest, Toggle};
use v2only_tests::stage::{v1, v2};
use v2only_tests::{HOME, REGION, SECOND, Setup, Stage};

/// A scenario, ready to be let loose: everything has happened, and no event was delivered yet.
type Scenario = fn(Setup) -> Stage;

/// What is left at the end.
#[derive(Debug, PartialEq)]
struct Ending {
    /// By order of launch, because ids differ from one run to the next.
    instances: Vec<(MetadataOptions, Option<usize>)>,
    /// Version, status, starts and tags; what counts updates may count one twice.
    notebooks: BTreeMap<String, (Option<String>, Status, u32, Vec<String>)>,
    waiting: usize,
    dead: Vec<String>,
}

/// Three violating launches, one compliant that somebody turned back, one exempt, one switched off.
fn instances(setup: Setup) -> Stage {
    let stage = setup.closed();
    stage.launch(v1().count(3));
    let flipped = stage.launch(v2());
    let exempt = v1()
        .tag("v2only:exempt-until", &v2only_tests::exemption_day())
        .tag("v2only:exempt-reason", "migration");
    stage.exempt(stage.launch(exempt));
    let off = MetadataRequest { http_endpoint: Some(Toggle::Disabled), ..MetadataRequest::default() };
    stage.launch(v1().metadata(off));
    stage.people().turn_back(REGION, &flipped[0]);
    stage
}

/// A new notebook that is stopped, updated and started; and one that its owner stopped.
fn notebooks(setup: Setup) -> Stage {
    let stage = setup.closed();
    stage.people().create_notebook(REGION, "fresh", Some("1"));
    // Elsewhere, because the functions pace their calls by place, in real time.
    let elsewhere = v2only_sandbox::Place::new(HOME, "eu-west-1");
    stage.aws.notebooks().add(&elsewhere, Seed::new("stopped").status(Status::Stopping));
    stage
}

/// The same in an account that has to be entered first.
fn elsewhere(setup: Setup) -> Stage {
    let stage = setup.cross_account().closed();
    stage.launch_at(v2only_tests::MEMBER, REGION, v1().count(2));
    stage
}

fn ending(stage: &Stage) -> Ending {
    let flips = |instance: &v2only_sandbox::InstanceView| {
        instance.tags.get("v2only:reverted").map(|text| text.split(' ').count())
    };
    let accounts = [HOME, v2only_tests::MEMBER];
    let all = accounts.iter().flat_map(|it| stage.aws.instances(it, REGION));
    let notebooks = stage.aws.notebooks().all().into_iter().map(|notebook| {
        let tags = notebook.tags.into_keys().filter(|it| it != "v2only:updated").collect();
        (notebook.name, (notebook.minimum_version, notebook.status, notebook.starts, tags))
    });
    Ending {
        instances: all.map(|it| (it.metadata, flips(&it))).collect(),
        notebooks: notebooks.collect(),
        waiting: stage.waiting(),
        dead: stage.dead(),
    }
}

/// Lets 15 minutes pass for the functions, whose clock does not follow that of the sandbox: a start that was announced and not
/// made waits until CloudTrail would show it.
pub fn age_announced_starts(stage: &Stage) {
    let mut is_waiting = false;
    for notebook in stage.aws.notebooks().all() {
        let mark = notebook.tags.get("v2only:restart").and_then(|it| it.strip_prefix("starting "));
        let Some(at) = mark.map(|it| it.parse::<Timestamp>().unwrap()) else { continue };
        is_waiting = true;
        let place = &notebook.place;
        let earlier = at - jiff::SignedDuration::from_mins(15);
        let tags = json!([{"Key": "v2only:restart", "Value": format!("starting {earlier}")}]);
        let arn = Notebooks::arn(place, &notebook.name);
        let call = ActorCall::new(&place.account, &place.region, Actor::User("clock".to_owned())).json(
            "sagemaker",
            "AddTags",
            json!({"ResourceArn": arn, "Tags": tags}),
        );
        stage.aws.call_as(&call).unwrap();
    }
    if is_waiting {
        stage.pass(SECOND * 1800);
    }
}

/// Lets a scenario loose and waits until it has ended. Gives how it ended and how many calls that took.
fn play(scenario: Scenario, setup: Setup, trouble: impl FnOnce(&Stage)) -> (Ending, usize) {
    let stage = scenario(setup);
    stage.aws.clear_calls();
    trouble(&stage);
    stage.install();
    stage.replay();
    stage.pass(SECOND * 1800);
    age_announced_starts(&stage);
    (ending(&stage), stage.calls().len())
}

fn quick() -> Setup {
    Setup::default().without_sdk_retries()
}

/// Holds back the answer to the nth call, and kills the process that waits for it.
fn kill_at(nth: u64) -> impl FnOnce(&Stage) {
    move |stage| {
        stage.aws.inject(Fault::anywhere(Effect::HoldAfter).from_call(nth).times(1));
        stage.note_kills(2);
        let hosts = [stage.ec2.clone(), stage.notebook.clone(), stage.sweeper.clone()];
        stage.aws.on_call(move |call| {
            if call.error.as_deref() == Some("NoAnswer") {
                hosts.iter().for_each(v2only_sandbox::lambda::FunctionHost::kill);
            }
        });
    }
}

fn cut_at(nth: u64, effect: Effect) -> impl FnOnce(&Stage) {
    move |stage| stage.aws.inject(Fault::anywhere(effect).from_call(nth).times(1))
}

/// Plays the scenario once for each of its calls, with that call in trouble.
#[track_caller]
fn sweep<T: FnOnce(&Stage)>(scenario: Scenario, setup: fn() -> Setup, trouble: impl Fn(u64) -> T) {
    let (clean, calls) = play(scenario, setup(), |_| {});
    assert!(calls > 3, "a scenario of {calls} calls proves little");
    assert_eq!((clean.waiting, clean.dead.len()), (0, 0));
    for nth in 1..=u64::try_from(calls).unwrap() {
        let (ending, _) = play(scenario, setup(), trouble(nth));
        assert_eq!(ending, clean, "trouble at call {nth} of {calls}");
    }
}

#[test]
fn the_function_for_instances_may_be_killed_after_any_call() {
    sweep(instances, quick, kill_at);
}

#[test]
fn the_function_for_instances_may_lose_any_request() {
    sweep(instances, quick, |nth| cut_at(nth, Effect::DropBefore));
}

#[test]
fn the_function_for_instances_may_lose_any_answer() {
    sweep(instances, quick, |nth| cut_at(nth, Effect::DropAfter));
}

#[test]
fn the_function_for_notebooks_may_be_killed_after_any_call() {
    sweep(notebooks, quick, kill_at);
}

#[test]
fn the_function_for_notebooks_may_lose_any_request() {
    sweep(notebooks, quick, |nth| cut_at(nth, Effect::DropBefore));
}

#[test]
fn the_function_for_notebooks_may_lose_any_answer() {
    sweep(notebooks, quick, |nth| cut_at(nth, Effect::DropAfter));
}

#[test]
fn the_way_into_another_account_may_break_at_any_call() {
    sweep(elsewhere, quick, kill_at);
    sweep(elsewhere, quick, |nth| cut_at(nth, Effect::DropBefore));
    sweep(elsewhere, quick, |nth| cut_at(nth, Effect::DropAfter));
}

/// As deployed, where the SDK tries again first.
#[test]
fn a_cut_connection_is_fixed_by_the_sdk_before_the_queue_has_to() {
    let (clean, _) = play(instances, Setup::default(), |_| {});
    for nth in [1, 3, 5] {
        for effect in [Effect::DropBefore, Effect::DropAfter] {
            let stage = instances(Setup::default());
            stage.aws.clear_calls();
            cut_at(nth, effect)(&stage);
            stage.install();
            stage.replay();
            stage.pass(SECOND * 1800);
            assert_eq!(ending(&stage), clean);
            assert_eq!(stage.wiring.ledger().failed, 0, "no message came back");
        }
    }
}

/// A time-out of Lambda's ends the process in the middle of a call that had its effect.
#[test]
fn a_time_out_after_the_effect_is_continued_by_the_next_delivery() {
    let setup = Setup { timeout: SECOND * 4, ..quick() };
    let (clean, _) = play(instances, quick(), |_| {});
    let (ending, _) = play(instances, setup, |stage| {
        stage.note_kills(1);
        let fault = Fault::on("ec2", "ModifyInstanceMetadataOptions", Effect::HoldAfter).times(1);
        stage.aws.inject(fault);
    });
    assert_eq!(ending, clean);
}
