//! Explorations with small bounds. `cargo run --profile model -p v2only-model` explores millions of states.

#![expect(clippy::panic, reason = "a failed exploration is a failed test")]

use std::collections::BTreeSet;

use v2only_model::explore::{Explored, explore};
use v2only_model::mutation::Mutation;
use v2only_model::scenario::{
    Scenario, all, edited_template, exempt_notebooks, exempt_template, flipped_instance,
    interrupted_template, notebook, restarted_notebook, throttled_notebook, waves,
};

/// How many states of each scenario are explored here.
const NEAREST: usize = 60_000;

fn explored(scenario: &Scenario, at_most: usize) -> Explored {
    let found = explore(scenario, at_most);
    if let Some(it) = &found.broken {
        panic!("{}: {}\n{}", scenario.name, it.broken, it.way.join("\n"));
    }
    found
}

/// Each of these is a way in which an exploration has to end, so that no invariant holds only because nothing happens.
const ENDS: [&str; 13] = [
    "instance closed",
    "instance exempt",
    "instance held observe-mode",
    "instance off",
    "notebook InService closed",
    "notebook InService exempt",
    "notebook InService open observe-mode",
    "notebook Stopped closed",
    "notebook Stopped exempt",
    "template closed",
    "template exempt",
    "template held latest-unclear",
    "waves stopped",
];

#[test]
fn the_nearest_states_break_no_invariant_and_lead_to_every_kind_of_end() {
    let mut ends = BTreeSet::new();
    for scenario in all() {
        ends.extend(explored(&scenario, NEAREST).ends);
    }
    for end in ENDS {
        assert!(ends.contains(end), "no end `{end}`: {ends:#?}");
    }
}

#[test]
fn an_exploration_finds_the_same_each_time() {
    let [one, other] = [(), ()].map(|()| {
        let it = explored(&notebook(), 2_000);
        (it.states, it.steps, it.histories, it.ends)
    });
    assert_eq!(one, other);
}

/// The defect is found, and reported in these words.
fn finds(mutation: Mutation, scenario: Scenario, words: &str) {
    let found = explore(&scenario.with(mutation), 200_000).broken;
    let Some(it) = found else { panic!("{mutation:?} is not found") };
    assert!(it.broken.contains(words), "{mutation:?}: {}\n{}", it.broken, it.way.join("\n"));
}

#[test]
fn a_skipped_second_look_is_found() {
    finds(Mutation::SkipSecondLook, exempt_notebooks(), "was not described right before the change");
}

#[test]
fn tags_that_are_not_read_are_found() {
    finds(Mutation::IgnoreTags, exempt_notebooks(), "although its exemption was described");
}

#[test]
fn a_policy_that_is_never_read_again_is_found() {
    finds(Mutation::KeepPolicy, exempt_notebooks(), "a change in mode: observe");
}

#[test]
fn a_mark_that_is_written_after_the_stop_is_found() {
    finds(Mutation::MarkAfterStop, notebook(), "and is to run");
}

#[test]
fn a_mark_that_is_taken_off_after_a_refused_stop_is_found() {
    finds(Mutation::UnmarkOnRefusedStop, notebook(), "and is to run");
}

#[test]
fn a_start_that_is_not_announced_is_found() {
    finds(Mutation::StartUnannounced, restarted_notebook(), "is started, although its owner stopped it");
}

#[test]
fn starts_that_are_not_looked_up_are_found() {
    finds(Mutation::ForgetStarts, restarted_notebook(), "is started, although its owner stopped it");
}

#[test]
fn a_failure_that_is_not_tried_again_is_found() {
    finds(Mutation::NeverRetry, throttled_notebook(), "no event brings it back");
}

#[test]
fn a_default_that_is_not_read_again_is_found() {
    finds(Mutation::SkipDefaultCheck, edited_template(), "replaces a default that a person chose");
}

#[test]
fn a_launch_template_that_is_not_described_again_is_found() {
    finds(Mutation::SkipDefaultCheck, exempt_template(), "was not described right before the change");
}

#[test]
fn tags_of_a_launch_template_that_are_not_read_are_found() {
    finds(Mutation::IgnoreTags, exempt_template(), "although its exemption was described");
}

#[test]
fn a_latest_version_that_is_not_restored_is_found() {
    finds(Mutation::SkipLatestCheck, edited_template(), "$Latest launches another edit");
}

#[test]
fn made_versions_that_are_not_recognised_are_found() {
    finds(Mutation::ForgetMadeVersions, interrupted_template(), "$Latest launches another edit");
}

#[test]
fn flips_that_are_not_remembered_are_found() {
    finds(Mutation::ForgetFlips, flipped_instance(), "is contested");
}

#[test]
fn an_instance_that_is_not_described_again_is_found() {
    finds(Mutation::SkipInstanceLook, waves(), "was not described right before the change");
}

#[test]
fn rejections_that_are_not_read_are_found() {
    finds(Mutation::IgnoreRejections, waves(), "another wave began");
}
