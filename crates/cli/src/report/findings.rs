//! What `scan` and `enforce` print, in every format but the tables of people.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use v2only_enforcer::Failure;
use v2only_enforcer::scan::Kinds;
use v2only_policy::{Place, Policy};

use super::findings_v1::{self, FindingV1, FindingsV1, Run};
use super::html::earlier::Earlier;
use super::{asff, csv, html, ocsf, sarif_findings};
use crate::args::format::Format;
use crate::print::documents::{json, ndjson};
use crate::report::item::Item;
use crate::report::totals::Totals;
use crate::run::exemptions::Told;
use crate::run::survey::Seen;
use crate::term::exit::Exit;
use crate::term::problem::Stop;

/// What a report tells besides the run itself.
#[derive(Clone, Copy)]
pub(crate) struct Background<'a> {
    /// What was required.
    pub(crate) policy: &'a Policy,
    /// What was looked for.
    pub(crate) kinds: Kinds,
    /// Runs before this one.
    pub(crate) earlier: &'a [Earlier],
}

/// Prints a run. A table is not printed here.
pub(crate) fn write(
    format: Format,
    run: Run<'_>,
    background: Background<'_>,
    out: &mut dyn Write,
) -> Result<(), Stop> {
    let unread: Vec<(&Place, &Failure)> =
        run.places.iter().filter_map(|(place, failure)| Some((*place, (*failure)?))).collect();
    match format {
        Format::Table => {}
        Format::Json => json(out, &FindingsV1::from(run))?,
        Format::Ndjson => {
            run.findings.each(|it| ndjson(out, std::iter::once(FindingV1::of(it))))?;
        }
        Format::Csv => {
            out.write_all(csv::heading(csv::FINDINGS).as_bytes())?;
            run.findings.each(|it| row(out, it))?;
        }
        Format::Sarif => json(out, &sarif_findings::document(run.command, run.findings, &unread))?,
        Format::Asff => json(out, &asff::document(run.findings, run.now))?,
        Format::Ocsf => json(out, &ocsf::document(run.findings, run.now))?,
        Format::Html => {
            let page = html::render(&run, background)?;
            out.write_all(page.as_bytes())?;
        }
    }
    Ok(())
}

/// A run whose findings are written as they come, in a format that needs none of the others for it.
pub(crate) enum Stream<'a> {
    Json(findings_v1::Stream<'a>),
    Ndjson(&'a mut dyn Write),
    Csv(&'a mut dyn Write),
}

impl<'a> Stream<'a> {
    /// Whether a format can be written like this.
    pub(crate) const fn can(format: Format) -> bool {
        matches!(format, Format::Json | Format::Ndjson | Format::Csv)
    }

    /// Begins the output.
    pub(crate) fn begin<'p>(
        format: Format,
        out: &'a mut dyn Write,
        command: &'static str,
        now: Timestamp,
        places: impl IntoIterator<Item = &'p Place>,
    ) -> io::Result<Self> {
        Ok(match format {
            Format::Ndjson => Self::Ndjson(out),
            Format::Csv => {
                out.write_all(csv::heading(csv::FINDINGS).as_bytes())?;
                Self::Csv(out)
            }
            _ => Self::Json(findings_v1::Stream::begin(out, command, now, places)?),
        })
    }

    /// Writes one finding.
    pub(crate) fn finding(&mut self, it: &Item<'_>) -> io::Result<()> {
        match self {
            Self::Json(document) => document.finding(it),
            Self::Ndjson(out) => ndjson(&mut **out, std::iter::once(FindingV1::of(it))),
            Self::Csv(out) => row(&mut **out, it),
        }
    }

    /// Ends the output.
    pub(crate) fn end(
        self,
        totals: &Totals,
        seen: (&[Seen], &[Told]),
        calls: &BTreeMap<&'static str, u64>,
        exit: Exit,
    ) -> io::Result<()> {
        match self {
            Self::Json(document) => document.end(totals, seen, calls, exit),
            Self::Ndjson(_) | Self::Csv(_) => Ok(()),
        }
    }
}

/// One line of comma-separated values.
fn row(out: &mut dyn Write, it: &Item<'_>) -> io::Result<()> {
    let row = serde_json::to_value(FindingV1::of(it))?;
    out.write_all(csv::row(csv::FINDINGS, &row).as_bytes())
}
