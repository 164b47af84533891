//! Reading evidence of version-1 use for the instances about which it decides, and for no others.

use v2only_policy::usage::{Counted, Usage, first_day};
use v2only_policy::{
    Circumstances, Decision, Instance, InstanceChange, InstanceId, Policy, decide_instance, quiet_days,
};

use crate::failure::{Failure, Kind};
use crate::ports::{Metric, ReadUsage};

/// An instance with the decision about it.
pub type Decided = (Instance, Decision<InstanceChange>);

/// Reads what the gate wants to know of these instances, and decides about them again. Costs no call if the gate
/// decides about none of them.
///
/// # Errors
/// It could not be read; the decisions are as they were, and the gate is shut.
pub async fn ask_the_gate(
    ports: &impl ReadUsage,
    policy: &Policy,
    circumstances: &Circumstances<'_>,
    decided: &mut [Decided],
) -> Result<(), Failure> {
    let unknown = |it: v2only_policy::scope::ScopeError| {
        Failure::new(Kind::Unavailable, "organizations:ListParents", it.to_string())
    };
    let mut wanting: Vec<(&mut Decided, u16)> = Vec::new();
    for it in decided.iter_mut().filter(|(_, decision)| decision.wants_usage()) {
        let window = quiet_days(&it.0, policy, circumstances).map_err(unknown)?;
        wanting.push((it, window));
    }
    let Some(longest) = wanting.iter().map(|(_, window)| *window).max() else { return Ok(()) };
    let today = circumstances.today();
    let ids: Vec<InstanceId> = wanting.iter().map(|((it, _), _)| it.id.clone()).collect();
    let since = first_day(today, longest);
    let read = ports.daily(circumstances.place, Metric::NoToken, &ids, since, circumstances.now).await?;
    for ((instance, decision), window) in wanting {
        // One that was not answered for is one of which only a part is known.
        let nothing = Counted::default();
        let usage = Usage::of(read.get(&instance.id).unwrap_or(&nothing), today, window);
        let informed = Circumstances { usage, ..*circumstances };
        *decision = decide_instance(instance, policy, &informed).map_err(unknown)?;
    }
    Ok(())
}
