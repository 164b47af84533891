//! Who owns a launch template, a group or a fleet: a service or a tool that creates it again from its own settings.
//!
//! A change of such a resource is lost, or breaks its owner. The settings to change are those of the parent: a node
//! group, a stack, a Terraform block. Names and tags are evidence, not proof: a template that somebody tags like a service
//! stays a violation and is only reported.

use std::fmt;

use crate::Tags;
use crate::source::{Consumer, LaunchTemplate};
use crate::surface::{Surface, SurfaceKind};

/// A kind of owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum OwnerKind {
    /// A managed node group of Amazon EKS.
    EksNodeGroup,
    /// A compute environment of AWS Batch.
    Batch,
    /// An environment of AWS Elastic Beanstalk.
    ElasticBeanstalk,
    /// A node class of Karpenter.
    Karpenter,
    /// A cluster of Amazon EMR.
    Emr,
    /// A cluster of AWS ParallelCluster.
    ParallelCluster,
    /// Amazon EC2 Auto Scaling.
    AutoScaling,
    /// A stack of AWS CloudFormation.
    CloudFormation,
    /// A Terraform configuration.
    Terraform,
}

impl OwnerKind {
    /// Whether a service owns the template, so that no policy lets v2only change it.
    pub const fn is_service(self) -> bool {
        match self {
            Self::EksNodeGroup
            | Self::Batch
            | Self::ElasticBeanstalk
            | Self::Karpenter
            | Self::Emr
            | Self::ParallelCluster
            | Self::AutoScaling => true,
            Self::CloudFormation | Self::Terraform => false,
        }
    }

    /// The name of the owner in text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EksNodeGroup => "an EKS managed node group",
            Self::Batch => "an AWS Batch compute environment",
            Self::ElasticBeanstalk => "an Elastic Beanstalk environment",
            Self::Karpenter => "Karpenter",
            Self::Emr => "an EMR cluster",
            Self::ParallelCluster => "an AWS ParallelCluster cluster",
            Self::AutoScaling => "EC2 Auto Scaling",
            Self::CloudFormation => "a CloudFormation stack",
            Self::Terraform => "Terraform",
        }
    }

    /// What to change at the parent, so that the next resource of this owner launches with required tokens.
    pub const fn what_to_change(self, owned: Owned) -> &'static str {
        match (self, owned) {
            (Self::CloudFormation, Owned::Consumer) => {
                "let the group or fleet name a version that requires tokens, such as `!GetAtt \
                 LaunchTemplate.LatestVersionNumber`, in the template of the stack, and update the stack"
            }
            (Self::Terraform, Owned::Consumer) => {
                "let the block of the group or fleet name a version that requires tokens, such as \
                 `aws_launch_template.NAME.latest_version`, and apply it"
            }
            (Self::CloudFormation, Owned::InfrastructureConfiguration) => {
                "set `InstanceMetadataOptions.HttpTokens: required` in the `AWS::ImageBuilder::InfrastructureConfiguration` of \
                 the stack, and update the stack"
            }
            (Self::Terraform, Owned::InfrastructureConfiguration) => {
                "write `instance_metadata_options { http_tokens = \"required\" }` into the \
                 `aws_imagebuilder_infrastructure_configuration` block, and apply it"
            }
            (kind, Owned::Consumer | Owned::Template | Owned::InfrastructureConfiguration) => {
                kind.what_to_change_of_template()
            }
        }
    }

    const fn what_to_change_of_template(self) -> &'static str {
        match self {
            Self::EksNodeGroup => {
                "give the node group a launch template of your own with `MetadataOptions.HttpTokens=required`"
            }
            Self::Batch => {
                "give the compute environment a launch template of your own with \
                 `MetadataOptions.HttpTokens=required`, and update its infrastructure"
            }
            Self::ElasticBeanstalk => {
                "set the option `DisableIMDSv1` to `true` in `aws:autoscaling:launchconfiguration` of the environment"
            }
            Self::Karpenter => "set `spec.metadataOptions.httpTokens: required` in the `EC2NodeClass`",
            Self::Emr => {
                "start the cluster with a security configuration that sets \
                 `MinimumInstanceMetadataServiceVersion` to 2"
            }
            Self::ParallelCluster => "set `Imds: { ImdsSupport: v2.0 }` in the cluster configuration",
            Self::AutoScaling => "change the Auto Scaling group that the tags name",
            Self::CloudFormation => {
                "set `LaunchTemplateData.MetadataOptions.HttpTokens: required` in the template of the stack, and update \
                 the stack"
            }
            Self::Terraform => {
                "write `metadata_options { http_tokens = \"required\" }` into the `aws_launch_template` block, and \
                 apply it"
            }
        }
    }
}

/// What is owned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Owned {
    /// A launch template.
    Template,
    /// An Auto Scaling group, an EC2 Fleet or a Spot Fleet request.
    Consumer,
    /// An infrastructure configuration of EC2 Image Builder.
    InfrastructureConfiguration,
}

/// What shows that an owner exists.
#[derive(Debug, Clone, Copy)]
enum Mark {
    /// A tag with this key.
    Tag(&'static str),
    /// A tag whose key starts so.
    Tags(&'static str),
    /// A tag with this key and a value, both in any case.
    Says(&'static str, &'static str),
    /// A name that starts so.
    Name(&'static str),
    /// A name that is this text and a UUID.
    NameWithUuid(&'static str),
    /// The principal that created the template is a session of this role.
    CreatedBy(&'static str),
}

/// One way to know an owner, with the page that documents it.
#[derive(Debug, Clone, Copy)]
struct Row {
    mark: Mark,
    kind: OwnerKind,
    source: &'static str,
}

const fn row(mark: Mark, kind: OwnerKind, source: &'static str) -> Row {
    Row { mark, kind, source }
}

const EKS: &str = "https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html";
const EKS_ROLE: &str =
    "https://docs.aws.amazon.com/eks/latest/userguide/using-service-linked-roles-eks-nodegroups.html";
const BATCH: &str = "https://docs.aws.amazon.com/batch/latest/userguide/launch-templates.html";
const BATCH_ROLE: &str =
    "https://docs.aws.amazon.com/aws-managed-policy/latest/reference/BatchServiceRolePolicy.html";
const BEANSTALK: &str =
    "https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/environments-cfg-ec2-imds.html";
const KARPENTER: &str = "https://karpenter.sh/docs/concepts/nodeclasses/#specmetadataoptions";
const EMR: &str =
    "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-create-security-configuration.html";
const PARALLEL_CLUSTER: &str = "https://docs.aws.amazon.com/parallelcluster/latest/ug/Imds-cluster-v3.html";
const AUTO_SCALING: &str =
    "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html";
const STACK: &str =
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html";
const TERRAFORM: &str = "https://github.com/hashicorp/terraform-provider-aws/blob/main/website/docs/guides/resource-tagging.html.markdown";
const TERRAFORM_NAME: &str = "https://github.com/hashicorp/terraform-provider-aws/blob/main/website/docs/r/launch_template.html.markdown";

/// Services come first: their templates often carry the tags of the stack that the service created.
const ROWS: &[Row] = &[
    row(Mark::Tag("eks:nodegroup-name"), OwnerKind::EksNodeGroup, EKS),
    row(Mark::Tag("eks:cluster-name"), OwnerKind::EksNodeGroup, EKS),
    row(Mark::CreatedBy("AWSServiceRoleForAmazonEKSNodegroup"), OwnerKind::EksNodeGroup, EKS_ROLE),
    row(Mark::Tag("AWSBatchServiceTag"), OwnerKind::Batch, BATCH_ROLE),
    row(Mark::CreatedBy("AWSServiceRoleForBatch"), OwnerKind::Batch, BATCH_ROLE),
    row(Mark::Tags("elasticbeanstalk:"), OwnerKind::ElasticBeanstalk, BEANSTALK),
    row(Mark::CreatedBy("AWSServiceRoleForElasticBeanstalk"), OwnerKind::ElasticBeanstalk, BEANSTALK),
    row(Mark::Tags("karpenter.sh/"), OwnerKind::Karpenter, KARPENTER),
    row(Mark::Tags("karpenter.k8s.aws/"), OwnerKind::Karpenter, KARPENTER),
    row(Mark::Name("karpenter.k8s.aws/"), OwnerKind::Karpenter, KARPENTER),
    row(Mark::Tags("aws:elasticmapreduce:"), OwnerKind::Emr, EMR),
    row(Mark::Tags("parallelcluster:"), OwnerKind::ParallelCluster, PARALLEL_CLUSTER),
    row(Mark::Tags("aws-parallelcluster-"), OwnerKind::ParallelCluster, PARALLEL_CLUSTER),
    row(Mark::Tags("aws:autoscaling:"), OwnerKind::AutoScaling, AUTO_SCALING),
    row(Mark::NameWithUuid("eks-"), OwnerKind::EksNodeGroup, EKS),
    row(Mark::Name("Batch-lt-"), OwnerKind::Batch, BATCH),
    row(Mark::Tags("aws:cloudformation:"), OwnerKind::CloudFormation, STACK),
    row(Mark::Tags("terraform:"), OwnerKind::Terraform, TERRAFORM),
    row(Mark::Says("terraform", "true"), OwnerKind::Terraform, TERRAFORM),
    row(Mark::Says("managedby", "terraform"), OwnerKind::Terraform, TERRAFORM),
    row(Mark::Says("createdby", "terraform"), OwnerKind::Terraform, TERRAFORM),
    row(Mark::Says("provisioner", "terraform"), OwnerKind::Terraform, TERRAFORM),
    row(Mark::Name("terraform-"), OwnerKind::Terraform, TERRAFORM_NAME),
];

/// A tag that people put on what Karpenter may use. Karpenter does not own what carries it.
const DISCOVERY: &str = "karpenter.sh/discovery";

/// The tags that name the parent, most exact first.
const PARENTS: &[(OwnerKind, &[&str])] = &[
    (OwnerKind::EksNodeGroup, &["eks:nodegroup-name", "eks:cluster-name"]),
    (OwnerKind::ElasticBeanstalk, &["elasticbeanstalk:environment-name", "elasticbeanstalk:environment-id"]),
    (
        OwnerKind::Karpenter,
        &["karpenter.k8s.aws/ec2nodeclass", "karpenter.sh/nodepool", "karpenter.k8s.aws/cluster"],
    ),
    (OwnerKind::Emr, &["aws:elasticmapreduce:job-flow-id"]),
    (OwnerKind::ParallelCluster, &["parallelcluster:cluster-name"]),
    (OwnerKind::AutoScaling, &["aws:autoscaling:groupName"]),
    (
        OwnerKind::CloudFormation,
        &["aws:cloudformation:stack-name", "aws:cloudformation:stack-id", "aws:cloudformation:logical-id"],
    ),
];

/// The owner of a resource, and how the owner is known.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Owner {
    /// The kind of owner.
    pub kind: OwnerKind,
    /// What is owned.
    pub owned: Owned,
    /// The tag, name or principal that shows the owner.
    pub evidence: String,
    /// The tags that name the parent, as `key=value`.
    pub parent: Vec<String>,
    /// The page that documents the evidence and the setting.
    pub source: String,
}

/// The kind of owner that the tags of an instance show; `None` if they show none.
pub fn kind_by_tags(tags: &Tags) -> Option<OwnerKind> {
    Resource { name: "", tags, created_by: None }.owner(Owned::Consumer).map(|it| it.kind)
}

/// The most exact tag among these that names the parent of a kind of owner, such as the name of a node group.
pub fn parent_name(kind: OwnerKind, tags: &Tags) -> Option<&str> {
    let keys = PARENTS.iter().filter(|(of, _)| *of == kind).flat_map(|(_, keys)| *keys);
    keys.filter_map(|key| tags.get(*key)).map(String::as_str).next()
}

/// What tells the owner of a resource.
struct Resource<'a> {
    name: &'a str,
    tags: &'a Tags,
    created_by: Option<&'a str>,
}

impl Owner {
    /// The owner of a launch template; `None` if nothing shows one.
    pub fn of(template: &LaunchTemplate) -> Option<Self> {
        let LaunchTemplate { name, tags, created_by, .. } = template;
        Resource { name, tags, created_by: created_by.as_deref() }.owner(Owned::Template)
    }

    /// The owner of a group or fleet; `None` if nothing shows one.
    pub fn of_consumer(consumer: &Consumer) -> Option<Self> {
        let Consumer { id, tags, .. } = consumer;
        Resource { name: id, tags, created_by: None }.owner(Owned::Consumer)
    }

    /// The owner of an infrastructure configuration; `None` if nothing shows one, and for other surfaces.
    pub fn of_surface(surface: &Surface) -> Option<Self> {
        let Surface { kind, id, name, tags, .. } = surface;
        let name = name.as_deref().unwrap_or(id);
        (*kind == SurfaceKind::InfrastructureConfiguration)
            .then(|| Resource { name, tags, created_by: None }.owner(Owned::InfrastructureConfiguration))
            .flatten()
    }
}

impl Resource<'_> {
    fn owner(&self, owned: Owned) -> Option<Owner> {
        ROWS.iter().find_map(|row| {
            let evidence = row.mark.shown_by(self)?;
            let named = |key: &&str| self.tags.get(*key).map(|value| format!("{key}={value}"));
            let parents = PARENTS.iter().filter(|(kind, _)| *kind == row.kind);
            let parent = parents.flat_map(|(_, keys)| *keys).filter_map(named).collect();
            Some(Owner { kind: row.kind, owned, evidence, parent, source: row.source.to_owned() })
        })
    }
}

impl Mark {
    fn shown_by(self, it: &Resource<'_>) -> Option<String> {
        let tag = |is: &dyn Fn(&str, &str) -> bool| first(it.tags, is).map(|key| format!("tag {key}"));
        let name = |is: &dyn Fn(&str) -> bool| is(it.name).then(|| format!("name {}", it.name));
        match self {
            Self::Tag(wanted) => tag(&|key, _| key == wanted),
            Self::Tags(start) => tag(&|key, _| key.starts_with(start) && key != DISCOVERY),
            Self::Says(wanted, says) => {
                tag(&|key, value| folded(key) == wanted && value.eq_ignore_ascii_case(says))
            }
            Self::Name(start) => name(&|name| name.starts_with(start)),
            Self::NameWithUuid(start) => name(&|name| name.strip_prefix(start).is_some_and(is_uuid)),
            Self::CreatedBy(role) => {
                it.created_by?.split('/').any(|part| part == role).then(|| format!("created by {role}"))
            }
        }
    }
}

fn first<'a>(tags: &'a Tags, is: &dyn Fn(&str, &str) -> bool) -> Option<&'a str> {
    tags.iter().find(|(key, value)| is(key, value)).map(|(key, _)| key.as_str())
}

/// Whether this is a UUID, or a part of one: hexadecimal digits and hyphens only.
fn is_uuid(text: &str) -> bool {
    text.len() >= 8 && text.chars().all(|it| it == '-' || it.is_ascii_hexdigit())
}

/// A key as people write it, without case, `-`, `_`, `:` and spaces.
fn folded(key: &str) -> String {
    key.chars().filter(|it| !"-_: ".contains(*it)).map(|it| it.to_ascii_lowercase()).collect()
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, owned, evidence, parent, source } = self;
        let seems = if *kind == OwnerKind::Terraform { "seems to be owned" } else { "owned" };
        write!(f, "{seems} by {} ({evidence})", kind.name())?;
        if !parent.is_empty() {
            write!(f, ", {}", parent.join(", "))?;
        }
        write!(f, "; {}; see {source}", kind.what_to_change(*owned))
    }
}
