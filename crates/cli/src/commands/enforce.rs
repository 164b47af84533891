//! `enforce`: scans, shows the plan, asks, writes the journal, applies the plan in waves, and reports.

mod ended;
mod roles;
mod rollout;
mod together;
mod waves;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use v2only_installation::command::Command;
use v2only_policy::ResourceKind;

use self::ended::EnforceRun;
use self::roles::Central;
use self::rollout::WaveRunner;
use self::waves::Course;

use crate::args::format::Format;
use crate::args::kind::KindArg;
use crate::args::selection::{self, Selection};
use crate::print::plan::Plans;
use crate::report::causes::{self, Causes};
use crate::report::table::Shown;
use crate::report::totals::Totals;
use crate::report::{refresh, repoint};
use crate::run::accounts::AccountNames;
use crate::run::found::survey;
use crate::run::found::{Entry, Estate, Findings, Results, Use};
use crate::run::journal;
use crate::run::journal::FileJournal;
use crate::run::rollout::RolloutResult;
use crate::run::session::Session;
use crate::run::spool;
use crate::run::survey::{ScanRequest, note_left_out};
use crate::run::trail_evidence::{self, TrailFiles};
use crate::run::{absent, launched, policy_file, regions};
use crate::term::exit::Exit;
use crate::term::messages::count;
use crate::term::problem::{Problem, Stop};
use crate::world::World;

const EXAMPLES: &str = "\
Examples:
  v2only enforce --policy policy.yaml --dry-run
  v2only enforce --policy policy.yaml
  v2only enforce --policy policy.yaml --only i-0123456789abcdef0
  v2only enforce --policy policy.yaml --region all --yes --journal before.ndjson
  v2only enforce --policy policy.yaml --canary 10 --wave 25% --soak 30m --max-rejecting 1%

Sources (launch templates, images, account defaults) are changed first, then instances and \
notebooks: up to 20 at once, more of them in waves, with a wait between. No data is not taken for \
zero: instances without datapoints yet are counted as unknown, and do not end a run. What is left \
when a run ends is held; the next run goes on with it.";

/// The arguments of `enforce`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    kind: KindArg,

    #[command(flatten)]
    selection: Selection,

    /// Only resources with this tag; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = selection::tag, help_heading = "Input")]
    tag: Vec<String>,

    /// Show the plan and change nothing
    #[arg(long, conflicts_with = "yes", help_heading = "Input")]
    dry_run: bool,

    #[command(flatten)]
    trail: TrailFiles,

    /// Ask CloudTrail who launched each violating instance: two questions a second, about the last 90 days
    #[arg(long, help_heading = "Input")]
    launched_by: bool,

    /// Apply the plan without asking
    #[arg(short, long, help_heading = "Input")]
    yes: bool,

    /// Do what nobody can undo as well, where the policy says so: mark images (`images.fix: mark-v2`)
    #[arg(long, help_heading = "Input")]
    accept_irreversible: bool,

    /// How changes are spread over time.
    #[command(flatten)]
    waves: waves::Flags,

    /// Under which roles runbooks run.
    #[command(flatten)]
    runbooks: roles::Roles,

    /// Where to write the state before each change; must not exist [default: v2only-journal-<UTC
    /// time>.ndjson]
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    journal: Option<PathBuf>,
}

/// Carries out what the policy wants done now, everywhere that was asked for.
///
/// Nothing is changed before the plan was agreed to and the journal exists. Interrupting it is harmless:
/// what is done is in the journal, and the next run does the rest.
pub(crate) async fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let policy = policy_named(args, session)?;
    let wanted = regions::wanted(&session.shared.regions)?;
    args.runbooks.check()?;
    if let Some(path) = &args.journal {
        journal::must_not_exist(path)?;
    }
    let policy = policy_file::load(policy, session.world, &mut session.talk)?.policy;
    let recording = args.trail.read(session.world)?;
    let mut aws = regions::connect(session.world, session.shared, &wanted).await?;
    let places = regions::places(&aws, wanted, session.shared).await?;
    trail_evidence::inform(&mut aws, recording.as_ref(), session.world.now(), &mut session.talk);
    let central = args.runbooks.central(&aws).await?;
    let now = session.world.now();
    let progress = session.talk.progress();
    let (kinds, filter) = (args.kind.kinds(), args.selection.filter(&args.tag));
    note_left_out(&aws, kinds, &mut session.talk);
    let request = ScanRequest {
        policy: &policy,
        places: &places,
        kinds,
        filter: &filter,
        now,
        inventory: None,
        profiles: None,
    };
    let used_for = Use::Change { consent: args.accept_irreversible };
    let mut estate = survey(&aws, request, &progress, used_for).await?;
    if args.launched_by {
        launched::ask(&aws, &mut estate, now, &progress).await?;
        say_causes(session, &aws, &estate)?;
    }

    let mut unmatched = filter.unmatched();
    Findings { estate: &estate, results: None }.each(|item| {
        item.judged.iter().for_each(|judged| unmatched.meet(&judged.subject));
        spool::Result::Ok(())
    })?;
    let found = EnforceRun {
        request,
        fail_on: args.selection.fail_on,
        findings: Findings { estate: &estate, results: None },
        rolled: RolloutResult::default(),
        journal: None,
        absent: absent::absent(&aws, &places, kinds, unmatched).await,
    };
    if !estate.entries().iter().any(|it| it.acts) {
        repoint::Advice::of(found.findings)?.hints().for_each(|hint| session.talk.hint(&hint));
        return nothing_acts(session, &found, &aws);
    }
    let course = args.waves.course(&estate)?;
    if !agreed(args, session, &estate, (&course, central.as_ref()))? {
        session.talk.say("nothing was changed");
        return Ok(found.tell(session, &aws, None)?.0);
    }
    let world = session.world;
    let clock = || world.now();
    let path = args.journal.clone().unwrap_or_else(|| journal::default_path(now));
    let journal = FileJournal::create(&path, &clock)?;
    let results = Results::of(estate.len());
    let (role, central) = (args.runbooks.role(), central.as_ref());
    let run = WaveRunner {
        world,
        aws: &aws,
        journal: &journal,
        course: &course,
        estate: &estate,
        results: &results,
        role,
        central,
        progress: &progress,
        steps: progress.steps(course.changes.len(), "changes made"),
        now,
    };
    let rolled = run.carry_out(&mut session.talk).await;
    drop(run);
    let findings = Findings { estate: &estate, results: Some(&results) };
    let ran = EnforceRun { findings, rolled: rolled?, journal: Some(journal.path()), ..found };
    for advice in repoint::Advice::of(findings)?
        .hints()
        .chain(refresh::advice(findings, kinds.contains(ResourceKind::Instance))?)
    {
        session.talk.hint(&advice);
    }
    let shown = Shown::Done { request_ids: session.talk.is_verbose() };
    let (exit, totals) = ran.tell(session, &aws, Some(shown))?;
    let made = count(totals.fixed + totals.advanced, "change");
    let undo = session.shared.as_whom(Command::ours(["rollback", &journal.path().display().to_string()]));
    session.talk.say(&format!("{made} made; the state before is in {}", journal.path().display()));
    session.talk.say(&format!("Undo: {undo}"));
    Ok(exit)
}

/// The policy document, once it is sure that somebody can agree to the plan.
fn policy_named<'a, W: World>(args: &Args, session: &Session<'a, W>) -> Result<&'a Path, Problem> {
    let Some(policy) = session.shared.policy.as_deref() else {
        return Err(Problem::usage(
            "`enforce` needs a policy document; nothing was changed",
            "type `v2only enforce --policy policy.yaml`; `v2only scan` does without one",
        ));
    };
    let why = if args.yes || args.dry_run {
        return Ok(policy);
    } else if !session.world.terminal().stdin {
        "standard input is not a terminal"
    } else if policy == Path::new("-") {
        "the policy document is read from standard input"
    } else {
        return Ok(policy);
    };
    Err(Problem::usage(
        format!("nobody can be asked, because {why}; nothing was changed"),
        "`v2only scan --policy FILE` shows what would be done; add `--yes` to do it without a question",
    ))
}

/// Shows the plan and asks, or only shows it.
fn agreed<W: World>(
    args: &Args,
    session: &mut Session<'_, W>,
    estate: &Estate,
    (course, central): (&Course, Option<&Central>),
) -> Result<bool, Stop> {
    let plans = Plans::of(estate, session.talk.is_verbose(), args.runbooks.role())?;
    let by_runbook = plans.by_runbook(central.map(|it| &it.place));
    let endpoints = plans.endpoint_warning();
    let plan = plans.text(estate, session.talk.width());
    let text = [Some(plan), endpoints, by_runbook, course.words()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("\n");
    if args.yes {
        session.talk.say(&text);
        return Ok(true);
    }
    if args.dry_run {
        if session.shared.output == Format::Table {
            writeln!(session.out, "{text}")?;
        } else {
            session.talk.say(&text);
        }
        return Ok(false);
    }
    session.talk.always(&text);
    let acting: BTreeSet<u32> = estate.entries().iter().filter(|it| it.acts).map(Entry::place).collect();
    let broken = estate.seen.iter().filter(|it| it.failure.is_some()).count();
    if broken > 0 {
        let text =
            format!("{broken} of the Regions could not be read completely and will be named at the end");
        session.talk.always(&text);
    }
    let (changes, places) = (count(course.changes.len(), "change"), count(acting.len(), "place"));
    Ok(session.talk.ask(session.world, &format!("Apply {changes} in {places}?")))
}

/// Says what makes instances violate the policy, and who launched them.
fn say_causes<W: World>(session: &mut Session<'_, W>, aws: &W::Aws, estate: &Estate) -> spool::Result<()> {
    let mut causes = Causes::default();
    Findings { estate, results: None }.each(|item| {
        causes.add(item);
        spool::Result::Ok(())
    })?;
    let causes = causes.largest();
    let accounts = AccountNames::of(aws, estate.seen.iter().map(|it| &it.place));
    let (sheet, _) = causes::table(&causes, usize::MAX, &accounts, session.shared, session.talk.width());
    if !causes.is_empty() {
        session.talk.say(&sheet.text());
    }
    Ok(())
}

/// Says why nothing is to be changed, and what would let something be.
fn nothing_acts<W: World>(
    session: &mut Session<'_, W>,
    found: &EnforceRun<'_>,
    aws: &W::Aws,
) -> Result<Exit, Stop> {
    let (exit, totals) = found.tell(session, aws, Some(Shown::Found { exemptions: false }))?;
    let Totals { held, advice, .. } = totals;
    if !held.is_empty() {
        session.talk.say("nothing was changed: everything that violates the policy is held");
    }
    advice.into_iter().for_each(|it| session.talk.hint(it));
    Ok(exit)
}
