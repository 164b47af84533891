//! What each enforcement switch would have done to a recorded launch.
//!
//! The order of precedence is that of the Amazon EC2 User Guide, for each option by itself: the launch request, the
//! launch template, the account default, the image.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html>
//!
//! `HttpTokensEnforced` refuses a launch for which none of them requires tokens.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html>

use v2only_policy::{HttpTokens, StatedOptions, Switch};

use crate::facts::{LaunchFacts, UsedTemplate};

/// A switch of the account or of the organization, in the order in which v2only recommends them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EnforcementSwitch {
    /// The account default `HttpTokens=required`.
    AccountDefault,
    /// The account default for the hop limit.
    HopLimit(u8),
    /// The SCP of the library that requires tokens at launch.
    Scp,
    /// `HttpTokensEnforced` alone, with the account default as it was.
    Enforced,
    /// `HttpTokensEnforced` and the account default `HttpTokens=required` in the same call, as AWS recommends.
    EnforcedWithDefault,
    /// A declarative policy with both. It reaches all Regions and cannot exempt a principal.
    DeclarativePolicy,
}

impl EnforcementSwitch {
    /// Every switch, with this hop limit.
    pub const fn all(hop_limit: u8) -> [Self; 6] {
        [
            Self::AccountDefault,
            Self::HopLimit(hop_limit),
            Self::Scp,
            Self::Enforced,
            Self::EnforcedWithDefault,
            Self::DeclarativePolicy,
        ]
    }

    /// A stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AccountDefault => "account-default",
            Self::HopLimit(_) => "hop-limit",
            Self::Scp => "scp",
            Self::Enforced => "http-tokens-enforced",
            Self::EnforcedWithDefault => "http-tokens-enforced-with-default",
            Self::DeclarativePolicy => "declarative-policy",
        }
    }
}

/// What a switch would have done to a launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Nothing: the same instances with the same options.
    Unchanged,
    /// The launch would have succeeded with other options.
    Changed,
    /// AWS would have refused the launch.
    Refused,
    /// The record does not show what decides it.
    Undecided(Missing),
}

/// What a record does not show, and what decides the effect of a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Missing {
    /// The options of the launch template version, which could not be read.
    Template,
    /// The options of the launch configuration.
    Configuration,
    /// What the request states: the record has no request.
    Request,
    /// The options of the instances: CloudTrail omitted the answer, or the launch failed.
    Answer,
    /// Whether the condition key of an SCP sees the account default and the image. AWS does not document it.
    ConditionKey,
}

impl Missing {
    /// A stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Template => "template-not-read",
            Self::Configuration => "launch-configuration",
            Self::Request => "request-not-recorded",
            Self::Answer => "answer-not-recorded",
            Self::ConditionKey => "condition-key",
        }
    }
}

impl Effect {
    /// A stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Changed => "changed",
            Self::Refused => "refused",
            Self::Undecided(_) => "undecided",
        }
    }
}

/// What is known beside the record.
pub trait Knowledge {
    /// The options that a version of a launch template states; `None` if the version could not be read.
    fn template(&self, template: &UsedTemplate) -> Option<StatedOptions>;

    /// Whether no SCP applies to the caller: a service-linked role, or the management account.
    fn is_beyond_scps(&self) -> bool;
}

/// One option as the request and the launch template state it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stated<T> {
    /// This value.
    Says(T),
    /// Neither states the option: the account default or the image decides.
    Silent,
    /// The record does not show it.
    Hidden(Missing),
}

/// What `switch` would have done to a launch with these facts.
pub fn effect(facts: &LaunchFacts, switch: EnforcementSwitch, known: &impl Knowledge) -> Effect {
    let template = facts.template.as_ref().map(|it| known.template(it));
    match switch {
        EnforcementSwitch::AccountDefault => tokens_default(facts, template, Effect::Unchanged),
        EnforcementSwitch::HopLimit(limit) => hop_limit_default(facts, template, limit),
        EnforcementSwitch::Enforced => enforced(facts, template),
        EnforcementSwitch::EnforcedWithDefault | EnforcementSwitch::DeclarativePolicy => {
            tokens_default(facts, template, Effect::Refused)
        }
        EnforcementSwitch::Scp if known.is_beyond_scps() => Effect::Unchanged,
        EnforcementSwitch::Scp => scp(facts, template),
    }
}

/// The options of the template: `None` without a template, `Some(None)` if the version could not be read.
type TemplateOptions = Option<Option<StatedOptions>>;

fn stated<T>(
    facts: &LaunchFacts,
    template: TemplateOptions,
    requested: Option<T>,
    of: impl Fn(&StatedOptions) -> Option<T>,
) -> Stated<T> {
    match (requested, template) {
        (Some(value), _) => Stated::Says(value),
        (None, _) if facts.without_request => Stated::Hidden(Missing::Request),
        (None, None) if facts.by_configuration => Stated::Hidden(Missing::Configuration),
        (None, None) => Stated::Silent,
        (None, Some(None)) => Stated::Hidden(Missing::Template),
        (None, Some(Some(options))) => of(&options).map_or(Stated::Silent, Stated::Says),
    }
}

fn stated_tokens(facts: &LaunchFacts, template: TemplateOptions) -> Stated<HttpTokens> {
    stated(facts, template, facts.requested_tokens, |it| it.http_tokens)
}

fn answered_tokens(facts: &LaunchFacts) -> Option<HttpTokens> {
    facts.answered.and_then(|it| it.http_tokens).filter(|it| *it != HttpTokens::Unknown)
}

fn is_off(facts: &LaunchFacts) -> bool {
    facts.answered.is_some_and(|it| it.http_endpoint == Some(Switch::Disabled))
}

/// With a default of `required`, a launch that states `optional` stays as it was, or is refused under enforcement; a launch
/// that states nothing gets `required`.
fn tokens_default(facts: &LaunchFacts, template: TemplateOptions, states_optional: Effect) -> Effect {
    let stated = stated_tokens(facts, template);
    match (answered_tokens(facts), stated) {
        (Some(HttpTokens::Required), _) | (_, Stated::Says(HttpTokens::Required)) => Effect::Unchanged,
        (_, Stated::Says(HttpTokens::Optional)) => states_optional,
        // Where the metadata service does not answer, tokens change nothing.
        (Some(_), Stated::Silent) if is_off(facts) => Effect::Unchanged,
        (Some(_), Stated::Silent) => Effect::Changed,
        (_, Stated::Hidden(missing)) => Effect::Undecided(missing),
        (None, Stated::Silent) | (_, Stated::Says(HttpTokens::Unknown)) => Effect::Undecided(Missing::Answer),
    }
}

/// The answer shows what the launch, the template, the default and the image came to.
fn enforced(facts: &LaunchFacts, template: TemplateOptions) -> Effect {
    match (answered_tokens(facts), stated_tokens(facts, template)) {
        (Some(HttpTokens::Required), _) => Effect::Unchanged,
        (Some(_), _) => Effect::Refused,
        (None, Stated::Says(HttpTokens::Required)) => Effect::Unchanged,
        (None, Stated::Says(HttpTokens::Optional)) => Effect::Refused,
        (None, _) => Effect::Undecided(Missing::Answer),
    }
}

fn hop_limit_default(facts: &LaunchFacts, template: TemplateOptions, limit: u8) -> Effect {
    let answered = facts.answered.and_then(|it| it.hop_limit);
    let stated = stated(facts, template, facts.requested_hop_limit, |it| it.hop_limit);
    match (answered, stated) {
        (_, Stated::Says(_)) => Effect::Unchanged,
        (Some(answered), _) if answered == limit => Effect::Unchanged,
        _ if is_off(facts) => Effect::Unchanged,
        (Some(_), Stated::Silent) => Effect::Changed,
        (_, Stated::Hidden(missing)) => Effect::Undecided(missing),
        (None, Stated::Silent) => Effect::Undecided(Missing::Answer),
    }
}

/// The SCP denies a launch unless its condition keys say `required`, or that the metadata service is off. The keys carry what
/// the request and the template state.
fn scp(facts: &LaunchFacts, template: TemplateOptions) -> Effect {
    let tokens = stated_tokens(facts, template);
    let endpoint = stated(facts, template, facts.requested_endpoint, |it| it.http_endpoint);
    let allows = tokens == Stated::Says(HttpTokens::Required) || endpoint == Stated::Says(Switch::Disabled);
    if allows {
        return Effect::Unchanged;
    }
    let by_answer = match answered_tokens(facts) {
        Some(HttpTokens::Required) => Some(true),
        Some(_) => Some(is_off(facts)),
        None => None,
    };
    match (by_answer, tokens) {
        // Neither the request nor anything behind it requires tokens or switches the service off.
        (Some(false), _) => Effect::Refused,
        (_, Stated::Hidden(missing)) => Effect::Undecided(missing),
        (_, Stated::Says(_)) if !is_off(facts) => Effect::Refused,
        (Some(true), _) => Effect::Undecided(Missing::ConditionKey),
        (None, _) => Effect::Undecided(Missing::Answer),
    }
}
