//! Surfaces outside of EC2, Auto Scaling and SageMaker. No function is given these ports.

use std::future::Future;

use jiff::Timestamp;
use jiff::civil::Date;
use v2only_policy::usage::Counted;
use v2only_policy::{Place, StatedOptions, Surface, SurfaceKind};

use super::{Answer, Page};

/// Lists and describes surfaces; [`AboutSurface::read_action`](v2only_policy::surface::AboutSurface) names the permission.
pub trait ReadSurfaces {
    /// The kinds that this build can read. A build without the SDK of a service leaves its kinds out.
    fn readable(&self) -> &'static [SurfaceKind];

    /// One page of the surfaces of a kind, with options, users and tags. None in a Region where AWS does not offer the service.
    fn surfaces(
        &self,
        place: &Place,
        kind: SurfaceKind,
        next: Option<String>,
    ) -> impl Future<Output = Answer<Page<Surface>>> + Send;

    /// One surface as [`Self::surfaces`] describes it; `None` if it is gone.
    fn surface(
        &self,
        place: &Place,
        kind: SurfaceKind,
        id: &str,
    ) -> impl Future<Output = Answer<Option<Surface>>> + Send;

    /// The daily sums of `MetadataNoToken` of one surface behind the usage gate, from the beginning of a UTC day until now.
    /// One call.
    fn surface_usage(
        &self,
        place: &Place,
        surface: &Surface,
        since: Date,
        now: Timestamp,
    ) -> impl Future<Output = Answer<Counted>> + Send;
}

/// Makes a surface require IMDSv2: `lightsail:UpdateInstanceMetadataOptions`,
/// `imagebuilder:UpdateInfrastructureConfiguration`.
pub trait TightenSurface {
    /// Sets `HttpTokens` to `required` and keeps everything else as it is now. Repeating it is harmless.
    ///
    /// Where the call of AWS replaces the resource, the adapter reads the resource immediately before, and repeats it.
    fn tighten_surface(
        &self,
        place: &Place,
        surface: &Surface,
    ) -> impl Future<Output = Answer<Option<String>>> + Send;
}

/// Writes recorded options back: the only call on surfaces that can loosen.
pub trait RestoreSurface {
    /// Sets the options to these and keeps everything else as it is now. `None` is not set. Repeating it is harmless.
    fn restore_surface(
        &self,
        place: &Place,
        surface: &Surface,
        options: &StatedOptions,
    ) -> impl Future<Output = Answer<()>> + Send;
}
