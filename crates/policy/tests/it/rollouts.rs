//! The counts that a roll-out plan is made of, and what they prove.

use v2only_policy::finding::{DefaultFinding, Finding};
use v2only_policy::plan::{Hold, InstanceChange};
use v2only_policy::rollout::{
    Evidence, OpenResources, ReadKinds, RolloutFacts, RolloutPlan, RolloutStage, StageState,
};
use v2only_policy::source::ConsumerKind;
use v2only_policy::usage::Usage;
use v2only_policy::{HttpTokens, Plan, ResourceKind, SurfaceKind, Switches};

fn counted(resources: &[(ResourceKind, &[Finding], Option<Plan>)]) -> OpenResources {
    let mut open = OpenResources::default();
    for (kind, findings, plan) in resources {
        open.add(*kind, findings, plan.as_ref());
    }
    open
}

#[test]
fn every_kind_counts_where_its_step_needs_it() {
    use ResourceKind::{
        AccountDefault, Consumer, Image, Instance, LaunchConfiguration, LaunchTemplate, Notebook, Surface,
    };
    let act = || {
        Some(Plan::Act(
            InstanceChange::RequireTokens { hop_limit: None, switches: Switches::all(None) }.into(),
        ))
    };
    let held = |why| Some(Plan::Hold { why, would: None });
    let open = counted(&[
        (
            AccountDefault,
            &[Finding::Default(DefaultFinding::Tokens { is: Some(HttpTokens::Optional) })],
            None,
        ),
        (AccountDefault, &[Finding::Default(DefaultFinding::NotEnforced)], None),
        (AccountDefault, &[Finding::Default(DefaultFinding::NotEnforced)], None),
        (LaunchTemplate, &[], None),
        (LaunchTemplate, &[], None),
        (Consumer(ConsumerKind::Fleet), &[], None),
        (LaunchConfiguration, &[], None),
        (LaunchConfiguration, &[], None),
        (Image, &[], None),
        (Surface(SurfaceKind::BeanstalkEnvironment), &[], None),
        (Surface(SurfaceKind::BeanstalkEnvironment), &[], None),
        (Surface(SurfaceKind::LightsailInstance), &[], act()),
        (Instance, &[], act()),
        (Instance, &[], held(Hold::UsageGate(Usage::NotRead))),
        (Instance, &[], held(Hold::UsageGate(Usage::NotRead))),
        (Notebook, &[], held(Hold::Observe)),
        (Notebook, &[], held(Hold::UntilStopped)),
        (Notebook, &[], None),
    ]);
    let wanted = OpenResources {
        defaults: 1,
        not_enforced: 2,
        templates: 2,
        consumers: 1,
        configurations: 2,
        images: 1,
        surfaces: SurfaceKind::ALL
            .iter()
            .map(|it| 2 * usize::from(*it == SurfaceKind::BeanstalkEnvironment))
            .collect::<Vec<_>>()
            .try_into()
            .unwrap(),
        running: 7,
        would_change: 2,
        gated: 2,
        observed: 1,
    };
    assert_eq!(open, wanted);
    assert_eq!(open.sources(), 2 + 1 + 2 + 1 + 2);
}

/// Without counts of what stands against enforcement, the gate of the run is the evidence.
#[test]
fn the_gate_of_a_run_is_its_evidence() {
    let evidence = |open: OpenResources, running: bool| {
        let read = ReadKinds { account_defaults: true, sources: true, running };
        let open = OpenResources { running: 9, ..open };
        let facts = RolloutFacts {
            places: 1,
            unread: 0,
            read,
            wants_default: true,
            wants_enforced: true,
            open,
            against: None,
            recorded: None,
        };
        let step =
            RolloutPlan::of(&facts).steps.into_iter().find(|step| step.stage == RolloutStage::Resources);
        step.map(|step| (step.state, step.evidence)).unwrap()
    };
    let none = OpenResources::default();
    assert_eq!(evidence(none, true), (StageState::Open, Evidence::Complete));
    assert_eq!(evidence(OpenResources { gated: 3, ..none }, true), (StageState::Open, Evidence::Missing(3)));
    assert_eq!(evidence(OpenResources { observed: 1, ..none }, true), (StageState::Open, Evidence::NotRead));
    assert_eq!(evidence(none, false), (StageState::NotRead, Evidence::NotRead));
}

/// A document that requires nothing of the account defaults leaves their step open in every account and Region.
#[test]
fn a_document_without_the_default_leaves_its_step_open() {
    let step = |wants_default, account_defaults| {
        let read = ReadKinds { account_defaults, sources: true, running: true };
        let open = OpenResources::default();
        let facts = RolloutFacts {
            places: 4,
            unread: 0,
            read,
            wants_default,
            wants_enforced: true,
            open,
            against: None,
            recorded: None,
        };
        let steps = RolloutPlan::of(&facts).steps;
        let step = steps.into_iter().find(|step| step.stage == RolloutStage::AccountDefaults);
        step.map(|step| (step.state, step.left)).unwrap()
    };
    assert_eq!(step(false, true), (StageState::Open, 4));
    assert_eq!(step(true, true), (StageState::Done, 0));
    assert_eq!(step(false, false), (StageState::NotRead, 0));
}
