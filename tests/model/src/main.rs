//! Explores all scenarios and prints a table.
//!
//! ```text
//! cargo run --profile model -p v2only-model [-- [NAME] [STATES]]
//! ```
//!
//! STATES is the number of states at which the exploration of a scenario stops, the nearest first. Two scenarios are explored
//! at a time, and a million states can take 1.5 GB.

#![expect(clippy::print_stdout, reason = "a table is what it is for")]

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use v2only_model::explore::explore;
use v2only_model::scenario::{Scenario, all};

/// Enough for most scenarios to be explored completely.
const STATES: usize = 3_000_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let states = arguments.iter().find_map(|it| it.parse().ok()).unwrap_or(STATES);
    let name = arguments.iter().find(|it| it.parse::<usize>().is_err());
    let wanted = |it: &Scenario| name.is_none_or(|name| it.name == name);
    let next = Mutex::new(all().into_iter().filter(wanted));
    let broken = AtomicBool::new(false);
    println!(
        "| scenario | states | all | steps | histories | seconds | ends |\n|---|---|---|---|---|---|---|"
    );
    let work = || {
        while let Some(scenario) = next.lock().ok().and_then(|mut it| it.next()) {
            broken.fetch_or(!report(&scenario, states), Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    if broken.into_inner() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Explores one scenario; whether every invariant holds.
fn report(scenario: &Scenario, states: usize) -> bool {
    let began = Instant::now();
    let found = explore(scenario, states);
    let seconds = began.elapsed().as_secs_f64();
    let ends: Vec<&str> = found.ends.iter().map(String::as_str).collect();
    println!(
        "| {} | {} | {} | {} | {} | {seconds:.1} | {} |",
        scenario.name,
        found.states,
        if found.complete { "yes" } else { "no" },
        found.steps,
        found.histories,
        ends.join("; ")
    );
    if let Some(it) = &found.broken {
        println!("\nbroken: {}\n  {}", it.broken, it.way.join("\n  "));
    }
    found.broken.is_none()
}
