//! The files that changed, as git reports them.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::term::problem::Problem;

/// The files below a path that changed since a commit, staged and unstaged changes and untracked
/// files included. A branch counts from where the two histories part. Deleted files are left out.
///
/// The paths begin with `path`, as those of a listing of `path` do.
pub(super) fn since(commit: &str, path: &Path) -> Result<BTreeSet<PathBuf>, Problem> {
    if path == Path::new("-") {
        return Err(Problem::usage("standard input has no history", "leave out `-` or `--changed-since`"));
    }
    let folder = if path.is_dir() { path } else { parent(path) };
    let base = git(folder, &["merge-base", "--end-of-options", commit, "HEAD"])?;
    let base = base.trim_end();
    // Relative to the folder, and only what is below.
    let diff = ["diff", "--name-only", "--relative", "--diff-filter=d", "-z", "--end-of-options", base];
    let changed = git(folder, &diff)?;
    let untracked = git(folder, &["ls-files", "--others", "--exclude-standard", "-z"])?;
    let names = changed.split('\0').chain(untracked.split('\0')).filter(|it| !it.is_empty());
    let named = |file: &str| {
        // `read_dir` of `.` returns `./name`, and a named file has no such prefix.
        if folder == Path::new("") || (!path.is_dir() && folder == Path::new(".") && !path.starts_with(".")) {
            PathBuf::from(file)
        } else {
            folder.join(file)
        }
    };
    Ok(names.map(named).collect())
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, Problem> {
    let hint = "name a commit or branch of the repository that holds the files; shallow clones lack history";
    let failed = |why: &str| {
        let what = arguments.first().copied().unwrap_or_default();
        Problem::usage(format!("`git {what}` in {} failed: {}", folder.display(), why.trim_end()), hint)
    };
    let arguments = arguments.iter().map(OsStr::new);
    let done = Command::new("git").arg("-C").arg(folder).args(arguments).output();
    let done = done.map_err(|why| failed(&why.to_string()))?;
    if done.status.success() {
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    } else {
        Err(failed(&String::from_utf8_lossy(&done.stderr)))
    }
}
