//! Launch templates, version by version.

use super::instance::{LaunchFacts, change, judge_options};
use super::{Circumstances, Decision, excuse};
use crate::Tags;
use crate::effective::effective;
use crate::finding::Finding;
use crate::owner::Owner;
use crate::plan::{Hold, InstanceChange, OptionBar, Plan, TemplateChange};
use crate::scope::ScopeError;
use crate::settings::{LaunchTemplateFix, OwnedTemplates, Policy, Rules};
use crate::source::{AccountDefaults, LaunchTemplate, TemplateVersion};
use crate::subject::{Judged, Subject};
use crate::verdict::{Note, Verdict};

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
) -> Result<Vec<Judged>, ScopeError> {
    let scope = circumstances.scope(template.id.as_str(), &template.tags);
    let rules = policy.rules_for(&scope)?;
    let mut versions: Vec<&TemplateVersion> =
        template.versions.iter().filter(|it| template.is_in_use(it.number)).collect();
    versions.sort_by_key(|it| (it.number != template.default, it.number == template.latest, it.number));
    let look = |version: &TemplateVersion| {
        let effective = effective(&version.options, defaults, version.imds_support);
        (effective, judge_options(&effective.options(), rules))
    };
    // A new version with an option that AWS refuses would make every launch fail.
    let fixable = |version: &TemplateVersion| {
        let findings = look(version).1.err().unwrap_or_default();
        facts(version).without_impossible(&findings)
    };
    let displaced = template.displaced.map(|it| Finding::LatestDisplaced { by: it.by, was: it.was });
    let latest_violates = displaced.is_some()
        || versions.iter().any(|it| it.number == template.latest && !fixable(it).0.is_empty());
    let mut decided = Vec::new();
    for version in versions {
        let (effective, judged) = look(version);
        let here = displaced.filter(|_| version.number == template.latest);
        let (fixable, bars) = fixable(version);
        let wants = Wants {
            version,
            change: (!fixable.is_empty()).then(|| change(&fixable)),
            impossible: bars.first().filter(|_| fixable.is_empty() && here.is_none()),
            latest_violates,
        };
        let decision = match (judged, here) {
            (Ok(compliance), None) => Decision::nothing_to_do(Verdict::Compliant(compliance)),
            (judged, here) => {
                let findings = judged.err().into_iter().flatten().map(Finding::Option).chain(here).collect();
                let (verdict, mut notes) = excuse(findings, policy, &scope, circumstances.today())?;
                let plan = match &verdict {
                    Verdict::Violation(_) => {
                        let plan = plan(template, &wants, rules).under(rules.mode);
                        let is_said =
                            |it: &&OptionBar| plan.hold() == Some(&Hold::OptionImpossible((*it).clone()));
                        let others = bars.iter().filter(|it| !is_said(it)).cloned();
                        notes.extend(others.map(Note::OptionImpossible));
                        let groups = template.pinned(version.number);
                        let is_held_for_it = matches!(plan.hold(), Some(Hold::Pinned { .. }));
                        if wants.change.is_some() && !groups.is_empty() && !is_held_for_it {
                            notes.push(Note::Pinned { number: version.number, groups });
                        }
                        plan
                    }
                    Verdict::Compliant(_) | Verdict::Exempt { .. } | Verdict::Gone => Plan::Nothing,
                };
                Decision { verdict, notes, plan, remember: Tags::new() }
            }
        };
        let subject =
            Subject::TemplateVersion { template: template.clone(), number: version.number, effective };
        decided.push(Judged { subject, decision });
    }
    Ok(decided)
}

/// What decides whether launches from a version are refused. Tags of groups and requests come on top, and are not known here.
pub(super) fn facts(version: &TemplateVersion) -> LaunchFacts<'_> {
    LaunchFacts { tags: &version.instance_tags, instance_type: version.instance_type.as_deref() }
}

/// What is to become of one version.
struct Wants<'a> {
    version: &'a TemplateVersion,
    /// `None`: its options are right.
    change: Option<InstanceChange>,
    /// Why AWS would refuse all that is to be changed, if it would.
    impossible: Option<&'a OptionBar>,
    /// Whether the plan of `$Latest` makes the version that is `$Latest` in the end.
    latest_violates: bool,
}

fn plan(template: &LaunchTemplate, wants: &Wants<'_>, rules: &Rules) -> Plan {
    let hold = |why| Plan::Hold { why, would: None };
    let owner = Owner::of(template);
    if let Some(owner) = owner.as_ref().filter(|it| it.kind.is_service()) {
        return hold(Hold::OwnedBy(owner.clone()));
    }
    if let Some(principal) = &template.managed_by {
        return hold(Hold::Managed(principal.clone()));
    }
    if let Some(owner) = owner.filter(|_| rules.launch_templates.owned == OwnedTemplates::Report) {
        return hold(Hold::OwnedBy(owner));
    }
    let number = wants.version.number;
    let (is_default, is_latest) = (number == template.default, number == template.latest);
    if !is_default && !is_latest {
        return hold(Hold::Pinned { groups: template.pinned(number) });
    }
    if let Some(bar) = wants.impossible {
        return hold(Hold::OptionImpossible(bar.clone()));
    }
    let made = wants.change.and_then(|change| already(template, wants.version, change));
    let unclear = template.displaced.filter(|it| it.unclear.is_some());
    if let (Some(displaced), None) = (unclear, made) {
        return hold(Hold::LatestUnclear(displaced));
    }
    let step = TemplateChange {
        from: number,
        change: wants.change,
        made,
        make_default: is_default && wants.change.is_some(),
        // The one made from a violating `$Latest` comes after this one, and is the new `$Latest` itself.
        then_repeat: (made.is_none() && !is_latest && !wants.latest_violates).then_some(template.latest),
    };
    if rules.launch_templates.fix == LaunchTemplateFix::Report {
        return Plan::Hold { why: Hold::TemplatesReportOnly, would: Some(step.into()) };
    }
    let following = template.followers_of_latest();
    if made.is_none() && is_default && !is_latest && !following.is_empty() {
        // For a moment the new version would be `$Latest`, and a group would launch from it what it never did.
        return hold(Hold::LatestInUse { groups: following });
    }
    Plan::act(step)
}

/// The version that a run which ended early made of `$Default`: it is `$Latest` as AWS describes it, and says what is
/// wanted. That it differs in nothing else is compared before it is made `$Default`.
fn already(template: &LaunchTemplate, from: &TemplateVersion, change: InstanceChange) -> Option<u64> {
    let made = template.versions.iter().find(|it| it.number == template.described_latest())?;
    let from_here = made.made.is_some_and(|it| it.from == from.number);
    let as_wanted = made.options == from.options.tightened(change);
    (from.number == template.default && from_here && as_wanted).then_some(made.number)
}
