//! `uninstall-plan`: what taking an installation out consists of. Nothing here holds a writer.

use clap::ValueEnum;
use v2only_enforcer::Failure;
use v2only_installation::Site;
use v2only_installation::removal::{self, Step, Way};
use v2only_policy::Place;

use crate::args::format::Format;
use crate::print::doctor as tables;
use crate::print::doctor_v1::{UninstallV1, Unread};
use crate::print::documents;
use crate::run::installation;
use crate::run::installation::Installation;
use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::problem::{Problem, Stop, sentence};
use crate::world::World;

const EXAMPLES: &str = "\
Examples:
  v2only uninstall-plan --region eu-central-1
  v2only uninstall-plan --with terraform --org --role-name v2only-doctor --region all
  v2only uninstall-plan --output json | jq -r '.steps[].command'

Changes nothing. Leaves with 3 if something could not be read: the plan may lack steps then.";

/// The arguments of `uninstall-plan`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// How it was deployed: `stack` (SAM, CloudFormation) or `terraform` [default: as the functions' tags say]
    #[arg(long, value_enum, value_name = "WAY", hide_possible_values = true, help_heading = "Input")]
    with: Option<With>,

    /// The stack with the functions [default: as their tags say, or `v2only`]
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    stack_name: Option<String>,
}

/// How an installation was made, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum With {
    /// `sam deploy`, or `aws cloudformation`.
    Stack,
    /// `terraform apply`.
    Terraform,
}

/// Reads what is there, and lists.
pub(crate) async fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let (aws, installation) = installation::look(session).await?;
    let mut unread = unread(&installation);
    let there = installation.seen.iter().any(removal::is_there);
    let (steps, shut) = if there { plan(args, &aws, &installation).await? } else { (Vec::new(), None) };
    unread.extend(shut.as_ref().map(|(place, failure)| Unread {
        place,
        piece: "service control policy",
        name: "(any)".to_owned(),
        failure,
    }));
    let exit = Exit::of(false, !unread.is_empty());
    match session.shared.output {
        Format::Table if !there => writeln!(session.out, "nothing of v2only is in {}", installation.hub)?,
        Format::Table => writeln!(session.out, "{}", tables::steps(&steps, &installation.hub))?,
        _ => {
            let now = session.world.now();
            documents::json(session.out, &UninstallV1::new(now, exit, &steps, &unread))?;
        }
    }
    session.out.flush()?;
    for it in &unread {
        let why = sentence(it.failure);
        session.talk.error(&format!("{} {} in {} could not be read: {why}", it.piece, it.name, it.place));
    }
    if !steps.is_empty() {
        session.talk.note("nothing was changed; what was corrected stays corrected");
    }
    Ok(exit)
}

/// The steps, and where the service control policies could not be read, if so: then steps may be lacking.
async fn plan(
    args: &Args,
    aws: &impl crate::world::Cloud,
    installation: &Installation,
) -> Result<(Vec<Step>, Option<(Place, Failure)>), Stop> {
    let tagged = installation
        .seen
        .iter()
        .flat_map(|it| it.functions.values())
        .find_map(|it| it.function.as_ref().ok()?.as_ref()?.stack.clone());
    let way = match (args.with, tagged) {
        (Some(With::Terraform), _) => Way::Terraform,
        (Some(With::Stack), tagged) => {
            Way::Stack(args.stack_name.clone().or(tagged).unwrap_or_else(|| "v2only".to_owned()))
        }
        (None, Some(tagged)) => Way::Stack(args.stack_name.clone().unwrap_or(tagged)),
        (None, None) => {
            return Err(Problem::usage(
                "how it was deployed is not known: no function has the tag of a stack",
                "type `--with terraform`, or `--with stack` and its `--stack-name`",
            )
            .into());
        }
    };
    if installation.site != Site::Hub {
        return Ok((removal::plan(&installation.seen, Ok(&[]), &way), None));
    }
    let mut all = Vec::new();
    for place in installation.accounts() {
        match installation::controls(aws, &place.account, installation.hub.region.partition()).await {
            Ok(found) => all.extend(found),
            Err(failure) => {
                let steps = removal::plan(&installation.seen, Err(&failure), &way);
                return Ok((steps, Some((place.clone(), failure))));
            }
        }
    }
    all.sort_by(|one, other| (&one.name, &one.target).cmp(&(&other.name, &other.target)));
    all.dedup_by(|one, other| one.id == other.id && one.target == other.target);
    Ok((removal::plan(&installation.seen, Ok(&all), &way), None))
}

/// What could not be read: what it is, where, and why.
fn unread(installation: &Installation) -> Vec<Unread<'_>> {
    let pieces = installation.seen.iter().flat_map(|snapshot| {
        let place = &snapshot.place;
        snapshot.unread().into_iter().map(move |(piece, name, failure)| Unread {
            place,
            piece,
            name,
            failure,
        })
    });
    let accounts = installation.unreadable.iter().map(|(place, failure)| Unread {
        place,
        piece: "account",
        name: place.account.to_string(),
        failure,
    });
    pieces.chain(accounts).collect()
}
