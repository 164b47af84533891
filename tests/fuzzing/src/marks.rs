//! Positions and messages: what every reader promises about them.

use v2only_document::tree::Mark;

/// The lengths of the lines of a text.
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    /// A line of YAML ends with a line feed, a carriage return, or both. JSON is read like YAML.
    pub(crate) fn of_yaml(text: &str) -> Self {
        let text = without_mark(text).replace("\r\n", "\n");
        let lines = text.split(['\n', '\r']);
        Self(lines.map(|line| line.chars().count()).collect())
    }

    /// A line of HCL ends with a line feed.
    pub(crate) fn of_hcl(text: &str) -> Self {
        Self(without_mark(text).split('\n').map(|line| line.chars().count()).collect())
    }

    /// A position is in the text, or right behind a line. The line feed of a line can follow a carriage return.
    pub(crate) fn hold(&self, at: Mark, what: &str) {
        let Mark { line, column } = at;
        assert!(line >= 1 && column >= 1, "{what}: {line}:{column} does not count from 1");
        let length = line.checked_sub(1).and_then(|index| self.0.get(index));
        let is_there = length.is_some_and(|length| column <= length + 2);
        assert!(is_there, "{what}: {line}:{column} is not in the text, {length:?}");
    }
}

fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// A message is one line that a terminal does not obey.
pub(crate) fn harmless(message: &str) {
    let obeyed = |letter: char| letter.is_control() || ('\u{202a}'..='\u{202e}').contains(&letter);
    assert!(!message.contains(obeyed), "a terminal would obey {message:?}");
}
