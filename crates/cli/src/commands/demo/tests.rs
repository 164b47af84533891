//! Stories made by hand, and what is printed of them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::bill::{Bill, Calls};
use super::checks::{self, Evidence};
use super::ending::{Aside, Ending};
use super::fleet::{Act, FleetGroup};
use super::posture::Posture;
use super::said::LogLine;
use super::stage::{FRANKFURT, HOME, place};
use super::story::{End, Readings, Row, tell};
use super::text::Printer;

const ID: &str = "i-0123456789abcdef0";

fn closed(hops: i32) -> Posture {
    Posture::Instance { tokens: "required".to_owned(), endpoint: "enabled".to_owned(), hops: Some(hops) }
}

fn part(name: &'static str, before: Posture) -> FleetGroup {
    let place = place(HOME, FRANKFURT).unwrap();
    FleetGroup { act: Act::Launched, name, place, members: vec![(ID.to_owned(), before)], unnamed: false }
}

fn said(verdict: &str, reasons: &[&str], outcome: &str, step: Option<&str>) -> LogLine {
    LogLine {
        resource: Some(ID.to_owned()),
        event: Some("RunInstances".to_owned()),
        actor: Some("role/developer (ana)".to_owned()),
        verdict: Some(verdict.to_owned()),
        reasons: reasons.iter().map(|it| (*it).to_owned()).collect(),
        outcome: outcome.to_owned(),
        step: step.map(str::to_owned),
        ..LogLine::default()
    }
}

#[track_caller]
fn story(before: Posture, said: &[LogLine], after: Option<Posture>) -> Row {
    let part = part("web", before);
    let now: Readings = after.into_iter().map(|it| ((part.place.clone(), ID.to_owned()), it)).collect();
    let rows = tell(&[part], &[Act::Launched], said, &now);
    assert_eq!(rows.len(), 1);
    rows.into_iter().next().unwrap()
}

const OPEN: &str = "HttpTokens is optional: IMDSv1 is answered";

#[test]
fn a_fixed_instance_is_told_by_its_violation_not_by_the_echo_of_the_fix() {
    let lines = [
        said("violation", &[OPEN], "fixed", Some("HttpTokens=required")),
        said("compliant", &["HttpTokens is required"], "left", None),
    ];
    let row = story(Posture::open(1), &lines, Some(closed(1)));
    assert_eq!((row.verdict.as_str(), row.end), ("violation", End::Fixed));
    assert_eq!(row.reasons, [OPEN]);
    assert_eq!(row.done, ["HttpTokens=required"]);
    assert_eq!(row.launched_by.as_deref(), Some("role/developer (ana)"));
}

#[test]
fn what_the_functions_say_does_not_count_if_aws_describes_otherwise() {
    let lines = [said("violation", &[OPEN], "fixed", Some("HttpTokens=required"))];
    assert_eq!(story(Posture::open(1), &lines, Some(Posture::open(1))).end, End::Open);
    assert_eq!(story(Posture::open(1), &lines, None).end, End::Open);
}

#[test]
fn a_violation_needs_a_reason_to_be_held() {
    let held = LogLine { hold: Some("managed".to_owned()), ..said("violation", &[OPEN], "held", None) };
    assert_eq!(story(Posture::open(1), &[held], Some(Posture::open(1))).end, End::Held);
    assert_eq!(story(Posture::open(1), &[], Some(Posture::open(1))).end, End::Open);
    let exempt = said("exempt", &["exempt (tag) through 2026-12-21: agent"], "left", None);
    assert_eq!(story(Posture::open(1), &[exempt], Some(Posture::open(1))).end, End::Exempt);
}

#[test]
fn members_of_a_launch_that_fared_differently_have_rows_of_their_own() {
    let mut part = part("burst", Posture::open(1));
    part.members = (0..3).map(|it| (format!("i-{it}"), Posture::open(1))).collect();
    let lines: Vec<LogLine> = (0..3)
        .map(|number| LogLine {
            resource: Some(format!("i-{number}")),
            ..said("violation", &[OPEN], "fixed", Some("HttpTokens=required"))
        })
        .collect();
    let after = |it| if it == 1 { Posture::open(1) } else { closed(1) };
    let now = (0..3).map(|it| ((part.place.clone(), format!("i-{it}")), after(it))).collect();
    let rows = tell(&[part], &[Act::Launched], &lines, &now);
    let told: Vec<(usize, End)> = rows.iter().map(|it| (it.ids.len(), it.end)).collect();
    assert_eq!(told, [(2, End::Fixed), (1, End::Open)]);
}

/// A small fleet of every end.
fn rows() -> Vec<Row> {
    let fixed = story(
        Posture::open(3),
        &[said("violation", &[OPEN], "fixed", Some("HttpTokens=required HttpPutResponseHopLimit=2"))],
        Some(closed(2)),
    );
    let burst = Row {
        name: "burst".to_owned(),
        ids: (0..60).map(|it| format!("i-{it}")).collect(),
        unnamed: true,
        done: vec!["HttpTokens=required".to_owned()],
        ..fixed.clone()
    };
    let off =
        Posture::Instance { tokens: "optional".to_owned(), endpoint: "disabled".to_owned(), hops: Some(1) };
    let compliant =
        story(off.clone(), &[said("compliant", &["HttpEndpoint is disabled"], "left", None)], Some(off));
    let words = ["exempt (tag) through 2026-12-21: the vendor's agent uses v1", OPEN];
    let exempt = story(Posture::open(1), &[said("exempt", &words, "left", None)], Some(Posture::open(1)));
    let contested = Row {
        act: Act::Later,
        hold: Some("contested".to_owned()),
        end: End::Held,
        done: vec!["HttpTokens=required".to_owned(); 2],
        after: Some(Posture::open(1)),
        ..fixed.clone()
    };
    let notebook = Row {
        act: Act::Notebook,
        before: Posture::notebook(None, "Pending"),
        reasons: vec!["minimum IMDS version is 1: IMDSv1 is answered".to_owned()],
        done: [
            "mark as running, then stop",
            "minimum IMDS version=2",
            "start again",
            "remove the restart mark",
        ]
        .map(str::to_owned)
        .to_vec(),
        after: Some(Posture::notebook(Some("2"), "InService")),
        ..fixed.clone()
    };
    let unexplained = Row {
        act: Act::Notebook,
        verdict: "not judged".to_owned(),
        reasons: Vec::new(),
        done: Vec::new(),
        end: End::Open,
        after: None,
        ..notebook.clone()
    };
    vec![compliant, fixed, burst, exempt, contested, notebook, unexplained]
}

fn ending(rows: Vec<Row>) -> Ending {
    let calls =
        [("ec2:DescribeInstances", 9), ("ec2:ModifyInstanceMetadataOptions", 63), ("sts:AssumeRole", 1)];
    let bill = Bill {
        calls: Calls(calls.into_iter().map(|(name, times)| (name.to_owned(), times)).collect()),
        free_launches: 5,
        free_launch_calls: 0,
        messages: 305,
        retried: 0,
        dead_letters: 0,
        invocations: 49,
        cold_starts: vec![Duration::from_millis(8), Duration::from_millis(9)],
    };
    let readings = Readings::new();
    let checks = checks::all(&Evidence {
        rows: &rows,
        trail: &[],
        first: &readings,
        second: &readings,
        again: &Calls(BTreeMap::from([("ec2:DescribeInstances".to_owned(), 70)])),
        events: 303,
        free_launches: 5,
        free_launch_calls: 0,
        left_over: (0, 0),
    });
    let aside = Aside { ignored: vec![String::new(); 2], malformed: vec![String::new()], duplicates: 1 };
    Ending { rows, aside, bill, checks, took: Duration::from_millis(2_400) }
}

#[test]
fn the_report_is_read_without_colour() {
    for width in [80, 100] {
        let ending = ending(rows());
        let print = Printer::new(Some(width), false, "v2only");
        let mut out = anstream::StripStream::new(Vec::new());
        print.opening(&mut out, "http://127.0.0.1:4566").unwrap();
        print.launched(&mut out, &ending.rows).unwrap();
        print.later(&mut out, &ending.rows).unwrap();
        print.ending(&mut out, &ending).unwrap();
        let text = String::from_utf8(out.into_inner()).unwrap();
        insta::assert_snapshot!(format!("report_{width}"), &text);
        for line in text.lines() {
            assert!(line.chars().count() <= usize::from(width), "{line}");
        }
    }
}

#[test]
fn one_violation_without_a_word_is_a_failure() {
    let all = rows();
    let broken = |ending: &Ending| -> Vec<&str> {
        ending.checks.iter().filter(|it| !it.holds).map(|it| it.name).collect()
    };
    let whole = ending(all.iter().filter(|it| it.end != End::Open).cloned().collect());
    assert_eq!((broken(&whole), whole.exit()), (vec![], crate::term::exit::Exit::Clean));
    let ending = ending(all);
    assert_eq!(broken(&ending), ["every violation ended fixed, or held with a reason"]);
    assert_eq!(ending.exit(), crate::term::exit::Exit::Internal);
}

#[test]
fn a_change_by_the_functions_that_loosens_is_seen_in_the_trail() {
    let rows: Vec<Row> = rows();
    let loosens = serde_json::json!({"detail": {
        "userIdentity": {"arn": "arn:aws:sts::111122223333:assumed-role/ec2-enforcer-role/ec2-enforcer"},
        "requestParameters": {"ModifyInstanceMetadataOptionsRequest":
            {"InstanceId": ID, "HttpTokens": "optional", "HttpEndpoint": "enabled"}},
    }});
    let mut by_people = loosens.clone();
    by_people["detail"]["userIdentity"]["arn"] =
        "arn:aws:sts::111122223333:assumed-role/developer/ana".into();
    let readings = Readings::new();
    let look = |trail: &[serde_json::Value]| {
        let checks = checks::all(&Evidence {
            rows: &rows,
            trail,
            first: &readings,
            second: &readings,
            again: &Calls::default(),
            events: 1,
            free_launches: 1,
            free_launch_calls: 0,
            left_over: (0, 0),
        });
        checks.iter().map(|it| it.holds).take(3).collect::<Vec<bool>>()
    };
    assert_eq!(look(&[by_people]), [true, true, true]);
    assert_eq!(
        look(&[loosens]),
        [false, false, false],
        "loosened, named one that is off and one that is exempt"
    );
}
