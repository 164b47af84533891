//! Notebooks: one step per event, to version 2 and back to where they were.
//!
//! What depends on hours, and on which window they fall in, calls the entry points of the library (`alone`).

use jiff::tz::TimeZone;
use serde_json::Value;
use v2only_enforcer::policy_source::Location;
use v2only_sandbox::sagemaker::{DefaultVersion, Notebook, Platform, Seed, Status, UpdateVisible};
use v2only_tests::alone::alone;
use v2only_tests::stage::EXTERNAL_ID;
use v2only_tests::{ENFORCE, HOME, REGION, SECOND, Setup, Stage};

const HOUR: std::time::Duration = SECOND.saturating_mul(3600);
const DAY: std::time::Duration = HOUR.saturating_mul(24);

fn get(stage: &Stage, name: &str) -> Notebook {
    stage.aws.notebooks().get(&stage.home(), name).unwrap()
}

/// Where it ended: version, status, times it was started.
fn ending(stage: &Stage, name: &str) -> (String, Status, u32) {
    let it = get(stage, name);
    (it.minimum_version.unwrap_or_default(), it.status, it.starts)
}

fn two(status: Status, starts: u32) -> (String, Status, u32) {
    ("2".to_owned(), status, starts)
}

/// What was asked of SageMaker that changes something, tags apart, in order; none of it was refused.
fn steps(stage: &Stage) -> Vec<String> {
    let calls = v2only_tests::audit::our_calls(&stage.aws);
    for call in &calls {
        assert_eq!(call.error, None, "{}", call.name());
    }
    let names = calls.into_iter().map(|it| it.action);
    names
        .filter(|it| ["Stop", "Update", "Start"].iter().any(|word| it.starts_with(word)))
        .map(|it| it.replace("NotebookInstance", ""))
        .collect()
}

/// A notebook of this kind comes into service now.
fn comes_up(seed: Seed) -> Stage {
    comes_up_under(Setup::default(), seed)
}

fn comes_up_under(setup: Setup, seed: Seed) -> Stage {
    let stage = setup.open();
    stage.aws.notebooks().add(&stage.home(), seed.status(Status::Pending));
    stage.pass(SECOND * 1800);
    assert_eq!((stage.waiting(), stage.dead().len()), (0, 0));
    stage
}

fn fresh(name: &str) -> Seed {
    Seed::new(name).age(SECOND * 60).minimum_version("1")
}

#[test]
fn a_notebook_created_with_version_1_ends_with_version_2_in_service() {
    let stage = Setup::default().open();
    stage.people().create_notebook(REGION, "churn", Some("1"));
    stage.pass(SECOND * 1800);
    let seen = stage.people().notebook(REGION, "churn");
    assert_eq!((seen.minimum_version.as_deref(), seen.status.as_str()), (Some("2"), "InService"));
    assert_eq!(steps(&stage), ["Stop", "Update", "Start"]);
    let tags = get(&stage, "churn").tags;
    let left: Vec<_> = tags.keys().filter(|it| *it != "v2only:updated").collect();
    assert_eq!(left, [] as [&String; 0], "what is left counts updates, and is forgotten by itself");
    assert_eq!((stage.waiting(), stage.dead().len()), (0, 0));
    assert_eq!(stage.aws.notebooks().get(&stage.home(), "churn").unwrap().starts, 2);
}

/// The API reference says that the default is version 1, the developer guide that it is version 2.
#[test]
fn a_notebook_created_without_a_version_is_described_and_ends_with_version_2() {
    for (default, expected) in [
        (DefaultVersion::One, &["Stop", "Update", "Start"][..]),
        (DefaultVersion::Absent, &["Stop", "Update", "Start"]),
        (DefaultVersion::Two, &[]),
    ] {
        let stage = Setup::default().open();
        stage.aws.notebooks().configure(|it| it.default_version = default);
        stage.people().create_notebook(REGION, "churn", None);
        stage.pass(SECOND * 1800);
        assert_eq!(steps(&stage), expected, "{default:?}");
        let it = get(&stage, "churn");
        assert_eq!((it.minimum_version.as_deref(), it.status), (Some("2"), Status::InService), "{default:?}");
    }
}

#[test]
fn a_notebook_created_with_version_2_costs_no_call() {
    let stage = Setup::default().closed();
    stage.people().create_notebook(REGION, "churn", Some("2"));
    stage.invoke(&stage.notebook, &stage.published("CreateNotebookInstance")[0]);
    assert_eq!(stage.bill(), [].into());
    stage.install();
    stage.replay();
    stage.pass(SECOND * 1800);
    assert_eq!(steps(&stage), [] as [&str; 0]);
    assert!(stage.story("churn").iter().all(|it| it == "compliant nothing left"));
}

#[test]
fn a_stopped_notebook_is_updated_at_once_and_stays_stopped() {
    let stage = Setup::default().open();
    stage.aws.notebooks().add(&stage.home(), Seed::new("old").status(Status::Stopping));
    stage.pass(SECOND * 1800);
    assert_eq!(ending(&stage, "old"), two(Status::Stopped, 0));
    assert_eq!(steps(&stage), ["Update"]);
}

#[test]
fn a_failed_notebook_is_updated_and_not_started() {
    let stage = Setup::default().open();
    stage.aws.notebooks().add(&stage.home(), fresh("broken").status(Status::Pending));
    stage.aws.notebooks().fail_next_start(&stage.home(), "broken", "InternalError");
    stage.pass(SECOND * 1800);
    assert_eq!(ending(&stage, "broken"), two(Status::Stopped, 0));
    assert_eq!(steps(&stage), ["Update"]);
}

/// Once stopped they could never be started again.
#[test]
fn a_running_notebook_on_amazon_linux_1_or_2_is_not_stopped() {
    for (platform, hold) in [
        (Platform::Al1V1, "amazon-linux-1"),
        (Platform::Al2V1, "amazon-linux-2"),
        (Platform::Al2V2, "amazon-linux-2"),
        (Platform::Al2V3, "amazon-linux-2"),
    ] {
        let stage = comes_up(fresh("old").platform(platform));
        assert_eq!(steps(&stage), [] as [&str; 0], "{platform:?}");
        assert_eq!(stage.story("old").last().unwrap(), &format!("violation hold {hold} held"));
    }
}

#[test]
fn a_running_notebook_on_amazon_linux_2_is_moved_where_the_policy_opts_in() {
    let opted_in = || Setup::policy(&format!("{ENFORCE}notebooks: {{ upgrade_platform: true }}\n"));
    let stage = comes_up_under(opted_in(), fresh("old").platform(Platform::Al2V2));
    assert_eq!(steps(&stage), ["Stop", "Update", "Start"]);
    assert_eq!(ending(&stage, "old"), two(Status::InService, 2));
    assert_eq!(get(&stage, "old").platform, Platform::Al2023V1);

    let stage =
        comes_up_under(opted_in(), fresh("gpu").platform(Platform::Al2V2).instance_type("ml.p3.2xlarge"));
    assert_eq!(steps(&stage), [] as [&str; 0]);
    assert_eq!(stage.story("gpu").last().unwrap(), "violation hold instance-type held");

    let stage = comes_up_under(opted_in(), fresh("ancient").platform(Platform::Al1V1));
    assert_eq!(steps(&stage), [] as [&str; 0]);
}

#[test]
fn a_stopped_notebook_on_amazon_linux_1_or_2_is_updated_and_keeps_its_platform() {
    for platform in [Platform::Al1V1, Platform::Al2V2] {
        let stage = Setup::default().open();
        let seed = Seed::new("old").platform(platform).status(Status::Stopping);
        stage.aws.notebooks().add(&stage.home(), seed);
        stage.pass(SECOND * 1800);
        assert_eq!(ending(&stage, "old"), two(Status::Stopped, 0));
        assert_eq!((steps(&stage), get(&stage, "old").platform), (vec!["Update".to_owned()], platform));
    }
}

#[test]
fn an_older_notebook_in_service_waits_until_somebody_stops_it() {
    let stage = comes_up(Seed::new("old").age(DAY));
    assert_eq!(steps(&stage), [] as [&str; 0]);
    assert_eq!(stage.story("old").last().unwrap(), "violation hold in-service held");
    stage.people().stop_notebook(REGION, "old");
    stage.pass(SECOND * 1800);
    assert_eq!(steps(&stage), ["Update"]);
    assert_eq!(ending(&stage, "old"), two(Status::Stopped, 1), "its owner stopped it, and it stays so");
}

#[test]
fn a_notebook_that_cannot_be_started_again_is_reported_and_not_started_for_ever() {
    let stage = Setup::default().open();
    stage.aws.notebooks().add(&stage.home(), fresh("churn").status(Status::Pending));
    stage.pass(SECOND * 150);
    stage.aws.notebooks().fail_next_start(&stage.home(), "churn", "no capacity");
    stage.pass(HOUR);
    assert_eq!(ending(&stage, "churn"), two(Status::Failed, 1));
    assert_eq!(steps(&stage), ["Stop", "Update", "Start"]);
    let last = stage.lines().into_iter().rfind(|it| it.text("resource") == "churn").unwrap();
    assert_eq!(last.text("hold"), "restart-failed");
    assert!(last.texts("reasons").contains("no capacity"), "{last:?}");
}

#[test]
fn a_notebook_that_hangs_on_its_way_down_is_waited_for_without_a_call() {
    let stage = Setup::default().open();
    stage.aws.notebooks().add(&stage.home(), fresh("slow").status(Status::Pending));
    stage.aws.notebooks().hang_in(&stage.home(), "slow", Status::Stopping);
    stage.pass(SECOND * 600);
    assert_eq!(get(&stage, "slow").status, Status::Stopping);
    let calls = stage.calls().len();
    stage.pass(HOUR * 6);
    assert_eq!((stage.calls().len(), stage.waiting()), (calls, 0), "nothing polls it");
    stage.aws.notebooks().release(&stage.home(), "slow");
    stage.pass(SECOND * 1800);
    assert_eq!(ending(&stage, "slow"), two(Status::InService, 2));
    assert_eq!(steps(&stage), ["Stop", "Update", "Start"]);
}

#[test]
fn several_notices_of_each_change_do_no_harm() {
    let stage = Setup::default().open();
    stage.aws.notebooks().configure(|it| it.notices = 3);
    stage.aws.notebooks().add(&stage.home(), fresh("churn").status(Status::Pending));
    stage.pass(SECOND * 1800);
    assert_eq!(ending(&stage, "churn"), two(Status::InService, 2));
    assert_eq!((stage.waiting(), stage.dead().len()), (0, 0));
}

#[test]
fn an_update_that_shows_only_at_its_end_is_not_made_twice() {
    let stage = Setup::default().open();
    stage.aws.notebooks().configure(|it| it.update_visible = UpdateVisible::AtTheEnd);
    stage.aws.notebooks().add(&stage.home(), fresh("churn").status(Status::Pending));
    stage.pass(SECOND * 1800);
    assert_eq!(ending(&stage, "churn"), two(Status::InService, 2));
    assert_eq!(steps(&stage), ["Stop", "Update", "Start"]);
}

#[test]
fn a_notebook_deleted_on_its_way_is_no_failure() {
    let stage = Setup::default().open();
    stage.aws.notebooks().add(&stage.home(), fresh("gone").status(Status::Deleting));
    stage.pass(SECOND * 1800);
    assert_eq!((stage.waiting(), stage.dead().len(), steps(&stage).len()), (0, 0, 0));
}

#[test]
fn an_exempt_notebook_is_not_touched() {
    let stage = Setup::default().open();
    stage.exempt(["keep".to_owned()]);
    let seed = fresh("keep")
        .tag("v2only:exempt-until", &v2only_tests::exemption_day())
        .tag("v2only:exempt-reason", "course");
    stage.aws.notebooks().add(&stage.home(), seed.status(Status::Pending));
    stage.pass(SECOND * 1800);
    assert_eq!(
        (steps(&stage).len(), stage.story("keep").last().unwrap().as_str()),
        (0, "exempt nothing left")
    );
}

/// Version 1 asked for again, by name, on a notebook that was stopped for it.
#[test]
fn a_notebook_in_a_member_account_is_fixed_there() {
    let stage = Setup::default().cross_account().open();
    assert!(!EXTERNAL_ID.is_empty());
    let member = v2only_sandbox::Place::new(v2only_tests::MEMBER, REGION);
    stage.aws.notebooks().add(&member, fresh("theirs").status(Status::Pending));
    stage.pass(SECOND * 1800);
    let it = stage.aws.notebooks().get(&member, "theirs").unwrap();
    assert_eq!((it.minimum_version.as_deref(), it.status), (Some("2"), Status::InService));
}

/// Each update ends with an event that would bring the next one, for ever. Through the entry points of the library.
#[test]
fn an_update_without_effect_is_tried_three_times_and_reported() {
    let policy = Location::Inline(ENFORCE.to_owned());
    alone("notebooks::an_update_without_effect_is_tried_three_times_and_reported", policy, |mut side| {
        let place = v2only_sandbox::Place::new(HOME, REGION);
        let notebooks = side.aws.notebooks();
        notebooks.configure(|it| it.update_visible = UpdateVisible::AtTheEnd);
        notebooks.add(&place, Seed::new("stuck").status(Status::Stopping));
        notebooks.fail_next_update(&place, "stuck", "volume is busy");
        let (again, at) = (notebooks.clone(), place.clone());
        side.aws.on_call(move |call| {
            if call.action == "UpdateNotebookInstance" {
                again.fail_next_update(&at, "stuck", "volume is busy");
            }
        });
        side.pass(HOUR * 2);
        assert_eq!(side.count("sagemaker:UpdateNotebookInstance"), 3, "{:#?}", side.story("stuck"));
        let last = side.lines().iter().rfind(|it| it.text("resource") == "stuck").unwrap();
        assert_eq!(last.brief(), "violation hold update-had-no-effect held");
        assert!(last.texts("reasons").contains("volume is busy"));
    });
}

/// Through the entry points of the library.
#[test]
fn a_running_notebook_is_stopped_inside_the_window_only() {
    let policy = format!("{ENFORCE}notebooks: {{ in_service: window, window: \"Sun 02:00-04:00\" }}\n");
    alone(
        "notebooks::a_running_notebook_is_stopped_inside_the_window_only",
        Location::Inline(policy),
        |mut side| {
            let place = v2only_sandbox::Place::new(HOME, REGION);
            let started = side.aws.now().to_zoned(TimeZone::UTC);
            // Somewhere outside of the window, a week's length before it comes round at the latest.
            if started.weekday() == jiff::civil::Weekday::Sunday {
                side.aws.advance(DAY);
            }
            side.aws.notebooks().add(&place, Seed::new("nightly").age(DAY).status(Status::Pending));
            side.pass(SECOND * 300);
            assert_eq!(side.story("nightly").last().unwrap(), "violation hold outside-window held");
            let in_service = |it: &Value| it["detail"]["NotebookInstanceStatus"] == "InService";
            let event = side.aws.events().into_iter().find(in_service).unwrap();
            let now = side.aws.now().to_zoned(TimeZone::UTC);
            let sunday = now.nth_weekday(1, jiff::civil::Weekday::Sunday).unwrap();
            let inside = sunday.with().hour(3).minute(0).second(0).subsec_nanosecond(0).build().unwrap();
            side.aws.advance(inside.timestamp().duration_since(side.aws.now()).try_into().unwrap());
            side.hand_over(&event).unwrap();
            side.pass(SECOND * 1200);
            let it = side.aws.notebooks().get(&place, "nightly").unwrap();
            assert_eq!((it.minimum_version.as_deref(), it.status), (Some("2"), Status::InService));
            assert_eq!(side.count("sagemaker:StopNotebookInstance"), 1);
        },
    );
}

/// A person who stops it meanwhile has the last word: a mark expires. Through the entry points of the library.
#[test]
fn a_notebook_left_stopped_for_two_days_is_not_started() {
    let policy = Location::Inline(ENFORCE.to_owned());
    alone("notebooks::a_notebook_left_stopped_for_two_days_is_not_started", policy, |mut side| {
        let place = v2only_sandbox::Place::new(HOME, REGION);
        side.aws.notebooks().add(&place, fresh("slow").status(Status::Pending));
        side.aws.notebooks().hang_in(&place, "slow", Status::Stopping);
        side.pass(SECOND * 600);
        side.aws.advance(DAY * 2);
        side.aws.notebooks().release(&place, "slow");
        side.pass(SECOND * 600);
        let it = side.aws.notebooks().get(&place, "slow").unwrap();
        assert_eq!((it.minimum_version.as_deref(), it.status), (Some("2"), Status::Stopped));
        assert_eq!(side.count("sagemaker:StartNotebookInstance"), 0);
        assert!(!it.tags.contains_key("v2only:restart"), "{:?}", it.tags);
        assert!(
            side.lines().iter().any(|it| it.texts("notes").contains("left-stopped")),
            "{:#?}",
            side.lines()
        );
    });
}
