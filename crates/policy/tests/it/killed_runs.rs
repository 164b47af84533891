//! A run that was killed after its first call: what it left of a launch template is found, finished, or left to a person.

use v2only_policy::source::{LaunchTemplate, Made, TemplateVersion, VersionChoice};
use v2only_policy::{HttpTokens, Plan, Policy, decide_launch_template};

use crate::sources::{
    OPTIONAL, REQUIRED, SILENT, account, check_template, new_versions, template, used_by, version,
};
use crate::words::*;

/// What a run that was killed after its first call left: version 3, made from `$Default` while `$Latest` was version 2.
fn interrupted(latest: Option<HttpTokens>, since: &[TemplateVersion]) -> LaunchTemplate {
    let made = TemplateVersion { made: Some(Made { from: 1, latest: 2 }), ..version(9, REQUIRED) };
    let mut it = template(1, 9, vec![version(1, OPTIONAL), made.clone()]);
    assert_eq!(it.seems_displaced(), Some(2));
    let all: Vec<TemplateVersion> =
        [version(2, latest), made].into_iter().chain(since.iter().cloned()).collect();
    it.set_displaced(&all);
    it
}

#[test]
fn what_a_run_that_was_killed_left_undone_is_found_and_planned() {
    let first = "1: violation [http-tokens] → act: version 9, which is version 1 with HttpTokens=required, made the \
                 default";
    let again = "2: violation [latest-displaced] → act: version 2 again, so that it is $Latest";
    let made = "2: violation [http-tokens latest-displaced] → act: new version from version 2 with HttpTokens=required";
    let check = |shows, template: &LaunchTemplate, expected: &[&str]| {
        check_template(shows, template, &account(SILENT), new_versions(), expected);
    };
    check("$Latest was right", &interrupted(REQUIRED, &[]), &[first, again]);
    check("$Latest was wrong, too", &interrupted(OPTIONAL, &[]), &[first, made]);
    let ours = TemplateVersion { made: Some(Made { from: 1, latest: 2 }), ..version(8, REQUIRED) };
    check("two runs at once", &interrupted(REQUIRED, &[ours]), &[first, again]);
    let followed = used_by(interrupted(REQUIRED, &[]), "web", VersionChoice::Latest);
    check("a group launches from $Latest", &followed, &[first, again]);
    let mut chosen = interrupted(REQUIRED, &[]);
    chosen.default = 9;
    let made = TemplateVersion { made: Some(Made { from: 1, latest: 1 }), ..version(2, REQUIRED) };
    check(
        "$Default was $Latest: only the default is left",
        &template(1, 2, vec![version(1, OPTIONAL), made]),
        &[
            "1: violation [http-tokens] → act: version 2, which is version 1 with HttpTokens=required, made the \
             default",
            "2: compliant (HttpTokens is required) → nothing",
        ],
    );
    let compliant = "9: compliant (HttpTokens is required) → nothing";
    check("only the repeat was left", &chosen, &[compliant, again]);
    let report = enforce();
    check_template(
        "the document only reports",
        &chosen,
        &account(SILENT),
        report,
        &[
            compliant,
            "2: violation [latest-displaced] → hold: source-report-only, would version 2 again, so that it is \
           $Latest",
        ],
    );
}

#[test]
fn what_only_a_person_can_tell_is_left_to_one() {
    let first = "1: violation [http-tokens] → act: version 9, which is version 1 with HttpTokens=required, made the \
                 default";
    let held = "9: violation [latest-displaced] → hold: latest-unclear";
    let theirs = interrupted(REQUIRED, &[version(5, REQUIRED)]);
    check_template("somebody made one in between", &theirs, &account(SILENT), new_versions(), &[first, held]);
    let Plan::Hold { why, .. } = &decide_launch_template(
        &theirs,
        &account(SILENT),
        &Policy::plain(new_versions()),
        &seen().circumstances(),
    )
    .unwrap()[1]
        .decision
        .plan
    else {
        panic!();
    };
    assert_eq!(
        why.to_string(),
        "a run that ended early left version 9 as $Latest, which was version 2, and somebody made version 5 meanwhile; \
         make the version that $Latest is to be"
    );
    let mut gone = interrupted(REQUIRED, &[]);
    gone.latest = 9;
    gone.displaced = None;
    gone.versions.retain(|it| it.number != 2);
    gone.set_displaced(&[]);
    check_template("what it was is deleted", &gone, &account(SILENT), new_versions(), &[first, held]);
}

/// A run was killed after its only call, and somebody had made version 3 after the plan. A second version of ours in between is no
/// reason to ask anybody.
#[test]
fn a_version_that_somebody_made_before_our_only_call_is_reported() {
    let made =
        |number, from| TemplateVersion { made: Some(Made { from, latest: 2 }), ..version(number, REQUIRED) };
    let it = template(1, 4, vec![version(1, REQUIRED), made(4, 2)]);
    assert_eq!(it.seems_displaced(), Some(2));
    let with = |between: TemplateVersion| {
        let mut it = it.clone();
        it.set_displaced(&[version(2, OPTIONAL), between, made(4, 2)]);
        it
    };
    let compliant = "1: compliant (HttpTokens is required) → nothing";
    let held = "4: violation [latest-displaced] → hold: latest-unclear";
    let theirs = with(version(3, OPTIONAL));
    check_template("theirs in between", &theirs, &account(SILENT), new_versions(), &[compliant, held]);
    let latest = "4: compliant (HttpTokens is required) → nothing";
    let ours = with(made(3, 1));
    check_template("ours in between", &ours, &account(SILENT), new_versions(), &[compliant, latest]);
    let mut next = it;
    next.latest = 3;
    next.versions = vec![version(1, REQUIRED), made(3, 2)];
    assert_eq!(next.seems_displaced(), None, "nothing lies in between");
}

#[test]
fn a_description_says_what_a_version_was_made_from_and_nobody_elses_is_taken_for_it() {
    let most = Made { from: u64::MAX, latest: u64::MAX };
    assert!(most.changed().len() <= 255, "the most that AWS takes");
    for it in [Made { from: 2, latest: 15 }, Made { from: 3, latest: 3 }, most] {
        assert_eq!(Made::read(&it.changed()), Some(it));
    }
    assert_eq!(Made::read(&Made { from: 2, latest: 15 }.repeated()), Some(Made::again(2)));
    for other in [
        "",
        "web server",
        "v2only: version 2",
        "v2only: version 0 again",
        "v2only: version 02 again",
        "v2only: version +2 again",
        "v2only: version 2 again and again",
        "v2only: version 2, IMDSv2 only",
        "v2only: version 2, IMDSv2 only; $Latest was version ",
        "v2only: version 2, IMDSv2 only; $Latest was version 3; mine",
        "copy of v2only: version 2 again",
    ] {
        assert_eq!(Made::read(other), None, "{other}");
    }
}
