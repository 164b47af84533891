//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html>
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html>
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html>
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateInstanceProfile.html>
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddRoleToInstanceProfile.html>

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::Value;

use super::access::{Access, Policy, Profile, Role, arn};
use crate::call::Call;
use crate::error::AwsError;
use crate::ids::Ids;
use crate::params::Params;
use crate::shape::Shape;

pub(super) fn create_role(access: &mut Access, ids: &mut Ids, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let name = required(params, "RoleName")?;
    let trust = document(params, "AssumeRolePolicyDocument")?;
    let boundary = params.text("PermissionsBoundary").map(str::to_owned);
    params.finish(&call.action, &["Description", "MaxSessionDuration", "Path", "Tags"])?;
    let id = ids.unique("AROA");
    let role = Role { id, created: call.at, trust, inline: BTreeMap::new(), attached: Vec::new(), boundary };
    let role = new(access.roles.entry(name.to_owned()), role, "Role")?;
    Ok(Shape::map().with("Role", role.shape(&call.place, name)))
}

pub(super) fn put_role_policy(access: &mut Access, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let (role, policy) = (required(params, "RoleName")?, required(params, "PolicyName")?);
    let document = document(params, "PolicyDocument")?;
    params.finish(&call.action, &[])?;
    known(access, role)?.inline.insert(policy.to_owned(), document);
    Ok(Shape::map())
}

pub(super) fn attach_role_policy(access: &mut Access, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let (role, arn) = (required(params, "RoleName")?, required(params, "PolicyArn")?.to_owned());
    params.finish(&call.action, &[])?;
    if !access.policies.contains_key(&arn) && !arn.contains(":iam::aws:policy/") {
        return Err(missing(&format!("Policy {arn} does not exist or is not attachable.")));
    }
    let role = known(access, role)?;
    if !role.attached.contains(&arn) {
        role.attached.push(arn);
    }
    Ok(Shape::map())
}

pub(super) fn create_policy(access: &mut Access, ids: &mut Ids, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let name = required(params, "PolicyName")?.to_owned();
    let document = document(params, "PolicyDocument")?;
    params.finish(&call.action, &["Description", "Path", "Tags"])?;
    let arn = arn(&call.place, &format!("policy/{name}"));
    let policy = Policy { name, id: ids.unique("ANPA"), created: call.at, document };
    let policy = new(access.policies.entry(arn.clone()), policy, "A policy")?;
    Ok(Shape::map().with("Policy", policy.shape(&arn)))
}

pub(super) fn create_instance_profile(
    access: &mut Access,
    ids: &mut Ids,
    call: &Call,
) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let name = required(params, "InstanceProfileName")?;
    params.finish(&call.action, &["Path", "Tags"])?;
    let profile = Profile { id: ids.unique("AIPA"), created: call.at, role: None };
    let profile = new(access.profiles.entry(name.to_owned()), profile, "Instance Profile")?;
    Ok(Shape::map().with("InstanceProfile", profile.shape(&call.place, name, &access.roles)))
}

pub(super) fn add_role(access: &mut Access, call: &Call) -> Result<Shape, AwsError> {
    let params = call.params()?;
    let name = required(params, "InstanceProfileName")?;
    let role = required(params, "RoleName")?;
    params.finish(&call.action, &[])?;
    known(access, role)?;
    let profile = access.profiles.get_mut(name);
    let profile = profile.ok_or_else(|| missing(&format!("Instance Profile {name} cannot be found.")))?;
    if profile.role.is_some() {
        let message = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1";
        return Err(AwsError::client("LimitExceeded", message).with_status(409));
    }
    profile.role = Some(role.to_owned());
    Ok(Shape::map())
}

fn known<'a>(access: &'a mut Access, name: &str) -> Result<&'a mut Role, AwsError> {
    access.roles.get_mut(name).ok_or_else(|| missing(&format!("The role with name {name} cannot be found.")))
}

fn new<'a, V>(entry: Entry<'a, String, V>, value: V, noun: &str) -> Result<&'a mut V, AwsError> {
    match entry {
        Entry::Vacant(entry) => Ok(entry.insert(value)),
        Entry::Occupied(entry) => {
            let message = format!("{noun} with name {} already exists.", entry.key());
            Err(AwsError::client("EntityAlreadyExists", message).with_status(409))
        }
    }
}

/// A policy document. IAM refuses what is not JSON.
fn document(params: &Params, name: &str) -> Result<String, AwsError> {
    let text = required(params, name)?;
    match serde_json::from_str(text) {
        Ok(Value::Object(_)) => Ok(text.to_owned()),
        _ => Err(AwsError::client("MalformedPolicyDocument", "Syntax errors in policy.")),
    }
}

fn required<'a>(params: &'a Params, name: &str) -> Result<&'a str, AwsError> {
    params.text(name).filter(|text| !text.is_empty()).ok_or_else(|| {
        let message = format!("1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must not be null");
        AwsError::client("ValidationError", message)
    })
}

fn missing(message: &str) -> AwsError {
    AwsError::client("NoSuchEntity", message).with_status(404)
}
