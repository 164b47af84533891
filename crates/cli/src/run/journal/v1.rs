//! One line of a journal. Published: a new field must be optional, because old journals do not have it.

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use v2only_enforcer::ResourceId;
use v2only_policy::instance::Switch;
use v2only_policy::notebook::Platform;
use v2only_policy::settings::HopLimit;
use v2only_policy::source::{TemplateUse, VersionChoice};
use v2only_policy::subject::OpenVersion;
use v2only_policy::{
    Disabled, GroupChange, ImageChange, ImdsSupport, InstanceChange, Judged, NotebookStep, Place, Plan, Step,
    Subject, SurfaceChange, SwitchOption, Switches,
};

use crate::report::posture_v1::{OptionsV1, minimum_version};

/// What an account default becomes that is cleared.
const NO_PREFERENCE: &str = "no-preference";

/// A change, and the state before it.
#[derive(Debug, Serialize)]
pub(crate) struct LineV1<'a> {
    schema: &'static str,
    time: String,
    account: &'a str,
    region: &'a str,
    kind: &'static str,
    id: String,
    before: BeforeV1,
    change: ChangeV1,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum BeforeV1 {
    Instance(OptionsV1),
    Notebook {
        minimum_version: Option<&'static str>,
        status: Option<&'static str>,
        platform: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        created_at: Option<String>,
    },
    Template {
        #[serde(flatten)]
        options: OptionsV1,
        default_version: u64,
        latest_version: u64,
    },
    Defaults {
        #[serde(flatten)]
        options: OptionsV1,
        http_tokens_enforced: Option<&'static str>,
    },
    Image {
        imds_support: Option<&'static str>,
    },
    Group {
        arn: Option<String>,
        launch_templates: Vec<NamedTemplateV1>,
    },
    Surface {
        #[serde(flatten)]
        options: OptionsV1,
        arn: Option<String>,
        created_at: Option<String>,
    },
}

/// A launch template as a group names it.
#[derive(Debug, Serialize)]
struct NamedTemplateV1 {
    part: &'static str,
    template: String,
    /// `null` stands for a version in words that this release does not know.
    version: Option<String>,
}

/// A violating version. The group is to name the version that fixes it.
#[derive(Debug, Serialize)]
struct OpenVersionV1 {
    template: String,
    from_version: u64,
}

#[derive(Debug, Serialize, Default)]
struct OptionsChangeV1 {
    #[serde(skip_serializing_if = "Option::is_none")]
    http_tokens: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_endpoint: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hop_limit: Option<u8>,
    #[serde(flatten)]
    switches: ChangedSwitchesV1,
}

/// The options that are on or off and that a change sets, under their keys.
#[derive(Debug, Default)]
struct ChangedSwitchesV1(Switches<Option<bool>>);

impl Serialize for ChangedSwitchesV1 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let changed = |(option, enable): (SwitchOption, &Option<bool>)| {
            Some((option.key(), Switch::on((*enable)?).word()?))
        };
        serializer.collect_map(self.0.iter().filter_map(changed))
    }
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ChangeV1 {
    Instance(OptionsChangeV1),
    Notebook {
        step: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        minimum_version: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        upgrade_platform: Option<bool>,
    },
    Template {
        from_version: u64,
        #[serde(flatten)]
        options: OptionsChangeV1,
        make_default: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        then_repeat: Option<u64>,
    },
    Defaults {
        #[serde(skip_serializing_if = "Option::is_none")]
        http_tokens: Option<&'static str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        hop_limit: Option<PreferenceV1<u8>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        http_endpoint: Option<PreferenceV1<&'static str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        metadata_tags: Option<PreferenceV1<&'static str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        http_tokens_enforced: Option<&'static str>,
    },
    Image {
        imds_support: &'static str,
    },
    Group {
        name_fixed_versions: Vec<OpenVersionV1>,
    },
}

/// What an account default becomes: a value, or the word `no-preference`.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum PreferenceV1<T> {
    Set(T),
    Clear(&'static str),
}

impl<T> PreferenceV1<T> {
    fn of(value: Option<T>) -> Self {
        value.map_or(Self::Clear(NO_PREFERENCE), Self::Set)
    }
}

impl<'a> LineV1<'a> {
    /// The line of what is about to be done; `None` if nothing is.
    pub(crate) fn new(now: Timestamp, place: &'a Place, judged: &'a Judged) -> Option<Self> {
        let Plan::Act(step) = judged.decision.plan else { return None };
        let resource = ResourceId::from(&judged.subject);
        Some(Self {
            schema: "v2only.journal.v1",
            time: now.to_string(),
            account: place.account.as_str(),
            region: place.region.as_str(),
            kind: resource.kind(),
            id: resource.to_string(),
            before: before(&judged.subject, step)?,
            change: change(&judged.subject, step),
        })
    }
}

/// The state before a step; `None` if nobody can change such a resource.
fn before(subject: &Subject, step: Step) -> Option<BeforeV1> {
    Some(match subject {
        Subject::Instance(instance) => BeforeV1::Instance((&instance.options).into()),
        Subject::Notebook(notebook) => BeforeV1::Notebook {
            minimum_version: minimum_version(notebook.minimum_version),
            status: notebook.status.code(),
            platform: match &notebook.platform {
                Platform::AmazonLinux1 => Some("amazon-linux-1".to_owned()),
                Platform::AmazonLinux2 => Some("amazon-linux-2".to_owned()),
                Platform::AmazonLinux2023 => Some("amazon-linux-2023".to_owned()),
                Platform::Unknown(identifier) => (!identifier.is_empty()).then(|| identifier.clone()),
            },
            created_at: notebook.created_at.map(|it| it.to_string()),
        },
        Subject::AccountDefaults(defaults) => BeforeV1::Defaults {
            options: (&defaults.options).into(),
            http_tokens_enforced: defaults.enforced.word(),
        },
        Subject::TemplateVersion { template, .. } => {
            let Step::LaunchTemplate(change) = step else { return None };
            let from = template.versions.iter().find(|version| version.number == change.from);
            BeforeV1::Template {
                options: (&from.map(|it| it.options).unwrap_or_default()).into(),
                default_version: template.default,
                latest_version: template.latest,
            }
        }
        Subject::Image(image) => {
            BeforeV1::Image { imds_support: (image.imds_support == ImdsSupport::V2).then_some("v2.0") }
        }
        Subject::Consumer { consumer, .. } => BeforeV1::Group {
            arn: consumer.arn.clone(),
            launch_templates: consumer.templates.iter().map(named_template).collect(),
        },
        Subject::Surface(surface) => BeforeV1::Surface {
            options: (&surface.options).into(),
            arn: surface.arn.clone(),
            created_at: surface.created_at.map(|it| it.to_string()),
        },
        Subject::LaunchConfiguration { .. } => return None,
    })
}

fn named_template(it: &TemplateUse) -> NamedTemplateV1 {
    let version = match it.version {
        VersionChoice::Number(number) => Some(number.to_string()),
        VersionChoice::Default => Some("$Default".to_owned()),
        VersionChoice::Latest => Some("$Latest".to_owned()),
        VersionChoice::Unknown => None,
    };
    NamedTemplateV1 { part: it.part.code(), template: it.template.clone(), version }
}

fn open_versions(subject: &Subject) -> Vec<OpenVersionV1> {
    let Subject::Consumer { open, .. } = subject else { return Vec::new() };
    let one = |version: &OpenVersion| OpenVersionV1 {
        template: version.template.id.as_str().to_owned(),
        from_version: version.number,
    };
    open.iter().map(one).collect()
}

fn change(subject: &Subject, step: Step) -> ChangeV1 {
    match step {
        Step::Group(GroupChange::NameFixedVersions) => {
            ChangeV1::Group { name_fixed_versions: open_versions(subject) }
        }
        Step::Instance(change) => ChangeV1::Instance(instance(change)),
        Step::Notebook(step) => notebook(step),
        Step::AccountDefaults(change) => ChangeV1::Defaults {
            http_tokens: change.require_tokens.then_some("required"),
            hop_limit: change.hop_limit.map(|it| PreferenceV1::of(it.map(HopLimit::get))),
            http_endpoint: change
                .http_endpoint
                .map(|it| PreferenceV1::of(it.map(|Disabled| Switch::Disabled).and_then(Switch::word))),
            metadata_tags: change
                .metadata_tags
                .map(|it| PreferenceV1::of(it.map(Switch::on).and_then(Switch::word))),
            http_tokens_enforced: change.enforce.then_some("enabled"),
        },
        Step::LaunchTemplate(step) => {
            let mut options = step.change.map(instance).unwrap_or_default();
            // A template keeps the endpoint that it states, unless the endpoint is disabled.
            if let Some(InstanceChange::RequireTokens { .. }) = step.change {
                options.http_endpoint = None;
            }
            ChangeV1::Template {
                from_version: step.from,
                options,
                make_default: step.make_default,
                then_repeat: step.then_repeat,
            }
        }
        Step::Image(ImageChange::MarkV2) => ChangeV1::Image { imds_support: "v2.0" },
        Step::Surface(SurfaceChange::RequireTokens) => ChangeV1::Instance(OptionsChangeV1 {
            http_tokens: Some("required"),
            ..OptionsChangeV1::default()
        }),
    }
}

fn instance(change: InstanceChange) -> OptionsChangeV1 {
    match change {
        InstanceChange::RequireTokens { hop_limit, switches } => OptionsChangeV1 {
            http_tokens: Some("required"),
            http_endpoint: Some("enabled"),
            hop_limit: hop_limit.map(HopLimit::get),
            switches: ChangedSwitchesV1(switches),
        },
        InstanceChange::DisableEndpoint => {
            OptionsChangeV1 { http_endpoint: Some("disabled"), ..OptionsChangeV1::default() }
        }
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
