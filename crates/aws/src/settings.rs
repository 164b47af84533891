//! The environment of the functions, validated. Nothing else in the product reads `V2ONLY_*`.

use std::collections::BTreeMap;

use v2only_document::PublicKey;
use v2only_enforcer::policy_source::Location;
use v2only_policy::{AccountId, Region};

/// Inline policy document.
pub const POLICY: &str = "V2ONLY_POLICY";
/// Name of the SSM parameter that holds the policy document.
pub const POLICY_PARAMETER: &str = "V2ONLY_POLICY_PARAMETER";
/// The public key by which the policy document must be signed.
pub const POLICY_PUBLIC_KEY: &str = "V2ONLY_POLICY_PUBLIC_KEY";
/// Name (with its path, if it has one) of the role assumed in member accounts.
pub const MEMBER_ROLE: &str = "V2ONLY_MEMBER_ROLE";
/// External id sent when that role is assumed.
pub const EXTERNAL_ID: &str = "V2ONLY_EXTERNAL_ID";
/// The organization whose accounts may be acted in.
pub const ORGANIZATION_ID: &str = "V2ONLY_ORGANIZATION_ID";
/// The accounts that may be acted in, separated by commas, where the organization cannot be read.
pub const ACCOUNTS: &str = "V2ONLY_ACCOUNTS";
/// URL of the queue that the sweeper keeps its work in.
pub const SWEEP_QUEUE: &str = "V2ONLY_SWEEP_QUEUE";
/// Set to `1`, refuses to talk to anything but this machine. For tests and the demo.
pub const LOOPBACK_ONLY: &str = "V2ONLY_LOOPBACK_ONLY";

const KNOWN: [&str; 9] = [
    POLICY,
    POLICY_PARAMETER,
    POLICY_PUBLIC_KEY,
    MEMBER_ROLE,
    EXTERNAL_ID,
    ORGANIZATION_ID,
    ACCOUNTS,
    SWEEP_QUEUE,
    LOOPBACK_ONLY,
];

/// How accounts other than our own are entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Name of the role in each of them.
    pub role: String,
    /// External id its trust policy asks for.
    pub external_id: Option<String>,
    /// Which accounts they are.
    pub members: Members,
}

/// The accounts that may be acted in besides our own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Members {
    /// The active accounts of this organization.
    Organization(String),
    /// These.
    Listed(Vec<AccountId>),
}

/// Everything the environment says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// Where the policy document is; only the functions need one.
    pub policy: Option<Location>,
    /// The key by which the document must be signed; `None` = it needs no signature.
    pub policy_key: Option<PublicKey>,
    /// How other accounts are entered; `None` = they are not.
    pub membership: Option<Membership>,
    /// The queue of the sweeper; only that function has one.
    pub sweep_queue: Option<String>,
    /// Whether only this machine may be talked to.
    pub loopback_only: bool,
    /// The Region to start from, if the environment names one.
    pub region: Option<Region>,
}

/// What is wrong with the environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A variable of ours that does not exist.
    #[error("environment variable `{0}` is not known; known are {known}", known = KNOWN.join(", "))]
    Unknown(String),
    /// Neither or both places for the policy.
    #[error(
        "set either `{POLICY}` (the policy document) or `{POLICY_PARAMETER}` (the name of an SSM parameter), {0}"
    )]
    Policy(&'static str),
    /// A member role without saying which accounts.
    #[error(
        "`{MEMBER_ROLE}` needs `{ORGANIZATION_ID}` (such as `o-a1b2c3d4e5`) or `{ACCOUNTS}` beside it, \
         to know which accounts may be acted in"
    )]
    NoMembers,
    /// The sweeper without its queue.
    #[error("set `{SWEEP_QUEUE}` to the URL of the queue that invokes this function")]
    NoQueue,
    /// Something that only makes sense with a member role.
    #[error("`{0}` needs `{MEMBER_ROLE}` beside it")]
    NoRole(&'static str),
    /// A value that is not what it should be.
    #[error("environment variable `{name}`: {why}")]
    Value {
        /// The variable.
        name: &'static str,
        /// What was found and expected.
        why: String,
    },
}

impl Settings {
    /// Reads the environment of this process.
    ///
    /// # Errors
    /// The first thing that is wrong with it. An unknown `V2ONLY_*` variable is an error: a misspelt one
    /// must stop the function and not choose a default.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::from_variables(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// Reads these variables; others than `V2ONLY_*` and the Region are passed over.
    ///
    /// # Errors
    /// As [`Settings::from_env`].
    pub fn from_variables(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let variables: BTreeMap<String, String> =
            variables.into_iter().filter(|it| !it.1.is_empty()).collect();
        if let Some(unknown) =
            variables.keys().find(|name| name.starts_with("V2ONLY_") && !KNOWN.contains(&name.as_str()))
        {
            return Err(SettingsError::Unknown(unknown.clone()));
        }
        let get = |name: &str| variables.get(name).cloned();
        let policy = match (get(POLICY), get(POLICY_PARAMETER)) {
            (Some(text), None) => Some(Location::Inline(text)),
            (None, Some(name)) => Some(Location::Parameter(name)),
            (None, None) => None,
            (Some(_), Some(_)) => return Err(SettingsError::Policy("not both")),
        };
        let policy_key = get(POLICY_PUBLIC_KEY)
            .map(|text| PublicKey::parse(&text))
            .transpose()
            .map_err(|it| SettingsError::Value { name: POLICY_PUBLIC_KEY, why: it.to_string() })?;
        let loopback_only = match get(LOOPBACK_ONLY).as_deref() {
            None | Some("0") => false,
            Some("1") => true,
            Some(other) => {
                let why = format!("`{other}` is neither `0` nor `1`");
                return Err(SettingsError::Value { name: LOOPBACK_ONLY, why });
            }
        };
        let region = match get("AWS_REGION").or_else(|| get("AWS_DEFAULT_REGION")) {
            None => None,
            Some(text) => Some(
                Region::parse(&text)
                    .map_err(|it| SettingsError::Value { name: "AWS_REGION", why: it.to_string() })?,
            ),
        };
        let sweep_queue = match get(SWEEP_QUEUE) {
            Some(url) if !(url.starts_with("https://") || url.starts_with("http://")) => {
                let why = format!("`{url}` is not the URL of a queue");
                return Err(SettingsError::Value { name: SWEEP_QUEUE, why });
            }
            other => other,
        };
        Ok(Self { policy, policy_key, membership: membership(&get)?, sweep_queue, loopback_only, region })
    }

    /// The queue of the sweeper.
    ///
    /// # Errors
    /// The environment does not say.
    pub fn sweep_queue(&self) -> Result<&str, SettingsError> {
        self.sweep_queue.as_deref().ok_or(SettingsError::NoQueue)
    }

    /// Where the policy document is.
    ///
    /// # Errors
    /// The environment does not say.
    pub fn policy(&self) -> Result<Location, SettingsError> {
        self.policy.clone().ok_or(SettingsError::Policy("neither is set"))
    }
}

fn membership(get: &impl Fn(&str) -> Option<String>) -> Result<Option<Membership>, SettingsError> {
    let Some(role) = get(MEMBER_ROLE) else {
        let orphan = [EXTERNAL_ID, ORGANIZATION_ID, ACCOUNTS].into_iter().find(|name| get(name).is_some());
        return orphan.map_or(Ok(None), |name| Err(SettingsError::NoRole(name)));
    };
    if role.starts_with("arn:") || role.starts_with('/') {
        let why = format!(
            "`{role}` should be a role's name, such as `v2only-member`, without `arn:` or a leading `/`"
        );
        return Err(SettingsError::Value { name: MEMBER_ROLE, why });
    }
    let members = match (get(ORGANIZATION_ID), get(ACCOUNTS)) {
        (Some(id), None) if id.starts_with("o-") => Members::Organization(id),
        (Some(id), None) => {
            let why = format!("`{id}` is not an organization id such as `o-a1b2c3d4e5`");
            return Err(SettingsError::Value { name: ORGANIZATION_ID, why });
        }
        (None, Some(list)) => Members::Listed(
            list.split(',')
                .map(|text| AccountId::parse(text.trim()))
                .collect::<Result<_, _>>()
                .map_err(|it| SettingsError::Value { name: ACCOUNTS, why: it.to_string() })?,
        ),
        (Some(_), Some(_)) => {
            let why = format!("set either this or `{ACCOUNTS}`, not both");
            return Err(SettingsError::Value { name: ORGANIZATION_ID, why });
        }
        (None, None) => return Err(SettingsError::NoMembers),
    };
    Ok(Some(Membership { role, external_id: get(EXTERNAL_ID), members }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
        Settings::from_variables(variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
            .map_err(|it| it.to_string())
    }

    #[track_caller]
    fn refuses(variables: &[(&str, &str)], because: &str) {
        let message = read(variables).unwrap_err();
        assert!(message.contains(because), "{message}");
    }

    #[test]
    fn a_bad_environment_stops_the_function() {
        refuses(&[("V2ONLY_POLICY_PARAM", "/v2only/policy")], "`V2ONLY_POLICY_PARAM` is not known");
        refuses(&[(POLICY, "x"), (POLICY_PARAMETER, "y")], "not both");
        refuses(&[(MEMBER_ROLE, "v2only-member")], ORGANIZATION_ID);
        refuses(&[(EXTERNAL_ID, "x")], "needs `V2ONLY_MEMBER_ROLE`");
        refuses(&[(MEMBER_ROLE, "arn:aws:iam::1:role/x"), (ORGANIZATION_ID, "o-1")], "a role's name");
        refuses(&[(MEMBER_ROLE, "m"), (ORGANIZATION_ID, "111122223333")], "not an organization id");
        refuses(&[(MEMBER_ROLE, "m"), (ACCOUNTS, "111122223333,12")], "`12` is not an AWS account id");
        refuses(&[(POLICY_PUBLIC_KEY, "c2VjcmV0")], "not an Ed25519 public key");
        refuses(&[(LOOPBACK_ONLY, "yes")], "neither `0` nor `1`");
        refuses(&[(SWEEP_QUEUE, "v2only-sweeper")], "not the URL of a queue");
        refuses(&[("AWS_REGION", "Frankfurt")], "`Frankfurt` is not an AWS Region");
        assert!(read(&[]).unwrap().policy().unwrap_err().to_string().contains("neither is set"));
    }

    #[test]
    fn a_good_environment_is_read_whole() {
        let settings = read(&[
            (POLICY_PARAMETER, "/v2only/policy"),
            (MEMBER_ROLE, "path/v2only-member"),
            (EXTERNAL_ID, "secret"),
            (ORGANIZATION_ID, "o-a1b2c3d4e5"),
            ("AWS_REGION", "eu-central-1"),
        ])
        .unwrap();
        assert_eq!(settings.policy(), Ok(Location::Parameter("/v2only/policy".to_owned())));
        assert_eq!(
            settings.membership.map(|it| it.members),
            Some(Members::Organization("o-a1b2c3d4e5".to_owned()))
        );
    }
}
