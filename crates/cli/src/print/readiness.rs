//! Readiness for people: instances, what belongs together, and what would fail.

use jiff::Timestamp;
use v2only_enforcer::readiness::{By, Failing, Readiness, RollUp, State};
use v2only_policy::source::DefaultsOwner;
use v2only_policy::usage::LastStart;
use v2only_policy::{HttpTokens, Instance, Place};

use crate::print::sheet::{Column, Entry, Sheet, Whereabouts};
use crate::run::accounts::AccountNames;
use crate::term::messages::{count, some};
use crate::term::text::one_line;

/// How many instances or groups are named in one line.
const NAMED: usize = 10;

/// Instances to report: those that require tokens already only where their software still calls IMDSv1.
pub(crate) fn instances(
    seen: &[(&Place, &Readiness)],
    accounts: &AccountNames,
    width: Option<u16>,
) -> Option<String> {
    let whereabouts = Whereabouts::of(seen.iter().map(|(place, _)| *place)).named(accounts);
    let columns = [
        Column::text("INSTANCE"),
        Column::short("STATE"),
        Column::short("V1 CALLS"),
        Column::short("REFUSED"),
        Column::short("DATA"),
        Column::short("LAST START"),
        Column::text("AUTO SCALING GROUP"),
        Column::text("LAUNCH TEMPLATE"),
        Column::short(whereabouts.heading()),
    ];
    let mut sheet = Sheet::new(columns, width);
    let told = seen.iter().filter(|(_, it)| it.state != State::Required || it.rejected > 0);
    let mut any = false;
    for (place, it) in told {
        any = true;
        let part = if it.complete { "" } else { ", part" };
        sheet.row(vec![
            named(&it.instance),
            Entry::Word(it.state.code().to_owned()),
            it.no_token.to_string().into(),
            it.rejected.to_string().into(),
            format!("{} of {} days{part}", it.days, it.window).into(),
            last_start(it.last_start).into(),
            it.group().unwrap_or_default().to_owned().into(),
            it.template().unwrap_or_default().to_owned().into(),
            whereabouts.words(place).into(),
        ]);
    }
    any.then(|| sheet.text())
}

/// The name of an instance, if it has one, and its id.
fn named(instance: &Instance) -> Entry {
    let name = instance.tags.get("Name").filter(|name| !name.is_empty()).cloned();
    Entry::Lines(name.into_iter().chain([instance.id.to_string()]).collect())
}

/// When an instance was last started, and whether its calls then are in the window.
fn last_start(it: LastStart) -> String {
    let minute = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M").to_string();
    match it {
        LastStart::InWindow(at) => minute(at),
        LastStart::TooRecent(at) => format!("{}, just now", minute(at)),
        LastStart::BeforeWindow(at) => format!("{}, before the window", minute(at)),
        LastStart::Unknown => "not described".to_owned(),
    }
}

/// What belongs together, one table for each way of putting together.
pub(crate) fn roll_ups(all: &[RollUp], accounts: &AccountNames, width: Option<u16>) -> Vec<String> {
    let mut kinds: Vec<&By> = Vec::new();
    for it in all {
        if !kinds.contains(&&it.by) {
            kinds.push(&it.by);
        }
    }
    kinds.into_iter().map(|by| one_way(by, all, accounts, width)).collect()
}

fn one_way(by: &By, all: &[RollUp], accounts: &AccountNames, width: Option<u16>) -> String {
    let whereabouts = Whereabouts::of(all.iter().map(|it| &it.place)).named(accounts);
    let what = match by {
        By::Group => "AUTO SCALING GROUP".to_owned(),
        By::Template => "LAUNCH TEMPLATE".to_owned(),
        By::Tag(key) => format!("TAG {key}"),
    };
    let numbers = ["BUSY", "UNKNOWN", "READY", "REQUIRED", "V1 CALLS", "REFUSED"];
    let columns = [Column::text(what), Column::short("STATE")].into_iter().chain(numbers.map(Column::short));
    let columns: Vec<Column> = columns.chain([Column::short(whereabouts.heading())]).collect();
    let mut sheet = Sheet::new(columns, width);
    for it in all.iter().filter(|it| it.by == *by) {
        let number = |state| Entry::Text(it.count(state).to_string());
        sheet.row(vec![
            it.value.clone().unwrap_or_else(|| "(none)".to_owned()).into(),
            Entry::Word(it.state().code().to_owned()),
            number(State::Busy),
            number(State::Unknown),
            number(State::Ready),
            number(State::Required),
            it.no_token.to_string().into(),
            it.rejected.to_string().into(),
            whereabouts.words(&it.place).into(),
        ]);
    }
    sheet.text()
}

/// Why launches from a source would fail.
pub(crate) fn source_words(it: &Failing) -> String {
    match it {
        Failing::Defaults(it) => {
            let says = match it.options.http_tokens {
                Some(HttpTokens::Optional) => "says optional",
                _ => "does not say required",
            };
            let owner = match it.owner {
                DefaultsOwner::Account => "require tokens in the same call",
                _ => "its owner must require tokens first",
            };
            format!(
                "the account default {says}: launches fail that state nothing, unless their image requires tokens; {owner}"
            )
        }
        Failing::Version(template, number) => {
            let groups: Vec<String> = template.users(*number).map(|it| it.consumer.clone()).collect();
            let used = match (number == &template.default, number == &template.latest) {
                (true, true) => " ($Default and $Latest)",
                (true, false) => " ($Default)",
                (false, true) => " ($Latest)",
                (false, false) => "",
            };
            let name = format!("launch template {} ({}) version {number}{used}", template.id, template.name);
            format!("{name} says optional: its launches fail{}", of_groups(&groups))
        }
        Failing::Configuration(it) => {
            format!(
                "launch configuration {} means optional: its launches fail{}",
                it.name,
                of_groups(&it.groups)
            )
        }
        Failing::NotDescribed(consumer, it) => {
            format!(
                "{} {} launches from {} of launch template {}, which AWS did not describe: its launches may fail",
                consumer.kind.noun(),
                consumer.id,
                it.version,
                it.template
            )
        }
    }
}

fn of_groups(groups: &[String]) -> String {
    if groups.is_empty() { String::new() } else { format!(", those of {}", some(groups, NAMED)) }
}

/// The closing report: what would fail if the account enforced tokens today.
pub(crate) fn if_enforced(
    seen: &[(&Place, &Readiness)],
    failing: &[(&Place, &Failing)],
    whole: bool,
) -> String {
    let whereabouts = Whereabouts::of(failing.iter().map(|(place, _)| *place));
    let mut lines: Vec<String> = failing
        .iter()
        .map(|(place, it)| format!("{}: {}", whereabouts.words(place), one_line(&source_words(it))))
        .collect();
    let mut instances = |is: fn(&Readiness) -> bool, says: &str| {
        let of_it = seen.iter().filter(|(_, it)| is(it));
        let ids: Vec<String> = of_it.map(|(_, it)| it.instance.id.to_string()).collect();
        if !ids.is_empty() {
            lines.push(format!("{} {says}: {}", count(ids.len(), "instance"), some(&ids, NAMED)));
        }
    };
    instances(
        |it| it.state == State::Busy,
        "used IMDSv1 in the window; they keep it, and whatever is launched in their place does not get it",
    );
    instances(
        |it| it.state == State::Unknown && !it.wants_restart,
        "may use IMDSv1: there is not data on every day of the window",
    );
    instances(
        |it| it.wants_restart,
        "may use IMDSv1 when they start: they made no call in the window, and were not started in it, or less than 1 hour \
         ago",
    );
    if lines.is_empty() {
        let so_far = if whole { "" } else { " of what could be read" };
        return format!("if HttpTokensEnforced were on today, nothing{so_far} would fail");
    }
    format!("what would fail if HttpTokensEnforced were on today:\n  {}", lines.join("\n  "))
}

/// How many instances are in each state.
pub(crate) fn in_words(seen: &[(&Place, &Readiness)]) -> String {
    let number = |state: State| seen.iter().filter(|(_, it)| it.state == state).count();
    let parts = [State::Busy, State::Unknown, State::Ready, State::Required]
        .into_iter()
        .map(|it| (it, number(it)))
        .filter(|(_, number)| *number > 0)
        .map(|(state, number)| format!("{number} {}", state.code()));
    let parts: Vec<String> = parts.collect();
    let all = count(seen.len(), "instance");
    if parts.is_empty() { all } else { format!("{all}: {}", parts.join(", ")) }
}
