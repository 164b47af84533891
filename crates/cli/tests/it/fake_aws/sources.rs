//! What its instances take their options from.

use v2only_enforcer::ports::{
    Answer, ChangeDefaults, ChangeLaunchTemplate, ListFleets, ListGroups, ListImages, ListLaunchTemplates,
    MarkImage, NewVersion, Page, ReadDefaults, RepointGroup, Repointed, RestoreDefaults, WantedVersion,
};
use v2only_enforcer::rollback::{DefaultsStep, Step};
use v2only_policy::instance::Switch;
use v2only_policy::source::{
    Consumer, ConsumerKind, Image, LaunchConfiguration, LaunchTemplate, Made, TemplateVersion, VersionChoice,
};
use v2only_policy::{
    AccountDefaults, DefaultsChange, ImageId, ImdsSupport, LaunchTemplateId, Place, SwitchOption,
};

use super::{FakeAws, all};

impl RestoreDefaults for FakeAws {
    async fn restore_defaults(&self, place: &Place, step: DefaultsStep) -> Answer<()> {
        self.call("ec2:ModifyInstanceMetadataDefaults", Some(place), Step::Defaults(step).to_string())?;
        let mut state = self.state();
        let defaults = state.defaults.get_or_insert(AccountDefaults::UNSET);
        if let Some(tokens) = step.http_tokens {
            defaults.options.http_tokens = tokens;
        }
        if let Some(hops) = step.hop_limit {
            defaults.options.hop_limit = hops;
        }
        if let Some(endpoint) = step.http_endpoint {
            defaults.options.http_endpoint = endpoint;
        }
        if let Some(tags) = step.metadata_tags {
            defaults.options.switches[SwitchOption::MetadataTags] = tags;
        }
        if step.stop_enforcing {
            defaults.enforced = Switch::Disabled;
        }
        Ok(())
    }
}

impl ReadDefaults for FakeAws {
    async fn defaults(&self, place: &Place) -> Answer<AccountDefaults> {
        self.call("ec2:GetInstanceMetadataDefaults", Some(place), "")?;
        Ok(self.state().defaults.clone().unwrap_or(AccountDefaults::UNSET))
    }
}

impl ListLaunchTemplates for FakeAws {
    async fn launch_templates(&self, place: &Place, _: Option<String>) -> Answer<Page<LaunchTemplate>> {
        self.call("ec2:DescribeLaunchTemplates", Some(place), "")?;
        let bare = |it: &LaunchTemplate| LaunchTemplate { versions: Vec::new(), ..it.clone() };
        all(self.state().templates.iter().map(bare).collect())
    }

    async fn current_versions(
        &self,
        place: &Place,
        _: Option<String>,
    ) -> Answer<Page<(LaunchTemplateId, TemplateVersion)>> {
        self.call("ec2:DescribeLaunchTemplateVersions", Some(place), "$Default $Latest")?;
        let mut found = Vec::new();
        for it in &self.state().templates {
            for number in [it.default, it.latest] {
                let version = it.versions.iter().find(|it| it.number == number).unwrap();
                found.push((it.id.clone(), version.clone()));
            }
        }
        all(found)
    }

    async fn launch_template(&self, place: &Place, id: &LaunchTemplateId) -> Answer<Option<LaunchTemplate>> {
        self.rival_makes_one("ec2:DescribeLaunchTemplates");
        self.call("ec2:DescribeLaunchTemplates", Some(place), id.as_str())?;
        Ok(self.state().templates.iter().find(|it| it.id == *id).cloned())
    }

    async fn versions_since(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        first: u64,
    ) -> Answer<Vec<TemplateVersion>> {
        self.call("ec2:DescribeLaunchTemplateVersions", Some(place), format!("{id} from {first}"))?;
        let state = self.state();
        let versions = state.templates.iter().filter(|it| it.id == *id).flat_map(|it| &it.versions);
        Ok(versions.filter(|it| it.number >= first).cloned().collect())
    }

    async fn template_versions(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        numbers: &[u64],
    ) -> Answer<Vec<TemplateVersion>> {
        self.call("ec2:DescribeLaunchTemplateVersions", Some(place), format!("{id} {numbers:?}"))?;
        let state = self.state();
        let versions = state.templates.iter().filter(|it| it.id == *id).flat_map(|it| &it.versions);
        Ok(versions.filter(|it| numbers.contains(&it.number)).cloned().collect())
    }
}

impl ListImages for FakeAws {
    async fn own_images(&self, place: &Place, _: Option<String>) -> Answer<Page<Image>> {
        self.call("ec2:DescribeImages", Some(place), "self")?;
        all(self.state().images.clone())
    }

    async fn imds_support(&self, place: &Place, ids: &[ImageId]) -> Answer<Vec<(ImageId, ImdsSupport)>> {
        self.call("ec2:DescribeImages", Some(place), format!("{ids:?}"))?;
        let state = self.state();
        let asked = state.images.iter().filter(|it| ids.contains(&it.id));
        Ok(asked.map(|it| (it.id.clone(), it.imds_support)).collect())
    }
}

impl ListGroups for FakeAws {
    async fn groups(&self, place: &Place, _: Option<String>) -> Answer<Page<Consumer>> {
        self.call("autoscaling:DescribeAutoScalingGroups", Some(place), "")?;
        self.consumers(ConsumerKind::AutoScalingGroup)
    }

    async fn group(&self, place: &Place, name: &str) -> Answer<Option<Consumer>> {
        self.call("autoscaling:DescribeAutoScalingGroups", Some(place), name)?;
        Ok(self.state().consumers.iter().find(|it| it.id == name).cloned())
    }

    async fn launch_configurations(
        &self,
        place: &Place,
        _: Option<String>,
    ) -> Answer<Page<LaunchConfiguration>> {
        self.call("autoscaling:DescribeLaunchConfigurations", Some(place), "")?;
        all(self.state().configurations.clone())
    }
}

impl ListFleets for FakeAws {
    async fn fleets(&self, place: &Place, _: Option<String>) -> Answer<Page<Consumer>> {
        self.call("ec2:DescribeFleets", Some(place), "")?;
        self.consumers(ConsumerKind::Fleet)
    }

    async fn spot_fleets(&self, place: &Place, _: Option<String>) -> Answer<Page<Consumer>> {
        self.call("ec2:DescribeSpotFleetRequests", Some(place), "")?;
        self.consumers(ConsumerKind::SpotFleet)
    }
}

impl RepointGroup for FakeAws {
    async fn repoint(
        &self,
        place: &Place,
        planned: &Consumer,
        versions: &[VersionChoice],
    ) -> Answer<Repointed> {
        self.call("autoscaling:UpdateAutoScalingGroup", Some(place), format!("{} {versions:?}", planned.id))?;
        let mut state = self.state();
        let now = state.consumers.iter_mut().find(|it| it.launches_as(planned));
        let Some(now) = now else { return Ok(Repointed::ChangedSince) };
        for (it, version) in now.templates.iter_mut().zip(versions) {
            it.version = *version;
        }
        Ok(Repointed::Changed { request_id: None })
    }
}

impl ChangeDefaults for FakeAws {
    async fn change_defaults(&self, place: &Place, change: DefaultsChange) -> Answer<Option<String>> {
        self.call("ec2:ModifyInstanceMetadataDefaults", Some(place), change.to_string())?;
        let mut state = self.state();
        if state.deaf {
            return Ok(None);
        }
        let defaults = state.defaults.get_or_insert(AccountDefaults::UNSET);
        *defaults = change.applied_to(defaults);
        Ok(Some("request-3".to_owned()))
    }
}

impl ChangeLaunchTemplate for FakeAws {
    type Source = ();

    async fn source(&self, _: &Place, _: &LaunchTemplateId, _: u64) -> Answer<()> {
        Ok(())
    }

    async fn new_version(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        wanted: WantedVersion,
        (): (),
    ) -> Answer<NewVersion> {
        let WantedVersion { from, change, latest } = wanted;
        let what = format!("{id} from {from}{}", if change.is_some() { " tightened" } else { "" });
        self.rival_makes_one("ec2:CreateLaunchTemplateVersion");
        self.call("ec2:CreateLaunchTemplateVersion", Some(place), what)?;
        let mut state = self.state();
        let it = state.templates.iter_mut().find(|it| it.id == *id).unwrap();
        let mut version = it.versions.iter().find(|it| it.number == from).unwrap().clone();
        it.latest += 1;
        version.number = it.latest;
        version.made = Some(Made::again(from));
        if let Some(change) = change {
            version.options = version.options.tightened(change);
            version.made = Some(Made { from, latest });
        }
        it.versions.push(version.clone());
        Ok(NewVersion { version, request_id: Some("request-4".to_owned()) })
    }

    async fn made_version(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        _: WantedVersion,
        number: u64,
    ) -> Answer<NewVersion> {
        let found = self.template_versions(place, id, &[number]).await?;
        Ok(NewVersion { version: found[0].clone(), request_id: None })
    }

    async fn make_default(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        version: u64,
    ) -> Answer<Option<String>> {
        self.call("ec2:ModifyLaunchTemplate", Some(place), format!("{id} default {version}"))?;
        self.state().templates.iter_mut().find(|it| it.id == *id).unwrap().default = version;
        Ok(Some("request-5".to_owned()))
    }
}

impl MarkImage for FakeAws {
    async fn mark_v2(&self, place: &Place, id: &ImageId) -> Answer<Option<String>> {
        self.call("ec2:ModifyImageAttribute", Some(place), id.as_str())?;
        self.state().images.iter_mut().find(|it| it.id == *id).unwrap().imds_support = ImdsSupport::V2;
        Ok(Some("request-6".to_owned()))
    }
}
