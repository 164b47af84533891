//! `rollback`: what `enforce` did is taken back, exactly, and nothing else.

use std::time::Duration;

use insta::assert_snapshot;
use v2only_enforcer::Kind;
use v2only_policy::instance::{HttpTokens, InstanceState, Switch};
use v2only_policy::notebook::NotebookStatus;
use v2only_policy::source::{DefaultsOwner, Image, LaunchTemplate, TemplateVersion};
use v2only_policy::{
    AccountDefaults, ImageId, ImdsSupport, LaunchTemplateId, StatedOptions, SwitchOption, Tags,
};

use crate::fake_aws::{FakeAws, instance, notebook};
use crate::fake_world::FakeWorld;

const POLICY: &str = "\
version: 1
mode: enforce
instances: { hop_limit: { max: 2 }, usage_gate: { applies_to: none } }
launch_templates: { fix: new-version }
images: { fix: mark-v2 }
account_defaults: { http_tokens: required, hop_limit: 2 }
";

const MODIFY: &str = "ec2:ModifyInstanceMetadataOptions";
const ENFORCE: &str =
    "enforce --policy DIR/policy.yaml --yes --accept-irreversible --journal DIR/journal.ndjson -q";

fn version(number: u64, tokens: Option<HttpTokens>) -> TemplateVersion {
    TemplateVersion {
        number,
        options: StatedOptions { http_tokens: tokens, ..StatedOptions::default() },
        instance_type: None,
        instance_tags: Tags::new(),
        image: None,
        imds_support: ImdsSupport::Unmarked,
        made: None,
        exempts: false,
    }
}

fn template() -> LaunchTemplate {
    LaunchTemplate {
        id: LaunchTemplateId::parse("lt-0000000000000000a").unwrap(),
        name: "web".to_owned(),
        default: 1,
        latest: 2,
        displaced: None,
        versions: vec![version(1, Some(HttpTokens::Optional)), version(2, Some(HttpTokens::Optional))],
        consumers: Vec::new(),
        managed_by: None,
        created_by: None,
        tags: Tags::new(),
    }
}

/// One of everything that can be changed.
fn estate() -> FakeAws {
    let mut far = instance("i-0000000000000000b");
    far.options.hop_limit = Some(5);
    far.options.switches[SwitchOption::MetadataTags] = Switch::Enabled;
    FakeAws::default()
        .at_home("eu-central-1")
        .instance("eu-central-1", instance("i-0000000000000000a"))
        .instance("eu-central-1", far)
        .notebook("eu-central-1", notebook("archive", NotebookStatus::Stopped))
        .template(template())
        .image(Image {
            id: ImageId::parse("ami-0000000000000000a").unwrap(),
            name: "golden".to_owned(),
            imds_support: ImdsSupport::Unmarked,
            tags: Tags::new(),
        })
}

/// After `enforce` changed everything.
fn enforced() -> FakeWorld {
    let world = FakeWorld::with(estate()).watched(160).file("policy.yaml", POLICY);
    world.run(ENFORCE);
    world
}

#[test]
fn everything_is_as_it_was_but_for_what_nobody_can_undo() {
    let before = estate();
    let world = enforced();
    let changed = world.aws.changes().len();
    let ran = world.run("rollback DIR/journal.ndjson --yes");
    assert_snapshot!(ran.seen());
    assert_snapshot!(world.aws.changes()[changed..].join("\n"));
    assert_eq!(world.aws.described(), before.described(), "all five options");
    let again = world.run("rollback DIR/journal.ndjson --yes");
    assert!(again.err.contains("0 restored"), "{}", again.err);
}

#[test]
fn the_question_says_that_version_1_may_be_opened_and_no_means_no() {
    let world = enforced();
    let changed = world.aws.changes().len();
    for answer in ["n\n", "", "yes please\n"] {
        let world = FakeWorld::with(world.aws.clone())
            .watched(160)
            .stdin(answer)
            .file("journal.ndjson", &world.read("journal.ndjson"));
        let ran = world.run("rollback DIR/journal.ndjson");
        assert_eq!((ran.exit.code(), ran.out.as_str()), (3, ""), "{}", ran.err);
        assert!(ran.err.contains("This may open version 1 again."), "{}", ran.err);
        assert!(ran.err.contains("the functions are deployed they fix them again"), "{}", ran.err);
        assert!(ran.err.ends_with("nothing was changed\n"), "{}", ran.err);
    }
    assert_eq!(world.aws.changes().len(), changed);
}

#[test]
fn nobody_who_could_be_asked_is_not_a_yes() {
    let world =
        FakeWorld::with(FakeAws::default()).file("journal.ndjson", &enforced().read("journal.ndjson"));
    let ran = world.run("rollback DIR/journal.ndjson");
    assert_eq!(ran.exit.code(), 2);
    assert!(ran.err.contains("standard input is not a terminal"), "{}", ran.err);
    assert_eq!(world.aws.asked(), [""; 0]);
}

#[test]
fn exemptions_are_written_before_anything_is_opened() {
    let world = enforced();
    let changed = world.aws.changes().len();
    let line = "rollback DIR/journal.ndjson --yes --only i-0000000000000000a --exempt-until 2026-12-31 --reason legacy";
    let ran = world.run(line);
    assert_eq!(ran.exit.code(), 0, "{}", ran.err);
    assert_snapshot!(world.aws.changes()[changed..].join("\n"), @r"
    ec2:CreateTags eu-central-1 i-0000000000000000a v2only:exempt-reason=legacy
    ec2:CreateTags eu-central-1 i-0000000000000000a v2only:exempt-until=2026-12-31
    ec2:ModifyInstanceMetadataOptions eu-central-1 i-0000000000000000a back to optional, hop 1
    ");
}

#[test]
fn an_exemption_that_cannot_be_written_keeps_the_instance_closed() {
    let world = enforced();
    let aws = world.aws.clone().failing("ec2:CreateTags", None, Kind::Denied, "UnauthorizedOperation", "no");
    let world = FakeWorld::with(aws).file("journal.ndjson", &world.read("journal.ndjson"));
    let changed = world.aws.changes().len();
    let ran = world.run(
        "rollback DIR/journal.ndjson --yes --only i-0000000000000000a --exempt-until 2026-12-31 --reason x",
    );
    assert_eq!(ran.exit.code(), 3);
    assert_eq!(world.aws.changes().len(), changed + 1, "the tag was tried, and nothing else");
}

#[test]
fn what_somebody_changed_since_is_theirs_unless_forced() {
    let world = enforced();
    let mut theirs = instance("i-0000000000000000a");
    theirs.options.hop_limit = Some(3);
    theirs.options.http_tokens = HttpTokens::Required;
    let mut gone = instance("i-0000000000000000b");
    gone.state = InstanceState::Gone;
    let aws = world.aws.clone().instance("eu-central-1", theirs).instance("eu-central-1", gone).defaults(
        AccountDefaults { owner: DefaultsOwner::DeclarativePolicy(None), ..AccountDefaults::UNSET },
    );
    let journal = world.read("journal.ndjson");
    let world = FakeWorld::with(aws).watched(160).file("journal.ndjson", &journal);
    let line = "rollback DIR/journal.ndjson --yes --only i-0000000000000000a --only i-0000000000000000b \
                --only account-default";
    assert_snapshot!(world.run(line).seen());
    let forced = world.run("rollback DIR/journal.ndjson --yes --force --only i-0000000000000000a");
    assert_eq!(forced.exit.code(), 0, "{}", forced.err);
}

#[test]
fn a_running_notebook_is_not_stopped_for_it() {
    let world = enforced();
    let running = {
        let mut it = notebook("archive", NotebookStatus::InService);
        it.minimum_version = v2only_policy::MinimumVersion::Two;
        it
    };
    let aws = world.aws.clone().notebook("eu-central-1", running);
    let world = FakeWorld::with(aws).file("journal.ndjson", &world.read("journal.ndjson"));
    let ran = world.run("rollback DIR/journal.ndjson --yes --only archive");
    assert_eq!(ran.exit.code(), 3);
    assert!(ran.out.contains("only a stopped one can be updated"), "{}", ran.out);
}

#[test]
fn a_restoration_that_aws_does_not_make_is_not_believed() {
    let world = enforced();
    let journal = world.read("journal.ndjson");
    let world = FakeWorld::with(world.aws.clone().deaf()).file("journal.ndjson", &journal);
    let ran = world.run("rollback DIR/journal.ndjson --yes --only i-0000000000000000a");
    assert_eq!(ran.exit.code(), 3);
    assert!(ran.err.contains("describes the instance otherwise"), "{}", ran.err);
}

#[test]
fn a_denied_call_is_named_and_the_others_are_made() {
    let world = enforced();
    let action = "sagemaker:UpdateNotebookInstance";
    let aws = world.aws.clone().failing(action, None, Kind::Denied, "AccessDenied", "no");
    let world = FakeWorld::with(aws).file("journal.ndjson", &world.read("journal.ndjson"));
    let ran = world.run("rollback DIR/journal.ndjson --yes --output json");
    let json = ran.json();
    assert_eq!((&json["schema"], &json["exit_code"]), (&"v2only.rollback.v1".into(), &3.into()));
    let of =
        |id: &str| json["resources"].as_array().unwrap().iter().find(|it| it["id"] == id).unwrap().clone();
    assert_eq!(of("archive")["outcome"], "failed");
    assert_eq!(of("i-0000000000000000b")["outcome"], "restored");
    assert_eq!(of("i-0000000000000000b")["is"]["hop_limit"], 5);
    assert_eq!(of("ami-0000000000000000a")["hold"], "irreversible");
}

#[test]
fn bad_input_is_one_clear_error_and_changes_nothing() {
    let world = enforced();
    let journal = world.read("journal.ndjson");
    let world = FakeWorld::with(FakeAws::default().at_home("eu-central-1"))
        .file("journal.ndjson", &journal)
        .file("broken.ndjson", &journal.replacen("optional", "perhaps", 1))
        .file("empty.ndjson", "");
    for (line, why) in [
        ("DIR/missing.ndjson", "cannot read DIR/missing.ndjson"),
        ("DIR/broken.ndjson", "DIR/broken.ndjson:2: `http_tokens` is `perhaps`"),
        ("DIR/empty.ndjson", "records nothing that could be restored"),
        ("DIR/journal.ndjson --only i-0000000000000000f", "records no change of `i-0000000000000000f`"),
        ("DIR/journal.ndjson --region us-east-1", "nothing in the Regions that are named"),
        ("DIR/journal.ndjson --exempt-until 2027-01-31", "--reason"),
        ("DIR/journal.ndjson --exempt-until soon --reason x", "is not a day written YYYY-MM-DD"),
        ("DIR/journal.ndjson --exempt-until 2099-12-31 --reason x", "is more than 365 days away"),
        (
            "DIR/journal.ndjson --exempt-until 2026-01-31 --reason x",
            "is in the past, and would exempt no resource",
        ),
    ] {
        let ran = world.run(&format!("rollback {line} --yes"));
        assert_eq!((ran.exit.code(), ran.out.as_str()), (2, ""), "{line}");
        assert!(ran.err.contains(why), "{line}: {}", ran.err);
    }
    assert_eq!(world.aws.asked(), [""; 0]);
}

#[test]
fn an_instance_that_aws_does_not_show_any_more_was_not_restored() {
    let aws = FakeAws::default()
        .at_home("eu-central-1")
        .instance("eu-central-1", instance("i-0000000000000000a"))
        .vanishing();
    let world = FakeWorld::with(aws).file("policy.yaml", POLICY);
    assert_eq!(world.run(&format!("{ENFORCE} --kind instance")).exit.code(), 0);
    let ran = world.run("rollback DIR/journal.ndjson --yes --output json");
    assert_eq!(ran.exit.code(), 3, "{}", ran.err);
    assert!(
        ran.err.contains("AWS does not show the instance any more, so the change is not confirmed"),
        "{}",
        ran.err
    );
    assert_eq!(ran.json()["resources"][0]["outcome"], "failed", "{}", ran.out);
}

/// The journal says when a notebook was created; journals of earlier releases say when they were written.
#[test]
fn another_notebook_of_the_same_name_is_not_opened() {
    let journal = enforced().read("journal.ndjson");
    let created = r#","created_at":"2024-01-01T00:00:00Z""#;
    assert!(journal.contains(created), "{journal}");
    for journal in [journal.clone(), journal.replace(created, "")] {
        let mut recreated = notebook("archive", NotebookStatus::Stopped);
        recreated.minimum_version = v2only_policy::MinimumVersion::Two;
        recreated.created_at = Some("2026-11-20T10:16:00Z".parse().unwrap());
        let aws = FakeAws::default().at_home("eu-central-1").notebook("eu-central-1", recreated);
        let world = FakeWorld::with(aws).file("journal.ndjson", &journal);
        let ran = world.run("rollback DIR/journal.ndjson --yes --force --only archive");
        assert_eq!(ran.exit.code(), 3, "{}", ran.err);
        assert!(ran.out.contains("it is another resource"), "{}", ran.out);
        assert_eq!(world.aws.changes(), [""; 0]);
    }
}

#[test]
fn a_journal_of_an_earlier_release_restores_the_notebook_that_was_there_already() {
    let world = enforced();
    let journal = world.read("journal.ndjson").replace(r#","created_at":"2024-01-01T00:00:00Z""#, "");
    let world = FakeWorld::with(world.aws.clone()).file("journal.ndjson", &journal);
    let ran = world.run("rollback DIR/journal.ndjson --yes --only archive");
    assert_eq!(ran.exit.code(), 0, "{}", ran.err);
}

#[test]
fn what_changed_while_the_question_was_open_is_not_restored() {
    let world = enforced();
    // The first description is for the plan.
    let aws = world.aws.clone().before("ec2:DescribeInstances", 1, |aws| {
        aws.change("i-0000000000000000a", |it| it.options.hop_limit = Some(3));
    });
    let changed = aws.changes().len();
    let world =
        FakeWorld::with(aws).watched(160).stdin("y\n").file("journal.ndjson", &world.read("journal.ndjson"));
    let ran = world.run("rollback DIR/journal.ndjson --only i-0000000000000000a");
    assert_eq!(ran.exit.code(), 3, "{}", ran.err);
    assert!(ran.out.contains("somebody changed it since"), "{}", ran.out);
    assert_eq!(world.aws.changes().len(), changed);
}

/// At 5 changes a second, what was described 2 seconds ago is described again.
#[test]
fn what_is_switched_off_while_others_are_restored_stays_off() {
    let policy = "version: 1\nmode: enforce\ninstances: { usage_gate: { applies_to: none } }\n";
    let aws = (0..40).fold(FakeAws::default().at_home("eu-central-1"), |aws, number| {
        aws.instance("eu-central-1", instance(&format!("i-{number:017x}")))
    });
    let world = FakeWorld::with(aws).file("policy.yaml", policy);
    world.run(&format!("{ENFORCE} --soak 0s"));
    let aws = world.aws.clone().taking(Duration::from_millis(200)).before(MODIFY, 11, |aws| {
        for it in aws.described().into_iter().filter(|it| it.options.http_tokens == HttpTokens::Required) {
            aws.change(it.id.as_str(), |it| it.options.http_endpoint = Switch::Disabled);
        }
    });
    let world = FakeWorld::with(aws).file("journal.ndjson", &world.read("journal.ndjson"));
    let ran = world.run("rollback DIR/journal.ndjson --yes");
    let open = |it: &v2only_policy::Instance| it.options.http_endpoint == Switch::Enabled;
    let restored = world.aws.described().iter().filter(|it| open(it)).count();
    assert!((11..=20).contains(&restored), "{restored}: {}", ran.err);
}

#[test]
fn one_reason_for_many_resources_is_said_once() {
    let world = FakeWorld::with(FakeAws::default().at_home("eu-central-1"));
    let line = |number: u32| {
        format!(
            r#"{{"schema":"v2only.journal.v1","time":"2026-11-20T10:15:00Z","account":"111122223333","region":"eu-central-1","kind":"instance","id":"i-{number:017x}","before":{{"http_tokens":"optional","http_endpoint":"enabled","hop_limit":3,"ipv6_endpoint":"disabled","metadata_tags":null}},"change":{{"http_tokens":"required","http_endpoint":"enabled","hop_limit":2}}}}
"#
        )
    };
    let aws =
        world.aws.clone().failing("ec2:DescribeInstances", None, Kind::Denied, "UnauthorizedOperation", "no");
    let world = FakeWorld::with(aws).file("many.ndjson", &(0..50).map(line).collect::<String>());
    let ran = world.run("rollback DIR/many.ndjson --yes");
    assert_eq!(ran.exit.code(), 3);
    assert_eq!(ran.err.matches("error: ").count(), 1, "{}", ran.err);
    assert!(ran.err.contains("error: 50 resources in 111122223333/eu-central-1: "), "{}", ran.err);
}
