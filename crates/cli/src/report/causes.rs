//! What makes resources violate the policy, the largest cause first, across accounts and Regions.

use std::collections::{BTreeMap, BTreeSet};

use v2only_enforcer::ResourceId;
use v2only_enforcer::launchers::Launcher;
use v2only_installation::command::Command;
use v2only_policy::cause::{Launched, RootCause, Setter};
use v2only_policy::surface::SurfaceFix;
use v2only_policy::{AccountId, Finding, OptionFinding, Region, Subject};

use crate::args::shared::Shared;
use crate::print::sheet::{Column, Entry, Sheet};
use crate::report::item::Item;
use crate::run::accounts::AccountNames;
use crate::term::messages::{count, some};

/// How many groups, and how many launchers, are named for each cause.
const NAMED: usize = 5;

/// The account default, as the cause of what instances and the account itself have.
const DEFAULT: &str = "the account default does not require tokens";

/// Resources that violate the policy, by what makes them.
#[derive(Debug, Default)]
pub(crate) struct Causes {
    by_words: BTreeMap<String, Cause>,
    /// The names of launch templates.
    names: BTreeMap<String, String>,
}

/// What one cause explains.
#[derive(Debug, Default)]
pub(crate) struct Cause {
    /// What it is.
    pub(crate) words: String,
    /// The launch template, if it is one.
    pub(crate) template: Option<String>,
    /// How many instances it explains.
    pub(crate) instances: usize,
    /// How many other resources, by what they are.
    pub(crate) others: BTreeMap<&'static str, usize>,
    /// The accounts and Regions of these resources.
    pub(crate) places: BTreeSet<(AccountId, Region)>,
    /// The Auto Scaling groups of these instances.
    pub(crate) groups: BTreeSet<String>,
    /// What fixes it, where that is known.
    pub(crate) remedy: Option<String>,
    /// The command for that, where there is one.
    pub(crate) command: Option<Command>,
    /// Who launched how many of these instances.
    launchers: BTreeMap<String, usize>,
}

impl Causes {
    /// Counts one resource, if it violates the policy.
    pub(crate) fn add(&mut self, item: &Item<'_>) {
        if let (ResourceId::TemplateVersion(id, _), Some(name)) = (&item.record.resource, item.name()) {
            self.names.insert(id.to_string(), name.to_owned());
        }
        if !item.violates() {
            return;
        }
        let fresh = explain(item);
        let cause = self.by_words.entry(fresh.words.clone()).or_insert(fresh);
        match item.record.resource {
            ResourceId::Instance(_) => cause.instances += 1,
            ResourceId::Notebook(_)
            | ResourceId::UnnamedLaunch(_)
            | ResourceId::Source(_)
            | ResourceId::AccountDefault
            | ResourceId::TemplateVersion(..)
            | ResourceId::LaunchConfiguration(_)
            | ResourceId::Image(_)
            | ResourceId::Consumer(..)
            | ResourceId::Surface(..) => {
                let noun = item.judged.map_or("resource", |it| it.subject.noun());
                *cause.others.entry(noun).or_default() += 1;
            }
        }
        let place = &item.record.place;
        cause.places.insert((place.account.clone(), place.region.clone()));
        cause.groups.extend(item.cause.and_then(|it| it.group.clone()));
        if let Some(launcher) = item.launcher {
            *cause.launchers.entry(launcher_words(launcher)).or_default() += 1;
        }
    }

    /// All of them, the one that explains most first.
    pub(crate) fn largest(self) -> Vec<Cause> {
        let mut causes: Vec<Cause> = self.by_words.into_values().collect();
        for cause in &mut causes {
            if let Some(name) = cause.template.as_ref().and_then(|id| self.names.get(id)) {
                cause.words =
                    cause.words.replacen("launch template ", &format!("launch template {name} "), 1);
            }
        }
        causes.sort_by_key(|it| std::cmp::Reverse((it.instances, it.others.values().sum::<usize>())));
        causes
    }
}

impl Cause {
    /// `12 instances, 1 template version`.
    pub(crate) fn resources(&self) -> String {
        let instances = (self.instances > 0).then(|| count(self.instances, "instance"));
        let others = self.others.iter().map(|(noun, number)| count(*number, noun));
        instances.into_iter().chain(others).collect::<Vec<_>>().join(", ")
    }

    /// The account and Region, or how many there are.
    pub(crate) fn whereabouts(&self, accounts: &AccountNames) -> String {
        let named: BTreeSet<&AccountId> = self.places.iter().map(|(account, _)| account).collect();
        let regions: BTreeSet<&Region> = self.places.iter().map(|(_, region)| region).collect();
        let first = |account: &AccountId| accounts.label(account);
        match (named.first(), regions.first(), named.len(), regions.len()) {
            (Some(account), Some(region), 1, 1) => format!("{} {region}", first(account)),
            (Some(account), _, 1, regions) => format!("{} {}", first(account), count(regions, "Region")),
            (_, Some(region), accounts, 1) => format!("{} {region}", count(accounts, "account")),
            (_, _, accounts, regions) => {
                format!("{}, {}", count(accounts, "account"), count(regions, "Region"))
            }
        }
    }

    /// Those who launched most, with how many; `None` if CloudTrail was not asked.
    fn launched_by(&self) -> Option<String> {
        let mut launchers: Vec<(&String, &usize)> = self.launchers.iter().collect();
        launchers.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
        let words: Vec<String> =
            launchers.iter().map(|(words, number)| format!("{words}: {number}")).collect();
        (!words.is_empty()).then(|| format!("launched by {}", some(&words, NAMED)))
    }
}

/// The largest causes as a table, and how many more there are.
pub(crate) fn table(
    causes: &[Cause],
    shown: usize,
    accounts: &AccountNames,
    shared: &Shared,
    width: Option<u16>,
) -> (Sheet, usize) {
    let places: BTreeSet<&(AccountId, Region)> = causes.iter().flat_map(|it| &it.places).collect();
    let columns =
        [Column::text("CAUSE"), Column::short("RESOURCES"), Column::text("WHERE"), Column::text("FIX")];
    let mut sheet = Sheet::new(columns, width);
    for cause in causes.iter().take(shown) {
        let groups: Vec<String> = cause.groups.iter().cloned().collect();
        let groups = (!groups.is_empty()).then(|| format!("groups {}", some(&groups, NAMED)));
        let words = std::iter::once(cause.words.clone()).chain(groups).chain(cause.launched_by());
        let command = cause.command.iter().map(|command| shared.scope(command.clone()).to_string());
        let fix = cause.remedy.iter().cloned().chain(command);
        let whereabouts = if places.len() > 1 { cause.whereabouts(accounts) } else { String::new() };
        sheet.row(vec![
            Entry::Lines(words.collect()),
            cause.resources().into(),
            whereabouts.into(),
            Entry::Lines(fix.collect()),
        ]);
    }
    (sheet, causes.len().saturating_sub(shown))
}

/// The cause of one violation, with its fix.
fn explain(item: &Item<'_>) -> Cause {
    let (words, remedy, command) = match (item.cause, item.judged.map(|it| &it.subject)) {
        (Some(cause), _) if answers_v1(item) => return root(cause),
        (_, Some(Subject::TemplateVersion { template, .. })) => return of_template(template.id.as_str()),
        (_, Some(Subject::LaunchConfiguration { configuration, .. })) => {
            return of_configuration(&configuration.name);
        }
        (_, Some(Subject::AccountDefaults(_))) => return of_default(),
        (_, Some(Subject::Notebook(_))) => (
            "notebooks have minimum IMDS version 1".to_owned(),
            Some("`enforce` updates each notebook once it is stopped"),
            Some(enforce("notebook")),
        ),
        (_, Some(Subject::Image(_))) => (
            "images are not marked ImdsSupport v2.0".to_owned(),
            Some("`images.fix: mark-v2` marks images; nobody can undo that"),
            Some(enforce("image").flag("accept-irreversible")),
        ),
        (_, Some(Subject::Surface(surface))) => {
            let about = surface.kind.about();
            let (remedy, command) = match about.fix {
                SurfaceFix::Report(advice) => (advice, None),
                SurfaceFix::BehindUsageGate | SurfaceFix::InPlace => {
                    ("`enforce` sets HttpTokens=required", Some(enforce(about.kind.word)))
                }
            };
            (format!("{}s do not require tokens", about.kind.noun), Some(remedy), command)
        }
        (_, Some(Subject::Instance(_) | Subject::Consumer { .. }) | None) => {
            let first = item.findings().first().map(ToString::to_string);
            (
                first.unwrap_or_else(|| "not judged".to_owned()),
                Some("`enforce` sets the option"),
                Some(enforce("instance")),
            )
        }
    };
    Cause { words, remedy: remedy.map(str::to_owned), command, ..Cause::default() }
}

/// Whether tokens are what is wrong, which is what root causes explain.
fn answers_v1(item: &Item<'_>) -> bool {
    let is = |finding: &Finding| {
        matches!(finding, Finding::Option(OptionFinding::TokensOptional | OptionFinding::TokensUnknown))
    };
    item.findings().iter().any(is)
}

fn root(cause: &RootCause) -> Cause {
    match (cause.http_tokens, &cause.from) {
        (Setter::Source, Launched::Template(id, _)) => return of_template(id.as_str()),
        (Setter::Source, Launched::Configuration(name)) => return of_configuration(name),
        (Setter::AccountDefault | Setter::Nobody, _) => return of_default(),
        _ => {}
    }
    let command =
        (cause.http_tokens == Setter::Elsewhere).then(|| Command::ours(["scan"]).flag("launched-by"));
    Cause { words: cause.words(), remedy: cause.remedy(), command, ..Cause::default() }
}

fn of_template(id: &str) -> Cause {
    Cause {
        words: format!("launch template {id} permits IMDSv1"),
        template: Some(id.to_owned()),
        remedy: Some("a new version that requires tokens (`launch_templates.fix: new-version`)".to_owned()),
        command: Some(enforce("launch-template").option("only", id)),
        ..Cause::default()
    }
}

fn of_configuration(name: &str) -> Cause {
    Cause {
        words: format!("launch configuration {name} permits IMDSv1"),
        remedy: Some("a launch template instead: launch configurations cannot be changed".to_owned()),
        ..Cause::default()
    }
}

fn of_default() -> Cause {
    Cause {
        words: DEFAULT.to_owned(),
        remedy: Some("require tokens by default (`account_defaults.http_tokens: required`)".to_owned()),
        command: Some(enforce("account-default")),
        ..Cause::default()
    }
}

fn enforce(kind: &str) -> Command {
    Command::ours(["enforce"]).option("kind", kind)
}

fn launcher_words(launcher: &Launcher) -> String {
    match launcher {
        Launcher::Known(it) => it.words(),
        Launcher::Older => "somebody before the 90 days that CloudTrail keeps".to_owned(),
        Launcher::NotFound => "somebody CloudTrail has no record of".to_owned(),
        Launcher::Unread(_) | Launcher::NotAsked => "not known".to_owned(),
    }
}
