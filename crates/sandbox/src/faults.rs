//! Faults on order: errors, lost answers, dropped connections, waiting.

use std::time::Duration;

use crate::call::Call;
use crate::call_filter::CallFilter;
use crate::error::AwsError;
use crate::ids::Ids;

/// A fault, the calls it meets, and how often.
///
/// ```
/// use v2only_sandbox::{Effect, Fault};
///
/// // The second and third ModifyInstanceMetadataOptions of one account get no answer, after effect.
/// let fault = Fault::on("ec2", "ModifyInstanceMetadataOptions", Effect::DropAfter)
///     .in_account("111122223333")
///     .from_call(2)
///     .times(2);
/// # let _ = fault;
/// ```
#[derive(Debug, Clone)]
pub struct Fault {
    filter: CallFilter,
    /// Matching calls that pass unharmed first.
    skip: u64,
    /// Matching calls that are still to be harmed; `None` is all of them.
    left: Option<u64>,
    chance: f64,
    effect: Effect,
}

/// What happens to a call that meets a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The call is refused with this error and changes nothing.
    ErrorBefore(AwsError),
    /// The call takes effect, and the answer is this error all the same.
    ErrorAfter(AwsError),
    /// The call takes effect, and the answer is an empty document.
    EmptyAfter,
    /// The connection is closed without an answer, and nothing changed.
    DropBefore,
    /// The call takes effect and the connection is closed without an answer.
    DropAfter,
    /// The call takes effect and is never answered; the connection stays open.
    HoldAfter,
    /// The call is answered this much later, in real time.
    Latency(Duration),
}

impl Fault {
    /// A fault for every call of an operation.
    pub fn on(service: &str, action: &str, effect: Effect) -> Self {
        Self::anywhere(effect).in_service(service).of_action(action)
    }

    /// A fault for every call of every operation.
    pub const fn anywhere(effect: Effect) -> Self {
        let filter = CallFilter { service: None, action: None, account: None, region: None };
        Self { filter, skip: 0, left: None, chance: 1.0, effect }
    }

    /// Only calls of this service.
    #[must_use]
    pub fn in_service(mut self, service: &str) -> Self {
        self.filter.service = Some(service.to_owned());
        self
    }

    /// Only calls of this operation.
    #[must_use]
    pub fn of_action(mut self, action: &str) -> Self {
        self.filter.action = Some(action.to_owned());
        self
    }

    /// Only calls in this account.
    #[must_use]
    pub fn in_account(mut self, account: &str) -> Self {
        self.filter.account = Some(account.to_owned());
        self
    }

    /// Only calls in this Region.
    #[must_use]
    pub fn in_region(mut self, region: &str) -> Self {
        self.filter.region = Some(region.to_owned());
        self
    }

    /// From the nth matching call on, counted from 1.
    #[must_use]
    pub const fn from_call(mut self, nth: u64) -> Self {
        self.skip = nth.saturating_sub(1);
        self
    }

    /// At most this many calls.
    #[must_use]
    pub const fn times(mut self, count: u64) -> Self {
        self.left = Some(count);
        self
    }

    /// Each matching call with this chance, 0 to 1, by the sandbox's seed.
    #[must_use]
    pub const fn chance(mut self, chance: f64) -> Self {
        self.chance = chance;
        self
    }
}

/// The faults on order.
#[derive(Debug)]
pub(crate) struct Faults {
    orders: Vec<Fault>,
    dice: Ids,
}

/// The faults of one call: its latency, and at most one other effect.
#[derive(Debug, Default)]
pub(crate) struct FaultOutcome {
    pub(crate) latency: Duration,
    pub(crate) effect: Option<Effect>,
}

impl Faults {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { orders: Vec::new(), dice: Ids::new(seed ^ 0xfa_0175) }
    }

    pub(crate) fn add(&mut self, fault: Fault) {
        self.orders.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.orders.clear();
    }

    /// What `call` meets. Latencies add up; of the others the first on order wins.
    pub(crate) fn meet(&mut self, call: &Call) -> FaultOutcome {
        let mut outcome = FaultOutcome::default();
        for fault in self.orders.iter_mut().filter(|fault| fault.filter.matches(call)) {
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            let waits = matches!(fault.effect, Effect::Latency(_));
            if fault.left == Some(0) || (!waits && outcome.effect.is_some()) {
                continue;
            }
            if fault.chance < 1.0 && !self.dice.roll(fault.chance) {
                continue;
            }
            fault.left = fault.left.map(|left| left - 1);
            match &fault.effect {
                Effect::Latency(latency) => outcome.latency += *latency,
                other => outcome.effect = Some(other.clone()),
            }
        }
        self.orders.retain(|fault| fault.left != Some(0));
        outcome
    }
}
