//! Which instance profiles are administrators': what an attacker gains with the credentials of an instance.
//!
//! IAM is asked once for each account in which an instance with a profile violates the policy, however many Regions and
//! instances there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, OnceCell};
use v2only_enforcer::ports::{Answer, ReadRoles, Role, RoleDetail};
use v2only_enforcer::{Failure, Kind};
use v2only_guardrails::check::administrator::{is_administrator, is_managed_administrator};
use v2only_policy::{AccountId, Instance, InstanceId, Place};

const ACTION: &str = "iam:GetAccountAuthorizationDetails";

/// What the role of an instance profile may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Rights {
    /// It is an administrator.
    Administrator {
        /// The name of the policy that makes it one.
        policy: String,
    },
    /// It is not.
    Limited,
}

/// The rights of the instance profiles of an account by ARN; a profile that is missing is unknown.
type ByProfile = BTreeMap<String, Rights>;

/// What was read of an account: whatever is known, and why the rest is not.
#[derive(Debug, Default)]
struct AccountRights {
    by_profile: ByProfile,
    unread: Option<Failure>,
}

/// The accounts that were asked about.
#[derive(Debug, Default)]
pub(crate) struct Profiles(Mutex<BTreeMap<AccountId, Arc<OnceCell<AccountRights>>>>);

impl Profiles {
    /// The rights of the profiles of these instances, and why some are unknown, if so.
    pub(crate) async fn rights(
        &self,
        ports: &impl ReadRoles,
        place: &Place,
        instances: &[&Instance],
    ) -> (BTreeMap<InstanceId, Rights>, Option<Failure>) {
        let with_profile =
            || instances.iter().filter_map(|instance| Some((&instance.id, instance.profile.as_ref()?)));
        if with_profile().next().is_none() {
            return (BTreeMap::new(), None);
        }
        let account = Arc::clone(self.0.lock().await.entry(place.account.clone()).or_default());
        let account = account.get_or_init(|| read(ports, place)).await;
        let known = |(id, profile): (&InstanceId, &String)| {
            Some((id.clone(), account.by_profile.get(profile)?.clone()))
        };
        (with_profile().filter_map(known).collect(), account.unread.clone())
    }
}

async fn read(ports: &impl ReadRoles, place: &Place) -> AccountRights {
    match roles(ports, place).await {
        Ok((roles, documents)) => judge(&roles, &documents),
        Err(failure) => AccountRights { by_profile: ByProfile::new(), unread: Some(failure) },
    }
}

/// The roles that have an instance profile, and the documents of the customer's policies by ARN.
async fn roles(ports: &impl ReadRoles, place: &Place) -> Answer<(Vec<Role>, BTreeMap<String, String>)> {
    let (mut roles, mut documents, mut next) = (Vec::new(), BTreeMap::new(), None);
    loop {
        let page = ports.role_details(place, next).await?;
        for detail in page.items {
            match detail {
                RoleDetail::Role(role) if role.profiles.is_empty() => {}
                RoleDetail::Role(role) => roles.push(role),
                RoleDetail::Policy { arn, document } => {
                    documents.insert(arn, document);
                }
            }
        }
        next = page.next;
        if next.is_none() {
            return Ok((roles, documents));
        }
    }
}

fn judge(roles: &[Role], documents: &BTreeMap<String, String>) -> AccountRights {
    let mut account = AccountRights::default();
    for role in roles {
        match rights(role, documents) {
            Ok(rights) => {
                let profiles = role.profiles.iter().map(|profile| (profile.clone(), rights.clone()));
                account.by_profile.extend(profiles);
            }
            Err(why) => {
                account.unread.get_or_insert_with(|| Failure::new(Kind::Unknown, ACTION, why));
            }
        }
    }
    account
}

/// What a role may do: the first of its policies that makes it an administrator, if its permissions boundary lets it.
fn rights(role: &Role, documents: &BTreeMap<String, String>) -> Result<Rights, String> {
    let managed = |arn: &str| -> Result<bool, String> {
        match (is_managed_administrator(arn), documents.get(arn)) {
            (Some(known), _) => Ok(known),
            (None, Some(document)) => of_document(arn, document, role),
            (None, None) => Err(format!("AWS did not describe policy {arn} of {}", role.arn)),
        }
    };
    if let Some(boundary) = &role.boundary
        && !managed(boundary)?
    {
        return Ok(Rights::Limited);
    }
    let attached = role.attached.iter().map(|arn| (arn.rsplit('/').next().unwrap_or(arn), managed(arn)));
    let inline = role.inline.iter();
    let inline = inline.map(|(name, document)| (name.as_str(), of_document(name, document, role)));
    let mut unreadable = None;
    for (name, is_administrator) in attached.chain(inline) {
        match is_administrator {
            Ok(true) => return Ok(Rights::Administrator { policy: name.to_owned() }),
            Ok(false) => {}
            Err(why) => unreadable = Some(why),
        }
    }
    unreadable.map_or(Ok(Rights::Limited), Err)
}

fn of_document(name: &str, document: &str, role: &Role) -> Result<bool, String> {
    is_administrator(document, &role.arn)
        .map_err(|why| format!("policy {name} of {} is not readable: {why}", role.arn))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    const SOME: &str = r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#;
    const OWN: &str = "arn:aws:iam::111122223333:policy/own";

    fn role() -> Role {
        Role {
            arn: "arn:aws:iam::111122223333:role/web".to_owned(),
            profiles: vec!["arn:aws:iam::111122223333:instance-profile/web".to_owned()],
            inline: Vec::new(),
            attached: Vec::new(),
            boundary: None,
        }
    }

    fn own(document: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(OWN.to_owned(), document.to_owned())])
    }

    fn administrator(policy: &str) -> Result<Rights, String> {
        Ok(Rights::Administrator { policy: policy.to_owned() })
    }

    #[test]
    fn one_policy_of_any_sort_makes_an_administrator() {
        let inline = |name: &str, document: &str| vec![(name.to_owned(), document.to_owned())];
        let attached = |arn: &str| vec![arn.to_owned()];
        let aws = "arn:aws:iam::aws:policy/AdministratorAccess";
        assert_eq!(rights(&role(), &own(ALL)), Ok(Rights::Limited), "a policy that the role does not have");
        assert_eq!(rights(&Role { inline: inline("i", ALL), ..role() }, &own(SOME)), administrator("i"));
        assert_eq!(rights(&Role { inline: inline("i", SOME), ..role() }, &own(ALL)), Ok(Rights::Limited));
        assert_eq!(rights(&Role { attached: attached(OWN), ..role() }, &own(ALL)), administrator("own"));
        assert_eq!(
            rights(&Role { attached: attached(aws), ..role() }, &own(SOME)),
            administrator("AdministratorAccess")
        );
    }

    #[test]
    fn a_permissions_boundary_keeps_a_role_from_being_one() {
        let with = |boundary: &str| Role {
            attached: vec!["arn:aws:iam::aws:policy/AdministratorAccess".to_owned()],
            boundary: Some(boundary.to_owned()),
            ..role()
        };
        assert_eq!(rights(&with(OWN), &own(SOME)), Ok(Rights::Limited));
        assert_eq!(rights(&with(OWN), &own(ALL)), administrator("AdministratorAccess"));
        assert!(rights(&with("arn:aws:iam::111122223333:policy/gone"), &own(ALL)).is_err());
    }

    #[test]
    fn what_cannot_be_read_is_unknown_unless_another_policy_decides() {
        let both = |second: &str| Role {
            inline: vec![("broken".to_owned(), "{".to_owned()), ("second".to_owned(), second.to_owned())],
            ..role()
        };
        assert!(rights(&both(SOME), &own(SOME)).unwrap_err().contains("policy broken"));
        assert_eq!(rights(&both(ALL), &own(SOME)), administrator("second"));
        let account = judge(&[both(SOME)], &own(SOME));
        assert!(account.by_profile.is_empty() && account.unread.is_some());
    }
}
