//! Ports without AWS: they answer from the record of the event at hand, and remember what they could not
//! answer. They change nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use v2only_enforcer::ports::{
    Admission, Answer, Changed, DescribeInstances, DescribeNotebook, ListInstances, Listing, LookUp, Metric,
    OrganizationalUnits, Page, PostponeMessages, Postponed, ReadHistory, ReadParameter, ReadUsage,
    StartNotebook, StopNotebook, TagInstance, TagNotebook, TightenInstance, TryAgain, UpdateNotebook,
};
use v2only_enforcer::{Failure, Kind, Outcome, Record, ResourceId};
use v2only_events::{Launched, NotebookCause, Subject, Trigger};
use v2only_policy::instance::{Instance, InstanceState, MetadataOptions, Switch};
use v2only_policy::notebook::{MinimumVersion, Notebook, NotebookStatus, Platform};
use v2only_policy::usage::{Counted, Lately};
use v2only_policy::{AccountId, InstanceChange, InstanceId, NotebookName, OuId, Place, Plan, Tags};

/// What the record of one event says.
#[derive(Debug, Default)]
struct Known {
    instances: BTreeMap<InstanceId, Instance>,
    notebooks: BTreeMap<NotebookName, Notebook>,
    /// What AWS would have been asked for, and with which call.
    asked: BTreeMap<ResourceId, &'static str>,
    /// Client tokens by which instances would have been looked for.
    tokens: BTreeSet<String>,
}

/// The ports of one event after the other.
#[derive(Debug, Default)]
pub(crate) struct Offline(Mutex<Known>);

impl Offline {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on answers from this event.
    pub(crate) fn take(&self, trigger: &Trigger) {
        let mut known = Known::default();
        match &trigger.subject {
            Subject::Launched { instances, .. } => {
                let described = instances.iter().filter_map(|it| instance(it, trigger));
                known.instances.extend(described.map(|it| (it.id.clone(), it)));
            }
            Subject::Notebook { name, cause: NotebookCause::Created { minimum_version: Some(version) } } => {
                known.notebooks.insert(name.clone(), notebook(name, *version, trigger));
            }
            _ => {}
        }
        *self.known() = known;
    }

    /// A record without what is only so because AWS was not asked.
    pub(crate) fn told(&self, record: Record) -> Record {
        let known = self.known();
        let unjudged = |why: String| Record {
            cause: record.cause.clone(),
            ..Record::unjudged(record.place.clone(), record.resource.clone(), Outcome::NotJudged(why))
        };
        if let Some(call) = known.asked.get(&record.resource) {
            return unjudged(format!("the event does not tell its posture; {call} would"));
        }
        match (&record.resource, &record.outcome) {
            (ResourceId::UnnamedLaunch(_), Outcome::Failed(_) | Outcome::NotJudged(_))
                if !known.tokens.is_empty() =>
            {
                unjudged(
                    "its record names no instance; ec2:DescribeInstances would find them by client token"
                        .to_owned(),
                )
            }
            // Nothing was done, and nothing failed either.
            (_, Outcome::Failed(failure)) if failure.action == NOT_ASKED => {
                if record.plan().is_some_and(Plan::acts) {
                    Record { outcome: Outcome::Held, ..record }
                } else {
                    unjudged(failure.message.clone())
                }
            }
            _ => record,
        }
    }
}

/// The action of calls that were not made.
const NOT_ASKED: &str = "replay";

fn not_asked<T>(why: &str) -> Answer<T> {
    Err(Failure::new(Kind::Refused, NOT_ASKED, why))
}

/// The instance as its launch record describes it, if it says enough to judge by.
fn instance(it: &Launched, trigger: &Trigger) -> Option<Instance> {
    Some(Instance {
        id: it.id.clone(),
        state: InstanceState::Pending,
        options: MetadataOptions {
            http_tokens: it.http_tokens?,
            http_endpoint: it.http_endpoint?,
            hop_limit: it.hop_limit,
            switches: it.switches.map(|is| is.unwrap_or(Switch::Unknown)),
            pending: false,
        },
        managed_by: it.managed_by.clone(),
        created_at: trigger.time,
        started_at: trigger.time,
        image: None,
        instance_type: None,
        profile: None,
        public_address: false,
        tags: it.tags.clone().unwrap_or_default(),
    })
}

/// The notebook as its creator asked for it.
fn notebook(name: &NotebookName, minimum_version: MinimumVersion, trigger: &Trigger) -> Notebook {
    Notebook {
        name: name.clone(),
        arn: String::new(),
        status: NotebookStatus::Pending,
        minimum_version,
        platform: Platform::Unknown(String::new()),
        instance_type: String::new(),
        created_at: trigger.time,
        failure_reason: None,
        tags: Tags::new(),
    }
}

impl Admission for Offline {
    async fn admit(&self, _: &Place) -> Answer<()> {
        Ok(())
    }
}

impl OrganizationalUnits for Offline {
    async fn above(&self, account: &AccountId) -> Answer<Vec<OuId>> {
        let why = format!("the policy names organizational units, and no event tells those above {account}");
        not_asked(&why)
    }
}

impl ReadParameter for Offline {
    async fn parameter(&self, _: &str) -> Answer<String> {
        not_asked("the policy document is a file")
    }
}

impl DescribeInstances for Offline {
    async fn instances(&self, _: &Place, ids: &[InstanceId]) -> Answer<Vec<Instance>> {
        let mut known = self.known();
        let found: Vec<Instance> = ids.iter().filter_map(|it| known.instances.get(it).cloned()).collect();
        for id in ids.iter().filter(|id| !found.iter().any(|it| it.id == **id)) {
            known.asked.insert(ResourceId::Instance(id.clone()), "ec2:DescribeInstances");
        }
        Ok(found)
    }

    async fn launched_with(&self, _: &Place, tokens: &[String]) -> Answer<Vec<(String, Instance)>> {
        self.known().tokens.extend(tokens.iter().cloned());
        Ok(Vec::new())
    }
}

const NO_SIBLINGS: &str = "siblings of a launch are only read with `--live`";

impl ListInstances for Offline {
    async fn page(&self, _: &Place, _: Listing<'_>, _: Option<String>) -> Answer<Page<Instance>> {
        not_asked(NO_SIBLINGS)
    }
}

impl ReadUsage for Offline {
    async fn daily(
        &self,
        _: &Place,
        _: Metric,
        _: &[InstanceId],
        _: Date,
        _: Timestamp,
    ) -> Answer<BTreeMap<InstanceId, Counted>> {
        not_asked(NO_SIBLINGS)
    }

    async fn lately(
        &self,
        _: &Place,
        _: Metric,
        _: &[InstanceId],
        _: Timestamp,
        _: Timestamp,
    ) -> Answer<BTreeMap<InstanceId, Lately>> {
        not_asked(NO_SIBLINGS)
    }
}

impl DescribeNotebook for Offline {
    async fn notebook(&self, _: &Place, name: &NotebookName) -> Answer<Option<Notebook>> {
        let mut known = self.known();
        let found = known.notebooks.get(name).cloned();
        if found.is_none() {
            let resource = ResourceId::Notebook(name.clone());
            known.asked.insert(resource, "sagemaker:DescribeNotebookInstance");
        }
        Ok(found)
    }

    async fn notebook_tags(&self, _: &Place, _: &str) -> Answer<Tags> {
        Ok(Tags::new())
    }
}

const NOTHING_CHANGED: &str = "nothing is changed without `--live`";

impl ReadHistory for Offline {
    async fn history(&self, _: &Place, _: LookUp<'_>, _: Option<String>) -> Answer<Page<serde_json::Value>> {
        not_asked("cloudtrail:LookupEvents is not asked")
    }
}

impl PostponeMessages for Offline {
    async fn postpone(&self, _: &str, _: &[Postponed]) -> Answer<()> {
        not_asked("an event that is replayed has no queue")
    }
}

impl TryAgain for Offline {}

impl TightenInstance for Offline {
    async fn tighten(&self, _: &Place, _: &InstanceId, _: InstanceChange) -> Answer<Changed> {
        not_asked(NOTHING_CHANGED)
    }
}

impl TagInstance for Offline {
    async fn tag_instance(&self, _: &Place, _: &InstanceId, _: &str, _: &str) -> Answer<()> {
        not_asked(NOTHING_CHANGED)
    }
}

impl StopNotebook for Offline {
    async fn stop(&self, _: &Place, _: &NotebookName) -> Answer<Option<String>> {
        not_asked(NOTHING_CHANGED)
    }
}

impl UpdateNotebook for Offline {
    async fn require_version_2(&self, _: &Place, _: &NotebookName, _: bool) -> Answer<Option<String>> {
        not_asked(NOTHING_CHANGED)
    }
}

impl StartNotebook for Offline {
    async fn start(&self, _: &Place, _: &NotebookName) -> Answer<Option<String>> {
        not_asked(NOTHING_CHANGED)
    }
}

impl TagNotebook for Offline {
    async fn tag_notebook(&self, _: &Place, _: &str, _: &str, _: &str) -> Answer<()> {
        not_asked(NOTHING_CHANGED)
    }

    async fn untag_notebook(&self, _: &Place, _: &str, _: &str) -> Answer<()> {
        not_asked(NOTHING_CHANGED)
    }
}
