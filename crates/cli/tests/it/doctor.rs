//! Whether an installation is whole: what a person is told, and what they are to type.

use insta::assert_snapshot;
use v2only_enforcer::Kind;
use v2only_installation::ports::Control;

use crate::fake_aws::FakeAws;
use crate::fake_deployment::{Deployment, HERE, member};
use crate::fake_world::{FakeWorld, RunResult};

fn world(it: Deployment) -> FakeWorld {
    FakeWorld::with(FakeAws::default().at_home(HERE).deployed(it))
}

/// An organization with one member.
const EVERYWHERE: &str = "doctor --accounts 111122223333,444455556666 --role-name v2only-doctor --region eu-central-1 --region us-east-1";

fn organization(harm: impl FnOnce(&mut Deployment)) -> Deployment {
    let mut it = Deployment::organization();
    // Both accounts are in both Regions; what forwards is in each but that of the functions.
    let (rules, queues) = (it.rules.clone(), it.queues.clone());
    let from = member();
    for (account, region) in [("111122223333", "us-east-1"), ("444455556666", "eu-central-1")] {
        let place = v2only_policy::Place {
            account: v2only_policy::AccountId::parse(account).unwrap(),
            region: crate::fake_aws::region(region),
        };
        let here = |text: &str| {
            text.replace(&format!(":{}:{}:", from.region, from.account), &format!(":{region}:{account}:"))
                .replace(&format!("::{}:", from.account), &format!("::{account}:"))
                .replace(&format!("forwarder-{}", from.region), &format!("forwarder-{region}"))
        };
        for ((_, bus, name), (rule, targets)) in rules.iter().filter(|((at, ..), _)| *at == from) {
            let mut targets = targets.clone();
            for it in &mut targets {
                it.role = it.role.as_deref().map(here);
                it.dead_letters = it.dead_letters.as_deref().map(here);
            }
            it.rules.insert((place.clone(), bus.clone(), name.clone()), (rule.clone(), targets));
        }
        for ((_, name), queue) in queues.iter().filter(|((at, _), _)| *at == from) {
            let mut queue = queue.clone();
            for value in queue.attributes.values_mut() {
                *value = here(value);
            }
            it.queues.insert((place.clone(), name.clone()), queue);
        }
    }
    harm(&mut it);
    it
}

fn changed_nothing(world: &FakeWorld) -> bool {
    // To try an entry point is to assume a role, and nothing else.
    world.aws.changes().iter().all(|it| it.starts_with("sts:AssumeRole "))
}

#[test]
fn a_complete_installation_is_well() {
    let alone = world(Deployment::alone());
    assert_snapshot!(alone.run("doctor").seen());
    assert!(changed_nothing(&alone));
    let everywhere = world(organization(|_| ()));
    let ran = everywhere.run(EVERYWHERE);
    assert_eq!(ran.exit.code(), 0, "{}", ran.seen());
    assert_snapshot!(ran.out);
    let assumed = everywhere.aws.asked_of("sts:AssumeRole");
    assert_eq!(
        assumed,
        [
            "v2only-ec2-enforcer made-up-for-a-test",
            "v2only-notebook-enforcer made-up-for-a-test",
            "v2only-sweeper made-up-for-a-test"
        ]
    );
    assert!(changed_nothing(&everywhere));
}

#[test]
fn where_nothing_is_installed_that_is_the_only_finding() {
    for command in ["doctor", EVERYWHERE] {
        let world = FakeWorld::with(FakeAws::default().at_home(HERE));
        let ran = world.run(&format!("{command} --output json"));
        let findings = ran.json()["findings"].as_array().unwrap().clone();
        assert_eq!(findings.len(), 1, "{findings:#?}");
        assert_eq!((&findings[0]["piece"], ran.exit.code()), (&"installation".into(), 10));
        assert!(findings[0]["command"].as_str().unwrap().starts_with("sam deploy "), "{findings:#?}");
        assert!(changed_nothing(&world));
    }
}

#[test]
fn each_thing_that_is_broken_is_named_with_its_fix() {
    let broken = world(organization(|hub| {
        hub.ec2_rule().0.state = "DISABLED".to_owned();
        hub.ec2_function().1.clear();
        hub.logging = false;
        hub.parameter = None;
        hub.bus = Some(String::new());
    }));
    let ran = broken.run(EVERYWHERE);
    assert_snapshot!(ran.seen());
    assert!(changed_nothing(&broken));
}

#[test]
fn what_cannot_be_read_leaves_with_3_even_beside_problems() {
    let mut it = Deployment::alone();
    it.ec2_rule().0.state = "DISABLED".to_owned();
    let aws = FakeAws::default().at_home(HERE).deployed(it);
    let denied = aws
        .failing("cloudtrail:DescribeTrails", None, Kind::Denied, "AccessDeniedException", "not authorized")
        .failing("sqs:GetQueueAttributes", None, Kind::Unavailable, "", "AWS did not answer in time");
    let world = FakeWorld::with(denied);
    assert_snapshot!(world.run("doctor").seen());
}

#[test]
fn a_role_that_is_shut_and_an_account_that_is_shut_are_not_called_well() {
    let aws = FakeAws::default().at_home(HERE).deployed(organization(|_| ()));
    let shut = aws.failing("sts:AssumeRole", None, Kind::Denied, "AccessDenied", "not authorized");
    let world = FakeWorld::with(shut);
    let ran = world.run(EVERYWHERE);
    assert_eq!(ran.exit.code(), 3);
    assert!(ran.out.contains("aws lambda invoke --function-name v2only-ec2-enforcer"), "{}", ran.out);
    assert_eq!(ran.out.matches("could not be checked").count(), 3, "{}", ran.out);
}

fn control(text: &str) -> Control {
    Control {
        id: "p-theirs".to_owned(),
        name: "theirs".to_owned(),
        target: "r-ab12".to_owned(),
        text: text.to_owned(),
    }
}

const DENIES_US: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"NobodyModifies","Effect":"Deny","Action":"ec2:ModifyInstanceMetadataOptions","Resource":"*"}]}"#;

#[test]
fn a_service_control_policy_that_denies_the_correction_itself_is_named() {
    let ours = std::fs::read_to_string("../../policies/scp/everything-1.json").unwrap();
    let full = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let well = world(organization(|it| it.controls = vec![control(&ours), control(full)])).run(EVERYWHERE);
    assert_eq!(well.exit.code(), 0, "{}", well.seen());
    let ran = world(organization(|it| it.controls = vec![control(DENIES_US)])).run(EVERYWHERE);
    assert_eq!(ran.exit.code(), 10);
    assert!(
        ran.out.contains("denies: our function requires version 2 of an instance (NobodyModifies)"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("aws organizations describe-policy --policy-id p-theirs"), "{}", ran.out);
    let ran = world(organization(|it| it.controls = vec![control("{")])).run(EVERYWHERE);
    assert_eq!(ran.exit.code(), 3);
}

#[test]
fn json_has_its_published_shape() {
    let mut it = Deployment::alone();
    it.ec2_rule().0.state = "DISABLED".to_owned();
    let ran = world(it).run("doctor --output json");
    let json = ran.json();
    assert_eq!(json["exit_code"], 10);
    assert_eq!(json["totals"]["problem"], 1);
    let findings = json["findings"].as_array().unwrap();
    assert_eq!(findings.iter().filter(|it| it["state"] == "ok").count(), findings.len() - 1);
    let mut shape = json.clone();
    let kept = findings.iter().filter(|it| it["state"] != "ok" || it["piece"] == "trail").cloned().collect();
    shape["findings"] = serde_json::Value::Array(kept);
    assert_snapshot!(serde_json::to_string_pretty(&shape).unwrap());
}

fn with_zips(world: FakeWorld, architecture: &str, bytes: &str) -> RunResult {
    let folder = world.path(architecture);
    std::fs::create_dir_all(&folder).unwrap();
    let folder = if architecture.is_empty() { String::new() } else { format!("{architecture}/") };
    let world = world
        .file(&format!("{folder}ec2-enforcer.zip"), bytes)
        .file(&format!("{folder}notebook-enforcer.zip"), bytes);
    world.run("doctor --zip DIR --verbose")
}

#[test]
fn code_is_held_against_the_zips_of_a_release() {
    for folder in ["", "arm64"] {
        let same = with_zips(world(Deployment::alone()), folder, "");
        assert_eq!(same.exit.code(), 0, "{}", same.seen());
        assert_eq!(same.out.matches("is the zip").count(), 2, "{}", same.out);
        let other = with_zips(world(Deployment::alone()), folder, "something else");
        assert_eq!(other.exit.code(), 10);
        let path = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        assert!(
            other
                .out
                .contains(&format!("--zip-file fileb://DIR/{path}ec2-enforcer.zip --architectures arm64"))
        );
    }
    let crossed = with_zips(world(Deployment::alone()), "x86_64", "");
    assert_eq!(crossed.exit.code(), 0, "the zip of another architecture is not compared: {}", crossed.seen());
    assert!(!crossed.out.contains("is the zip"), "{}", crossed.out);
    assert_snapshot!(world(Deployment::alone()).run("doctor --zip DIR").seen());
}

#[test]
fn the_document_that_is_in_force_is_held_against_the_one_that_was_meant() {
    let meant = |text: &str| {
        world(Deployment::alone()).file("policy.yaml", text).run("doctor --policy DIR/policy.yaml")
    };
    assert_eq!(meant("{ mode: enforce, version: 1 }").exit.code(), 0);
    let other = meant("version: 1\nmode: observe\n");
    assert_eq!(other.exit.code(), 10);
    assert!(other.out.contains("aws ssm put-parameter --name /v2only/policy"), "{}", other.out);
    assert!(other.out.contains("--value file://DIR/policy.yaml"), "{}", other.out);
}
