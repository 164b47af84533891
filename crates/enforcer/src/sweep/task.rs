//! The sweeper's work, as it is written into its queue. What is between two messages is all in them: the function
//! keeps nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use v2only_events::Malformed;
use v2only_policy::{AccountId, Place, Region};

/// One piece of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Task {
    /// Begin a sweep: one [`Task::Account`] for each account. What the schedule sends.
    Sweep {
        /// Only this stage: a schedule inside the maintenance window sends `notebooks`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        only: Option<Stage>,
    },
    /// List the Regions of an account: one [`Task::Place`] for each.
    Account {
        /// When the sweep began.
        began: Timestamp,
        /// Twelve digits.
        account: String,
        /// Only this stage.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        only: Option<Stage>,
    },
    /// Sweep one Region of one account.
    Place(PlaceTask),
    /// Look which exemptions are in use, all accounts one after the other. What the daily schedule sends.
    ReviewExemptions(ReviewTask),
}

/// What of a place is being swept. The order is that of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Instances.
    Instances,
    /// Notebooks.
    Notebooks,
    /// What launches take their options from: reported, never changed, and so the last.
    Sources,
}

impl Stage {
    /// The one after it.
    pub const fn next(self) -> Option<Self> {
        match self {
            Self::Instances => Some(Self::Notebooks),
            Self::Notebooks => Some(Self::Sources),
            Self::Sources => None,
        }
    }

    /// A stable word for logs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sources => "sources",
            Self::Instances => "instances",
            Self::Notebooks => "notebooks",
        }
    }
}

/// How far the sweep of a place is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PlaceTask {
    /// When the sweep began.
    pub began: Timestamp,
    /// Twelve digits.
    pub account: String,
    /// A code such as `eu-central-1`.
    pub region: String,
    /// What comes next.
    pub stage: Stage,
    /// Only this stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<Stage>,
    /// The page it comes from; `None` = the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// How often this stage was begun before.
    #[serde(default)]
    pub passes: u8,
    /// What came of this pass so far.
    #[serde(default)]
    pub so_far: SoFar,
    /// How many invocations have handed this task on, because their time ran out.
    #[serde(default)]
    pub handed_on: u16,
}

/// What came of one pass over one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SoFar {
    /// Pages read.
    pub pages: u32,
    /// Resources changed.
    pub changed: u32,
    /// Resources whose change should be tried again.
    pub again: u32,
}

/// How far the review of exemptions is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ReviewTask {
    /// When the review began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<Timestamp>,
    /// The last account that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Which entries of the document have been seen to excuse something.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub excusing: BTreeSet<usize>,
    /// How many places could not be read completely.
    #[serde(default)]
    pub unread: u32,
    /// The document this is about: a hash of its exemptions. Entries are known by their position only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<u64>,
    /// How many invocations have handed this task on.
    #[serde(default)]
    pub handed_on: u16,
}

impl Task {
    /// Reads what the function was given: a task, or the event of a rule with a schedule, which begins a sweep.
    ///
    /// # Errors
    /// It is neither, and which field is wrong.
    pub fn read(value: &Value) -> Result<Self, Malformed> {
        if value.get("task").is_none()
            && value.get("detail-type").and_then(Value::as_str) == Some("Scheduled Event")
        {
            return Ok(Self::Sweep { only: None });
        }
        let task: Self = Self::deserialize(value).map_err(|error| Malformed {
            field: "task".to_owned(),
            expected: "`{\"task\": \"sweep\"}`, `{\"task\": \"sweep\", \"only\": \"notebooks\"}`, `{\"task\": \"review-exemptions\"}`, or what the sweeper wrote itself"
                .to_owned(),
            found: error.to_string(),
        })?;
        task.place()?;
        Ok(task)
    }

    /// As the text of a message.
    pub fn text(&self) -> String {
        // It has no key that is not text, and so it always becomes JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The account it names, if it names one.
    pub(super) fn account(&self) -> Result<Option<AccountId>, Malformed> {
        match self {
            Self::Account { account, .. } => {
                parsed("account", "an AWS account id", AccountId::parse(account), account)
            }
            Self::ReviewExemptions(ReviewTask { after: Some(account), .. }) => {
                parsed("after", "an AWS account id", AccountId::parse(account), account)
            }
            Self::Sweep { .. } | Self::Place(_) | Self::ReviewExemptions(_) => Ok(None),
        }
    }

    /// The place it names, if it names one.
    pub(super) fn place(&self) -> Result<Option<Place>, Malformed> {
        let Self::Place(it) = self else {
            self.account()?;
            return Ok(None);
        };
        let account = parsed("account", "an AWS account id", AccountId::parse(&it.account), &it.account)?;
        let region = parsed("region", "an AWS Region", Region::parse(&it.region), &it.region)?;
        Ok(account.zip(region).map(|(account, region)| Place { account, region }))
    }
}

impl PlaceTask {
    /// The beginning of the sweep of a place.
    pub(super) fn begin(began: Timestamp, place: &Place, only: Option<Stage>) -> Self {
        Self {
            began,
            account: place.account.as_str().to_owned(),
            region: place.region.as_str().to_owned(),
            stage: only.unwrap_or(Stage::Instances),
            only,
            page: None,
            passes: 0,
            so_far: SoFar::default(),
            handed_on: 0,
        }
    }

    /// The stage after this one, if there is one to do.
    pub(super) fn next(&self) -> Option<Stage> {
        self.stage.next().filter(|_| self.only.is_none())
    }

    /// The same stage from its first page.
    pub(super) fn once_more(&mut self) {
        self.passes = self.passes.saturating_add(1);
        (self.page, self.so_far) = (None, SoFar::default());
    }

    /// The first pass over another stage.
    pub(super) fn turn_to(&mut self, stage: Stage) {
        (self.stage, self.passes, self.page, self.so_far) = (stage, 0, None, SoFar::default());
    }
}

fn parsed<T, E>(
    field: &str,
    expected: &str,
    read: Result<T, E>,
    found: &str,
) -> Result<Option<T>, Malformed> {
    match read {
        Ok(it) => Ok(Some(it)),
        Err(_) => {
            Err(Malformed { field: field.to_owned(), expected: expected.to_owned(), found: found.to_owned() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_schedule_begins_a_sweep_in_either_of_its_words() {
        for value in [
            json!({"task": "sweep"}),
            json!({"version": "0", "id": "1", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}),
        ] {
            assert_eq!(Task::read(&value), Ok(Task::Sweep { only: None }), "{value}");
        }
        assert_eq!(
            Task::read(&json!({"task": "review-exemptions"})),
            Ok(Task::ReviewExemptions(ReviewTask::default()))
        );
    }

    #[test]
    fn what_is_written_into_the_queue_is_read_back() {
        let place = Place {
            account: AccountId::parse("111122223333").unwrap(),
            region: Region::parse("eu-central-1").unwrap(),
        };
        let began: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let mut on_its_way = PlaceTask::begin(began, &place, None);
        on_its_way.turn_to(Stage::Notebooks);
        on_its_way.page = Some("token".to_owned());
        on_its_way.so_far = SoFar { pages: 3, changed: 2, again: 1 };
        on_its_way.handed_on = 4;
        for task in [
            Task::Sweep { only: None },
            Task::Sweep { only: Some(Stage::Notebooks) },
            Task::Account { began, account: "111122223333".to_owned(), only: Some(Stage::Notebooks) },
            Task::Place(PlaceTask::begin(began, &place, None)),
            Task::Place(PlaceTask::begin(began, &place, Some(Stage::Notebooks))),
            Task::Place(on_its_way),
            Task::ReviewExemptions(ReviewTask {
                began: Some(began),
                after: Some("111122223333".to_owned()),
                excusing: BTreeSet::from([1, 3]),
                unread: 2,
                document: Some(u64::MAX),
                handed_on: 1,
            }),
        ] {
            let text = task.text();
            assert_eq!(Task::read(&serde_json::from_str(&text).unwrap()), Ok(task), "{text}");
        }
    }

    #[test]
    fn what_nobody_wrote_is_refused_by_the_field_that_is_wrong() {
        for (value, field, found) in [
            (json!({}), "task", "missing field `task`"),
            (json!({"task": "sweeep"}), "task", "unknown variant `sweeep`"),
            (json!({"task": "sweep", "account": "1"}), "task", "unknown field `account`"),
            (json!({"task": "account", "began": "2026-11-20T12:00:00Z", "account": "12"}), "account", "12"),
            (
                json!({"task": "place", "began": "2026-11-20T12:00:00Z", "account": "111122223333",
                       "region": "Frankfurt", "stage": "instances"}),
                "region",
                "Frankfurt",
            ),
        ] {
            let error = Task::read(&value).unwrap_err();
            assert_eq!(error.field, field, "{value}");
            assert!(error.found.contains(found), "{value}: {}", error.found);
        }
    }
}
