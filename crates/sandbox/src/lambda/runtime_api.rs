//! The Lambda Runtime API: what a custom runtime polls for work and answers to.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{Response, StatusCode, header};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Mutex as AsyncMutex, Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

const PREFIX: &str = "/2018-06-01/runtime";

/// The largest answer Lambda takes.
const RESPONSE_LIMIT: usize = 6_291_556;

/// How much of a too large answer is read, so that its sender hears the refusal.
const READ_LIMIT: usize = 64 * 1024 * 1024;

/// One piece of work, waiting for the runtime's next poll.
pub(super) struct Work {
    pub(super) payload: Vec<u8>,
    pub(super) timeout: Duration,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// What the runtime posted back.
#[derive(Debug)]
pub(super) enum Answer {
    Response(Value),
    Error(Value),
}

/// The server of one execution environment. Dropping it closes the listener.
pub(super) struct RuntimeApi {
    shared: Arc<Shared>,
    address: String,
    work: mpsc::UnboundedSender<Work>,
    server: JoinHandle<()>,
}

struct Shared {
    function_arn: String,
    queue: AsyncMutex<mpsc::UnboundedReceiver<Work>>,
    current: Mutex<Option<(String, oneshot::Sender<Answer>)>>,
    first_poll: OnceLock<Instant>,
    polled: Notify,
    init_error: OnceLock<Value>,
    init_failed: Notify,
}

impl RuntimeApi {
    /// Listens on a free loopback port.
    pub(super) async fn start(function_arn: String) -> io::Result<Self> {
        let (work, queue) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            function_arn,
            queue: AsyncMutex::new(queue),
            current: Mutex::new(None),
            first_poll: OnceLock::new(),
            polled: Notify::new(),
            init_error: OnceLock::new(),
            init_failed: Notify::new(),
        });
        let router = Router::new()
            .route(&format!("{PREFIX}/invocation/next"), get(next))
            .route(&format!("{PREFIX}/invocation/{{id}}/response"), post(response))
            .route(&format!("{PREFIX}/invocation/{{id}}/error"), post(error))
            .route(&format!("{PREFIX}/init/error"), post(init_error))
            .with_state(Arc::clone(&shared));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?.to_string();
        // Small answers must not wait for an acknowledgement, or every call costs 40 ms.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let server = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Self { shared, address, work, server })
    }

    /// `host:port`, the value of `AWS_LAMBDA_RUNTIME_API`.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Hands work to the next poll.
    pub(super) fn offer(&self, work: Work) {
        // The receiver lives in `shared`, which lives as long as this sender.
        drop(self.work.send(work));
    }

    /// Waits for the first poll: the runtime is ready. The instant is when the poll arrived.
    pub(super) async fn ready(&self) -> Instant {
        loop {
            let polled = self.shared.polled.notified();
            if let Some(at) = self.shared.first_poll.get() {
                return *at;
            }
            polled.await;
        }
    }

    /// Waits until the runtime reports that it cannot start.
    pub(super) async fn init_error(&self) -> Value {
        loop {
            let failed = self.shared.init_failed.notified();
            if let Some(error) = self.shared.init_error.get() {
                return error.clone();
            }
            failed.await;
        }
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response<Body> {
    if shared.first_poll.set(Instant::now()).is_ok() {
        shared.polled.notify_waiters();
    }
    let Some(work) = shared.queue.lock().await.recv().await else {
        return pending().await; // the environment is going away, as a frozen sandbox would
    };
    let id = uuid::Uuid::new_v4().to_string();
    let deadline = SystemTime::now() + work.timeout;
    let deadline = deadline.duration_since(UNIX_EPOCH).map_or(0, |it| it.as_millis());
    let response = Response::builder()
        .header(header::CONTENT_TYPE, "application/json")
        .header("Lambda-Runtime-Aws-Request-Id", &id)
        .header("Lambda-Runtime-Deadline-Ms", deadline.to_string())
        .header("Lambda-Runtime-Invoked-Function-Arn", &shared.function_arn)
        .header("Lambda-Runtime-Trace-Id", trace_id())
        .body(Body::from(work.payload));
    *shared.current.lock().unwrap_or_else(PoisonError::into_inner) = Some((id, work.answer));
    response.unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR, &json!({})))
}

/// `Root=1-<8 hex seconds>-<24 hex>`, not sampled.
fn trace_id() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs());
    let random: String = uuid::Uuid::new_v4().simple().to_string().chars().take(24).collect();
    format!("Root=1-{seconds:08x}-{random};Parent=0000000000000001;Sampled=0")
}

async fn response(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Body) -> Response<Body> {
    let bytes = to_bytes(body, READ_LIMIT).await.unwrap_or_default();
    if bytes.len() > RESPONSE_LIMIT {
        let message = "Exceeded maximum allowed payload size (6291556 bytes).";
        let error = json!({"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message});
        shared.settle(&id, Answer::Error(error.clone()));
        return plain(StatusCode::PAYLOAD_TOO_LARGE, &error);
    }
    accepted(shared.settle(&id, Answer::Response(json_or_text(&bytes))))
}

async fn error(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Body) -> Response<Body> {
    let bytes = to_bytes(body, READ_LIMIT).await.unwrap_or_default();
    accepted(shared.settle(&id, Answer::Error(json_or_text(&bytes))))
}

async fn init_error(State(shared): State<Arc<Shared>>, body: Body) -> Response<Body> {
    let bytes = to_bytes(body, READ_LIMIT).await.unwrap_or_default();
    if shared.init_error.set(json_or_text(&bytes)).is_ok() {
        shared.init_failed.notify_waiters();
    }
    accepted(true)
}

impl Shared {
    /// Gives the answer to the invocation of this request id; false if none waits for it.
    fn settle(&self, id: &str, answer: Answer) -> bool {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_none_or(|(it, _)| it != id) {
            return false;
        }
        current.take().is_some_and(|(_, waiting)| waiting.send(answer).is_ok())
    }
}

/// Lambda passes bytes through; a body that is no JSON is seen as one string.
fn json_or_text(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}

fn accepted(known: bool) -> Response<Body> {
    if known {
        plain(StatusCode::ACCEPTED, &json!({"status": "OK"}))
    } else {
        let error = json!({"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"});
        plain(StatusCode::BAD_REQUEST, &error)
    }
}

fn plain(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response
}
