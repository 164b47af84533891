//! The demo for people. Understandable without colour: every colour stands on a word that says the same.

use std::io::{self, Write};

use clap::builder::styling::{AnsiColor, Effects, Style};

use super::bill::Bill;
use super::checks::{Check, count};
use super::columns::{Cell, Columns, prose};
use super::ending::{Aside, Ending};
use super::fleet::Act;
use super::posture::Posture;
use super::stage::POLICY_DOCUMENT;
use super::story::{End, Row};
use crate::term::messages;
use crate::term::text::plain;

const BOLD: Style = Style::new().effects(Effects::BOLD);
const QUIET: Style = Style::new().effects(Effects::DIMMED);
const GOOD: Style = AnsiColor::Green.on_default();
const WARN: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const PLAIN: Style = Style::new();

/// As wide as this where nobody's terminal says otherwise, and never wider than is read with ease.
const WIDTH: usize = 100;
const WIDEST: usize = 140;
const NARROWEST: usize = 72;

const NAME: usize = 16;
const POSTURE: usize = 9;
const DONE: usize = 16;

/// LogLine of every violation alike, so the table leaves it out.
const IN_OTHER_WORDS: &str = ": IMDSv1 is answered";

/// Prints the parts of the demo, one after the other.
pub(super) struct Printer {
    width: usize,
    columns: Columns,
    verbose: bool,
    /// How this command is typed.
    command: &'static str,
}

type Written = io::Result<()>;

impl Printer {
    pub(super) fn new(terminal: Option<u16>, verbose: bool, command: &'static str) -> Self {
        let width = terminal.map_or(WIDTH, usize::from).clamp(NARROWEST, WIDEST);
        let gap = if width < WIDTH { 1 } else { 2 };
        let others = 2 + NAME + POSTURE + DONE + POSTURE + 4 * gap;
        let why = width.saturating_sub(others);
        let columns = Columns { indent: 2, gap, widths: vec![NAME, POSTURE, why, DONE, POSTURE] };
        Self { width, columns, verbose, command }
    }

    /// What is about to happen.
    pub(super) fn opening(&self, out: &mut dyn Write, endpoint: &str) -> Written {
        let sentences = [
            format!("An AWS of two accounts runs inside this process, at {endpoint}: no network, no keys."),
            "People and services launch instances and notebooks in it, and its events go through queues"
                .to_owned(),
            "to the real functions. This is what they find, what they do, and what AWS says afterwards."
                .to_owned(),
        ];
        for sentence in sentences {
            self.prose(out, vec![(PLAIN, sentence)], 0)?;
        }
        if self.verbose {
            writeln!(out, "\n{BOLD}The policy{BOLD:#}")?;
            for line in POLICY_DOCUMENT.lines() {
                writeln!(out, "  {line}")?;
            }
        }
        Ok(())
    }

    /// Instances, by who launched them.
    pub(super) fn launched(&self, out: &mut dyn Write, rows: &[Row]) -> Written {
        let headings = ["RESOURCE", "BEFORE", "WHY", "DONE", "AFTER"];
        let headings = headings.map(|it| vec![(BOLD, it.to_owned())]);
        writeln!(out)?;
        self.lines(out, &headings)?;
        let mut titles: Vec<String> = Vec::new();
        for row in rows.iter().filter(|it| it.act == Act::Launched) {
            let title = title(row);
            if !titles.contains(&title) {
                titles.push(title);
            }
        }
        for name in titles {
            let of_title = rows.iter().filter(|it| it.act == Act::Launched && title(it) == name);
            let mut rows: Vec<&Row> = of_title.collect();
            rows.sort_by_key(|it| it.end);
            self.group(out, &name, rows.into_iter())?;
        }
        Ok(())
    }

    /// What happens later, and notebooks.
    pub(super) fn later(&self, out: &mut dyn Write, rows: &[Row]) -> Written {
        let of = |act| rows.iter().filter(move |it| it.act == act);
        self.group(out, "Changed or started after their launch", of(Act::Later))?;
        self.group(out, "SageMaker notebook instances", of(Act::Notebook))
    }

    /// Totals, cost, invariants, and what to type next.
    pub(super) fn ending(&self, out: &mut dyn Write, ending: &Ending) -> Written {
        self.totals(out, &ending.rows, &ending.aside)?;
        self.bill(out, &ending.bill)?;
        self.checks(out, &ending.checks)?;
        self.next(out)?;
        let took = ending.took.as_secs_f32();
        writeln!(out, "\n{QUIET}{took:.1} s, all of it on this machine{QUIET:#}")
    }

    fn group<'a>(&self, out: &mut dyn Write, title: &str, rows: impl Iterator<Item = &'a Row>) -> Written {
        writeln!(out)?;
        self.prose(out, vec![(BOLD, plain(title))], 0)?;
        for row in rows {
            self.lines(out, &cells(row))?;
            if self.verbose {
                self.prose(out, vec![(QUIET, row.ids.join(" "))], 4)?;
            }
        }
        Ok(())
    }

    fn prose(&self, out: &mut dyn Write, text: Cell, indent: usize) -> Written {
        for line in prose(text, indent, self.width) {
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    fn lines(&self, out: &mut dyn Write, cells: &[Cell]) -> Written {
        for line in self.columns.row(cells) {
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    fn totals(&self, out: &mut dyn Write, rows: &[Row], aside: &Aside) -> Written {
        let all = rows.iter().map(|it| it.ids.len()).sum();
        let mut text = vec![(BOLD, format!("{}:", messages::count(all, "resource")))];
        let ends: Vec<End> = End::ALL.into_iter().filter(|end| count(rows, *end) > 0).collect();
        for (index, end) in ends.iter().enumerate() {
            let comma = if index + 1 < ends.len() { "," } else { "" };
            text.push((style(*end), format!("{} {}{comma}", count(rows, *end), meaning(*end))));
        }
        writeln!(out)?;
        self.prose(out, text, 0)?;
        let mut beside = Vec::new();
        if !aside.ignored.is_empty() {
            let number = aside.ignored.len();
            beside.push(format!("{number} launches that failed or were dry runs: ignored"));
        }
        if aside.duplicates > 0 {
            beside.push(format!(
                "{} delivered twice: acted on once",
                messages::count(aside.duplicates, "event")
            ));
        }
        if !aside.malformed.is_empty() {
            let number = messages::count(aside.malformed.len(), "message");
            beside.push(format!("{number} that cannot be read: reported, not tried again"));
        }
        self.prose(out, vec![(PLAIN, format!("Also: {}.", beside.join("; ")))], 0)
    }

    fn bill(&self, out: &mut dyn Write, bill: &Bill) -> Written {
        writeln!(out, "\n{BOLD}What it cost{BOLD:#}, as the embedded AWS counted it")?;
        let mut calls: Vec<(&String, &u64)> = bill.calls.0.iter().collect();
        calls.sort_by(|one, other| other.1.cmp(one.1).then(one.0.cmp(other.0)));
        let (total, writes) = (bill.calls.total(), bill.calls.writes());
        let split = format!("{} read, {writes} change something", total - writes);
        writeln!(out, "  {total:>4}  API calls by the functions: {split}")?;
        for (name, number) in calls {
            writeln!(out, "  {number:>4}    {name}")?;
        }
        let cold: Vec<String> = bill.cold_starts.iter().map(|it| format!("{} ms", it.as_millis())).collect();
        let facts = [
            (
                bill.free_launch_calls,
                format!("calls for the {} launches whose record says v2 only", bill.free_launches),
            ),
            (bill.invocations, format!("invocations for {}", messages(bill.messages))),
            (to_u64(bill.cold_starts.len()), format!("cold starts ({})", cold.join(", "))),
            (bill.retried, "messages tried again".to_owned()),
            (to_u64(bill.dead_letters), "dead letters".to_owned()),
        ];
        for (number, what) in facts {
            writeln!(out, "  {number:>4}  {what}")?;
        }
        Ok(())
    }

    fn checks(&self, out: &mut dyn Write, checks: &[Check]) -> Written {
        writeln!(out, "\n{BOLD}Checked at the end{BOLD:#}")?;
        for check in checks {
            let (style, mark) = if check.holds { (GOOD, "✓ holds ") } else { (BAD, "✗ BROKEN") };
            let columns = Columns { indent: 2, gap: 1, widths: vec![8, self.width.saturating_sub(11)] };
            let mark = mark.trim_end().to_owned();
            let text = vec![(PLAIN, check.name.to_owned()), (QUIET, format!("({})", check.evidence))];
            for line in columns.row(&[vec![(style, mark)], text]) {
                writeln!(out, "{line}")?;
            }
        }
        Ok(())
    }

    fn next(&self, out: &mut dyn Write) -> Written {
        writeln!(out, "\n{BOLD}Try next{BOLD:#}")?;
        for (arguments, what) in [
            ("demo -v", "the policy of this demo, and every id"),
            ("scan --region all", "your own account: reads, and changes nothing"),
            ("enforce --help", "what changes it, after showing a plan and asking"),
        ] {
            let columns = Columns { indent: 2, gap: 2, widths: vec![32, self.width.saturating_sub(36)] };
            let typed = vec![(PLAIN, format!("{} {arguments}", self.command))];
            for line in columns.row(&[typed, vec![(QUIET, format!("# {what}"))]]) {
                writeln!(out, "{line}")?;
            }
        }
        Ok(())
    }
}

/// Who launched it, and where.
fn title(row: &Row) -> String {
    let by = row.launched_by.as_deref().unwrap_or("somebody");
    let kind = if row.place.account.as_str() == super::stage::HOME { "account" } else { "member account" };
    format!("Launched by {by}, in {kind} {}, {}", row.place.account, row.place.region)
}

fn cells(row: &Row) -> Vec<Cell> {
    let name = match row.ids.len() {
        1 => row.name.clone(),
        many => format!("{} ×{many}", row.name),
    };
    vec![
        vec![(PLAIN, plain(&name))],
        posture(Some(&row.before), if row.before.is_closed() { PLAIN } else { BAD }),
        why(row),
        done(row),
        posture(row.after.as_ref(), style(row.end)),
    ]
}

fn posture(it: Option<&Posture>, style: Style) -> Cell {
    let Some(it) = it else { return vec![(BAD, "gone".to_owned())] };
    let mut cell = vec![(style, it.word().to_owned())];
    cell.extend(it.beside().map(|text| (PLAIN, plain(&text))));
    cell
}

fn why(row: &Row) -> Cell {
    let mut reasons: Vec<String> = row.reasons.iter().map(|it| it.replace(IN_OTHER_WORDS, "")).collect();
    if row.ids.len() > 1 {
        let found = if row.unnamed { ", found by its client token" } else { "" };
        reasons.push(format!("{} instances of one launch{found}", row.ids.len()));
    }
    if row.verdict == "exempt" {
        // What would be wrong otherwise is what is exempt.
        reasons.truncate(1);
    }
    let text = plain(&reasons.join("; "));
    let word = verdict_style(&row.verdict);
    match text.strip_prefix(&row.verdict) {
        Some(rest) => vec![(word, row.verdict.clone()), (PLAIN, rest.to_owned())],
        None => vec![(word, format!("{}:", row.verdict)), (PLAIN, text)],
    }
}

fn done(row: &Row) -> Cell {
    let mut cell: Cell = Vec::new();
    let mut steps: Vec<(String, usize)> = Vec::new();
    for step in row.done.iter().filter_map(|it| shown(it)) {
        match steps.last_mut() {
            Some((last, times)) if *last == step => *times += 1,
            _ => steps.push((step, 1)),
        }
    }
    let steps: Vec<String> = steps
        .into_iter()
        .map(|(step, times)| if times > 1 { format!("{step} ×{times}") } else { step })
        .collect();
    if !steps.is_empty() {
        let end = if row.hold.is_some() && row.end == End::Held { "," } else { "" };
        cell.push((GOOD, format!("{}{end}", steps.join(", "))));
    }
    match (&row.hold, row.end) {
        (Some(hold), End::Held) if steps.is_empty() => cell.push((WARN, format!("held: {hold}"))),
        (Some(hold), End::Held) => cell.push((WARN, format!("then held: {hold}"))),
        (_, End::Open) if steps.is_empty() => cell.push((BAD, "nothing".to_owned())),
        _ if steps.is_empty() => cell.push((PLAIN, "nothing".to_owned())),
        _ => {}
    }
    cell
}

/// A step as the table says it; `None` for what only tidies up.
fn shown(step: &str) -> Option<String> {
    match step {
        "mark as running, then stop" => Some("stop".to_owned()),
        "minimum IMDS version=2" => Some("version=2".to_owned()),
        "start again" => Some("start".to_owned()),
        "remove the restart mark" => None,
        other => {
            Some(other.replace("HttpTokens=", "tokens=").replace("HttpPutResponseHopLimit=", "hop limit="))
        }
    }
}

const fn style(end: End) -> Style {
    match end {
        End::Compliant | End::Fixed => GOOD,
        End::Exempt | End::Held => WARN,
        End::Open => BAD,
    }
}

const fn meaning(end: End) -> &'static str {
    match end {
        End::Fixed => "fixed",
        End::Compliant => "compliant to begin with",
        End::Exempt => "exempt",
        End::Held => "held with a reason",
        End::Open => "neither fixed nor explained",
    }
}

fn verdict_style(verdict: &str) -> Style {
    match verdict {
        "violation" | "not judged" => BAD,
        "exempt" => WARN,
        "compliant" => GOOD,
        _ => PLAIN,
    }
}

fn messages(number: u64) -> String {
    messages::count(usize::try_from(number).unwrap_or(usize::MAX), "message")
}

fn to_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
