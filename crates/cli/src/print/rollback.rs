//! A rollback for people.

use v2only_enforcer::rollback::{Came, Looked, Restoration, Told};

use crate::print::posture;
use crate::print::sheet::{Column, Entry, Sheet, Whereabouts};
use crate::term::problem::sentence;

/// What would be restored, and what not.
pub(crate) fn plan<'a>(looked: impl IntoIterator<Item = &'a Looked>, width: Option<u16>) -> String {
    let looked: Vec<&Looked> = looked.into_iter().collect();
    let whereabouts = Whereabouts::of(looked.iter().map(|it| &it.recorded.place));
    let columns = [
        Column::text("RESOURCE"),
        Column::short(whereabouts.heading()),
        Column::text("NOW"),
        Column::text("DETAIL"),
    ];
    let mut sheet = Sheet::new(columns, width);
    for it in looked {
        sheet.row(vec![
            it.recorded.resource().to_string().into(),
            whereabouts.words(&it.recorded.place).into(),
            posture::words(it.now).into(),
            next(it).into(),
        ]);
    }
    sheet.text()
}

/// What came of it.
pub(crate) fn done(told: &[Told], width: Option<u16>) -> String {
    let whereabouts = Whereabouts::of(told.iter().map(|it| &it.looked.recorded.place));
    let columns = [
        Column::text("RESOURCE"),
        Column::short(whereabouts.heading()),
        Column::text("WAS"),
        Column::text("IS"),
        Column::short("OUTCOME"),
        Column::text("DETAIL"),
    ];
    let mut sheet = Sheet::new(columns, width);
    for it in told {
        let recorded = &it.looked.recorded;
        let why = match &it.came {
            Came::Failed(failure) => sentence(failure),
            Came::Left | Came::Restored => next(&it.looked),
        };
        sheet.row(vec![
            recorded.resource().to_string().into(),
            whereabouts.words(&recorded.place).into(),
            posture::words(it.looked.now).into(),
            posture::words(it.after).into(),
            Entry::Word(outcome(it).to_owned()),
            why.into(),
        ]);
    }
    sheet.text()
}

/// A stable word for what came of it.
pub(crate) const fn outcome(it: &Told) -> &'static str {
    match (&it.came, &it.looked.restoration) {
        (Came::Failed(_), _) | (_, Err(_)) => "failed",
        (Came::Restored, _) => "restored",
        (Came::Left, Ok(Restoration::AsBefore)) => "as-before",
        (Came::Left, Ok(Restoration::Gone)) => "gone",
        (Came::Left, Ok(Restoration::Held(_) | Restoration::Restore(_))) => "held",
    }
}

fn next(it: &Looked) -> String {
    match &it.restoration {
        Ok(Restoration::AsBefore) => "it is as it was".to_owned(),
        Ok(Restoration::Gone) => "it does not exist any more".to_owned(),
        Ok(Restoration::Held(why)) => why.to_string(),
        Ok(Restoration::Restore(step)) => step.to_string(),
        Err(failure) => sentence(failure),
    }
}
