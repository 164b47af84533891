//! Whether sweeps fall into the maintenance windows of the policy document.

use v2only_document as document;
use v2only_enforcer::ports::Answer;
use v2only_policy::settings::{InService, Window};

use crate::command::Command;
use crate::expected::Arns;
use crate::finding::{Report, State};
use crate::ports::{Parameter, Schedule};

const PIECE: &str = "schedule";
/// The schedule of the sweeps.
const SWEEP: &str = "v2only-sweep";
/// A schedule of notebooks-only sweeps, which the installation lacks.
const NOTEBOOKS: &str = "v2only-sweep-notebooks";
/// The function that sweeps, with a queue of the same name.
const SWEEPER: &str = "v2only-sweeper";

/// Warns of each window that a sweep may never fall into. A schedule or document that is missing, or could not be read,
/// has a finding of its own.
pub(super) fn judge(
    report: &mut Report<'_>,
    parameter: &Answer<Option<Parameter>>,
    schedule: Option<&Answer<Option<Schedule>>>,
) {
    let (Ok(Some(parameter)), Some(Ok(Some(schedule)))) = (parameter, schedule) else { return };
    let Ok(found) = document::parse(&parameter.value) else { return };
    let mut windows: Vec<Window> = Vec::new();
    for rules in found.policy.all_rules() {
        if let InService::Window(window) = rules.notebooks.in_service
            && !windows.contains(&window)
        {
            windows.push(window);
        }
    }
    for window in windows {
        let expression = &schedule.expression;
        let why = match period(expression) {
            Some(minutes) if window.minutes() >= minutes => continue,
            Some(_) => format!(
                "runs at {expression}, and may never fall into the window {window}: notebooks in service would wait for \
                 ever"
            ),
            None => {
                format!(
                    "runs at {expression}, and whether that falls into the window {window} is not checked"
                )
            }
        };
        report.say(PIECE, SWEEP, State::Warning, why, Some(inside(report, &window)));
    }
}

/// The minutes between two runs of `rate(6 hours)`; `None` for every other expression.
fn period(expression: &str) -> Option<i64> {
    let (number, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let number: i64 = number.parse().ok().filter(|it| *it > 0)?;
    let minutes = match unit.strip_suffix('s').unwrap_or(unit) {
        "minute" => 1,
        "hour" => 60,
        "day" => 24 * 60,
        _ => return None,
    };
    number.checked_mul(minutes)
}

/// Creates a schedule that sweeps notebooks when the window begins.
fn inside(report: &Report<'_>, window: &Window) -> Command {
    let arns = Arns(report.place);
    let at = format!(
        "cron({} {} ? * {} *)",
        window.from.minute(),
        window.from.hour(),
        window.day_code().to_ascii_uppercase()
    );
    let target = serde_json::json!({
        "Arn": arns.queue(SWEEPER),
        "RoleArn": arns.role("v2only-schedule"),
        "Input": r#"{"task": "sweep", "only": "notebooks"}"#,
    });
    Command::aws("scheduler", "create-schedule")
        .option("name", NOTEBOOKS)
        .option("schedule-expression", &at)
        .option("flexible-time-window", "Mode=OFF")
        .json("target", &target)
        .at(report.place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minutes_between_two_runs_of_a_rate() {
        for (expression, minutes) in
            [("rate(6 hours)", 360), ("rate(1 hour)", 60), ("rate(30 minutes)", 30), ("rate(1 day)", 1440)]
        {
            assert_eq!(period(expression), Some(minutes), "{expression}");
        }
        for other in ["cron(0 3 * * ? *)", "rate(0 hours)", "rate(6 weeks)", "at(2026-11-20T00:00:00)", ""] {
            assert_eq!(period(other), None, "{other}");
        }
    }
}
