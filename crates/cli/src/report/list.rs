//! A JSON array that is written element by element, laid out as `serde_json` lays out a document.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter as _, PrettyFormatter, Serializer};
use v2only_document::EscapedJson;

/// An array under way.
pub(crate) struct List {
    depth: usize,
    is_empty: bool,
}

impl List {
    /// An array whose elements are so many levels deep in the document.
    pub(crate) const fn with_elements_at(depth: usize) -> Self {
        Self { depth, is_empty: true }
    }

    pub(crate) fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"[")
    }

    pub(crate) fn element(&mut self, out: &mut dyn Write, element: &impl Serialize) -> io::Result<()> {
        let comma = if self.is_empty { "" } else { "," };
        self.is_empty = false;
        write!(out, "{comma}\n{:1$}", "", 2 * self.depth)?;
        let mut layout = PrettyFormatter::new();
        // Indents the element as if the arrays around it had been written by the same formatter.
        (0..self.depth).try_for_each(|_| layout.begin_array(&mut io::sink()))?;
        Ok(element.serialize(&mut Serializer::with_formatter(EscapedJson(out), layout))?)
    }

    pub(crate) fn end(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.is_empty {
            return out.write_all(b"]");
        }
        write!(out, "\n{:1$}]", "", 2 * self.depth.saturating_sub(1))
    }
}
