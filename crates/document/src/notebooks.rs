//! The section `notebooks`.

use jiff::SignedDuration;
use jiff::civil::{Time, Weekday};
use v2only_policy::settings::{InService, NotebookRules, Window};

use crate::instances::FRESH_MINUTES;
use crate::keys;
use crate::notice::Notice;
use crate::reader::{Reader, Words, set};
use crate::spelling::nearest;
use crate::spot::{Fields, Spot};

/// The time between two sweeps, unless the installation says otherwise (`SweepEvery`). A window until midnight ends a
/// moment before.
const SWEEP_EVERY: SignedDuration = SignedDuration::from_secs(6 * 60 * 60 - 1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InServiceKind {
    Wait,
    Window,
    Report,
}

const IN_SERVICE: Words<InServiceKind> = Words {
    all: &[
        ("wait", InServiceKind::Wait),
        ("window", InServiceKind::Window),
        ("report", InServiceKind::Report),
    ],
    told: &[("stop", "a running notebook is stopped only in a window: write `window`")],
};

const DAYS: [(&str, Weekday); 7] = [
    ("Mon", Weekday::Monday),
    ("Tue", Weekday::Tuesday),
    ("Wed", Weekday::Wednesday),
    ("Thu", Weekday::Thursday),
    ("Fri", Weekday::Friday),
    ("Sat", Weekday::Saturday),
    ("Sun", Weekday::Sunday),
];

pub(super) fn lay(reader: &mut Reader, spot: &Spot<'_>, rules: &mut NotebookRules) {
    let Some(fields) = reader.fields(spot, &keys::NOTEBOOKS) else { return };
    if let Some(version) = fields.get("minimum_version") {
        reader.only(
            &version,
            2,
            "version 1 is never allowed by a rule; a resource that still needs it gets an exemption",
        );
    }
    set(&mut rules.fresh_minutes, reader.number(&fields, "fresh_minutes", &FRESH_MINUTES));
    set(&mut rules.upgrade_platform, reader.flag(&fields, "upgrade_platform"));
    let in_service = in_service(reader, &fields, rules.in_service);
    set(&mut rules.in_service, in_service);
}

/// `in_service` and `window` together: the first may need the second. An override has them from the document
/// as well. A window that nothing happens in is legal, and its author is told.
fn in_service(reader: &mut Reader, fields: &Fields<'_>, held: InService) -> Option<InService> {
    let (said, window) = (fields.get("in_service"), fields.get("window"));
    let span = window.as_ref().map(|spot| read_window(reader, spot));
    let kind = match &said {
        // A word that nobody understands contradicts nothing.
        Some(spot) => reader.word_at(spot, &IN_SERVICE)?,
        None => match held {
            InService::Wait => InServiceKind::Wait,
            InService::Window(_) => InServiceKind::Window,
            InService::Report => InServiceKind::Report,
        },
    };
    if span == Some(None) {
        return None;
    }
    match (kind, window, held) {
        (InServiceKind::Window, Some(spot), _) => {
            let window = span.flatten()?;
            if window.from.duration_until(window.to) < SWEEP_EVERY {
                let message = "it is shorter than the 6 hours between two sweeps, so that a sweep may never fall into it: \
                               let a schedule inside it send `{\"task\": \"sweep\", \"only\": \"notebooks\"}`";
                reader.notices.push(Notice::at(&spot, message.to_owned()));
            }
            Some(InService::Window(window))
        }
        (InServiceKind::Window, None, InService::Window(window)) => Some(InService::Window(window)),
        (InServiceKind::Window, None, _) => {
            let spot = said?;
            let hint = "add `window: \"Sun 02:00-04:00\"`, in UTC".to_owned();
            reader.problem(spot.node.at, &spot.path, "`in_service: window` needs a `window`", Some(hint));
            None
        }
        (InServiceKind::Wait | InServiceKind::Report, window, _) => {
            if let Some(window) = window {
                let message = "nothing happens in it without `in_service: window`".to_owned();
                reader.notices.push(Notice::at(&window, message));
            }
            Some(if kind == InServiceKind::Wait { InService::Wait } else { InService::Report })
        }
    }
}

fn read_window(reader: &mut Reader, spot: &Spot<'_>) -> Option<Window> {
    let text = spot.text().unwrap_or_default();
    let Some(window) = window(text) else {
        let meant = canonical(text).filter(|it| window_fits(it));
        let hint = meant.map(|it| format!("did you mean `{it}`?"));
        let hint = hint.or_else(|| Some("times have four digits, `00:00` to `24:00`, in UTC".to_owned()));
        reader.mismatch(spot, "a day and two times of it such as `Sun 02:00-04:00`", hint);
        return None;
    };
    if window.from >= window.to {
        let hint = "a window lies within one day; the latest end is `24:00`".to_owned();
        reader.problem(spot.node.at, &spot.path, "the window ends before it begins", Some(hint));
        return None;
    }
    Some(window)
}

fn window(text: &str) -> Option<Window> {
    let (day, times) = text.split_once(' ')?;
    let (_, day) = DAYS.iter().find(|it| it.0 == day)?;
    let (from, to) = times.split_once('-')?;
    Some(Window { day: *day, from: time(from)?, to: end(to)? })
}

fn window_fits(text: &str) -> bool {
    window(text).is_some_and(|it| it.from < it.to)
}

/// Another way of writing a window, as it should be written: `Sunday 2:00 - 4:00`.
fn canonical(text: &str) -> Option<String> {
    let (day, times) = text.split_once(' ')?;
    let short: String = day.chars().take(3).collect();
    let day = nearest(&short, &DAYS.map(|it| it.0))?;
    let (from, to) = times.split_once(['-', '–'])?;
    Some(format!("{day} {:0>5}-{:0>5}", from.trim(), to.trim()))
}

/// `24:00` is the end of the day, and nothing begins there.
fn end(text: &str) -> Option<Time> {
    if text == "24:00" { Some(Time::MAX) } else { time(text) }
}

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str| {
        let two = digits.len() == 2 && digits.bytes().all(|it| it.is_ascii_digit());
        if two { digits.parse().ok() } else { None }
    };
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}
