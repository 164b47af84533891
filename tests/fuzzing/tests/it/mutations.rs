//! Texts with damage: what a careless or hostile author may do to a text.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Longer texts are for the run of hours.
const LONGEST: usize = 32 * 1024;

/// Pieces with a meaning in one of the languages.
const PIECES: &[&str] = &[
    "\u{0}",
    "\u{1b}[31m",
    "\r",
    "\r\n",
    "\n",
    "\t",
    "\u{85}",
    "\u{2028}",
    "\u{202e}",
    "\u{feff}",
    "é",
    "𝕏",
    "\u{7f}",
    "\"",
    "'",
    "\\",
    "\\u0000",
    "\\ud800",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    ",",
    ":",
    ": ",
    "- ",
    "#",
    "//",
    "/*",
    "*/",
    "${",
    "%{",
    "{{",
    "}}",
    "$${",
    "!Ref ",
    "!If ",
    "!!str ",
    "&a ",
    "*a",
    "<<: *a",
    "---\n",
    "...\n",
    "? ",
    "|\n",
    ">-\n",
    "null",
    "true",
    "~",
    "0",
    "-1",
    "1e9",
    "1e999",
    "0x10",
    "64",
    "65",
    "18446744073709551616",
    "2026-02-30",
    "required",
    "optional",
    "enabled",
    "disabled",
    "*",
    "?",
    "arn:aws:",
    "..",
    "../",
    ".1.",
    "=",
    "&",
    "%00",
    "%zz",
    "+",
    "v2only:ignore",
    "until=",
    "reason=",
    "count = 0\n",
    "for_each = {}\n",
    "dynamic",
    "<<EOT\n",
    "EOT\n",
    " ? ",
    " if ",
];

#[derive(Debug, Clone)]
enum Damage {
    /// Without a part.
    Cut(Index, Index),
    /// With a part several times.
    Repeated(Index, Index, u8),
    /// With a piece.
    Inserted(Index, &'static str),
    /// With another byte.
    Changed(Index, u8),
    /// With a part of another text.
    Spliced(Index, Index, Index, Index),
    /// Without its end.
    Ended(Index),
    /// A part moved to another place.
    Moved(Index, Index, Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<Index>;
    prop_oneof![
        1 => (at(), at()).prop_map(|(from, to)| Damage::Cut(from, to)),
        1 => (at(), at(), 1..24_u8).prop_map(|(from, to, times)| Damage::Repeated(from, to, times)),
        4 => (at(), select(PIECES)).prop_map(|(place, piece)| Damage::Inserted(place, piece)),
        2 => (at(), any::<u8>()).prop_map(|(place, byte)| Damage::Changed(place, byte)),
        1 => (at(), at(), at(), at()).prop_map(|(seed, from, to, place)| Damage::Spliced(seed, from, to, place)),
        1 => at().prop_map(Damage::Ended),
        1 => (at(), at(), at()).prop_map(|(from, to, place)| Damage::Moved(from, to, place)),
    ]
}

/// A text of these with some damage.
pub fn damaged(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let seeds = Arc::new(seeds);
    (any::<Index>(), vec(damage(), 1..6)).prop_map(move |(index, damages)| {
        let mut text = index.get(&seeds).clone();
        for damage in damages {
            apply(&mut text, &damage, &seeds);
        }
        text.truncate(LONGEST);
        text
    })
}

fn apply(text: &mut Vec<u8>, damage: &Damage, seeds: &[Vec<u8>]) {
    let place = |index: &Index, text: &[u8]| index.index(text.len() + 1);
    let part = |from: &Index, to: &Index, text: &[u8]| {
        let (one, other) = (place(from, text), place(to, text));
        // Short parts are words, which matter more than halves of a text.
        let (start, end) = (one.min(other), one.max(other));
        start..end.min(start + 64)
    };
    match damage {
        Damage::Cut(from, to) => drop(text.drain(part(from, to, text)).count()),
        Damage::Repeated(from, to, times) => {
            let part = part(from, to, text);
            let copies = text[part.clone()].repeat(usize::from(*times));
            text.splice(part.end..part.end, copies);
        }
        Damage::Inserted(at, piece) => {
            let at = place(at, text);
            text.splice(at..at, piece.bytes());
        }
        Damage::Changed(at, byte) => {
            let at = place(at, text);
            if let Some(old) = text.get_mut(at) {
                *old = *byte;
            }
        }
        Damage::Spliced(seed, from, to, at) => {
            let other = seed.get(seeds);
            let (one, two) = (place(from, other), place(to, other));
            let at = place(at, text);
            text.splice(at..at, other[one.min(two)..one.max(two)].iter().copied());
        }
        Damage::Ended(at) => text.truncate(place(at, text)),
        Damage::Moved(from, to, at) => {
            let moved: Vec<u8> = text.drain(part(from, to, text)).collect();
            let at = place(at, text);
            text.splice(at..at, moved);
        }
    }
}
