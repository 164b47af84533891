//! Which resources a run is about, where its results go, and when it counts as failed.

use v2only_enforcer::Kind;
use v2only_policy::MinimumVersion;
use v2only_policy::instance::HttpTokens;
use v2only_policy::notebook::NotebookStatus;

use crate::fake_aws::{ACCOUNT, FakeAws, instance, notebook, tagged};
use crate::fake_world::{FakeWorld, RunResult};
use crate::sources::{configuration, template};

const POLICY: &str = "version: 1\nmode: enforce\ninstances: { usage_gate: { applies_to: none } }\n";

fn estate() -> FakeAws {
    let tags =
        |name: &str, team: &str| [("Name".to_owned(), name.to_owned()), ("team".to_owned(), team.to_owned())];
    let named = |id: &str, name: &str, team: &str| {
        let tags = tags(name, team);
        let tags: Vec<(&str, &str)> =
            tags.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        tagged(instance(id), &tags)
    };
    FakeAws::default()
        .at_home("eu-central-1")
        .instance("eu-central-1", named("i-0000000000000000a", "web-1", "shop"))
        .instance("eu-central-1", named("i-0000000000000000b", "web-2", "billing"))
        .instance("eu-central-1", named("i-0000000000000000c", "batch", "shop"))
        .notebook("eu-central-1", notebook("training", NotebookStatus::Stopped))
}

fn world() -> FakeWorld {
    FakeWorld::with(estate()).file("policy.yaml", POLICY)
}

fn ids(ran: &RunResult) -> Vec<String> {
    let findings = ran.json()["findings"].as_array().unwrap().clone();
    findings.iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_scan_is_about_the_resources_that_are_selected() {
    for (flags, wanted) in [
        ("--only i-0000000000000000a,training", &["i-0000000000000000a", "training"][..]),
        ("--name web-*", &["i-0000000000000000a", "i-0000000000000000b"]),
        ("--name training", &["training"]),
        ("--tag team=shop", &["i-0000000000000000a", "i-0000000000000000c"]),
        ("--tag team=shop --name web-*", &["i-0000000000000000a"]),
    ] {
        assert_eq!(ids(&world().run(&format!("scan -o json {flags}"))), wanted, "{flags}");
    }
    assert_eq!(world().run("scan --tag team").exit.code(), 2);
}

#[test]
fn an_instance_that_is_selected_and_does_not_exist_is_no_clean_run() {
    for command in ["scan", "enforce -p DIR/policy.yaml --yes", "readiness"] {
        let world = world();
        let ran = world.run(&format!("{command} --only i-0000000000000000d"));
        assert_eq!(ran.exit.code(), 3, "{command}: {} {}", ran.out, ran.err);
        let error =
            "error: --only: i-0000000000000000d is in none of the accounts and Regions that were read";
        assert!(ran.err.contains(error) && ran.err.contains("--region"), "{command}: {}", ran.err);
        assert_eq!(world.aws.changes(), [""; 0]);
    }
}

#[test]
fn a_name_that_is_selected_and_does_not_exist_is_no_clean_run() {
    let near = |text: &str| {
        format!("--only: {text} is in none of the accounts and Regions that were read; did you mean")
    };
    for (command, text, nearest) in [
        ("scan", "training1", Some("training")),
        ("scan --kind notebook", "trainings", Some("training")),
        ("enforce -p DIR/policy.yaml --yes", "training-2", Some("training")),
        ("scan", "lt-0000000000000000b", Some("lt-0000000000000000a")),
        ("scan", "web", Some("lt-0000000000000000a")),
        ("scan", "lt-0000000000000000a/9", Some("lt-0000000000000000a/1")),
        ("scan", "old-configs", Some("old-config")),
        ("scan", "something-else", None),
        ("readiness", "training", None),
        ("scan --kind instance", "training", None),
    ] {
        let aws = estate().template(template(1, &[Some(HttpTokens::Optional)]));
        let aws = aws.configuration(configuration("old-config"));
        let world = FakeWorld::with(aws).file("policy.yaml", POLICY);
        let ran = world.run(&format!("{command} --only {text}"));
        assert_eq!(ran.exit.code(), 3, "{command} {text}: {} {}", ran.out, ran.err);
        match nearest {
            Some(nearest) => {
                assert!(ran.err.contains(&format!("{} `{nearest}`?", near(text))), "{}", ran.err)
            }
            None => {
                assert!(!ran.err.contains(&near(text)) && ran.err.contains("that were read"), "{}", ran.err)
            }
        }
        assert_eq!(world.aws.changes(), [""; 0]);
    }
}

#[test]
fn what_was_not_found_is_in_every_format() {
    let ran = world().run("scan --only nothing");
    assert!(ran.out.starts_with("Nothing that could be read answers IMDSv1.\n"), "{}", ran.out);
    assert!(ran.out.contains("Not found: nothing.\n"), "{}", ran.out);
    for command in ["scan", "readiness"] {
        let json = world().run(&format!("{command} -o json --only nothing,i-0000000000000000a")).json();
        assert_eq!((&json["not_found"][0], &json["exit_code"]), (&"nothing".into(), &3.into()), "{command}");
    }
    let html = world().run("scan -o html --only nothing").out;
    assert!(html.contains("Selected, and not found: nothing."), "{html}");
    assert!(!html.contains("Nothing that is selected answers"), "{html}");
}

#[test]
fn a_name_that_could_not_be_listed_is_not_called_absent() {
    let denied = |action| {
        let aws = FakeAws::default().at_home("eu-central-1").enabled(&["eu-central-1", "us-east-1"]);
        aws.failing(action, Some("us-east-1"), Kind::Denied, "UnauthorizedOperation", "not authorized")
    };
    for (action, kind, text) in [
        ("sagemaker:ListNotebookInstances", "notebook", "training"),
        ("ec2:DescribeImages", "image", "ami-0000000000000000a"),
        ("ec2:DescribeInstances", "instance", "i-0000000000000000a"),
    ] {
        let world = FakeWorld::with(denied(action));
        let ran =
            world.run(&format!("scan --kind {kind} --region eu-central-1 --region us-east-1 --only {text}"));
        let error = format!(
            "error: --only: {text} was not found, and {ACCOUNT}/us-east-1 could not be searched: {action}: \
             UnauthorizedOperation: not authorized"
        );
        assert!(ran.err.contains(&error), "{action}: {}", ran.err);
        assert!(!ran.err.contains("that were read"), "{action}: {}", ran.err);
        assert_eq!(ran.exit.code(), 3, "{action}");
        let ran = world.run(&format!("scan --kind {kind} --region eu-central-1 --only {text}"));
        assert!(ran.err.contains("is in none of the accounts and Regions that were read"), "{}", ran.err);
    }
}

#[test]
fn a_selected_name_is_not_empty() {
    let ran = world().run("scan --only i-0000000000000000a,");
    assert_eq!(ran.exit.code(), 2);
    assert!(ran.err.contains("write an id or a name"), "{}", ran.err);
}

#[test]
fn a_name_of_something_that_complies_is_not_absent() {
    let closed = || notebook("closed", NotebookStatus::Stopped);
    let closed = || v2only_policy::Notebook { minimum_version: MinimumVersion::Two, ..closed() };
    let world = FakeWorld::with(estate().notebook("eu-central-1", closed()));
    let ran = world.run("scan --only closed");
    assert_eq!(ran.exit.code(), 0, "{}", ran.err);
    assert_eq!(world.run("scan --only closed,training").exit.code(), 10);
}

#[test]
fn a_scan_of_a_selection_claims_nothing_of_the_other_resources() {
    let ran = world().run("scan --tag team=nobody");
    assert_eq!(ran.exit.code(), 0, "{}", ran.err);
    assert!(ran.out.starts_with("Nothing that is selected answers IMDSv1.\n"), "{}", ran.out);
    assert!(ran.out.contains("Nothing that is selected violates the policy."), "{}", ran.out);
    assert!(!ran.out.contains("policies list"), "{}", ran.out);
}

#[test]
fn enforce_changes_nothing_but_what_is_selected() {
    let world = world();
    let ran = world.run("enforce -p DIR/policy.yaml --yes --only i-0000000000000000b --journal DIR/j.ndjson");
    assert_eq!(ran.exit.code(), 0, "{}", ran.err);
    let changes = world.aws.changes();
    assert!(
        changes.iter().all(|it| it.contains("i-0000000000000000b")) && !changes.is_empty(),
        "{changes:?}"
    );
}

#[test]
fn a_dry_run_shows_the_plan_and_changes_nothing() {
    let world = world();
    let ran = world.run("enforce -p DIR/policy.yaml --dry-run");
    assert_eq!(ran.exit.code(), 10, "{}", ran.err);
    assert!(ran.out.contains("HttpTokens=required"), "{}", ran.out);
    assert_eq!(world.aws.changes(), [""; 0]);
    assert_eq!(world.run("enforce -p DIR/policy.yaml --dry-run --yes").exit.code(), 2);
}

#[test]
fn what_enforce_would_change_is_planned() {
    let json = world().run("scan -p DIR/policy.yaml -o json --only i-0000000000000000a").json();
    assert_eq!(json["findings"][0]["outcome"], "planned");
    let held = world().run("scan -o json --only i-0000000000000000a").json();
    assert_eq!(held["findings"][0]["outcome"], "held");
}

#[test]
fn accounts_are_selected_by_unit_and_left_out_by_id() {
    let org =
        || FakeWorld::with(estate().members(&[("111122223333", "payments"), ("444455556666", "sandbox")]));
    let places = |flags: &str| {
        let ran = org().run(&format!("scan -o json --org --role-name r {flags}"));
        assert_eq!(ran.exit.code(), 10, "{}", ran.err);
        ran.json()["places"].as_array().unwrap().len()
    };
    assert_eq!(places(""), 2);
    assert_eq!(places("--exclude-accounts 444455556666"), 1);
    assert_eq!(places("--ou ou-ab12-sandbox1"), 2);
    assert_eq!(org().run("scan --org --role-name r --ou ou-ab12-elsewhere").exit.code(), 2);
    assert_eq!(org().run("scan --ou ou-ab12-sandbox1").exit.code(), 2, "only of an organization");
}

#[test]
fn results_go_to_a_file() {
    let world = world();
    let ran = world.run("scan -o json --output-file DIR/scan.json");
    assert_eq!((ran.exit.code(), ran.out.as_str()), (10, ""));
    assert!(world.read("scan.json").starts_with("{\n  \"schema\": \"v2only.findings.v1\""));
    let ran = world.run("scan -o json --output-file DIR/scan.json --region nowhere");
    assert_eq!(ran.exit.code(), 2);
    assert!(world.read("scan.json").ends_with("\n"), "a run that fails leaves the file as it was");
    let ran = world.run("scan --output-file DIR/none/scan.json");
    assert_eq!(ran.exit.code(), 2);
    assert!(ran.err.contains("none/scan.json: entity not found"), "{}", ran.err);
}

#[test]
fn an_exit_code_is_asked_for() {
    assert_eq!(world().run("scan --fail-on never").exit.code(), 0);
    assert_eq!(world().run("scan --fail-on incomplete").exit.code(), 0);
    assert_eq!(world().run("scan --fail-on violations").exit.code(), 10);
    assert_eq!(world().run("readiness --fail-on never").exit.code(), 0);
    assert_eq!(world().run("scan --fail-on never -o json").json()["exit_code"], 0);
}

#[test]
fn new_violations_alone_fail_a_run_with_a_baseline() {
    let world = world().file("old.json", &world().run("scan -o json --kind instance").out);
    let same = world.run("scan --kind instance --baseline DIR/old.json");
    assert_eq!(same.exit.code(), 0, "{}", same.err);
    assert!(same.out.contains("0 violations of 3 not in"), "{}", same.out);
    let more = world.run("scan --baseline DIR/old.json");
    assert_eq!(more.exit.code(), 10);
    assert!(more.out.contains("1 violation of 4 not in") && more.out.contains("training"), "{}", more.out);
    assert_eq!(world.run("scan --baseline DIR/policy.yaml").exit.code(), 2);
}

#[test]
fn a_baseline_with_a_word_that_is_not_known_is_refused() {
    let old = world().run("scan -o json --kind instance").out;
    for (published, other) in
        [("\"verdict\": \"violation\"", "verdict"), ("\"outcome\": \"held\"", "outcome")]
    {
        assert!(old.contains(published), "{old}");
        let changed = old.replace(published, &format!("\"{other}\": \"renamed\""));
        let ran = world().file("old.json", &changed).run("scan --baseline DIR/old.json");
        assert_eq!(ran.exit.code(), 2, "{}", ran.out);
        assert!(ran.err.contains("unknown variant `renamed`, expected one of"), "{}", ran.err);
    }
}

#[test]
fn two_runs_are_compared() {
    let world = world();
    let world = world
        .file("old.json", &self::world().run("scan -o json --kind instance").out)
        .file("new.json", &self::world().run("scan -o json --only i-0000000000000000a,training").out);
    let ran = world.run("diff DIR/old.json DIR/new.json");
    assert_eq!(ran.exit.code(), 10, "{}", ran.err);
    assert!(ran.out.starts_with("1 violation new, 2 fixed, 1 remaining."), "{}", ran.out);
    let json = world.run("diff DIR/new.json DIR/old.json -o json").json();
    assert_eq!((json["fixed"][0]["id"].as_str(), json["exit_code"].as_u64()), (Some("training"), Some(10)));
    assert_eq!(world.run("diff DIR/old.json DIR/old.json").exit.code(), 0);
}

#[test]
fn the_policy_document_of_the_environment_is_found() {
    let ran = world().policy_of_the_environment("policy.yaml").run("scan -o json --only i-0000000000000000a");
    assert_eq!(ran.json()["findings"][0]["outcome"], "planned");
    assert!(ran.err.contains("note: the policy document is DIR/policy.yaml"), "{}", ran.err);
    let ran = world().policy_of_the_environment("policy.yaml").run("validate");
    assert!(ran.out.contains("policy.yaml: valid"), "{}", ran.out);
}

#[test]
fn validate_prints_json_and_warns_of_expired_exemptions() {
    let expired = "version: 1\nmode: observe\nexemptions:\n  - match: { resources: [i-0000000000000000a] }\n    \
                   reason: rebuilt\n    until: 2026-10-31\n";
    let world = world().file("expired.yaml", expired).file("bad.yaml", "version: 2\n");
    let ran = world.run("validate DIR/expired.yaml DIR/bad.yaml DIR/none.yaml -o json");
    assert_eq!(ran.exit.code(), 2);
    let json = ran.json();
    assert_eq!((json["schema"].as_str(), json["exit_code"].as_u64()), (Some("v2only.validate.v1"), Some(2)));
    assert_eq!(json["documents"][0]["valid"], true);
    assert_eq!(json["documents"][0]["notices"][0]["message"], "expired on 2026-10-31 and exempts nothing");
    assert_eq!(json["documents"][1]["valid"], false);
    assert!(json["documents"][1]["problems"][0]["line"].as_u64().is_some());
    assert_eq!(json["documents"][2]["valid"], false);
    assert!(ran.err.contains("exemptions[0]: expired on 2026-10-31"), "{}", ran.err);
}

#[test]
fn render_removes_what_it_wrote_before_and_nothing_else() {
    use sha2::{Digest as _, Sha256};
    let world = world();
    assert_eq!(world.run("policies render --out DIR/out").exit.code(), 0);
    let digest = |text: &str| Sha256::digest(text).iter().map(|it| format!("{it:02x}")).collect::<String>();
    let list = world.read("out/.v2only-rendered");
    let edited = format!(
        "{list}{}  scp/gone.json\n{}  scp/edited.json\n{}  ../outside.json\n",
        digest("gone"),
        digest("as written"),
        digest("outside")
    );
    let world = world
        .file("out/.v2only-rendered", &edited)
        .file("out/scp/gone.json", "gone")
        .file("out/scp/edited.json", "edited since")
        .file("out/scp/mine.json", "mine")
        .file("outside.json", "outside");
    assert_eq!(world.run("policies render --out DIR/out").exit.code(), 0);
    assert!(!world.exists("out/scp/gone.json"));
    assert!(["out/scp/edited.json", "out/scp/mine.json", "outside.json"].iter().all(|it| world.exists(it)));
}
