//! A person at the command line: `enforce` and `rollback` through their entry points, each under a role of its own.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Runtime;
use v2only_aws::connect::Aws;
use v2only_aws::settings::Settings;
use v2only_enforcer::enforce::{Bound, Journal, enforce_within};
use v2only_enforcer::rollback::{self, Exemption, Recorded, What};
use v2only_enforcer::scan::{Kinds, scan};
use v2only_policy::{InstanceChange, Judged, Place, Plan, ResourceKind, Step};
use v2only_sandbox::Sandbox;
use v2only_sandbox::lambda::FunctionConfig;
use v2only_tests::in_process::{add_profile, connect};
use v2only_tests::people::place;
use v2only_tests::{HOME, Wire};

use super::calls::{EXEMPTION_DAY, REGIONS};

/// Waits for its turn as the command line does.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Operator {
    runtime: Runtime,
    enforce: Aws,
    rollback: Aws,
}

/// A journal of the instances that were changed.
#[derive(Default)]
struct Memory(Mutex<Vec<Recorded>>);

impl Journal for Memory {
    async fn write(&self, place: &Place, judged: &[Judged]) -> Result<(), io::Error> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for it in judged {
            if let (Some(instance), Some(change)) = (it.instance(), change_of(it)) {
                let what = What::Instance { id: instance.id.clone(), before: instance.options, change };
                all.push(Recorded { place: place.clone(), what });
            }
        }
        Ok(())
    }
}

const fn change_of(judged: &Judged) -> Option<InstanceChange> {
    match judged.decision.plan {
        Plan::Act(Step::Instance(change)) => Some(change),
        _ => None,
    }
}

impl Operator {
    pub fn new(aws: &Sandbox, wire: Option<&Wire>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let settings = Settings { loopback_only: true, ..Settings::default() };
        let as_role = |name: &str| {
            // Deployed for its session only: nobody invokes it.
            let host = aws.deploy(FunctionConfig::new(name, "none").located_in(HOME, REGIONS[0]));
            add_profile(name, &host.config().variables["AWS_ACCESS_KEY_ID"]);
            runtime.block_on(connect(name, &settings, PATIENCE, wire))
        };
        let (enforce, rollback) = (as_role("operator"), as_role("rollback"));
        Self { runtime, enforce, rollback }
    }

    /// `enforce` of every kind at home; what it journalled of instances.
    pub fn enforce(&self, aws: &Sandbox, document: &str) -> Vec<Recorded> {
        let policy = v2only_document::parse(document).unwrap().policy;
        let kinds = [
            ResourceKind::Instance,
            ResourceKind::Notebook,
            ResourceKind::LaunchTemplate,
            ResourceKind::AccountDefault,
        ];
        let journal = Memory::default();
        let now = || aws.now();
        self.runtime.block_on(async {
            for region in REGIONS {
                let place = place(HOME, region);
                let mut found = Vec::new();
                let mut each = |it| found.push(it);
                for kind in kinds.map(Kinds::Only) {
                    scan(&self.enforce, &policy, &place, kind, aws.now(), &mut each).await;
                }
                let bound = Bound::at_most(100);
                enforce_within(&self.enforce, &journal, &place, found, &now, &bound).await;
            }
        });
        journal.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// `rollback --exempt-until` of these changes.
    pub fn roll_back(&self, aws: &Sandbox, changed: Vec<Recorded>) {
        let exemption = Exemption { until: EXEMPTION_DAY.to_owned(), reason: "rolled back".to_owned() };
        let now = || aws.now();
        self.runtime.block_on(async {
            for region in REGIONS {
                let place = place(HOME, region);
                let here = changed.iter().filter(|it| it.place == place).cloned().collect();
                let looked = rollback::look(&self.rollback, &place, here, false).await;
                rollback::restore(&self.rollback, &place, looked, false, Some(&exemption), &now).await;
            }
        });
    }
}
