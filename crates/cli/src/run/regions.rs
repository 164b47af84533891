//! From `--region`, `--accounts` and `--org` to accounts and Regions.

use futures_util::{StreamExt as _, future};
use v2only_document::spelling;
use v2only_enforcer::{Failure, Kind};
use v2only_policy::{AccountId, OuId, Place, Region};

use crate::args::shared::Shared;
use crate::term::problem::Problem;
use crate::world::{Access, Cloud, Members, World};

/// How many pairs of account and Region are read at the same time.
pub(crate) const LOCATIONS_AT_ONCE: usize = 16;

/// Where the enabled Regions are asked for if neither flags, environment nor profile name a Region.
const ASKED_FIRST: &str = "us-east-1";

/// What `--region` says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Nothing: the Region of the environment or the profile.
    Home,
    /// `all`.
    Enabled,
    /// These, each once.
    These(Vec<Region>),
}

/// Reads the flags.
pub(crate) fn wanted(flags: &[String]) -> Result<Wanted, Problem> {
    if flags.is_empty() {
        return Ok(Wanted::Home);
    }
    let mut regions = Vec::new();
    for text in flags.iter().filter(|it| *it != "all") {
        let region =
            Region::parse(text).map_err(|it| Problem::usage(format!("--region: {it}"), instead_of(text)))?;
        if !region.is_possible() {
            let why = format!("--region: AWS has no Region `{region}`");
            return Err(Problem::usage(why, instead_of(text)));
        }
        if !regions.contains(&region) {
            regions.push(region);
        }
    }
    Ok(if flags.iter().any(|it| it == "all") { Wanted::Enabled } else { Wanted::These(regions) })
}

/// What to type instead of something that is not a Region.
fn instead_of(text: &str) -> String {
    let zone = text.trim_end_matches(|it: char| it.is_ascii_lowercase());
    match Region::parse(zone) {
        Ok(region) if zone.len() + 1 == text.len() => {
            format!("`{text}` looks like an Availability Zone; its Region is `--region {region}`")
        }
        _ => match nearest(text) {
            Some(region) => format!("type `--region {region}`"),
            None => "type a code such as `--region eu-central-1`, once for each Region, or `--region all`"
                .to_owned(),
        },
    }
}

/// The known Region that is called nearly like this.
fn nearest(text: &str) -> Option<&'static str> {
    spelling::nearest_within(text, Region::known().iter().copied(), 2)
}

/// What to type instead of a Region that cannot be reached, if this release does not know it. It may be newer.
pub(crate) fn perhaps_misspelt(region: &Region) -> Option<String> {
    let nearest = nearest(region.as_str()).filter(|_| !region.is_known())?;
    Some(format!("this version of v2only knows no Region `{region}`; did you mean `--region {nearest}`?"))
}

/// AccountSelection accounts are meant.
#[derive(Debug, PartialEq, Eq)]
enum AccountSelection {
    /// The credentials' own.
    Own,
    /// These, each once.
    These(Vec<AccountId>),
    /// All of the organization.
    Organization,
}

/// Reads `--accounts` and `--org`.
fn account_selection(shared: &Shared) -> Result<AccountSelection, Problem> {
    let mut accounts = Vec::new();
    for text in &shared.accounts {
        let hint = "type ids of twelve digits: `--accounts 111122223333,444455556666`";
        let id =
            AccountId::parse(text.trim()).map_err(|it| Problem::usage(format!("--accounts: {it}"), hint))?;
        if !accounts.contains(&id) {
            accounts.push(id);
        }
    }
    Ok(match (shared.org, accounts.is_empty()) {
        (true, _) => AccountSelection::Organization,
        (false, true) => AccountSelection::Own,
        (false, false) => AccountSelection::These(accounts),
    })
}

/// How other accounts are entered, as the flags say.
fn members(shared: &Shared, accounts: Vec<AccountId>) -> Result<Option<Members>, Problem> {
    let others = shared.org || !shared.accounts.is_empty();
    match (&shared.role_name, &shared.external_id) {
        (Some(role), external_id) => {
            Ok(Some(Members { role: role.clone(), external_id: external_id.clone(), accounts }))
        }
        (None, None) if !others => Ok(None),
        (None, Some(_)) => Err(Problem::usage(
            "--external-id: no role is named that would ask for it",
            "add `--role-name NAME`, the role in the other accounts",
        )),
        (None, None) => Err(Problem::usage(
            "other accounts are entered by a role, and none is named",
            "add `--role-name NAME`, such as `v2only-scanner`; policies/iam has what it needs",
        )),
    }
}

/// Prepares to reach AWS, starting from the first Region that was named.
pub(crate) async fn connect<W: World>(
    world: &W,
    shared: &Shared,
    wanted: &Wanted,
) -> Result<W::Aws, Problem> {
    let accounts = match account_selection(shared)? {
        AccountSelection::These(accounts) => accounts,
        AccountSelection::Own | AccountSelection::Organization => Vec::new(),
    };
    connect_to(world, shared, wanted, accounts).await
}

/// The same, where something other than flags says which accounts are meant.
pub(crate) async fn connect_to<W: World>(
    world: &W,
    shared: &Shared,
    wanted: &Wanted,
    accounts: Vec<AccountId>,
) -> Result<W::Aws, Problem> {
    let profile = shared.profile.as_deref();
    let members = members(shared, accounts)?;
    let first = match wanted {
        Wanted::These(regions) => regions.first().cloned(),
        Wanted::Home | Wanted::Enabled => None,
    };
    let aws = world.connect(Access { profile, region: first, members: members.clone() }).await?;
    match (wanted, aws.home_region()) {
        (Wanted::Enabled, None) => {
            world.connect(Access { profile, region: Region::parse(ASKED_FIRST).ok(), members }).await
        }
        (Wanted::Home, None) => Err(Problem::usage(
            "no Region is named, neither by `--region` nor by the environment or the profile",
            "type `--region eu-central-1`, once for each Region, or `--region all`",
        )),
        _ => Ok(aws),
    }
}

/// The accounts and Regions to read, and the accounts whose Regions could not be listed.
pub(crate) struct Places {
    pub(crate) known: Vec<Place>,
    /// An account whose Regions could not be listed, with the Region it was asked in.
    pub(crate) unreadable: Vec<(Place, Failure)>,
}

impl Places {
    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Place> {
        self.known.iter().chain(self.unreadable.iter().map(|(place, _)| place))
    }
}

/// The accounts that `--ou` and `--exclude-accounts` leave.
async fn narrowed(
    aws: &impl Cloud,
    mut accounts: Vec<AccountId>,
    shared: &Shared,
) -> Result<Vec<AccountId>, Problem> {
    for text in &shared.exclude_accounts {
        let hint = "type ids of twelve digits: `--exclude-accounts 111122223333,444455556666`";
        let id = AccountId::parse(text.trim())
            .map_err(|it| Problem::usage(format!("--exclude-accounts: {it}"), hint))?;
        accounts.retain(|account| *account != id);
    }
    let mut units = Vec::new();
    for text in &shared.ou {
        let hint = "type the id of an organizational unit: `--ou ou-ab12-11111111`";
        units.push(OuId::parse(text).map_err(|it| Problem::usage(format!("--ou: {it}"), hint))?);
    }
    if !units.is_empty() {
        let mut inside = Vec::new();
        for account in accounts {
            if aws.above(&account).await?.iter().any(|unit| units.contains(unit)) {
                inside.push(account);
            }
        }
        accounts = inside;
    }
    if accounts.is_empty() {
        return Err(Problem::usage(
            "no account is left to read",
            "`--ou` and `--exclude-accounts` leave out every account; name others",
        ));
    }
    Ok(accounts)
}

/// A failure of the first call, with what to type if its Region is misspelt.
fn unreachable(failure: Failure, region: Option<&Region>) -> Problem {
    let is_unreachable = failure.kind == Kind::Unreachable;
    let problem = Problem::from(failure);
    match region.filter(|_| is_unreachable).and_then(perhaps_misspelt) {
        Some(hint) => Problem { hint: Some(hint), ..problem },
        None => problem,
    }
}

/// Lists the accounts and Regions to read.
pub(crate) async fn places(aws: &impl Cloud, wanted: Wanted, shared: &Shared) -> Result<Places, Problem> {
    // Without it no credentials are known to be good, and our own account takes no role.
    let own =
        async { aws.account().await.map_err(|failure| unreachable(failure, aws.home_region().as_ref())) };
    let accounts = match account_selection(shared)? {
        AccountSelection::Own => vec![own.await?],
        AccountSelection::These(accounts) => own.await.map(|_| accounts)?,
        AccountSelection::Organization => {
            let (own, all) = future::join(own, aws.organization()).await;
            own.and(all.map_err(Problem::from))?
        }
    };
    let accounts = narrowed(aws, accounts, shared).await?;
    let mut places = Places { known: Vec::new(), unreadable: Vec::new() };
    let home = aws.home_region();
    let regions = match (wanted, home) {
        (Wanted::These(regions), _) => regions,
        (Wanted::Home, Some(home)) => vec![home],
        (Wanted::Enabled, Some(home)) => {
            // Each account enables its own.
            let asked = futures_util::stream::iter(accounts).map(|account| {
                let from = Place { account, region: home.clone() };
                async move { (aws.regions(&from).await, from) }
            });
            let mut asked = asked.buffered(LOCATIONS_AT_ONCE);
            while let Some((answer, from)) = asked.next().await {
                match answer {
                    Ok(regions) => {
                        let at = |region| Place { account: from.account.clone(), region };
                        places.known.extend(regions.into_iter().map(at));
                    }
                    // Our own credentials are no good anywhere then.
                    Err(failure) if matches!(account_selection(shared)?, AccountSelection::Own) => {
                        return Err(failure.into());
                    }
                    Err(failure) => places.unreadable.push((from, failure)),
                }
            }
            return Ok(places);
        }
        (Wanted::Home | Wanted::Enabled, None) => Vec::new(),
    };
    let at = |account: &AccountId| {
        regions.iter().map(|it| Place { account: account.clone(), region: it.clone() }).collect::<Vec<_>>()
    };
    places.known = accounts.iter().flat_map(at).collect();
    Ok(places)
}
