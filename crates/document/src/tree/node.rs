//! Nodes, their positions, and what can be wrong with a text.

use std::fmt;

use granit_parser::ScanError;

use crate::text::lines;

/// A position in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Mark {
    /// The first character of a text.
    pub const START: Self = Self { line: 1, column: 1 };

    /// The position of a byte of a text; the end of the text for one behind it.
    #[must_use]
    pub fn of_byte(text: &str, offset: usize) -> Self {
        let offset = text.len().min(offset);
        let start = (0..=offset).rev().find(|it| text.is_char_boundary(*it)).unwrap_or_default();
        let (before, after) = text.split_at_checked(start).unwrap_or_default();
        // The two characters of a line end are in one line.
        let within = before.ends_with('\r') && after.starts_with('\n');
        let lines = lines(before.strip_suffix('\r').filter(|_| within).unwrap_or(before));
        let column = lines.last().map_or(0, |it| it.chars().count()) + 1 + usize::from(within);
        Self { line: lines.len(), column }
    }
}

/// A text with its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The text, without quotes and with escapes resolved.
    pub text: String,
    /// The position of its first character.
    pub at: Mark,
}

/// A value with its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The position of its first character.
    pub at: Mark,
    /// A tag that is not one of YAML's own, without the `!`: `Ref`, `Sub`.
    pub tag: Option<String>,
    /// The value.
    pub value: Value,
}

/// A scalar, a list or a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text, a number, a boolean or null.
    Scalar {
        /// The text as written, without quotes and with escapes resolved.
        text: String,
        /// Whether it was written without quotes, so that it may be a number, a boolean or null.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A map in the order of the text.
    Map(Vec<Entry>),
    /// A value that an [`Issue`] describes, such as an unknown alias.
    Refused,
}

/// One key of a map with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Word,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The value of a key, if this is a map with that key. Of duplicates the last one counts.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// A key with its value, if this is a map with that key. Of duplicates the last one counts.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().rev().find(|entry| entry.key.text == key)
    }

    /// The keys and values; none if this is not a map.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The text as written, if this is a scalar. Null and numbers are text too.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }
}

/// What [`read`](super::read) accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The largest number of values. A value counts as often as aliases repeat it.
    pub max_nodes: usize,
    /// The largest number of collections within collections.
    pub max_depth: usize,
    /// Whether a map keeps all values of a duplicate key; otherwise it keeps the first one.
    pub keep_duplicates: bool,
    /// Whether a quoted text may continue in the column of its key or left of it, as PyYAML and
    /// CloudFormation accept and YAML 1.2 does not.
    pub loose_quotes: bool,
}

impl Options {
    /// For the policy document: YAML 1.2 as specified. A policy needs five levels.
    pub const STRICT: Self =
        Self { max_nodes: 50_000, max_depth: 32, keep_duplicates: false, loose_quotes: false };
    /// For templates that other tools accept too.
    pub const TEMPLATE: Self =
        Self { max_nodes: 5_000_000, max_depth: 128, keep_duplicates: true, loose_quotes: true };
}

/// The language of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON by RFC 8259.
    Json,
    /// YAML 1.2, and not JSON.
    Yaml,
}

/// All that a text contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// The language of the text.
    pub format: Format,
    /// The documents in the order of the text. Empty for an empty text. Incomplete if an issue
    /// [is fatal](Issue::is_fatal).
    pub documents: Vec<Document>,
    /// What the text contains besides plain nodes, in the order of reading.
    pub issues: Vec<Issue>,
}

/// One document of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Where it begins: its `---`, or its first value.
    pub at: Mark,
    /// Its value.
    pub root: Node,
}

impl Tree {
    /// The first document.
    #[must_use]
    pub fn root(&self) -> Option<&Node> {
        self.documents.first().map(|document| &document.root)
    }

    /// The issue that ended reading early.
    #[must_use]
    pub fn fatal(&self) -> Option<&Issue> {
        self.issues.iter().find(|issue| issue.is_fatal())
    }
}

/// Something that a consumer may refuse, with its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// The position.
    pub at: Mark,
    /// The path of the value that contains it, such as `overrides[0].match`.
    pub path: String,
    /// What it is.
    pub kind: IssueKind,
}

/// What a consumer may refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssueKind {
    /// The text is neither JSON nor YAML. Fatal.
    Syntax(ScanError),
    /// A key stands in the map a second time.
    DuplicateKey {
        /// The key.
        key: String,
        /// The position of its first occurrence.
        first: Mark,
    },
    /// A list or a map is used as a key. The tree omits the entry.
    KeyNotText,
    /// An alias of YAML. The tree contains a copy of the value.
    Alias,
    /// An alias without an anchor of that name. The tree contains [`Value::Refused`].
    UnknownAlias(String),
    /// An alias inside of the value that it repeats. Fatal.
    RecursiveAlias,
    /// A tag other than `!!str`, `!!seq` and `!!map`, in the spelling of the text.
    Tag(String),
    /// An alias nests collections deeper than the limit. Fatal.
    TooDeep,
    /// More values than the limit. Fatal.
    TooManyNodes,
}

impl Issue {
    /// Whether reading ended here.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        matches!(
            self.kind,
            IssueKind::Syntax(_) | IssueKind::RecursiveAlias | IssueKind::TooDeep | IssueKind::TooManyNodes
        )
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            IssueKind::Syntax(error) => write!(f, "{}", error.info()),
            IssueKind::DuplicateKey { key, first } => {
                write!(f, "duplicate key `{key}`, first on line {}", first.line)
            }
            IssueKind::KeyNotText => f.write_str("a key must be a text, not a list or a map"),
            IssueKind::Alias => f.write_str("a YAML alias"),
            IssueKind::UnknownAlias(name) => write!(f, "`*{name}` refers to an anchor that does not exist"),
            IssueKind::RecursiveAlias => f.write_str("this alias repeats a value that contains the alias"),
            IssueKind::Tag(tag) => write!(f, "the tag `{tag}`"),
            IssueKind::TooDeep => f.write_str("lists and maps are nested too deeply"),
            IssueKind::TooManyNodes => f.write_str("the text has too many values"),
        }
    }
}
