//! What is printed of sources beside their rows: how many instances the fix of each repairs, and which groups and fleets have
//! to be changed by hand.

use std::collections::{BTreeMap, BTreeSet};

use v2only_enforcer::launchers::Launcher;
use v2only_policy::Place;
use v2only_policy::cause::RootCause;

use crate::print::sheet::{Entry, Sheet, Whereabouts};
use crate::report::item::Item;
use crate::report::repoint;
use crate::run::found::Findings;
use crate::run::spool;
use crate::run::survey::LocationSurvey;
use crate::term::messages::{count, some};
use crate::term::problem::sentence;
use crate::term::text::one_line;

/// How many groups are named for each cause.
const NAMED: usize = 5;

/// Violating instances by account, Region and what set their options.
#[derive(Debug, Default)]
pub(crate) struct Causes(BTreeMap<(Place, String), Group>);

impl Causes {
    /// Counts one more.
    pub(crate) fn add(&mut self, place: &Place, cause: &RootCause, launcher: Option<&Launcher>) {
        let Group { number, groups, launchers } = self.0.entry((place.clone(), cause.words())).or_default();
        *number += 1;
        if let Some(launcher) = launcher {
            *launchers.entry(launcher_words(launcher)).or_default() += 1;
        }
        if let Some(group) = cause.group.as_ref().filter(|it| !groups.contains(it)) {
            groups.push(group.clone());
        }
    }
}

/// Violating instances by what set their options, the largest group first; `None` if there are none.
pub(crate) fn causes(findings: Findings<'_>, width: Option<u16>) -> spool::Result<Option<String>> {
    let mut grouped = Causes::default();
    findings.each(|it| {
        if let Some(cause) = it.cause {
            grouped.add(&it.record.place, cause, it.launcher);
        }
        spool::Result::Ok(())
    })?;
    Ok(counted(grouped, &findings.estate.seen, width))
}

/// The same of causes that were counted as they were found.
pub(crate) fn counted(grouped: Causes, seen: &[LocationSurvey], width: Option<u16>) -> Option<String> {
    let untraced = seen.iter().filter_map(|it| Some((&it.place, it.untraced.as_ref()?)));
    let untraced: Vec<String> = untraced
        .map(|(place, failure)| format!("  not traced in {place}: {}", one_line(&sentence(failure))))
        .collect();
    if grouped.0.is_empty() && untraced.is_empty() {
        return None;
    }
    let mut rows: Vec<_> = grouped.0.into_iter().collect();
    rows.sort_by_key(|(_, it)| std::cmp::Reverse(it.number));
    let whereabouts = Whereabouts::of(rows.iter().map(|((place, _), _)| place));
    let mut sheet = Sheet::new(&[], 0, width);
    for ((place, words), Group { number, groups, launchers }) in rows {
        let groups =
            if groups.is_empty() { String::new() } else { format!("groups {}", some(&groups, NAMED)) };
        let cells = [format!("  {}", count(number, "instance")), whereabouts.words(&place), words, groups];
        let launched = most_of(launchers);
        sheet.row(cells.into_iter().chain(launched).map(Entry::Text).collect());
    }
    let mut parts = vec!["where their options come from:".to_owned()];
    if !sheet.text().is_empty() {
        parts.push(sheet.text());
    }
    parts.extend(untraced);
    Some(parts.join("\n"))
}

/// The instances of one cause.
#[derive(Debug, Default)]
struct Group {
    number: usize,
    groups: Vec<String>,
    /// Who launched how many of them.
    launchers: BTreeMap<String, usize>,
}

fn launcher_words(launcher: &Launcher) -> String {
    match launcher {
        Launcher::Known(it) => it.words(),
        Launcher::Older => "somebody before the 90 days that CloudTrail keeps".to_owned(),
        Launcher::NotFound => "somebody CloudTrail has no record of".to_owned(),
        Launcher::Unread(_) | Launcher::NotAsked => "not known".to_owned(),
    }
}

/// Those who launched most, with how many; `None` if CloudTrail was not asked.
fn most_of(launchers: BTreeMap<String, usize>) -> Option<String> {
    let mut launchers: Vec<(String, usize)> = launchers.into_iter().collect();
    launchers.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    let words: Vec<String> = launchers.iter().map(|(words, number)| format!("{words}: {number}")).collect();
    (!words.is_empty()).then(|| format!("launched by {}", some(&words, NAMED)))
}

/// How to let the groups and fleets that name a violating version by number launch from `$Default`: one hint for each.
#[derive(Debug, Default)]
pub(crate) struct RepointAdvice(BTreeSet<String>);

impl RepointAdvice {
    /// Of all findings.
    pub(crate) fn of(findings: Findings<'_>) -> spool::Result<Self> {
        let mut advice = Self::default();
        let entries = findings.estate.entries().iter().enumerate();
        for (number, _) in entries.filter(|(_, it)| it.source) {
            findings.one(number, &mut |it: &Item<'_>| {
                advice.add(it);
                spool::Result::Ok(())
            })?;
        }
        Ok(advice)
    }

    /// Adds one resource.
    pub(crate) fn add(&mut self, it: &Item<'_>) {
        self.0.extend(repoint::advice(it));
    }

    /// The hints.
    pub(crate) fn hints(self) -> impl Iterator<Item = String> {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use v2only_policy::cause::{Launched, Setter};
    use v2only_policy::{AccountId, Region};

    #[test]
    fn causes_in_several_accounts_say_in_which() {
        let cause = RootCause {
            from: Launched::Directly,
            group: None,
            image: None,
            http_tokens: Setter::Nobody,
            hop_limit: Setter::Nobody,
        };
        let place = |account: &str| Place {
            account: AccountId::parse(account).unwrap(),
            region: Region::parse("eu-central-1").unwrap(),
        };
        let told = |accounts: &[&str]| {
            let mut causes = Causes::default();
            accounts.iter().for_each(|it| causes.add(&place(it), &cause, None));
            counted(causes, &[], None).unwrap()
        };
        let both = told(&["111122223333", "444455556666"]);
        assert!(
            both.contains("111122223333/eu-central-1") && both.contains("444455556666/eu-central-1"),
            "{both}"
        );
        assert!(!told(&["111122223333"]).contains("111122223333"), "one account needs no name");
    }
}
