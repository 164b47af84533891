//! Annotations of GitHub Actions: workflow commands on standard output, which GitHub shows beside the lines of a change.
//!
//! Source: GitHub, "Workflow commands for GitHub Actions", and the escapes of `actions/toolkit`.

use std::io::{self, Write};

use crate::report::sarif::{Level, SarifFinding};
use crate::term::text::plain;

/// Writes one annotation for each finding.
pub(crate) fn annotations(out: &mut dyn Write, findings: &[SarifFinding]) -> io::Result<()> {
    for it in findings {
        let kind = match it.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        let place = [("line", it.line), ("col", it.column)];
        let place: String =
            place.iter().filter_map(|(name, value)| Some(format!(",{name}={}", (*value)?))).collect();
        // Standard input is no file of the repository.
        let file =
            if it.file == "<stdin>" { String::new() } else { format!("file={}{place},", property(&it.file)) };
        writeln!(out, "::{kind} {file}title={}::{}", property(it.rule), data(&it.message))?;
    }
    Ok(())
}

/// A message on one line, without what a terminal would obey.
fn data(text: &str) -> String {
    plain(text).replace('%', "%25").replace('\n', "%0A")
}

/// A value before the message, where colons and commas have a meaning.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(finding: SarifFinding) -> String {
        let mut out = Vec::new();
        annotations(&mut out, &[finding]).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn finding(level: Level, file: &str, line: Option<usize>) -> SarifFinding {
        let message = "100% of it\nis wrong: fix, it".to_owned();
        SarifFinding {
            rule: "a-rule",
            level,
            message,
            file: file.to_owned(),
            line,
            column: line,
            logical: None,
        }
    }

    #[test]
    fn text_cannot_end_an_annotation_or_begin_another() {
        assert_eq!(
            written(finding(Level::Error, "a,b:c.yaml", Some(3))),
            "::error file=a%2Cb%3Ac.yaml,line=3,col=3,title=a-rule::100%25 of it%0Ais wrong: fix, it\n"
        );
    }

    #[test]
    fn each_level_has_its_word_and_standard_input_no_file() {
        assert!(written(finding(Level::Warning, "a.json", None)).starts_with("::warning file=a.json,title="));
        assert!(written(finding(Level::Note, "<stdin>", Some(1))).starts_with("::notice title="));
    }
}
