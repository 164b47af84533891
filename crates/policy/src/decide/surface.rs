//! Surfaces outside of EC2, Auto Scaling and SageMaker: judged by `HttpTokens` alone.

use super::{Circumstances, Decision, excuse};
use crate::Tags;
use crate::finding::{Finding, OptionFinding};
use crate::instance::{HttpTokens, Switch};
use crate::owner::Owner;
use crate::plan::{Hold, Plan, SurfaceChange};
use crate::scope::ScopeError;
use crate::settings::{GateScope, OwnedTemplates, Policy, Rules, UsageGate};
use crate::surface::{Surface, SurfaceFix};
use crate::usage::{Evidence, GateAnswer, LastStart};
use crate::verdict::{Compliance, Verdict};

/// Judges a surface and plans what follows.
///
/// # Errors
/// The policy names organizational units in a way that decides here, and those above the account are not
/// known.
pub fn decide_surface(
    surface: &Surface,
    policy: &Policy,
    circumstances: &Circumstances<'_>,
) -> Result<Decision, ScopeError> {
    let compliant = |why| Ok(Decision::nothing_to_do(Verdict::Compliant(why)));
    if surface.options.http_endpoint == Some(Switch::Disabled) {
        return compliant(Compliance::EndpointDisabled);
    }
    let finding = match surface.http_tokens() {
        HttpTokens::Required => return compliant(Compliance::TokensRequired),
        HttpTokens::Optional => OptionFinding::TokensOptional,
        HttpTokens::Unknown => OptionFinding::TokensUnknown,
    };
    let scope = circumstances.scope(&surface.id, &surface.tags);
    let rules = policy.rules_for(&scope)?;
    let (verdict, notes) = excuse(vec![Finding::Option(finding)], policy, &scope, circumstances.today())?;
    let plan = match &verdict {
        Verdict::Violation(_) => plan(surface, rules, circumstances),
        Verdict::Compliant(_) | Verdict::Exempt { .. } | Verdict::Gone => Plan::Nothing,
    };
    Ok(Decision { verdict, notes, plan: plan.under(rules.mode), remember: Tags::new() })
}

/// How many days of the usage of a surface decide.
///
/// # Errors
/// As [`decide_surface`].
pub fn surface_usage_window(
    surface: &Surface,
    policy: &Policy,
    circumstances: &Circumstances<'_>,
) -> Result<u16, ScopeError> {
    let scope = circumstances.scope(&surface.id, &surface.tags);
    Ok(policy.rules_for(&scope)?.instances.usage_gate.quiet_days)
}

fn plan(surface: &Surface, rules: &Rules, circumstances: &Circumstances<'_>) -> Plan {
    let change = SurfaceChange::RequireTokens;
    match surface.kind.about().fix {
        SurfaceFix::InPlace => {
            let owner = Owner::of_surface(surface);
            let is_report = rules.launch_templates.owned == OwnedTemplates::Report;
            match owner.filter(|owner| owner.kind.is_service() || is_report) {
                Some(owner) => Plan::Hold { why: Hold::OwnedBy(owner), would: None },
                None => Plan::act(change),
            }
        }
        SurfaceFix::Report(_) => Plan::Hold {
            why: Hold::SurfaceReportOnly { kind: surface.kind, users: surface.users.clone() },
            would: None,
        },
        SurfaceFix::BehindUsageGate => match gate(surface, rules, circumstances) {
            None => Plan::act(change),
            Some(why) => Plan::Hold { why, would: Some(change.into()) },
        },
    }
}

/// Why the usage gate holds a surface, if it does. AWS describes no last start of a surface, so `require_restart` asks for
/// nothing here; and a new surface has no siblings, so that its own calls decide.
fn gate(surface: &Surface, rules: &Rules, circumstances: &Circumstances<'_>) -> Option<Hold> {
    let is_new = circumstances.is_fresh(surface.created_at, rules.instances.fresh_minutes);
    let gate = UsageGate { require_restart: false, ..rules.instances.usage_gate };
    let has_siblings_rule = gate.applies_to == GateScope::Siblings;
    let evidence = Evidence {
        usage: circumstances.usage,
        last_start: LastStart::Unknown,
        siblings: circumstances.siblings,
    };
    match gate.asks(is_new && !has_siblings_rule, evidence) {
        GateAnswer::Open => None,
        GateAnswer::Shut(usage) => Some(Hold::UsageGate(usage)),
        GateAnswer::NotRestarted(_) | GateAnswer::Siblings(_) => Some(Hold::UsageGate(circumstances.usage)),
    }
}
