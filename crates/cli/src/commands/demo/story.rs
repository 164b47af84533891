//! What became of each resource: before, why, what was done, after.

use std::collections::BTreeMap;

use v2only_policy::Place;

use super::fleet::{Act, FleetGroup};
use super::posture::Posture;
use super::said::LogLine;

/// What AWS describes now, by place and by id or name.
pub(super) type Readings = BTreeMap<(Place, String), Posture>;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    /// It answers version 2 only because we made it so.
    Fixed,
    /// It was version 2 only, or off, and nobody touched it.
    Compliant,
    /// It answers version 1, and is excused.
    Exempt,
    /// It answers version 1, and it was said why nothing was done.
    Held,
    /// It answers version 1, and nobody said why.
    Open,
}

impl End {
    pub(super) const ALL: [Self; 5] = [Self::Fixed, Self::Compliant, Self::Exempt, Self::Held, Self::Open];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Compliant => "compliant",
            Self::Fixed => "fixed",
            Self::Exempt => "exempt",
            Self::Held => "held",
            Self::Open => "open",
        }
    }
}

/// The story of one resource, or of several that share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) act: Act,
    pub(super) name: String,
    pub(super) place: Place,
    /// Who launched it; `None` where it existed before.
    pub(super) launched_by: Option<String>,
    pub(super) ids: Vec<String>,
    /// Whether the event of the launch names none of them.
    pub(super) unnamed: bool,
    pub(super) before: Posture,
    pub(super) verdict: String,
    pub(super) reasons: Vec<String>,
    pub(super) notes: Vec<String>,
    pub(super) hold: Option<String>,
    /// The steps that were taken, in the functions' words.
    pub(super) done: Vec<String>,
    pub(super) end: End,
    /// `None` if AWS does not describe it any more.
    pub(super) after: Option<Posture>,
}

/// One row for each part of the fleet in these acts, or more where its members fared differently.
pub(super) fn tell(parts: &[FleetGroup], acts: &[Act], said: &[LogLine], now: &Readings) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for part in parts.iter().filter(|it| acts.contains(&it.act)) {
        let launched_by = launched_by(part, said);
        for (id, before) in &part.members {
            let lines: Vec<&LogLine> = said.iter().filter(|it| it.resource.as_deref() == Some(id)).collect();
            let after = now.get(&(part.place.clone(), id.clone())).cloned();
            let row = Row { launched_by: launched_by.clone(), ..one(part, id, before, &lines, after) };
            match rows.iter_mut().find(|it| same(it, &row)) {
                Some(known) => known.ids.extend(row.ids),
                None => rows.push(row),
            }
        }
    }
    rows
}

/// Whether two rows differ in nothing but their ids.
fn same(one: &Row, other: &Row) -> bool {
    Row { ids: Vec::new(), ..one.clone() } == Row { ids: Vec::new(), ..other.clone() }
}

fn one(part: &FleetGroup, id: &str, before: &Posture, lines: &[&LogLine], after: Option<Posture>) -> Row {
    let verdict = |it: &&&LogLine| matches!(it.verdict.as_deref(), Some("violation" | "exempt"));
    // The last objection says most: earlier ones may have been waiting for it.
    let telling = lines.iter().rfind(verdict).or_else(|| lines.iter().find(|it| it.verdict.is_some()));
    let mut reasons = telling.map(|it| it.reasons.clone()).unwrap_or_default();
    if let Some(turned) = telling.filter(|it| it.event.as_deref() == Some("ModifyInstanceMetadataOptions"))
        && turned.verdict.as_deref() == Some("violation")
        && let Some(actor) = &turned.actor
    {
        reasons.insert(0, format!("turned back on by {actor}"));
    }
    let done = done(lines);
    let hold = telling.and_then(|it| it.hold.clone());
    let verdict = telling.and_then(|it| it.verdict.clone()).unwrap_or_else(|| "not judged".to_owned());
    let closed = after.as_ref().is_some_and(Posture::is_closed);
    let end = match verdict.as_str() {
        _ if closed && done.is_empty() => End::Compliant,
        _ if closed => End::Fixed,
        "exempt" => End::Exempt,
        "violation" if hold.is_some() => End::Held,
        _ => End::Open,
    };
    Row {
        act: part.act,
        name: part.name.to_owned(),
        place: part.place.clone(),
        launched_by: None,
        ids: vec![id.to_owned()],
        unnamed: part.unnamed,
        before: before.clone(),
        verdict,
        reasons,
        notes: telling.map(|it| it.notes.clone()).unwrap_or_default(),
        hold,
        done,
        end,
        after,
    }
}

/// Who launched it, as the functions read it in the event.
fn launched_by(part: &FleetGroup, said: &[LogLine]) -> Option<String> {
    let launches = said
        .iter()
        .filter(|it| matches!(it.event.as_deref(), Some("RunInstances" | "CreateNotebookInstance")));
    let mut ours =
        launches.filter(|said| part.members.iter().any(|(id, _)| said.resource.as_ref() == Some(id)));
    ours.find_map(|it| it.actor.clone())
}

/// The steps that were taken, in order.
fn done(lines: &[&LogLine]) -> Vec<String> {
    let taken = lines.iter().filter(|it| matches!(it.outcome.as_str(), "fixed" | "advanced"));
    taken.filter_map(|it| it.step.clone()).collect()
}
