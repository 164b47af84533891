//! Rules with their targets, and the bus of an organization.

use serde_json::{Value, json};

use super::existing::existing;
use super::policies::{Lets, organization_sends};
use crate::command::Command;
use crate::expected::{Arns, BUS, DEFAULT_BUS, Shipped, UNDELIVERED};
use crate::finding::{Report, State};
use crate::ports::{Rule, Target};
use crate::snapshot::RuleSnapshot;
use v2only_enforcer::ports::Answer;

/// A rule as shipped.
pub(super) struct Want<'a> {
    pub(super) bus: &'static str,
    pub(super) shipped: &'a Shipped,
    /// The id of its target.
    pub(super) id: &'static str,
    /// What its target is.
    pub(super) to: String,
    /// The role that sends to it.
    pub(super) role: Option<String>,
}

impl Want<'_> {
    /// A name that differs from the rule of the same name on the other bus.
    fn name(&self) -> String {
        if self.bus == DEFAULT_BUS {
            self.shipped.name.to_owned()
        } else {
            format!("{}/{}", self.bus, self.shipped.name)
        }
    }

    fn on_bus(&self, command: Command) -> Command {
        if self.bus == DEFAULT_BUS { command } else { command.option("event-bus-name", self.bus) }
    }

    fn put_rule(&self, report: &Report<'_>) -> Command {
        let pattern = self.shipped.pattern().unwrap_or_default();
        let put = Command::aws("events", "put-rule").option("name", self.shipped.name);
        self.on_bus(put).json("event-pattern", &pattern).option("state", "ENABLED").at(report.place)
    }

    fn put_target(&self, report: &Report<'_>, id: &str) -> Command {
        let mut target = json!({
            "Id": id,
            "Arn": self.to,
            "DeadLetterConfig": { "Arn": Arns(report.place).queue(UNDELIVERED) },
        });
        if let (Some(role), Some(target)) = (&self.role, target.as_object_mut()) {
            target.insert("RoleArn".to_owned(), Value::String(role.clone()));
        }
        let put = Command::aws("events", "put-targets").option("rule", self.shipped.name);
        self.on_bus(put).json("targets", &json!([target])).at(report.place)
    }
}

/// A rule, and its target.
pub(super) fn judge(report: &mut Report<'_>, want: &Want<'_>, seen: Option<&RuleSnapshot>) {
    let name = want.name();
    let Some(seen) = seen else { return };
    match existing(report, "rule", &name, Some(&seen.rule)) {
        None => {}
        Some(None) => {
            let put = want.put_rule(report).then(&want.put_target(report, want.id));
            return report.problem("rule", &name, "is not there: its events are not seen", put);
        }
        Some(Some(rule)) => {
            let problems = of_rule(report, want, rule);
            report.piece("rule", &name, "has the shipped pattern, and is enabled", problems);
        }
    }
    match &seen.targets {
        Err(failure) => report.unread("target", &name, failure),
        // Without a rule nothing was asked about its targets.
        Ok(_) if seen.rule.is_err() => {}
        Ok(targets) => {
            let problems = of_targets(report, want, targets);
            report.piece(
                "target",
                &name,
                "sends every event as it is, and what is undeliverable to its own queue",
                problems,
            );
        }
    }
}

fn of_rule(report: &Report<'_>, want: &Want<'_>, rule: &Rule) -> Vec<(String, Command)> {
    let mut problems = Vec::new();
    let there: Option<Value> = rule.pattern.as_deref().and_then(|it| serde_json::from_str(it).ok());
    if there.is_none() || there != want.shipped.pattern() {
        // Putting the rule enables it too.
        let why = "its pattern is not the shipped one".to_owned();
        problems.push((why, want.put_rule(report)));
    } else if !rule.state.starts_with("ENABLED") {
        let enable = Command::aws("events", "enable-rule").option("name", want.shipped.name);
        problems.push((
            format!("is {}: its events are not seen", rule.state),
            want.on_bus(enable).at(report.place),
        ));
    }
    problems
}

fn of_targets(report: &Report<'_>, want: &Want<'_>, targets: &[Target]) -> Vec<(String, Command)> {
    let Some(it) = targets.iter().find(|it| it.arn == want.to) else {
        let why = format!("does not send to {}", want.to);
        return vec![(why, want.put_target(report, want.id))];
    };
    let mut whys = Vec::new();
    if it.reshapes {
        whys.push("changes what it sends: the function would not know the event");
    }
    if it.dead_letters.as_deref() != Some(&Arns(report.place).queue(UNDELIVERED)) {
        whys.push("what cannot be delivered is lost: it has no queue for it");
    }
    if it.role != want.role {
        whys.push("sends under another role than the shipped one");
    }
    whys.into_iter().map(|why| (why.to_owned(), want.put_target(report, &it.id))).collect()
}

/// The bus of an organization, and who may send to it. `shipped` is its policy, if it is known whose it should be.
pub(super) fn bus(report: &mut Report<'_>, seen: &Answer<Option<String>>, shipped: Option<&Value>) {
    const PIECE: &str = "bus";
    let Some(found) = existing(report, PIECE, BUS, Some(seen)) else { return };
    let make = Command::aws("events", "create-event-bus").option("name", BUS).at(report.place);
    let organization =
        shipped.and_then(|it| it.pointer("/Statement/0/Condition/StringEquals/aws:PrincipalOrgID"));
    let (Some(shipped), Some(organization)) = (shipped, organization.and_then(Value::as_str)) else {
        if found.is_none() {
            return report.problem(PIECE, BUS, "is not there: other accounts have nowhere to send to", make);
        }
        let why = "no function says which organization it is for: fix the functions first";
        return report.say(PIECE, BUS, State::Unread, why, None);
    };
    let permit = Command::aws("events", "put-permission")
        .option("event-bus-name", BUS)
        .json("policy", shipped)
        .at(report.place);
    let Some(policy) = found else {
        return report.problem(
            PIECE,
            BUS,
            "is not there: other accounts have nowhere to send to",
            make.then(&permit),
        );
    };
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    match organization_sends(&policy, organization) {
        Lets::In => report.ok(PIECE, BUS, format!("the accounts of {organization} may send to it")),
        Lets::Out => {
            report.problem(PIECE, BUS, format!("the accounts of {organization} may not send to it"), permit)
        }
        Lets::Doubtful(name) => {
            let why =
                format!("statement {name} of its policy is not a shipped one: who may send is not told");
            report.say(PIECE, BUS, State::Problem, why, Some(permit));
        }
    }
}
