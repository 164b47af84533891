//! Reads the policy document, and explains what it refuses.
//!
//! Read in this order: `tree` turns text into nodes that know their place, and `syntax` words what is not
//! YAML at all; `reader` asks those nodes for words, numbers and lists, and collects every problem instead of
//! stopping at the first; `keys` is the table of all keys; the other files read one section each and lay its
//! words over the rules they are given, which is how an override keeps what it does not mention.
//!
//! Knows: YAML, the shape of the document, spelling.
//! Must never know: where the text came from, the date, a terminal.

mod problem;

mod syntax;
mod tree;

mod core_schema;
mod keys;
mod notice;
mod reader;
mod spelling;
mod wording;

mod account_defaults;
mod drift;
mod instances;
mod notebooks;
mod sources;

mod exemptions;
mod matching;
mod overrides;

#[cfg(test)]
mod tests;

use v2only_policy::settings::Rules;
use v2only_policy::{Mode, Policy};

pub use notice::Notice;
pub use problem::{Invalid, Problem};

use reader::{Fields, Reader, Spot, Words};
use tree::Mark;

/// The JSON Schema (draft 2020-12) of the document, for editors and pipelines.
///
/// It accepts what [`parse`] accepts, but for what a schema cannot say: that keys occur once, that a window
/// ends after it begins, and what an override leaves to the document.
pub const SCHEMA: &str = include_str!("../../schema/policy-v1.schema.json");

/// The longest document that is read, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// A document that can be acted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What it requires.
    pub policy: Policy,
    /// What in it has less effect than its words promise.
    pub notices: Vec<Notice>,
}

/// Reads a policy document (YAML 1.2, and so JSON too).
///
/// # Errors
/// Everything that is wrong with it, in the order of the text; but nothing besides the first mistake if the
/// text is not YAML.
pub fn parse(text: &str) -> Result<Document, Invalid> {
    let mut reader = Reader::default();
    match read(&mut reader, text) {
        Some(policy) if reader.problems.is_empty() => Ok(Document { policy, notices: reader.notices }),
        _ => Err(Invalid::new(reader.problems)),
    }
}

fn read(reader: &mut Reader, text: &str) -> Option<Policy> {
    if text.len() > MAX_BYTES {
        let message = format!(
            "a policy document has at most {} KiB, and this one {}",
            MAX_BYTES / 1024,
            text.len().div_ceil(1024)
        );
        reader.problem(Mark::START, "", message, None);
        return None;
    }
    let Some(root) = tree::grow(text, reader) else {
        if reader.problems.is_empty() {
            let hint = "the shortest document is two lines: `version: 1` and `mode: observe`";
            reader.problem(Mark::START, "", "the document is empty", Some(hint.to_owned()));
        }
        return None;
    };
    policy(reader, &Spot::root(&root))
}

fn policy(reader: &mut Reader, root: &Spot<'_>) -> Option<Policy> {
    let fields = reader.fields(root, &keys::TOP)?;
    if let Some(version) = reader.required(&fields, "version", "`version: 1`") {
        reader.only(&version, 1, "this release reads version 1");
    }
    let mode = reader.required(&fields, "mode", "`mode: observe` or `mode: enforce`");
    let mode = mode.and_then(|spot| reader.word_at(&spot, &MODE));
    // Without a mode the rest is read all the same, for the sake of its problems.
    let mut rules = Rules::new(mode.unwrap_or(Mode::Observe));
    lay_sections(reader, &fields, &mut rules);
    let exemptions = exemptions::read(reader, &fields);
    let overrides = overrides::read(reader, &fields, &rules);
    mode?;
    Some(Policy { rules, exemptions, overrides })
}

const MODE: Words<Mode> = Words { all: &[("observe", Mode::Observe), ("enforce", Mode::Enforce)], told: &[] };

/// Lays the sections that document and overrides have in common over the rules.
fn lay_sections(reader: &mut Reader, fields: &Fields<'_>, rules: &mut Rules) {
    if let Some(spot) = fields.get("instances") {
        instances::lay(reader, &spot, &mut rules.instances);
    }
    if let Some(spot) = fields.get("notebooks") {
        notebooks::lay(reader, &spot, &mut rules.notebooks);
    }
    if let Some(spot) = fields.get("launch_templates") {
        sources::lay_launch_templates(reader, &spot, &mut rules.launch_templates);
    }
    if let Some(spot) = fields.get("images") {
        sources::lay_images(reader, &spot, &mut rules.images);
    }
    if let Some(spot) = fields.get("account_defaults") {
        account_defaults::lay(reader, &spot, &mut rules.account_defaults);
    }
    if let Some(spot) = fields.get("drift") {
        drift::lay(reader, &spot, &mut rules.drift);
    }
}

/// Replaces what held by what was said, if anything was.
fn set<T>(held: &mut T, said: Option<T>) {
    if let Some(said) = said {
        *held = said;
    }
}
