//! For the tests against a foreign simulator: what a policy does to each request, with the request.
//!
//! A line holds `policy` (its text), `attachment` (`scp` or `identity`). The answer is a list of `id`,
//! `outcome`, and `requests` as they were asked.

use std::io::{BufRead, Write};

use serde_json::{Value, json};
use v2only_guardrails::Settings;
use v2only_guardrails::check::{Against, Attachment, Case, Outcome, Request, check};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let mut answers = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        let answer = effects(&question)?;
        serde_json::to_writer(&mut answers, &answer)?;
        answers.write_all(b"\n")?;
        answers.flush()?;
    }
    Ok(())
}

fn effects(question: &Value) -> Result<Value> {
    let member = |name: &str| question.get(name).and_then(Value::as_str).ok_or("a member is missing");
    let attachment = match member("attachment")? {
        "scp" => Attachment::Scp,
        _ => Attachment::Identity,
    };
    let settings = Settings::shipped();
    let report = check(member("policy")?, Against { settings: &settings, own: false, attachment })?;
    let codes: Vec<&str> = report.findings.iter().map(|it| it.code).collect();
    Ok(json!({"findings": codes, "cases": report.effects.iter().map(case).collect::<Vec<_>>()}))
}

fn case(it: &Case) -> Value {
    let outcome = match it.outcome {
        Outcome::Denied(_) => "ExplicitlyDenied",
        Outcome::Allowed => "Allowed",
        Outcome::NotGranted => "ImplicitlyDenied",
        Outcome::Depends(_) => "Depends",
    };
    json!({"id": it.id, "outcome": outcome, "requests": it.requests.iter().map(request).collect::<Vec<_>>()})
}

fn request(it: &Request) -> Value {
    let principal = it.context.get("aws:principalarn").and_then(|it| it.first());
    let context: serde_json::Map<String, Value> = it
        .context
        .iter()
        .filter(|(key, _)| *key != "aws:principalarn")
        .map(|(key, values)| match (key.as_str(), values.as_slice()) {
            ("aws:tagkeys", values) => (key.clone(), json!(values)),
            (_, [value]) => (key.clone(), json!(value)),
            (_, values) => (key.clone(), json!(values)),
        })
        .collect();
    json!({
        "action": it.action, "resource": it.resource, "principal": principal, "account": "111122223333",
        "context": context,
    })
}
