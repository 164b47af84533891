//! The kinds of Kubernetes objects with a metadata switch.
//!
//! Sources: eksctl, "Config file schema" (`disableIMDSv1` defaults to `true` since 0.143); Karpenter, "NodeClasses"
//! and, for `AWSNodeTemplate`, "Node Templates"; Cluster API Provider AWS, "Instance Metadata"; Crossplane,
//! provider-upjet-aws, `ec2.aws.upbound.io` and `sagemaker.aws.upbound.io`.

/// What an unset `httpTokens` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unset {
    /// IMDSv2 is required.
    Required,
    /// IMDSv2 is required if there are no options at all, and optional otherwise.
    RequiredWithoutOptions,
    /// IMDSv1 is allowed.
    Optional,
    /// The account default and the AMI decide.
    AccountDefault,
}

/// How a kind switches IMDSv1 off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// A map, or a list of one map, with `httpTokens`.
    Options {
        /// Its path in the object.
        path: &'static [&'static str],
        /// What it means to leave `httpTokens` out.
        unset: Unset,
        /// Where the object refers to a launch template.
        template: &'static [&'static str],
    },
    /// The lists of node groups of eksctl.
    NodeGroups(&'static [&'static str]),
    /// The minimum version of a notebook.
    Notebook,
}

impl Switch {
    /// The path of the value that is judged.
    pub fn path(self) -> String {
        match self {
            Self::Options { path, .. } => format!("{}.httpTokens", path.join(".")),
            Self::NodeGroups(_) => "nodeGroups[].disableIMDSv1".to_owned(),
            Self::Notebook => NOTEBOOK.join("."),
        }
    }

    /// The paths of all keys that are read.
    pub(super) fn keys(self) -> Vec<Vec<&'static str>> {
        const OPTIONS: [&str; 3] = ["httpTokens", "httpEndpoint", "httpPutResponseHopLimit"];
        match self {
            Self::Options { path, template, .. } => {
                let options = OPTIONS.iter().map(|it| [path, &[*it]].concat());
                options.chain([template.to_vec()]).collect()
            }
            Self::NodeGroups(lists) => lists.iter().map(|it| vec![*it]).collect(),
            Self::Notebook => vec![NOTEBOOK.to_vec()],
        }
    }
}

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectKind {
    /// The API group.
    pub group: &'static str,
    /// The kind.
    pub name: &'static str,
    /// Its switch.
    pub switch: Switch,
}

/// The paths of all keys that are read in a node group of eksctl.
pub(super) fn node_group() -> [Vec<&'static str>; 3] {
    ["disableIMDSv1", "disablePodIMDS", "launchTemplate"].map(|it| vec![it])
}

const NOTEBOOK: &[&str] =
    &["spec", "forProvider", "instanceMetadataServiceConfiguration", "minimumInstanceMetadataServiceVersion"];
const NO_TEMPLATE: &[&str] = &[];
const FOR_PROVIDER: &[&str] = &["spec", "forProvider", "metadataOptions"];
const LAUNCH_TEMPLATE: &[&str] = &["spec", "awsLaunchTemplate", "instanceMetadataOptions"];

const fn options(
    group: &'static str,
    name: &'static str,
    path: &'static [&'static str],
    unset: Unset,
    template: &'static [&'static str],
) -> ObjectKind {
    ObjectKind { group, name, switch: Switch::Options { path, unset, template } }
}

const KARPENTER: &str = "karpenter.k8s.aws";
const CLUSTER_API: &str = "infrastructure.cluster.x-k8s.io";
const CROSSPLANE: &str = "ec2.aws.upbound.io";
const CROSSPLANE_IN_NAMESPACE: &str = "ec2.aws.m.upbound.io";
const PROVIDER_TEMPLATE: &[&str] = &["spec", "forProvider", "launchTemplate"];

/// Every kind that is judged.
pub const KINDS: &[ObjectKind] = &[
    ObjectKind {
        group: "eksctl.io",
        name: "ClusterConfig",
        switch: Switch::NodeGroups(&["nodeGroups", "managedNodeGroups"]),
    },
    options(KARPENTER, "EC2NodeClass", &["spec", "metadataOptions"], Unset::Required, NO_TEMPLATE),
    options(
        KARPENTER,
        "AWSNodeTemplate",
        &["spec", "metadataOptions"],
        Unset::RequiredWithoutOptions,
        &["spec", "launchTemplate"],
    ),
    options(
        CLUSTER_API,
        "AWSMachineTemplate",
        &["spec", "template", "spec", "instanceMetadataOptions"],
        Unset::Optional,
        NO_TEMPLATE,
    ),
    options(CLUSTER_API, "AWSMachine", &["spec", "instanceMetadataOptions"], Unset::Optional, NO_TEMPLATE),
    options(CLUSTER_API, "AWSMachinePool", LAUNCH_TEMPLATE, Unset::AccountDefault, NO_TEMPLATE),
    options(CLUSTER_API, "AWSManagedMachinePool", LAUNCH_TEMPLATE, Unset::AccountDefault, NO_TEMPLATE),
    options(CROSSPLANE, "Instance", FOR_PROVIDER, Unset::AccountDefault, PROVIDER_TEMPLATE),
    options(CROSSPLANE, "LaunchTemplate", FOR_PROVIDER, Unset::AccountDefault, NO_TEMPLATE),
    options(CROSSPLANE, "SpotInstanceRequest", FOR_PROVIDER, Unset::AccountDefault, PROVIDER_TEMPLATE),
    options(CROSSPLANE_IN_NAMESPACE, "Instance", FOR_PROVIDER, Unset::AccountDefault, PROVIDER_TEMPLATE),
    options(CROSSPLANE_IN_NAMESPACE, "LaunchTemplate", FOR_PROVIDER, Unset::AccountDefault, NO_TEMPLATE),
    options(
        CROSSPLANE_IN_NAMESPACE,
        "SpotInstanceRequest",
        FOR_PROVIDER,
        Unset::AccountDefault,
        PROVIDER_TEMPLATE,
    ),
    ObjectKind { group: "sagemaker.aws.upbound.io", name: "NotebookInstance", switch: Switch::Notebook },
    ObjectKind { group: "sagemaker.aws.m.upbound.io", name: "NotebookInstance", switch: Switch::Notebook },
];

/// The kind of an object, by its API version and its kind.
pub(super) fn of(version: &str, name: &str) -> Option<&'static ObjectKind> {
    let group = version.split('/').next().unwrap_or_default();
    KINDS.iter().find(|it| it.group == group && it.name == name)
}
