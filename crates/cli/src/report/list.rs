//! A JSON array that is written element by element, laid out as `serde_json` lays out a document.

use std::io::{self, Write};

use serde::Serialize;
use v2only_document::escaped_json;

/// An array under way.
pub(crate) struct List {
    indent: usize,
    is_empty: bool,
}

impl List {
    /// An array with elements that are so many blanks from the left.
    pub(crate) const fn indented(indent: usize) -> Self {
        Self { indent, is_empty: true }
    }

    pub(crate) fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"[")
    }

    pub(crate) fn element(&mut self, out: &mut dyn Write, element: &impl Serialize) -> io::Result<()> {
        let blanks = " ".repeat(self.indent);
        let text = serde_json::to_string_pretty(element)?;
        let comma = if self.is_empty { "" } else { "," };
        self.is_empty = false;
        // No string holds a line end: JSON escapes it.
        write!(out, "{comma}\n{blanks}{}", escaped_json(&text).replace('\n', &format!("\n{blanks}")))
    }

    pub(crate) fn end(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.is_empty {
            return out.write_all(b"]");
        }
        write!(out, "\n{}]", " ".repeat(self.indent.saturating_sub(2)))
    }
}
