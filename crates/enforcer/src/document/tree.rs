//! The text as a tree of nodes that know where they were written.
//!
//! Aliases are replaced by what they stand for, within limits: a document that grows beyond them when its
//! aliases are followed is refused, not followed.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use granit_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::reader::Reader;
use super::syntax;
use super::wording::{shown, under};

/// Values in a document, aliases counted as often as they are used.
const MAX_NODES: usize = 50_000;
/// Collections within collections. A policy document needs five.
const MAX_DEPTH: usize = 32;

/// A place in the text: line and column in characters, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub line: usize,
    pub column: usize,
}

impl Mark {
    pub const START: Self = Self { line: 1, column: 1 };
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub at: Mark,
    pub value: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Text as written; `plain` if without quotes, so that it may be a number, a boolean or nothing.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
    /// Something that was reported already.
    Refused,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub key: String,
    pub key_at: Mark,
    pub value: Node,
}

/// The document as a tree. `None` if there is none, or no sense in reading what there is; in the second case
/// the reader has been told why.
pub(super) fn grow(text: &str, reader: &mut Reader) -> Option<Node> {
    let options = granit_parser::options! {
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut tree = Tree { reader, open: Vec::new(), anchors: HashMap::new(), nodes: 0, root: None };
    for event in Parser::new_from_str_with_options(text, options) {
        let grown = match event {
            Ok((event, span)) => tree.take(event, &span),
            Err(error) => {
                let at = position(error.marker().line(), error.marker().col());
                let (message, hint) = syntax::explain(&error);
                tree.reader.problem(syntax::place(&error, at, text), "", message, hint);
                Err(Stop)
            }
        };
        grown.ok()?;
    }
    tree.root
}

/// There is no sense in reading on; the reader has been told why.
struct Stop;

struct Tree<'a> {
    reader: &'a mut Reader,
    open: Vec<Open>,
    /// Complete nodes with an anchor, by its number, with their size and depth.
    anchors: HashMap<usize, (Node, Extent)>,
    nodes: usize,
    root: Option<Node>,
}

struct Open {
    at: Mark,
    anchor: usize,
    kind: Kind,
}

enum Kind {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, keys: HashMap<String, Mark>, key: Key, unfit: bool },
}

enum Key {
    /// The next node is a key.
    Awaited,
    /// The next node is the value of this one.
    Read(String, Mark),
    /// The next node is the value of something that cannot be a key.
    Unfit,
}

#[derive(Clone, Copy)]
struct Extent {
    nodes: usize,
    depth: usize,
}

impl Tree<'_> {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Stop> {
        let at = mark(span);
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                let hint = "keep one policy in a file".to_owned();
                self.reader.problem(at, "", "a second document begins here", Some(hint));
                Err(Stop)
            }
            Event::Scalar(text, style, anchor, tag) => {
                let text_wanted = self.tag(tag.as_deref(), span);
                let plain = style == ScalarStyle::Plain && !text_wanted;
                let value = Value::Scalar { text: text.into_owned(), plain };
                let written = span.start.index() != span.end.index();
                self.close(Node { at, value }, anchor, written)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), span);
                self.open.push(Open { at, anchor, kind: Kind::List(Vec::new()) });
                Ok(())
            }
            Event::MappingStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), span);
                let kind =
                    Kind::Map { entries: Vec::new(), keys: HashMap::new(), key: Key::Awaited, unfit: false };
                self.open.push(Open { at, anchor, kind });
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => {
                    let value = match open.kind {
                        Kind::List(items) => Value::List(items),
                        Kind::Map { entries, unfit: true, .. } if entries.is_empty() => Value::Refused,
                        Kind::Map { entries, .. } => Value::Map(entries),
                    };
                    self.close(Node { at: open.at, value }, open.anchor, true)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => self.alias(anchor, at),
            Event::UnresolvedAlias(name) => {
                let message = format!("`*{0}` refers to an anchor `&{0}` that is not there", shown(&name));
                let hint = format!("a pattern that begins with `*` needs quotes: `\"*{}\"`", shown(&name));
                self.reader.problem(at, "", message, Some(hint));
                self.close(Node { at, value: Value::Refused }, 0, true)
            }
            _ => Ok(()),
        }
    }

    /// Whether the tag says that what follows is text. Other tags mean nothing here.
    fn tag(&mut self, tag: Option<&Tag>, span: &Span) -> bool {
        let Some(tag) = tag else { return false };
        let known = tag.is_yaml_core_schema() && matches!(tag.suffix(), "str" | "map" | "seq");
        if !known {
            let at = span.tag_start.map_or_else(|| mark(span), |tag| position(tag.line(), tag.col()));
            self.reader.problem(at, "", "a policy document has no use for YAML tags", None);
        }
        tag.suffix() == "str"
    }

    fn alias(&mut self, anchor: usize, at: Mark) -> Result<(), Stop> {
        let Some((node, extent)) = self.anchors.get(&anchor).cloned() else {
            self.reader.problem(at, "", "this alias stands for something that contains it", None);
            return Err(Stop);
        };
        if self.open.len() + extent.depth > MAX_DEPTH {
            self.reader.problem(at, "", "this alias nests lists and maps too deeply", None);
            return Err(Stop);
        }
        self.count(extent.nodes, at)?;
        self.attach(node, true);
        Ok(())
    }

    /// A node is complete.
    fn close(&mut self, node: Node, anchor: usize, written: bool) -> Result<(), Stop> {
        self.count(1, node.at)?;
        if anchor != 0 {
            let extent = extent(&node);
            self.count(extent.nodes, node.at)?;
            self.anchors.insert(anchor, (node.clone(), extent));
        }
        self.attach(node, written);
        Ok(())
    }

    fn count(&mut self, nodes: usize, at: Mark) -> Result<(), Stop> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes <= MAX_NODES {
            return Ok(());
        }
        let message = format!("a policy document has at most {MAX_NODES} values, those of aliases included");
        self.reader.problem(at, "", message, None);
        Err(Stop)
    }

    fn attach(&mut self, mut node: Node, written: bool) {
        let here = self.open.split_last().map(|(_, outer)| path(outer)).unwrap_or_default();
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(node),
            Some(Kind::List(items)) => items.push(node),
            Some(Kind::Map { entries, keys, key, unfit }) => match std::mem::replace(key, Key::Awaited) {
                Key::Awaited => {
                    *key = as_key(node, &here, self.reader);
                    *unfit |= matches!(key, Key::Unfit);
                }
                Key::Unfit => {}
                Key::Read(text, key_at) => match keys.entry(text) {
                    Slot::Occupied(first) => {
                        let line = first.get().line;
                        let message = format!("duplicate key `{}`, first on line {line}", shown(first.key()));
                        self.reader.problem(key_at, &here, message, None);
                    }
                    Slot::Vacant(slot) => {
                        // What is not written is nowhere; its key is where to look.
                        node.at = if written { node.at } else { key_at };
                        entries.push(Entry { key: slot.key().clone(), key_at, value: node });
                        slot.insert(key_at);
                    }
                },
            },
        }
    }
}

/// The path of the node that comes next inside these.
fn path(open: &[Open]) -> String {
    let mut path = String::new();
    for open in open {
        path = match &open.kind {
            Kind::List(items) => format!("{path}[{}]", items.len()),
            Kind::Map { key: Key::Read(key, _), .. } => under(&path, key),
            Kind::Map { .. } => path,
        };
    }
    path
}

fn as_key(node: Node, path: &str, reader: &mut Reader) -> Key {
    match node.value {
        Value::Scalar { text, .. } => Key::Read(text, node.at),
        Value::Refused => Key::Unfit,
        Value::List(_) | Value::Map(_) => {
            let hint = "is this a placeholder such as `{{ name }}` that nobody filled in?".to_owned();
            reader.problem(node.at, path, "a key must be a word, not a list or a map", Some(hint));
            Key::Unfit
        }
    }
}

fn extent(node: &Node) -> Extent {
    let children: Vec<Extent> = match &node.value {
        Value::Scalar { .. } | Value::Refused => return Extent { nodes: 1, depth: 0 },
        Value::List(items) => items.iter().map(extent).collect(),
        Value::Map(entries) => entries.iter().map(|it| extent(&it.value)).collect(),
    };
    Extent {
        nodes: children.iter().map(|it| it.nodes).sum::<usize>() + 1,
        depth: children.iter().map(|it| it.depth).max().unwrap_or_default() + 1,
    }
}

fn mark(span: &Span) -> Mark {
    position(span.start.line(), span.start.col())
}

fn position(line: usize, col: usize) -> Mark {
    Mark { line, column: col + 1 }
}
