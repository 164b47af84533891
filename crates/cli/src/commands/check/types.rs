//! `check --types`: what is judged, and what is only named.

use v2only_guardrails::iac;

use crate::args::format::Format;
use crate::print::check_v1::{TypeV1, TypesV1};
use crate::print::documents;
use crate::print::sheet::{Column, Sheet};
use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::problem::Stop;
use crate::world::World;

/// Every resource type with a metadata switch, one a row.
pub(super) fn list<W: World>(session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let types = iac::types().into_iter().map(|kind| TypeV1 {
        language: kind.language,
        name: kind.name.to_owned(),
        state: if kind.named.is_some() { "named" } else { "judged" },
        switch: kind.switch,
        why: kind.named.map(str::to_owned),
    });
    let types: Vec<TypeV1> = types.collect();
    if session.shared.output == Format::Json {
        documents::json(
            session.out,
            &TypesV1 { schema: "v2only.check-types.v1", exit_code: Exit::Clean.code(), types },
        )?;
        return Ok(Exit::Clean);
    }
    let columns = [
        Column::text("TYPE"),
        Column::short("LANGUAGE"),
        Column::short("STATE"),
        Column::text("SWITCH OR REASON"),
    ];
    let mut sheet = Sheet::new(columns, session.talk.width());
    for it in types {
        let text = it.why.or(it.switch).unwrap_or_default();
        let words = [it.name, it.language.to_owned(), it.state.to_owned(), text];
        sheet.row(words.into_iter().map(Into::into).collect());
    }
    writeln!(session.out, "{}", sheet.text())?;
    Ok(Exit::Clean)
}
