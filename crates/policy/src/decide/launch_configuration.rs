//! Launch configurations, which AWS lets nobody change.
//!
//! AWS documents `optional` as what a launch configuration means by saying nothing, so neither the account
//! default nor an image is asked.

use super::instance::judge_options;
use super::{Circumstances, Decision, excuse};
use crate::Tags;
use crate::effective::{EffectiveOptions, effective};
use crate::plan::{Hold, LaunchConfigurationChange, Plan};
use crate::scope::ScopeError;
use crate::settings::Policy;
use crate::source::{AccountDefaults, ImdsSupport, LaunchConfiguration};
use crate::verdict::Verdict;

/// Judges a launch configuration by what a launch from it would get.
///
/// # Errors
/// The policy names organizational units in a way that decides here, and those above the account are not
/// known.
pub fn decide_launch_configuration(
    it: &LaunchConfiguration,
    policy: &Policy,
    circumstances: &Circumstances<'_>,
) -> Result<(EffectiveOptions, Decision<LaunchConfigurationChange>), ScopeError> {
    // Launch configurations carry no tags.
    let tags = Tags::new();
    let scope = circumstances.scope(&it.name, &tags);
    let rules = policy.rules_for(&scope)?;
    let effective = effective(&it.options, &AccountDefaults::UNSET, ImdsSupport::Unmarked);
    let decision = match judge_options(&effective.options(), rules) {
        Ok(compliance) => Decision::left(Verdict::Compliant(compliance)),
        Err(findings) => {
            let (verdict, notes) = excuse(findings, policy, &scope, circumstances.today())?;
            let plan = match &verdict {
                Verdict::Violation(_) => {
                    Plan::Hold { why: Hold::Immutable { groups: it.groups.clone() }, would: None }
                }
                _ => Plan::Nothing,
            };
            Decision { verdict, notes, plan, remember: Tags::new() }
        }
    };
    Ok((effective, decision))
}
