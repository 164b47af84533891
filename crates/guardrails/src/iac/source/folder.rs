//! A folder of source files: one module of Terraform, or one template of Packer.
//!
//! Source: Terraform, "Files and Configuration Structure", "Override Files" and "Input Variables".

use std::collections::HashMap;

use super::syntax::{Block, Body, Expr};

/// The parts of a folder by their names.
#[derive(Debug, Default)]
pub(super) struct Folder {
    /// Where the folder lies.
    pub(super) path: String,
    pub(super) variables: HashMap<String, Body>,
    pub(super) locals: HashMap<String, Expr>,
    pub(super) outputs: HashMap<String, Expr>,
    pub(super) calls: Vec<InFile>,
    pub(super) resources: Vec<InFile>,
    pub(super) builds: Vec<InFile>,
    /// The values that files of variables set.
    pub(super) values: HashMap<String, Expr>,
    /// The position of a resource by its address, and of a call by its name.
    positions: HashMap<String, usize>,
}

/// A block with its file.
#[derive(Debug)]
pub(super) struct InFile {
    pub(super) file: String,
    pub(super) block: Block,
}

impl Folder {
    /// An empty folder.
    pub(super) fn at(path: &str) -> Self {
        Self { path: path.to_owned(), ..Self::default() }
    }

    /// Takes the blocks of a file. Override files come last.
    pub(super) fn add(&mut self, file: &str, body: Body) {
        let overrides = is_override(file);
        for block in body.blocks {
            let name = block.label(0).to_owned();
            match block.kind.as_str() {
                "variable" => {
                    let declared = self.variables.entry(name).or_default();
                    merge(declared, block.body);
                }
                "locals" => {
                    self.locals.extend(block.body.arguments.into_iter().map(|it| (it.name, it.value)));
                }
                // Packer: `local "name" { expression = … }`.
                "local" => {
                    let expression = block.body.arguments.into_iter().find(|it| it.name == "expression");
                    self.locals.extend(expression.map(|it| (name, it.value)));
                }
                "output" => {
                    let value = block.body.arguments.into_iter().find(|it| it.name == "value");
                    self.outputs.extend(value.map(|it| (name, it.value)));
                }
                "resource" | "source" => {
                    let address = format!("{}.{}", block.label(0), block.label(1));
                    place(&mut self.resources, &mut self.positions, address, file, block, overrides);
                }
                "module" => {
                    let address = format!("module.{name}");
                    place(&mut self.calls, &mut self.positions, address, file, block, overrides);
                }
                "build" => self.builds.push(InFile { file: file.to_owned(), block }),
                _ => {}
            }
        }
    }

    /// Takes the values of a file of variables, which win over those of earlier files.
    pub(super) fn add_values(&mut self, body: Body) {
        self.values.extend(body.arguments.into_iter().map(|it| (it.name, it.value)));
    }

    /// Whether the folder declares a resource.
    pub(super) fn has(&self, address: &str) -> bool {
        self.positions.contains_key(address)
    }

    /// A call of a module by its name.
    pub(super) fn call(&self, name: &str) -> Option<&InFile> {
        self.calls.get(*self.positions.get(&format!("module.{name}"))?)
    }
}

/// A local folder that a source names, relative to the folder of the call.
pub(super) fn local_folder(from: &str, source: &str) -> Option<String> {
    if !["./", "../"].iter().any(|it| source.starts_with(it)) && source != "." && source != ".." {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').filter(|it| *it != "." && !it.is_empty()).collect();
    for part in source.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|it| *it != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let root = if from.starts_with('/') { "/" } else { "" };
    Some(format!("{root}{}", parts.join("/")))
}

/// Whether a file changes blocks of other files.
pub(super) fn is_override(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    stem == "override" || stem.ends_with("_override")
}

fn place(
    list: &mut Vec<InFile>,
    positions: &mut HashMap<String, usize>,
    address: String,
    file: &str,
    block: Block,
    overrides: bool,
) {
    if overrides && let Some(declared) = positions.get(&address).and_then(|it| list.get_mut(*it)) {
        return merge(&mut declared.block.body, block.body);
    }
    positions.insert(address, list.len());
    list.push(InFile { file: file.to_owned(), block });
}

/// Arguments replace those of the same name, and blocks all those of the same kind.
fn merge(into: &mut Body, from: Body) {
    let kind = |it: &Block| if it.kind == "dynamic" { it.label(0).to_owned() } else { it.kind.clone() };
    into.arguments.retain(|old| from.arguments.iter().all(|new| new.name != old.name));
    into.blocks.retain(|old| from.blocks.iter().all(|new| kind(new) != kind(old)));
    into.arguments.extend(from.arguments);
    into.blocks.extend(from.blocks);
}
