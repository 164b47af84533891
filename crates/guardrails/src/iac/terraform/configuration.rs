//! What the author of a plan stated, as against what the provider fills in.

use std::collections::HashMap;

use serde_json::Value;

/// The configuration of all modules, by the address of a resource without instance keys.
pub(super) struct Configuration<'a> {
    resources: HashMap<String, &'a Value>,
    /// What outputs of modules are, by their addresses.
    outputs: HashMap<String, &'a Value>,
}

impl<'a> Configuration<'a> {
    pub(super) fn of(root: &'a Value) -> Self {
        let (mut resources, mut outputs) = (HashMap::new(), HashMap::new());
        let mut modules = vec![(String::new(), root)];
        while let Some((prefix, module)) = modules.pop() {
            for resource in module.get("resources").and_then(Value::as_array).into_iter().flatten() {
                if let Some(address) = resource.get("address").and_then(Value::as_str) {
                    resources.insert(format!("{prefix}{address}"), resource);
                }
            }
            for (name, output) in module.get("outputs").and_then(Value::as_object).into_iter().flatten() {
                if let Some(stated) = output.get("expression") {
                    outputs.insert(format!("{prefix}{name}"), stated);
                }
            }
            for (name, call) in module.get("module_calls").and_then(Value::as_object).into_iter().flatten() {
                if let Some(inner) = call.get("module") {
                    modules.push((format!("{prefix}module.{name}."), inner));
                }
            }
        }
        Self { resources, outputs }
    }

    /// What the configuration states of the resource at an address.
    pub(super) fn stated(&self, address: &str) -> Option<&'a Value> {
        self.resources.get(&split(address).join("."))?.get("expressions")
    }

    /// What the resource at an address without keys repeats for.
    pub(super) fn for_each(&self, address: &str) -> Option<&'a Value> {
        self.resources.get(address)?.get("for_each_expression")
    }

    /// What an output of a module is; the module is a prefix such as `module.web.`.
    pub(super) fn output(&self, module: &str, name: &str) -> Option<&'a Value> {
        self.outputs.get(&format!("{module}{name}")).copied()
    }
}

/// The parts of an address without their instance keys, which may hold anything in quotes.
pub(super) fn split(address: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut depth, mut quoted) = (0_usize, false);
    let mut characters = address.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => drop(characters.next()),
            '"' => quoted = !quoted,
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
