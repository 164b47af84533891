//! Functions, what feeds them, and what starts them.

use std::collections::BTreeMap;

use serde_json::json;

use super::against::{Against, Zip};
use super::existing::existing;
use crate::command::Command;
use crate::expected::{Arns, PARAMETER, RUNTIME, Shipped};
use crate::finding::{Report, State};
use crate::ports::{Function, Mapping, Schedule};
use crate::snapshot::FunctionSnapshot;
use v2only_enforcer::ports::Answer;

const PIECE: &str = "function";

type Problems = Vec<(String, Command)>;

/// The command that deploys the complete installation, also over an existing one.
pub(super) fn deploy(in_organization: bool) -> Command {
    let template = if in_organization { "template.yaml" } else { "single-account.yaml" };
    Command::line(format!(
        "sam deploy --guided --stack-name v2only --capabilities CAPABILITY_NAMED_IAM -t target/lambda/{template}"
    ))
}

/// A function.
pub(super) fn judge(
    report: &mut Report<'_>,
    it: &Shipped,
    found: &Answer<Option<Function>>,
    in_organization: bool,
    against: &Against<'_>,
) {
    let Some(found) = existing(report, PIECE, it.name, Some(found)) else { return };
    let Some(found) = found else {
        let deploy = deploy(in_organization);
        return report.problem(PIECE, it.name, "is not there: nothing is corrected", deploy);
    };
    let mut problems = running(report, it, found);
    problems.extend(settings(report, it, found, in_organization, against));
    let (code, compared) = code(report, it, found, against);
    problems.extend(code);
    let well = if compared { "is active, as shipped, and is the zip" } else { "is active and as shipped" };
    report.piece(PIECE, it.name, well, problems);
    if found.environment.is_none() {
        let why = "its environment could not be decrypted by AWS: see the key of the function";
        report.say(PIECE, it.name, State::Unread, why, None);
    }
}

fn configure(report: &Report<'_>, it: &Shipped) -> Command {
    Command::aws("lambda", "update-function-configuration").option("function-name", it.name).at(report.place)
}

fn running(report: &Report<'_>, it: &Shipped, found: &Function) -> Problems {
    let mut problems = Vec::new();
    let because = found.state_reason.as_deref().map(|it| format!(": {it}")).unwrap_or_default();
    // Some that do not say are older than the word.
    if !matches!(found.state.as_str(), "Active" | "Pending" | "Inactive" | "")
        || found.last_update == "Failed"
    {
        let why = format!("is {}, its last update {}{because}", found.state, found.last_update);
        let look = Command::aws("lambda", "get-function-configuration")
            .option("function-name", it.name)
            .at(report.place);
        problems.push((why, look));
    }
    if found.reserved == Some(0) {
        let free = Command::aws("lambda", "delete-function-concurrency")
            .option("function-name", it.name)
            .at(report.place);
        problems.push(("is stopped: no concurrency is left to it".to_owned(), free));
    }
    if found.runtime != RUNTIME {
        let why = format!("is started by {}, and was made for {RUNTIME}", found.runtime);
        problems.push((why, configure(report, it).option("runtime", RUNTIME)));
    }
    if found.timeout != it.timeout {
        let why = format!("may take {} seconds, not {}", found.timeout, it.timeout);
        problems.push((why, configure(report, it).option("timeout", &it.timeout.to_string())));
    }
    let role = Arns(report.place).role(it.name);
    if found.role != role {
        let why = format!("runs under {}, not under {role}", found.role);
        problems.push((why, configure(report, it).option("role", &role)));
    }
    problems
}

/// The expected value of a variable. `None`: the variable must exist with any value.
fn wanted(it: &Shipped, in_organization: bool, against: &Against<'_>) -> BTreeMap<String, Option<String>> {
    let mut wanted = BTreeMap::from([("V2ONLY_POLICY_PARAMETER".to_owned(), Some(PARAMETER.to_owned()))]);
    if in_organization {
        let known = against.membership.as_ref();
        wanted.insert("V2ONLY_MEMBER_ROLE".to_owned(), Some(it.name.to_owned()));
        wanted.insert("V2ONLY_EXTERNAL_ID".to_owned(), known.and_then(|it| it.external_id.clone()));
        wanted.insert("V2ONLY_ORGANIZATION_ID".to_owned(), known.and_then(|it| it.organization.clone()));
    }
    wanted.extend(it.settings.iter().map(|name| ((*name).to_owned(), None)));
    wanted
}

fn settings(
    report: &Report<'_>,
    it: &Shipped,
    found: &Function,
    in_organization: bool,
    against: &Against<'_>,
) -> Problems {
    let Some(environment) = &found.environment else { return Vec::new() };
    let wanted = wanted(it, in_organization, against);
    // An installation may list its accounts instead.
    let listed = environment.contains_key("V2ONLY_ACCOUNTS");
    // Which key signs the policy document, if any, is for the owner of the installation to choose.
    let spared = |name: &str| {
        listed && matches!(name, "V2ONLY_ORGANIZATION_ID" | "V2ONLY_ACCOUNTS")
            || name == "V2ONLY_POLICY_PUBLIC_KEY"
    };
    let mut whys = Vec::new();
    let mut fixed = environment.clone();
    for (name, value) in wanted.iter().filter(|(name, _)| !spared(name)) {
        match (environment.get(name), value) {
            (Some(there), Some(value)) if there != value => {
                whys.push(format!("{name} is `{there}`, not `{value}`"));
                fixed.insert(name.clone(), value.clone());
            }
            (None, value) => {
                whys.push(format!("{name} is not set"));
                // Which of them it was is nowhere else to be found.
                let unknown = || format!("THE-{}", name.trim_start_matches("V2ONLY_"));
                fixed.insert(name.clone(), value.clone().unwrap_or_else(unknown));
            }
            _ => {}
        }
    }
    for name in environment.keys() {
        let stops = name.starts_with("V2ONLY_") && !wanted.contains_key(name) && !spared(name);
        if stops || name.starts_with("AWS_ENDPOINT_URL") {
            whys.push(format!("{name} is set, which is not shipped"));
            fixed.remove(name);
        }
    }
    if whys.is_empty() {
        return Vec::new();
    }
    let fix = configure(report, it).json("environment", &json!({ "Variables": fixed }));
    vec![(format!("its environment: {}", whys.join(", ")), fix)]
}

/// Problems with the code, and whether it was compared with a zip and is the same.
fn code(report: &Report<'_>, it: &Shipped, found: &Function, against: &Against<'_>) -> (Problems, bool) {
    let mut problems = Vec::new();
    if !matches!(found.architecture.as_str(), "x86_64" | "arm64") {
        let why = format!("its architecture is `{}`, for which nothing is built", found.architecture);
        let look = Command::aws("lambda", "get-function-configuration")
            .option("function-name", it.name)
            .at(report.place);
        return (vec![(why, look)], false);
    }
    let zip = |architecture: &str| against.zips.get(&(it.folder.to_owned(), architecture.to_owned()));
    let Some(own) = zip(&found.architecture).or_else(|| zip("")) else { return (problems, false) };
    if own.sha256 == found.code_sha256 {
        return (problems, true);
    }
    let update = |zip: &Zip| {
        Command::aws("lambda", "update-function-code")
            .option("function-name", it.name)
            .option("zip-file", &format!("fileb://{}", zip.path))
            .option("architectures", &found.architecture)
            .at(report.place)
    };
    let other = if found.architecture == "arm64" { "x86_64" } else { "arm64" };
    let why = match zip(other) {
        Some(zip) if zip.sha256 == found.code_sha256 => {
            format!("runs on {} and was built for {other}: it cannot start", found.architecture)
        }
        _ => format!("its code is not {}", own.path),
    };
    problems.push((why, update(own)));
    (problems, false)
}

/// What moves events from the queue into the function.
pub(super) fn mapping(report: &mut Report<'_>, it: &Shipped, seen: &FunctionSnapshot) {
    const PIECE: &str = "mapping";
    // A function that is missing or unreadable has a finding of its own.
    if !matches!(seen.function, Ok(Some(_))) && seen.mappings.is_ok() {
        return;
    }
    let mappings = match &seen.mappings {
        Ok(mappings) => mappings,
        Err(failure) => return report.unread(PIECE, it.name, failure),
    };
    let queue = Arns(report.place).queue(it.name);
    let Some(found) = mappings.iter().find(|it| it.source == queue) else {
        let make = Command::aws("lambda", "create-event-source-mapping")
            .option("function-name", it.name)
            .option("event-source-arn", &queue)
            .option("batch-size", &it.batch.to_string())
            .option("function-response-types", "ReportBatchItemFailures")
            .option("scaling-config", "MaximumConcurrency=5")
            .at(report.place);
        return report.problem(
            PIECE,
            it.name,
            "is not there: events wait in the queue until they are lost",
            make,
        );
    };
    let problems = of_mapping(report, found);
    report.piece(
        PIECE,
        it.name,
        "is enabled, lets everything through, and sends back what failed and nothing else",
        problems,
    );
}

fn of_mapping(report: &Report<'_>, found: &Mapping) -> Problems {
    let mut problems = Vec::new();
    let update =
        || Command::aws("lambda", "update-event-source-mapping").option("uuid", &found.uuid).at(report.place);
    if !matches!(found.state.as_str(), "Enabled" | "Enabling" | "Creating" | "Updating") {
        let why = format!("is {}: events wait in the queue until they are lost", found.state);
        problems.push((why, update().flag("enabled")));
    }
    if !found.reports_failures {
        let why = "one event that fails sends its whole batch back".to_owned();
        problems.push((why, update().option("function-response-types", "ReportBatchItemFailures")));
    }
    if found.filters {
        let why = "a filter throws away events before the function sees them".to_owned();
        problems.push((why, update().json("filter-criteria", &json!({}))));
    }
    problems
}

/// What starts a function by the clock.
pub(super) fn schedule(
    report: &mut Report<'_>,
    it: &Shipped,
    name: &str,
    found: Option<&Answer<Option<Schedule>>>,
    in_organization: bool,
) {
    const PIECE: &str = "schedule";
    let Some(found) = existing(report, PIECE, name, found) else { return };
    let deploy = deploy(in_organization);
    let Some(found) = found else {
        return report.problem(PIECE, name, "is not there: nothing is read without an event", deploy);
    };
    let mut problems = Vec::new();
    if found.state != "ENABLED" {
        // Scheduler replaces complete schedules, so the command reads the schedule and writes it with the new state.
        let why = format!("is {}: nothing is read without an event", found.state);
        problems.push((why, deploy.clone()));
    }
    let arns = Arns(report.place);
    let function = format!(":function:{}", it.name);
    if found.target != arns.queue(it.name) && !found.target.ends_with(&function) {
        problems.push((format!("starts {}", found.target), deploy));
    }
    report.piece(PIECE, name, "is enabled", problems);
}
