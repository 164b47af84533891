//! What AWS answered about one account and Region.

use std::collections::BTreeMap;

use v2only_policy::{AccountDefaults, Place};

use crate::expected::{BUS, DEFAULT_BUS, FUNCTIONS, PARAMETER, Shipped, UNDELIVERED};
use crate::finding::Site;
use crate::ports::{
    Function, Mapping, Parameter, Queue, ReadInstallation, Rule, Schedule, Selectors, Target, Trail,
};
use v2only_enforcer::Failure;
use v2only_enforcer::ports::{Answer, ReadDefaults};

/// All pieces of one account and Region. Pieces that its [`Site`] does not have were not read.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Where.
    pub place: Place,
    /// What it is to the installation.
    pub site: Site,
    /// The trails that record the Region.
    pub trails: Answer<Vec<TrailSnapshot>>,
    /// Rules by bus and name.
    pub rules: BTreeMap<(&'static str, &'static str), RuleSnapshot>,
    /// The policy of the central bus.
    pub bus: Answer<Option<String>>,
    /// Queues by name.
    pub queues: BTreeMap<String, Answer<Option<Queue>>>,
    /// Functions by name.
    pub functions: BTreeMap<&'static str, FunctionSnapshot>,
    /// Schedules by name.
    pub schedules: BTreeMap<&'static str, Answer<Option<Schedule>>>,
    /// The policy document.
    pub parameter: Answer<Option<Parameter>>,
    /// The defaults of the account in this Region.
    pub defaults: Answer<AccountDefaults>,
}

/// A trail, and what it records.
#[derive(Debug, Clone)]
pub struct TrailSnapshot {
    /// Which.
    pub trail: Trail,
    /// Whether it is recording.
    pub logging: Answer<bool>,
    /// What it records.
    pub selectors: Answer<Selectors>,
}

/// A rule, and where it sends.
#[derive(Debug, Clone)]
pub struct RuleSnapshot {
    /// The rule.
    pub rule: Answer<Option<Rule>>,
    /// Its targets; empty where there is no rule.
    pub targets: Answer<Vec<Target>>,
}

/// A function, and what feeds it.
#[derive(Debug, Clone)]
pub struct FunctionSnapshot {
    /// The function.
    pub function: Answer<Option<Function>>,
    /// What feeds it.
    pub mappings: Answer<Vec<Mapping>>,
}

/// Reads one account and Region. A piece that cannot be read does not stop the others.
pub async fn read(ports: &(impl ReadInstallation + ReadDefaults), place: &Place, site: &Site) -> Snapshot {
    let with_functions = !matches!(site, Site::Member { .. });
    let mut seen = Snapshot {
        place: place.clone(),
        site: site.clone(),
        trails: trails(ports, place).await,
        rules: BTreeMap::new(),
        bus: Ok(None),
        queues: BTreeMap::new(),
        functions: BTreeMap::new(),
        schedules: BTreeMap::new(),
        parameter: Ok(None),
        defaults: ports.defaults(place).await,
    };
    for it in &FUNCTIONS {
        if it.pattern.is_some() {
            let rule = rule(ports, place, DEFAULT_BUS, it.name).await;
            seen.rules.insert((DEFAULT_BUS, it.name), rule);
        }
        if with_functions {
            function(ports, &mut seen, it).await;
        }
    }
    seen.queues.insert(UNDELIVERED.to_owned(), ports.queue(place, UNDELIVERED).await);
    if with_functions {
        seen.parameter = ports.parameter_at(place, PARAMETER).await;
    }
    if *site == Site::Hub {
        seen.bus = ports.bus_policy(place, BUS).await;
        let there = matches!(seen.bus, Ok(Some(_)));
        for it in FUNCTIONS.iter().filter(|it| it.pattern.is_some()) {
            // A bus that does not exist has no rules.
            let found = if there || seen.bus.is_err() {
                rule(ports, place, BUS, it.name).await
            } else {
                RuleSnapshot { rule: Ok(None), targets: Ok(Vec::new()) }
            };
            seen.rules.insert((BUS, it.name), found);
        }
    }
    seen
}

async fn function(ports: &impl ReadInstallation, seen: &mut Snapshot, it: &Shipped) {
    let place = &seen.place;
    let function = ports.function(place, it.name).await;
    let mappings = match &function {
        Ok(None) => Ok(Vec::new()),
        _ => ports.mappings(place, it.name).await,
    };
    seen.functions.insert(it.name, FunctionSnapshot { function, mappings });
    for name in [it.name.to_owned(), it.dlq()] {
        let queue = ports.queue(place, &name).await;
        seen.queues.insert(name, queue);
    }
    for name in it.schedules {
        seen.schedules.insert(name, ports.schedule(place, name).await);
    }
}

async fn rule(ports: &impl ReadInstallation, place: &Place, bus: &str, name: &str) -> RuleSnapshot {
    let rule = ports.rule(place, bus, name).await;
    let targets = match &rule {
        Ok(Some(_)) => ports.targets(place, bus, name).await,
        _ => Ok(Vec::new()),
    };
    RuleSnapshot { rule, targets }
}

/// Reads only trails that record this Region.
async fn trails(ports: &impl ReadInstallation, place: &Place) -> Answer<Vec<TrailSnapshot>> {
    let mut all = Vec::new();
    for trail in ports.trails(place).await? {
        if trail.multi_region || trail.home == place.region.as_str() {
            let logging = ports.is_logging(place, &trail.arn).await;
            let selectors = ports.selectors(place, &trail.arn).await;
            all.push(TrailSnapshot { trail, logging, selectors });
        }
    }
    Ok(all)
}

/// The settings of the functions for other accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Sent when a role is assumed.
    pub external_id: Option<String>,
    /// The organization whose accounts are acted in.
    pub organization: Option<String>,
}

impl Snapshot {
    /// Pieces of the installation that could not be read, with what they are and their names.
    pub fn unread(&self) -> Vec<(&'static str, String, &Failure)> {
        let mut all = Vec::new();
        for ((bus, name), it) in &self.rules {
            let failure = it.rule.as_ref().err().or(it.targets.as_ref().err());
            all.extend(failure.map(|it| ("rule", format!("{bus}/{name}"), it)));
        }
        all.extend(self.bus.as_ref().err().map(|it| ("bus", BUS.to_owned(), it)));
        all.extend(
            self.queues.iter().filter_map(|(name, it)| Some(("queue", name.clone(), it.as_ref().err()?))),
        );
        for (name, it) in &self.functions {
            let failure = it.function.as_ref().err().or(it.mappings.as_ref().err());
            all.extend(failure.map(|it| ("function", (*name).to_owned(), it)));
        }
        let schedules = self.schedules.iter();
        all.extend(
            schedules.filter_map(|(name, it)| Some(("schedule", (*name).to_owned(), it.as_ref().err()?))),
        );
        all.extend(self.parameter.as_ref().err().map(|it| ("parameter", PARAMETER.to_owned(), it)));
        all
    }

    /// Whether pieces of v2only exist here: `None` if none was found and some could not be read.
    pub fn has_pieces(&self) -> Option<bool> {
        fn exists<T>(answer: &Answer<Option<T>>) -> Option<bool> {
            answer.as_ref().ok().map(Option::is_some)
        }
        let pieces = self.rules.values().map(|it| exists(&it.rule));
        let pieces = pieces.chain(self.queues.values().map(exists));
        let pieces = pieces.chain(self.functions.values().map(|it| exists(&it.function)));
        let pieces = pieces.chain(self.schedules.values().map(exists));
        let pieces: Vec<Option<bool>> = pieces.chain([exists(&self.bus), exists(&self.parameter)]).collect();
        let unread = pieces.contains(&None);
        if pieces.contains(&Some(true)) { Some(true) } else { (!unread).then_some(false) }
    }

    /// The settings of the first function that has any for other accounts.
    pub fn membership(&self) -> Option<Membership> {
        self.functions.values().find_map(|snapshot| {
            let environment = snapshot.function.as_ref().ok()?.as_ref()?.environment.as_ref()?;
            let get = |name: &str| environment.get(name).cloned();
            environment.contains_key("V2ONLY_MEMBER_ROLE").then(|| Membership {
                external_id: get("V2ONLY_EXTERNAL_ID"),
                organization: get("V2ONLY_ORGANIZATION_ID"),
            })
        })
    }
}

/// The role of the account and Region with the functions: a hub if the caller names other accounts, if a function has
/// settings for them, or if their bus exists. What cannot be read here is reported when the snapshot is read.
pub async fn home_site(ports: &impl ReadInstallation, place: &Place, told: bool) -> Site {
    if told {
        return Site::Hub;
    }
    for it in &FUNCTIONS {
        if let Ok(Some(function)) = ports.function(place, it.name).await
            && let Some(environment) = &function.environment
        {
            let knows = environment.contains_key("V2ONLY_MEMBER_ROLE");
            return if knows { Site::Hub } else { Site::Alone };
        }
    }
    match ports.bus_policy(place, BUS).await {
        Ok(Some(_)) => Site::Hub,
        _ => Site::Alone,
    }
}
