//! Files and folders, in the order of their names.

use std::path::{Path, PathBuf};
use std::{fs, io};

use v2only_guardrails::iac::source::SourceFile;

/// Folders that hold what others made.
const LEFT_OUT: &[&str] = &[".git", ".terraform", "node_modules", "target"];

/// A file to check.
pub(super) struct Meant {
    pub(super) path: PathBuf,
    /// Whether it was named itself, rather than found in a folder that was.
    pub(super) named: bool,
}

/// The files that are meant: those that are named, and the JSON, YAML and HCL of folders that are.
pub(super) fn meant(path: &Path) -> io::Result<Vec<Meant>> {
    if path == Path::new("-") || !fs::metadata(path)?.is_dir() {
        return Ok(vec![Meant { path: path.to_owned(), named: true }]);
    }
    let found = below(path)?;
    Ok(found.into_iter().map(|path| Meant { path, named: false }).collect())
}

fn below(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut entries = fs::read_dir(path)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let left_out = LEFT_OUT.iter().any(|it| name == *it);
        // A link may lead back to where it is.
        let kind = entry.file_type()?;
        if kind.is_dir() && !left_out {
            files.extend(below(&entry.path())?);
        } else if kind.is_file() && may_be_one(&entry.path()) {
            files.push(entry.path());
        }
    }
    Ok(files)
}

fn may_be_one(path: &Path) -> bool {
    let extension = path.extension().and_then(|it| it.to_str()).unwrap_or_default();
    ["json", "yaml", "yml", "template"].contains(&extension) || path.to_str().is_some_and(SourceFile::is_one)
}
