//! `enforce`: scan, show the plan, ask, write the journal, apply, tell.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use v2only_enforcer::automation::automate;
use v2only_enforcer::enforce::enforce;
use v2only_enforcer::scan::Judged;
use v2only_enforcer::{Disposition, Outcome, Record};
use v2only_policy::Place;

use super::Kind;
use crate::cli::Format;
use crate::exit::Exit;
use crate::journal::{self, FileJournal};
use crate::output::findings_v1::{FindingsV1, Run};
use crate::output::summary::{self, Looked, Totals};
use crate::output::{self, plan, row, sources};
use crate::problem::{Problem, Stop};
use crate::survey::{AT_ONCE, Seen, survey};
use crate::talk::{Progress, count};
use crate::world::{Cloud, World};
use crate::{Session, launched, policy_file, regions};

const EXAMPLES: &str = "\
Examples:
  v2only enforce --policy policy.yaml
  v2only enforce --policy policy.yaml --region all --yes --journal before.ndjson";

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

    /// The role that runbooks of Systems Manager take on in each account, where the policy says
    /// `remediate_with: ssm-automation` [default: none, and yours is used]
    #[arg(long, value_name = "NAME", help_heading = "AWS")]
    automation_role: Option<String>,

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
    if let Some(path) = &args.journal {
        journal::must_not_exist(path)?;
    }
    let policy = policy_file::load(policy, session.world, &mut session.talk)?.policy;
    let aws = regions::connect(session.world, session.shared, &wanted).await?;
    let places = regions::places(&aws, wanted, session.shared).await?;
    let now = session.world.now();
    let progress = session.talk.progress();
    let mut seen = survey(&aws, &policy, &places, super::kinds(args.kind), now, &progress).await;
    if args.launched_by {
        launched::ask(&aws, &mut seen, now, &progress).await;
        if let Some(causes) = sources::causes(&seen, session.talk.width()) {
            session.talk.say(&causes);
        }
    }
    if args.accept_irreversible {
        seen.iter_mut().for_each(Seen::consent);
    }

    seen.iter_mut().for_each(Seen::take_automation);
    let acting = seen.iter().flat_map(|it| &it.judged).filter(|it| it.acts()).count();
    if acting == 0 {
        return nothing_acts(session, now, &seen, &aws);
    }
    if !agreed(args, session, &seen, acting) {
        session.talk.say("nothing was changed");
        let records: Vec<Record> = seen.iter().flat_map(Seen::records).collect();
        let ran = Ran { now, seen: &seen, records, journal: None };
        return ran.tell(session, &aws, Table::None);
    }
    let world = session.world;
    let clock = || world.now();
    let path = args.journal.clone().unwrap_or_else(|| journal::default_path(now));
    let journal = FileJournal::create(&path, &clock)?;
    let records = apply(&aws, &journal, &seen, (args, world), now, &progress).await;
    session.talk.say(&format!("the state before is in {}", journal.path().display()));
    for advice in sources::refresh_advice(&seen, &records) {
        session.talk.hint(&advice);
    }
    let ran = Ran { now, seen: &seen, records, journal: Some(journal.path()) };
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
fn agreed<W: World>(args: &Args, session: &mut Session<'_, W>, seen: &[Seen], acting: usize) -> bool {
    let mut text = plan::text(seen, session.talk.is_verbose(), session.talk.width());
    if let Some(by_runbook) = plan::by_runbook(seen, args.automation_role.is_some()) {
        text = format!("{text}\n{by_runbook}");
    }
    if args.yes {
        session.talk.say(&text);
        return true;
    }
    session.talk.always(&text);
    let places = seen.iter().filter(|it| it.judged.iter().any(Judged::acts)).count();
    let broken = seen.iter().filter(|it| it.failure.is_some()).count();
    if broken > 0 {
        let text =
            format!("{} could not be read completely and will be named at the end", count(broken, "place"));
        session.talk.always(&text);
    }
    let question = format!("Apply {} in {}?", count(acting, "change"), count(places, "place"));
    session.talk.ask(session.world, &question)
}

/// Applies the plans, places side by side, and tells of everything that was seen.
async fn apply(
    aws: &impl Cloud,
    journal: &FileJournal<'_>,
    seen: &[Seen],
    (args, world): (&Args, &impl World),
    now: Timestamp,
    progress: &Progress,
) -> Vec<Record> {
    let wait = async |time: Duration| world.sleep(time).await;
    let at_one_place = async |seen: &Seen| {
        let (acting, rest): (Vec<&Judged>, Vec<&Judged>) = seen.judged.iter().partition(|it| it.acts());
        let _shown = progress.begin(format!("changing {} in {}", acting.len(), seen.place));
        let acting = acting.into_iter().cloned();
        let (by_runbook, by_us): (Vec<Judged>, Vec<Judged>) = acting.partition(|it| seen.is_automated(it));
        let mut records = enforce(aws, journal, &seen.place, by_us, now).await;
        let role = args.automation_role.as_deref().map(|it| role_arn(&seen.place, it));
        records.extend(automate(aws, journal, &seen.place, by_runbook, role.as_deref(), &wait).await);
        records.extend(rest.into_iter().map(|it| it.record(&seen.place)));
        records.sort_by(|one, other| one.resource.cmp(&other.resource));
        records
    };
    let by_place: Vec<Vec<Record>> =
        futures_util::stream::iter(seen).map(at_one_place).buffered(AT_ONCE).collect().await;
    by_place.into_iter().flatten().collect()
}

/// The role of this name in the account of a place.
fn role_arn(place: &Place, name: &str) -> String {
    format!("arn:{}:iam::{}:role/{name}", place.region.partition().as_str(), place.account)
}

/// Says why nothing is to be changed, and what would let something be.
fn nothing_acts<W: World>(
    session: &mut Session<'_, W>,
    now: Timestamp,
    seen: &[Seen],
    aws: &W::Aws,
) -> Result<Exit, Stop> {
    let records: Vec<Record> = seen.iter().flat_map(Seen::records).collect();
    let held: Vec<&'static str> = Totals::of(&records).held.into_keys().collect();
    let ran = Ran { now, seen, records, journal: None };
    let exit = ran.tell(session, aws, Table::Found)?;
    if !held.is_empty() {
        session.talk.say("nothing was changed: everything that violates the policy is held");
    }
    for advice in held.into_iter().filter_map(plan::advice) {
        session.talk.hint(advice);
    }
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
    now: Timestamp,
    seen: &'a [Seen],
    records: Vec<Record>,
    journal: Option<&'a Path>,
}

impl Ran<'_> {
    fn tell<W: World>(&self, session: &mut Session<'_, W>, aws: &W::Aws, table: Table) -> Result<Exit, Stop> {
        let totals = Totals::of(&self.records);
        let failed = |it: &Record| match &it.outcome {
            Outcome::Failed(failure) => failure.disposition() != Disposition::Done,
            _ => false,
        };
        let incomplete = self.seen.iter().any(|it| it.failure.is_some()) || self.records.iter().any(failed);
        let exit = Exit::of(totals.remaining > 0, incomplete);
        let calls = aws.calls();
        let places: Vec<Looked<'_>> = self.seen.iter().map(|it| (&it.place, it.failure.as_ref())).collect();
        let width = session.world.terminal().width;
        match (session.shared.output, table) {
            (Format::Json | Format::Sarif, _) => {
                let run = Run {
                    command: "enforce",
                    now: self.now,
                    exit,
                    places: &places,
                    records: &self.records,
                    totals: &totals,
                    calls: &calls,
                    journal: self.journal.map(|it| it.display().to_string()),
                    seen: self.seen,
                };
                output::json(session.out, &FindingsV1::from(run))?;
            }
            (Format::Table, Table::Found) if !self.records.is_empty() => {
                writeln!(session.out, "{}", row::found(self.seen, width).text())?;
            }
            (Format::Table, Table::Done) => {
                writeln!(
                    session.out,
                    "{}",
                    row::done(&self.records, session.talk.is_verbose(), width).text()
                )?;
            }
            (Format::Table, Table::Found | Table::None) => {}
        }
        session.out.flush()?;
        session.talk.say(&totals.in_words());
        summary::read(&mut session.talk, &places, &calls);
        summary::usage_unread(&mut session.talk, self.seen);
        summary::launchers_unread(&mut session.talk, self.seen);
        summary::incomplete(&mut session.talk, &places, &self.records);
        if totals.advanced > 0 {
            session.talk.hint(
                "notebooks take several steps: where the functions are deployed, each event brings the next; \
                 elsewhere run `v2only enforce` again once they are `Stopped`",
            );
        }
        Ok(exit)
    }
}
