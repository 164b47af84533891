//! Asks in every account and Region whether `HttpTokensEnforced` may be switched on.

use futures_util::StreamExt as _;
use jiff::Timestamp;
use v2only_enforcer::gate::{GateAnswer, gate};
use v2only_policy::{Place, Policy};

use crate::run::regions::{LOCATIONS_AT_ONCE, Places};
use crate::term::messages::Progress;
use crate::world::Readable;

/// Asks for every account and Region. A failure in one does not stop the others.
pub(crate) async fn ask(
    aws: &impl Readable,
    policy: &Policy,
    places: &Places,
    days: Option<u16>,
    now: Timestamp,
    progress: &Progress,
) -> Vec<GateAnswer> {
    let one = async |place: &Place| {
        let _shown = progress.begin(format!("reading {place}"));
        gate(aws, policy, place, days, now).await
    };
    let steps = progress.steps(places.known.len(), "accounts and Regions read");
    let asked = futures_util::stream::iter(&places.known).map(one).buffered(LOCATIONS_AT_ONCE);
    let mut answers: Vec<GateAnswer> = asked.inspect(|_| steps.done(1)).collect().await;
    let unreadable = places.unreadable.iter().cloned();
    answers.extend(unreadable.map(|(place, failure)| GateAnswer::not_read(place, failure)));
    answers
}
