//! `policies list`, `show` and `render`.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest as _, Sha256};
use v2only_document::spelling::nearest_within;
use v2only_guardrails::{Settings, TooLarge, deploy, iac};

use super::args::RenderArgs;
use crate::args::format::Format;
use crate::print::documents;
use crate::print::policies_v1::{ListV1, ListedV1};
use crate::print::sheet::{Column, Sheet};
use crate::run::session::Session;
use crate::term::exit::Exit;
use crate::term::problem::{Problem, Stop};
use crate::world::World;

/// A file of the library.
struct File {
    path: String,
    text: String,
    /// Its `Sid`s, or the rules in it.
    names: Vec<String>,
    /// How long it may be, where AWS has a limit.
    limit: Option<usize>,
}

impl File {
    /// The folder, which is the kind.
    fn kind(&self) -> &str {
        self.path.split('/').next().unwrap_or_default()
    }

    /// The path without what the file name ends in.
    fn stem(&self) -> &str {
        self.path.rsplit_once('.').map_or(self.path.as_str(), |(stem, _)| stem)
    }
}

/// The shipped policies, one a row.
pub(super) fn list<W: World>(session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let files = rendered(&Settings::shipped())?;
    if session.shared.output == Format::Json {
        let policies = files
            .iter()
            .map(|file| ListedV1 {
                path: file.path.clone(),
                kind: file.kind().to_owned(),
                sids: file.names.clone(),
                characters: file.text.chars().count(),
                limit: file.limit,
            })
            .collect();
        documents::json(
            session.out,
            &ListV1 { schema: "v2only.policies.v1", exit_code: Exit::Clean.code(), policies },
        )?;
        return Ok(Exit::Clean);
    }
    let columns = [Column::text("POLICY"), Column::short("SIZE"), Column::text("STATEMENTS")];
    let mut sheet = Sheet::new(columns, session.width());
    for it in &files {
        let limit = it.limit.map(|it| format!(" of {it}")).unwrap_or_default();
        let size = format!("{}{limit}", it.text.chars().count());
        sheet.row(vec![it.path.clone().into(), size.into(), it.names.join(", ").into()]);
    }
    writeln!(session.out, "{}", sheet.text())?;
    session.talk.say("\n`v2only policies show NAME` prints one; policies/README.md explains each statement");
    Ok(Exit::Clean)
}

/// One shipped policy.
pub(super) fn show<W: World>(name: &str, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let files = rendered(&Settings::shipped())?;
    session.out.write_all(named(&files, name)?.text.as_bytes())?;
    Ok(Exit::Clean)
}

/// The policies for a document.
pub(super) fn render<W: World>(args: &RenderArgs, session: &mut Session<'_, W>) -> Result<Exit, Stop> {
    let (settings, _) = args.settings.read(session)?;
    let files = rendered(&settings)?;
    if let Some(name) = &args.name {
        session.out.write_all(named(&files, name)?.text.as_bytes())?;
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
    for path in clean(folder, &files) {
        session.talk.say(&format!("removed {}, which an earlier run wrote", path.display()));
    }
    for it in &files {
        writeln!(session.out, "{}", folder.join(&it.path).display())?;
    }
    session.talk.say(
        "\npolicies/README.md has the order of roll-out; try each in an organizational unit for tests first",
    );
    Ok(Exit::Clean)
}

fn rendered(settings: &Settings) -> Result<Vec<File>, Problem> {
    let too_large = |why: TooLarge| {
        Problem::usage(why.to_string(), "name roles by patterns: `--exempt 'arn:aws:iam::*:role/legacy-*'`")
    };
    let policies = v2only_guardrails::render(settings).map_err(too_large)?;
    let templates = deploy::files(settings).map_err(too_large)?;
    let templates =
        templates.into_iter().map(|it| File { names: Vec::new(), limit: None, path: it.path, text: it.text });
    let policies = policies.into_iter().map(|policy| File {
        names: policy.sids(),
        limit: Some(policy.kind.limit()),
        path: policy.path,
        text: policy.json,
    });
    let rules = iac::guard::files(settings).into_iter().map(|guard| File {
        names: guard.rules().map(str::to_owned).collect(),
        limit: None,
        path: guard.path,
        text: guard.text,
    });
    let mut files: Vec<File> = policies.chain(rules).chain(templates).collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

/// The policy of that path or name.
fn named<'a>(files: &'a [File], name: &str) -> Result<&'a File, Problem> {
    let endings = [".json", ".guard", ".yaml"];
    let wanted = endings.iter().find_map(|it| name.strip_suffix(it)).unwrap_or(name);
    let wanted = wanted.strip_prefix("policies/").unwrap_or(wanted);
    let is = |it: &&File| it.stem() == wanted || it.stem().rsplit('/').next() == Some(wanted);
    files.iter().find(is).ok_or_else(|| {
        let stems: Vec<&str> = files.iter().map(File::stem).collect();
        let names = stems.iter().flat_map(|it| [Some(*it), it.rsplit('/').next()]).flatten();
        let near = stems.iter().find(|it| it.contains(wanted)).copied();
        let near =
            near.or_else(|| nearest_within(wanted, names, 3)).map(|it| format!("did you mean `{it}`? "));
        let hint = format!("{}`v2only policies list` lists the policies", near.unwrap_or_default());
        Problem::usage(format!("there is no policy `{name}`"), hint)
    })
}

/// Writes all, or replaces none: what is new is written beside what is there, and then takes its place.
fn write(folder: &Path, files: &[File]) -> Result<(), (PathBuf, io::Error)> {
    let beside = |path: &Path| path.with_added_extension("new");
    for file in files {
        let path = folder.join(file.kind());
        fs::create_dir_all(&path).map_err(|why| (path, why))?;
    }
    let paths: Vec<PathBuf> = files.iter().map(|it| folder.join(&it.path)).collect();
    for (file, path) in files.iter().zip(&paths) {
        fs::write(beside(path), &file.text).map_err(|why| (path.clone(), why))?;
    }
    for path in &paths {
        fs::rename(beside(path), path).map_err(|why| (path.clone(), why))?;
    }
    Ok(())
}

/// The file in which a run lists what it wrote, with a digest of each file.
const WRITTEN: &str = ".v2only-rendered";

/// Removes the files that an earlier run wrote, that this one does not write, and that nobody changed since. A file that
/// cannot be removed stays.
fn clean(folder: &Path, files: &[File]) -> Vec<PathBuf> {
    let list = folder.join(WRITTEN);
    let before = fs::read_to_string(&list).unwrap_or_default();
    let mut removed = Vec::new();
    for (digest_before, path) in before.lines().filter_map(|line| line.split_once("  ")) {
        // The list may have been edited: nothing outside of the folder is touched.
        let inside = Path::new(path).components().all(|it| matches!(it, Component::Normal(_)));
        let gone = inside && files.iter().all(|it| it.path != path);
        let path = folder.join(path);
        let is_ours = || fs::read(&path).is_ok_and(|bytes| digest(&bytes) == digest_before);
        if gone && is_ours() && fs::remove_file(&path).is_ok() {
            removed.push(path);
        }
    }
    let now: String =
        files.iter().map(|it| format!("{}  {}\n", digest(it.text.as_bytes()), it.path)).collect();
    let _kept_as_it_was = fs::write(&list, now);
    removed
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
