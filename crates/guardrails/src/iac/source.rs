//! Source files of Terraform and Packer, in HCL and in its JSON syntax.
//!
//! Read in this order: `syntax` is the tree of a file; `native` and `json` read it; `folder` holds the parts of
//! a module; `value` is what an expression can be; `program` follows modules, and `evaluate` evaluates
//! expressions; `facts` gives the judge of plans what it reads; `packer` judges builders by the same judge.
//!
//! What only a plan would decide is a note that names what decides.

pub mod builders;
mod evaluate;
mod facts;
mod folder;
mod functions;
mod json;
mod native;
mod nesting;
mod operators;
mod packer;
mod program;
mod syntax;
mod value;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use self::facts::{Facts, JUDGED};
use self::folder::{Folder, InFile, is_override, local_folder};
pub use self::packer::PackerTemplate;
use self::program::{Children, Instance, Program, Scope};
use self::syntax::{Block, Body, Expr};
use self::value::Val;
use super::cloudformation::Unreadable;
use super::suppression::{Directive, comments, resource_at};
use super::terraform::default_by;
use super::terraform::kinds::{self, Switch};
use super::{Counts, Finding};
use crate::check::Level;
use crate::{Mark, Settings};

/// A source file, or a file with values for variables.
#[derive(Debug, Clone)]
pub struct SourceFile {
    path: String,
    body: Body,
}

/// What a file is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Configuration,
    /// Values that Terraform reads without being told to, in this order.
    Values(u8),
    Packer,
    /// Values that Packer reads without being told to.
    PackerValues,
}

/// The role of a file of Terraform or Packer; `None` for other files.
fn role(path: &str) -> Option<Role> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let ends = |endings: &[&str]| endings.iter().any(|it| name.ends_with(it));
    match name {
        _ if ends(&[".pkr.hcl", ".pkr.json"]) => Some(Role::Packer),
        _ if ends(&[".auto.pkrvars.hcl", ".auto.pkrvars.json"]) => Some(Role::PackerValues),
        "terraform.tfvars" => Some(Role::Values(0)),
        "terraform.tfvars.json" => Some(Role::Values(1)),
        _ if ends(&[".auto.tfvars", ".auto.tfvars.json"]) => Some(Role::Values(2)),
        _ if ends(&[".tf", ".tf.json", ".tofu", ".tofu.json"]) => Some(Role::Configuration),
        _ => None,
    }
}

impl SourceFile {
    /// Whether a file with this name is read with its folder.
    pub fn is_one(path: &str) -> bool {
        role(path).is_some()
    }

    /// Whether a file with this name has resources, rather than values for variables.
    pub fn has_resources(path: &str) -> bool {
        matches!(role(path), Some(Role::Configuration | Role::Packer))
    }

    /// The language of a file with this name.
    pub fn language(path: &str) -> &'static str {
        match role(path) {
            Some(Role::Packer | Role::PackerValues) => "packer",
            _ => "terraform",
        }
    }

    /// Reads a file. The path says what it is.
    ///
    /// # Errors
    /// The text is neither HCL nor its JSON syntax.
    pub fn read(path: &str, text: &str) -> Result<Self, Unreadable> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let body = if path.ends_with(".json") { json::read(text)? } else { native::read(text)? };
        Ok(Self { path: path.to_owned(), body })
    }

    /// The address of each block with its first and last line, for comments that concern it.
    pub fn blocks(&self) -> Vec<(String, usize, usize)> {
        let address = |block: &Block| match block.kind.as_str() {
            "resource" => block.labels.join("."),
            kind => std::iter::once(kind)
                .chain(block.labels.iter().map(String::as_str))
                .collect::<Vec<_>>()
                .join("."),
        };
        self.body.blocks.iter().map(|it| (address(it), it.at.line, it.end)).collect()
    }

    /// How many resources are judged, are only named, or have no metadata switch. A module that is not local is
    /// named.
    pub fn counts(&self) -> Counts {
        let local = |block: &Block| match block.body.argument("source").map(|it| &it.value) {
            Some(Expr::Text(source)) => local_folder("", source).is_some(),
            _ => false,
        };
        let role = role(&self.path);
        let state = |block: &Block| match (block.kind.as_str(), role) {
            ("resource", Some(Role::Configuration)) => {
                Some(kinds::of(block.label(0)).map(|it| !matches!(it, Switch::Named(_) | Switch::Templates)))
            }
            ("source", Some(Role::Packer)) => Some(builders::is_judged(block.label(0)).then_some(true)),
            ("module", Some(Role::Configuration)) if !local(block) => Some(Some(false)),
            _ => None,
        };
        Counts::of(self.body.blocks.iter().filter_map(state))
    }

    /// The suppressions in comments, in the order of the text that the file was read from. The JSON syntax has none.
    pub fn directives(&self, text: &str) -> Vec<Directive> {
        if self.path.ends_with(".json") {
            return Vec::new();
        }
        let blocks = self.blocks();
        let ranges: Vec<(&str, usize, usize)> =
            blocks.iter().map(|(address, first, last)| (address.as_str(), *first, *last)).collect();
        let lines: Vec<&str> = text.lines().collect();
        let directive = |(at, words): (Mark, &str)| {
            let address = resource_at(&lines, at.line, &ranges).map(str::to_owned);
            Directive::from_comment(words, at, address)
        };
        comments(text, &["#", "//"]).into_iter().map(directive).collect()
    }

    /// The folders of the modules that the file calls from its own disk.
    pub fn local_modules(&self) -> Vec<String> {
        let calls = self.body.blocks("module").filter_map(|it| it.body.argument("source"));
        let folder = folder_of(&self.path);
        let local = calls.filter_map(|argument| match &argument.value {
            Expr::Text(source) => local_folder(folder, source),
            _ => None,
        });
        local.collect()
    }
}

/// The folder of a path; empty for a path without one.
pub fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// All source files of some folders.
#[derive(Debug, Default)]
pub struct Sources {
    folders: HashMap<String, Folder>,
    order: Vec<String>,
    /// Folders by their files of Packer.
    packer: BTreeMap<String, Folder>,
}

/// A finding with the file it is in.
type InSource = (String, Finding);

impl Sources {
    /// Puts the files together by folder.
    pub fn new(files: Vec<SourceFile>) -> Self {
        let mut by_folder: BTreeMap<String, Vec<SourceFile>> = BTreeMap::new();
        for file in files {
            by_folder.entry(normal(folder_of(&file.path))).or_default().push(file);
        }
        let mut sources = Self::default();
        for (path, mut files) in by_folder {
            files.sort_by_key(|it| (role(&it.path).map_or(0, rank), is_override(&it.path), it.path.clone()));
            let (mut folder, mut packer) = (Folder::at(&path), Folder::at(&path));
            for file in files {
                match role(&file.path) {
                    Some(Role::Values(_)) => folder.add_values(file.body),
                    Some(Role::PackerValues) => packer.add_values(file.body),
                    Some(Role::Packer) => packer.add(&file.path, file.body),
                    _ => folder.add(&file.path, file.body),
                }
            }
            sources.packer.insert(path.clone(), packer);
            sources.order.push(path.clone());
            sources.folders.insert(path, folder);
        }
        sources
    }

    /// What would be deployed and should not be, and what cannot be judged, by file. A folder that another one
    /// calls is judged with the values of each call.
    pub fn findings(&self, settings: &Settings) -> Vec<(String, Finding)> {
        let program = Program::of(&self.folders);
        let (met, findings) = (HashSet::new(), Vec::new());
        let mut judge = Judge { program: &program, settings, default: None, met, findings };
        let called = self.called();
        let roots = self.order.iter().filter(|it| !called.contains(*it));
        for folder in roots.filter_map(|it| self.folders.get(it)) {
            judge.root(&program.root(folder));
        }
        // Folders that call each other in a ring.
        for folder in self.order.iter().filter_map(|it| self.folders.get(it)) {
            if !judge.met.contains(folder.path.as_str()) {
                judge.root(&program.root(folder));
            }
        }
        let mut findings = judge.findings;
        for folder in self.packer.values() {
            findings.extend(packer::findings(&program, folder, settings));
        }
        findings.sort_by(|(file, one), (other_file, other)| (file, one.at).cmp(&(other_file, other.at)));
        findings
    }

    fn called(&self) -> HashSet<String> {
        let sources = self.folders.values().flat_map(|folder| {
            folder.calls.iter().filter_map(|call| {
                match call.block.body.argument("source").map(|it| &it.value) {
                    Some(Expr::Text(source)) => local_folder(&folder.path, source),
                    _ => None,
                }
            })
        });
        sources.collect()
    }
}

fn rank(role: Role) -> u8 {
    match role {
        Role::Values(order) => order,
        _ => 0,
    }
}

/// A path without `.`, and without `..` where that is possible.
pub fn normal(path: &str) -> String {
    let inner = local_folder("", &format!("./{path}")).unwrap_or_default();
    if path.starts_with('/') { format!("/{inner}") } else { inner }
}

/// Judges the instances of modules one after the other.
struct Judge<'p, 'a> {
    program: &'p Program<'a>,
    settings: &'p Settings,
    /// The account default that the root module or a module of it sets, in words.
    default: Option<String>,
    met: HashSet<&'a str>,
    findings: Vec<InSource>,
}

impl<'a> Judge<'_, 'a> {
    /// Judges what is deployed together.
    fn root(&mut self, instance: &Rc<Instance<'a>>) {
        self.default = self.account_default(instance, &mut HashSet::new());
        self.module(instance);
    }

    fn account_default(&self, instance: &Rc<Instance<'a>>, met: &mut HashSet<&'a str>) -> Option<String> {
        if !met.insert(&instance.folder.path) {
            return None;
        }
        let set = instance.folder.resources.iter().find_map(|resource| {
            let (kind, name) = (resource.block.label(0), resource.block.label(1));
            let body = (kind == "aws_ec2_instance_metadata_defaults").then_some(&resource.block.body)?;
            match self.program.resource(body, &Scope::of(instance), &["http_tokens"]) {
                Val::Map(arguments) => match arguments.get("http_tokens")? {
                    Val::Text(tokens) => {
                        Some(default_by(&format!("{}{kind}.{name}", instance.address), tokens))
                    }
                    _ => None,
                },
                _ => None,
            }
        });
        set.or_else(|| {
            instance.folder.calls.iter().find_map(|call| match &*self.program.children(instance, call) {
                Children::Instances(inner) => inner.iter().find_map(|(_, it)| self.account_default(it, met)),
                Children::Elsewhere(_) => None,
            })
        })
    }

    fn module(&mut self, instance: &Rc<Instance<'a>>) {
        self.met.insert(&instance.folder.path);
        for resource in &instance.folder.resources {
            self.resource(instance, resource);
        }
        for call in &instance.folder.calls {
            match &*self.program.children(instance, call) {
                Children::Instances(instances) => instances.iter().for_each(|(_, it)| self.module(it)),
                Children::Elsewhere(why) => {
                    let address = format!("{}module.{}", instance.address, call.block.label(0));
                    let finding = Finding {
                        code: "cannot-tell",
                        level: Level::Note,
                        at: Some(call.block.at),
                        address,
                        why: format!("the resources of the module are not read: {why}"),
                        instead: "check the plan".to_owned(),
                    };
                    self.findings.push((call.file.clone(), finding));
                }
            }
        }
    }

    fn resource(&mut self, instance: &Rc<Instance<'a>>, resource: &'a InFile) {
        let (block, kind) = (&resource.block, resource.block.label(0));
        let (program, settings) = (self.program, self.settings);
        let repetitions = program.repetitions(&block.body, &Scope::of(instance));
        let plain = format!("{}{kind}.{}", instance.address, block.label(1));
        let mut copies: Vec<(String, Vec<Finding>)> = Vec::new();
        for (suffix, scope) in &repetitions.copies {
            let address = format!("{plain}{suffix}");
            let values = program.resource(&block.body, scope, JUDGED);
            let facts = Facts {
                address: &address,
                kind,
                values,
                body: &block.body,
                at: block.at,
                default: self.default.as_deref(),
            };
            copies.push((address.clone(), facts.findings(settings)));
        }
        let said = |it: &[Finding]| it.iter().map(|it| it.why.clone()).collect::<Vec<_>>();
        let first = copies.first().map(|(_, it)| said(it)).unwrap_or_default();
        if copies.iter().all(|(_, it)| said(it) == first) {
            copies.truncate(1);
            copies.iter_mut().flat_map(|(_, it)| it).for_each(|it| it.address.clone_from(&plain));
        }
        let absent = repetitions.absent.as_ref().or(instance.absent.as_ref());
        for finding in copies.into_iter().flat_map(|(_, it)| it) {
            let finding = if resource.file.ends_with(".json") { json::in_json(finding) } else { finding };
            let finding = match absent {
                Some(why) => Finding {
                    code: "cannot-tell",
                    level: Level::Note,
                    why: format!("{}, but {why} here, so nothing is created", finding.why),
                    ..finding
                },
                None => finding,
            };
            self.findings.push((resource.file.clone(), finding));
        }
    }
}
