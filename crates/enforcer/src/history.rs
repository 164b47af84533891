//! Reading from CloudTrail whether a resource was v2-only before, how often IMDSv1 was turned back on, and when a notebook
//! was started.

use std::collections::BTreeMap;

use serde_json::Value;
use v2only_events::{NotebookCause, Parsed, RequestedOptions, Subject, Trigger};
use v2only_policy::history::{Became, Recorded, RecordedChange};
use v2only_policy::instance::{HttpTokens, Instance, Switch};
use v2only_policy::notebook::MinimumVersion;
use v2only_policy::{
    Circumstances, Decision, History, Hold, InstanceId, Judged, NotebookName, Place, Plan, Policy,
    decide_instance,
};

use crate::failure::{Disposition, Failure};
use crate::ports::{LookUp, ReadHistory};

/// How many pages of 50 events are read of one resource: its newest 200 events.
const PAGES: usize = 4;
/// How many pages of 50 events are read of an account and Region: its newest 2000 changes, in 20 seconds.
const PAGES_OF_PLACE: usize = 40;
/// How many launches are looked up in an account and Region.
const LAUNCHES: usize = 20;

/// The changes of instances in one account and Region, with what could not be read.
#[derive(Debug, Default)]
pub struct PlaceHistory {
    changes: BTreeMap<InstanceId, Vec<RecordedChange>>,
    unread: Option<String>,
    /// What another try may read.
    retry: Option<Failure>,
    launches: usize,
}

/// Whether the decision leaves a resource open for want of evidence that its history could replace.
pub const fn is_sheltered(decision: &Decision) -> bool {
    matches!(&decision.plan, Plan::Hold { why, .. } if why.usage().is_some())
}

/// What is recorded of one instance. Costs one call, and more only where one page does not show a state without IMDSv1.
///
/// # Errors
/// CloudTrail did not answer.
pub async fn of_instance(
    ports: &impl ReadHistory,
    place: &Place,
    id: &InstanceId,
) -> Result<Recorded, Failure> {
    let of_it = |trigger: &Trigger| {
        changes(trigger).into_iter().filter(|(of, _)| of == id).map(|(_, it)| it).collect()
    };
    recorded(ports, place, LookUp::Instance(id), of_it).await
}

/// What is recorded of one notebook. Records from the newest to the newest one that closed IMDSv1 are read: the starts in question
/// follow the update of v2only.
///
/// # Errors
/// CloudTrail did not answer.
pub async fn of_notebook(
    ports: &impl ReadHistory,
    place: &Place,
    name: &NotebookName,
) -> Result<Recorded, Failure> {
    let of_it = |trigger: &Trigger| match &trigger.subject {
        Subject::Notebook { name: of, cause } if of == name => {
            notebook_became(cause).and_then(|became| change(trigger, became)).into_iter().collect()
        }
        _ => Vec::new(),
    };
    recorded(ports, place, LookUp::Notebook(name), of_it).await
}

async fn recorded(
    ports: &impl ReadHistory,
    place: &Place,
    look_up: LookUp<'_>,
    of_it: impl Fn(&Trigger) -> Vec<RecordedChange>,
) -> Result<Recorded, Failure> {
    let mut found: Vec<RecordedChange> = Vec::new();
    let mut next = None;
    for _ in 0..PAGES {
        let page = ports.history(place, look_up, next).await?;
        for trigger in page.items.iter().filter_map(|it| trigger_at(it, place)) {
            let ours = is_ours(ports, &trigger);
            let counts = |it: &RecordedChange| !ours || matches!(it.became, Became::Closed | Became::Started);
            found.extend(of_it(&trigger).into_iter().filter(counts));
        }
        next = page.next;
        if next.is_none() || found.iter().any(|it| it.became == Became::Closed) {
            break;
        }
    }
    Ok(Recorded::of(found))
}

/// Decides again about the instances of a page that the usage gate shelters, with what CloudTrail recorded of them. Costs no
/// call if the gate shelters none. The changes of an account and Region are read once, into `known`. A launch is looked up only
/// of instances that somebody opened, and whose earlier state is not among those changes.
pub async fn reconsider(
    ports: &impl ReadHistory,
    policy: &Policy,
    circumstances: &Circumstances<'_>,
    known: &mut Option<PlaceHistory>,
    judged: &mut [Judged],
) -> Result<(), Failure> {
    for judged in judged.iter_mut().filter(|it| is_sheltered(&it.decision)) {
        let Some(instance) = judged.instance() else { continue };
        if known.is_none() {
            *known = Some(PlaceHistory::read(ports, circumstances.place).await);
        }
        let Some(place_history) = known.as_mut() else { continue };
        let decision = {
            let usage = judged.decision.plan.hold().and_then(Hold::usage).unwrap_or(circumstances.usage);
            let (recorded, unread) = place_history.of(ports, circumstances.place, instance).await;
            let history = match (&recorded, &unread) {
                (Some(recorded), _) if recorded.was_closed() => History::Read(recorded),
                (_, Some(why)) => History::Unreadable(why),
                (Some(recorded), None) => History::Read(recorded),
                (None, None) => History::NotRead,
            };
            decide_instance(instance, policy, &Circumstances { usage, history, ..*circumstances })?
        };
        judged.decision = decision;
    }
    Ok(())
}

impl PlaceHistory {
    /// Why something is not known that another try may read.
    pub(crate) const fn retry_because(&self) -> Option<&Failure> {
        self.retry.as_ref()
    }

    fn note(&mut self, failure: &Failure) {
        if failure.disposition() == Disposition::Retry {
            self.retry = Some(failure.clone());
        }
    }

    /// Reads the changes of an account and Region. What could not be read is part of the result.
    async fn read(ports: &impl ReadHistory, place: &Place) -> Self {
        let mut history = Self::default();
        let mut next = None;
        for _ in 0..PAGES_OF_PLACE {
            match ports.history(place, LookUp::ModifiedOptions, next).await {
                Ok(page) => {
                    for trigger in page.items.iter().filter_map(|it| trigger_at(it, place)) {
                        let ours = is_ours(ports, &trigger);
                        let counts =
                            |it: &(InstanceId, RecordedChange)| !ours || it.1.became == Became::Closed;
                        for (id, change) in changes(&trigger).into_iter().filter(counts) {
                            history.changes.entry(id).or_default().push(change);
                        }
                    }
                    next = page.next;
                }
                Err(failure) => {
                    history.note(&failure);
                    history.unread = Some(failure.to_string());
                    return history;
                }
            }
            if next.is_none() {
                return history;
            }
        }
        history.unread =
            Some(format!("only the newest {} changes of metadata options were read", PAGES_OF_PLACE * 50));
        history
    }

    /// What is recorded of one instance, and what could not be read.
    async fn of(
        &mut self,
        ports: &impl ReadHistory,
        place: &Place,
        instance: &Instance,
    ) -> (Option<Recorded>, Option<String>) {
        let changes = self.changes.get(&instance.id).cloned().unwrap_or_default();
        let was_opened = changes.iter().any(|it| it.became == Became::Open);
        let recorded = Recorded::of(changes);
        if recorded.was_closed() || !was_opened {
            return (Some(recorded), self.unread.clone());
        }
        if self.launches == LAUNCHES {
            let why = format!("more than {LAUNCHES} launches would have to be looked up");
            return (Some(recorded), Some(why));
        }
        self.launches += 1;
        match of_instance(ports, place, &instance.id).await {
            Ok(recorded) => (Some(recorded), self.unread.clone()),
            Err(failure) => {
                self.note(&failure);
                (Some(recorded), Some(failure.to_string()))
            }
        }
    }
}

/// A record of something that happened here and succeeded.
fn trigger_at(record: &Value, place: &Place) -> Option<Trigger> {
    match v2only_events::parse(record) {
        Ok(Parsed::Trigger(trigger)) if trigger.place == *place => Some(trigger),
        Ok(_) | Err(_) => None,
    }
}

/// Whether v2only made the call. What it closed counts; nothing that it does is somebody's flip.
fn is_ours(ports: &impl ReadHistory, trigger: &Trigger) -> bool {
    trigger.actor.as_ref().is_some_and(|it| ports.made_by_us(&trigger.place, it))
}

/// What a record says that instances answered afterwards.
fn changes(trigger: &Trigger) -> Vec<(InstanceId, RecordedChange)> {
    let with = |id: &InstanceId, became| Some((id.clone(), change(trigger, became)?));
    match &trigger.subject {
        Subject::Launched { instances, .. } => instances
            .iter()
            .filter_map(|launched| {
                let is_closed = launched.http_tokens == Some(HttpTokens::Required)
                    || launched.http_endpoint == Some(Switch::Disabled);
                let is_known = is_closed || launched.http_tokens == Some(HttpTokens::Optional);
                let became = if is_closed { Became::Closed } else { Became::CreatedOpen };
                is_known.then(|| with(&launched.id, became)).flatten()
            })
            .collect(),
        Subject::OptionsModified { id, requested } => {
            modified(requested).and_then(|became| with(id, became)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// A request that switches the endpoint off closes IMDSv1, whatever it says of tokens.
fn modified(requested: &RequestedOptions) -> Option<Became> {
    match (requested.http_endpoint, requested.http_tokens) {
        (Some(Switch::Disabled), _) | (_, Some(HttpTokens::Required)) => Some(Became::Closed),
        (_, Some(HttpTokens::Optional)) => Some(Became::Open),
        _ => None,
    }
}

const fn notebook_became(cause: &NotebookCause) -> Option<Became> {
    match cause {
        NotebookCause::Created { minimum_version: Some(MinimumVersion::Two) }
        | NotebookCause::Updated { minimum_version: Some(MinimumVersion::Two) } => Some(Became::Closed),
        NotebookCause::Updated { minimum_version: Some(MinimumVersion::One) } => Some(Became::Open),
        NotebookCause::Created { .. } => Some(Became::CreatedOpen),
        NotebookCause::Started => Some(Became::Started),
        NotebookCause::Updated { .. } | NotebookCause::StateChanged { .. } => None,
    }
}

fn change(trigger: &Trigger, became: Became) -> Option<RecordedChange> {
    Some(RecordedChange { at: trigger.time?, by: trigger.actor.as_ref().map(ToString::to_string), became })
}
