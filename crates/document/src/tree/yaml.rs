//! YAML 1.2 as a tree.
//!
//! Aliases are replaced by copies of their values, within limits.

use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError, Span, Tag};

use super::node::{Document, Entry, Format, Issue, IssueKind, Mark, Node, Options, Tree, Value, Word};
use crate::text::{join_index, join_key, lines};

/// How many lines of quoted texts are indented before the text counts as unreadable.
const MAX_INDENTED_LINES: usize = 100;

/// The text as a tree.
pub(super) fn read(text: &str, options: &Options) -> Tree {
    let mut tree = attempt(text, options);
    if !options.loose_quotes {
        return tree;
    }
    // Indentation inside of a quoted text means nothing, so that more of it changes no value.
    let indent = " ".repeat(1 + lines(text).into_iter().map(indentation).max().unwrap_or_default());
    let mut indented = Vec::new();
    let mut copy = text.to_owned();
    while let Some(line) = left_of_its_key(&tree).filter(|_| indented.len() < MAX_INDENTED_LINES) {
        let Some(start) = line_start(&copy, line) else { break };
        copy.insert_str(start, &indent);
        indented.push(line);
        tree = attempt(&copy, options);
    }
    unindent(&mut tree, &indented, indent.len());
    tree
}

/// The line on which a quoted text continues in the column of its key or left of it.
fn left_of_its_key(tree: &Tree) -> Option<usize> {
    let issue = tree.fatal()?;
    let IssueKind::Syntax(error) = &issue.kind else { return None };
    (*error.kind() == ErrorKind::InvalidQuotedScalarIndent).then_some(issue.at.line)
}

fn indentation(line: &str) -> usize {
    line.chars().take_while(|it| *it == ' ').count()
}

/// The byte at which a line begins.
fn line_start(text: &str, line: usize) -> Option<usize> {
    let wanted = lines(text).into_iter().nth(line.checked_sub(1)?)?;
    // Lines are slices of the text.
    (wanted.as_ptr() as usize).checked_sub(text.as_ptr() as usize)
}

/// Moves issues on indented lines back to where they are in the text. No value begins on such a line: it continues a quoted
/// text outside of `[` and `{`, and only a comment may follow the text.
fn unindent(tree: &mut Tree, lines: &[usize], by: usize) {
    for Issue { at, .. } in &mut tree.issues {
        // A line with tabs may have needed more than one indentation.
        let times = lines.iter().filter(|line| **line == at.line).count();
        at.column = at.column.saturating_sub(times * by).max(1);
    }
}

fn attempt(text: &str, options: &Options) -> Tree {
    let parsing = granit_parser::options! {
        emit_unresolved_aliases: true,
        flow_nesting_limit: options.max_depth,
        block_nesting_limit: options.max_depth,
    };
    let mut builder = Builder {
        options,
        open: Vec::new(),
        anchors: HashMap::new(),
        nodes: 0,
        begins: Mark::START,
        documents: Vec::new(),
        issues: Vec::new(),
    };
    for event in Parser::new_from_str_with_options(text, parsing) {
        let taken = match event {
            Ok((event, span)) => builder.take(event, &span),
            Err(error) => Err(builder.unreadable(error, text)),
        };
        if taken.is_err() {
            break;
        }
    }
    Tree { format: Format::Yaml, documents: builder.documents, issues: builder.issues }
}

/// Reading ends here; the last issue says why.
struct Stop;

struct Builder<'a> {
    options: &'a Options,
    open: Vec<Open>,
    /// Complete nodes with an anchor, by its number, with their size and depth.
    anchors: HashMap<usize, (Node, Extent)>,
    nodes: usize,
    /// Where the current document begins.
    begins: Mark,
    documents: Vec<Document>,
    issues: Vec<Issue>,
}

struct Open {
    at: Mark,
    anchor: usize,
    tag: Option<String>,
    collection: Collection,
}

enum Collection {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, known: HashMap<String, Mark>, key: Key, unfit: bool },
}

enum Key {
    /// The next node is a key.
    Awaited,
    /// The next node is the value of this key.
    Read(Word),
    /// The next node is the value of something that cannot be a key.
    Unfit,
}

#[derive(Clone, Copy)]
struct Extent {
    nodes: usize,
    depth: usize,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Stop> {
        let at = mark(&span.start);
        match event {
            Event::DocumentStart(..) => self.begins = at,
            Event::Scalar(text, style, anchor, tag) => {
                let tag = self.tag(tag.as_deref(), span);
                let plain = style == ScalarStyle::Plain && !tag.is_text;
                let value = Value::Scalar { text: text.into_owned(), plain };
                let written = span.start.index() != span.end.index();
                return self.close(Node { at, tag: tag.own, value }, anchor, written);
            }
            Event::SequenceStart(_, anchor, tag) => {
                let tag = self.tag(tag.as_deref(), span).own;
                self.open.push(Open { at, anchor, tag, collection: Collection::List(Vec::new()) });
            }
            Event::MappingStart(_, anchor, tag) => {
                let tag = self.tag(tag.as_deref(), span).own;
                let (entries, known) = (Vec::new(), HashMap::new());
                let collection = Collection::Map { entries, known, key: Key::Awaited, unfit: false };
                self.open.push(Open { at, anchor, tag, collection });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                let value = match open.collection {
                    Collection::List(items) => Value::List(items),
                    Collection::Map { entries, unfit: true, .. } if entries.is_empty() => Value::Refused,
                    Collection::Map { entries, .. } => Value::Map(entries),
                };
                return self.close(Node { at: open.at, tag: open.tag, value }, open.anchor, true);
            }
            Event::Alias(anchor) => return self.alias(anchor, at),
            Event::UnresolvedAlias(name) => {
                self.issue(at, "", IssueKind::UnknownAlias(name.into_owned()));
                return self.close(Node { at, tag: None, value: Value::Refused }, 0, true);
            }
            _ => {}
        }
        Ok(())
    }

    fn unreadable(&mut self, error: ScanError, text: &str) -> Stop {
        let at = place(&error, text);
        self.issue(at, "", IssueKind::Syntax(error))
    }

    fn issue(&mut self, at: Mark, path: &str, kind: IssueKind) -> Stop {
        self.issues.push(Issue { at, path: path.to_owned(), kind });
        Stop
    }

    fn tag(&mut self, tag: Option<&Tag>, span: &Span) -> ReadTag {
        let Some(tag) = tag else { return ReadTag { own: None, is_text: false } };
        let core = tag.is_yaml_core_schema();
        if !(core && matches!(tag.suffix(), "str" | "map" | "seq")) {
            let at = span.tag_start.as_ref().map_or_else(|| mark(&span.start), mark);
            let prefix = if core { "!!" } else { "!" };
            self.issue(at, "", IssueKind::Tag(format!("{prefix}{}", tag.suffix())));
        }
        let own = (!core).then(|| tag.suffix().to_owned());
        ReadTag { own, is_text: core && tag.suffix() == "str" }
    }

    fn alias(&mut self, anchor: usize, at: Mark) -> Result<(), Stop> {
        let Some((node, extent)) = self.anchors.get(&anchor).cloned() else {
            return Err(self.issue(at, "", IssueKind::RecursiveAlias));
        };
        self.issue(at, "", IssueKind::Alias);
        if self.open.len() + extent.depth > self.options.max_depth {
            return Err(self.issue(at, "", IssueKind::TooDeep));
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
        if self.nodes <= self.options.max_nodes {
            return Ok(());
        }
        Err(self.issue(at, "", IssueKind::TooManyNodes))
    }

    fn attach(&mut self, mut node: Node, written: bool) {
        let Some((open, outer)) = self.open.split_last_mut() else {
            self.documents.push(Document { at: self.begins, root: node });
            return;
        };
        match &mut open.collection {
            Collection::List(items) => items.push(node),
            Collection::Map { entries, known, key, unfit } => match std::mem::replace(key, Key::Awaited) {
                Key::Awaited => {
                    *key = match node.value {
                        Value::Scalar { text, .. } => Key::Read(Word { text, at: node.at }),
                        Value::Refused => Key::Unfit,
                        Value::List(_) | Value::Map(_) => {
                            let kind = IssueKind::KeyNotText;
                            self.issues.push(Issue { at: node.at, path: path(outer), kind });
                            Key::Unfit
                        }
                    };
                    *unfit |= matches!(key, Key::Unfit);
                }
                Key::Unfit => {}
                Key::Read(key) => {
                    let first = *known.entry(key.text.clone()).or_insert(key.at);
                    if first != key.at {
                        let kind = IssueKind::DuplicateKey { key: key.text.clone(), first };
                        self.issues.push(Issue { at: key.at, path: path(outer), kind });
                        if !self.options.keep_duplicates {
                            return;
                        }
                    }
                    // An omitted value has no position; its key shows where to look.
                    node.at = if written { node.at } else { key.at };
                    entries.push(Entry { key, value: node });
                }
            },
        }
    }
}

struct ReadTag {
    /// The tag, if it is not one of YAML's own.
    own: Option<String>,
    /// Whether the tag makes the value a text.
    is_text: bool,
}

/// The path of the node that comes next inside these.
fn path(open: &[Open]) -> String {
    open.iter().fold(String::new(), |path, open| match &open.collection {
        Collection::List(items) => join_index(&path, items.len()),
        Collection::Map { key: Key::Read(key), .. } => join_key(&path, &key.text),
        Collection::Map { .. } => path,
    })
}

fn extent(node: &Node) -> Extent {
    let children: Vec<Extent> = match &node.value {
        Value::Scalar { .. } | Value::Refused => return Extent { nodes: 1, depth: 0 },
        Value::List(items) => items.iter().map(extent).collect(),
        Value::Map(entries) => entries.iter().map(|entry| extent(&entry.value)).collect(),
    };
    Extent {
        nodes: children.iter().map(|it| it.nodes).sum::<usize>() + 1,
        depth: children.iter().map(|it| it.depth).max().unwrap_or_default() + 1,
    }
}

/// The parser counts lines from 1 and columns from 0.
fn mark(marker: &Marker) -> Mark {
    Mark { line: marker.line(), column: marker.col() + 1 }
}

/// Where to look for an error. The parser reports a tab in the indentation below a value at the beginning of
/// that value, which is lines away.
fn place(error: &ScanError, text: &str) -> Mark {
    let at = mark(error.marker());
    if *error.kind() != ErrorKind::TabInPlainScalar {
        return at;
    }
    let tab = |line: &str| line.chars().take_while(|it| it.is_whitespace()).position(|it| it == '\t');
    let mut below = lines(text).into_iter().enumerate().skip(at.line);
    below.find_map(|(index, line)| Some(Mark { line: index + 1, column: tab(line)? + 1 })).unwrap_or(at)
}
