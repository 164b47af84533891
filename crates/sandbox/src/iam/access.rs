//! Roles with their policies, and the instance profiles that hand them out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::identity::Place;
use crate::shape::Shape;

/// What IAM leaves as it is in the documents of an answer: the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What IAM has in one account. IAM has no Regions.
#[derive(Debug, Default)]
pub(super) struct Access {
    /// By name.
    pub(super) roles: BTreeMap<String, Role>,
    /// The customer's managed policies by ARN.
    pub(super) policies: BTreeMap<String, Policy>,
    /// By name.
    pub(super) profiles: BTreeMap<String, Profile>,
}

/// A role.
#[derive(Debug)]
pub(super) struct Role {
    pub(super) id: String,
    pub(super) created: Timestamp,
    pub(super) trust: String,
    /// The inline policies by name.
    pub(super) inline: BTreeMap<String, String>,
    /// The ARNs of the attached managed policies.
    pub(super) attached: Vec<String>,
    /// The ARN of the permissions boundary.
    pub(super) boundary: Option<String>,
}

/// A managed policy with its one version.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) created: Timestamp,
    pub(super) document: String,
}

/// An instance profile.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) id: String,
    pub(super) created: Timestamp,
    /// The name of its role.
    pub(super) role: Option<String>,
}

/// `arn:aws:iam::111122223333:role/name`: an ARN without a Region.
pub(super) fn arn(place: &Place, resource: &str) -> String {
    format!("arn:{}:iam::{}:{resource}", place.partition(), place.account)
}

/// A document as IAM answers with it.
pub(super) fn encoded(document: &str) -> String {
    utf8_percent_encode(document, ENCODED).to_string()
}

fn policy_name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

impl Role {
    /// As a change answers.
    pub(super) fn shape(&self, place: &Place, name: &str) -> Shape {
        Shape::map()
            .with("Path", "/")
            .with("RoleName", name)
            .with("RoleId", &self.id)
            .with("Arn", arn(place, &format!("role/{name}")))
            .with("CreateDate", self.created)
            .with("AssumeRolePolicyDocument", encoded(&self.trust))
    }
}

impl Profile {
    pub(super) fn shape(&self, place: &Place, name: &str, roles: &BTreeMap<String, Role>) -> Shape {
        let role = self.role.as_ref().and_then(|role| Some(roles.get(role)?.shape(place, role)));
        Shape::map()
            .with("Path", "/")
            .with("InstanceProfileName", name)
            .with("InstanceProfileId", &self.id)
            .with("Arn", arn(place, &format!("instance-profile/{name}")))
            .with("CreateDate", self.created)
            .with("Roles", Shape::list(role))
    }
}

impl Access {
    /// A role as `GetAccountAuthorizationDetails` describes it.
    pub(super) fn role_detail(&self, place: &Place, name: &str, role: &Role) -> Shape {
        let profiles = self.profiles.iter().filter(|(_, profile)| profile.role.as_deref() == Some(name));
        let profiles = profiles.map(|(name, profile)| profile.shape(place, name, &self.roles));
        let inline = role.inline.iter().map(|(name, document)| {
            Shape::map().with("PolicyName", name).with("PolicyDocument", encoded(document))
        });
        let attached = role
            .attached
            .iter()
            .map(|arn| Shape::map().with("PolicyName", policy_name(arn)).with("PolicyArn", arn));
        let boundary = role.boundary.as_ref().map(|arn| {
            Shape::map().with("PermissionsBoundaryType", "Policy").with("PermissionsBoundaryArn", arn)
        });
        role.shape(place, name)
            .with("InstanceProfileList", Shape::list(profiles))
            .with("RolePolicyList", Shape::list(inline))
            .with("AttachedManagedPolicies", Shape::list(attached))
            .with_some("PermissionsBoundary", boundary)
    }

    /// A policy as `GetAccountAuthorizationDetails` describes it.
    pub(super) fn policy_detail(&self, arn: &str, policy: &Policy) -> Shape {
        let users = self.roles.values().filter(|role| role.attached.iter().any(|it| it == arn)).count();
        let version = Shape::map()
            .with("Document", encoded(&policy.document))
            .with("VersionId", "v1")
            .with("IsDefaultVersion", true)
            .with("CreateDate", policy.created);
        policy
            .shape(arn)
            .with("AttachmentCount", i64::try_from(users).unwrap_or(i64::MAX))
            .with("PolicyVersionList", Shape::list([version]))
    }
}

impl Policy {
    /// As a change answers.
    pub(super) fn shape(&self, arn: &str) -> Shape {
        Shape::map()
            .with("PolicyName", &self.name)
            .with("PolicyId", &self.id)
            .with("Arn", arn)
            .with("Path", "/")
            .with("DefaultVersionId", "v1")
            .with("IsAttachable", true)
            .with("CreateDate", self.created)
            .with("UpdateDate", self.created)
    }
}
