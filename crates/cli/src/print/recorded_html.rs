//! What `readiness --from-trail` found, as a page that loads nothing from outside. The template escapes what it is given.

use std::io::{self, Write};

use askama::Template;
use jiff::Timestamp;
use v2only_trail::{GroupState, Recording};

use super::recorded::{Grid, in_words};
use crate::report::html::{STYLE, hash};

/// The most rows of a table. The JSON output has all of them.
const ROWS: usize = 500;

#[derive(Template)]
#[template(path = "recorded.html")]
struct Page {
    style: &'static str,
    style_hash: String,
    time: String,
    headline: String,
    standfirst: String,
    sections: Vec<Section>,
}

struct Section {
    id: &'static str,
    title: &'static str,
    headings: Vec<String>,
    rows: Vec<Vec<Cell>>,
    left_out: usize,
}

struct Cell {
    heading: String,
    words: String,
}

/// Writes the page.
pub(crate) fn write(
    out: &mut dyn Write,
    now: Timestamp,
    recording: &Recording,
    [groups, switches, deliveries]: [Grid; 3],
) -> io::Result<()> {
    let open = recording.groups.values().filter(|it| it.state() == GroupState::Open).count();
    let headline = match open {
        0 => "No group still launches instances that answer IMDSv1".to_owned(),
        1 => "1 group still launches instances that answer IMDSv1".to_owned(),
        open => format!("{open} groups still launch instances that answer IMDSv1"),
    };
    let page = Page {
        style: STYLE,
        style_hash: hash(STYLE),
        time: now.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        headline,
        standfirst: in_words(recording),
        sections: vec![
            section("switches", "What each switch would have done to the recorded launches", switches),
            section("groups", "Who launched instances that answer IMDSv1", groups),
            section(
                "credentials",
                "Software with credentials that were delivered to IMDSv1 calls",
                deliveries,
            ),
        ],
    };
    let text = page.render().map_err(io::Error::other)?;
    out.write_all(text.as_bytes())
}

fn section(id: &'static str, title: &'static str, grid: Grid) -> Section {
    let headings: Vec<String> = grid.columns.iter().map(|it| it.heading().to_owned()).collect();
    let cells = |row: &Vec<_>| {
        let pairs = headings.iter().zip(row);
        pairs
            .map(|(heading, entry): (_, &super::sheet::Entry)| Cell {
                heading: heading.clone(),
                words: entry.words(),
            })
            .collect()
    };
    let rows: Vec<Vec<Cell>> = grid.rows.iter().take(ROWS).map(cells).collect();
    Section { id, title, rows, left_out: grid.rows.len().saturating_sub(ROWS), headings }
}
