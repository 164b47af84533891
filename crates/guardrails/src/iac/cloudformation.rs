//! CloudFormation templates, as written or as synthesised by the CDK.
//!
//! Read in this order: `kinds` are the resource types; `constant` is what functions come to before the
//! deployment; `value` is what a property can be when the template is deployed; `judge` compares both, and `attributes`
//! are the other keys of a resource.

mod attributes;
mod call;
mod constant;
mod constructs;
mod directives;
mod judge;
pub mod kinds;
mod suggestion;
mod template;
mod value;

use v2only_document::tree::{self, Format, Issue, IssueKind, Node, Options, Value};

use self::call::function;
use self::judge::Resource;
use self::template::{Declared, note};
pub use self::template::{Template, Unreadable};

use super::{Counts, FILE, Finding};
use crate::Settings;
use crate::check::Level;

impl Template {
    /// Reads a template; `None` if the text is JSON or YAML and no template.
    ///
    /// # Errors
    /// It is neither JSON nor YAML, or is a template with aliases.
    pub fn read(text: &str) -> Result<Option<Self>, Unreadable> {
        let tree = tree::read(text, &Options::TEMPLATE);
        let unreadable = |issue: &Issue, message: String| Unreadable { at: issue.at, message };
        if let Some(issue) = tree.fatal() {
            return Err(unreadable(issue, issue.to_string()));
        }
        let second = tree.documents.get(1).map(|it| it.at);
        let (json, issues) = (tree.format == Format::Json, tree.issues);
        let Some(document) = tree.documents.into_iter().next() else { return Ok(None) };
        let root = document.root;
        let launch_templates = Declared::of(&root, "AWS::EC2::LaunchTemplate", "LaunchTemplateName");
        let launch_configurations =
            Declared::of(&root, "AWS::AutoScaling::LaunchConfiguration", "LaunchConfigurationName");
        let by_defaults = false;
        let template =
            Self { root, json, second, issues, by_defaults, launch_templates, launch_configurations };
        let typed = |node: &Node| node.get("Type").and_then(Node::text).is_some_and(|it| it.contains("::"));
        let declared = template.root.get("AWSTemplateFormatVersion").is_some();
        if !declared
            && !template.resources().iter().any(|(name, node)| typed(node) || name.starts_with("Fn::"))
        {
            return Ok(None);
        }
        let aliased = |it: &&Issue| matches!(it.kind, IssueKind::Alias | IssueKind::UnknownAlias(_));
        match template.issues.iter().find(aliased) {
            Some(issue) => Err(unreadable(issue, "CloudFormation does not support YAML aliases".to_owned())),
            None => Ok(Some(template)),
        }
    }

    /// How many resources are judged or named; of a loop, those in its body.
    pub fn counts(&self) -> Counts {
        let mut resources = Vec::new();
        directives::collect(
            self.root.get("Resources").map(Node::entries).unwrap_or_default(),
            &mut resources,
        );
        Counts::of(resources.iter().map(|it| {
            let Some(kind) = it.value.get("Type").and_then(Node::text) else { return Some(false) };
            let elsewhere = kinds::ELSEWHERE.iter().any(|(it, _)| *it == kind) || kind.ends_with("::MODULE");
            kinds::of(kind)
                .map(|it| !matches!(it.switch, kinds::Switch::None(_)))
                .or(elsewhere.then_some(false))
        }))
    }

    /// The same, judged by the defaults of its parameters and by the conditions that follow from them.
    #[must_use]
    pub fn with_parameter_defaults(self) -> Self {
        Self { by_defaults: true, ..self }
    }

    /// What would be deployed and should not be, and what cannot be judged, in the order of the text.
    pub fn findings(&self, settings: &Settings) -> Vec<Finding> {
        let mut findings = self.about_the_file();
        for (name, node) in self.resources() {
            self.judge(name, node, settings, &mut findings);
        }
        findings.sort_by(|one, other| (one.at, one.code).cmp(&(other.at, other.code)));
        findings
    }

    fn judge(&self, name: &str, node: &Node, settings: &Settings, findings: &mut Vec<Finding>) {
        if name.starts_with("Fn::ForEach") {
            return self.each(name, node, settings, findings);
        }
        if name.starts_with("Fn::") {
            let why = "the resources that it creates are known only when it is deployed";
            return findings.push(note(name, node.at, why.to_owned()));
        }
        let Some(kind) = node.get("Type").and_then(Node::text) else {
            let why = "it has no Type, so it cannot be judged";
            return findings.push(note(name, node.at, why.to_owned()));
        };
        if let Some(kind) = kinds::of(kind) {
            let mut found = Resource { template: self, name, node, kind }.findings(settings);
            constructs::advise(node, kind.name, &mut found);
            return findings.extend(found);
        }
        if kind == "AWS::CloudFormation::StackSet"
            && let Some(body) = node.get("Properties").and_then(|it| it.get("TemplateBody"))
        {
            return self.embedded(name, body, settings, findings);
        }
        let elsewhere = kinds::ELSEWHERE.iter().find(|(it, _)| *it == kind).map(|(_, why)| *why);
        let module = kind.ends_with("::MODULE").then_some("a module: its resources are in the registry");
        if let Some(why) = elsewhere.or(module) {
            findings.push(note(name, node.at, why.to_owned()));
        }
    }

    /// The resources in the body of a loop, each judged once.
    fn each(&self, name: &str, node: &Node, settings: &Settings, findings: &mut Vec<Finding>) {
        let body = match &node.value {
            Value::List(items) => items.last().map(Node::entries).unwrap_or_default(),
            _ => &[],
        };
        if body.is_empty() {
            let why = "the resources that it creates are known only when it is deployed";
            findings.push(note(name, node.at, why.to_owned()));
        }
        for entry in body {
            self.judge(&entry.key.text, &entry.value, settings, findings);
        }
    }

    /// A template in a text or a map of this one.
    fn embedded(&self, name: &str, body: &Node, settings: &Settings, findings: &mut Vec<Finding>) {
        let called = function(body);
        let text = match &called {
            None => body.text(),
            Some((function, argument)) if function.ends_with("Sub") => argument.text(),
            Some(_) => None,
        };
        match text.map(Self::read) {
            Some(Ok(Some(inner))) => {
                let inner = Self { by_defaults: self.by_defaults, ..inner };
                findings.extend(inner.findings(settings).into_iter().map(|it| {
                    // The lines of the inner text are not those of the file.
                    Finding { at: Some(body.at), address: format!("{name}.{}", it.address), ..it }
                }));
            }
            _ => findings.push(note(name, body.at, "the template body cannot be read here".to_owned())),
        }
    }

    /// Further documents, macros, and keys that are written twice.
    fn about_the_file(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(at) = self.second {
            let why = "a second document begins here, which CloudFormation does not read".to_owned();
            findings.push(note(FILE, at, why));
        }
        let resources = self.root.get("Resources");
        if !resources.is_some_and(|it| matches!(it.value, Value::Map(_))) {
            let why = "there is no map of resources, so none can be judged".to_owned();
            findings.push(note(FILE, resources.unwrap_or(&self.root).at, why));
        }
        if let Some(transform) = self.root.get("Transform") {
            let names = match &transform.value {
                Value::List(items) => items.iter().filter_map(Node::text).collect(),
                _ => transform.text().into_iter().collect::<Vec<_>>(),
            };
            for name in names.iter().filter(|it| !it.starts_with("AWS::")) {
                let why = format!("the macro {name} may change every resource");
                findings.push(note(FILE, transform.at, why));
            }
        }
        for issue in &self.issues {
            let IssueKind::DuplicateKey { key, first } = &issue.kind else { continue };
            let Some(resource) = issue.path.strip_prefix("Resources.") else { continue };
            let resource = resource.split(['.', '[']).next().unwrap_or_default();
            findings.push(Finding {
                code: "key-written-twice",
                level: Level::Warning,
                at: Some(issue.at),
                address: resource.to_owned(),
                why: format!(
                    "{key} is written on line {} and on line {}; line {} counts",
                    first.line, issue.at.line, issue.at.line
                ),
                instead: format!("keep one {key}"),
            });
        }
        findings
    }
}
