//! What is said of sources beside their rows: which of them would mend how many instances, and what their
//! running instances still need.

use std::collections::BTreeMap;

use v2only_enforcer::scan::Judged;
use v2only_enforcer::sources::Source;
use v2only_enforcer::{Outcome, Record};
use v2only_policy::cause::RootCause;
use v2only_policy::{Place, Plan};

use super::table::{Entry, Sheet};
use crate::problem::sentence;
use crate::survey::Seen;
use crate::talk::{count, some};

/// How many groups are named for each cause.
const NAMED: usize = 5;

/// Violating instances by place and what set their options: how many, and their groups.
#[derive(Debug, Default)]
pub(crate) struct Causes(BTreeMap<(Place, String), (usize, Vec<String>)>);

impl Causes {
    /// Counts one more.
    pub(crate) fn add(&mut self, place: &Place, cause: &RootCause) {
        let (number, groups) = self.0.entry((place.clone(), cause.words())).or_default();
        *number += 1;
        if let Some(group) = cause.group.as_ref().filter(|it| !groups.contains(it)) {
            groups.push(group.clone());
        }
    }
}

/// Violating instances by what set their options, the largest group first; `None` if there are none.
pub(crate) fn causes(seen: &[Seen], width: Option<u16>) -> Option<String> {
    let mut grouped = Causes::default();
    for it in seen {
        it.causes.values().for_each(|cause| grouped.add(&it.place, cause));
    }
    counted(grouped, seen, width)
}

/// The same of causes that were counted as they were found.
pub(crate) fn counted(grouped: Causes, seen: &[Seen], width: Option<u16>) -> Option<String> {
    let untraced = seen.iter().filter_map(|it| Some((&it.place, it.untraced.as_ref()?)));
    let untraced: Vec<String> =
        untraced.map(|(place, failure)| format!("  not traced in {place}: {}", sentence(failure))).collect();
    if grouped.0.is_empty() && untraced.is_empty() {
        return None;
    }
    let mut rows: Vec<_> = grouped.0.into_iter().collect();
    rows.sort_by_key(|(_, (number, _))| std::cmp::Reverse(*number));
    let mut sheet = Sheet::new(&[], 0, width);
    for ((place, words), (number, groups)) in rows {
        let groups =
            if groups.is_empty() { String::new() } else { format!("groups {}", some(&groups, NAMED)) };
        let cells = [format!("  {}", count(number, "instance")), place.region.to_string(), words, groups];
        sheet.row(cells.map(Entry::Text).into());
    }
    let mut parts = vec!["where their options come from:".to_owned()];
    if !sheet.text().is_empty() {
        parts.push(sheet.text());
    }
    parts.extend(untraced);
    Some(parts.join("\n"))
}

/// What is left to do by hand after launch templates were mended: running instances keep their options.
pub(crate) fn refresh_advice(seen: &[Seen], records: &[Record]) -> Vec<String> {
    let mut advice = Vec::new();
    for it in seen {
        for judged in &it.judged {
            let Judged::Source(source) = judged else { continue };
            let Source::Version(template, version) = &**source else { continue };
            let Plan::Act(_) = version.decision.plan else { continue };
            let resource = source.resource();
            let fixed = records.iter().any(|record| {
                record.place == it.place && record.resource == resource && record.outcome == Outcome::Fixed
            });
            if !fixed {
                continue;
            }
            for user in template.users(version.number) {
                advice.push(format!(
                    "running instances of group {} keep their options; replace them with `aws autoscaling \
                     start-instance-refresh --auto-scaling-group-name {} --region {}`, or let `instances` be enforced",
                    user.group, user.group, it.place.region
                ));
            }
        }
    }
    advice
}
