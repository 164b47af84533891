//! `enforce`: scan, show the plan, ask, write the journal, apply in waves, tell.

pub(crate) mod rollout;
mod together;
mod waves;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use v2only_enforcer::scan::Kinds;
use v2only_enforcer::waves::Stop as Stopped;
use v2only_policy::{InstanceId, Place, Policy};

use self::rollout::{Rolled, Run as Rollout};
use self::together::Central;
use self::waves::Course;

use super::Kind;
use crate::cli::Format;
use crate::estate::{Entry, Estate, Findings, Results, Use};
use crate::exit::Exit;
use crate::journal::{self, FileJournal};
use crate::output::findings::{self, Background};
use crate::output::findings_v1::Run;
use crate::output::plan::Plans;
use crate::output::rollout_v1::RolloutV1;
use crate::output::summary::{self, Looked, Totals};
use crate::output::{row, sources};
use crate::problem::{Problem, Stop};
use crate::survey::survey;
use crate::talk::count;
use crate::world::{Cloud as _, World};
use crate::{Session, exemptions, launched, policy_file, regions};

const EXAMPLES: &str = "\
Examples:
  v2only enforce --policy policy.yaml
  v2only enforce --policy policy.yaml --region all --yes --journal before.ndjson
  v2only enforce --policy policy.yaml --canary 10 --wave 25% --soak 30m --max-rejecting 1%

Sources (launch templates, images, account defaults) are changed first, then instances and \
notebooks: up to 20 at once, more of them in waves, with a wait between. No data is not taken for \
zero: instances without datapoints yet are counted as unknown, and do not end a run. What is left \
when a run ends is held; the next run goes on with it.";

/// What `enforce` is told.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Only this kind of resource: `instance`, `notebook`, `launch-template`, `launch-configuration`, `image` or
    /// `account-default`
    #[arg(long, value_enum, value_name = "KIND", hide_possible_values = true, help_heading = "Input")]
    kind: Option<Kind>,

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
    runbooks: together::Roles,

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
    let aws = regions::connect(session.world, session.shared, &wanted).await?;
    let places = regions::places(&aws, wanted, session.shared).await?;
    let central = args.runbooks.central(&aws).await?;
    let now = session.world.now();
    let progress = session.talk.progress();
    let kinds = super::kinds(args.kind);
    let used_for = Use::Change { consent: args.accept_irreversible };
    let mut estate = survey(&aws, &policy, &places, (kinds, now), &progress, used_for).await?;
    if args.launched_by {
        launched::ask(&aws, &mut estate, now, &progress).await?;
        let findings = Findings { estate: &estate, results: None };
        if let Some(causes) = sources::causes(findings, session.talk.width())? {
            session.talk.say(&causes);
        }
    }

    let found = Ran {
        policy: &policy,
        kinds,
        now,
        findings: Findings { estate: &estate, results: None },
        rolled: Rolled::default(),
        journal: None,
    };
    if !estate.entries().iter().any(|it| it.acts) {
        return nothing_acts(session, &found, &aws);
    }
    let course = args.waves.course(&estate)?;
    if !agreed(args, session, &estate, (&course, central.as_ref()))? {
        session.talk.say("nothing was changed");
        return found.tell(session, &aws, Table::None);
    }
    let world = session.world;
    let clock = || world.now();
    let path = args.journal.clone().unwrap_or_else(|| journal::default_path(now));
    let journal = FileJournal::create(&path, &clock)?;
    let results = Results::of(estate.len());
    let (role, central) = (args.runbooks.role(), central.as_ref());
    let run = Rollout {
        world,
        aws: &aws,
        journal: &journal,
        course: &course,
        estate: &estate,
        results: &results,
        role,
        central,
        progress: &progress,
        now,
    };
    let rolled = run.carry_out(&mut session.talk).await;
    session.talk.say(&format!("the state before is in {}", journal.path().display()));
    let findings = Findings { estate: &estate, results: Some(&results) };
    let ran = Ran { findings, rolled: rolled?, journal: Some(journal.path()), ..found };
    for advice in sources::refresh_advice(findings)? {
        session.talk.hint(&advice);
    }
    ran.tell(session, &aws, Table::Done)
}

/// The policy document, once it is sure that somebody can agree to the plan.
fn policy_named<'a, W: World>(args: &Args, session: &Session<'a, W>) -> Result<&'a Path, Problem> {
    let Some(policy) = session.shared.policy.as_deref() else {
        return Err(Problem::usage(
            "`enforce` needs a policy document; nothing was changed",
            "type `v2only enforce --policy policy.yaml`; `v2only scan` does without one",
        ));
    };
    let why = if args.yes {
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
) -> io::Result<bool> {
    let plans = Plans::of(estate, session.talk.is_verbose(), args.runbooks.role())?;
    let by_runbook = plans.by_runbook(central.map(|it| &it.place));
    let plan = plans.text(estate, session.talk.width());
    let text = [Some(plan), by_runbook, course.words()].into_iter().flatten().collect::<Vec<_>>().join("\n");
    if args.yes {
        session.talk.say(&text);
        return Ok(true);
    }
    session.talk.always(&text);
    let acting: BTreeSet<u32> = estate.entries().iter().filter(|it| it.acts).map(Entry::place).collect();
    let broken = estate.seen.iter().filter(|it| it.failure.is_some()).count();
    if broken > 0 {
        let text =
            format!("{} could not be read completely and will be named at the end", count(broken, "place"));
        session.talk.always(&text);
    }
    let (changes, places) = (count(course.changes.len(), "change"), count(acting.len(), "place"));
    Ok(session.talk.ask(session.world, &format!("Apply {changes} in {places}?")))
}

/// Says why nothing is to be changed, and what would let something be.
fn nothing_acts<W: World>(session: &mut Session<'_, W>, found: &Ran<'_>, aws: &W::Aws) -> Result<Exit, Stop> {
    let Totals { held, advice, .. } = Totals::of(found.findings)?;
    let exit = found.tell(session, aws, Table::Found)?;
    if !held.is_empty() {
        session.talk.say("nothing was changed: everything that violates the policy is held");
    }
    advice.into_iter().for_each(|it| session.talk.hint(it));
    Ok(exit)
}

/// Which table a run ends with.
#[derive(Clone, Copy)]
enum Table {
    None,
    Found,
    Done,
}

/// A run that is over.
struct Ran<'a> {
    policy: &'a Policy,
    kinds: Kinds,
    now: Timestamp,
    findings: Findings<'a>,
    rolled: Rolled,
    journal: Option<&'a Path>,
}

impl Ran<'_> {
    fn tell<W: World>(&self, session: &mut Session<'_, W>, aws: &W::Aws, table: Table) -> Result<Exit, Stop> {
        let seen = self.findings.estate.seen.as_slice();
        let totals = Totals::of(self.findings)?;
        let blind = matches!(self.rolled.stopped, Some(Stopped::Unread(_)));
        let incomplete = blind || seen.iter().any(|it| it.failure.is_some()) || totals.failed > 0;
        let exit = Exit::of(totals.remaining > 0, incomplete);
        let calls = aws.calls();
        let places: Vec<Looked<'_>> = seen.iter().map(|it| (&it.place, it.failure.as_ref())).collect();
        let width = session.world.terminal().width;
        match (session.shared.output, table) {
            (Format::Table, Table::Found) if self.findings.estate.len() > 0 => {
                row::found(self.findings, width, session.out)?;
            }
            (Format::Table, Table::Done) => {
                row::done(self.findings, session.talk.is_verbose(), width, session.out)?;
            }
            (Format::Table, Table::Found | Table::None) => {}
            (format, _) => {
                let looked = exemptions::Looked {
                    policy: self.policy,
                    kinds: self.kinds,
                    shared: session.shared,
                    now: self.now,
                };
                let run = Run {
                    command: "enforce",
                    now: self.now,
                    exit,
                    places: &places,
                    findings: self.findings,
                    totals: &totals,
                    calls: &calls,
                    journal: self.journal.map(|it| it.display().to_string()),
                    rollout: RolloutV1::of(&self.rolled),
                    exemptions: &exemptions::of(looked, self.findings.estate)?,
                };
                let background = Background { policy: self.policy, kinds: self.kinds, earlier: &[] };
                findings::write(format, run, background, session.out)?;
            }
        }
        session.out.flush()?;
        session.talk.say(&totals.in_words());
        summary::read(&mut session.talk, &places, &calls);
        summary::usage_unread(&mut session.talk, seen);
        summary::launchers_unread(&mut session.talk, seen);
        summary::incomplete_findings(&mut session.talk, &places, self.findings)?;
        self.tell_of_the_end(session, &totals);
        if totals.advanced > 0 {
            session.talk.hint(
                "notebooks take several steps: where the functions are deployed, each event brings the next; \
                 elsewhere run `v2only enforce` again once they are `Stopped`",
            );
        }
        Ok(exit)
    }

    /// Why the rest was left, and how to give back what should not have been taken.
    fn tell_of_the_end<W>(&self, session: &mut Session<'_, W>, totals: &Totals) {
        if let Some(stop) = &self.rolled.stopped {
            let held = totals.wave_stopped;
            match held {
                0 => session.talk.note(&stop.to_string()),
                _ => session
                    .talk
                    .error(&format!("wave stopped because {stop}; {} left", count(held, "change"))),
            }
        }
        let (Some(watched), Some(journal)) = (&self.rolled.watched, self.journal) else { return };
        if watched.rejecting.is_empty() {
            return;
        }
        let asks = |((place, id), calls): (&(Place, InstanceId), &u64)| {
            format!("{id} in {place} still asks for IMDSv1: {} refused", count_calls(*calls))
        };
        for line in watched.rejecting.iter().map(asks) {
            session.talk.say(&line);
        }
        let only: String = watched.rejecting.keys().map(|(_, id)| format!(" --only {id}")).collect();
        let shared = session.shared;
        let mut how = String::new();
        for (flag, value) in [
            ("--profile", &shared.profile),
            ("--role-name", &shared.role_name),
            ("--external-id", &shared.external_id),
        ] {
            if let Some(value) = value {
                how.extend([" ", flag, " ", value.as_str()]);
            }
        }
        session.talk.hint(&format!(
            "to give IMDSv1 back to these alone: `v2only rollback {}{only}{how}`",
            journal.display()
        ));
    }
}

fn count_calls(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), "call")
}
