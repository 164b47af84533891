//! EventBridge event patterns.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-content-based-filtering.html>
//!
//! Left out: `cidr` and `numeric`. A pattern that uses what is left out is an error, not a guess.

use serde_json::{Map, Value};

/// The longest pattern of a rule.
const LONGEST: usize = 2_048;

/// What events a rule wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern(Node);

/// Why a pattern is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Longer than a rule takes.
    #[error("the pattern has {0} characters, a rule takes {LONGEST}")]
    TooLong(usize),
    /// Something in the wrong place.
    #[error("`{path}` must be {expected}")]
    Shape {
        /// Where.
        path: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// An operator that is not simulated.
    #[error("`{path}`: the operator `{operator}` is not simulated")]
    Operator {
        /// Where.
        path: String,
        /// Which one.
        operator: String,
    },
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// Every member must match.
    All(Vec<(String, Node)>),
    /// One of these must match.
    Either(Vec<Node>),
    /// One of these tests must hold for the value.
    Leaf(Vec<Test>),
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Exactly(Value),
    Prefix(String),
    Suffix(String),
    IgnoringCase(String),
    Wildcard(Vec<String>),
    Exists(bool),
    AnythingBut(Vec<Test>),
}

impl Pattern {
    /// Reads a pattern.
    pub fn parse(pattern: &Value) -> Result<Self, PatternError> {
        let length = pattern.to_string().chars().count();
        if length > LONGEST {
            return Err(PatternError::TooLong(length));
        }
        node(pattern, "").map(Self)
    }

    /// Whether an event has what the pattern asks for.
    pub fn matches(&self, event: &Value) -> bool {
        self.0.matches(Some(event))
    }
}

fn node(pattern: &Value, path: &str) -> Result<Node, PatternError> {
    match pattern {
        Value::Object(members) => {
            let mut all = Vec::new();
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                if name == "$or" {
                    let ways = value.as_array().ok_or_else(|| shape(&path, "a list of patterns"))?;
                    let ways = ways.iter().map(|it| node(it, &path)).collect::<Result<_, _>>()?;
                    all.push((String::new(), Node::Either(ways)));
                } else {
                    all.push((name.clone(), node(value, &path)?));
                }
            }
            Ok(Node::All(all))
        }
        Value::Array(tests) if !tests.is_empty() => {
            tests.iter().map(|it| test(it, path)).collect::<Result<_, _>>().map(Node::Leaf)
        }
        _ => Err(shape(path, "an object or a list that is not empty")),
    }
}

fn test(pattern: &Value, path: &str) -> Result<Test, PatternError> {
    let Some(operators) = pattern.as_object() else {
        return if pattern.is_array() {
            Err(shape(path, "a list of values"))
        } else {
            Ok(Test::Exactly(pattern.clone()))
        };
    };
    let (operator, operand) = only(operators).ok_or_else(|| shape(path, "one operator"))?;
    let text = || operand.as_str().map(str::to_owned).ok_or_else(|| shape(path, "an operator with a string"));
    match operator.as_str() {
        "prefix" => text().map(Test::Prefix),
        "suffix" => text().map(Test::Suffix),
        "equals-ignore-case" => text().map(|it| Test::IgnoringCase(it.to_lowercase())),
        "wildcard" => text().map(|it| Test::Wildcard(it.split('*').map(str::to_owned).collect())),
        "exists" => operand.as_bool().map(Test::Exists).ok_or_else(|| shape(path, "`exists` with a boolean")),
        "anything-but" => match operand {
            Value::Array(values) => {
                values.iter().map(|it| test(it, path)).collect::<Result<_, _>>().map(Test::AnythingBut)
            }
            other => test(other, path).map(|it| Test::AnythingBut(vec![it])),
        },
        other => Err(PatternError::Operator { path: path.to_owned(), operator: other.to_owned() }),
    }
}

fn only(members: &Map<String, Value>) -> Option<(&String, &Value)> {
    members.iter().next().filter(|_| members.len() == 1)
}

fn shape(path: &str, expected: &'static str) -> PatternError {
    PatternError::Shape { path: path.to_owned(), expected }
}

impl Node {
    fn matches(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::Leaf(tests), value) => tests.iter().any(|it| it.holds(value)),
            // A list of objects matches if one of them does.
            (Self::All(_), Some(Value::Array(items))) => items.iter().any(|it| self.matches(Some(it))),
            (Self::All(members), value) => members.iter().all(|(name, node)| match node {
                Self::Either(ways) => ways.iter().any(|it| it.matches(value)),
                node => node.matches(value.and_then(|it| it.get(name))),
            }),
            (Self::Either(ways), value) => ways.iter().any(|it| it.matches(value)),
        }
    }
}

impl Test {
    /// A list in the event matches if one of its items does; only leaves can be tested.
    fn holds(&self, value: Option<&Value>) -> bool {
        let leaves: Vec<&Value> = match value {
            None | Some(Value::Object(_)) => Vec::new(),
            Some(Value::Array(items)) => items.iter().filter(|it| !it.is_object()).collect(),
            Some(leaf) => vec![leaf],
        };
        match self {
            Self::Exists(wanted) => *wanted != leaves.is_empty(),
            _ => leaves.iter().any(|it| self.holds_for(it)),
        }
    }

    fn holds_for(&self, leaf: &Value) -> bool {
        let text = leaf.as_str();
        match self {
            Self::Exactly(value) => value == leaf || both_numbers(value, leaf),
            Self::Prefix(prefix) => text.is_some_and(|it| it.starts_with(prefix)),
            Self::Suffix(suffix) => text.is_some_and(|it| it.ends_with(suffix)),
            Self::IgnoringCase(other) => text.is_some_and(|it| it.to_lowercase() == *other),
            Self::Wildcard(parts) => text.is_some_and(|it| wildcard(parts, it)),
            Self::AnythingBut(tests) => !tests.iter().any(|it| it.holds_for(leaf)),
            Self::Exists(wanted) => *wanted,
        }
    }
}

/// 300 and 300.0 are the same number.
fn both_numbers(left: &Value, right: &Value) -> bool {
    left.as_f64().is_some_and(|it| Some(it) == right.as_f64())
}

/// `parts` are what stands between the stars.
fn wildcard(parts: &[String], text: &str) -> bool {
    let [first, middle @ .., last] = parts else {
        return parts.first().is_some_and(|it| it == text);
    };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for part in middle {
        match rest.split_once(part.as_str()) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Pattern;

    #[test]
    fn a_pattern_matches_as_eventbridge_says() {
        let event = json!({
            "source": "aws.ec2", "account": "111122223333", "resources": ["arn:a", "arn:b"],
            "detail": {"eventName": "RunInstances", "errorCode": null, "count": 300, "responseElements": {"a": 1},
                       "items": [{"id": "i-1"}, {"id": "i-2"}]},
        });
        for (pattern, expected) in [
            (json!({"source": ["aws.ec2"]}), true),
            (json!({"source": ["aws.s3", "aws.ec2"], "detail": {"eventName": ["RunInstances"]}}), true),
            (json!({"source": ["aws.ec2"], "detail": {"eventName": ["StartInstances"]}}), false),
            (json!({"resources": ["arn:b"]}), true),
            (json!({"detail": {"errorCode": [null]}}), true),
            (json!({"detail": {"errorCode": [{"exists": false}]}}), false),
            (json!({"detail": {"errorMessage": [{"exists": false}]}}), true),
            (json!({"detail": {"errorMessage": [{"exists": true}]}}), false),
            (json!({"nothing": {"at": {"all": [{"exists": false}]}}}), true),
            (json!({"detail": {"responseElements": [{"exists": true}]}}), false),
            (json!({"detail": {"eventName": [{"prefix": "Run"}]}}), true),
            (json!({"detail": {"eventName": [{"suffix": "Image"}]}}), false),
            (json!({"detail": {"eventName": [{"equals-ignore-case": "runinstances"}]}}), true),
            (json!({"detail": {"eventName": [{"wildcard": "R*Inst*s"}]}}), true),
            (json!({"detail": {"eventName": [{"wildcard": "R*X*s"}]}}), false),
            (json!({"detail": {"eventName": [{"anything-but": "RunInstances"}]}}), false),
            (json!({"detail": {"eventName": [{"anything-but": ["StartInstances", "StopInstances"]}]}}), true),
            (json!({"detail": {"eventName": [{"anything-but": {"prefix": "Start"}}]}}), true),
            (json!({"detail": {"missing": [{"anything-but": "x"}]}}), false),
            (json!({"detail": {"count": [300.0]}}), true),
            (json!({"detail": {"items": {"id": ["i-2"]}}}), true),
            (json!({"detail": {"$or": [{"eventName": ["X"]}, {"count": [300]}]}}), true),
            (json!({"detail": {"$or": [{"eventName": ["X"]}, {"count": [1]}]}}), false),
        ] {
            assert_eq!(Pattern::parse(&pattern).unwrap().matches(&event), expected, "{pattern}");
        }
    }

    #[test]
    fn a_pattern_that_is_none_is_an_error() {
        for (pattern, text) in [
            (json!({"source": "aws.ec2"}), "`source` must be an object or a list that is not empty"),
            (json!({"source": []}), "`source` must be"),
            (
                json!({"detail": {"n": [{"numeric": [">", 1]}]}}),
                "`detail.n`: the operator `numeric` is not simulated",
            ),
            (json!({"detail": {"n": [{"exists": "yes"}]}}), "`exists` with a boolean"),
            (json!({"source": ["x".repeat(2_100)]}), "a rule takes 2048"),
        ] {
            let error = Pattern::parse(&pattern).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
    }
}
