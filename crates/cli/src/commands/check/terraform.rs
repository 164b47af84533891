//! Source files of Terraform and Packer, which are read with their folders and the modules that they call.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use v2only_guardrails::Settings;
use v2only_guardrails::iac::Finding;
use v2only_guardrails::iac::source::{SourceFile, Sources, folder_of, normal};
use v2only_guardrails::iac::suppression::{Directive, Judged};
use v2only_policy::exemption::TagExemptions;

use super::checked::Outcome;
use super::files::Meant;
use super::read;
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

impl SourcePaths {
    /// Takes a file if it is one of Terraform or Packer.
    ///
    /// `alone` means that other files of its folder are not meant, such as those that did not change.
    pub(super) fn take(&mut self, file: &Meant, alone: bool) -> bool {
        let name = policy_file::name(&file.path);
        if !SourceFile::is_one(&name) {
            return false;
        }
        let folder = folder_of(&name);
        self.folders.entry(normal(folder)).or_insert_with(|| folder.to_owned());
        if file.named || alone {
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
        limit: TagExemptions,
        today: Date,
    ) -> Vec<(String, Outcome)> {
        let mut open: Vec<String> = self.folders.keys().cloned().collect();
        let (mut met, mut files, mut unread) = (HashSet::new(), Vec::new(), Vec::new());
        // The suppressions of each file that is reported.
        let mut directives = BTreeMap::new();
        while let Some(folder) = open.pop() {
            if !met.insert(folder.clone()) {
                continue;
            }
            let shown = self.folders.get(&folder).unwrap_or(&folder);
            for path in source_files(shown) {
                let name = policy_file::name(&path);
                let text = match read::text(&path) {
                    Ok(text) => text,
                    Err(why) => {
                        unread.push((name, Outcome::Unread(read::unreadable(&path, &why))));
                        continue;
                    }
                };
                match SourceFile::read(&name, &text) {
                    Ok(file) => {
                        open.extend(file.local_modules());
                        if self.is_meant(&name) && SourceFile::has_resources(&name) {
                            directives.insert(name, (file.directives(&text), file.counts()));
                        }
                        files.push(file);
                    }
                    Err(why) => {
                        let outcome = read::unread(format!("{name}:{why}"), read::REPAIR.to_owned());
                        unread.push((name, outcome));
                    }
                }
            }
        }
        let mut findings: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
        for (file, finding) in Sources::new(files).findings(settings) {
            findings.entry(file).or_default().push(finding);
        }
        let judged = directives.into_iter().map(|(name, (directives, counts))| {
            let findings = findings.remove(&name).unwrap_or_default();
            let judged = Judged::of(findings.clone(), &by_address(directives, &findings), limit, today);
            let language = SourceFile::language(&name);
            (name, Outcome::Understood(language, Judged { counts, ..judged }))
        });
        judged.chain(unread).collect()
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

/// The suppressions with the addresses that the resources have in their modules, and as copies.
fn by_address(directives: Vec<Directive>, findings: &[Finding]) -> Vec<Directive> {
    let addresses = |directive: &Directive| {
        let Some(block) = directive.address.clone() else { return vec![directive.clone()] };
        let of_block = findings.iter().filter(|finding| plain_address(&finding.address) == block);
        let named: BTreeSet<&String> = of_block
            .filter(|finding| directive.codes.iter().any(|code| code == finding.code))
            .map(|finding| &finding.address)
            .collect();
        if named.is_empty() {
            return vec![directive.clone()];
        }
        named
            .into_iter()
            .map(|address| Directive { address: Some(address.clone()), ..directive.clone() })
            .collect()
    };
    directives.iter().flat_map(addresses).collect()
}

/// The address of a resource in its own module, without an instance key.
fn plain_address(address: &str) -> String {
    let mut plain = String::new();
    let (mut depth, mut quoted) = (0_usize, false);
    for character in address.chars() {
        match character {
            '"' if depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            other if depth == 0 => plain.push(other),
            _ => {}
        }
    }
    let parts: Vec<&str> = plain.split('.').collect();
    let modules = parts.chunks(2).take_while(|it| it.first() == Some(&"module")).count();
    // A call itself has the address `module.name`.
    let modules = if modules * 2 == parts.len() { modules.saturating_sub(1) } else { modules };
    parts.get(modules * 2..).unwrap_or_default().join(".")
}
