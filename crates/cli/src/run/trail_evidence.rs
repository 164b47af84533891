//! What CloudTrail recorded, as reasons against `HttpTokensEnforced`.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::Offset;
use v2only_enforcer::gate::{GateAnswer, Reason, RecordedKind, RecordedUse};
use v2only_enforcer::{Failure, Kind};
use v2only_policy::AccountId;
use v2only_policy::rollout::RecordedAgainst;
use v2only_trail::{
    DeliveryKey, Effect, EnforcementSwitch, GroupKey, LaunchGroup, Recording, TemplateOptions, forecast,
    read_records,
};

use crate::run::event_files::{self, HINT};
use crate::run::trail_lookup::RecordedLaunches;
use crate::term::messages::{Talk, count};
use crate::term::problem::Problem;
use crate::world::{Cloud, World};

/// The flag of commands that take recorded calls as evidence of the usage gate.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct TrailFiles {
    /// Recorded calls as evidence of the usage gate, beside `MetadataNoToken`: an instance with calls in the window whose
    /// credentials IMDSv1 delivered is held. Files that CloudTrail delivered, folders of them, or rows of CloudTrail Lake and
    /// Athena as lines of JSON; `.gz` is unpacked
    #[arg(long, value_name = "PATH", num_args = 1.., help_heading = "Input")]
    pub(crate) trail_files: Vec<PathBuf>,
}

impl TrailFiles {
    /// Reads the files, if any are named. Files that cannot be read end the run before AWS is asked.
    pub(crate) fn read(&self, world: &impl World) -> Result<Option<Recording>, Problem> {
        if self.trail_files.is_empty() { Ok(None) } else { read(&self.trail_files, world).map(Some) }
    }
}

/// Lets the usage gate see the recorded calls, and says what of the files could not be read.
pub(crate) fn inform(
    aws: &mut impl Cloud,
    recording: Option<&Recording>,
    now: Timestamp,
    talk: &mut Talk<'_>,
) {
    let Some(recording) = recording else { return };
    aws.add_delivered_by_v1(recording.delivered_by_v1(Offset::UTC.to_datetime(now).date()));
    if recording.unreadable > 0 {
        let records = count(usize::try_from(recording.unreadable).unwrap_or(usize::MAX), "record");
        talk.error(&format!("{records} of `--trail-files` could not be read, and may show more calls"));
    }
}

/// Counts the records in these files, one file after the other.
pub(crate) fn read(files: &[PathBuf], world: &impl World) -> Result<Recording, Problem> {
    let mut recording = Recording::default();
    for path in files {
        for file in event_files::files(path)? {
            if file == Path::new("-") {
                let text = world.read_stdin().map_err(|it| Problem::unreadable(&file, &it, HINT))?;
                read_records(text.as_bytes(), &mut recording);
            } else {
                let reader = event_files::open(&file).map_err(|it| Problem::unreadable(&file, &it, HINT))?;
                read_records(reader, &mut recording);
            }
        }
    }
    Ok(recording)
}

/// Adds what was recorded in the account and Region of an answer. Records that could not be read are a reason everywhere.
pub(crate) fn add(answer: &mut GateAnswer, launches: &RecordedLaunches) {
    let recording = &launches.recording;
    let failure =
        launches.places.iter().find(|(place, _)| *place == answer.place).and_then(|(_, it)| it.clone());
    if answer.failure().is_none() {
        answer.reasons.extend(failure.map(Reason::NotRead));
    }
    if recording.unreadable > 0 {
        let records = count(usize::try_from(recording.unreadable).unwrap_or(usize::MAX), "record");
        let why = format!("{records} of `--trail-files` could not be read");
        answer.reasons.push(Reason::NotRead(Failure::new(Kind::Invalid, "", why)));
    }
    let mut templates = launches.templates.clone();
    templates.absorb(options(answer));
    let here = recording.groups.iter().filter(|(key, _)| key.place == answer.place);
    let launched = here.filter_map(|(key, group)| self::launches(key, group, &templates));
    let delivered = recording
        .deliveries
        .iter()
        .filter(|(key, it)| is_of(key, answer) && it.v1_calls > 0 && !it.is_fixed());
    let delivered = delivered.map(|(key, delivery)| RecordedUse {
        kind: RecordedKind::DeliveredByV1,
        principal: key.role.clone(),
        through: key.instance.as_ref().map(ToString::to_string),
        calls: delivery.v1_calls,
        last: delivery.last_v1,
    });
    let reasons: Vec<Reason> = launched.chain(delivered).map(Reason::Recorded).collect();
    answer.reasons.extend(reasons);
}

/// Whether these calls speak against enforcement in the account and Region of the answer: the instance is there, or the calls
/// went there. An instance calls other Regions too.
fn is_of(key: &DeliveryKey, answer: &GateAnswer) -> bool {
    key.place == answer.place || key.instance.as_ref().is_some_and(|it| answer.instances.contains(it))
}

/// What the records say against each step of the roll-out. The next launch of a group decides; without times every launch
/// does.
pub(crate) fn against(
    launches: &RecordedLaunches,
    answers: &[GateAnswer],
    management: Option<&AccountId>,
) -> RecordedAgainst {
    let RecordedLaunches { recording, templates, places } = launches;
    let mut known = templates.clone();
    answers.iter().for_each(|answer| known.absorb(options(answer)));
    let speaks = |switch| {
        let groups = recording.groups.iter();
        let effects = groups.map(|(key, group)| forecast(key, group, switch, &known, management));
        effects
            .filter(|it| it.latest.map_or(!it.recorded.is_clear(), |next| next != Effect::Unchanged))
            .count()
    };
    // A default that is required changes launches on the way to enforcement already, and refuses none.
    let refused = recording.groups.iter().filter(|(key, group)| launches_fail(key, group, &known)).count();
    RecordedAgainst {
        changed_by_default: speaks(EnforcementSwitch::AccountDefault),
        denied_by_scp: speaks(EnforcementSwitch::Scp),
        refused_by_enforcement: refused,
        roles_with_v1_credentials: recording.roles_with_v1_credentials().len(),
        // Files name no account and Region that they cover.
        complete: !places.is_empty()
            && recording.unreadable == 0
            && places.iter().all(|(_, failure)| failure.is_none()),
    }
}

fn launches_fail(key: &GroupKey, group: &LaunchGroup, templates: &TemplateOptions) -> bool {
    self::launches(key, group, templates).is_some()
}

/// What the launch templates say today.
fn options(answer: &GateAnswer) -> TemplateOptions {
    let mut options = TemplateOptions::default();
    for template in &answer.templates {
        let id = template.id.as_str();
        for it in &template.versions {
            // A record names the template as the caller did.
            for named in [id, template.name.as_str()] {
                options.add(&answer.place, named, &it.number.to_string(), it.options);
                if it.number == template.default {
                    options.add(&answer.place, named, "$Default", it.options);
                }
                if it.number == template.latest {
                    options.add(&answer.place, named, "$Latest", it.options);
                }
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
