//! The result, for people, for programs and for code scanning.

use clap::builder::styling::{AnsiColor, Style};
use serde_json::{Value, json};
use v2only_guardrails::check::Level;
use v2only_guardrails::iac::suppression::Suppressed;
use v2only_guardrails::iac::{CODES, Counts, Finding};

use super::checked::Checked;
use crate::args::format::Format;
use crate::print::check_v1::{CheckV1, FileV1, FindingV1, SkippedV1, SuppressedV1, UnreadV1};
use crate::print::{documents, github};
use crate::report::sarif;
use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::messages::count;
use crate::term::text::plain;
use crate::world::World;

const BAD: Style = AnsiColor::Red.on_default();
const SO_SO: Style = AnsiColor::Yellow.on_default();
const QUIET: Style = Style::new().dimmed();

/// Prints the result in the format that was asked for. What cannot be read is always said on
/// standard error.
pub(super) fn all<W: World>(
    checked: &Checked,
    exit: Exit,
    session: &mut Session<'_, W>,
) -> std::io::Result<()> {
    match session.shared.output {
        Format::Json => documents::json(session.out, &document(checked, exit))?,
        Format::Sarif => documents::json(session.out, &code_scanning(checked))?,
        Format::Github => {
            let findings: Vec<_> = checked.findings.iter().map(|(file, it)| annotated(file, it)).collect();
            github::annotations(session.out, &findings)?;
        }
        _ => findings(checked, session)?,
    }
    session.out.flush()?;
    for (_, problem) in &checked.unread {
        session.talk.problem(problem);
    }
    if session.shared.output == Format::Table {
        session.talk.say(&summary(checked));
    }
    Ok(())
}

fn findings<W: World>(checked: &Checked, session: &mut Session<'_, W>) -> std::io::Result<()> {
    for (file, why) in &checked.skipped {
        session.talk.detail(&format!("skipped {}: {why}", plain(file)));
    }
    let out = &mut *session.out;
    for (file, finding) in &checked.findings {
        let style = if finding.level == Level::Error { BAD } else { SO_SO };
        let code = level(finding.level).code();
        writeln!(out, "{}  {style}{code}{style:#}  {}", place(file, finding), sentence(finding))?;
        for line in finding.instead.lines() {
            writeln!(out, "    {}", plain(line))?;
        }
    }
    for (file, it) in &checked.suppressed {
        let (place, finding) = (place(file, &it.finding), sentence(&it.finding));
        let why = plain(&it.reason);
        writeln!(out, "{place}  {QUIET}suppressed{QUIET:#}  {finding} until {}: {why}", it.until)?;
    }
    Ok(())
}

fn place(file: &str, finding: &Finding) -> String {
    let at = finding.at.map(|it| format!(":{}:{}", it.line, it.column)).unwrap_or_default();
    format!("{}{at}", plain(file))
}

fn sentence(finding: &Finding) -> String {
    format!("{}: {} [{}]", plain(&finding.address), plain(&finding.why), finding.code)
}

fn summary(checked: &Checked) -> String {
    let of = |level| checked.findings.iter().filter(|(_, it)| it.level == level).count();
    let some = |number: usize, what: &str| match number {
        0 => String::new(),
        some => format!(", {some} {what}"),
    };
    format!(
        "{}{}{}: {}, {}, {} that cannot be told{}",
        count(checked.understood.len(), "file"),
        some(checked.skipped.len(), "skipped"),
        some(checked.unread.len(), "unreadable"),
        count(of(Level::Error), "error"),
        count(of(Level::Warning), "warning"),
        of(Level::Note),
        some(checked.suppressed.len(), "suppressed"),
    )
}

const fn level(it: Level) -> sarif::Level {
    match it {
        Level::Error => sarif::Level::Error,
        Level::Warning => sarif::Level::Warning,
        Level::Note => sarif::Level::Note,
    }
}

fn document(checked: &Checked, exit: Exit) -> CheckV1 {
    let finding = |file: &str, judged: &Finding| FindingV1 {
        file: file.to_owned(),
        line: judged.at.map(|it| it.line),
        column: judged.at.map(|it| it.column),
        resource: judged.address.clone(),
        code: judged.code,
        level: level(judged.level).code(),
        why: judged.why.clone(),
        instead: judged.instead.clone(),
    };
    let suppressed = |(file, excused): &(String, Suppressed)| SuppressedV1 {
        finding: finding(file, &excused.finding),
        until: excused.until.to_string(),
        reason: excused.reason.clone(),
    };
    let file = |(file, language, counts): &(String, &'static str, Counts)| FileV1 {
        file: file.clone(),
        language,
        judged: counts.judged,
        named: counts.named,
        other: counts.other,
    };
    let skipped = |(file, why): &(String, String)| SkippedV1 { file: file.clone(), why: why.clone() };
    CheckV1 {
        schema: "v2only.check.v1",
        exit_code: exit.code(),
        files: checked.understood.iter().map(file).collect(),
        findings: checked.findings.iter().map(|(file, it)| finding(file, it)).collect(),
        skipped: checked.skipped.iter().map(skipped).collect(),
        suppressed: checked.suppressed.iter().map(suppressed).collect(),
        unread: checked
            .unread
            .iter()
            .map(|(file, it)| UnreadV1 { file: file.clone(), why: it.message.clone(), hint: it.hint.clone() })
            .collect(),
    }
}

fn code_scanning(checked: &Checked) -> impl serde::Serialize + use<> {
    let described = CODES
        .iter()
        .map(|(id, description)| json!({"id": id, "shortDescription": {"text": description}}))
        .collect();
    let remaining = checked.findings.iter().map(|(file, it)| result(file, it));
    let suppressed = checked.suppressed.iter().map(|(file, excused)| {
        let mut result = result(file, &excused.finding);
        let why = format!("{} (through {})", excused.reason, excused.until);
        if let Value::Object(members) = &mut result {
            let suppression = json!([{ "kind": "inSource", "justification": why }]);
            members.insert("suppressions".to_owned(), suppression);
        }
        result
    });
    let results: Vec<Value> = remaining.chain(suppressed).collect();
    let notes: Vec<Value> = checked
        .unread
        .iter()
        .map(|(_, it)| json!({ "level": "error", "message": { "text": it.message } }))
        .collect();
    let invocation = json!({ "executionSuccessful": notes.is_empty(), "toolExecutionNotifications": notes });
    sarif::document("check", described, Some(json!([invocation])), results)
}

fn result(file: &str, it: &Finding) -> Value {
    sarif::result(CODES, &annotated(file, it))
}

fn annotated(file: &str, it: &Finding) -> sarif::SarifFinding {
    sarif::SarifFinding {
        rule: it.code,
        level: level(it.level),
        message: format!("{}: {}; write\n{}", it.address, it.why, it.instead),
        file: file.to_owned(),
        line: it.at.map(|it| it.line),
        column: it.at.map(|it| it.column),
        logical: Some(it.address.clone()),
    }
}
