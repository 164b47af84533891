//! Orders of faults, and of what somebody else does before a call.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::order::{ActorName, Reply, done, read};
use crate::call_filter::CallFilter;
use crate::core::Core;
use crate::error::AwsError;
use crate::faults::{Effect, Fault};
use crate::interventions::Intervention;
use crate::others::ActorCall;

fn faults(core: &Core) -> std::sync::MutexGuard<'_, crate::faults::Faults> {
    core.faults.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) async fn reset_faults(State(core): State<Arc<Core>>) -> Response {
    faults(&core).clear();
    done()
}

/// A fault. `effect` is `error-before`, `error-after` (both with `status`, `code`, `message`),
/// `drop-before`, `drop-after`, `hold-after` or `latency` (with `millis`).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultOrder {
    service: Option<String>,
    action: Option<String>,
    account: Option<String>,
    region: Option<String>,
    #[serde(default = "one")]
    from_call: u64,
    times: Option<u64>,
    chance: Option<f64>,
    effect: EffectName,
    #[serde(default)]
    status: u16,
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    millis: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum EffectName {
    ErrorBefore,
    ErrorAfter,
    DropBefore,
    DropAfter,
    HoldAfter,
    Latency,
}

const fn one() -> u64 {
    1
}

pub(super) async fn inject(State(core): State<Arc<Core>>, body: Bytes) -> Reply {
    let order: FaultOrder = read(&body)?;
    let error =
        || AwsError::client(order.code.clone(), order.message.clone()).with_status(order.status.max(400));
    let effect = match order.effect {
        EffectName::ErrorBefore => Effect::ErrorBefore(error()),
        EffectName::ErrorAfter => Effect::ErrorAfter(error()),
        EffectName::DropBefore => Effect::DropBefore,
        EffectName::DropAfter => Effect::DropAfter,
        EffectName::HoldAfter => Effect::HoldAfter,
        EffectName::Latency => Effect::Latency(Duration::from_millis(order.millis)),
    };
    let mut fault = Fault::anywhere(effect).from_call(order.from_call);
    if let Some(service) = &order.service {
        fault = fault.in_service(service);
    }
    if let Some(action) = &order.action {
        fault = fault.of_action(action);
    }
    if let Some(account) = &order.account {
        fault = fault.in_account(account);
    }
    if let Some(region) = &order.region {
        fault = fault.in_region(region);
    }
    if let Some(times) = order.times {
        fault = fault.times(times);
    }
    if let Some(chance) = order.chance {
        fault = fault.chance(chance);
    }
    faults(&core).add(fault);
    Ok(done())
}

/// Calls of somebody else (`calls`), made once and in order, immediately before the nth (`call`,
/// from 1) call of `service` and `action` takes effect. A refused call of somebody else ends the
/// sequence.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BeforeOrder {
    service: String,
    action: String,
    account: Option<String>,
    region: Option<String>,
    #[serde(default = "one")]
    call: u64,
    calls: Vec<CallOrder>,
}

/// `parameters` are those of the wire, `{"Tag.1.Key": "team"}`; `document` is the request of a JSON service.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CallOrder {
    account: String,
    region: String,
    actor: ActorName,
    service: String,
    action: String,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    document: Option<Value>,
}

impl CallOrder {
    fn build(self) -> ActorCall {
        let call = ActorCall::new(&self.account, &self.region, self.actor.build());
        match self.document {
            Some(document) => call.json(&self.service, &self.action, document),
            None => {
                let pairs = self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                call.query(&self.service, &self.action, pairs)
            }
        }
    }
}

pub(super) async fn before(State(core): State<Arc<Core>>, body: Bytes) -> Reply {
    let order: BeforeOrder = read(&body)?;
    let mut filter = CallFilter::of(&order.service, &order.action);
    if let Some(account) = &order.account {
        filter = filter.in_account(account);
    }
    if let Some(region) = &order.region {
        filter = filter.in_region(region);
    }
    let calls: Vec<ActorCall> = order.calls.into_iter().map(CallOrder::build).collect();
    let weak = Arc::downgrade(&core);
    let act = Box::new(move || {
        let Some(core) = weak.upgrade() else { return };
        // The refused call is in CloudTrail, where a test can see it.
        let _refused = calls.iter().try_for_each(|call| call.perform(&core).map(|_| ()));
    });
    core.interventions.lock().unwrap_or_else(PoisonError::into_inner).push(Intervention {
        filter,
        skip: order.call.saturating_sub(1),
        act,
    });
    Ok(done())
}
