//! Where the metadata switch stands outside of EC2, Auto Scaling and SageMaker.
//!
//! All these surfaces are one type, [`Surface`]. To add a kind of surface, follow "Adding a resource kind" in
//! `CONTRIBUTING.md`.

use jiff::Timestamp;
use strum::VariantArray as _;

use crate::Tags;
use crate::about_kind::AboutKind;
use crate::instance::{HttpTokens, MetadataOptions};
use crate::source::StatedOptions;

/// A kind of surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::VariantArray)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SurfaceKind {
    /// A Lightsail instance.
    LightsailInstance,
    /// An infrastructure configuration of EC2 Image Builder.
    InfrastructureConfiguration,
    /// An Elastic Beanstalk environment.
    BeanstalkEnvironment,
    /// An EMR security configuration.
    EmrSecurityConfiguration,
}

/// How v2only makes a surface require IMDSv2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SurfaceFix {
    /// In place, once the usage gate opens.
    BehindUsageGate,
    /// In place. Nothing that runs is changed.
    InPlace,
    /// v2only reports it. The text says why, and what to do.
    Report(&'static str),
}

/// What v2only knows of a kind of surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AboutSurface {
    /// What it is called.
    pub kind: AboutKind,
    /// What AWS does where `HttpTokens` is not set.
    pub unset: HttpTokens,
    /// How v2only fixes it.
    pub fix: SurfaceFix,
    /// The command that fixes it by hand, with `{region}`, `{account}` and `{id}`.
    pub command: &'static str,
    /// The IAM action of the call that reads it.
    pub read_action: &'static str,
}

const LIGHTSAIL_INSTANCE: AboutSurface = AboutSurface {
    kind: AboutKind {
        word: "lightsail-instance",
        noun: "Lightsail instance",
        title: "Lightsail instance",
        help: "Lightsail instances",
        // The ARN holds a random part.
        arn: "{id}",
        security_hub_type: "Other",
        cloud_formation_type: "AWS::Lightsail::Instance",
    },
    unset: HttpTokens::Unknown,
    fix: SurfaceFix::BehindUsageGate,
    command: "aws lightsail update-instance-metadata-options --region {region} --instance-name {id} --http-tokens required",
    read_action: "lightsail:GetInstances",
};

const INFRASTRUCTURE_CONFIGURATION: AboutSurface = AboutSurface {
    kind: AboutKind {
        word: "infrastructure-configuration",
        noun: "infrastructure configuration",
        title: "Infrastructure configuration",
        help: "Infrastructure configurations of EC2 Image Builder",
        arn: "arn:{partition}:imagebuilder:{region}:{account}:infrastructure-configuration/{id}",
        security_hub_type: "Other",
        cloud_formation_type: "AWS::ImageBuilder::InfrastructureConfiguration",
    },
    // The account default and the parent image decide.
    unset: HttpTokens::Unknown,
    fix: SurfaceFix::InPlace,
    // The call of AWS replaces everything, and so it is none to type.
    command: "v2only enforce --policy policy.yaml --region {region} --kind infrastructure-configuration --only {id}",
    read_action: "imagebuilder:GetInfrastructureConfiguration",
};

const BEANSTALK_ENVIRONMENT: AboutSurface = AboutSurface {
    kind: AboutKind {
        word: "beanstalk-environment",
        noun: "Elastic Beanstalk environment",
        title: "Elastic Beanstalk environment",
        help: "Elastic Beanstalk environments",
        // The ARN names the application.
        arn: "{id}",
        security_hub_type: "AwsElasticBeanstalkEnvironment",
        cloud_formation_type: "AWS::ElasticBeanstalk::Environment",
    },
    unset: HttpTokens::Optional,
    fix: SurfaceFix::Report(
        "an update replaces the instances of the environment; set DisableIMDSv1=true in the namespace \
         aws:autoscaling:launchconfiguration, and where the application is deployed from, in .ebextensions",
    ),
    command: "aws elasticbeanstalk update-environment --region {region} --environment-id {id} --option-settings \
              Namespace=aws:autoscaling:launchconfiguration,OptionName=DisableIMDSv1,Value=true",
    read_action: "elasticbeanstalk:DescribeConfigurationSettings",
};

const EMR_SECURITY_CONFIGURATION: AboutSurface = AboutSurface {
    kind: AboutKind {
        word: "emr-security-configuration",
        noun: "EMR security configuration",
        title: "EMR security configuration",
        help: "EMR security configurations",
        arn: "{id}",
        security_hub_type: "Other",
        cloud_formation_type: "AWS::EMR::SecurityConfiguration",
    },
    unset: HttpTokens::Optional,
    fix: SurfaceFix::Report(
        "security configurations cannot be changed; create one with InstanceMetadataServiceConfiguration \
         {\"MinimumInstanceMetadataServiceVersion\": 2, \"HttpPutResponseHopLimit\": 1} and let new clusters name it",
    ),
    command: "aws emr create-security-configuration --region {region} --name {id}-v2 --security-configuration \
              file://security-configuration.json",
    read_action: "elasticmapreduce:DescribeSecurityConfiguration",
};

impl SurfaceKind {
    /// Every kind, in the order in which a scan reads them.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// What v2only knows of this kind.
    pub const fn about(self) -> &'static AboutSurface {
        match self {
            Self::LightsailInstance => &LIGHTSAIL_INSTANCE,
            Self::InfrastructureConfiguration => &INFRASTRUCTURE_CONFIGURATION,
            Self::BeanstalkEnvironment => &BEANSTALK_ENVIRONMENT,
            Self::EmrSecurityConfiguration => &EMR_SECURITY_CONFIGURATION,
        }
    }

    /// The kind with this published word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.about().kind.word == word)
    }
}

/// A resource outside of EC2, Auto Scaling and SageMaker that states metadata options.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Surface {
    /// The kind.
    pub kind: SurfaceKind,
    /// The name or id by which the API of the service addresses the resource.
    pub id: String,
    /// The name that people gave the resource, where that is not the id.
    pub name: Option<String>,
    /// The ARN, where AWS describes one: it can tell a resource from another one that had the name before.
    pub arn: Option<String>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// The options that it states; `None` is not set.
    pub options: StatedOptions,
    /// What uses it: the running clusters of a security configuration.
    pub users: Vec<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Surface {
    /// A resource that states nothing.
    pub fn new(kind: SurfaceKind, id: String) -> Self {
        Self {
            kind,
            id,
            name: None,
            arn: None,
            created_at: None,
            options: StatedOptions::default(),
            users: Vec::new(),
            tags: Tags::new(),
        }
    }

    /// Whether IMDSv1 is answered, by the option or by what AWS does where the option is not set.
    pub fn http_tokens(&self) -> HttpTokens {
        self.options.http_tokens.unwrap_or(self.kind.about().unset)
    }

    /// The options as an instance would describe them.
    pub fn described(&self) -> MetadataOptions {
        let options = self.options.over(MetadataOptions::UNKNOWN);
        MetadataOptions { http_tokens: self.http_tokens(), ..options }
    }

    /// Whether this is the same resource, and not another one of the same name.
    pub fn is_same(&self, arn: Option<&str>, created_at: Option<Timestamp>) -> bool {
        let second = |at: Option<Timestamp>| at.map(Timestamp::as_second);
        self.arn.as_deref() == arn && second(self.created_at) == second(created_at)
    }
}
