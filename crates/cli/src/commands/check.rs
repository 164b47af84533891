//! `check`: infrastructure code before it is deployed.

mod files;
mod other;
mod terraform;

use std::path::{Path, PathBuf};

use clap::builder::styling::{AnsiColor, Style};
use serde_json::Value;
use v2only_document::tree;
use v2only_guardrails::Settings;
use v2only_guardrails::check::Level;
use v2only_guardrails::iac::cloudformation::Template;
use v2only_guardrails::iac::{CODES, Finding, terraform as plan};
use v2only_guardrails::settings::Principals;
use v2only_policy::settings::Rules;
use v2only_policy::{Mode, Partition, Policy};

use self::files::Meant;
use self::terraform::{ReadFailure, SourcePaths};
use crate::args::format::Format;
use crate::print::check_v1::{CheckV1, FileV1, FindingV1, SkippedV1};
use crate::print::documents;
use crate::report::sarif;
use crate::run::policy_file;
use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::problem::{Problem, Stop};
use crate::term::text::plain;
use crate::world::World;

const EXAMPLES: &str = "\
Examples:
  v2only check template.yaml
  v2only check cdk.out/
  v2only check infrastructure/
  terraform show -json plan.out | v2only check -
  v2only check . --output sarif > findings.sarif";

const BAD: Style = AnsiColor::Red.on_default();
const SO_SO: Style = AnsiColor::Yellow.on_default();

/// What `check` is told.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// CloudFormation templates, Terraform files and plans as JSON, and folders of them; `-` reads standard input
    #[arg(value_name = "PATH", required = true, help_heading = "Input")]
    paths: Vec<PathBuf>,
}

/// What came of all files.
#[derive(Default)]
struct Checked {
    understood: Vec<(String, &'static str)>,
    findings: Vec<(String, Finding)>,
    skipped: Vec<(String, String)>,
    unread: Vec<Problem>,
}

/// Checks every file; one that cannot be read does not keep the others from being checked.
pub(crate) fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let settings = settings(session)?;
    let mut checked = Checked::default();
    let mut sources = SourcePaths::default();
    for path in &args.paths {
        match files::meant(path) {
            Ok(files) => {
                let others = files.iter().filter(|it| !sources.take(it));
                others.for_each(|it| one(it, &settings, session, &mut checked));
            }
            Err(why) => checked.unread.push(unreadable(path, &why)),
        }
    }
    let sources = sources.check(&settings, read);
    checked.understood.extend(sources.understood);
    checked.findings.extend(sources.findings);
    checked.unread.extend(sources.unread.into_iter().map(|(path, why)| match why {
        ReadFailure::Io(why) => unreadable(&path, &why),
        ReadFailure::Text(why) => incomplete(format!("{}:{why}", policy_file::name(&path))),
    }));
    for problem in &checked.unread {
        session.talk.problem(problem);
    }
    if checked.understood.is_empty() && checked.unread.is_empty() {
        for (file, why) in &checked.skipped {
            session.talk.note(&format!("{file}: {why}"));
        }
        let hint = "name a CloudFormation template, a CDK output folder, Terraform files, or the output of `terraform show -json`";
        return Err(Problem::usage("nothing here is infrastructure code that is understood", hint).into());
    }
    let errors = checked.findings.iter().any(|(_, it)| it.level == Level::Error);
    let exit = Exit::of(errors, !checked.unread.is_empty());
    match session.shared.output {
        Format::Json => documents::json(session.out, &document(&checked, exit))?,
        Format::Sarif => {
            let findings: Vec<sarif::SarifFinding> = checked.findings.iter().map(result).collect();
            documents::json(session.out, &sarif::render("check", CODES, &findings))?;
        }
        _ => tell(&checked, session)?,
    }
    Ok(exit)
}

/// What the document requires; without one, tokens and nothing else.
fn settings<W: World>(session: &mut Session<'_, W>) -> Result<Settings, Problem> {
    let policy = match session.shared.policy.as_deref() {
        Some(path) => policy_file::load(path, session.world, &mut session.talk)?.policy,
        None => Policy::plain(Rules::new(Mode::Enforce)),
    };
    Ok(Settings::from_policy(&policy, Partition::Aws, Principals::default()))
}

fn one<W: World>(meant: &Meant, settings: &Settings, session: &Session<'_, W>, checked: &mut Checked) {
    let path = meant.path.as_path();
    let name = policy_file::name(path);
    let text = if path == Path::new("-") { session.world.read_stdin() } else { read(path) };
    let text = match text.map(|it| it.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(it)) {
        Ok(text) => text,
        Err(why) => return checked.unread.push(unreadable(path, &why)),
    };
    if let Ok(json) = serde_json::from_str::<Value>(&text) {
        if plan::is_plan(&json) {
            let findings = plan::findings(&json, settings);
            checked.understood.push((name.clone(), "terraform-plan"));
            return checked.findings.extend(findings.into_iter().map(|it| (name.clone(), it)));
        }
        if plan::is_state(&json) {
            let why = "the state of Terraform, which holds what is deployed; name the plan".to_owned();
            return checked.skipped.push((name, why));
        }
    }
    if plan::is_wrapped_plan(&text) {
        let hint = "set `terraform_wrapper: false` in the step that installs Terraform";
        let problem =
            Problem::usage(format!("{name} has a line before the plan, which a wrapper wrote"), hint);
        return checked.unread.push(Problem { exit: Exit::Incomplete, ..problem });
    }
    match other::read(meant, &text, settings) {
        Some(Ok((language, findings))) => {
            checked.understood.push((name.clone(), language));
            return checked.findings.extend(findings.into_iter().map(|it| (name.clone(), it)));
        }
        Some(Err(why)) => return checked.unread.push(incomplete(format!("{name}:{why}"))),
        None => {}
    }
    match Template::read(&text) {
        Ok(Some(template)) => {
            let findings = template.findings(settings);
            checked.understood.push((name.clone(), "cloudformation"));
            checked.findings.extend(findings.into_iter().map(|it| (name.clone(), it)));
        }
        Ok(None) => {
            let why = "neither a CloudFormation template nor a Terraform plan".to_owned();
            checked.skipped.push((name, why));
        }
        // Many a folder holds templates of other tools, which are not YAML until they are filled in.
        Err(why) if !meant.named && !["AWS::", "resource_changes"].iter().any(|it| text.contains(it)) => {
            checked.skipped.push((name, format!("cannot be read, and names no resource of AWS: {why}")));
        }
        Err(why) => checked.unread.push(incomplete(format!("{name}:{why}"))),
    }
}

/// The text of a file in UTF-8 or UTF-16.
fn read(path: &Path) -> std::io::Result<String> {
    let bytes = std::fs::read(path)?;
    tree::decode(&bytes).map_err(|why| std::io::Error::new(std::io::ErrorKind::InvalidData, why))
}

fn unreadable(path: &Path, why: &std::io::Error) -> Problem {
    let hint = "name a CloudFormation template, a Terraform plan as JSON, or a folder of them";
    Problem { exit: Exit::Incomplete, ..Problem::unreadable(path, why, hint) }
}

fn incomplete(message: String) -> Problem {
    let hint = "repair the file, or name the others one by one";
    Problem { exit: Exit::Incomplete, ..Problem::usage(message, hint) }
}

const fn level(it: Level) -> sarif::Level {
    match it {
        Level::Error => sarif::Level::Error,
        Level::Warning => sarif::Level::Warning,
        Level::Note => sarif::Level::Note,
    }
}

fn tell<W: World>(checked: &Checked, session: &mut Session<'_, W>) -> std::io::Result<()> {
    for (file, why) in &checked.skipped {
        session.talk.detail(&format!("skipped {}: {why}", plain(file)));
    }
    let out = &mut *session.out;
    for (file, finding) in &checked.findings {
        let style = if finding.level == Level::Error { BAD } else { SO_SO };
        let at = finding.at.map(|it| format!(":{}:{}", it.line, it.column)).unwrap_or_default();
        let code = level(finding.level).code();
        writeln!(
            out,
            "{}{at}  {style}{code}{style:#}  {}: {} [{}]",
            plain(file),
            plain(&finding.address),
            plain(&finding.why),
            finding.code
        )?;
        for line in finding.instead.lines() {
            writeln!(out, "    {}", plain(line))?;
        }
    }
    out.flush()?;
    let count = |level| checked.findings.iter().filter(|(_, it)| it.level == level).count();
    let skipped = match checked.skipped.len() {
        0 => String::new(),
        some => format!(", {some} skipped"),
    };
    session.talk.say(&format!(
        "{}{skipped}: {}, {}, {} that cannot be told",
        counted(checked.understood.len(), "file"),
        counted(count(Level::Error), "error"),
        counted(count(Level::Warning), "warning"),
        count(Level::Note)
    ));
    Ok(())
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn document(checked: &Checked, exit: Exit) -> CheckV1 {
    let finding = |(file, it): &(String, Finding)| FindingV1 {
        file: file.clone(),
        line: it.at.map(|it| it.line),
        column: it.at.map(|it| it.column),
        resource: it.address.clone(),
        code: it.code,
        level: level(it.level).code(),
        why: it.why.clone(),
        instead: it.instead.clone(),
    };
    let file = |(file, language): &(String, &'static str)| FileV1 { file: file.clone(), language };
    let skipped = |(file, why): &(String, String)| SkippedV1 { file: file.clone(), why: why.clone() };
    CheckV1 {
        schema: "v2only.check.v1",
        exit_code: exit.code(),
        files: checked.understood.iter().map(file).collect(),
        findings: checked.findings.iter().map(finding).collect(),
        skipped: checked.skipped.iter().map(skipped).collect(),
    }
}

fn result((file, it): &(String, Finding)) -> sarif::SarifFinding {
    sarif::SarifFinding {
        rule: it.code,
        level: level(it.level),
        message: format!("{}: {}; write\n{}", it.address, it.why, it.instead),
        file: file.clone(),
        line: it.at.map(|it| it.line),
        column: it.at.map(|it| it.column),
        logical: Some(it.address.clone()),
    }
}
