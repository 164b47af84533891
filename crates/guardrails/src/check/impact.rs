//! What a policy would have done to recorded calls, before the policy is attached.
//!
//! A denial counts as told only if every reading of the record ends in it. Where the readings differ, or a condition tests a
//! key that the record does not hold, the answer is which keys are missing.

use std::collections::{BTreeMap, BTreeSet};

use super::Attachment;
use super::effects::{Outcome, outcome};
use super::lints::is_allow_list;
use super::read::Policy;
use super::recorded::{Caller, NoCall, RecordedCall};

/// What becomes of the calls of one principal to one action.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Affected {
    /// Calls that the policy denies.
    pub denied: u64,
    /// The statements that deny them. Empty where only an allow list denies.
    pub by: BTreeSet<String>,
    /// Calls whose records do not tell.
    pub untold: u64,
    /// The keys that the records do not hold.
    pub missing: BTreeSet<String>,
    /// The time of the last of these calls.
    pub last: String,
    /// The record of that call.
    pub last_id: String,
}

/// The calls of one principal to one action.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AffectedKey {
    /// The account that was called.
    pub account: String,
    /// The user or role.
    pub principal: String,
    /// The action.
    pub action: String,
}

/// What a policy would have done to all recorded calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Impact {
    /// The management account of the organization, if it is known: no SCP and no RCP applies there.
    pub management: Option<String>,
    /// Calls that were judged.
    pub calls: u64,
    /// Calls that the policy leaves as they are.
    pub unchanged: u64,
    /// Calls of services and service-linked roles, which the policy does not bind.
    pub not_bound: u64,
    /// Records that are no call which a policy could have denied.
    pub left_out: BTreeMap<NoCall, u64>,
    /// The others.
    pub affected: BTreeMap<AffectedKey, Affected>,
}

impl Impact {
    /// Calls that the policy would have denied.
    pub fn denied(&self) -> u64 {
        self.affected.values().map(|it| it.denied).sum()
    }

    /// Calls whose records do not tell.
    pub fn untold(&self) -> u64 {
        self.affected.values().map(|it| it.untold).sum()
    }

    /// Counts a record that is no call.
    pub fn leave_out(&mut self, why: NoCall) {
        *self.left_out.entry(why).or_default() += 1;
    }

    /// Judges and counts one call.
    pub fn add(&mut self, policy: &Policy, attachment: Attachment, call: &RecordedCall) {
        self.calls += 1;
        let of_management = self.management.as_ref() == Some(&call.account);
        if (call.caller == Caller::Service || of_management) && attachment != Attachment::Identity {
            self.not_bound += 1;
            return;
        }
        let outcome = judge(policy, attachment, call);
        if outcome == Outcome::Allowed {
            self.unchanged += 1;
            return;
        }
        let key = AffectedKey {
            account: call.account.clone(),
            principal: call.principal.clone(),
            action: call.action.clone(),
        };
        let it = self.affected.entry(key).or_default();
        match outcome {
            Outcome::Denied(by) => {
                it.denied += 1;
                it.by.extend(by);
            }
            Outcome::NotGranted => it.denied += 1,
            Outcome::Depends(keys) => {
                it.untold += 1;
                it.missing.extend(keys);
            }
            Outcome::Allowed => {}
        }
        if call.time >= it.last {
            it.last.clone_from(&call.time);
            it.last_id.clone_from(&call.id);
        }
    }
}

/// What a policy does to one call.
pub fn judge(policy: &Policy, attachment: Attachment, call: &RecordedCall) -> Outcome {
    // Other policies of an identity may grant what this one does not.
    let must_grant = attachment == Attachment::Scp && is_allow_list(policy);
    let outcomes = call.readings.iter().map(|requests| outcome(policy, requests, must_grant));
    let mut outcomes: Vec<Outcome> = outcomes.collect();
    let Some(first) = outcomes.pop() else { return Outcome::Depends(call.open.clone()) };
    let denies = |it: &Outcome| matches!(it, Outcome::Denied(_) | Outcome::NotGranted);
    if outcomes.iter().all(|it| *it == first || denies(it) && denies(&first)) {
        return first;
    }
    let mut missing = call.open.clone();
    for it in outcomes.into_iter().chain([first]) {
        if let Outcome::Depends(keys) = it {
            missing.extend(keys);
        }
    }
    Outcome::Depends(missing)
}
