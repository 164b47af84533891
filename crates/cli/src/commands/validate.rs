//! `validate`: the policy document alone.

use std::path::PathBuf;

use v2only_document as document;

use crate::run::policy_file;
use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::problem::{Problem, Stop};
use crate::term::text::plain;
use crate::world::World;

const EXAMPLES: &str = "\
Examples:
  v2only validate policy.yaml
  v2only validate --schema > policy-v1.schema.json";

/// The arguments of `validate`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Policy documents; `-` reads standard input
    #[arg(value_name = "FILE", help_heading = "Input")]
    files: Vec<PathBuf>,

    /// Print the JSON Schema of the document and end
    #[arg(long, conflicts_with = "files", help_heading = "Output")]
    schema: bool,
}

/// Checks every document; one that is invalid does not keep the others from being checked.
pub(crate) fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    if args.schema {
        session.out.write_all(document::SCHEMA.as_bytes())?;
        return Ok(Exit::Clean);
    }
    let files: Vec<&PathBuf> = args.files.iter().chain(&session.shared.policy).collect();
    if files.is_empty() {
        let problem = Problem::usage("no document is named", "type `v2only validate policy.yaml`");
        return Err(problem.into());
    }
    let mut exit = Exit::Clean;
    for file in files {
        let name = policy_file::name(file);
        let text = match policy_file::read(file, session.world) {
            Ok(text) => text,
            Err(problem) => {
                session.talk.problem(&problem);
                exit = problem.exit;
                continue;
            }
        };
        match document::parse(&text) {
            Ok(document) => {
                writeln!(session.out, "{}: valid", plain(&name))?;
                for notice in &document.notices {
                    session.talk.note(&format!("{name}:{notice}"));
                }
            }
            Err(invalid) => {
                write!(session.out, "{}", invalid.render(&name, &text))?;
                exit = Exit::Usage;
            }
        }
    }
    Ok(exit)
}
