//! Asks nodes for what is expected of them, and collects every answer that is not it.
//!
//! Every question answers `None` after the problem was noted, so that reading goes on and finds the rest.

use std::ops::RangeInclusive;

use super::core_schema::{boolean, integer, is_null};
use super::keys::{self, Level};
use super::notice::{self, Notice};
use super::problem::{MOST, Problem, harmless};
use super::spelling;
use super::tree::{Entry, Mark, Node, Value};
use super::wording::{alternatives, found, shown, under, without_quotes};

#[derive(Debug, Default)]
pub(super) struct Reader {
    pub problems: Vec<Problem>,
    pub notices: Vec<Notice>,
}

/// A node and the way to it.
#[derive(Debug, Clone)]
pub(super) struct Spot<'a> {
    pub node: &'a Node,
    pub path: String,
}

/// A map whose keys were checked.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    pub at: Mark,
    pub path: String,
    entries: &'a [Entry],
    /// Known keys that are there under a wrong name.
    misspelt: Vec<&'static str>,
}

/// The words of which one is expected, and what they mean.
pub(super) struct Words<T: 'static> {
    pub all: &'static [(&'static str, T)],
    /// What to tell whoever writes a word that suggests itself and is not among them.
    pub told: &'static [(&'static str, &'static str)],
}

impl<'a> Spot<'a> {
    pub fn root(node: &'a Node) -> Self {
        Self { node, path: String::new() }
    }

    /// The text as written, whatever YAML would make of it: `012345678901` and `true` are text here. `None`
    /// for lists, maps and nothing.
    pub fn text(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Scalar { text, .. } if !is_null(self.node) => Some(text),
            _ => None,
        }
    }

    pub fn is_list(&self) -> bool {
        matches!(self.node.value, Value::List(_))
    }

    /// Key and value of a map that has no others.
    pub fn only_entry(&self) -> Option<(&'a str, Spot<'a>)> {
        match &self.node.value {
            Value::Map(entries) => match entries.as_slice() {
                [entry] => {
                    let path = under(&self.path, &entry.key);
                    Some((&entry.key, Spot { node: &entry.value, path }))
                }
                _ => None,
            },
            _ => None,
        }
    }

    pub fn is_empty_map(&self) -> bool {
        matches!(&self.node.value, Value::Map(entries) if entries.is_empty())
    }
}

impl<'a> Fields<'a> {
    pub fn get(&self, key: &str) -> Option<Spot<'a>> {
        let entry = self.entries.iter().find(|it| it.key == key)?;
        Some(Spot { node: &entry.value, path: under(&self.path, key) })
    }

    /// The keys as written, unknown ones too.
    pub fn keys(&self) -> impl Iterator<Item = &'a str> {
        self.entries.iter().map(|it| it.key.as_str())
    }
}

impl Reader {
    pub fn problem(&mut self, at: Mark, path: &str, message: impl Into<String>, hint: Option<String>) {
        let (path, message) = (path.chars().map(harmless).collect(), message.into());
        self.problems.push(Problem { line: at.line, column: at.column, path, message, hint });
    }

    /// Something else was expected here.
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
            if level.keys.contains(&entry.key.as_str()) {
                let child = Spot { node: &entry.value, path: under(&spot.path, &entry.key) };
                self.notices.extend(notice::of(level.name, &entry.key, &child));
            } else {
                let message = format!("unknown key `{}`", shown(&entry.key));
                // To look for what was meant takes long, and further down nobody reads it.
                let (hint, meant) =
                    if self.problems.len() < MOST { keys::hint(level, &entry.key) } else { (None, None) };
                self.problem(entry.key_at, &spot.path, message, hint);
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
        let place = |(index, node)| Spot { node, path: format!("{}[{index}]", spot.path) };
        Some(items.iter().enumerate().map(place).collect())
    }
}
