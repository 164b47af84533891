//! Source files of Terraform and Packer, which are read with their folders and the modules that they call.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use v2only_guardrails::Settings;
use v2only_guardrails::iac::Finding;
use v2only_guardrails::iac::cloudformation::Unreadable;
use v2only_guardrails::iac::source::{SourceFile, Sources, folder_of, normal};

use super::files::Meant;
use crate::run::policy_file;

/// The source files that are meant.
#[derive(Default)]
pub(super) struct SourcePaths {
    /// Folders by their path without `.` and `..`, as they are named.
    folders: BTreeMap<String, String>,
    /// Files that are named themselves. In their folders, only they are reported.
    named: BTreeSet<String>,
    /// Folders in which every file is meant.
    complete: BTreeSet<String>,
}

/// The result for all source files.
#[derive(Default)]
pub(super) struct SourceResult {
    /// The files that were read, with their languages.
    pub(super) understood: Vec<(String, &'static str)>,
    pub(super) findings: Vec<(String, Finding)>,
    pub(super) unread: Vec<(PathBuf, ReadFailure)>,
}

/// Why a file was not read.
pub(super) enum ReadFailure {
    Io(io::Error),
    Text(Unreadable),
}

impl SourcePaths {
    /// Takes a file if it is one of Terraform or Packer.
    pub(super) fn take(&mut self, file: &Meant) -> bool {
        let name = policy_file::name(&file.path);
        if !SourceFile::is_one(&name) {
            return false;
        }
        let folder = folder_of(&name);
        self.folders.entry(normal(folder)).or_insert_with(|| folder.to_owned());
        if file.named {
            self.named.insert(normal(&name));
        } else {
            self.complete.insert(normal(folder));
        }
        true
    }

    /// Checks the files that were taken. Files beside them and local modules are read for their values.
    pub(super) fn check(
        &self,
        settings: &Settings,
        read: impl Fn(&Path) -> io::Result<String>,
    ) -> SourceResult {
        let mut result = SourceResult::default();
        let mut open: Vec<String> = self.folders.keys().cloned().collect();
        let (mut met, mut files) = (HashSet::new(), Vec::new());
        while let Some(folder) = open.pop() {
            if !met.insert(folder.clone()) {
                continue;
            }
            let shown = self.folders.get(&folder).unwrap_or(&folder);
            for path in source_files(shown) {
                let name = policy_file::name(&path);
                match read(&path).map(|text| SourceFile::read(&name, &text)) {
                    Ok(Ok(file)) => {
                        open.extend(file.local_modules());
                        files.push(file);
                        if self.is_meant(&name) && SourceFile::has_resources(&name) {
                            let language = SourceFile::language(&name);
                            result.understood.push((name, language));
                        }
                    }
                    Ok(Err(why)) => result.unread.push((path, ReadFailure::Text(why))),
                    Err(why) => result.unread.push((path, ReadFailure::Io(why))),
                }
            }
        }
        result.understood.sort();
        let findings = Sources::new(files).findings(settings);
        result.findings = findings.into_iter().filter(|(file, _)| self.is_meant(file)).collect();
        result
    }

    /// Whether findings in a file are reported. A module is reported where it is called, also if only the caller
    /// is named.
    fn is_meant(&self, file: &str) -> bool {
        let folder = normal(folder_of(file));
        self.complete.contains(&folder)
            || self.named.contains(&normal(file))
            || !self.folders.contains_key(&folder)
    }
}

/// The source files of a folder, by name. A link to a file counts, as it does for Terraform.
fn source_files(folder: &str) -> Vec<PathBuf> {
    let path = if folder.is_empty() { Path::new(".") } else { Path::new(folder) };
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let is_one = |it: &fs::DirEntry| it.file_name().to_str().is_some_and(SourceFile::is_one);
    let mut files: Vec<PathBuf> = entries
        .filter(|it| is_one(it) && it.path().is_file())
        .map(|it| if folder.is_empty() { PathBuf::from(it.file_name()) } else { path.join(it.file_name()) })
        .collect();
    files.sort();
    files
}
