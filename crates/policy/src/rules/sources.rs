//! What reports say about the rules for launch sources: account defaults, launch templates and images.

use super::about::{About, NEW_INSTANCES, Severity, WHY_HOPS, WHY_SOURCE};

pub(super) const DEFAULT_TOKENS: About = About {
    id: "account-default-tokens",
    title: "The account default requires IMDSv2",
    why: WHY_SOURCE,
    remediation: "Set the account default for HttpTokens to required in this Region.",
    severity: Severity::Medium,
    aws_page: NEW_INSTANCES,
    controls: &[],
};

pub(super) const DEFAULT_HOP_LIMIT: About = About {
    id: "account-default-hop-limit",
    title: "The account default of the hop limit is as the policy says",
    why: WHY_HOPS,
    remediation: "Set the account default for the hop limit in this Region.",
    severity: Severity::Low,
    aws_page: NEW_INSTANCES,
    controls: &[],
};

pub(super) const DEFAULT_ENDPOINT: About = About {
    id: "account-default-endpoint",
    title: "The account default of the metadata endpoint is as the policy says",
    why: "New launches that set no endpoint get the account default.",
    remediation: "Set or clear the account default for HttpEndpoint in this Region.",
    severity: Severity::Low,
    aws_page: NEW_INSTANCES,
    controls: &[],
};

pub(super) const DEFAULT_METADATA_TAGS: About = About {
    id: "account-default-metadata-tags",
    title: "The account default of tags in metadata is as the policy says",
    why: "New launches that set nothing about tags in metadata get the account default.",
    remediation: "Set or clear the account default for InstanceMetadataTags in this Region.",
    severity: Severity::Low,
    aws_page: NEW_INSTANCES,
    controls: &[],
};

pub(super) const TOKENS_ENFORCED: About = About {
    id: "http-tokens-enforced",
    title: "HttpTokensEnforced is enabled in the account",
    why: "Where it is on, no launch and no change can turn version 1 back on.",
    remediation: "Enable HttpTokensEnforced once no launch source states HttpTokens=optional.",
    severity: Severity::Low,
    aws_page: NEW_INSTANCES,
    controls: &[],
};

pub(super) const IMAGE_SUPPORT: About = About {
    id: "image-imds-support",
    title: "An image makes its instances require IMDSv2",
    why: WHY_SOURCE,
    remediation: "Set ImdsSupport of the image to v2.0. Nobody can undo this.",
    severity: Severity::Medium,
    aws_page: NEW_INSTANCES,
    controls: &[],
};

pub(super) const LATEST_DISPLACED: About = About {
    id: "latest-displaced",
    title: "$Latest of a launch template launches what it did before a run that ended early",
    why: "Launches from $Latest would get other machines than before: those of $Default.",
    remediation: "Run `v2only enforce` again, or create the version that $Latest must be.",
    severity: Severity::High,
    aws_page: NEW_INSTANCES,
    controls: &[],
};
