//! Requests without a connection: the protocols and operations, for callers that need millions of answers.

use std::fmt;

use axum::body::Bytes;
use axum::http::Request;

use crate::config::Config;
use crate::core::Core;
use crate::protocol::{read, write_answer, write_error};
use crate::server::attribute;
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
    /// The media type of the body.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
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
        let request = Request::builder().method(method).uri(target);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let (parts, ()) = request.body(()).ok()?.into_parts();
        let incoming = read(&parts, Bytes::from(body));
        let request_id = self.core.world().ids.uuid();
        let protocol = incoming.protocol;
        let (call, refused) = attribute(&self.core, incoming, &request_id, &parts);
        let outcome = refused.map_or_else(|| services::answer(&self.core, &call), Err);
        let written = match outcome {
            Ok(answer) => write_answer(protocol, &call.action, &request_id, answer),
            Err(error) => write_error(protocol, &request_id, &error),
        };
        let content_type = written.headers.iter().find(|(name, _)| *name == "content-type");
        Some(DirectAnswer {
            status: written.status,
            content_type: content_type.map(|(_, kind)| kind.clone()).unwrap_or_default(),
            body: written.body.to_vec(),
        })
    }
}

impl fmt::Debug for DirectSandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectSandbox").finish_non_exhaustive()
    }
}
