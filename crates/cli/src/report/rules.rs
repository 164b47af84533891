//! What each rule is about, for formats that describe their rules.

use v2only_policy::Finding;
use v2only_policy::rules::{
    DEFAULT_HOP_LIMIT, DEFAULT_TOKENS, IMAGE_SUPPORT, LATEST_DISPLACED, TOKENS_ENFORCED, hop_limit,
    http_endpoint, http_tokens, ipv6_endpoint, metadata_tags, minimum_version,
};

use crate::report::item::Item;

/// How bad it is to violate a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    /// Nothing to mend: exempt, or mended.
    Informational,
    /// A choice of the policy.
    Low,
    /// Lets version 1 in again, or carries credentials further than needed.
    Medium,
    /// Version 1 is answered.
    High,
}

/// One rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// Its published id.
    pub(crate) id: &'static str,
    /// What it requires, as a title.
    pub(crate) title: &'static str,
    /// Why.
    pub(crate) why: &'static str,
    /// How bad it is to violate it.
    pub(crate) severity: Severity,
    /// Where AWS writes about it.
    pub(crate) url: &'static str,
}

const EXISTING: &str =
    "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-existing-instances.html";
const NEW: &str = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html";
const NOTEBOOK: &str =
    "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InstanceMetadataServiceConfiguration.html";

const WHY_V1: &str = "IMDSv1 hands the credentials of the instance role to whoever can make the instance send one \
     plain HTTP request. IMDSv2 asks for a session token first.";
const WHY_HOPS: &str = "The hop limit decides how far an answer of the metadata service travels. More hops than \
     needed let containers and proxies take credentials along.";
const WHY_OPTION: &str = "The policy document says how this option has to be.";
const WHY_SOURCE: &str = "What launches take their options from decides what the next instance answers. Mending \
     instances alone leaves the cause in place.";

/// Every rule.
pub(crate) const RULES: [Rule; 11] = [
    Rule {
        id: http_tokens::ID,
        title: "Instance metadata requires IMDSv2",
        why: WHY_V1,
        severity: Severity::High,
        url: EXISTING,
    },
    Rule {
        id: http_endpoint::ID,
        title: "The instance metadata endpoint is as the policy says",
        why: WHY_OPTION,
        severity: Severity::Low,
        url: EXISTING,
    },
    Rule {
        id: hop_limit::ID,
        title: "The hop limit of instance metadata is within the policy",
        why: WHY_HOPS,
        severity: Severity::Medium,
        url: EXISTING,
    },
    Rule {
        id: ipv6_endpoint::ID,
        title: "The IPv6 endpoint of instance metadata is as the policy says",
        why: WHY_OPTION,
        severity: Severity::Low,
        url: EXISTING,
    },
    Rule {
        id: metadata_tags::ID,
        title: "Tags in instance metadata are as the policy says",
        why: WHY_OPTION,
        severity: Severity::Low,
        url: EXISTING,
    },
    Rule {
        id: minimum_version::ID,
        title: "A notebook instance answers IMDSv2 only",
        why: WHY_V1,
        severity: Severity::High,
        url: NOTEBOOK,
    },
    Rule {
        id: DEFAULT_TOKENS,
        title: "The account default requires IMDSv2",
        why: WHY_SOURCE,
        severity: Severity::Medium,
        url: NEW,
    },
    Rule {
        id: DEFAULT_HOP_LIMIT,
        title: "The account default of the hop limit is as the policy says",
        why: WHY_HOPS,
        severity: Severity::Low,
        url: NEW,
    },
    Rule {
        id: TOKENS_ENFORCED,
        title: "HttpTokensEnforced is enabled in the account",
        why: "Where it is on, no launch and no change can turn version 1 back on.",
        severity: Severity::Low,
        url: NEW,
    },
    Rule {
        id: IMAGE_SUPPORT,
        title: "An image makes its instances require IMDSv2",
        why: WHY_SOURCE,
        severity: Severity::Medium,
        url: NEW,
    },
    Rule {
        id: LATEST_DISPLACED,
        title: "$Latest of a launch template launches what it did before a run that ended early",
        why: "Whoever launches from $Latest would get other machines than before: those of $Default.",
        severity: Severity::High,
        url: NEW,
    },
];

/// A rule by its id.
pub(crate) fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|it| it.id == id)
}

/// The findings of a resource, the first of each rule, each with its rule.
pub(crate) fn by_rule<'a>(item: &Item<'a>) -> impl Iterator<Item = (Finding, &'static Rule)> + use<'a> {
    let mut rules: Vec<&str> = Vec::new();
    item.findings().iter().filter_map(move |finding| {
        let id = finding.rule();
        if rules.contains(&id) {
            return None;
        }
        rules.push(id);
        Some((*finding, rule(id)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use v2only_policy::rules::INSTANCE_RULES;

    #[test]
    fn every_rule_is_described_once() {
        let others = [
            minimum_version::ID,
            DEFAULT_TOKENS,
            DEFAULT_HOP_LIMIT,
            TOKENS_ENFORCED,
            IMAGE_SUPPORT,
            LATEST_DISPLACED,
        ];
        let mut known: Vec<&str> = INSTANCE_RULES.iter().map(|(id, _)| *id).chain(others).collect();
        let mut described: Vec<&str> = RULES.iter().map(|it| it.id).collect();
        known.sort_unstable();
        described.sort_unstable();
        assert_eq!(described, known);
    }

    /// Security Hub cuts off, or refuses, what is longer.
    #[test]
    fn titles_and_reasons_fit_into_every_format() {
        assert!(RULES.iter().all(|it| it.title.len() <= 256 && it.why.len() <= 512 && !it.url.contains(' ')));
    }
}
