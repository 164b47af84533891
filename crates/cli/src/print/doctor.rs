//! Findings about an installation, and the steps of its removal, for people.

use v2only_installation::removal::Step;
use v2only_installation::{DoctorFinding, NOT_CHECKED, Site, State};
use v2only_policy::Place;

use crate::print::sheet::{Column, Entry, Sheet, Whereabouts};
use crate::term::messages::count;
use crate::term::text::plain;

/// What is not well, or everything; below it what to type, one command a line.
pub(crate) fn findings(all: &[DoctorFinding], hub: &Place, everything: bool, width: Option<u16>) -> String {
    let whereabouts = Whereabouts::of(all.iter().map(|it| &it.place));
    let mut told: Vec<&DoctorFinding> = all.iter().filter(|it| everything || it.state != State::Ok).collect();
    if told.is_empty() {
        return format!("all {} as shipped", pieces(all.len()));
    }
    told.sort_by_key(|it| it.state);
    let columns = [
        Column::text("NAME"),
        Column::short("PIECE"),
        Column::short("STATE"),
        Column::text("WHY"),
        Column::short(whereabouts.heading()),
    ];
    let mut sheet = Sheet::new(columns, width);
    for it in &told {
        sheet.row(vec![
            it.name.clone().into(),
            it.piece.to_owned().into(),
            Entry::Word(it.state.code().to_owned()),
            it.why.clone().into(),
            whereabouts.words(&it.place).into(),
        ]);
    }
    let mut text = sheet.text();
    let headings = [
        (State::Problem, "to fix it:"),
        (State::Unread, "to be able to check it:"),
        (State::Warning, "to end the warning:"),
    ];
    for (state, heading) in headings {
        let mut said: Vec<String> = Vec::new();
        for it in told.iter().filter(|it| it.state == state) {
            if let Some(command) = &it.command {
                let line = format!("  {}", plain(command.as_str()));
                // One command may fix several things.
                if !said.contains(&line) {
                    said.push(format!(
                        "  # {} {} in {}{}",
                        it.piece,
                        plain(&it.name),
                        it.place.region,
                        whose(Some(&it.place), hub)
                    ));
                    said.push(line);
                }
            }
        }
        if !said.is_empty() {
            text = format!("{text}\n\n{heading}\n{}", said.join("\n"));
        }
    }
    text
}

/// In whose account a command is to be typed, where it is not that of the functions.
fn whose(place: Option<&Place>, hub: &Place) -> String {
    match place {
        Some(place) if place.account == hub.account => String::new(),
        Some(place) => format!(", with credentials of account {}", place.account),
        None => ", with credentials of the management account".to_owned(),
    }
}

fn pieces(number: usize) -> String {
    if number == 1 { "one piece is".to_owned() } else { format!("{number} pieces are") }
}

/// How many pieces are in each state.
pub(crate) fn in_words(all: &[DoctorFinding]) -> String {
    let number = |state: State| all.iter().filter(|it| it.state == state).count();
    let mut parts = vec![format!("{} ok", number(State::Ok)), count(number(State::Problem), "problem")];
    if number(State::Unread) > 0 {
        parts.push(format!("{} could not be checked", number(State::Unread)));
    }
    if number(State::Warning) > 0 {
        parts.push(count(number(State::Warning), "warning"));
    }
    parts.join(", ")
}

/// What no finding is about.
pub(crate) fn not_looked_at(site: &Site) -> Vec<&'static str> {
    let mut all = NOT_CHECKED.to_vec();
    if *site == Site::Alone {
        all.push("service control policies above the account, which only its organization's central account may read");
    }
    all
}

/// The steps, numbered, each with its reason and its command.
pub(crate) fn steps(all: &[Step], hub: &Place) -> String {
    let mut lines = Vec::new();
    for (number, it) in all.iter().enumerate() {
        let place = it.place.as_ref().map(|it| format!(" in {}", it.region)).unwrap_or_default();
        let title = format!(
            "{:>3}. {}: {}{place}{}",
            number + 1,
            it.phase.code(),
            plain(&it.what),
            whose(it.place.as_ref(), hub)
        );
        lines.push(format!("{title}\n     {}\n     {}", plain(&it.why), plain(it.command.as_str())));
    }
    lines.join("\n")
}
