//! Resource policies: whether they let in whom they must.
//!
//! Only what is written as it is shipped is understood; anything else is doubted, never guessed at.

use serde_json::Value;

/// What a resource policy does to somebody who must be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lets {
    /// It lets them in.
    In,
    /// It does not.
    Out,
    /// This statement is not one of those that are shipped.
    Doubtful(String),
}

/// Whether `service` may do `action` on behalf of the resource `source`.
pub(super) fn lets(policy: &Value, service: &str, action: &str, source: &str) -> Lets {
    let mut inside = false;
    for (number, it) in (1..).zip(statements(policy)) {
        let name = name(number, it);
        if it.get("Effect").and_then(Value::as_str) == Some("Deny") {
            if !is_only_over_tls(it) && !spares(it.get("Condition"), source) {
                return Lets::Doubtful(name);
            }
        } else if texts(it.get("Action")).any(|it| covers(it, action))
            && texts(it.get("Principal").map(|it| it.get("Service").unwrap_or(it)))
                .any(|it| it == service || it == "*")
            && on_behalf_of(it.get("Condition"), source)
        {
            inside = true;
        }
    }
    if inside { Lets::In } else { Lets::Out }
}

/// The statement that lets anybody in the world do `action`, if one does. One with a condition is not taken for it.
pub(super) fn open_to_all(policy: &Value, action: &str) -> Option<String> {
    let anybody = |statement: &Value| {
        let principal = statement.get("Principal").map(|it| it.get("AWS").unwrap_or(it));
        statement.get("Effect").and_then(Value::as_str) == Some("Allow")
            && texts(statement.get("Action")).any(|it| covers(it, action))
            && texts(principal).any(|it| it == "*")
            && statement.get("Condition").and_then(Value::as_object).is_none_or(serde_json::Map::is_empty)
    };
    (1..).zip(statements(policy)).find(|(_, it)| anybody(it)).map(|(number, it)| name(number, it))
}

/// How a statement is called: by its `Sid`, or by its number.
fn name(number: usize, it: &Value) -> String {
    it.get("Sid").and_then(Value::as_str).map_or_else(|| number.to_string(), str::to_owned)
}

/// Whether only the accounts of an organization may put events.
pub(super) fn organization_sends(policy: &Value, organization: &str) -> Lets {
    let mut inside = false;
    for (number, it) in (1..).zip(statements(policy)) {
        let name = name(number, it);
        let puts = texts(it.get("Action")).any(|it| covers(it, "events:PutEvents"));
        if it.get("Effect").and_then(Value::as_str) == Some("Deny") {
            return Lets::Doubtful(name);
        }
        let everybody = texts(it.get("Principal").map(|it| it.get("AWS").unwrap_or(it))).any(|it| it == "*");
        if !puts || !everybody {
            continue;
        }
        let condition = it.get("Condition").and_then(Value::as_object);
        let only = condition
            .filter(|it| it.len() == 1)
            .and_then(|it| it.get("StringEquals"))
            .and_then(Value::as_object);
        match only.filter(|it| it.len() == 1).and_then(|it| it.get("aws:PrincipalOrgID")) {
            Some(named) if texts(Some(named)).any(|it| it == organization) => inside = true,
            Some(_) => {}
            // Everybody in the world, or under a condition that is not known here.
            None => return Lets::Doubtful(name),
        }
    }
    if inside { Lets::In } else { Lets::Out }
}

fn statements(policy: &Value) -> impl Iterator<Item = &Value> {
    let all = policy.get("Statement");
    let many = all.and_then(Value::as_array).into_iter().flatten();
    many.chain(all.filter(|it| it.is_object()))
}

/// One text, or a list of them: to AWS they are the same.
fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let many = value.and_then(Value::as_array).into_iter().flatten();
    many.chain(value.filter(|it| it.is_string())).filter_map(Value::as_str)
}

/// `sqs:*` and `SQS:SendMessage` cover `sqs:SendMessage`.
fn covers(granted: &str, action: &str) -> bool {
    granted == "*"
        || granted.eq_ignore_ascii_case(action)
        || granted
            .strip_suffix('*')
            .is_some_and(|it| action.to_ascii_lowercase().starts_with(&it.to_ascii_lowercase()))
}

/// Whether a denial leaves out what `source` does: AWS applies a denial only if every condition holds.
fn spares(condition: Option<&Value>, source: &str) -> bool {
    let entries = condition.and_then(Value::as_object).into_iter().flatten();
    let negated = entries.filter(|(operator, _)| {
        matches!(operator.as_str(), "ArnNotEquals" | "ArnNotLike" | "StringNotEquals" | "StringNotLike")
    });
    let mut keys = negated.filter_map(|(_, keys)| keys.as_object()).flatten();
    keys.any(|(key, values)| {
        key.eq_ignore_ascii_case("aws:SourceArn") && texts(Some(values)).any(|it| it == source)
    })
}

fn on_behalf_of(condition: Option<&Value>, source: &str) -> bool {
    let Some(condition) = condition.and_then(Value::as_object) else { return true };
    condition.iter().all(|(operator, keys)| {
        matches!(operator.as_str(), "ArnEquals" | "ArnLike" | "StringEquals" | "StringLike")
            && keys.as_object().is_some_and(|tested| {
                tested.iter().all(|(key, values)| {
                    key.eq_ignore_ascii_case("aws:SourceArn") && texts(Some(values)).any(|it| it == source)
                })
            })
    })
}

fn is_only_over_tls(it: &Value) -> bool {
    let condition = it.get("Condition").and_then(Value::as_object);
    let only = condition.filter(|it| it.len() == 1).and_then(|it| it.get("Bool")).and_then(Value::as_object);
    only.is_some_and(|test| {
        test.len() == 1
            && test.get("aws:SecureTransport").is_some_and(|it| it == "false" || it.as_bool() == Some(false))
    })
}
