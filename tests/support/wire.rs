//! The clients' way to a driven sandbox: without sockets, in an order that the seed decides, and recorded.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use v2only_aws::connect::EmbeddedAws;
use v2only_sandbox::{Clock, DirectConnection, Sandbox};

use crate::Dice;

/// Carries every request of the clients, and records it as it was sent.
#[derive(Debug, Clone)]
pub struct Wire {
    aws: DirectConnection,
    clock: Clock,
    /// How long each request and answer is on its way, in turns that other tasks take.
    dice: Arc<Mutex<Dice>>,
    record: Arc<Mutex<Vec<String>>>,
}

/// A request may be overtaken by as many turns as this, less one.
const TURNS: usize = 3;

impl Wire {
    /// A way to this AWS, by this seed.
    pub fn new(aws: &Sandbox, seed: u64) -> Self {
        Self {
            aws: aws.direct(),
            clock: aws.clock().clone(),
            dice: Arc::new(Mutex::new(Dice::new(seed))),
            record: Arc::default(),
        }
    }

    /// The same for the ports of v2only.
    pub fn embedded(&self) -> EmbeddedAws {
        EmbeddedAws {
            client: SharedHttpClient::new(self.clone()),
            time: SharedTimeSource::new(SandboxTime(self.clock.clone())),
        }
    }

    /// Every request so far, in the order in which AWS received them.
    pub fn record(&self) -> Vec<String> {
        lock(&self.record).clone()
    }

    async fn pause(&self) {
        let turns = lock(&self.dice).below(TURNS);
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    }

    async fn carry(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        self.pause().await;
        let sent = Sent::of(&request);
        lock(&self.record).push(format!("{} {}", self.clock.now(), sent.text()));
        let headers: Vec<_> = sent.headers.iter().map(|(name, it)| (name.as_str(), it.as_str())).collect();
        let answer = self.aws.answer(&sent.method, &sent.target, &headers, sent.body.clone()).await;
        self.pause().await;
        let answer = answer.ok_or_else(|| {
            let why = io::Error::new(io::ErrorKind::ConnectionReset, "dropped by a fault");
            ConnectorError::io(Box::new(why))
        })?;
        let mut response = HttpResponse::new(answer.status.try_into().unwrap(), SdkBody::from(answer.body));
        for (name, value) in answer.headers {
            response.headers_mut().insert(name, value);
        }
        Ok(response)
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().carry(request))
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// Holds two records against each other.
///
/// # Panics
/// When they differ: with the entries around the first difference.
pub fn assert_same(first: &[String], second: &[String]) {
    let differ = first.iter().zip(second).position(|(one, other)| one != other);
    if let Some(at) = differ {
        let from = at.saturating_sub(3);
        let around = |all: &[String]| all[from..all.len().min(at + 2)].join("\n");
        panic!("entry {at} differs:\n{}\n\nand\n\n{}", around(first), around(second));
    }
    assert_eq!(first.len(), second.len());
}

/// A request without the address of the server.
struct Sent {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Sent {
    fn of(request: &HttpRequest) -> Self {
        let (_, after) = request.uri().split_once("://").unwrap();
        let target = after.find('/').map_or("/", |at| &after[at..]);
        let header = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            method: request.method().to_owned(),
            target: target.to_owned(),
            headers: request.headers().iter().map(header).collect(),
            body: request.body().bytes().unwrap().to_vec(),
        }
    }

    /// The request as it was sent, without what the SDK draws from the machine's randomness: the id of the invocation, the
    /// signature, which covers that id, and a `ClientToken`.
    fn text(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        for (name, value) in self.headers.iter().filter(|(name, _)| name != "amz-sdk-invocation-id") {
            let value = if name == "authorization" { before(value, "Signature=") } else { value };
            lines.push(format!("{name}: {value}"));
        }
        lines.sort();
        let body = self.body.escape_ascii().to_string();
        let parameters: Vec<&str> = body
            .split('&')
            .map(|it| if it.starts_with("ClientToken=") { before(it, "=") } else { it })
            .collect();
        format!("{} {} {} {}", self.method, self.target, lines.join("; "), parameters.join("&"))
    }
}

fn before<'a>(text: &'a str, mark: &str) -> &'a str {
    text.split(mark).next().unwrap_or_default()
}

/// The sandbox's clock, as the SDK asks for the time.
#[derive(Debug)]
struct SandboxTime(Clock);

impl TimeSource for SandboxTime {
    fn now(&self) -> SystemTime {
        SystemTime::from(self.0.now())
    }
}

fn lock<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}
