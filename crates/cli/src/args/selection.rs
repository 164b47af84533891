//! Which of the resources of the accounts and Regions are meant, and when a run counts as failed.

use std::collections::BTreeSet;

use clap::ValueEnum;
use v2only_enforcer::ResourceId;
use v2only_policy::Subject;
use wildmatch::WildMatch;

use crate::term::exit::Exit;

/// Flags of `scan`, `enforce` and `readiness`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Selection {
    /// Only these resources, by id or by the name of a notebook or launch configuration; separated by commas
    #[arg(long, value_name = "ID", value_delimiter = ',', help_heading = "Input")]
    pub(crate) only: Vec<String>,

    /// Only resources with this `Name` tag or name; `*` and `?` are wildcards
    #[arg(long, value_name = "PATTERN", help_heading = "Input")]
    pub(crate) name: Option<String>,

    /// When to end with an exit code other than 0: `violations`, `incomplete` (only if something could not be read
    /// or changed) or `never`
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        default_value_t = FailOn::Violations,
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub(crate) fail_on: FailOn,
}

/// When a run ends with an exit code other than 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// If violations remain, or if the run is incomplete.
    #[default]
    Violations,
    /// If the run is incomplete.
    Incomplete,
    /// Only on errors of usage, and internal ones.
    Never,
}

impl FailOn {
    /// How a run ends that would end like this.
    pub(crate) const fn exit(self, exit: Exit) -> Exit {
        match (self, exit) {
            (Self::Incomplete | Self::Never, Exit::Violations) | (Self::Never, Exit::Incomplete) => {
                Exit::Clean
            }
            _ => exit,
        }
    }
}

/// The resources that are meant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    only: Vec<String>,
    name: Option<WildMatch>,
    tags: Vec<(String, String)>,
}

impl Selection {
    /// The resources that are meant, with these tags (`KEY=VALUE`).
    pub(crate) fn filter(&self, tags: &[String]) -> Filter {
        let tags = tags.iter().filter_map(|it| it.split_once('='));
        Filter {
            only: self.only.clone(),
            name: self.name.as_deref().map(WildMatch::new),
            tags: tags.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        }
    }
}

/// Reads `KEY=VALUE`.
pub(crate) fn tag(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((key, _)) if !key.is_empty() => Ok(text.to_owned()),
        _ => Err("write `KEY=VALUE`".to_owned()),
    }
}

impl Filter {
    /// Whether every resource is meant.
    pub(crate) const fn is_empty(&self) -> bool {
        self.only.is_empty() && self.name.is_none() && self.tags.is_empty()
    }

    /// The resources that are named, as long as none of them was met.
    pub(crate) fn unmatched(&self) -> Unmatched {
        Unmatched(self.only.iter().cloned().collect())
    }

    /// Whether a resource is meant.
    pub(crate) fn matches(&self, subject: &Subject) -> bool {
        let tag = |(key, value): &(String, String)| subject.tags().and_then(|it| it.get(key)) == Some(value);
        (self.only.is_empty() || self.only.iter().any(|wanted| is_called(subject, wanted)))
            && self.tags.iter().all(tag)
            && self
                .name
                .as_ref()
                .is_none_or(|pattern| pattern.matches(subject.name().unwrap_or_else(|| subject.id())))
    }
}

/// The resources of `--only` that were not met yet.
#[derive(Debug)]
pub(crate) struct Unmatched(BTreeSet<String>);

impl Unmatched {
    /// Takes out what names this resource.
    pub(crate) fn meet(&mut self, subject: &Subject) {
        self.0.retain(|wanted| !is_called(subject, wanted));
    }

    /// What is left, in order.
    pub(crate) fn into_texts(self) -> impl Iterator<Item = String> {
        self.0.into_iter()
    }
}

/// Whether a resource has this id. A launch template is named by its id, or with one of its versions.
fn is_called(subject: &Subject, id: &str) -> bool {
    id == subject.id() || id == ResourceId::from(subject).to_string()
}
