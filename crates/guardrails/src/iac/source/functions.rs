//! The functions that are evaluated.
//!
//! Source: Terraform, "Built-in Functions".

use std::collections::BTreeMap;

use super::value::{Later, Val};

/// The result of a function. None of the arguments is one of several cases.
pub(super) fn call(name: &str, arguments: &[Val]) -> Val {
    let name = bare(name);
    match name {
        "try" => return attempt(arguments),
        "can" => return can(arguments),
        "coalesce" => return coalesce(arguments),
        _ => {}
    }
    if let Some(later) = arguments.iter().find_map(as_later) {
        let laters: Vec<&Later> = arguments.iter().filter_map(as_later).collect();
        let inside = PASSING.contains(&name) && laters.iter().all(|it| it.inside);
        return Val::Later(Later { inside, ..later.clone() });
    }
    known(name, arguments).unwrap_or_else(|| Val::later(&format!("the function {name}")))
}

/// Functions whose result is one of the arguments or of their parts.
const PASSING: &[&str] = &[
    "one",
    "element",
    "concat",
    "join",
    "tostring",
    "flatten",
    "compact",
    "tolist",
    "toset",
    "distinct",
    "values",
    "sensitive",
    "nonsensitive",
    "format",
    "split",
];

/// Functions whose result depends on what each element is, and not only on which there are.
const COMPARING: &[&str] = &["contains", "distinct", "toset", "compact", "flatten"];

/// Whether a function has to be applied in each case of the elements of its arguments.
pub(super) fn compares_elements(name: &str) -> bool {
    COMPARING.contains(&bare(name))
}

/// Whether a function tells apart in which cases Terraform refuses an argument.
pub(super) fn catches(name: &str) -> bool {
    matches!(bare(name), "try" | "can")
}

fn bare(name: &str) -> &str {
    name.strip_prefix("core::").unwrap_or(name)
}

fn as_later(value: &Val) -> Option<&Later> {
    match value {
        Val::Later(it) => Some(it),
        _ => None,
    }
}

/// The first argument that Terraform does not refuse.
fn attempt(arguments: &[Val]) -> Val {
    let accepted = arguments.iter().find(|it| !it.is_refused());
    accepted.cloned().unwrap_or_else(|| Val::refused("the function try"))
}

fn can(arguments: &[Val]) -> Val {
    match arguments.first() {
        Some(Val::Later(later)) if !later.refused => Val::Later(later.clone()),
        first => Val::Bool(first.is_some_and(|it| !it.is_refused())),
    }
}

/// The first argument that is neither null nor an empty text.
fn coalesce(arguments: &[Val]) -> Val {
    let empty = |it: &&Val| matches!(it, Val::Null) || matches!(it, Val::Text(text) if text.is_empty());
    arguments.iter().find(|it| !empty(it)).cloned().unwrap_or_else(|| Val::refused("the function coalesce"))
}

fn known(name: &str, arguments: &[Val]) -> Option<Val> {
    let first = arguments.first()?;
    let second = arguments.get(1);
    Some(match name {
        "tolist" | "tomap" | "sensitive" | "nonsensitive" => first.clone(),
        "toset" | "distinct" => {
            let items = items(first)?;
            match open(&items, Val::why_later).filter(|_| items.len() > 1) {
                Some(later) => later,
                None => Val::list(distinct(items)),
            }
        }
        "tostring" => Val::Text(first.as_text()?),
        "tonumber" => Val::Number(first.as_number()?),
        "tobool" => Val::Bool(first.as_bool()?),
        "lower" => Val::text(&first.as_text()?.to_lowercase()),
        "upper" => Val::text(&first.as_text()?.to_uppercase()),
        "trimspace" => Val::text(first.as_text()?.trim()),
        "startswith" => Val::Bool(first.as_text()?.starts_with(&*second?.as_text()?)),
        "endswith" => Val::Bool(first.as_text()?.ends_with(&*second?.as_text()?)),
        "length" => Val::Number(f64::from(u32::try_from(length(first)?).ok()?)),
        "lookup" => lookup(first, &second?.as_text()?, arguments.get(2)),
        "contains" => {
            let (items, wanted) = (items(first)?, second?);
            let is_open = |it: &Val| it.why_later().is_some() || it.condition().is_some();
            if !items.contains(wanted) && items.iter().chain([wanted]).any(is_open) {
                return None;
            }
            Val::Bool(items.contains(wanted))
        }
        "keys" => Val::list(map(first)?.keys().map(|it| Val::text(it)).collect()),
        "values" => Val::list(map(first)?.values().cloned().collect()),
        "merge" => merge(arguments)?,
        "concat" => {
            let lists: Option<Vec<Vec<Val>>> = arguments.iter().map(items).collect();
            Val::list(lists?.concat())
        }
        "flatten" => {
            let flat = flatten(items(first)?);
            open(&flat, as_later).unwrap_or(Val::list(flat))
        }
        "compact" => {
            let items = items(first)?;
            let kept = |it: &Val| !matches!(it, Val::Null) && it.as_text().is_none_or(|it| !it.is_empty());
            open(&items, as_later).unwrap_or_else(|| Val::list(items.into_iter().filter(kept).collect()))
        }
        "one" => match items(first)?.as_slice() {
            [] => Val::Null,
            [only] => only.clone(),
            _ => Val::refused("the function one"),
        },
        "element" => {
            let items = items(first)?;
            let index = whole(second?)?;
            items.get(index.checked_rem(items.len())?)?.clone()
        }
        "join" => {
            let texts: Option<Vec<_>> = items(second?)?.iter().map(Val::as_text).collect();
            Val::text(&texts?.join(&first.as_text()?))
        }
        "split" => Val::list(second?.as_text()?.split(&*first.as_text()?).map(Val::text).collect()),
        "alltrue" => Val::Bool(
            items(first)?.iter().map(Val::as_bool).collect::<Option<Vec<_>>>()?.iter().all(|it| *it),
        ),
        "anytrue" => Val::Bool(
            items(first)?.iter().map(Val::as_bool).collect::<Option<Vec<_>>>()?.iter().any(|it| *it),
        ),
        "jsonencode" if first.why_later().is_none() && first.condition().is_none() => {
            Val::text(&first.json().unwrap_or_default().to_string())
        }
        _ => return None,
    })
}

/// A whole number that can be an index.
pub(super) fn whole(value: &Val) -> Option<usize> {
    value.as_number()?.to_string().parse().ok()
}

/// The first element that is known later. The id of a launch template is one that differs from others, and no list.
fn open(items: &[Val], later: fn(&Val) -> Option<&Later>) -> Option<Val> {
    items.iter().filter_map(later).find(|it| !it.inside).map(|it| Val::Later(it.clone()))
}

fn items(value: &Val) -> Option<Vec<Val>> {
    match value {
        Val::List(items) => Some(items.to_vec()),
        _ => None,
    }
}

fn map(value: &Val) -> Option<&BTreeMap<String, Val>> {
    match value {
        Val::Map(entries) => Some(entries),
        _ => None,
    }
}

fn length(value: &Val) -> Option<usize> {
    match value {
        Val::List(items) => Some(items.len()),
        Val::Map(entries) => Some(entries.len()),
        Val::Text(text) => Some(text.chars().count()),
        _ => None,
    }
}

fn lookup(map: &Val, key: &str, default: Option<&Val>) -> Val {
    let Val::Map(entries) = map else { return Val::refused("the function lookup") };
    let found = entries.get(key).or(default);
    found.cloned().unwrap_or_else(|| Val::refused("the function lookup"))
}

fn merge(arguments: &[Val]) -> Option<Val> {
    let mut merged = BTreeMap::new();
    for argument in arguments {
        match argument {
            Val::Null => {}
            other => merged.extend(map(other)?.clone()),
        }
    }
    Some(Val::map(merged))
}

fn flatten(items: Vec<Val>) -> Vec<Val> {
    let flat = items.into_iter().flat_map(|item| match item {
        Val::List(inner) => flatten(inner.to_vec()),
        other => vec![other],
    });
    flat.collect()
}

/// Texts are compared by a set, so that a long list takes no longer than it must.
fn distinct(items: Vec<Val>) -> Vec<Val> {
    let mut texts = std::collections::BTreeSet::new();
    let mut others: Vec<Val> = Vec::new();
    let mut kept = Vec::new();
    for item in items {
        let new = match &item {
            Val::Text(text) => texts.insert(text.to_string()),
            other => {
                let new = !others.contains(other);
                if new {
                    others.push(other.clone());
                }
                new
            }
        };
        if new {
            kept.push(item);
        }
    }
    kept
}
