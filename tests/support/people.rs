//! People of the organization, who may do what the functions never do.

use tokio::runtime::Runtime;
use v2only_aws::launcher::{Launcher, NewNotebook, Options, SeenInstance, SeenNotebook};
use v2only_policy::{AccountId, Place, Region};
use v2only_sandbox::Sandbox;

/// The role they act under.
pub const ROLE: &str = "developer";

/// Somebody with a role in an account. Calls AWS by wire, with another client than the functions.
#[derive(Debug)]
pub struct People {
    runtime: Runtime,
    launcher: Launcher,
}

/// A place by its two names.
///
/// # Panics
/// When they are none.
pub fn place(account: &str, region: &str) -> Place {
    Place { account: AccountId::parse(account).unwrap(), region: Region::parse(region).unwrap() }
}

impl People {
    /// Somebody in this account, from now on for an hour.
    ///
    /// # Panics
    /// When AWS is not on this machine.
    pub fn of(aws: &Sandbox, account: &str) -> Self {
        aws.add_role(account, ROLE, None);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let account = AccountId::parse(account).unwrap();
        let launcher = runtime.block_on(Launcher::assuming(&aws.endpoint(), &account, ROLE, "ana")).unwrap();
        Self { runtime, launcher }
    }

    fn at(&self, region: &str) -> Place {
        place(self.launcher.account().as_str(), region)
    }

    /// Turns version 1 back on.
    ///
    /// # Panics
    /// When AWS refuses.
    pub fn turn_back(&self, region: &str, id: &str) {
        let options = Options { tokens: Some("optional"), endpoint: Some("enabled"), hops: None };
        self.set(region, id, options);
    }

    /// The same where AWS may refuse, or not answer: whether it did neither.
    pub fn may_turn_back(&self, region: &str, id: &str) -> bool {
        let options = Options { tokens: Some("optional"), endpoint: Some("enabled"), hops: None };
        self.runtime.block_on(self.launcher.set_options(&self.at(region), id, options)).is_ok()
    }

    /// Changes a hop limit, where AWS may refuse: whether it did not.
    pub fn may_set_hops(&self, region: &str, id: &str) -> bool {
        let options = Options { tokens: None, endpoint: None, hops: Some(2) };
        self.runtime.block_on(self.launcher.set_options(&self.at(region), id, options)).is_ok()
    }

    /// Changes metadata options.
    ///
    /// # Panics
    /// When AWS refuses.
    pub fn set(&self, region: &str, id: &str, options: Options) {
        self.runtime.block_on(self.launcher.set_options(&self.at(region), id, options)).unwrap();
    }

    /// Makes a launch template that sets no metadata options.
    ///
    /// # Panics
    /// When AWS refuses.
    pub fn create_launch_template(&self, region: &str, name: &str) {
        let place = self.at(region);
        let made = self.launcher.create_launch_template(&place, name, v2only_sandbox::AMAZON_LINUX_2);
        self.runtime.block_on(made).unwrap();
    }

    /// Stops an instance.
    ///
    /// # Panics
    /// When AWS refuses.
    pub fn stop(&self, region: &str, id: &str) {
        self.runtime.block_on(self.launcher.stop(&self.at(region), id)).unwrap();
    }

    /// Starts an instance.
    ///
    /// # Panics
    /// When AWS refuses.
    pub fn start(&self, region: &str, id: &str) {
        self.runtime.block_on(self.launcher.start(&self.at(region), id)).unwrap();
    }

    /// Creates a notebook on Amazon Linux 2023.
    ///
    /// # Panics
    /// When AWS refuses.
    pub fn create_notebook(&self, region: &str, name: &str, minimum_version: Option<&'static str>) {
        let new =
            NewNotebook { name: name.to_owned(), platform: "notebook-al2023-v1".to_owned(), minimum_version };
        self.runtime.block_on(self.launcher.create_notebook(&self.at(region), &new)).unwrap();
    }

    /// Stops a notebook.
    ///
    /// # Panics
    /// When AWS refuses.
    pub fn stop_notebook(&self, region: &str, name: &str) {
        self.runtime.block_on(self.launcher.stop_notebook(&self.at(region), name)).unwrap();
    }

    /// Starts a notebook.
    ///
    /// # Panics
    /// When AWS refuses.
    pub fn start_notebook(&self, region: &str, name: &str) {
        self.runtime.block_on(self.launcher.start_notebook(&self.at(region), name)).unwrap();
    }

    /// What `DescribeInstances` says.
    ///
    /// # Panics
    /// When AWS refuses.
    pub fn instances(&self, region: &str) -> Vec<SeenInstance> {
        self.runtime.block_on(self.launcher.instances(&self.at(region))).unwrap()
    }

    /// What `DescribeNotebookInstance` says.
    ///
    /// # Panics
    /// When AWS refuses.
    pub fn notebook(&self, region: &str, name: &str) -> SeenNotebook {
        self.runtime.block_on(self.launcher.notebook(&self.at(region), name)).unwrap()
    }
}
