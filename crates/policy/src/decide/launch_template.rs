//! Launch templates, version by version.

use super::instance::{change, judge_options};
use super::{Circumstances, Decision, excuse};
use crate::Tags;
use crate::effective::{EffectiveOptions, effective};
use crate::plan::{Hold, Plan, TemplateChange};
use crate::scope::ScopeError;
use crate::settings::{LaunchTemplateFix, Policy, Rules};
use crate::source::{AccountDefaults, LaunchTemplate, TemplateVersion, VersionChoice};
use crate::verdict::{Finding, Verdict};

/// What was decided of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionDecision {
    /// The version.
    pub number: u64,
    /// What a launch from it would get.
    pub effective: EffectiveOptions,
    /// What follows.
    pub decision: Decision<TemplateChange>,
}

/// Judges the versions of a launch template that somebody launches from, `$Default` first and `$Latest`
/// last; their plans have to be carried out in this order.
///
/// # Errors
/// The policy names organizational units in a way that decides here, and those above the account are not
/// known.
pub fn decide_launch_template(
    template: &LaunchTemplate,
    defaults: &AccountDefaults,
    policy: &Policy,
    circumstances: &Circumstances<'_>,
) -> Result<Vec<VersionDecision>, ScopeError> {
    let scope = circumstances.scope(template.id.as_str(), &template.tags);
    let rules = policy.rules_for(&scope)?;
    let mut versions: Vec<&TemplateVersion> = template.versions.iter().collect();
    versions.sort_by_key(|it| (it.number != template.default, it.number == template.latest, it.number));
    let look = |version: &TemplateVersion| {
        let effective = effective(&version.options, defaults, version.imds_support);
        (effective, judge_options(&effective.options(), rules))
    };
    let latest_violates = versions.iter().any(|it| it.number == template.latest && look(it).1.is_err());
    let mut decided = Vec::new();
    for version in versions {
        let (effective, judged) = look(version);
        let decision = match judged {
            Ok(compliance) => Decision::left(Verdict::Compliant(compliance)),
            Err(findings) => {
                let (verdict, notes) = excuse(findings, policy, &scope, circumstances.today())?;
                let plan = match &verdict {
                    Verdict::Violation(findings) => {
                        plan(template, version.number, findings, rules, latest_violates).under(rules.mode)
                    }
                    _ => Plan::Nothing,
                };
                Decision { verdict, notes, plan, remember: Tags::new() }
            }
        };
        decided.push(VersionDecision { number: version.number, effective, decision });
    }
    Ok(decided)
}

fn plan(
    template: &LaunchTemplate,
    number: u64,
    findings: &[Finding],
    rules: &Rules,
    latest_violates: bool,
) -> Plan<TemplateChange> {
    let hold = |why| Plan::Hold { why, would: None };
    if let Some(principal) = &template.managed_by {
        return hold(Hold::Managed(principal.clone()));
    }
    let (is_default, is_latest) = (number == template.default, number == template.latest);
    if !is_default && !is_latest {
        return hold(Hold::Pinned { groups: template.users(number).map(|it| it.group.clone()).collect() });
    }
    let step = TemplateChange {
        from: number,
        change: change(findings),
        make_default: is_default,
        // The one made from a violating `$Latest` comes after this one, and is the new `$Latest` itself.
        then_repeat: (!is_latest && !latest_violates).then_some(template.latest),
    };
    if rules.launch_templates == LaunchTemplateFix::Report {
        return Plan::Hold { why: Hold::SourceReportOnly("launch_templates"), would: Some(step) };
    }
    let following: Vec<String> = template
        .groups
        .iter()
        .filter(|it| it.version == VersionChoice::Latest)
        .map(|it| it.group.clone())
        .collect();
    if is_default && !is_latest && !following.is_empty() {
        // For a moment the new version would be `$Latest`, and a group would launch from it what it never did.
        return hold(Hold::LatestInUse { groups: following });
    }
    Plan::Act(step)
}
