//! What a scan says of resources that it could not read.

use v2only_document as document;
use v2only_enforcer::Kind;
use v2only_enforcer::scan::{Kinds, scan};
use v2only_policy::notebook::NotebookStatus;
use v2only_policy::{Judged, ResourceKind};

use crate::fake::{Fake, now};
use crate::launch_sources::place;

/// AWS denies the description of so many notebooks of 13: the words of the failure, and how many notebooks are judged.
async fn scanned(denied: usize) -> (Option<String>, usize) {
    let fake = Fake::with(|world| {
        for number in 1..=13 {
            world.notebook(&format!("n-{number:02}"), NotebookStatus::InService);
        }
        world.failures.insert("sagemaker:DescribeNotebookInstance", vec![Kind::Denied; denied]);
    });
    let policy = document::parse("version: 1\nmode: observe\n").unwrap().policy;
    let mut found: Vec<Judged> = Vec::new();
    let kinds = Kinds::Only(ResourceKind::Notebook);
    let unread = scan(&fake, &policy, &place(), kinds, now(), &mut |it| found.push(it)).await;
    assert!(unread.failure.iter().all(|it| it.kind == Kind::Denied));
    (unread.failure.map(|it| it.message), found.len())
}

#[tokio::test]
async fn notebooks_that_cannot_be_described_are_named_and_the_others_are_judged() {
    assert_eq!(scanned(0).await, (None, 13));
    let two = "as the test asked (notebooks n-01, n-02)".to_owned();
    assert_eq!(scanned(2).await, (Some(two), 11));
    let (Some(many), judged) = scanned(12).await else { panic!("nothing was denied") };
    assert!(many.ends_with("n-09, n-10 and 2 more)"), "{many}");
    assert_eq!(judged, 1);
}
