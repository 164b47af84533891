//! Notebooks: mark and stop, update, start, unmark; one step per look.

use v2only_policy::settings::InService;
use v2only_policy::{Notebook, NotebookStatus, Platform};

use crate::words::*;

pub const FINE: &str = "compliant (minimum IMDS version is 2) → nothing";
pub const START_FINE: &str = "compliant (minimum IMDS version is 2) → act: start again";
pub const UNMARK_FINE: &str = "compliant (minimum IMDS version is 2) → act: remove the restart mark";
pub const UNMARK_LEFT: &str =
    "compliant (minimum IMDS version is 2) → act: remove the restart mark; left-stopped";
pub const FINE_WAIT: &str = "compliant (minimum IMDS version is 2) → wait";
pub const STOP: &str = "violation [minimum-version] → act: mark as running, then stop";
pub const UPDATE: &str = "violation [minimum-version] → act: minimum IMDS version=2";
pub const UPGRADE: &str =
    "violation [minimum-version] → act: minimum IMDS version=2 and platform=notebook-al2023-v1";
pub const START: &str = "violation [minimum-version] → act: start again";
pub const UNMARK: &str = "violation [minimum-version] → act: remove the restart mark";
pub const WAIT: &str = "violation [minimum-version] → wait";

pub fn it() -> Notebook {
    notebook("analysis")
}

pub fn held(why: &str) -> String {
    format!("violation [minimum-version] → hold: {why}")
}

#[test]
fn the_way_of_a_running_notebook() {
    let rules = || enforce().contested_after(3).in_service(open_window());
    let marked = || it().marked(minutes_ago(3));
    check("running, version 1", it().v1_allowed(), rules(), seen(), STOP);
    check("running, version 1, killed after the mark", marked().v1_allowed(), rules(), seen(), STOP);
    check("stopping", marked().v1_allowed().is(NotebookStatus::Stopping), rules(), seen(), WAIT);
    check("stopped, version 1", marked().v1_allowed().stopped(), rules(), seen(), UPDATE);
    check(
        "updating, still described as 1",
        marked().v1_allowed().is(NotebookStatus::Updating),
        rules(),
        seen(),
        WAIT,
    );
    check(
        "updating, described as 2 already",
        marked().is(NotebookStatus::Updating),
        rules(),
        seen(),
        "compliant (minimum IMDS version is 2) → wait",
    );
    check("stopped, version 2", marked().stopped(), rules(), seen(), START_FINE);
    check("running, version 2, marked right now", it().marked(minutes_ago(0)), rules(), seen(), UNMARK_FINE);
    check(
        "starting",
        marked().is(NotebookStatus::Pending),
        rules(),
        seen(),
        &format!("{FINE_WAIT}; remember {}", Notebook::started_mark(now())),
    );
    check("running, version 2", marked(), rules(), seen(), UNMARK_FINE);
    check("running, version 2, no mark", it(), rules(), seen(), FINE);
}

#[test]
fn a_notebook_that_did_not_run_is_not_started() {
    check("stopped, version 1", it().v1_allowed().stopped(), enforce().contested_after(3), seen(), UPDATE);
    check(
        "version not described",
        it().version_unknown().stopped(),
        enforce().contested_after(3),
        seen(),
        UPDATE,
    );
    check("stopped, version 2", it().stopped(), enforce().contested_after(3), seen(), FINE);
    check(
        "failed, version 1",
        it().v1_allowed().failed("no space"),
        enforce().contested_after(3),
        seen(),
        UPDATE,
    );
    check("failed, version 2", it().failed("no space"), enforce().contested_after(3), seen(), FINE);
}

#[test]
fn between_two_states() {
    for status in [NotebookStatus::Pending, NotebookStatus::Stopping, NotebookStatus::Updating] {
        check("version 1", it().v1_allowed().is(status), enforce().contested_after(3), seen(), WAIT);
        check(
            "version 1, observed: it would be waited for too",
            it().v1_allowed().is(status),
            observe().contested_after(3),
            seen(),
            WAIT,
        );
        check("version 2", it().is(status), enforce().contested_after(3), seen(), FINE);
    }
    check(
        "gone",
        it().v1_allowed().is(NotebookStatus::Gone),
        enforce().contested_after(3),
        seen(),
        "gone → nothing",
    );
    check(
        "gone, marked",
        it().v1_allowed().marked(minutes_ago(3)).is(NotebookStatus::Gone),
        enforce().contested_after(3),
        seen(),
        "gone → nothing",
    );
    check(
        "gone, and nobody needs its organizational units",
        it().is(NotebookStatus::Gone),
        enforce().contested_after(3).over(&[(units(&["ou-ab12-sandbox1"]), observe().contested_after(3))]),
        seen(),
        "gone → nothing",
    );
    check(
        "a status of the future",
        it().v1_allowed().is(NotebookStatus::Unknown),
        enforce().contested_after(3),
        seen(),
        &held("status-unknown"),
    );
}

#[test]
fn a_running_notebook_that_is_not_new() {
    let old = || it().v1_allowed();
    check("wait", old(), enforce().contested_after(3), seen(), &held("in-service"));
    check(
        "report",
        old(),
        enforce().contested_after(3).in_service(InService::Report),
        seen(),
        &held("report-only"),
    );
    check("inside the window", old(), enforce().contested_after(3).in_service(open_window()), seen(), STOP);
    check(
        "outside the window",
        old(),
        enforce().contested_after(3).in_service(shut_window()),
        seen(),
        &held("outside-window"),
    );
    let window = || enforce().contested_after(3).in_service(window("11:00", "13:00"));
    check("window, first second", old(), window(), seen().on(at("2026-11-20T11:00:00Z")), STOP);
    check("window, last second", old(), window(), seen().on(at("2026-11-20T12:59:59Z")), STOP);
    check("window, over", old(), window(), seen().on(at("2026-11-20T13:00:00Z")), &held("outside-window"));
    check(
        "window, another day",
        old(),
        window(),
        seen().on(at("2026-11-21T12:00:00Z")),
        &held("outside-window"),
    );
}

#[test]
fn a_running_notebook_that_is_new() {
    let aged = |minutes| it().v1_allowed().created(minutes_ago(minutes));
    check("just created", aged(0), enforce().contested_after(3), seen(), STOP);
    check("at the age limit", aged(30), enforce().contested_after(3), seen(), STOP);
    check("over the age limit", aged(31), enforce().contested_after(3), seen(), &held("in-service"));
    check(
        "new, and the policy only reports old ones",
        aged(5),
        enforce().contested_after(3).in_service(InService::Report),
        seen(),
        STOP,
    );
    check(
        "new, outside the window",
        aged(5),
        enforce().contested_after(3).in_service(shut_window()),
        seen(),
        STOP,
    );
    check(
        "age unknown is not new",
        it().v1_allowed().age_unknown(),
        enforce().contested_after(3),
        seen(),
        &held("in-service"),
    );
    check(
        "the event of its creation makes an old one no newer",
        it().v1_allowed(),
        enforce().contested_after(3),
        launch(),
        &held("in-service"),
    );
}

#[test]
fn one_that_could_not_be_started_again_is_not_stopped() {
    let new = || it().v1_allowed().fresh();
    let opted_in = || enforce().contested_after(3).upgrade_platform();
    check("Amazon Linux 2", new().al2(), enforce().contested_after(3), seen(), &held("amazon-linux-2"));
    check("Amazon Linux 2, opted in", new().al2(), opted_in(), seen(), STOP);
    check(
        "opted in, on a type without 2023",
        new().al2().on("ml.p3.2xlarge"),
        opted_in(),
        seen(),
        &held("instance-type"),
    );
    for old in ["ml.p2.xlarge", "ml.p3.16xlarge", "ml.p3dn.24xlarge", "ml.inf1.6xlarge", "ml.g3.4xlarge"] {
        check(old, new().al2().on(old), opted_in(), seen(), &held("instance-type"));
    }
    check(
        "opted in, on a type that only begins alike",
        new().al2().on("ml.p4d.24xlarge"),
        opted_in(),
        seen(),
        STOP,
    );
    check("Amazon Linux 1", new().al1(), opted_in(), seen(), &held("amazon-linux-1"));
    check(
        "not described",
        new().platform(Platform::Unknown(String::new())),
        opted_in(),
        seen(),
        &held("platform-unknown"),
    );
    check(
        "of the future",
        new().platform(Platform::from_identifier(Some("notebook-al2026-v1"))),
        opted_in(),
        seen(),
        &held("platform-unknown"),
    );
}

#[rstest::rstest]
#[case("notebook-al1-v1", Platform::AmazonLinux1)]
#[case("notebook-al2-v3", Platform::AmazonLinux2)]
#[case("notebook-al2023-v1", Platform::AmazonLinux2023)]
fn a_platform_is_read_from_its_identifier(#[case] identifier: &str, #[case] platform: Platform) {
    assert_eq!(Platform::from_identifier(Some(identifier)), platform);
}

#[test]
fn stopped_on_an_old_platform() {
    let stopped = || it().v1_allowed().stopped();
    let opted_in = || enforce().contested_after(3).upgrade_platform();
    check("Amazon Linux 2", stopped().al2(), enforce().contested_after(3), seen(), UPDATE);
    check("Amazon Linux 2, opted in", stopped().al2(), opted_in(), seen(), UPGRADE);
    check("opted in, failed", it().v1_allowed().failed("?").al2(), opted_in(), seen(), UPGRADE);
    check(
        "opted in, on a type without 2023",
        stopped().al2().on("ml.inf1.xlarge"),
        opted_in(),
        seen(),
        UPDATE,
    );
    check("Amazon Linux 1", stopped().al1(), opted_in(), seen(), UPDATE);
    check("2023 needs none", stopped(), opted_in(), seen(), UPDATE);
}

#[test]
fn observed_from_the_beginning() {
    check(
        "running",
        it().v1_allowed().fresh(),
        observe().contested_after(3),
        seen(),
        &held("observe-mode, would mark as running, then stop"),
    );
    check(
        "stopped",
        it().v1_allowed().stopped(),
        observe().contested_after(3),
        seen(),
        &held("observe-mode, would minimum IMDS version=2"),
    );
    check("old and running", it().v1_allowed(), observe().contested_after(3), seen(), &held("in-service"));
    check("version 2", it(), observe().contested_after(3), seen(), FINE);
}

#[test]
fn exempt_from_the_beginning() {
    let excused = "exempt by tag through 2026-11-20 [minimum-version] → nothing";
    let exempt = || it().v1_allowed().exempt_until("2026-11-20");
    check("running", exempt().fresh(), enforce().contested_after(3), seen(), excused);
    check("stopped", exempt().stopped(), enforce().contested_after(3), seen(), excused);
    check("updating", exempt().is(NotebookStatus::Updating), enforce().contested_after(3), seen(), excused);
    check(
        "day after",
        exempt().stopped(),
        enforce().contested_after(3),
        seen().on(at("2026-11-21T00:00:00Z")),
        &format!("{UPDATE}; exemption-expired"),
    );
}
