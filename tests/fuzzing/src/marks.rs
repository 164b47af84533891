//! Positions and messages: what every reader promises about them.

use v2only_document::tree::Mark;

/// The lengths of the lines of a text. HCL ends a line with a line feed, and YAML with a carriage return as well.
pub(crate) struct Lines([Vec<usize>; 2]);

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let length = |line: &str| line.chars().count();
        let by_both = text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'));
        Self([by_both.map(length).collect(), text.split('\n').map(length).collect()])
    }

    /// The line of a position is in the text. Errors of the YAML parser may have a column behind the end of their line.
    pub(crate) fn hold_line(&self, at: Mark, what: &str) {
        let counted = self.0.iter().map(Vec::len).max().unwrap_or_default();
        assert!((1..=counted + 1).contains(&at.line), "{what}: line {} of {counted}", at.line);
    }

    /// A position lies in the text, or right behind a line or the text.
    pub(crate) fn hold(&self, at: Mark, what: &str) {
        let Mark { line, column } = at;
        assert!(line >= 1 && column >= 1, "{what}: {line}:{column} does not count from 1");
        let lies_in = |lines: &Vec<usize>| {
            let length = lines.get(line - 1).copied().unwrap_or_default();
            line <= lines.len() + 1 && column <= length + 2
        };
        assert!(self.0.iter().any(lies_in), "{what}: {line}:{column} is not in the text");
    }
}

/// A message is one line that a terminal does not obey.
pub(crate) fn harmless(message: &str) {
    let obeyed = |letter: char| letter.is_control() || ('\u{202a}'..='\u{202e}').contains(&letter);
    assert!(!message.contains(obeyed), "a terminal would obey {message:?}");
}
