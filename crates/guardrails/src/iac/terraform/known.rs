//! What is known of an argument of a resource.

use serde_json::Value;

/// What is known of an argument.
pub(super) enum Known<'a> {
    Is(&'a str),
    Number(u64),
    NotStated,
    Later,
}

impl<'a> Known<'a> {
    pub(super) fn of(value: &'a Value) -> Self {
        match value {
            Value::String(text) if !text.is_empty() => Self::Is(text),
            Value::Bool(true) => Self::Is("true"),
            Value::Bool(false) => Self::Is("false"),
            Value::Number(number) => number.as_u64().map_or(Self::NotStated, Self::Number),
            _ => Self::NotStated,
        }
    }
}

/// What is given of a resource.
#[derive(Clone, Copy)]
pub(in crate::iac) struct Given<'a> {
    pub(in crate::iac) after: &'a Value,
    pub(in crate::iac) unknown: &'a Value,
    /// What the configuration states of it.
    pub(in crate::iac) stated: Option<&'a Value>,
}

impl<'a> Given<'a> {
    /// An argument of the resource itself, or of a block or nested attribute that is there once at the most.
    pub(super) fn argument(&self, path: &[&str], name: &str) -> Known<'a> {
        let full = [path, &[name]].concat();
        match walk(self.after, &full).map_or(Known::NotStated, Known::of) {
            // The provider fills in what is not stated, so that it is "known after apply".
            Known::NotStated => {
                let prefixes = (1..=full.len()).filter_map(|it| full.get(..it));
                let mut unknown = prefixes.filter(|it| walk(self.unknown, it) == Some(&Value::Bool(true)));
                if unknown.next().is_some_and(|it| self.states(it)) { Known::Later } else { Known::NotStated }
            }
            known => known,
        }
    }

    /// Whether the author states an argument, or can have stated it: a plan does not contain what `dynamic` blocks
    /// state.
    pub(super) fn states(&self, path: &[&str]) -> bool {
        let Some(mut stated) = self.stated else { return true };
        for (depth, name) in path.iter().enumerate() {
            let constant = || step(stated.get("constant_value")?, name);
            match step(stated, name).or_else(constant) {
                Some(inner) => stated = inner,
                None if depth == 0 => return self.unknown.get(name).is_some_and(Value::is_array),
                // An expression for a nested attribute: its references are known, and not its parts.
                None => return stated.get("references").is_some(),
            }
        }
        true
    }

    /// Whether a block or a nested attribute is there, now or later.
    pub(super) fn has(&self, block: &str) -> bool {
        let there = |resource: &Value| match resource.get(block) {
            Some(Value::Array(items)) => !items.is_empty(),
            Some(Value::Object(_)) => true,
            _ => false,
        };
        there(self.after) || self.stated.is_some_and(|it| it.get(block).is_some())
    }
}

/// A member of an object, or of the first block.
fn step<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let value = value.as_array().map_or(Some(value), |it| it.first())?;
    value.get(name)
}

fn walk<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, name| step(value, name))
}

/// Every value at a path through objects and lists.
pub(super) fn every<'v>(value: &'v Value, path: &[&str]) -> Vec<&'v Value> {
    match (value, path.split_first()) {
        (Value::Array(items), _) => items.iter().flat_map(|it| every(it, path)).collect(),
        (_, None) => vec![value],
        (Value::Bool(true), _) => vec![value],
        (_, Some((name, rest))) => value.get(name).map(|it| every(it, rest)).unwrap_or_default(),
    }
}
