//! Fuzz targets: texts that others write, and what must hold for each of them.
//!
//! A target is a function that panics when a property does not hold. The same targets run in two ways: a short,
//! deterministic run in `cargo test`, and a run of hours with libFuzzer (`tests/fuzz`). The corpus of a target is read
//! from the fixtures, templates and documentation of this repository.
//!
//! Knows: readers and judges of the workspace. Must never know: AWS clients, the clock, the network.

mod batches;
mod corpus;
mod document;
mod events;
mod infrastructure;
mod journals;
mod marks;
mod policies;
mod records;
mod requests;

/// A reader of foreign text, with what must hold for every text.
#[derive(Debug)]
pub struct Target {
    /// The name on the command line.
    pub name: &'static str,
    /// Reads a text, and panics if a property does not hold.
    pub run: fn(&[u8]),
    /// Texts from this repository to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub static TARGETS: [Target; 12] = [
    Target { name: "events", run: events::run, seeds: events::seeds },
    Target { name: "batches", run: batches::run, seeds: batches::seeds },
    Target { name: "document", run: document::run, seeds: document::seeds },
    Target { name: "policies", run: policies::run, seeds: policies::seeds },
    Target { name: "cloudformation", run: infrastructure::template, seeds: infrastructure::templates },
    Target { name: "kubernetes", run: infrastructure::manifest, seeds: infrastructure::manifests },
    Target { name: "plans", run: infrastructure::plan, seeds: infrastructure::plans },
    Target { name: "hcl", run: infrastructure::hcl, seeds: infrastructure::sources },
    Target { name: "hcl-json", run: infrastructure::hcl_json, seeds: infrastructure::sources_as_json },
    Target { name: "journals", run: journals::run, seeds: journals::seeds },
    Target { name: "records", run: records::run, seeds: records::seeds },
    Target { name: "requests", run: requests::run, seeds: requests::seeds },
];

/// The target of a name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
