//! `--launched-by`: asking CloudTrail who launched what violates the policy. Takes no writer.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use v2only_enforcer::launchers::{Launcher, launchers};
use v2only_enforcer::ports::LookUpLaunches;
use v2only_policy::instance::GROUP_TAG;
use v2only_policy::{Instance, InstanceId, Place};

use crate::run::found::Estate;
use crate::run::regions::LOCATIONS_AT_ONCE;
use crate::run::spool;
use crate::term::messages::Progress;

/// Fills in who launched the violating instances. Accounts and Regions are asked at the same time, because CloudTrail
/// throttles each on its own. Only the answers are kept.
///
/// # Errors
/// What was found cannot be read again.
pub(crate) async fn ask(
    aws: &(impl LookUpLaunches + Sync),
    estate: &mut Estate,
    now: Timestamp,
    progress: &Progress,
) -> spool::Result<()> {
    let one = async |(number, place): (usize, &Place)| {
        let violating = estate.launched(number, GROUP_TAG)?;
        let violating: Vec<&Instance> = violating.iter().collect();
        let _shown = progress.begin(format!("asking who launched {} in {place}", violating.len()));
        spool::Result::Ok(launchers(aws, place, &violating, now).await)
    };
    let places = estate.seen.iter().map(|it| &it.place).enumerate();
    let found: Vec<spool::Result<BTreeMap<InstanceId, Launcher>>> =
        futures_util::stream::iter(places).map(one).buffered(LOCATIONS_AT_ONCE).collect().await;
    for (seen, found) in estate.seen.iter_mut().zip(found) {
        seen.launchers = found?;
    }
    Ok(())
}
