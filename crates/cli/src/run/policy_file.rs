//! The policy document that the user names, or the one that holds without.

use std::path::Path;

use v2only_document as document;
use v2only_policy::Policy;

use crate::term::messages::Talk;
use crate::term::problem::Problem;
use crate::world::World;

/// What holds where no document is named: nothing is changed.
const DEFAULT: &str = "version: 1\nmode: observe\n";

/// A document that can be acted on.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// Its text.
    pub(crate) text: String,
    /// What it requires.
    pub(crate) policy: Policy,
}

/// The document of `--policy`, or the default one. Says what is notable about it.
pub(crate) fn load_or_default(
    path: Option<&Path>,
    world: &impl World,
    talk: &mut Talk<'_>,
) -> Result<Loaded, Problem> {
    match path {
        Some(path) => load(path, world, talk),
        None => {
            talk.note("without `--policy`, the policy is `version: 1` and `mode: observe`");
            parse("the default policy", DEFAULT.to_owned(), talk)
        }
    }
}

/// A document that the user named. Says what is notable about it.
pub(crate) fn load(path: &Path, world: &impl World, talk: &mut Talk<'_>) -> Result<Loaded, Problem> {
    let text = read(path, world)?;
    parse(&name(path), text, talk)
}

/// The text of a document.
pub(crate) fn read(path: &Path, world: &impl World) -> Result<String, Problem> {
    let text = if path == Path::new("-") { world.read_stdin() } else { std::fs::read_to_string(path) };
    text.map_err(|error| {
        Problem::unreadable(
            path,
            &error,
            "name a policy document; the shortest one is two lines: `version: 1` and `mode: observe`",
        )
    })
}

/// What a document is called in messages.
pub(crate) fn name(path: &Path) -> String {
    if path == Path::new("-") { "<stdin>".to_owned() } else { path.display().to_string() }
}

fn parse(name: &str, text: String, talk: &mut Talk<'_>) -> Result<Loaded, Problem> {
    match document::parse(&text) {
        Ok(document) => {
            for notice in &document.notices {
                talk.note(&format!("{name}:{notice}"));
            }
            Ok(Loaded { text, policy: document.policy })
        }
        Err(invalid) => {
            let problem = Problem::usage(
                format!("the policy document {name} is invalid; nothing was done"),
                "`v2only validate` checks a document, and `v2only validate --schema` prints its JSON Schema",
            );
            Err(Problem { details: Some(invalid.render(name, &text)), ..problem })
        }
    }
}
