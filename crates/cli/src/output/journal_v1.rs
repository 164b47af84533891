//! One line of a journal. Published: what is added must be optional for whoever reads old journals.

use jiff::Timestamp;
use serde::Serialize;
use v2only_enforcer::scan::Judged;
use v2only_policy::notebook::{Notebook, Platform};
use v2only_policy::{InstanceChange, NotebookStep, Place, Plan};

use super::posture_v1::{OptionsV1, minimum_version, status};

/// A change, and the state before it.
#[derive(Debug, Serialize)]
pub(crate) struct LineV1<'a> {
    schema: &'static str,
    time: String,
    account: &'a str,
    region: &'a str,
    kind: &'static str,
    id: &'a str,
    before: BeforeV1,
    change: ChangeV1,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum BeforeV1 {
    Instance(OptionsV1),
    Notebook { minimum_version: Option<&'static str>, status: Option<&'static str>, platform: Option<String> },
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ChangeV1 {
    Instance {
        #[serde(skip_serializing_if = "Option::is_none")]
        http_tokens: Option<&'static str>,
        http_endpoint: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        hop_limit: Option<u8>,
        #[serde(skip_serializing_if = "Option::is_none")]
        ipv6_endpoint: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        metadata_tags: Option<&'static str>,
    },
    Notebook {
        step: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        minimum_version: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        upgrade_platform: Option<bool>,
    },
}

impl<'a> LineV1<'a> {
    /// The line of what is about to be done; `None` if nothing is.
    pub(crate) fn new(now: Timestamp, place: &'a Place, judged: &'a Judged) -> Option<Self> {
        let (kind, id, before, change) = match judged {
            Judged::Instance(it, decision) => {
                let Plan::Act(change) = decision.plan else { return None };
                ("instance", it.id.as_str(), BeforeV1::Instance((&it.options).into()), instance(change))
            }
            Judged::Notebook(it, decision) => {
                let Plan::Act(step) = decision.plan else { return None };
                ("notebook", it.name.as_str(), before(it), notebook(step))
            }
        };
        Some(Self {
            schema: "v2only.journal.v1",
            time: now.to_string(),
            account: place.account.as_str(),
            region: place.region.as_str(),
            kind,
            id,
            before,
            change,
        })
    }
}

fn before(it: &Notebook) -> BeforeV1 {
    BeforeV1::Notebook {
        minimum_version: minimum_version(it.minimum_version),
        status: status(it.status),
        platform: match &it.platform {
            Platform::AmazonLinux1 => Some("amazon-linux-1".to_owned()),
            Platform::AmazonLinux2 => Some("amazon-linux-2".to_owned()),
            Platform::AmazonLinux2023 => Some("amazon-linux-2023".to_owned()),
            Platform::Unknown(identifier) => (!identifier.is_empty()).then(|| identifier.clone()),
        },
    }
}

fn instance(change: InstanceChange) -> ChangeV1 {
    let word = |enable: bool| if enable { "enabled" } else { "disabled" };
    match change {
        InstanceChange::RequireTokens { hop_limit, ipv6_endpoint, metadata_tags } => ChangeV1::Instance {
            http_tokens: Some("required"),
            http_endpoint: "enabled",
            hop_limit: hop_limit.map(|it| it.get()),
            ipv6_endpoint: ipv6_endpoint.map(word),
            metadata_tags: metadata_tags.map(word),
        },
        InstanceChange::DisableEndpoint => ChangeV1::Instance {
            http_tokens: None,
            http_endpoint: "disabled",
            hop_limit: None,
            ipv6_endpoint: None,
            metadata_tags: None,
        },
    }
}

const fn notebook(step: NotebookStep) -> ChangeV1 {
    let (step, minimum_version, upgrade_platform) = match step {
        NotebookStep::Stop => ("stop", None, None),
        NotebookStep::Update { upgrade_platform } => ("update", Some("2"), Some(upgrade_platform)),
        NotebookStep::Start => ("start", None, None),
        NotebookStep::Unmark => ("unmark", None, None),
    };
    ChangeV1::Notebook { step, minimum_version, upgrade_platform }
}
