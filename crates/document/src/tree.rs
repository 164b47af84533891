//! YAML and JSON as a tree of nodes with positions: one for the policy document and for templates.
//!
//! Text that is JSON is read by the rules of JSON; all other text is read as YAML 1.2. [`read`] never stops
//! at what a consumer may want to accept: it lists duplicate keys, tags, unknown aliases and further
//! documents, and the consumer decides which of them are errors.

mod encoding;
mod json;
mod node;
pub mod scalar;
mod yaml;

#[cfg(test)]
mod tests;

pub use encoding::{UnknownEncoding, decode};
pub use node::{Document, Entry, Format, Issue, IssueKind, Mark, Node, Options, Tree, Value, Word};

/// Reads all documents of a text.
///
/// A byte order mark at the start is skipped. For bytes of unknown encoding, see [`decode`].
#[must_use]
pub fn read(text: &str, options: &Options) -> Tree {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Flow collections of YAML begin like JSON, so JSON is tried first.
    let json = text.trim_start().starts_with(['{', '[']).then(|| json::read(text, options)).flatten();
    json.unwrap_or_else(|| yaml::read(text, options))
}
