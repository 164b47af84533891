//! The policy document, from text to rules.

use v2only_policy::settings::Rules;
use v2only_policy::{Mode, Policy};

use crate::notice::Notice;
use crate::problem::Invalid;
use crate::reader::Reader;
use crate::spot::Spot;
use crate::tree::{self, Mark, Options};
use crate::{exemptions, issues, keys, overrides, rules};

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
    let tree = tree::read(text, &Options::STRICT);
    let Some(root) = issues::report(&tree, reader) else {
        if reader.problems.is_empty() {
            let hint = "the shortest document is two lines: `version: 1` and `mode: observe`";
            reader.problem(Mark::START, "", "the document is empty", Some(hint.to_owned()));
        }
        return None;
    };
    policy(reader, &Spot::root(root))
}

fn policy(reader: &mut Reader, root: &Spot<'_>) -> Option<Policy> {
    let fields = reader.fields(root, &keys::TOP)?;
    if let Some(version) = reader.required(&fields, "version", "`version: 1`") {
        reader.only(&version, 1, "this release reads version 1");
    }
    let mode = reader.required(&fields, "mode", "`mode: observe` or `mode: enforce`");
    let mode = mode.and_then(|spot| reader.word_at(&spot, &rules::MODE));
    // Without a mode the other keys are read all the same, to find their problems.
    let mut document = Rules::new(mode.unwrap_or(Mode::Observe));
    rules::lay(reader, &fields, &mut document);
    let exemptions = exemptions::read(reader, &fields);
    let exemptions_by_tag = exemptions::read_by_tag(reader, &fields);
    let overrides = overrides::read(reader, &fields, &document);
    mode?;
    Some(Policy { rules: document, exemptions, exemptions_by_tag, overrides })
}
