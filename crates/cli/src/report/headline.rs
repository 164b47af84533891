//! How many instances and notebooks answer IMDSv1, in one sentence.

use v2only_enforcer::ResourceId;
use v2only_enforcer::scan::Kinds;

use crate::report::item::Item;

/// How many answer version 1.
#[derive(Default)]
pub(crate) struct Answering {
    instances: usize,
    notebooks: usize,
}

impl Answering {
    pub(crate) fn add(&mut self, it: &Item<'_>) {
        if it.answers_version_1() {
            self.instances += usize::from(matches!(it.record.resource, ResourceId::Instance(_)));
            self.notebooks += usize::from(matches!(it.record.resource, ResourceId::Notebook(_)));
        }
    }
}

/// The answer to the first question, as far as this run asked it.
pub(crate) fn headline(answering: &Answering, whole: bool, kinds: Kinds) -> String {
    let (what, besides) = match (kinds.instances, kinds.notebooks) {
        (true, true) => ("Nothing", ""),
        (true, false) => ("No instance", "; notebooks were not looked at"),
        (false, true) => ("No notebook", "; instances were not looked at"),
        (false, false) => return "Instances and notebooks were not looked at".to_owned(),
    };
    let parts = [(answering.instances, "instance"), (answering.notebooks, "notebook")];
    let total: usize = parts.iter().map(|(number, _)| number).sum();
    let named: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| format!("{} {noun}{}", grouped(*number), if *number == 1 { "" } else { "s" }))
        .collect();
    let least = if whole { "" } else { "At least " };
    match total {
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
