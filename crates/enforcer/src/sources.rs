//! What instances take their options from: read, judged and told of. Takes no writer; [`apply`] does.

pub mod apply;
pub mod read;
pub mod trace;

use v2only_policy::source::{Image, LaunchConfiguration, LaunchTemplate};
use v2only_policy::{
    AccountDefaults, Circumstances, Decision, DefaultsChange, EffectiveOptions, HttpTokens, ImageChange,
    LaunchConfigurationChange, Place, Plan, Policy, Verdict, VersionDecision, decide_account_defaults,
    decide_image, decide_launch_configuration, decide_launch_template,
};

use crate::failure::{Failure, Kind};
use crate::ports::SourceReader;
use crate::record::{Posture, Record, ResourceId};
use crate::scan::{Judged, Kinds};

/// A source with the decision about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The account defaults.
    Defaults(AccountDefaults, Decision<DefaultsChange>),
    /// One version of a launch template.
    Version(LaunchTemplate, VersionDecision),
    /// A launch configuration.
    Configuration(LaunchConfiguration, EffectiveOptions, Decision<LaunchConfigurationChange>),
    /// An image.
    Image(Image, Decision<ImageChange>),
}

impl Source {
    /// Which one it is.
    pub fn resource(&self) -> ResourceId {
        match self {
            Self::Defaults(..) => ResourceId::AccountDefault,
            Self::Version(template, it) => ResourceId::TemplateVersion(template.id.clone(), it.number),
            Self::Configuration(it, ..) => ResourceId::LaunchConfiguration(it.name.clone()),
            Self::Image(it, _) => ResourceId::Image(it.id.clone()),
        }
    }

    /// What one of its kind is called.
    pub const fn noun(&self) -> &'static str {
        match self {
            Self::Defaults(..) => "account default",
            Self::Version(..) => "template version",
            Self::Configuration(..) => "launch configuration",
            Self::Image(..) => "image",
        }
    }

    /// What is said of it as long as nothing is done.
    pub fn record(&self, place: &Place) -> Record {
        let (place, resource) = (place.clone(), self.resource());
        match self {
            Self::Defaults(it, decision) => Record::decided(place, resource, Posture::from(it), decision),
            Self::Version(_, it) => {
                Record::decided(place, resource, Posture::Launch(it.effective), &it.decision)
            }
            Self::Configuration(_, effective, decision) => {
                Record::decided(place, resource, Posture::Launch(*effective), decision)
            }
            Self::Image(it, decision) => {
                Record::decided(place, resource, Posture::Image(it.imds_support), decision)
            }
        }
    }

    /// Whether the policy would have something done about it now.
    pub const fn acts(&self) -> bool {
        match self {
            Self::Defaults(_, decision) => matches!(decision.plan, Plan::Act(_)),
            Self::Version(_, it) => matches!(it.decision.plan, Plan::Act(_)),
            Self::Configuration(..) => false,
            Self::Image(_, decision) => matches!(decision.plan, Plan::Act(_)),
        }
    }

    /// Whether there is nothing to tell.
    pub const fn is_clean(&self) -> bool {
        let verdict = match self {
            Self::Defaults(_, decision) => &decision.verdict,
            Self::Version(_, it) => &it.decision.verdict,
            Self::Configuration(_, _, decision) => &decision.verdict,
            Self::Image(_, decision) => &decision.verdict,
        };
        matches!(verdict, Verdict::Compliant(_) | Verdict::Gone)
    }

    /// After somebody agreed to what nobody can undo.
    #[must_use]
    pub fn with_consent(self) -> Self {
        match self {
            Self::Image(it, decision) => Self::Image(it, decision.with_consent()),
            other => other,
        }
    }
}

/// Reads and judges the sources of one place; `each` gets those that violate the policy or are exempt.
///
/// What cannot be undone is held: the document alone is not enough for it, see [`Source::with_consent`].
///
/// # Errors
/// The first call that failed. What `each` got before is right, and incomplete.
pub async fn scan(
    ports: &impl SourceReader,
    policy: &Policy,
    circumstances: &Circumstances<'_>,
    kinds: Kinds,
    each: &mut (dyn FnMut(Judged) + Send),
) -> Result<(), Failure> {
    let unknown = |it: v2only_policy::scope::ScopeError| {
        Failure::new(Kind::Unavailable, "organizations:ListParents", it.to_string())
    };
    let place = circumstances.place;
    let mut tell = |wanted: bool, it: Source| {
        if wanted && !it.is_clean() {
            each(Judged::Source(Box::new(it)));
        }
    };
    if kinds.images {
        let mut next = None;
        loop {
            let page = ports.own_images(place, next).await?;
            for image in page.items {
                let decision = decide_image(&image, policy, circumstances).map_err(unknown)?;
                tell(true, Source::Image(image, decision.without_consent()));
            }
            next = page.next;
            if next.is_none() {
                break;
            }
        }
    }
    // Enforcement of tokens asks what would fail, and so needs templates and configurations as well.
    let templates = kinds.launch_templates || kinds.account_defaults && asks_for_enforcement(policy);
    let configurations =
        kinds.launch_configurations || kinds.account_defaults && asks_for_enforcement(policy);
    if !(templates || configurations || kinds.account_defaults) {
        return Ok(());
    }
    let defaults = ports.defaults(place).await?;
    let mut failing = 0;
    if templates || configurations {
        let groups = read::groups(ports, place).await?;
        if templates {
            for template in read::launch_templates(ports, place, &groups).await? {
                let decided = decide_launch_template(&template, &defaults, policy, circumstances);
                for it in decided.map_err(unknown)? {
                    failing += usize::from(says_optional(&template, it.number));
                    tell(kinds.launch_templates, Source::Version(template.clone(), it));
                }
            }
        }
        if configurations {
            for it in read::launch_configurations(ports, place, &groups).await? {
                let decided = decide_launch_configuration(&it, policy, circumstances);
                let (effective, decision) = decided.map_err(unknown)?;
                let tokens = effective.http_tokens.is;
                failing += usize::from(!it.groups.is_empty() && tokens != HttpTokens::Required);
                tell(kinds.launch_configurations, Source::Configuration(it, effective, decision));
            }
        }
    }
    if kinds.account_defaults {
        let decision = decide_account_defaults(&defaults, failing, policy, circumstances).map_err(unknown)?;
        tell(true, Source::Defaults(defaults, decision));
    }
    Ok(())
}

fn asks_for_enforcement(policy: &Policy) -> bool {
    let everyone = std::iter::once(&policy.rules).chain(policy.overrides.iter().map(|it| &it.rules));
    everyone.into_iter().any(|it| it.account_defaults.enforced)
}

/// Whether launches from this version fail once tokens are enforced.
pub(crate) fn says_optional(template: &LaunchTemplate, number: u64) -> bool {
    let version = template.versions.iter().find(|it| it.number == number);
    version.is_some_and(|it| it.options.http_tokens.is_some_and(|tokens| tokens != HttpTokens::Required))
}
