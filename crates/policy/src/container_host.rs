//! Hosts of containers, as far as a description hints at them.
//!
//! The answer to a request for a token travels as many hops as the limit says, and a container with a network of its
//! own is one hop further away than its host: at limit 1 it gets no token. As long as version 1 is answered nobody
//! notices. A hint is no proof, and so it never changes a plan: it is only said.

use std::fmt;

use crate::instance::Instance;
use crate::plan::{InstanceChange, Plan, Step};

/// Keys of tags that Amazon EKS, Amazon ECS, AWS Batch, Kubernetes, Karpenter and Cluster API give to hosts, as beginnings.
const KEYS: [&str; 13] = [
    "eks:",
    "aws:eks:",
    "alpha.eksctl.io/",
    "kubernetes.io/",
    "k8s.io/",
    "KubernetesCluster",
    "sigs.k8s.io/",
    "karpenter.sh/",
    "karpenter.k8s.aws/",
    "aws:ecs:",
    "AmazonECSManaged",
    "AWSBatchServiceTag",
    "aws:batch:",
];

/// Words that occur in the names of instance profiles that are made for hosts, such as `ecsInstanceRole`.
const WORDS: [&str; 6] = ["eks", "ecs", "kubernetes", "k8s", "karpenter", "kops"];

/// The hop limit that keeps tokens from containers.
const ONE: u8 = 1;

/// What says that an instance is a host of containers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ContainerHost {
    /// A tag with this key.
    Tag(String),
    /// An instance profile of this name.
    Profile(String),
}

impl fmt::Display for ContainerHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(key) => write!(f, "tag {key}"),
            Self::Profile(name) => write!(f, "instance profile {name}"),
        }
    }
}

impl ContainerHost {
    /// What hints at containers, tags before the profile.
    pub fn of(instance: &Instance) -> Option<Self> {
        let tag = instance.tags.keys().find(|key| KEYS.iter().any(|it| key.starts_with(it)));
        let profile = instance.profile.as_deref().map(|it| it.rsplit('/').next().unwrap_or(it));
        let hint = profile.filter(|name| words(name).any(|it| WORDS.contains(&it.to_lowercase().as_str())));
        tag.cloned().map(Self::Tag).or_else(|| hint.map(|it| Self::Profile(it.to_owned())))
    }

    /// The hint, if this plan closes version 1 on a host of containers, or would, and leaves it at hop limit 1.
    pub(crate) fn left_without_tokens(instance: &Instance, plan: &Plan) -> Option<Self> {
        let Some(Step::Instance(InstanceChange::RequireTokens { hop_limit, .. })) = plan.step() else {
            return None;
        };
        let hops = hop_limit.map(|it| it.get()).or(instance.options.hop_limit);
        if hops == Some(ONE) { Self::of(instance) } else { None }
    }
}

/// The words of a name: `AmazonECSInstance-role` has four.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|it: char| !it.is_ascii_alphanumeric()).flat_map(humps)
}

/// `ECSInstance` as `ECS` and `Instance`: a word begins at a capital after which, or before which, no capital is.
fn humps(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let upper = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_uppercase);
    let lower = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_lowercase);
    let begins = |at: &usize| upper(*at) && (!upper(*at - 1) || lower(*at + 1));
    let mut parts = Vec::new();
    let mut from = 0;
    for at in (1..bytes.len()).filter(begins).chain(std::iter::once(bytes.len())) {
        parts.extend(text.get(from..at));
        from = at;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::of_amazon_ecs("ecsInstanceRole", true)]
    #[case::of_amazon_eks("eks-3ac7f2b4-1f2a-9f2e-0c1b-7b1d6e0f5a11", true)]
    #[case::of_karpenter("KarpenterNodeInstanceProfile-prod", true)]
    #[case::capitals_before_a_word("AmazonECSInstance", true)]
    #[case::capitals_alone("PROD_EKS_NODES", true)]
    #[case::inside_a_word("seeksRole", false)]
    #[case::inside_capitals("PREKSROLE", false)]
    #[case::another("web-server", false)]
    fn names_of_profiles_are_read_by_words(#[case] name: &str, #[case] hints: bool) {
        assert_eq!(words(name).any(|it| WORDS.contains(&it.to_lowercase().as_str())), hints);
    }
}
