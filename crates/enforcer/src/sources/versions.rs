//! Creating and reading versions of launch templates.

use v2only_policy::source::{LaunchTemplate, TemplateVersion};
use v2only_policy::{LaunchTemplateId, Place, TemplateChange};

use super::read;
use crate::failure::{Failure, Kind};
use crate::ports::{Answer, ListLaunchTemplates, NewVersion, SourceReader, SourceWriter, WantedVersion};
use crate::record::Posture;

/// The new version, with `$Latest` repeated after it where that is planned.
pub(super) async fn create<P: SourceReader + SourceWriter>(
    ports: &P,
    place: &Place,
    id: &LaunchTemplateId,
    latest: u64,
    step: TemplateChange,
) -> Answer<NewVersion> {
    let wanted = WantedVersion { from: step.from, change: step.change, latest };
    let made = match step.made {
        Some(number) => ports.made_version(place, id, wanted, number).await,
        None => ports.new_version(place, id, wanted).await,
    };
    // `$Latest` is restored before `$Default` is changed, whatever happened to the new version.
    let is_made = made.as_ref().map_or_else(|failure| failure.kind == Kind::Unverified, |_| true);
    let repeated = match step.then_repeat.filter(|_| is_made) {
        Some(latest) => ports.new_version(place, id, WantedVersion::again(latest)).await.map(|_| ()),
        None => Ok(()),
    };
    let made = made?;
    repeated?;
    Ok(made)
}

/// A launch template as it is now.
pub(super) async fn described(
    ports: &impl ListLaunchTemplates,
    place: &Place,
    id: &LaunchTemplateId,
) -> Answer<LaunchTemplate> {
    ports.launch_template(place, id).await?.ok_or_else(|| {
        Failure::new(Kind::Gone, "ec2:DescribeLaunchTemplates", format!("{id} does not exist any more"))
    })
}

/// What a launch from a version gets.
pub(super) async fn launches_with(
    ports: &impl SourceReader,
    place: &Place,
    version: TemplateVersion,
) -> Answer<Posture> {
    let defaults = ports.defaults(place).await?;
    let mut versions = [version];
    read::describe_images(ports, place, versions.iter_mut().map(read::image_of)).await?;
    let [version] = versions;
    Ok(Posture::Launch(v2only_policy::effective(&version.options, &defaults, version.imds_support)))
}
