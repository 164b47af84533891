//! What the functions wrote: one JSON object per line, nothing on standard error.

use serde_json::Value;

/// One line of a function's standard output.
#[derive(Debug, Clone, PartialEq)]
pub struct Line(pub Value);

impl Line {
    /// Reads a line.
    ///
    /// # Panics
    /// When it is no JSON object.
    pub fn parse(text: &str) -> Self {
        match serde_json::from_str::<Value>(text) {
            Ok(value) if value.is_object() => Self(value),
            _ => panic!("not a JSON object: {text}"),
        }
    }

    /// A text in it; empty if there is none of that name.
    pub fn text(&self, key: &str) -> &str {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// A list of texts in it, joined by "; ".
    pub fn texts(&self, key: &str) -> String {
        let items = self.0.get(key).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).collect::<Vec<_>>().join("; ")
    }

    /// Whether it is about a resource.
    pub fn is_record(&self) -> bool {
        self.0.get("resource").is_some()
    }

    /// Whether this came of something.
    pub fn is(&self, outcome: &str) -> bool {
        self.text("outcome") == outcome
    }

    /// Whether it holds the metrics of an invocation.
    pub fn is_metrics(&self) -> bool {
        self.0.get("_aws").is_some()
    }

    /// `violation act fixed`: verdict, plan and outcome, each where it is said, with the hold of a plan that
    /// holds and the kind of a failure.
    pub fn brief(&self) -> String {
        let keys = ["verdict", "plan", "hold", "outcome", "error"];
        let words = keys.map(|key| self.text(key)).into_iter().filter(|it| !it.is_empty());
        words.collect::<Vec<_>>().join(" ")
    }
}

/// The lines about one resource, in brief.
pub fn story(lines: &[Line], resource: &str) -> Vec<String> {
    lines.iter().filter(|it| it.text("resource") == resource).map(Line::brief).collect()
}
