//! From `--region` to the places that are meant.

use v2only_policy::{Place, Region};

use crate::cli::Shared;
use crate::problem::Problem;
use crate::world::{Cloud, World};

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
        _ => {
            "type a code such as `--region eu-central-1`, once for each Region, or `--region all`".to_owned()
        }
    }
}

/// Prepares to reach AWS, starting from the first Region that was named.
pub(crate) async fn connect<W: World>(
    world: &W,
    shared: &Shared,
    wanted: &Wanted,
) -> Result<W::Aws, Problem> {
    let profile = shared.profile.as_deref();
    let first = match wanted {
        Wanted::These(regions) => regions.first().cloned(),
        Wanted::Home | Wanted::Enabled => None,
    };
    let aws = world.connect(profile, first).await?;
    match (wanted, aws.home_region()) {
        (Wanted::Enabled, None) => world.connect(profile, Region::parse(ASKED_FIRST).ok()).await,
        (Wanted::Home, None) => Err(Problem::usage(
            "no Region is named, neither by `--region` nor by the environment or the profile",
            "type `--region eu-central-1`, once for each Region, or `--region all`",
        )),
        _ => Ok(aws),
    }
}

/// The places that are meant, in our own account.
pub(crate) async fn places(aws: &impl Cloud, wanted: Wanted) -> Result<Vec<Place>, Problem> {
    let account = aws.account().await?;
    let home = aws.home_region();
    let at = |region| Place { account: account.clone(), region };
    let regions = match (wanted, home) {
        (Wanted::These(regions), _) => regions,
        (Wanted::Enabled, Some(home)) => aws.regions(&at(home)).await?,
        (Wanted::Home, Some(home)) => vec![home],
        (Wanted::Home | Wanted::Enabled, None) => Vec::new(),
    };
    Ok(regions.into_iter().map(at).collect())
}
