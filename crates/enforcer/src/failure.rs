//! What went wrong, and what the caller is to do about it.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use v2only_policy::scope::ScopeError;
use v2only_policy::{MetadataOption, SwitchOption};

/// A call that did not do what it was asked for.
///
/// Text is for people; control flow reads [`Kind`] and [`Kind::disposition`] only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of failure it is.
    pub kind: Kind,
    /// The permission of the call, for example `ec2:DescribeInstances`.
    pub action: Cow<'static, str>,
    /// AWS's error code, if AWS answered.
    pub code: Option<String>,
    /// What AWS, or the client, said.
    pub message: String,
    /// AWS's id of the request, if AWS answered.
    pub request_id: Option<String>,
}

/// Kinds of failures, each with its own consequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// The token bucket of (account, Region, action) is empty, at AWS or in our own pacing.
    Throttled,
    /// AWS does not show the resource (yet): EC2 is eventually consistent.
    NotVisibleYet,
    /// The resource is in a state in which the call is refused; another will follow.
    WrongState,
    /// AWS's side failed, or did not answer in time.
    Unavailable,
    /// No connection could be made.
    Unreachable,
    /// The credentials are missing, expired or not accepted.
    Credentials,
    /// AWS accepted the change and did not say what it should have.
    Unverified,
    /// IAM, an SCP or a boundary denies the call.
    Denied,
    /// A service manages the resource, or the account enforces something else.
    Refused,
    /// The account is not one that may be acted in.
    ForeignAccount,
    /// AWS calls the request invalid.
    Invalid,
    /// The resource does not exist any more.
    Gone,
    /// An error code this release does not know.
    Unknown,
}

/// Words in AWS's messages that name an option, besides its own name: lower case, without `-`, `_` and spaces.
const OPTION_WORDS: [(&str, MetadataOption); 3] = [
    ("hoplimit", MetadataOption::HopLimit),
    ("ipv6endpoint", MetadataOption::Switch(SwitchOption::Ipv6Endpoint)),
    ("tagkeyforinstancemetadata", MetadataOption::Switch(SwitchOption::MetadataTags)),
];

/// What becomes of the event that led to a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disposition {
    /// Finished: nothing more to do.
    Done,
    /// Recorded and alarmed; trying again would change nothing.
    Alarm,
    /// Goes back to the queue.
    Retry,
}

impl Kind {
    /// What the caller is to do. No wildcard arm: a new kind must answer before it compiles.
    pub const fn disposition(self) -> Disposition {
        match self {
            Self::Throttled
            | Self::NotVisibleYet
            | Self::WrongState
            | Self::Unavailable
            | Self::Unreachable
            | Self::Credentials
            | Self::Unverified
            // Bounded by the queue's redrive policy, so an unknown error ends in the dead-letter queue.
            | Self::Unknown => Disposition::Retry,
            Self::Denied | Self::Refused | Self::ForeignAccount | Self::Invalid => Disposition::Alarm,
            Self::Gone => Disposition::Done,
        }
    }

    /// A stable word for logs and metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::NotVisibleYet => "not-visible-yet",
            Self::WrongState => "wrong-state",
            Self::Unavailable => "unavailable",
            Self::Unreachable => "unreachable",
            Self::Credentials => "credentials",
            Self::Unverified => "unverified",
            Self::Denied => "denied",
            Self::Refused => "refused",
            Self::ForeignAccount => "foreign-account",
            Self::Invalid => "invalid",
            Self::Gone => "gone",
            Self::Unknown => "unknown-error",
        }
    }
}

impl Failure {
    /// A failure that did not come from AWS.
    pub fn new(kind: Kind, action: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { kind, action: action.into(), code: None, message: message.into(), request_id: None }
    }

    /// The journal could not be written before a change, so the change was not made.
    pub fn journal(error: &std::io::Error) -> Self {
        let why = format!("the journal cannot be written ({error}), so nothing was changed");
        Self::new(Kind::Refused, "journal", why)
    }

    /// See [`Kind::disposition`].
    pub const fn disposition(&self) -> Disposition {
        self.kind.disposition()
    }

    /// The metadata option that AWS refused, if AWS's message names exactly one.
    pub fn refused_option(&self) -> Option<MetadataOption> {
        if self.code.is_none() || !matches!(self.kind, Kind::Invalid | Kind::Refused) {
            return None;
        }
        let message = self.message.to_ascii_lowercase().replace(['-', '_', ' '], "");
        let names = MetadataOption::all().map(|option| (option.as_str().to_ascii_lowercase(), option));
        let words = OPTION_WORDS.into_iter().map(|(word, option)| (word.to_owned(), option));
        let mut named = names.chain(words).filter(|(word, _)| message.contains(word));
        let (_, option) = named.next()?;
        named.all(|(_, other)| other == option).then_some(option)
    }

    /// What a person can do about it, where that is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Denied if self.action == "sts:AssumeRole" => Some(
                "see whether the role exists in that account (`--role-name`, with its path), whether its trust policy names \
                 your own account or role, whether it asks for an `--external-id`, and whether your own credentials may call \
                 sts:AssumeRole on it",
            ),
            Kind::Credentials => {
                Some("sign in again (`aws sso login`, or new keys), or choose another `--profile`")
            }
            Kind::Denied => Some(
                "grant the action to the role, and see whether an SCP denies it; \
                 `aws sts decode-authorization-message` reads an encoded message",
            ),
            Kind::Unreachable => Some("check the network, `--region`, and `AWS_ENDPOINT_URL` if it is set"),
            Kind::Throttled => Some("another client uses the same account's request rate; run again later"),
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.action)?;
        if let Some(code) = &self.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<ScopeError> for Failure {
    fn from(unknown: ScopeError) -> Self {
        Self::new(Kind::Unavailable, "organizations:ListParents", unknown.to_string())
    }
}
