//! Which accounts may be acted in, and what is above them.
//! Source of every shape: AWS Organizations API Reference.

use aws_sdk_organizations::Client;
use aws_sdk_organizations::types::{Account, AccountState, AccountStatus, ParentType};
use v2only_enforcer::ports::{Admission, Answer, ListAccounts, OrganizationalUnits};
use v2only_enforcer::{Failure, Kind};
use v2only_policy::{AccountId, OuId, Place};

use crate::call::Call;
use crate::classify;
use crate::connect::Aws;
use crate::settings::Members;

/// Organizational units nest five deep at most, below the root.
const DEEPEST: usize = 7;

impl Admission for Aws {
    /// Our own account is always admitted. Another is if a member role is set and the account is listed, or
    /// is an active member of the organization named in the settings. An admission counts for 15
    /// minutes, so an account that left the organization is refused from then on.
    async fn admit(&self, place: &Place) -> Answer<()> {
        if self.own_account().await? == place.account
            || self.admitted.get(&place.account, self.now()).is_some()
        {
            return Ok(());
        }
        let refuse = |why: String| Err(Failure::new(Kind::ForeignAccount, "sts:AssumeRole", why));
        let account = &place.account;
        match self.membership().map(|it| &it.members) {
            None => return refuse(format!("account {account} is not our own, and no member role is set")),
            Some(Members::Listed(known)) if known.contains(account) => {}
            Some(Members::Listed(_)) => {
                return refuse(format!("account {account} is not among those listed in V2ONLY_ACCOUNTS"));
            }
            Some(Members::Organization(organization)) => self.is_member(account, organization).await?,
        }
        self.admitted.keep(account, (), self.now());
        Ok(())
    }
}

impl ListAccounts for Aws {
    /// Our own, and those that the settings let in: listed ones, or the active ones of the organization.
    async fn accounts(&self) -> Answer<Vec<AccountId>> {
        let own = self.own_account().await?;
        let mut accounts = match self.membership().map(|it| &it.members) {
            None => Vec::new(),
            Some(Members::Listed(known)) => known.clone(),
            Some(Members::Organization(_)) => self.active_accounts().await?,
        };
        accounts.push(own);
        accounts.sort();
        accounts.dedup();
        Ok(accounts)
    }
}

impl Aws {
    /// The active accounts of the organization of our own credentials, by id. They are admitted for 15 minutes.
    ///
    /// # Errors
    /// A call failed: what was listed until then is not the organization.
    pub async fn active_accounts(&self) -> Answer<Vec<AccountId>> {
        let call = Call::ListAccounts;
        let client = Client::new(self.base());
        let (mut all, mut next) = (Vec::new(), None);
        loop {
            self.turn(None, call).await?;
            let request = client.list_accounts().set_next_token(next);
            let page = request.send().await.map_err(|it| classify::failure(call, &it))?;
            // The ARN of each account begins with the account that manages the organization.
            let arns = page.accounts().iter().filter_map(|it| it.arn()?.split(':').nth(4));
            if let Some(management) = arns.filter_map(|it| AccountId::parse(it).ok()).next() {
                let _known = self.management.set(management);
            }
            for account in page.accounts().iter().filter(|it| is_active(it)) {
                let id = AccountId::parse(account.id().unwrap_or_default())
                    .map_err(|it| Failure::new(Kind::Unknown, call.iam_action(), it.to_string()))?;
                self.admitted.keep(&id, (), self.now());
                if let Some(name) = account.name().filter(|name| !name.is_empty()) {
                    self.names.keep(&id, name.to_owned());
                }
                all.push(id);
            }
            next = page.next_token.filter(|it| !it.is_empty());
            if next.is_none() {
                break;
            }
        }
        if all.is_empty() {
            // The list contains our own account, so an empty list is not a complete organization.
            let why = "AWS listed no account that is ACTIVE";
            return Err(Failure::new(Kind::Unknown, call.iam_action(), why));
        }
        all.sort();
        Ok(all)
    }

    /// The management account, once [`active_accounts`](Self::active_accounts) listed the organization.
    pub fn management_account(&self) -> Option<AccountId> {
        self.management.get().cloned()
    }

    /// The name of an account, once [`active_accounts`](Self::active_accounts) listed it.
    pub fn account_name(&self, account: &AccountId) -> Option<String> {
        self.names.get(account)
    }

    async fn is_member(&self, account: &AccountId, organization: &str) -> Answer<()> {
        let call = Call::DescribeAccount;
        self.turn(None, call).await?;
        let request = Client::new(self.base()).describe_account().account_id(account.as_str());
        let answer = request.send().await.map_err(|it| classify::failure(call, &it))?;
        let found = answer.account();
        // arn:<partition>:organizations::<management account>:account/<organization>/<account>
        let arn = found.and_then(|it| it.arn()).unwrap_or_default();
        let refuse = |why: String| Err(Failure::new(Kind::ForeignAccount, call.iam_action(), why));
        if arn.rsplit('/').nth(1) != Some(organization) {
            return refuse(format!("account {account} does not belong to organization {organization}"));
        }
        if found.is_some_and(is_active) {
            return Ok(());
        }
        let word = found.and_then(|it| it.state()).map_or("unknown", |it| it.as_str());
        refuse(format!("account {account} is {word} in its organization, not ACTIVE"))
    }
}

/// `State` has replaced `Status`; partitions that do not answer it yet answer the older word.
fn is_active(it: &Account) -> bool {
    match it.state() {
        Some(state) => *state == AccountState::Active,
        None => it.status() == Some(&AccountStatus::Active),
    }
}

impl OrganizationalUnits for Aws {
    async fn above(&self, account: &AccountId) -> Answer<Vec<OuId>> {
        if let Some(known) = self.above.get(account, self.now()) {
            return Ok(known);
        }
        let call = Call::ListParents;
        let client = Client::new(self.base());
        let mut above = Vec::new();
        let mut child = account.as_str().to_owned();
        for _ in 0..DEEPEST {
            self.turn(None, call).await?;
            let request = client.list_parents().child_id(&child);
            let answer = request.send().await.map_err(|it| classify::failure(call, &it))?;
            let Some(parent) = answer.parents().first() else { break };
            child = parent.id().unwrap_or_default().to_owned();
            let id = OuId::parse(&child)
                .map_err(|it| Failure::new(Kind::Unknown, call.iam_action(), it.to_string()))?;
            above.push(id);
            if parent.r#type() == Some(&ParentType::Root) {
                self.above.keep(account, above.clone(), self.now());
                return Ok(above);
            }
        }
        let why = format!("the root above account {account} was not found");
        Err(Failure::new(Kind::Unknown, call.iam_action(), why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_word_counts_where_the_newer_one_is_missing_and_nowhere_else() {
        let active = Account::builder().status(AccountStatus::Active);
        assert!(is_active(&active.clone().build()));
        assert!(!is_active(&active.clone().state(AccountState::Suspended).build()));
        assert!(is_active(&Account::builder().state(AccountState::Active).build()));
        assert!(!is_active(&Account::builder().status(AccountStatus::Suspended).build()));
        assert!(!is_active(&Account::builder().build()));
    }
}
