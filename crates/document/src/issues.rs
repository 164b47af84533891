//! What a policy document refuses of YAML, in words for its author.

use granit_parser::{ErrorKind, ScanError};

use crate::reader::Reader;
use crate::text::shown;
use crate::tree::{Format, Issue, IssueKind, Node, Options, Tree};

/// Reports every issue of the tree; the root of the only document, if reading on makes sense.
pub(super) fn report<'a>(tree: &'a Tree, reader: &mut Reader) -> Option<&'a Node> {
    let second = tree.documents.get(1).map(|document| document.at);
    for issue in tree.issues.iter().filter(|issue| second.is_none_or(|at| issue.at < at)) {
        if let Some((message, hint)) = wording(issue, tree.format) {
            reader.problem(issue.at, &issue.path, message, hint);
        }
    }
    if let Some(at) = second {
        let hint = "keep one policy in a file".to_owned();
        reader.problem(at, "", "a second document begins here", Some(hint));
        return None;
    }
    tree.root().filter(|_| tree.fatal().is_none())
}

/// The message and the hint; `None` for what a policy document may contain.
fn wording(issue: &Issue, format: Format) -> Option<(String, Option<String>)> {
    let quotes = |name: &str| format!("a pattern that begins with `*` needs quotes: `\"*{name}\"`");
    Some(match &issue.kind {
        IssueKind::Alias => return None,
        IssueKind::Syntax(error) => explain(error),
        IssueKind::DuplicateKey { key, first } => {
            (format!("duplicate key `{}`, first on line {}", shown(key), first.line), None)
        }
        IssueKind::KeyNotText => {
            let hint = "is this a placeholder such as `{{ name }}` that nobody filled in?";
            ("a key must be a word, not a list or a map".to_owned(), Some(hint.to_owned()))
        }
        IssueKind::UnknownAlias(name) => {
            let name = shown(name);
            let message = format!("`*{name}` refers to an anchor `&{name}` that is not there");
            (message, Some(quotes(&name)))
        }
        IssueKind::RecursiveAlias => ("this alias stands for something that contains it".to_owned(), None),
        IssueKind::Tag(_) => ("a policy document has no use for YAML tags".to_owned(), None),
        IssueKind::TooDeep if format == Format::Yaml => {
            ("this alias nests lists and maps too deeply".to_owned(), None)
        }
        IssueKind::TooDeep => too_deep(),
        IssueKind::TooManyNodes => {
            let most = Options::STRICT.max_nodes;
            let message = format!("a policy document has at most {most} values, those of aliases included");
            (message, None)
        }
    })
}

fn too_deep() -> (String, Option<String>) {
    let hint = "a policy document needs five levels";
    ("lists and maps are nested too deeply".to_owned(), Some(hint.to_owned()))
}

/// What is wrong with the syntax, and what to do about it.
fn explain(error: &ScanError) -> (String, Option<String>) {
    let (message, hint) = match error.kind() {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => ("a tab is no indentation in YAML", "indent with spaces"),
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => (
            "a key cannot be here",
            "check the indentation of this line and the space after the `:` of the line before; a value that \
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
        ErrorKind::RecursionLimitExceeded => return too_deep(),
        ErrorKind::UnknownQuotedScalarEscape => (
            "an unknown escape after `\\`",
            "in double quotes a `\\` is written `\\\\`; in single quotes it is itself",
        ),
        other => return (format!("not YAML: {other}"), None),
    };
    (message.to_owned(), Some(hint.to_owned()))
}
