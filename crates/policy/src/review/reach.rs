//! How far a run looked, and whether that is far enough to tell that an exemption matches no resource.

use std::collections::BTreeSet;
use std::fmt;

use crate::ids::{AccountId, Place, Region};
use crate::scope::Matcher;

/// How far a run looked that need not have looked everywhere.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// Whether it looked at every kind of resource.
    pub every_kind: bool,
    /// Whether it looked at every account that the document can mean.
    pub every_account: bool,
    /// Whether it looked at every Region of its accounts.
    pub every_region: bool,
    /// Where it looked.
    pub places: BTreeSet<Place>,
    /// Those of them that could not be read to their end.
    pub unread: BTreeSet<Place>,
    /// Accounts whose Regions could not even be listed.
    pub unlisted: BTreeSet<AccountId>,
}

/// Why a run cannot tell whether an exemption still excuses anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blind {
    /// It looked at some kinds of resources only.
    Kinds,
    /// The exemption may mean accounts where it did not look.
    Accounts,
    /// It did not look into this account.
    Account(AccountId),
    /// It could not list the Regions of this account.
    Unlisted(AccountId),
    /// The exemption may mean Regions where it did not look.
    Regions,
    /// It did not look here.
    Place(Place),
    /// It could not read everything here.
    Unread(Place),
}

impl fmt::Display for Blind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kinds => f.write_str("only some kinds of resources were read"),
            Self::Accounts => f.write_str("it may mean accounts that were not looked at"),
            Self::Account(it) => write!(f, "account {it} was not looked at"),
            Self::Unlisted(it) => write!(f, "account {it} could not be read"),
            Self::Regions => f.write_str("it may mean Regions that were not looked at"),
            Self::Place(it) => write!(f, "{it} was not looked at"),
            Self::Unread(it) => write!(f, "{it} could not be read completely"),
        }
    }
}

impl Reach {
    /// Why not everything was read that could be meant; `None` if it was.
    pub fn blind(&self, matcher: &Matcher) -> Option<Blind> {
        if !self.every_kind {
            return Some(Blind::Kinds);
        }
        // Which accounts are in an organizational unit is not known here, and so they are any.
        if matcher.accounts.is_empty() && !self.every_account {
            return Some(Blind::Accounts);
        }
        let meant = |it: &AccountId| matcher.accounts.is_empty() || matcher.accounts.contains(it);
        if let Some(account) = self.unlisted.iter().find(|it| meant(it)) {
            return Some(Blind::Unlisted(account.clone()));
        }
        let there: BTreeSet<&AccountId> = self.places.iter().map(|it| &it.account).collect();
        // An account that is none of all there are has nothing that could be meant.
        if let Some(account) = matcher.accounts.iter().find(|it| !self.every_account && !there.contains(it)) {
            return Some(Blind::Account(account.clone()));
        }
        if !self.every_region
            && let Some(blind) = self.missing(matcher, there.into_iter().filter(|it| meant(it)))
        {
            return Some(blind);
        }
        let here = |place: &&Place| {
            let region = place.region.as_str();
            meant(&place.account)
                && (matcher.regions.is_empty() || matcher.regions.iter().any(|it| it.matches(region)))
        };
        self.unread.iter().find(here).cloned().map(Blind::Unread)
    }

    /// A Region that is meant and not among those that were named.
    fn missing<'a>(&self, matcher: &Matcher, accounts: impl Iterator<Item = &'a AccountId>) -> Option<Blind> {
        // A pattern is no Region, and nothing at all is like one: it may mean any.
        let named: Option<Vec<Region>> =
            matcher.regions.iter().map(|it| Region::parse(it.as_str()).ok()).collect();
        let Some(named) = named.filter(|it| !it.is_empty()) else { return Some(Blind::Regions) };
        accounts
            .flat_map(|account| {
                named.iter().map(move |it| Place { account: account.clone(), region: it.clone() })
            })
            .find(|it| !self.places.contains(it))
            .map(Blind::Place)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::scope::Glob;

    fn place(account: &str, region: &str) -> Place {
        Place { account: AccountId::parse(account).unwrap(), region: Region::parse(region).unwrap() }
    }

    pub(in crate::review) fn matcher(accounts: &[&str], regions: &[&str]) -> Matcher {
        Matcher {
            accounts: accounts.iter().map(|it| AccountId::parse(it).unwrap()).collect(),
            regions: regions.iter().map(|it| Glob::new(it)).collect(),
            ..Matcher::default()
        }
    }

    pub(in crate::review) const HOME: &str = "111122223333";
    const SHOP: &str = "444455556666";
    const GONE: &str = "777788889999";

    /// Two accounts in two Regions each, all of it read.
    pub(in crate::review) fn everything() -> Reach {
        let places =
            [(HOME, "eu-central-1"), (HOME, "us-east-1"), (SHOP, "eu-central-1"), (SHOP, "us-east-1")];
        Reach {
            every_kind: true,
            every_account: true,
            every_region: true,
            places: places.map(|(account, region)| place(account, region)).into(),
            ..Reach::default()
        }
    }

    #[track_caller]
    fn blind(name: &str, reach: &Reach, matcher: &Matcher, expected: Option<Blind>) {
        assert_eq!(reach.blind(matcher), expected, "{name}");
    }

    #[test]
    fn a_reason_names_the_account_and_region() {
        let (account, there) = (AccountId::parse(SHOP).unwrap(), place(SHOP, "us-east-1"));
        for (blind, named) in [
            (Blind::Kinds, "kinds of resources"),
            (Blind::Accounts, "mean accounts"),
            (Blind::Account(account.clone()), SHOP),
            (Blind::Unlisted(account), SHOP),
            (Blind::Regions, "mean Regions"),
            (Blind::Place(there.clone()), "us-east-1"),
            (Blind::Unread(there), "read completely"),
        ] {
            assert!(blind.to_string().contains(named), "{blind}");
        }
    }

    #[test]
    fn what_was_read_everywhere_can_be_judged() {
        let all = everything();
        blind("anything", &all, &Matcher::default(), None);
        blind("an account", &all, &matcher(&[SHOP], &[]), None);
        blind("a Region, by pattern", &all, &matcher(&[], &["eu-*"]), None);
        blind("an account that has left the organization", &all, &matcher(&[GONE], &[]), None);
        blind("a Region that nobody has enabled", &all, &matcher(&[], &["ap-south-1"]), None);
        let some_kinds = Reach { every_kind: false, ..everything() };
        blind("instances only", &some_kinds, &matcher(&[SHOP], &["us-east-1"]), Some(Blind::Kinds));
    }

    #[test]
    fn some_accounts_are_enough_for_what_means_no_others() {
        let some = Reach { every_account: false, ..everything() };
        blind("any account", &some, &matcher(&[], &["eu-central-1"]), Some(Blind::Accounts));
        blind("one of them", &some, &matcher(&[SHOP], &[]), None);
        let gone = Some(Blind::Account(AccountId::parse(GONE).unwrap()));
        blind("another, too", &some, &matcher(&[SHOP, GONE], &[]), gone);
        let unit = vec![crate::OuId::parse("ou-ab12-sandbox1").unwrap()];
        blind("a unit", &some, &Matcher { ous: unit, ..Matcher::default() }, Some(Blind::Accounts));
    }

    #[test]
    fn some_regions_are_enough_for_what_means_no_others() {
        let some = Reach { every_region: false, ..everything() };
        blind("any Region", &some, &matcher(&[SHOP], &[]), Some(Blind::Regions));
        blind("a pattern", &some, &matcher(&[SHOP], &["eu-central-1", "us-*"]), Some(Blind::Regions));
        blind("one of them", &some, &matcher(&[], &["us-east-1"]), None);
        let elsewhere = Some(Blind::Place(place(SHOP, "ap-south-1")));
        blind("another, too", &some, &matcher(&[SHOP], &["us-east-1", "ap-south-1"]), elsewhere);
    }

    #[test]
    fn what_could_not_be_read_matters_to_what_it_could_hold() {
        let unread = Reach { unread: [place(SHOP, "us-east-1")].into(), ..everything() };
        let there = Some(Blind::Unread(place(SHOP, "us-east-1")));
        blind("anything", &unread, &Matcher::default(), there.clone());
        blind("its account", &unread, &matcher(&[SHOP], &[]), there.clone());
        blind("its Region, by pattern", &unread, &matcher(&[], &["us-*"]), there);
        blind("another account", &unread, &matcher(&[HOME], &[]), None);
        blind("another Region", &unread, &matcher(&[SHOP], &["eu-*"]), None);
        let account = AccountId::parse(SHOP).unwrap();
        let unlisted = Reach { unlisted: [account.clone()].into(), ..everything() };
        let why = Some(Blind::Unlisted(account));
        blind("a Region of an account whose Regions are unknown", &unlisted, &matcher(&[], &["eu-*"]), why);
        blind("another account", &unlisted, &matcher(&[HOME], &[]), None);
    }
}
