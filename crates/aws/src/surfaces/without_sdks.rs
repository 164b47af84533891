//! A build without the SDKs of these services reads and changes none of them.

use jiff::Timestamp;
use jiff::civil::Date;
use v2only_enforcer::ports::{
    Answer, Page, ReadInventory, ReadRoles, ReadSurfaces, RestoreSurface, RoleDetail, TightenSurface,
};
use v2only_policy::usage::Counted;
use v2only_policy::{Place, StatedOptions, Surface, SurfaceKind};

use crate::call::Call;
use crate::connect::Aws;

fn left_out<T>(kind: SurfaceKind) -> Answer<T> {
    let about = kind.about();
    crate::left_out::answer(about.read_action, &format!("{}s", about.kind.noun))
}

impl ReadSurfaces for Aws {
    fn readable(&self) -> &'static [SurfaceKind] {
        &[]
    }

    async fn surfaces(&self, _: &Place, kind: SurfaceKind, _: Option<String>) -> Answer<Page<Surface>> {
        left_out(kind)
    }

    async fn surface(&self, _: &Place, kind: SurfaceKind, _: &str) -> Answer<Option<Surface>> {
        left_out(kind)
    }

    async fn surface_usage(&self, _: &Place, surface: &Surface, _: Date, _: Timestamp) -> Answer<Counted> {
        left_out(surface.kind)
    }
}

impl ReadInventory for Aws {
    async fn inventory_rows(&self, _: &Place, _: &str, _: &str, _: Option<String>) -> Answer<Page<String>> {
        crate::left_out::answer(Call::SelectAggregateResourceConfig.iam_action(), "AWS Config")
    }
}

impl ReadRoles for Aws {
    async fn role_details(&self, _: &Place, _: Option<String>) -> Answer<Page<RoleDetail>> {
        crate::left_out::answer(Call::GetAccountAuthorizationDetails.iam_action(), "IAM")
    }
}

impl TightenSurface for Aws {
    async fn tighten_surface(&self, _: &Place, surface: &Surface) -> Answer<Option<String>> {
        left_out(surface.kind)
    }
}

impl RestoreSurface for Aws {
    async fn restore_surface(&self, _: &Place, surface: &Surface, _: &StatedOptions) -> Answer<()> {
        left_out(surface.kind)
    }
}
