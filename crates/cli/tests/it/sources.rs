//! What instances take their options from: shown by `scan`, fixed by `enforce`, traced to from instances.

use insta::assert_snapshot;
use v2only_enforcer::Kind;
use v2only_policy::instance::HttpTokens;
use v2only_policy::source::{
    Consumer, Image, LaunchConfiguration, LaunchTemplate, Made, TemplateSlot, TemplateUse, TemplateVersion,
    VersionChoice,
};
use v2only_policy::{ImageId, ImdsSupport, LaunchTemplateId, StatedOptions, Tags};

use crate::fake_aws::{FakeAws, instance, tagged};
use crate::fake_world::FakeWorld;

pub(crate) const POLICY: &str = "\
version: 1
mode: enforce
instances: { usage_gate: { applies_to: none } }
launch_templates: { fix: new-version }
images: { fix: mark-v2 }
account_defaults: { http_tokens: required, hop_limit: 2, enforced: enabled }
";

const TEMPLATE: &str = "lt-0000000000000000a";
const IMAGE: &str = "ami-0000000000000000a";

fn says(tokens: Option<HttpTokens>) -> StatedOptions {
    StatedOptions { http_tokens: tokens, ..StatedOptions::default() }
}

pub(crate) fn template(default: u64, versions: &[Option<HttpTokens>]) -> LaunchTemplate {
    let versions: Vec<TemplateVersion> = (1..)
        .zip(versions)
        .map(|(number, tokens)| TemplateVersion {
            number,
            options: says(*tokens),
            instance_type: None,
            instance_tags: Tags::new(),
            image: Some(IMAGE.to_owned()),
            imds_support: ImdsSupport::Unknown,
            made: None,
            exempts: false,
        })
        .collect();
    LaunchTemplate {
        id: LaunchTemplateId::parse(TEMPLATE).unwrap(),
        name: "web".to_owned(),
        default,
        latest: versions.len() as u64,
        displaced: None,
        versions,
        consumers: Vec::new(),
        managed_by: None,
        created_by: None,
        tags: Tags::new(),
    }
}

pub(crate) fn configuration(name: &str) -> LaunchConfiguration {
    LaunchConfiguration { name: name.to_owned(), options: says(None), groups: Vec::new() }
}

pub(crate) fn image(support: ImdsSupport) -> Image {
    Image {
        id: ImageId::parse(IMAGE).unwrap(),
        name: "golden".to_owned(),
        imds_support: support,
        tags: Tags::new(),
    }
}

fn group(name: &str, version: VersionChoice) -> Consumer {
    Consumer {
        templates: vec![TemplateUse::plain(TEMPLATE.to_owned(), version, TemplateSlot::Own)],
        ..Consumer::group(name.to_owned())
    }
}

fn from_template(id: &str, version: &str) -> v2only_policy::Instance {
    let tags = [
        ("aws:ec2launchtemplate:id", TEMPLATE),
        ("aws:ec2launchtemplate:version", version),
        ("aws:autoscaling:groupName", "web"),
    ];
    let mut it = tagged(instance(id), &tags);
    it.image = ImageId::parse(IMAGE).ok();
    it
}

/// One of every source, and what was launched from them.
fn estate() -> FakeAws {
    FakeAws::default()
        .at_home("eu-central-1")
        .template(template(1, &[Some(HttpTokens::Optional), None]))
        .image(image(ImdsSupport::Unmarked))
        .consumer(group("web", VersionChoice::Default))
        .consumer(Consumer {
            configuration: Some("legacy-2019".to_owned()),
            ..Consumer::group("legacy".to_owned())
        })
        .configuration(configuration("legacy-2019"))
        .instance("eu-central-1", from_template("i-0000000000000000a", "1"))
        .instance("eu-central-1", from_template("i-0000000000000000b", "1"))
        .instance("eu-central-1", from_template("i-0000000000000000c", "9"))
        .instance("eu-central-1", instance("i-0000000000000000d"))
}

#[test]
fn every_source_is_shown_with_who_decides_and_instances_with_their_cause() {
    let world = FakeWorld::with(estate()).watched(160).file("policy.yaml", POLICY);
    assert_snapshot!(world.run("scan --policy DIR/policy.yaml").seen());
    assert_eq!(world.aws.changes(), [""; 0]);
}

#[test]
fn the_plan_is_grouped_by_what_set_the_options_and_says_how_to_fix_that() {
    let world = FakeWorld::with(estate()).watched(160).stdin("n\n").file("policy.yaml", POLICY);
    assert_snapshot!(world.run("enforce --policy DIR/policy.yaml").err);
    let alone = world.run("enforce --policy DIR/policy.yaml --kind instance");
    assert_snapshot!(alone.err);
}

#[test]
fn names_that_others_choose_tell_neither_a_terminal_nor_a_shell_what_to_do() {
    let evil = "old\r\u{9b}2K\u{202e}; $(reboot)\n  nothing to do";
    let launched = tagged(instance("i-0000000000000000a"), &[("aws:autoscaling:groupName", evil)]);
    let aws = FakeAws::default()
        .at_home("eu-central-1")
        .configuration(configuration(evil))
        .configuration(LaunchConfiguration {
            name: "loud".to_owned(),
            options: says(Some(HttpTokens::Optional)),
            groups: Vec::new(),
        })
        .template(template(1, &[Some(HttpTokens::Optional)]))
        .consumer(Consumer {
            templates: Vec::new(),
            configuration: Some(evil.to_owned()),
            ..group(evil, VersionChoice::Default)
        })
        .consumer(group(evil, VersionChoice::Default))
        .instance("eu-central-1", launched);
    let told = FakeWorld::with(aws.clone()).watched(160).run("readiness").out;
    assert!(told.contains("; $(reboot)") && !told.contains(['\r', '\u{9b}']), "{told:?}");
    assert!(!told.contains("\n  nothing to do"), "{told}");
    // Behind the usage gate, so that the instance stays open and a refresh helps.
    let gated = POLICY.replace("instances: { usage_gate: { applies_to: none } }\n", "");
    let world = FakeWorld::with(aws).watched(160).stdin("y\n").file("policy.yaml", &gated);
    let ran = world.run("enforce --policy DIR/policy.yaml --journal DIR/one.ndjson");
    let seen = format!("{}{}", ran.out, ran.err);
    assert!(seen.contains("old") && seen.contains("; $(reboot)"), "{seen}");
    assert!(!seen.contains(['\r', '\u{9b}', '\u{202e}']), "{seen:?}");
    assert!(!seen.contains("\n  nothing to do"), "{seen}");
    let command = seen.split_once("start-instance-refresh").expect("advice").1;
    assert!(command.trim_start().starts_with("--auto-scaling-group-name 'old"), "{command}");
}

#[test]
fn json_says_who_decides_and_what_the_cause_is() {
    let world = FakeWorld::with(estate()).file("policy.yaml", POLICY);
    let json = world.run("scan --policy DIR/policy.yaml --output json -q").json();
    let findings = json["findings"].as_array().unwrap();
    let of = |id: &str| findings.iter().find(|it| it["id"] == id).unwrap();
    let version = of("lt-0000000000000000a:2");
    assert_eq!(version["kind"], "launch-template");
    assert_eq!(version["before"]["http_tokens"], "optional");
    assert_eq!(version["before"]["decided_by"]["http_tokens"], "nobody");
    assert_eq!(of("lt-0000000000000000a:1")["before"]["decided_by"]["http_tokens"], "source");
    assert_eq!(of("account-default")["before"]["http_tokens"], serde_json::Value::Null);
    assert_eq!(of("legacy-2019")["hold"], "immutable");
    assert_eq!(of(IMAGE)["hold"], "irreversible");
    let cause = &of("i-0000000000000000a")["cause"];
    assert_eq!(cause["launch_template"], TEMPLATE);
    assert_eq!((&cause["launch_template_version"], &cause["http_tokens"]), (&1.into(), &"source".into()));
    assert_eq!(of("i-0000000000000000c")["cause"]["http_tokens"], "unknown");
    assert!(of(IMAGE).get("cause").is_none());
}

#[test]
fn fleets_that_cannot_be_read_leave_the_scan_incomplete() {
    for action in ["ec2:DescribeFleets", "ec2:DescribeSpotFleetRequests"] {
        let aws = FakeAws::default().at_home("eu-central-1");
        let aws = aws.failing(action, None, Kind::Denied, "UnauthorizedOperation", "not granted");
        for command in ["scan", "scan --kind launch-template", "readiness"] {
            let ran = FakeWorld::with(aws.clone()).run(command);
            assert_eq!(ran.exit.code(), 3, "{command}: {}", ran.err);
            assert!(ran.err.contains(action), "{}", ran.err);
        }
    }
}

#[test]
fn one_kind_alone_costs_no_calls_for_the_others() {
    let world = FakeWorld::with(estate());
    assert_eq!(world.run("scan --kind image").exit.code(), 10);
    assert_eq!(world.aws.asked(), ["sts:GetCallerIdentity", "ec2:DescribeImages"]);
    for (kind, reads) in [
        ("account-default", vec!["ec2:GetInstanceMetadataDefaults"]),
        (
            "launch-configuration",
            vec![
                "ec2:GetInstanceMetadataDefaults",
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeLaunchConfigurations",
            ],
        ),
    ] {
        let world = FakeWorld::with(estate());
        world.run(&format!("scan --kind {kind}"));
        assert_eq!(world.aws.asked()[1..], reads, "{kind}");
    }
}

#[test]
fn what_somebody_makes_of_a_template_meanwhile_is_not_repeated_with_version_1() {
    let aws = estate().rival("ec2:CreateLaunchTemplateVersion").rival_opens();
    let world = FakeWorld::with(aws).file("policy.yaml", POLICY);
    let line = "enforce --policy DIR/policy.yaml --kind launch-template --yes --journal DIR/one.ndjson --output json";
    let ran = world.run(line);
    assert_eq!(ran.exit.code(), 0, "{}", ran.err);
    assert!(ran.out.contains("it was repeated with HttpTokens=required as version 6"), "{}", ran.out);
    assert_eq!(
        world.aws.changes().last().unwrap(),
        "ec2:CreateLaunchTemplateVersion lt-0000000000000000a from 3 tightened"
    );
    let again = world.run(&line.replace("one", "two"));
    assert_eq!(
        (again.exit.code(), again.json()["findings"].as_array().unwrap().len()),
        (0, 0),
        "{}",
        again.out
    );
}

#[test]
fn what_somebody_makes_of_a_template_meanwhile_is_theirs() {
    let line = "enforce --policy DIR/policy.yaml --kind launch-template --yes --journal DIR/one.ndjson --output json";
    let run = |rival| {
        let world = FakeWorld::with(estate().rival(rival)).file("policy.yaml", POLICY);
        let ran = world.run(line);
        (world, ran)
    };
    let (world, ran) = run("ec2:DescribeLaunchTemplates");
    assert_eq!(ran.exit.code(), 10, "{}", ran.err);
    assert_eq!(ran.json()["findings"][0]["hold"], "changed-since", "while somebody was asked: {}", ran.out);
    assert_eq!(world.aws.changes(), [""; 0]);
    let world = FakeWorld::with(estate().rival("ec2:DescribeLaunchTemplates")).file("policy.yaml", POLICY);
    let page = world.run(&line.replace("json --output json", "json --output html")).out;
    assert!(page.contains("Held: it was changed since the plan was made"), "{page}");
    assert!(!world.exists("one.ndjson") || world.read("one.ndjson").is_empty());

    let (world, ran) = run("ec2:CreateLaunchTemplateVersion");
    assert_eq!(ran.exit.code(), 0, "{}", ran.err);
    assert!(
        ran.out.contains(
            "somebody made version 3 meanwhile; it was repeated as version 6, so that it is $Latest"
        )
    );
    assert_eq!(
        world.aws.changes().last().unwrap(),
        "ec2:CreateLaunchTemplateVersion lt-0000000000000000a from 3"
    );
    let again = world.run(&line.replace("one", "two"));
    assert_eq!(
        (again.exit.code(), again.json()["findings"].as_array().unwrap().len()),
        (0, 0),
        "{}",
        again.out
    );
}

#[test]
fn what_an_earlier_run_left_undone_is_told_by_a_scan_and_done_by_enforce() {
    let mut it =
        template(1, &[Some(HttpTokens::Optional), Some(HttpTokens::Required), Some(HttpTokens::Required)]);
    it.versions[2].made = Some(Made { from: 1, latest: 2 });
    let aws = FakeAws::default().at_home("eu-central-1").template(it).image(image(ImdsSupport::Unmarked));
    let world = FakeWorld::with(aws).watched(160).file("policy.yaml", POLICY);
    assert_snapshot!(world.run("scan --policy DIR/policy.yaml --kind launch-template").seen());
    let line = "enforce --policy DIR/policy.yaml --kind launch-template --yes --journal DIR/one.ndjson";
    assert_eq!(world.run(line).exit.code(), 0);
    assert_snapshot!(world.read("one.ndjson"));
    assert_eq!(
        world.aws.changes(),
        [
            "ec2:ModifyLaunchTemplate lt-0000000000000000a default 3",
            "ec2:CreateLaunchTemplateVersion lt-0000000000000000a from 2",
        ]
    );
    let back = world.run("rollback DIR/one.ndjson --yes");
    assert_eq!(back.exit.code(), 0, "{}", back.err);
    assert_eq!(
        world.aws.changes().last().unwrap(),
        "ec2:ModifyLaunchTemplate lt-0000000000000000a default 1"
    );
    assert_eq!(world.aws.changes().len(), 3, "$Latest says already what it said");
}

#[test]
fn sources_are_fixed_in_order_and_a_second_run_has_nothing_left_that_it_may_do() {
    let world = FakeWorld::with(estate()).watched(160).file("policy.yaml", POLICY);
    let line = "enforce --policy DIR/policy.yaml --kind launch-template --yes --journal DIR/one.ndjson";
    let ran = world.run(line);
    assert_snapshot!(ran.seen());
    assert_snapshot!(world.read("one.ndjson"));
    assert_eq!(
        world.aws.changes(),
        [
            "ec2:CreateLaunchTemplateVersion lt-0000000000000000a from 1 tightened",
            "ec2:ModifyLaunchTemplate lt-0000000000000000a default 3",
            "ec2:CreateLaunchTemplateVersion lt-0000000000000000a from 2 tightened",
        ]
    );
    let again = "enforce --policy DIR/policy.yaml --kind launch-template --yes --journal DIR/two.ndjson";
    assert_eq!(world.run(again).exit.code(), 0);
    assert!(!world.exists("two.ndjson"));
    assert_eq!(world.aws.changes().len(), 3);
}

#[test]
fn an_image_is_marked_only_after_somebody_agreed_to_what_cannot_be_undone() {
    let aws = FakeAws::default().at_home("eu-central-1").image(image(ImdsSupport::Unmarked));
    let world = FakeWorld::with(aws).file("policy.yaml", POLICY);
    let held = world.run("enforce --policy DIR/policy.yaml --kind image --yes --journal DIR/a.ndjson");
    assert_eq!(held.exit.code(), 10);
    assert!(held.err.contains("add `--accept-irreversible`"), "{}", held.err);
    assert_eq!(world.aws.changes(), [""; 0]);
    let line =
        "enforce --policy DIR/policy.yaml --kind image --yes --accept-irreversible --journal DIR/b.ndjson";
    assert_eq!(world.run(line).exit.code(), 0);
    assert_eq!(world.aws.changes(), [format!("ec2:ModifyImageAttribute {IMAGE}")]);
}

#[test]
fn consent_alone_marks_nothing() {
    let aws = FakeAws::default().at_home("eu-central-1").image(image(ImdsSupport::Unmarked));
    let world = FakeWorld::with(aws).file("policy.yaml", "version: 1\nmode: enforce\n");
    let line = "enforce --policy DIR/policy.yaml --yes --accept-irreversible --journal DIR/a.ndjson";
    assert_eq!(world.run(line).exit.code(), 10);
    assert_eq!(world.aws.changes(), [""; 0]);
}

#[test]
fn a_kind_that_may_not_be_read_is_not_clean() {
    let denied = "You are not authorized to perform this operation";
    let aws = FakeAws::default().at_home("eu-central-1").failing(
        "autoscaling:DescribeAutoScalingGroups",
        None,
        Kind::Denied,
        "AccessDenied",
        denied,
    );
    let ran = FakeWorld::with(aws).run("scan");
    assert_eq!(ran.exit.code(), 3);
    assert!(ran.err.contains("autoscaling:DescribeAutoScalingGroups: AccessDenied"), "{}", ran.err);
}

#[test]
fn a_cause_that_cannot_be_traced_is_said_and_hides_no_violation() {
    let aws = FakeAws::default()
        .at_home("eu-central-1")
        .instance("eu-central-1", from_template("i-0000000000000000a", "1"))
        .failing("ec2:DescribeLaunchTemplateVersions", None, Kind::Denied, "UnauthorizedOperation", "denied");
    let ran = FakeWorld::with(aws).watched(160).run("scan --kind instance --list");
    assert_eq!(ran.exit.code(), 10);
    assert!(ran.out.contains("i-0000000000000000a"), "{}", ran.out);
    assert!(ran.err.contains("causes were not traced in 111122223333/eu-central-1"), "{}", ran.err);
}

#[test]
fn an_image_that_somebody_exempts_while_the_question_is_open_is_not_marked() {
    let marked_after = |seconds| {
        let aws = ["i-0000000000000000a", "i-0000000000000000b"].iter().fold(
            FakeAws::default().at_home("eu-central-1").image(image(ImdsSupport::Unmarked)).with_busy_people(),
            |aws, id| aws.instance("eu-central-1", instance(id)),
        );
        let policy = "version: 1\nmode: enforce\nimages: { fix: mark-v2 }\n";
        let thinking = std::time::Duration::from_secs(seconds);
        let world = FakeWorld::with(aws).watched(120).stdin("y\n").thinking_for(thinking);
        let world = world.file("policy.yaml", policy);
        let line =
            "enforce --policy DIR/policy.yaml --kind image --accept-irreversible --journal DIR/a.ndjson";
        let ran = world.run(line);
        assert!(ran.err.contains("Apply 1 change in 1 place?"), "{}", ran.err);
        world.aws.changes().len()
    };
    assert_eq!((marked_after(3600), marked_after(0)), (0, 1));
}
