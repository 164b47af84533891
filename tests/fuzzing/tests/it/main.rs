//! The short run of every target: the same inputs each time.
#![expect(clippy::panic, clippy::indexing_slicing, reason = "a panic is a failed test")]

mod growth;
mod mutations;

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use v2only_fuzz::{TARGETS, Target, target};

use mutations::damaged;

/// Damaged texts for each target.
const CASES: u32 = 160;

fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let seeds = (target.seeds)();
    assert!(!seeds.is_empty(), "{} has no corpus", target.name);
    seeds
}

#[test]
fn every_text_of_this_repository_holds() {
    for target in &TARGETS {
        for seed in seeds(target) {
            let held = catch_unwind(AssertUnwindSafe(|| (target.run)(&seed)));
            assert!(held.is_ok(), "{}: {}", target.name, String::from_utf8_lossy(&seed));
        }
    }
}

#[test]
fn damaged_texts_hold() {
    for target in &TARGETS {
        let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(
            config,
            proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
        );
        let held = runner.run(&damaged(seeds(target)), |text| {
            let held = catch_unwind(AssertUnwindSafe(|| (target.run)(&text)));
            prop_assert!(held.is_ok(), "{}", String::from_utf8_lossy(&text));
            Ok(())
        });
        if let Err(why) = held {
            panic!("{}: {why}", target.name);
        }
    }
}

#[test]
fn each_target_has_a_name_of_its_own() {
    assert!(TARGETS.iter().all(|it| target(it.name).is_some_and(|found| std::ptr::eq(found, it))));
    assert!(target("none").is_none());
}
