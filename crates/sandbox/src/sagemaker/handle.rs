//! The entry point for Rust code: notebooks of any age and in any state, and their failures.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::lifecycle::{arrive, enter};
use super::notebook::{Attributes, Notebook, Status, arn, key};
use super::platform::Platform;
use super::settings::NotebookSettings;
use crate::core::Core;
use crate::identity::Place;
use crate::sandbox::Sandbox;

/// A notebook that is simply there, as if it had been created long ago.
#[derive(Debug, Clone)]
pub struct Seed {
    name: String,
    status: Status,
    platform: Platform,
    minimum_version: Option<String>,
    age: Duration,
    tags: Vec<(String, String)>,
    attributes: Attributes,
}

impl Seed {
    /// In service on Amazon Linux 2023, a day old, and from before the IMDS setting existed.
    pub fn new(name: &str) -> Self {
        let role = "arn:aws:iam::111122223333:role/service-role/notebooks";
        Self {
            name: name.to_owned(),
            status: Status::InService,
            platform: Platform::Al2023V1,
            minimum_version: None,
            age: Duration::from_secs(24 * 60 * 60),
            tags: Vec::new(),
            attributes: Attributes::new("ml.t3.medium", role),
        }
    }

    /// Its status. In `Pending`, `Stopping`, `Updating` or `Deleting` it moves on after the usual
    /// time.
    #[must_use]
    pub fn status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// Its platform.
    #[must_use]
    pub fn platform(mut self, platform: Platform) -> Self {
        self.platform = platform;
        self
    }

    /// Its minimum IMDS version, "1" or "2".
    #[must_use]
    pub fn minimum_version(mut self, version: &str) -> Self {
        self.minimum_version = Some(version.to_owned());
        self
    }

    /// How long ago it was created and last changed.
    #[must_use]
    pub fn age(mut self, age: Duration) -> Self {
        self.age = age;
        self
    }

    /// One tag.
    #[must_use]
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Its instance type.
    #[must_use]
    pub fn instance_type(mut self, instance_type: &str) -> Self {
        self.attributes.instance_type = instance_type.to_owned();
        self
    }

    /// In a subnet of the customer.
    #[must_use]
    pub fn in_subnet(mut self, subnet: &str, security_group: &str) -> Self {
        self.attributes.subnet = Some(subnet.to_owned());
        self.attributes.security_groups = vec![security_group.to_owned()];
        self
    }
}

impl Sandbox {
    /// The notebook instances of this AWS.
    pub fn notebooks(&self) -> Notebooks {
        Notebooks::of(self.core())
    }
}

/// Every notebook of every account and Region.
#[derive(Clone)]
pub struct Notebooks {
    core: Arc<Core>,
}

impl Notebooks {
    pub(super) fn of(core: &Arc<Core>) -> Self {
        Self { core: Arc::clone(core) }
    }

    /// Changes how notebooks behave from now on.
    pub fn configure(&self, change: impl FnOnce(&mut NotebookSettings)) {
        change(&mut self.core.world().sagemaker.settings);
    }

    /// Puts a notebook there, silently, and gives its ARN. One of the same name is replaced.
    pub fn add(&self, place: &Place, seed: Seed) -> String {
        let mut world = self.core.world();
        let created = world.now().checked_sub(seed.age).unwrap_or_default();
        let mut notebook = Notebook::new(place.clone(), &seed.name, seed.attributes, created);
        notebook.status = seed.status;
        notebook.platform = seed.platform;
        notebook.minimum_version = seed.minimum_version;
        notebook.tags = seed.tags.into_iter().collect();
        if notebook.attributes.subnet.is_some() && seed.status == Status::InService {
            notebook.network_interface = Some(format!("eni-0{}", world.ids.hex(16)));
        }
        let (key, arn) = (notebook.key(), notebook.arn());
        world.sagemaker.notebooks.insert(key.clone(), notebook);
        if !matches!(seed.status, Status::InService | Status::Stopped | Status::Failed) {
            enter(&mut world, &key, seed.status);
        }
        arn
    }

    /// The notebook as it is now.
    pub fn get(&self, place: &Place, name: &str) -> Option<Notebook> {
        self.core.world().sagemaker.notebooks.get(&key(place, name)).cloned()
    }

    /// Every notebook there is.
    pub fn all(&self) -> Vec<Notebook> {
        self.core.world().sagemaker.notebooks.values().cloned().collect()
    }

    /// The ARN a notebook has or would have.
    pub fn arn(place: &Place, name: &str) -> String {
        arn(place, name)
    }

    /// Lets the next start end in `Failed`. False if there is no such notebook.
    pub fn fail_next_start(&self, place: &Place, name: &str, reason: &str) -> bool {
        self.change(place, name, |it| it.fail_start = Some(reason.to_owned()))
    }

    /// Lets the next update end in `Failed`. False if there is no such notebook.
    pub fn fail_next_update(&self, place: &Place, name: &str, reason: &str) -> bool {
        self.change(place, name, |it| it.fail_update = Some(reason.to_owned()))
    }

    /// Keeps the notebook in `status` when it gets there, or when it is there. For `Stopping`,
    /// `Pending`, `Updating` or `Deleting`. False if there is no such notebook.
    pub fn hang_in(&self, place: &Place, name: &str, status: Status) -> bool {
        self.change(place, name, |it| it.hang_in = Some(status))
    }

    /// Lets a hanging notebook move on at once.
    pub fn release(&self, place: &Place, name: &str) -> bool {
        let hanging = self.get(place, name).is_some_and(|it| it.hang_in == Some(it.status));
        let known = self.change(place, name, |it| it.hang_in = None);
        if hanging {
            arrive(&mut self.core.world(), &key(place, name));
        }
        known
    }

    /// Lets the notebook fail now, whatever it is doing.
    pub fn fail_now(&self, place: &Place, name: &str, reason: &str) -> bool {
        let known = self.change(place, name, |it| it.failure_reason = Some(reason.to_owned()));
        enter(&mut self.core.world(), &key(place, name), Status::Failed);
        known
    }

    fn change(&self, place: &Place, name: &str, change: impl FnOnce(&mut Notebook)) -> bool {
        let mut world = self.core.world();
        world.sagemaker.notebooks.get_mut(&key(place, name)).map(change).is_some()
    }
}

impl fmt::Debug for Notebooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notebooks").finish_non_exhaustive()
    }
}
