//! Commands that a person can paste into a shell.

use std::fmt;

use serde_json::Value;
use v2only_policy::Place;

/// One command line, or several that must run in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command(String);

impl Command {
    /// `aws SERVICE OPERATION`.
    pub fn aws(service: &str, operation: &str) -> Self {
        Self(format!("aws {service} {operation}"))
    }

    /// `v2only …`.
    pub fn ours<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        words.into_iter().fold(Self("v2only".to_owned()), Self::word)
    }

    /// A line that is written as it is.
    pub fn line(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    fn word(mut self, word: &str) -> Self {
        self.0.push(' ');
        self.0.push_str(&quoted(word));
        self
    }

    /// `--name value`.
    #[must_use]
    pub fn option(mut self, name: &str, value: &str) -> Self {
        self.0.push_str(" --");
        self.0.push_str(name);
        self.word(value)
    }

    /// `--name`.
    #[must_use]
    pub fn flag(mut self, name: &str) -> Self {
        self.0.push_str(" --");
        self.0.push_str(name);
        self
    }

    /// `--name '{"some": "json"}'`.
    #[must_use]
    pub fn json(self, name: &str, value: &Value) -> Self {
        self.option(name, &value.to_string())
    }

    /// `--region …`: no command depends on what the shell's Region happens to be.
    #[must_use]
    pub fn at(self, place: &Place) -> Self {
        self.option("region", place.region.as_str())
    }

    /// First this, then the other.
    #[must_use]
    pub fn then(self, other: &Self) -> Self {
        Self(format!("{self} && {other}"))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A word as a POSIX shell takes it for one.
fn quoted(word: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || "_-./:=,@+%".contains(it);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        assert_eq!(quoted("v2only-ec2-enforcer"), "v2only-ec2-enforcer");
        assert_eq!(quoted("{\"a\": 1}"), "'{\"a\": 1}'");
        assert_eq!(quoted("it's; rm -rf"), r"'it'\''s; rm -rf'");
        assert_eq!(quoted("$(date)"), "'$(date)'");
        assert_eq!(quoted(""), "''");
    }
}
