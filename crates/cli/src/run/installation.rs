//! What `doctor` and `uninstall-plan` read: the place of the functions, and those of the members.

use futures_util::StreamExt as _;
use v2only_enforcer::Failure;
use v2only_guardrails::Settings;
use v2only_guardrails::check::{self, Against, Attachment, Outcome};
use v2only_guardrails::settings::Principals;
use v2only_installation::Site;
use v2only_installation::judge::{Control, Refusal};
use v2only_installation::ports::ReadInstallation as _;
use v2only_installation::snapshot::{self, Snapshot};
use v2only_policy::{AccountId, Mode, Partition, Place, Policy, Rules};

use crate::run::regions;
use crate::run::regions::LOCATIONS_AT_ONCE;
use crate::run::session::Session;
use crate::term::messages::Progress;
use crate::term::problem::{Problem, Stop};
use crate::world::{Cloud, World};

/// Statements of the shipped policies that keep the installation as it is deny one of these.
const PROTECTED: [&str; 4] =
    ["events:DeleteRule", "lambda:DeleteFunction", "iam:DeleteRole", "ssm:DeleteParameter"];

/// What is there.
pub(crate) struct Installation {
    /// Where the functions are.
    pub(crate) hub: Place,
    /// Whether they are for an organization.
    pub(crate) site: Site,
    /// Every place that was named, that of the functions first.
    pub(crate) seen: Vec<Snapshot>,
    /// Accounts whose Regions could not even be listed.
    pub(crate) unreadable: Vec<(Place, Failure)>,
}

/// Reads it. The functions are looked for in the account of the credentials, in the first Region that is named.
pub(crate) async fn look<W: World>(session: &mut Session<'_, W>) -> Result<(W::Aws, Installation), Stop> {
    let wanted = regions::wanted(&session.shared.regions)?;
    let aws = regions::connect(session.world, session.shared, &wanted).await?;
    if !aws.is_linked() {
        let why = "this build of v2only leaves out the SDKs that read an installation";
        return Err(Problem::usage(why, "build it with `--features full`, or install a release").into());
    }
    let places = regions::places(&aws, wanted, session.shared).await?;
    let account = aws.account().await.map_err(Problem::from)?;
    let Some(region) = aws.home_region() else {
        return Err(Problem::usage("no Region is named", "type `--region eu-central-1`").into());
    };
    let hub = Place { account, region };
    let told = session.shared.org || !session.shared.accounts.is_empty();
    let site = snapshot::home_site(&aws, &hub, told).await;
    let mut all = vec![(hub.clone(), site.clone())];
    let others = places.known.into_iter().filter(|it| *it != hub);
    all.extend(others.map(|it| (it, Site::Member { hub: hub.clone() })));
    let progress = session.talk.progress();
    let seen = read(&aws, &all, &progress).await;
    drop(progress);
    Ok((aws, Installation { hub, site, seen, unreadable: places.unreadable }))
}

async fn read(aws: &impl Cloud, places: &[(Place, Site)], progress: &Progress) -> Vec<Snapshot> {
    let one = async |(place, site): &(Place, Site)| {
        let _shown = progress.begin(format!("reading {place}"));
        snapshot::read(aws, place, site).await
    };
    futures_util::stream::iter(places).map(one).buffered(LOCATIONS_AT_ONCE).collect().await
}

impl Installation {
    /// Every account once, with one of its places.
    pub(crate) fn accounts(&self) -> Vec<&Place> {
        let mut once: Vec<&Place> = Vec::new();
        for it in &self.seen {
            if !once.iter().any(|other| other.account == it.place.account) {
                once.push(&it.place);
            }
        }
        once
    }
}

/// What the service control policies above an account do to what the functions do in it.
pub(crate) async fn controls(
    aws: &impl Cloud,
    account: &AccountId,
    partition: Partition,
) -> Result<Vec<Control>, Failure> {
    let settings =
        Settings::from_policy(&Policy::plain(Rules::new(Mode::Observe)), partition, Principals::default());
    Ok(aws.controls(account).await?.iter().map(|it| control(it, &settings)).collect())
}

fn control(it: &v2only_installation::ports::Control, settings: &Settings) -> Control {
    let against = Against { settings, own: false, attachment: Attachment::Scp };
    let effects = check::check(&it.text, against).ok().map(|it| it.effects);
    let refusals = effects.as_ref().map(|all| {
        // The rollback role and the scanner are people's.
        let ours = all.iter().filter(|it| it.ours && !matches!(it.id, "restore-instance" | "scan"));
        ours.filter_map(|case| {
            let statements = match &case.outcome {
                Outcome::Denied(statements) => statements.clone(),
                Outcome::Depends(_) => Vec::new(),
                Outcome::Allowed | Outcome::NotGranted => return None,
            };
            Some(Refusal { what: case.name.to_owned(), statements })
        })
        .collect()
    });
    let keeps = |it: &check::Case| it.opens_v1 == Some(true) && matches!(it.outcome, Outcome::Denied(_));
    Control {
        id: it.id.clone(),
        name: it.name.clone(),
        target: it.target.clone(),
        refuses: refusals,
        protects: PROTECTED.iter().any(|action| it.text.contains(&format!("\"{action}\""))),
        keeps_v1_out: effects.is_some_and(|all| all.iter().any(keeps)),
        names_roles: it.text.contains(":role/v2only-"),
    }
}
