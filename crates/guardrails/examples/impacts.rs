//! For the tests against a foreign simulator: what a policy does to a recorded call, with the requests of each reading.
//!
//! A line holds `policy` (its text), `attachment` (`scp` or `identity`) and `record`. The answer is `outcome`, `missing`
//! (keys that the record does not hold) and `readings`, each a list of requests.

use std::io::{BufRead, Write};

use serde_json::{Value, json};
use v2only_guardrails::check::{Attachment, Outcome, Request, impact, read, recorded};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let mut answers = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        serde_json::to_writer(&mut answers, &answer(&question)?)?;
        answers.write_all(b"\n")?;
        answers.flush()?;
    }
    Ok(())
}

fn answer(question: &Value) -> Result<Value> {
    let member = |name: &str| question.get(name).and_then(Value::as_str).ok_or("a member is missing");
    let attachment = match member("attachment")? {
        "scp" => Attachment::Scp,
        _ => Attachment::Identity,
    };
    let policy = read::read(member("policy")?)?;
    let record = question.get("record").ok_or("a member is missing")?;
    let Ok(call) = recorded::read(record) else { return Ok(json!({ "outcome": "NoCall" })) };
    let (outcome, missing) = match impact::judge(&policy, attachment, &call) {
        Outcome::Denied(_) => ("ExplicitlyDenied", Vec::new()),
        Outcome::Allowed => ("Allowed", Vec::new()),
        Outcome::NotGranted => ("ImplicitlyDenied", Vec::new()),
        Outcome::Depends(keys) => ("Depends", keys.into_iter().collect()),
    };
    let readings: Vec<Vec<Value>> =
        call.readings.iter().map(|requests| requests.iter().map(request).collect()).collect();
    Ok(json!({ "outcome": outcome, "missing": missing, "readings": readings }))
}

fn request(it: &Request) -> Value {
    let principal = it.context.get("aws:principalarn").and_then(|it| it.first());
    let context: serde_json::Map<String, Value> = it
        .context
        .iter()
        .filter(|(key, _)| !key.starts_with("aws:principal"))
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
