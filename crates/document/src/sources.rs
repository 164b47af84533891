//! The sections `launch_templates` and `images`: what instances inherit their options from.

use v2only_policy::settings::{ImageFix, LaunchTemplateFix, LaunchTemplateRules, OwnedTemplates};

use crate::keys;
use crate::notice::Notice;
use crate::reader::{Reader, Words, set};
use crate::spot::Spot;

const LAUNCH_TEMPLATE_FIX: Words<LaunchTemplateFix> = Words {
    all: &[("report", LaunchTemplateFix::Report), ("new-version", LaunchTemplateFix::NewVersion)],
    told: &[],
};
const OWNED: Words<OwnedTemplates> =
    Words { all: &[("report", OwnedTemplates::Report), ("fix", OwnedTemplates::Fix)], told: &[] };
const IMAGE_FIX: Words<ImageFix> =
    Words { all: &[("report", ImageFix::Report), ("mark-v2", ImageFix::MarkV2)], told: &[] };

pub(super) fn lay_launch_templates(reader: &mut Reader, spot: &Spot<'_>, rules: &mut LaunchTemplateRules) {
    let Some(fields) = reader.fields(spot, &keys::LAUNCH_TEMPLATES) else { return };
    set(&mut rules.fix, reader.word(&fields, "fix", &LAUNCH_TEMPLATE_FIX));
    set(&mut rules.owned, reader.word(&fields, "owned", &OWNED));
    set(&mut rules.repoint_groups, reader.flag(&fields, "repoint_groups"));
    if let Some(spot) = fields.get("repoint_groups").filter(|_| rules.repoint_groups) {
        let message = match rules.fix {
            LaunchTemplateFix::Report => {
                "no group is changed without `fix: new-version`, because there is no fixed version to name"
            }
            LaunchTemplateFix::NewVersion => {
                "only `v2only enforce` changes groups, because it writes a journal for `v2only rollback`; \
                 the functions report them"
            }
        };
        reader.notices.push(Notice::at(&spot, message.to_owned()));
    }
}

pub(super) fn lay_images(reader: &mut Reader, spot: &Spot<'_>, fix: &mut ImageFix) {
    let Some(fields) = reader.fields(spot, &keys::IMAGES) else { return };
    set(fix, reader.word(&fields, "fix", &IMAGE_FIX));
}
