//! How exposed an instance is: what is sorted by, and shown, where resources are listed.

use jiff::Timestamp;
use v2only_policy::Instance;
use v2only_policy::usage::Usage;

use crate::report::item::Item;
use crate::run::profiles::Rights;
use crate::term::messages::count;

/// How easily the credentials of an instance are reached, what they are good for, and how likely they are to be stolen. The
/// most exposed is the greatest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Exposure {
    public_address: bool,
    credentials: Credentials,
    /// Whole days since its launch.
    days: i64,
    calls: u64,
}

/// The credentials that an instance hands out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Credentials {
    /// It has no instance profile.
    #[default]
    None,
    /// Those of a role that is no administrator.
    Limited,
    /// Those of a role that was not read.
    Unknown,
    /// Those of an administrator.
    Administrator,
}

impl Exposure {
    pub(crate) fn of(item: &Item<'_>, now: Timestamp) -> Self {
        let Some(Instance { public_address, profile, created_at, .. }) =
            item.judged.and_then(|it| it.instance())
        else {
            return Self::default();
        };
        let days = created_at.map_or(0, |at| now.duration_since(at).as_hours() / 24);
        let calls = match item.usage() {
            Some(Usage::Busy { calls } | Usage::Delivered { calls }) => calls,
            _ => 0,
        };
        let credentials = match (profile, item.rights) {
            (None, _) => Credentials::None,
            (Some(_), None) => Credentials::Unknown,
            (Some(_), Some(Rights::Limited)) => Credentials::Limited,
            (Some(_), Some(Rights::Administrator { .. })) => Credentials::Administrator,
        };
        Self { public_address: *public_address, credentials, days, calls }
    }

    /// Whether its credentials are an administrator's.
    pub(crate) fn is_administrator(self) -> bool {
        self.credentials == Credentials::Administrator
    }

    /// Whether it has a public address.
    pub(crate) const fn is_public(self) -> bool {
        self.public_address
    }

    /// `public address, administrator's instance profile`; empty for what is no instance.
    pub(crate) fn words(self) -> String {
        let credentials = match self.credentials {
            Credentials::None => None,
            Credentials::Limited | Credentials::Unknown => Some("instance profile".to_owned()),
            Credentials::Administrator => Some("administrator's instance profile".to_owned()),
        };
        let parts = [
            self.public_address.then(|| "public address".to_owned()),
            credentials,
            (self.days > 0).then(|| format!("{} old", days(self.days))),
            (self.calls > 0).then(|| count(usize::try_from(self.calls).unwrap_or(usize::MAX), "v1 call")),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

fn days(days: i64) -> String {
    count(usize::try_from(days).unwrap_or_default(), "day")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_address_weighs_most_and_then_what_the_credentials_are_good_for() {
        let with =
            |public_address, credentials, days| Exposure { public_address, credentials, days, calls: 0 };
        let order = [
            with(true, Credentials::Administrator, 1),
            with(true, Credentials::Unknown, 400),
            with(true, Credentials::Limited, 400),
            with(true, Credentials::None, 400),
            with(false, Credentials::Administrator, 1),
            with(false, Credentials::None, 400),
        ];
        assert!(order.is_sorted_by(|one, other| one > other));
        assert_eq!(order[0].words(), "public address, administrator's instance profile, 1 day old");
        assert_eq!(order[1].words(), "public address, instance profile, 400 days old");
    }
}
