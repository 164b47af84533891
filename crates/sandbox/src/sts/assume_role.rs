//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
//!
//! Any principal of any account may assume a registered role, if it knows the role's external id. A
//! role nobody registered and a wrong external id are refused alike, as on AWS.

use std::time::Duration;

use crate::call::{Answer, Call};
use crate::clock::later;
use crate::error::AwsError;
use crate::iam::Session;
use crate::identity::{Place, Principal};
use crate::shape::Shape;
use crate::world::World;

/// Known to AWS and without meaning here.
const NOT_SIMULATED: [&str; 6] =
    ["PolicyArns", "Policy", "Tags", "TransitiveTagKeys", "SerialNumber", "TokenCode"];

pub(super) fn answer(world: &mut World, call: &Call) -> Result<Answer, AwsError> {
    let params = call.params()?;
    let role_arn = required(params.text("RoleArn"), "roleArn")?;
    let session_name = required(params.text("RoleSessionName"), "roleSessionName")?;
    let external_id = params.text("ExternalId");
    let duration = params.int("DurationSeconds")?.unwrap_or(3600);
    params.finish(&call.action, &NOT_SIMULATED)?;
    check_session_name(session_name)?;
    let seconds = u64::try_from(duration)
        .ok()
        .filter(|it| (900..=43_200).contains(it))
        .ok_or_else(|| validation("durationSeconds", "Member must have value between 900 and 43200"))?;

    let (account, role) = parse_role_arn(role_arn)?;
    if !world.iam.may_assume(&account, &role, external_id) {
        let message = format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
            call.principal.arn()
        );
        return Err(AwsError::client("AccessDenied", message).with_status(403));
    }
    let place = Place::new(account, call.place.region.clone());
    let principal = Principal::session(&place, &role, session_name, call.at);
    let expires = later(call.at, Duration::from_secs(seconds));
    let access_key = world.ids.unique("ASIA").chars().take(20).collect::<String>();
    let (arn, id) = (principal.arn().to_owned(), principal.id());
    world.iam.sessions.insert(access_key.clone(), Session { principal, expires });

    let credentials = Shape::map()
        .with("AccessKeyId", access_key)
        .with("SecretAccessKey", world.ids.hex(40))
        .with("SessionToken", world.ids.hex(64))
        .with("Expiration", expires);
    let user = Shape::map().with("AssumedRoleId", id).with("Arn", arn);
    Ok(Answer::Xml(Shape::map().with("AssumedRoleUser", user).with("Credentials", credentials)))
}

fn required<'a>(value: Option<&'a str>, name: &str) -> Result<&'a str, AwsError> {
    value.filter(|text| !text.is_empty()).ok_or_else(|| validation(name, "Member must not be null"))
}

fn check_session_name(name: &str) -> Result<(), AwsError> {
    let legal = |letter: char| letter.is_ascii_alphanumeric() || "_+=,.@-".contains(letter);
    if (2..=64).contains(&name.len()) && name.chars().all(legal) {
        return Ok(());
    }
    Err(validation("roleSessionName", "Member must satisfy regular expression pattern: [\\w+=,.@-]{2,64}"))
}

/// `arn:aws:iam::111122223333:role/path/Name` → account, `path/Name`.
fn parse_role_arn(arn: &str) -> Result<(String, String), AwsError> {
    let invalid = || AwsError::client("ValidationError", format!("{arn} is invalid"));
    let mut parts = arn.splitn(6, ':');
    let mut next = || parts.next().ok_or_else(invalid);
    let (prefix, _partition, service, _region, account, resource) =
        (next()?, next()?, next()?, next()?, next()?, next()?);
    let role = resource.strip_prefix("role/").ok_or_else(invalid)?;
    if prefix != "arn" || service != "iam" || !crate::identity::is_account(account) || role.is_empty() {
        return Err(invalid());
    }
    Ok((account.to_owned(), role.to_owned()))
}

fn validation(name: &str, what: &str) -> AwsError {
    let message =
        format!("1 validation error detected: Value at '{name}' failed to satisfy constraint: {what}");
    AwsError::client("ValidationError", message)
}
