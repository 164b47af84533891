//! Images that the account owns.

use super::{Circumstances, Decision, excuse};
use crate::Tags;
use crate::finding::Finding;
use crate::plan::{Hold, ImageChange, Plan};
use crate::scope::ScopeError;
use crate::settings::{ImageFix, Policy};
use crate::source::{Image, ImdsSupport};
use crate::verdict::{Compliance, Verdict};

/// Judges an image and plans what follows.
///
/// # Errors
/// The policy names organizational units in a way that decides here, and those above the account are not
/// known.
pub fn decide_image(
    image: &Image,
    policy: &Policy,
    circumstances: &Circumstances<'_>,
) -> Result<Decision, ScopeError> {
    let scope = circumstances.scope(image.id.as_str(), &image.tags);
    let rules = policy.rules_for(&scope)?;
    let finding = match image.imds_support {
        ImdsSupport::V2 => return Ok(Decision::nothing_to_do(Verdict::Compliant(Compliance::ImageIsV2))),
        ImdsSupport::Unmarked => Finding::ImageUnmarked,
        ImdsSupport::Unknown => Finding::ImageUnknown,
    };
    let (verdict, notes) = excuse(vec![finding], policy, &scope, circumstances.today())?;
    let plan = match (&verdict, rules.images) {
        (Verdict::Violation(_), ImageFix::MarkV2) => Plan::act(ImageChange::MarkV2),
        (Verdict::Violation(_), ImageFix::Report) => Plan::Hold { why: Hold::ImagesReportOnly, would: None },
        (Verdict::Compliant(_) | Verdict::Exempt { .. } | Verdict::Gone, _) => Plan::Nothing,
    };
    Ok(Decision { verdict, notes, plan: plan.under(rules.mode), remember: Tags::new() })
}
