//! What an expression can be when the configuration is applied.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::json;

/// A value. Lists and maps are shared, because many resources refer to the same local value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Val {
    Null,
    Bool(bool),
    Number(f64),
    Text(Rc<str>),
    List(Rc<Vec<Val>>),
    Map(Rc<BTreeMap<String, Val>>),
    /// Known when it is applied.
    Later(Later),
    /// One of two, by a condition.
    Either(Rc<Either>),
}

/// Why a value is known later.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Later {
    /// What decides, such as `var.tokens, which has no default`.
    pub(super) why: Rc<str>,
    /// Whether it names a launch template or launch configuration of the configuration itself.
    pub(super) inside: bool,
    /// Whether Terraform refuses the expression, which `try` and `can` catch.
    pub(super) refused: bool,
}

/// Two values and what chooses between them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Either {
    /// What chooses. Two values that the same condition chooses are chosen together.
    pub(super) by: Rc<str>,
    pub(super) yes: Val,
    pub(super) no: Val,
}

/// More cases of one value than this are not told apart.
const MAX_CASES: usize = 32;
/// More conditions on the parts of values than this are not followed. Each doubles the cases.
const MAX_CONDITIONS: usize = 10;
/// More elements than this, in all cases together, are not looked through.
const MAX_CHOICES: usize = 1_000_000;

impl Val {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn list(items: Vec<Self>) -> Self {
        Self::List(Rc::new(items))
    }

    pub(super) fn map(entries: BTreeMap<String, Self>) -> Self {
        Self::Map(Rc::new(entries))
    }

    pub(super) fn later(why: &str) -> Self {
        Self::Later(Later { why: why.into(), inside: false, refused: false })
    }

    /// An expression that Terraform refuses.
    pub(super) fn refused(why: &str) -> Self {
        Self::Later(Later { why: why.into(), inside: false, refused: true })
    }

    /// A reference to a launch template or launch configuration of the configuration.
    pub(super) fn inside(address: &str) -> Self {
        Self::Later(Later { why: address.into(), inside: true, refused: false })
    }

    /// One of two values; the value itself if both are equal.
    pub(super) fn either(by: &str, yes: Self, no: Self) -> Self {
        if yes == no {
            return yes;
        }
        if yes.cases() + no.cases() > MAX_CASES {
            return Self::later(by);
        }
        Self::Either(Rc::new(Either { by: by.into(), yes, no }))
    }

    fn cases(&self) -> usize {
        match self {
            Self::Either(it) => it.yes.cases() + it.no.cases(),
            _ => 1,
        }
    }

    /// A function applied in each case.
    pub(super) fn each_case(self, apply: &mut dyn FnMut(Self) -> Self) -> Self {
        match self {
            Self::Either(it) => {
                let yes = it.yes.clone().each_case(apply);
                let no = it.no.clone().each_case(apply);
                Self::either(&it.by, yes, no)
            }
            other => apply(other),
        }
    }

    /// A function of several values, applied in each of their cases.
    pub(super) fn all_cases(values: Vec<Self>, apply: &dyn Fn(&[Self]) -> Self) -> Self {
        let Some(position) = values.iter().position(|it| matches!(it, Self::Either(_))) else {
            return apply(&values);
        };
        let Some(Self::Either(either)) = values.get(position).cloned() else { return Self::Null };
        // Each condition doubles the cases.
        let cases = values.iter().map(Self::cases).fold(1, usize::saturating_mul);
        if cases > MAX_CASES * MAX_CASES {
            return Self::later(&either.by);
        }
        let with = |yes: bool| {
            let choose = |it: &Self| it.clone().choose(&either.by, yes);
            Self::all_cases(values.iter().map(choose).collect(), apply)
        };
        Self::either(&either.by, with(true), with(false))
    }

    /// A function that compares elements of lists, or leaves some out, applied in each of their cases. With `in_maps`, the
    /// parts of maps count too.
    pub(super) fn cases_within(values: Vec<Self>, in_maps: bool, apply: &dyn Fn(&[Self]) -> Self) -> Self {
        let mut conditions = BTreeSet::new();
        values.iter().for_each(|it| it.conditions(in_maps, &mut conditions));
        let conditions: Vec<Rc<str>> = conditions.into_iter().collect();
        let elements: usize = values.iter().map(Self::size).sum();
        match conditions.first() {
            Some(by) if conditions.len() > MAX_CONDITIONS || elements << conditions.len() > MAX_CHOICES => {
                Self::later(by)
            }
            _ => Self::split(values, &conditions, apply),
        }
    }

    fn split(values: Vec<Self>, conditions: &[Rc<str>], apply: &dyn Fn(&[Self]) -> Self) -> Self {
        let Some((by, others)) = conditions.split_first() else { return apply(&values) };
        let with = |yes: bool| {
            let chosen = values.iter().map(|it| it.clone().choose(by, yes)).collect();
            Self::split(chosen, others, apply)
        };
        Self::either(by, with(true), with(false))
    }

    /// Every condition that chooses within the value.
    fn conditions(&self, in_maps: bool, found: &mut BTreeSet<Rc<str>>) {
        match self {
            Self::Either(it) => {
                found.insert(Rc::clone(&it.by));
                it.yes.conditions(in_maps, found);
                it.no.conditions(in_maps, found);
            }
            Self::List(items) => items.iter().for_each(|it| it.conditions(in_maps, found)),
            Self::Map(entries) if in_maps => entries.values().for_each(|it| it.conditions(in_maps, found)),
            _ => {}
        }
    }

    /// The value under a condition.
    pub(super) fn choose(self, by: &str, choice: bool) -> Self {
        match self {
            Self::Either(it) if &*it.by == by => {
                let chosen = if choice { it.yes.clone() } else { it.no.clone() };
                chosen.choose(by, choice)
            }
            Self::Either(it) => {
                Self::either(&it.by, it.yes.clone().choose(by, choice), it.no.clone().choose(by, choice))
            }
            Self::List(items) if items.iter().any(Self::has_cases) => {
                Self::list(items.iter().map(|it| it.clone().choose(by, choice)).collect())
            }
            Self::Map(entries) if entries.values().any(Self::has_cases) => {
                let choose = |(key, it): (&String, &Self)| (key.clone(), it.clone().choose(by, choice));
                Self::map(entries.iter().map(choose).collect())
            }
            other => other,
        }
    }

    fn has_cases(&self) -> bool {
        self.condition().is_some()
    }

    /// The first condition that chooses within the value.
    pub(super) fn condition(&self) -> Option<Rc<str>> {
        match self {
            Self::Either(it) => Some(Rc::clone(&it.by)),
            Self::List(items) => items.iter().find_map(Self::condition),
            Self::Map(entries) => entries.values().find_map(Self::condition),
            _ => None,
        }
    }

    /// The length of a text, or the number of elements of a list or a map.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::List(items) => items.len(),
            Self::Map(entries) => entries.len(),
            _ => 1,
        }
    }

    /// Whether the value consists of at most so many values, one within the other. The same list may stand in many places.
    pub(super) fn fits(&self, most: usize) -> bool {
        fn take(value: &Val, left: &mut usize) -> bool {
            let Some(rest) = left.checked_sub(1) else { return false };
            *left = rest;
            match value {
                Val::Either(it) => take(&it.yes, left) && take(&it.no, left),
                Val::List(items) => items.iter().all(|it| take(it, left)),
                Val::Map(entries) => entries.values().all(|it| take(it, left)),
                _ => true,
            }
        }
        take(self, &mut { most })
    }

    /// A scalar as text, as Terraform converts it.
    pub(super) fn as_text(&self) -> Option<Rc<str>> {
        match self {
            Self::Text(text) => Some(Rc::clone(text)),
            Self::Bool(it) => Some(it.to_string().into()),
            Self::Number(it) => Some(it.to_string().into()),
            _ => None,
        }
    }

    /// A number, also if it is written as text.
    pub(super) fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(it) => Some(*it),
            Self::Text(it) => it.parse().ok(),
            _ => None,
        }
    }

    /// A truth value, also if it is written as text.
    pub(super) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(it) => Some(*it),
            Self::Text(it) => it.parse().ok(),
            _ => None,
        }
    }

    /// Why the value, or a part of it, is known later.
    pub(super) fn why_later(&self) -> Option<&Later> {
        match self {
            Self::Later(it) => Some(it),
            Self::Either(it) => it.yes.why_later().or_else(|| it.no.why_later()),
            Self::List(items) => items.iter().find_map(Self::why_later),
            Self::Map(entries) => entries.values().find_map(Self::why_later),
            _ => None,
        }
    }

    /// Whether Terraform refuses the value, or a part of it, in one of its cases.
    pub(super) fn is_refused(&self) -> bool {
        match self {
            Self::Later(it) => it.refused,
            Self::Either(it) => it.yes.is_refused() || it.no.is_refused(),
            Self::List(items) => items.iter().any(Self::is_refused),
            Self::Map(entries) => entries.values().any(Self::is_refused),
            _ => false,
        }
    }

    /// The value as JSON. What is known later is left out.
    pub(super) fn json(&self) -> Option<serde_json::Value> {
        match self {
            Self::Null | Self::Later(_) | Self::Either(_) => None,
            Self::Bool(it) => Some(json!(it)),
            Self::Number(it) => it.to_string().parse().ok().map(serde_json::Value::Number),
            Self::Text(it) => Some(json!(&**it)),
            Self::List(items) => Some(items.iter().map(|it| it.json().unwrap_or_default()).collect()),
            Self::Map(entries) => {
                let known = entries.iter().filter_map(|(key, it)| Some((key.clone(), it.json()?)));
                Some(serde_json::Value::Object(known.collect()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What bounds values that grow.
    #[test]
    fn a_value_is_as_large_as_its_parts_together() {
        let entries = |count: u32| Val::map((0..count).map(|it| (it.to_string(), Val::Null)).collect());
        let items = |count: usize| Val::list(vec![Val::text("abc"); count]);
        assert_eq!((Val::text("abc").size(), items(4).size(), entries(5).size()), (3, 4, 5));
        assert_eq!((Val::Null.size(), Val::Number(1.0).size()), (1, 1));
        let nested = Val::list(vec![items(2), items(2), Val::either("c", entries(1), Val::Null)]);
        // The list, three elements, two texts in each of two, an entry, and the two choices.
        for (value, count) in [(Val::Null, 1), (items(2), 3), (entries(2), 3), (nested, 11)] {
            assert_eq!((value.fits(count - 1), value.fits(count)), (false, true), "{value:?}");
        }
    }
}
