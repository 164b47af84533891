//! One file: its text, its language, and the judgement.

use std::io;
use std::path::Path;

use serde_json::Value;
use v2only_document::tree;
use v2only_guardrails::iac::cloudformation::Template;
use v2only_guardrails::iac::suppression::Judged;
use v2only_guardrails::iac::terraform;

use super::checked::{Outcome, Rule};
use super::files::Meant;
use super::other;
use crate::term::exit::Exit;
use crate::term::problem::Problem;
use crate::world::World;

/// What to do about a file that is malformed.
pub(super) const REPAIR: &str = "repair the file, or name the others one by one";

const CHECK_STDIN: &str = "v2only check -";

/// The first bytes of a zip archive, which the file of `terraform plan -out` is.
const ARCHIVE: &[u8] = b"PK\x03\x04";

/// Reads and judges a file.
pub(super) fn file(meant: &Meant, name: &str, rule: &Rule, world: &impl World) -> Outcome {
    let path = meant.path.as_path();
    let text = if path == Path::new("-") { world.read_stdin() } else { text(path) };
    let text = match text.map(|it| it.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(it)) {
        Ok(text) => text,
        Err(why) if why.kind() == io::ErrorKind::InvalidData && is_archive(path) => {
            return unread(format!("{name} is a plan in Terraform's own format"), from_plan());
        }
        Err(why) => return Outcome::Unread(unreadable(path, &why)),
    };
    if let Ok(json) = serde_json::from_str::<Value>(&text) {
        if terraform::is_plan(&json) {
            let findings = terraform::findings(&json, &rule.settings);
            let counts = terraform::counts(&json);
            let judged = Judged { findings, counts, ..Judged::default() };
            return Outcome::Understood("terraform-plan", judged);
        }
        if terraform::is_state(&json) {
            return Outcome::State;
        }
    }
    if terraform::is_plan_stream(&text) {
        let message = format!("{name} is the output of `terraform plan -json`, which holds no values");
        return unread(message, from_plan());
    }
    if terraform::is_plan_for_people(&text) {
        return unread(format!("{name} is a plan for people, and a program cannot read it"), from_plan());
    }
    if terraform::is_wrapped_plan(&text) {
        let hint = "set `terraform_wrapper: false` in the step that installs Terraform";
        return unread(format!("{name} has lines around the plan, which a wrapper wrote"), hint.to_owned());
    }
    match other::read(meant, &text, &rule.settings) {
        Some(Ok((language, judged))) => return Outcome::Understood(language, judged),
        Some(Err(why)) => return unread(format!("{name}:{why}"), REPAIR.to_owned()),
        None => {}
    }
    match Template::read(&text) {
        Ok(Some(template)) => {
            let template = if rule.by_defaults { template.with_parameter_defaults() } else { template };
            let findings = template.findings(&rule.settings);
            let judged = Judged::of(findings, &template.directives(&text), rule.limit, rule.today);
            Outcome::Understood("cloudformation", Judged { counts: template.counts(), ..judged })
        }
        Ok(None) => Outcome::Skipped("neither a CloudFormation template nor a Terraform plan".to_owned()),
        // Many a folder holds templates of other tools, which are not YAML until they are filled in.
        Err(why) if !meant.named && !["AWS::", "resource_changes"].iter().any(|it| text.contains(it)) => {
            Outcome::Skipped(format!("cannot be read, and names no resource of AWS: {why}"))
        }
        Err(why) => unread(format!("{name}:{why}"), REPAIR.to_owned()),
    }
}

/// A path that cannot be read.
pub(super) fn unreadable(path: &Path, why: &io::Error) -> Problem {
    let hint = "name a CloudFormation template, a Terraform plan as JSON, or a folder of them";
    Problem { exit: Exit::Incomplete, ..Problem::unreadable(path, why, hint) }
}

/// The text of a file in UTF-8 or UTF-16.
pub(super) fn text(path: &Path) -> io::Result<String> {
    let bytes = std::fs::read(path)?;
    if bytes.starts_with(ARCHIVE) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is an archive"));
    }
    tree::decode(&bytes).map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))
}

fn is_archive(path: &Path) -> bool {
    std::fs::read(path).is_ok_and(|it| it.starts_with(ARCHIVE))
}

fn from_plan() -> String {
    format!("type `terraform plan -out plan.out && terraform show -json plan.out | {CHECK_STDIN}`")
}

pub(super) fn unread(message: String, hint: String) -> Outcome {
    Outcome::Unread(Problem { exit: Exit::Incomplete, ..Problem::usage(message, hint) })
}
