//! Whether a statement applies to a request: yes, no, or "it depends on this key", never a guess.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Policy evaluation logic".

use std::collections::{BTreeMap, BTreeSet};

use super::glob;
use super::read::{Set, Statement, Test};
use crate::Word;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// For example `ec2:RunInstances`.
    pub action: String,
    /// An ARN, or `*` where the action has no resource type. Empty if it is not known.
    pub resource: String,
    /// What is known of it, by key in small letters; no values = it is known not to carry the key.
    pub context: BTreeMap<String, Vec<String>>,
    /// Prefixes of keys, in small letters, that are known completely: one that is not in `context` is
    /// not carried.
    pub known: &'static [&'static str],
}

/// Yes, no, or it depends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It depends on these keys.
    Depends(BTreeSet<String>),
}

impl Answer {
    const fn of(it: bool) -> Self {
        if it { Self::Yes } else { Self::No }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, it) | (it, Self::Yes) => it,
            (Self::Depends(mut one), Self::Depends(other)) => {
                one.extend(other);
                Self::Depends(one)
            }
        }
    }
}

/// Whether a statement applies.
pub fn applies(statement: &Statement, request: &Request) -> Answer {
    let action = |pattern: &str| glob::matches_ignoring_case(pattern, &request.action);
    if !among(&statement.actions, action) {
        return Answer::No;
    }
    let resource = on_resource(&statement.resources, request);
    if resource == Answer::No {
        return Answer::No;
    }
    let tests = statement.tests.iter().map(|test| holds(test, request)).fold(Answer::Yes, Answer::and);
    resource.and(tests)
}

/// Whether a statement is about the resource. Of one that is not known only `*` is sure.
fn on_resource(set: &Set, request: &Request) -> Answer {
    if request.resource.is_empty() && !set.words.iter().any(|it| it.text == "*") {
        return Answer::Depends(BTreeSet::from(["the resource".to_owned()]));
    }
    Answer::of(among(set, |it| glob::matches(it, &request.resource)))
}

fn among(set: &Set, matches: impl Fn(&str) -> bool) -> bool {
    set.words.iter().any(|it| matches(&it.text)) != set.not
}

/// How an operator compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// As text.
    Equals,
    /// As text, without regard to case.
    EqualsIgnoringCase,
    /// With `*` and `?`.
    Like,
    /// As ARNs with `*` and `?`.
    Arn,
    /// As numbers: whether the request's may be less, equal, greater.
    Number(bool, bool, bool),
    /// `true` or `false`.
    Bool,
    /// Whether the key is missing.
    Null,
    /// An operator that is not followed here.
    Other,
}

/// An operator, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    /// How it compares.
    pub compare: Compare,
    /// Whether it holds for what is not so.
    pub not: bool,
    /// Whether it holds where the key is missing.
    pub if_exists: bool,
    /// `ForAnyValue:` or `ForAllValues:`.
    pub quantifier: Option<Quantifier>,
}

/// How an operator treats a key with several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    /// One of them is enough.
    Any,
    /// All of them; none at all is all of them too.
    All,
}

impl Operator {
    /// Takes an operator apart; `None` if there is none of that name.
    pub fn parse(text: &str) -> Option<Self> {
        let folded = text.to_ascii_lowercase();
        let (quantifier, rest) = if let Some(rest) = folded.strip_prefix("foranyvalue:") {
            (Some(Quantifier::Any), rest)
        } else if let Some(rest) = folded.strip_prefix("forallvalues:") {
            (Some(Quantifier::All), rest)
        } else {
            (None, folded.as_str())
        };
        let (name, if_exists) = rest.strip_suffix("ifexists").map_or((rest, false), |it| (it, true));
        let (compare, not) = match name {
            "stringequals" => (Compare::Equals, false),
            "stringnotequals" => (Compare::Equals, true),
            "stringequalsignorecase" => (Compare::EqualsIgnoringCase, false),
            "stringnotequalsignorecase" => (Compare::EqualsIgnoringCase, true),
            "stringlike" => (Compare::Like, false),
            "stringnotlike" => (Compare::Like, true),
            "arnequals" | "arnlike" => (Compare::Arn, false),
            "arnnotequals" | "arnnotlike" => (Compare::Arn, true),
            "numericequals" => (Compare::Number(false, true, false), false),
            "numericnotequals" => (Compare::Number(false, true, false), true),
            "numericlessthan" => (Compare::Number(true, false, false), false),
            "numericlessthanequals" => (Compare::Number(true, true, false), false),
            "numericgreaterthan" => (Compare::Number(false, false, true), false),
            "numericgreaterthanequals" => (Compare::Number(false, true, true), false),
            "bool" => (Compare::Bool, false),
            "null" => (Compare::Null, false),
            "dateequals"
            | "datenotequals"
            | "datelessthan"
            | "datelessthanequals"
            | "dategreaterthan"
            | "dategreaterthanequals"
            | "binaryequals"
            | "ipaddress"
            | "notipaddress" => (Compare::Other, name.contains("not")),
            _ => return None,
        };
        Some(Self { compare, not, if_exists, quantifier })
    }
}

fn holds(test: &Test, request: &Request) -> Answer {
    let key = test.key.text.to_ascii_lowercase();
    let depends = || Answer::Depends(BTreeSet::from([test.key.text.clone()]));
    let Some(operator) = Operator::parse(&test.operator.text) else { return depends() };
    let known = request.known.iter().any(|it| key.starts_with(it));
    let carried = match request.context.get(&key) {
        Some(values) if values.is_empty() => None,
        Some(values) => Some(values),
        None if known => None,
        None => return depends(),
    };
    if operator.compare == Compare::Null {
        let missing = test.values.iter().any(|it| it.text.eq_ignore_ascii_case("true"));
        return Answer::of(missing == carried.is_none());
    }
    let Some(carried) = carried else {
        return Answer::of(match operator.quantifier {
            Some(Quantifier::All) => true,
            Some(Quantifier::Any) => operator.if_exists,
            None => operator.not || operator.if_exists,
        });
    };
    if operator.compare == Compare::Other || test.values.iter().any(|it| it.text.contains("${")) {
        return depends();
    }
    let one =
        |value: &String| test.values.iter().any(|it| equal(operator.compare, it, value)) != operator.not;
    Answer::of(match operator.quantifier {
        Some(Quantifier::All) => carried.iter().all(one),
        Some(Quantifier::Any) | None => carried.iter().any(one),
    })
}

fn equal(compare: Compare, wanted: &Word, carried: &str) -> bool {
    let wanted = wanted.text.as_str();
    match compare {
        Compare::Equals => wanted == carried,
        Compare::EqualsIgnoringCase => wanted.eq_ignore_ascii_case(carried),
        Compare::Like => glob::matches(wanted, carried),
        Compare::Arn => glob::matches_arn(wanted, carried),
        Compare::Number(less, same, greater) => match (wanted.parse::<f64>(), carried.parse::<f64>()) {
            (Ok(wanted), Ok(carried)) => {
                (less && carried < wanted)
                    || (same && (carried - wanted).abs() < f64::EPSILON)
                    || (greater && carried > wanted)
            }
            _ => false,
        },
        Compare::Bool => wanted.eq_ignore_ascii_case(carried),
        Compare::Null | Compare::Other => false,
    }
}

/// Whether a statement is about an action at all.
pub fn applies_to(statement: &Statement, action: &str) -> bool {
    among(&statement.actions, |pattern| glob::matches_ignoring_case(pattern, action))
}

#[cfg(test)]
mod tests;
