//! `policies list`, `show` and `render`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use v2only_guardrails::{File, Kind, Settings};

use super::RenderArgs;
use crate::Session;
use crate::cli::Format;
use crate::exit::Exit;
use crate::output;
use crate::output::policies_v1::{ListV1, ListedV1};
use crate::output::table::Sheet;
use crate::problem::{Problem, Stop};
use crate::world::World;

/// The shipped policies, one a row.
pub(super) fn list<W: World>(session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let files = rendered(&Settings::shipped())?;
    if session.shared.output == Format::Json {
        let policies = files
            .iter()
            .map(|it| ListedV1 {
                path: it.path.clone(),
                kind: it.kind.folder(),
                sids: it.sids(),
                characters: it.json.chars().count(),
                limit: it.kind.limit(),
            })
            .collect();
        output::json(session.out, &ListV1 { schema: "v2only.policies.v1", policies })?;
        return Ok(Exit::Clean);
    }
    let mut sheet = Sheet::new(&["POLICY", "SIZE", "STATEMENTS"], 2, session.talk.width());
    for it in &files {
        let size = format!("{} of {}", it.json.chars().count(), it.kind.limit());
        sheet.row(vec![it.path.clone().into(), size.into(), it.sids().join(", ").into()]);
    }
    writeln!(session.out, "{}", sheet.text())?;
    session.talk.say("\n`v2only policies show NAME` prints one; policies/README.md explains each statement");
    Ok(Exit::Clean)
}

/// One shipped policy.
pub(super) fn show<W: World>(name: &str, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let files = rendered(&Settings::shipped())?;
    session.out.write_all(named(&files, name)?.json.as_bytes())?;
    Ok(Exit::Clean)
}

/// The policies for a document.
pub(super) fn render<W: World>(args: &RenderArgs, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let (settings, _) = args.settings.read(session)?;
    let files = rendered(&settings)?;
    if let Some(name) = &args.name {
        session.out.write_all(named(&files, name)?.json.as_bytes())?;
        return Ok(Exit::Clean);
    }
    let Some(folder) = &args.out else {
        return Err(Problem::usage("no folder is named", "type `--out policies/`").into());
    };
    write(folder, &files).map_err(|(path, why)| {
        let message = format!("cannot write {}: {why}; no policy was changed", path.display());
        Problem {
            hint: Some("name a folder that can be written to".to_owned()),
            ..Problem::usage(message, "")
        }
    })?;
    for it in &files {
        writeln!(session.out, "{}", folder.join(&it.path).display())?;
    }
    session.talk.say(
        "\npolicies/README.md has the order of roll-out; try each in an organizational unit for tests first",
    );
    Ok(Exit::Clean)
}

fn rendered(settings: &Settings) -> Result<Vec<File>, Problem> {
    v2only_guardrails::render(settings).map_err(|why| {
        Problem::usage(why.to_string(), "name roles by patterns: `--exempt 'arn:aws:iam::*:role/legacy-*'`")
    })
}

/// The policy of that path or name.
fn named<'a>(files: &'a [File], name: &str) -> Result<&'a File, Problem> {
    let wanted = name.strip_suffix(".json").unwrap_or(name);
    let wanted = wanted.strip_prefix("policies/").unwrap_or(wanted);
    let is = |it: &&File| {
        let path = it.path.strip_suffix(".json").unwrap_or(&it.path);
        path == wanted || path.rsplit('/').next() == Some(wanted)
    };
    files.iter().find(is).ok_or_else(|| {
        let names: Vec<&str> =
            files.iter().map(|it| it.path.strip_suffix(".json").unwrap_or(&it.path)).collect();
        Problem::usage(
            format!("there is no policy `{name}`"),
            format!("the policies are {}", names.join(", ")),
        )
    })
}

/// Writes all, or replaces none: what is new is written beside what is there, and then takes its place.
fn write(folder: &Path, files: &[File]) -> Result<(), (PathBuf, io::Error)> {
    let beside = |path: &Path| path.with_extension("json.new");
    for kind in [Kind::Scp, Kind::Iam, Kind::Declarative] {
        let path = folder.join(kind.folder());
        fs::create_dir_all(&path).map_err(|why| (path, why))?;
    }
    let paths: Vec<PathBuf> = files.iter().map(|it| folder.join(&it.path)).collect();
    for (file, path) in files.iter().zip(&paths) {
        fs::write(beside(path), &file.json).map_err(|why| (path.clone(), why))?;
    }
    for path in &paths {
        fs::rename(beside(path), path).map_err(|why| (path.clone(), why))?;
    }
    Ok(())
}
