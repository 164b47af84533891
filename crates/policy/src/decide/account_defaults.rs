//! Account defaults.

use super::{Circumstances, Decision, excuse};
use crate::Tags;
use crate::finding::{DefaultFinding, Finding};
use crate::instance::{HttpTokens, Switch};
use crate::option::SwitchOption;
use crate::plan::{DefaultsChange, EnforcementBar, Hold, Plan};
use crate::preference::{DefaultRule, Disabled, Preference};
use crate::scope::ScopeError;
use crate::settings::{AccountDefaultRules, Policy};
use crate::source::{AccountDefaults, DefaultsOwner};
use crate::verdict::{Compliance, Note, Verdict};

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
) -> Result<Decision, ScopeError> {
    let tags = Tags::new();
    let scope = circumstances.scope(AccountDefaults::NAME, &tags);
    let rules = policy.rules_for(&scope)?;
    let findings = judge(defaults, &rules.account_defaults);
    if findings.is_empty() {
        return Ok(Decision::nothing_to_do(Verdict::Compliant(Compliance::DefaultsAsRequired)));
    }
    let all = findings.iter().copied().map(Finding::Default).collect();
    let (verdict, mut notes) = excuse(all, policy, &scope, circumstances.today())?;
    let plan = match &verdict {
        Verdict::Violation(_) => {
            let (plan, note) = plan(defaults, &findings, failing);
            notes.extend(note);
            plan
        }
        Verdict::Compliant(_) | Verdict::Exempt { .. } | Verdict::Gone => Plan::Nothing,
    };
    Ok(Decision { verdict, notes, plan: plan.under(rules.mode), remember: Tags::new() })
}

fn judge(defaults: &AccountDefaults, rules: &AccountDefaultRules) -> Vec<DefaultFinding> {
    let is = &defaults.options;
    let tokens = (rules.http_tokens_required && is.http_tokens != Some(HttpTokens::Required))
        .then_some(DefaultFinding::Tokens { is: is.http_tokens });
    let hops = differs(rules.hop_limit, is.hop_limit, |hops| hops.get())
        .map(|must| DefaultFinding::HopLimit { is: is.hop_limit, must });
    // "no-preference" keeps a default of `disabled`: clearing it would enable the endpoint of new launches.
    let endpoint = differs(rules.http_endpoint, is.http_endpoint, |Disabled| Switch::Disabled)
        .filter(|must| !(*must == Preference::Clear && is.http_endpoint == Some(Switch::Disabled)))
        .map(|must| DefaultFinding::Endpoint { is: is.http_endpoint, must });
    let tags_are = is.switches[SwitchOption::MetadataTags];
    let tags = differs(rules.metadata_tags, tags_are, Switch::on)
        .map(|must| DefaultFinding::MetadataTags { is: tags_are, must });
    let enforced =
        (rules.enforced && defaults.enforced != Switch::Enabled).then_some(DefaultFinding::NotEnforced);
    tokens.into_iter().chain(hops).chain(endpoint).chain(tags).chain(enforced).collect()
}

/// What a default must become, if the document requires a default that the account does not have.
fn differs<T: Copy, U: PartialEq>(
    rule: DefaultRule<T>,
    is: Option<U>,
    described: impl FnOnce(T) -> U,
) -> Option<Preference<T>> {
    let DefaultRule::Must(must) = rule else { return None };
    (must.map(described) != is).then_some(must)
}

fn plan(defaults: &AccountDefaults, findings: &[DefaultFinding], failing: usize) -> (Plan, Option<Note>) {
    let mut change = DefaultsChange::default();
    for finding in findings {
        match finding {
            DefaultFinding::Tokens { .. } => change.require_tokens = true,
            DefaultFinding::HopLimit { must, .. } => change.hop_limit = Some(*must),
            // A word of a later release may stand for "disabled".
            DefaultFinding::Endpoint { is: Some(Switch::Unknown), must: Preference::Clear } => {}
            DefaultFinding::Endpoint { must, .. } => change.http_endpoint = Some(*must),
            DefaultFinding::MetadataTags { must, .. } => change.metadata_tags = Some(*must),
            DefaultFinding::NotEnforced => change.enforce = true,
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
    if change == DefaultsChange::default() {
        return (hold(Hold::EndpointUnknown), None);
    }
    let required = change.require_tokens || defaults.options.http_tokens == Some(HttpTokens::Required);
    let bar = match (change.enforce, required) {
        (false, _) => None,
        (true, false) => Some(EnforcementBar::NoDefault),
        (true, true) => (failing > 0).then_some(EnforcementBar::Failing { sources: failing }),
    };
    let Some(bar) = bar else {
        change.require_tokens |= change.enforce;
        return (Plan::act(change), None);
    };
    change.enforce = false;
    if change != DefaultsChange::default() {
        (Plan::act(change), Some(Note::EnforcementWaits(bar)))
    } else {
        (hold(Hold::Enforcement(bar)), None)
    }
}
