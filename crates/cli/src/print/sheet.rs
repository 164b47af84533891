//! Tables for people: wrapped to the terminal, or one line for each row where there is none.

use clap::builder::styling::Style;
use comfy_table::{Cell, Color, ColumnConstraint, ContentArrangement, Table, Width, presets};
use v2only_policy::Place;

use crate::term::text::plain;

const HEADING: Style = Style::new().bold();

/// The narrowest terminal that a table is fitted to.
const NARROWEST: u16 = 60;

/// A table that is being filled.
pub(crate) struct Sheet {
    table: Table,
    wrapped: bool,
}

/// How a table names accounts and Regions: by Region, and by account too where there are several.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whereabouts {
    several: bool,
}

impl Whereabouts {
    pub(crate) fn of<'a>(places: impl IntoIterator<Item = &'a Place>) -> Self {
        let mut accounts = places.into_iter().map(|it| &it.account);
        let first = accounts.next();
        Self { several: accounts.any(|it| Some(it) != first) }
    }

    pub(crate) const fn heading(self) -> &'static str {
        if self.several { "ACCOUNT/REGION" } else { "REGION" }
    }

    pub(crate) fn words(self, place: &Place) -> String {
        if self.several { place.to_string() } else { place.region.to_string() }
    }
}

/// One cell: its lines, and whether they are to be noticed.
pub(crate) enum Entry {
    /// As it is.
    Text(String),
    /// Several sentences.
    Lines(Vec<String>),
    /// A word that stands for good, bad or neither.
    Word(String),
    /// Such a word above a text.
    WordAbove(String, String),
}

impl From<String> for Entry {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Sheet {
    /// A table with these headings; the first `fixed` columns are as wide as what is in them.
    pub(crate) fn new(headings: &[&str], fixed: usize, width: Option<u16>) -> Self {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).enforce_styling();
        if !headings.is_empty() {
            table.set_header(headings.iter().map(Cell::new));
        }
        match width {
            Some(width) => {
                table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width.max(NARROWEST));
            }
            None => {
                table.set_content_arrangement(ContentArrangement::Disabled);
            }
        }
        table.discover_columns();
        for column in table.column_iter_mut().take(fixed) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        Self { table, wrapped: width.is_some() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, entries: Vec<Entry>) {
        let cells: Vec<Cell> = entries.into_iter().map(|it| self.cell(it)).collect();
        self.table.add_row(cells);
    }

    fn cell(&self, entry: Entry) -> Cell {
        match entry {
            Entry::Text(text) => Cell::new(plain(&text).replace('\n', " ")),
            Entry::Lines(lines) => {
                let between = if self.wrapped { "\n" } else { "; " };
                let lines: Vec<String> = lines.iter().map(|it| plain(it).replace('\n', " ")).collect();
                Cell::new(lines.join(between))
            }
            Entry::Word(word) => coloured(&word, plain(&word)),
            Entry::WordAbove(word, text) => coloured(&word, format!("{}\n{}", plain(&word), plain(&text))),
        }
    }

    /// How wide each column would be if nothing were wrapped.
    pub(crate) fn widths(&self) -> Vec<u16> {
        self.table.column_max_content_widths()
    }

    /// As a part of a table with these column widths: all rows where nothing is wrapped, else the first
    /// `fixed`, which never are.
    pub(crate) fn in_columns(&mut self, widths: &[u16], fixed: usize) {
        let shared = if self.wrapped { fixed } else { widths.len() };
        for (column, width) in self.table.column_iter_mut().zip(widths).take(shared) {
            let width = width.saturating_add(column.padding_width());
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        }
    }

    /// The table, without blanks at the ends of its lines; its first line stands out if it is a heading.
    pub(crate) fn text(&self) -> String {
        let text = self.table.trim_fmt();
        match text.split_once('\n') {
            Some((first, rest)) if self.table.header().is_some() => {
                format!("{HEADING}{first}{HEADING:#}\n{rest}")
            }
            _ => text,
        }
    }
}

fn coloured(word: &str, text: String) -> Cell {
    match colour(word) {
        Some(colour) => Cell::new(text).fg(colour),
        None => Cell::new(text),
    }
}

fn colour(word: &str) -> Option<Color> {
    match word {
        "violation" | "busy" | "failed" | "retry" | "malformed" | "problem" => Some(Color::Red),
        "exempt" | "unknown" | "held" | "waiting" | "advanced" | "not judged" | "could not be checked" => {
            Some(Color::Yellow)
        }
        "compliant" | "ready" | "required" | "fixed" | "restored" | "ok" => Some(Color::Green),
        _ => None,
    }
}
