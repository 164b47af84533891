//! Who did it.

use std::fmt;

use v2only_policy::AccountId;

use crate::json::Node;

/// The `type` of a caller from another AWS account.
const ANOTHER_ACCOUNT: &str = "AWSAccount";

/// Who made a call, as CloudTrail's `userIdentity` says. For people to read: nothing is decided by it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Actor {
    /// The ARN of the user, or of the session of a role.
    pub arn: Option<String>,
    /// The AWS service that made the call, for itself or for them.
    pub invoked_by: Option<String>,
    /// What kind of identity it is, for example `AssumedRole`.
    pub kind: Option<String>,
    /// The name of the user or of the role; of a caller from another account (`AWSAccount`), the account.
    pub name: Option<String>,
}

impl Actor {
    /// Reads `userIdentity` of a CloudTrail record; `None` if it names nobody.
    pub(crate) fn read(detail: &Node<'_>) -> Option<Self> {
        let identity = detail.field("userIdentity");
        let issuer = identity.field("sessionContext").field("sessionIssuer");
        // Where a service calls, its name stands as the source address as well.
        let address = detail.field("sourceIPAddress").label().filter(|it| service(it).is_some());
        // CloudTrail records nothing but the account of a caller from an account that it does not belong to.
        let of_account = identity.field("type").text().as_deref() == Some(ANOTHER_ACCOUNT);
        let actor = Self {
            arn: identity.field("arn").label(),
            invoked_by: identity.field("invokedBy").label().or(address),
            kind: identity.field("type").label(),
            name: identity
                .field("userName")
                .label()
                .or_else(|| issuer.field("userName").label())
                .or_else(|| of_account.then(|| identity.field("accountId").label()).flatten()),
        };
        (actor != Self::default()).then_some(actor)
    }

    /// The name of the role, if this is a session of one.
    pub fn role(&self) -> Option<&str> {
        self.session().map(|(role, _)| role)
    }

    /// The name of the session, if this is one of a role.
    pub fn session_name(&self) -> Option<&str> {
        self.session().map(|(_, session)| session)
    }

    /// The name of a session of a role, or of a federated user.
    pub fn session_or_federated_name(&self) -> Option<&str> {
        self.session_name().or_else(|| self.resource()?.strip_prefix("federated-user/"))
    }

    /// The ARN of the role of a session, as far as the ARN of the session shows it: without the path.
    pub fn role_arn(&self) -> Option<String> {
        let mut parts = self.arn.as_deref()?.split(':');
        let (_, partition) = (parts.next()?, parts.next()?);
        Some(format!("arn:{partition}:iam::{}:role/{}", self.account()?, self.role()?))
    }

    /// Whether this is the session of this name of a role in an account. `role` may have a path, which the ARN of a session
    /// leaves out.
    pub fn is_session_of(&self, account: &AccountId, role: &str, session: &str) -> bool {
        let name = role.rsplit('/').next().unwrap_or(role);
        self.account() == Some(account.as_str()) && self.session() == Some((name, session))
    }

    /// The name of the user, if this is one.
    pub fn user(&self) -> Option<&str> {
        let user = self.resource()?.strip_prefix("user/")?;
        // Behind the path, if there is one.
        user.rsplit('/').next()
    }

    /// Whether this AWS service made the call, such as `autoscaling`.
    pub fn is_service(&self, name: &str) -> bool {
        self.invoked_by.as_deref().and_then(service) == Some(name)
    }

    /// The role and the name of the session.
    fn session(&self) -> Option<(&str, &str)> {
        self.resource()?.strip_prefix("assumed-role/")?.split_once('/')
    }

    /// What follows the account in the ARN, such as `user/alice`.
    fn resource(&self) -> Option<&str> {
        self.arn.as_deref()?.splitn(6, ':').nth(5)
    }

    /// The account in the ARN.
    fn account(&self) -> Option<&str> {
        self.arn.as_deref()?.split(':').nth(4)
    }

    /// Whether the identity says no more than the service that used it. Before there were service-linked
    /// roles, services acted as `root`.
    fn stands_for_a_service(&self, service: Option<&str>) -> bool {
        let as_root = self.resource() == Some("root") && service != Some("signin");
        as_root || self.role().is_some_and(|role| role.starts_with("AWSServiceRoleFor"))
    }

    fn write_identity(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.session(), self.resource(), &self.name, &self.kind) {
            (Some((role, session)), _, _, _) => write!(f, "role/{role} ({session})"),
            (None, Some("root"), _, _) => write!(f, "root of {}", self.account().unwrap_or("the account")),
            (None, Some(resource), _, _) => f.write_str(resource),
            (None, None, Some(name), Some(kind)) if kind == ANOTHER_ACCOUNT => write!(f, "account {name}"),
            (None, None, Some(name), _) => f.write_str(name),
            (None, None, None, Some(kind)) => f.write_str(kind),
            (None, None, None, None) => f.write_str("somebody"),
        }
    }
}

impl fmt::Display for Actor {
    /// `role/Developer (alice)`, `Auto Scaling (autoscaling.amazonaws.com)`, or both where a service acted
    /// for somebody.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(principal) = &self.invoked_by else {
            return self.write_identity(f);
        };
        let service = service(principal);
        match service.and_then(in_words) {
            Some(words) => write!(f, "{words} ({principal})")?,
            None => f.write_str(principal)?,
        }
        if self.stands_for_a_service(service) || (self.arn.is_none() && self.name.is_none()) {
            return Ok(());
        }
        f.write_str(" for ")?;
        self.write_identity(f)
    }
}

/// `autoscaling` of `autoscaling.amazonaws.com`.
fn service(principal: &str) -> Option<&str> {
    principal.strip_suffix(".amazonaws.com").or_else(|| principal.strip_suffix(".amazonaws.com.cn"))
}

/// What people call a service whose principal does not say it.
fn in_words(service: &str) -> Option<&'static str> {
    Some(match service {
        "autoscaling" => "Auto Scaling",
        "batch" => "AWS Batch",
        "cloudformation" => "CloudFormation",
        "ec2fleet" => "EC2 Fleet",
        "ecs" | "ecs-compute" => "ECS",
        "eks" => "EKS",
        "eks-nodegroup" => "EKS managed node groups",
        "elasticbeanstalk" => "Elastic Beanstalk",
        "elasticmapreduce" => "EMR",
        "imagebuilder" => "EC2 Image Builder",
        "sagemaker" => "SageMaker",
        "signin" => "the AWS console",
        "spot" => "EC2 Spot",
        "spotfleet" => "Spot Fleet",
        "ssm" => "Systems Manager",
        _ => return None,
    })
}
