//! The usage gate: who must show that nobody uses version 1 before it is closed.

use v2only_policy::history::History;
use v2only_policy::settings::GateScope;
use v2only_policy::{Circumstances, Instance, Note, decide_instance};

use crate::words::*;

const ACT: &str = "violation [http-tokens] → act: HttpTokens=required";
const ACT_ON_FLIP: &str = "violation [http-tokens] → act: HttpTokens=required; remember 2026-11-20T12:00:00Z";
const HOLD: &str = "violation [http-tokens] → hold: usage-gate, would HttpTokens=required";

fn it() -> Instance {
    instance("i-0abc0123456789def").v1_allowed()
}

#[test]
fn the_gate_binds_what_existed_already() {
    for (what, moment, expected) in [
        ("launch, not read", launch(), ACT),
        ("launch, quiet", launch().quiet(14), ACT),
        ("launch, busy", launch().busy(9), ACT),
        ("launch, gaps", launch().gaps(0), ACT),
        ("turned back, not read", flipped(now()), ACT_ON_FLIP),
        ("turned back, quiet", flipped(now()).quiet(14), ACT_ON_FLIP),
        ("turned back, busy", flipped(now()).busy(9), ACT_ON_FLIP),
        ("turned back, gaps", flipped(now()).gaps(0), ACT_ON_FLIP),
        ("old, not read", seen(), HOLD),
        ("old, quiet over the whole window", seen().quiet(14), ACT),
        ("old, quiet for longer", seen().quiet(30), ACT),
        ("old, quiet for a day less", seen().quiet(13), HOLD),
        ("old, busy with a single call", seen().busy(1), HOLD),
        ("old, gaps", seen().gaps(13), HOLD),
        ("old, no data at all is not zero", seen().gaps(0), HOLD),
    ] {
        check(what, it(), enforce(), moment, expected);
    }
}

#[test]
fn an_unreadable_history_is_noted_only_where_the_gate_holds() {
    let notes = |instance: &Instance| {
        let seen = seen();
        let circumstances =
            Circumstances { history: History::Unreadable("AccessDenied"), ..seen.circumstances() };
        decide_instance(instance, &enforce().policy(), &circumstances).unwrap().notes
    };
    assert_eq!(notes(&it()), [Note::HistoryNotRead("AccessDenied".to_owned())]);
    assert_eq!(notes(&it().managed_by("ecs")), []);
}

#[test]
fn what_is_fresh_counts_as_new() {
    check("half an hour old, to the second", it().created(minutes_ago(30)), enforce(), seen(), ACT);
    check("a second older", it().created(at("2026-11-20T11:29:59Z")), enforce(), seen(), HOLD);
    check(
        "created a moment after our clock",
        it().created(at("2026-11-20T12:00:30Z")),
        enforce(),
        seen(),
        ACT,
    );
    check("age unknown is not new", it().age_unknown(), enforce(), seen(), HOLD);
    check("age unknown, but just launched", it().age_unknown(), enforce(), launch(), ACT);
    check("age unknown, but quiet", it().age_unknown(), enforce(), seen().quiet(14), ACT);
    check("a longer limit", it().created(minutes_ago(59)), enforce().fresh_minutes(60), seen(), ACT);
    check("no limit at all", it().created(minutes_ago(1)), enforce().fresh_minutes(0), seen(), HOLD);
}

/// An event that comes out of a dead-letter queue, an archive or a file.
#[test]
fn old_news_is_no_news() {
    const ACT_ON_OLD_FLIP: &str =
        "violation [http-tokens] → act: HttpTokens=required; remember 2026-11-19T12:00:00Z";
    check("launched a day ago", it().created(hours_ago(24)), enforce(), launch(), ACT);
    check("launched before", it().created(minutes_ago(24 * 60 + 1)), enforce(), launch(), HOLD);
    check("launched before, and quiet", it().created(hours_ago(400)), enforce(), launch().quiet(14), ACT);
    check("turned back a day ago", it(), enforce(), flipped(hours_ago(24)), ACT_ON_OLD_FLIP);
    check("turned back before, and busy", it(), enforce(), flipped(hours_ago(25)).busy(3), HOLD);
}

#[test]
fn the_gate_for_all_binds_launches_too() {
    let rules = || enforce().gate(GateScope::All, 14);
    check("launch, not read", it(), rules(), launch(), HOLD);
    check("launch, quiet", it(), rules(), launch().quiet(14), ACT);
    check("turned back, busy", it(), rules(), flipped(now()).busy(3), HOLD);
    check("fresh, not read", it().created(minutes_ago(1)), rules(), seen(), HOLD);
    check("old, quiet", it(), rules(), seen().quiet(14), ACT);
}

#[test]
fn without_a_gate_no_evidence_is_wanted() {
    check("not read", it(), enforce().no_gate(), seen(), ACT);
    check("busy", it(), enforce().no_gate(), seen().busy(1_000_000), ACT);
    check("gaps", it(), enforce().no_gate(), seen().gaps(0), ACT);
}

#[test]
fn what_closes_nothing_needs_no_evidence() {
    let v2_only = || instance("i-0abc0123456789def").hop_limit(3);
    let lower = "violation [hop-limit] → act: HttpTokens=required HttpPutResponseHopLimit=2";
    check("hop limit only, not read", v2_only(), enforce().hops_at_most(2), seen(), lower);
    check(
        "hop limit only, gate for all",
        v2_only(),
        enforce().hops_at_most(2).gate(GateScope::All, 14),
        seen(),
        lower,
    );
    check(
        "hop limit and v1: one call does both, so both wait for evidence",
        v2_only().v1_allowed(),
        enforce().hops_at_most(2),
        seen(),
        "violation [http-tokens hop-limit] → hold: usage-gate, \
         would HttpTokens=required HttpPutResponseHopLimit=2",
    );
}

#[test]
fn switching_the_endpoint_off_wants_evidence_too() {
    check(
        "old, not read",
        it(),
        enforce().endpoint_off(),
        seen(),
        "violation [http-tokens http-endpoint] → hold: usage-gate, would HttpEndpoint=disabled",
    );
    check(
        "old, quiet",
        it(),
        enforce().endpoint_off(),
        seen().quiet(14),
        "violation [http-tokens http-endpoint] → act: HttpEndpoint=disabled",
    );
}

const UNPROVED: &str = "violation [http-tokens] → hold: not-restarted, would HttpTokens=required";

#[test]
fn a_quiet_window_without_a_start_proves_nothing_of_the_next_start() {
    let quiet = || seen().quiet(14);
    for (what, it, expected) in [
        ("started in the window", it().last_started(at("2026-11-06T00:00:00Z")), ACT),
        ("started a second before it", it().last_started(at("2026-11-05T23:59:59Z")), UNPROVED),
        ("started two years ago", it().last_started(at("2024-11-20T12:00:00Z")), UNPROVED),
        ("started a moment ago: calls come late", it().last_started(minutes_ago(5)), UNPROVED),
        ("started an hour ago", it().last_started(minutes_ago(60)), ACT),
        ("not described", it().start_unknown(), UNPROVED),
    ] {
        check(what, it, enforce(), quiet(), expected);
    }
    let old = || it().last_started(at("2026-08-01T03:04:05Z"));
    check("calls decide first", old(), enforce(), seen().busy(1), HOLD);
    check("gaps decide first", old(), enforce(), seen().gaps(3), HOLD);
    check("not asked for", old(), enforce().without_restart(), quiet(), ACT);
    check("no gate", old(), enforce().no_gate(), quiet(), ACT);
    check(
        "a longer window shows the start",
        old(),
        enforce().gate(GateScope::Existing, 111),
        seen().quiet(111),
        ACT,
    );
    check("a launch has just started", old(), enforce(), launch(), ACT);
    check(
        "drift needs no evidence",
        old().reverted(&[hours_ago(30)]),
        enforce(),
        quiet(),
        "violation [http-tokens] → act: HttpTokens=required",
    );
    check("observe", old(), observe(), quiet(), UNPROVED);
}

/// The reason of a hold in words.
fn reason(it: &Instance, moment: &Moment) -> String {
    let decision = decide_instance(it, &enforce().with(&[]), &moment.circumstances()).unwrap();
    decision.plan.hold().unwrap().to_string()
}

#[test]
fn the_reason_names_the_last_start_and_the_command_to_run_next() {
    let old = it().last_started(at("2026-08-01T03:04:05Z"));
    let said = reason(&old, &seen().quiet(14));
    for part in [
        "no IMDSv1 call in the window of 14 days",
        "last started at 2026-08-01T03:04:05Z",
        "`aws ec2 stop-instances --region eu-central-1 --instance-ids i-0abc0123456789def`",
        "`aws ec2 start-instances --region eu-central-1 --instance-ids i-0abc0123456789def`",
        "a reboot does not count",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let grouped = reason(&old.tag("aws:autoscaling:groupName", "web"), &seen().quiet(14));
    let refresh =
        "`aws autoscaling start-instance-refresh --region eu-central-1 --auto-scaling-group-name web`";
    assert!(grouped.contains(refresh) && !grouped.contains("stop-instances"), "{grouped}");
    let recent = reason(&it().last_started(minutes_ago(5)), &seen().quiet(14));
    assert!(recent.contains("again after 2026-11-20T12:55:00Z"), "{recent}");
}

#[test]
fn a_launch_waits_for_siblings_that_still_use_version_1() {
    const WAITS: &str = "violation [http-tokens] → hold: siblings-use-v1, would HttpTokens=required";
    const ASKS: &str = "violation [http-tokens] → hold: siblings-not-read, would HttpTokens=required";
    let rules = || enforce().gate(GateScope::Siblings, 14);
    check("not read yet", it(), rules(), launch(), ASKS);
    check("siblings are quiet", it(), rules(), launch().quiet_siblings(), ACT);
    check("a sibling is busy", it(), rules(), launch().busy_siblings(1), WAITS);
    check("fresh, found by a sweep", it().created(minutes_ago(1)), rules(), seen().busy_siblings(1), WAITS);
    check("old: its own calls decide", it(), rules(), seen().quiet(14).busy_siblings(1), ACT);
    check("old and busy", it(), rules(), seen().busy(1).quiet_siblings(), HOLD);
    check("only new launches of this policy", it(), enforce(), launch().busy_siblings(4), ACT);
    check(
        "turned back: drift decides",
        it().reverted(&[hours_ago(30)]),
        rules(),
        launch().busy_siblings(4),
        ACT,
    );
    let policy = enforce().gate(GateScope::Siblings, 14).with(&[]);
    let moment = launch().busy_siblings(3);
    let decision = decide_instance(&it().created(minutes_ago(1)), &policy, &moment.circumstances()).unwrap();
    let said = decision.plan.hold().unwrap().to_string();
    for part in ["Auto Scaling group web", "3 of 4 running instances still use IMDSv1 (98 calls"] {
        assert!(said.contains(part), "{said}");
    }
}
