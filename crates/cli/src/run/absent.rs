//! Resources that a run is about and that it does not find.

use futures_util::StreamExt as _;
use v2only_document::spelling;
use v2only_enforcer::Failure;
use v2only_enforcer::existing::{Existing, existing};
use v2only_enforcer::ports::{Answer, DescribeInstances, ListNotebooks, ReadSurfaces, SourceReader};
use v2only_enforcer::scan::Kinds;
use v2only_policy::{InstanceId, Place, ResourceKind};

use crate::args::selection::Unmatched;
use crate::run::regions::{LOCATIONS_AT_ONCE, Places};
use crate::term::messages::Talk;
use crate::term::problem::sentence;

/// What `--only` names and the run did not find.
#[derive(Debug)]
pub(crate) struct Absent {
    /// As it was typed.
    pub(crate) text: String,
    /// What exists and is called nearly the same.
    nearest: Option<String>,
    /// The first account and Region whose listing failed, and why: the resource may be there.
    unlisted: Option<(Place, Failure)>,
}

/// The resources of `--only` that no account and Region lists.
///
/// A scan lists violations only, so that a misspelt name would look compliant. Costs nothing if a violation was found for each
/// name; otherwise a call for each account and Region, and the listings of the kinds that are not instances.
pub(crate) async fn absent<P>(ports: &P, places: &Places, kinds: Kinds, unmatched: Unmatched) -> Vec<Absent>
where
    P: DescribeInstances + ListNotebooks + SourceReader + ReadSurfaces,
{
    let (mut ids, mut names) = (Vec::new(), Vec::new());
    for text in unmatched.into_texts() {
        match InstanceId::parse(&text) {
            Ok(id) if kinds.contains(ResourceKind::Instance) => ids.push(id),
            _ => names.push(text),
        }
    }
    let instances = async |place: &Place| {
        let found = ports.instances(place, &ids).await?;
        Ok(found.into_iter().map(|it| Existing { id: it.id.to_string(), name: None }).collect())
    };
    let mut absent = not_listed(ids.iter().map(ToString::to_string).collect(), places, instances).await;
    absent.extend(not_listed(names, places, async |place: &Place| existing(ports, place, kinds).await).await);
    absent
}

/// Those of the texts that no listing has. Lists several accounts and Regions side by side, until each text was found.
async fn not_listed(
    texts: Vec<String>,
    places: &Places,
    list: impl AsyncFn(&Place) -> Answer<Vec<Existing>>,
) -> Vec<Absent> {
    let (mut lost, mut others, mut failed) = (texts.clone(), Vec::new(), None);
    let list = &list;
    let listing = async |place: &Place| (place.clone(), list(place).await);
    let mut listings = futures_util::stream::iter(&places.known).map(listing).buffered(LOCATIONS_AT_ONCE);
    while !lost.is_empty()
        && let Some((place, listed)) = listings.next().await
    {
        match listed {
            Ok(here) => {
                lost.retain(|text| !here.iter().any(|it| it.id == *text));
                others.extend(here.into_iter().filter(|it| !texts.contains(&it.id)));
            }
            Err(failure) => failed = failed.or(Some((place, failure))),
        }
    }
    let absent = |text: String| Absent { nearest: nearest(&text, &others), text, unlisted: failed.clone() };
    lost.into_iter().map(absent).collect()
}

/// The resource that is called nearly like this, by its id.
fn nearest(text: &str, known: &[Existing]) -> Option<String> {
    if let Some(named) = known.iter().find(|it| it.name.as_deref() == Some(text)) {
        return Some(named.id.clone());
    }
    let ids = known.iter().map(|it| it.id.as_str());
    spelling::nearest_within(text, ids, text.chars().count().div_ceil(4)).map(str::to_owned)
}

/// Reports them.
pub(crate) fn say(talk: &mut Talk<'_>, absent: &[Absent]) {
    for Absent { text, nearest, unlisted } in absent {
        let nearest = nearest.as_ref().map(|it| format!("; did you mean `{it}`?")).unwrap_or_default();
        talk.error(&match unlisted {
            None => format!("--only: {text} is in none of the accounts and Regions that were read{nearest}"),
            Some((place, failure)) => {
                let why = sentence(failure);
                format!("--only: {text} was not found, and {place} could not be searched: {why}{nearest}")
            }
        });
    }
    if absent.iter().any(|it| it.unlisted.is_none()) {
        talk.hint(
            "correct the id or name, or name its Region with `--region` and its account with `--accounts`; \
             `--name` selects by the `Name` tag",
        );
    }
}
