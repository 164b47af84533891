//! The JSON of `rollback`. Published: fields are only ever added.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use v2only_enforcer::rollback::{Came, Restoration, Told};

use crate::print::rollback::outcome;
use crate::report::posture_v1::PostureV1;
use crate::term::exit::Exit;
use crate::term::problem::sentence;

/// A complete run.
#[derive(Debug, Serialize)]
pub(crate) struct RollbackV1<'a> {
    schema: &'static str,
    time: String,
    exit_code: u8,
    pub(crate) resources: Vec<ResourceV1<'a>>,
    api_calls: &'a BTreeMap<&'static str, u64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ResourceV1<'a> {
    account: &'a str,
    region: &'a str,
    kind: &'static str,
    id: String,
    /// Before the rollback; `null` if it was not described.
    was: Option<PostureV1>,
    /// After it.
    is: Option<PostureV1>,
    outcome: &'static str,
    /// Why it was held, as a stable word.
    hold: Option<&'static str>,
    step: Option<String>,
    error: Option<String>,
}

impl<'a> RollbackV1<'a> {
    pub(crate) fn new(
        now: Timestamp,
        exit: Exit,
        told: &'a [Told],
        api_calls: &'a BTreeMap<&'static str, u64>,
    ) -> Self {
        Self {
            schema: "v2only.rollback.v1",
            time: now.to_string(),
            exit_code: exit.code(),
            resources: told.iter().map(ResourceV1::from).collect(),
            api_calls,
        }
    }
}

impl<'a> From<&'a Told> for ResourceV1<'a> {
    fn from(it: &'a Told) -> Self {
        let recorded = &it.looked.recorded;
        let resource = recorded.resource();
        Self {
            account: recorded.place.account.as_str(),
            region: recorded.place.region.as_str(),
            kind: resource.kind(),
            id: resource.to_string(),
            was: it.looked.now.as_ref().map(PostureV1::from),
            is: it.after.as_ref().map(PostureV1::from),
            outcome: outcome(it),
            hold: match &it.looked.restoration {
                Ok(Restoration::Held(why)) => Some(why.code()),
                _ => None,
            },
            step: match &it.looked.restoration {
                Ok(Restoration::Restore(step)) => Some(step.to_string()),
                _ => None,
            },
            error: match (&it.came, &it.looked.restoration) {
                (Came::Failed(failure), _) | (_, Err(failure)) => Some(sentence(failure)),
                _ => None,
            },
        }
    }
}
