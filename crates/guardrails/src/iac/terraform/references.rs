//! The launch templates and launch configurations that resources refer to.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::changes::managed;
use super::configuration::{Configuration, split};
use super::kinds;

/// What decides for a resource that launches instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::iac) enum Decider {
    Template,
    Configuration,
}

impl Decider {
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Template => "launch template",
            Self::Configuration => "launch configuration",
        }
    }

    const fn types(self) -> [&'static str; 2] {
        match self {
            Self::Template => ["aws_launch_template", "awscc_ec2_launch_template"],
            Self::Configuration => ["aws_launch_configuration", "awscc_autoscaling_launch_configuration"],
        }
    }

    /// Whether a reference is to a resource of this kind.
    pub(super) fn is(self, reference: &str) -> bool {
        self.types().iter().any(|it| reference.strip_prefix(it).is_some_and(|it| it.starts_with('.')))
    }

    pub(super) fn is_data(self, reference: &str) -> bool {
        reference.strip_prefix("data.").is_some_and(|it| self.is(it))
    }
}

/// What an expression for a launch template names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named<'a> {
    /// A resource, an output of a module, or what a loop holds.
    Reference(&'a str),
    /// A text, or an expression without references.
    Other,
}

/// What the expressions of an argument or of blocks name. Versions and other arguments do not choose a template.
pub(super) fn named(stated: &Value) -> Vec<Named<'_>> {
    let mut found = Vec::new();
    collect(stated, true, &mut found);
    found
}

fn collect<'a>(stated: &'a Value, chooses: bool, found: &mut Vec<Named<'a>>) {
    const CHOOSES: [&str; 6] = [
        "id",
        "name",
        "launch_template_id",
        "launch_template_name",
        "launch_template",
        "launch_template_specification",
    ];
    match stated {
        Value::Array(blocks) => blocks.iter().for_each(|it| collect(it, false, found)),
        Value::Object(members) => {
            let references = members.get("references").and_then(Value::as_array);
            match (references, members.get("constant_value")) {
                (Some(references), _) if chooses => {
                    found.extend(references.iter().filter_map(Value::as_str).map(Named::Reference));
                }
                (None, Some(Value::Null)) => {}
                (None, Some(_)) if chooses => found.push(Named::Other),
                (None, None) if chooses && members.is_empty() => found.push(Named::Other),
                (None, None) => {
                    members.iter().for_each(|(name, expression)| {
                        collect(expression, CHOOSES.contains(&name.as_str()), found);
                    });
                }
                _ => {}
            }
        }
        _ => {}
    }
}

/// The resources of a plan that others can refer to, by their addresses without instance keys.
pub(super) struct Inventory<'a> {
    pub(super) configuration: Option<Configuration<'a>>,
    /// Those that the plan judges by themselves.
    pub(super) judged: HashSet<String>,
    /// Those that the plan does not list as changes, with their values.
    pub(super) unchanged: HashMap<String, Vec<Unchanged<'a>>>,
}

/// A resource with the values that the plan or the state before it records.
pub(super) struct Unchanged<'a> {
    pub(super) address: &'a str,
    pub(super) kind: &'a str,
    pub(super) values: &'a Value,
}

impl<'a> Inventory<'a> {
    pub(super) fn of(plan: &'a Value, changes: &'a [Value]) -> Self {
        let address = |it: &'a Value| it.get("address").and_then(Value::as_str);
        let kind =
            |it: &'a Value| it.get("type").and_then(Value::as_str).filter(|it| kinds::of(it).is_some());
        let judged = changes.iter().filter(|it| managed(it).is_some() && kind(it).is_some());
        let judged = judged.filter_map(address).map(without_keys);
        let listed: HashSet<&str> = changes.iter().filter_map(address).collect();
        let mut inventory = Self {
            configuration: plan.pointer("/configuration/root_module").map(Configuration::of),
            judged: judged.collect(),
            unchanged: HashMap::new(),
        };
        let mut known = HashSet::new();
        // What the plan leads to wins over what was there before.
        for root in ["/planned_values/root_module", "/prior_state/values/root_module"] {
            let mut modules: Vec<&Value> = plan.pointer(root).into_iter().collect();
            while let Some(module) = modules.pop() {
                let members = |name| module.get(name).and_then(Value::as_array).into_iter().flatten();
                modules.extend(members("child_modules"));
                for resource in members("resources") {
                    if let (Some(address), Some(kind), Some(values)) =
                        (address(resource), kind(resource), resource.get("values"))
                        && !listed.contains(address)
                        && known.insert(address)
                    {
                        let unchanged = inventory.unchanged.entry(without_keys(address)).or_default();
                        unchanged.push(Unchanged { address, kind, values });
                    }
                }
            }
        }
        inventory
    }

    /// The addresses of the deciders that a reference in a module leads to; empty if it leads elsewhere.
    pub(super) fn resolve(
        &self,
        module: &str,
        reference: &str,
        decider: Decider,
        met: &mut HashSet<String>,
    ) -> Vec<String> {
        if !met.insert(format!("{module}{reference}")) {
            return Vec::new();
        }
        let parts = split(reference);
        match parts.as_slice() {
            [kind, name, ..] if decider.is(reference) => vec![format!("{module}{kind}.{name}")],
            [word, name, output, ..] if word == "module" => {
                let module = format!("{module}module.{name}.");
                let stated = self.configuration.as_ref().and_then(|it| it.output(&module, output));
                self.all(&module, stated, decider, met)
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn all(
        &self,
        module: &str,
        stated: Option<&Value>,
        decider: Decider,
        met: &mut HashSet<String>,
    ) -> Vec<String> {
        let references = stated.and_then(|it| it.get("references")).and_then(Value::as_array);
        let references = references.into_iter().flatten().filter_map(Value::as_str);
        references.flat_map(|it| self.resolve(module, it, decider, met)).collect()
    }
}

pub(super) fn without_keys(address: &str) -> String {
    split(address).join(".")
}
