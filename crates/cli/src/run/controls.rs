//! Exemptions, mirrored where AWS looks: findings of Security Hub's own controls about exempt resources are suppressed, with
//! a note, until the exemption ends.
//!
//! Only a suppression that this product wrote is taken back: what a person suppressed stays.

use std::collections::{BTreeMap, BTreeSet};

use v2only_enforcer::ResourceId;
use v2only_enforcer::ports::ControlFinding;
use v2only_enforcer::scan::Kinds;
use v2only_policy::Rule;
use v2only_policy::rules::Control;

use crate::report::asff::cut;
use crate::report::item::Item;

/// Who writes the notes.
pub(crate) const AUTHOR: &str = "v2only";

/// The longest note that Security Hub takes.
const NOTE: usize = 512;

/// The status of a finding that nobody has to look at.
pub(crate) const SUPPRESSED: &str = "SUPPRESSED";

/// What a scan found of the resources that AWS's own controls check as well.
#[derive(Debug, Default)]
pub(crate) struct Exempt {
    /// The note about each exempt resource, by control and resource.
    notes: BTreeMap<(&'static str, String), String>,
    /// Resources that violate the policy without an exemption.
    violating: BTreeSet<(&'static str, String)>,
}

/// One update of a finding: the status to set, and the note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Update<'a> {
    /// The finding.
    pub(crate) finding: &'a ControlFinding,
    /// The workflow status to set.
    pub(crate) status: &'static str,
    /// The note to write.
    pub(crate) note: String,
}

/// The controls that check what this product checks.
pub(crate) fn controls() -> impl Iterator<Item = &'static Control> {
    Rule::ALL.iter().flat_map(|rule| rule.about().controls)
}

impl Exempt {
    /// Takes one resource of the scan.
    pub(crate) fn add(&mut self, it: &Item<'_>) {
        let resource = &it.record.resource;
        for finding in it.findings() {
            let Some(control) = finding.rule().about().control(resource.kind()) else { continue };
            // Security Hub knows a launch template, and not its versions.
            let name = match resource {
                ResourceId::TemplateVersion(id, _) => id.to_string(),
                other => other.to_string(),
            };
            let key = (control.id, name);
            match it.exemption() {
                Some(by) => {
                    let owner = by.owner.as_ref().map(|it| format!(", owner {it}")).unwrap_or_default();
                    let note = format!("Exempt through {}: {}{owner} ({})", by.until, by.reason, by.origin);
                    self.notes.insert(key, cut(&note, NOTE));
                }
                None => {
                    self.violating.insert(key);
                }
            }
        }
    }

    /// What is to be updated. A suppression is taken back only where the kind of resource was read completely.
    pub(crate) fn updates<'a>(&self, findings: &'a [ControlFinding], complete: Kinds) -> Vec<Update<'a>> {
        findings.iter().filter_map(|it| self.update(it, complete)).collect()
    }

    fn update<'a>(&self, it: &'a ControlFinding, complete: Kinds) -> Option<Update<'a>> {
        let control = controls().find(|control| control.id == it.control)?;
        let [resource] = it.resources.as_slice() else { return None };
        let key = (control.id, name(resource).to_owned());
        let ours = it.note.as_ref().filter(|(_, by)| by == AUTHOR).map(|(text, _)| text);
        // Of several versions of a launch template one may violate the policy without an exemption.
        let note = self.notes.get(&key).filter(|_| !self.violating.contains(&key));
        match (note, it.workflow.as_str()) {
            (Some(note), SUPPRESSED) => (ours.is_some_and(|text| text != note)).then(|| Update {
                finding: it,
                status: SUPPRESSED,
                note: note.clone(),
            }),
            (Some(_), "RESOLVED") | (None, "NEW" | "NOTIFIED" | "RESOLVED") => None,
            (Some(note), _) => Some(Update { finding: it, status: SUPPRESSED, note: note.clone() }),
            (None, SUPPRESSED) if ours.is_some() && was_read(control.kind, complete) => {
                let status = if it.compliance == "PASSED" { "RESOLVED" } else { "NEW" };
                let note =
                    "The exemption in the v2only policy ended, or excuses nothing any more.".to_owned();
                Some(Update { finding: it, status, note })
            }
            (None, _) => None,
        }
    }
}

fn was_read(kind: &str, complete: Kinds) -> bool {
    ResourceKind::of(kind).is_some_and(|kind| complete.contains(kind))
}

/// The id or name at the end of an ARN: `…:instance/i-…`, `…:launchConfigurationName/web`.
fn name(arn: &str) -> &str {
    arn.rsplit_once('/').map_or(arn, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "arn:aws:ec2:eu-central-1:111122223333:instance/i-0abc";

    fn finding(workflow: &str, compliance: &str, note: Option<(&str, &str)>) -> ControlFinding {
        ControlFinding {
            id: "finding".to_owned(),
            product: "arn:aws:securityhub:eu-central-1::product/aws/securityhub".to_owned(),
            control: "EC2.8".to_owned(),
            resources: vec![ID.to_owned()],
            compliance: compliance.to_owned(),
            workflow: workflow.to_owned(),
            note: note.map(|(text, by)| (text.to_owned(), by.to_owned())),
        }
    }

    fn status(exempt: &Exempt, it: &ControlFinding, complete: Kinds) -> Option<&'static str> {
        exempt.update(it, complete).map(|it| it.status)
    }

    #[test]
    fn an_exemption_suppresses_and_its_end_takes_back_what_we_wrote() {
        let key = ("EC2.8", "i-0abc".to_owned());
        let exempt = Exempt { notes: BTreeMap::from([(key.clone(), "why".to_owned())]), ..Exempt::default() };
        let over = Exempt::default();
        let ours = Some(("why", AUTHOR));
        for (exempt, it, expected) in [
            (&exempt, finding("NEW", "FAILED", None), Some(SUPPRESSED)),
            (&exempt, finding("NOTIFIED", "FAILED", Some(("seen", "alice"))), Some(SUPPRESSED)),
            (&exempt, finding("SUPPRESSED", "FAILED", ours), None),
            (&exempt, finding("SUPPRESSED", "FAILED", Some(("until yesterday", AUTHOR))), Some(SUPPRESSED)),
            (&exempt, finding("SUPPRESSED", "FAILED", Some(("mine", "alice"))), None),
            (&exempt, finding("RESOLVED", "PASSED", None), None),
            (&over, finding("SUPPRESSED", "FAILED", ours), Some("NEW")),
            (&over, finding("SUPPRESSED", "PASSED", ours), Some("RESOLVED")),
            (&over, finding("SUPPRESSED", "FAILED", Some(("mine", "alice"))), None),
            (&over, finding("SUPPRESSED", "FAILED", None), None),
            (&over, finding("NEW", "FAILED", ours), None),
        ] {
            assert_eq!(status(exempt, &it, Kinds::All), expected, "{it:?}");
        }
        let incomplete = finding("SUPPRESSED", "FAILED", ours);
        assert_eq!(status(&over, &incomplete, Kinds::None), None, "nothing is taken back that was not read");
        let both = Exempt { violating: BTreeSet::from([key]), ..exempt };
        assert_eq!(status(&both, &finding("NEW", "FAILED", None), Kinds::All), None);
    }
}
