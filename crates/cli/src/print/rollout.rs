//! The roll-out for people: one paragraph for each step.

use textwrap::Options;
use v2only_policy::rollout::{RolloutFacts, RolloutPlan, RolloutStage, RolloutStep, StageState};

use crate::args::shared::Shared;
use crate::report::roll_out;
use crate::run::earlier_plan::EarlierPlan;
use crate::term::text::plain;

const INDENT: &str = "         ";

/// All steps; with an earlier plan, what was left then.
pub(crate) fn steps(
    plan: &RolloutPlan,
    facts: &RolloutFacts,
    earlier: Option<&EarlierPlan>,
    shared: &Shared,
    width: Option<u16>,
) -> String {
    let mut text = String::new();
    if let Some(it) = earlier.filter(|it| it.places != facts.places) {
        text.push_str(&format!(
            "The earlier plan read {} accounts and Regions, this one {}: compare the numbers with care.\n\n",
            it.places, facts.places
        ));
    }
    let paragraphs = (1..).zip(&plan.steps).map(|(number, step)| {
        let mut lines = vec![heading(number, step, earlier)];
        let mut add = |words: &str| {
            if !words.is_empty() {
                lines.push(wrapped(&plain(words), width));
            }
        };
        add(&roll_out::words(step, facts));
        if step.state != StageState::Done {
            add(&proof(step, facts, earlier));
        }
        if let Some(command) = roll_out::command(step, shared) {
            // A command is one line, so that it can be pasted.
            lines.push(format!("{INDENT}$ {}", plain(command.as_str())));
        }
        lines.join("\n")
    });
    text.push_str(&paragraphs.collect::<Vec<_>>().join("\n\n"));
    text
}

/// The risk, that of the earlier plan where it was another one, and the evidence.
fn proof(step: &RolloutStep, facts: &RolloutFacts, earlier: Option<&EarlierPlan>) -> String {
    let evidence = roll_out::evidence(step, facts);
    if evidence.is_empty() {
        return String::new();
    }
    let risk = step.evidence.risk().code();
    let before = earlier.and_then(|it| Some((it, it.risk(step.stage).filter(|was| *was != risk)?)));
    let before = before
        .map(|(earlier, was)| format!(" ({was} on {})", earlier.time.strftime("%Y-%m-%d")))
        .unwrap_or_default();
    format!("Risk {risk}{before}: {evidence}")
}

fn heading(number: usize, step: &RolloutStep, earlier: Option<&EarlierPlan>) -> String {
    let mark = match (step.is_next, step.state) {
        (true, _) => "next",
        (false, StageState::Done) => "done",
        (false, StageState::Open) => "later",
        (false, StageState::NotRead) => "?",
    };
    let mut text = format!("{number}  {mark:<6}{}", roll_out::title(step.stage));
    if step.stage == RolloutStage::ServiceControlPolicies {
        return text;
    }
    if step.state == StageState::Open {
        text.push_str(&format!(", {} left", step.left));
    }
    if let Some((earlier, was)) = earlier.and_then(|it| Some((it, it.left(step.stage)?)))
        && (was > 0 || step.left > 0)
    {
        text.push_str(&format!(" ({was} left on {})", earlier.time.strftime("%Y-%m-%d")));
    }
    text
}

fn wrapped(text: &str, width: Option<u16>) -> String {
    match width {
        None => format!("{INDENT}{text}"),
        Some(width) => {
            let options = Options::new(usize::from(width).max(40)).break_words(false);
            textwrap::fill(text, options.initial_indent(INDENT).subsequent_indent(INDENT))
        }
    }
}
