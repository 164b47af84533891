//! Languages that a file states itself: Kubernetes objects, and Packer's older JSON.

use v2only_guardrails::Settings;
use v2only_guardrails::iac::cloudformation::Unreadable;
use v2only_guardrails::iac::kubernetes::{Manifests, unfilled};
use v2only_guardrails::iac::source::PackerTemplate;
use v2only_guardrails::iac::suppression::Judged;

use super::files::Meant;

/// The language of a text, and the findings in it; `None` if the text is in neither language.
pub(super) fn read(
    meant: &Meant,
    text: &str,
    settings: &Settings,
) -> Option<Result<(&'static str, Judged), Unreadable>> {
    match Manifests::read(text) {
        Ok(Some(manifests)) => {
            let (findings, counts) = (manifests.findings(settings), manifests.counts());
            return Some(Ok(("kubernetes", Judged { findings, counts, ..Judged::default() })));
        }
        // A chart is no YAML until it is filled in.
        Err(why) if !meant.named && text.contains("{{") => {
            let findings = vec![unfilled(why.at)];
            return Some(Ok(("kubernetes", Judged { findings, ..Judged::default() })));
        }
        Err(why) => return Some(Err(why)),
        Ok(None) => {}
    }
    match PackerTemplate::read(text) {
        Ok(template) => template.map(|packer| {
            let (findings, counts) = (packer.findings(settings), packer.counts());
            Ok(("packer", Judged { findings, counts, ..Judged::default() }))
        }),
        Err(why) => Some(Err(why)),
    }
}
