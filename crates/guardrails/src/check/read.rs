//! A policy as text, turned into statements that know their lines.

use std::fmt;

use v2only_document::spelling;
use v2only_document::tree::{self, Entry, IssueKind, Mark, Node, Options, Value, Word};

/// Why a text is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Invalid {
    /// Where.
    pub at: Mark,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to write instead.
    pub instead: String,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.at.line, self.at.column, self.message)
    }
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// Everything but these.
    pub not: bool,
    /// The patterns.
    pub words: Vec<Word>,
}

/// One test of a condition block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// The operator as written, with `IfExists` and `ForAnyValue:`.
    pub operator: Word,
    /// The key as written.
    pub key: Word,
    /// What it is compared with.
    pub values: Vec<Word>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its `Sid`, or `statement 3`.
    pub name: String,
    /// Where it begins.
    pub at: Mark,
    /// Whether it denies.
    pub deny: bool,
    /// What it is about.
    pub actions: Set,
    /// On what; everything if it does not say.
    pub resources: Set,
    /// When; all of them must hold.
    pub tests: Vec<Test>,
    /// Its `Principal` or `NotPrincipal`, which only policies of resources have.
    pub principal: Option<Mark>,
    /// Whether the principal is everybody: `*` or `{"AWS": "*"}`.
    pub everybody: bool,
    /// Its `Sid`.
    pub sid: Option<Word>,
}

/// A mistake in the form of a policy that AWS refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Where.
    pub at: Mark,
    /// The name of the statement, if the mistake is in one.
    pub statement: Option<String>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to write instead.
    pub instead: String,
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its statements in the order of the text.
    pub statements: Vec<Statement>,
    /// Its `Version`.
    pub version: Option<Word>,
    /// Mistakes that do not keep the policy from being judged.
    pub malformed: Vec<Malformed>,
}

const SHAPE: &str = "write {\"Version\": \"2012-10-17\", \"Statement\": [ … ]}";
const WRAP: &str = "wrap it: {\"Version\": \"2012-10-17\", \"Statement\": [ … ]}";

/// Reads a policy.
///
/// # Errors
/// The text is not JSON, or is not what IAM takes for a policy.
pub fn read(text: &str) -> Result<Policy, Invalid> {
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        // serde_json counts bytes, and ends lines at line feeds only.
        let before = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len);
        let at = Mark::of_byte(text, before.sum::<usize>() + error.column().saturating_sub(1));
        return Err(invalid(at, format!("not JSON: {message}"), "repair the JSON first"));
    }
    let tree = tree::read(text, &Options::TEMPLATE);
    if let Some(issue) = tree.fatal() {
        return Err(invalid(issue.at, issue.to_string(), "repair the JSON first"));
    }
    let Some(root) = tree.root() else {
        return Err(invalid(Mark { line: 1, column: 1 }, "the file is empty", SHAPE));
    };
    let Value::Map(entries) = &root.value else {
        let is_statement = |it: &Node| it.get("Effect").is_some();
        return Err(match &root.value {
            Value::List(items) if items.iter().any(is_statement) => {
                invalid(root.at, "these are statements without their policy", WRAP)
            }
            _ => invalid(root.at, "a policy is a JSON object", SHAPE),
        });
    };
    let mut policy = Policy { statements: Vec::new(), version: None, malformed: Vec::new() };
    let mut seen = false;
    for Entry { key, value } in entries {
        match key.text.as_str() {
            "Version" => policy.version = Some(word(value)?),
            "Id" => {}
            "Statement" => {
                seen = true;
                let statements = match &value.value {
                    Value::List(items) => items.iter().collect(),
                    _ => vec![value],
                };
                for (index, node) in statements.into_iter().enumerate() {
                    policy.statements.push(statement(node, index + 1, &mut policy.malformed)?);
                }
            }
            "ec2_attributes" => {
                let message = "this is a declarative policy, which has no conditions to check";
                return Err(invalid(key.at, message, "name a service control or IAM policy"));
            }
            "Effect" | "Action" | "NotAction" | "Resource" | "NotResource" | "Principal" | "Condition"
            | "Sid" => {
                return Err(invalid(root.at, "this is a statement without its policy", WRAP));
            }
            other => return Err(unknown(key.at, other, &["Version", "Id", "Statement"])),
        }
    }
    if !seen {
        return Err(invalid(root.at, "this is no IAM policy: it has no `Statement`", SHAPE));
    }
    for issue in &tree.issues {
        if let IssueKind::DuplicateKey { key, first } = &issue.kind {
            let before = policy.statements.iter().rev().find(|it| it.at <= issue.at);
            policy.malformed.push(Malformed {
                at: issue.at,
                statement: before.map(|it| it.name.clone()),
                message: format!("`{key}` is written twice, first on line {}", first.line),
                instead: format!("write one `{key}` with all of its values"),
            });
        }
    }
    Ok(policy)
}

fn statement(node: &Node, number: usize, malformed: &mut Vec<Malformed>) -> Result<Statement, Invalid> {
    let Value::Map(entries) = &node.value else {
        return Err(invalid(node.at, "a statement is a JSON object", "write {\"Effect\": \"Deny\", …}"));
    };
    let mut name = format!("statement {number}");
    let mut sid = None;
    let mut mistakes: Vec<(Mark, String, String)> = Vec::new();
    let (mut effect, mut actions, mut resources, mut principal) = (None, None, None, None);
    let mut everybody = false;
    let mut tests = Vec::new();
    for Entry { key, value } in entries {
        let mut set = |slot: &mut Option<Set>, not: bool| -> Result<(), Invalid> {
            let words = words(value)?;
            if words.is_empty() {
                let message = format!("`{}` is an empty list", key.text);
                mistakes.push((value.at, message, "name what the statement is about".to_owned()));
            }
            match slot {
                Some(other) if other.not != not => {
                    let message = format!("`{}` stands beside its opposite", key.text);
                    let bare = key.text.trim_start_matches("Not");
                    mistakes.push((key.at, message, format!("write `{bare}` or `Not{bare}`, not both")));
                }
                _ => *slot = Some(Set { not, words }),
            }
            Ok(())
        };
        match key.text.as_str() {
            "Sid" => sid = Some(word(value)?),
            "Effect" => effect = Some(word(value)?),
            "Action" => set(&mut actions, false)?,
            "NotAction" => set(&mut actions, true)?,
            "Resource" => set(&mut resources, false)?,
            "NotResource" => set(&mut resources, true)?,
            "Principal" | "NotPrincipal" => {
                principal = Some(key.at);
                let named = value.get("AWS").unwrap_or(value);
                let only = match &named.value {
                    Value::List(items) => items.first().filter(|_| items.len() == 1).and_then(Node::text),
                    _ => named.text(),
                };
                everybody = key.text == "Principal" && only == Some("*");
            }
            "Condition" => tests = conditions(value)?,
            other => {
                let known = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];
                return Err(unknown(key.at, other, &known));
            }
        }
    }
    if let Some(sid) = sid.as_ref().filter(|it| !it.text.is_empty()) {
        name.clone_from(&sid.text);
    }
    let deny = match &effect {
        Some(word) if word.text == "Deny" => true,
        Some(word) if word.text == "Allow" => false,
        Some(word) => {
            return Err(invalid(word.at, format!("`{}` is no effect", word.text), "write `Deny` or `Allow`"));
        }
        None => return Err(invalid(node.at, format!("{name} has no `Effect`"), "add \"Effect\": \"Deny\"")),
    };
    let Some(actions) = actions else {
        return Err(invalid(
            node.at,
            format!("{name} has no `Action`"),
            "add \"Action\": \"ec2:RunInstances\"",
        ));
    };
    if resources.is_none() && principal.is_none() {
        let message = format!("{name} has no `Resource`");
        mistakes.push((node.at, message, "add \"Resource\": \"*\"".to_owned()));
    }
    malformed.extend(mistakes.into_iter().map(|(at, message, instead)| Malformed {
        at,
        statement: Some(name.clone()),
        message,
        instead,
    }));
    let everything = Set { not: false, words: vec![Word { text: "*".to_owned(), at: node.at }] };
    let resources = resources.unwrap_or(everything);
    Ok(Statement { name, at: node.at, deny, actions, resources, tests, principal, everybody, sid })
}

fn conditions(node: &Node) -> Result<Vec<Test>, Invalid> {
    const SHAPE: &str = "write {\"StringNotEquals\": {\"ec2:MetadataHttpTokens\": \"required\"}}";
    let Value::Map(operators) = &node.value else {
        return Err(invalid(node.at, "a condition is an object of operators", SHAPE));
    };
    let mut tests = Vec::new();
    for Entry { key: operator, value: keys } in operators {
        let Value::Map(keys) = &keys.value else {
            return Err(invalid(operator.at, format!("`{}` is not an object of keys", operator.text), SHAPE));
        };
        for Entry { key, value: values } in keys {
            tests.push(Test { operator: operator.clone(), key: key.clone(), values: words(values)? });
        }
    }
    Ok(tests)
}

fn words(node: &Node) -> Result<Vec<Word>, Invalid> {
    match &node.value {
        Value::List(items) => items.iter().map(word).collect(),
        _ => Ok(vec![word(node)?]),
    }
}

fn word(node: &Node) -> Result<Word, Invalid> {
    match &node.value {
        Value::Scalar { text, .. } => Ok(Word { text: text.clone(), at: node.at }),
        _ => Err(invalid(node.at, "expected a text, or a list of texts", "put it in double quotes")),
    }
}

fn unknown(at: Mark, text: &str, known: &[&'static str]) -> Invalid {
    let instead = spelling::nearest_within(text, known.iter().copied(), text.chars().count() / 5)
        .map_or_else(
            || format!("what can be here: {}", known.join(", ")),
            |nearest| format!("did you mean `{nearest}`?"),
        );
    invalid(at, format!("unknown element `{text}`"), instead)
}

fn invalid(at: Mark, message: impl Into<String>, instead: impl Into<String>) -> Invalid {
    Invalid { at, message: message.into(), instead: instead.into() }
}
