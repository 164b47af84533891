//! What a plan says of a resource and of the launch templates that the resource refers to.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use super::configuration::split;
use super::known::Given;
use super::references::{Decider, Inventory, Named, Unchanged, named, without_keys};
use super::resource::{Resource, Words};
use crate::Settings;
use crate::iac::Finding;

/// The words for a plan, with what the plan says of other resources.
pub(super) struct PlanWords<'a> {
    pub(super) inventory: &'a Inventory<'a>,
    pub(super) settings: &'a Settings,
    pub(super) default: Option<&'a str>,
}

impl Words for PlanWords<'_> {
    fn referred(&self, resource: &Resource<'_>, stated: &Value, decider: Decider) -> Vec<Finding> {
        self.about(resource, stated, decider)
    }

    fn later(&self, argument: &str) -> String {
        format!("{argument} is known only after the plan was applied")
    }

    fn outside(&self, what: &str) -> String {
        format!("the {what} is not in this plan, and decides")
    }
}

impl PlanWords<'_> {
    /// Findings about what the expressions of an argument name: those of resources that the plan does not change, and
    /// notes for what it does not contain.
    fn about(&self, resource: &Resource<'_>, stated: &Value, decider: Decider) -> Vec<Finding> {
        let named = named(stated);
        let address = without_keys(resource.address);
        let module = address.strip_suffix(&own_part(&address)).unwrap_or_default();
        let (mut targets, mut elsewhere) = (BTreeSet::new(), named.is_empty());
        let mut met = HashSet::new();
        for it in &named {
            let Named::Reference(reference) = it else {
                elsewhere = true;
                continue;
            };
            elsewhere |= decider.is_data(reference);
            // Terraform names the module beside its output, which leads to none, and a resource beside its attribute.
            let leads = match split(reference).as_slice() {
                [word, ..] if word == "each" => {
                    let loops = self.inventory.configuration.as_ref().and_then(|it| it.for_each(&address));
                    self.inventory.all(module, loops, decider, &mut met)
                }
                _ => self.inventory.resolve(module, reference, decider, &mut met),
            };
            targets.extend(leads);
        }
        if targets.is_empty() || elsewhere {
            let mut findings = vec![resource.note(self.outside_of(decider.noun()))];
            findings.extend(targets.iter().flat_map(|it| self.target(resource, it, decider)));
            return findings;
        }
        targets.iter().flat_map(|it| self.target(resource, it, decider)).collect()
    }

    fn outside_of(&self, what: &str) -> String {
        format!("the {what} is not in this plan, and decides")
    }

    fn target(&self, resource: &Resource<'_>, target: &str, decider: Decider) -> Vec<Finding> {
        let unchanged = self.inventory.unchanged.get(target).map(Vec::as_slice).unwrap_or_default();
        if unchanged.is_empty() && !self.inventory.judged.contains(target) {
            return vec![resource.note(self.outside_of(&format!("{} {target}", decider.noun())))];
        }
        let mut findings = Vec::new();
        for Unchanged { address, kind, values } in unchanged {
            let given = Given { after: values, unknown: &Value::Null, stated: None };
            let template = Resource { address, kind, given, default: self.default, words: self };
            findings.extend(template.findings(self.settings).into_iter().map(|finding| Finding {
                address: resource.address.to_owned(),
                why: format!("{}, in {address}, which this plan does not change", finding.why),
                ..finding
            }));
        }
        findings
    }
}

/// The type and the name at the end of an address without keys.
fn own_part(address: &str) -> String {
    let parts: Vec<&str> = address.rsplitn(3, '.').collect();
    match parts.as_slice() {
        [name, kind, ..] => format!("{kind}.{name}"),
        _ => address.to_owned(),
    }
}
