//! Instances and notebooks in domain words.

use jiff::Timestamp;
use v2only_policy::drift::REVERTED_TAG;
use v2only_policy::exemption::{REASON_TAG, UNTIL_TAG};
use v2only_policy::notebook::{RESTART_TAG, UPDATED_TAG};
use v2only_policy::{
    HttpTokens, Instance, InstanceId, InstanceState, MetadataOptions, MinimumVersion, Notebook, NotebookName,
    NotebookStatus, Platform, Switch, SwitchOption, Switches, Tags,
};

use super::moments::{at, minutes_ago};

pub trait Tagged: Sized {
    fn tags(&mut self) -> &mut Tags;

    fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags().insert(key.to_owned(), value.to_owned());
        self
    }

    fn exempt_until(self, until: &str) -> Self {
        self.tag(UNTIL_TAG, until).tag(REASON_TAG, "vendor agent speaks only v1")
    }

    /// We remember that it was turned back at these moments.
    fn reverted(self, moments: &[Timestamp]) -> Self {
        self.tag(REVERTED_TAG, &in_a_row(moments))
    }

    /// We remember that AWS accepted updates from us at these moments.
    fn updated(self, moments: &[Timestamp]) -> Self {
        self.tag(UPDATED_TAG, &in_a_row(moments))
    }
}

/// Moments as our tags hold them.
pub fn in_a_row(moments: &[Timestamp]) -> String {
    moments.iter().map(Timestamp::to_string).collect::<Vec<_>>().join(" ")
}

impl Tagged for Instance {
    fn tags(&mut self) -> &mut Tags {
        &mut self.tags
    }
}

impl Tagged for Notebook {
    fn tags(&mut self) -> &mut Tags {
        &mut self.tags
    }
}

/// A running instance of two years, version 2 only, hop limit 1, the rest as AWS sets it.
pub fn instance(id: &str) -> Instance {
    Instance {
        id: InstanceId::parse(id).unwrap(),
        state: InstanceState::Running,
        options: MetadataOptions {
            http_tokens: HttpTokens::Required,
            http_endpoint: Switch::Enabled,
            hop_limit: Some(1),
            switches: Switches::all(Switch::Disabled),
            pending: false,
        },
        managed_by: None,
        created_at: Some(at(LONG_AGO)),
        started_at: Some(at(LAST_WEEK)),
        image: None,
        instance_type: None,
        profile: None,
        public_address: false,
        tags: Tags::new(),
    }
}

/// When an instance was created whose age is not told.
pub(super) const LONG_AGO: &str = "2024-11-20T12:00:00Z";
/// When it was last started.
const LAST_WEEK: &str = "2026-11-13T12:00:00Z";

pub trait InstanceWords: Sized {
    fn edit(self, change: impl FnOnce(&mut Instance)) -> Self;

    fn v1_allowed(self) -> Self {
        self.edit(|it| it.options.http_tokens = HttpTokens::Optional)
    }
    fn tokens_unknown(self) -> Self {
        self.edit(|it| it.options.http_tokens = HttpTokens::Unknown)
    }
    fn nothing_described(self) -> Self {
        self.edit(|it| it.options = MetadataOptions::UNKNOWN)
    }
    fn endpoint(self, is: Switch) -> Self {
        self.edit(|it| it.options.http_endpoint = is)
    }
    fn hop_limit(self, hops: u8) -> Self {
        self.edit(|it| it.options.hop_limit = Some(hops))
    }
    fn hop_limit_unknown(self) -> Self {
        self.edit(|it| it.options.hop_limit = None)
    }
    fn ipv6(self, is: Switch) -> Self {
        self.edit(|it| it.options.switches[SwitchOption::Ipv6Endpoint] = is)
    }
    fn tags_in_metadata(self, is: Switch) -> Self {
        self.edit(|it| it.options.switches[SwitchOption::MetadataTags] = is)
    }
    fn pending(self) -> Self {
        self.edit(|it| it.options.pending = true)
    }
    fn managed_by(self, principal: &str) -> Self {
        self.edit(|it| it.managed_by = Some(principal.to_owned()))
    }
    fn state(self, state: InstanceState) -> Self {
        self.edit(|it| it.state = state)
    }
    fn created(self, then: Timestamp) -> Self {
        self.edit(|it| it.created_at = Some(then))
    }
    fn last_started(self, then: Timestamp) -> Self {
        self.edit(|it| it.started_at = Some(then))
    }
    fn start_unknown(self) -> Self {
        self.edit(|it| it.started_at = None)
    }
    fn age_unknown(self) -> Self {
        self.edit(|it| it.created_at = None)
    }
}

impl InstanceWords for Instance {
    fn edit(mut self, change: impl FnOnce(&mut Instance)) -> Self {
        change(&mut self);
        self
    }
}

/// A running Amazon Linux 2023 notebook of two years, version 2 only.
pub fn notebook(name: &str) -> Notebook {
    Notebook {
        name: NotebookName::parse(name).unwrap(),
        arn: format!("arn:aws:sagemaker:eu-central-1:111122223333:notebook-instance/{name}"),
        status: NotebookStatus::InService,
        minimum_version: MinimumVersion::Two,
        platform: Platform::AmazonLinux2023,
        instance_type: "ml.t3.medium".to_owned(),
        created_at: Some(at("2024-11-20T12:00:00Z")),
        failure_reason: None,
        tags: Tags::new(),
    }
}

pub trait NotebookWords: Sized {
    fn edit(self, change: impl FnOnce(&mut Notebook)) -> Self;

    fn v1_allowed(self) -> Self {
        self.edit(|it| it.minimum_version = MinimumVersion::One)
    }
    fn version_unknown(self) -> Self {
        self.edit(|it| it.minimum_version = MinimumVersion::Unknown)
    }
    fn is(self, status: NotebookStatus) -> Self {
        self.edit(|it| it.status = status)
    }
    fn stopped(self) -> Self {
        self.is(NotebookStatus::Stopped)
    }
    fn failed(self, reason: &str) -> Self {
        self.is(NotebookStatus::Failed).edit(|it| it.failure_reason = Some(reason.to_owned()))
    }
    fn platform(self, platform: Platform) -> Self {
        self.edit(|it| it.platform = platform)
    }
    fn al2(self) -> Self {
        self.platform(Platform::AmazonLinux2)
    }
    fn al1(self) -> Self {
        self.platform(Platform::AmazonLinux1)
    }
    fn on(self, instance_type: &str) -> Self {
        self.edit(|it| it.instance_type = instance_type.to_owned())
    }
    fn created(self, then: Timestamp) -> Self {
        self.edit(|it| it.created_at = Some(then))
    }
    fn fresh(self) -> Self {
        self.created(minutes_ago(5))
    }
    fn age_unknown(self) -> Self {
        self.edit(|it| it.created_at = None)
    }
    /// It ran before we stopped it; marked then.
    fn marked(self, then: Timestamp) -> Self {
        self.edit(|notebook| {
            notebook.tags.insert(RESTART_TAG.to_owned(), then.to_string());
        })
    }
    /// v2only was about to start it again then.
    fn starting(self, then: Timestamp) -> Self {
        self.edit(|notebook| {
            notebook.tags.insert(RESTART_TAG.to_owned(), Notebook::starting_mark(then));
        })
    }
}

impl NotebookWords for Notebook {
    fn edit(mut self, change: impl FnOnce(&mut Notebook)) -> Self {
        change(&mut self);
        self
    }
}
