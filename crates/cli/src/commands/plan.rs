//! `plan`: what stands between today and enforcement, in order. Nothing here holds a writer.

use std::collections::BTreeSet;
use std::path::PathBuf;

use v2only_enforcer::gate::{GateAnswer, Reason};
use v2only_enforcer::readiness::State;
use v2only_enforcer::scan::Kinds;
use v2only_policy::Place;
use v2only_policy::rollout::{AgainstEnforcement, OpenResources, RolloutPlan};

use crate::args::format::Format;
use crate::args::selection::Filter;
use crate::print::rollout_v1::RolloutPlanV1;
use crate::print::{documents, recorded as recorded_names, rollout};
use crate::report::item::Item;
use crate::report::roll_out;
use crate::report::totals::{self, LocationResult};
use crate::run::earlier_plan::EarlierPlan;
use crate::run::gate;
use crate::run::session::Session;
use crate::run::survey::{self, LocationSurvey, ScanRequest};
use crate::run::trail_lookup::{self, RecordedLaunches};
use crate::run::{policy_file, regions, trail_evidence};
use crate::term::exit::Exit;
use crate::term::problem::Stop;
use crate::world::{Cloud as _, World};

const EXAMPLES: &str = "\
Risk, were the step done today:
  none    it changes nothing that runs
  low     everything was read, and nothing speaks against the step
  medium  this run has no evidence
  high    resources speak against the step, or have no data

Examples:
  v2only plan --region eu-central-1
  v2only plan --org --role-name v2only-scanner --region all --policy policy.yaml
  v2only plan --region all --from-trail         with recorded launches as evidence of each step
  v2only plan --region all --trail-files cloudtrail/
  v2only plan --output json > 2026-11.json
  v2only plan --earlier 2026-10.json  and how far it came since

Leaves with 10 while a step is open.";

/// The arguments of `plan`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What an earlier `plan` printed as JSON, to show how far the roll-out came since
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    earlier: Option<PathBuf>,

    /// Take the launches of the last 90 days as evidence, as `LookupEvents` of CloudTrail returns them: two calls a second
    #[arg(long, help_heading = "Input")]
    from_trail: bool,

    /// Recorded calls as evidence, in place of `LookupEvents`: log files of CloudTrail, folders of them, or rows of CloudTrail
    /// Lake and Athena as lines of JSON; `.gz` is unpacked
    #[arg(long, value_name = "PATH", num_args = 1.., help_heading = "Input")]
    trail_files: Vec<PathBuf>,
}

/// Reads every account and Region that was asked for, and prints the steps.
pub(crate) async fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let wanted = regions::wanted(&session.shared.regions)?;
    let earlier = args.earlier.as_deref().map(EarlierPlan::read).transpose()?;
    let loaded =
        policy_file::load_or_default(session.shared.policy.as_deref(), session.world, &mut session.talk)?;
    let policy = &loaded.policy;
    // Files that cannot be read end the run before AWS is asked.
    let files = &args.trail_files;
    let saved = if files.is_empty() { None } else { Some(trail_evidence::read(files, session.world)?) };
    let mut aws = regions::connect(session.world, session.shared, &wanted).await?;
    let places = regions::places(&aws, wanted, session.shared).await?;
    let launches = match saved {
        Some(recording) => Some(RecordedLaunches { recording, ..RecordedLaunches::default() }),
        None if args.from_trail => {
            Some(trail_lookup::launches(&aws, &places, &session.talk.progress()).await)
        }
        None => None,
    };
    let recording = launches.as_ref().map(|it| &it.recording);
    trail_evidence::inform(&mut aws, recording, session.world.now(), &mut session.talk);
    let (filter, now) = (Filter::default(), session.world.now());
    survey::note_left_out(&aws, Kinds::All, &mut session.talk);
    let request = ScanRequest {
        policy,
        places: &places,
        kinds: Kinds::All,
        filter: &filter,
        now,
        inventory: None,
        profiles: None,
    };
    let progress = session.talk.progress();
    let mut open = OpenResources::default();
    let mut count = |item: &Item<'_>| {
        if item.violates() {
            roll_out::add(&mut open, item);
        }
        Ok::<(), Stop>(())
    };
    let surveys = survey::survey(&aws, request, &progress, |page| page.items(&mut count)).await?;
    let answers = gate::ask(&aws, policy, &places, None, now, &progress).await;

    let recorded =
        launches.as_ref().map(|it| trail_evidence::against(it, &answers, aws.management_account().as_ref()));
    let unreadable =
        launches.iter().flat_map(|it| &it.places).filter_map(|(place, it)| Some((place, it.as_ref()?)));
    for (place, failure) in unreadable {
        session.talk.error(&format!("the launches of {place} could not be read: {failure}"));
    }
    let read = read(&surveys, &answers);
    let unread = read.iter().filter(|(_, failure)| failure.is_some()).count();
    let facts =
        roll_out::facts((read.len(), unread), Kinds::All, policy, open, Some(against(&answers)), recorded);
    let plan = RolloutPlan::of(&facts);
    let exit = Exit::of(plan.is_open(), unread > 0);
    session.exit = Some(exit);
    let calls = aws.calls();
    if session.shared.output == Format::Json {
        let roles = recording.map(recorded_names::role_names).unwrap_or_default();
        let document = RolloutPlanV1::new((now, exit), &plan, (&facts, roles), &read, session.shared, &calls);
        documents::json(session.out, &document)?;
    } else {
        let text = rollout::steps(&plan, &facts, earlier.as_ref(), session.shared, session.width());
        writeln!(session.out, "{text}")?;
    }
    session.out.flush()?;
    if let Some(words) = recording.and_then(recorded_names::denied_by_role_delivery) {
        session.talk.note(&words);
    }
    totals::read(&mut session.talk, &read, &calls);
    totals::incomplete(&mut session.talk, &read, &[]);
    Ok(exit)
}

/// Every account and Region, with the first reason why something in it could not be read.
fn read<'a>(surveys: &'a [LocationSurvey], answers: &'a [GateAnswer]) -> Vec<LocationResult<'a>> {
    let asked = |place: &Place| answers.iter().find(|it| it.place == *place).and_then(GateAnswer::failure);
    let mut known = BTreeSet::new();
    let each = surveys.iter().filter(|it| known.insert(&it.place));
    each.map(|it| (&it.place, it.failure.as_ref().or_else(|| asked(&it.place)))).collect()
}

/// What speaks against enforcement, in all accounts and Regions.
fn against(answers: &[GateAnswer]) -> AgainstEnforcement {
    let mut sum = AgainstEnforcement::default();
    for reason in answers.iter().flat_map(|it| &it.reasons) {
        match reason {
            Reason::NotRead(_) => {}
            // What was recorded is evidence of its own.
            Reason::Recorded(_) => {}
            Reason::Owner(_) | Reason::Source(_) => sum.sources += 1,
            Reason::Instance(it) if it.state == State::Busy => sum.busy += 1,
            Reason::Instance(_) => sum.unknown += 1,
        }
    }
    sum
}
