//! Its accounts, its organization and its Regions.

use std::collections::BTreeMap;

use v2only::Cloud;
use v2only_enforcer::ports::{Admission, Answer, DeliveredByV1, OrganizationalUnits, ReadParameter};
use v2only_enforcer::{Failure, Kind};
use v2only_policy::{AccountId, OuId, Place, Region};

use super::{ACCOUNT, FakeAws};

impl Cloud for FakeAws {
    fn home_region(&self) -> Option<Region> {
        self.state().home.clone()
    }

    async fn account(&self) -> Answer<AccountId> {
        self.call("sts:GetCallerIdentity", None, "")?;
        Ok(AccountId::parse(ACCOUNT).unwrap())
    }

    async fn organization(&self) -> Answer<Vec<AccountId>> {
        self.call("organizations:ListAccounts", None, "")?;
        let members = self.state().members.clone();
        let listed: Vec<&str> = members.iter().map(|(id, _)| *id).collect();
        let listed = if listed.is_empty() { vec![ACCOUNT, "444455556666"] } else { listed };
        Ok(listed.into_iter().map(|it| AccountId::parse(it).unwrap()).collect())
    }

    fn account_name(&self, account: &AccountId) -> Option<String> {
        let is_listed = self.calls().contains_key("organizations:ListAccounts");
        let members = self.state().members.clone();
        let name = members.iter().find(|(id, _)| *id == account.as_str()).map(|(_, name)| *name);
        is_listed.then(|| name.unwrap_or("payments").to_owned())
    }

    fn management_account(&self) -> Option<AccountId> {
        let is_listed = self.calls().contains_key("organizations:ListAccounts");
        let management = self.state().management.filter(|_| is_listed)?;
        Some(AccountId::parse(management).unwrap())
    }

    fn add_delivered_by_v1(&mut self, delivered: DeliveredByV1) {
        self.state().delivered = delivered;
    }

    async fn regions(&self, from: &Place) -> Answer<Vec<Region>> {
        self.call("ec2:DescribeRegions", Some(from), "")?;
        Ok(self.state().enabled.iter().cloned().collect())
    }

    fn calls(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        for (action, _) in &self.state().calls {
            *counts.entry(*action).or_default() += 1;
        }
        counts
    }
}

impl Admission for FakeAws {
    async fn admit(&self, place: &Place) -> Answer<()> {
        let is_member = self.state().members.iter().any(|(id, _)| *id == place.account.as_str());
        if place.account.as_str() == ACCOUNT || is_member {
            return Ok(());
        }
        let why = format!("account {} is not our own, and no member role is set", place.account);
        Err(Failure::new(Kind::ForeignAccount, "sts:AssumeRole", why))
    }
}

impl OrganizationalUnits for FakeAws {
    async fn above(&self, _: &AccountId) -> Answer<Vec<OuId>> {
        self.call("organizations:ListParents", None, "")?;
        Ok(vec![OuId::parse("ou-ab12-sandbox1").unwrap()])
    }
}

impl ReadParameter for FakeAws {
    async fn parameter(&self, _: &str) -> Answer<String> {
        Err(Failure::new(Kind::Invalid, "ssm:GetParameter", "the command reads no parameter"))
    }
}
