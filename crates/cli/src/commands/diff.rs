//! `diff`: what is new, and what is fixed, between two scans. Asks nothing of AWS.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;

use crate::args::format::Format;
use crate::print::documents;
use crate::print::sheet::{Column, Entry, Sheet};
use crate::run::baseline::{Baseline, Violation};
use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::messages::count;
use crate::term::problem::Stop;
use crate::world::World;

const EXAMPLES: &str = "\
Examples:
  v2only diff last-week.json today.json
  v2only diff last-week.json today.json --output json

Leaves with 10 if there are new violations, and with 3 if the second scan did not read everything that the first one read.";

/// The arguments of `diff`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// What an earlier `v2only scan --output json` printed
    #[arg(value_name = "OLD", help_heading = "Input")]
    old: PathBuf,

    /// What a later one printed
    #[arg(value_name = "NEW", help_heading = "Input")]
    new: PathBuf,
}

/// The published shape: fields are only ever added.
#[derive(Serialize)]
struct DiffV1<'a> {
    schema: &'static str,
    new: Vec<ViolationV1<'a>>,
    fixed: Vec<ViolationV1<'a>>,
    /// Violations of accounts and Regions that only one of the scans read.
    unknown: Vec<ViolationV1<'a>>,
    remaining: usize,
    exit_code: u8,
}

#[derive(Serialize)]
struct ViolationV1<'a> {
    account: &'a str,
    region: &'a str,
    kind: &'a str,
    id: &'a str,
    rule: &'a str,
}

impl<'a> From<&'a Violation> for ViolationV1<'a> {
    fn from(it: &'a Violation) -> Self {
        let Violation { account, region, kind, id, rule } = it;
        Self { account, region, kind, id, rule }
    }
}

/// Compares. A violation counts as new, or as fixed, only where both scans read the account and Region completely.
pub(crate) fn run<W: World>(args: &Args, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let (old, new) = (Baseline::read(&args.old)?, Baseline::read(&args.new)?);
    let both: BTreeSet<&(String, String)> = old.read.intersection(&new.read).collect();
    let is_known = |it: &&Violation| both.contains(&(it.account.clone(), it.region.clone()));
    let (added, unknown_new): (Vec<&Violation>, Vec<&Violation>) =
        new.violations.difference(&old.violations).partition(is_known);
    let (fixed, unknown_old): (Vec<&Violation>, Vec<&Violation>) =
        old.violations.difference(&new.violations).partition(is_known);
    let unknown: Vec<&Violation> = unknown_new.into_iter().chain(unknown_old).collect();
    let remaining = old.violations.intersection(&new.violations).count();
    let exit = Exit::of(!added.is_empty(), !old.read.is_subset(&new.read));
    session.exit = Some(exit);
    if session.shared.output == Format::Json {
        let document = DiffV1 {
            schema: "v2only.diff.v1",
            new: added.iter().map(|it| (*it).into()).collect(),
            fixed: fixed.iter().map(|it| (*it).into()).collect(),
            unknown: unknown.iter().map(|it| (*it).into()).collect(),
            remaining,
            exit_code: exit.code(),
        };
        documents::json(session.out, &document)?;
        return Ok(exit);
    }
    writeln!(
        session.out,
        "{} new, {} fixed, {remaining} remaining.",
        count(added.len(), "violation"),
        fixed.len()
    )?;
    for (heading, all) in [
        ("New", &added),
        ("Fixed", &fixed),
        ("In accounts and Regions that only one of the scans read completely", &unknown),
    ] {
        if !all.is_empty() {
            writeln!(session.out, "\n{heading}\n{}", table(all, session.width()).text())?;
        }
    }
    Ok(exit)
}

/// Violations, one a row.
pub(crate) fn table(all: &[&Violation], width: Option<u16>) -> Sheet {
    let columns = [
        Column::text("RESOURCE"),
        Column::short("KIND"),
        Column::short("RULE"),
        Column::short("ACCOUNT"),
        Column::short("REGION"),
    ];
    let mut sheet = Sheet::new(columns, width);
    for it in all {
        sheet.row(
            [&it.id, &it.kind, &it.rule, &it.account, &it.region]
                .map(|text| Entry::from(text.clone()))
                .into(),
        );
    }
    sheet
}
