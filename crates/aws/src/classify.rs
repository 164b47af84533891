//! SDK errors into failures. The only place that reads AWS's error codes.
//!
//! Sources: Amazon EC2 API Reference, "Error codes for the Amazon EC2 API"; SageMaker answers
//! `ValidationException` for everything and tells the cases apart in the message only, so the message is
//! matched there, on the shortest stable part.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};
use v2only_enforcer::{Failure, Kind};

use crate::call::Call;

/// What a failed call means.
pub fn failure<E>(call: Call, error: &SdkError<E, Response>) -> Failure
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    let action = call.iam_action();
    match error {
        SdkError::ServiceError(answered) => answer(action, answered.err().meta()),
        SdkError::TimeoutError(_) => Failure::new(Kind::Unavailable, action, "AWS did not answer in time"),
        SdkError::ResponseError(_) => Failure::new(
            Kind::Unavailable,
            action,
            format!("AWS's answer could not be read: {}", innermost(error)),
        ),
        SdkError::DispatchFailure(dispatch) => before_aws(action, error).unwrap_or_else(|| {
            let kind = if dispatch.is_timeout() { Kind::Unavailable } else { Kind::Unreachable };
            Failure::new(kind, action, format!("no connection: {}", innermost(error)))
        }),
        other => before_aws(action, other).unwrap_or_else(|| {
            Failure::new(
                Kind::Unknown,
                action,
                format!("the request could not be made: {}", innermost(other)),
            )
        }),
    }
}

/// Failures on the way to the call: the role could not be assumed, or there are no credentials.
fn before_aws(action: &'static str, error: &(dyn StdError + 'static)) -> Option<Failure> {
    if let Some(refused) = chain(error).find_map(|it| it.downcast_ref::<AssumeRoleError>()) {
        return Some(answer(Call::AssumeRole.iam_action(), refused.meta()));
    }
    let unusable = chain(error).find_map(|it| it.downcast_ref::<CredentialsError>())?;
    let why = match unusable {
        CredentialsError::CredentialsNotLoaded(_) => "no credentials were found".to_owned(),
        other => innermost(other),
    };
    Some(Failure::new(Kind::Credentials, action, why))
}

/// The last cause in the chain, which is the one that says something.
pub(crate) fn innermost(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// An error and its causes, outermost first.
fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let cause =
        |it: &&'a (dyn StdError + 'static)| -> Option<&'a (dyn StdError + 'static)> { (*it).source() };
    std::iter::successors(Some(error), cause)
}

/// What an answer with an error code means.
pub fn answer(action: &'static str, meta: &ErrorMetadata) -> Failure {
    let code = meta.code().unwrap_or_default();
    let message = meta.message().unwrap_or("AWS gave no message");
    let request_id = meta.extra("aws_request_id").map(str::to_owned);
    Failure {
        kind: kind(code, message),
        action: action.into(),
        code: (!code.is_empty()).then(|| code.to_owned()),
        message: message.to_owned(),
        request_id,
    }
}

/// Whether AWS says that what was asked for by name does not exist. Said of pieces of an installation only, which are
/// not there before they are made; SQS has three words for it.
#[cfg(feature = "installation")]
pub(crate) fn says_absent(failure: &Failure) -> bool {
    matches!(
        failure.code.as_deref(),
        Some(
            "ResourceNotFoundException"
                | "ParameterNotFound"
                | "QueueDoesNotExist"
                | "AWS.SimpleQueueService.NonExistentQueue"
        )
    )
}

/// The kind of an error code; the message only where AWS puts the difference there.
pub fn kind(code: &str, message: &str) -> Kind {
    match code {
        "RequestLimitExceeded"
        | "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "CallRateLimitExceededException"
        | "TooManyRequestsException"
        | "EC2ThrottledException"
        | "RequestThrottled"
        | "SlowDown"
        | "ProvisionedThroughputExceededException" => Kind::Throttled,
        "InvalidInstanceID.NotFound" => Kind::NotVisibleYet,
        // The state of the resource passes, and so does another caller's change of the same tag.
        "IncorrectInstanceState"
        | "IncorrectState"
        | "InvalidState"
        | "InvalidStateTransition"
        | "ConcurrentTagAccess"
        | "ResourceInUse"
        | "ConflictException" => Kind::WrongState,
        "InternalError"
        | "InternalFailure"
        | "InternalServerError"
        | "InternalServerException"
        | "InternalServiceError"
        | "InternalServiceFault"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "ServiceException"
        | "Unavailable"
        | "RequestTimeout"
        | "RequestTimeoutException" => Kind::Unavailable,
        // Of Lightsail, in an account or Region that was not used before.
        "AccountSetupInProgressException" | "RegionSetupInProgressException" => Kind::Unavailable,
        "UnauthorizedOperation"
        | "AccessDenied"
        | "AccessDeniedException"
        | "OptInRequired"
        | "PendingVerification"
        | "Blocked"
        | "ForbiddenException"
        | "InsufficientPrivilegesException" => Kind::Denied,
        // An image of somebody else.
        "AuthFailure" if message.contains("Not authorized for image") => Kind::Denied,
        "AuthFailure"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException" => Kind::Credentials,
        "UnsupportedOperation" | "OperationNotPermitted" => Kind::Refused,
        // Security Hub is not enabled there.
        "InvalidAccessException" => Kind::Refused,
        "AccountNotFoundException" => Kind::ForeignAccount,
        "InvalidLaunchTemplateId.NotFound"
        | "InvalidLaunchTemplateId.VersionNotFound"
        | "InvalidLaunchTemplateName.NotFoundException"
        | "InvalidAMIID.NotFound"
        | "InvalidAMIID.Unavailable" => Kind::Gone,
        "ValidationException" if message.contains("RecordNotFound") => Kind::Gone,
        "ValidationException" if message.contains("Unable to transition to") => Kind::WrongState,
        "ValidationException" | "ValidationError" => Kind::Invalid,
        // EC2 and SageMaker take 50 tags a resource. Another attempt fails as well.
        "TagLimitExceeded" | "TagPolicyViolation" => Kind::Refused,
        "ResourceLimitExceeded" if message.to_ascii_lowercase().contains("tag") => Kind::Refused,
        // Of Lightsail, Image Builder and EMR.
        "InvalidInputException" | "InvalidRequestException" => Kind::Invalid,
        "ParameterNotFound" | "ResourceNotFound" | "ResourceLimitExceeded" => Kind::Invalid,
        // Of Systems Manager: it does not manage the instance, or has not heard of it for a while.
        "InvalidInstanceId" | "InvalidDocument" => Kind::Invalid,
        // Of its Automation: nothing was started.
        "InvalidTarget" | "InvalidAutomationExecutionParametersException" => Kind::Invalid,
        _ if code.starts_with("InvalidParameter")
            || code.starts_with("InvalidInstanceID")
            || code.starts_with("InvalidInstanceAttributeValue")
            || code.starts_with("InvalidTagKey")
            || code.starts_with("MissingParameter")
            || code.starts_with("UnknownParameter") =>
        {
            Kind::Invalid
        }
        _ => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use v2only_policy::MetadataOption;

    use super::*;

    #[track_caller]
    fn check(code: &str, message: &str, expected: Kind) {
        assert_eq!(kind(code, message), expected, "{code}: {message}");
    }

    #[test]
    fn every_code_of_the_facts_has_its_consequence() {
        check("InvalidInstanceID.NotFound", "", Kind::NotVisibleYet);
        check("InvalidInstanceID.Malformed", "", Kind::Invalid);
        check("IncorrectInstanceState", "", Kind::WrongState);
        check("IncorrectState", "", Kind::WrongState);
        check("UnauthorizedOperation", "Encoded authorization failure message: x", Kind::Denied);
        check("UnsupportedOperation", "httpTokensEnforced", Kind::Refused);
        check("OperationNotPermitted", "", Kind::Refused);
        check("InvalidParameterValue", "The HttpEndpoint is not set", Kind::Invalid);
        check("InvalidParameterCombination", "", Kind::Invalid);
        check("InvalidTarget", "", Kind::Invalid);
        check("InvalidAutomationExecutionParametersException", "", Kind::Invalid);
        check("RequestLimitExceeded", "", Kind::Throttled);
        check("ThrottlingException", "Rate exceeded", Kind::Throttled);
        check("InternalError", "", Kind::Unavailable);
        check("Unavailable", "", Kind::Unavailable);
        check("InternalServiceFault", "", Kind::Unavailable);
        check("ExpiredToken", "", Kind::Credentials);
        check("RequestExpired", "Request has expired.", Kind::Credentials);
        check("ValidationException", "RecordNotFound", Kind::Gone);
        let text = "Status (Stopping) not in ([Stopped, Failed]). Unable to transition to (Pending) for Notebook Instance (arn)";
        check("ValidationException", text, Kind::WrongState);
        check("ValidationException", "1 validation error detected", Kind::Invalid);
        check("InvalidLaunchTemplateId.VersionNotFound", "", Kind::Gone);
        check("InvalidAMIID.NotFound", "", Kind::Gone);
        check("AuthFailure", "Not authorized for image:ami-0123456789abcdef0", Kind::Denied);
        check(
            "AuthFailure",
            "AWS was not able to validate the provided access credentials",
            Kind::Credentials,
        );
        check("CallRateLimitExceededException", "Rate exceeded", Kind::Throttled);
        check("ForbiddenException", "", Kind::Denied);
        check("InsufficientPrivilegesException", "", Kind::Denied);
        check("RegionSetupInProgressException", "", Kind::Unavailable);
        check("InvalidInputException", "", Kind::Invalid);
        check("InvalidRequestException", "", Kind::Invalid);
        check("SomethingNew", "", Kind::Unknown);
        check("InvalidState", "", Kind::WrongState);
        check("InvalidStateTransition", "", Kind::WrongState);
        check("ConcurrentTagAccess", "", Kind::WrongState);
        check("PendingVerification", "", Kind::Denied);
        check("Blocked", "", Kind::Denied);
        check("TagPolicyViolation", "", Kind::Refused);
        check("InvalidTagKey.Malformed", "", Kind::Invalid);
        check("InvalidInstanceAttributeValue", "", Kind::Invalid);
        check("TagLimitExceeded", "You have reached the maximum number of tags", Kind::Refused);
        check("ResourceLimitExceeded", "The maximum number of tags is 50", Kind::Refused);
        check("ResourceLimitExceeded", "The account-level service limit is 20", Kind::Invalid);
        check("UnknownParameter", "The parameter HttpProtocolIpv6 is not recognized", Kind::Invalid);
    }

    #[track_caller]
    fn refuses(code: &str, message: &str, expected: Option<MetadataOption>) {
        let meta = ErrorMetadata::builder().code(code).message(message).build();
        let failure = answer("ec2:ModifyInstanceMetadataOptions", &meta);
        assert_eq!(failure.refused_option(), expected, "{code}: {message}");
    }

    #[test]
    fn the_option_that_aws_names_is_the_refused_one() {
        use MetadataOption::{HopLimit, HttpEndpoint, HttpTokens};
        use v2only_policy::SwitchOption::{Ipv6Endpoint, MetadataTags};
        let tag = "'a/b' is not a valid tag key for instance metadata. Tag keys must match pattern";
        refuses("InvalidParameterValue", tag, Some(MetadataOption::Switch(MetadataTags)));
        refuses(
            "UnknownParameter",
            "The parameter HttpProtocolIpv6 is not recognized",
            Some(MetadataOption::Switch(Ipv6Endpoint)),
        );
        refuses(
            "InvalidParameterValue",
            "instance-metadata-tags is not supported here",
            Some(MetadataOption::Switch(MetadataTags)),
        );
        refuses("InvalidParameterValue", "Value (65) for HttpPutResponseHopLimit is invalid", Some(HopLimit));
        refuses("InvalidParameterValue", "The HttpEndpoint is not set", Some(HttpEndpoint));
        refuses("UnsupportedOperation", "httpTokens cannot be optional", Some(HttpTokens));
        // Two options are named: which one is refused is unknown.
        refuses("InvalidParameterCombination", "HttpEndpoint and HttpTokens do not fit", None);
        refuses("InvalidParameterValue", "The request is invalid", None);
        refuses("RequestLimitExceeded", "httpTokens", None);
    }
}
