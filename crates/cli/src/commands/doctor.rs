//! `doctor`: whether an installation is complete. Nothing here holds a writer: the commands that fix it are printed, not run.

mod zips;

use std::path::PathBuf;

use v2only_installation::expected::FUNCTIONS;
use v2only_installation::judge::{self, Against};
use v2only_installation::{DoctorFinding, Site, State};

use crate::args::format::Format;
use crate::print::doctor as tables;
use crate::print::doctor_v1::{DoctorRun, DoctorV1};
use crate::print::documents;
use crate::report::totals;
use crate::run::installation;
use crate::run::installation::Installation;
use crate::run::policy_file;
use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::problem::{Stop, sentence};
use crate::world::{Cloud, World};

const EXAMPLES: &str = "\
The functions are looked for in the account of the credentials, in the first Region that is named; all other places
are members that forward to them. The role for it is policies/iam/role-doctor.json, here and in every member.

Examples:
  v2only doctor --region eu-central-1
  v2only doctor --policy policy.yaml --zip target/release-files
  v2only doctor --org --role-name v2only-doctor --region eu-central-1 --region us-east-1
  v2only doctor --output json | jq -r '.findings[] | select(.state == \"problem\") | .command'

Leaves with 0 if all is well, 10 if there are problems, and 3 if something could not be checked.";

/// What `doctor` is told.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Compare the functions' code with the zips in this folder, as `infra/build` or `infra/package` writes them
    #[arg(long, value_name = "DIR", help_heading = "Input")]
    zip: Option<PathBuf>,
}

/// Reads everything, and tells.
pub(crate) async fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let zips = args.zip.as_deref().map(zips::read).transpose()?.unwrap_or_default();
    let path = session.shared.policy.as_deref();
    let policy = path.map(|it| policy_file::load(it, session.world, &mut session.talk)).transpose()?;
    let name = path.map(policy_file::name);
    let (aws, installation) = installation::look(session).await?;
    let against = Against {
        zips,
        policy: name.as_deref().zip(policy.as_ref().map(|it| &it.policy)),
        membership: installation.seen.iter().find_map(v2only_installation::snapshot::Snapshot::membership),
    };
    let mut findings = match judge::not_installed(&installation.seen, &against) {
        Some(findings) => findings,
        None => installed(&aws, &installation, &against).await,
    };
    findings.extend(installation.unreadable.iter().map(|(place, failure)| DoctorFinding {
        place: place.clone(),
        piece: "account",
        name: place.account.to_string(),
        state: State::Unread,
        why: sentence(failure),
        command: None,
    }));

    let any = |state: State| findings.iter().any(|it| it.state == state);
    let exit = Exit::of(any(State::Problem), any(State::Unread));
    let calls = aws.calls();
    match session.shared.output {
        Format::Table => {
            let width = session.width();
            let text = tables::findings(&findings, &installation.hub, session.talk.is_verbose(), width);
            writeln!(session.out, "{text}")?;
        }
        _ => {
            let run = DoctorRun {
                now: session.world.now(),
                exit,
                hub: &installation.hub,
                site: &installation.site,
                findings: &findings,
                calls: &calls,
            };
            documents::json(session.out, &DoctorV1::from(run))?;
        }
    }
    session.out.flush()?;
    session.talk.say(&tables::in_words(&findings));
    totals::spent(&mut session.talk, &calls);
    session.talk.note(&format!("not looked at: {}", tables::not_looked_at(&installation.site).join("; ")));
    Ok(exit)
}

/// The state of every piece.
async fn installed(
    aws: &impl Cloud,
    installation: &Installation,
    against: &Against<'_>,
) -> Vec<DoctorFinding> {
    let mut findings: Vec<DoctorFinding> =
        installation.seen.iter().flat_map(|it| judge::judge(it, against)).collect();
    if installation.site == Site::Hub {
        findings.extend(around(aws, installation, against).await);
    }
    findings
}

/// The way into each account, and what the organization denies there.
async fn around(aws: &impl Cloud, installation: &Installation, against: &Against<'_>) -> Vec<DoctorFinding> {
    let hub = &installation.hub;
    let external_id = against.membership.as_ref().and_then(|it| it.external_id.as_deref());
    let mut findings = Vec::new();
    for place in installation.accounts() {
        if place.account != hub.account {
            for it in FUNCTIONS {
                let entered = aws.enter(place, it.name, external_id).await;
                findings.extend(judge::entered(place, hub, it.name, it.folder, &entered));
            }
        }
        let controls = installation::controls(aws, &place.account, hub.region.partition()).await;
        findings.extend(judge::controls(place, controls.as_deref()));
    }
    findings
}
