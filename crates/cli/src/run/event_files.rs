//! Files with events and records that the user names: a file, or the files in a folder.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::term::problem::Problem;

/// What to name instead of a file that cannot be read.
pub(crate) const HINT: &str =
    "name files with EventBridge or CloudTrail events as JSON, a directory of them, or `-`";

/// Opens a file. One whose name ends in `.gz` is unpacked while it is read.
pub(crate) fn open(file: &Path) -> io::Result<Box<dyn Read>> {
    let bytes = BufReader::new(File::open(file)?);
    if file.extension().is_none_or(|it| it != "gz") {
        return Ok(Box::new(bytes));
    }
    Ok(Box::new(BufReader::new(MultiGzDecoder::new(bytes))))
}

/// A file, or the files in a folder and in the folders in it, as CloudTrail writes them by Region and day.
pub(crate) fn files(path: &Path) -> Result<Vec<PathBuf>, Problem> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    add_files(path, &mut files)?;
    if files.is_empty() {
        return Err(Problem::usage(format!("directory {} has no *.json", path.display()), HINT));
    }
    files.sort();
    Ok(files)
}

fn add_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Problem> {
    let unreadable = |it| Problem::unreadable(folder, &it, HINT);
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        // Links are not followed: they may lead back.
        if entry.file_type().map_err(unreadable)?.is_dir() {
            if !name.starts_with("CloudTrail-Insight") && !name.starts_with("CloudTrail-Digest") {
                add_files(&path, files)?;
            }
        } else if [".json", ".json.gz", ".ndjson", ".jsonl"].iter().any(|end| name.ends_with(end)) {
            files.push(path);
        }
    }
    Ok(())
}
