//! From `--output` to the sink that writes that format.

use std::io::Write;

use crate::args::format::Format;
use crate::args::shared::Shared;
use crate::report::asff::Asff;
use crate::report::csv::Csv;
use crate::report::html::Html;
use crate::report::html::earlier::Earlier;
use crate::report::json::{Json, Ndjson};
use crate::report::ocsf::Ocsf;
use crate::report::sarif_findings::Sarif;
use crate::report::sink::{Head, Nothing, Sink};
use crate::report::summary::Summary;
use crate::report::table::{Shown, Table};

/// How findings are written.
pub(crate) struct Layout<'a> {
    pub(crate) format: Format,
    /// Which table people get; `None`: no table.
    pub(crate) shown: Option<Shown>,
    /// The columns of the terminal, if there is one.
    pub(crate) width: Option<u16>,
    /// The flags of every command, which the next command repeats.
    pub(crate) shared: &'a Shared,
    /// Earlier runs, for the trend of the report.
    pub(crate) earlier: &'a [Earlier],
}

/// The sink of a format.
pub(crate) fn sink<'a>(layout: Layout<'a>, head: Head<'a>, out: &'a mut dyn Write) -> Box<dyn Sink + 'a> {
    match layout.format {
        Format::Table => match layout.shown {
            Some(Shown::Causes) => Box::new(Summary::new(head, layout.shared, layout.width, out)),
            Some(shown) => Box::new(Table::new(shown, layout.width, head, out)),
            None => Box::new(Nothing),
        },
        Format::Json => Box::new(Json::new(head, out)),
        Format::Ndjson => Box::new(Ndjson { out }),
        Format::Csv => Box::new(Csv { out }),
        // Refused before: annotations are about lines of files, and no resource has one.
        Format::Github => Box::new(Nothing),
        Format::Sarif => Box::new(Sarif::new(head.command, out)),
        Format::Asff => Box::new(Asff::new(head.now, out)),
        Format::Ocsf => Box::new(Ocsf::new(head.now, out)),
        Format::Html => Box::new(Html::new(head, layout.earlier, layout.shared, out)),
    }
}

impl Layout<'_> {
    /// Whether findings are printed in the order in which they are found, or counted. The other formats need them by
    /// account, Region, kind and id.
    pub(crate) const fn is_unordered(&self) -> bool {
        match self.format {
            Format::Json | Format::Ndjson | Format::Csv => true,
            Format::Table => matches!(self.shown, Some(Shown::Causes)),
            Format::Github | Format::Sarif | Format::Asff | Format::Ocsf | Format::Html => false,
        }
    }
}
