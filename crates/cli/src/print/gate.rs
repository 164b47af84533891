//! The answers of `gate` for people: one row for each reason.

use v2only_enforcer::gate::{GateAnswer, Reason, RecordedKind, RecordedUse};
use v2only_enforcer::readiness::{Failing, Readiness};
use v2only_installation::command::Command;
use v2only_policy::Place;
use v2only_policy::source::DefaultsOwner;

use crate::args::shared::Shared;
use crate::print::readiness::source_words;
use crate::print::sheet::{Column, Entry, Sheet, Whereabouts};
use crate::run::accounts::AccountNames;
use crate::term::messages::count;
use crate::term::problem::sentence;

/// Every answer, each reason with what to do about it.
pub(crate) fn answers(
    all: &[GateAnswer],
    accounts: &AccountNames,
    shared: &Shared,
    width: Option<u16>,
) -> String {
    let whereabouts = Whereabouts::of(all.iter().map(|it| &it.place)).named(accounts);
    let columns = [
        Column::short(whereabouts.heading()),
        Column::short("ANSWER"),
        Column::short("REASON"),
        Column::text("WHY"),
        Column::text("NEXT"),
    ];
    let mut sheet = Sheet::new(columns, width);
    for it in all {
        let at = whereabouts.words(&it.place);
        if it.is_yes() {
            let why = if it.enforced == Some(true) { "HttpTokensEnforced is on already" } else { "" };
            sheet.row(vec![
                at.clone().into(),
                Entry::Word("yes".to_owned()),
                String::new().into(),
                why.to_owned().into(),
                String::new().into(),
            ]);
        }
        for reason in &it.reasons {
            sheet.row(vec![
                at.clone().into(),
                Entry::Word("no".to_owned()),
                reason.code().to_owned().into(),
                why(reason).into(),
                next(reason, &it.place, shared).into(),
            ]);
        }
    }
    sheet.text()
}

/// The answer in one sentence.
pub(crate) fn in_words(all: &[GateAnswer]) -> String {
    let no = all.iter().filter(|it| !it.is_yes()).count();
    let places = |number: usize| match number {
        1 => "1 account and Region".to_owned(),
        number => format!("{number} accounts and Regions"),
    };
    if no == 0 {
        return format!("yes: HttpTokensEnforced may be switched on in {}", places(all.len()));
    }
    let reasons = count(all.iter().map(|it| it.reasons.len()).sum(), "reason");
    let of = if no == all.len() { places(no) } else { format!("{no} of {}", places(all.len())) };
    format!("no: HttpTokensEnforced must stay off in {of}, for {reasons}")
}

/// Why this is a reason, in one sentence.
pub(crate) fn why(reason: &Reason) -> String {
    match reason {
        Reason::NotRead(failure) => format!("could not be read: {}", sentence(failure)),
        Reason::Owner(DefaultsOwner::DeclarativePolicy(message)) => {
            let says = message.as_ref().map(|it| format!(", which says \"{it}\"")).unwrap_or_default();
            format!("a declarative policy of the organization sets the account defaults{says}")
        }
        Reason::Owner(DefaultsOwner::Unknown(word)) => {
            format!("\"{word}\" manages the account defaults, which this release does not know")
        }
        Reason::Owner(DefaultsOwner::Account) => "the account manages its defaults".to_owned(),
        Reason::Source(it) => source_words(it),
        Reason::Instance(it) => instance(it),
        Reason::Recorded(it) => recorded(it),
    }
}

fn instance(it: &Readiness) -> String {
    let id = &it.instance.id;
    let of = it.group().map(|group| format!(" of {group}")).unwrap_or_default();
    let calls = it.no_token.saturating_add(it.rejected);
    if calls > 0 {
        let calls = if calls == 1 { "1 IMDSv1 call".to_owned() } else { format!("{calls} IMDSv1 calls") };
        return format!(
            "{id}{of} made {calls} in {} days: an instance in its place answers IMDSv2 only",
            it.window
        );
    }
    if it.wants_restart {
        return format!("{id}{of} made no IMDSv1 call in {} days, and was not started in them", it.window);
    }
    format!("{id}{of} has data for {} of {} days, so it may use IMDSv1", it.days, it.window)
}

fn recorded(it: &RecordedUse) -> String {
    let through = it.through.as_ref().map(|it| format!(" ({it})")).unwrap_or_default();
    let last = it.last.map(|at| format!(", last on {}", at.strftime("%Y-%m-%d"))).unwrap_or_default();
    let calls = |noun: &str| count(usize::try_from(it.calls).unwrap_or(usize::MAX), noun);
    let principal = &it.principal;
    match it.kind {
        RecordedKind::RefusedLaunch => {
            format!("AWS would refuse {} by {principal}{through}{last}", calls("recorded launch"))
        }
        RecordedKind::UnknownLaunch => {
            let launches = calls("recorded launch");
            format!(
                "{launches} by {principal}{through}{last} may fail: the records do not show what decides it"
            )
        }
        RecordedKind::DeliveredByV1 => {
            format!("{principal}{through} made {} with credentials delivered by IMDSv1{last}", calls("call"))
        }
    }
}

/// What to do about a reason: a command, or a sentence where no command does it.
pub(crate) fn next(reason: &Reason, place: &Place, shared: &Shared) -> String {
    let enforce = |only: &str| {
        let command = Command::ours(["enforce"]).option("only", only).at(place);
        shared.as_whom(command).to_string()
    };
    match reason {
        Reason::NotRead(failure) => failure.hint().unwrap_or("run the command again").to_owned(),
        Reason::Owner(DefaultsOwner::DeclarativePolicy(_)) => {
            "set `http_tokens_enforced` in that policy".to_owned()
        }
        Reason::Owner(_) => "ask the owner of the account defaults".to_owned(),
        Reason::Source(it) => match &**it {
            Failing::Defaults(_) => {
                let command = Command::ours(["enforce"]).option("kind", "account-default").at(place);
                format!("{}, with `account_defaults.http_tokens: required`", shared.as_whom(command))
            }
            Failing::Version(template, number) => {
                let only = format!("{}:{number}", template.id);
                format!("{}, with `launch_templates.fix: new-version`", enforce(&only))
            }
            Failing::Configuration(_) => {
                "let its groups launch from a launch template that requires tokens".to_owned()
            }
            Failing::NotDescribed(consumer, _) => {
                format!("let {} name an existing launch template and version", consumer.id)
            }
        },
        Reason::Instance(it) => {
            let trace = Command::ours(["readiness"]).option("trace", it.instance.id.as_str()).at(place);
            shared.as_whom(trace).to_string()
        }
        Reason::Recorded(it) => match it.kind {
            RecordedKind::DeliveredByV1 => "update the software that fetches these credentials".to_owned(),
            RecordedKind::RefusedLaunch | RecordedKind::UnknownLaunch => {
                "let these launches set `HttpTokens=required`".to_owned()
            }
        },
    }
}
