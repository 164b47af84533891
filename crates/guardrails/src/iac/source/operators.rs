//! Steps into values, and operators.

use hcl_edit::expr::{BinaryOperator, UnaryOperator};

use super::functions::whole;
use super::syntax::Step;
use super::value::{Later, Val};

/// The keys and values that a `for` or a `dynamic` block goes through. The key is the index in a list and the element
/// in a set, and a value does not say which of the two it is.
pub(super) fn entries(value: &Val) -> Option<Vec<(Val, Val)>> {
    let key = Val::later("the key of a list or of a set");
    match value {
        Val::List(items) => Some(items.iter().map(|it| (key.clone(), it.clone())).collect()),
        other => elements(other),
    }
}

/// The keys and values that the `for_each` of a resource or of a module goes through, which accepts no list.
pub(super) fn elements(value: &Val) -> Option<Vec<(Val, Val)>> {
    match value {
        Val::Null => Some(Vec::new()),
        Val::Map(entries) => Some(entries.iter().map(|(key, it)| (Val::text(key), it.clone())).collect()),
        Val::List(items) => Some(items.iter().map(|it| (it.clone(), it.clone())).collect()),
        _ => None,
    }
}

pub(super) fn attribute(value: &Val, name: &str) -> Val {
    match value {
        Val::Map(entries) => match entries.get(name) {
            Some(found) => found.clone(),
            None => Val::refused(&format!("{name}, which the value does not have")),
        },
        Val::Later(it) => Val::Later(it.clone()),
        _ => Val::refused(&format!("{name} of a value that has no attributes")),
    }
}

pub(super) fn element(value: &Val, index: &Val) -> Val {
    match (value, index) {
        (Val::Later(it), _) | (_, Val::Later(it)) => Val::Later(it.clone()),
        (Val::Map(_), key) => match key.as_text() {
            Some(key) => attribute(value, &key),
            None => Val::refused("an index that is no key"),
        },
        (Val::List(items), index) => {
            let found = whole(index).and_then(|it| items.get(it));
            found.cloned().unwrap_or_else(|| Val::refused("an index that the list does not have"))
        }
        _ => Val::refused("an index of a value that is no list"),
    }
}

pub(super) fn concatenate(parts: &[Val]) -> Val {
    if let Some(Later { why, .. }) = parts.iter().find_map(Val::why_later) {
        return Val::later(why);
    }
    let texts: Option<Vec<_>> = parts.iter().map(Val::as_text).collect();
    texts
        .map_or_else(|| Val::refused("a template with a value that is no text"), |it| Val::text(&it.concat()))
}

pub(super) fn unary(operator: UnaryOperator, value: Val) -> Val {
    match (operator, &value) {
        (_, Val::Later(_)) => value,
        (UnaryOperator::Not, it) => it.as_bool().map_or(Val::refused("an operator"), |it| Val::Bool(!it)),
        (UnaryOperator::Neg, it) => it.as_number().map_or(Val::refused("an operator"), |it| Val::Number(-it)),
    }
}

pub(super) fn binary(operator: BinaryOperator, left: &Val, right: &Val) -> Val {
    use BinaryOperator::{And, Div, Eq, Greater, GreaterEq, Less, LessEq, Minus, Mod, Mul, NotEq, Or, Plus};
    match (operator, left.as_bool(), right.as_bool()) {
        (And, Some(false), _) | (And, _, Some(false)) => return Val::Bool(false),
        (Or, Some(true), _) | (Or, _, Some(true)) => return Val::Bool(true),
        (And | Or, Some(_), Some(_)) => return Val::Bool(operator == And),
        _ => {}
    }
    if let Some(later) = left.why_later().or_else(|| right.why_later()) {
        // A list or map with a part that is known later is not null.
        let whole = |it: &Val| !matches!(it, Val::List(_) | Val::Map(_));
        if whole(left) && whole(right) || !matches!((left, right), (Val::Null, _) | (_, Val::Null)) {
            return Val::later(&later.why);
        }
    }
    let (numbers, refused) = (left.as_number().zip(right.as_number()), Val::refused("an operator"));
    let Some((one, other)) = numbers else {
        return match operator {
            Eq => Val::Bool(left == right),
            NotEq => Val::Bool(left != right),
            _ => refused,
        };
    };
    match operator {
        Eq => Val::Bool(left == right),
        NotEq => Val::Bool(left != right),
        LessEq => Val::Bool(one <= other),
        GreaterEq => Val::Bool(one >= other),
        Less => Val::Bool(one < other),
        Greater => Val::Bool(one > other),
        Plus => Val::Number(one + other),
        Minus => Val::Number(one - other),
        Mul => Val::Number(one * other),
        Div => Val::Number(one / other),
        Mod => Val::Number(one % other),
        And | Or => refused,
    }
}

/// A reference as it is written, without what stands in brackets.
pub(super) fn written(root: &str, steps: &[Step]) -> String {
    let names = steps.iter().filter_map(|step| match step {
        Step::Name(name) => Some(name.as_str()),
        _ => None,
    });
    std::iter::once(root).chain(names).collect::<Vec<_>>().join(".")
}
