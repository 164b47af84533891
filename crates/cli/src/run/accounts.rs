//! What people call the accounts of a run.

use std::collections::BTreeMap;

use v2only_policy::{AccountId, Place};

use crate::term::text::one_line;
use crate::world::Cloud;

/// The names of accounts, as far as the organization was listed.
#[derive(Debug, Default)]
pub(crate) struct AccountNames(BTreeMap<AccountId, String>);

impl AccountNames {
    /// The names that AWS gave for the accounts of these locations.
    pub(crate) fn of<'a>(aws: &impl Cloud, places: impl IntoIterator<Item = &'a Place>) -> Self {
        let mut names = BTreeMap::new();
        for place in places {
            if !names.contains_key(&place.account)
                && let Some(name) = aws.account_name(&place.account)
                // An id that is repeated is no name.
                && name != place.account.as_str()
            {
                names.insert(place.account.clone(), one_line(&name));
            }
        }
        Self(names)
    }

    /// The name of an account, if it is known.
    pub(crate) fn name(&self, account: &AccountId) -> Option<&str> {
        self.0.get(account).map(String::as_str)
    }

    /// `payments (111122223333)`, or the id alone.
    pub(crate) fn label(&self, account: &AccountId) -> String {
        self.name(account).map_or_else(|| account.to_string(), |name| format!("{name} ({account})"))
    }
}
