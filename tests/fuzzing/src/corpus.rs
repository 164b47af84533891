//! Texts of this repository as seeds: whole files, string literals of its tests, and code blocks of its documentation.

use std::fs;
use std::path::{Path, PathBuf};

/// Longer texts only slow the search down.
const LONGEST: usize = 24 * 1024;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files below some folders whose names end in one of these ways, in the order of their paths.
pub(crate) fn files(folders: &[&str], endings: &[&str]) -> Vec<Vec<u8>> {
    let paths = folders.iter().flat_map(|folder| paths(&root().join(folder), endings));
    paths.filter_map(|path| fs::read(path).ok()).filter(|text| text.len() <= LONGEST).collect()
}

/// The string literals in the Rust files below some folders that hold one of these words.
pub(crate) fn literals(folders: &[&str], words: &[&str]) -> Vec<Vec<u8>> {
    let sources = folders.iter().flat_map(|folder| paths(&root().join(folder), &[".rs"]));
    let texts = sources.filter_map(|path| fs::read_to_string(path).ok());
    let found = texts.flat_map(|text| in_rust(&text));
    let mut found: Vec<String> =
        found.filter(|it| it.len() <= LONGEST && words.iter().any(|word| it.contains(word))).collect();
    found.sort();
    found.dedup();
    found.into_iter().map(String::into_bytes).collect()
}

/// The code blocks of the documentation in a language that hold one of these words.
pub(crate) fn code_blocks(language: &str, words: &[&str]) -> Vec<Vec<u8>> {
    let pages = paths(&root().join("docs/src"), &[".md"]).into_iter().chain([root().join("README.md")]);
    let texts = pages.filter_map(|path| fs::read_to_string(path).ok());
    let fence = format!("```{language}\n");
    let blocks = texts.flat_map(|text| {
        let blocks = text.split(fence.as_str()).skip(1);
        blocks.filter_map(|it| it.split("```").next().map(str::to_owned)).collect::<Vec<_>>()
    });
    blocks.filter(|it| words.iter().any(|word| it.contains(word))).map(String::into_bytes).collect()
}

fn paths(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    let mut found = Vec::new();
    for path in entries {
        if path.is_dir() {
            found.extend(paths(&path, endings));
        } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
            found.push(path);
        }
    }
    found
}

/// The string literals of Rust source, raw and plain ones.
fn in_rust(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find('"') {
        let (before, after) = rest.split_at(at);
        let after = after.get(1..).unwrap_or_default();
        let hashes = before.len() - before.trim_end_matches('#').len();
        let raw = before.trim_end_matches('#').ends_with('r');
        if raw {
            let end = format!("\"{}", "#".repeat(hashes));
            let (text, remaining) = after.split_once(end.as_str()).unwrap_or((after, ""));
            found.push(text.to_owned());
            rest = remaining;
        } else {
            let (text, remaining) = plain(after);
            found.push(text);
            rest = remaining;
        }
    }
    found
}

/// A plain literal without its escapes, and what follows it.
fn plain(source: &str) -> (String, &str) {
    let mut text = String::new();
    let mut letters = source.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (text, source.get(at + 1..).unwrap_or_default()),
            '\\' => match letters.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                // The literal goes on in the next line, after its indentation.
                Some((at, '\n')) => {
                    let next = source.get(at + 1..).unwrap_or_default();
                    let indent = next.len() - next.trim_start().len();
                    for _ in 0..next.get(..indent).unwrap_or_default().chars().count() {
                        letters.next();
                    }
                }
                Some((_, other)) => text.push(other),
                None => {}
            },
            other => text.push(other),
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_read_as_rust_reads_them() {
        let source = "let a = \"x\\n\\\"y\\\"\"; let b = r#\"say \"no\"\"#; let c = \"one \\\n    line\";";
        assert_eq!(in_rust(source), ["x\n\"y\"", "say \"no\"", "one line"]);
    }
}
