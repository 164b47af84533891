//! What the author of a plan stated, as against what the provider fills in.

use std::collections::HashMap;

use serde_json::Value;

/// The configuration of all modules, by the address of a resource without instance keys.
pub(super) struct Configuration<'a> {
    resources: HashMap<String, &'a Value>,
}

impl<'a> Configuration<'a> {
    pub(super) fn of(root: &'a Value) -> Self {
        let mut resources = HashMap::new();
        let mut modules = vec![(String::new(), root)];
        while let Some((prefix, module)) = modules.pop() {
            for resource in module.get("resources").and_then(Value::as_array).into_iter().flatten() {
                if let (Some(address), Some(stated)) =
                    (resource.get("address").and_then(Value::as_str), resource.get("expressions"))
                {
                    resources.insert(format!("{prefix}{address}"), stated);
                }
            }
            for (name, call) in module.get("module_calls").and_then(Value::as_object).into_iter().flatten() {
                if let Some(inner) = call.get("module") {
                    modules.push((format!("{prefix}module.{name}."), inner));
                }
            }
        }
        Self { resources }
    }

    /// What the configuration states of the resource at an address.
    pub(super) fn stated(&self, address: &str) -> Option<&'a Value> {
        self.resources.get(&split(address).join(".")).copied()
    }
}

/// The parts of an address without their instance keys, which may hold anything in quotes.
fn split(address: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut depth, mut quoted) = (0_usize, false);
    for character in address.chars() {
        match character {
            '"' if depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            '.' if depth == 0 => parts.push(String::new()),
            other if depth == 0 => {
                if let Some(last) = parts.last_mut() {
                    last.push(other);
                }
            }
            _ => {}
        }
    }
    parts
}
