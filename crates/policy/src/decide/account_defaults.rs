//! Account defaults.

use super::{Circumstances, Decision, excuse};
use crate::Tags;
use crate::instance::{HttpTokens, Switch};
use crate::plan::{DefaultsChange, EnforcementBar, Hold, Plan};
use crate::scope::ScopeError;
use crate::settings::{AccountDefaultRules, Policy};
use crate::source::{AccountDefaults, DefaultsOwner};
use crate::verdict::{Compliance, Finding, Note, Verdict};

/// What the defaults of an account in a Region are called where a resource has to be named.
pub const ACCOUNT_DEFAULT: &str = "account-default";

/// Judges the defaults of one account in one Region and plans what follows.
///
/// `failing` counts the launch templates' versions and launch configurations in use that say `optional`:
/// their launches fail once `HttpTokensEnforced` is on, so it is not turned on before they are gone.
///
/// # Errors
/// The policy names organizational units in a way that decides here, and those above the account are not
/// known.
pub fn decide_account_defaults(
    defaults: &AccountDefaults,
    failing: usize,
    policy: &Policy,
    circumstances: &Circumstances<'_>,
) -> Result<Decision<DefaultsChange>, ScopeError> {
    let tags = Tags::new();
    let scope = circumstances.scope(ACCOUNT_DEFAULT, &tags);
    let rules = policy.rules_for(&scope)?;
    let findings = judge(defaults, &rules.account_defaults);
    if findings.is_empty() {
        return Ok(Decision::left(Verdict::Compliant(Compliance::DefaultsAsRequired)));
    }
    let (verdict, mut notes) = excuse(findings, policy, &scope, circumstances.today())?;
    let plan = match &verdict {
        Verdict::Violation(findings) => {
            let (plan, note) = plan(defaults, findings, failing);
            notes.extend(note);
            plan
        }
        _ => Plan::Nothing,
    };
    Ok(Decision { verdict, notes, plan: plan.under(rules.mode), remember: Tags::new() })
}

fn judge(defaults: &AccountDefaults, rules: &AccountDefaultRules) -> Vec<Finding> {
    let is = &defaults.options;
    let tokens = (rules.http_tokens_required && is.http_tokens != Some(HttpTokens::Required))
        .then_some(Finding::DefaultTokens { is: is.http_tokens });
    let hops = rules
        .hop_limit
        .filter(|must| is.hop_limit != Some(must.get()))
        .map(|must| Finding::DefaultHopLimit { is: is.hop_limit, must });
    let enforced = (rules.enforced && defaults.enforced != Switch::Enabled).then_some(Finding::NotEnforced);
    tokens.into_iter().chain(hops).chain(enforced).collect()
}

fn plan(
    defaults: &AccountDefaults,
    findings: &[Finding],
    failing: usize,
) -> (Plan<DefaultsChange>, Option<Note>) {
    let mut change = DefaultsChange { require_tokens: false, hop_limit: None, enforce: false };
    for finding in findings {
        match finding {
            Finding::DefaultTokens { .. } => change.require_tokens = true,
            Finding::DefaultHopLimit { must, .. } => change.hop_limit = Some(*must),
            Finding::NotEnforced => change.enforce = true,
            _ => {}
        }
    }
    let hold = |why| Plan::Hold { why, would: None };
    match &defaults.owner {
        DefaultsOwner::Account => {}
        DefaultsOwner::DeclarativePolicy(message) => {
            return (hold(Hold::DeclarativePolicy(message.clone())), None);
        }
        DefaultsOwner::Unknown(word) => return (hold(Hold::Managed(word.clone())), None),
    }
    let required = change.require_tokens || defaults.options.http_tokens == Some(HttpTokens::Required);
    let bar = match (change.enforce, required) {
        (false, _) => None,
        (true, false) => Some(EnforcementBar::NoDefault),
        (true, true) => (failing > 0).then_some(EnforcementBar::Failing { sources: failing }),
    };
    let Some(bar) = bar else {
        change.require_tokens |= change.enforce;
        return (Plan::Act(change), None);
    };
    change.enforce = false;
    if change.require_tokens || change.hop_limit.is_some() {
        (Plan::Act(change), Some(Note::EnforcementWaits(bar)))
    } else {
        (hold(Hold::Enforcement(bar)), None)
    }
}
