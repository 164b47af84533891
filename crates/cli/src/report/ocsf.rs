//! Open Cybersecurity Schema Framework: one Compliance Finding (class 2003) for each resource and rule.
//!
//! Source: the schema, version 1.6.0, which is the version that Security Hub reads.

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use v2only_policy::Finding;
use v2only_policy::rules::Severity;

use super::list::List;
use super::resource;
use crate::report::item::Item;
use crate::report::sink::{Sink, Tail};
use crate::term::problem::Stop;

/// The version of the schema.
const VERSION: &str = "1.6.0";
const CLASS: u16 = 2003;

/// An array of findings.
pub(crate) struct Ocsf<'a> {
    now: Timestamp,
    list: List,
    out: &'a mut dyn Write,
}

impl<'a> Ocsf<'a> {
    pub(crate) fn new(now: Timestamp, out: &'a mut dyn Write) -> Self {
        Self { now, list: List::with_elements_at(1), out }
    }
}

impl Sink for Ocsf<'_> {
    fn begin(&mut self) -> io::Result<()> {
        self.list.begin(self.out)
    }

    fn finding(&mut self, item: &Item<'_>) -> Result<(), Stop> {
        let mut findings = item.findings_by_rule().into_iter();
        Ok(findings.try_for_each(|finding| self.list.element(self.out, &event(item, finding, self.now)))?)
    }

    fn end(&mut self, _: &Tail<'_>) -> Result<(), Stop> {
        self.list.end(self.out)?;
        Ok(self.out.write_all(b"\n")?)
    }
}

fn event(item: &Item<'_>, finding: Finding, now: Timestamp) -> Value {
    let rule = finding.rule().about();
    let (place, id) = (&item.record.place, &item.record.resource);
    let time = now.as_millisecond();
    let closed = item.is_fixed() || item.is_gone();
    let (activity, activity_name) = if closed { (3, "Close") } else { (1, "Create") };
    let (compliance, compliance_name, severity) = match (closed, item.exemption()) {
        (true, _) => (1, "Pass", Severity::Informational),
        (false, Some(_)) => (2, "Warning", Severity::Informational),
        (false, None) => (3, "Fail", rule.severity),
    };
    let (severity, severity_name) = match severity {
        Severity::Informational => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
    };
    let (status, status_name) = if closed { (4, "Resolved") } else { (1, "New") };
    let message = resource::description(item, finding);
    let uid = resource::finding_id(place, id, rule.id);
    json!({
        "activity_id": activity,
        "activity_name": activity_name,
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Compliance Finding",
        "type_uid": u32::from(CLASS) * 100 + activity,
        "type_name": format!("Compliance Finding: {activity_name}"),
        "time": time,
        "severity_id": severity,
        "severity": severity_name,
        "status_id": status,
        "status": status_name,
        "message": message,
        "metadata": {
            "version": VERSION,
            "uid": uid,
            "product": {
                "name": "v2only",
                "uid": "v2only",
                "vendor_name": "v2only",
                "version": env!("CARGO_PKG_VERSION"),
            },
            "profiles": ["cloud"],
        },
        "cloud": {
            "provider": "AWS",
            "region": place.region.as_str(),
            "cloud_partition": place.region.partition().as_str(),
            "account": { "uid": place.account.as_str(), "type": "AWS Account", "type_id": 10 },
        },
        "finding_info": {
            "uid": uid,
            "title": rule.title,
            "desc": rule.why,
            "types": ["Software and Configuration Checks/AWS Security Best Practices"],
            "last_seen_time": time,
            "modified_time": time,
            "analytic": { "uid": rule.id, "name": rule.title, "type": "Rule", "type_id": 1 },
        },
        "compliance": {
            "control": rule.id,
            "desc": rule.title,
            "standards": ["v2only policy document"],
            "status_id": compliance,
            "status": compliance_name,
            "status_details": [finding.to_string()],
            "requirements": rule.control(id.in_registry()).map_or(&[][..], |it| it.requirements),
        },
        "resources": [described(item)],
        "remediation": { "desc": resource::remedy(item, finding), "references": [rule.aws_page] },
        "unmapped": unmapped(item),
    })
}

fn described(item: &Item<'_>) -> Value {
    let place = &item.record.place;
    let named = resource::named(place, &item.record.resource);
    let options = item.posture().map(resource::options).unwrap_or_default();
    let options: Map<String, Value> =
        options.into_iter().map(|(key, value)| (key.to_owned(), value.to_string().into())).collect();
    let name = item.name().map_or_else(|| item.record.resource.to_string(), str::to_owned);
    json!({
        "uid": named.id,
        "name": name,
        "type": named.cloud_formation_type,
        "region": place.region.as_str(),
        "cloud_partition": place.region.partition().as_str(),
        "data": options,
    })
}

/// What the schema has no word for.
fn unmapped(item: &Item<'_>) -> Value {
    let said = [
        ("verdict", item.record.verdict().map(|it| it.code().to_owned())),
        ("outcome", Some(item.outcome().to_owned())),
        ("hold", item.record.hold().map(|it| it.code().to_owned())),
        ("cause", item.cause.map(v2only_policy::cause::RootCause::words)),
        ("launched_by", item.launcher.map(ToString::to_string)),
        ("exempt_until", item.exemption().map(|it| it.until.to_string())),
        ("exempt_owner", item.exemption().and_then(|it| it.owner.clone())),
        ("exempt_reason", item.exemption().map(|it| it.reason.clone())),
    ];
    Value::Object(said.into_iter().filter_map(|(key, it)| Some((key.to_owned(), it?.into()))).collect())
}
