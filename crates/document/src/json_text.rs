//! JSON that a terminal does not obey.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

/// The same JSON document, with control characters and marks that turn the direction of text as escapes. JSON itself demands that
/// only of controls below U+0020. Readers get the same values.
pub fn escaped_json(json: &str) -> Cow<'_, str> {
    if !json.contains(needs_escape) {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len() + 64);
    for letter in json.chars() {
        if needs_escape(letter) {
            // Every one of these is a single unit of UTF-16; a string takes every write.
            let _never_fails = write!(text, "\\u{:04x}", u32::from(letter));
        } else {
            text.push(letter);
        }
    }
    Cow::Owned(text)
}

/// Writes JSON as [`escaped_json`] does, piece by piece, so that no document is in memory as a whole. Each piece has to be whole UTF-8,
/// as `serde_json` writes it.
#[derive(Debug)]
pub struct EscapedJson<W>(pub W);

impl<W: io::Write> io::Write for EscapedJson<W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        // Almost every piece.
        if piece.iter().all(|byte| *byte < 0x7f) {
            self.0.write_all(piece)?;
            return Ok(piece.len());
        }
        let text =
            std::str::from_utf8(piece).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        self.0.write_all(escaped_json(text).as_bytes())?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Outside of strings, JSON has only ASCII, and of the controls only tab and line breaks.
const fn needs_escape(letter: char) -> bool {
    matches!(
        letter,
        '\u{7f}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use std::io::{BufWriter, Write as _};

    use super::{EscapedJson, escaped_json};

    #[test]
    fn the_values_stay_the_same() {
        let hostile = "web\u{9b}2J\u{7f}\u{85}\u{202e}gnp\u{2066}\u{2028}\u{1b}[31m\n\"\\ü€😀";
        let json = serde_json::to_string_pretty(&[hostile]).unwrap();
        let escaped = escaped_json(&json);
        assert!(!escaped.chars().any(|it| it.is_control() && it != '\n'), "{escaped:?}");
        assert!(!escaped.contains(['\u{202e}', '\u{2066}', '\u{2028}']));
        assert!(escaped.contains("ü€😀") && escaped.contains("\\u009b2J"));
        assert_eq!(serde_json::from_str::<[String; 1]>(&escaped).unwrap(), [hostile]);
    }

    #[test]
    fn the_writer_escapes_the_same() {
        for text in ["web\u{9b}2J\u{7f}\u{202e}gnp\n\"ü", "web\u{7f}", "\u{7f}", "\u{9b}", "ü", "web"] {
            let mut written = Vec::new();
            serde_json::to_writer_pretty(EscapedJson(&mut written), &[text]).unwrap();
            let json = serde_json::to_string_pretty(&[text]).unwrap();
            assert_eq!(String::from_utf8(written).unwrap(), escaped_json(&json));
        }
    }

    #[test]
    fn what_is_flushed_has_reached_the_reader() {
        let mut json = EscapedJson(BufWriter::new(Vec::new()));
        json.write_all(b"[]").unwrap();
        json.flush().unwrap();
        assert_eq!(json.0.get_ref(), b"[]");
    }

    #[test]
    fn harmless_text_is_not_copied() {
        assert!(matches!(escaped_json("{\"name\": \"wëb\"}\n"), std::borrow::Cow::Borrowed(_)));
    }
}
