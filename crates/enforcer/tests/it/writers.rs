//! Changes of launch sources and surfaces in the AWS in memory, and what restores a recorded state.

use jiff::Timestamp;
use jiff::civil::Date;
use v2only_enforcer::ports::*;
use v2only_enforcer::rollback::DefaultsStep;
use v2only_policy::instance::{HttpTokens, MetadataOptions, Switch};
use v2only_policy::notebook::MinimumVersion;
use v2only_policy::source::{AccountDefaults, Consumer, LaunchTemplate, Made, VersionChoice};
use v2only_policy::usage::Counted;
use v2only_policy::*;

use crate::fake::{Fake, World};

const LIGHTSAIL: &[SurfaceKind] = &[SurfaceKind::LightsailInstance];

impl World {
    pub fn template(&mut self, id: &LaunchTemplateId) -> &mut LaunchTemplate {
        self.templates.iter_mut().find(|it| it.id == *id).unwrap()
    }

    fn account_defaults(&mut self) -> &mut AccountDefaults {
        self.defaults.get_or_insert(AccountDefaults::UNSET)
    }
}

impl ChangeDefaults for Fake {
    async fn change_defaults(&self, _: &Place, change: DefaultsChange) -> Answer<Option<String>> {
        self.call("ec2:ModifyInstanceMetadataDefaults", "", |world| {
            let defaults = world.account_defaults();
            *defaults = change.applied_to(defaults);
            Ok(None)
        })
    }
}

impl ChangeLaunchTemplate for Fake {
    type Source = ();

    async fn source(&self, _: &Place, _: &LaunchTemplateId, _: u64) -> Answer<()> {
        Ok(())
    }

    async fn new_version(
        &self,
        _: &Place,
        id: &LaunchTemplateId,
        wanted: WantedVersion,
        (): (),
    ) -> Answer<NewVersion> {
        self.call("ec2:CreateLaunchTemplateVersion", &format!("from {}", wanted.from), |world| {
            Ok(add_version(world.template(id), &wanted))
        })
    }

    async fn made_version(
        &self,
        _: &Place,
        id: &LaunchTemplateId,
        _: WantedVersion,
        number: u64,
    ) -> Answer<NewVersion> {
        let versions = self.0.lock().unwrap().template(id).versions.clone();
        let version = versions.into_iter().find(|it| it.number == number).unwrap();
        Ok(NewVersion { version, request_id: None })
    }

    async fn make_default(&self, _: &Place, id: &LaunchTemplateId, version: u64) -> Answer<Option<String>> {
        self.call("ec2:ModifyLaunchTemplate", &version.to_string(), |world| {
            world.template(id).default = version;
            Ok(None)
        })
    }
}

impl RepointGroup for Fake {
    async fn repoint(&self, _: &Place, planned: &Consumer, versions: &[VersionChoice]) -> Answer<Repointed> {
        self.call("autoscaling:UpdateAutoScalingGroup", &planned.id, |world| {
            let ignores = world.ignores_changes;
            let group = world.groups.iter_mut().find(|it| it.id == planned.id).unwrap();
            if !group.launches_as(planned) {
                return Ok(Repointed::ChangedSince);
            }
            if !ignores {
                group.templates.iter_mut().zip(versions).for_each(|(it, version)| it.version = *version);
            }
            Ok(Repointed::Changed { request_id: Some("req-group".to_owned()) })
        })
    }
}

impl MarkImage for Fake {
    async fn mark_v2(&self, _: &Place, id: &ImageId) -> Answer<Option<String>> {
        self.call("ec2:ModifyImageAttribute", id.as_str(), |_| Ok(None))
    }
}

impl ReadSurfaces for Fake {
    fn readable(&self) -> &'static [SurfaceKind] {
        LIGHTSAIL
    }

    async fn surfaces(&self, _: &Place, kind: SurfaceKind, _: Option<String>) -> Answer<Page<Surface>> {
        self.call("surfaces", kind.about().kind.word, |world| {
            Ok(Page {
                items: world.surfaces.iter().filter(|it| it.kind == kind).cloned().collect(),
                next: None,
            })
        })
    }

    async fn surface(&self, _: &Place, _: SurfaceKind, id: &str) -> Answer<Option<Surface>> {
        Ok(self.0.lock().unwrap().surfaces.iter().find(|it| it.id == id).cloned())
    }

    async fn surface_usage(&self, _: &Place, surface: &Surface, _: Date, _: Timestamp) -> Answer<Counted> {
        self.call("usage", &surface.id, |_| Ok(Counted::default()))
    }
}

impl TightenSurface for Fake {
    async fn tighten_surface(&self, _: &Place, surface: &Surface) -> Answer<Option<String>> {
        self.call("tighten", &surface.id, |world| {
            let ignores = world.ignores_changes;
            let now = world.surfaces.iter_mut().find(|it| it.id == surface.id).unwrap();
            if !ignores {
                now.options.http_tokens = Some(HttpTokens::Required);
            }
            Ok(Some("req-surface".to_owned()))
        })
    }
}

impl RestoreInstance for Fake {
    async fn restore_options(
        &self,
        _: &Place,
        id: &InstanceId,
        options: &MetadataOptions,
    ) -> Answer<Changed> {
        self.call("ec2:ModifyInstanceMetadataOptions", id.as_str(), |world| {
            let options = MetadataOptions { pending: true, ..*options };
            world.instance(id.as_str()).options = options;
            Ok(Changed { options, request_id: None })
        })
    }
}

impl RestoreNotebook for Fake {
    async fn allow_version_1(&self, _: &Place, name: &NotebookName) -> Answer<()> {
        self.call("sagemaker:UpdateNotebookInstance", name.as_str(), |world| {
            world.notebooks.get_mut(name.as_str()).unwrap().minimum_version = MinimumVersion::One;
            Ok(())
        })
    }
}

impl RestoreDefaults for Fake {
    async fn restore_defaults(&self, _: &Place, step: DefaultsStep) -> Answer<()> {
        self.call("ec2:ModifyInstanceMetadataDefaults", "", |world| {
            let defaults = world.account_defaults();
            let options = &mut defaults.options;
            options.http_tokens = step.http_tokens.unwrap_or(options.http_tokens);
            options.hop_limit = step.hop_limit.unwrap_or(options.hop_limit);
            options.http_endpoint = step.http_endpoint.unwrap_or(options.http_endpoint);
            let tags = &mut options.switches[SwitchOption::MetadataTags];
            *tags = step.metadata_tags.unwrap_or(*tags);
            if step.stop_enforcing {
                defaults.enforced = Switch::Disabled;
            }
            Ok(())
        })
    }
}

impl RestoreSurface for Fake {
    async fn restore_surface(&self, _: &Place, surface: &Surface, options: &StatedOptions) -> Answer<()> {
        self.call("restore", &surface.id, |world| {
            world.surfaces.iter_mut().find(|it| it.id == surface.id).unwrap().options = *options;
            Ok(())
        })
    }
}

/// Adds a version to a template as EC2 does, and answers with it.
pub fn add_version(template: &mut LaunchTemplate, wanted: &WantedVersion) -> NewVersion {
    let mut version = template.versions.iter().find(|it| it.number == wanted.from).unwrap().clone();
    template.latest += 1;
    version.number = template.latest;
    version.made = Some(Made { from: wanted.from, latest: wanted.latest });
    version.options = wanted.change.map_or(version.options, |change| version.options.tightened(change));
    template.versions.push(version.clone());
    NewVersion { version, request_id: None }
}
