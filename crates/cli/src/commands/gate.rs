//! `gate`: may `HttpTokensEnforced` be switched on now? Nothing here holds a writer.

use std::path::PathBuf;

use v2only_enforcer::gate::GateAnswer;
use v2only_policy::{Mode, Policy, Rules};

use crate::args::format::Format;
use crate::print::documents;
use crate::print::gate as text;
use crate::print::gate_v1::GateV1;
use crate::report::totals::{self, LocationResult};
use crate::run::accounts::AccountNames;
use crate::run::session::Session;
use crate::run::trail_lookup::{self, RecordedLaunches};
use crate::run::{gate, policy_file, regions, trail_evidence};
use crate::term::exit::Exit;
use crate::term::problem::Stop;
use crate::world::{Cloud as _, World};

const EXAMPLES: &str = "\
Answers for each account and Region. Leaves with
    0  yes, in every account and Region
   10  no; every reason is listed
    3  no, and something could not be read, which is a reason of its own

Examples:
  v2only gate --region eu-central-1
  v2only gate --region eu-central-1 --from-trail
  v2only gate --region eu-central-1 --trail-files cloudtrail/
  v2only gate --region all --output json | jq '.places[] | select(.answer == \"no\")'
  v2only gate --org --role-name v2only-scanner --region all --policy policy.yaml";

/// The arguments of `gate`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// How many days without an IMDSv1 call are wanted of each instance [default:
    /// `instances.usage_gate.quiet_days` of the policy document, or 14]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=455), help_heading = "Input")]
    days: Option<u16>,

    /// Take the launches of the last 90 days as evidence besides, as `LookupEvents` of CloudTrail returns them: two calls a
    /// second
    #[arg(long, help_heading = "Input")]
    from_trail: bool,

    /// Recorded calls as evidence besides, in place of `LookupEvents`: files that CloudTrail delivered, folders of them, or what
    /// `aws cloudtrail lookup-events` printed; `.gz` is unpacked
    #[arg(long, value_name = "PATH", num_args = 1.., help_heading = "Input")]
    trail_files: Vec<PathBuf>,
}

/// Reads every account and Region that was asked for, and answers.
pub(crate) async fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let wanted = regions::wanted(&session.shared.regions)?;
    let policy = match session.shared.policy.as_deref() {
        Some(path) => policy_file::load(path, session.world, &mut session.talk)?.policy,
        None => Policy::plain(Rules::new(Mode::Observe)),
    };
    // Files that cannot be read end the run before AWS is asked.
    let files = &args.trail_files;
    let saved = if files.is_empty() { None } else { Some(trail_evidence::read(files, session.world)?) };
    let aws = regions::connect(session.world, session.shared, &wanted).await?;
    let places = regions::places(&aws, wanted, session.shared).await?;
    let now = session.world.now();
    let launches = match saved {
        Some(recording) => Some(RecordedLaunches { recording, ..RecordedLaunches::default() }),
        None if args.from_trail => {
            Some(trail_lookup::launches(&aws, &places, &session.talk.progress()).await)
        }
        None => None,
    };
    let mut answers = gate::ask(&aws, &policy, &places, args.days, now, &session.talk.progress()).await;
    if let Some(launches) = &launches {
        answers.iter_mut().for_each(|it| trail_evidence::add(it, launches));
    }
    let exit =
        Exit::of(!answers.iter().all(GateAnswer::is_yes), answers.iter().any(|it| it.failure().is_some()));
    session.exit = Some(exit);
    let calls = aws.calls();
    if session.shared.output == Format::Json {
        let document = GateV1::new(now, exit, &answers, session.shared, &calls);
        documents::json(session.out, &document)?;
    } else {
        let accounts = AccountNames::of(&aws, answers.iter().map(|it| &it.place));
        writeln!(session.out, "{}", text::answers(&answers, &accounts, session.shared, session.width()))?;
    }
    session.out.flush()?;
    session.talk.say(&text::in_words(&answers));
    let read: Vec<LocationResult<'_>> = answers.iter().map(|it| (&it.place, it.failure())).collect();
    totals::read(&mut session.talk, &read, &calls);
    totals::incomplete(&mut session.talk, &read, &[]);
    Ok(exit)
}
