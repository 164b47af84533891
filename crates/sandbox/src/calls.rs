//! The call log: every API call the sandbox answered, in order.

use jiff::Timestamp;
use serde::Serialize;

/// One call, as it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallRecord {
    /// When, by the sandbox's clock.
    pub at: Timestamp,
    /// The account whose state it touched.
    pub account: String,
    /// The Region whose state it touched.
    pub region: String,
    /// For example `ec2`.
    pub service: String,
    /// For example `DescribeInstances`.
    pub action: String,
    /// ARN of the caller.
    pub principal: String,
    /// As in the answer.
    pub request_id: String,
    /// The error code of the answer; `None` for success. `ConnectionDropped` and `NoAnswer` are
    /// the sandbox's own words for faults that leave the caller without an answer.
    pub error: Option<String>,
}

impl CallRecord {
    /// `ec2:DescribeInstances`, as IAM would call it.
    pub fn name(&self) -> String {
        // The one service that signs by another name than its permissions have.
        let prefix = if self.service == "monitoring" { "cloudwatch" } else { &self.service };
        format!("{prefix}:{}", self.action)
    }
}
