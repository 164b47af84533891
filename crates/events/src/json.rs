//! A place in a JSON document that knows its path, so that every error can name the field it is about.
//!
//! AWS writes the same thing in several ways, and pipelines between AWS and us add more. A [`Node`] is
//! lenient where no meaning is lost: `null` and `""` are as good as absent, the first letter of a key may
//! have either case, numbers may be text and text numbers, a list of one may have become the thing itself,
//! and a text may be wrapped as `{"content": "…", "tag": 1}`.

use std::borrow::Cow;
use std::str::FromStr;

use serde_json::Value;

use v2only_policy::Tags;
use v2only_policy::ids::IdError;

use crate::Malformed;

/// How much of an unreadable text an error shows.
const EXCERPT: usize = 40;
/// How much of a text that is only repeated to people is kept.
const LABEL: usize = 256;

/// A value, or the absence of one, and the path to it.
#[derive(Debug, Clone)]
pub(crate) struct Node<'a> {
    path: String,
    value: Option<&'a Value>,
}

impl<'a> Node<'a> {
    /// The whole document.
    pub(crate) fn root(value: &'a Value) -> Self {
        Self::at(String::new(), value)
    }

    /// A part of a document whose path is known.
    pub(crate) const fn at(path: String, value: &'a Value) -> Self {
        Self { path, value: Some(value) }
    }

    /// A document that is not there.
    pub(crate) const fn nothing() -> Self {
        Self { path: String::new(), value: None }
    }

    /// Whether there is nothing here, or as good as nothing.
    pub(crate) fn is_absent(&self) -> bool {
        match self.value {
            None | Some(Value::Null) => true,
            Some(Value::String(text)) => text.is_empty(),
            Some(_) => false,
        }
    }

    /// Whether this is an object.
    pub(crate) fn is_object(&self) -> bool {
        self.value.is_some_and(Value::is_object)
    }

    /// The field of this name, its first letter in either case; the case as given wins.
    pub(crate) fn field(&self, name: &str) -> Self {
        let object = self.value.and_then(Value::as_object);
        let get = |key: &str| object.and_then(|object| object.get(key));
        let given = get(name);
        if given.is_none_or(Value::is_null) {
            let other = with_other_case(name);
            if let Some(value) = get(&other).filter(|value| !value.is_null()) {
                return self.child(&other, Some(value));
            }
        }
        self.child(name, given)
    }

    /// The field `wrapper` where there is one, else this node itself: EC2 nests the parameters of its newer
    /// actions one level deeper than those of the older ones.
    pub(crate) fn unwrapped(self, wrapper: &str) -> Self {
        let inner = self.field(wrapper);
        if inner.is_object() { inner } else { self }
    }

    /// The entries of a list in any of its forms: `[…]`, `{"items": […]}`, `{"item": {…}}`, or the only entry
    /// in place of the list. An empty object is an empty list.
    pub(crate) fn entries(&self) -> Vec<Self> {
        let list = [self.field("items"), self.field("item")].into_iter().find(|list| !list.is_absent());
        let list = list.as_ref().unwrap_or(self);
        match list.value {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Object(object)) if object.is_empty() => Vec::new(),
            Some(Value::Array(entries)) => {
                let at = |(index, value)| Self::at(format!("{}[{index}]", list.path), value);
                entries.iter().enumerate().map(at).collect()
            }
            Some(_) => vec![list.clone()],
        }
    }

    /// A text that is not empty. A number is read as it is written.
    pub(crate) fn text(&self) -> Option<Cow<'a, str>> {
        match self.value? {
            Value::Object(object) => plain(object.get("content")?),
            other => plain(other),
        }
    }

    /// A text for people: shortened, and without control characters.
    pub(crate) fn label(&self) -> Option<String> {
        self.text().map(|text| shortened(&text, LABEL))
    }

    /// A number, also one written as text.
    pub(crate) fn number<T: FromStr>(&self) -> Option<T> {
        self.text()?.trim().parse().ok()
    }

    /// Whether it is `true`, also as text.
    pub(crate) fn is_true(&self) -> bool {
        match self.value {
            Some(Value::Bool(truth)) => *truth,
            Some(Value::String(text)) => text == "true",
            _ => false,
        }
    }

    /// The name of something in AWS.
    pub(crate) fn id<T: FromStr<Err = IdError>>(&self) -> Result<T, Malformed> {
        T::from_str(&self.text().unwrap_or_default()).map_err(|error| self.malformed(error.expected))
    }

    /// The name of something in AWS, if there is one.
    pub(crate) fn optional_id<T: FromStr<Err = IdError>>(&self) -> Result<Option<T>, Malformed> {
        if self.is_absent() { Ok(None) } else { self.id().map(Some) }
    }

    /// Tags, as an object or as a list of keys and values. All of them or `None`: with some missing, what is
    /// left would be mistaken for the truth.
    pub(crate) fn tags(&self) -> Option<Tags> {
        if self.is_absent() {
            return None;
        }
        let value_of = |node: &Self| match node.value {
            Some(Value::String(text)) => Some(text.clone()),
            _ => node.text().map(Cow::into_owned),
        };
        match self.value.and_then(Value::as_object) {
            Some(object) if !object.contains_key("items") && !object.contains_key("item") => object
                .keys()
                .map(|key| Some((key.clone(), value_of(&self.child(key, object.get(key)))?)))
                .collect(),
            _ => {
                let pair =
                    |entry: &Self| Some((value_of(&entry.field("key"))?, value_of(&entry.field("value"))?));
                self.entries().iter().map(pair).collect()
            }
        }
    }

    /// The error that something else was expected here.
    pub(crate) fn malformed(&self, expected: impl Into<String>) -> Malformed {
        let field = if self.path.is_empty() { "event".to_owned() } else { self.path.clone() };
        Malformed { field, expected: expected.into(), found: self.found() }
    }

    fn child(&self, key: &str, value: Option<&'a Value>) -> Self {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Self { path, value }
    }

    fn found(&self) -> String {
        match self.value {
            None => "missing".to_owned(),
            Some(Value::Array(_)) => "a list".to_owned(),
            Some(Value::Object(_)) => "an object".to_owned(),
            Some(Value::String(text)) => format!("`{}`", shortened(text, EXCERPT)),
            Some(scalar @ (Value::Null | Value::Bool(_) | Value::Number(_))) => scalar.to_string(),
        }
    }
}

fn plain(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) if !text.is_empty() => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

fn with_other_case(name: &str) -> String {
    let mut rest = name.chars();
    let first = rest.next().map(|first| {
        if first.is_ascii_lowercase() { first.to_ascii_uppercase() } else { first.to_ascii_lowercase() }
    });
    first.into_iter().chain(rest).collect()
}

/// The beginning of a text, without control characters.
pub(crate) fn shortened(text: &str, limit: usize) -> String {
    let mut short: String =
        text.chars().take(limit).map(|it| if it.is_control() { '\u{fffd}' } else { it }).collect();
    if text.chars().nth(limit).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::as_given(json!({"instanceId": "i-1", "InstanceId": "i-2"}), Some("i-1"), "instanceId")]
    #[case::other_case(json!({"InstanceId": "i-2"}), Some("i-2"), "InstanceId")]
    #[case::null_as_given(json!({"instanceId": null, "InstanceId": "i-2"}), Some("i-2"), "InstanceId")]
    #[case::null(json!({"instanceId": null}), None, "instanceId")]
    #[case::with_attribute(json!({"instanceId": {"content": "i-3", "tag": 1}}), Some("i-3"), "instanceId")]
    #[case::number(json!({"instanceId": 7}), Some("7"), "instanceId")]
    #[case::empty(json!({"instanceId": ""}), None, "instanceId")]
    #[case::no_object(json!("i-1"), None, "instanceId")]
    fn a_field_is_found_in_any_form(#[case] json: Value, #[case] text: Option<&str>, #[case] path: &str) {
        let node = Node::root(&json).field("instanceId");
        assert_eq!((node.text().as_deref(), node.path.as_str()), (text, path));
    }

    #[rstest]
    #[case::items(json!({"items": ["a", "b"]}), &["set.items[0]", "set.items[1]"])]
    #[case::only_item_as_object(json!({"items": {"a": 1}}), &["set.items"])]
    #[case::item(json!({"item": {"a": 1}}), &["set.item"])]
    #[case::list(json!(["a"]), &["set[0]"])]
    #[case::only_entry_for_the_list(json!({"a": 1}), &["set"])]
    #[case::empty_object(json!({}), &[])]
    #[case::empty_items(json!({"items": []}), &[])]
    #[case::null(json!(null), &[])]
    #[case::text(json!("a"), &["set"])]
    fn a_list_is_read_in_any_form(#[case] json: Value, #[case] paths: &[&str]) {
        let json = json!({"set": json});
        let entries = Node::root(&json).field("set").entries();
        assert_eq!(entries.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(), paths);
    }

    #[rstest]
    #[case::map(json!({"team": "research", "empty": ""}), Some(&[("empty", ""), ("team", "research")][..]))]
    #[case::set(json!({"items": [{"key": "team", "value": "research"}]}), Some(&[("team", "research")][..]))]
    #[case::list(json!([{"Key": "team", "Value": "research"}]), Some(&[("team", "research")][..]))]
    #[case::none(json!({}), Some(&[][..]))]
    #[case::not_said(json!(null), None)]
    #[case::one_unreadable(json!({"team": "research", "cost": ["1"]}), None)]
    #[case::one_without_value(json!([{"Key": "team"}]), None)]
    fn tags_are_read_completely_or_not(#[case] json: Value, #[case] tags: Option<&[(&str, &str)]>) {
        let expected: Option<Tags> = tags
            .map(|tags| tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect());
        assert_eq!(Node::root(&json).tags(), expected);
    }

    #[rstest]
    #[case::missing(json!({}), "`id` should be right, but is missing")]
    #[case::null(json!({"id": null}), "`id` should be right, but is null")]
    #[case::number(json!({"id": 7}), "`id` should be right, but is 7")]
    #[case::list(json!({"id": [7]}), "`id` should be right, but is a list")]
    #[case::object(json!({"id": {"secret": 7}}), "`id` should be right, but is an object")]
    #[case::escape(json!({"id": "a\u{1b}[31m"}), "`id` should be right, but is `a\u{fffd}[31m`")]
    #[case::long(json!({"id": "x".repeat(41)}), &format!("`id` should be right, but is `{}…`", "x".repeat(40)))]
    fn an_error_shows_little_of_what_it_found(#[case] json: Value, #[case] message: &str) {
        assert_eq!(Node::root(&json).field("id").malformed("right").to_string(), message);
    }
}
