//! An answer before it is written: one tree from which both the XML on the wire and the JSON in a
//! CloudTrail record are made, so that the two can never tell different stories.

use std::borrow::Cow;

use jiff::Timestamp;
use quick_xml::escape::partial_escape;
use serde_json::{Map, Value, json};

use crate::clock::{millis, seconds};

/// A text inside an XML element. XML 1.0 has no control characters but tab and line breaks: others become U+FFFD.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    let illegal =
        |it: char| (it < ' ' && !matches!(it, '\t' | '\n' | '\r')) || matches!(it, '\u{fffe}' | '\u{ffff}');
    if text.contains(illegal) {
        return Cow::Owned(partial_escape(&*text.replace(illegal, "\u{fffd}")).into_owned());
    }
    partial_escape(text)
}

/// One value of an EC2 or STS answer. Member names are the ones on the wire (`instanceId`).
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    Text(String),
    Int(i64),
    Bool(bool),
    Time(Timestamp),
    Map(Vec<(&'static str, Shape)>),
    List(Vec<Shape>),
    /// A list that CloudTrail's older style writes as `{"item": [...]}` instead of `items`.
    OddList(Vec<Shape>),
}

impl Shape {
    /// A structure to be filled by [`Shape::with`].
    pub(crate) const fn map() -> Self {
        Self::Map(Vec::new())
    }

    /// The structure with one more member.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Self>) -> Self {
        if let Self::Map(members) = &mut self {
            members.push((name, value.into()));
        }
        self
    }

    /// The structure with one more member, if there is a value for it.
    #[must_use]
    pub(crate) fn with_some(self, name: &'static str, value: Option<impl Into<Self>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(crate) fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::List(items.into_iter().collect())
    }

    /// Writes the value as XML; the items of a list are called `item` in the EC2 protocol, and
    /// `member` in the query protocol.
    pub(crate) fn write_xml(&self, out: &mut String, item_name: &str) {
        match self {
            Self::Text(text) => out.push_str(&escape(text)),
            Self::Int(number) => out.push_str(&number.to_string()),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Time(time) => out.push_str(&millis(*time)),
            Self::Map(members) => {
                for (name, value) in members {
                    element(out, name, value, item_name);
                }
            }
            Self::List(items) | Self::OddList(items) => {
                for item in items {
                    element(out, item_name, item, item_name);
                }
            }
        }
    }

    /// CloudTrail's older style: camel case, lists as `{"items": [...]}`, times as epoch
    /// milliseconds.
    pub(crate) fn trail_flat(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_str()),
            Self::Int(number) => Value::from(*number),
            Self::Bool(value) => Value::from(*value),
            Self::Time(time) => Value::from(time.as_millisecond()),
            Self::Map(members) => {
                let member = |(name, value): &(&str, Self)| ((*name).to_owned(), value.trail_flat());
                Value::Object(members.iter().map(member).collect())
            }
            Self::List(items) if items.is_empty() => json!({}),
            Self::OddList(items) => json!({ "item": items.iter().map(Self::trail_flat).collect::<Vec<_>>() }),
            Self::List(items) => json!({ "items": items.iter().map(Self::trail_flat).collect::<Vec<_>>() }),
        }
    }

    /// CloudTrail's newer style, XML turned into JSON: a list of one is an object, an empty one is
    /// "".
    pub(crate) fn trail_nested(&self) -> Value {
        match self {
            Self::Time(time) => Value::from(seconds(*time)),
            Self::Map(members) => {
                let member = |(name, value): &(&str, Self)| ((*name).to_owned(), value.trail_nested());
                Value::Object(members.iter().map(member).collect())
            }
            Self::List(items) | Self::OddList(items) => match items.as_slice() {
                [] => Value::from(""),
                [only] => json!({ "item": only.trail_nested() }),
                many => json!({ "item": many.iter().map(Self::trail_nested).collect::<Vec<_>>() }),
            },
            other => other.trail_flat(),
        }
    }

    /// How long the JSON is at least; counting stops soon after `enough`.
    pub(crate) fn length_at_least(&self, enough: usize) -> usize {
        let mut length = 0;
        match self {
            Self::Text(text) => length = text.len(),
            Self::Int(_) | Self::Bool(_) | Self::Time(_) => length = 1,
            Self::Map(members) => {
                for (name, value) in members {
                    length += name.len() + value.length_at_least(enough.saturating_sub(length));
                    if length > enough {
                        break;
                    }
                }
            }
            Self::List(items) | Self::OddList(items) => {
                for item in items {
                    length += item.length_at_least(enough.saturating_sub(length));
                    if length > enough {
                        break;
                    }
                }
            }
        }
        length
    }

    /// The members as a JSON object in the newer style, to which others are added.
    pub(crate) fn trail_nested_members(&self) -> Map<String, Value> {
        match self.trail_nested() {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }
}

/// Writes `<name>value</name>`; an empty value becomes `<name/>`.
pub(crate) fn element(out: &mut String, name: &str, value: &Shape, item_name: &str) {
    let start = out.len();
    out.push('<');
    out.push_str(name);
    out.push('>');
    let content = out.len();
    value.write_xml(out, item_name);
    if out.len() == content {
        out.truncate(start);
        out.push('<');
        out.push_str(name);
        out.push_str("/>");
    } else {
        out.push_str("</");
        out.push_str(name);
        out.push('>');
    }
}

impl From<&str> for Shape {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Shape {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Shape {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Shape {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Shape {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<Timestamp> for Shape {
    fn from(time: Timestamp) -> Self {
        Self::Time(time)
    }
}

impl From<i32> for Shape {
    fn from(number: i32) -> Self {
        Self::Int(number.into())
    }
}
