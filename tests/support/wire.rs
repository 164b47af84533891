//! The clients' way to a driven sandbox: without sockets, in an order that the seed decides, and recorded.

use std::collections::BTreeSet;
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
///
/// A request waits until no task has anything else to do. Then the seed chooses one of those that wait. So their order depends on
/// which requests wait, and not on how often the scheduler polls a task before it sends one.
#[derive(Debug, Clone)]
pub struct Wire {
    aws: DirectConnection,
    clock: Clock,
    waiting: Arc<Mutex<Waiting>>,
    record: Arc<Mutex<Vec<String>>>,
}

/// The requests that were sent and have not arrived.
#[derive(Debug)]
struct Waiting {
    dice: Dice,
    /// By text, and then by number: equal requests are alike.
    requests: BTreeSet<(String, u64)>,
    chosen: Option<u64>,
    next: u64,
    /// Counts what happened to the fields above.
    changes: u64,
}

/// How many turns without a change mean that no task has anything else to do: far more than the SDK takes for an answer.
const TURNS: usize = 100;

impl Waiting {
    fn add(&mut self, text: &str) -> u64 {
        self.next += 1;
        self.changes += 1;
        self.requests.insert((text.to_owned(), self.next));
        self.next
    }

    fn choose(&mut self) {
        let nth = self.dice.below(self.requests.len());
        self.chosen = self.requests.iter().nth(nth).map(|(_, number)| *number);
        self.changes += 1;
    }

    fn remove(&mut self, number: u64) {
        self.requests.retain(|(_, it)| *it != number);
        self.chosen = self.chosen.filter(|it| *it != number);
        self.changes += 1;
    }
}

/// A request that waits. It is gone with the function that is killed.
struct Ticket<'a>(&'a Mutex<Waiting>, u64);

impl Ticket<'_> {
    async fn turn(&self) {
        let (mut seen, mut quiet) = (0, 0);
        loop {
            {
                let mut waiting = lock(self.0);
                if waiting.chosen == Some(self.1) {
                    return;
                }
                quiet = if waiting.changes == seen { quiet + 1 } else { 0 };
                seen = waiting.changes;
                if quiet > TURNS && waiting.chosen.is_none() {
                    waiting.choose();
                    continue;
                }
            }
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        lock(self.0).remove(self.1);
    }
}

impl Wire {
    /// A way to this AWS, by this seed.
    pub fn new(aws: &Sandbox, seed: u64) -> Self {
        Self {
            aws: aws.direct(),
            clock: aws.clock().clone(),
            waiting: Arc::new(Mutex::new(Waiting {
                dice: Dice::new(seed),
                requests: BTreeSet::new(),
                chosen: None,
                next: 0,
                changes: 0,
            })),
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

    async fn carry(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let sent = Sent::of(&request);
        let text = sent.text();
        let number = lock(&self.waiting).add(&text);
        let ticket = Ticket(&self.waiting, number);
        ticket.turn().await;
        drop(ticket);
        lock(&self.record).push(format!("{} {text}", self.clock.now()));
        let headers: Vec<_> = sent.headers.iter().map(|(name, it)| (name.as_str(), it.as_str())).collect();
        let answer = self.aws.answer(&sent.method, &sent.target, &headers, sent.body.clone()).await;
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
