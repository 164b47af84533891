//! Launch configurations, which AWS lets nobody change.
//!
//! AWS documents `optional` as the value of a launch configuration that sets nothing, so neither the account
//! default nor an image is asked.

use super::instance::judge_options;
use super::{Circumstances, Decision, excuse};
use crate::Tags;
use crate::effective::effective;
use crate::finding::Finding;
use crate::plan::{Hold, Plan};
use crate::scope::ScopeError;
use crate::settings::Policy;
use crate::source::{AccountDefaults, ImdsSupport, LaunchConfiguration};
use crate::subject::{Judged, Subject};
use crate::verdict::Verdict;

/// Judges a launch configuration by what a launch from it would get.
///
/// # Errors
/// The policy names organizational units in a way that decides here, and those above the account are not
/// known.
pub fn decide_launch_configuration(
    configuration: &LaunchConfiguration,
    policy: &Policy,
    circumstances: &Circumstances<'_>,
) -> Result<Judged, ScopeError> {
    // Launch configurations carry no tags.
    let tags = Tags::new();
    let scope = circumstances.scope(&configuration.name, &tags);
    let rules = policy.rules_for(&scope)?;
    let effective = effective(&configuration.options, &AccountDefaults::UNSET, ImdsSupport::Unmarked);
    let decision = match judge_options(&effective.options(), rules) {
        Ok(compliance) => Decision::nothing_to_do(Verdict::Compliant(compliance)),
        Err(findings) => {
            let (verdict, notes) = excuse(
                findings.into_iter().map(Finding::Option).collect(),
                policy,
                &scope,
                circumstances.today(),
            )?;
            let plan = match &verdict {
                Verdict::Violation(_) => {
                    Plan::Hold { why: Hold::Immutable { groups: configuration.groups.clone() }, would: None }
                }
                Verdict::Compliant(_) | Verdict::Exempt { .. } | Verdict::Gone => Plan::Nothing,
            };
            Decision { verdict, notes, plan, remember: Tags::new() }
        }
    };
    let subject = Subject::LaunchConfiguration { configuration: configuration.clone(), effective };
    Ok(Judged { subject, decision })
}
