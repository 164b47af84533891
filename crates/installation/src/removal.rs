//! How an installation is taken out: what is there, in the order in which it can go without losing events, locking
//! the owners out, or letting version 1 back in. Changes nothing.
//!
//! Why this order: what the removal deletes is put aside while it is there; a notebook that is
//! stopped for its update is started again while events still come; nothing new comes when the queues are emptied; protection is
//! lifted at the last moment; members go before the centre, whose role they trust; names that policies spare are
//! removed when no role has them any more.

use v2only_policy::exemption::{REASON_TAG, UNTIL_TAG};
use v2only_policy::notebook::{RESTART_TAG, UPDATED_TAG};
use v2only_policy::{Place, TAG_PREFIX};

use crate::command::Command;
use crate::expected::{DEFAULT_BUS, FUNCTIONS, PARAMETER};
use crate::finding::Site;
use crate::judge::Control;
use crate::ports::Queue;
use crate::snapshot::Snapshot;
use v2only_enforcer::Failure;

/// How the installation was made, and is taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// A stack of CloudFormation, with this name, and a StackSet for the members.
    Stack(String),
    /// Terraform.
    Terraform,
}

/// When a step is taken; in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Put aside what the removal deletes.
    Keep,
    /// Let what takes several events come to its end, while events come.
    Settle,
    /// Let nothing new come.
    Silence,
    /// Let what came be worked off.
    Drain,
    /// Lift what protects the installation from its removal.
    Unlock,
    /// Remove it.
    Remove,
    /// What is left afterwards.
    Afterwards,
}

impl Phase {
    /// A stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Settle => "settle",
            Self::Silence => "silence",
            Self::Drain => "drain",
            Self::Unlock => "unlock",
            Self::Remove => "remove",
            Self::Afterwards => "afterwards",
        }
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub phase: Phase,
    /// Where; `None` if it is about the organization.
    pub place: Option<Place>,
    /// What.
    pub what: String,
    /// Why, and why then.
    pub why: String,
    /// What to type.
    pub command: Command,
}

/// The steps, in order; none if nothing is there.
pub fn plan(seen: &[Snapshot], controls: Result<&[Control], &Failure>, way: &Way) -> Vec<Step> {
    if !seen.iter().any(is_there) {
        return Vec::new();
    }
    let mut steps = Vec::new();
    for it in seen {
        keep(&mut steps, it);
        settle(&mut steps, it);
        silence(&mut steps, it);
        drain(&mut steps, it);
    }
    unlock(&mut steps, controls);
    remove(&mut steps, seen, way);
    afterwards(&mut steps, seen, controls);
    steps.sort_by_key(|it| it.phase);
    steps
}

/// Whether anything of ours is in a place, or may be: what could not be read is not taken for absent.
pub fn is_there(it: &Snapshot) -> bool {
    it.rules.values().any(|it| !matches!(it.rule, Ok(None)))
        || it.queues.values().any(|it| !matches!(it, Ok(None)))
        || it.functions.values().any(|it| !matches!(it.function, Ok(None)))
        || it.schedules.values().any(|it| !matches!(it, Ok(None)))
        || !matches!(it.parameter, Ok(None))
        || !matches!(it.bus, Ok(None))
}

fn step(
    phase: Phase,
    it: &Snapshot,
    what: impl Into<String>,
    why: impl Into<String>,
    command: Command,
) -> Step {
    Step { phase, place: Some(it.place.clone()), what: what.into(), why: why.into(), command }
}

fn keep(steps: &mut Vec<Step>, it: &Snapshot) {
    if matches!(it.parameter, Ok(Some(_))) {
        let get = Command::aws("ssm", "get-parameter")
            .option("name", PARAMETER)
            .option("query", "Parameter.Value")
            .option("output", "text")
            .at(&it.place);
        let why = "the policy document goes with the parameter";
        let get = Command::line(format!("{get} > v2only-policy.yaml"));
        steps.push(step(Phase::Keep, it, format!("parameter {PARAMETER}"), why, get));
    }
    for (name, function) in &it.functions {
        if matches!(function.function, Ok(Some(_))) {
            let log = format!("/aws/lambda/{name}");
            let read = Command::aws("logs", "filter-log-events")
                .option("log-group-name", &log)
                .option("query", "events[].message")
                .option("output", "text")
                .at(&it.place);
            let read = Command::line(format!("{read} > {name}.log"));
            let why = "the record of what was corrected goes with the log group";
            steps.push(step(Phase::Keep, it, format!("log group {log}"), why, read));
        }
    }
}

/// A notebook takes an event for each step, and in mode observe none of them is taken.
fn settle(steps: &mut Vec<Step>, it: &Snapshot) {
    let marked = Command::aws("resourcegroupstaggingapi", "get-resources")
        .option("resource-type-filters", "sagemaker:notebook-instance")
        .option("tag-filters", &format!("Key={RESTART_TAG}"))
        .at(&it.place);
    let why = "a function stopped those that this lists, and without events nobody starts them again: wait until the list \
               is empty, and leave the mode as it is until then";
    steps.push(step(Phase::Settle, it, "notebooks on their way", why, marked));
}

fn silence(steps: &mut Vec<Step>, it: &Snapshot) {
    for name in it.schedules.iter().filter(|(_, it)| matches!(it, Ok(Some(_)))).map(|(name, _)| name) {
        let delete = Command::aws("scheduler", "delete-schedule").option("name", name).at(&it.place);
        let why = "no sweep begins that would not end; the next deployment makes it again";
        steps.push(step(Phase::Silence, it, format!("schedule {name}"), why, delete));
    }
    for ((bus, name), rule) in &it.rules {
        let Ok(Some(found)) = &rule.rule else { continue };
        if !found.state.starts_with("ENABLED") {
            continue;
        }
        let disable = Command::aws("events", "disable-rule").option("name", name);
        let (what, disable) = if *bus == DEFAULT_BUS {
            (format!("rule {name}"), disable)
        } else {
            (format!("rule {bus}/{name}"), disable.option("event-bus-name", bus))
        };
        let why = "no new event comes; `aws events enable-rule` takes it back";
        steps.push(step(Phase::Silence, it, what, why, disable.at(&it.place)));
    }
}

fn drain(steps: &mut Vec<Step>, it: &Snapshot) {
    for (name, queue) in &it.queues {
        let Ok(Some(queue)) = queue else { continue };
        let look = Command::aws("sqs", "get-queue-attributes")
            .option("queue-url", &queue.url)
            .flag("attribute-names ApproximateNumberOfMessages ApproximateNumberOfMessagesNotVisible ApproximateNumberOfMessagesDelayed")
            .at(&it.place);
        let is_fed = FUNCTIONS.iter().any(|it| it.name == name);
        let why = match (is_fed, waiting(queue)) {
            (true, 0) => "wait until all three are zero: what is in it is lost with it".to_owned(),
            (true, number) => format!("{number} or so are in it: wait until all three are zero"),
            (false, 0) => continue,
            (false, number) => {
                format!(
                    "{number} or so that nobody worked on are in it, and are lost with it: send them again, or let them go"
                )
            }
        };
        steps.push(step(Phase::Drain, it, format!("queue {name}"), why, look));
    }
}

fn waiting(queue: &Queue) -> u64 {
    [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]
    .iter()
    .filter_map(|it| queue.attributes.get(*it)?.parse::<u64>().ok())
    .sum()
}

fn organization(phase: Phase, what: String, why: impl Into<String>, command: Command) -> Step {
    Step { phase, place: None, what, why: why.into(), command }
}

fn unlock(steps: &mut Vec<Step>, controls: Result<&[Control], &Failure>) {
    let controls = match controls {
        Ok(controls) => controls,
        Err(failure) => {
            let list =
                Command::aws("organizations", "list-policies").option("filter", "SERVICE_CONTROL_POLICY");
            let why = format!(
                "which of them protect the installation could not be read ({failure}): in the management account, detach \
                 what `scp/protect-v2only` is in, directly before the removal"
            );
            let what = "service control policies".to_owned();
            return steps.push(organization(Phase::Unlock, what, why, list));
        }
    };
    for it in controls.iter().filter(|it| it.protects) {
        let detach = Command::aws("organizations", "detach-policy")
            .option("policy-id", &it.id)
            .option("target-id", &it.target);
        let why = if it.keeps_v1_out {
            "denies the removal to all but the owners, StackSets too, and keeps version 1 out besides: attach \
             `scp/no-way-back` and the others of `v2only policies list` in its place first"
        } else {
            "denies the removal to all but the owners, StackSets too; nothing protects the installation from here on"
        };
        let what = format!("service control policy {} on {}", it.name, it.target);
        steps.push(organization(Phase::Unlock, what, why, detach));
    }
}

fn remove(steps: &mut Vec<Step>, seen: &[Snapshot], way: &Way) {
    let homes = seen.iter().filter(|it| !matches!(it.site, Site::Member { .. }));
    match way {
        Way::Terraform => {
            for it in homes {
                let folder = if it.site == Site::Hub { "organization" } else { "single-account" };
                if it.site == Site::Hub {
                    let forget = Command::line(format!(
                        "terraform -chdir=infra/terraform/examples/{folder} state rm module.guardrails"
                    ));
                    let why = "service control and declarative policies stay attached: destroyed with the rest, they would \
                               let version 1 back in";
                    steps.push(step(Phase::Remove, it, "guardrails, out of the state", why, forget));
                }
                let destroy =
                    Command::line(format!("terraform -chdir=infra/terraform/examples/{folder} destroy"));
                let why = "rules, mappings, functions, queues, roles, in Terraform's order; members and centre are in one \
                           state; with the variables of `terraform apply`";
                steps.push(step(Phase::Remove, it, "everything that Terraform made", why, destroy));
            }
        }
        Way::Stack(name) => {
            let members: Vec<&Snapshot> =
                seen.iter().filter(|it| matches!(it.site, Site::Member { .. })).collect();
            for it in homes {
                if it.site == Site::Hub {
                    stack_set(steps, it, &members);
                }
                let delete =
                    Command::aws("cloudformation", "delete-stack").option("stack-name", name).at(&it.place);
                let wait =
                    Command::aws("cloudformation", "wait stack-delete-complete").option("stack-name", name);
                let why = "rules, mappings, functions, queues and, last, roles, in CloudFormation's order";
                let delete = delete.then(&wait.at(&it.place));
                steps.push(step(Phase::Remove, it, format!("stack {name}"), why, delete));
            }
        }
    }
}

/// Members before the centre: their roles trust its role, and their rules send to its bus.
fn stack_set(steps: &mut Vec<Step>, hub: &Snapshot, members: &[&Snapshot]) {
    let mut regions: Vec<&str> = members.iter().map(|it| it.place.region.as_str()).collect();
    regions.push(hub.place.region.as_str());
    regions.sort_unstable();
    regions.dedup();
    let list = Command::aws("cloudformation", "list-stack-instances")
        .option("stack-set-name", "v2only-member")
        .option("call-as", "DELEGATED_ADMIN")
        .at(&hub.place);
    let why =
        "accounts, units and Regions that have one: the next command needs the units and all of the Regions";
    steps.push(step(Phase::Remove, hub, "where the StackSet is", why, list));
    let delete = Command::aws("cloudformation", "delete-stack-instances")
        .option("stack-set-name", "v2only-member")
        .option("call-as", "DELEGATED_ADMIN")
        .option("deployment-targets", "OrganizationalUnitIds=THE-UNITS")
        .flag(&format!("regions {}", regions.join(" ")))
        .flag("no-retain-stacks")
        .at(&hub.place);
    let why =
        "members go first: their rules send to the central bus, and their roles trust its account by name";
    steps.push(step(Phase::Remove, hub, "stacks of the members", why, delete));
    let delete = Command::aws("cloudformation", "delete-stack-set")
        .option("stack-set-name", "v2only-member")
        .option("call-as", "DELEGATED_ADMIN")
        .at(&hub.place);
    let why = "possible when its last stack is gone; until then a new account would get one";
    steps.push(step(Phase::Remove, hub, "StackSet v2only-member", why, delete));
}

fn afterwards(steps: &mut Vec<Step>, seen: &[Snapshot], controls: Result<&[Control], &Failure>) {
    for it in controls.into_iter().flatten().filter(|it| it.names_roles && !it.protects) {
        let read = Command::aws("organizations", "describe-policy")
            .option("policy-id", &it.id)
            .option("query", "Policy.Content")
            .option("output", "text");
        let why = "keep it, it keeps version 1 out; but it spares roles of ours by name, and from now on everybody who may make \
                   a role of that name is spared: strike the names out";
        steps.push(organization(
            Phase::Afterwards,
            format!("service control policy {} on {}", it.name, it.target),
            why,
            read,
        ));
    }
    for it in seen {
        let tags = Command::aws("ec2", "describe-tags")
            .option("filters", &format!("Name=key,Values={TAG_PREFIX}*"))
            .at(&it.place);
        let why = format!(
            "tags of instances stay: `{UNTIL_TAG}` and `{REASON_TAG}` would exempt them from the next installation too"
        );
        steps.push(step(Phase::Afterwards, it, format!("tags {TAG_PREFIX}*"), why, tags));
        let keys = [UNTIL_TAG, REASON_TAG, RESTART_TAG, UPDATED_TAG];
        for key in keys {
            let tags = Command::aws("resourcegroupstaggingapi", "get-resources")
                .option("resource-type-filters", "sagemaker:notebook-instance")
                .option("tag-filters", &format!("Key={key}"))
                .at(&it.place);
            let why = "a tag of notebooks that stays; the API asks for each by its name";
            steps.push(step(Phase::Afterwards, it, format!("tag {key}"), why, tags));
        }
    }
}
