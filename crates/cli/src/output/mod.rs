//! What commands print: tables for people, and published JSON shapes that share no type with the rest of
//! the product, so that nothing can change them by accident.

pub(crate) mod items;
pub(crate) mod listed;
pub(crate) mod resource;

pub(crate) mod findings;

pub(crate) mod asff;
pub(crate) mod check_v1;
pub(crate) mod csv;
pub(crate) mod doctor_v1;
pub(crate) mod findings_v1;
pub(crate) mod html;
pub(crate) mod journal_v1;
pub(crate) mod ocsf;
pub(crate) mod policies_v1;
pub(crate) mod readiness_v1;
pub(crate) mod replay_v1;
pub(crate) mod sarif;
pub(crate) mod sarif_findings;

mod exemptions_v1;
mod launched_by_v1;
mod posture_v1;

pub(crate) mod doctor;
pub(crate) mod exemptions;
pub(crate) mod plan;
pub(crate) mod readiness;
pub(crate) mod replay_text;
pub(crate) mod rollback_text;
pub(crate) mod rollback_v1;
pub(crate) mod rollout_v1;
pub(crate) mod row;
pub(crate) mod sources;
pub(crate) mod summary;
pub(crate) mod table;
pub(crate) mod trace;
pub(crate) mod trace_v1;

use std::io::{self, Write};

use serde::Serialize;

/// Writes one JSON document and a line end.
pub(crate) fn json(out: &mut dyn Write, document: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    out.write_all(b"\n")
}

/// Writes one JSON document a line, and nothing else.
pub(crate) fn ndjson<T: Serialize>(
    out: &mut dyn Write,
    documents: impl Iterator<Item = T>,
) -> io::Result<()> {
    for it in documents {
        serde_json::to_writer(&mut *out, &it)?;
        out.write_all(b"\n")?;
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

/// Such text where it stands in the middle of a line: it ends none.
pub(crate) fn one_line(text: &str) -> String {
    plain(text).replace('\n', " ")
}

/// Text from outside with everything replaced that a terminal would obey.
pub(crate) fn plain(text: &str) -> String {
    let harmless = |it: char| match it {
        '\n' => it,
        // Marks that turn the direction of writing can make a line look like another.
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        other if other.is_control() => '\u{fffd}',
        other => other,
    };
    text.chars().map(harmless).collect()
}
