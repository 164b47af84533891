//! `--output`: the same findings in every format.

use std::io;

use insta::assert_snapshot;
use serde_json::{Value, json};
use v2only_enforcer::Kind;
use v2only_enforcer::ports::Metric;
use v2only_policy::instance::{HttpTokens, Switch};
use v2only_policy::notebook::NotebookStatus;
use v2only_policy::source::{
    Consumer, Image, LaunchConfiguration, LaunchTemplate, TemplateSlot, TemplateUse, TemplateVersion,
    VersionChoice,
};
use v2only_policy::{ImageId, ImdsSupport, LaunchTemplateId, StatedOptions, Tags};

use crate::fake_aws::{FakeAws, instance, notebook, tagged};
use crate::fake_world::{FakeWorld, RunResult};

pub(crate) const POLICY: &str = "\
version: 1
mode: enforce
instances: { hop_limit: { max: 2 } }
account_defaults: { http_tokens: required, hop_limit: 2, enforced: enabled }
exemptions:
  - match: { tag: { key: app, value: legacy } }
    reason: 'agent, \"old\"'
    owner: billing@example.com
    until: 2027-01-31
  - match: { resources: [i-0000000000000000e] }
    reason: rebuilt by now
    until: 2026-10-31
  - match: { account: \"111122223333\", regions: [eu-central-1], resources: [i-gone] }
    reason: decommissioned
    until: 2027-06-30
";

/// A name that is markup, a formula and more than one line.
const NASTY: &str = "=cmd|' /C calc'!A1<script>alert(1)</script>\n\"x\"";

/// Something of every kind, and of every fate.
pub(crate) fn estate() -> FakeAws {
    let mut hops = tagged(instance("i-0000000000000000b"), &[("Name", "hops")]);
    hops.options.http_tokens = HttpTokens::Required;
    hops.options.hop_limit = Some(5);
    let mut off = instance("i-00000000000000010");
    off.options.http_endpoint = Switch::Disabled;
    let from_template = [
        ("aws:ec2launchtemplate:id", "lt-0000000000000000a"),
        ("aws:ec2launchtemplate:version", "1"),
        ("aws:autoscaling:groupName", "web"),
        ("Name", NASTY),
    ];
    let soon = [("v2only:exempt-until", "2026-11-30"), ("v2only:exempt-reason", "<b>soon</b>")];
    let invalid = [("v2only:exempt-until", "tomorrow"), ("v2only:exempt-reason", "x")];
    FakeAws::default()
        .at_home("eu-central-1")
        .instance("eu-central-1", tagged(instance("i-0000000000000000a"), &from_template))
        .instance("eu-central-1", hops)
        .instance("eu-central-1", tagged(instance("i-0000000000000000c"), &[("app", "legacy")]))
        .instance("eu-central-1", tagged(instance("i-0000000000000000d"), &soon))
        .instance("eu-central-1", instance("i-0000000000000000e"))
        .instance("eu-central-1", tagged(instance("i-0000000000000000f"), &invalid))
        .instance("eu-central-1", off)
        .counted("i-0000000000000000a", Metric::NoToken, &[7; 14])
        .counted("i-0000000000000000e", Metric::NoToken, &[0; 14])
        .notebook("eu-central-1", notebook("Training", NotebookStatus::Stopped))
        .template(LaunchTemplate {
            id: LaunchTemplateId::parse("lt-0000000000000000a").unwrap(),
            name: "web".to_owned(),
            default: 1,
            latest: 1,
            displaced: None,
            versions: vec![TemplateVersion {
                number: 1,
                options: StatedOptions {
                    http_tokens: Some(HttpTokens::Optional),
                    ..StatedOptions::default()
                },
                instance_type: None,
                instance_tags: Tags::new(),
                image: Some("ami-0000000000000000a".to_owned()),
                imds_support: ImdsSupport::Unknown,
                made: None,
                exempts: false,
            }],
            consumers: Vec::new(),
            managed_by: None,
            created_by: None,
            tags: Tags::new(),
        })
        .consumer(Consumer {
            templates: vec![TemplateUse::plain(
                "lt-0000000000000000a".to_owned(),
                VersionChoice::Default,
                TemplateSlot::Own,
            )],
            ..Consumer::group("web".to_owned())
        })
        .configuration(LaunchConfiguration {
            name: "legacy 2019".to_owned(),
            options: StatedOptions::default(),
            groups: Vec::new(),
        })
        .image(Image {
            id: ImageId::parse("ami-0000000000000000a").unwrap(),
            name: "golden".to_owned(),
            imds_support: ImdsSupport::Unmarked,
            tags: Tags::new(),
        })
}

fn scan(format: &str) -> RunResult {
    let world = FakeWorld::with(estate()).file("policy.yaml", POLICY);
    let ran = world.run(&format!("scan --policy DIR/policy.yaml -q --output {format}"));
    assert_eq!((ran.exit.code(), ran.err.as_str()), (10, ""));
    ran
}

#[test]
fn a_line_of_ndjson_is_a_finding_of_the_json() {
    let lines: Vec<Value> = scan("ndjson").out.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert_eq!(Value::Array(lines), scan("json").json()["findings"]);
}

#[test]
fn csv_has_a_stable_header_and_no_formulas() {
    let out = scan("csv").out;
    assert_snapshot!(out.replace("\r\n", "␍\n"));
    assert_eq!(out.matches("\r\n").count(), 1 + scan("json").json()["findings"].as_array().unwrap().len());
    assert!(!out.contains(",=cmd") && !out.contains("\"=cmd"), "{out}");
}

#[test]
fn sarif_names_rules_resources_and_what_is_excused() {
    let sarif = scan("sarif").json();
    assert_snapshot!(serde_json::to_string_pretty(&sarif["runs"][0]["results"]).unwrap());
    assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], true);
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    for it in sarif["runs"][0]["results"].as_array().unwrap() {
        let index = usize::try_from(it["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], it["ruleId"]);
    }
}

#[test]
fn asff_is_what_security_hub_imports() {
    let asff = scan("asff").json();
    assert_snapshot!(serde_json::to_string_pretty(&asff).unwrap());
    for it in asff["Findings"].as_array().unwrap() {
        assert!(!nulls(it), "{it}");
        assert!(it.to_string().len() < 240_000);
    }
}

fn nulls(it: &Value) -> bool {
    match it {
        Value::Null => true,
        Value::Array(all) => all.iter().any(nulls),
        Value::Object(all) => all.values().any(nulls),
        _ => false,
    }
}

#[test]
fn a_later_run_updates_the_same_findings_and_closes_what_it_fixed() {
    let ids = |asff: &Value| -> Vec<String> {
        asff["Findings"].as_array().unwrap().iter().map(|it| it["Id"].to_string()).collect()
    };
    let (first, second) = (scan("asff").json(), scan("asff").json());
    assert_eq!(ids(&first), ids(&second));
    let mut unique = ids(&first);
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids(&first).len());

    let world = FakeWorld::with(estate()).file("policy.yaml", POLICY);
    let line = "enforce --policy DIR/policy.yaml --yes -q --journal DIR/j.ndjson --output asff";
    let done = world.run(line).json();
    let of = |id: &str, rule: &str| {
        let all = done["Findings"].as_array().unwrap().clone();
        let ends = format!("/{id}/{rule}");
        all.into_iter().find(|it| it["Id"].as_str().unwrap().ends_with(&ends)).unwrap()
    };
    let fixed = of("Training", "minimum-version");
    assert_eq!(
        (&fixed["Compliance"]["Status"], &fixed["RecordState"], &fixed["Workflow"]["Status"]),
        (&json!("PASSED"), &json!("ARCHIVED"), &json!("RESOLVED"))
    );
    assert!(ids(&first).contains(&fixed["Id"].to_string()));
    let held = of("i-0000000000000000a", "http-tokens");
    assert_eq!(
        (&held["Compliance"]["Status"], &held["RecordState"], &held["Workflow"]["Status"]),
        (&json!("FAILED"), &json!("ACTIVE"), &json!("NEW"))
    );
    let exempt = of("i-0000000000000000c", "http-tokens");
    assert_eq!(
        (&exempt["Compliance"]["Status"], &exempt["RecordState"]),
        (&json!("WARNING"), &json!("ACTIVE"))
    );
}

#[test]
fn other_partitions_have_their_own_arns() {
    let aws =
        FakeAws::default().at_home("cn-north-1").instance("cn-north-1", instance("i-0000000000000000a"));
    let finding =
        FakeWorld::with(aws).run("scan --kind instance --output asff -q").json()["Findings"][0].clone();
    let arn = "arn:aws-cn:securityhub:cn-north-1:111122223333:product/111122223333/default";
    assert_eq!(finding["ProductArn"], arn);
    let id = "arn:aws-cn:ec2:cn-north-1:111122223333:instance/i-0000000000000000a";
    assert_eq!(
        (&finding["Resources"][0]["Id"], &finding["Resources"][0]["Partition"]),
        (&json!(id), &json!("aws-cn"))
    );
}

#[test]
fn ocsf_is_a_compliance_finding_for_each_resource_and_rule() {
    let ocsf = scan("ocsf").json();
    assert_snapshot!(serde_json::to_string_pretty(&ocsf).unwrap());
    let asff = scan("asff").json();
    assert_eq!(ocsf.as_array().unwrap().len(), asff["Findings"].as_array().unwrap().len());
}

#[test]
fn nothing_to_tell_is_an_empty_document_of_every_format() {
    let world = FakeWorld::with(FakeAws::default().at_home("eu-central-1"));
    let out = |format: &str| {
        let ran = world.run(&format!("scan --kind instance -q --output {format}"));
        assert_eq!(ran.exit.code(), 0);
        ran.out
    };
    assert_eq!(out("ndjson"), "");
    assert_eq!(out("csv").lines().count(), 1);
    assert_eq!(serde_json::from_str::<Value>(&out("asff")).unwrap(), json!({ "Findings": [] }));
    assert_eq!(serde_json::from_str::<Value>(&out("ocsf")).unwrap(), json!([]));
    let sarif: Value = serde_json::from_str(&out("sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["results"], json!([]));
    assert!(out("html").contains("No instance answers IMDSv1 any more"));
}

#[test]
fn a_place_that_could_not_be_read_is_reported_wherever_a_format_can() {
    let denied = "You are <not> authorized";
    let aws =
        estate().failing("autoscaling:DescribeAutoScalingGroups", None, Kind::Denied, "AccessDenied", denied);
    let world = FakeWorld::with(aws);
    let sarif = world.run("scan -q --output sarif");
    assert_eq!(sarif.exit.code(), 3);
    let invocation = sarif.json()["runs"][0]["invocations"][0].clone();
    assert_eq!(invocation["executionSuccessful"], false);
    assert!(
        invocation["toolExecutionNotifications"][0]["message"]["text"]
            .as_str()
            .unwrap()
            .contains("AccessDenied")
    );
    let page = world.run("scan -q --output html").out;
    assert!(page.contains("This report is incomplete"), "{page}");
    assert!(page.contains("At least "), "{page}");
    assert!(page.contains("You are &#60;not&#62; authorized"), "{page}");
    assert!(!page.contains("answers IMDSv1 any more"), "{page}");
}

#[test]
fn a_format_that_a_command_cannot_print_is_refused_with_those_that_it_can() {
    for (line, can) in [
        ("readiness --output html", "`table`, `json`, `ndjson` and `csv`"),
        ("rollback DIR/j.ndjson --output asff", "`table`, `json`, `ndjson` and `csv`"),
        ("validate DIR/policy.yaml --output csv", "`table` and `json`"),
        ("check DIR --output ocsf", "`table`, `json`, `sarif` and `github`"),
        ("demo --output ndjson", "`table` and `json`"),
    ] {
        let ran = FakeWorld::with(estate()).run(line);
        assert_eq!((ran.exit.code(), ran.out.as_str()), (2, ""), "{line}");
        assert!(ran.err.contains(" cannot print `") && ran.err.contains(can), "{line}: {}", ran.err);
        assert!(ran.err.contains("`v2only scan` prints"), "{line}: {}", ran.err);
    }
}

#[test]
fn readiness_and_rollback_have_rows_too() {
    let world = FakeWorld::with(estate()).file("policy.yaml", POLICY);
    let json = world.run("readiness --output json -q").json()["instances"].clone();
    let lines = world.run("readiness --output ndjson -q").out;
    let lines: Vec<Value> = lines.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert_eq!(Value::Array(lines), json);
    let csv = world.run("readiness --output csv -q").out;
    assert_eq!(csv.lines().count(), 1 + json.as_array().unwrap().len());
    assert!(csv.starts_with("account,region,id,state,metadata_no_token,"), "{csv}");

    world.run("enforce --policy DIR/policy.yaml --yes -q --journal DIR/j.ndjson");
    let csv = world.run("rollback DIR/j.ndjson --yes -q --output csv").out;
    assert!(csv.starts_with("account,region,kind,id,outcome,"), "{csv}");
    assert!(csv.contains(",notebook,Training,"), "{csv}");
}

/// So many instances, each from an image of its own and with a call of version 1.
pub(crate) fn many(number: usize) -> FakeWorld {
    let one = |aws: FakeAws, number: usize| {
        let id = format!("i-{number:017x}");
        let mut launched = instance(&id);
        launched.image = Some(ImageId::parse(&format!("ami-{number:017x}")).unwrap());
        let exempt = [("v2only:exempt-until", "2026-11-30"), ("v2only:exempt-reason", "soon")];
        let excused = instance(&format!("i-1{number:016x}"));
        aws.instance("eu-central-1", launched).instance("eu-central-1", tagged(excused, &exempt)).counted(
            &id,
            Metric::NoToken,
            &[1; 14],
        )
    };
    FakeWorld::with((0..number).fold(FakeAws::default().at_home("eu-central-1"), one))
}

#[test]
fn a_table_of_many_rows_has_one_heading_and_each_resource_once() {
    let world = many(1100);
    let out = world.run("scan --kind instance -q --list").out;
    let (out, due) = out.split_once("\n\n").unwrap();
    assert_eq!(due.lines().count(), 1 + 1100, "the exemptions that end soon come after it");
    let mut lines = out.lines().skip(1);
    let heading = lines.next().unwrap();
    let rows: Vec<&str> = lines.collect();
    assert_eq!((rows.len(), out.matches("VERDICT").count()), (2200, 1));
    let mut ids: Vec<&str> = rows.iter().map(|it| it.split_whitespace().next().unwrap()).collect();
    let violates = |row: &&str| row.contains("  violation  ");
    assert!(rows.is_sorted_by_key(|row| !violates(row)), "what violates the policy comes first");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2200, "each once");
    let verdict = |row: &&str| violates(row) || row.contains("  exempt     ");
    assert!(rows.iter().all(verdict), "{heading}\n{}\n{}", rows[0], rows[2199]);
}

/// A reader that goes away after so many bytes.
struct Closing(usize);

impl io::Write for Closing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_goes_away_never_makes_an_unfinished_run_clean() {
    let world = FakeWorld::with(estate().at_home("eu-central-1")).file("policy.yaml", POLICY);
    let ended = |line: &str, bytes: usize| world.run_into(line, &mut Closing(bytes), &mut io::sink()).code();
    for format in ["json", "ndjson", "csv"] {
        assert_eq!(ended(&format!("scan --policy DIR/policy.yaml --output {format}"), 0), 141, "{format}");
    }
    let whole = world.run("scan --policy DIR/policy.yaml --output json");
    let all_but_the_end = whole.out.len() - 10;
    assert_eq!(ended("scan --policy DIR/policy.yaml --output json", all_but_the_end), whole.exit.code());
}

#[test]
fn what_enforce_did_is_in_its_exit_code_even_if_nobody_reads_the_report() {
    let world = |name| {
        let world = FakeWorld::with(estate().at_home("eu-central-1")).file("policy.yaml", POLICY);
        (
            world,
            format!("enforce --policy DIR/policy.yaml --yes --soak 0s --journal DIR/{name} --output json"),
        )
    };
    let (read, line) = world("j.ndjson");
    let read_to_the_end = read.run(&line).exit.code();
    let (unread, line) = world("j.ndjson");
    let exit = unread.run_into(&line, &mut Closing(0), &mut io::sink());
    assert_eq!(exit.code(), read_to_the_end);
    assert_eq!(unread.read("j.ndjson").lines().count(), read.read("j.ndjson").lines().count());
}
