//! What `scan` and `enforce` print, in every format but the tables of people.

use std::io::Write;

use v2only_enforcer::Failure;
use v2only_enforcer::scan::Kinds;
use v2only_policy::{Place, Policy};

use super::findings_v1::{FindingV1, FindingsV1, Run};
use super::html::earlier::Earlier;
use super::items::items;
use super::{asff, csv, html, json, ndjson, ocsf, sarif_findings};
use crate::cli::Format;
use crate::problem::{Problem, Stop};

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
    let items = items(run.records, run.seen);
    let unread: Vec<(&Place, &Failure)> =
        run.places.iter().filter_map(|(place, failure)| Some((*place, (*failure)?))).collect();
    match format {
        Format::Table => {}
        Format::Json => json(out, &FindingsV1::from(run))?,
        Format::Ndjson => ndjson(out, items.iter().map(FindingV1::of))?,
        Format::Csv => super::csv(out, csv::FINDINGS, items.iter().map(FindingV1::of))?,
        Format::Sarif => json(out, &sarif_findings::render(run.command, &items, &unread))?,
        Format::Asff => json(out, &asff::render(&items, run.now, &asff::Known::new()))?,
        Format::Ocsf => json(out, &ocsf::render(&items, run.now))?,
        Format::Html => {
            let page = html::render(&run, &items, background)
                .map_err(|it| Problem::internal(format!("cannot write the report: {it}")))?;
            out.write_all(page.as_bytes())?;
        }
    }
    Ok(())
}
