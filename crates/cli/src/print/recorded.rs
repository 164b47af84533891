//! What `readiness --from-trail` found, as tables for people.

use std::collections::BTreeMap;

use jiff::Timestamp;
use v2only_enforcer::software::outdated_in_user_agent;
use v2only_policy::AccountId;
use v2only_policy::owner::Owned;
use v2only_trail::{
    Counts, Deliveries, DeliveryKey, Effect, EnforcementSwitch, GroupKey, GroupState, LaunchGroup,
    LaunchPath, Recording, TemplateOptions, forecast,
};

use crate::print::sheet::{Column, Entry, Sheet, Whereabouts};
use crate::run::accounts::AccountNames;
use crate::term::messages::{count, some};

/// A switch, and what it would have done to all recorded launches.
pub(crate) struct SwitchTotal {
    pub(crate) switch: EnforcementSwitch,
    pub(crate) recorded: Counts,
    /// Each group by what the switch does to its latest launch, and so to its next one.
    pub(crate) latest: Counts,
}

impl SwitchTotal {
    pub(crate) fn of(
        switch: EnforcementSwitch,
        groups: &BTreeMap<GroupKey, LaunchGroup>,
        templates: &TemplateOptions,
        management: Option<&AccountId>,
    ) -> Self {
        let (mut recorded, mut latest) = (Counts::default(), Counts::default());
        for (key, group) in groups {
            let forecast = forecast(key, group, switch, templates, management);
            recorded.merge(&forecast.recorded);
            if let Some(effect) = forecast.latest {
                latest.add(effect, 1);
            }
        }
        Self { switch, recorded, latest }
    }
}

/// A table before it is laid out for a terminal or a page.
pub(crate) struct Grid {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Entry>>,
}

impl Grid {
    fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self { columns: columns.into(), rows: Vec::new() }
    }

    fn row(&mut self, row: Vec<Entry>) {
        self.rows.push(row);
    }

    /// The table for a terminal of this width; `None` without rows.
    pub(crate) fn text(self, width: Option<u16>) -> Option<String> {
        let any = !self.rows.is_empty();
        let mut sheet = Sheet::new(self.columns, width);
        self.rows.into_iter().for_each(|row| sheet.row(row));
        any.then(|| sheet.text())
    }
}

/// The groups that launched instances that answer IMDSv1, or may have; those that still do come first.
pub(crate) fn groups(groups: &BTreeMap<GroupKey, LaunchGroup>, accounts: &AccountNames) -> Grid {
    let mut shown: Vec<(&GroupKey, &LaunchGroup)> =
        groups.iter().filter(|(_, it)| it.answering_v1() > 0 || it.state() == GroupState::Unknown).collect();
    shown.sort_by_key(|(key, it)| (it.state(), std::cmp::Reverse(it.answering_v1()), *key));
    let whereabouts = Whereabouts::of(shown.iter().map(|(key, _)| &key.place)).named(accounts);
    let columns = [
        Column::short("PATH"),
        Column::text("WHO"),
        Column::text("WHAT"),
        Column::short("STATE"),
        Column::short("WITH V1"),
        Column::short("LAST WITH V1"),
        Column::text("WHAT TO FIX"),
        Column::short(whereabouts.heading()),
    ];
    let mut grid = Grid::new(columns);
    for (key, group) in shown {
        grid.row(vec![
            key.path.code().to_owned().into(),
            who(key, group).into(),
            what(key, group).into(),
            Entry::Word(group.state().code().to_owned()),
            format!("{} of {}", group.answering_v1(), group.launches()).into(),
            group.last_answering_v1().map(minute).unwrap_or_default().into(),
            if group.state() == GroupState::Fixed { String::new() } else { what_to_fix(key, group) }.into(),
            whereabouts.words(&key.place).into(),
        ]);
    }
    grid
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// The role or user without the account, and the session of the last launch.
fn who(key: &GroupKey, group: &LaunchGroup) -> String {
    let name = key.principal.splitn(6, ':').nth(5).unwrap_or(&key.principal);
    match &group.last_session {
        Some(session) => format!("{name} ({session})"),
        None => name.to_owned(),
    }
}

/// The parent, else the template with the version of the latest launch, else the image.
fn what(key: &GroupKey, group: &LaunchGroup) -> String {
    let latest = group.latest.as_ref().map(|(_, facts)| facts);
    let template = latest.and_then(|it| it.template.as_ref()).map(|launch| match &launch.version {
        Some(version) => format!("{} version {version}", launch.id),
        None => launch.id.clone(),
    });
    let image = latest.and_then(|it| it.image.clone());
    match (&key.parent, template) {
        (Some(parent), Some(template)) => format!("{parent}, {template}"),
        (Some(parent), None) => parent.clone(),
        (None, template) => template.or(image).unwrap_or_default(),
    }
}

/// What to change so that the next launch of the group requires tokens.
pub(crate) fn what_to_fix(key: &GroupKey, group: &LaunchGroup) -> String {
    if let Some(owner) = key.path.owner() {
        return owner.what_to_change(Owned::Template).to_owned();
    }
    let latest = group.latest.as_ref().map(|(_, facts)| facts);
    if let Some(template) = latest.and_then(|it| it.template.as_ref()) {
        let version = template.version.as_deref().unwrap_or("$Default");
        return match latest.and_then(|it| it.requested_tokens) {
            Some(_) => format!(
                "the request sets `HttpTokens` itself, which outranks {} version {version}: remove `HttpTokens` from the request",
                template.id
            ),
            None => format!(
                "create a version of {} from version {version} with `MetadataOptions.HttpTokens=required`, and use it",
                template.id
            ),
        };
    }
    match key.path {
        LaunchPath::AutoScaling => {
            "move the group from its launch configuration to a launch template with `HttpTokens=required`"
        }
        LaunchPath::ImageBuilder => {
            "set `instanceMetadataOptions.httpTokens=required` in the infrastructure configuration"
        }
        LaunchPath::Packer => {
            "write `metadata_options { http_tokens = \"required\" }` and `imds_support = \"v2.0\"` into the source block"
        }
        LaunchPath::Terraform => "write `metadata_options { http_tokens = \"required\" }` into the `aws_instance` block",
        LaunchPath::CloudFormation => {
            "give the instance a launch template with `MetadataOptions.HttpTokens: required` in the stack"
        }
        LaunchPath::Console => "choose \"V2 only (token required)\" at the launch, or set the account default",
        LaunchPath::Cli => "add `--metadata-options HttpTokens=required` to the call",
        LaunchPath::Sdk => "set `MetadataOptions.HttpTokens=required` in the request",
        LaunchPath::Spot | LaunchPath::SpotFleet | LaunchPath::Fleet => {
            "launch from a launch template with `HttpTokens=required`: launch specifications have no metadata options"
        }
        _ => "set the account default `HttpTokens=required`",
    }
    .to_owned()
}

/// What each switch would have done.
pub(crate) fn switches(totals: &[SwitchTotal]) -> Grid {
    let columns = [
        Column::text("SWITCH"),
        Column::short("REFUSED"),
        Column::short("CHANGED"),
        Column::short("UNDECIDED"),
        Column::short("UNCHANGED"),
        Column::text("THE NEXT LAUNCH OF"),
    ];
    let mut grid = Grid::new(columns);
    for it in totals {
        grid.row(vec![
            switch_words(it.switch).into(),
            it.recorded.refused.to_string().into(),
            it.recorded.changed.to_string().into(),
            it.recorded.undecided.to_string().into(),
            it.recorded.unchanged.to_string().into(),
            next_launches(&it.latest).into(),
        ]);
    }
    grid
}

fn switch_words(switch: EnforcementSwitch) -> String {
    match switch {
        EnforcementSwitch::AccountDefault => "account default HttpTokens=required".to_owned(),
        EnforcementSwitch::HopLimit(limit) => format!("account default hop limit {limit}"),
        EnforcementSwitch::Scp => "SCP require-v2-at-launch".to_owned(),
        EnforcementSwitch::Enforced => "HttpTokensEnforced alone".to_owned(),
        EnforcementSwitch::EnforcedWithDefault => "HttpTokensEnforced with the account default".to_owned(),
        EnforcementSwitch::DeclarativePolicy => "declarative policy with both".to_owned(),
    }
}

fn next_launches(latest: &Counts) -> String {
    let words = |number: u64, one: &str, several: &str| match number {
        0 => None,
        1 => Some(format!("1 group {one}")),
        number => Some(format!("{number} groups {several}")),
    };
    let words: Vec<String> = [
        words(latest.refused, "fails", "fail"),
        words(latest.changed, "changes", "change"),
        words(latest.undecided, "is undecided", "are undecided"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if words.is_empty() { "no group changes".to_owned() } else { words.join(", ") }
}

/// Roles and instances that made calls with credentials delivered to an IMDSv1 call.
pub(crate) fn deliveries(all: &BTreeMap<DeliveryKey, Deliveries>, accounts: &AccountNames) -> Grid {
    let mut shown: Vec<(&DeliveryKey, &Deliveries)> = all.iter().filter(|(_, it)| it.v1_calls > 0).collect();
    shown.sort_by_key(|(key, it)| (it.is_fixed(), std::cmp::Reverse(it.v1_calls), *key));
    let whereabouts = Whereabouts::of(shown.iter().map(|(key, _)| &key.place)).named(accounts);
    let columns = [
        Column::text("ROLE WITH CREDENTIALS OF IMDSV1"),
        Column::short("INSTANCE"),
        Column::short("STATE"),
        Column::short("CALLS"),
        Column::short("LAST CALL"),
        Column::text("CALL"),
        Column::text("SOFTWARE"),
        Column::short(whereabouts.heading()),
    ];
    let mut grid = Grid::new(columns);
    for (key, it) in shown {
        grid.row(vec![
            key.role.splitn(6, ':').nth(5).unwrap_or(&key.role).to_owned().into(),
            key.instance.as_ref().map(ToString::to_string).unwrap_or_default().into(),
            Entry::Word(if it.is_fixed() { "fixed" } else { "busy" }.to_owned()),
            it.v1_calls.to_string().into(),
            it.last_v1.map(minute).unwrap_or_default().into(),
            it.last_call.clone().into(),
            Entry::Lines(software(it.user_agent.as_deref().unwrap_or_default())),
            whereabouts.words(&key.place).into(),
        ]);
    }
    grid
}

/// The user agent, and what it names that is too old for IMDSv2.
fn software(user_agent: &str) -> Vec<String> {
    let outdated = outdated_in_user_agent(user_agent).into_iter().map(|it| it.to_string());
    std::iter::once(user_agent.to_owned()).chain(outdated).collect()
}

/// How many roles are named in one line.
const NAMED: usize = 10;

/// The roles whose calls the policy `credentials-delivered-by-v2` denies today; `None` if no record shows one.
pub(crate) fn denied_by_role_delivery(recording: &Recording) -> Option<String> {
    let roles = role_names(recording);
    (!roles.is_empty()).then(|| {
        format!(
            "the policy `credentials-delivered-by-v2` denies the calls of {} today: {}; attach it after their software uses \
             IMDSv2",
            count(roles.len(), "role"),
            some(&roles, NAMED)
        )
    })
}

/// The roles with credentials of IMDSv1, without the account and the path.
pub(crate) fn role_names(recording: &Recording) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for role in recording.roles_with_v1_credentials().into_keys() {
        let name = role.rsplit('/').next().unwrap_or(role).to_owned();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// What was read, in a sentence.
pub(crate) fn in_words(recording: &Recording) -> String {
    let number = |is: GroupState| recording.groups.values().filter(|it| it.state() == is).count();
    let states = [GroupState::Open, GroupState::Unknown, GroupState::Fixed, GroupState::Required];
    let states = states.map(|it| (number(it), it.code()));
    let states: Vec<String> = states
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, code)| format!("{number} {code}"))
        .collect();
    let launches = match recording.launches {
        1 => "1 recorded launch".to_owned(),
        number => format!("{number} recorded launches"),
    };
    let span = match recording.span {
        Some((from, until)) => format!(" from {} to {}", minute(from), minute(until)),
        None => String::new(),
    };
    let groups = count(recording.groups.len(), "group");
    let states = if states.is_empty() { String::new() } else { format!(": {}", states.join(", ")) };
    format!("{launches}{span} in {groups}{states}")
}

/// A stable word for the effect on the latest launch of a group.
pub(crate) fn effect_code(effect: Option<Effect>) -> Option<&'static str> {
    effect.map(Effect::code)
}
