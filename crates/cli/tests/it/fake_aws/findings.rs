//! Its Security Hub.

use serde_json::Value;
use v2only_enforcer::ports::{Answer, ImportFindings, KnownFinding, ReadFindings, RefusedFinding};
use v2only_policy::Place;

use super::FakeAws;

impl ReadFindings for FakeAws {
    async fn active_findings(&self, place: &Place, generators: &str) -> Answer<Vec<KnownFinding>> {
        self.call("securityhub:GetFindings", Some(place), generators)?;
        let state = self.state();
        let here = state.findings.values().filter(|it| {
            let ours = it["ProductArn"].as_str().unwrap().contains(&format!(":{}:", place.region));
            ours && it["RecordState"] == "ACTIVE"
                && it["GeneratorId"].as_str().unwrap().starts_with(generators)
        });
        let text = |it: &Value| it.as_str().unwrap().to_owned();
        let known = |it: &Value| KnownFinding {
            id: text(&it["Id"]),
            generator: text(&it["GeneratorId"]),
            title: text(&it["Title"]),
            description: text(&it["Description"]),
            created_at: text(&it["CreatedAt"]),
            resources: vec![(text(&it["Resources"][0]["Type"]), text(&it["Resources"][0]["Id"]))],
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
