//! Tables for people. A terminal gets columns that are wrapped at words, or cards where the columns do not fit. A pipe gets
//! one line for each row, and nothing is wrapped.

use clap::builder::styling::{AnsiColor, Style};
use serde::{Deserialize, Serialize};
use textwrap::{Options, WordSeparator, WordSplitter};
use unicode_width::UnicodeWidthStr as _;
use v2only_policy::Place;

use crate::run::accounts::AccountNames;
use crate::term::text::one_line;

const HEADING: Style = Style::new().bold();

/// The narrowest terminal that text is wrapped for.
const NARROWEST: usize = 40;

/// On narrower terminals a table that does not fit is stacked as cards. On wider ones its texts are wrapped.
const WIDE: usize = 120;

/// The narrowest column that text is wrapped into.
const NARROWEST_COLUMN: usize = 18;

/// No column of a pipe is padded to more than this.
const WIDEST_PADDING: usize = 40;

const GAP: usize = 2;

/// How a table names accounts and Regions: by Region, and by account too where there are several.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whereabouts<'a> {
    several: bool,
    accounts: Option<&'a AccountNames>,
}

impl<'a> Whereabouts<'a> {
    pub(crate) fn of<'p>(places: impl IntoIterator<Item = &'p Place>) -> Self {
        let mut accounts = places.into_iter().map(|it| &it.account);
        let first = accounts.next();
        Self { several: accounts.any(|it| Some(it) != first), accounts: None }
    }

    /// The same, with the names of the accounts.
    pub(crate) const fn named(self, accounts: &'a AccountNames) -> Self {
        Self { accounts: Some(accounts), ..self }
    }

    pub(crate) const fn heading(self) -> &'static str {
        if self.several { "ACCOUNT/REGION" } else { "REGION" }
    }

    pub(crate) fn words(self, place: &Place) -> String {
        let name = self.accounts.and_then(|it| it.name(&place.account));
        match name {
            _ if !self.several => place.region.to_string(),
            Some(name) => format!("{name}/{}", place.region),
            None => place.to_string(),
        }
    }
}

/// A column of a table. The first column of a table is the title of its cards.
#[derive(Debug)]
pub(crate) struct Column {
    heading: String,
    wraps: bool,
}

impl Column {
    /// A column of sentences, which may be wrapped.
    pub(crate) fn text(heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), wraps: true }
    }

    /// A column of words and numbers, which is as wide as its widest cell.
    pub(crate) fn short(heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), wraps: false }
    }

    /// The text above the column.
    pub(crate) fn heading(&self) -> &str {
        &self.heading
    }
}

/// One cell.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Entry {
    /// One line.
    Text(String),
    /// Several lines; joined by semicolons in a pipe.
    Lines(Vec<String>),
    /// A word that stands for good, bad or neither, and is coloured so.
    Word(String),
}

impl From<String> for Entry {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Entry {
    /// The lines, safe for a terminal.
    fn lines(&self, piped: bool) -> Vec<String> {
        match self {
            Self::Text(text) | Self::Word(text) => vec![one_line(text)],
            Self::Lines(lines) => {
                let lines: Vec<String> = lines.iter().map(|line| one_line(line)).collect();
                if piped { vec![lines.join("; ")] } else { lines }
            }
        }
    }

    /// The text of the cell in one line.
    pub(crate) fn words(&self) -> String {
        self.lines(true).concat()
    }

    fn style(&self) -> Style {
        match self {
            Self::Word(word) => colour(word),
            Self::Text(_) | Self::Lines(_) => Style::new(),
        }
    }
}

/// The width of a column, unwrapped and of its longest word.
#[derive(Debug, Clone, Copy, Default)]
struct Width {
    natural: usize,
    word: usize,
}

/// A table that is being filled.
#[derive(Debug)]
pub(crate) struct Sheet {
    columns: Vec<Column>,
    widths: Vec<Width>,
    rows: Vec<Vec<Entry>>,
    terminal: Option<usize>,
}

impl Sheet {
    /// A table for a terminal of this width, or for a pipe.
    pub(crate) fn new(columns: impl Into<Vec<Column>>, terminal: Option<u16>) -> Self {
        let columns = columns.into();
        let terminal = terminal.map(|width| usize::from(width).max(NARROWEST));
        Self { widths: vec![Width::default(); columns.len()], columns, rows: Vec::new(), terminal }
    }

    /// Takes the widths of a row that is kept elsewhere.
    pub(crate) fn measure(&mut self, row: &[Entry]) {
        let piped = self.terminal.is_none();
        for (width, entry) in self.widths.iter_mut().zip(row) {
            for line in entry.lines(piped) {
                width.natural = width.natural.max(line.width());
                width.word = line.split(' ').map(|word| word.width()).fold(width.word, usize::max);
            }
        }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, row: Vec<Entry>) {
        self.measure(&row);
        self.rows.push(row);
    }

    /// How rows are printed, now that all are measured.
    pub(crate) fn layout(&self) -> Layout<'_> {
        let with_heading = |(column, width): (&Column, &Width)| match width.natural {
            // A column without text is not shown.
            0 => Width::default(),
            natural => Width { natural: natural.max(column.heading.width()), ..*width },
        };
        let widths: Vec<Width> = self.columns.iter().zip(&self.widths).map(with_heading).collect();
        let natural: Vec<usize> = widths.iter().map(|it| it.natural).collect();
        let shape = match self.terminal {
            None => Shape::Piped(natural.iter().map(|it| (*it).min(WIDEST_PADDING)).collect()),
            Some(terminal) if total(&natural) <= terminal => Shape::Columns(natural),
            Some(terminal) => match self.wrapped(&widths, terminal) {
                Some(widths) if terminal >= WIDE => Shape::Columns(widths),
                _ => Shape::Cards(terminal),
            },
        };
        Layout { columns: &self.columns, shape }
    }

    /// The widths of columns whose texts are wrapped to a terminal; `None` if a word does not fit.
    fn wrapped(&self, widths: &[Width], terminal: usize) -> Option<Vec<usize>> {
        let narrowest = |(column, width): (&Column, &Width)| {
            let narrow = width.word.max(column.heading.width()).max(NARROWEST_COLUMN).min(width.natural);
            if column.wraps { narrow } else { width.natural }
        };
        let least: Vec<usize> = self.columns.iter().zip(widths).map(narrowest).collect();
        let room = terminal.checked_sub(total(&least))?;
        let wanted: usize = widths.iter().zip(&least).map(|(width, least)| width.natural - least).sum();
        let share = |(width, least): (&Width, &usize)| {
            least + ((width.natural - least) * room).checked_div(wanted).unwrap_or_default()
        };
        Some(widths.iter().zip(&least).map(share).collect())
    }

    /// The table, without blanks at the ends of its lines.
    pub(crate) fn text(&self) -> String {
        let layout = self.layout();
        let rows = self.rows.iter().map(|row| layout.row(row));
        layout.heading().into_iter().chain(rows).collect::<Vec<_>>().join("\n")
    }
}

/// The width of a table with such columns.
fn total(widths: &[usize]) -> usize {
    widths.iter().filter(|it| **it > 0).map(|it| it + GAP).sum::<usize>().saturating_sub(1)
}

#[derive(Debug)]
enum Shape {
    /// One line for each row; no column is padded to more than its width here.
    Piped(Vec<usize>),
    /// Columns of these widths; those without width are not shown.
    Columns(Vec<usize>),
    /// A title for each row, with the other cells below it, on a terminal of this width.
    Cards(usize),
}

/// How the rows of a table are printed.
#[derive(Debug)]
pub(crate) struct Layout<'a> {
    columns: &'a [Column],
    shape: Shape,
}

impl Layout<'_> {
    /// The headings, where there are columns and any of them has one.
    pub(crate) fn heading(&self) -> Option<String> {
        let (Shape::Piped(widths) | Shape::Columns(widths)) = &self.shape else { return None };
        if self.columns.iter().all(|it| it.heading.is_empty()) {
            return None;
        }
        let cells = self.columns.iter().map(|it| (Style::new(), it.heading.clone()));
        Some(format!("{HEADING}{}{HEADING:#}", line(cells.zip(widths.iter().copied()))))
    }

    /// One row, without a line end.
    pub(crate) fn row(&self, row: &[Entry]) -> String {
        match &self.shape {
            Shape::Piped(widths) => {
                let cells = row.iter().map(|entry| (entry.style(), entry.lines(true).concat()));
                line(cells.zip(widths.iter().copied()))
            }
            Shape::Columns(widths) => {
                let cells = row.iter().zip(widths).map(|(entry, width)| (entry.style(), wrap(entry, *width)));
                let cells: Vec<(Style, Vec<String>)> = cells.collect();
                let height = cells.iter().map(|(_, lines)| lines.len()).max().unwrap_or_default();
                let at = |number: usize| {
                    let cells = cells
                        .iter()
                        .map(|(style, lines)| (*style, lines.get(number).cloned().unwrap_or_default()));
                    line(cells.zip(widths.iter().copied()))
                };
                (0..height).map(at).collect::<Vec<_>>().join("\n")
            }
            Shape::Cards(terminal) => self.card(row, *terminal),
        }
    }

    fn card(&self, row: &[Entry], terminal: usize) -> String {
        let mut lines = Vec::new();
        let (mut title, mut short) = (Vec::new(), Vec::new());
        let label = self.columns.iter().filter(|it| it.wraps).map(|it| it.heading.width()).max();
        let label = label.unwrap_or_default().min(10);
        for (number, (column, entry)) in self.columns.iter().zip(row).enumerate() {
            let text = entry.lines(false);
            let style = entry.style();
            if text.iter().all(String::is_empty) {
            } else if number == 0 {
                title.extend(text.into_iter().map(|text| (HEADING, text)));
            } else if let Entry::Word(_) = entry {
                title.push((style, text.concat()));
            } else if column.wraps {
                let heading = column.heading.to_lowercase();
                let first = format!("   {heading:label$} ");
                let rest = " ".repeat(label + 4);
                for (number, line) in text.iter().enumerate() {
                    let first = if number == 0 { first.as_str() } else { rest.as_str() };
                    lines.extend(wrapped(line, terminal, first, &rest));
                }
            } else {
                short
                    .push(format!("{} {}", column.heading.to_lowercase(), text.join(", ")).trim().to_owned());
            }
        }
        if !short.is_empty() {
            lines.splice(0..0, wrapped(&short.join(", "), terminal, "   ", "   "));
        }
        lines.splice(0..0, title_lines(title, terminal));
        lines.join("\n")
    }
}

/// The parts of a title side by side, as far as the terminal is wide.
fn title_lines(parts: Vec<(Style, String)>, terminal: usize) -> Vec<String> {
    let mut lines: Vec<(String, usize)> = Vec::new();
    for (style, text) in parts {
        let width = text.width() + GAP;
        let styled = format!("{style}{text}{style:#}");
        match lines.last_mut() {
            Some((line, used)) if *used + width <= terminal => {
                line.push_str(&format!("  {styled}"));
                *used += width;
            }
            // The first line is indented by one blank, the others by three.
            Some(_) => lines.push((format!("   {styled}"), width + 1)),
            None => lines.push((format!(" {styled}"), width - 1)),
        }
    }
    lines.into_iter().map(|(line, _)| line).collect()
}

/// Cells side by side. Those without width are not shown, and nothing is padded at the end.
fn line(cells: impl Iterator<Item = ((Style, String), usize)>) -> String {
    let (mut line, mut owed) = (" ".to_owned(), 0);
    for ((style, text), width) in cells.filter(|(_, width)| *width > 0) {
        let used = text.width();
        if used > 0 {
            line.push_str(&" ".repeat(owed));
            line.push_str(&format!("{style}{text}{style:#}"));
            owed = 0;
        }
        owed += width.saturating_sub(used) + GAP;
    }
    line
}

fn wrap(entry: &Entry, width: usize) -> Vec<String> {
    entry.lines(false).iter().flat_map(|line| wrapped(line, width.max(1), "", "")).collect()
}

/// Lines of at most this width, unless a word is longer: no word is broken.
pub(crate) fn wrapped(text: &str, width: usize, first: &str, rest: &str) -> Vec<String> {
    let options = Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::wrap(text, options).into_iter().map(|line| line.trim_end().to_owned()).collect()
}

const fn colour(word: &str) -> Style {
    match word.as_bytes() {
        b"violation" | b"busy" | b"failed" | b"retry" | b"malformed" | b"problem" | b"no" => {
            AnsiColor::Red.on_default()
        }
        b"exempt"
        | b"unknown"
        | b"held"
        | b"waiting"
        | b"advanced"
        | b"unmarked"
        | b"not judged"
        | b"could not be checked" => AnsiColor::Yellow.on_default(),
        b"compliant" | b"ready" | b"required" | b"fixed" | b"restored" | b"ok" | b"yes" => {
            AnsiColor::Green.on_default()
        }
        _ => Style::new(),
    }
}

#[cfg(test)]
mod tests;
