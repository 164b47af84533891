//! One API call as the operations see it, whatever protocol it came in, and its answer.

use jiff::Timestamp;
use serde_json::Value;

use crate::error::AwsError;
use crate::identity::{Place, Principal};
use crate::params::Params;
use crate::shape::Shape;

/// How a request was written, and so how the answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Query in, XML out, EC2's dialect.
    Ec2,
    /// Query in, XML out, everyone else's dialect (STS, Auto Scaling); the text is the XML
    /// namespace.
    Query(&'static str),
    /// JSON with `X-Amz-Target`; the text is the version, `1.0` or `1.1`.
    Json(&'static str),
    /// CBOR in, CBOR out (CloudWatch).
    Cbor,
    /// None of the above: REST and JSON (Security Hub), or what is not simulated (S3, Lambda's
    /// Invoke).
    Other,
}

/// What the caller sent.
#[derive(Debug)]
pub(crate) enum Body {
    Query(Params),
    Json(Value),
    Unread,
}

/// A call: who asks what, where and when.
#[derive(Debug)]
pub(crate) struct Call {
    /// Signing name of the service: `ec2`, `sts`, `sagemaker`, ...
    pub(crate) service: String,
    /// The operation, for example `RunInstances`.
    pub(crate) action: String,
    pub(crate) place: Place,
    pub(crate) principal: Principal,
    pub(crate) access_key: Option<String>,
    pub(crate) request_id: String,
    pub(crate) at: Timestamp,
    pub(crate) user_agent: String,
    pub(crate) source_ip: String,
    pub(crate) body: Body,
}

impl Call {
    /// The query parameters; a request of another protocol has none.
    pub(crate) fn params(&self) -> Result<&Params, AwsError> {
        match &self.body {
            Body::Query(params) => Ok(params),
            Body::Json(_) | Body::Unread => {
                Err(AwsError::client("MalformedQueryString", "the request is not a query request"))
            }
        }
    }

    /// The JSON document; a request of another protocol has none.
    pub(crate) fn json(&self) -> Result<&Value, AwsError> {
        match &self.body {
            Body::Json(value) => Ok(value),
            Body::Query(_) | Body::Unread => {
                Err(AwsError::client("SerializationException", "the request is not a JSON document"))
            }
        }
    }
}

/// What an operation answers.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The members of the answer, for the XML protocols.
    Xml(Shape),
    /// A JSON document.
    Json(Value),
}

impl Answer {
    /// The same kind of answer without members.
    pub(crate) fn emptied(self) -> Self {
        match self {
            Self::Xml(_) => Self::Xml(Shape::map()),
            Self::Json(_) => Self::Json(Value::Object(serde_json::Map::new())),
        }
    }
}
