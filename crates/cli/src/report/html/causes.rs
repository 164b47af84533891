//! Sources whose fix repairs several instances at once, the largest group first.

use super::first::Rows;
use super::words::{percent, sentence_case};
use crate::report::causes::Causes;
use crate::report::headline::grouped;
use crate::run::accounts::AccountNames;
use crate::term::messages::{count, some};
use crate::term::text::plain;

/// A source whose fix repairs several instances at once.
pub(super) struct Cause {
    pub(super) words: String,
    /// The account and Region, or how many there are.
    pub(super) place: String,
    pub(super) instances: usize,
    pub(super) share: usize,
    pub(super) groups: String,
    /// How to fix it, where that is known.
    pub(super) remedy: String,
    /// The command for that, where there is one.
    pub(super) command: String,
}

/// The causes of violating instances, the most first, and how many instances they explain together.
pub(super) fn rows_of(causes: Causes, accounts: &AccountNames) -> (Rows<Cause>, usize) {
    let causes: Vec<_> = causes.largest().into_iter().filter(|it| it.instances > 0).collect();
    let total = causes.iter().map(|it| it.instances).sum();
    let most = causes.iter().map(|it| it.instances).max().unwrap_or(0);
    let row = |cause: crate::report::causes::Cause| Cause {
        place: plain(&cause.whereabouts(accounts)),
        words: sentence_case(&plain(&cause.words)),
        instances: cause.instances,
        share: percent(cause.instances, most),
        groups: some(&cause.groups.iter().map(|group| plain(group)).collect::<Vec<_>>(), 3),
        remedy: cause.remedy.map(|words| sentence_case(&plain(&words))).unwrap_or_default(),
        command: cause.command.map(|command| plain(command.as_str())).unwrap_or_default(),
    };
    (Rows::of(causes.into_iter().map(row).collect()), total)
}

/// The share of instances that the first fix repairs.
pub(super) fn causes_words(causes: &[Cause], total: usize) -> String {
    match causes {
        [] => String::new(),
        [first, ..] => format!(
            "The cause at the top explains {} of {}.",
            grouped(first.instances),
            count(total, "violating instance")
        ),
    }
}
