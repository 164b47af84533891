//! The way in which a launch came about: which service, tool or person called `RunInstances`.

use strum::VariantArray as _;
use v2only_events::{Caller, RecordedLaunch};
use v2only_policy::{OwnerKind, Tags, owner};

/// The way in which a launch came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::VariantArray)]
pub enum LaunchPath {
    /// A managed node group of Amazon EKS.
    EksNodeGroup,
    /// A compute environment of AWS Batch.
    Batch,
    /// An environment of AWS Elastic Beanstalk.
    ElasticBeanstalk,
    /// Karpenter.
    Karpenter,
    /// A cluster of Amazon EMR.
    Emr,
    /// A cluster of AWS ParallelCluster.
    ParallelCluster,
    /// EC2 Image Builder.
    ImageBuilder,
    /// An Auto Scaling group.
    AutoScaling,
    /// A Spot Fleet request.
    SpotFleet,
    /// An EC2 Fleet.
    Fleet,
    /// A Spot request.
    Spot,
    /// Packer.
    Packer,
    /// Terraform or OpenTofu.
    Terraform,
    /// CloudFormation.
    CloudFormation,
    /// Another AWS service.
    OtherService,
    /// A person in the AWS console.
    Console,
    /// The AWS CLI.
    Cli,
    /// A program with an AWS SDK, or any other caller.
    Sdk,
}

impl LaunchPath {
    /// Every path, in the order of the report.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// A stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::EksNodeGroup => "eks-node-group",
            Self::Batch => "batch",
            Self::ElasticBeanstalk => "elastic-beanstalk",
            Self::Karpenter => "karpenter",
            Self::Emr => "emr",
            Self::ParallelCluster => "parallel-cluster",
            Self::ImageBuilder => "image-builder",
            Self::AutoScaling => "auto-scaling",
            Self::SpotFleet => "spot-fleet",
            Self::Fleet => "fleet",
            Self::Spot => "spot",
            Self::Packer => "packer",
            Self::Terraform => "terraform",
            Self::CloudFormation => "cloudformation",
            Self::OtherService => "other-service",
            Self::Console => "console",
            Self::Cli => "cli",
            Self::Sdk => "sdk",
        }
    }

    /// The path of a recorded launch. Tags that services set come first, because services launch through each other: a node
    /// group launches through Auto Scaling, which launches through EC2 Fleet.
    pub fn of(launch: &RecordedLaunch, tags: &Tags) -> Self {
        let caller = &launch.call.caller;
        let service = service(caller);
        let fleet_token = launch.client_token.as_deref().is_some_and(|it| it.starts_with("fleet-"));
        let tool = of_user_agent(caller.user_agent.as_deref().unwrap_or_default(), caller.from_console);
        let by_hand = service.is_none() && !fleet_token && tool != Self::Sdk;
        // A person may copy the tags of an instance that a service launched, except those that only AWS sets.
        let of_aws;
        let tags = if by_hand {
            let reserved = |key: &str| key.starts_with("aws:");
            of_aws = tags
                .iter()
                .filter(|(key, _)| reserved(key))
                .map(|(key, it)| (key.clone(), it.clone()))
                .collect();
            &of_aws
        } else {
            tags
        };
        // A group that launches through a fleet calls as Auto Scaling; a fleet that calls itself is none of a group.
        let is_fleet = matches!(service, Some(Self::Fleet | Self::SpotFleet | Self::Spot));
        let owner = owner::kind_by_tags(tags).filter(|it| it.is_service());
        if let Some(owner) = owner.filter(|it| !(is_fleet && *it == OwnerKind::AutoScaling)) {
            return Self::of_owner(owner);
        }
        if is_image_builder(tags) {
            return Self::ImageBuilder;
        }
        // The stack of an environment of Cloud9 belongs to Cloud9.
        if tags.keys().any(|it| it.starts_with("aws:cloud9:")) {
            return Self::OtherService;
        }
        if let Some(path) = service {
            return path;
        }
        if fleet_token || tags.contains_key("aws:ec2:fleet-id") {
            return Self::Fleet;
        }
        if tags.contains_key("aws:ec2spot:fleet-request-id") {
            return Self::SpotFleet;
        }
        if tags.keys().any(|it| it.starts_with("aws:cloudformation:")) {
            return Self::CloudFormation;
        }
        tool
    }

    const fn of_owner(owner: OwnerKind) -> Self {
        match owner {
            OwnerKind::EksNodeGroup => Self::EksNodeGroup,
            OwnerKind::Batch => Self::Batch,
            OwnerKind::ElasticBeanstalk => Self::ElasticBeanstalk,
            OwnerKind::Karpenter => Self::Karpenter,
            OwnerKind::Emr => Self::Emr,
            OwnerKind::ParallelCluster => Self::ParallelCluster,
            OwnerKind::AutoScaling => Self::AutoScaling,
            OwnerKind::CloudFormation => Self::CloudFormation,
            OwnerKind::Terraform => Self::Terraform,
        }
    }

    /// The owner whose settings decide the options of such a launch, where a service owns its launch templates.
    pub const fn owner(self) -> Option<OwnerKind> {
        match self {
            Self::EksNodeGroup => Some(OwnerKind::EksNodeGroup),
            Self::Batch => Some(OwnerKind::Batch),
            Self::ElasticBeanstalk => Some(OwnerKind::ElasticBeanstalk),
            Self::Karpenter => Some(OwnerKind::Karpenter),
            Self::Emr => Some(OwnerKind::Emr),
            Self::ParallelCluster => Some(OwnerKind::ParallelCluster),
            _ => None,
        }
    }
}

/// The tags that EC2 Image Builder sets on its build and test instances.
///
/// <https://docs.aws.amazon.com/imagebuilder/latest/userguide/security-iam-awsmanpol.html>
fn is_image_builder(tags: &Tags) -> bool {
    tags.contains_key("Ec2ImageBuilderArn")
        || tags.get("CreatedBy").is_some_and(|it| it == "EC2 Image Builder")
}

/// The path of a launch that a service calls; `None` for other callers. A group that launches through a fleet calls with the
/// service-linked role of Auto Scaling.
fn service(caller: &Caller) -> Option<LaunchPath> {
    let invoked_by = caller.actor.as_ref().and_then(|it| it.invoked_by.as_deref()).and_then(of_service);
    let of_role = |arn: &str| of_service(arn.split_once(":role/aws-service-role/")?.1.split('/').next()?);
    let linked = caller.issuer.as_deref().and_then(of_role);
    match (invoked_by, linked) {
        (Some(LaunchPath::Fleet), Some(LaunchPath::AutoScaling)) | (None, _) => linked,
        (Some(path), _) => Some(path),
    }
}

/// The path of a launch that a service calls, for itself or for a principal; `None` for the console.
fn of_service(principal: &str) -> Option<LaunchPath> {
    let name = principal.strip_suffix(".cn").unwrap_or(principal).strip_suffix(".amazonaws.com")?;
    Some(match name {
        "signin" => return None,
        "eks" | "eks-nodegroup" => LaunchPath::EksNodeGroup,
        "batch" => LaunchPath::Batch,
        "elasticbeanstalk" => LaunchPath::ElasticBeanstalk,
        "elasticmapreduce" => LaunchPath::Emr,
        "imagebuilder" => LaunchPath::ImageBuilder,
        "autoscaling" => LaunchPath::AutoScaling,
        "spotfleet" => LaunchPath::SpotFleet,
        "ec2fleet" => LaunchPath::Fleet,
        "spot" => LaunchPath::Spot,
        // The products of Service Catalog are stacks.
        "cloudformation" | "servicecatalog" => LaunchPath::CloudFormation,
        _ => LaunchPath::OtherService,
    })
}

/// Words in user agents of tools, in small letters, and the tool. A tool also names the SDK that it is made with, so tools come
/// first.
const TOOLS: [(&str, LaunchPath); 6] = [
    ("packer/", LaunchPath::Packer),
    ("packer-plugin-", LaunchPath::Packer),
    ("terraform/", LaunchPath::Terraform),
    ("terraform-provider-aws", LaunchPath::Terraform),
    ("opentofu/", LaunchPath::Terraform),
    ("aws-cli/", LaunchPath::Cli),
];

/// Words in user agents of the console, in small letters.
const CONSOLE: [&str; 5] =
    ["console.ec2.amazonaws.com", "signin.amazonaws.com", "ec2consolefrontend", "aws internal", "mozilla/"];

/// Words in user agents of programs in CloudShell, in small letters. CloudShell has the credentials of a console session.
const SHELL: [&str; 3] = ["exec-env/cloudshell", "boto3/", "botocore/"];

fn of_user_agent(user_agent: &str, from_console: bool) -> LaunchPath {
    let user_agent = user_agent.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|it| user_agent.contains(it));
    let tool = TOOLS.iter().find(|(word, _)| says(&[word])).map(|(_, path)| *path);
    let console = says(&CONSOLE) || (from_console && !says(&SHELL));
    tool.unwrap_or(if console { LaunchPath::Console } else { LaunchPath::Sdk })
}
