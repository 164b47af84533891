//! The parameters of a query request, as a tree that remembers what was read.
//!
//! `Filter.1.Value.2=x` is `Filter` → `1` → `Value` → `2`. A parameter no operation read is one the
//! sandbox does not know, and the answer is an error: it is never silently ignored.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Map, Value};

use crate::error::AwsError;

/// Names with more parts are no parameters of AWS. What follows the last part belongs to its name.
const MOST_PARTS: usize = 32;

/// A parameter and the parameters below it.
#[derive(Debug, Default)]
pub(crate) struct Params {
    /// The full name, for error messages.
    path: String,
    value: Option<String>,
    read: AtomicBool,
    children: BTreeMap<String, Params>,
}

impl Params {
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        Self::from_pairs(form_urlencoded::parse(encoded))
    }

    pub(crate) fn from_pairs<K, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: AsRef<str>,
        V: Into<String>,
    {
        let mut root = Self::default();
        for (name, value) in pairs {
            let mut node = &mut root;
            for part in name.as_ref().splitn(MOST_PARTS, '.') {
                let path = node.path_of(part);
                node =
                    node.children.entry(part.to_owned()).or_insert_with(|| Self { path, ..Self::default() });
            }
            node.value = Some(value.into());
        }
        root
    }

    fn note_read(&self) {
        self.read.store(true, Ordering::Relaxed);
    }

    fn path_of(&self, part: &str) -> String {
        if self.path.is_empty() { part.to_owned() } else { format!("{}.{part}", self.path) }
    }

    /// The text of a parameter.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let child = self.children.get(name)?;
        child.note_read();
        child.value.as_deref()
    }

    /// The text of a parameter that must be there and not be empty.
    pub(crate) fn required(&self, name: &str) -> Result<&str, AwsError> {
        let text = self.text(name).filter(|text| !text.is_empty());
        text.ok_or_else(|| AwsError::missing(&self.path_of(name)))
    }

    /// A whole number.
    pub(crate) fn int(&self, name: &str) -> Result<Option<i64>, AwsError> {
        self.text(name).map(|text| text.parse().map_err(|_| self.invalid(name, text))).transpose()
    }

    /// A whole number within bounds; outside them is `InvalidParameterValue`.
    pub(crate) fn int_in(
        &self,
        name: &str,
        bounds: std::ops::RangeInclusive<i64>,
    ) -> Result<Option<i64>, AwsError> {
        let number = self.int(name)?;
        match number {
            Some(number) if !bounds.contains(&number) => Err(AwsError::invalid_value(format!(
                "Value ( {number} ) for parameter {} is invalid. Expecting a value between {} and {}.",
                self.path_of(name),
                bounds.start(),
                bounds.end()
            ))),
            other => Ok(other),
        }
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, AwsError> {
        match self.text(name) {
            None => Ok(None),
            Some("true" | "True" | "1") => Ok(Some(true)),
            Some("false" | "False" | "0") => Ok(Some(false)),
            Some(other) => Err(self.invalid(name, other)),
        }
    }

    /// `DryRun`, a parameter of every EC2 operation.
    pub(crate) fn dry_run(&self) -> Result<bool, AwsError> {
        Ok(self.flag("DryRun")?.unwrap_or(false))
    }

    /// One of a closed set of words.
    pub(crate) fn one_of(
        &self,
        name: &str,
        words: &[&'static str],
    ) -> Result<Option<&'static str>, AwsError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let word = words.iter().find(|word| **word == text).ok_or_else(|| self.invalid(name, text))?;
        Ok(Some(word))
    }

    /// The texts of `Name.1`, `Name.2`, ... in order.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let items = self.structures(name).into_iter();
        items.filter_map(|item| item.take_value()).collect()
    }

    fn take_value(&self) -> Option<String> {
        self.note_read();
        self.value.clone()
    }

    /// The structures `Name.1`, `Name.2`, ... in order.
    pub(crate) fn structures(&self, name: &str) -> Vec<&Self> {
        let Some(list) = self.children.get(name) else { return Vec::new() };
        list.note_read();
        let mut items: Vec<(u64, &Self)> =
            list.children.iter().filter_map(|(index, item)| Some((index.parse().ok()?, item))).collect();
        items.sort_by_key(|(index, _)| *index);
        items.into_iter().map(|(_, item)| item).collect()
    }

    /// The structure `Name`, whose members are `Name.Member`.
    pub(crate) fn structure(&self, name: &str) -> Option<&Self> {
        let child = self.children.get(name)?;
        child.note_read();
        Some(child)
    }

    /// How many members a list has, without reading it.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.children.get(name).map_or(0, |list| list.children.len())
    }

    /// The number in a parameter, without reading it.
    pub(crate) fn number(&self, name: &str) -> Option<u32> {
        self.children.get(name)?.value.as_deref()?.parse().ok()
    }

    /// Refuses the request when it holds a parameter nobody read. `real` are the names AWS knows
    /// and the sandbox does not: for those the answer says who is missing something.
    pub(crate) fn finish(&self, action: &str, real: &[&str]) -> Result<(), AwsError> {
        let Some(unread) = self.unread() else { return Ok(()) };
        let top = unread.split('.').next().unwrap_or(unread);
        if real.contains(&top) {
            return Err(AwsError::not_simulated(format!("parameter {unread} of ec2 {action}")));
        }
        Err(AwsError::client("UnknownParameter", format!("The parameter {unread} is not recognized")))
    }

    fn unread(&self) -> Option<&str> {
        for (name, child) in &self.children {
            let known = self.path.is_empty() && ["Action", "Version"].contains(&name.as_str());
            if child.value.is_some() && !child.read.load(Ordering::Relaxed) && !known {
                return Some(&child.path);
            }
            if let Some(unread) = child.unread() {
                return Some(unread);
            }
        }
        None
    }

    fn invalid(&self, name: &str, text: &str) -> AwsError {
        AwsError::invalid_value(format!(
            "Value ( {text} ) for parameter {} is invalid. Invalid value '{text}'",
            self.path_of(name)
        ))
    }

    /// The request as CloudTrail's newer style shows it: the names as sent, numbers as numbers, a
    /// list of one as an object with `tag`, a list of texts as `{content, tag}`.
    pub(crate) fn trail_nested(&self) -> Value {
        let hidden = ["Action", "Version", "DryRun"];
        let shown = self
            .children
            .iter()
            .filter(|(name, _)| !self.path.is_empty() || !hidden.contains(&name.as_str()));
        let members = shown.map(|(name, child)| (name.clone(), child.trail_value()));
        Value::Object(members.collect())
    }

    /// The request as CloudTrail shows it for services other than EC2: names in camel case, lists
    /// as arrays.
    pub(crate) fn trail_members(&self) -> Value {
        let hidden = ["Action", "Version"];
        if let Some(list) = self.children.get("member") {
            return Value::Array(list.children.values().map(Self::trail_members).collect());
        }
        if self.children.is_empty() {
            return self.value.as_deref().map_or(Value::Null, scalar);
        }
        let shown = self
            .children
            .iter()
            .filter(|(name, _)| !self.path.is_empty() || !hidden.contains(&name.as_str()));
        let member = |(name, child): (&String, &Self)| (lower_first(name), child.trail_members());
        Value::Object(shown.map(member).collect())
    }

    fn trail_value(&self) -> Value {
        if self.children.is_empty() {
            return self.value.as_deref().map_or(Value::Null, scalar);
        }
        let numbered: Vec<(u64, &Self)> =
            self.children.iter().filter_map(|(index, item)| Some((index.parse().ok()?, item))).collect();
        if numbered.len() != self.children.len() {
            return self.trail_nested();
        }
        let mut items = numbered;
        items.sort_by_key(|(index, _)| *index);
        let mut tagged: Vec<Value> = items.into_iter().map(|(index, item)| item.trail_item(index)).collect();
        if tagged.len() == 1 { tagged.pop().unwrap_or(Value::Null) } else { Value::Array(tagged) }
    }

    fn trail_item(&self, tag: u64) -> Value {
        let mut members = match self.trail_value() {
            Value::Object(members) => members,
            content => Map::from_iter([("content".to_owned(), content)]),
        };
        members.insert("tag".to_owned(), Value::from(tag));
        Value::Object(members)
    }
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

fn scalar(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
    }
}
