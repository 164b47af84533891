//! Carrying out what was decided of a source. One after the other: the versions of a launch template have
//! an order.

use v2only_policy::source::LaunchTemplate;
use v2only_policy::{
    DefaultsChange, HttpTokens, ImageChange, ImdsSupport, Note, Place, Plan, Switch, TemplateChange,
};

use super::Source;
use crate::failure::{Failure, Kind};
use crate::ports::{Answer, SourceReader, SourceWriter};
use crate::record::{Outcome, Posture, Record};

/// What a change came to: the outcome, what AWS says afterwards, its id of the request.
type Came = (Outcome, Option<Posture>, Option<String>);

/// Applies a decision and says what came of it. What was changed is described once more, and counts as
/// failed if AWS then describes it otherwise.
pub async fn apply<P: SourceReader + SourceWriter>(ports: &P, place: &Place, source: &Source) -> Record {
    let record = source.record(place);
    let came = match source {
        Source::Defaults(_, decision) => match decision.plan {
            Plan::Act(change) => {
                let waits = |it: &Note| matches!(it, Note::EnforcementWaits(_));
                let whole = !decision.notes.iter().any(waits);
                defaults(ports, place, change, whole).await
            }
            _ => return record,
        },
        Source::Version(template, it) => match it.decision.plan {
            Plan::Act(change) => version(ports, place, template, change).await,
            _ => return record,
        },
        Source::Image(image, decision) => match decision.plan {
            Plan::Act(ImageChange::MarkV2) => ports
                .mark_v2(place, &image.id)
                .await
                .map(|request| (Outcome::Fixed, Some(Posture::Image(ImdsSupport::V2)), request)),
            _ => return record,
        },
        Source::Configuration(..) => return record,
    };
    match came {
        Ok((outcome, after, request_id)) => record.came(outcome, after, request_id),
        Err(failure) => record.came(Outcome::Failed(failure), None, None),
    }
}

async fn defaults<P: SourceReader + SourceWriter>(
    ports: &P,
    place: &Place,
    change: DefaultsChange,
    whole: bool,
) -> Answer<Came> {
    let request_id = ports.change_defaults(place, change).await?;
    let is = ports.defaults(place).await?;
    let after = Some(Posture::from(&is));
    let as_asked = (!change.require_tokens || is.options.http_tokens == Some(HttpTokens::Required))
        && change.hop_limit.is_none_or(|hops| is.options.hop_limit == Some(hops.get()))
        && (!change.enforce || is.enforced == Switch::Enabled);
    let outcome = match (as_asked, whole) {
        (true, true) => Outcome::Fixed,
        (true, false) => Outcome::Advanced,
        (false, _) => {
            let why = "AWS accepted the change, and describes the defaults otherwise";
            Outcome::Failed(Failure::new(Kind::Unverified, "ec2:GetInstanceMetadataDefaults", why))
        }
    };
    Ok((outcome, after, request_id))
}

async fn version<P: SourceReader + SourceWriter>(
    ports: &P,
    place: &Place,
    template: &LaunchTemplate,
    step: TemplateChange,
) -> Answer<Came> {
    let id = &template.id;
    let made = ports.new_version(place, id, step.from, Some(step.change)).await?;
    // What `$Latest` means is mended before what `$Default` means is changed.
    if let Some(latest) = step.then_repeat {
        ports.new_version(place, id, latest, None).await?;
    }
    let mut request_id = made.request_id;
    if step.make_default {
        request_id = ports.make_default(place, id, made.version.number).await?;
    }
    let defaults = ports.defaults(place).await?;
    let mut versions = [made.version];
    super::read::describe_images(ports, place, versions.iter_mut()).await?;
    let [made] = versions;
    let after = v2only_policy::effective(&made.options, &defaults, made.imds_support);
    Ok((Outcome::Fixed, Some(Posture::Launch(after)), request_id))
}
