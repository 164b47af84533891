//! What is wrong with a document, for people.

use std::fmt;

use crate::text::{harmless, lines};

/// A document that cannot be acted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Everything that was found, in the order of the text; at least one.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// Where in the document, such as `overrides[0].instances.hop_limit`; empty for the document itself.
    pub path: String,
    /// What was found and what was expected.
    pub message: String,
    /// What to type instead.
    pub hint: Option<String>,
}

/// More problems than this are not listed: so many have one cause.
pub(super) const MOST: usize = 100;
/// Of a long line, so many characters are shown before and after the caret.
const BEFORE: usize = 60;
const AFTER: usize = 40;

impl Invalid {
    pub(super) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| (a.line, a.column, &a.message).cmp(&(b.line, b.column, &b.message)));
        // What is written once and used through an alias is wrong once.
        problems.dedup_by(|a, b| (a.line, a.column, &a.message) == (b.line, b.column, &b.message));
        problems.truncate(MOST);
        Self { problems }
    }

    /// Every problem with its source line and a caret below the place, as a compiler would print it.
    pub fn render(&self, file_name: &str, text: &str) -> String {
        let lines: Vec<&str> = lines(text);
        let blocks: Vec<String> = self
            .problems
            .iter()
            .map(|problem| {
                let line = problem.line.checked_sub(1).and_then(|index| lines.get(index));
                problem.render(file_name, line.copied().unwrap_or_default())
            })
            .collect();
        blocks.join("\n")
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.sentence())?;
        match &self.hint {
            Some(hint) => write!(f, " (hint: {hint})"),
            None => Ok(()),
        }
    }
}

impl Problem {
    fn sentence(&self) -> String {
        if self.path.is_empty() { self.message.clone() } else { format!("{}: {}", self.path, self.message) }
    }

    fn render(&self, file_name: &str, line: &str) -> String {
        let (shown, caret) = around(line, self.column.saturating_sub(1));
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let mut block = format!("{file_name}:{}:{}: {}\n", self.line, self.column, self.sentence());
        if !shown.trim().is_empty() {
            block.push_str(&format!("{margin} |\n{number} | {shown}\n{margin} | {}^\n", " ".repeat(caret)));
        }
        if let Some(hint) = &self.hint {
            block.push_str(&format!("hint: {hint}\n"));
        }
        block
    }
}

/// The part of a line around a column, and where the column is in it. Characters that a terminal would obey
/// or that have no width are replaced, so that the caret points right.
fn around(line: &str, column: usize) -> (String, usize) {
    let start = column.saturating_sub(BEFORE);
    let mut rest = line.chars().skip(start);
    let mut shown: String = rest.by_ref().take(BEFORE + AFTER).map(harmless).collect();
    let mut caret = column - start;
    if start > 0 {
        shown.insert(0, '…');
        caret += 1;
    }
    if rest.next().is_some() {
        shown.push('…');
    }
    (shown.trim_end().to_owned(), caret)
}
