//! Languages that a file states itself: Kubernetes objects, and Packer's older JSON.

use v2only_guardrails::Settings;
use v2only_guardrails::iac::Finding;
use v2only_guardrails::iac::cloudformation::Unreadable;
use v2only_guardrails::iac::kubernetes::{Manifests, unfilled};
use v2only_guardrails::iac::source::PackerTemplate;

use super::files::Meant;

/// The language of a text, and the findings in it; `None` if the text is in neither language.
pub(super) fn read(
    meant: &Meant,
    text: &str,
    settings: &Settings,
) -> Option<Result<(&'static str, Vec<Finding>), Unreadable>> {
    match Manifests::read(text) {
        Ok(Some(manifests)) => return Some(Ok(("kubernetes", manifests.findings(settings)))),
        // A chart is no YAML until it is filled in.
        Err(why) if !meant.named && text.contains("{{") => {
            return Some(Ok(("kubernetes", vec![unfilled(why.at)])));
        }
        Err(why) => return Some(Err(why)),
        Ok(None) => {}
    }
    match PackerTemplate::read(text) {
        Ok(template) => template.map(|it| Ok(("packer", it.findings(settings)))),
        Err(why) => Some(Err(why)),
    }
}
