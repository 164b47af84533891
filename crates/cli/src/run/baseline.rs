//! Findings that an earlier run printed as JSON, to compare a run with.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use crate::report::item::Item;
use crate::term::problem::Problem;

const SCHEMA: &str = "v2only.findings.v1";

const HINT: &str = "name a file that `v2only scan --output json` wrote";

/// One violation: a rule that a resource breaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) rule: String,
}

impl Violation {
    /// The violations of one resource, one for each rule that it breaks.
    pub(crate) fn of(item: &Item<'_>) -> Vec<Self> {
        if !item.violates() {
            return Vec::new();
        }
        let record = item.record;
        let rules: BTreeSet<&str> = record.rules().into_iter().collect();
        let one = |rule: &str| Self {
            account: record.place.account.to_string(),
            region: record.place.region.to_string(),
            kind: record.resource.kind().to_owned(),
            id: record.resource.to_string(),
            rule: rule.to_owned(),
        };
        rules.into_iter().map(one).collect()
    }
}

/// An earlier run.
#[derive(Debug, Default)]
pub(crate) struct Baseline {
    /// Its violations.
    pub(crate) violations: BTreeSet<Violation>,
    /// The accounts and Regions that it read completely.
    pub(crate) read: BTreeSet<(String, String)>,
}

#[derive(Deserialize)]
struct Header {
    schema: Option<String>,
}

#[derive(Deserialize)]
struct Document {
    places: Vec<AccountRegion>,
    findings: Vec<BaselineFinding>,
    incomplete: Vec<AccountRegion>,
}

#[derive(Deserialize)]
struct AccountRegion {
    account: String,
    region: String,
}

#[derive(Deserialize)]
struct BaselineFinding {
    account: String,
    region: String,
    kind: String,
    id: String,
    verdict: Option<RecordedVerdict>,
    outcome: RecordedOutcome,
    rules: Vec<String>,
}

impl BaselineFinding {
    /// Whether the earlier run left a violation open.
    const fn is_open(&self) -> bool {
        match (&self.verdict, &self.outcome) {
            (_, RecordedOutcome::Fixed | RecordedOutcome::Gone) => false,
            (Some(RecordedVerdict::Violation), _) => true,
            (
                Some(RecordedVerdict::Compliant | RecordedVerdict::Exempt | RecordedVerdict::Gone) | None,
                _,
            ) => false,
        }
    }
}

/// What `Verdict::code` publishes. A file with another word is refused, so that no violation is overlooked.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RecordedVerdict {
    Compliant,
    Exempt,
    Violation,
    Gone,
}

/// What `Item::outcome` publishes.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RecordedOutcome {
    Left,
    Held,
    Planned,
    Waiting,
    Fixed,
    Advanced,
    Unmarked,
    NotJudged,
    Retry,
    Failed,
    Gone,
}

impl Baseline {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self, Problem> {
        let text = std::fs::read_to_string(path).map_err(|it| Problem::unreadable(path, &it, HINT))?;
        let wrong = |why: String| Problem::usage(format!("{}: {why}", path.display()), HINT);
        let header: Header =
            serde_json::from_str(&text).map_err(|error| wrong(format!("not a run of v2only: {error}")))?;
        if header.schema.as_deref() != Some(SCHEMA) {
            return Err(wrong(format!("its `schema` is not `{SCHEMA}`")));
        }
        let document: Document =
            serde_json::from_str(&text).map_err(|error| wrong(format!("not a complete run: {error}")))?;
        let mut baseline = Self::default();
        let unread: BTreeSet<(String, String)> = document.incomplete.into_iter().map(at).collect();
        baseline.read.extend(document.places.into_iter().map(at).filter(|it| !unread.contains(it)));
        for finding in document.findings.into_iter().filter(BaselineFinding::is_open) {
            let BaselineFinding { account, region, kind, id, .. } = &finding;
            baseline.violations.extend(finding.rules.iter().map(|rule| Violation {
                account: account.clone(),
                region: region.clone(),
                kind: kind.clone(),
                id: id.clone(),
                rule: rule.clone(),
            }));
        }
        Ok(baseline)
    }
}

fn at(it: AccountRegion) -> (String, String) {
    (it.account, it.region)
}
