//! The members of a JSON request, read against the constraints of an API model.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::error::AwsError;

/// The members of one request. A refusal carries the error code of the service.
pub(crate) struct Members<'a> {
    members: &'a Map<String, Value>,
    code: &'static str,
}

impl<'a> Members<'a> {
    /// Reads an object; `code` is the service's error code for a request that breaks its model.
    pub(crate) fn new(document: &'a Value, code: &'static str) -> Result<Self, AwsError> {
        let wrong = || AwsError::client("SerializationException", "the request is not a JSON object");
        document.as_object().map(|members| Self { members, code }).ok_or_else(wrong)
    }

    /// Refuses members that the sandbox does not know: none is ignored.
    pub(crate) fn only(&self, action: &str, known: &[&str]) -> Result<(), AwsError> {
        match self.members.keys().find(|name| !known.contains(&name.as_str())) {
            Some(other) => Err(AwsError::not_simulated(format!("the member {other} of {action}"))),
            None => Ok(()),
        }
    }

    /// The error of a request that breaks the model.
    pub(crate) fn refusal(&self, message: impl Into<String>) -> AwsError {
        AwsError::client(self.code, message)
    }

    pub(crate) fn value(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&'a str>, AwsError> {
        self.value(name)
            .map(|value| value.as_str().ok_or_else(|| self.refusal(format!("{name} is not a string"))))
            .transpose()
    }

    /// A text that must be there and not be empty.
    pub(crate) fn required(&self, name: &str) -> Result<&'a str, AwsError> {
        let text = self.text(name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| self.refusal(format!("The request must contain {name}")))
    }

    /// One of a closed set of words.
    pub(crate) fn one_of(
        &self,
        name: &str,
        words: &[&'static str],
    ) -> Result<Option<&'static str>, AwsError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let word = words.iter().find(|word| **word == text);
        word.copied().map(Some).ok_or_else(|| {
            self.refusal(format!("Value '{text}' at '{name}' must be one of [{}]", words.join(", ")))
        })
    }

    pub(crate) fn number(&self, name: &str, range: RangeInclusive<i64>) -> Result<Option<i64>, AwsError> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let number = value.as_i64().filter(|number| range.contains(number));
        number.map(Some).ok_or_else(|| {
            let (low, high) = (range.start(), range.end());
            self.refusal(format!("Value '{value}' at '{name}' must be between {low} and {high}"))
        })
    }

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, AwsError> {
        self.value(name)
            .map(|value| value.as_bool().ok_or_else(|| self.refusal(format!("{name} is not a boolean"))))
            .transpose()
    }

    /// A list; one that is not there is empty.
    pub(crate) fn list(&self, name: &str) -> Result<&'a [Value], AwsError> {
        let Some(value) = self.value(name) else { return Ok(&[]) };
        let items = value.as_array().ok_or_else(|| self.refusal(format!("{name} is not a list")))?;
        Ok(items.as_slice())
    }

    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, AwsError> {
        let wrong = || self.refusal(format!("{name} is not a list of strings"));
        self.list(name)?.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
    }

    /// Tags, written as a list of structures with a key and a value.
    pub(crate) fn tags(
        &self,
        name: &str,
        key: &str,
        value: &str,
    ) -> Result<BTreeMap<String, String>, AwsError> {
        let text = |tag: &Value, member: &str| tag.get(member).and_then(Value::as_str).map(str::to_owned);
        let pair = |tag: &Value| Some((text(tag, key)?, text(tag, value).unwrap_or_default()));
        let wrong = || self.refusal(format!("{name} holds a tag without a key"));
        self.list(name)?.iter().map(|tag| pair(tag).ok_or_else(wrong)).collect()
    }

    /// A structure; its members are read under the same error code.
    pub(crate) fn structure(&self, name: &str) -> Result<Option<Self>, AwsError> {
        self.value(name).map(|value| Self::new(value, self.code)).transpose()
    }
}

/// Tags as an answer lists them.
pub(crate) fn tag_list(tags: &BTreeMap<String, String>, key: &str, value: &str) -> Value {
    let member = |(name, text): (&String, &String)| {
        Value::Object(Map::from_iter([
            (key.to_owned(), name.as_str().into()),
            (value.to_owned(), text.as_str().into()),
        ]))
    };
    Value::Array(tags.iter().map(member).collect())
}

/// Cuts one page of at most `size` items out of a list; the token is the number of items before it.
/// `None` for a token that the sandbox did not give.
pub(crate) fn page<T>(
    items: impl IntoIterator<Item = T>,
    token: Option<&str>,
    size: usize,
) -> Option<(Vec<T>, Option<String>)> {
    let from = match token {
        None => 0,
        Some(token) => token.strip_prefix("page-")?.parse::<usize>().ok()?,
    };
    let mut rest = items.into_iter().skip(from);
    let page: Vec<T> = rest.by_ref().take(size).collect();
    let next = rest.next().map(|_| format!("page-{}", from + page.len()));
    Some((page, next))
}
