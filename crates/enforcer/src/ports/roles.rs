//! What the roles of an account may do. No function is given this port.

use std::future::Future;

use v2only_policy::Place;

use super::{Answer, Page};

/// A role, with the instance profiles that hand out its credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// The ARNs of its instance profiles.
    pub profiles: Vec<String>,
    /// The inline policies, each with its name and document.
    pub inline: Vec<(String, String)>,
    /// The ARNs of the attached managed policies.
    pub attached: Vec<String>,
    /// The ARN of the permissions boundary.
    pub boundary: Option<String>,
}

/// An entry of the answer: roles and the policies that they name come in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleDetail {
    /// A role.
    Role(Role),
    /// A managed policy of the customer.
    Policy {
        /// Its ARN.
        arn: String,
        /// Its default version.
        document: String,
    },
}

/// `iam:GetAccountAuthorizationDetails`.
pub trait ReadRoles {
    /// One page of the roles of an account and its customer managed policies. IAM has no Regions: the Region chooses the
    /// partition.
    fn role_details(
        &self,
        place: &Place,
        next: Option<String>,
    ) -> impl Future<Output = Answer<Page<RoleDetail>>> + Send;
}
