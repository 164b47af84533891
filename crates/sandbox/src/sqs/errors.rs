//! SQS errors. Since the move to JSON an error has two names: the modelled one in the body, and the
//! older query name in a header, which is the one botocore shows as `Code`.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html>

use crate::error::AwsError;

/// Why a receipt handle cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptError {
    /// No handle of this queue.
    Invalid,
    /// The message is not in flight.
    NotInFlight,
}

fn sqs(modelled: &str, query: &str, message: impl Into<String>) -> AwsError {
    AwsError::client(modelled, message).with_header("x-amzn-query-error", format!("{query};Sender"))
}

pub(super) fn no_such_queue() -> AwsError {
    let message = "The specified queue does not exist.";
    sqs("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", message)
}

pub(super) fn queue_exists(attribute: &str) -> AwsError {
    let message =
        format!("A queue already exists with the same name and a different value for attribute {attribute}");
    sqs("QueueNameExists", "QueueAlreadyExists", message)
}

pub(super) fn invalid_attribute_name(name: &str) -> AwsError {
    sqs("InvalidAttributeName", "InvalidAttributeName", format!("Unknown Attribute {name}."))
}

pub(super) fn invalid_attribute_value(message: &str) -> AwsError {
    sqs("InvalidAttributeValue", "InvalidAttributeValue", message)
}

pub(super) fn invalid_value(message: impl Into<String>) -> AwsError {
    sqs("InvalidParameterValue", "InvalidParameterValue", message)
}

pub(super) fn missing(parameter: &str) -> AwsError {
    let message = format!("The request must contain the parameter {parameter}.");
    sqs("MissingParameter", "MissingParameter", message)
}

pub(super) fn batch(kind: &str, message: &str) -> AwsError {
    sqs(kind, &format!("AWS.SimpleQueueService.{kind}"), message)
}

pub(super) fn receipt(error: ReceiptError, handle: &str) -> AwsError {
    match error {
        ReceiptError::Invalid => {
            let message = format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
            sqs("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", message)
        }
        ReceiptError::NotInFlight => {
            let message = format!(
                "Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is \
                 not available for visibility timeout change."
            );
            sqs("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", message)
        }
    }
}
