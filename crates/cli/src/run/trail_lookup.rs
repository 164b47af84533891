//! Recorded calls that `LookupEvents` returns, in every account and Region. CloudTrail answers two calls a second in each of
//! them; the port waits for its turn.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt as _;
use serde_json::Value;
use v2only_enforcer::Failure;
use v2only_enforcer::ports::{LookUp, Readable};
use v2only_policy::{LaunchTemplateId, Place};
use v2only_trail::{Recording, TemplateOptions};

use crate::run::regions::{LOCATIONS_AT_ONCE, Places};
use crate::term::messages::Progress;

/// What CloudTrail returned, and the template versions that launches used.
#[derive(Default)]
pub(crate) struct RecordedLaunches {
    pub(crate) recording: Recording,
    pub(crate) templates: TemplateOptions,
    pub(crate) places: Vec<(Place, Option<Failure>)>,
}

/// Reads the launches of every account and Region. A failure in one does not stop the others.
pub(crate) async fn launches(aws: &impl Readable, places: &Places, progress: &Progress) -> RecordedLaunches {
    let steps = progress.steps(places.known.len(), "accounts and Regions read");
    let mut all = RecordedLaunches::default();
    let location = |place| launches_of(aws, place, progress);
    let mut read = futures_util::stream::iter(&places.known).map(location).buffered(LOCATIONS_AT_ONCE);
    while let Some((place, recording, templates, failure)) = read.next().await {
        steps.done(1);
        all.recording.absorb(recording);
        all.templates.absorb(templates);
        all.places.push((place, failure));
    }
    drop(read);
    let unreadable = places.unreadable.iter().cloned();
    all.places.extend(unreadable.map(|(place, failure)| (place, Some(failure))));
    all
}

/// Hands on every recorded call of an action in an account and Region, the newest first.
///
/// # Errors
/// The first call that failed.
pub(crate) async fn each_call(
    aws: &impl Readable,
    place: &Place,
    look_up: LookUp<'_>,
    mut each: impl FnMut(Value),
) -> Result<(), Failure> {
    aws.admit(place).await?;
    let mut next = None;
    loop {
        let page = aws.history(place, look_up, next).await?;
        page.items.into_iter().for_each(&mut each);
        next = page.next;
        if next.is_none() {
            return Ok(());
        }
    }
}

/// Reads one account and Region as far as AWS answers.
async fn launches_of(
    aws: &impl Readable,
    place: &Place,
    progress: &Progress,
) -> (Place, Recording, TemplateOptions, Option<Failure>) {
    let _shown = progress.begin(format!("reading {place}"));
    let (mut recording, mut templates) = (Recording::default(), TemplateOptions::default());
    let failure = match each_call(aws, place, LookUp::Launches, |record| recording.add(record)).await {
        Ok(()) => template_versions(aws, place, &recording, &mut templates).await.err(),
        Err(failure) => Some(failure),
    };
    (place.clone(), recording, templates, failure)
}

/// Reads the versions that launches used. A version that is deleted meanwhile stays unknown.
async fn template_versions(
    aws: &impl Readable,
    place: &Place,
    recording: &Recording,
    templates: &mut TemplateOptions,
) -> Result<(), Failure> {
    let mut used: BTreeMap<LaunchTemplateId, BTreeSet<u64>> = BTreeMap::new();
    let launched = recording.groups.values().flat_map(|group| group.launched.keys());
    for template in launched.filter_map(|facts| facts.template.as_ref()) {
        let number = template.version.as_deref().and_then(|it| it.parse().ok());
        if let (Ok(id), Some(number)) = (LaunchTemplateId::parse(&template.id), number) {
            used.entry(id).or_default().insert(number);
        }
    }
    for (id, numbers) in used {
        let numbers: Vec<u64> = numbers.into_iter().collect();
        for version in aws.template_versions(place, &id, &numbers).await? {
            templates.add(place, id.as_str(), &version.number.to_string(), version.options);
        }
    }
    Ok(())
}
