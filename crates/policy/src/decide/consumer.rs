//! Consumers of launch templates, judged by what they will launch.
//!
//! What a launch template or the account is to be blamed for is a finding of that source. A consumer has a finding of its
//! own where a fixed source does not change what the consumer launches: it names a violating version by number, launches
//! another image, or states the launch itself.

use super::instance::{change, judge_options};
use super::launch_template::facts;
use super::{Circumstances, Decision, excuse};
use crate::Tags;
use crate::effective::{EffectiveOptions, effective};
use crate::exemption;
use crate::finding::{Finding, OptionFinding};
use crate::instance::HttpTokens;
use crate::owner::Owner;
use crate::plan::{GroupChange, Hold, OpenLaunch, Plan};
use crate::scope::ScopeError;
use crate::settings::{LaunchTemplateFix, OwnedTemplates, Policy, Rules};
use crate::source::{
    AccountDefaults, Consumer, ConsumerKind, ImdsSupport, LaunchTemplate, NamedImage, StatedOptions,
    TemplateUse, TemplateVersion, VersionChoice,
};
use crate::subject::{Judged, OpenVersion, Subject};
use crate::verdict::{Note, Verdict};

/// Judges a consumer by what its launches would get; `None` if they get what its sources are judged by.
///
/// `templates` are all launch templates of the account and Region, with the versions that consumers name.
///
/// # Errors
/// The policy names organizational units in a way that decides here, and those above the account are not
/// known.
pub fn decide_consumer(
    consumer: &Consumer,
    templates: &[LaunchTemplate],
    defaults: &AccountDefaults,
    policy: &Policy,
    circumstances: &Circumstances<'_>,
) -> Result<Option<Judged>, ScopeError> {
    let scope = circumstances.scope(&consumer.id, &consumer.tags);
    let rules = policy.rules_for(&scope)?;
    let mut found = JudgedLaunches { defaults, rules, open: Vec::new(), versions: Vec::new(), worst: None };
    for it in &consumer.templates {
        let template = templates.iter().find(|template| template.is_named(&it.template));
        match template.and_then(|template| Some((template, version(template, it)?))) {
            Some((template, _)) if is_exempt(template, policy, circumstances)? => {}
            Some((template, version)) => found.judge(template, version, it),
            None => found.not_described(it),
        }
    }
    consumer.inline.iter().for_each(|it| found.judge_inline(it));
    let JudgedLaunches { open, versions, worst: Some((effective, findings)), .. } = found else {
        return Ok(None);
    };
    let findings = findings.into_iter().map(Finding::Option).collect();
    let (verdict, mut notes) = excuse(findings, policy, &scope, circumstances.today())?;
    let plan = match &verdict {
        Verdict::Violation(_) => {
            let plan = plan(consumer, &open, &versions, rules).under(rules.mode);
            let stay: Vec<OpenLaunch> = open.into_iter().filter(|it| !it.is_pinned()).collect();
            if plan.acts() && !stay.is_empty() {
                notes.push(Note::OpenLaunches(stay));
            }
            plan
        }
        Verdict::Compliant(_) | Verdict::Exempt { .. } | Verdict::Gone => Plan::Nothing,
    };
    let decision = Decision { verdict, notes, plan, remember: Tags::new() };
    let subject = Subject::Consumer { consumer: consumer.clone(), open: versions, effective };
    Ok(Some(Judged { subject, decision }))
}

fn version<'a>(template: &'a LaunchTemplate, it: &TemplateUse) -> Option<&'a TemplateVersion> {
    let number = template.number(it.version)?;
    template.versions.iter().find(|it| it.number == number)
}

/// An exemption of a launch template exempts what is launched from it.
fn is_exempt(
    template: &LaunchTemplate,
    policy: &Policy,
    circumstances: &Circumstances<'_>,
) -> Result<bool, ScopeError> {
    let scope = circumstances.scope(template.id.as_str(), &template.tags);
    let today = circumstances.today();
    Ok(exemption::ask(&policy.exemptions, policy.exemptions_by_tag, &scope, today)?.in_force.is_some())
}

/// What was found of the launches so far.
struct JudgedLaunches<'a> {
    defaults: &'a AccountDefaults,
    rules: &'a Rules,
    open: Vec<OpenLaunch>,
    versions: Vec<OpenVersion>,
    /// The first launch that violates the policy.
    worst: Option<(EffectiveOptions, Vec<OptionFinding>)>,
}

impl JudgedLaunches<'_> {
    fn look(&self, options: &StatedOptions, image: ImdsSupport) -> (EffectiveOptions, Vec<OptionFinding>) {
        let effective = effective(options, self.defaults, image);
        let findings = judge_options(&effective.options(), self.rules).err().unwrap_or_default();
        (effective, findings)
    }

    fn add(&mut self, open: OpenLaunch, looked: (EffectiveOptions, Vec<OptionFinding>)) {
        self.worst.get_or_insert(looked);
        if !self.open.contains(&open) {
            self.open.push(open);
        }
    }

    fn judge(&mut self, template: &LaunchTemplate, version: &TemplateVersion, it: &TemplateUse) {
        let looked = self.look(&version.options, version.imds_support);
        if !looked.1.is_empty() {
            // `$Default` and `$Latest` are findings of the launch template.
            if let VersionChoice::Number(number) = it.version {
                let (fixable, _) = facts(version).without_impossible(&looked.1);
                let open = OpenVersion { template: template.clone(), number, change: change(&fixable) };
                if !fixable.is_empty() && !self.versions.contains(&open) {
                    self.versions.push(open);
                }
                self.add(OpenLaunch::Pinned { template: template.id.clone(), number }, looked);
            }
            return;
        }
        for image in &it.images {
            let looked = self.look(&version.options, image.imds_support);
            if !looked.1.is_empty() {
                let name = image.name.clone().unwrap_or_default();
                self.add(OpenLaunch::Image { template: template.id.clone(), image: name }, looked);
            }
        }
    }

    fn judge_inline(&mut self, image: &NamedImage) {
        let looked = self.look(&StatedOptions::default(), image.imds_support);
        if !looked.1.is_empty() {
            self.add(OpenLaunch::Inline { image: image.name.clone() }, looked);
        }
    }

    fn not_described(&mut self, it: &TemplateUse) {
        // The account default does not decide where the version may state `optional`.
        let unknown = StatedOptions { http_tokens: Some(HttpTokens::Unknown), ..StatedOptions::default() };
        let looked = self.look(&unknown, ImdsSupport::Unknown);
        self.add(OpenLaunch::NotDescribed { template: it.template.clone(), version: it.version }, looked);
    }
}

fn plan(consumer: &Consumer, launches: &[OpenLaunch], versions: &[OpenVersion], rules: &Rules) -> Plan {
    let hold = |why| Plan::Hold { why, would: None };
    let owners = || {
        let templates = versions.iter().filter_map(|it| Owner::of(&it.template));
        Owner::of_consumer(consumer).into_iter().chain(templates)
    };
    if let Some(owner) = owners().find(|it| it.kind.is_service()) {
        return hold(Hold::OwnedBy(owner));
    }
    if let Some(principal) = versions.iter().find_map(|it| it.template.managed_by.clone()) {
        return hold(Hold::Managed(principal));
    }
    if let Some(owner) = owners().find(|_| rules.launch_templates.owned == OwnedTemplates::Report) {
        return hold(Hold::OwnedBy(owner));
    }
    let is_group = consumer.kind == ConsumerKind::AutoScalingGroup;
    if !(is_group && rules.launch_templates.repoint_groups) || versions.is_empty() {
        return hold(Hold::OpenLaunches { kind: consumer.kind, launches: launches.to_vec() });
    }
    let step = GroupChange::NameFixedVersions;
    if rules.launch_templates.fix == LaunchTemplateFix::Report {
        return Plan::Hold { why: Hold::TemplatesReportOnly, would: Some(step.into()) };
    }
    // For a moment the fixed version would be `$Latest`, and a consumer would launch from it what it never did.
    let moves_latest = versions.iter().filter(|it| it.number != it.template.latest && it.fixed().is_none());
    let groups: Vec<String> = moves_latest.flat_map(|it| it.template.followers_of_latest()).collect();
    if !groups.is_empty() {
        return hold(Hold::LatestInUse { groups });
    }
    Plan::act(step)
}
