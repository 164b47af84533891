//! JSON as a tree.
//!
//! `serde_json` decides what JSON is; `jsonc-parser`, which accepts more, has the positions.

use std::collections::HashMap;

use jsonc_parser::ast::{ObjectPropName, Value as Json};
use jsonc_parser::{CollectOptions, ParseOptions};

use super::node::{Document, Entry, Format, Issue, IssueKind, Mark, Node, Options, Tree, Value, Word};
use crate::text::{join_index, join_key};

/// The text as a tree; `None` if it is not JSON, or is nested so deeply that the YAML parser refuses it too.
pub(super) fn read(text: &str, options: &Options) -> Option<Tree> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    let parsed =
        jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default()).ok()?;
    let root = parsed.value?;
    let mut builder = Builder { cursor: Cursor::new(text), options, nodes: 0, issues: Vec::new() };
    let documents = match builder.node(&root, None, 0) {
        Some(root) => vec![Document { at: root.at, root }],
        None => Vec::new(),
    };
    Some(Tree { format: Format::Json, documents, issues: builder.issues })
}

struct Builder<'a> {
    cursor: Cursor<'a>,
    options: &'a Options,
    nodes: usize,
    issues: Vec<Issue>,
}

/// The way from the root to a value; written out only for an issue.
struct Path<'a> {
    above: Option<&'a Self>,
    step: Step<'a>,
}

enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl Builder<'_> {
    /// The node of a value; `None` if the text exceeds a limit.
    fn node(&mut self, json: &Json<'_>, path: Option<&Path<'_>>, depth: usize) -> Option<Node> {
        let at = self.cursor.mark(start(json));
        self.nodes += 1;
        if self.nodes > self.options.max_nodes {
            self.issue(at, path, IssueKind::TooManyNodes);
            return None;
        }
        if depth > self.options.max_depth {
            self.issue(at, path, IssueKind::TooDeep);
            return None;
        }
        let plain = |text: &str| Value::Scalar { text: text.to_owned(), plain: true };
        let value = match json {
            Json::StringLit(string) => Value::Scalar { text: string.value.to_string(), plain: false },
            Json::NumberLit(number) => plain(number.value),
            Json::BooleanLit(boolean) => plain(if boolean.value { "true" } else { "false" }),
            Json::NullKeyword(_) => plain("null"),
            Json::Array(array) => {
                let items = array.elements.iter().enumerate().map(|(index, item)| {
                    self.node(item, Some(&Path { above: path, step: Step::Index(index) }), depth + 1)
                });
                Value::List(items.collect::<Option<_>>()?)
            }
            Json::Object(object) => {
                let mut entries = Vec::with_capacity(object.properties.len());
                let mut known: HashMap<&str, Mark> = HashMap::new();
                for property in &object.properties {
                    let key = property.name.as_str();
                    let key_at = self.cursor.mark(name_start(&property.name));
                    let below = Path { above: path, step: Step::Key(key) };
                    let value = self.node(&property.value, Some(&below), depth + 1)?;
                    let first = *known.entry(key).or_insert(key_at);
                    if first != key_at {
                        let kind = IssueKind::DuplicateKey { key: key.to_owned(), first };
                        self.issue(key_at, path, kind);
                        if !self.options.keep_duplicates {
                            continue;
                        }
                    }
                    entries.push(Entry { key: Word { text: key.to_owned(), at: key_at }, value });
                }
                Value::Map(entries)
            }
        };
        Some(Node { at, tag: None, value })
    }

    fn issue(&mut self, at: Mark, path: Option<&Path<'_>>, kind: IssueKind) {
        self.issues.push(Issue { at, path: path.map(Path::render).unwrap_or_default(), kind });
    }
}

impl Path<'_> {
    fn render(&self) -> String {
        let above = self.above.map(Self::render).unwrap_or_default();
        match self.step {
            Step::Key(key) => join_key(&above, key),
            Step::Index(index) => join_index(&above, index),
        }
    }
}

fn start(json: &Json<'_>) -> usize {
    match json {
        Json::StringLit(it) => it.range.start,
        Json::NumberLit(it) => it.range.start,
        Json::BooleanLit(it) => it.range.start,
        Json::NullKeyword(it) => it.range.start,
        Json::Array(it) => it.range.start,
        Json::Object(it) => it.range.start,
    }
}

fn name_start(name: &ObjectPropName<'_>) -> usize {
    match name {
        ObjectPropName::String(it) => it.range.start,
        ObjectPropName::Word(it) => it.range.start,
    }
}

/// Turns byte offsets, which only grow, into positions.
struct Cursor<'a> {
    rest: &'a str,
    offset: usize,
    at: Mark,
}

impl<'a> Cursor<'a> {
    const fn new(text: &'a str) -> Self {
        Self { rest: text, offset: 0, at: Mark::START }
    }

    fn mark(&mut self, offset: usize) -> Mark {
        let passed = offset.saturating_sub(self.offset);
        let (passed, rest) = self.rest.split_at_checked(passed).unwrap_or((self.rest, ""));
        let mut chars = passed.chars().peekable();
        while let Some(char) = chars.next() {
            // A carriage return before a line feed belongs to it.
            let next = chars.peek().copied().or_else(|| rest.chars().next());
            if char == '\n' || (char == '\r' && next != Some('\n')) {
                self.at = Mark { line: self.at.line + 1, column: 1 };
            } else {
                self.at.column += 1;
            }
        }
        (self.rest, self.offset) = (rest, self.offset + passed.len());
        self.at
    }
}
