//! What a recorded launch says of metadata options: what was requested, and what the instances got.

use v2only_events::{LaunchOutcome, Launched, RecordedLaunch};
use v2only_policy::{HttpTokens, Switch, Tags};

/// The options of new instances, as the answer to `RunInstances` describes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnsweredOptions {
    /// Whether IMDSv1 is answered; `None` in records from before 2020.
    pub http_tokens: Option<HttpTokens>,
    /// Whether the metadata service answers.
    pub http_endpoint: Option<Switch>,
    /// The hop limit.
    pub hop_limit: Option<u8>,
}

/// A launch template as the record names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsedTemplate {
    /// The id, or the name where the caller used the name.
    pub id: String,
    /// The number of the version, `$Latest` or `$Default`. No version means `$Default`.
    pub version: Option<String>,
}

/// Everything in a record that decides what an enforcement switch does to the launch. Launches of a group with equal
/// facts are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaunchFacts {
    /// `HttpTokens` of the request, without that of the launch template.
    pub requested_tokens: Option<HttpTokens>,
    /// `HttpEndpoint` of the request.
    pub requested_endpoint: Option<Switch>,
    /// The hop limit of the request.
    pub requested_hop_limit: Option<u8>,
    /// The launch template.
    pub template: Option<UsedTemplate>,
    /// Whether Auto Scaling launched without a template, that is from a launch configuration, or from a copy of the
    /// options that the record does not show.
    pub by_configuration: bool,
    /// Whether the record has no request. What the request states is not known then.
    pub without_request: bool,
    /// What the instances got; `None` where the record does not show it.
    pub answered: Option<AnsweredOptions>,
    /// The image.
    pub image: Option<String>,
}

/// The tags that show who owns the launch: those that the caller requested, and those of the first instance.
pub fn launch_tags(launch: &RecordedLaunch) -> Tags {
    let mut tags = launch.tags.clone();
    if let LaunchOutcome::Launched(instances) = &launch.outcome {
        tags.extend(instances.first().and_then(|it| it.tags.clone()).unwrap_or_default());
    }
    tags
}

impl LaunchFacts {
    /// The facts of a recorded launch with these tags.
    pub fn of(launch: &RecordedLaunch, tags: &Tags) -> Self {
        let requested = &launch.requested;
        let instances: &[Launched] = match &launch.outcome {
            LaunchOutcome::Launched(instances) => instances,
            LaunchOutcome::Unnamed { .. } | LaunchOutcome::DryRun | LaunchOutcome::Refused { .. } => &[],
        };
        let template = template(launch, tags);
        let is_auto_scaling =
            launch.call.caller.actor.as_ref().is_some_and(|it| it.is_service("autoscaling"));
        Self {
            requested_tokens: requested.http_tokens,
            requested_endpoint: requested.http_endpoint,
            requested_hop_limit: requested.hop_limit,
            by_configuration: is_auto_scaling && template.is_none(),
            without_request: !launch.has_request,
            template,
            answered: loosest(instances),
            image: instances.first().and_then(|it| it.image.clone()).or_else(|| requested.image.clone()),
        }
    }

    /// Whether an instance of this launch answers IMDSv1; `None` where the record does not show it.
    pub fn answers_v1(&self) -> Option<bool> {
        let answered = self.answered?;
        if answered.http_endpoint == Some(Switch::Disabled) {
            return Some(false);
        }
        match answered.http_tokens? {
            HttpTokens::Required => Some(false),
            HttpTokens::Optional => Some(true),
            HttpTokens::Unknown => None,
        }
    }
}

/// The template of the request. The tags of the instances name the number behind `$Latest` and `$Default`.
fn template(launch: &RecordedLaunch, tags: &Tags) -> Option<UsedTemplate> {
    let tagged = tags.get("aws:ec2launchtemplate:id").map(|id| UsedTemplate {
        id: id.clone(),
        version: tags.get("aws:ec2launchtemplate:version").cloned(),
    });
    let requested = &launch.requested;
    tagged.or_else(|| {
        let id = requested.launch_template.clone()?;
        Some(UsedTemplate { id, version: requested.launch_template_version.clone() })
    })
}

/// The options of the instance that allows most. All instances of a launch have the same options.
fn loosest(instances: &[Launched]) -> Option<AnsweredOptions> {
    let options = instances.iter().map(|instance| AnsweredOptions {
        http_tokens: instance.http_tokens,
        http_endpoint: instance.http_endpoint,
        hop_limit: instance.hop_limit,
    });
    // The order of the words is: required, optional, unknown.
    options.max_by_key(|it| it.http_tokens)
}
