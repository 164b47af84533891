//! What instances take their options from: read, judged and reported. Takes no writer; [`apply`] does.

pub mod apply;
pub mod read;
pub(crate) mod repoint;
pub mod trace;
pub(crate) mod versions;

use v2only_policy::source::{LaunchConfiguration, LaunchTemplate};
use v2only_policy::{
    Circumstances, HttpTokens, Judged, Place, Policy, ResourceKind, Subject, decide_account_defaults,
    decide_consumer, decide_image, decide_launch_configuration, decide_launch_template,
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
    let mut report = |judged: Judged| {
        if !judged.is_clean() {
            each(judged);
        }
    };
    if kinds.contains(ResourceKind::Image) {
        let mut next = None;
        loop {
            let page = ports.own_images(place, next).await?;
            for image in page.items {
                let decision = decide_image(&image, policy, circumstances)?.without_consent();
                report(Judged { subject: Subject::Image(image), decision });
            }
            next = page.next;
            if next.is_none() {
                break;
            }
        }
    }
    // Enforcement of tokens asks what would fail, and so needs templates and configurations as well.
    let reads_defaults = kinds.contains(ResourceKind::AccountDefault);
    let for_enforcement = reads_defaults && asks_for_enforcement(policy);
    let templates = kinds.contains(ResourceKind::LaunchTemplate) || for_enforcement;
    let configurations = kinds.contains(ResourceKind::LaunchConfiguration) || for_enforcement;
    if !(templates || configurations || reads_defaults) {
        return Ok(());
    }
    let defaults = ports.defaults(place).await?;
    let mut failing = 0;
    let mut consumers = if templates {
        read::consumers(ports, place).await?
    } else if configurations {
        read::groups(ports, place).await?
    } else {
        Vec::new()
    };
    if templates {
        let mut templates = read::launch_templates(ports, place, &mut consumers).await?;
        failing += templates.iter().map(failing_versions).sum::<usize>();
        if kinds.contains(ResourceKind::LaunchTemplate) {
            let judge = |it| decide_consumer(it, &templates, &defaults, policy, circumstances);
            let consumers: Vec<Judged> =
                consumers.iter().filter_map(|it| judge(it).transpose()).collect::<Result<_, _>>()?;
            note_repointed(&mut templates, &consumers);
            for template in &templates {
                let judged = decide_launch_template(template, &defaults, policy, circumstances)?;
                judged.into_iter().for_each(&mut report);
            }
            // After the templates: a group is changed once the fixed version exists.
            consumers.into_iter().for_each(&mut report);
        }
    }
    if configurations {
        let configurations = read::launch_configurations(ports, place, &consumers).await?;
        failing += configurations.iter().filter(|it| fails(it)).count();
        let is_reported = kinds.contains(ResourceKind::LaunchConfiguration);
        for configuration in configurations.iter().filter(|_| is_reported) {
            report(decide_launch_configuration(configuration, policy, circumstances)?);
        }
    }
    if reads_defaults {
        let decision = decide_account_defaults(&defaults, failing, policy, circumstances)?;
        report(Judged { subject: Subject::AccountDefaults(defaults), decision });
    }
    Ok(())
}

/// Notes at the launch templates which consumers are to name another version, so that nobody launches from this one then.
fn note_repointed(templates: &mut [LaunchTemplate], consumers: &[Judged]) {
    for it in consumers.iter().filter(|it| it.acts()) {
        let Subject::Consumer { consumer, open, .. } = &it.subject else { continue };
        for open in open {
            let named = templates.iter_mut().filter(|it| it.id == open.template.id);
            named.for_each(|it| it.repoint(consumer, open.number));
        }
    }
}

fn asks_for_enforcement(policy: &Policy) -> bool {
    policy.all_rules().any(|it| it.account_defaults.enforced)
}

/// How many versions of launch templates, and launch configurations, in use say `optional`: their launches fail once tokens
/// are enforced. Groups and fleets are read as well, because they decide which versions are in use.
pub(crate) async fn failing(ports: &impl SourceReader, place: &Place) -> Result<usize, Failure> {
    let mut consumers = read::consumers(ports, place).await?;
    let templates = read::launch_templates(ports, place, &mut consumers).await?;
    let configurations = read::launch_configurations(ports, place, &consumers).await?;
    let versions: usize = templates.iter().map(failing_versions).sum();
    Ok(versions + configurations.iter().filter(|it| fails(it)).count())
}

/// How many versions in use say `optional`.
fn failing_versions(template: &LaunchTemplate) -> usize {
    let in_use = template.versions.iter().filter(|it| template.is_in_use(it.number));
    in_use.filter(|it| says_optional(template, it.number)).count()
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
