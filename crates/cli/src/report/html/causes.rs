//! Sources whose fix repairs several instances at once, the largest group first.

use std::collections::BTreeMap;

use v2only_enforcer::ResourceId;
use v2only_policy::cause::{Launched, RootCause, Setter};
use v2only_policy::{LaunchTemplateId, Place};

use super::first::Rows;
use super::words::{grouped, percent, sentence_case};
use crate::report::item::Item;
use crate::term::messages::{count, some};
use crate::term::text::plain;

/// A source whose fix repairs several instances at once.
pub(super) struct Cause {
    pub(super) words: String,
    /// What people call it.
    pub(super) name: String,
    pub(super) place: String,
    pub(super) instances: usize,
    pub(super) share: usize,
    pub(super) groups: String,
    /// How to fix it, where that is known.
    pub(super) remedy: String,
}

/// What is known of one cause.
#[derive(Default)]
struct CauseGroup {
    instances: usize,
    groups: Vec<String>,
    template: Option<LaunchTemplateId>,
    remedy: String,
}

/// What is known of all causes so far.
#[derive(Default)]
pub(super) struct Causes {
    by_cause: BTreeMap<(Place, String), CauseGroup>,
    names: BTreeMap<(Place, LaunchTemplateId), String>,
}

impl Causes {
    /// One more finding, whether it violates the policy or not.
    pub(super) fn add(&mut self, item: &Item<'_>) {
        let place = &item.record.place;
        if let (ResourceId::TemplateVersion(id, _), Some(name)) = (&item.record.resource, item.name()) {
            self.names.insert((place.clone(), id.clone()), plain(name));
        }
        let Some(cause) = item.cause.filter(|_| item.violates()) else { return };
        let found = self.by_cause.entry((place.clone(), cause_words(cause))).or_default();
        found.instances += 1;
        if let Some(words) = cause.remedy() {
            found.remedy = sentence_case(&plain(&words));
        }
        if let Some(group) = cause.group.as_ref().filter(|it| !found.groups.contains(it)) {
            found.groups.push(plain(group));
        }
        if let (Setter::Source | Setter::Elsewhere, Launched::Template(id, _)) =
            (cause.http_tokens, &cause.from)
        {
            found.template = Some(id.clone());
        }
    }

    /// All of them, the most first, and how many instances they explain together.
    pub(super) fn told(self) -> (Rows<Cause>, usize) {
        let total = self.by_cause.values().map(|it| it.instances).sum();
        let most = self.by_cause.values().map(|it| it.instances).max().unwrap_or(0);
        let name = |place: &Place, it: Option<LaunchTemplateId>| {
            it.and_then(|id| self.names.get(&(place.clone(), id)).cloned()).unwrap_or_default()
        };
        let mut causes: Vec<Cause> = self
            .by_cause
            .into_iter()
            .map(|((place, words), CauseGroup { instances, groups, template, remedy })| Cause {
                words,
                name: name(&place, template),
                place: place.to_string(),
                instances,
                share: percent(instances, most),
                groups: some(&groups, 3),
                remedy,
            })
            .collect();
        causes.sort_by_key(|it| std::cmp::Reverse(it.instances));
        (Rows::of(causes), total)
    }
}

/// A cause as the page names it: what it says is what the page is about.
pub(super) fn cause_words(cause: &RootCause) -> String {
    let words = cause.words();
    sentence_case(&plain(words.strip_suffix(" says so").unwrap_or(&words)))
}

/// The share of instances that the first fix repairs.
pub(super) fn causes_words(causes: &[Cause], total: usize) -> String {
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
