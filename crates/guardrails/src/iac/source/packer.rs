//! Packer templates: the instance that builds an image, and the image.
//!
//! Sources: HashiCorp, Amazon plugin for Packer, "Amazon EBS" (`metadata_options`, `imds_support`): Packer sets
//! `http_tokens` to `optional` where a template does not state it. "HCL Templates" and "JSON Templates" of Packer.

use std::collections::BTreeMap;

use v2only_document::tree::{self, Format, Node, Options};

use super::builders::{IMAGES, INSTANCES, is_judged};
use super::facts::{Facts, JUDGED};
use super::folder::Folder;
use super::json;
use super::program::{Program, Scope};
use super::syntax::{Argument, Block, Body, Expr};
use super::value::Val;
use crate::check::Level;
use crate::iac::cloudformation::Unreadable;
use crate::iac::{Counts, Finding};
use crate::{Mark, Settings};

/// A source as a build uses it.
struct Use<'a> {
    address: String,
    builder: &'a str,
    /// What the build sets itself comes last and wins.
    bodies: Vec<&'a Body>,
    scope: Scope<'a>,
    at: Mark,
}

/// What is found in a folder with templates in Packer's language.
pub(super) fn findings<'a>(
    program: &Program<'a>,
    folder: &'a Folder,
    settings: &Settings,
) -> Vec<(String, Finding)> {
    let scope = Scope::of(&program.root(folder));
    let mut uses = Vec::new();
    for source in &folder.resources {
        let block = &source.block;
        let address = format!("source.{}.{}", block.label(0), block.label(1));
        let as_used = |bodies| {
            let (builder, scope) = (block.label(0), scope.clone());
            (source.file.as_str(), Use { address: address.clone(), builder, bodies, scope, at: block.at })
        };
        let builds = folder.builds.iter().flat_map(|it| it.block.body.blocks("source"));
        let changed: Vec<&Block> = builds.filter(|it| is_of(it.label(0), &address)).collect();
        // A source that builds only extend is judged as they extend it.
        if changed.is_empty() || folder.builds.iter().any(|it| names(&it.block.body, &address)) {
            uses.push(as_used(vec![&block.body]));
        }
        uses.extend(changed.into_iter().map(|it| as_used(vec![&block.body, &it.body])));
    }
    for build in &folder.builds {
        let body = &build.block.body;
        let listed = body.blocks("post-processors").flat_map(|it| it.body.blocks("post-processor"));
        for block in body.blocks("post-processor").chain(listed).filter(|it| it.label(0) == "amazon-import") {
            let (builder, scope) = (block.label(0), scope.clone());
            let address = format!("post-processor.{builder}");
            uses.push((
                &build.file,
                Use { address, builder, bodies: vec![&block.body], scope, at: block.at },
            ));
        }
    }
    let found = |(file, user): (&str, Use<'a>)| {
        let findings = user.findings(program, settings).into_iter();
        let findings = findings.map(|it| if file.ends_with(".json") { json::in_json(it) } else { it });
        findings.map(|it| (file.to_owned(), it)).collect::<Vec<_>>()
    };
    uses.into_iter().flat_map(found).collect()
}

/// Whether a name of a source is the one of an address.
fn is_of(name: &str, address: &str) -> bool {
    name.trim_start_matches("source.") == address.trim_start_matches("source.")
}

/// Whether a build lists a source, without changes.
fn names(build: &Body, address: &str) -> bool {
    let is_it =
        |it: &Expr| matches!(it, Expr::Text(text) if is_of(text, address)) || matches!(it, Expr::Path(..));
    match build.argument("sources").map(|it| &it.value) {
        Some(Expr::List(items)) => items.iter().any(is_it),
        Some(_) => true,
        None => false,
    }
}

impl<'a> Use<'a> {
    fn findings(&self, program: &Program<'a>, settings: &Settings) -> Vec<Finding> {
        let mut values = BTreeMap::new();
        for body in &self.bodies {
            if let Val::Map(entries) = program.resource(body, &self.scope, JUDGED) {
                values.extend(entries.iter().map(|(name, it)| (name.clone(), it.clone())));
            }
        }
        let Some(body) = self.bodies.first() else { return Vec::new() };
        judge(&self.address, self.builder, Val::map(values), body, self.at, settings)
    }
}

/// The findings about a builder: those of the judge of plans for an instance and for an image.
fn judge(
    address: &str,
    builder: &str,
    values: Val,
    body: &Body,
    at: Mark,
    settings: &Settings,
) -> Vec<Finding> {
    let as_kind =
        |kind| Facts { address, kind, values: values.clone(), body, at, default: None }.findings(settings);
    let mut findings = Vec::new();
    if INSTANCES.contains(&builder) {
        findings.extend(as_kind("aws_instance"));
    } else if builder == "amazon-instance" {
        findings.push(Finding {
            code: "cannot-tell",
            level: Level::Note,
            at: Some(at),
            address: address.to_owned(),
            why: "the builder amazon-instance sets no metadata options, so the account default and the AMI decide"
                .to_owned(),
            instead: "use the builder amazon-ebs".to_owned(),
        });
    }
    if IMAGES.contains(&builder) {
        findings.extend(as_kind("aws_ami"));
    }
    for finding in &mut findings {
        if finding.code == "http-tokens-not-stated" {
            finding.why = "http_tokens is not stated, which Packer sets to optional".to_owned();
        }
    }
    findings
}

/// A template in Packer's older JSON.
#[derive(Debug, Clone)]
pub struct PackerTemplate {
    root: Node,
}

impl PackerTemplate {
    /// Reads a template; `None` if the text is JSON or YAML of another kind.
    ///
    /// # Errors
    /// The text is no JSON, and names a builder for AWS.
    pub fn read(text: &str) -> Result<Option<Self>, Unreadable> {
        if !text.contains("\"builders\"") || !text.contains("\"amazon-") {
            return Ok(None);
        }
        let tree = tree::read(text, &Options::TEMPLATE);
        if let Some(issue) = tree.fatal() {
            return Err(Unreadable { at: issue.at, message: issue.to_string() });
        }
        let root =
            tree.documents.into_iter().next().map(|it| it.root).filter(|_| tree.format == Format::Json);
        let is_one = |it: &Node| matches!(it.get("builders").map(|it| &it.value), Some(tree::Value::List(_)));
        Ok(root.filter(is_one).map(|root| Self { root }))
    }

    /// How many builders are judged, and how many are for other clouds.
    pub fn counts(&self) -> Counts {
        let builders = match self.root.get("builders").map(|it| &it.value) {
            Some(tree::Value::List(items)) => items.as_slice(),
            _ => &[],
        };
        let kinds = builders.iter().map(|it| it.get("type").and_then(Node::text).unwrap_or_default());
        Counts::of(kinds.map(|it| is_judged(it).then_some(true)))
    }

    /// What would be built and should not be, and what cannot be judged.
    pub fn findings(&self, settings: &Settings) -> Vec<Finding> {
        let list = |name: &str| match self.root.get(name).map(|it| &it.value) {
            Some(tree::Value::List(items)) => items.as_slice(),
            _ => &[],
        };
        let mut findings = Vec::new();
        for (position, node) in list("builders").iter().enumerate() {
            findings.extend(self.builder("builders", position, node, settings));
        }
        for (position, node) in list("post-processors").iter().enumerate() {
            let inner = match &node.value {
                tree::Value::List(items) => items.as_slice(),
                _ => std::slice::from_ref(node),
            };
            for node in inner.iter().filter(|it| it.get("type").and_then(Node::text) == Some("amazon-import"))
            {
                findings.extend(self.builder("post-processors", position, node, settings));
            }
        }
        findings
    }

    fn builder(&self, list: &str, position: usize, node: &Node, settings: &Settings) -> Vec<Finding> {
        let Some(builder) = node.get("type").and_then(Node::text) else { return Vec::new() };
        let name = node.get("name").and_then(Node::text).map_or_else(|| position.to_string(), str::to_owned);
        let address = format!("{list}.{builder}.{name}");
        let mut body = json::blocks(node);
        self.fill_in(&mut body);
        let mut values = BTreeMap::new();
        for argument in &body.arguments {
            values.insert(argument.name.clone(), plain(&argument.value));
        }
        for block in &body.blocks {
            let inner = block.body.arguments.iter().map(|it| (it.name.clone(), plain(&it.value)));
            values.insert(block.kind.clone(), Val::list(vec![Val::map(inner.collect())]));
        }
        let found = judge(&address, builder, Val::map(values), &body, node.at, settings);
        found.into_iter().map(json::in_json).collect()
    }

    /// Replaces user variables by their defaults.
    fn fill_in(&self, body: &mut Body) {
        let fill = |argument: &mut Argument| {
            if let Expr::Text(text) = &argument.value
                && let Some(name) = user_variable(text)
                && let Some(default) = self.root.get("variables").and_then(|it| it.get(name)?.text())
                && !default.is_empty()
                && default != "null"
            {
                argument.value = Expr::Text(default.to_owned());
            }
        };
        body.arguments.iter_mut().for_each(fill);
        body.blocks.iter_mut().flat_map(|it| &mut it.body.arguments).for_each(fill);
    }
}

/// The name in ``{{user `name`}}``, if the text is nothing else.
fn user_variable(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("{{")?.strip_suffix("}}")?.trim();
    let name = inner.strip_prefix("user")?.trim();
    let name = name.strip_prefix(['`', '"'])?.strip_suffix(['`', '"'])?;
    (!name.contains(['{', '}', '`'])).then_some(name)
}

/// A value of the older JSON, in which `{{…}}` is filled in later.
fn plain(expr: &Expr) -> Val {
    match expr {
        Expr::Null => Val::Null,
        Expr::Bool(it) => Val::Bool(*it),
        Expr::Number(it) => Val::Number(*it),
        Expr::Text(it) if it.contains("{{") => Val::later(it),
        Expr::Text(it) => Val::text(it),
        _ => Val::later("a value that is not plain"),
    }
}
