//! Comma-separated values: RFC 4180, with a header line.
//!
//! A spreadsheet runs cells that begin like a formula, and everybody who may launch
//! something can write names and tags. Such cells begin with an apostrophe, which makes them text. Nor does a cell hold what a terminal would obey.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::Value;

use crate::report::findings_v1::FindingV1;
use crate::report::item::Item;
use crate::report::sink::{Sink, Tail};
use crate::term::problem::Stop;
use crate::term::text::plain;

/// One finding a line.
pub(crate) struct Csv<'a> {
    pub(crate) out: &'a mut dyn Write,
}

impl Sink for Csv<'_> {
    fn begin(&mut self) -> io::Result<()> {
        self.out.write_all(heading(FINDINGS).as_bytes())
    }

    fn finding(&mut self, item: &Item<'_>) -> Result<(), Stop> {
        let finding = serde_json::to_value(FindingV1::of(item)).map_err(io::Error::from)?;
        Ok(self.out.write_all(row(FINDINGS, &finding).as_bytes())?)
    }

    fn end(&mut self, _: &Tail<'_>) -> Result<(), Stop> {
        Ok(())
    }
}

/// Writes the columns of some rows, each named and found by a JSON pointer.
pub(crate) fn render(columns: &[(&str, &str)], rows: &[Value]) -> String {
    let rows = rows.iter().map(|it| row(columns, it));
    std::iter::once(heading(columns)).chain(rows).collect()
}

/// The header line.
fn heading(columns: &[(&str, &str)]) -> String {
    line(&columns.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>())
}

/// The line of one row.
fn row(columns: &[(&str, &str)], row: &Value) -> String {
    let cell = |(_, pointer): &(&str, &str)| row.pointer(pointer).map(words).unwrap_or_default();
    line(&columns.iter().map(cell).collect::<Vec<_>>())
}

/// A value in one cell; of several, one after another.
fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(words).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

fn line(cells: &[String]) -> String {
    let mut text = String::new();
    for (index, it) in cells.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _infallible = write!(text, "{comma}{}", cell(it));
    }
    text.push_str("\r\n");
    text
}

fn cell(text: &str) -> String {
    let text = defused(&harmless(text));
    if text.contains(['"', ',', '\r', '\n', ';', '\t']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// The text without terminal control characters and marks of writing direction; line ends and tabs stay.
fn harmless(text: &str) -> String {
    text.split_inclusive(['\t', '\r', '\n'])
        .map(|part| match part.char_indices().next_back() {
            Some((at, end @ ('\t' | '\r' | '\n'))) => {
                plain(part.get(..at).unwrap_or_default()) + end.encode_utf8(&mut [0; 4])
            }
            _ => plain(part),
        })
        .collect()
}

/// A text that no spreadsheet takes for a formula, also behind blanks and in full-width characters.
fn defused(text: &str) -> String {
    let first = text.trim_start_matches([' ', '\u{a0}', '\u{feff}']).chars().next();
    let begins_a_formula = matches!(
        first,
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}')
    );
    if begins_a_formula { format!("'{text}") } else { text.to_owned() }
}

/// The columns of findings. Published: new ones are added at the end.
const FINDINGS: &[(&str, &str)] = &[
    ("account", "/account"),
    ("region", "/region"),
    ("kind", "/kind"),
    ("id", "/id"),
    ("name", "/name"),
    ("verdict", "/verdict"),
    ("rules", "/rules"),
    ("reasons", "/reasons"),
    ("plan", "/plan"),
    ("hold", "/hold"),
    ("step", "/step"),
    ("outcome", "/outcome"),
    ("http_tokens", "/before/http_tokens"),
    ("http_endpoint", "/before/http_endpoint"),
    ("hop_limit", "/before/hop_limit"),
    ("ipv6_endpoint", "/before/ipv6_endpoint"),
    ("metadata_tags", "/before/metadata_tags"),
    ("http_tokens_enforced", "/before/http_tokens_enforced"),
    ("minimum_version", "/before/minimum_version"),
    ("notebook_status", "/before/status"),
    ("imds_support", "/before/imds_support"),
    ("after_http_tokens", "/after/http_tokens"),
    ("after_hop_limit", "/after/hop_limit"),
    ("after_minimum_version", "/after/minimum_version"),
    ("exempt_until", "/exemption/until"),
    ("exempt_reason", "/exemption/reason"),
    ("exempt_owner", "/exemption/owner"),
    ("cause", "/cause/words"),
    ("launch_template", "/cause/launch_template"),
    ("launch_template_version", "/cause/launch_template_version"),
    ("launch_configuration", "/cause/launch_configuration"),
    ("auto_scaling_group", "/cause/auto_scaling_group"),
    ("image", "/cause/image"),
    ("error", "/failure/message"),
    ("request_id", "/request_id"),
    ("launched_by", "/launched_by/words"),
    ("public_address", "/exposure/public_address"),
    ("instance_profile", "/exposure/instance_profile"),
    ("administrator", "/exposure/administrator"),
];

/// The columns of readiness. Published: new ones are added at the end.
pub(crate) const READINESS: &[(&str, &str)] = &[
    ("account", "/account"),
    ("region", "/region"),
    ("id", "/id"),
    ("state", "/state"),
    ("metadata_no_token", "/metadata_no_token"),
    ("metadata_no_token_rejected", "/metadata_no_token_rejected"),
    ("days_with_data", "/days_with_data"),
    ("window_days", "/window_days"),
    ("complete", "/complete"),
    ("auto_scaling_group", "/auto_scaling_group"),
    ("launch_template", "/launch_template"),
    ("tag", "/tag"),
    ("last_start", "/last_start"),
    ("started_in_window", "/started_in_window"),
    ("wants_restart", "/wants_restart"),
];

/// The columns of a rollback. Published: new ones are added at the end.
pub(crate) const ROLLBACK: &[(&str, &str)] = &[
    ("account", "/account"),
    ("region", "/region"),
    ("kind", "/kind"),
    ("id", "/id"),
    ("outcome", "/outcome"),
    ("hold", "/hold"),
    ("step", "/step"),
    ("error", "/error"),
    ("was_http_tokens", "/was/http_tokens"),
    ("was_hop_limit", "/was/hop_limit"),
    ("was_minimum_version", "/was/minimum_version"),
    ("is_http_tokens", "/is/http_tokens"),
    ("is_hop_limit", "/is/hop_limit"),
    ("is_minimum_version", "/is/minimum_version"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let columns = [("a", "/a"), ("b", "/b/c"), ("d", "/d")];
        let rows = [json!({"a": "x, \"y\"", "b": {"c": 7}, "d": ["p", "q"]}), json!({"a": "two\nlines"})];
        assert_eq!(render(&columns, &rows), "a,b,d\r\n\"x, \"\"y\"\"\",7,\"p; q\"\r\n\"two\nlines\",,\r\n");
    }

    #[test]
    fn no_cell_begins_like_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u{ff1d}1", "=HYPERLINK(\"x\")"]
        {
            let cell = cell(text);
            assert!(cell.trim_start_matches('"').starts_with('\''), "{text:?}: {cell:?}");
        }
        assert_eq!(cell("i-0123"), "i-0123");
        assert_eq!(cell("a=b"), "a=b");
    }

    #[test]
    fn no_cell_tells_a_terminal_what_to_do() {
        assert_eq!(cell("a\u{1b}[2Jb\u{9b}31mc\u{202e}d"), "a\u{fffd}[2Jb\u{fffd}31mc\u{fffd}d");
        assert_eq!(cell("\u{1b}=1"), "\u{fffd}=1");
        assert_eq!(cell("\u{b}=1+1"), "\u{fffd}=1+1");
        assert_eq!(cell("two\r\nlines\tand more"), "\"two\r\nlines\tand more\"");
    }
}
