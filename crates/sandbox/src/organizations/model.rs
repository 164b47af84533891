//! An organization: a root, organizational units, accounts.

use serde_json::{Value, json};

use crate::ids::unique_of;

/// An organization of accounts.
///
/// ```
/// use v2only_sandbox::{MemberAccount, Organization, OrganizationalUnit};
///
/// let organization = Organization::managed_by("111122223333").unit(
///     OrganizationalUnit::named("workloads").account(MemberAccount::new("222233334444", "shop")),
/// );
/// # let _ = organization;
/// ```
#[derive(Debug, Clone)]
pub struct Organization {
    id: String,
    management: String,
    delegated: Vec<String>,
    root: OrganizationalUnit,
    status_too: bool,
}

/// An organizational unit, or the root.
#[derive(Debug, Clone)]
pub struct OrganizationalUnit {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) accounts: Vec<MemberAccount>,
    pub(super) units: Vec<OrganizationalUnit>,
}

/// An account in an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberAccount {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) state: AccountState,
}

/// The state of an account. `Status`, which said something similar, is retired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    /// Signed up, not usable yet.
    PendingActivation,
    /// In use.
    Active,
    /// Closed by AWS or its owner, for 90 days.
    Suspended,
    /// On its way to being closed.
    PendingClosure,
    /// Closed for good.
    Closed,
}

impl AccountState {
    /// As on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PendingActivation => "PENDING_ACTIVATION",
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::PendingClosure => "PENDING_CLOSURE",
            Self::Closed => "CLOSED",
        }
    }
}

impl MemberAccount {
    /// An active account.
    pub fn new(id: &str, name: &str) -> Self {
        Self { id: id.to_owned(), name: name.to_owned(), state: AccountState::Active }
    }

    /// The account in another state.
    #[must_use]
    pub const fn in_state(mut self, state: AccountState) -> Self {
        self.state = state;
        self
    }
}

impl OrganizationalUnit {
    /// An empty unit; its id follows from its name.
    pub fn named(name: &str) -> Self {
        let id = unique_of("", name).to_ascii_lowercase();
        Self::with_id(&format!("ou-ab12-{}", id.get(..8).unwrap_or("00000000")), name)
    }

    /// An empty unit with an id of its own, for example `ou-ab12-sandbox0`.
    pub fn with_id(id: &str, name: &str) -> Self {
        Self { id: id.to_owned(), name: name.to_owned(), accounts: Vec::new(), units: Vec::new() }
    }

    /// The unit with one more account.
    #[must_use]
    pub fn account(mut self, account: MemberAccount) -> Self {
        self.accounts.push(account);
        self
    }

    /// The unit with one more unit in it.
    #[must_use]
    pub fn unit(mut self, unit: Self) -> Self {
        self.units.push(unit);
        self
    }

    fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Self)) {
        visit(self);
        for unit in &self.units {
            unit.walk(visit);
        }
    }
}

impl Organization {
    /// An organization whose only account is the one that manages it.
    pub fn managed_by(management: &str) -> Self {
        let root = OrganizationalUnit::with_id("r-ab12", "Root")
            .account(MemberAccount::new(management, "management"));
        Self {
            id: "o-a1b2c3d4e5".to_owned(),
            management: management.to_owned(),
            delegated: Vec::new(),
            root,
            status_too: false,
        }
    }

    /// With one more account at the root.
    #[must_use]
    pub fn account(mut self, account: MemberAccount) -> Self {
        self.root.accounts.push(account);
        self
    }

    /// With one more unit below the root.
    #[must_use]
    pub fn unit(mut self, unit: OrganizationalUnit) -> Self {
        self.root.units.push(unit);
        self
    }

    /// With a member account that may ask like the management account.
    #[must_use]
    pub fn delegated_administrator(mut self, account: &str) -> Self {
        self.delegated.push(account.to_owned());
        self
    }

    /// Accounts say `Status` as well as `State`, as they did until 2026-09-09.
    #[must_use]
    pub const fn with_status(mut self) -> Self {
        self.status_too = true;
        self
    }

    pub(super) fn may_ask(&self, account: &str) -> bool {
        self.management == account || self.delegated.iter().any(|it| it == account)
    }

    pub(super) const fn root(&self) -> &OrganizationalUnit {
        &self.root
    }

    /// The root and all units, parents first.
    pub(super) fn units(&self) -> Vec<&OrganizationalUnit> {
        let mut units = Vec::new();
        self.root.walk(&mut |unit| units.push(unit));
        units
    }

    pub(super) fn unit_by_id(&self, id: &str) -> Option<&OrganizationalUnit> {
        self.units().into_iter().find(|unit| unit.id == id)
    }

    pub(super) fn accounts(&self) -> Vec<&MemberAccount> {
        self.units().into_iter().flat_map(|unit| &unit.accounts).collect()
    }

    pub(super) fn account_by_id(&self, id: &str) -> Option<&MemberAccount> {
        self.accounts().into_iter().find(|account| account.id == id)
    }

    /// The unit an account or a unit is in.
    pub(super) fn parent_of(&self, child: &str) -> Option<&OrganizationalUnit> {
        self.units().into_iter().find(|unit| {
            unit.accounts.iter().any(|it| it.id == child) || unit.units.iter().any(|it| it.id == child)
        })
    }

    fn arn(&self, resource: &str) -> String {
        format!("arn:aws:organizations::{}:{resource}", self.management)
    }

    pub(super) fn describe(&self) -> Value {
        let management = &self.management;
        json!({
            "Id": self.id,
            "Arn": self.arn(&format!("organization/{}", self.id)),
            "FeatureSet": "ALL",
            "MasterAccountArn": self.arn(&format!("account/{}/{management}", self.id)),
            "MasterAccountId": management,
            "MasterAccountEmail": email(management),
            "AvailablePolicyTypes": [],
        })
    }

    pub(super) fn describe_root(&self) -> Value {
        let types = ["SERVICE_CONTROL_POLICY", "DECLARATIVE_POLICY_EC2"];
        json!({
            "Id": self.root.id,
            "Arn": self.arn(&format!("root/{}/{}", self.id, self.root.id)),
            "Name": self.root.name,
            "PolicyTypes": types.map(|name| json!({ "Type": name, "Status": "ENABLED" })),
        })
    }

    pub(super) fn describe_unit(&self, unit: &OrganizationalUnit) -> Value {
        let arn = self.arn(&format!("ou/{}/{}", self.id, unit.id));
        json!({ "Id": unit.id, "Arn": arn, "Name": unit.name })
    }

    pub(super) fn describe_account(&self, account: &MemberAccount) -> Value {
        let mut shown = json!({
            "Id": account.id,
            "Arn": self.arn(&format!("account/{}/{}", self.id, account.id)),
            "Email": email(&account.id),
            "Name": account.name,
            "State": account.state.as_str(),
            "JoinedMethod": if account.id == self.management { "INVITED" } else { "CREATED" },
            "JoinedTimestamp": 1_577_836_800.0,
        });
        let status = match account.state {
            AccountState::Active => Some("ACTIVE"),
            AccountState::Suspended | AccountState::Closed => Some("SUSPENDED"),
            AccountState::PendingClosure => Some("PENDING_CLOSURE"),
            AccountState::PendingActivation => None,
        };
        if let (true, Some(status), Some(members)) = (self.status_too, status, shown.as_object_mut()) {
            members.insert("Status".to_owned(), Value::from(status));
        }
        shown
    }
}

fn email(account: &str) -> String {
    format!("aws+{account}@example.com")
}

/// The organization, if there is one.
pub(crate) type State = Option<Organization>;
