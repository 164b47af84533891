//! Reading evidence of version-1 use for the instances about which it decides, and for no others.

use v2only_policy::usage::{Counted, Usage, first_day};
use v2only_policy::{Circumstances, InstanceId, Judged, Policy, decide_instance, usage_gate};

use crate::failure::Failure;
use crate::ports::{Metric, ReadUsage};

/// Reads what the gate wants to know of these instances, and decides about them again. Costs no call if the gate
/// decides about none of them.
///
/// # Errors
/// It could not be read; the decisions are as they were, and the gate is shut.
pub async fn ask_the_gate(
    ports: &impl ReadUsage,
    policy: &Policy,
    circumstances: &Circumstances<'_>,
    judged: &mut [Judged],
) -> Result<(), Failure> {
    let mut waiting: Vec<(&mut Judged, InstanceId, u16)> = Vec::new();
    for judged in judged.iter_mut().filter(|it| it.decision.wants_usage()) {
        if let Some(instance) = judged.instance() {
            let (id, window) = (instance.id.clone(), usage_gate(instance, policy, circumstances)?.quiet_days);
            waiting.push((judged, id, window));
        }
    }
    let Some(longest) = waiting.iter().map(|(_, _, window)| *window).max() else { return Ok(()) };
    let today = circumstances.today();
    let ids: Vec<InstanceId> = waiting.iter().map(|(_, id, _)| id.clone()).collect();
    let since = first_day(today, longest);
    let read = ports.daily(circumstances.place, Metric::NoToken, &ids, since, circumstances.now).await?;
    for (judged, id, window) in waiting {
        // Of an instance without an answer only a part is known.
        let metric = read.get(&id).cloned().unwrap_or_default();
        let counted = Counted { delivered: ports.delivered_by_v1(&id), ..metric };
        let usage = Usage::of(&counted, today, window);
        let informed = Circumstances { usage, ..*circumstances };
        if let Some(instance) = judged.instance() {
            judged.decision = decide_instance(instance, policy, &informed)?;
        }
    }
    Ok(())
}
