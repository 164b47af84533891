//! What instances take their metadata options from, as AWS described it: account defaults, launch templates,
//! launch configurations, images.

use crate::instance::{HttpTokens, Switch};
use crate::{ImageId, LaunchTemplateId, Tags};

/// Options as a source states them. `None`: it says nothing, and the next source is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatedOptions {
    /// Whether version 1 is answered.
    pub http_tokens: Option<HttpTokens>,
    /// Whether the metadata service answers at all.
    pub http_endpoint: Option<Switch>,
    /// How many hops a response to a PUT may travel.
    pub hop_limit: Option<u8>,
    /// The IPv6 endpoint.
    pub ipv6_endpoint: Option<Switch>,
    /// Tags in instance metadata.
    pub metadata_tags: Option<Switch>,
}

/// Who may change the account defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DefaultsOwner {
    /// The account itself.
    Account,
    /// A declarative policy of the organization, with the message it shows to whoever tries.
    DeclarativePolicy(Option<String>),
    /// A word this release does not know.
    Unknown(String),
}

/// The defaults of one account in one Region, as `GetInstanceMetadataDefaults` described them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountDefaults {
    /// What new launches get that do not say otherwise. There is no default for the IPv6 endpoint.
    pub options: StatedOptions,
    /// `HttpTokensEnforced`. Not described counts as not enabled: older Regions do not know it.
    pub enforced: Switch,
    /// Who may change them.
    pub owner: DefaultsOwner,
}

/// `ImdsSupport` of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImdsSupport {
    /// `v2.0`: launches that do not say otherwise require tokens.
    V2,
    /// Nothing: launches that do not say otherwise answer version 1.
    Unmarked,
    /// The image was not described, or says a word this release does not know.
    Unknown,
}

/// An image that the account owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its id.
    pub id: ImageId,
    /// Its name.
    pub name: String,
    /// What it says of the metadata service.
    pub imds_support: ImdsSupport,
    /// Its tags.
    pub tags: Tags,
}

/// How an Auto Scaling group names the template version it launches from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionChoice {
    /// By number: it stays with it.
    Number(u64),
    /// `$Default`.
    Default,
    /// `$Latest`.
    Latest,
}

/// An Auto Scaling group that launches from a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupUse {
    /// Its name.
    pub group: String,
    /// Which version.
    pub version: VersionChoice,
}

/// One version of a launch template. Versions never change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateVersion {
    /// Its number.
    pub number: u64,
    /// The metadata options it states.
    pub options: StatedOptions,
    /// The image it names, as it names it.
    pub image: Option<String>,
    /// What that image says of the metadata service.
    pub imds_support: ImdsSupport,
}

/// A launch template with those of its versions that somebody launches from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchTemplate {
    /// Its id.
    pub id: LaunchTemplateId,
    /// Its name.
    pub name: String,
    /// Number of `$Default`.
    pub default: u64,
    /// Number of `$Latest`.
    pub latest: u64,
    /// `$Default`, `$Latest` and what groups name by number.
    pub versions: Vec<TemplateVersion>,
    /// The groups that launch from it.
    pub groups: Vec<GroupUse>,
    /// The service that manages it.
    pub managed_by: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// A launch configuration of Auto Scaling, which nobody can change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchConfiguration {
    /// Its name.
    pub name: String,
    /// The metadata options it states.
    pub options: StatedOptions,
    /// The groups that launch from it.
    pub groups: Vec<String>,
}

impl AccountDefaults {
    /// Defaults of which the account says nothing, and which it may change.
    pub const UNSET: Self = Self {
        options: StatedOptions {
            http_tokens: None,
            http_endpoint: None,
            hop_limit: None,
            ipv6_endpoint: None,
            metadata_tags: None,
        },
        enforced: Switch::Unknown,
        owner: DefaultsOwner::Account,
    };
}

impl LaunchTemplate {
    /// The groups that launch from this version, by number, as `$Default` or as `$Latest`.
    pub fn users(&self, number: u64) -> impl Iterator<Item = &GroupUse> {
        self.groups.iter().filter(move |it| self.number(it.version) == number)
    }

    /// The number behind a choice, now.
    pub const fn number(&self, choice: VersionChoice) -> u64 {
        match choice {
            VersionChoice::Number(number) => number,
            VersionChoice::Default => self.default,
            VersionChoice::Latest => self.latest,
        }
    }
}
