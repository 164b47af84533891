//! The HTTP server: reads a request, identifies the caller, applies faults, answers.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body as HttpBody, Bytes, to_bytes};
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::call::{Answer, Body, Call, Protocol};
use crate::calls::CallRecord;
use crate::core::Core;
use crate::error::AwsError;
use crate::faults::{Effect, FaultOutcome};
use crate::identity::{Place, Principal};
use crate::protocol::{Incoming, Written, read, write_answer, write_error};
use crate::{control, services};

/// Requests above this size are refused.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// Serves until `stopped` is sent.
pub(crate) async fn run(core: Arc<Core>, listener: std::net::TcpListener, stopped: oneshot::Receiver<()>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let app = Router::new()
        .nest("/_sandbox", control::routes())
        .fallback(handle)
        .with_state(Arc::clone(&core))
        .into_make_service_with_connect_info::<Cut>();
    let ticking = tokio::spawn(async move { core.tick().await });
    tokio::select! {
        _served = axum::serve(Loopback(listener), app) => {}
        _stopped = stopped => {}
    }
    ticking.abort();
}

async fn handle(
    State(core): State<Arc<Core>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response<HttpBody> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return response(Written { status: 413, headers: Vec::new(), body: Bytes::new() });
    };
    let written = exchange(&core, &parts, body).await.unwrap_or_else(|| {
        cut.0.store(true, Ordering::Release);
        Written { status: 500, headers: Vec::new(), body: Bytes::new() }
    });
    response(written)
}

/// One request and its answer; `None` where a fault closes the connection without one.
pub(crate) async fn exchange(core: &Arc<Core>, parts: &Parts, body: Bytes) -> Option<Written> {
    let incoming = read(parts, body);
    let request_id = core.world().ids.uuid();
    let protocol = incoming.protocol;
    let (call, refused) = attribute(core, incoming, &request_id, parts);
    let fault = core.faults.lock().unwrap_or_else(std::sync::PoisonError::into_inner).meet(&call);
    let latency = core.config.latency + fault.latency;
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    core.intervene(&call);
    let outcome = match (refused, &fault.effect) {
        (Some(error), _) => Err(error),
        (None, Some(Effect::ErrorBefore(error))) => Err(error.clone()),
        (None, Some(Effect::DropBefore)) => Ok(Answer::Json(serde_json::Value::Null)),
        (None, _) => services::answer(core, &call),
    };
    finish(core, &call, protocol, fault, outcome).await
}

/// Records the call and gives its answer, or what the faults leave of it.
async fn finish(
    core: &Core,
    call: &Call,
    protocol: Protocol,
    fault: FaultOutcome,
    outcome: Result<Answer, AwsError>,
) -> Option<Written> {
    let is_dropped = matches!(fault.effect, Some(Effect::DropBefore | Effect::DropAfter));
    let (outcome, error) = match fault.effect {
        Some(Effect::ErrorAfter(error)) => (Err(error.clone()), Some(error.code)),
        Some(Effect::DropBefore | Effect::DropAfter) => (outcome, Some("ConnectionDropped".to_owned())),
        Some(Effect::EmptyAfter) => {
            let code = outcome.as_ref().err().map(|error| error.code.clone());
            (outcome.map(|answer| answer.emptied()), code)
        }
        Some(Effect::HoldAfter) => (outcome, Some("NoAnswer".to_owned())),
        Some(Effect::ErrorBefore(_) | Effect::Latency(_)) | None => {
            let code = outcome.as_ref().err().map(|error| error.code.clone());
            (outcome, code)
        }
    };
    let held = error.as_deref() == Some("NoAnswer");
    core.record(CallRecord {
        at: call.at,
        account: call.place.account.clone(),
        region: call.place.region.clone(),
        service: call.service.clone(),
        action: call.action.clone(),
        principal: call.principal.arn().to_owned(),
        request_id: call.request_id.clone(),
        error,
    });
    if held {
        std::future::pending::<()>().await;
    }
    (!is_dropped).then(|| match outcome {
        Ok(answer) => write_answer(protocol, &call.action, &call.request_id, answer),
        Err(error) => write_error(protocol, &call.request_id, &error),
    })
}

/// Identifies the caller. A call that cannot be attributed is still a call, with an error.
pub(crate) fn attribute(
    core: &Core,
    incoming: Incoming,
    request_id: &str,
    parts: &Parts,
) -> (Call, Option<AwsError>) {
    let now = core.clock.now();
    let home = &core.config.home_account;
    let access_key = incoming.scope.as_ref().map(|scope| scope.access_key.clone());
    let region = incoming.scope.as_ref().map_or("us-east-1", |scope| &scope.region).to_owned();
    let principal = match &access_key {
        Some(key) => core.world().iam.principal(key, &region, home, now),
        None => Err(unsigned(incoming.protocol)),
    };
    let (principal, mut refused) = match principal {
        Ok(principal) => (principal, None),
        Err(error) => {
            let nobody = Principal::user(&Place::new(home.clone(), region.clone()), "anonymous");
            (nobody, Some(expired(incoming.protocol, error)))
        }
    };
    let body = incoming.body.unwrap_or_else(|error| {
        refused.get_or_insert(error);
        Body::Unread
    });
    let agent = parts.headers.get("user-agent").and_then(|it| it.to_str().ok());
    let call = Call {
        service: incoming.service,
        action: incoming.action,
        place: Place::new(principal.account(), region),
        principal,
        access_key,
        request_id: request_id.to_owned(),
        at: now,
        user_agent: agent.unwrap_or("-").to_owned(),
        source_ip: "203.0.113.10".to_owned(),
        body,
    };
    (call, refused)
}

/// How each protocol says that there is no signature.
fn unsigned(protocol: Protocol) -> AwsError {
    let text = "Request is missing Authentication Token";
    match protocol {
        Protocol::Ec2 => {
            let text = "AWS was not able to validate the provided access credentials";
            AwsError::client("AuthFailure", text).with_status(401)
        }
        Protocol::Query(_) => AwsError::client("MissingAuthenticationToken", text).with_status(403),
        Protocol::Json(_) | Protocol::Cbor | Protocol::Other => {
            AwsError::client("MissingAuthenticationTokenException", text)
        }
    }
}

/// How each protocol says that a session has expired.
fn expired(protocol: Protocol, error: AwsError) -> AwsError {
    if error.code != "ExpiredTokenException" {
        return error;
    }
    match protocol {
        Protocol::Ec2 => AwsError::client("RequestExpired", "Request has expired."),
        Protocol::Query(_) => AwsError::client("ExpiredToken", error.message).with_status(403),
        Protocol::Json(_) | Protocol::Cbor | Protocol::Other => error,
    }
}

fn response(written: Written) -> Response<HttpBody> {
    let mut response = Response::new(HttpBody::from(written.body));
    *response.status_mut() =
        StatusCode::from_u16(written.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in written.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// A switch that cuts one connection: nothing more is read from it or written to it.
#[derive(Debug, Clone, Default)]
struct Cut(Arc<AtomicBool>);

impl Connected<IncomingStream<'_, Loopback>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Loopback>) -> Self {
        stream.io().cut.clone()
    }
}

/// The listener whose connections can be cut.
struct Loopback(TcpListener);

impl Listener for Loopback {
    type Io = Cuttable;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Cuttable, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Small answers must not wait for the acknowledgement of the one before.
        let _not_supported = stream.set_nodelay(true);
        (Cuttable { stream, cut: Cut::default() }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        TcpListener::local_addr(&self.0)
    }
}

struct Cuttable {
    stream: TcpStream,
    cut: Cut,
}

impl Cuttable {
    fn check(&self) -> io::Result<()> {
        if self.cut.0.load(Ordering::Acquire) {
            return Err(io::Error::new(io::ErrorKind::ConnectionReset, "cut by a fault"));
        }
        Ok(())
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
