//! What instances take their options from: read, judged and reported. Takes no writer; [`apply`] does.

pub mod apply;
pub mod read;
pub mod trace;

use v2only_policy::source::{LaunchConfiguration, LaunchTemplate};
use v2only_policy::{
    Circumstances, HttpTokens, Judged, Place, Policy, Subject, decide_account_defaults, decide_image,
    decide_launch_configuration, decide_launch_template,
};

use crate::failure::Failure;
use crate::kinds::Kinds;
use crate::ports::SourceReader;

/// Reads and judges the sources of one place; `each` gets those that violate the policy or are exempt.
///
/// What cannot be undone is held: the document alone is not enough for it, see [`v2only_policy::Decision::with_consent`].
///
/// # Errors
/// The first call that failed. What `each` got before is right, and incomplete.
pub async fn scan(
    ports: &impl SourceReader,
    policy: &Policy,
    circumstances: &Circumstances<'_>,
    kinds: Kinds,
    each: &mut (dyn FnMut(Judged) + Send),
) -> Result<(), Failure> {
    let place = circumstances.place;
    let mut report = |wanted: bool, judged: Judged| {
        if wanted && !judged.is_clean() {
            each(judged);
        }
    };
    if kinds.images {
        let mut next = None;
        loop {
            let page = ports.own_images(place, next).await?;
            for image in page.items {
                let decision = decide_image(&image, policy, circumstances)?.without_consent();
                report(true, Judged { subject: Subject::Image(image), decision });
            }
            next = page.next;
            if next.is_none() {
                break;
            }
        }
    }
    // Enforcement of tokens asks what would fail, and so needs templates and configurations as well.
    let templates = kinds.launch_templates || kinds.account_defaults && asks_for_enforcement(policy);
    let configurations =
        kinds.launch_configurations || kinds.account_defaults && asks_for_enforcement(policy);
    if !(templates || configurations || kinds.account_defaults) {
        return Ok(());
    }
    let defaults = ports.defaults(place).await?;
    let mut failing = 0;
    if templates || configurations {
        let groups = read::groups(ports, place).await?;
        if templates {
            for template in read::launch_templates(ports, place, &groups).await? {
                for judged in decide_launch_template(&template, &defaults, policy, circumstances)? {
                    if let Subject::TemplateVersion { number, .. } = judged.subject {
                        failing += usize::from(says_optional(&template, number));
                    }
                    report(kinds.launch_templates, judged);
                }
            }
        }
        if configurations {
            for configuration in read::launch_configurations(ports, place, &groups).await? {
                failing += usize::from(fails(&configuration));
                let judged = decide_launch_configuration(&configuration, policy, circumstances)?;
                report(kinds.launch_configurations, judged);
            }
        }
    }
    if kinds.account_defaults {
        let decision = decide_account_defaults(&defaults, failing, policy, circumstances)?;
        report(true, Judged { subject: Subject::AccountDefaults(defaults), decision });
    }
    Ok(())
}

fn asks_for_enforcement(policy: &Policy) -> bool {
    policy.all_rules().any(|it| it.account_defaults.enforced)
}

/// How many versions of launch templates, and launch configurations, in use say `optional`: their launches fail once tokens
/// are enforced.
pub(crate) async fn failing(ports: &impl SourceReader, place: &Place) -> Result<usize, Failure> {
    let groups = read::groups(ports, place).await?;
    let templates = read::launch_templates(ports, place, &groups).await?;
    let configurations = read::launch_configurations(ports, place, &groups).await?;
    let versions = templates.iter().map(|template| {
        let in_use = template.versions.iter().filter(|it| template.is_in_use(it.number));
        in_use.filter(|it| says_optional(template, it.number)).count()
    });
    Ok(versions.sum::<usize>() + configurations.iter().filter(|it| fails(it)).count())
}

/// Whether launches from this launch configuration fail once tokens are enforced. What it does not state is `optional`.
fn fails(it: &LaunchConfiguration) -> bool {
    !it.groups.is_empty() && it.options.http_tokens != Some(HttpTokens::Required)
}

/// Whether launches from this version fail once tokens are enforced.
pub(crate) fn says_optional(template: &LaunchTemplate, number: u64) -> bool {
    let version = template.versions.iter().find(|it| it.number == number);
    version.is_some_and(|it| it.options.http_tokens.is_some_and(|tokens| tokens != HttpTokens::Required))
}
