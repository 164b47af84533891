//! Instances.

use super::{Circumstances, Decision, Drift, Occasion, excuse};
use crate::Tags;
use crate::container_host::ContainerHost;
use crate::finding::{Finding, OptionFinding};
use crate::history::History;
use crate::instance::{HttpTokens, Instance, InstanceState, MetadataOptions, Switch};
use crate::option::{SwitchOption, Switches};
use crate::plan::{Hold, InstanceChange, OptionBar, Plan};
use crate::rules;
use crate::scope::ScopeError;
use crate::settings::{Engine, Mode, Policy, Rules, UsageGate};
use crate::usage::{Evidence, GateAnswer, LastStart, NotRestarted, Siblings};
use crate::verdict::{Compliance, Note, Verdict};

/// Judges one instance and plans what follows.
///
/// # Errors
/// The policy names organizational units in a way that decides here, and those above the account are not
/// known. Nothing is concluded then.
pub fn decide_instance(
    instance: &Instance,
    policy: &Policy,
    circumstances: &Circumstances<'_>,
) -> Result<Decision, ScopeError> {
    if instance.state == InstanceState::Gone {
        return Ok(Decision::nothing_to_do(Verdict::Gone));
    }
    let scope = circumstances.scope(instance.id.as_str(), &instance.tags);
    let rules = policy.rules_for(&scope)?;
    let judged = judge_options(&instance.options, rules);
    let compliance = judged.as_ref().ok().copied().unwrap_or(Compliance::TokensRequired);
    let (findings, unknown): (Vec<_>, Vec<_>) = judged
        .err()
        .unwrap_or_default()
        .into_iter()
        .partition(|finding| !instance.options.lack(finding.option()));
    let (verdict, notes) = if findings.is_empty() {
        (Verdict::Compliant(compliance), Vec::new())
    } else {
        let findings = findings.iter().copied().map(Finding::Option).collect();
        excuse(findings, policy, &scope, circumstances.today())?
    };
    let drift = Drift::of(&instance.tags, &rules.drift, circumstances);
    let mut impossible = Vec::new();
    let (plan, remembers) = match &verdict {
        Verdict::Violation(_) => {
            let facts =
                LaunchFacts { tags: &instance.tags, instance_type: instance.instance_type.as_deref() };
            let (fixable, mut bars) = facts.without_impossible(&findings);
            let plan = plan(instance, change(&fixable), rules, circumstances, &drift);
            // A flip counts where it is corrected, now or after a pause, and where it is left because it is contested.
            let remembers =
                matches!(plan, Plan::Act(_) | Plan::Wait(_) | Plan::Hold { why: Hold::Contested { .. }, .. });
            let plan = if fixable.is_empty() && plan.acts() && !bars.is_empty() {
                Plan::Hold { why: Hold::OptionImpossible(bars.remove(0)), would: None }
            } else {
                plan
            };
            impossible = bars;
            (plan, remembers)
        }
        // It was corrected before the flip's own record came in, because events come in any order: the flip
        // counts all the same.
        Verdict::Compliant(Compliance::TokensRequired) => (Plan::Nothing, instance.managed_by.is_none()),
        Verdict::Compliant(_) | Verdict::Exempt { .. } | Verdict::Gone => (Plan::Nothing, false),
    };
    let plan = plan.under(rules.mode);
    let unread = history_not_read(&plan, circumstances);
    let contested = drift.note.filter(|_| matches!(verdict, Verdict::Violation(_)));
    let containers = ContainerHost::left_without_tokens(instance, &plan).map(Note::ContainerHost);
    let unknown = unknown.into_iter().map(|finding| Note::OptionUnknown(finding.option()));
    let notes = pending(instance)
        .into_iter()
        .chain(notes)
        .chain(unknown)
        .chain(impossible.into_iter().map(Note::OptionImpossible))
        .chain(containers)
        .chain(contested)
        .chain(unread)
        .collect();
    let remember = if remembers && rules.mode == Mode::Enforce { drift.remember } else { Tags::new() };
    Ok(Decision { verdict, notes, plan, remember })
}

/// The evidence that the policy wants before version 1 is closed on an instance.
///
/// # Errors
/// As [`decide_instance`].
pub fn usage_gate(
    instance: &Instance,
    policy: &Policy,
    circumstances: &Circumstances<'_>,
) -> Result<UsageGate, ScopeError> {
    let scope = circumstances.scope(instance.id.as_str(), &instance.tags);
    Ok(policy.rules_for(&scope)?.instances.usage_gate)
}

/// Why these options are compliant, or the findings: those of an instance, or those it would be launched
/// with.
pub(super) fn judge_options(
    options: &MetadataOptions,
    rules: &Rules,
) -> Result<Compliance, Vec<OptionFinding>> {
    if options.http_endpoint == Switch::Disabled {
        return Ok(Compliance::EndpointDisabled);
    }
    let findings: Vec<OptionFinding> = rules::judge_options(options, &rules.instances).collect();
    if findings.is_empty() { Ok(Compliance::TokensRequired) } else { Err(findings) }
}

/// What decides whether AWS takes an option of an instance, or of what is launched.
pub(super) struct LaunchFacts<'a> {
    pub(super) tags: &'a Tags,
    pub(super) instance_type: Option<&'a str>,
}

impl LaunchFacts<'_> {
    /// The findings that a change can fix, and why AWS would refuse the others.
    pub(super) fn without_impossible(
        &self,
        findings: &[OptionFinding],
    ) -> (Vec<OptionFinding>, Vec<OptionBar>) {
        let (mut fixable, mut bars) = (Vec::new(), Vec::new());
        for finding in findings {
            match self.bar(*finding) {
                Some(bar) => bars.push(bar),
                None => fixable.push(*finding),
            }
        }
        (fixable, bars)
    }

    fn bar(&self, finding: OptionFinding) -> Option<OptionBar> {
        match finding {
            OptionFinding::Switch { option: SwitchOption::MetadataTags, enable: true } => {
                let key = rules::switches::unfit_key(self.tags)?;
                Some(OptionBar::TagKey(key.to_owned()))
            }
            OptionFinding::Switch { option: SwitchOption::Ipv6Endpoint, enable: true } => {
                let kind = self.instance_type.filter(|it| rules::switches::refuses_ipv6(it))?;
                Some(OptionBar::InstanceType(kind.to_owned()))
            }
            OptionFinding::TokensOptional
            | OptionFinding::TokensUnknown
            | OptionFinding::EndpointEnabled
            | OptionFinding::HopLimitAbove { .. }
            | OptionFinding::HopLimitOther { .. }
            | OptionFinding::Switch { enable: false, .. } => None,
        }
    }
}

fn pending(instance: &Instance) -> Option<Note> {
    instance.options.pending.then_some(Note::OptionsPending)
}

/// That the history could not be read, where it could have decided.
fn history_not_read(plan: &Plan, circumstances: &Circumstances<'_>) -> Option<Note> {
    match (circumstances.history, plan) {
        (History::Unreadable(why), Plan::Hold { why: hold, .. }) if hold.usage().is_some() => {
            Some(Note::HistoryNotRead(why.to_owned()))
        }
        _ => None,
    }
}

fn plan(
    instance: &Instance,
    change: InstanceChange,
    rules: &Rules,
    circumstances: &Circumstances<'_>,
    drift: &Drift,
) -> Plan {
    let hold = |why| Plan::Hold { why, would: Some(change.into()) };
    if let Some(principal) = &instance.managed_by {
        return Plan::Hold { why: Hold::Managed(principal.clone()), would: None };
    }
    if instance.options.http_endpoint != Switch::Enabled {
        // (only tighten): `RequireTokens` sends HttpEndpoint=enabled.
        return Plan::Hold { why: Hold::EndpointUnknown, would: None };
    }
    if let Some(why) = &drift.hold {
        return hold(why.clone());
    }
    let closes_v1 = instance.options.http_tokens != HttpTokens::Required;
    let new = match circumstances.occasion {
        Occasion::Launch => instance.created_at.is_none_or(|at| circumstances.is_news(at)),
        Occasion::Drift(at) => circumstances.is_news(at),
        Occasion::Seen => circumstances.is_fresh(instance.created_at, rules.instances.fresh_minutes),
    };
    // The gate shelters only what never was v2-only.
    let is_sheltered = closes_v1 && !drift.was_closed;
    if (is_sheltered || change == InstanceChange::DisableEndpoint)
        && let Some(why) = held_by_the_gate(instance, new, &rules.instances.usage_gate, circumstances)
    {
        return hold(why);
    }
    if rules.instances.remediate_with == Engine::SsmAutomation {
        // Last, so that automation is never handed what the gate holds back.
        return hold(Hold::SsmAutomation);
    }
    drift.paused(Plan::act(change))
}

/// Why the usage gate holds an instance, if it does.
fn held_by_the_gate(
    instance: &Instance,
    new: bool,
    gate: &UsageGate,
    circumstances: &Circumstances<'_>,
) -> Option<Hold> {
    let window = gate.quiet_days;
    let evidence = Evidence {
        usage: circumstances.usage,
        last_start: LastStart::of(instance.started_at, circumstances.now, window),
        siblings: circumstances.siblings,
    };
    match gate.asks(new, evidence) {
        GateAnswer::Open | GateAnswer::Siblings(Siblings::Quiet) => None,
        GateAnswer::Shut(usage) => Some(Hold::UsageGate(usage)),
        GateAnswer::NotRestarted(last_start) => Some(Hold::NotRestarted(NotRestarted {
            last_start,
            window,
            instance: instance.id.clone(),
            region: circumstances.place.region.clone(),
            group: instance.group().map(str::to_owned),
        })),
        GateAnswer::Siblings(Siblings::Busy(siblings)) => Some(Hold::SiblingsUseV1(siblings.clone())),
        GateAnswer::Siblings(Siblings::NotRead) => Some(Hold::SiblingsNotRead(None)),
        GateAnswer::Siblings(Siblings::Unreadable(why)) => Some(Hold::SiblingsNotRead(Some(why.to_owned()))),
    }
}

/// The one call that fixes every finding. Each finding has its own field, so their order does not matter.
pub(super) fn change(findings: &[OptionFinding]) -> InstanceChange {
    let (mut hop_limit, mut switches) = (None, Switches::all(None));
    for finding in findings {
        match *finding {
            OptionFinding::EndpointEnabled => return InstanceChange::DisableEndpoint,
            // Every change requires tokens.
            OptionFinding::TokensOptional | OptionFinding::TokensUnknown => {}
            OptionFinding::HopLimitAbove { max: hops, .. }
            | OptionFinding::HopLimitOther { exactly: hops, .. } => {
                hop_limit = Some(hops);
            }
            OptionFinding::Switch { option, enable } => switches[option] = Some(enable),
        }
    }
    InstanceChange::RequireTokens { hop_limit, switches }
}

/// Whether options are compliant for every instance: under the document's rules and under those of
/// every override. Lets a launch whose record already says so pass without a single call.
pub fn compliant_anywhere(options: &MetadataOptions, policy: &Policy) -> Option<Compliance> {
    if options.http_endpoint == Switch::Disabled {
        return Some(Compliance::EndpointDisabled);
    }
    let clean = |rules: &Rules| rules::judge_options(options, &rules.instances).next().is_none();
    policy.all_rules().all(clean).then_some(Compliance::TokensRequired)
}
