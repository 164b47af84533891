//! What a policy would have done to recorded calls, for people.

use v2only_guardrails::check::Attachment;
use v2only_guardrails::check::impact::{Affected, AffectedKey, Impact};

use crate::print::sheet::{Column, Entry, Sheet};
use crate::term::messages::count;
use crate::term::text::plain;

/// A policy, and what it would have done.
pub(crate) struct PolicyImpact {
    /// The file, as messages call it.
    pub(crate) file: String,
    /// What it is attached as.
    pub(crate) attachment: Attachment,
    /// What it would have done.
    pub(crate) impact: Impact,
}

/// The policy, one row for each principal and action that it affects, and the sums.
pub(crate) fn impact(it: &PolicyImpact, width: Option<u16>) -> String {
    let what = match it.attachment {
        Attachment::Scp => "service control policy",
        Attachment::Rcp => "resource control policy",
        Attachment::Identity => "identity policy",
    };
    let mut text = format!("{}, as {what}", plain(&it.file));
    let columns = [
        Column::text("PRINCIPAL"),
        Column::short("ACTION"),
        Column::short("DENIED"),
        Column::short("NOT TOLD"),
        Column::text("WHY"),
        Column::short("LAST"),
        Column::short("ACCOUNT"),
    ];
    let mut sheet = Sheet::new(columns, width);
    let mut rows: Vec<(&AffectedKey, &Affected)> = it.impact.affected.iter().collect();
    rows.sort_by_key(|(_, it)| std::cmp::Reverse((it.denied, it.untold)));
    for (key, affected) in &rows {
        sheet.row(vec![
            key.principal.clone().into(),
            key.action.clone().into(),
            number(affected.denied),
            number(affected.untold),
            why(affected).into(),
            affected.last.clone().into(),
            key.account.clone().into(),
        ]);
    }
    if !rows.is_empty() {
        text.push_str(&format!("\n{}", sheet.text()));
    }
    text.push_str(&format!("\n{}", sums(it)));
    text
}

/// A number, and nothing in place of zero.
fn number(it: u64) -> Entry {
    if it == 0 { String::new().into() } else { it.to_string().into() }
}

fn why(it: &Affected) -> String {
    let list = |all: &std::collections::BTreeSet<String>| {
        all.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
    };
    let mut parts = Vec::new();
    if it.denied > 0 {
        parts.push(if it.by.is_empty() { "not on the allow list".to_owned() } else { list(&it.by) });
    }
    if it.untold > 0 {
        parts.push(format!("the record does not hold {}", list(&it.missing)));
    }
    parts.join("; ")
}

/// The sums in one sentence.
pub(crate) fn sums(it: &PolicyImpact) -> String {
    let impact = &it.impact;
    let calls = count(usize::try_from(impact.calls).unwrap_or(usize::MAX), "recorded call");
    let mut text = format!(
        "{calls}: {} denied, {} not told, {} as before",
        impact.denied(),
        impact.untold(),
        impact.unchanged
    );
    if impact.not_bound > 0 {
        text.push_str(&format!(", {} by services that the policy does not bind", impact.not_bound));
    }
    let left_out: u64 = impact.left_out.values().sum();
    if left_out > 0 {
        text.push_str(&format!("; {left_out} records left out, which are no calls that AWS allowed"));
    }
    text
}
