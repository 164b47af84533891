//! The sections that the document and its overrides have in common.

use v2only_policy::Mode;
use v2only_policy::settings::Rules;

use crate::reader::{Reader, Words};
use crate::spot::Fields;
use crate::{account_defaults, drift, instances, notebooks, sources};

pub(super) const MODE: Words<Mode> =
    Words { all: &[("observe", Mode::Observe), ("enforce", Mode::Enforce)], told: &[] };

/// Lays the sections that document and overrides have in common over the rules.
pub(super) fn lay(reader: &mut Reader, fields: &Fields<'_>, rules: &mut Rules) {
    if let Some(spot) = fields.get("instances") {
        instances::lay(reader, &spot, &mut rules.instances);
    }
    if let Some(spot) = fields.get("notebooks") {
        notebooks::lay(reader, &spot, &mut rules.notebooks);
    }
    if let Some(spot) = fields.get("launch_templates") {
        sources::lay_launch_templates(reader, &spot, &mut rules.launch_templates);
    }
    if let Some(spot) = fields.get("images") {
        sources::lay_images(reader, &spot, &mut rules.images);
    }
    if let Some(spot) = fields.get("account_defaults") {
        account_defaults::lay(reader, &spot, &mut rules.account_defaults);
    }
    if let Some(spot) = fields.get("drift") {
        drift::lay(reader, &spot, &mut rules.drift);
    }
}
