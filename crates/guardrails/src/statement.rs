//! One sentence of a policy, as data.

use std::collections::BTreeMap;

use serde::Serialize;

/// Whether a statement grants or refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Effect {
    /// Grants what another policy does not refuse.
    Allow,
    /// Refuses, whatever else grants it.
    Deny,
}

/// A list that is written without brackets when it has one member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Many(Vec<String>),
}

impl Words {
    fn new(words: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut words: Vec<String> = words.into_iter().map(Into::into).collect();
        match (words.pop(), words.is_empty()) {
            (Some(only), true) => Self::One(only),
            (last, _) => {
                words.extend(last);
                Self::Many(words)
            }
        }
    }

    fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(word) => vec![word],
            Self::Many(words) => words,
        }
    }
}

/// A statement. All of its conditions must hold for it to apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    sid: &'static str,
    effect: Effect,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<&'static str>,
    action: Words,
    resource: Words,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    condition: BTreeMap<&'static str, BTreeMap<String, Words>>,
}

impl Statement {
    /// Refuses these actions on these resources.
    pub fn deny<A, R>(sid: &'static str, actions: A, resources: R) -> Self
    where
        A: IntoIterator<Item: Into<String>>,
        R: IntoIterator<Item: Into<String>>,
    {
        Self::new(sid, Effect::Deny, Words::new(actions), Words::new(resources))
    }

    /// Grants these actions on these resources.
    pub fn allow<A, R>(sid: &'static str, actions: A, resources: R) -> Self
    where
        A: IntoIterator<Item: Into<String>>,
        R: IntoIterator<Item: Into<String>>,
    {
        Self::new(sid, Effect::Allow, Words::new(actions), Words::new(resources))
    }

    const fn new(sid: &'static str, effect: Effect, action: Words, resource: Words) -> Self {
        Self { sid, effect, principal: None, action, resource, condition: BTreeMap::new() }
    }

    /// The same, as a resource control policy has it: for every principal.
    #[must_use]
    pub fn for_every_principal(self) -> Self {
        Self { principal: Some("*"), ..self }
    }

    /// The same, with one condition more. Values for a key that the operator has already are added to those
    /// it has: for the operators that say "not", the key must then differ from all of them.
    #[must_use]
    pub fn when<V>(mut self, operator: &'static str, key: &str, values: V) -> Self
    where
        V: IntoIterator<Item: Into<String>>,
    {
        let keys = self.condition.entry(operator).or_default();
        let before = keys.remove(key).map(Words::into_vec).unwrap_or_default();
        let all = before.into_iter().chain(values.into_iter().map(Into::into));
        keys.insert(key.to_owned(), Words::new(all));
        self
    }

    /// The same, only for requests that carry the key. Without it an operator that says "not" also applies
    /// to every request that does not.
    #[must_use]
    pub fn when_present(self, key: &str) -> Self {
        self.when("Null", key, ["false"])
    }

    /// Its name, which is also its heading in `policies/README.md`.
    pub const fn sid(&self) -> &'static str {
        self.sid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_has_no_brackets_and_the_order_is_that_of_the_grammar() {
        let statement = Statement::deny("Name", ["a:B"], ["*", "arn"])
            .when("StringNotEquals", "k", ["2"])
            .when("StringNotEquals", "k", ["1"])
            .when_present("k");
        assert_eq!(
            serde_json::to_string(&statement).unwrap(),
            r#"{"Sid":"Name","Effect":"Deny","Action":"a:B","Resource":["*","arn"],"Condition":{"Null":{"k":"false"},"StringNotEquals":{"k":["2","1"]}}}"#
        );
    }
}
