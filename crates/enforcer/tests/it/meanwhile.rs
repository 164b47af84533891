//! What is described once more before it is changed, because somebody may have changed it while others were waited for.

use v2only_document as document;
use v2only_enforcer::invocation::{App, Invocation, handle_ec2};
use v2only_enforcer::scan::{Kinds, scan};
use v2only_enforcer::second_look::unchanged_since;
use v2only_enforcer::{Kind, LogEntry};
use v2only_policy::instance::Switch;
use v2only_policy::notebook::NotebookStatus;
use v2only_policy::source::Image;
use v2only_policy::{
    AccountId, Decision, Hold, ImageChange, ImageId, ImdsSupport, Judged, Place, Plan, Region, Subject, Tags,
    Verdict,
};

use crate::fake::{ACCOUNT, Fake, REGION, World, now};
use crate::instances::{app, launch};
use crate::sweep::{Deployed, SweepOutput};

const ENFORCE: &str = "version: 1\nmode: enforce\ninstances: { usage_gate: { applies_to: none } }\n";

fn place() -> Place {
    Place { account: AccountId::parse(ACCOUNT).unwrap(), region: Region::parse(REGION).unwrap() }
}

/// Three instances and a notebook, all to be changed.
async fn planned() -> (Fake, Vec<Judged>) {
    let fake = Fake::with(|world| {
        (0..3).for_each(|it| drop(world.instance(&format!("i-{it:08x}")).id.clone()));
        world.notebook("analysis", NotebookStatus::Stopped);
    });
    let policy = document::parse(ENFORCE).unwrap().policy;
    let mut found = Vec::new();
    let unread = scan(&fake, &policy, &place(), Kinds::All, now(), &mut |it| found.push(it)).await;
    assert_eq!(unread.failure, None);
    assert!(found.len() == 4 && found.iter().all(Judged::acts));
    (fake, found)
}

/// How many are still to be changed, and what is said of the others: hold or error, each by its resource.
async fn after(meanwhile: impl FnOnce(&mut World)) -> (usize, Vec<(String, &'static str)>) {
    let (fake, planned) = planned().await;
    meanwhile(&mut fake.0.lock().unwrap());
    let (same, other) = unchanged_since(&fake, &place(), planned).await;
    let said = |record: v2only_enforcer::Record| {
        (record.resource.to_string(), record.hold().map_or(record.outcome.code(), Hold::code))
    };
    (same.len(), other.into_iter().map(said).collect())
}

#[tokio::test]
async fn what_is_as_it_was_is_changed() {
    assert_eq!(after(|_| ()).await, (4, vec![]));
    let applied = |world: &mut World| world.instance("i-00000001").options.pending = true;
    assert_eq!(after(applied).await, (4, vec![]), "a change that AWS still applies is the change");
}

#[tokio::test]
async fn what_somebody_exempted_switched_off_or_ended_is_left() {
    let left = after(|world| {
        let tags = &mut world.instance("i-00000000").tags;
        tags.insert("v2only:exempt-until".to_owned(), "2027-01-31".to_owned());
        world.instance("i-00000001").options.http_endpoint = Switch::Disabled;
        drop(world.instances.remove("i-00000002"));
        world.notebook("analysis", NotebookStatus::Stopped).status = NotebookStatus::InService;
    });
    let (same, other) = left.await;
    assert_eq!(same, 0);
    assert!(other.iter().all(|(_, hold)| *hold == "changed-since") && other.len() == 4, "{other:?}");
}

#[tokio::test]
async fn what_cannot_be_described_is_a_failure_and_not_changed() {
    let (same, other) =
        after(|world| drop(world.failures.insert("ec2:DescribeInstances", vec![Kind::Denied]))).await;
    assert_eq!(same, 1, "the notebook");
    assert!(other.iter().all(|(_, came)| *came == "failed") && other.len() == 3, "{other:?}");
}

/// Nobody can take the mark back.
#[tokio::test]
async fn an_image_is_marked_only_if_it_is_still_there_and_as_it_was() {
    let image = Image {
        id: ImageId::parse("ami-00000000").unwrap(),
        name: "golden".to_owned(),
        imds_support: ImdsSupport::Unmarked,
        tags: Tags::new(),
    };
    let retagged = Image { tags: [("keep".to_owned(), "v1".to_owned())].into(), ..image.clone() };
    let mark = Plan::Act(ImageChange::MarkV2.into());
    for (image, images, plan, same, calls) in [
        (&image, 1, mark.clone(), 1, 1),
        (&image, 0, mark.clone(), 0, 1),
        (&retagged, 1, mark, 0, 1),
        (&image, 0, Plan::Nothing, 1, 0),
    ] {
        let fake = Fake::with(|world| world.images = images);
        let decision = Decision { plan, ..Decision::nothing_to_do(Verdict::Violation(Vec::new())) };
        let planned = vec![Judged { subject: Subject::Image(image.clone()), decision }];
        let (unchanged, other) = unchanged_since(&fake, &place(), planned).await;
        assert_eq!((unchanged.len(), other.len(), fake.calls().len()), (same, 1 - same, calls), "{image:?}");
        assert!(other.iter().all(|it| it.hold() == Some(&Hold::ChangedSince)), "{other:?}");
    }
}

/// How many of these launches are fixed, by a function whose clock the calls move.
async fn fixed_on_its_clock(app: &App<Fake>, ids: &[&str]) -> u64 {
    let clock = || now() + jiff::SignedDuration::from_millis(app.ports.0.lock().unwrap().passed);
    let mut say = |_: LogEntry<'_>| {};
    let invocation = Invocation { now: &clock, deadline: None, log: &mut say };
    handle_ec2(launch(ids, "optional"), app, invocation).await.unwrap().1.fixed
}

#[tokio::test]
async fn an_instance_is_described_again_once_its_description_is_a_second_old() {
    for (call_takes, descriptions) in [(999, 1), (1000, 2)] {
        let ids = ["i-00000001", "i-00000002"];
        let app = app(ENFORCE, |world| {
            ids.iter().for_each(|id| drop(world.instance(id).clone()));
            world.call_takes = call_takes;
        });
        assert_eq!(fixed_on_its_clock(&app, &ids).await, 2);
        let described = app.ports.calls().iter().filter(|it| it.starts_with("ec2:Describe")).count();
        assert_eq!(described, descriptions, "the second one is changed after {call_takes} ms");
    }
}

/// AWS gives notebooks two calls a second.
#[tokio::test]
async fn a_notebook_is_described_right_before_it_is_changed_and_not_with_others() {
    let deployed = Deployed::new(ENFORCE, |world| {
        for name in ["analysis", "training"] {
            world.notebook(name, NotebookStatus::Stopped);
        }
    });
    deployed.drain(r#"{"task": "sweep", "only": "notebooks"}"#, &mut SweepOutput::default()).await;
    let calls = deployed.world(|it| it.calls.clone());
    let last = |call: &str| calls.iter().rposition(|it| it == call).unwrap();
    let changed = last("sagemaker:UpdateNotebookInstance analysis");
    let before = calls[changed..last("sagemaker:UpdateNotebookInstance training")].iter();
    let described = before.filter(|it| *it == "sagemaker:DescribeNotebookInstance training").count();
    assert_eq!(described, 1, "{calls:?}");
}

/// Whether an account may be changed is asked again for each 40 resources, and may take longer than a description is fresh.
#[tokio::test]
async fn those_that_are_left_are_described_again_however_slow_aws_is() {
    let ids: Vec<String> = (1..=41).map(|number| format!("i-{number:08x}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let policy = "version: 1\nmode: enforce\nexemptions:\n  - match: { ou: ou-ab12-11111111 }\n    reason: lab\n    until: 2027-11-19\n";
    let app = app(policy, |world| {
        ids.iter().for_each(|id| drop(world.instance(id).clone()));
        let slow = |world: &mut World| world.passed += 2000;
        world.meanwhile.push(("organizations:ListParents", 1, Box::new(slow)));
    });
    assert_eq!(fixed_on_its_clock(&app, &ids).await, 41);
    let calls = app.ports.calls();
    let described: Vec<&String> = calls.iter().filter(|it| it.starts_with("ec2:Describe")).collect();
    assert_eq!(described, ["ec2:DescribeInstances 41", "ec2:DescribeInstances 1"]);
}
