//! Notebooks that carry our mark: how long it is believed, and what becomes of what we stopped.

use v2only_policy::NotebookStatus;
use v2only_policy::notebook::RESTART_TAG;

use crate::notebooks::{
    FINE, FINE_WAIT, START, START_FINE, STOP, UNMARK, UNMARK_FINE, UNMARK_LEFT, UPDATE, UPGRADE, WAIT, held,
    it,
};
use crate::words::*;

#[test]
fn a_mark_is_believed_for_a_day() {
    let stopped = |minutes| it().stopped().marked(minutes_ago(minutes));
    check("a minute", stopped(1), enforce().contested_after(3), seen(), START_FINE);
    check(
        "a minute less than a day",
        stopped(24 * 60 - 1),
        enforce().contested_after(3),
        seen().recorded(&[]),
        START_FINE,
    );
    check("a day", stopped(24 * 60), enforce().contested_after(3), seen(), UNMARK_LEFT);
    check("by a clock that is fast", stopped(-5), enforce().contested_after(3), seen(), START_FINE);
    check("by a clock that is an hour fast", stopped(-60), enforce().contested_after(3), seen(), START_FINE);
    check("of the future", stopped(-300), enforce().contested_after(3), seen(), UNMARK_LEFT);
    check(
        "unreadable",
        it().stopped().tag(RESTART_TAG, "yes"),
        enforce().contested_after(3),
        seen(),
        UNMARK_LEFT,
    );
    check("empty", it().stopped().tag(RESTART_TAG, ""), enforce().contested_after(3), seen(), UNMARK_LEFT);
    check(
        "stale, version 1: updated first",
        stopped(2000).v1_allowed(),
        enforce().contested_after(3),
        seen(),
        &format!("{UPDATE}; left-stopped"),
    );
    check(
        "stale, running, may not be stopped",
        it().v1_allowed().marked(minutes_ago(2000)),
        enforce().contested_after(3),
        seen(),
        UNMARK,
    );
    check(
        "stale, running, may be stopped",
        it().v1_allowed().fresh().marked(minutes_ago(2000)),
        enforce().contested_after(3),
        seen(),
        STOP,
    );
    check(
        "stale, failed",
        it().failed("?").marked(minutes_ago(2000)),
        enforce().contested_after(3),
        seen(),
        UNMARK_LEFT,
    );
}

#[test]
fn what_was_left_stopped_is_noted() {
    let stale = || it().stopped().marked(minutes_ago(2000));
    check("version 2", stale(), enforce().contested_after(3), seen(), UNMARK_LEFT);
    check("observed", stale(), observe().contested_after(3), seen(), UNMARK_LEFT);
    check(
        "on Amazon Linux 2: no upgrade either",
        stale().al2(),
        enforce().contested_after(3),
        seen(),
        UNMARK_LEFT,
    );
    check("failed", stale().failed("?"), enforce().contested_after(3), seen(), UNMARK_LEFT);
    check("by its owner, unmarked", it().stopped(), enforce().contested_after(3), seen(), FINE);
    check("running", it().marked(minutes_ago(2000)), enforce().contested_after(3), seen(), UNMARK_FINE);
    check("stopping", stale().is(NotebookStatus::Stopping), enforce().contested_after(3), seen(), FINE_WAIT);
    check(
        "exempt",
        stale().v1_allowed().exempt_until("2027-01-31"),
        enforce().contested_after(3),
        seen(),
        "exempt by tag through 2027-01-31 [minimum-version] → act: remove the restart mark; left-stopped",
    );
    check(
        "beside what else there is to note",
        stale().v1_allowed().exempt_until("2026-11-19"),
        enforce().contested_after(3),
        seen(),
        &format!("{UPDATE}; exemption-expired; left-stopped"),
    );
}

#[test]
fn stopped_by_us_on_amazon_linux_2() {
    let marked = || it().v1_allowed().stopped().al2().marked(minutes_ago(3));
    let platform_too = "act: minimum IMDS version=2 and platform=notebook-al2023-v1";
    check("opted in", marked(), enforce().contested_after(3).upgrade_platform(), seen(), UPGRADE);
    check("opted out meanwhile", marked(), enforce().contested_after(3), seen(), UPGRADE);
    check("failed, opted out meanwhile", marked().failed("?"), enforce().contested_after(3), seen(), UPGRADE);
    check("observed meanwhile", marked(), observe().contested_after(3), seen(), UPGRADE);
    check(
        "exempted meanwhile, by tag",
        marked().exempt_until("2027-01-31"),
        enforce().contested_after(3),
        seen(),
        &format!("exempt by tag through 2027-01-31 [minimum-version] → {platform_too}"),
    );
    check(
        "exempted meanwhile, by document",
        marked(),
        enforce().contested_after(3).with(&[exemption(resources("analysis"), "2027-01-31")]),
        seen(),
        &format!("exempt by exemptions[0] through 2027-01-31 [minimum-version] → {platform_too}"),
    );
    check(
        "contested meanwhile",
        marked().reverted(&[hours_ago(4), hours_ago(3), hours_ago(2), hours_ago(1)]),
        enforce().contested_after(3),
        seen(),
        UPGRADE,
    );
    check(
        "somebody set the version, and left the platform",
        it().stopped().al2().marked(minutes_ago(3)),
        enforce().contested_after(3),
        seen(),
        &format!("compliant (minimum IMDS version is 2) → {platform_too}"),
    );
    check(
        "not marked, opted out: it is not ours to upgrade",
        it().v1_allowed().stopped().al2(),
        enforce().contested_after(3),
        seen(),
        UPDATE,
    );
    check(
        "not marked, observed",
        it().v1_allowed().stopped().al2(),
        observe().contested_after(3),
        seen(),
        &held("observe-mode, would minimum IMDS version=2"),
    );
    check(
        "upgraded already: started",
        it().stopped().marked(minutes_ago(3)),
        observe().contested_after(3),
        seen(),
        START_FINE,
    );
    check(
        "not stopped yet",
        marked().is(NotebookStatus::Stopping),
        observe().contested_after(3),
        seen(),
        WAIT,
    );
    check(
        "never stopped, observed meanwhile: unmarked",
        marked().is(NotebookStatus::InService),
        observe().contested_after(3),
        seen(),
        UNMARK,
    );
    check(
        "failed and observed: said, and not tried",
        marked().failed("?"),
        observe().contested_after(3),
        seen(),
        &held("restart-failed"),
    );
    check(
        "a mark that is no longer believed opts in to nothing",
        marked().marked(minutes_ago(2000)),
        enforce().contested_after(3),
        seen(),
        &format!("{UPDATE}; left-stopped"),
    );
}

#[test]
fn what_failed() {
    let failed = || it().failed("insufficient capacity").marked(minutes_ago(3));
    check("could not be updated", failed().v1_allowed(), enforce().contested_after(3), seen(), UPDATE);
    check(
        "could not be started again: said, and not tried for ever",
        failed(),
        enforce().contested_after(3),
        seen(),
        "compliant (minimum IMDS version is 2) → hold: restart-failed",
    );
    check(
        "likewise, observed halfway",
        failed().v1_allowed(),
        observe().contested_after(3),
        seen(),
        &held("restart-failed"),
    );
    check(
        "likewise, exempted halfway",
        failed().v1_allowed().exempt_until("2027-01-31"),
        enforce().contested_after(3),
        seen(),
        "exempt by tag through 2027-01-31 [minimum-version] → hold: restart-failed",
    );
}

#[test]
fn observed_or_exempted_halfway() {
    let marked = || it().v1_allowed().marked(minutes_ago(3));
    let exempt = || marked().exempt_until("2027-01-31");
    let exempt_to = |what: &str| format!("exempt by tag through 2027-01-31 [minimum-version] → {what}");
    check("observed, stopped", marked().stopped(), observe().contested_after(3), seen(), START);
    check("observed, running again", marked().fresh(), observe().contested_after(3), seen(), UNMARK);
    check(
        "observed, stopping",
        marked().is(NotebookStatus::Stopping),
        observe().contested_after(3),
        seen(),
        WAIT,
    );
    check(
        "exempted, stopped",
        exempt().stopped(),
        enforce().contested_after(3),
        seen(),
        &exempt_to("act: start again"),
    );
    check(
        "exempted, running",
        exempt().fresh(),
        enforce().contested_after(3),
        seen(),
        &exempt_to("act: remove the restart mark"),
    );
    check(
        "exempted, stopping",
        exempt().is(NotebookStatus::Stopping),
        enforce().contested_after(3),
        seen(),
        &exempt_to("wait"),
    );
    check(
        "the window closed meanwhile: finished all the same",
        marked().stopped(),
        enforce().contested_after(3).in_service(shut_window()),
        seen(),
        UPDATE,
    );
    check(
        "the window closed between mark and stop",
        marked(),
        enforce().contested_after(3).in_service(shut_window()),
        seen(),
        UNMARK,
    );
}
