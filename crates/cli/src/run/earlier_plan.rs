//! What an earlier `plan` printed as JSON, to show how far the roll-out came since.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use v2only_policy::rollout::RolloutStage;

use crate::print::rollout_v1::SCHEMA;
use crate::term::problem::Problem;

const HINT: &str = "name a file that `v2only plan --output json` wrote";

/// An earlier plan, as far as it is compared.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EarlierPlan {
    /// When it was made.
    pub(crate) time: Timestamp,
    /// How many pairs of account and Region it read.
    pub(crate) places: usize,
    /// How many resources were left, by the code of the step.
    left: BTreeMap<String, usize>,
    /// The risk of each step, by its code.
    risk: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Header {
    schema: Option<String>,
}

#[derive(Deserialize)]
struct Document {
    time: Timestamp,
    places: Vec<serde::de::IgnoredAny>,
    steps: Vec<EarlierStep>,
}

#[derive(Deserialize)]
struct EarlierStep {
    step: String,
    left: usize,
    risk: Option<String>,
}

impl EarlierPlan {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self, Problem> {
        let text = std::fs::read_to_string(path).map_err(|it| Problem::unreadable(path, &it, HINT))?;
        Self::parse(&text).map_err(|why| Problem::usage(format!("{}: {why}", path.display()), HINT))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let header: Header =
            serde_json::from_str(text).map_err(|error| format!("not JSON of v2only: {error}"))?;
        if header.schema.as_deref() != Some(SCHEMA) {
            return Err(format!("its `schema` is not `{SCHEMA}`"));
        }
        let document: Document =
            serde_json::from_str(text).map_err(|error| format!("not a plan: {error}"))?;
        let left = document.steps.iter().map(|it| (it.step.clone(), it.left)).collect();
        let risk = document.steps.into_iter().filter_map(|it| Some((it.step, it.risk?))).collect();
        Ok(Self { time: document.time, places: document.places.len(), left, risk })
    }

    /// How many resources were left of a step.
    pub(crate) fn left(&self, stage: RolloutStage) -> Option<usize> {
        self.left.get(stage.code()).copied()
    }

    /// The risk of a step, as a stable word.
    pub(crate) fn risk(&self, stage: RolloutStage) -> Option<&str> {
        self.risk.get(stage.code()).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plan_is_refused_with_a_reason() {
        for (text, why) in [
            ("", "EOF"),
            ("{}", "`v2only.plan.v1`"),
            (r#"{"schema": "v2only.findings.v1"}"#, "`v2only.plan.v1`"),
            (r#"{"schema": "v2only.plan.v1"}"#, "missing field"),
        ] {
            let error = EarlierPlan::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
