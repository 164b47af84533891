//! Traces of the next boot that were installed or removed, for people and for programs. The JSON shape is published: fields
//! are only ever added.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use v2only_enforcer::ports::AtBoot;
use v2only_policy::{InstanceId, Place};

use crate::print::sheet::{Column, Entry, Sheet};
use crate::run::traced::BootChange;
use crate::term::exit::Exit;
use crate::term::messages::count;

/// The name of the shape.
const SCHEMA: &str = "v2only.trace-at-boot.v1";

/// What is about to be installed, where, for how long, and what its owner has to do.
pub(crate) fn question(targets: &[(&InstanceId, &Place)], seconds: u16) -> String {
    let mut text = String::from("A trace of the next boot is to be installed on:\n");
    for (id, place) in targets {
        text.push_str(&format!("  {id} in {place}\n"));
    }
    let time = count(usize::from(seconds), "second");
    text.push_str(&format!(
        "It writes a systemd unit, v2only-trace-imds-v1.service in /etc/systemd/system with its link in multi-user.target.wants, \
         and the directory /var/lib/v2only-trace-imds-v1, which only root can read.\n\
         At the next boot the unit removes itself, and looks on for {time}. Nothing waits for it. A restart after more than 7 \
         days removes the unit without a trace. The result stays until `--at-boot collect` or `--at-boot remove`.\n\
         v2only restarts nothing: the owner of an instance restarts it.",
    ));
    text
}

/// The traces, instance by instance.
pub(crate) fn table(changes: &[BootChange], width: Option<u16>) -> String {
    let columns = [
        Column::short("INSTANCE"),
        Column::short("TRACE AT BOOT"),
        Column::short("UNTIL"),
        Column::text("REGION"),
    ];
    let mut sheet = Sheet::new(columns, width);
    for it in changes {
        let until = it.boot.as_ref().ok().and_then(|it| it.time);
        let region = it.place.as_ref().map(|it| it.region.to_string()).unwrap_or_default();
        sheet.row(vec![
            it.id.to_string().into(),
            Entry::Word(state(it).to_owned()),
            until.map(|it| it.strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default().into(),
            region.into(),
        ]);
    }
    sheet.text()
}

/// The state of the trace, or the word for why it is not known.
fn state(it: &BootChange) -> &'static str {
    it.boot.as_ref().map_or_else(|why| why.code(), |boot| boot.state.code())
}

/// The complete run, before it is given its published shape.
pub(crate) struct AtBootRun<'a> {
    pub(crate) now: Timestamp,
    pub(crate) exit: Exit,
    pub(crate) change: AtBoot,
    pub(crate) seconds: u16,
    pub(crate) changes: &'a [BootChange],
    pub(crate) calls: &'a BTreeMap<&'static str, u64>,
}

/// A complete run. `change` is `install` or `remove`.
#[derive(Debug, Serialize)]
pub(crate) struct TraceAtBootV1<'a> {
    schema: &'static str,
    time: String,
    exit_code: u8,
    change: &'static str,
    seconds: u16,
    pub(crate) instances: Vec<InstanceV1<'a>>,
    api_calls: &'a BTreeMap<&'static str, u64>,
}

/// One instance. `state` is `installed`, `removed`, what was there instead, or the word for why the state is not known, which
/// `why` explains.
#[derive(Debug, Serialize)]
pub(crate) struct InstanceV1<'a> {
    account: Option<&'a str>,
    region: Option<&'a str>,
    id: &'a str,
    group: Option<String>,
    state: &'static str,
    /// Until when the trace waits or looks on, and when a finished one began.
    time: Option<String>,
    why: Option<String>,
}

impl<'a> From<AtBootRun<'a>> for TraceAtBootV1<'a> {
    fn from(run: AtBootRun<'a>) -> Self {
        let instance = |changed: &'a BootChange| InstanceV1 {
            account: changed.place.as_ref().map(|it| it.account.as_str()),
            region: changed.place.as_ref().map(|it| it.region.as_str()),
            id: changed.id.as_str(),
            group: changed.group.as_ref().map(ToString::to_string),
            state: state(changed),
            time: changed.boot.as_ref().ok().and_then(|it| it.time).map(|it| it.to_string()),
            why: changed.boot.as_ref().err().map(|it| it.words()),
        };
        Self {
            schema: SCHEMA,
            time: run.now.to_string(),
            exit_code: run.exit.code(),
            change: run.change.code(),
            seconds: run.seconds,
            instances: run.changes.iter().map(instance).collect(),
            api_calls: run.calls,
        }
    }
}
