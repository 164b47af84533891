//! `--launched-by`: asking CloudTrail who launched what violates the policy. Takes no writer.

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use jiff::Timestamp;
use v2only_enforcer::launchers::{Launcher, launchers};
use v2only_enforcer::ports::LookUpLaunches;
use v2only_policy::InstanceId;

use crate::survey::{AT_ONCE, Seen};
use crate::talk::Progress;

/// Fills in who launched the violating instances of every place; places side by side, because CloudTrail counts the
/// questions of each by itself.
pub(crate) async fn ask(
    aws: &(impl LookUpLaunches + Sync),
    seen: &mut [Seen],
    now: Timestamp,
    progress: &Progress,
) {
    let one = async |seen: &Seen| {
        let violating = seen.violating();
        let _shown = progress.begin(format!("asking who launched {} in {}", violating.len(), seen.place));
        launchers(aws, &seen.place, &violating, now).await
    };
    let found: Vec<BTreeMap<InstanceId, Launcher>> =
        futures_util::stream::iter(seen.iter()).map(one).buffered(AT_ONCE).collect().await;
    for (seen, found) in seen.iter_mut().zip(found) {
        seen.launchers = found;
    }
}
