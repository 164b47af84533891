//! Looking at several places side by side. Takes no writer.

use futures_util::StreamExt as _;
use jiff::Timestamp;
use v2only_enforcer::scan::{Judged, Kinds, scan};
use v2only_enforcer::{Failure, Record};
use v2only_policy::{Place, Policy};

use crate::talk::Progress;
use crate::world::Readable;

/// How many places are looked at, or changed, side by side.
pub(crate) const AT_ONCE: usize = 8;

/// What was seen of one place.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Which place.
    pub(crate) place: Place,
    /// What is not clean, by kind and id.
    pub(crate) judged: Vec<Judged>,
    /// Why the rest could not be read, if so.
    pub(crate) failure: Option<Failure>,
}

impl Seen {
    /// What is said of each resource as long as nothing is done.
    pub(crate) fn records(&self) -> impl Iterator<Item = Record> {
        self.judged.iter().map(|it| it.record(&self.place))
    }
}

/// Looks at every place; one that fails does not keep the others from being seen.
pub(crate) async fn survey(
    ports: &impl Readable,
    policy: &Policy,
    places: &[Place],
    kinds: Kinds,
    now: Timestamp,
    progress: &Progress,
) -> Vec<Seen> {
    let look = async |place: &Place| {
        let _shown = progress.begin(format!("reading {place}"));
        let mut judged = Vec::new();
        let ended = scan(ports, policy, place, kinds, now, &mut |it| judged.push(it)).await;
        judged.sort_by_cached_key(|it| it.record(place).resource);
        Seen { place: place.clone(), judged, failure: ended.err() }
    };
    futures_util::stream::iter(places).map(look).buffered(AT_ONCE).collect().await
}
