//! What would mend several instances at once, the most first.

use std::collections::BTreeMap;

use v2only_enforcer::ResourceId;
use v2only_policy::cause::{Launched, RootCause, Setter};
use v2only_policy::{LaunchTemplateId, Place};

use super::ROWS;
use super::words::{grouped, percent, sentence_case};
use crate::output::items::Item;
use crate::output::plain;
use crate::talk::{count, some};

/// What would mend several at once.
pub(super) struct Cause {
    pub(super) words: String,
    /// What people call it.
    pub(super) name: String,
    pub(super) place: String,
    pub(super) instances: usize,
    pub(super) share: usize,
    pub(super) groups: String,
    /// What mends it, where that is known.
    pub(super) remedy: String,
}

/// What is known of one cause.
#[derive(Default)]
struct Found {
    instances: usize,
    groups: Vec<String>,
    name: String,
    remedy: String,
}

pub(super) fn causes(items: &[Item<'_>]) -> Vec<Cause> {
    let named = |it: &Item<'_>| match (&it.record.resource, it.name()) {
        (ResourceId::TemplateVersion(id, _), Some(name)) => {
            Some(((it.record.place.clone(), id.clone()), plain(name)))
        }
        _ => None,
    };
    let names: BTreeMap<(Place, LaunchTemplateId), String> = items.iter().filter_map(named).collect();
    let mut by_cause: BTreeMap<(&Place, String), Found> = BTreeMap::new();
    for item in items.iter().filter(|it| it.violates()) {
        let Some(cause) = item.cause else { continue };
        let place = &item.record.place;
        let Found { instances, groups, name, remedy } =
            by_cause.entry((place, cause_words(cause))).or_default();
        *instances += 1;
        if let Some(words) = cause.remedy() {
            *remedy = sentence_case(&plain(&words));
        }
        if let Some(group) = cause.group.as_ref().filter(|it| !groups.contains(it)) {
            groups.push(plain(group));
        }
        if let (Setter::Source | Setter::Elsewhere, Launched::Template(id, _)) =
            (cause.http_tokens, &cause.from)
            && let Some(known) = names.get(&(place.clone(), id.clone()))
        {
            known.clone_into(name);
        }
    }
    let most = by_cause.values().map(|it| it.instances).max().unwrap_or(0);
    let mut causes: Vec<Cause> = by_cause
        .into_iter()
        .map(|((place, words), Found { instances, groups, name, remedy })| Cause {
            words,
            name,
            place: place.to_string(),
            instances,
            share: percent(instances, most),
            groups: some(&groups, 3),
            remedy,
        })
        .collect();
    causes.sort_by_key(|it| std::cmp::Reverse(it.instances));
    causes.truncate(ROWS);
    causes
}

/// A cause as the page names it: what it says is what the page is about.
pub(super) fn cause_words(cause: &RootCause) -> String {
    let words = cause.words();
    sentence_case(&plain(words.strip_suffix(" says so").unwrap_or(&words)))
}

/// What mending the first cause comes to.
pub(super) fn causes_words(causes: &[Cause]) -> String {
    let total: usize = causes.iter().map(|it| it.instances).sum();
    match causes {
        [] => String::new(),
        [first, ..] => format!(
            "{} explains {} of {}.",
            if first.name.is_empty() {
                "The cause at the top".to_owned()
            } else {
                format!("Launch template {}", first.name)
            },
            grouped(first.instances),
            count(total, "violating instance"),
        ),
    }
}
