//! Who still uses version 1, and what would fail if the account enforced tokens today. Takes no writer.

mod roll_up;

use std::collections::BTreeMap;

use jiff::Timestamp;
use v2only_policy::source::{
    AccountDefaults, Consumer, LaunchConfiguration, LaunchTemplate, TemplateUse, VersionChoice,
};
use v2only_policy::usage::{Counted, LastStart, Siblings, Usage, first_day};
use v2only_policy::{
    Circumstances, History, HttpTokens, Instance, InstanceId, InstanceState, Occasion, Place, Policy, Switch,
    usage_gate,
};

use crate::failure::Failure;
use crate::ports::{
    Admission, ListInstances, Listing, Metric, OrganizationalUnits, Page, ReadUsage, SourceReader,
};
use crate::sources::{read, says_optional};

pub use roll_up::{By, RollUp, roll_up};

/// Whether an instance can do without version 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It answers version 1, and somebody used it, or tried to.
    Busy,
    /// It answers version 1, and whether somebody uses it is not known: no data is not zero, and calls at a start do not
    /// show where the window has no start.
    Unknown,
    /// It answers version 1, was started in the window, and nobody used version 1 on any day of it.
    Ready,
    /// It requires tokens already.
    Required,
}

impl State {
    /// A stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Unknown => "unknown",
            Self::Ready => "ready",
            Self::Required => "required",
        }
    }
}

/// The window in days, and whether a start must lie in it.
type Wanted = (u16, bool);

/// What is known of one instance whose metadata service answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// The instance.
    pub instance: Instance,
    /// What it comes to.
    pub state: State,
    /// Length of the window in days, besides today.
    pub window: u16,
    /// Where its last start lies.
    pub last_start: LastStart,
    /// Whether it is ready but for a start in the window.
    pub wants_restart: bool,
    /// Days of the window with data of `MetadataNoToken`.
    pub days: u16,
    /// Version-1 calls that were answered.
    pub no_token: u64,
    /// Version-1 calls that were refused.
    pub rejected: u64,
    /// Recorded calls with credentials that were delivered to an IMDSv1 call.
    pub delivered: u64,
    /// Whether CloudWatch gave all of its data.
    pub complete: bool,
}

impl Readiness {
    /// The Auto Scaling group it belongs to.
    pub fn group(&self) -> Option<&str> {
        self.instance.group()
    }

    /// The launch template it was launched from.
    pub fn template(&self) -> Option<&str> {
        self.instance.template()
    }

    fn of(
        instance: Instance,
        (window, require_restart): Wanted,
        no_token: &Counted,
        rejected: &Counted,
        circumstances: &Circumstances<'_>,
    ) -> Self {
        let today = circumstances.today();
        let last_start = LastStart::of(instance.started_at, circumstances.now, window);
        let unproved = require_restart && !last_start.is_in_window();
        let refused = rejected.sum(today, window);
        let usage = Usage::of(no_token, today, window);
        let state = match usage {
            _ if instance.options.http_tokens == HttpTokens::Required => State::Required,
            // Refused on some day of the window: it was turned back since, and its software still tries.
            _ if refused > 0 => State::Busy,
            Usage::Busy { .. } | Usage::Delivered { .. } => State::Busy,
            Usage::Quiet { .. } if rejected.complete && !unproved => State::Ready,
            Usage::Quiet { .. } | Usage::Gaps { .. } | Usage::Partial | Usage::NotRead => State::Unknown,
        };
        Self {
            state,
            window,
            last_start,
            wants_restart: state == State::Unknown
                && unproved
                && rejected.complete
                && matches!(usage, Usage::Quiet { .. }),
            days: no_token.days_with_data(today, window),
            no_token: no_token.sum(today, window),
            rejected: refused,
            delivered: no_token.delivered(today, window),
            complete: no_token.complete && rejected.complete,
            instance,
        }
    }
}

/// Reports every instance of one account and Region whose metadata service answers, page by page.
///
/// Costs one call per page of 1000 instances, and for each page two per 500 of them. `days` takes the place of what the
/// policy wants of each instance.
///
/// # Errors
/// The first call that failed. If counts could not be read, `each` got the instances all the same, without them.
pub async fn readiness<P>(
    ports: &P,
    policy: &Policy,
    place: &Place,
    days: Option<u16>,
    now: Timestamp,
    each: &mut (dyn FnMut(Readiness) + Send),
) -> Result<(), Failure>
where
    P: Admission + OrganizationalUnits + ListInstances + ReadUsage + Sync,
{
    ports.admit(place).await?;
    let ous =
        if policy.names_organizational_units() { Some(ports.above(&place.account).await?) } else { None };
    let circumstances = Circumstances {
        place,
        ous: ous.as_deref(),
        now,
        occasion: Occasion::Seen,
        usage: Usage::NotRead,
        siblings: Siblings::NotRead,
        history: History::NotRead,
    };
    let mut next = None;
    let mut unread: Option<Failure> = None;
    loop {
        let page: Page<Instance> = ports.page(place, Listing::All, next).await?;
        let mut windows: Vec<(Instance, Wanted)> = Vec::with_capacity(page.items.len());
        for it in page.items.into_iter().filter(answers) {
            let gate = usage_gate(&it, policy, &circumstances)?;
            windows.push((it, (days.unwrap_or(gate.quiet_days), gate.require_restart)));
        }
        let mut counts = Counts::default();
        if unread.is_none()
            && let Err(failure) = counts.read(ports, &circumstances, &windows).await
        {
            unread = Some(failure);
        }
        if unread.is_some() {
            let ids: Vec<InstanceId> = windows.iter().map(|(instance, _)| instance.id.clone()).collect();
            counts.add_delivered(ports, &ids);
        }
        for (instance, wanted) in windows {
            let (no_token, rejected) = (counts.no_token(&instance.id), counts.rejected(&instance.id));
            each(Readiness::of(instance, wanted, no_token, rejected, &circumstances));
        }
        next = page.next;
        if next.is_none() {
            return unread.map_or(Ok(()), Err);
        }
    }
}

/// One whose endpoint is off answers neither version, and publishes nothing.
fn answers(it: &Instance) -> bool {
    it.state != InstanceState::Gone && it.options.http_endpoint != Switch::Disabled
}

/// Both metrics of a page.
#[derive(Debug, Default)]
struct Counts {
    no_token: BTreeMap<InstanceId, Counted>,
    rejected: BTreeMap<InstanceId, Counted>,
    /// Of an instance that was not answered for: no data, and not known to be all there is.
    nothing: Counted,
}

impl Counts {
    async fn read(
        &mut self,
        ports: &impl ReadUsage,
        circumstances: &Circumstances<'_>,
        windows: &[(Instance, Wanted)],
    ) -> Result<(), Failure> {
        let Some(longest) = windows.iter().map(|(_, (window, _))| *window).max() else { return Ok(()) };
        let ids: Vec<InstanceId> = windows.iter().map(|(it, _)| it.id.clone()).collect();
        let since = first_day(circumstances.today(), longest);
        let (place, now) = (circumstances.place, circumstances.now);
        self.no_token = ports.daily(place, Metric::NoToken, &ids, since, now).await?;
        self.add_delivered(ports, &ids);
        self.rejected = ports.daily(place, Metric::NoTokenRejected, &ids, since, now).await?;
        Ok(())
    }

    fn add_delivered(&mut self, ports: &impl ReadUsage, ids: &[InstanceId]) {
        for id in ids {
            let delivered = ports.delivered_by_v1(id);
            if !delivered.is_empty() {
                self.no_token.entry(id.clone()).or_default().delivered = delivered;
            }
        }
    }

    fn no_token(&self, id: &InstanceId) -> &Counted {
        self.no_token.get(id).unwrap_or(&self.nothing)
    }

    fn rejected(&self, id: &InstanceId) -> &Counted {
        self.rejected.get(id).unwrap_or(&self.nothing)
    }
}

/// A source whose launches fail once `HttpTokensEnforced` is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failing {
    /// This version of a launch template says `optional`.
    Version(LaunchTemplate, u64),
    /// A launch configuration in use, which means `optional` if it sets nothing, too.
    Configuration(LaunchConfiguration),
    /// The account default does not require tokens: whatever states nothing, from an image that does not either.
    Defaults(AccountDefaults),
    /// A group or fleet launches from a template version that AWS did not describe: whether its launches fail is not known.
    NotDescribed(Consumer, TemplateUse),
}

/// The sources of one place whose launches would fail if the account enforced tokens today.
///
/// # Errors
/// The first call that failed.
pub async fn would_fail<P>(ports: &P, place: &Place) -> Result<Vec<Failing>, Failure>
where
    P: Admission + SourceReader + Sync,
{
    Ok(read_sources(ports, place).await?.failing)
}

/// What launches of one account and Region take their options from.
pub(crate) struct SourcesRead {
    /// The account defaults.
    pub(crate) defaults: AccountDefaults,
    /// Every launch template, with the versions in use.
    pub(crate) templates: Vec<LaunchTemplate>,
    /// The sources whose launches would fail.
    pub(crate) failing: Vec<Failing>,
}

/// Reads the launch sources of one account and Region, and lists the launches that would fail if the account enforced tokens today.
pub(crate) async fn read_sources<P>(ports: &P, place: &Place) -> Result<SourcesRead, Failure>
where
    P: Admission + SourceReader + Sync,
{
    ports.admit(place).await?;
    let mut failing = Vec::new();
    let defaults = ports.defaults(place).await?;
    if defaults.options.http_tokens != Some(HttpTokens::Required) {
        failing.push(Failing::Defaults(defaults.clone()));
    }
    let mut consumers = read::consumers(ports, place).await?;
    let templates = read::launch_templates(ports, place, &mut consumers).await?;
    for consumer in &consumers {
        let unknown = consumer.templates.iter().filter(|it| !is_described(it, &templates));
        failing.extend(unknown.map(|it| Failing::NotDescribed(consumer.clone(), it.clone())));
    }
    for template in &templates {
        let mut numbers: Vec<u64> = template.versions.iter().map(|it| it.number).collect();
        numbers.sort_unstable();
        let numbers = numbers.into_iter().filter(|it| says_optional(template, *it));
        failing.extend(numbers.map(|it| Failing::Version(template.clone(), it)));
    }
    for it in read::launch_configurations(ports, place, &consumers).await? {
        if !it.groups.is_empty() && it.options.http_tokens != Some(HttpTokens::Required) {
            failing.push(Failing::Configuration(it));
        }
    }
    Ok(SourcesRead { defaults, templates, failing })
}

/// Whether the version that a consumer launches from was described.
fn is_described(it: &TemplateUse, templates: &[LaunchTemplate]) -> bool {
    let named = templates.iter().find(|template| template.is_named(&it.template));
    named.is_some_and(|template| match it.version {
        VersionChoice::Unknown => false,
        choice => template.versions.iter().any(|version| Some(version.number) == template.number(choice)),
    })
}
