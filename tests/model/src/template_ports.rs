//! The ports of launch templates over a [`Line`]. Sources of other kinds and surfaces do not exist in the model.

use jiff::Timestamp;
use jiff::civil::Date;
use v2only_enforcer::ports::*;
use v2only_enforcer::{Failure, Kind};
use v2only_policy::source::{
    AccountDefaults, Consumer, Image, LaunchConfiguration, LaunchTemplate, TemplateVersion, VersionChoice,
};
use v2only_policy::usage::Counted;
use v2only_policy::{DefaultsChange, ImageId, ImdsSupport, LaunchTemplateId, Place, Surface, SurfaceKind};

use crate::call::{Call, Reply};
use crate::line::Line;
use crate::mutation::Mutation;
use crate::resources;
use crate::words::{TEMPLATE, answer_of, page, template, version};

impl Line {
    async fn read_template(&self) -> Answer<resources::Template> {
        let mut it = answer_of!(self.call(Call::DescribeVersions).await?, Reply::Template(it) => it)?;
        if self.mutation() == Some(Mutation::ForgetMadeVersions) {
            it.versions.iter_mut().flatten().for_each(|version| version.made = None);
        }
        Ok(it)
    }
}

impl ReadDefaults for Line {
    async fn defaults(&self, _: &Place) -> Answer<AccountDefaults> {
        Ok(AccountDefaults::UNSET)
    }
}

impl ListLaunchTemplates for Line {
    async fn launch_templates(&self, _: &Place, _: Option<String>) -> Answer<Page<LaunchTemplate>> {
        answer_of!(self.call(Call::DescribeTemplate).await?, Reply::Template(it) => page(vec![template(&it)]))
    }

    async fn current_versions(
        &self,
        _: &Place,
        _: Option<String>,
    ) -> Answer<Page<(LaunchTemplateId, TemplateVersion)>> {
        let it = self.read_template().await?;
        let mut numbers = vec![it.default, it.latest];
        numbers.dedup();
        let of = |number: u8| (LaunchTemplateId::parse(TEMPLATE).unwrap(), version(it.version(number)));
        Ok(page(numbers.into_iter().map(of).collect()))
    }

    async fn launch_template(&self, _: &Place, _: &LaunchTemplateId) -> Answer<Option<LaunchTemplate>> {
        let seen = if self.mutation() == Some(Mutation::SkipDefaultCheck) {
            self.call_once(Call::DescribeTemplate).await?
        } else {
            self.call(Call::DescribeTemplate).await?
        };
        let mut seen = answer_of!(seen, Reply::Template(it) => it)?;
        if self.mutation() == Some(Mutation::IgnoreTags) {
            seen.exempt = false;
        }
        Ok(Some(template(&seen)))
    }

    async fn versions_since(
        &self,
        _: &Place,
        _: &LaunchTemplateId,
        first: u64,
    ) -> Answer<Vec<TemplateVersion>> {
        if self.mutation() == Some(Mutation::SkipLatestCheck) {
            return Ok(Vec::new());
        }
        let it = self.read_template().await?;
        let all = it.versions.into_iter().flatten().map(version);
        Ok(all.filter(|it| it.number >= first).collect())
    }

    async fn template_versions(
        &self,
        _: &Place,
        _: &LaunchTemplateId,
        numbers: &[u64],
    ) -> Answer<Vec<TemplateVersion>> {
        let it = self.read_template().await?;
        let all = it.versions.into_iter().flatten().map(version);
        Ok(all.filter(|it| numbers.contains(&it.number)).collect())
    }
}

impl ListImages for Line {
    async fn own_images(&self, _: &Place, _: Option<String>) -> Answer<Page<Image>> {
        Ok(page(Vec::new()))
    }

    async fn imds_support(&self, _: &Place, _: &[ImageId]) -> Answer<Vec<(ImageId, ImdsSupport)>> {
        Ok(Vec::new())
    }
}

impl ListGroups for Line {
    async fn groups(&self, _: &Place, _: Option<String>) -> Answer<Page<Consumer>> {
        Ok(page(Vec::new()))
    }

    async fn group(&self, _: &Place, _: &str) -> Answer<Option<Consumer>> {
        Ok(None)
    }

    async fn launch_configurations(&self, _: &Place, _: Option<String>) -> Answer<Page<LaunchConfiguration>> {
        Ok(page(Vec::new()))
    }
}

impl ListFleets for Line {
    async fn fleets(&self, _: &Place, _: Option<String>) -> Answer<Page<Consumer>> {
        Ok(page(Vec::new()))
    }

    async fn spot_fleets(&self, _: &Place, _: Option<String>) -> Answer<Page<Consumer>> {
        Ok(page(Vec::new()))
    }
}

impl RepointGroup for Line {
    async fn repoint(&self, _: &Place, _: &Consumer, _: &[VersionChoice]) -> Answer<Repointed> {
        Ok(Repointed::ChangedSince)
    }
}

impl ChangeDefaults for Line {
    async fn change_defaults(&self, _: &Place, _: DefaultsChange) -> Answer<Option<String>> {
        Ok(None)
    }
}

impl ChangeLaunchTemplate for Line {
    type Source = ();

    async fn source(&self, _: &Place, _: &LaunchTemplateId, _: u64) -> Answer<()> {
        self.read_template().await.map(|_| ())
    }

    async fn new_version(
        &self,
        _: &Place,
        _: &LaunchTemplateId,
        wanted: WantedVersion,
        (): (),
    ) -> Answer<NewVersion> {
        let number = |it: u64| u8::try_from(it).unwrap();
        let call = Call::CreateVersion {
            from: number(wanted.from),
            tighten: wanted.change.is_some(),
            latest: number(wanted.latest),
        };
        let made = self.call(call).await?;
        answer_of!(made, Reply::Version(it) => NewVersion { version: version(it), request_id: None })
    }

    async fn made_version(
        &self,
        _: &Place,
        _: &LaunchTemplateId,
        _: WantedVersion,
        number: u64,
    ) -> Answer<NewVersion> {
        let it = self.read_template().await?;
        let found = it.versions.into_iter().flatten().map(version).find(|it| it.number == number);
        Ok(NewVersion { version: found.unwrap(), request_id: None })
    }

    async fn make_default(&self, _: &Place, _: &LaunchTemplateId, number: u64) -> Answer<Option<String>> {
        self.call(Call::MakeDefault(u8::try_from(number).unwrap())).await.map(|_| None)
    }
}

impl MarkImage for Line {
    async fn mark_v2(&self, _: &Place, _: &ImageId) -> Answer<Option<String>> {
        Ok(None)
    }
}

impl ReadSurfaces for Line {
    fn readable(&self) -> &'static [SurfaceKind] {
        &[]
    }

    async fn surfaces(&self, _: &Place, _: SurfaceKind, _: Option<String>) -> Answer<Page<Surface>> {
        Ok(page(Vec::new()))
    }

    async fn surface(&self, _: &Place, _: SurfaceKind, _: &str) -> Answer<Option<Surface>> {
        Ok(None)
    }

    async fn surface_usage(&self, _: &Place, _: &Surface, _: Date, _: Timestamp) -> Answer<Counted> {
        Ok(Counted::default())
    }
}

impl TightenSurface for Line {
    async fn tighten_surface(&self, _: &Place, _: &Surface) -> Answer<Option<String>> {
        Ok(None)
    }
}
