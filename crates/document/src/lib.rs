//! YAML and JSON with positions, and the policy document read from them.
//!
//! Read in this order: [`tree`] turns text into nodes that know their position, for the policy document and
//! for templates; `issues` words what a policy document refuses of YAML; `reader` reads words, numbers and
//! lists out of nodes, and collects every problem instead of stopping at the first; `keys` is the table of
//! all keys; one file for each section lays the document's words over the rules it is given, which is how an
//! override keeps what it does not mention; `parse` puts them together. `signature` verifies who wrote the text.
//!
//! Knows: YAML, JSON, the shape of the policy document, spelling.
//! Must never know: where the text came from, the date, a terminal.

pub mod spelling;
pub mod tree;

mod notice;
mod parse;
mod problem;

mod issues;
mod json_text;
mod keys;
mod reader;
mod spot;
mod text;
mod wording;

mod account_defaults;
mod drift;
mod instances;
mod notebooks;
mod sources;

mod exemptions;
mod matching;
mod overrides;
mod rules;

mod signature;

#[cfg(test)]
mod tests;

pub use json_text::{EscapedJson, escaped_json};
pub use notice::Notice;
pub use parse::{Document, parse};
pub use problem::{Invalid, Problem};
pub use signature::{NoPublicKey, PublicKey, SIGNATURE_MARK};

/// The JSON Schema (draft 2020-12) of the document, for editors and pipelines.
///
/// It accepts what [`parse`] accepts, but for what a schema cannot say: that keys occur once, that a window
/// ends after it begins, and what an override leaves to the document.
pub const SCHEMA: &str = include_str!("../schema/policy-v1.schema.json");
