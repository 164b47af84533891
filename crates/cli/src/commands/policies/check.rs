//! `policies check`.

use std::path::Path;

use clap::builder::styling::{AnsiColor, Style};
use v2only_guardrails::check::{self, Against, Attachment, Case, Finding, Level, Outcome, Report};

use super::args::CheckArgs;
use crate::args::format::Format;
use crate::print::documents;
use crate::print::github;
use crate::print::policies_v1::{CheckV1, EffectV1, FileV1, FindingV1};
use crate::report::sarif;
use crate::run::policy_file;
use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::problem::{Problem, Stop};
use crate::term::text::plain;
use crate::world::World;

const BAD: Style = AnsiColor::Red.on_default();
const SO_SO: Style = AnsiColor::Yellow.on_default();
const GOOD: Style = AnsiColor::Green.on_default();

/// A file that is a policy, and what was found.
struct Checked {
    name: String,
    attachment: Attachment,
    report: Report,
}

/// Checks every file; one that cannot be read does not keep the others from being checked.
pub(super) fn run<W: World>(args: &CheckArgs, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let (settings, own) = args.settings.read(session)?;
    let mut checked = Vec::new();
    let mut unread = None;
    for path in &args.files {
        let name = policy_file::name(path);
        let attachment = args.attachment.map_or_else(|| guessed(path), Into::into);
        let text = match text(path, session) {
            Ok(text) => text,
            Err(problem) => {
                session.talk.problem(&problem);
                unread = Some(Exit::Incomplete);
                continue;
            }
        };
        match check::check(&text, Against { settings: &settings, own, attachment }) {
            Ok(report) => checked.push(Checked { name, attachment, report }),
            Err(invalid) => {
                session.talk.problem(&Problem::usage(format!("{name}:{invalid}"), invalid.instead));
                unread = unread.or(Some(Exit::Usage));
            }
        }
    }
    let errors = checked.iter().flat_map(|it| &it.report.findings).any(|it| it.level == Level::Error);
    let exit = unread.unwrap_or(if errors { Exit::Violations } else { Exit::Clean });
    match session.shared.output {
        Format::Json => {
            let files = checked.iter().map(file_v1).collect();
            let document = CheckV1 { schema: "v2only.policy-check.v1", exit_code: exit.code(), files };
            documents::json(session.out, &document)?;
        }
        Format::Github => {
            let findings: Vec<sarif::SarifFinding> = checked.iter().flat_map(results).collect();
            github::annotations(session.out, &findings)?;
        }
        Format::Sarif => {
            let findings: Vec<sarif::SarifFinding> = checked.iter().flat_map(results).collect();
            documents::json(session.out, &sarif::render("policies check", check::CODES, &findings))?;
        }
        _ => {
            for it in &checked {
                tell(it, session)?;
            }
        }
    }
    Ok(exit)
}

/// The text of a policy.
pub(super) fn text<W: World>(path: &Path, session: &Session<'_, W>) -> Result<String, Problem> {
    let text =
        if path == Path::new("-") { session.world.read_stdin() } else { std::fs::read_to_string(path) };
    text.map_err(|why| Problem {
        exit: Exit::Incomplete,
        ..Problem::unreadable(path, &why, "name the JSON of a service control or IAM policy")
    })
}

/// Folders are named for what is in them, and most who check a policy check a service control policy.
pub(super) fn guessed(path: &Path) -> Attachment {
    let folder = path.parent().and_then(Path::file_name).and_then(|it| it.to_str());
    match folder {
        Some("iam") => Attachment::Identity,
        Some("rcp") => Attachment::Rcp,
        _ => Attachment::Scp,
    }
}

const fn attachment(it: Attachment) -> &'static str {
    match it {
        Attachment::Scp => "service control policy",
        Attachment::Rcp => "resource control policy",
        Attachment::Identity => "identity policy",
    }
}

const fn level(it: Level) -> sarif::Level {
    match it {
        Level::Error => sarif::Level::Error,
        Level::Warning => sarif::Level::Warning,
        Level::Note => sarif::Level::Note,
    }
}

const fn outcome(it: &Outcome) -> &'static str {
    match it {
        Outcome::Denied(_) => "denied",
        Outcome::Allowed => "allowed",
        Outcome::NotGranted => "not-granted",
        Outcome::Depends(_) => "depends",
    }
}

fn tell<W: World>(it: &Checked, session: &mut Session<'_, W>) -> std::io::Result<()> {
    let out = &mut *session.out;
    writeln!(out, "{}, as {}", plain(&it.name), attachment(it.attachment))?;
    for finding in &it.report.findings {
        let style = if finding.level == Level::Error { BAD } else { SO_SO };
        let about = finding.statement.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
        writeln!(
            out,
            "  {}:{}  {style}{}{style:#}  {}{} [{}]",
            finding.at.line,
            finding.at.column,
            level(finding.level).code(),
            plain(&about),
            plain(&finding.message),
            finding.code
        )?;
        writeln!(out, "        {}", plain(&finding.instead))?;
    }
    if it.report.findings.is_empty() {
        writeln!(out, "  nothing wrong was found")?;
    }
    writeln!(out, "  what it does, to somebody without an exemption:")?;
    for case in &it.report.effects {
        if case.ours && it.attachment == Attachment::Identity {
            // It binds whom it is attached to, and our roles are somebody else.
            continue;
        }
        let style = colour(case);
        let why = match &case.outcome {
            Outcome::Denied(by) => format!("  ({})", by.join(", ")),
            Outcome::Depends(keys) => {
                format!("  (on {})", keys.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
            }
            Outcome::Allowed | Outcome::NotGranted => String::new(),
        };
        writeln!(out, "    {style}{:<11}{style:#}  {}{}", outcome(&case.outcome), case.name, plain(&why))?;
    }
    if it.attachment == Attachment::Scp {
        writeln!(
            out,
            "    {:<11}  launches by Auto Scaling, EC2 Fleet and Spot (service-linked roles), and the management account",
            "not bound"
        )?;
    }
    writeln!(out)
}

/// Red where version 1 gets through or we are locked out, green where it is as it should be.
const fn colour(case: &Case) -> Style {
    match (&case.outcome, case.opens_v1) {
        (Outcome::Denied(_), Some(true)) | (Outcome::Allowed, Some(false)) => GOOD,
        (Outcome::Denied(_), Some(false)) => BAD,
        (Outcome::Allowed | Outcome::Depends(_), Some(true)) => SO_SO,
        _ => Style::new(),
    }
}

fn file_v1(it: &Checked) -> FileV1 {
    let finding = |judged: &Finding| FindingV1 {
        code: judged.code,
        level: level(judged.level).code(),
        line: judged.at.line,
        column: judged.at.column,
        statement: judged.statement.clone(),
        message: judged.message.clone(),
        instead: judged.instead.clone(),
    };
    let effect = |case: &Case| EffectV1 {
        request: case.id,
        meaning: case.name,
        outcome: outcome(&case.outcome),
        by: if let Outcome::Denied(by) = &case.outcome { by.clone() } else { Vec::new() },
        depends_on: if let Outcome::Depends(keys) = &case.outcome { keys.clone() } else { [].into() },
    };
    FileV1 {
        file: it.name.clone(),
        attachment: match it.attachment {
            Attachment::Scp => "scp",
            Attachment::Rcp => "rcp",
            Attachment::Identity => "identity",
        },
        findings: it.report.findings.iter().map(finding).collect(),
        effects: it.report.effects.iter().map(effect).collect(),
    }
}

fn results(it: &Checked) -> impl Iterator<Item = sarif::SarifFinding> {
    it.report.findings.iter().map(|finding| sarif::SarifFinding {
        rule: finding.code,
        level: level(finding.level),
        message: format!("{}; {}", finding.message, finding.instead),
        file: it.name.clone(),
        line: Some(finding.at.line),
        column: Some(finding.at.column),
        logical: finding.statement.clone(),
    })
}
