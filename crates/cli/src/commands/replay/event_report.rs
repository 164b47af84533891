//! What is said of one event.

use serde_json::Value;
use v2only_enforcer::LogEntry;
use v2only_enforcer::{Disposition, Outcome, Record};
use v2only_events::{Header, Malformed, NotebookCause, RequestedOptions, Subject, Trigger};
use v2only_policy::notebook::MinimumVersion;
use v2only_policy::{Plan, Verdict};

use crate::term::messages::count;
use crate::term::problem::sentence;

/// One event, and everything that was said of it.
#[derive(Debug)]
pub(crate) struct EventReport {
    /// The file.
    pub(crate) file: String,
    /// Which event of the file, from 0, if there are several.
    pub(crate) index: Option<usize>,
    /// What can be said without reading it.
    pub(crate) header: Header,
    /// The trigger that was read, if the event is one.
    pub(crate) trigger: Option<Trigger>,
    /// What was said, in order.
    pub(crate) words: Vec<Word>,
}

/// One thing that was said.
#[derive(Debug)]
pub(crate) enum Word {
    /// Of a resource.
    Record(Box<Record>),
    /// The event is of no concern.
    Ignored {
        /// A stable word.
        code: &'static str,
        /// Why.
        why: String,
    },
    /// The event cannot be read.
    Malformed(Malformed),
}

impl Word {
    /// Keeps what is said of an event. What is said of the policy was said before.
    pub(crate) fn of(said: &LogEntry<'_>) -> Option<Self> {
        match said {
            LogEntry::Record(record) => Some(Self::Record(Box::new((*record).clone()))),
            LogEntry::Ignored { why, .. } => Some(Self::Ignored { code: why.code(), why: why.to_string() }),
            LogEntry::Elsewhere { function, .. } => {
                Some(Self::Ignored { code: "elsewhere", why: format!("{function} handles this event") })
            }
            LogEntry::Malformed(malformed) => Some(Self::Malformed((*malformed).clone())),
            LogEntry::StalePolicy(_) | LogEntry::Notice(_) | LogEntry::NotPostponed { .. } => None,
            // Of the sweeper, which no event reaches.
            LogEntry::SweepBegun { .. }
            | LogEntry::Swept { .. }
            | LogEntry::Unswept { .. }
            | LogEntry::Exemption(_)
            | LogEntry::Reviewed { .. } => None,
        }
    }
}

impl EventReport {
    /// Where the event is: `file` or `file[2]`.
    pub(crate) fn source(&self) -> String {
        match self.index {
            Some(index) => format!("{}[{index}]", self.file),
            None => self.file.clone(),
        }
    }

    /// The event in one line: name, place, time, who, what.
    pub(crate) fn event(&self) -> String {
        let mut line = self.header.name.clone().unwrap_or_else(|| "an event without a name".to_owned());
        match (&self.header.account, &self.header.region) {
            (Some(account), Some(region)) => line.push_str(&format!(" in {account}/{region}")),
            (Some(place), None) => line.push_str(&format!(" in {place}")),
            (None, Some(place)) => line.push_str(&format!(" in {place}")),
            (None, None) => {}
        }
        let Some(trigger) = &self.trigger else { return line };
        if let Some(time) = trigger.time {
            line.push_str(&format!(" at {time}"));
        }
        if let Some(actor) = &trigger.actor {
            line.push_str(&format!(" by {actor}"));
        }
        format!("{line}: {}", subject(&trigger.subject))
    }

    /// Everything said of resources.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.words.iter().filter_map(|word| match word {
            Word::Record(record) => Some(record.as_ref()),
            Word::Ignored { .. } | Word::Malformed(_) => None,
        })
    }
}

/// What can be said of an event without reading it.
pub(crate) fn header(body: &Result<Value, Malformed>) -> Header {
    body.as_ref().map(v2only_events::header).unwrap_or_default()
}

/// What happened, in words.
pub(crate) fn subject(it: &Subject) -> String {
    match it {
        Subject::Launched { instances, .. } => format!("launched {}", count(instances.len(), "instance")),
        Subject::LaunchedUnnamed { at_least, .. } => {
            format!("launched {at_least} or more instances and names none")
        }
        Subject::Started { ids } => format!("started {}", count(ids.len(), "instance")),
        Subject::InstanceStateChanged { word, .. } => format!("the instance is `{word}`"),
        Subject::SpotFulfilled { .. } => "fulfilled a Spot request".to_owned(),
        Subject::OptionsModified { requested, .. } => {
            format!("changed metadata options to{}", options(requested))
        }
        Subject::DefaultsModified => "changed the metadata defaults of the account".to_owned(),
        Subject::LaunchTemplateChanged { .. } => "changed a launch template".to_owned(),
        Subject::ImageChanged { .. } => "made an image".to_owned(),
        Subject::Notebook { cause, .. } => match cause {
            NotebookCause::Created { minimum_version } => {
                format!("created a notebook{}", asking(*minimum_version))
            }
            NotebookCause::Updated { minimum_version } => {
                format!("updated a notebook{}", asking(*minimum_version))
            }
            NotebookCause::Started => "started a notebook".to_owned(),
            NotebookCause::StateChanged { word, .. } => format!("the notebook is `{word}`"),
        },
    }
}

const fn asking(minimum_version: Option<MinimumVersion>) -> &'static str {
    match minimum_version {
        Some(MinimumVersion::One) => " with minimum IMDS version 1",
        Some(MinimumVersion::Two) => " with minimum IMDS version 2",
        Some(MinimumVersion::Unknown) => " with a minimum IMDS version that is not known",
        None => "",
    }
}

fn options(requested: &RequestedOptions) -> String {
    let mut text = String::new();
    if let Some(tokens) = requested.http_tokens {
        text.push_str(&format!(" HttpTokens={}", tokens.word().unwrap_or("?")));
    }
    let switches = requested.switches.iter().map(|(option, is)| (option.as_str(), *is));
    for (name, is) in std::iter::once(("HttpEndpoint", requested.http_endpoint)).chain(switches) {
        if let Some(is) = is {
            text.push_str(&format!(" {name}={}", is.word().unwrap_or("?")));
        }
    }
    if let Some(hops) = requested.hop_limit {
        text.push_str(&format!(" HttpPutResponseHopLimit={hops}"));
    }
    if text.is_empty() { " something else".to_owned() } else { text }
}

/// The word for what was found of a resource.
pub(crate) fn verdict(record: &Record) -> &'static str {
    match &record.outcome {
        Outcome::NotJudged(_) => "not judged",
        Outcome::Failed(_) if record.decision.is_none() => "failed",
        _ => record.verdict().map_or("not judged", Verdict::code),
    }
}

/// Why, in words.
pub(crate) fn why(record: &Record) -> Vec<String> {
    match &record.outcome {
        Outcome::NotJudged(why) => vec![why.clone()],
        _ => record.reasons(),
    }
}

/// What follows, or followed if AWS was asked.
pub(crate) fn follows(record: &Record, live: bool) -> Option<String> {
    let step = record.step().map(ToString::to_string).unwrap_or_default();
    Some(match &record.outcome {
        Outcome::NotJudged(_) | Outcome::Waiting => return None,
        Outcome::Left => "nothing to do".to_owned(),
        Outcome::Held if record.plan().is_some_and(Plan::acts) => {
            format!("AWS would be asked; if it still is so: {step}")
        }
        Outcome::Held if step.is_empty() => "held".to_owned(),
        Outcome::Held => format!("otherwise {step}"),
        Outcome::Fixed => format!("fixed: {step}"),
        Outcome::Advanced => format!("{step}; its next event continues"),
        Outcome::Unmarked => format!("{step}; the next sweep judges it again"),
        Outcome::Failed(failure) => match (failure.disposition(), live) {
            (Disposition::Retry, true) => format!("{}; a function would try again", sentence(failure)),
            _ => sentence(failure),
        },
    })
}
