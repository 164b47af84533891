//! What each step of a roll-out waits for.

use super::*;

const ALL: ReadKinds = ReadKinds { account_defaults: true, sources: true, running: true };

fn clean() -> RolloutFacts {
    RolloutFacts {
        places: 4,
        unread: 0,
        read: ALL,
        wants_default: true,
        wants_enforced: true,
        open: OpenResources::default(),
        against: Some(AgainstEnforcement::default()),
        recorded: None,
    }
}

#[test]
fn recorded_calls_are_evidence_of_the_steps_that_decide_about_launches() {
    use RolloutStage::{AccountDefaults, Enforcement, ServiceControlPolicies};
    let of = |recorded: Option<RecordedAgainst>| {
        let mut facts = RolloutFacts { wants_enforced: false, recorded, ..clean() };
        facts.open.defaults = 1;
        let plan = RolloutPlan::of(&facts);
        [AccountDefaults, ServiceControlPolicies, Enforcement]
            .map(|stage| plan.steps.iter().find(|it| it.stage == stage).map(|it| it.evidence))
    };
    let none = RecordedAgainst { complete: true, ..RecordedAgainst::default() };
    let unread = Some(Evidence::NotRead);
    assert_eq!(of(None), [unread, unread, Some(Evidence::Complete)]);
    assert_eq!(of(Some(none)), [Some(Evidence::Complete); 3]);
    assert_eq!(of(Some(RecordedAgainst { complete: false, ..none })), [unread; 3]);
    let against = RecordedAgainst {
        changed_by_default: 1,
        denied_by_scp: 2,
        refused_by_enforcement: 4,
        roles_with_v1_credentials: 3,
        complete: false,
    };
    assert_eq!(of(Some(against)), [1, 5, 4].map(|it| Some(Evidence::Missing(it))));
}

fn next(facts: &RolloutFacts) -> Option<(RolloutStage, usize, Evidence)> {
    RolloutPlan::of(facts).next().map(|it| (it.stage, it.left, it.evidence))
}

#[test]
fn the_first_step_that_is_not_done_is_the_next() {
    use RolloutStage::{AccountDefaults, Enforcement, LaunchSources, Observe, Resources};
    let against = AgainstEnforcement { sources: 2, busy: 3, unknown: 4 };
    let mut facts = RolloutFacts { against: Some(against), ..clean() };
    facts.open = OpenResources { defaults: 1, not_enforced: 4, templates: 2, running: 9, ..facts.open };
    facts.unread = 1;
    assert_eq!(next(&facts), Some((Observe, 1, Evidence::NotNeeded)));
    facts.unread = 0;
    assert_eq!(next(&facts), Some((AccountDefaults, 1, Evidence::NotRead)));
    facts.open.defaults = 0;
    assert_eq!(next(&facts), Some((LaunchSources, 2, Evidence::Missing(7))));
    facts.open.templates = 0;
    assert_eq!(next(&facts), Some((Resources, 9, Evidence::Missing(7))));
    let last = |facts: &RolloutFacts| RolloutPlan::of(facts).steps.last().copied();
    assert_eq!(last(&facts).map(|it| (it.stage, it.evidence)), Some((Enforcement, Evidence::Missing(9))));
    facts.against = None;
    assert_eq!(last(&facts).map(|it| it.evidence), Some(Evidence::NotRead));
}

#[test]
fn no_step_is_done_while_something_could_not_be_read() {
    let facts = RolloutFacts { unread: 1, ..clean() };
    let plan = RolloutPlan::of(&facts);
    assert!(plan.steps.iter().all(|it| it.state != StageState::Done));
    assert!(plan.steps.iter().skip(1).all(|it| it.evidence != Evidence::Complete));
}

#[test]
fn a_document_without_the_switch_leaves_the_last_step_open() {
    let plan = RolloutPlan::of(&RolloutFacts { wants_enforced: false, ..clean() });
    let last = plan.steps.last().copied();
    assert_eq!(last.map(|it| (it.state, it.left)), Some((StageState::Open, 4)));
    assert_eq!(last.map(|it| it.evidence.risk()), Some(Risk::Low));
    assert!(plan.is_open() && !RolloutPlan::of(&clean()).is_open());
}
