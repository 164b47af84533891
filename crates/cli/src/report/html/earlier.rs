//! What earlier runs said, read back from their JSON.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;
use v2only_policy::ResourceKind;

use crate::args::format::Format;
use crate::term::problem::Problem;

/// The name of the shape that is read.
const SCHEMA: &str = "v2only.findings.v1";

const HINT: &str = "name files that `v2only scan --output json` wrote, such as \
     `v2only scan --output html --earlier 2026-10.json 2026-11.json`";

/// One run, as far as a trend is made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Earlier {
    /// When it was.
    pub(crate) time: Timestamp,
    /// How many instances and notebooks answered version 1.
    pub(crate) version_1: usize,
    /// How many resources violated the policy.
    pub(crate) violations: usize,
    /// How many pairs of account and Region it read.
    pub(crate) places: usize,
    /// Whether it could read all of them.
    pub(crate) whole: bool,
}

/// Read first, so that a file of another kind is reported with its name.
#[derive(Deserialize)]
struct Header {
    schema: Option<String>,
}

#[derive(Deserialize)]
struct Document {
    time: Timestamp,
    places: Vec<serde::de::IgnoredAny>,
    findings: Vec<EarlierFinding>,
    totals: Totals,
    incomplete: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Totals {
    violations: usize,
    #[serde(default)]
    fixed: usize,
}

#[derive(Deserialize)]
struct EarlierFinding {
    kind: String,
    before: Option<Posture>,
    after: Option<Posture>,
}

#[derive(Deserialize)]
struct Posture {
    http_tokens: Option<String>,
    http_endpoint: Option<String>,
    minimum_version: Option<String>,
}

/// Reads the files that were named, the oldest run first.
pub(crate) fn read(files: &[PathBuf], format: Format) -> Result<Vec<Earlier>, Problem> {
    if !files.is_empty() && format != Format::Html {
        return Err(Problem::usage("`--earlier` is for reports", "add `--output html`, or leave it out"));
    }
    let mut all = files.iter().map(|it| one(it)).collect::<Result<Vec<Earlier>, Problem>>()?;
    all.sort_by_key(|it| it.time);
    Ok(all)
}

fn one(path: &Path) -> Result<Earlier, Problem> {
    let text = std::fs::read_to_string(path).map_err(|it| Problem::unreadable(path, &it, HINT))?;
    parse(&text).map_err(|why| {
        Problem::usage(format!("{}: not what a scan printed as JSON: {why}", path.display()), HINT)
    })
}

fn parse(text: &str) -> Result<Earlier, String> {
    let kind: Header = serde_json::from_str(text).map_err(|it| it.to_string())?;
    match kind.schema.as_deref() {
        Some(SCHEMA) => {}
        Some(other) => return Err(format!("its `schema` is `{other}`, not `{SCHEMA}`")),
        None => return Err(format!("it has no `schema`, which would be `{SCHEMA}`")),
    }
    let document: Document = serde_json::from_str(text).map_err(|it| it.to_string())?;
    Ok(Earlier {
        time: document.time,
        version_1: document.findings.iter().filter(|it| it.answers_version_1()).count(),
        violations: document.totals.violations.saturating_sub(document.totals.fixed),
        places: document.places.len(),
        whole: document.incomplete.is_empty(),
    })
}

impl EarlierFinding {
    fn answers_version_1(&self) -> bool {
        let Some(is) = self.after.as_ref().or(self.before.as_ref()) else { return false };
        match ResourceKind::of(&self.kind) {
            Some(ResourceKind::Notebook) => is.minimum_version.as_deref() != Some("2"),
            Some(kind) if kind.is_instance() => {
                is.http_tokens.as_deref() != Some("required")
                    && is.http_endpoint.as_deref() != Some("disabled")
            }
            Some(_) | None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_findings_document_is_said_to_be_none() {
        for (text, why) in [
            ("", "EOF"),
            ("{}", "no `schema`"),
            (r#"{"schema": "v2only.readiness.v1"}"#, "`v2only.readiness.v1`"),
            (r#"{"schema": "v2only.findings.v1"}"#, "missing field"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn what_answered_version_1_is_counted_as_it_was_left() {
        let text = r#"{"schema": "v2only.findings.v1", "time": "2026-10-01T00:00:00Z", "places": [{}, {}],
            "totals": {"violations": 3, "fixed": 1}, "incomplete": [{}], "something": "new",
            "findings": [
              {"kind": "instance", "before": {"http_tokens": "optional", "http_endpoint": "enabled"}, "after": null},
              {"kind": "instance", "before": {"http_tokens": "optional"}, "after": {"http_tokens": "required"}},
              {"kind": "instance", "before": {"http_tokens": "optional", "http_endpoint": "disabled"}},
              {"kind": "notebook", "before": {"minimum_version": null}},
              {"kind": "image", "before": {"imds_support": null}}
            ]}"#;
        let time = "2026-10-01T00:00:00Z".parse().unwrap();
        let expected = Earlier { time, version_1: 2, violations: 2, places: 2, whole: false };
        assert_eq!(parse(text), Ok(expected));
    }
}
