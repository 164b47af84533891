//! Positions and messages: what every reader promises about them.

use v2only_document::tree::Mark;

/// The lengths of the lines of a text, counted as YAML, JSON and HCL count them.
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'));
        Self(lines.map(|line| line.chars().count()).collect())
    }

    /// A position lies in the text, or right behind a line or the text.
    pub(crate) fn hold(&self, at: Mark, what: &str) {
        let Mark { line, column } = at;
        assert!(line >= 1 && column >= 1, "{what}: {line}:{column} does not count from 1");
        assert!(line <= self.0.len() + 1, "{what}: line {line} of {}", self.0.len());
        let length = self.0.get(line - 1).copied().unwrap_or_default();
        assert!(column <= length + 2, "{what}: column {column} of {length} in line {line}");
    }
}

/// A message is one line that a terminal does not obey.
pub(crate) fn harmless(message: &str) {
    let obeyed = |letter: char| letter.is_control() || ('\u{202a}'..='\u{202e}').contains(&letter);
    assert!(!message.contains(obeyed), "a terminal would obey {message:?}");
}
