//! Writes the mutants that `cargo mutants --list --json` names into the code at once, each behind a condition. One build then
//! serves all mutants: `crate::mutant(N)` is true in the process that tests mutant N, which is the Nth of the list.
//!
//! `v2only-mutation MUTANTS.json ROOT SKIPPED` rewrites the files below ROOT. SKIPPED lists the numbers to leave out. The text
//! of a mutant stands between `/*<N*/` and `/*>N*/`, by which `tests/mutants` finds the mutant of a compiler error. Prints the
//! numbers that the grammar rules out.

mod sites;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::ops::Range;
use std::path::Path;

use serde_json::Value;
use sites::{Change, Mutants, Place, Site, find};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [list, root, skipped] = arguments.as_slice() else {
        return Err("usage: v2only-mutation MUTANTS.json ROOT SKIPPED".into());
    };
    let list: Vec<Value> = serde_json::from_str(&fs::read_to_string(list)?)?;
    let skipped = fs::read_to_string(skipped)?
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<BTreeSet<usize>, _>>()?;
    let mut files: BTreeMap<&str, Mutants> = BTreeMap::new();
    for (index, mutant) in list.iter().enumerate() {
        let text = |pointer: &str| {
            mutant.pointer(pointer).and_then(Value::as_str).ok_or(format!("no {pointer}: {mutant}"))
        };
        let number = |pointer: &str| {
            mutant.pointer(pointer).and_then(Value::as_u64).ok_or(format!("no {pointer}: {mutant}"))
        };
        let place = Place {
            line: number("/span/start/line")? as usize,
            column: number("/span/start/column")? as usize,
            genre: text("/genre")?.to_owned(),
        };
        let of_file = files.entry(text("/file")?).or_default();
        of_file.entry(place).or_default().push((index + 1, text("/replacement")?.to_owned()));
    }
    let mut ruled_out = Vec::new();
    for (file, mutants) in files {
        let path = Path::new(root).join(file);
        let source = fs::read_to_string(&path)?;
        let found = find(&syn::parse_file(&source)?, &mutants);
        let placed: usize = found.sites.iter().map(|site| site.mutants.len()).sum();
        let expected: usize = mutants.values().map(Vec::len).sum();
        if placed + found.ruled_out.len() != expected {
            return Err(format!("{file}: {placed} of {expected} mutants have a place").into());
        }
        ruled_out.extend(found.ruled_out);
        let mut writer = Writer {
            source: &source,
            sites: found.sites.into_iter().peekable(),
            skipped: &skipped,
            text: String::new(),
        };
        writer.region(0..source.len());
        fs::write(&path, writer.text)?;
    }
    println!("{}", Value::from(ruled_out));
    Ok(())
}

struct Writer<'a, Sites: Iterator<Item = Site>> {
    source: &'a str,
    sites: std::iter::Peekable<Sites>,
    skipped: &'a BTreeSet<usize>,
    text: String,
}

impl<Sites: Iterator<Item = Site>> Writer<'_, Sites> {
    /// Writes a part of the source with the sites in it, which nest as expressions do.
    fn region(&mut self, range: Range<usize>) {
        let mut position = range.start;
        while let Some(site) = self.sites.next_if(|site| site.range.start < range.end) {
            self.text += &self.source[position..site.range.start];
            position = site.range.end;
            self.site(site);
        }
        self.text += &self.source[position..range.end];
    }

    /// Only one mutant is chosen at a time, so the text of a mutant holds no other mutant.
    fn site(&mut self, site: Site) {
        let source = self.source;
        let of_site = |replacement: &str| match &site.change {
            Change::Body => format!("{{ return {replacement}; }}"),
            Change::Value => format!("{{ {replacement} }} else"),
            Change::Operator(operator) => {
                let (left, right) =
                    (&source[site.range.start..operator.start], &source[operator.end..site.range.end]);
                format!("{{ {left} {replacement} {right} }} else")
            }
            Change::Field { base, name, .. } => format!("{{ ({}).{name} }} else", &source[base.clone()]),
            Change::Arm => String::new(),
        };
        let live: Vec<_> = site.mutants.iter().filter(|(number, _)| !self.skipped.contains(number)).collect();
        let encloses = !live.is_empty() && !site.range.is_empty();
        if encloses {
            if let Change::Field { name, shorthand: true, .. } = &site.change {
                self.text += &format!("{name}: ");
            }
            self.text += "(";
        }
        for (number, replacement) in live {
            let condition = if matches!(site.change, Change::Arm) { " if !" } else { "if " };
            self.text += &format!(
                "/*<{number}*/{condition}crate::mutant({number}) {}/*>{number}*/ ",
                of_site(replacement)
            );
        }
        self.text += if encloses { "{ " } else { "" };
        self.region(site.range);
        self.text += if encloses { " })" } else { "" };
    }
}
