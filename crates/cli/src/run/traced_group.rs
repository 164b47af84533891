//! The traces of a group, joined: who calls IMDSv1, on how many instances, and with which software.

use v2only_enforcer::software::Outdated;

use crate::run::trace_targets::TraceGroup;
use crate::run::traced::Traced;

/// A program of a group.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct GroupCaller {
    /// Its name; `None` if it had ended before it could be looked up.
    pub(crate) process: Option<String>,
    /// Its user.
    pub(crate) user: Option<String>,
    /// Requests without a token, on all instances; `None` where the traces do not tell.
    pub(crate) without_token: Option<u64>,
    /// On how many instances it called.
    pub(crate) instances: usize,
    /// What it may use that is too old for IMDSv2.
    pub(crate) outdated: Vec<Outdated>,
}

/// What the traces of a group come to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct GroupTrace {
    /// The group.
    pub(crate) group: TraceGroup,
    /// How many of its instances run.
    pub(crate) running: usize,
    /// How many of them were traced.
    pub(crate) traced: usize,
    /// On how many IMDSv1 was called, or may have been.
    pub(crate) calling: usize,
    /// Who called, most calls without a token first.
    pub(crate) callers: Vec<GroupCaller>,
}

impl GroupTrace {
    /// Joins the traces of a group with so many running instances.
    pub(crate) fn of(group: &TraceGroup, running: usize, all: &[Traced]) -> Self {
        let mut joined = Self { group: group.clone(), running, traced: 0, calling: 0, callers: Vec::new() };
        for it in all.iter().filter(|it| it.group.as_ref() == Some(group)) {
            let Ok(report) = &it.came else { continue };
            joined.traced += 1;
            joined.calling += usize::from(report.may_call_version_1());
            let mut counted: Vec<usize> = Vec::new();
            for caller in report.callers.iter().filter(|it| it.without_token != Some(0)) {
                let user = caller.user.clone().or_else(|| caller.uid.map(|uid| uid.to_string()));
                let is_same = |known: &GroupCaller| (&known.process, &known.user) == (&caller.process, &user);
                let at = joined.callers.iter().position(is_same).unwrap_or_else(|| {
                    joined.callers.push(GroupCaller {
                        process: caller.process.clone(),
                        user: user.clone(),
                        without_token: None,
                        instances: 0,
                        outdated: Vec::new(),
                    });
                    joined.callers.len() - 1
                });
                let Some(known) = joined.callers.get_mut(at) else { continue };
                if let Some(number) = caller.without_token {
                    *known.without_token.get_or_insert(0) += number;
                }
                // A program may be listed once for each container.
                if !counted.contains(&at) {
                    counted.push(at);
                    known.instances += 1;
                }
                let outdated =
                    it.outdated.iter().filter(|(process, _)| Some(process) == caller.process.as_ref());
                for (_, outdated) in outdated {
                    if !known.outdated.contains(outdated) {
                        known.outdated.push(outdated.clone());
                    }
                }
            }
        }
        joined.callers.sort_by(|one, other| {
            (other.without_token, other.instances, &one.process).cmp(&(
                one.without_token,
                one.instances,
                &other.process,
            ))
        });
        joined
    }
}
