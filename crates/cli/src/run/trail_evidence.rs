//! What CloudTrail recorded, as reasons against `HttpTokensEnforced`.

use std::path::PathBuf;

use v2only_enforcer::gate::{GateAnswer, Reason, RecordedKind, RecordedUse};
use v2only_enforcer::{Failure, Kind};
use v2only_trail::{Effect, EnforcementSwitch, GroupKey, LaunchGroup, Recording, TemplateOptions, forecast};

use crate::commands::replay::inputs;
use crate::term::messages::count;
use crate::term::problem::Problem;
use crate::world::World;

/// Counts the records in these files.
pub(crate) fn read(files: &[PathBuf], world: &impl World) -> Result<Recording, Problem> {
    let mut recording = Recording::default();
    inputs::read_each(files, world, |saved| match saved.body {
        Ok(record) => recording.add(record),
        Err(malformed) => recording.add_unreadable(malformed),
    })?;
    Ok(recording)
}

/// Adds what was recorded in the account and Region of an answer. Records that could not be read are a reason everywhere.
pub(crate) fn add(answer: &mut GateAnswer, recording: &Recording) {
    if recording.unreadable > 0 {
        let records = count(usize::try_from(recording.unreadable).unwrap_or(usize::MAX), "record");
        let why = format!("{records} of `--trail-files` could not be read");
        answer.reasons.push(Reason::NotRead(Failure::new(Kind::Invalid, "", why)));
    }
    let templates = options(answer);
    let here = recording.groups.iter().filter(|(key, _)| key.place == answer.place);
    let launches = here.filter_map(|(key, group)| launches(key, group, &templates));
    let delivered = recording
        .deliveries
        .iter()
        .filter(|(key, it)| key.place == answer.place && it.v1_calls > 0 && !it.is_fixed());
    let delivered = delivered.map(|(key, it)| RecordedUse {
        kind: RecordedKind::DeliveredByV1,
        principal: key.role.clone(),
        through: key.instance.as_ref().map(ToString::to_string),
        calls: it.v1_calls,
        last: it.last_v1,
    });
    answer.reasons.extend(launches.chain(delivered).map(Reason::Recorded));
}

/// What the launch templates say today.
fn options(answer: &GateAnswer) -> TemplateOptions {
    let mut options = TemplateOptions::default();
    for template in &answer.templates {
        let id = template.id.as_str();
        for it in &template.versions {
            options.add(&answer.place, id, &it.number.to_string(), it.options);
            if it.number == template.default {
                options.add(&answer.place, id, "$Default", it.options);
            }
            if it.number == template.latest {
                options.add(&answer.place, id, "$Latest", it.options);
            }
        }
    }
    options
}

/// The next launch of a group decides: what was fixed since is no reason. Without times every launch decides.
fn launches(key: &GroupKey, group: &LaunchGroup, templates: &TemplateOptions) -> Option<RecordedUse> {
    let forecast = forecast(key, group, EnforcementSwitch::EnforcedWithDefault, templates, None);
    let (kind, calls) = match forecast.latest {
        Some(Effect::Refused) => (RecordedKind::RefusedLaunch, forecast.recorded.refused),
        Some(Effect::Undecided(_)) => (RecordedKind::UnknownLaunch, forecast.recorded.undecided),
        Some(Effect::Unchanged | Effect::Changed) => return None,
        None if forecast.recorded.refused > 0 => (RecordedKind::RefusedLaunch, forecast.recorded.refused),
        None if forecast.recorded.undecided > 0 => (RecordedKind::UnknownLaunch, forecast.recorded.undecided),
        None => return None,
    };
    let parent = key.parent.as_ref().or(key.template.as_ref());
    Some(RecordedUse {
        kind,
        principal: key.principal.clone(),
        through: Some(
            parent.map_or_else(|| key.path.code().to_owned(), |it| format!("{} {it}", key.path.code())),
        ),
        calls,
        last: group.last_answering_v1(),
    })
}
