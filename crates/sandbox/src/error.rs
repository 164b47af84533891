//! Errors: at the start of the sandbox, and in its answers as AWS.

use std::net::SocketAddr;

/// Why a sandbox could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The sandbox gives every caller every permission, so it listens on loopback only.
    #[error("the sandbox listens on loopback only, not on `{0}`")]
    NotLoopback(SocketAddr),
    /// The port is taken or may not be used.
    #[error("cannot listen on `{address}`: {source}")]
    Listen {
        /// Where the sandbox was to listen.
        address: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// No thread or no runtime for the server.
    #[error("cannot start the server thread: {0}")]
    Thread(std::io::Error),
}

/// An error answer, as AWS gives it: a status, a code and a message.
///
/// The protocol decides how it is written; operations only say what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsError {
    /// HTTP status.
    pub status: u16,
    /// Error code without the `Client.`/`Server.` prefix that only CloudTrail shows.
    pub code: String,
    /// Text for people.
    pub message: String,
    /// Further response headers, for example `x-amzn-query-error` of SQS.
    pub headers: Vec<(&'static str, String)>,
}

impl AwsError {
    /// An error of the caller, status 400.
    pub fn client(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.into(), message: message.into(), headers: Vec::new() }
    }

    /// An error of AWS, status 500.
    pub fn server(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status: 500, ..Self::client(code, message) }
    }

    /// The same error under another HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same error with one more response header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Something AWS knows and the sandbox does not: always an error, never ignored.
    pub fn not_simulated(what: impl AsRef<str>) -> Self {
        let message = format!("v2only's sandbox does not simulate {}", what.as_ref());
        Self::client("NotSimulated", message).with_status(501)
    }

    /// `InvalidParameterValue` of EC2.
    pub(crate) fn invalid_value(message: impl Into<String>) -> Self {
        Self::client("InvalidParameterValue", message)
    }

    /// `MissingParameter` of EC2.
    pub(crate) fn missing(parameter: &str) -> Self {
        Self::client("MissingParameter", format!("The request must contain the parameter {parameter}"))
    }

    /// `DryRunOperation`: the error that means the call would have succeeded.
    pub(crate) fn dry_run() -> Self {
        Self::client("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
            .with_status(412)
    }
}
