//! `enforce`.

use insta::assert_snapshot;
use v2only_enforcer::Kind;
use v2only_policy::notebook::NotebookStatus;

use crate::fake_aws::{FakeAws, instance, notebook};
use crate::fake_world::FakeWorld;

const AT_ONCE: &str = "\
version: 1
mode: enforce
instances:
  hop_limit: { max: 2 }
  usage_gate: { applies_to: none }
";

fn account() -> FakeAws {
    let mut hops = instance("i-0000000000000000b");
    hops.options.hop_limit = Some(5);
    let mut managed = instance("i-0000000000000000d");
    managed.managed_by = Some("eks.amazonaws.com".to_owned());
    FakeAws::default()
        .at_home("eu-central-1")
        .enabled(&["us-east-1"])
        .instance("eu-central-1", instance("i-0000000000000000a"))
        .instance("eu-central-1", hops)
        .instance("eu-central-1", managed)
        .instance("us-east-1", instance("i-0000000000000000c"))
        .notebook("eu-central-1", notebook("archive", NotebookStatus::Stopped))
}

#[test]
fn the_plan_is_shown_agreed_to_and_carried_out() {
    let world = FakeWorld::with(account()).watched(120).stdin("y\n").file("policy.yaml", AT_ONCE);
    let ran = world.run("enforce --policy DIR/policy.yaml --region all --journal DIR/journal.ndjson");
    assert_snapshot!(ran.seen());
    assert_snapshot!(world.aws.changes().join("\n"), @r"
    ec2:ModifyInstanceMetadataOptions eu-central-1 i-0000000000000000a HttpTokens=required
    ec2:ModifyInstanceMetadataOptions eu-central-1 i-0000000000000000b HttpTokens=required HttpPutResponseHopLimit=2
    ec2:ModifyInstanceMetadataOptions us-east-1 i-0000000000000000c HttpTokens=required
    sagemaker:UpdateNotebookInstance archive
    sagemaker:AddTags v2only:updated=2026-11-20T10:15:00Z
    ");
    assert_snapshot!(world.read("journal.ndjson"));
}

#[test]
fn a_second_run_has_nothing_to_do() {
    let aws =
        FakeAws::default().at_home("eu-central-1").instance("eu-central-1", instance("i-0000000000000000a"));
    let world = FakeWorld::with(aws).file("policy.yaml", AT_ONCE);
    let first = world.run("enforce --policy DIR/policy.yaml --yes --journal DIR/1.ndjson");
    assert_eq!(first.exit.code(), 0, "{}", first.seen());
    let second = world.run("enforce --policy DIR/policy.yaml --yes --journal DIR/2.ndjson");
    assert_eq!((second.exit.code(), second.out.as_str()), (0, ""), "{}", second.err);
    assert_eq!(world.aws.changes().len(), 1);
    assert!(!world.exists("2.ndjson"));
}

#[test]
fn no_means_that_nothing_is_changed() {
    for answer in ["n\n", "\n", "", "yes please\n"] {
        let world = FakeWorld::with(account()).watched(120).stdin(answer).file("policy.yaml", AT_ONCE);
        let ran = world.run("enforce --policy DIR/policy.yaml --journal DIR/journal.ndjson");
        assert_eq!((ran.exit.code(), ran.out.as_str()), (10, ""));
        assert!(ran.err.contains("nothing was changed"), "{}", ran.err);
        assert_eq!(world.aws.changes(), [""; 0]);
        assert!(!world.exists("journal.ndjson"));
    }
}

#[test]
fn what_the_usage_gate_holds_is_explained() {
    let world = FakeWorld::with(account()).watched(120).file("policy.yaml", "version: 1\nmode: enforce\n");
    assert_snapshot!(world.run("enforce --policy DIR/policy.yaml --kind instance").seen());
    assert_eq!(world.aws.changes(), [""; 0]);
}

#[test]
fn observe_mode_is_explained() {
    let world = FakeWorld::with(account()).file("policy.yaml", "version: 1\nmode: observe\n");
    let ran = world.run("enforce --policy DIR/policy.yaml --yes");
    assert_eq!(ran.exit.code(), 10);
    assert!(ran.err.contains("hint: set `mode: enforce`"), "{}", ran.err);
}

#[test]
fn a_change_that_is_denied_is_named_and_the_others_are_made() {
    let denied = "You are not authorized to perform this operation";
    let action = "ec2:ModifyInstanceMetadataOptions";
    let aws = account().failing(action, Some("us-east-1"), Kind::Denied, "UnauthorizedOperation", denied);
    let world = FakeWorld::with(aws).watched(120).file("policy.yaml", AT_ONCE);
    let line = "enforce --policy DIR/policy.yaml --region all --yes --journal DIR/journal.ndjson";
    assert_snapshot!(world.run(line).seen());
}

#[test]
fn a_change_that_aws_does_not_make_is_not_believed() {
    let aws = FakeAws::default()
        .at_home("eu-central-1")
        .instance("eu-central-1", instance("i-0000000000000000a"))
        .deaf();
    let world = FakeWorld::with(aws).file("policy.yaml", AT_ONCE);
    let ran = world.run("enforce --policy DIR/policy.yaml --yes --journal DIR/journal.ndjson");
    assert_eq!(ran.exit.code(), 3);
    assert!(ran.err.contains("describes the instance otherwise"), "{}", ran.err);
}

#[test]
fn a_new_running_notebook_takes_several_steps() {
    let mut new = notebook("new", NotebookStatus::InService);
    new.created_at = Some("2026-11-20T10:00:00Z".parse().unwrap());
    let aws = FakeAws::default().at_home("eu-central-1").notebook("eu-central-1", new);
    let world = FakeWorld::with(aws).file("policy.yaml", AT_ONCE);
    assert_snapshot!(world.run("enforce --policy DIR/policy.yaml --yes --journal DIR/j.ndjson").seen());
    assert_snapshot!(world.read("j.ndjson"));
}

#[test]
fn json_tells_everything_and_where_the_journal_is() {
    let world = FakeWorld::with(account()).file("policy.yaml", AT_ONCE);
    let ran = world.run("enforce --policy DIR/policy.yaml --yes --journal DIR/j.ndjson --output json");
    let json = ran.json();
    assert_eq!(json["journal"], "DIR/j.ndjson");
    assert_eq!(json["exit_code"], 10);
    assert_eq!(json["totals"]["fixed"], 3);
    assert_eq!(json["findings"][0]["after"]["http_tokens"], "required");
    assert_eq!(json["findings"].as_array().unwrap().len(), 4);
}

#[test]
fn without_a_journal_nothing_is_changed() {
    let world = FakeWorld::with(account()).file("policy.yaml", AT_ONCE);
    let ran = world.run("enforce --policy DIR/policy.yaml --yes --journal DIR/nowhere/j.ndjson");
    assert_snapshot!(ran.seen());
    assert_eq!(world.aws.changes(), [""; 0]);
}

#[test]
fn an_interrupt_finishes_what_is_under_way_and_says_how_to_undo_it() {
    let instances = (0..30).map(|it| instance(&format!("i-{it:017x}")));
    let aws = instances
        .fold(FakeAws::default().at_home("eu-central-1"), |aws, it| aws.instance("eu-central-1", it));
    let world = FakeWorld::with(aws.interrupted_after(1)).file("policy.yaml", AT_ONCE);
    let ran = world.run("enforce -p DIR/policy.yaml --yes --profile p --journal DIR/j.ndjson");
    let made = world.aws.changes().len();
    assert!(made > 0 && made < 30, "{made}");
    assert_eq!(ran.exit.code(), 3, "{}", ran.err);
    let made = if made == 1 { "1 change made".to_owned() } else { format!("{made} changes made") };
    for text in [
        "the run was interrupted: the changes under way were finished, and",
        &format!("{made}; the state before is in DIR/j.ndjson"),
        "Undo: v2only rollback DIR/j.ndjson --profile p",
    ] {
        assert!(ran.err.contains(text), "{text}\n{}", ran.err);
    }
    let finished = world.read("j.ndjson").lines().filter(|it| it.contains("\"id\"")).count();
    assert_eq!(finished, world.aws.changes().len(), "the journal has each change");
}

#[test]
fn what_stops_with_the_metadata_service_is_said_before_the_question() {
    let document = "version: 1\nmode: enforce\ninstances: { http_endpoint: disabled, usage_gate: { applies_to: none } }\n";
    let world = FakeWorld::with(account()).watched(120).stdin("n\n").file("policy.yaml", document);
    let ran = world.run("enforce --policy DIR/policy.yaml --kind instance");
    let (warning, question) =
        (ran.err.find("EC2 Instance Connect, SSH keys").unwrap(), ran.err.find("Apply "));
    assert!(warning < question.unwrap(), "{}", ran.err);
    assert_eq!(world.aws.changes(), [""; 0]);
    let validated = world.run("validate DIR/policy.yaml");
    assert!(validated.err.contains("`DisableEndpoints`"), "{}", validated.err);
    let world = FakeWorld::with(account()).watched(120).stdin("n\n").file("policy.yaml", AT_ONCE);
    assert!(!world.run("enforce --policy DIR/policy.yaml").err.contains("EC2 Instance Connect"));
}
