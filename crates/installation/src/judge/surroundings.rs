//! What an installation stands in: the policy document, the account's defaults, the way into other accounts, and what
//! the organization denies.

use v2only_policy::source::DefaultsOwner;
use v2only_policy::{AccountDefaults, HttpTokens, Mode, Place};

use super::against::Against;
use super::existing::existing;
use crate::command::Command;
use crate::expected::PARAMETER;
use crate::finding::{DoctorFinding, Report, State};
use crate::ports::Parameter;
use v2only_document as document;
use v2only_enforcer::ports::Answer;
use v2only_enforcer::{Failure, Kind};

/// The policy document.
pub(super) fn parameter(report: &mut Report<'_>, found: &Answer<Option<Parameter>>, against: &Against<'_>) {
    const PIECE: &str = "parameter";
    let Some(found) = existing(report, PIECE, PARAMETER, Some(found)) else { return };
    let file = against.policy.map_or("policy.yaml", |(name, _)| name);
    let put = Command::aws("ssm", "put-parameter")
        .option("name", PARAMETER)
        .option("type", "String")
        .flag("overwrite")
        .option("value", &format!("file://{file}"))
        .at(report.place);
    let validate = Command::ours(["validate", file]);
    let Some(found) = found else {
        return report.problem(
            PIECE,
            PARAMETER,
            "is not there: the functions have nothing to go by",
            validate.then(&put),
        );
    };
    if found.kind == "SecureString" {
        // AWS changes the type of no parameter.
        let delete = Command::aws("ssm", "delete-parameter").option("name", PARAMETER).at(report.place);
        let why = "is a SecureString, which the functions' roles may not decrypt";
        // Nothing is deleted for a document that could not take its place.
        return report.problem(PIECE, PARAMETER, why, validate.then(&delete).then(&put));
    }
    let put = validate.then(&put);
    match document::parse(&found.value) {
        Err(invalid) => {
            let why =
                format!("is no policy document: {}", invalid.to_string().lines().next().unwrap_or_default());
            report.problem(PIECE, PARAMETER, why, put);
        }
        Ok(said) if against.policy.is_some_and(|(_, wanted)| *wanted != said.policy) => {
            report.problem(PIECE, PARAMETER, format!("says something else than {file}"), put);
        }
        Ok(said) => {
            let mode = match said.policy.rules.mode {
                Mode::Observe => "observe",
                Mode::Enforce => "enforce",
            };
            report.ok(PIECE, PARAMETER, format!("is a policy document, mode: {mode}"));
        }
    }
}

/// The defaults of the account: whether an organization's own policy keeps them at version 1.
pub(super) fn defaults(report: &mut Report<'_>, found: &Answer<AccountDefaults>) {
    const PIECE: &str = "declarative policy";
    const NAME: &str = "instance metadata defaults";
    let found = match found {
        Ok(found) => found,
        Err(failure) => return report.unread(PIECE, NAME, failure),
    };
    let required = found.options.http_tokens == Some(HttpTokens::Required);
    let look = Command::aws("organizations", "describe-effective-policy")
        .option("policy-type", "DECLARATIVE_POLICY_EC2")
        .option("target-id", report.place.account.as_str());
    match &found.owner {
        DefaultsOwner::Account => report.ok(PIECE, NAME, "none owns the account's defaults"),
        DefaultsOwner::DeclarativePolicy(_) if required => report.ok(PIECE, NAME, "one requires tokens"),
        DefaultsOwner::DeclarativePolicy(message) => {
            let said = message.as_ref().map(|it| format!(" (it says: {it})")).unwrap_or_default();
            let why = format!("one owns the account's defaults, and does not require tokens{said}");
            report.problem(PIECE, NAME, why, look);
        }
        DefaultsOwner::Unknown(word) => {
            report.say(
                PIECE,
                NAME,
                State::Unread,
                format!("`{word}` owns the account's defaults"),
                Some(look),
            );
        }
    }
}

/// Whether the functions' way into an account is open. `entered` is what assuming the role came to.
pub fn entered(
    place: &Place,
    hub: &Place,
    role: &str,
    folder: &str,
    entered: &Answer<()>,
) -> Vec<DoctorFinding> {
    const PIECE: &str = "role";
    let mut report = Report::at(place);
    match entered {
        Ok(()) => report.ok(PIECE, role, "lets in every caller that sends the functions' external id"),
        // AWS answers the same for a role that does not exist and for one that only the function may assume.
        Err(failure) if failure.kind == Kind::Denied => {
            let why = "did not let these credentials in, which is right if it is there: only the function may enter. \
                       Ask the function, and read what it answers";
            report.say(PIECE, role, State::Unread, why, Some(ask(place, hub, role, folder)));
        }
        Err(failure) => report.unread(PIECE, role, failure),
    }
    report.findings
}

/// An event about a resource that does not exist: the function enters the account to look for it, and says so. It comes
/// as from a queue, so that no invocation ends in an error, for which an alarm would ring; and it is of long ago, so
/// that nothing would be stopped for it.
fn ask(place: &Place, hub: &Place, role: &str, folder: &str) -> Command {
    if folder == "sweeper" {
        // Its tasks are work; what it could not enter in its last sweep is in its log.
        let unswept = format!("{{ $.outcome = \"unswept\" && $.subject = \"account {}\" }}", place.account);
        return Command::aws("logs", "filter-log-events")
            .option("log-group-name", &format!("/aws/lambda/{role}"))
            .option("filter-pattern", &unswept)
            .option("query", "events[-1].message")
            .at(hub);
    }
    let detail = if folder == "notebook-enforcer" {
        let arn = format!(
            "arn:{}:sagemaker:{}:{}:notebook-instance/v2only-doctor",
            place.region.partition().as_str(),
            place.region,
            place.account
        );
        serde_json::json!({
            "source": "aws.sagemaker",
            "detail-type": "SageMaker Notebook Instance State Change",
            "detail": {
                "NotebookInstanceName": "v2only-doctor",
                "NotebookInstanceArn": arn,
                "NotebookInstanceStatus": "InService",
            },
        })
    } else {
        serde_json::json!({
            "source": "aws.ec2",
            "detail-type": "EC2 Instance State-change Notification",
            "detail": { "instance-id": "i-00000000000000000", "state": "running" },
        })
    };
    let mut event = detail;
    if let Some(event) = event.as_object_mut() {
        for (name, value) in [("account", place.account.as_str()), ("region", place.region.as_str())] {
            event.insert(name.to_owned(), value.into());
        }
        for (name, value) in [("version", "0"), ("id", "v2only-doctor"), ("time", "2026-01-01T00:00:00Z")] {
            event.insert(name.to_owned(), value.into());
        }
        event.insert("resources".to_owned(), serde_json::json!([]));
    }
    let batch = serde_json::json!({
        "Records": [{ "messageId": "v2only-doctor", "eventSource": "aws:sqs", "body": event.to_string() }],
    });
    let invoke = Command::aws("lambda", "invoke")
        .option("function-name", role)
        .option("cli-binary-format", "raw-in-base64-out")
        .json("payload", &batch)
        .option("log-type", "Tail")
        .option("query", "LogResult")
        .option("output", "text")
        .at(hub);
    Command::line(format!("{invoke} /dev/null | base64 --decode"))
}

/// What a service control policy does to what the functions do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is attached to.
    pub target: String,
    /// What it does to us; `None` if it could not be worked out.
    pub refuses: Option<Vec<Refusal>>,
    /// Whether it keeps others from changing the installation, and so from removing it.
    pub protects: bool,
    /// Whether it refuses something that would let version 1 in.
    pub keeps_v1_out: bool,
    /// Whether it spares roles of ours by their names.
    pub names_roles: bool,
}

/// Something of ours that a policy refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What.
    pub what: String,
    /// The statements that refuse the call; empty if that depends on unknown values.
    pub statements: Vec<String>,
}

/// Whether anything above an account denies what the functions do in it.
pub fn controls(place: &Place, found: Result<&[Control], &Failure>) -> Vec<DoctorFinding> {
    const PIECE: &str = "service control policy";
    let mut report = Report::at(place);
    let all = match found {
        Ok(all) => all,
        Err(failure) => {
            report.unread(PIECE, "(any)", failure);
            return report.findings;
        }
    };
    for it in all {
        let read = Command::aws("organizations", "describe-policy")
            .option("policy-id", &it.id)
            .option("query", "Policy.Content")
            .option("output", "text");
        let read = Command::line(format!("{read} | v2only policies check -"));
        let name = format!("{} on {}", it.name, it.target);
        let Some(refuses) = &it.refuses else {
            report.say(PIECE, &name, State::Unread, "is not understood", Some(read));
            continue;
        };
        let denied: Vec<String> = refuses
            .iter()
            .filter(|it| !it.statements.is_empty())
            .map(|it| format!("{} ({})", it.what, it.statements.join(", ")))
            .collect();
        let doubtful: Vec<&str> =
            refuses.iter().filter(|it| it.statements.is_empty()).map(|it| it.what.as_str()).collect();
        if !denied.is_empty() {
            report.problem(PIECE, &name, format!("denies: {}", denied.join("; ")), read);
        } else if !doubtful.is_empty() {
            let why = format!("may deny, by what cannot be told here: {}", doubtful.join("; "));
            report.say(PIECE, &name, State::Unread, why, Some(read));
        }
    }
    if report.findings.is_empty() {
        report.ok(PIECE, "(all)", "none denies what the functions do");
    }
    report.findings
}
