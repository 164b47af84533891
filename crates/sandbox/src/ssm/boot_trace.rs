//! What the document `v2only-TraceImdsV1` does with its parameter `AtBoot`: a unit that traces the next boot of an instance.
//!
//! A simulation of the effect: no script runs, and no system boots. The tests of `infra/` run the script itself. A boot is a
//! start of the instance (`LaunchTime`) after the installation, and its trace finds what `ManagedInstance::output` says.

use std::time::Duration;

use jiff::Timestamp;

use super::state::BootTrace;
use crate::clock::later;
use crate::error::AwsError;
use crate::identity::Place;
use crate::world::World;

/// How long a unit waits for the next boot.
const WAITS: Duration = Duration::from_secs(7 * 24 * 3600);

/// The state of a unit, and the time that belongs to it.
type State = (&'static str, Option<Timestamp>);

impl BootTrace {
    fn state(&self, last_start: Timestamp, now: Timestamp) -> State {
        let deadline = later(self.installed, WAITS);
        if last_start <= self.installed {
            return (if now < deadline { "waiting" } else { "expired" }, Some(deadline));
        }
        if last_start >= deadline {
            return ("none", None);
        }
        let ends = later(last_start, Duration::from_secs(self.seconds));
        if now < ends { ("tracing", Some(ends)) } else { ("finished", Some(last_start)) }
    }
}

/// Carries out the parameter on one instance. Answers what it prints, or nothing where only what tests set is printed.
pub(super) fn order(
    world: &mut World,
    place: &Place,
    instance: &str,
    at_boot: &str,
    seconds: u64,
) -> Result<Option<String>, AwsError> {
    let now = world.now();
    let key = (place.clone(), instance.to_owned());
    let last_start = world.ec2.last_start(place, instance).unwrap_or(now);
    let unit = world.ssm.boot_traces.get(&key).copied();
    let state = unit.map_or(("none", None), |it| it.state(last_start, now));
    let managed = world.ssm.managed.get(&key);
    let is_linux = managed.is_some_and(|it| it.platform == "Linux");
    let output = managed.map(|it| it.output.clone()).unwrap_or_default();
    if !matches!(at_boot, "" | "no" | "install" | "collect" | "remove") {
        return Err(AwsError::client("InvalidParameters", format!("AtBoot cannot be {at_boot}")));
    }
    let printed = match (at_boot, state.0) {
        ("" | "no", "none") => return Ok(None),
        ("" | "no", _) => format!("{}{output}", line(state)),
        _ if !is_linux => line(("unsupported", None)),
        ("install", "none" | "expired") => {
            world.ssm.boot_traces.insert(key, BootTrace { installed: now, seconds });
            line(("installed", Some(later(now, WAITS))))
        }
        ("collect", "finished") => {
            world.ssm.boot_traces.remove(&key);
            format!("{}{output}", line(state))
        }
        ("collect", "expired") => {
            world.ssm.boot_traces.remove(&key);
            line(state)
        }
        ("remove", name) if name != "none" => {
            world.ssm.boot_traces.remove(&key);
            line(("removed", None))
        }
        _ => line(state),
    };
    Ok(Some(printed))
}

/// The line that the script prints about the unit.
fn line((state, time): State) -> String {
    let time = time.map_or(0, Timestamp::as_second);
    format!(
        "{{\"v2only\": \"trace-imds-v1-boot\", \"version\": 1, \"state\": \"{state}\", \"time\": {time}, \"uptime\": 4}}\n"
    )
}
