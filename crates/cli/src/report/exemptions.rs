//! The table of exemptions that need attention.

use v2only_policy::review::Standing;

use crate::print::sheet::{Column, Entry, Sheet};
use crate::run::exemptions::ExemptionReport;

/// A row for each exemption that is expired, expires soon or is unused; `None` if there is none.
pub(crate) fn due(all: &[ExemptionReport], width: Option<u16>) -> Option<Sheet> {
    let mut rows = all.iter().filter_map(|exemption| match &exemption.standing {
        Standing::Due(due) => Some((exemption, due)),
        Standing::Unjudged(_) => None,
    });
    let first = rows.next()?;
    let columns =
        [Column::text("EXEMPTION"), Column::short("LAST DAY"), Column::text("STATE"), Column::text("REASON")];
    let mut sheet = Sheet::new(columns, width);
    for (it, due) in std::iter::once(first).chain(rows) {
        let place = it.place.as_ref().map(ToString::to_string);
        let owner = it.owner.as_ref().map(|it| format!("owner {it}"));
        sheet.row(vec![
            Entry::Lines(std::iter::once(it.exemption.clone()).chain(place).collect()),
            it.until.to_string().into(),
            due.to_string().into(),
            Entry::Lines(it.reason.clone().into_iter().chain(owner).collect()),
        ]);
    }
    Some(sheet)
}
