//! JSON and YAML as a tree of nodes that know where they were written.
//!
//! JSON is read as what it also is, YAML: that parser keeps the places.

use granit_parser::{Event, Parser, ScalarStyle, Span, Tag};

/// A place in the text: line and column in characters, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
}

/// A text with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As written.
    pub text: String,
    /// Where.
    pub at: Mark,
}

/// Why a text could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) at: Mark,
    pub(crate) message: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) at: Mark,
    /// A tag of its own, such as `!Ref`, without the `!`.
    pub(crate) tag: Option<String>,
    pub(crate) value: Value,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// `plain` if without quotes, so that it may be a number or a boolean.
    Text {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Word, Node)>),
}

impl Node {
    /// The value of a key, if this is a map that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|(it, _)| it.text == key).map(|(_, node)| node)
    }

    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text { text, .. } => Some(text),
            _ => None,
        }
    }
}

enum Open {
    List(Node, Vec<Node>),
    Map(Node, Vec<(Word, Node)>, Option<Word>),
}

/// The first document of the text; `None` if there is none.
pub(crate) fn grow(text: &str) -> Result<Option<Node>, Unreadable> {
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Unreadable {
            at: position(error.marker().line(), error.marker().col()),
            message: error.to_string(),
        })?;
        let node = |tag: Option<&Tag>, value| Node { at: mark(&span), tag: tag.and_then(own), value };
        let complete = match event {
            Event::Scalar(text, style, _, tag) => {
                let plain = style == ScalarStyle::Plain;
                Some(node(tag.as_deref(), Value::Text { text: text.into_owned(), plain }))
            }
            Event::SequenceStart(_, _, tag) => {
                open.push(Open::List(node(tag.as_deref(), Value::List(Vec::new())), Vec::new()));
                None
            }
            Event::MappingStart(_, _, tag) => {
                open.push(Open::Map(node(tag.as_deref(), Value::Map(Vec::new())), Vec::new(), None));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|it| match it {
                Open::List(node, items) => Node { value: Value::List(items), ..node },
                Open::Map(node, entries, _) => Node { value: Value::Map(entries), ..node },
            }),
            Event::Alias(_) => {
                return Err(Unreadable {
                    at: mark(&span),
                    message: "aliases are not followed here".to_owned(),
                });
            }
            _ => None,
        };
        let Some(node) = complete else { continue };
        match open.last_mut() {
            None => return Ok(Some(node)),
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map(_, entries, key)) => match (key.take(), node) {
                (Some(key), node) => entries.push((key, node)),
                (None, Node { at, value: Value::Text { text, .. }, .. }) => *key = Some(Word { text, at }),
                (None, _) => {}
            },
        }
    }
    Ok(None)
}

/// A tag that is not one of YAML's own.
fn own(tag: &Tag) -> Option<String> {
    (!tag.is_yaml_core_schema()).then(|| tag.suffix().to_owned())
}

fn mark(span: &Span) -> Mark {
    position(span.start.line(), span.start.col())
}

/// The parser counts lines from 1 and columns from 0.
const fn position(line: usize, column: usize) -> Mark {
    Mark { line, column: column + 1 }
}
