//! What CloudTrail recorded of a resource before: whether it was v2-only, and who opened it again.

use serde_json::{Value, json};
use v2only_document as document;
use v2only_enforcer::Kind;
use v2only_enforcer::history::{of_instance, of_notebook};
use v2only_enforcer::scan::{Kinds, scan};
use v2only_policy::notebook::NotebookStatus;
use v2only_policy::{InstanceId, Judged, ResourceKind};

use crate::drift::{OURS, by};
use crate::fake::{Fake, World, now};
use crate::instances::{launch, modified};
use crate::launch_sources::place;

const ID: &str = "i-00000001";
const LOOK_UP: &str = "cloudtrail:LookupEvents";

fn id() -> InstanceId {
    InstanceId::parse(ID).unwrap()
}

/// A record of the change of the options of an instance, as CloudTrail keeps it.
fn change(id: &str, tokens: &str, time: &str) -> Value {
    modified(id, Some(tokens), &format!("2026-11-{time}:00Z"))["detail"].take()
}

fn look_ups(fake: &Fake) -> usize {
    fake.calls().iter().filter(|it| it.starts_with(LOOK_UP)).count()
}

/// An instance that was launched open is not opened again by the first request for IMDSv1, and one that was closed is.
#[tokio::test]
async fn the_record_of_a_launch_says_what_the_instance_answered_at_first() {
    for (tokens, endpoint, was_closed, reversions) in [
        (Some("required"), Some("enabled"), true, 1),
        (Some("optional"), Some("disabled"), true, 1),
        (None, Some("disabled"), true, 1),
        (Some("optional"), Some("enabled"), false, 0),
        // The record does not say what the instance answers.
        (None, Some("enabled"), false, 1),
        (None, None, false, 1),
    ] {
        let fake = Fake::with(|world| {
            let mut launched = launch(&[ID], "optional")["detail"].take();
            launched["eventTime"] = json!("2026-11-01T08:00:00Z");
            let options = json!({"httpTokens": tokens, "httpEndpoint": endpoint});
            launched["responseElements"]["instancesSet"]["items"][0]["metadataOptions"] = options;
            world.history = vec![change(ID, "optional", "02T08:00"), launched];
        });
        let recorded = of_instance(&fake, &place(), &id()).await.unwrap();
        let is = (recorded.was_closed(), recorded.reversions().len());
        assert_eq!(is, (was_closed, reversions), "{tokens:?} {endpoint:?}");
    }
}

#[tokio::test]
async fn pages_are_read_until_one_shows_a_state_without_imdsv1() {
    let fake = Fake::with(|world| {
        world.history_page = 1;
        world.history = vec![
            change(ID, "optional", "03T08:00"),
            change(ID, "required", "02T08:00"),
            change(ID, "optional", "01T08:00"),
        ];
    });
    let recorded = of_instance(&fake, &place(), &id()).await.unwrap();
    assert!(recorded.was_closed());
    assert_eq!((recorded.reversions().len(), look_ups(&fake)), (1, 2));
}

#[tokio::test]
async fn records_of_other_regions_and_of_other_notebooks_do_not_count() {
    let fake = Fake::with(|world| {
        world.record_start("churn-2", "assumed-role/owner/alice");
        let mut elsewhere = change(ID, "required", "02T08:00");
        elsewhere["awsRegion"] = json!("us-east-1");
        world.history.push(elsewhere);
        world.notebook("churn", NotebookStatus::Stopped);
    });
    assert!(!of_instance(&fake, &place(), &id()).await.unwrap().was_closed());
    let churn = fake.0.lock().unwrap().notebooks["churn"].clone();
    assert_eq!(of_notebook(&fake, &place(), &churn).await.unwrap().started_at(), None);
    fake.0.lock().unwrap().record_start("churn", "assumed-role/owner/alice");
    assert_eq!(of_notebook(&fake, &place(), &churn).await.unwrap().started_at(), Some(now()));
}

/// A scan of old instances, which the usage gate shelters unless CloudTrail shows that they were v2-only.
async fn scanned(build: impl FnOnce(&mut World)) -> (Fake, Vec<Judged>) {
    let fake = Fake::with(|world| {
        world.instance(ID);
        build(world);
        let created_at = Some("2020-01-01T00:00:00Z".parse().unwrap());
        world.instances.values_mut().for_each(|it| it.created_at = created_at);
    });
    let policy = document::parse("version: 1\nmode: enforce\n").unwrap().policy;
    let mut found = Vec::new();
    let kinds = Kinds::Only(ResourceKind::Instance);
    let unread = scan(&fake, &policy, &place(), kinds, now(), &mut |it| found.push(it)).await;
    assert_eq!(unread.failure, None);
    (fake, found)
}

#[tokio::test]
async fn an_instance_that_v2only_closed_and_somebody_opened_is_closed_again() {
    let closed = by(OURS, change(ID, "required", "02T08:00"));
    let (fake, found) =
        scanned(|world| world.history = vec![change(ID, "optional", "03T08:00"), closed]).await;
    assert!(found[0].acts());
    assert_eq!(look_ups(&fake), 1, "the records of the Region show both");
    let restored = by(OURS, change(ID, "optional", "03T08:00"));
    let (fake, found) = scanned(|world| world.history = vec![restored]).await;
    assert!(!found[0].acts(), "v2only itself restored it");
    assert_eq!(look_ups(&fake), 1, "nobody opened it, so that its launch is not asked for");
}

/// The second page cannot be read.
#[tokio::test]
async fn a_part_of_the_records_decides_where_it_shows_a_closed_state_and_is_reported_where_not() {
    for (tokens, acts) in [("required", true), ("optional", false)] {
        let (_, found) = scanned(|world| {
            world.history_page = 1;
            world.history =
                vec![change(ID, tokens, "03T08:00"), change("i-00000002", "optional", "02T08:00")];
            let deny = |world: &mut World| drop(world.failures.insert(LOOK_UP, vec![Kind::Denied]));
            world.meanwhile.push((LOOK_UP, 1, Box::new(deny)));
        })
        .await;
        let notes: Vec<&str> = found[0].decision.notes.iter().map(|it| it.code()).collect();
        assert_eq!((found[0].acts(), notes.contains(&"history-not-read")), (acts, !acts), "{notes:?}");
    }
}

/// CloudTrail answers twice a second.
#[tokio::test]
async fn twenty_launches_are_looked_up_in_an_account_and_region() {
    for (opened, looked_up, not_read) in [(20, 20, 0), (22, 20, 2)] {
        let (fake, found) = scanned(|world| {
            for number in 1..=opened {
                let id = format!("i-{number:08x}");
                world.instance(&id);
                world.history.push(change(&id, "optional", "03T08:00"));
            }
        })
        .await;
        assert_eq!(look_ups(&fake), 1 + looked_up, "the changes of all, and the launch of each");
        let unknown = |it: &&Judged| it.decision.notes.iter().any(|it| it.code() == "history-not-read");
        assert_eq!(found.iter().filter(unknown).count(), not_read);
    }
}
