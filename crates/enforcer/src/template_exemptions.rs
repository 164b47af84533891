//! Exemption tags that came with a launch: a launch template may give its instances tags that nobody else may write.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::lock::Mutex;
use v2only_policy::{Judged, LaunchTemplateId, Note, Place, Subject};

use crate::failure::Failure;
use crate::ports::ListLaunchTemplates;
use crate::sources::trace::{Version, version_of};

/// The template versions that were read so far, by whether they exempt.
#[derive(Debug, Default)]
pub(crate) struct TemplateExemptions(Mutex<BTreeMap<Version, bool>>);

impl TemplateExemptions {
    /// Notes which instances of a page are exempt by a tag of their launch template. Costs one call for each template of such
    /// instances that is not known yet.
    pub(crate) async fn note(&self, ports: &impl ListLaunchTemplates, place: &Place, judged: &mut [Judged]) {
        let mut wanted: BTreeMap<LaunchTemplateId, BTreeSet<u64>> = BTreeMap::new();
        let mut known = self.0.lock().await;
        for version in judged.iter().filter_map(exempting).filter(|it| !known.contains_key(it)) {
            wanted.entry(version.0).or_default().insert(version.1);
        }
        let mut unread: BTreeMap<LaunchTemplateId, Failure> = BTreeMap::new();
        for (template, numbers) in wanted {
            let numbers: Vec<u64> = numbers.into_iter().collect();
            match ports.template_versions(place, &template, &numbers).await {
                Ok(found) => {
                    // A version that is gone exempts no new launch.
                    known.extend(numbers.iter().map(|number| ((template.clone(), *number), false)));
                    known.extend(found.iter().map(|it| ((template.clone(), it.number), it.exempts)));
                }
                Err(failure) => drop(unread.insert(template, failure)),
            }
        }
        for judged in judged {
            let Some(version) = exempting(judged) else { continue };
            if let Some(failure) = unread.get(&version.0) {
                judged.decision.notes.push(Note::TemplateNotRead(failure.to_string()));
            } else if known.get(&version) == Some(&true) {
                let (template, number) = version;
                let words = format!("{template} version {number}");
                judged.decision.notes.push(Note::ExemptByTemplate(words));
            }
        }
    }
}

/// The template version of an instance that a tag exempts.
fn exempting(judged: &Judged) -> Option<Version> {
    let Subject::Instance(instance) = &judged.subject else { return None };
    judged.decision.verdict.is_exempt_by_tag().then(|| version_of(instance)).flatten()
}
