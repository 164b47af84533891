//! Decides whether a metadata posture is acceptable, and what to do when it is not.
//!
//! Read in this order: [`ids`] names things; [`settings`] is the policy document after validation;
//! [`scope`] says whom an override or an exemption means; [`instance`] and [`notebook`] are what AWS
//! described, [`source`] what instances take their options from, and [`effective`] which option that comes to;
//! [`rules`] judge one option each; [`verdict`] is their sum; [`plan`] is what follows from it.
//!
//! Every way into the product (an event, the scheduled sweep, the CLI) ends in [`decide_instance`],
//! [`decide_notebook`] or one of their siblings for sources: facts and a date go in, a verdict with reasons and a plan come out.
//!
//! Knows: postures, rules, exemptions, verdicts, plans.
//! Must never know: JSON, YAML, AWS SDK types, async, the clock, the environment, logging, a terminal.
//! There is deliberately no way to write "allow version 1" or "enable the endpoint of an instance that has
//! it disabled" as a plan: the types of [`plan`] cannot express it.

pub mod ids;
pub mod preference;
pub mod scope;
pub mod settings;

pub mod container_host;
pub mod drift;
pub mod exemption;
pub mod history;
pub mod instance;
mod moment;
pub mod notebook;
pub mod option;
pub mod owner;
mod region_names;
pub mod source;
pub mod surface;
pub mod usage;

pub mod effective;
pub mod finding;
pub mod rules;
pub mod verdict;

mod about_kind;
pub mod cause;
pub mod decide;
pub mod decision;
pub mod kind;
pub mod plan;
pub mod review;
pub mod rollout;
pub mod subject;

pub use about_kind::AboutKind;
pub use container_host::ContainerHost;
pub use decide::{
    Circumstances, Occasion, compliant_anywhere, decide_account_defaults, decide_consumer, decide_image,
    decide_instance, decide_launch_configuration, decide_launch_template, decide_notebook, decide_surface,
    surface_usage_window, usage_gate,
};
pub use decision::Decision;
pub use effective::{By, Decided, EffectiveOptions, effective};
pub use finding::{DefaultFinding, Finding, OptionFinding, Rule};
pub use history::History;
pub use ids::{
    AccountId, ImageId, InstanceId, LaunchTemplateId, NotebookName, OuId, Partition, Place, Region,
};
pub use instance::{HttpTokens, Instance, InstanceState, MetadataOptions, Switch};
pub use kind::ResourceKind;
pub use notebook::{MinimumVersion, Notebook, NotebookStatus, Platform};
pub use option::{MetadataOption, SwitchOption, Switches};
pub use owner::{Owner, OwnerKind};
pub use plan::{
    DefaultsChange, GroupChange, Hold, ImageChange, InstanceChange, NotebookStep, Plan, Step, SurfaceChange,
    TemplateChange, Wait,
};
pub use preference::{DefaultRule, Disabled, Preference};
pub use settings::{Mode, Policy, Rules};
pub use source::{AccountDefaults, ImdsSupport, StatedOptions};
pub use subject::{Judged, Subject};
pub use surface::{Surface, SurfaceKind};
pub use verdict::{Compliance, Note, Verdict};

/// Tag keys by AWS resource, as written and as described.
pub type Tags = std::collections::BTreeMap<String, String>;

/// What every tag this product reads or writes starts with. A shipped SCP keeps everybody but the owners
/// from writing such tags.
pub const TAG_PREFIX: &str = "v2only:";
