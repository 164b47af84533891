//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>

use crate::call::{Answer, Call};
use crate::error::AwsError;
use crate::shape::Shape;

pub(super) fn answer(call: &Call) -> Result<Answer, AwsError> {
    let principal = &call.principal;
    call.params()?.finish(&call.action, &[])?;
    Ok(Answer::Xml(
        Shape::map()
            .with("Arn", principal.arn())
            .with("UserId", principal.id())
            .with("Account", principal.account()),
    ))
}
