//! Surfaces outside of EC2, Auto Scaling and SageMaker.

use jiff::Timestamp;
use jiff::civil::Date;
use v2only_enforcer::ports::{
    Answer, Page, ReadInventory, ReadRoles, ReadSurfaces, RestoreSurface, Role, RoleDetail, TightenSurface,
};
use v2only_policy::instance::HttpTokens;
use v2only_policy::usage::{Counted, first_day};
use v2only_policy::{Place, StatedOptions, Surface, SurfaceKind};

use super::{FakeAws, all};

impl ReadSurfaces for FakeAws {
    fn readable(&self) -> &'static [SurfaceKind] {
        if self.state().surfaces.is_empty() { &[] } else { SurfaceKind::ALL }
    }

    async fn surfaces(&self, place: &Place, kind: SurfaceKind, _: Option<String>) -> Answer<Page<Surface>> {
        self.call(kind.about().read_action, Some(place), "")?;
        let state = self.state();
        let here = state.surfaces.iter().filter(|(at, it)| *at == *place && it.kind == kind);
        all(here.map(|(_, it)| it.clone()).collect())
    }

    async fn surface(&self, place: &Place, kind: SurfaceKind, id: &str) -> Answer<Option<Surface>> {
        self.call(kind.about().read_action, Some(place), "")?;
        let state = self.state();
        let found = state.surfaces.iter().find(|(at, it)| *at == *place && it.kind == kind && it.id == id);
        Ok(found.map(|(_, it)| it.clone()))
    }

    async fn surface_usage(&self, _: &Place, surface: &Surface, _: Date, _: Timestamp) -> Answer<Counted> {
        let state = self.state();
        Ok(state.surface_usage.get(&surface.id).cloned().unwrap_or_default())
    }
}

impl ReadInventory for FakeAws {
    async fn inventory_rows(
        &self,
        home: &Place,
        aggregator: &str,
        query: &str,
        _: Option<String>,
    ) -> Answer<Page<String>> {
        self.call("config:SelectAggregateResourceConfig", Some(home), aggregator)?;
        let state = self.state();
        let (candidates, recorded) = &state.inventory;
        all(if query.contains("COUNT") { recorded.clone() } else { candidates.clone() })
    }
}

impl ReadRoles for FakeAws {
    async fn role_details(&self, place: &Place, _: Option<String>) -> Answer<Page<RoleDetail>> {
        self.call("iam:GetAccountAuthorizationDetails", Some(place), place.account.as_str())?;
        all(self.state().roles.clone())
    }
}

impl FakeAws {
    /// A role with an instance profile of this ARN and one managed policy of AWS.
    pub(crate) fn role(self, profile: &str, managed: &str) -> Self {
        let role = Role {
            arn: profile.replace("instance-profile", "role"),
            profiles: vec![profile.to_owned()],
            inline: Vec::new(),
            attached: vec![format!("arn:aws:iam::aws:policy/{managed}")],
            boundary: None,
        };
        self.state().roles.push(RoleDetail::Role(role));
        self
    }

    /// What AWS Config answers: the rows of the candidates, and those of the accounts and Regions that it records.
    pub(crate) fn inventory(self, candidates: &[&str], recorded: &[&str]) -> Self {
        let rows = |rows: &[&str]| rows.iter().map(|row| (*row).to_owned()).collect();
        self.state().inventory = (rows(candidates), rows(recorded));
        self
    }

    pub(crate) fn surface(self, place: &Place, it: Surface) -> Self {
        self.state().surfaces.push((place.clone(), it));
        self
    }

    /// `MetadataNoToken` of a surface was this on each of the 14 days before the tests' today.
    pub(crate) fn surface_calls(self, id: &str, calls: u64) -> Self {
        let today = jiff::civil::date(2026, 11, 20);
        let days = (1..=14).map(|ago| (first_day(today, ago), calls)).collect();
        self.state()
            .surface_usage
            .insert(id.to_owned(), Counted { days, complete: true, ..Counted::default() });
        self
    }

    /// Every surface.
    pub(crate) fn surfaces_now(&self) -> Vec<(Place, Surface)> {
        self.state().surfaces.clone()
    }

    /// Changes every surface as somebody else would.
    pub(crate) fn change_surfaces(&self, change: impl Fn(&mut Surface)) {
        self.state().surfaces.iter_mut().for_each(|(_, it)| change(it));
    }

    fn set(&self, place: &Place, surface: &Surface, change: impl Fn(&mut StatedOptions)) {
        let mut state = self.state();
        let mut all = state.surfaces.iter_mut();
        let found = all.find(|(at, it)| *at == *place && it.kind == surface.kind && it.id == surface.id);
        change(&mut found.unwrap().1.options);
    }
}

impl TightenSurface for FakeAws {
    async fn tighten_surface(&self, place: &Place, surface: &Surface) -> Answer<Option<String>> {
        self.call("surface:Tighten", Some(place), &surface.id)?;
        self.set(place, surface, |options| options.http_tokens = Some(HttpTokens::Required));
        Ok(None)
    }
}

impl RestoreSurface for FakeAws {
    async fn restore_surface(&self, place: &Place, surface: &Surface, options: &StatedOptions) -> Answer<()> {
        self.call("surface:Restore", Some(place), &surface.id)?;
        self.set(place, surface, |now| *now = *options);
        Ok(())
    }
}
