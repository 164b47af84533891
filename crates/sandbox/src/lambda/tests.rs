//! Scenarios: a function lives, fails, hangs and dies as it would in Lambda.
//! The function is a small Python script that speaks the Runtime API.

use std::time::Duration;

use serde_json::{Value, json};

use super::{FunctionConfig, FunctionHost, HostError, InvocationOutcome, LogStream};

const SCRIPT: &str = r#"
import http.client, json, os, sys, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
base = "/2018-06-01/runtime"
def post(path, body):
    api.request("POST", base + path, body); answer = api.getresponse(); text = answer.read(); return answer.status, text
if os.environ.get("BROKEN"):
    post("/init/error", json.dumps({"errorType": "Extension.NoPolicy", "errorMessage": "no policy"})); sys.exit(1)
while True:
    api.request("GET", base + "/invocation/next"); work = api.getresponse(); event = json.loads(work.read())
    request = work.headers["Lambda-Runtime-Aws-Request-Id"]
    print("handling", request, flush=True)
    what = event.get("do")
    if what == "die": print("no way out", file=sys.stderr, flush=True); os._exit(3)
    if what == "hang": time.sleep(60)
    if what == "stranger": event["status"] = post("/invocation/not-mine/response", "{}")[0]
    if what == "environment": event = dict(os.environ)
    if what == "headers": event = {k.lower(): v for k, v in work.headers.items()}
    if what == "fail": post(f"/invocation/{request}/error", json.dumps({"errorType": "E", "errorMessage": "m"}))
    elif what == "babble": post(f"/invocation/{request}/response", "not json")
    elif what == "flood": post(f"/invocation/{request}/response", "x" * 7000000)
    else: post(f"/invocation/{request}/response", json.dumps(event))
"#;

fn config() -> FunctionConfig {
    let mut config = FunctionConfig::new("ec2-enforcer", "/usr/bin/env");
    config.args = ["python3", "-c", SCRIPT].map(Into::into).to_vec();
    config
}

async fn run(host: &FunctionHost, event: Value) -> InvocationOutcome {
    host.invoke(&event, Duration::from_secs(10)).await.unwrap()
}

#[tokio::test]
async fn a_warm_function_is_started_once() {
    let host = FunctionHost::new(config());
    assert_eq!(host.starts(), 0, "nothing starts before the first invocation");
    for n in 0..3 {
        assert_eq!(run(&host, json!({"n": n})).await, InvocationOutcome::Response(json!({"n": n})));
    }
    assert_eq!((host.starts(), host.invocations()), (1, 3));
    assert_eq!(host.init_durations().len(), 1);
    assert_eq!(host.processes().len(), 1);
}

#[tokio::test]
async fn the_runtime_gets_the_headers_and_a_deadline_in_the_future() {
    let host = FunctionHost::new(config().located_in("111122223333", "eu-central-1"));
    let InvocationOutcome::Response(headers) = run(&host, json!({"do": "headers"})).await else { panic!() };
    assert_eq!(
        headers["lambda-runtime-invoked-function-arn"],
        "arn:aws:lambda:eu-central-1:111122223333:function:ec2-enforcer"
    );
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let deadline: u128 = headers["lambda-runtime-deadline-ms"].as_str().unwrap().parse().unwrap();
    assert!((now..now + 10_001).contains(&deadline));
    assert!(headers["lambda-runtime-trace-id"].as_str().unwrap().starts_with("Root=1-"));
    assert_eq!(headers["lambda-runtime-aws-request-id"].as_str().unwrap().len(), 36);
}

#[tokio::test]
async fn nothing_of_the_developers_environment_leaks() {
    let host =
        FunctionHost::new(config().variable("V2ONLY_POLICY", "version: 1").variable("AWS_REGION", "eu-x"));
    let InvocationOutcome::Response(seen) = run(&host, json!({"do": "environment"})).await else { panic!() };
    assert!(std::env::var_os("HOME").is_some() || std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    assert!(seen.get("HOME").is_none() && seen.get("CARGO_MANIFEST_DIR").is_none());
    assert_eq!(seen["V2ONLY_POLICY"], "version: 1");
    assert_eq!(seen["AWS_REGION"], "eu-x", "the caller has the last word");
    assert_eq!(seen["AWS_LAMBDA_FUNCTION_NAME"], "ec2-enforcer");
    assert_eq!(seen["AWS_LAMBDA_FUNCTION_VERSION"], "$LATEST");
    assert_eq!(seen["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "128");
    assert_eq!(seen["AWS_LAMBDA_LOG_GROUP_NAME"], "/aws/lambda/ec2-enforcer");
    assert_eq!(seen["_HANDLER"], "bootstrap");
}

#[tokio::test]
async fn a_function_error_keeps_the_process() {
    let host = FunctionHost::new(config());
    let error = json!({"errorType": "E", "errorMessage": "m"});
    assert_eq!(run(&host, json!({"do": "fail"})).await, InvocationOutcome::FunctionError(error));
    assert_eq!(run(&host, json!({})).await, InvocationOutcome::Response(json!({})));
    assert_eq!(host.starts(), 1);
}

#[tokio::test]
async fn a_dead_process_is_reported_and_replaced() {
    let host = FunctionHost::new(config());
    let InvocationOutcome::Died { reason } = run(&host, json!({"do": "die"})).await else { panic!() };
    assert!(reason.contains("exit status: 3"), "{reason}");
    assert!(host.logs().iter().any(|it| it.stream == LogStream::Stderr && it.text == "no way out"));
    assert_eq!(run(&host, json!({})).await, InvocationOutcome::Response(json!({})));
    assert_eq!(host.starts(), 2);
}

#[tokio::test]
async fn a_hanging_process_times_out_and_is_replaced() {
    let host = FunctionHost::new(config());
    run(&host, json!({})).await;
    let outcome = host.invoke(&json!({"do": "hang"}), Duration::from_millis(200)).await.unwrap();
    assert_eq!(outcome, InvocationOutcome::TimedOut);
    assert_eq!(run(&host, json!({})).await, InvocationOutcome::Response(json!({})));
    assert_eq!(host.starts(), 2);
}

#[tokio::test]
async fn a_kill_hits_a_running_invocation() {
    let host = FunctionHost::new(config());
    run(&host, json!({})).await;
    let running = tokio::spawn({
        let host = host.clone();
        async move { run(&host, json!({"do": "hang"})).await }
    });
    while host.take_logs().len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        if host.invocations() == 2 && !host.logs().is_empty() {
            break;
        }
    }
    host.kill();
    let InvocationOutcome::Died { reason } = running.await.unwrap() else { panic!() };
    assert!(reason.contains("signal: 9"), "{reason}");
}

#[tokio::test]
async fn a_kill_between_invocations_costs_a_cold_start_only() {
    let host = FunctionHost::new(config());
    run(&host, json!({})).await;
    host.kill();
    assert_eq!(run(&host, json!({})).await, InvocationOutcome::Response(json!({})));
    assert_eq!(host.starts(), 2);
}

#[tokio::test]
async fn a_function_that_cannot_start_says_why() {
    let host = FunctionHost::new(config().variable("BROKEN", "1"));
    let InvocationOutcome::FunctionError(error) = run(&host, json!({})).await else { panic!() };
    assert_eq!(error["errorType"], "Extension.NoPolicy");
    let host = FunctionHost::new(FunctionConfig::new("f", "/nonexistent/bootstrap"));
    assert!(matches!(host.invoke(&json!({}), Duration::from_secs(1)).await, Err(HostError::Spawn { .. })));
}

#[tokio::test]
async fn odd_answers_are_seen_as_they_are() {
    let host = FunctionHost::new(config());
    assert_eq!(run(&host, json!({"do": "babble"})).await, InvocationOutcome::Response(json!("not json")));
    let InvocationOutcome::FunctionError(error) = run(&host, json!({"do": "flood"})).await else { panic!() };
    assert_eq!(error["errorType"], "Function.ResponseSizeTooLarge");
    let InvocationOutcome::Response(answer) = run(&host, json!({"do": "stranger"})).await else { panic!() };
    assert_eq!(answer["status"], 400, "an answer to an unknown request is refused");
}

#[tokio::test]
async fn concurrency_is_one_process_each() {
    let mut config = config();
    config.concurrency = 2;
    let host = FunctionHost::new(config);
    let (a, b, c) =
        tokio::join!(run(&host, json!({"n": 1})), run(&host, json!({"n": 2})), run(&host, json!({"n": 3})));
    assert!([a, b, c].iter().all(|it| it.response().is_some()));
    assert_eq!(host.starts(), 2, "the third invocation waited for a free process");
}
