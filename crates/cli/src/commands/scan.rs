//! `scan`: what violates the policy, and why. The only writer here sends findings to Security Hub, and only with
//! `--import`.

use std::path::PathBuf;

use v2only_policy::Place;

use crate::args::format::Format;
use crate::args::inventory::InventoryArg;
use crate::args::kind::KindArg;
use crate::args::selection::{self, Selection};
use crate::commands::diff;
use crate::print::documents;
use crate::report::formats::{self, Layout};
use crate::report::headline::Scope;
use crate::report::html::earlier;
use crate::report::item::Item;
use crate::report::repoint;
use crate::report::sink::{Head, Tail};
use crate::report::table::Shown;
use crate::report::tally::Tally;
use crate::report::totals::{self, LocationResult};
use crate::run::accounts::AccountNames;
use crate::run::baseline::{Baseline, Violation};
use crate::run::found::{self, Findings, Use};
use crate::run::import::import;
use crate::run::inventory::{self, Coverage};
use crate::run::profiles::Profiles;
use crate::run::session::Session;
use crate::run::survey::{self, ScanRequest};
use crate::run::trail_evidence::{self, TrailFiles};
use crate::run::{absent, exemptions, launched, policy_file, regions};
use crate::term::exit::Exit;
use crate::term::messages::count;
use crate::term::problem::{Problem, Stop};
use crate::world::{Cloud as _, World};

const EXAMPLES: &str = "\
Examples:
  v2only scan                         the Region of the environment or the profile, by cause
  v2only scan --list                  each resource, the most exposed first
  v2only scan --region all --policy policy.yaml
  v2only scan --tag team=payments --name 'web-*'
  v2only scan --baseline last-week.json  end with 10 only for new violations
  v2only scan --launched-by           and who launched what violates the policy
  v2only scan --org --role-name v2only-scanner --region all --inventory config --aggregator org
  v2only scan --output json | jq '.findings[].id'
  v2only scan --org --role-name v2only-scanner --region all --output asff --import > sent.json
  v2only scan --org --role-name v2only-scanner --region all --output html --earlier last-month.json > report.html";

/// The arguments of `scan`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    kind: KindArg,

    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    inventory: InventoryArg,

    /// Only resources with this tag; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = selection::tag, help_heading = "Input")]
    tag: Vec<String>,

    /// What an earlier scan printed as JSON: end with 10 only if there are violations that are not in it
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    baseline: Option<PathBuf>,

    /// List each resource instead of the causes, by account and Region, the most exposed first
    #[arg(long, help_heading = "Output")]
    list: bool,

    #[command(flatten)]
    trail: TrailFiles,

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
    let filter = args.selection.filter(&args.tag);
    if (args.kind.kind.is_some() || !filter.is_empty()) && !args.earlier.is_empty() {
        let why = "`--earlier` compares runs that read everything";
        let hint = "leave out `--kind`, `--only`, `--name` and `--tag`, or `--earlier`";
        return Err(Problem::usage(why, hint).into());
    }
    if args.import && !filter.is_empty() {
        let why = "`--import` closes what a complete scan does not find, and this scan is not complete";
        return Err(Problem::usage(why, "leave out `--only`, `--name` and `--tag`, or `--import`").into());
    }
    let reads_all = [(args.import, "--import"), (!args.earlier.is_empty(), "--earlier")];
    let reads_all = reads_all.into_iter().find(|(is_given, _)| *is_given).map(|(_, flag)| flag);
    let kinds = args.inventory.kinds(&args.kind, session.shared.output, reads_all)?;
    let baseline = args.baseline.as_deref().map(Baseline::read).transpose()?;
    let earlier = earlier::read(&args.earlier, session.shared.output)?;
    let loaded =
        policy_file::load_or_default(session.shared.policy.as_deref(), session.world, &mut session.talk)?;
    let recording = args.trail.read(session.world)?;
    let mut aws = regions::connect(session.world, session.shared, &wanted).await?;
    let places = regions::places(&aws, wanted, session.shared).await?;
    trail_evidence::inform(&mut aws, recording.as_ref(), session.world.now(), &mut session.talk);
    let now = session.world.now();
    survey::note_left_out(&aws, kinds, &mut session.talk);
    let inventory = match args.inventory.aggregator() {
        Some(aggregator) => Some(inventory::read(&aws, aggregator, &loaded.policy).await?),
        None => None,
    };
    let inventory = inventory.as_ref();
    let profiles = Profiles::default();
    let request = ScanRequest {
        policy: &loaded.policy,
        places: &places,
        kinds,
        filter: &filter,
        now,
        inventory,
        profiles: Some(&profiles),
    };
    let progress = session.talk.progress();

    let named: Vec<&Place> = places.all().collect();
    let accounts = AccountNames::of(&aws, named.iter().copied());
    let scope = Scope { kinds, selects: !filter.is_empty() };
    let head =
        Head { command: "scan", now, places: &named, policy: &loaded.policy, scope, accounts: &accounts };
    let layout = Layout {
        format: session.shared.output,
        shown: Some(if args.list { Shown::Found { exemptions: true } } else { Shown::Causes }),
        width: session.width(),
        shared: session.shared,
        earlier: &earlier,
    };
    let unordered = layout.is_unordered();
    let mut tally = Tally::new(exemptions::day(now));
    // An import prints what was sent, which is more than what was found.
    let mut sink = if args.import { None } else { Some(formats::sink(layout, head, &mut *session.out)) };
    if let Some(sink) = &mut sink {
        sink.begin()?;
    }
    let mut imported = None;
    let mut pinned = repoint::Advice::default();
    let (mut violations, mut added) = (0, Vec::new());
    let mut unmatched = filter.unmatched();
    let mut write = |item: &Item<'_>| {
        tally.add(item);
        item.judged.iter().for_each(|judged| unmatched.meet(&judged.subject));
        if let Some(baseline) = &baseline {
            let here = Violation::of(item);
            violations += here.len();
            added.extend(here.into_iter().filter(|it| !baseline.violations.contains(it)));
        }
        pinned.add(item);
        sink.as_mut().map_or(Ok(()), |sink| sink.finding(item))
    };
    let surveys = if unordered && !args.launched_by {
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
    let remain = if baseline.is_some() { !added.is_empty() } else { tally.totals.remaining > 0 };
    let absent = absent::absent(&aws, &places, kinds, unmatched).await;
    let exit = args.selection.fail_on.exit(Exit::of(remain, unread || unsent || !absent.is_empty()));
    session.exit = Some(exit);
    let calls = aws.calls();
    let Tally { totals, exemptions: met, .. } = tally;
    let coverage = inventory.map(|it| Coverage::of(it, &places, &surveys));
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
            coverage: coverage.as_ref(),
        })?;
    }
    drop(sink);
    if let Some(imported) = &imported {
        documents::json(session.out, &imported.document())?;
    }
    if let (Some(path), Format::Table) = (&args.baseline, session.shared.output) {
        let added: Vec<&Violation> = added.iter().collect();
        let new = count(added.len(), "violation");
        writeln!(session.out, "\n{new} of {violations} not in {}", path.display())?;
        if !added.is_empty() {
            writeln!(session.out, "{}", diff::table(&added, session.width()).text())?;
        }
    }
    if let (Some(coverage), Format::Table) = (&coverage, session.shared.output) {
        writeln!(session.out, "\n{coverage}")?;
    }
    session.out.flush()?;
    if session.shared.output != Format::Table || args.list {
        session.talk.say(&totals.in_words());
        exemptions::say(&mut session.talk, &exempt);
    }
    exemptions::say_unjudged(&mut session.talk, &exempt);
    if let Some(imported) = &imported {
        session.talk.say(&imported.in_words());
        imported.failures.iter().for_each(|failure| session.talk.error(failure));
    }
    let looked: Vec<LocationResult<'_>> = surveys.iter().map(|it| (&it.place, it.failure.as_ref())).collect();
    totals::read(&mut session.talk, &looked, &calls);
    totals::usage_unread(&mut session.talk, &surveys);
    totals::untraced(&mut session.talk, &surveys);
    totals::profiles_unread(&mut session.talk, &surveys);
    totals::launchers_unread(&mut session.talk, &surveys);
    totals::incomplete(&mut session.talk, &looked, &[]);
    absent::say(&mut session.talk, &absent);
    pinned.hints().for_each(|hint| session.talk.hint(&hint));
    Ok(exit)
}
