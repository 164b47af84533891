//! Kubernetes objects and files like them, as YAML with several documents or as JSON: eksctl, Karpenter, Cluster
//! API and Crossplane.

pub mod kinds;
mod misspelt;

use v2only_document::tree::{self, Format, Node, Options, Value};

use self::kinds::{KINDS, ObjectKind, Switch, Unset};
use self::misspelt::{first, is_null, overlooked};
use super::cloudformation::Unreadable;
use super::{Counts, Finding};
use crate::check::Level;
use crate::{Mark, Settings};

/// The objects of a file.
#[derive(Debug, Clone)]
pub struct Manifests {
    documents: Vec<Node>,
    json: bool,
}

/// An object that is judged.
struct Object<'a> {
    kind: &'static ObjectKind,
    address: String,
    node: &'a Node,
    json: bool,
}

impl Manifests {
    /// Reads a file; `None` if no document in it has a kind that is judged.
    ///
    /// # Errors
    /// The text names such a kind, and is neither JSON nor YAML.
    pub fn read(text: &str) -> Result<Option<Self>, Unreadable> {
        // Reading is slow, and most files are of other kinds.
        if !KINDS.iter().any(|it| text.contains(it.group)) {
            return Ok(None);
        }
        let tree = tree::read(text, &Options::TEMPLATE);
        if let Some(issue) = tree.fatal() {
            return Err(Unreadable { at: issue.at, message: issue.to_string() });
        }
        let json = tree.format == Format::Json;
        let documents = tree.documents.into_iter().map(|it| it.root).collect();
        let manifests = Self { documents, json };
        Ok((!manifests.objects().is_empty()).then_some(manifests))
    }

    /// What would be deployed and should not be, and what cannot be judged, in the order of the text.
    pub fn findings(&self, settings: &Settings) -> Vec<Finding> {
        let objects = self.objects();
        let mut findings: Vec<Finding> = objects.iter().flat_map(|it| it.findings(settings)).collect();
        for document in &self.documents {
            patches(document, &mut findings);
        }
        findings.sort_by(|one, other| (one.at, one.code).cmp(&(other.at, other.code)));
        findings
    }

    /// How many objects are judged, and how many documents have none.
    pub fn counts(&self) -> Counts {
        let is_other = |node: &&Node| {
            let mut objects = Vec::new();
            collect(node, self.json, &mut objects);
            objects.is_empty()
        };
        let other = self.documents.iter().filter(is_other).count();
        Counts { judged: self.objects().len(), named: 0, other }
    }

    fn objects(&self) -> Vec<Object<'_>> {
        let mut objects = Vec::new();
        for document in &self.documents {
            collect(document, self.json, &mut objects);
        }
        objects
    }
}

/// A note for a file that cannot be read before a tool fills it in.
pub fn unfilled(at: Mark) -> Finding {
    let why = "the file is no YAML until its placeholders are filled in".to_owned();
    note("file", at, why, "check what the tool writes, such as the output of `helm template`")
}

/// The objects in a node. A list, a composition or a template holds objects of its own.
fn collect<'a>(node: &'a Node, json: bool, objects: &mut Vec<Object<'a>>) {
    let text = |name: &str| node.get(name).and_then(Node::text);
    if let (Some(version), Some(name)) = (text("apiVersion"), text("kind"))
        && let Some(kind) = kinds::of(version, name)
    {
        let named = node.get("metadata").and_then(|it| it.get("name").or_else(|| it.get("generateName")));
        let address = match named.and_then(Node::text) {
            Some(it) => format!("{name}/{it}"),
            None => name.to_owned(),
        };
        return objects.push(Object { kind, address, node, json });
    }
    match &node.value {
        Value::List(items) => items.iter().for_each(|it| collect(it, json, objects)),
        Value::Map(entries) => entries.iter().for_each(|it| collect(&it.value, json, objects)),
        Value::Scalar { .. } | Value::Refused => {}
    }
}

/// Notes for the patches of a composition that set metadata options.
fn patches(node: &Node, findings: &mut Vec<Finding>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|it| patches(it, findings)),
        Value::Map(entries) => {
            for entry in entries {
                let path = entry.value.text().unwrap_or_default();
                if entry.key.text == "toFieldPath" && path.contains("etadataOptions") {
                    let why = format!("a patch sets {path}, and decides");
                    findings.push(note("patch", entry.value.at, why, "check what is deployed"));
                }
                patches(&entry.value, findings);
            }
        }
        Value::Scalar { .. } | Value::Refused => {}
    }
}

fn note(address: &str, at: Mark, why: String, instead: &str) -> Finding {
    let (address, instead) = (address.to_owned(), instead.to_owned());
    Finding { code: "cannot-tell", level: Level::Note, at: Some(at), address, why, instead }
}

impl Object<'_> {
    fn findings(&self, settings: &Settings) -> Vec<Finding> {
        let findings = match self.kind.switch {
            Switch::Options { path, unset, template } => self.options(path, unset, template, settings),
            Switch::NodeGroups(lists) => self.node_groups(lists),
            Switch::Notebook => self.notebook(),
        };
        self.with_overlooked(findings, &self.kind.switch.keys())
    }

    /// Adds notes for what stands where keys at these paths were probably meant.
    fn with_overlooked(&self, mut findings: Vec<Finding>, paths: &[Vec<&'static str>]) -> Vec<Finding> {
        for (at, why) in overlooked(self.node, paths) {
            if findings.iter().all(|it| it.at != Some(at)) {
                findings.push(note(&self.address, at, why, "check the spelling"));
            }
        }
        findings
    }

    fn options(
        &self,
        path: &'static [&'static str],
        unset: Unset,
        template: &[&str],
        settings: &Settings,
    ) -> Vec<Finding> {
        let instead = |value: &str| self.lines(path, value);
        let required = instead("httpTokens: required");
        let Some(options) = self.at(path) else { return self.without_options(unset, template, &required) };
        let stated = |name: &str| options.get(name).filter(|it| !is_null(it));
        if options.entries().is_empty() && options.text().is_some_and(is_placeholder) {
            return vec![note(
                &self.address,
                options.at,
                "the metadata options are filled in later".to_owned(),
                &required,
            )];
        }
        if stated("httpEndpoint").and_then(Node::text) == Some("disabled") {
            return Vec::new();
        }
        let mut findings = match stated("httpTokens") {
            Some(tokens) => {
                self.equals(tokens, "httpTokens", "required", "http-tokens-not-required", &required)
            }
            None => self.unset(unset, options.at, template, &required),
        };
        let Some(wanted) = settings.named_hop_limit() else { return findings };
        let Some(stated) = stated("httpPutResponseHopLimit") else { return findings };
        let hops = stated.text().and_then(|it| it.parse().ok());
        if !hops.is_some_and(|it| settings.accepts_hop_limit(it)) {
            let text = stated.text().unwrap_or("no number");
            let why = format!("httpPutResponseHopLimit is {text}");
            let instead = instead(&format!("httpPutResponseHopLimit: {}", wanted.get()));
            findings.push(if is_placeholder(text) {
                note(&self.address, stated.at, why, &instead)
            } else {
                self.error("hop-limit", stated.at, why, &instead)
            });
        }
        findings
    }

    /// The finding for an object without any options.
    fn without_options(&self, unset: Unset, template: &[&str], instead: &str) -> Vec<Finding> {
        match unset {
            Unset::RequiredWithoutOptions if self.at(template).is_none() => Vec::new(),
            Unset::AccountDefault
                if self.kind.name == "AWSManagedMachinePool" && !self.has_launch_template() =>
            {
                let why = "Amazon EKS creates a launch template, so the account default and the AMI decide";
                vec![note(&self.address, self.node.at, why.to_owned(), instead)]
            }
            _ => self.unset(unset, self.node.at, template, instead),
        }
    }

    fn has_launch_template(&self) -> bool {
        self.at(&["spec", "awsLaunchTemplate"]).is_some()
    }

    /// The finding for options without `httpTokens`.
    fn unset(&self, unset: Unset, at: Mark, template: &[&str], instead: &str) -> Vec<Finding> {
        if !template.is_empty() && self.at(template).is_some() {
            let why = "a launch template decides, which is judged where it stands".to_owned();
            return vec![note(&self.address, at, why, instead)];
        }
        let why = match unset {
            Unset::Required => return Vec::new(),
            Unset::RequiredWithoutOptions => {
                "httpTokens is not stated, which beside other options means optional"
            }
            Unset::Optional => "httpTokens is not stated, which means optional",
            Unset::AccountDefault => "httpTokens is not stated, so the account default and the AMI decide",
        };
        vec![self.error("http-tokens-not-stated", at, why.to_owned(), instead)]
    }

    /// The node groups of a cluster. A group that blocks the service for pods requires IMDSv2 too.
    fn node_groups(&self, lists: &[&str]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for list in lists {
            let Some(groups) = self.node.get(list).filter(|it| !is_null(it)) else { continue };
            let Value::List(groups) = &groups.value else {
                let why = format!("{list} is not a list, so its node groups cannot be judged");
                findings.push(note(&self.address, groups.at, why, "check the node groups"));
                continue;
            };
            for group in groups {
                let name = group.get("name").and_then(Node::text).unwrap_or_default();
                let address = format!("{}/{list}/{name}", self.address);
                let group = Self { address, node: group, ..*self };
                findings.extend(group.with_overlooked(group.node_group(), &kinds::node_group()));
            }
        }
        findings
    }

    fn node_group(&self) -> Vec<Finding> {
        let instead = self.lines(&[], "disableIMDSv1: true");
        if let Some(template) = self.node.get("launchTemplate") {
            let why = "a launch template outside of this file decides".to_owned();
            return vec![note(&self.address, template.at, why, &instead)];
        }
        if self.node.get("disablePodIMDS").and_then(Node::text) == Some("true") {
            return Vec::new();
        }
        let stated = self.node.get("disableIMDSv1").filter(|it| !is_null(it));
        let code = "http-tokens-not-required";
        stated.map(|it| self.equals(it, "disableIMDSv1", "true", code, &instead)).unwrap_or_default()
    }

    fn notebook(&self) -> Vec<Finding> {
        const NAME: &str = "minimumInstanceMetadataServiceVersion";
        const PATH: &[&str] = &["spec", "forProvider", "instanceMetadataServiceConfiguration"];
        let instead = self.lines(PATH, &format!("{NAME}: \"2\""));
        match self.at(PATH).and_then(|it| it.get(NAME)) {
            Some(version) => self.equals(version, NAME, "2", "notebook-version-1", &instead),
            None => vec![self.error(
                "notebook-version-1",
                self.node.at,
                format!("{NAME} is not stated"),
                &instead,
            )],
        }
    }

    fn equals(
        &self,
        node: &Node,
        name: &str,
        wanted: &str,
        code: &'static str,
        instead: &str,
    ) -> Vec<Finding> {
        match node.text() {
            Some(text) if text == wanted => Vec::new(),
            Some(text) if is_placeholder(text) => {
                vec![note(
                    &self.address,
                    node.at,
                    format!("{name} is {text}, which is filled in later"),
                    instead,
                )]
            }
            Some(text) => vec![self.error(code, node.at, format!("{name} is {text}"), instead)],
            None => vec![self.error(code, node.at, format!("{name} is not a text"), instead)],
        }
    }

    /// The value at a path. Crossplane has a list of one map, or the map itself.
    fn at(&self, path: &[&str]) -> Option<&Node> {
        let found = path.iter().try_fold(self.node, |node, name| node.get(name).map(first))?;
        (!is_null(found)).then_some(found)
    }

    /// A property at a path, as lines of YAML or in a line of JSON.
    fn lines(&self, path: &[&str], property: &str) -> String {
        if self.json {
            let (name, value) = property.split_once(": ").unwrap_or((property, ""));
            let plain = value.parse::<u8>().is_ok() || value == "true" || value.starts_with('"');
            let value = if plain { value.to_owned() } else { format!("\"{value}\"") };
            let open: String = path.iter().map(|it| format!("\"{it}\": {{ ")).collect();
            return format!("{open}\"{name}\": {value}{}", " }".repeat(path.len()));
        }
        let lines = path.iter().enumerate().map(|(depth, it)| format!("{}{it}:\n", "  ".repeat(depth)));
        format!("{}{}{property}", lines.collect::<String>(), "  ".repeat(path.len()))
    }

    fn error(&self, code: &'static str, at: Mark, why: String, instead: &str) -> Finding {
        let (address, instead) = (self.address.clone(), instead.to_owned());
        Finding { code, level: Level::Error, at: Some(at), address, why, instead }
    }
}

/// Whether a tool fills the text in: Helm, Flux, Kustomize, or a script.
fn is_placeholder(text: &str) -> bool {
    ["{{", "${", "$(", "<"].iter().any(|it| text.contains(it))
}
