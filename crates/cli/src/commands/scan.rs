//! `scan`: what violates the policy, and why. The only writer here sends findings to Security Hub, and only with
//! `--import`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use v2only_policy::Place;

use crate::args::format::Format;
use crate::args::kind::{self, ResourceKind};
use crate::print::documents;
use crate::report::causes;
use crate::report::formats::{self, Layout};
use crate::report::html::earlier;
use crate::report::item::Item;
use crate::report::sink::{Head, Tail};
use crate::report::table::Shown;
use crate::report::tally::Tally;
use crate::report::totals::{self, LocationResult, Totals};
use crate::run::found::{self, Findings, Use};
use crate::run::import::import;
use crate::run::session::Session;
use crate::run::survey::{self, LocationSurvey, ScanRequest};
use crate::run::{exemptions, launched, policy_file, regions};
use crate::term::exit::Exit;
use crate::term::messages::count;
use crate::term::problem::{Problem, Stop};
use crate::world::{Cloud as _, World};

const EXAMPLES: &str = "\
Examples:
  v2only scan                                   the Region of the environment or the profile
  v2only scan --region all --policy policy.yaml
  v2only scan --launched-by                     and who launched what violates it
  v2only scan --output json | jq '.findings[].id'
  v2only scan --org --region all --output asff --import > sent.json
  v2only scan --org --region all --output html --earlier last-month.json > report.html";

/// The arguments of `scan`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only this kind of resource: `instance`, `notebook`, `launch-template`, `launch-configuration`, `image` or
    /// `account-default`
    #[arg(long, value_enum, value_name = "KIND", hide_possible_values = true, help_heading = "Input")]
    kind: Option<ResourceKind>,

    /// Ask CloudTrail who launched each violating instance: two questions a second, about the last 90 days
    #[arg(long, help_heading = "Input")]
    launched_by: bool,

    /// With `--output html`: what an earlier scan printed as JSON, for the trend; may be repeated
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Input")]
    earlier: Vec<PathBuf>,

    /// With `--output asff`: send the findings to Security Hub of their accounts and Regions, and close those that a
    /// complete scan does not meet any more
    #[arg(long, help_heading = "Output")]
    import: bool,
}

/// Reads every account and Region that was asked for, and prints what is not clean.
pub(crate) async fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let wanted = regions::wanted(&session.shared.regions)?;
    if args.import && session.shared.output != Format::Asff {
        let hint = "type `v2only scan --output asff --import`";
        return Err(Problem::usage("`--import` sends findings in AWS Security Finding Format", hint).into());
    }
    if args.kind.is_some() && !args.earlier.is_empty() {
        let why = "`--earlier` compares runs that read everything";
        return Err(Problem::usage(why, "leave out `--kind`, or `--earlier`").into());
    }
    let earlier = earlier::read(&args.earlier, session.shared.output)?;
    let loaded =
        policy_file::load_or_default(session.shared.policy.as_deref(), session.world, &mut session.talk)?;
    let aws = regions::connect(session.world, session.shared, &wanted).await?;
    let places = regions::places(&aws, wanted, session.shared).await?;
    let (kinds, now) = (kind::kinds(args.kind), session.world.now());
    let request = ScanRequest { policy: &loaded.policy, places: &places, kinds, now };
    let progress = session.talk.progress();

    let named: Vec<&Place> = places.all().collect();
    let head = Head { command: "scan", now, places: &named, policy: &loaded.policy, kinds };
    let layout = Layout {
        format: session.shared.output,
        shown: Some(Shown::Found { exemptions: true }),
        width: session.world.terminal().width,
        earlier: &earlier,
    };
    let mut tally = Tally::new(exemptions::day(now));
    // An import prints what was sent, which is more than what was found.
    let mut sink = if args.import { None } else { Some(formats::sink(layout, head, &mut *session.out)) };
    if let Some(sink) = &mut sink {
        sink.begin()?;
    }
    let mut imported = None;
    let mut pinned = causes::RepointAdvice::default();
    let mut write = |item: &Item<'_>| {
        tally.add(item);
        pinned.add(item);
        sink.as_mut().map_or(Ok(()), |sink| sink.finding(item))
    };
    let surveys = if formats::is_unordered(session.shared.output) && !args.launched_by {
        survey::survey(&aws, request, &progress, |page| page.items(&mut write)).await?
    } else {
        // CloudTrail is asked once everything is found, and so everything is kept until then.
        let mut estate = found::survey(&aws, request, &progress, Use::Tell).await?;
        if args.launched_by {
            launched::ask(&aws, &mut estate, now, &progress).await?;
        }
        let findings = Findings { estate: &estate, results: None };
        if args.import {
            imported = Some(import(&aws, findings, kinds, now, &progress).await?);
        }
        findings.each(&mut write)?;
        estate.seen
    };

    let unsent = imported.as_ref().is_some_and(|imported| !imported.failures.is_empty());
    let unread = surveys.iter().any(|survey| survey.failure.is_some());
    let exit = Exit::of(tally.totals.remaining > 0, unread || unsent);
    session.exit = Some(exit);
    let calls = aws.calls();
    let Tally { totals, causes, exemptions: met, found, .. } = tally;
    let exempt = exemptions::told(exemptions::ScanScope { request, shared: session.shared }, &surveys, met);
    if let Some(sink) = &mut sink {
        sink.end(&Tail {
            exit,
            totals: &totals,
            surveys: &surveys,
            exemptions: &exempt,
            calls: &calls,
            journal: None,
            rollout: None,
        })?;
    }
    drop(sink);
    if let Some(imported) = &imported {
        documents::json(session.out, &imported.document())?;
    }
    session.out.flush()?;
    tell(session, &surveys, &found, &totals);
    exemptions::say(&mut session.talk, &exempt);
    if let Some(causes) = causes::counted(causes, &surveys, session.talk.width()) {
        session.talk.say(&causes);
    }
    if let Some(imported) = &imported {
        session.talk.say(&imported.in_words());
        imported.failures.iter().for_each(|failure| session.talk.error(failure));
    }
    let looked: Vec<LocationResult<'_>> = surveys.iter().map(|it| (&it.place, it.failure.as_ref())).collect();
    totals::read(&mut session.talk, &looked, &calls);
    totals::usage_unread(&mut session.talk, &surveys);
    totals::launchers_unread(&mut session.talk, &surveys);
    totals::incomplete(&mut session.talk, &looked, &[]);
    pinned.hints().for_each(|hint| session.talk.hint(&hint));
    Ok(exit)
}

/// Reports what was found, in numbers.
fn tell<W>(
    session: &mut Session<'_, W>,
    surveys: &[LocationSurvey],
    found: &BTreeMap<Place, usize>,
    totals: &Totals,
) {
    for survey in surveys {
        let found = count(found.get(&survey.place).copied().unwrap_or_default(), "resource");
        session.talk.detail(&format!("{}: {found} to report", survey.place));
    }
    let complete = surveys.iter().all(|survey| survey.failure.is_none());
    session.talk.say(&match (totals.violations, complete) {
        (0, true) if totals.exempt == 0 && totals.remaining == 0 => "nothing violates the policy".to_owned(),
        (_, true) => totals.in_words(),
        (_, false) => format!("{} in what could be read", totals.in_words()),
    });
}
