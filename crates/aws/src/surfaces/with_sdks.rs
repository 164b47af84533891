//! The ports of the surfaces, each kind through the SDK of its service.

use jiff::Timestamp;
use jiff::civil::Date;
use v2only_enforcer::ports::{Answer, Page, ReadSurfaces, RestoreSurface, TightenSurface};
use v2only_enforcer::{Failure, Kind};
use v2only_policy::usage::Counted;
use v2only_policy::{HttpTokens, Place, StatedOptions, Surface, SurfaceKind};

use super::{beanstalk, emr, image_builder, lightsail};
use crate::connect::Aws;

impl ReadSurfaces for Aws {
    fn readable(&self) -> &'static [SurfaceKind] {
        SurfaceKind::ALL
    }

    async fn surfaces(
        &self,
        place: &Place,
        kind: SurfaceKind,
        next: Option<String>,
    ) -> Answer<Page<Surface>> {
        match kind {
            SurfaceKind::LightsailInstance => lightsail::page(self, place, next).await,
            SurfaceKind::InfrastructureConfiguration => image_builder::page(self, place, next).await,
            SurfaceKind::BeanstalkEnvironment => beanstalk::page(self, place, next).await,
            SurfaceKind::EmrSecurityConfiguration => emr::page(self, place, next).await,
        }
    }

    async fn surface(&self, place: &Place, kind: SurfaceKind, id: &str) -> Answer<Option<Surface>> {
        match kind {
            SurfaceKind::LightsailInstance => lightsail::one(self, place, id).await,
            SurfaceKind::InfrastructureConfiguration => image_builder::one(self, place, id).await,
            SurfaceKind::BeanstalkEnvironment => beanstalk::one(self, place, id).await,
            SurfaceKind::EmrSecurityConfiguration => emr::one(self, place, id).await,
        }
    }

    async fn surface_usage(
        &self,
        place: &Place,
        surface: &Surface,
        since: Date,
        now: Timestamp,
    ) -> Answer<Counted> {
        match surface.kind {
            SurfaceKind::LightsailInstance => lightsail::usage(self, place, &surface.id, since, now).await,
            kind @ (SurfaceKind::InfrastructureConfiguration
            | SurfaceKind::BeanstalkEnvironment
            | SurfaceKind::EmrSecurityConfiguration) => {
                Err(refusal(kind, "AWS counts no metadata calls of it"))
            }
        }
    }
}

impl TightenSurface for Aws {
    async fn tighten_surface(&self, place: &Place, surface: &Surface) -> Answer<Option<String>> {
        match surface.kind {
            SurfaceKind::LightsailInstance => lightsail::tighten(self, place, &surface.id).await,
            SurfaceKind::InfrastructureConfiguration => {
                image_builder::set_options(self, place, &surface.id, |now| StatedOptions {
                    http_tokens: Some(HttpTokens::Required),
                    ..now
                })
                .await
            }
            kind @ (SurfaceKind::BeanstalkEnvironment | SurfaceKind::EmrSecurityConfiguration) => {
                Err(refusal(kind, "v2only reports it, and does not change it"))
            }
        }
    }
}

impl RestoreSurface for Aws {
    async fn restore_surface(&self, place: &Place, surface: &Surface, options: &StatedOptions) -> Answer<()> {
        match surface.kind {
            SurfaceKind::LightsailInstance => lightsail::restore(self, place, surface, options).await,
            SurfaceKind::InfrastructureConfiguration => {
                image_builder::set_options(self, place, &surface.id, |_| *options).await.map(|_| ())
            }
            kind @ (SurfaceKind::BeanstalkEnvironment | SurfaceKind::EmrSecurityConfiguration) => {
                Err(refusal(kind, "v2only never changed it"))
            }
        }
    }
}

fn refusal(kind: SurfaceKind, why: &str) -> Failure {
    Failure::new(Kind::Refused, kind.about().read_action, why)
}
