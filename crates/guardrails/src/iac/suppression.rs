//! Suppressions: findings that a file excuses, each with a reason and a last day.
//!
//! In YAML a comment suppresses findings of the resource that it stands in, or directly above:
//! `# v2only:ignore http-tokens-not-stated until=2027-01-31 reason=vendor agent`. In YAML and JSON the metadata of a
//! resource does the same: `Metadata: {v2only: {ignore: [{rule: …, until: …, reason: …}]}}`.
//!
//! A suppression holds through its last day in UTC. It follows the rules for exemption tags: one without an end or
//! a reason, or with an end that is too far away, is invalid, reported, and suppresses no finding.

use jiff::civil::Date;
use v2only_policy::exemption::{TagExemptions, parse_day};

use super::{CODES, Counts, Finding};
use crate::Mark;
use crate::check::Level;

/// The word in a comment.
pub const MARKER: &str = "v2only:ignore";

/// A suppression as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Directive {
    /// The codes of the findings.
    pub codes: Vec<String>,
    /// The last day.
    pub until: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Where it is written.
    pub at: Option<Mark>,
    /// The resource, as its language names it; `None` for findings about the file.
    pub address: Option<String>,
}

/// A finding that a file excuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// The last day on which it is excused.
    pub until: Date,
    /// Why.
    pub reason: String,
}

/// What remains of findings, and what is suppressed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judged {
    /// The findings that remain, and those about suppressions.
    pub findings: Vec<Finding>,
    /// The findings that are suppressed.
    pub suppressed: Vec<Suppressed>,
    /// How many resources there are.
    pub counts: Counts,
}

impl Judged {
    /// Applies suppressions on a day.
    #[must_use]
    pub fn of(findings: Vec<Finding>, directives: &[Directive], limit: TagExemptions, today: Date) -> Self {
        let mut judged = Self::default();
        let mut in_force = Vec::new();
        for directive in directives {
            match directive.checked(limit, today) {
                Ok((until, reason)) => in_force.push((directive, until, reason, false)),
                Err(finding) => judged.findings.push(finding),
            }
        }
        for finding in findings {
            match in_force.iter_mut().find(|(it, ..)| it.covers(&finding)) {
                Some((_, until, reason, used)) => {
                    *used = true;
                    judged.suppressed.push(Suppressed { finding, until: *until, reason: reason.clone() });
                }
                None => judged.findings.push(finding),
            }
        }
        for (directive, ..) in in_force.iter().filter(|(_, _, _, used)| !used) {
            let why = format!("no finding here is {}", directive.codes.join(" or "));
            judged.findings.push(directive.finding("suppression-unused", Level::Warning, why, "remove it"));
        }
        judged.findings.sort_by(|one, other| (one.at, one.code).cmp(&(other.at, other.code)));
        judged
    }
}

impl Directive {
    /// Reads a comment from the text after [`MARKER`].
    #[must_use]
    pub fn from_comment(text: &str, at: Mark, address: Option<String>) -> Self {
        let mut directive = Self { at: Some(at), address, ..Self::default() };
        let mut reason: Option<Vec<&str>> = None;
        for word in text.split_whitespace() {
            if let Some(until) = word.strip_prefix("until=") {
                directive.until = Some(until.to_owned());
            } else if let Some(first) = word.strip_prefix("reason=") {
                reason = Some(vec![first]);
            } else if let Some(reason) = &mut reason {
                reason.push(word);
            } else {
                directive.codes.extend(word.split(',').filter(|it| !it.is_empty()).map(str::to_owned));
            }
        }
        directive.reason = reason.map(|it| it.join(" ").trim_matches('"').to_owned());
        directive
    }

    fn covers(&self, finding: &Finding) -> bool {
        let of_resource = |address: &String| {
            let rest = finding.address.strip_prefix(address.as_str());
            rest.is_some_and(|it| it.is_empty() || it.starts_with('.'))
        };
        let here = self.address.as_ref().map_or(finding.address == super::FILE, of_resource);
        here && self.codes.iter().any(|it| it == finding.code)
    }

    /// The last day and the reason, or why the suppression suppresses no finding.
    fn checked(&self, limit: TagExemptions, today: Date) -> Result<(Date, String), Finding> {
        let invalid = |why: String| {
            let instead = format!("# {MARKER} RULE until=YYYY-MM-DD reason=TEXT");
            Err(self.finding("suppression-invalid", Level::Error, why, &instead))
        };
        if let Some(code) = self.codes.iter().find(|it| !CODES.iter().any(|(code, _)| code == it)) {
            return invalid(format!("there is no rule {code}"));
        }
        if self.codes.is_empty() {
            return invalid("the suppression names no rule".to_owned());
        }
        let Some(until) = &self.until else { return invalid("the suppression has no `until`".to_owned()) };
        let Some(day) = parse_day(until) else {
            return invalid(format!("`until` says {until}, which is not a day written YYYY-MM-DD"));
        };
        let Some(reason) = self.reason.as_ref().filter(|it| !it.trim().is_empty()) else {
            return invalid("the suppression has no `reason`".to_owned());
        };
        match limit {
            TagExemptions::Ignore => {
                return invalid(
                    "the policy accepts no exemptions but its own (`exemptions_by_tag: ignore`)".to_owned(),
                );
            }
            TagExemptions::Allow { max_days }
                if day.duration_since(today).as_hours() > i64::from(max_days) * 24 =>
            {
                return invalid(format!(
                    "`until` says {day}, which is more than {max_days} days away (`exemptions_by_tag`)"
                ));
            }
            TagExemptions::Allow { .. } => {}
        }
        if today > day {
            let why = format!("the suppression of {} expired on {day}: {reason}", self.codes.join(", "));
            let instead = "fix the resource, or write a later day";
            return Err(self.finding("suppression-expired", Level::Error, why, instead));
        }
        Ok((day, reason.clone()))
    }

    fn finding(&self, code: &'static str, level: Level, why: String, instead: &str) -> Finding {
        let address = self.address.clone().unwrap_or_else(|| super::FILE.to_owned());
        Finding { code, level, at: self.at, address, why, instead: instead.to_owned() }
    }
}

/// The comments of a text that suppress findings: the position of each, and the text after [`MARKER`].
///
/// A comment begins with one of `openers` at the start of a line or after white space.
pub fn comments<'a>(text: &'a str, openers: &[&str]) -> Vec<(Mark, &'a str)> {
    let comment = |(number, line): (usize, &'a str)| {
        let (before, after) = line.split_once(MARKER)?;
        let before = before.trim_end();
        let before = openers.iter().find_map(|it| before.strip_suffix(it))?;
        let starts = before.is_empty() || before.ends_with([' ', '\t']);
        let ends = after.is_empty() || after.starts_with([' ', '\t']);
        let at = Mark { line: number, column: before.chars().count() + 1 };
        (starts && ends).then_some((at, after))
    };
    (1..).zip(text.lines()).filter_map(comment).collect()
}

/// The resource that a line belongs to: the one whose text holds the line, or that follows it where only comments
/// stand between. `resources` are names with their first and last lines, in the order of the text.
pub fn resource_at<'a>(text: &[&str], line: usize, resources: &[(&'a str, usize, usize)]) -> Option<&'a str> {
    let is_comment = |it: &&str| it.trim_start().starts_with('#') || it.trim_start().starts_with("//");
    let above = text.get(line.saturating_sub(1)..).unwrap_or_default();
    let next = line + above.iter().take_while(|it| is_comment(it)).count();
    let first = resources.iter().find(|(_, first, _)| *first == next);
    let within = || resources.iter().rev().find(|(_, first, last)| (*first..=*last).contains(&line));
    first.or_else(within).map(|(name, ..)| *name)
}
