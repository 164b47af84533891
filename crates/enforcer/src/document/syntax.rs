//! What to tell people whose text is not YAML.

use granit_parser::{ErrorKind, ScanError};

use super::problem::lines;
use super::tree::Mark;

/// Where to look. A tab in the indentation below a value is found at the beginning of that value, which is
/// lines away.
pub(super) fn place(error: &ScanError, at: Mark, text: &str) -> Mark {
    if *error.kind() != ErrorKind::TabInPlainScalar {
        return at;
    }
    let indented = |line: &str| line.chars().take_while(|it| it.is_whitespace()).position(|it| it == '\t');
    let mut below = lines(text).into_iter().enumerate().skip(at.line);
    below.find_map(|(index, line)| Some(Mark { line: index + 1, column: indented(line)? + 1 })).unwrap_or(at)
}

/// The message and what to do about it.
pub(super) fn explain(error: &ScanError) -> (String, Option<String>) {
    let (message, hint) = match error.kind() {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => ("a tab is no indentation in YAML", "indent with spaces"),
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => (
            "a key cannot be here",
            "look at the indentation of this line and for a space after the `:` of the line before; a value that \
             holds `: ` needs quotes",
        ),
        ErrorKind::SimpleKeyExpected => {
            ("expected a key with a `:` after it", "write `key: value`, with a space after the `:`")
        }
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation => (
            "this line is neither in the map above it nor beside it",
            "indent it like the line it belongs to",
        ),
        ErrorKind::ExpectedBlockSequenceEntry => {
            ("expected another `-` of the list above", "indent the items of a list all alike")
        }
        ErrorKind::MissingAnchorOrAliasName => (
            "a `*` or `&` begins an alias or an anchor here",
            "a pattern that begins with `*` needs quotes: `\"*\"`",
        ),
        ErrorKind::UnexpectedCharacter { character } => {
            let message = format!("a value cannot begin with `{}`", character.escape_debug());
            return (message, Some("put the value in quotes".to_owned()));
        }
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::DocumentIndicatorInQuotedScalar => {
            ("a quote was opened and not closed", "close it on the line on which it was opened")
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            let message = format!("`{open}` was opened and not closed");
            let close = if *open == '[' { ']' } else { '}' };
            return (message, Some(format!("close it with `{close}`")));
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return (format!("`{open}` was opened, and `{close}` closes it"), None);
        }
        ErrorKind::ExpectedFlowMappingSeparator => {
            ("expected `,` or `}`", "entries between `{` and `}` are separated by commas")
        }
        ErrorKind::ExpectedFlowSequenceSeparator => {
            ("expected `,` or `]`", "items between `[` and `]` are separated by commas")
        }
        ErrorKind::RecursionLimitExceeded => {
            ("lists and maps are nested too deeply", "a policy document needs five levels")
        }
        ErrorKind::UnknownQuotedScalarEscape => (
            "an unknown escape after `\\`",
            "in double quotes a `\\` is written `\\\\`; in single quotes it is itself",
        ),
        other => return (format!("not YAML: {other}"), None),
    };
    (message.to_owned(), Some(hint.to_owned()))
}
