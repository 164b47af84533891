//! Who calls version 1 on an instance, for people.

use v2only_enforcer::software::{AS_OF, Outdated};
use v2only_enforcer::trace_imds::{Caller, Report};
use v2only_policy::InstanceId;

use crate::print::sheet::{Column, Entry, Sheet};
use crate::run::traced::Traced;
use crate::run::traced_group::GroupTrace;
use crate::term::messages::count;

/// Who called, instance by instance; `None` if nobody did.
pub(crate) fn callers(traced: &[Traced], width: Option<u16>) -> Option<String> {
    let columns = [
        Column::text("PROCESS"),
        Column::short("WITHOUT TOKEN"),
        Column::short("WITH"),
        Column::short("USER"),
        Column::text("STARTED BY"),
        Column::text("CONTAINER"),
        Column::text("PIDS"),
        Column::text("ASKED FOR WITHOUT TOKEN"),
        Column::short("INSTANCE"),
    ];
    let mut sheet = Sheet::new(columns, width);
    let mut any = false;
    for it in traced {
        let Ok(report) = &it.came else { continue };
        for caller in &report.callers {
            any = true;
            sheet.row(row(&it.id, caller));
        }
    }
    any.then(|| sheet.text())
}

/// Who called in each group, on how many of its traced instances; `None` if nobody did.
pub(crate) fn groups(all: &[GroupTrace], width: Option<u16>) -> Option<String> {
    let columns = [
        Column::text("PROCESS"),
        Column::short("WITHOUT TOKEN"),
        Column::short("USER"),
        Column::short("ON INSTANCES"),
        Column::text("TOO OLD FOR IMDSV2"),
        Column::text("GROUP"),
    ];
    let mut sheet = Sheet::new(columns, width);
    let mut any = false;
    for it in all {
        for caller in &it.callers {
            any = true;
            sheet.row(vec![
                caller.process.clone().unwrap_or_else(|| "ended too soon".to_owned()).into(),
                caller.without_token.map_or_else(|| "not known".to_owned(), |it| it.to_string()).into(),
                caller.user.clone().unwrap_or_default().into(),
                format!("{} of {}", caller.instances, it.traced).into(),
                Entry::Lines(caller.outdated.iter().map(ToString::to_string).collect()),
                it.group.to_string().into(),
            ]);
        }
    }
    any.then(|| sheet.text())
}

/// What the traces of a group come to.
pub(crate) fn group_in_words(it: &GroupTrace) -> String {
    format!(
        "{}: {} of {} traced, IMDSv1 called or maybe called on {}",
        it.group,
        it.traced,
        count(it.running, "running instance"),
        it.calling
    )
}

/// What to update: `python3.8 with boto3 1.12.0 in group web: needs >= 1.12.6`.
pub(crate) fn outdated(process: &str, it: &Outdated, place: &str) -> String {
    format!(
        "{process} with {} {} {place}: needs >= {} ({}, as of {AS_OF})",
        it.product, it.version, it.minimum, it.source
    )
}

fn row(id: &InstanceId, it: &Caller) -> Vec<Entry> {
    let pids: Vec<String> = it.pids.iter().map(ToString::to_string).collect();
    let user = it.user.clone().or_else(|| it.uid.map(|uid| uid.to_string()));
    let nobody = || {
        let from =
            if it.sources.is_empty() { String::new() } else { format!(" (from {})", it.sources.join(", ")) };
        format!("ended too soon{from}")
    };
    vec![
        it.process.clone().unwrap_or_else(nobody).into(),
        without(it).into(),
        it.with_token.map(|it| it.to_string()).unwrap_or_default().into(),
        user.unwrap_or_default().into(),
        it.parent.clone().unwrap_or_default().into(),
        it.container.clone().unwrap_or_default().into(),
        pids.join(", ").into(),
        Entry::Lines(it.paths.clone()),
        id.to_string().into(),
    ]
}

fn without(it: &Caller) -> String {
    let unclear = it.unclear.filter(|it| *it > 0).map(|it| format!(", {it} unclear")).unwrap_or_default();
    match (it.without_token, it.connections) {
        (Some(number), _) => format!("{number}{unclear}"),
        (None, Some(number)) => format!("not known of {}", count_of(number, "connection")),
        (None, None) => "not known".to_owned(),
    }
}

fn count_of(number: u64, noun: &str) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), noun)
}

/// What a report comes to.
pub(crate) fn in_words(id: &InstanceId, it: &Report) -> String {
    let mut time = count_of(it.seconds, "second");
    if let Some(began) = it.boot.and_then(|boot| boot.time) {
        time.push_str(&format!(" at the boot of {began}"));
    }
    let mut text = match (it.without_token, it.connections) {
        (Some(0), _) if !it.may_call_version_1() => {
            format!("{id}: nobody called IMDSv1 in {time}, which is no proof")
        }
        (Some(number), _) => {
            let of = number.saturating_add(it.with_token.unwrap_or(0));
            format!("{id}: {number} of {} in {time} without a token", count_of(of, "request"))
        }
        (None, Some(0)) => format!("{id}: no connection was seen in {time}, which is no proof"),
        (None, Some(number)) => {
            format!(
                "{id}: {} in {time}; whether they brought a token is not known",
                count_of(number, "connection")
            )
        }
        (None, None) => format!("{id}: nothing is known of {time}"),
    };
    if let Some(unclear) = it.unclear.filter(|it| *it > 0) {
        text.push_str(&format!(", and {} unclear", count_of(unclear, "request")));
    }
    let missing = it.left_out.saturating_add(u64::try_from(it.cut).unwrap_or(u64::MAX));
    if missing > 0 {
        text.push_str(&format!(
            "; {} did not fit into what Systems Manager keeps",
            count_of(missing, "caller")
        ));
    }
    text
}
