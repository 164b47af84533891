//! Who calls, from where: read from the credential scope of the `Authorization` header.
//!
//! Signatures are not verified. What matters to the code under test is which account and Region a
//! call lands in, and which principal CloudTrail names for it.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::seconds;
use crate::ids::unique_of;

/// One account in one Region: where state lives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Twelve digits.
    pub account: String,
    /// For example `eu-central-1`.
    pub region: String,
}

impl Place {
    /// An account in a Region.
    pub fn new(account: impl Into<String>, region: impl Into<String>) -> Self {
        Self { account: account.into(), region: region.into() }
    }

    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub fn partition(&self) -> &'static str {
        partition(&self.region)
    }

    /// `arn:<partition>:<service>:<region>:<account>:<resource>`
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition(), self.region, self.account)
    }
}

/// The partition of a Region.
pub(crate) fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

/// Whether a text is an account id.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What the credential scope of a request says: `AKID/date/region/service/aws4_request`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) access_key: String,
    pub(crate) region: String,
    pub(crate) service: String,
}

impl Scope {
    /// Reads `AWS4-HMAC-SHA256 Credential=.../aws4_request, SignedHeaders=..., Signature=...`.
    pub(crate) fn parse(authorization: &str) -> Option<Self> {
        let (_, rest) = authorization.split_once("Credential=")?;
        let credential = rest.split([',', ' ']).next()?;
        let mut parts = credential.rsplit('/');
        let _terminator = parts.next().filter(|end| *end == "aws4_request")?;
        let service = parts.next()?.to_owned();
        let region = parts.next()?.to_owned();
        let _date = parts.next()?;
        let access_key = parts.next()?.to_owned();
        Some(Self { access_key, region, service })
    }
}

/// Who made a call, as IAM and CloudTrail see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    kind: PrincipalKind,
    account: String,
    arn: String,
    /// The AWS service that called on behalf of the principal, for example
    /// `autoscaling.amazonaws.com`.
    invoked_by: Option<String>,
    /// `ec2RoleDelivery` of the session.
    role_delivery: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum PrincipalKind {
    Root,
    User { name: String },
    Session { role_arn: String, role: String, session: String, since: Timestamp },
}

impl Principal {
    /// The account itself: what an access key of twelve digits stands for.
    pub fn root(place: &Place) -> Self {
        let arn = format!("arn:{}:iam::{}:root", place.partition(), place.account);
        Self {
            kind: PrincipalKind::Root,
            account: place.account.clone(),
            arn,
            invoked_by: None,
            role_delivery: None,
        }
    }

    /// An IAM user.
    pub fn user(place: &Place, name: &str) -> Self {
        let arn = format!("arn:{}:iam::{}:user/{name}", place.partition(), place.account);
        Self {
            kind: PrincipalKind::User { name: name.to_owned() },
            account: place.account.clone(),
            arn,
            invoked_by: None,
            role_delivery: None,
        }
    }

    /// A session of a role; `role` may carry a path (`aws-service-role/x.amazonaws.com/Name`).
    pub fn session(place: &Place, role: &str, session: &str, since: Timestamp) -> Self {
        let (partition, account) = (place.partition(), &place.account);
        let name = role.rsplit('/').next().unwrap_or(role).to_owned();
        let arn = format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}");
        let role_arn = format!("arn:{partition}:iam::{account}:role/{role}");
        let kind = PrincipalKind::Session { role_arn, role: name, session: session.to_owned(), since };
        Self { kind, account: account.clone(), arn, invoked_by: None, role_delivery: None }
    }

    /// The same principal, called for by an AWS service.
    #[must_use]
    pub fn invoked_by(mut self, service: &str) -> Self {
        self.invoked_by = Some(service.to_owned());
        self
    }

    /// The same principal, with credentials that the metadata service of an instance delivered: `1.0` to an IMDSv1
    /// call, `2.0` to an IMDSv2 call.
    #[must_use]
    pub fn delivered_by(mut self, version: Option<&str>) -> Self {
        self.role_delivery = version.map(str::to_owned);
        self
    }

    /// The ARN that `GetCallerIdentity` and the call log show.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The account of the principal.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The service that called on its behalf.
    pub(crate) fn service(&self) -> Option<&str> {
        self.invoked_by.as_deref()
    }

    /// `UserId` of `GetCallerIdentity`, `principalId` of CloudTrail.
    pub(crate) fn id(&self) -> String {
        match &self.kind {
            PrincipalKind::Root => self.account.clone(),
            PrincipalKind::User { .. } => unique_of("AIDA", &self.arn),
            PrincipalKind::Session { role_arn, session, .. } => {
                format!("{}:{session}", unique_of("AROA", role_arn))
            }
        }
    }

    /// `userIdentity` of a CloudTrail record.
    pub(crate) fn user_identity(&self, access_key: Option<&str>) -> Value {
        let kind = match self.kind {
            PrincipalKind::Root => "Root",
            PrincipalKind::User { .. } => "IAMUser",
            PrincipalKind::Session { .. } => "AssumedRole",
        };
        let mut identity = json!({
            "type": kind, "principalId": self.id(), "arn": self.arn, "accountId": self.account,
        });
        let Some(members) = identity.as_object_mut() else { return identity };
        if let (Some(key), None) = (access_key, &self.invoked_by) {
            members.insert("accessKeyId".to_owned(), Value::from(key));
        }
        if let PrincipalKind::User { name } = &self.kind {
            members.insert("userName".to_owned(), Value::from(name.as_str()));
        }
        if let PrincipalKind::Session { role_arn, role, since, .. } = &self.kind {
            let mut context = json!({
                "sessionIssuer": {
                    "type": "Role", "principalId": unique_of("AROA", role_arn), "arn": role_arn,
                    "accountId": self.account, "userName": role,
                },
                "attributes": { "creationDate": seconds(*since), "mfaAuthenticated": "false" },
            });
            if let (Some(version), Some(context)) = (&self.role_delivery, context.as_object_mut()) {
                context.insert("ec2RoleDelivery".to_owned(), Value::from(version.as_str()));
            }
            members.insert("sessionContext".to_owned(), context);
        }
        if let Some(service) = &self.invoked_by {
            members.insert("invokedBy".to_owned(), Value::from(service.as_str()));
        }
        identity
    }
}
