//! A policy as text, turned into statements that know their lines.

use std::fmt;

use v2only_document::spelling;
use v2only_document::tree::{self, Entry, Mark, Node, Options, Value, Word};

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
    /// Its `Principal`, which only resource policies have.
    pub principal: Option<Mark>,
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its statements in the order of the text.
    pub statements: Vec<Statement>,
    /// Its `Version`.
    pub version: Option<Word>,
}

const SHAPE: &str = "write {\"Version\": \"2012-10-17\", \"Statement\": [ … ]}";

/// Reads a policy.
///
/// # Errors
/// The text is not JSON, or is not what IAM takes for a policy.
pub fn read(text: &str) -> Result<Policy, Invalid> {
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        let at = Mark { line: error.line().max(1), column: error.column().max(1) };
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
        return Err(invalid(root.at, "a policy is a JSON object", SHAPE));
    };
    let mut policy = Policy { statements: Vec::new(), version: None };
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
                    policy.statements.push(statement(node, index + 1)?);
                }
            }
            "ec2_attributes" => {
                let message = "this is a declarative policy, which has no conditions to check";
                return Err(invalid(key.at, message, "name a service control or IAM policy"));
            }
            other => return Err(unknown(key.at, other, &["Version", "Id", "Statement"])),
        }
    }
    if !seen {
        return Err(invalid(root.at, "this is no IAM policy: it has no `Statement`", SHAPE));
    }
    Ok(policy)
}

fn statement(node: &Node, number: usize) -> Result<Statement, Invalid> {
    let Value::Map(entries) = &node.value else {
        return Err(invalid(node.at, "a statement is a JSON object", "write {\"Effect\": \"Deny\", …}"));
    };
    let mut name = format!("statement {number}");
    let (mut effect, mut actions, mut resources, mut principal) = (None, None, None, None);
    let mut tests = Vec::new();
    for Entry { key, value } in entries {
        let set = |not| Ok::<_, Invalid>(Some(Set { not, words: words(value)? }));
        match key.text.as_str() {
            "Sid" => name = word(value)?.text,
            "Effect" => effect = Some(word(value)?),
            "Action" => actions = set(false)?,
            "NotAction" => actions = set(true)?,
            "Resource" => resources = set(false)?,
            "NotResource" => resources = set(true)?,
            "Principal" | "NotPrincipal" => principal = Some(key.at),
            "Condition" => tests = conditions(value)?,
            other => {
                let known = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];
                return Err(unknown(key.at, other, &known));
            }
        }
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
    let everything = Set { not: false, words: vec![Word { text: "*".to_owned(), at: node.at }] };
    let resources = resources.unwrap_or(everything);
    Ok(Statement { name, at: node.at, deny, actions, resources, tests, principal })
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
