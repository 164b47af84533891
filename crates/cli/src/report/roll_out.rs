//! The roll-out in words: what each step is about, what to type, and what proves that it is safe.

use v2only_enforcer::scan::Kinds;
use v2only_installation::command::Command;
use v2only_policy::rollout::{
    AgainstEnforcement, Evidence, OpenResources, ReadKinds, RecordedAgainst, RolloutFacts, RolloutStage,
    RolloutStep, StageState,
};
use v2only_policy::{Policy, ResourceKind, SurfaceKind};

use crate::args::shared::Shared;
use crate::report::item::Item;
use crate::term::messages::count;

/// Counts one resource that violates the policy.
pub(crate) fn add(open: &mut OpenResources, it: &Item<'_>) {
    let Some(kind) = it.record.resource.in_registry() else { return };
    open.add(kind, it.findings(), it.record.plan());
}

/// What a run knows of the roll-out.
pub(crate) fn facts(
    (places, unread): (usize, usize),
    kinds: Kinds,
    policy: &Policy,
    open: OpenResources,
    against: Option<AgainstEnforcement>,
    recorded: Option<RecordedAgainst>,
) -> RolloutFacts {
    RolloutFacts {
        places,
        unread,
        read: ReadKinds {
            account_defaults: kinds.contains(ResourceKind::AccountDefault),
            sources: kinds.contains(ResourceKind::LaunchTemplate),
            running: kinds.contains(ResourceKind::Instance) || kinds.contains(ResourceKind::Notebook),
        },
        wants_default: policy.rules.account_defaults.http_tokens_required,
        wants_enforced: policy.rules.account_defaults.enforced,
        open,
        against,
        recorded,
    }
}

/// The title of a step.
pub(crate) const fn title(stage: RolloutStage) -> &'static str {
    match stage {
        RolloutStage::Observe => "Observe",
        RolloutStage::AccountDefaults => "Account defaults",
        RolloutStage::LaunchSources => "Launch templates and images",
        RolloutStage::Resources => "Instances and notebooks",
        RolloutStage::ServiceControlPolicies => "Service control policies",
        RolloutStage::Enforcement => "HttpTokensEnforced, or a declarative policy",
    }
}

/// How far a step is, and what is left of it.
pub(crate) fn words(step: &RolloutStep, facts: &RolloutFacts) -> String {
    match (step.stage, step.state) {
        (RolloutStage::ServiceControlPolicies, _) => {
            "No scan sees them. `v2only policies render --policy policy.yaml` writes them for your document, and \
             `v2only policies check FILE` says what yours do."
                .to_owned()
        }
        (_, StageState::Done) => done(step.stage).to_owned(),
        (_, StageState::NotRead) if facts.unread > 0 => "Nothing is left in what could be read.".to_owned(),
        (_, StageState::NotRead) => "This run did not read them.".to_owned(),
        (_, StageState::Open) => open(step, facts),
    }
}

const fn done(stage: RolloutStage) -> &'static str {
    match stage {
        RolloutStage::Observe => "Every account and Region was read completely.",
        RolloutStage::AccountDefaults => "Every default that was read is as the policy says.",
        RolloutStage::LaunchSources => "Nothing that instances are launched from lets IMDSv1 through.",
        RolloutStage::Resources => "Every one that was read is as the policy says, or exempt.",
        RolloutStage::ServiceControlPolicies => "",
        RolloutStage::Enforcement => "Enabled wherever the policy asks for it.",
    }
}

fn open(step: &RolloutStep, facts: &RolloutFacts) -> String {
    let RolloutFacts { places, unread, open, .. } = facts;
    match step.stage {
        RolloutStage::Observe => format!(
            "{unread} of {places} accounts and Regions could not be read completely. Until they are, nobody knows how many answer \
             IMDSv1 there."
        ),
        RolloutStage::AccountDefaults if !facts.wants_default => {
            "The policy document sets no rule for them. With `account_defaults: { http_tokens: required }` whatever is \
             launched without a word of its own answers IMDSv2 only."
                .to_owned()
        }
        RolloutStage::AccountDefaults => format!(
            "{} other than the policy says. One call for each fixes them, and every later launch with them.",
            if open.defaults == 1 {
                "1 account default is".to_owned()
            } else {
                format!("{} account defaults are", open.defaults)
            }
        ),
        RolloutStage::LaunchSources => sources(open),
        RolloutStage::Resources => resources(open),
        RolloutStage::ServiceControlPolicies => String::new(),
        RolloutStage::Enforcement if !facts.wants_enforced => {
            "Last, because launches that request IMDSv1 fail from then on. `v2only gate` says where it is safe, and \
             `account_defaults: { enforced: enabled }` in the policy document asks for it."
                .to_owned()
        }
        RolloutStage::Enforcement => {
            let places =
                if step.left == 1 { "1 account and Region" } else { &format!("{} accounts and Regions", step.left) };
            format!("Not enabled in {places}.")
        }
    }
}

fn sources(open: &OpenResources) -> String {
    let parts = [
        (open.templates, "launch template version"),
        (open.consumers, "template consumer"),
        (open.configurations, "launch configuration"),
        (open.images, "image"),
    ];
    let surfaces =
        SurfaceKind::ALL.iter().zip(open.surfaces).map(|(kind, number)| (number, kind.about().kind.noun));
    let parts = parts.into_iter().chain(surfaces).filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts.map(|(number, noun)| count(number, noun)).collect();
    format!(
        "{} would launch instances that answer IMDSv1. Fix these before the instances, or new violations appear.",
        parts.join(" and ")
    )
}

fn resources(open: &OpenResources) -> String {
    let violate =
        if open.running == 1 { "1 violates".to_owned() } else { format!("{} violate", open.running) };
    let mut text = format!("{violate} the policy.");
    let mut add = |number: usize, words: &str| {
        if number > 0 {
            text.push_str(&format!(" {number} {words}"));
        }
    };
    add(open.would_change, "would be changed by `v2only enforce`.");
    add(open.observed, "wait for `mode: enforce` in the policy document.");
    add(open.gated, "are held until nobody uses IMDSv1 on them.");
    text
}

/// What proves that the step is safe, or what speaks against it.
pub(crate) fn evidence(step: &RolloutStep, facts: &RolloutFacts) -> String {
    let against = facts.against.unwrap_or_default();
    let recorded = facts.recorded.unwrap_or_default();
    match (step.evidence, step.stage) {
        (Evidence::NotNeeded, _) => String::new(),
        (Evidence::Complete, RolloutStage::AccountDefaults) => {
            "Every recorded launch keeps its options.".to_owned()
        }
        (Evidence::Complete, RolloutStage::ServiceControlPolicies) => {
            "No recorded launch would be denied. Only launches were looked up: `v2only readiness --from-trail --trail-files PATH` names \
             the callers that `credentials-delivered-by-v2` denies."
                .to_owned()
        }
        (Evidence::Missing(_), RolloutStage::AccountDefaults) => sum(&[(
            recorded.changed_by_default,
            "group of recorded launches gets required tokens, or may: test its software first",
            "groups of recorded launches get required tokens, or may: test their software first",
        )]),
        (Evidence::Missing(_), RolloutStage::ServiceControlPolicies) => sum(&[
            (
                recorded.denied_by_scp,
                "group of recorded launches is denied by `require-v2-at-launch`, or may be",
                "groups of recorded launches are denied by `require-v2-at-launch`, or may be",
            ),
            (
                recorded.roles_with_v1_credentials,
                "role uses credentials that IMDSv1 delivered, which `credentials-delivered-by-v2` denies",
                "roles use credentials that IMDSv1 delivered, which `credentials-delivered-by-v2` denies",
            ),
        ]),
        (Evidence::Complete, RolloutStage::Enforcement) if facts.recorded.is_some() => {
            "No source says optional, no instance used IMDSv1 in the window, and no recorded launch would fail.".to_owned()
        }
        (Evidence::Complete, RolloutStage::Enforcement) => {
            "No source says optional, and no instance used IMDSv1 in the window.".to_owned()
        }
        (Evidence::Complete, _) => "No instance used IMDSv1 in the window of the usage gate.".to_owned(),
        (Evidence::Missing(_), RolloutStage::Enforcement) => {
            let parts = [
                (against.sources, "source would fail", "sources would fail"),
                (against.busy, "instance uses IMDSv1", "instances use IMDSv1"),
                (against.unknown, "instance may use IMDSv1", "instances may use IMDSv1"),
                (
                    recorded.refused_by_enforcement,
                    "group of recorded launches would fail, or may",
                    "groups of recorded launches would fail, or may",
                ),
            ];
            sum(&parts)
        }
        (Evidence::Missing(_), _) if facts.against.is_some() => {
            let parts = [
                (against.busy, "instance uses IMDSv1", "instances use IMDSv1"),
                (against.unknown, "instance may use IMDSv1", "instances may use IMDSv1"),
            ];
            sum(&parts)
        }
        (Evidence::Missing(number), _) => {
            format!("The usage gate holds {}.", count(number, "instance"))
        }
        (Evidence::NotRead, RolloutStage::ServiceControlPolicies | RolloutStage::AccountDefaults)
            if facts.recorded.is_some() =>
        {
            "No record speaks against it, but records may be missing: files may not cover everything, or something could not be read. \
             `v2only plan --from-trail` asks CloudTrail."
                .to_owned()
        }
        (Evidence::NotRead, RolloutStage::ServiceControlPolicies) => {
            "`v2only policies check FILE` lists the requests that a policy denies; `v2only plan --from-trail` adds who made such \
             requests."
                .to_owned()
        }
        (Evidence::NotRead, RolloutStage::AccountDefaults) => {
            "CloudTrail knows who launches without a value; this run did not read it. `v2only plan --from-trail` does."
                .to_owned()
        }
        (Evidence::NotRead, RolloutStage::Enforcement) if facts.recorded.is_some() && facts.unread == 0 => {
            "No record speaks against it, but records may be missing. `v2only plan --from-trail` asks CloudTrail.".to_owned()
        }
        (Evidence::NotRead, _) if facts.unread > 0 => "Something could not be read.".to_owned(),
        (Evidence::NotRead, RolloutStage::Enforcement) => {
            "This run did not ask; `v2only gate` does.".to_owned()
        }
        (Evidence::NotRead, _) => "This run did not ask; `v2only readiness` does.".to_owned(),
    }
}

fn sum(parts: &[(usize, &str, &str)]) -> String {
    let parts = parts.iter().filter(|(number, ..)| *number > 0);
    let parts: Vec<String> = parts
        .map(|(number, one, many)| format!("{number} {}", if *number == 1 { one } else { many }))
        .collect();
    format!("{}.", parts.join(", "))
}

/// What to type for a step that is not done.
pub(crate) fn command(step: &RolloutStep, shared: &Shared) -> Option<Command> {
    let enforce = |kind: &str| shared.scope(Command::ours(["enforce"])).option("kind", kind);
    Some(match (step.stage, step.state) {
        (_, StageState::Done) => return None,
        (RolloutStage::Observe, _) => shared.scope(Command::ours(["scan"])),
        (RolloutStage::AccountDefaults, _) => enforce("account-default"),
        (RolloutStage::LaunchSources, _) => enforce("launch-template"),
        (RolloutStage::Resources, _) => shared.scope(Command::ours(["enforce"])),
        (RolloutStage::ServiceControlPolicies, _) => {
            let render = Command::ours(["policies", "render"]).option("out", "rendered");
            let policy = shared.policy.as_ref().map(|path| path.display().to_string());
            policy.into_iter().fold(render, |render, path| render.option("policy", &path))
        }
        (RolloutStage::Enforcement, _) => {
            shared.scope(Command::ours(["gate"])).then(&enforce("account-default"))
        }
    })
}
