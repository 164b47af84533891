//! `validate`.

use insta::assert_snapshot;

use crate::fake_aws::FakeAws;
use crate::fake_world::FakeWorld;

#[test]
fn documents_are_checked_one_by_one() {
    let world = FakeWorld::with(FakeAws::default())
        .file("good.yaml", "version: 1\nmode: observe\n")
        .file("idle.yaml", "version: 1\nmode: enforce\nimages: { fix: mark-v2 }\n")
        .file("bad.yaml", "version: 1\nmode: enforcing\ninstances:\n  hop_limt: { max: 2 }\n");
    let ran = world.run("validate DIR/good.yaml DIR/idle.yaml DIR/bad.yaml DIR/missing.yaml");
    assert_snapshot!(ran.seen());
    assert_eq!(world.aws.asked(), [""; 0]);
}

#[test]
fn a_document_may_come_through_a_pipe_or_by_the_flag() {
    let world = FakeWorld::with(FakeAws::default()).stdin("{version: 1, mode: observe}");
    assert_eq!(world.run("validate -").out, "<stdin>: valid\n");
    assert_eq!(world.run("validate --policy -").out, "<stdin>: valid\n");
    assert_eq!(world.run("validate").exit.code(), 2);
}

#[test]
fn the_schema_is_json() {
    let ran = FakeWorld::with(FakeAws::default()).run("validate --schema");
    assert_eq!(ran.exit.code(), 0);
    assert!(ran.json()["$schema"].as_str().unwrap().contains("2020-12"));
}
