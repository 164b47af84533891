//! Positions and messages: what every reader promises about them.

use v2only_document::tree::Mark;

use text::one_line;

// The command line makes the messages of the readers harmless when it prints them.
#[path = "../../../crates/cli/src/term/text.rs"]
mod text;

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
    let turns = |letter| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(
        !message.contains(|letter: char| letter.is_control() || turns(letter)),
        "a terminal would obey {message:?}"
    );
}

/// A message that quotes a text says something, and is harmless as the command line prints it.
pub(crate) fn harmless_in_print(message: &str) {
    let printed = one_line(message);
    assert!(!printed.trim().is_empty(), "{message:?} is empty");
    harmless(&printed);
    let commands = printed.split(' ').filter_map(|word| word.strip_prefix("::"));
    let obeyed = |command: &str| command.starts_with(|letter: char| letter.is_ascii_alphabetic());
    assert!(
        !commands.into_iter().any(obeyed) && !printed.contains("##["),
        "a workflow would obey {printed:?}"
    );
}
