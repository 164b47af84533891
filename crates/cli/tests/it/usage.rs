//! Who still uses version 1: what `scan` and `enforce` make of it, and `readiness`.

use insta::assert_snapshot;
use v2only_enforcer::Kind;
use v2only_enforcer::ports::Metric;
use v2only_policy::instance::{HttpTokens, Switch};
use v2only_policy::source::{
    Consumer, LaunchConfiguration, LaunchTemplate, TemplateSlot, TemplateUse, TemplateVersion, VersionChoice,
};
use v2only_policy::{AccountDefaults, ImdsSupport, Instance, LaunchTemplateId, StatedOptions, Tags};

use crate::fake_aws::{FakeAws, instance, tagged};
use crate::fake_world::FakeWorld;

const HERE: &str = "eu-central-1";
const QUIET: &str = "i-0000000000000000a";
const BUSY: &str = "i-0000000000000000b";
const YOUNG: &str = "i-0000000000000000c";
const SILENT: &str = "i-0000000000000000d";
const PARTIAL: &str = "i-0000000000000000e";
const CLOSED: &str = "i-0000000000000000f";

const READ: &str = "cloudwatch:GetMetricData";
const POLICY: &str = "version: 1\nmode: enforce\n";

fn closed(id: &str) -> Instance {
    let mut it = instance(id);
    it.options.http_tokens = HttpTokens::Required;
    it
}

fn started(it: Instance, at: &str) -> Instance {
    Instance { started_at: Some(at.parse().unwrap()), ..it }
}

/// Instances of long ago: one that is quiet, and every way of not being so.
fn fleet() -> FakeAws {
    FakeAws::default()
        .at_home(HERE)
        .instance(HERE, instance(QUIET))
        .instance(HERE, instance(BUSY))
        .instance(HERE, instance(YOUNG))
        .instance(HERE, instance(SILENT))
        .instance(HERE, instance(PARTIAL))
        .instance(HERE, closed(CLOSED))
        .counted(QUIET, Metric::NoToken, &[0; 14])
        .counted(BUSY, Metric::NoToken, &[0, 0, 0, 40, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        .counted(YOUNG, Metric::NoToken, &[0; 13])
        .counted(PARTIAL, Metric::NoToken, &[0; 14])
        .in_part(PARTIAL)
}

#[test]
fn the_gate_opens_for_the_quiet_one_alone() {
    let world = FakeWorld::with(fleet()).watched(150).file("policy.yaml", POLICY);
    let ran =
        world.run("enforce --policy DIR/policy.yaml --kind instance --yes --journal DIR/journal.ndjson");
    assert_snapshot!(ran.seen());
    assert_eq!(
        world.aws.changes(),
        ["ec2:ModifyInstanceMetadataOptions eu-central-1 i-0000000000000000a HttpTokens=required"]
    );
}

#[test]
fn usage_is_read_once_and_only_of_those_about_which_it_decides() {
    let mut managed = instance("i-00000000000000001");
    managed.managed_by = Some("eks.amazonaws.com".to_owned());
    let mut hops = closed("i-00000000000000002");
    hops.options.hop_limit = Some(9);
    let mut fresh = instance("i-00000000000000003");
    fresh.created_at = Some("2026-11-20T10:00:00Z".parse().unwrap());
    let exempt = tagged(instance("i-00000000000000004"), &[("app", "legacy-billing")]);
    let ungated = tagged(instance("i-00000000000000005"), &[("gate", "none")]);
    let aws =
        [managed, hops, fresh, exempt, ungated].into_iter().fold(fleet(), |aws, it| aws.instance(HERE, it));
    let policy = "\
version: 1
mode: enforce
instances: { hop_limit: { max: 2 } }
exemptions:
  - match: { tag: { key: app, value: legacy-billing } }
    reason: vendor agent speaks only v1
    owner: billing@example.com
    until: 2027-01-31
overrides:
  - match: { tag: { key: gate } }
    instances: { usage_gate: { applies_to: none } }
";
    let world = FakeWorld::with(aws).file("policy.yaml", policy);
    world.run("scan --policy DIR/policy.yaml --kind instance");
    let asked = format!(
        "MetadataNoToken since 2026-11-06 until 2026-11-20T10:15:00Z: {QUIET} {BUSY} {YOUNG} {SILENT} {PARTIAL}"
    );
    assert_eq!(world.aws.asked_of(READ), [asked]);
}

#[test]
fn a_compliant_estate_costs_no_call_to_cloudwatch() {
    let aws = FakeAws::default().at_home(HERE).instance(HERE, closed(CLOSED));
    let world = FakeWorld::with(aws).file("policy.yaml", POLICY);
    assert_eq!(world.run("scan --policy DIR/policy.yaml").exit.code(), 0);
    assert_eq!(world.aws.asked_of(READ), [""; 0]);
}

#[test]
fn each_instance_is_held_to_the_window_of_its_own_rules() {
    let aws = FakeAws::default()
        .at_home(HERE)
        .instance(HERE, started(tagged(instance(QUIET), &[("env", "dev")]), "2026-11-18T08:30:00Z"))
        .instance(HERE, instance(YOUNG))
        .counted(QUIET, Metric::NoToken, &[0, 0, 0, 7])
        .counted(YOUNG, Metric::NoToken, &[0, 0, 0, 7]);
    let policy = "\
version: 1
mode: enforce
overrides:
  - match: { tag: { key: env, value: dev } }
    instances: { usage_gate: { quiet_days: 3 } }
";
    let world = FakeWorld::with(aws).file("policy.yaml", policy);
    let json = world.run("scan --policy DIR/policy.yaml --kind instance --output json").json();
    let of = |number: usize| (&json["findings"][number]["plan"], &json["findings"][number]["hold"]);
    assert_eq!(of(0), (&"act".into(), &serde_json::Value::Null), "quiet for three days");
    assert_eq!(of(1), (&"hold".into(), &"usage-gate".into()), "seven calls in fourteen days");
}

/// Software calls version 1 mostly at a start, and this window has none.
#[test]
fn a_quiet_instance_that_was_not_started_in_the_window_is_on_hold_with_the_command_to_run() {
    let aws = FakeAws::default()
        .at_home(HERE)
        .instance(HERE, started(instance(QUIET), "2026-08-01T03:04:05Z"))
        .counted(QUIET, Metric::NoToken, &[0; 14]);
    let world = FakeWorld::with(aws).file("policy.yaml", POLICY);
    let ran = world.run("enforce --policy DIR/policy.yaml --kind instance --yes");
    assert_eq!(ran.exit.code(), 10, "{}", ran.err);
    assert_eq!(world.aws.changes(), [""; 0]);
    let stop = format!("`aws ec2 stop-instances --region {HERE} --instance-ids {QUIET}`");
    assert!(ran.out.contains("last started at 2026-08-01T03:04:05Z"), "{}", ran.out);
    assert!(ran.out.contains(&stop), "{}", ran.out);
    assert!(ran.err.contains("`instances.usage_gate.require_restart: false`"), "{}", ran.err);
    let json = world.run("scan --policy DIR/policy.yaml --kind instance --output json").json();
    assert_eq!(json["findings"][0]["hold"], "not-restarted");
    let json = world.run("readiness --output json").json();
    let it = &json["instances"][0];
    assert_eq!((&it["state"], &it["wants_restart"]), (&"unknown".into(), &true.into()));
    assert_eq!(
        (&it["last_start"], &it["started_in_window"]),
        (&"2026-08-01T03:04:05Z".into(), &false.into())
    );
    let readiness = world.run("readiness");
    assert!(readiness.out.contains("LAST START"), "{}", readiness.out);
    assert!(readiness.out.contains("2026-08-01 03:04, before the window"), "{}", readiness.out);
    assert!(readiness.out.contains("may use IMDSv1 when they start"), "{}", readiness.out);
    let html = world.run("scan --policy DIR/policy.yaml --kind instance --output html");
    assert!(html.out.contains("were not started in the window"), "the report");
    let without = world.file(
        "policy.yaml",
        "version: 1\nmode: enforce\ninstances: { usage_gate: { require_restart: false } }",
    );
    let enforce = "enforce --policy DIR/policy.yaml --kind instance --yes --journal DIR/j.ndjson";
    assert_eq!(without.run(enforce).exit.code(), 0);
    assert_eq!(without.aws.changes().len(), 1);
    assert_eq!(
        without.run("readiness --policy DIR/policy.yaml --output json").json()["totals"]["required"],
        1
    );
}

fn denied(aws: FakeAws) -> FakeAws {
    let why = "User: v2only is not authorized to perform: cloudwatch:GetMetricData";
    aws.failing(READ, None, Kind::Denied, "AccessDenied", why)
}

#[test]
fn where_usage_may_not_be_read_the_gate_stays_shut_and_the_rest_is_whole() {
    let world = FakeWorld::with(denied(fleet())).watched(150).file("policy.yaml", POLICY);
    assert_snapshot!(world.run("scan --policy DIR/policy.yaml --kind instance").seen());
    let ran = world.run("enforce --policy DIR/policy.yaml --kind instance --yes");
    assert_eq!(ran.exit.code(), 10);
    assert_eq!(world.aws.changes(), [""; 0]);
    let json = world.run("scan --policy DIR/policy.yaml --kind instance --output json").json();
    assert_eq!(json["incomplete"], serde_json::json!([]));
    assert_eq!(json["usage_unread"][0]["action"], READ);
    assert_eq!(json["usage_unread"][0]["region"], HERE);
}

fn template(id: &str, name: &str, tokens: Option<HttpTokens>) -> LaunchTemplate {
    let options = StatedOptions { http_tokens: tokens, ..StatedOptions::default() };
    LaunchTemplate {
        id: LaunchTemplateId::parse(id).unwrap(),
        name: name.to_owned(),
        default: 1,
        latest: 1,
        displaced: None,
        versions: vec![TemplateVersion {
            number: 1,
            options,
            instance_type: None,
            instance_tags: Tags::new(),
            image: None,
            imds_support: ImdsSupport::Unknown,
            made: None,
            exempts: false,
        }],
        consumers: Vec::new(),
        managed_by: None,
        created_by: None,
        tags: Tags::new(),
    }
}

fn member(it: Instance, group: &str, template: &str) -> Instance {
    let tags = [
        ("aws:autoscaling:groupName", group),
        ("aws:ec2launchtemplate:id", template),
        ("aws:ec2launchtemplate:version", "1"),
    ];
    tagged(it, &tags)
}

const OPEN: &str = "lt-0000000000000000a";
const SHUT: &str = "lt-0000000000000000b";

/// Two groups, some loners, and sources that say everything there is to say.
fn estate() -> FakeAws {
    let mut off = instance("i-00000000000000001");
    off.options.http_endpoint = Switch::Disabled;
    FakeAws::default()
        .at_home(HERE)
        .instance(HERE, tagged(member(instance(QUIET), "web", SHUT), &[("app", "shop")]))
        .instance(HERE, tagged(member(instance(BUSY), "batch", OPEN), &[("app", "shop")]))
        .instance(HERE, member(instance(YOUNG), "batch", OPEN))
        .instance(HERE, instance(SILENT))
        .instance(HERE, member(closed(CLOSED), "web", SHUT))
        .instance(HERE, off)
        .counted(QUIET, Metric::NoToken, &[0; 14])
        .counted(BUSY, Metric::NoToken, &[7; 14])
        .counted(YOUNG, Metric::NoToken, &[0; 5])
        .counted(CLOSED, Metric::NoTokenRejected, &[3; 4])
        .template(template(OPEN, "batch", Some(HttpTokens::Optional)))
        .template(template(SHUT, "web", Some(HttpTokens::Required)))
        .consumer(Consumer {
            templates: vec![TemplateUse::plain(OPEN.to_owned(), VersionChoice::Default, TemplateSlot::Own)],
            ..Consumer::group("batch".to_owned())
        })
        .consumer(Consumer {
            configuration: Some("legacy-2019".to_owned()),
            ..Consumer::group("legacy".to_owned())
        })
        .configuration(LaunchConfiguration {
            name: "legacy-2019".to_owned(),
            options: StatedOptions::default(),
            groups: Vec::new(),
        })
        .configuration(LaunchConfiguration {
            name: "unused".to_owned(),
            options: StatedOptions::default(),
            groups: Vec::new(),
        })
}

#[test]
fn readiness_reports_instances_their_groups_and_what_would_fail() {
    let world = FakeWorld::with(estate()).watched(170);
    let ran = world.run("readiness --tag app");
    assert_snapshot!(ran.seen());
    assert_eq!(ran.exit.code(), 10);
    assert_eq!(world.aws.changes(), [""; 0]);
}

#[test]
fn readiness_has_its_published_shape() {
    let world = FakeWorld::with(estate());
    assert_snapshot!(world.run("readiness --tag app --output json -q").seen());
}

fn required() -> AccountDefaults {
    let options = StatedOptions { http_tokens: Some(HttpTokens::Required), ..StatedOptions::default() };
    AccountDefaults { options, ..AccountDefaults::UNSET }
}

/// As many zeros as the window has days, and no source that says optional.
#[test]
fn a_ready_estate_is_zero_and_one_day_less_is_not() {
    let ready = |days: usize| {
        let zeros = vec![0; days];
        let aws = FakeAws::default().at_home(HERE).defaults(required()).instance(HERE, instance(QUIET));
        FakeWorld::with(aws.counted(QUIET, Metric::NoToken, &zeros))
    };
    assert_snapshot!(ready(30).run("readiness --days 30").seen(), @r"
    exit 0
    == stdout
     INSTANCE             STATE  V1 CALLS  REFUSED  DATA           LAST START        REGION
     i-0000000000000000a  ready  0         0        30 of 30 days  2026-11-12 08:30  eu-central-1

    if HttpTokensEnforced were on today, nothing would fail
    == stderr
    1 instance: 1 ready
    read 1 Region in account 111122223333 with 10 API calls
    ");
    assert_eq!(ready(29).run("readiness --days 30").exit.code(), 10);
    assert_eq!(ready(14).run("readiness").exit.code(), 0);
    assert_eq!(ready(13).run("readiness").exit.code(), 10);
    let world = ready(20)
        .file("policy.yaml", "version: 1\nmode: observe\ninstances: { usage_gate: { quiet_days: 20 } }");
    assert_eq!(world.run("readiness --policy DIR/policy.yaml").exit.code(), 0);
    let world = ready(19)
        .file("policy.yaml", "version: 1\nmode: observe\ninstances: { usage_gate: { quiet_days: 20 } }");
    assert_eq!(world.run("readiness --policy DIR/policy.yaml").exit.code(), 10);
}

/// Somebody enforced, it broke, and somebody turned it back.
#[test]
fn refused_calls_of_an_instance_that_answers_again_are_use_too() {
    let aws = FakeAws::default()
        .at_home(HERE)
        .defaults(required())
        .instance(HERE, instance(QUIET))
        .counted(QUIET, Metric::NoToken, &[0; 14])
        .counted(QUIET, Metric::NoTokenRejected, &[0, 0, 5]);
    let json = FakeWorld::with(aws).run("readiness --output json").json();
    assert_eq!(json["instances"][0]["state"], "busy");
    assert_eq!(json["instances"][0]["metadata_no_token_rejected"], 5);
}

#[test]
fn what_cannot_be_read_is_unknown_and_the_run_incomplete() {
    let world = FakeWorld::with(denied(estate())).watched(170);
    let ran = world.run("readiness");
    assert_eq!(ran.exit.code(), 3);
    assert_snapshot!(ran.err);
    let json = world.run("readiness --output json").json();
    let states: Vec<&str> =
        json["instances"].as_array().unwrap().iter().filter_map(|it| it["state"].as_str()).collect();
    assert_eq!(states, ["unknown", "unknown", "unknown", "unknown", "required"]);
    assert_eq!(json["instances"][0]["complete"], false);
    assert_eq!(json["if_enforced"]["sources"].as_array().unwrap().len(), 3, "sources are read all the same");
}

#[test]
fn a_window_has_1_to_455_days() {
    let world = FakeWorld::with(estate());
    for days in ["0", "456", "-1", "many"] {
        assert_eq!(world.run(&format!("readiness --days={days}")).exit.code(), 2, "{days}");
    }
}

#[test]
fn an_account_that_cannot_be_entered_is_named_and_the_others_are_reported() {
    let world = FakeWorld::with(estate()).watched(170);
    let ran = world.run("readiness --org --role-name v2only-scanner");
    assert_eq!(ran.exit.code(), 3);
    assert!(ran.out.contains(BUSY), "{}", ran.out);
    assert!(ran.err.contains("444455556666"), "{}", ran.err);
}

#[test]
fn an_exemption_tag_of_a_launch_template_is_reported_as_such() {
    let tags = [("v2only:exempt-until", "2026-12-31"), ("v2only:exempt-reason", "vendor agent")];
    let mut exempting = template(OPEN, "batch", Some(HttpTokens::Optional));
    exempting.versions[0].exempts = true;
    let aws = FakeAws::default()
        .at_home(HERE)
        .instance(HERE, tagged(member(instance(QUIET), "batch", OPEN), &tags))
        .instance(HERE, tagged(member(instance(BUSY), "web", SHUT), &tags))
        .template(exempting)
        .template(template(SHUT, "web", Some(HttpTokens::Required)));
    let world = FakeWorld::with(aws).file("policy.yaml", POLICY);
    let json = world.run("scan --policy DIR/policy.yaml --kind instance --output json").json();
    let notes = |id: &str| {
        let all = json["findings"].as_array().unwrap();
        all.iter().find(|it| it["id"] == id).unwrap()["reasons"].to_string()
    };
    assert!(notes(QUIET).contains(&format!("from launch template {OPEN} version 1")), "{}", notes(QUIET));
    assert!(notes(QUIET).contains("`exemptions_by_tag: ignore`"), "{}", notes(QUIET));
    assert!(!notes(BUSY).contains("launch template"), "{}", notes(BUSY));
}
