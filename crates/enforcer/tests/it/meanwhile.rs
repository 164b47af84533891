//! What is described once more before it is changed, because somebody may have changed it while others were waited for.

use v2only_document as document;
use v2only_enforcer::Kind;
use v2only_enforcer::scan::{Kinds, scan};
use v2only_enforcer::second_look::unchanged_since;
use v2only_policy::instance::Switch;
use v2only_policy::notebook::NotebookStatus;
use v2only_policy::{AccountId, Hold, Judged, Place, Region};

use crate::fake::{ACCOUNT, Fake, REGION, World, now};

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
