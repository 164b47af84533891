//! A value of the document with the path that leads to it.

use crate::text::join_key;
use crate::tree::scalar::is_null;
use crate::tree::{Entry, Mark, Node, Value};

/// A node with its path.
#[derive(Debug, Clone)]
pub(super) struct Spot<'a> {
    pub node: &'a Node,
    pub path: String,
}

/// A map whose keys were checked.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    pub at: Mark,
    pub path: String,
    pub entries: &'a [Entry],
    /// Known keys that are there under a wrong name.
    pub misspelt: Vec<&'static str>,
}

impl<'a> Spot<'a> {
    pub fn root(node: &'a Node) -> Self {
        Self { node, path: String::new() }
    }

    /// The text as written, whatever YAML would make of it: `012345678901` and `true` are text here. `None`
    /// for lists, maps and nothing.
    pub fn text(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Scalar { text, .. } if !is_null(self.node) => Some(text),
            _ => None,
        }
    }

    pub fn is_list(&self) -> bool {
        matches!(self.node.value, Value::List(_))
    }

    /// Key and value of a map that has no others.
    pub fn only_entry(&self) -> Option<(&'a str, Spot<'a>)> {
        match &self.node.value {
            Value::Map(entries) => match entries.as_slice() {
                [entry] => {
                    let path = join_key(&self.path, &entry.key.text);
                    Some((&entry.key.text, Spot { node: &entry.value, path }))
                }
                _ => None,
            },
            _ => None,
        }
    }

    pub fn is_empty_map(&self) -> bool {
        matches!(&self.node.value, Value::Map(entries) if entries.is_empty())
    }
}

impl<'a> Fields<'a> {
    pub fn get(&self, key: &str) -> Option<Spot<'a>> {
        let entry = self.entries.iter().find(|it| it.key.text == key)?;
        Some(Spot { node: &entry.value, path: join_key(&self.path, key) })
    }

    /// The keys as written, unknown ones too.
    pub fn keys(&self) -> impl Iterator<Item = &'a str> {
        self.entries.iter().map(|it| it.key.text.as_str())
    }
}
