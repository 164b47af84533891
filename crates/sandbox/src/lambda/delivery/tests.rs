//! Scenarios: events on their way to a function, on a clock that moves by hand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::config::Config;
use crate::lambda::{Function, FunctionConfig, FunctionHost, InvocationOutcome};
use crate::sandbox::Sandbox;
use crate::sqs::{Draft, QueueName, RedrivePolicy, Settings};

const SECOND: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(20);

struct Scene {
    aws: Sandbox,
    wiring: Wiring,
}

fn queue(name: &str) -> QueueName {
    QueueName::new("111122223333", "eu-central-1", name)
}

impl Scene {
    /// A work queue with three chances and a dead-letter queue.
    fn new() -> Self {
        let aws = Sandbox::start(Config::default()).unwrap();
        let wiring = aws.wiring();
        let redrive = Some(RedrivePolicy { dead_letters: queue("dead"), max_receives: 3 });
        aws.sqs().create(&queue("dead"), Settings::default());
        aws.sqs().create(&queue("work"), Settings { redrive, ..Settings::default() });
        Self { aws, wiring }
    }

    /// The same with a function that answers every batch like this.
    fn answering(answer: impl Fn(&Value) -> InvocationOutcome + Send + Sync + 'static) -> Self {
        let scene = Self::new();
        let answer = Arc::new(answer);
        let function = Function::code("f", move |event| {
            let answer = Arc::clone(&answer);
            async move { answer(&event) }
        });
        scene.wiring.map(&queue("work"), function, EventSource::default()).unwrap();
        scene
    }

    fn send(&self, body: &str) -> String {
        self.aws.sqs().send(&queue("work"), Draft { body: body.to_owned(), ..Draft::default() }).unwrap().id
    }

    fn settle(&self) -> Ledger {
        self.wiring.settle_blocking(PATIENCE).unwrap();
        self.wiring.ledger()
    }

    fn advance(&self, by: Duration) -> Ledger {
        self.wiring.advance_blocking(by, PATIENCE).unwrap();
        self.wiring.ledger()
    }

    fn dead(&self) -> Vec<String> {
        self.aws.sqs().messages(&queue("dead")).into_iter().map(|it| it.body).collect()
    }

    fn left(&self) -> usize {
        self.aws.sqs().messages(&queue("work")).len()
    }
}

fn done() -> InvocationOutcome {
    InvocationOutcome::Response(json!({"batchItemFailures": []}))
}

fn failing(event: &Value, which: impl Fn(&str) -> bool) -> InvocationOutcome {
    let records = event["Records"].as_array().unwrap();
    let failed = records.iter().filter(|it| which(it["body"].as_str().unwrap()));
    let ids: Vec<_> = failed.map(|it| json!({"itemIdentifier": it["messageId"]})).collect();
    InvocationOutcome::Response(json!({"batchItemFailures": ids}))
}

#[test]
fn an_event_reaches_the_function_through_rule_and_queue() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let scene = Scene::answering(move |event| {
        let record = event["Records"][0].clone();
        log.lock().unwrap().push(record);
        done()
    });
    let pattern = Pattern::parse(&json!({"source": ["aws.ec2"]})).unwrap();
    scene.wiring.add_rule(Rule::new("launches", pattern, Target::Queue(queue("work"))));
    let event = json!({"id": "1", "source": "aws.ec2", "detail": {"eventName": "RunInstances"}});
    scene.aws.bus().deliver(event.clone());
    scene.aws.bus().deliver(json!({"id": "2", "source": "aws.s3"}));
    let ledger = scene.settle();
    assert_eq!((ledger.matched, ledger.unmatched, ledger.delivered, ledger.failed), (1, 1, 1, 0));
    let seen = seen.lock().unwrap();
    assert_eq!(serde_json::from_str::<Value>(seen[0]["body"].as_str().unwrap()).unwrap(), event);
    assert_eq!(seen[0]["eventSource"], "aws:sqs");
    assert_eq!(seen[0]["eventSourceARN"], "arn:aws:sqs:eu-central-1:111122223333:work");
    assert_eq!(seen[0]["awsRegion"], "eu-central-1");
    assert_eq!(seen[0]["attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(seen[0]["messageAttributes"], json!({}));
    assert_eq!(scene.left(), 0);
}

#[test]
fn what_the_function_answers_decides_what_comes_back() {
    let all = |it: Value| InvocationOutcome::Response(it);
    let id = |it: Value| json!({"batchItemFailures": [{"itemIdentifier": it}]});
    for (answer, left, why) in [
        (all(json!({"batchItemFailures": []})), 0, "an empty list is success"),
        (all(json!({"batchItemFailures": null})), 0, "so is a null list"),
        (all(json!({})), 0, "an empty answer"),
        (all(Value::Null), 0, "and a null answer"),
        (all(json!("not json")), 2, "no JSON object"),
        (all(json!({"batchItemFailures": "x"})), 2, "no list"),
        (all(id(json!(""))), 2, "an empty id"),
        (all(id(Value::Null)), 2, "a null id"),
        (all(json!({"batchItemFailures": [{"messageId": "x"}]})), 2, "a wrong key"),
        (all(id(json!("somebody else's"))), 2, "an id of no message"),
        (InvocationOutcome::FunctionError(json!({})), 2, "an error"),
        (InvocationOutcome::TimedOut, 2, "a time-out"),
        (InvocationOutcome::Died { reason: String::new() }, 2, "a death"),
    ] {
        let scene = Scene::answering(move |_| answer.clone());
        scene.send("a");
        scene.send("b");
        let ledger = scene.settle();
        assert_eq!((scene.left(), ledger.failed), (left, left as u64), "{why}");
        assert_eq!(ledger.delivered, 2 - left as u64, "{why}");
    }
}

#[test]
fn without_report_batch_item_failures_every_answer_is_success() {
    let scene = Scene::new();
    let function = Function::code("f", |event| async move { failing(&event, |_| true) });
    let source = EventSource { report_failures: false, ..EventSource::default() };
    scene.wiring.map(&queue("work"), function, source).unwrap();
    scene.send("a");
    scene.settle();
    assert_eq!(scene.left(), 0);
}

#[test]
fn a_listed_message_comes_back_after_the_visibility_time_out_and_ends_in_the_dead_letters() {
    let scene = Scene::answering(|event| failing(event, |body| body == "poison"));
    scene.send("good");
    scene.send("poison");
    let ledger = scene.settle();
    assert_eq!((ledger.delivered, ledger.failed, scene.left()), (1, 1, 1));
    assert_eq!(scene.advance(29 * SECOND).attempts.len(), 1);
    assert_eq!(scene.advance(SECOND).attempts.len(), 2);
    let ledger = scene.advance(120 * SECOND);
    assert_eq!((ledger.attempts.len(), ledger.failed), (3, 3), "three receives, then no more");
    assert_eq!((scene.left(), scene.dead()), (0, vec!["poison".to_owned()]));
}

#[test]
fn an_advance_stops_at_every_redelivery_on_its_way() {
    let scene = Scene::answering(|_| InvocationOutcome::TimedOut);
    let begin = scene.aws.now();
    scene.send("a");
    let ledger = scene.advance(3600 * SECOND);
    let at: Vec<_> = ledger.attempts.iter().map(|it| it.at.duration_since(begin).as_secs()).collect();
    assert_eq!(at, [0, 30, 60]);
    assert_eq!(scene.dead(), ["a"]);
    assert_eq!(scene.aws.now().duration_since(begin).as_secs(), 3600);
}

#[test]
fn a_batch_holds_what_is_there_up_to_its_size() {
    let scene = Scene::new();
    for n in 0..25 {
        scene.send(&n.to_string());
    }
    let function = Function::code("f", |_| async { done() });
    scene.wiring.map(&queue("work"), function, EventSource::default()).unwrap();
    let sizes: Vec<_> = scene.settle().attempts.iter().map(|it| it.messages.len()).collect();
    assert_eq!(sizes, [10, 10, 5]);
}

#[test]
fn a_mapping_that_aws_refuses_is_refused() {
    let scene = Scene::new();
    let function = || Function::code("f", |_| async { done() });
    let map = |name: &str, source| scene.wiring.map(&queue(name), function(), source);
    assert!(matches!(map("nowhere", EventSource::default()), Err(MappingError::NoSuchQueue(_))));
    let source = EventSource { batch_size: 11, ..EventSource::default() };
    assert_eq!(map("work", source), Err(MappingError::Size));
    scene.aws.sqs().create(&queue("hasty"), Settings { visibility: SECOND, ..Settings::default() });
    assert!(matches!(map("hasty", EventSource::default()), Err(MappingError::VisibilityBelowTimeout { .. })));
}

#[test]
fn an_asynchronous_invocation_is_tried_three_times_and_then_recorded() {
    let scene = Scene::new();
    let error = || InvocationOutcome::FunctionError(json!({"errorType": "E"}));
    let function = Function::code("f", move |_| async move { error() });
    let config = AsyncConfig { on_failure: Some(queue("dead")), ..AsyncConfig::default() };
    scene.wiring.add_rule(Rule::matching("all", |_| true, Target::Function(function, config)));
    let begin = scene.aws.now();
    scene.aws.bus().deliver(json!({"id": "1"}));
    assert_eq!(scene.settle().attempts.len(), 1);
    let ledger = scene.advance(3600 * SECOND);
    let at: Vec<_> = ledger.attempts.iter().map(|it| it.at.duration_since(begin).as_secs()).collect();
    assert_eq!(at, [0, 60, 180]);
    assert_eq!((ledger.given_up.len(), ledger.given_up[0].attempts, ledger.failed), (1, 3, 3));
    let record: Value = serde_json::from_str(&scene.dead()[0]).unwrap();
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 3);
    assert_eq!(
        (&record["requestPayload"], &record["responsePayload"]),
        (&json!({"id": "1"}), &json!({"errorType": "E"}))
    );
}

#[test]
fn an_asynchronous_invocation_that_works_at_last_is_delivered() {
    let scene = Scene::new();
    let count = Arc::new(Mutex::new(0));
    let function = Function::code("f", move |_| {
        let mut count = count.lock().unwrap();
        *count += 1;
        let outcome = if *count == 1 { InvocationOutcome::TimedOut } else { done() };
        async move { outcome }
    });
    scene.wiring.add_rule(Rule::matching(
        "all",
        |_| true,
        Target::Function(function, AsyncConfig::default()),
    ));
    scene.aws.bus().deliver(json!({"id": "1"}));
    let ledger = scene.advance(3600 * SECOND);
    assert_eq!((ledger.delivered, ledger.failed, ledger.given_up.len()), (1, 1, 0));
}

#[test]
fn a_rule_without_its_queue_leaves_a_record() {
    let scene = Scene::new();
    scene.wiring.add_rule(Rule::matching("lost", |_| true, Target::Queue(queue("nowhere"))));
    scene.aws.bus().deliver(json!({"id": "1"}));
    assert_eq!(scene.settle().undeliverable, [("lost".to_owned(), "1".to_owned())]);
    scene.wiring.remove_rule("lost");
    scene.aws.bus().deliver(json!({"id": "2"}));
    assert_eq!(scene.settle().unmatched, 1);
}

#[test]
fn nothing_settles_while_a_function_is_at_work() {
    let scene = Scene::new();
    let (release, wait) = tokio::sync::watch::channel(false);
    let function = Function::code("f", move |_| {
        let mut wait = wait.clone();
        async move {
            wait.wait_for(|it| *it).await.unwrap();
            done()
        }
    });
    scene.wiring.map(&queue("work"), function, EventSource::default()).unwrap();
    scene.send("a");
    let short = Duration::from_millis(50);
    assert_eq!(scene.wiring.settle_blocking(short), Err(Unsettled(short)));
    release.send(true).unwrap();
    assert_eq!(scene.settle().delivered, 1);
}

#[test]
fn a_thousand_events_are_all_dealt_with() {
    let scene = Scene::answering(|_| done());
    scene.wiring.add_rule(Rule::matching("all", |_| true, Target::Queue(queue("work"))));
    for n in 0..1_000 {
        scene.aws.bus().deliver(json!({"id": n.to_string()}));
    }
    assert_eq!(scene.settle().delivered, 1_000);
}

#[test]
fn a_real_process_answers_for_a_batch_and_its_calls_carry_its_role() {
    let script = r#"
import http.client, json, os, urllib.parse
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
aws = http.client.HTTPConnection(urllib.parse.urlparse(os.environ["AWS_ENDPOINT_URL"]).netloc)
scope = f"Credential={os.environ['AWS_ACCESS_KEY_ID']}/20261101/{os.environ['AWS_REGION']}/sagemaker/aws4_request"
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next"); work = api.getresponse(); event = json.loads(work.read())
    for record in event["Records"]:
        aws.request("POST", "/", record["body"], {"Authorization": f"AWS4-HMAC-SHA256 {scope}, Signature=0",
            "X-Amz-Target": "SageMaker.StopNotebookInstance", "Content-Type": "application/x-amz-json-1.1"})
        answer = aws.getresponse(); answer.read(); assert answer.status == 200, answer.status
    api.request("POST", f"/2018-06-01/runtime/invocation/{work.headers['Lambda-Runtime-Aws-Request-Id']}/response", '{"batchItemFailures":[]}')
    api.getresponse().read()
"#;
    let scene = Scene::new();
    let place = queue("work").place;
    scene.aws.notebooks().add(&place, crate::sagemaker::Seed::new("nb"));
    let mut config =
        FunctionConfig::new("notebook-enforcer", "/usr/bin/env").located_in("111122223333", "eu-central-1");
    config.args = ["python3", "-c", script].map(Into::into).to_vec();
    let host: FunctionHost = scene.aws.deploy(config);
    scene
        .wiring
        .map(&queue("work"), Function::binary(host.clone(), 10 * SECOND), EventSource::default())
        .unwrap();
    scene.send(&json!({"NotebookInstanceName": "nb"}).to_string());
    let ledger = scene.settle();
    assert_eq!((ledger.delivered, ledger.failed), (1, 0), "{:?} {:?}", ledger.attempts, host.logs());
    assert_eq!(scene.aws.notebooks().get(&place, "nb").unwrap().status, crate::sagemaker::Status::Stopping);
    let call = scene.aws.calls().pop().unwrap();
    let role = "arn:aws:sts::111122223333:assumed-role/notebook-enforcer-role/notebook-enforcer";
    assert_eq!((call.action.as_str(), call.principal.as_str()), ("StopNotebookInstance", role));
}

/// Works for a minute on what it sees for the first time, and not at all on what comes back.
const SLOW_AT_FIRST: &str = r#"
import http.client, json, os, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next"); work = api.getresponse(); event = json.loads(work.read())
    print("working", flush=True)
    if event["Records"][0]["attributes"]["ApproximateReceiveCount"] == "1": time.sleep(60)
    api.request("POST", f"/2018-06-01/runtime/invocation/{work.headers['Lambda-Runtime-Aws-Request-Id']}/response", '{}')
    api.getresponse().read()
"#;

fn slow_at_first(scene: &Scene) -> FunctionHost {
    let mut config = FunctionConfig::new("slow", "/usr/bin/env");
    config.args = ["python3", "-c", SLOW_AT_FIRST].map(Into::into).to_vec();
    let host = scene.aws.deploy(config);
    let function = Function::binary(host.clone(), 10 * SECOND);
    scene.wiring.map(&queue("work"), function, EventSource::default()).unwrap();
    host
}

fn wait_until_working(host: &FunctionHost) {
    while host.logs().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_function_killed_in_the_middle_is_continued_by_the_next_delivery() {
    let scene = Scene::new();
    let host = slow_at_first(&scene);
    scene.send("a");
    wait_until_working(&host);
    host.kill();
    let ledger = scene.settle();
    assert!(matches!(ledger.attempts[0].outcome, InvocationOutcome::Died { .. }));
    assert_eq!((ledger.failed, scene.left()), (1, 1));
    let ledger = scene.advance(30 * SECOND);
    assert_eq!((ledger.delivered, scene.left(), host.starts()), (1, 0, 2));
}

#[test]
fn a_sandbox_takes_its_functions_along() {
    let scene = Scene::new();
    let host = slow_at_first(&scene);
    scene.send("a");
    wait_until_working(&host);
    let [process] = host.processes()[..] else { panic!("one process is at work") };
    drop(scene);
    let gone = || match std::fs::read_to_string(format!("/proc/{process}/stat")) {
        Ok(stat) => stat.contains(") Z "),
        Err(_) => true,
    };
    while !gone() {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn on_the_machines_clock_settling_waits_for_what_is_due_soon() {
    let aws = Sandbox::start(Config { clock: crate::clock::ClockMode::System, ..Config::default() }).unwrap();
    let wiring = aws.wiring();
    aws.sqs().create(&queue("work"), Settings { visibility: SECOND, ..Settings::default() });
    let function = Function::code("f", |event| async move {
        let count = &event["Records"][0]["attributes"]["ApproximateReceiveCount"];
        if count == "1" { InvocationOutcome::TimedOut } else { done() }
    });
    wiring.map(&queue("work"), function.with_timeout(SECOND), EventSource::default()).unwrap();
    aws.sqs().send(&queue("work"), Draft::default()).unwrap();
    wiring.settle_blocking(PATIENCE).unwrap();
    assert_eq!((wiring.ledger().delivered, wiring.ledger().failed), (1, 1));
}
