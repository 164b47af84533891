//! JSON documents and lines of comma-separated values.

use std::io::{self, Write};

use serde::Serialize;
use v2only_document::{EscapedJson, escaped_json};

use crate::report::csv;

/// Writes one JSON document and a line end.
pub(crate) fn json(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(EscapedJson(&mut *out), document)?;
    writeln!(out)
}

/// Writes one JSON document a line, and nothing else.
pub(crate) fn ndjson<T: Serialize>(
    out: &mut dyn Write,
    documents: impl Iterator<Item = T>,
) -> io::Result<()> {
    for it in documents {
        writeln!(out, "{}", escaped_json(&serde_json::to_string(&it)?))?;
    }
    Ok(())
}

/// The rows of a list, as a spreadsheet takes them.
pub(crate) fn csv<T: Serialize>(
    out: &mut dyn Write,
    columns: &[(&str, &str)],
    rows: impl Iterator<Item = T>,
) -> io::Result<()> {
    let rows = rows.map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
    out.write_all(csv::render(columns, &rows).as_bytes())
}
