//! What instances take their metadata options from, as AWS described it: account defaults, launch templates,
//! launch configurations, images.

mod consumer;
mod image;
mod made;

pub use consumer::{
    Consumer, ConsumerKind, ConsumerUse, NamedImage, TemplateSlot, TemplateUse, VersionChoice,
};
pub use image::{Image, ImdsSupport};
pub use made::{Displaced, Made, Unclear};

use crate::instance::{HttpTokens, MetadataOptions, Switch};
use crate::option::Switches;
use crate::{LaunchTemplateId, Tags};

/// Options as a source states them. `None`: the source does not set it, and the next source is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StatedOptions {
    /// Whether version 1 is answered.
    pub http_tokens: Option<HttpTokens>,
    /// Whether the metadata service answers at all.
    pub http_endpoint: Option<Switch>,
    /// How many hops a response to a PUT may travel.
    pub hop_limit: Option<u8>,
    /// The options that are on or off.
    pub switches: Switches<Option<Switch>>,
}

impl StatedOptions {
    /// These options as an instance describes them that has `otherwise` where nothing is stated.
    #[must_use]
    pub fn over(self, otherwise: MetadataOptions) -> MetadataOptions {
        MetadataOptions {
            http_tokens: self.http_tokens.unwrap_or(otherwise.http_tokens),
            http_endpoint: self.http_endpoint.unwrap_or(otherwise.http_endpoint),
            hop_limit: self.hop_limit.or(otherwise.hop_limit),
            switches: Switches::each(|option| self.switches[option].unwrap_or(otherwise.switches[option])),
            pending: false,
        }
    }
}

/// Who may change the account defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum DefaultsOwner {
    /// The account itself.
    Account,
    /// A declarative policy of the organization, with the message that it shows to the caller.
    DeclarativePolicy(Option<String>),
    /// A word this release does not know.
    Unknown(String),
}

/// The defaults of one account in one Region, as `GetInstanceMetadataDefaults` described them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AccountDefaults {
    /// What new launches get that do not say otherwise. There is no default for the IPv6 endpoint.
    pub options: StatedOptions,
    /// `HttpTokensEnforced`. Not described counts as not enabled: older Regions do not know it.
    pub enforced: Switch,
    /// Who may change them.
    pub owner: DefaultsOwner,
}

/// One version of a launch template. Versions never change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TemplateVersion {
    /// Its number.
    pub number: u64,
    /// The metadata options it states.
    pub options: StatedOptions,
    /// The instance type it names.
    pub instance_type: Option<String>,
    /// The tags that its instances get.
    pub instance_tags: Tags,
    /// The image it names, as it names it.
    pub image: Option<String>,
    /// What that image says of the metadata service.
    pub imds_support: ImdsSupport,
    /// What it was made from, if we made it.
    pub made: Option<Made>,
    /// Whether it gives its instances an exemption tag at the launch.
    pub exempts: bool,
}

/// A launch template with those of its versions that somebody launches from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LaunchTemplate {
    /// Its id.
    pub id: LaunchTemplateId,
    /// Its name.
    pub name: String,
    /// Number of `$Default`.
    pub default: u64,
    /// Number of `$Latest`; of what it was, as long as a version of ours is in its place.
    pub latest: u64,
    /// A version of ours in the place of `$Latest`, from a run that ended early.
    pub displaced: Option<Displaced>,
    /// `$Default`, `$Latest` and what consumers name by number.
    pub versions: Vec<TemplateVersion>,
    /// What launches from it.
    pub consumers: Vec<ConsumerUse>,
    /// The service that manages it.
    pub managed_by: Option<String>,
    /// The ARN of the principal that created the template.
    pub created_by: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// A launch configuration of Auto Scaling, which nobody can change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LaunchConfiguration {
    /// Its name.
    pub name: String,
    /// The metadata options it states.
    pub options: StatedOptions,
    /// The groups that launch from it.
    pub groups: Vec<String>,
}

impl AccountDefaults {
    /// The name of the account defaults of a Region where a resource needs a name.
    pub const NAME: &'static str = "account-default";

    /// Defaults that the account does not set, and which it may change.
    pub const UNSET: Self = Self {
        options: StatedOptions {
            http_tokens: None,
            http_endpoint: None,
            hop_limit: None,
            switches: Switches::all(None),
        },
        enforced: Switch::Unknown,
        owner: DefaultsOwner::Account,
    };
}

impl LaunchTemplate {
    /// Whether somebody launches from this version once `$Latest` is what it is to mean.
    pub fn is_in_use(&self, number: u64) -> bool {
        number == self.default || number == self.latest || self.users(number).next().is_some()
    }

    /// What AWS says `$Latest` is, whatever it is to mean.
    pub fn described_latest(&self) -> u64 {
        self.displaced.map_or(self.latest, |it| it.by)
    }

    /// The version that our `$Latest` was made after, if that version may not be what `$Latest` is to mean: ours is the first of two
    /// calls, or versions lie in between. Then everything from there on has to be read, see [`Self::set_displaced`].
    pub fn seems_displaced(&self) -> Option<u64> {
        let made = self.latest_made()?;
        (is_first_of_two(made, self.latest) || made.latest + 1 < self.latest).then_some(made.latest)
    }

    fn latest_made(&self) -> Option<Made> {
        self.versions.iter().find(|it| it.number == self.latest)?.made
    }

    /// Takes back what `$Latest` means, from all versions from the one on that [`Self::seems_displaced`] names. A
    /// version that somebody else made in between counts for more than ours.
    pub fn set_displaced(&mut self, since: &[TemplateVersion]) {
        let (Some(was), Some(made)) = (self.seems_displaced(), self.latest_made()) else { return };
        let by = self.latest;
        let between = since.iter().filter(|it| was < it.number && it.number < by);
        let theirs = between.filter(|it| it.made.is_none()).map(|it| it.number).max();
        if theirs.is_none() && !is_first_of_two(made, by) {
            return;
        }
        let before = since.iter().find(|it| it.number == was);
        let unclear = theirs.map(Unclear::Meanwhile).or(before.is_none().then_some(Unclear::Gone));
        self.displaced = Some(Displaced { by, was, unclear });
        if let (Some(before), None) = (before, unclear) {
            self.latest = was;
            if !self.versions.iter().any(|it| it.number == was) {
                self.versions.push(before.clone());
            }
        }
    }

    /// The consumers that launch from this version once the plans are carried out, by number, as `$Default` or as `$Latest`.
    pub fn users(&self, number: u64) -> impl Iterator<Item = &ConsumerUse> {
        let stay = self.consumers.iter().filter(|it| !it.is_repointed);
        stay.filter(move |it| self.number(it.version) == Some(number))
    }

    /// The consumers that launch from `$Latest`, whatever it becomes.
    pub fn followers_of_latest(&self) -> Vec<String> {
        let following = self.consumers.iter().filter(|it| it.version == VersionChoice::Latest);
        following.map(|it| it.consumer.clone()).collect()
    }

    /// The names of the consumers that name this version by number, each once. They launch from it whatever `$Default` and
    /// `$Latest` become.
    pub fn pinned(&self, number: u64) -> Vec<String> {
        let pinned = self.users(number).filter(|it| it.version == VersionChoice::Number(number));
        let mut names: Vec<String> = pinned.map(|it| it.consumer.clone()).collect();
        names.dedup();
        names
    }

    /// The number behind a choice, now; `None` where the choice is not known.
    pub const fn number(&self, choice: VersionChoice) -> Option<u64> {
        match choice {
            VersionChoice::Number(number) => Some(number),
            VersionChoice::Default => Some(self.default),
            VersionChoice::Latest => Some(self.latest),
            VersionChoice::Unknown => None,
        }
    }

    /// Notes that the plan lets this consumer name the fixed version in place of this one.
    pub fn repoint(&mut self, consumer: &Consumer, number: u64) {
        let uses = self.consumers.iter_mut().filter(|it| it.kind == consumer.kind);
        for it in uses.filter(|it| it.consumer == consumer.id) {
            it.is_repointed |= it.version == VersionChoice::Number(number);
        }
    }

    /// The version of ours that states these options and was made from this version.
    pub fn fixed_version(&self, number: u64, options: &StatedOptions) -> Option<u64> {
        let ours = self.versions.iter().filter(|it| it.made.is_some_and(|made| made.from == number));
        ours.filter(|it| it.number != number && it.options == *options).map(|it| it.number).max()
    }

    /// Whether this is the id or the name of the template.
    pub fn is_named(&self, name: &str) -> bool {
        name == self.id.as_str() || name == self.name
    }
}

/// Whether a version of ours is the first of two, and the second never came.
const fn is_first_of_two(made: Made, number: u64) -> bool {
    made.from != made.latest && made.latest < number
}
