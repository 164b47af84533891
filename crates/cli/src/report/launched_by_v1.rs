//! Who launched an instance. Published: fields are only ever added.

use serde::Serialize;
use v2only_enforcer::launchers::Launcher;
use v2only_policy::InstanceId;

/// `status` is `known`, `older-than-kept`, `not-found`, `unread` or `not-asked`; the rest is of known ones, as far as
/// the record of the launch says it.
#[derive(Debug, Serialize)]
pub(crate) struct LaunchedByV1<'a> {
    status: &'static str,
    words: String,
    role: Option<&'a str>,
    session: Option<&'a str>,
    user: Option<&'a str>,
    /// The AWS service that launched, for itself or for them.
    service: Option<&'a str>,
    time: Option<String>,
    event_id: Option<&'a str>,
    /// Another instance of its Auto Scaling group, whose launch the record is of.
    as_for: Option<&'a str>,
}

impl<'a> From<&'a Launcher> for LaunchedByV1<'a> {
    fn from(it: &'a Launcher) -> Self {
        let known = match it {
            Launcher::Known(by) => Some(by),
            _ => None,
        };
        let actor = known.and_then(|by| by.actor.as_ref());
        Self {
            status: it.code(),
            words: it.to_string(),
            role: actor.and_then(|it| it.role()),
            session: actor.and_then(|it| it.session_name()),
            user: actor.and_then(|it| it.user()),
            service: actor.and_then(|it| it.invoked_by.as_deref()),
            time: known.and_then(|by| by.time).map(|it| it.to_string()),
            event_id: known.map(|by| by.event_id.as_str()),
            as_for: known.and_then(|by| by.as_for.as_ref()).map(InstanceId::as_str),
        }
    }
}
