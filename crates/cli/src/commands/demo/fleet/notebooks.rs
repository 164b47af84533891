//! Notebook instances of every kind.

use v2only_aws::launcher::NewNotebook;
use v2only_policy::Place;
use v2only_sandbox::Place as SandboxPlace;
use v2only_sandbox::sagemaker::{Platform, Seed, Status};

use super::{Act, Fleet, FleetGroup, LONG_AGO};
use crate::commands::demo::failure::broken;
use crate::commands::demo::posture::Posture;
use crate::commands::demo::stage::{FRANKFURT, HOME, MEMBER, Stage, VIRGINIA, place};
use crate::term::problem::Problem;

/// A notebook of long ago.
struct Old {
    name: &'static str,
    home: (&'static str, &'static str),
    status: Status,
    platform: Platform,
    version: Option<&'static str>,
}

const fn old(
    name: &'static str,
    home: (&'static str, &'static str),
    status: Status,
    platform: Platform,
) -> Old {
    Old { name, home, status, platform, version: Some("1") }
}

// In several places: SageMaker has a request rate for each.
const OLD: [Old; 5] = [
    old("stopped-v1", (MEMBER, FRANKFURT), Status::InService, Platform::Al2023V1),
    old("started-v1", (MEMBER, VIRGINIA), Status::Stopped, Platform::Al2023V1),
    old("failed-v1", (HOME, VIRGINIA), Status::Stopped, Platform::Al2023V1),
    old("amazon-linux-2", (MEMBER, FRANKFURT), Status::Pending, Platform::Al2V3),
    // Older than the setting.
    Old { version: None, ..old("amazon-linux-1", (MEMBER, VIRGINIA), Status::Pending, Platform::Al1V1) },
];

impl Fleet {
    /// Two are created, and something happens to each of the old ones.
    pub(in crate::commands::demo) async fn notebooks(&mut self, stage: &Stage) -> Result<(), Problem> {
        let created = [("created-v1", FRANKFURT, None), ("created-v2", VIRGINIA, Some("2"))];
        for (name, region, minimum_version) in created {
            let at = place(HOME, region)?;
            let platform = Platform::Al2023V1.id().to_owned();
            let new = NewNotebook { name: name.to_owned(), platform, minimum_version };
            stage.ana.create_notebook(&at, &new).await.map_err(broken)?;
            // The sandbox gives version 1 to a notebook that does not say, as the API reference does.
            self.keep(at, name, Posture::notebook(minimum_version.or(Some("1")), "Pending"));
        }
        let notebooks = stage.aws.notebooks();
        for Old { name, home: (account, region), status, platform, version } in OLD {
            let seed = Seed::new(name).status(status).platform(platform).age(LONG_AGO);
            let seed = version.map_or(seed.clone(), |version| seed.minimum_version(version));
            let here = SandboxPlace::new(account, region);
            notebooks.add(&here, seed);
            let at = place(account, region)?;
            let who = stage.person(&at);
            match name {
                "stopped-v1" => who.stop_notebook(&at, name).await.map_err(broken)?,
                "started-v1" => who.start_notebook(&at, name).await.map_err(broken)?,
                "failed-v1" => {
                    notebooks.fail_next_start(&here, name, "the lifecycle script failed");
                    who.start_notebook(&at, name).await.map_err(broken)?;
                }
                _ => {}
            }
            self.keep(at, name, Posture::notebook(version, status.id()));
        }
        Ok(())
    }

    fn keep(&mut self, place: Place, name: &'static str, before: Posture) {
        let members = vec![(name.to_owned(), before)];
        self.parts.push(FleetGroup { act: Act::Notebook, name, place, members, unnamed: false });
    }
}
