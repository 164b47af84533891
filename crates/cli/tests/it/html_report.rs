//! `--output html`: the report answers what to do next, claims nothing that was not read, and takes nothing for markup.

use crate::fake_aws::FakeAws;
use crate::fake_world::FakeWorld;
use crate::outputs::{POLICY, estate, many};

fn page(line: &str) -> String {
    let world = FakeWorld::with(estate()).file("policy.yaml", POLICY);
    world.run(&format!("scan --policy DIR/policy.yaml -q --output html {line}")).out
}

#[test]
fn the_report_answers_how_many_where_and_what_next() {
    let page = page("");
    for text in [
        "<h1>5 instances and 1 notebook still answer IMDSv1</h1>",
        "In account 111122223333, eu-central-1. Looked in 1 account and 1 Region.",
        "<strong>Next: Account defaults</strong>",
        "Launch template web lt-0000000000000000a permits IMDSv1",
        "A new version that requires tokens (<code>launch_templates.fix: new-version</code>)",
        "<code class=\"command\">v2only enforce --kind launch-template --only lt-0000000000000000a</code>",
        "still use IMDSv1",
        "<h3>Over</h3>",
        "<h3>End within 14 days</h3>",
        "<h3>End later</h3>",
        "<h3>Exempt nobody</h3>",
        "<h3>Excused nothing</h3>",
    ] {
        assert!(page.contains(text), "{text}\n{page}");
    }
    assert_eq!(page.matches("<h1").count(), 1);
    assert!(!page.contains("This report is incomplete"));
}

#[test]
fn nothing_that_aws_says_becomes_markup() {
    let page = page("");
    assert!(!page.contains("<script>alert"), "{page}");
    assert!(!page.contains("<b>soon"), "{page}");
    assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62;"), "{page}");
    assert_eq!(page.matches("<script").count(), 1);
}

#[test]
fn the_report_asks_for_nothing_from_outside() {
    let page = page("");
    for word in ["http://", "https://", "src=", "url(", "@import", "<link", "<img", "<iframe", " style="] {
        assert!(!page.contains(word), "{word}\n{page}");
    }
    assert!(page.contains("default-src 'none'; style-src 'sha256-"), "{page}");
    assert!(!page.contains("unsafe"), "{page}");
}

#[test]
fn a_report_of_one_kind_claims_nothing_of_the_others() {
    let sources = page("--kind launch-template");
    assert!(sources.contains("<h1>Instances and notebooks were not looked at</h1>"), "{sources}");
    assert!(!sources.contains("answers IMDSv1 any more"), "{sources}");
    let notebooks = page("--kind notebook");
    assert!(
        notebooks.contains("<h1>1 notebook still answers IMDSv1; instances were not looked at</h1>"),
        "{notebooks}"
    );
    let clean = FakeWorld::with(FakeAws::default().at_home("eu-central-1"));
    let instances = clean.run("scan -q --output html --kind instance").out;
    assert!(
        instances.contains("<h1>No instance answers IMDSv1 any more; notebooks were not looked at</h1>"),
        "{instances}"
    );
    assert!(instances.contains("Nothing that was checked violates the policy."), "{instances}");
    let world = FakeWorld::with(estate()).file("policy.yaml", POLICY);
    let json = world.run("scan --policy DIR/policy.yaml -q --output json").out;
    let world = world.file("october.json", &json.replace("2026-11-20T10:15:00Z", "2026-10-01T00:00:00Z"));
    let line = "scan --policy DIR/policy.yaml --output html --kind image --earlier DIR/october.json";
    let ran = world.run(line);
    assert_eq!((ran.exit.code(), ran.out.as_str()), (2, ""), "{}", ran.err);
    assert!(ran.err.contains("`--earlier` compares runs that read everything"), "{}", ran.err);
}

#[test]
fn a_trend_is_drawn_from_earlier_runs_and_told_in_numbers() {
    let world = FakeWorld::with(estate()).file("policy.yaml", POLICY);
    let json = world.run("scan --policy DIR/policy.yaml -q --output json").out;
    let october = json.replace("2026-11-20T10:15:00Z", "2026-10-01T00:00:00Z");
    let world = world.file("october.json", &october);
    let page = world.run("scan --policy DIR/policy.yaml -q --output html --earlier DIR/october.json").out;
    assert!(page.contains("6 still answer IMDSv1, as many as then on 1 October 2026."), "{page}");
    assert!(page.contains("<th scope=\"row\" role=\"rowheader\">1 October 2026</th>"), "{page}");
}

#[test]
fn what_is_no_earlier_run_is_one_clear_error() {
    let world = FakeWorld::with(estate())
        .file("policy.yaml", POLICY)
        .file("readiness.json", r#"{"schema": "v2only.readiness.v1"}"#);
    for (line, why) in [
        ("--output html --earlier DIR/missing.json", "cannot read DIR/missing.json"),
        ("--output html --earlier DIR/policy.yaml", "DIR/policy.yaml: not what a scan printed as JSON"),
        ("--output html --earlier DIR/readiness.json", "its `schema` is `v2only.readiness.v1`"),
        ("--output json --earlier DIR/readiness.json", "`--earlier` is for reports"),
    ] {
        let ran = world.run(&format!("scan {line}"));
        assert_eq!((ran.exit.code(), ran.out.as_str()), (2, ""), "{line}");
        assert!(ran.err.contains(why), "{line}: {}", ran.err);
        assert_eq!(world.aws.asked(), [""; 0]);
    }
}

#[test]
fn a_report_of_an_enforcement_says_what_was_changed() {
    let world = FakeWorld::with(estate()).file("policy.yaml", POLICY);
    let line = "enforce --policy DIR/policy.yaml --yes -q --journal DIR/j.ndjson --output html";
    let page = world.run(line).out;
    assert!(page.contains("<h2 id=\"changed-title\">What was changed</h2>"), "{page}");
    assert!(page.contains("The state before is in DIR/j.ndjson"), "{page}");
    assert!(page.contains("<h1>4 instances still answer IMDSv1</h1>"), "{page}");
}

#[test]
fn a_report_says_how_many_rows_of_each_table_it_leaves_out_and_where_they_are() {
    let world = many(503).file("policy.yaml", POLICY);
    let page = world.run("scan --kind instance --policy DIR/policy.yaml -q --output html").out;
    for left_out in [
        "<p>The first 500; 3 more are in the output of <code>v2only scan --output csv</code>.</p>",
        "<p>The first 500; 3 more are in the column <code>cause</code> of <code>v2only scan --output csv</code>.</p>",
        "<p>The first 500; 3 more are in the output of <code>v2only readiness --output csv</code>.</p>",
        "<p>The first 500; 3 more are in the output of <code>v2only scan --output json</code>.</p>",
    ] {
        assert!(page.contains(left_out), "{left_out}\n{page}");
    }
    assert!(page.contains("explains 1 of 503 violating instances"), "{page}");
    assert_eq!(page.matches("more are in").count(), 4);
    assert!(!many(500).run("scan --kind instance -q --output html").out.contains("more are in"));
}
