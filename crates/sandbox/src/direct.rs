//! Requests without a connection: the protocols and operations, for callers that need millions of answers.

use std::fmt;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::Request;
use axum::http::request::Parts;

use crate::config::Config;
use crate::core::Core;
use crate::protocol::{Written, read, write_answer, write_error};
use crate::sandbox::Sandbox;
use crate::server::{attribute, exchange};
use crate::services;

/// An embedded AWS without a listener and a thread. Faults, latency and actors act only in a
/// [`Sandbox`](crate::Sandbox).
pub struct DirectSandbox {
    core: Core,
}

/// An HTTP response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectAnswer {
    /// The status code.
    pub status: u16,
    /// The headers, with names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl DirectAnswer {
    fn of(written: Written) -> Self {
        Self { status: written.status, headers: written.headers, body: written.body.to_vec() }
    }

    /// The media type of the body; empty if there is none.
    pub fn content_type(&self) -> &str {
        self.headers.iter().find(|(name, _)| *name == "content-type").map_or("", |(_, kind)| kind)
    }
}

/// A way to a sandbox without a socket, with faults, latency and actors as over HTTP.
#[derive(Clone)]
pub struct DirectConnection {
    core: Arc<Core>,
}

impl Sandbox {
    /// A way to this AWS without a socket.
    pub fn direct(&self) -> DirectConnection {
        DirectConnection { core: Arc::clone(self.core()) }
    }
}

impl DirectConnection {
    /// Answers one request; `None` if a fault drops the connection, or method, target or headers are none of HTTP.
    pub async fn answer(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Option<DirectAnswer> {
        let parts = parts(method, target, headers)?;
        exchange(&self.core, &parts, Bytes::from(body)).await.map(DirectAnswer::of)
    }
}

impl fmt::Debug for DirectConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectConnection").finish_non_exhaustive()
    }
}

fn parts(method: &str, target: &str, headers: &[(&str, &str)]) -> Option<Parts> {
    let request = Request::builder().method(method).uri(target);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(()).ok().map(|it| it.into_parts().0)
}

impl DirectSandbox {
    /// An AWS in its initial state.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { core: Core::new(config) }
    }

    /// Answers one request; `None` if method, target or headers are none of HTTP.
    pub fn answer(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Option<DirectAnswer> {
        let parts = parts(method, target, headers)?;
        let incoming = read(&parts, Bytes::from(body));
        let request_id = self.core.world().ids.uuid();
        let protocol = incoming.protocol;
        let (call, refused) = attribute(&self.core, incoming, &request_id, &parts);
        let outcome = refused.map_or_else(|| services::answer(&self.core, &call), Err);
        let written = match outcome {
            Ok(answer) => write_answer(protocol, &call.action, &request_id, answer),
            Err(error) => write_error(protocol, &request_id, &error),
        };
        Some(DirectAnswer::of(written))
    }
}

impl fmt::Debug for DirectSandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectSandbox").finish_non_exhaustive()
    }
}
