//! What a rendering depends on, and how it follows from the policy document.

use v2only_policy::exemption::Exemption;
use v2only_policy::scope::Glob;
use v2only_policy::settings::{EndpointRule, HopLimit, HopLimitRule, Rules};
use v2only_policy::{DefaultRule, Disabled, Mode, Partition, Policy};

/// A role, or several by a pattern: an account (or `*`) and a name with its path, which may hold
/// `*` and `?`.
///
/// The partition is that of the rendering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolePattern {
    account: String,
    name: String,
}

/// Why a text is no [`RolePattern`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RolePatternError {
    /// It has another shape. Users and sessions are refused too: nothing keeps others from making a
    /// user of that name, and the key that is compared never holds the ARN of a session.
    #[error("`{0}` is not the ARN of a role such as `arn:aws:iam::*:role/break-glass`")]
    NotARole(String),
    /// It means every role there is.
    #[error("`{0}` means every role, and would make the policy bind nobody")]
    Everybody(String),
}

impl RolePattern {
    /// Parses the ARN of a role; account and name may be patterns.
    ///
    /// # Errors
    /// Anything else, and a name that is nothing but wildcards.
    pub fn parse(arn: &str) -> Result<Self, RolePatternError> {
        let not_a_role = || RolePatternError::NotARole(arn.to_owned());
        let mut parts = arn.splitn(6, ':');
        let head = [parts.next(), parts.next(), parts.next(), parts.next()];
        let [Some("arn"), Some("aws" | "aws-us-gov" | "aws-cn" | "*"), Some("iam"), Some("")] = head else {
            return Err(not_a_role());
        };
        let account = parts.next().unwrap_or_default();
        let twelve_digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let name = parts.next().and_then(|rest| rest.strip_prefix("role/")).ok_or_else(not_a_role)?;
        let legal = |it: char| it.is_ascii_alphanumeric() || "+=,.@_-/:*?".contains(it);
        if (account != "*" && !twelve_digits) || name.is_empty() || !name.chars().all(legal) {
            return Err(not_a_role());
        }
        if name.chars().all(|it| "*?/".contains(it)) {
            return Err(RolePatternError::Everybody(arn.to_owned()));
        }
        Ok(Self { account: account.to_owned(), name: name.to_owned() })
    }

    /// A role of this name in every account.
    fn everywhere(name: &str) -> Self {
        Self { account: "*".to_owned(), name: name.to_owned() }
    }

    pub(crate) fn arn(&self, partition: Partition) -> String {
        partition.role_arn(&self.account, &self.name)
    }
}

/// A tag on a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalTag {
    /// Its key. IAM compares it without regard to case.
    pub key: String,
    /// Its value, exactly.
    pub value: String,
}

/// Who may do what the policies deny to everybody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principals {
    /// Those who install and change this product, the roles that deploy it included.
    pub owners: Vec<RolePattern>,
    /// Those who may still use version 1: break-glass roles, and instance roles on their last day.
    pub exempt: Vec<RolePattern>,
    /// The same by a tag on the principal.
    pub exempt_tag: Option<PrincipalTag>,
}

/// The names of what this product consists of in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The role that tightens instances.
    pub ec2_enforcer: RolePattern,
    /// The role that tightens notebooks.
    pub notebook_enforcer: RolePattern,
    /// The role that sweeps: it reads everything, and tightens instances and notebooks.
    pub sweeper: RolePattern,
    /// The role that only looks.
    pub scanner: RolePattern,
    /// The role that restores what a journal recorded.
    pub rollback: RolePattern,
    /// The role that a Systems Manager runbook tightens instances with.
    pub automation: RolePattern,
    /// The roles that events are forwarded by, one in each Region of a member account.
    pub forwarders: RolePattern,
    /// The role that the schedules put tasks into the queue of the sweeper with.
    pub schedule: RolePattern,
    /// Functions, as a pattern.
    pub functions: String,
    /// Queues, as a pattern.
    pub queues: String,
    /// EventBridge rules and schedules, as a pattern.
    pub rules: String,
    /// SSM parameters, as a pattern without the leading slash.
    pub parameters: String,
    /// The queue that the sweeper keeps its work in.
    pub sweep_queue: String,
    /// The queues that events reach the enforcers through.
    pub event_queues: [String; 2],
}

/// Everything a rendering depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The partition of every ARN.
    pub partition: Partition,
    /// The hop limit that is denied nowhere the document would accept it.
    pub hop_limit: HopLimitRule,
    /// The hop limit of launches that do not state one, for the declarative policy.
    pub default_hop_limit: Option<HopLimit>,
    /// Whether launches that do not state an endpoint get none, for the declarative policy.
    pub default_endpoint: Option<Disabled>,
    /// Tags in metadata of launches that state nothing about them, for the declarative policy; `true` is enabled.
    pub default_metadata_tags: Option<bool>,
    /// Whether the document has endpoints disabled anywhere, so that the enforcer must be able to.
    pub disables_endpoints: bool,
    /// Whether the document has groups changed that name a violating version by number, so that the roles for sources must be
    /// able to.
    pub repoints_groups: bool,
    /// Who is spared.
    pub principals: Principals,
    /// What is protected.
    pub names: Names,
    /// What AWS says beside a refusal that comes from the declarative policy.
    pub exception_message: String,
    /// Patterns of the ids of instances that the document exempts, wherever they are.
    pub exempt_instances: Vec<String>,
    /// Patterns of the names of notebook instances that the document exempts, wherever they are.
    pub exempt_notebooks: Vec<String>,
}

impl Settings {
    /// What follows from a policy document.
    ///
    /// A service control policy binds whole accounts and cannot see which override means a launch.
    /// So the hop limit is the loosest of the document and all its overrides, and none where one of
    /// them has no opinion: nothing is denied that the functions would have accepted. Modes and
    /// exemptions do not change policies; where a policy is attached, and whom `principals` spares,
    /// takes their place. Exemptions by id are parameters of the conformance pack.
    pub fn from_policy(policy: &Policy, partition: Partition, principals: Principals) -> Self {
        let hop_limit =
            policy.all_rules().map(|it| it.instances.hop_limit).reduce(loosest).unwrap_or_default();
        let defaults = &policy.rules.account_defaults;
        Self {
            partition,
            hop_limit,
            default_hop_limit: match defaults.hop_limit {
                DefaultRule::Keep => named(hop_limit),
                rule @ DefaultRule::Must(_) => rule.value(),
            },
            default_endpoint: defaults.http_endpoint.value(),
            default_metadata_tags: defaults.metadata_tags.value(),
            disables_endpoints: policy
                .all_rules()
                .any(|it| it.instances.http_endpoint == EndpointRule::Disabled),
            repoints_groups: policy.all_rules().any(|it| it.launch_templates.repoint_groups),
            principals,
            names: Names::default(),
            exception_message: "IMDSv2 is required here: launch with HttpTokens=required".to_owned(),
            exempt_instances: exempt_by_id(policy, true),
            exempt_notebooks: exempt_by_id(policy, false),
        }
    }

    /// What the files in `policies/` are rendered with: tokens required, at most two hops.
    pub fn shipped() -> Self {
        let mut rules = Rules::new(Mode::Enforce);
        rules.instances.hop_limit = HopLimit::new(2).map_or(HopLimitRule::Keep, HopLimitRule::Max);
        Self::from_policy(&Policy::plain(rules), Partition::Aws, Principals::default())
    }

    /// The hop limit to write where a file has another one; `None` if the document has no opinion.
    pub(crate) const fn named_hop_limit(&self) -> Option<HopLimit> {
        named(self.hop_limit)
    }

    /// Whether the document accepts a hop limit.
    pub(crate) fn accepts_hop_limit(&self, hops: u64) -> bool {
        match self.hop_limit {
            HopLimitRule::Keep => true,
            HopLimitRule::Max(max) => hops <= u64::from(max.get()),
            HopLimitRule::Exactly(exactly) => hops == u64::from(exactly.get()),
        }
    }

    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:*:*:{resource}", self.partition.as_str())
    }
}

impl Default for Principals {
    /// One role of owners, nobody by name, and the tag `v2only:exempt-principal` = `true`.
    fn default() -> Self {
        Self {
            owners: vec![RolePattern::everywhere("v2only-owner")],
            exempt: Vec::new(),
            exempt_tag: Some(PrincipalTag {
                key: format!("{}exempt-principal", v2only_policy::TAG_PREFIX),
                value: "true".to_owned(),
            }),
        }
    }
}

impl Names {
    /// Every role of ours.
    pub(crate) const fn roles(&self) -> [&RolePattern; 8] {
        [
            &self.ec2_enforcer,
            &self.notebook_enforcer,
            &self.sweeper,
            &self.scanner,
            &self.rollback,
            &self.automation,
            &self.forwarders,
            &self.schedule,
        ]
    }
}

impl Default for Names {
    fn default() -> Self {
        Self {
            ec2_enforcer: RolePattern::everywhere("v2only-ec2-enforcer"),
            notebook_enforcer: RolePattern::everywhere("v2only-notebook-enforcer"),
            sweeper: RolePattern::everywhere("v2only-sweeper"),
            scanner: RolePattern::everywhere("v2only-scanner"),
            rollback: RolePattern::everywhere("v2only-rollback"),
            automation: RolePattern::everywhere("v2only-automation"),
            forwarders: RolePattern::everywhere("v2only-forwarder-*"),
            schedule: RolePattern::everywhere("v2only-schedule"),
            functions: "v2only-*".to_owned(),
            queues: "v2only-*".to_owned(),
            rules: "v2only-*".to_owned(),
            parameters: "v2only/*".to_owned(),
            sweep_queue: "v2only-sweeper".to_owned(),
            event_queues: ["v2only-ec2-enforcer", "v2only-notebook-enforcer"].map(str::to_owned),
        }
    }
}

/// The patterns of exemptions that match by id or name alone: of instances, or of notebooks. The id
/// of an instance is unique, so that its account and Region add no condition.
fn exempt_by_id(policy: &Policy, instances: bool) -> Vec<String> {
    let alone = |exemption: &Exemption| {
        let matcher = &exemption.matcher;
        let anywhere = matcher.accounts.is_empty() && matcher.regions.is_empty() && matcher.ous.is_empty();
        let unique =
            matcher.resources.iter().all(|it| is_instance(it.as_str()) && !it.as_str().contains(['*', '?']));
        matcher.tag.is_none() && (anywhere || unique)
    };
    let of_kind = |it: &&str| *it == "*" || is_instance(it) == instances;
    let entries = policy.exemptions.iter().filter(|it| alone(it));
    entries
        .flat_map(|it| &it.matcher.resources)
        .map(Glob::as_str)
        .filter(of_kind)
        .map(str::to_owned)
        .collect()
}

fn is_instance(pattern: &str) -> bool {
    pattern.starts_with("i-")
}

const fn named(rule: HopLimitRule) -> Option<HopLimit> {
    match rule {
        HopLimitRule::Keep => None,
        HopLimitRule::Max(hops) | HopLimitRule::Exactly(hops) => Some(hops),
    }
}

/// The rule that accepts whatever one of the two accepts, and no more than it must.
fn loosest(one: HopLimitRule, other: HopLimitRule) -> HopLimitRule {
    use HopLimitRule::{Exactly, Keep, Max};
    match (one, other) {
        (Keep, _) | (_, Keep) => Keep,
        (Exactly(one), Exactly(other)) if one == other => Exactly(one),
        (Max(one) | Exactly(one), Max(other) | Exactly(other)) => Max(one.max(other)),
    }
}
