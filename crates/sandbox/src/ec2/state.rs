//! What EC2 knows, per account and Region.

use std::collections::{BTreeMap, HashMap};

use super::fleet::{Fleet, SpotFleet};
use super::image::Image;
use super::instance::Instance;
use super::launch_spec::LaunchSpec;
use super::metadata::MetadataDefaults;
use super::quirks::OptionQuirks;
use super::template::Template;
use crate::error::AwsError;
use crate::identity::Place;

/// All of EC2.
#[derive(Debug, Default)]
pub(crate) struct State {
    places: BTreeMap<Place, Region>,
    /// By Region.
    pub(crate) quirks: BTreeMap<String, OptionQuirks>,
}

/// One account in one Region.
#[derive(Debug, Default)]
pub(crate) struct Region {
    /// By order of launch, which is the order of pages.
    pub(super) instances: BTreeMap<u64, Instance>,
    by_id: HashMap<String, u64>,
    launched: u64,
    /// Launches by client token: what was asked, and the ids it gave.
    pub(super) launches: HashMap<String, (LaunchSpec, Vec<String>)>,
    pub(super) images: BTreeMap<String, Image>,
    pub(super) templates: BTreeMap<String, Template>,
    /// In the order of creation.
    pub(super) fleets: Vec<Fleet>,
    /// In the order of creation.
    pub(super) spot_fleets: Vec<SpotFleet>,
    pub(super) defaults: MetadataDefaults,
}

impl State {
    pub(super) fn at(&mut self, place: &Place) -> &mut Region {
        self.places.entry(place.clone()).or_default()
    }

    pub(super) fn peek(&self, place: &Place) -> Option<&Region> {
        self.places.get(place)
    }

    /// When an instance was last started.
    pub(crate) fn last_start(&self, place: &Place, id: &str) -> Option<jiff::Timestamp> {
        Some(self.peek(place)?.get(id)?.launch_time)
    }

    /// What differs in this Region.
    pub(super) fn quirks(&self, place: &Place) -> OptionQuirks {
        self.quirks.get(&place.region).cloned().unwrap_or_default()
    }

    pub(super) fn places(&self) -> impl Iterator<Item = (&Place, &Region)> {
        self.places.iter()
    }
}

impl Region {
    pub(super) fn add(&mut self, instance: Instance) {
        self.launched += 1;
        self.by_id.insert(instance.id.clone(), self.launched);
        self.instances.insert(self.launched, instance);
    }

    pub(super) fn get(&self, id: &str) -> Option<&Instance> {
        self.instances.get(self.by_id.get(id)?)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Instance> {
        self.instances.get_mut(self.by_id.get(id)?)
    }

    /// The instances with these ids, in the order of launch, each once.
    pub(super) fn named(&self, ids: &[String]) -> BTreeMap<u64, &Instance> {
        let order = |id: &String| self.by_id.get(id).copied();
        ids.iter().filter_map(order).filter_map(|order| Some((order, self.instances.get(&order)?))).collect()
    }

    pub(super) fn forget(&mut self, id: &str) {
        if let Some(order) = self.by_id.remove(id) {
            self.instances.remove(&order);
        }
    }

    /// The ids a caller named, if all of them are well formed and visible.
    pub(super) fn check_ids(&self, ids: &[String], now: jiff::Timestamp) -> Result<(), AwsError> {
        if let Some(bad) = ids.iter().find(|id| !well_formed(id)) {
            let message = format!("Invalid id: \"{bad}\" (expecting \"i-...\")");
            return Err(AwsError::client("InvalidInstanceID.Malformed", message));
        }
        let visible = |id: &str| self.get(id).is_some_and(|it| it.visible_from <= now);
        let missing: Vec<&str> = ids.iter().map(String::as_str).filter(|id| !visible(id)).collect();
        let message = match missing.as_slice() {
            [] => return Ok(()),
            [one] => format!("The instance ID '{one}' does not exist"),
            many => format!("The instance IDs '{}' do not exist", many.join(", ")),
        };
        Err(AwsError::client("InvalidInstanceID.NotFound", message))
    }
}

fn well_formed(id: &str) -> bool {
    let hex = id.strip_prefix("i-").unwrap_or_default();
    [8, 17].contains(&hex.len()) && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The refusal to touch an instance that belongs to an AWS service.
pub(super) fn managed_refusal(id: &str, operator: &str) -> AwsError {
    let message = format!("The instance '{id}' is managed by {operator} and can't be modified by you.");
    AwsError::client("OperationNotPermitted", message)
}
