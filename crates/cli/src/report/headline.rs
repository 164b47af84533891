//! How many instances and notebooks answer IMDSv1, in one sentence.

use std::collections::BTreeMap;

use v2only_enforcer::scan::Kinds;
use v2only_policy::ResourceKind;

use crate::report::item::Item;

/// How many answer version 1, by their kinds.
#[derive(Default)]
pub(crate) struct Answering(BTreeMap<ResourceKind, usize>);

impl Scope {
    /// Whether this is every resource of every kind.
    pub(crate) fn is_everything(self) -> bool {
        self.kinds == Kinds::All && !self.selects
    }

    /// The kinds that are read completely.
    pub(crate) const fn complete_kinds(self) -> Kinds {
        if self.selects { Kinds::None } else { self.kinds }
    }
}

impl Answering {
    pub(crate) fn add(&mut self, it: &Item<'_>) {
        if let Some(kind) = it.record.resource.in_registry()
            && it.answers_version_1()
        {
            *self.0.entry(kind).or_default() += 1;
        }
    }
}

/// The resources that a run is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope {
    pub(crate) kinds: Kinds,
    /// Whether only some of the resources of these kinds are selected.
    pub(crate) selects: bool,
}

/// The answer to the first question, as far as this run asked it.
pub(crate) fn headline(answering: &Answering, whole: bool, scope: Scope) -> String {
    let (what, besides) = match scope.kinds {
        Kinds::All => ("Nothing".to_owned(), ""),
        Kinds::Only(ResourceKind::Instance) => ("No instance".to_owned(), "; notebooks were not looked at"),
        Kinds::Only(ResourceKind::Notebook) => ("No notebook".to_owned(), "; instances were not looked at"),
        Kinds::Only(kind) if kind.is_instance() => {
            (format!("No {}", kind.about().noun), "; instances and notebooks were not looked at")
        }
        Kinds::Only(_) | Kinds::LaunchSources | Kinds::None => {
            return "Instances and notebooks were not looked at".to_owned();
        }
    };
    let total: usize = answering.0.values().sum();
    let named: Vec<String> = answering
        .0
        .iter()
        .map(|(kind, number)| {
            let plural = if *number == 1 { "" } else { "s" };
            format!("{} {}{plural}", grouped(*number), kind.about().noun)
        })
        .collect();
    let least = if whole { "" } else { "At least " };
    match total {
        0 if whole && scope.selects => format!("{what} that is selected answers IMDSv1{besides}"),
        0 if whole => format!("{what} answers IMDSv1 any more{besides}"),
        0 => format!("{what} that could be read answers IMDSv1{besides}"),
        1 => format!("{least}{} still answers IMDSv1{besides}", named.join(" and ")),
        _ => format!("{least}{} still answer IMDSv1{besides}", named.join(" and ")),
    }
}

/// `12 345`, with narrow blanks that do not break.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let numbers = [0, 12, 999, 1000, 1_234_567].map(grouped);
        assert_eq!(numbers, ["0", "12", "999", "1\u{202f}000", "1\u{202f}234\u{202f}567"]);
    }
}
