//! Its Security Hub.

use serde_json::Value;
use v2only_enforcer::ports::{
    Answer, ControlFinding, ImportFindings, KnownFinding, ReadControls, ReadFindings, RefusedFinding,
    UpdateFindings,
};
use v2only_policy::Place;

use super::FakeAws;

impl ReadFindings for FakeAws {
    async fn active_findings(&self, place: &Place, generators: &str) -> Answer<Vec<KnownFinding>> {
        self.call("securityhub:GetFindings", Some(place), generators)?;
        let state = self.state();
        let here = state.findings.values().filter(|finding| {
            let ours = finding["ProductArn"].as_str().unwrap().contains(&format!(":{}:", place.region));
            ours && finding["RecordState"] == "ACTIVE"
                && finding["GeneratorId"].as_str().unwrap().starts_with(generators)
        });
        let text = |it: &Value| it.as_str().unwrap().to_owned();
        let known = |finding: &Value| KnownFinding {
            id: text(&finding["Id"]),
            generator: text(&finding["GeneratorId"]),
            title: text(&finding["Title"]),
            description: text(&finding["Description"]),
            created_at: text(&finding["CreatedAt"]),
            resources: vec![(text(&finding["Resources"][0]["Type"]), text(&finding["Resources"][0]["Id"]))],
        };
        Ok(here.map(known).collect())
    }
}

impl ImportFindings for FakeAws {
    async fn import_findings(&self, place: &Place, document: &Value) -> Answer<Vec<RefusedFinding>> {
        let findings = document["Findings"].as_array().unwrap();
        assert!((1..=100).contains(&findings.len()), "AWS takes 1 to 100");
        self.call("securityhub:BatchImportFindings", Some(place), findings.len().to_string())?;
        let mut state = self.state();
        let mut refused = Vec::new();
        for it in findings {
            let id = it["Id"].as_str().unwrap().to_owned();
            if state.refused_findings.iter().any(|part| id.contains(part)) {
                let (code, message) = ("InvalidInput".to_owned(), "no such thing".to_owned());
                refused.push(RefusedFinding { id, code, message });
            } else {
                state.findings.insert(id, it.clone());
            }
        }
        Ok(refused)
    }
}

impl ReadControls for FakeAws {
    async fn control_findings(&self, place: &Place, controls: &[&str]) -> Answer<Vec<ControlFinding>> {
        self.call("securityhub:GetFindings", Some(place), controls.join(" "))?;
        let wanted = |finding: &&ControlFinding| {
            controls.contains(&finding.control.as_str())
                && finding.product.contains(&format!(":{}:", place.region))
        };
        Ok(self.state().controls.iter().filter(wanted).cloned().collect())
    }
}

impl UpdateFindings for FakeAws {
    async fn set_workflow(
        &self,
        place: &Place,
        findings: &[&ControlFinding],
        status: &str,
        (text, by): (&str, &str),
    ) -> Answer<Vec<RefusedFinding>> {
        assert!((1..=100).contains(&findings.len()) && text.chars().count() <= 512, "as AWS takes");
        let names: Vec<&str> = findings.iter().map(|it| it.id.as_str()).collect();
        self.call("securityhub:BatchUpdateFindings", Some(place), format!("{status} {}", names.join(" ")))?;
        let mut state = self.state();
        let mut refused = Vec::new();
        for it in findings {
            if state.refused_findings.iter().any(|part| it.id.contains(part)) {
                let (code, message) = ("FindingNotFound".to_owned(), "no such finding".to_owned());
                refused.push(RefusedFinding { id: it.id.clone(), code, message });
            } else if let Some(known) = state.controls.iter_mut().find(|known| known.id == it.id) {
                known.workflow = status.to_owned();
                known.note = Some((text.to_owned(), by.to_owned()));
            }
        }
        Ok(refused)
    }
}

impl FakeAws {
    /// What a control of AWS's own found of a resource.
    pub(crate) fn control(self, region: &str, control: &str, resource: &str) -> Self {
        self.state().controls.push(ControlFinding {
            id: format!("{control}/{resource}"),
            product: format!("arn:aws:securityhub:{region}::product/aws/securityhub"),
            control: control.to_owned(),
            resources: vec![resource.to_owned()],
            compliance: "FAILED".to_owned(),
            workflow: "NEW".to_owned(),
            note: None,
        });
        self
    }

    /// The findings of those controls, by id: status and note.
    pub(crate) fn workflows(&self) -> Vec<(String, String, Option<String>)> {
        let state = self.state();
        let one = |finding: &ControlFinding| {
            (
                finding.id.clone(),
                finding.workflow.clone(),
                finding.note.as_ref().map(|(text, _)| text.clone()),
            )
        };
        state.controls.iter().map(one).collect()
    }
}
