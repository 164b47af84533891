//! Reads words, numbers and lists out of nodes, and collects every problem.
//!
//! Every method returns `None` after it noted the problem, so that reading goes on and finds further problems.

use std::ops::RangeInclusive;

use crate::keys::{self, Level};
use crate::notice::{self, Notice};
use crate::problem::{MOST, Problem};
use crate::spelling;
use crate::spot::{Fields, Spot};
use crate::text::{alternatives, harmless, join_index, join_key, shown};
use crate::tree::scalar::{boolean, integer};
use crate::tree::{Mark, Value};
use crate::wording::{found, without_quotes};

#[derive(Debug, Default)]
pub(super) struct Reader {
    pub problems: Vec<Problem>,
    pub notices: Vec<Notice>,
}

/// The accepted words, and what they mean.
pub(super) struct Words<T: 'static> {
    pub all: &'static [(&'static str, T)],
    /// The hints for words that suggest themselves and are not among them.
    pub told: &'static [(&'static str, &'static str)],
}

impl Reader {
    pub fn problem(&mut self, at: Mark, path: &str, message: impl Into<String>, hint: Option<String>) {
        let (path, message) = (path.chars().map(harmless).collect(), message.into());
        self.problems.push(Problem { line: at.line, column: at.column, path, message, hint });
    }

    /// Reports that the node is not what a policy document has here.
    pub fn mismatch(&mut self, spot: &Spot<'_>, expected: &str, hint: Option<String>) {
        if !matches!(spot.node.value, Value::Refused) {
            let message = format!("expected {expected}, found {}", found(spot.node));
            self.problem(spot.node.at, &spot.path, message, hint);
        }
    }

    /// A map with the keys of this level and no others.
    pub fn fields<'a>(&mut self, spot: &Spot<'a>, level: &'static Level) -> Option<Fields<'a>> {
        let Value::Map(entries) = &spot.node.value else {
            self.mismatch(spot, level.expected, level.example.map(|it| format!("write {it}")));
            return None;
        };
        let mut misspelt = Vec::new();
        for entry in entries {
            if level.keys.contains(&entry.key.text.as_str()) {
                let child = Spot { node: &entry.value, path: join_key(&spot.path, &entry.key.text) };
                self.notices.extend(notice::of(level.name, &entry.key.text, &child));
            } else {
                let message = format!("unknown key `{}`", shown(&entry.key.text));
                // To look for what was meant takes long, and further down nobody reads it.
                let (hint, meant) = if self.problems.len() < MOST {
                    keys::hint(level, &entry.key.text)
                } else {
                    (None, None)
                };
                self.problem(entry.key.at, &spot.path, message, hint);
                misspelt.extend(meant);
            }
        }
        Some(Fields { at: spot.node.at, path: spot.path.clone(), entries, misspelt })
    }

    /// What a key holds that must be there; `example` is what to write.
    pub fn required<'a>(&mut self, fields: &Fields<'a>, key: &str, example: &str) -> Option<Spot<'a>> {
        let spot = fields.get(key);
        if spot.is_none() && !fields.misspelt.contains(&key) {
            let hint = Some(format!("add {example}"));
            self.problem(fields.at, &fields.path, format!("missing key `{key}`"), hint);
        }
        spot
    }

    /// What a word under an optional key means.
    pub fn word<T: Copy>(&mut self, fields: &Fields<'_>, key: &str, words: &Words<T>) -> Option<T> {
        fields.get(key).and_then(|spot| self.word_at(&spot, words))
    }

    pub fn word_at<T: Copy>(&mut self, spot: &Spot<'_>, words: &Words<T>) -> Option<T> {
        let known: Vec<&str> = words.all.iter().map(|(word, _)| *word).collect();
        if let Some((_, meaning)) = spot.text().and_then(|text| words.all.iter().find(|it| it.0 == text)) {
            return Some(*meaning);
        }
        let hint = spot.text().and_then(|text| {
            let told = words.told.iter().find(|it| it.0 == text).map(|it| it.1.to_owned());
            told.or_else(|| spelling::nearest(text, &known).map(|it| format!("did you mean `{it}`?")))
        });
        self.mismatch(spot, &alternatives(&known), hint);
        None
    }

    /// A whole number under an optional key.
    pub fn number<T>(&mut self, fields: &Fields<'_>, key: &str, range: &RangeInclusive<T>) -> Option<T>
    where
        T: Copy + Into<i64> + TryFrom<i64>,
    {
        fields.get(key).and_then(|spot| self.number_at(&spot, range, ""))
    }

    /// A whole number; `or` begins the sentence where something else would do as well.
    pub fn number_at<T>(&mut self, spot: &Spot<'_>, range: &RangeInclusive<T>, or: &str) -> Option<T>
    where
        T: Copy + Into<i64> + TryFrom<i64>,
    {
        let (least, most) = ((*range.start()).into(), (*range.end()).into());
        let number = integer(spot.node).filter(|it| (least..=most).contains(it));
        if number.is_none() {
            let hint = without_quotes(spot.node, |bare| integer(bare).is_some());
            self.mismatch(spot, &format!("{or}a whole number from {least} to {most}"), hint);
        }
        number.and_then(|it| T::try_from(it).ok())
    }

    /// One number and no other.
    pub fn only(&mut self, spot: &Spot<'_>, wanted: i64, why: &str) {
        if integer(spot.node) != Some(wanted) {
            let hint = without_quotes(spot.node, |bare| integer(bare) == Some(wanted));
            self.mismatch(spot, &format!("`{wanted}`"), hint.or_else(|| Some(why.to_owned())));
        }
    }

    /// `true` or `false` under an optional key.
    pub fn flag(&mut self, fields: &Fields<'_>, key: &str) -> Option<bool> {
        let spot = fields.get(key)?;
        let answer = boolean(spot.node);
        if answer.is_none() {
            let meant = spot.text().and_then(|text| match text.to_ascii_lowercase().as_str() {
                "yes" | "on" | "enabled" | "y" => Some("did you mean `true`?"),
                "no" | "off" | "disabled" | "n" | "keep" => Some("did you mean `false`?"),
                _ => None,
            });
            let hint = without_quotes(spot.node, |bare| boolean(bare).is_some());
            self.mismatch(&spot, "`true` or `false`", hint.or_else(|| meant.map(str::to_owned)));
        }
        answer
    }

    /// Text that says something.
    pub fn sentence(&mut self, spot: &Spot<'_>, expected: &str) -> Option<String> {
        let text = spot.text().map(str::trim).filter(|text| !text.is_empty());
        if text.is_none() {
            self.mismatch(spot, expected, None);
        }
        text.map(str::to_owned)
    }

    /// The items of a list.
    pub fn list<'a>(
        &mut self,
        spot: &Spot<'a>,
        expected: &str,
        hint: impl FnOnce() -> Option<String>,
    ) -> Option<Vec<Spot<'a>>> {
        let Value::List(items) = &spot.node.value else {
            self.mismatch(spot, expected, hint());
            return None;
        };
        let place = |(index, node)| Spot { node, path: join_index(&spot.path, index) };
        Some(items.iter().enumerate().map(place).collect())
    }
}

/// Replaces a rule by what the document says, if it says anything.
pub(super) fn set<T>(rule: &mut T, said: Option<T>) {
    if let Some(said) = said {
        *rule = said;
    }
}
