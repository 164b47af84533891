//! Surfaces outside of EC2, Auto Scaling and SageMaker: one scan names them, `enforce` fixes what can be fixed, `rollback`
//! restores the options exactly.

use v2only_enforcer::Kind;
use v2only_policy::instance::{HttpTokens, Switch};
use v2only_policy::surface::SurfaceFix;
use v2only_policy::{AccountId, Place, ResourceKind, StatedOptions, Surface, SurfaceKind};

use crate::fake_aws::{ACCOUNT, FakeAws, region};
use crate::fake_world::FakeWorld;

const POLICY: &str = "version: 1\nmode: enforce\nexemptions:\n  - match: { tag: { key: app, value: legacy } }\n    reason: vendor agent\n    owner: billing@example.com\n    until: 2027-01-31\n";
const ACCOUNTS: [&str; 3] = [ACCOUNT, "222233334444", "444455556666"];
const REGIONS: [&str; 2] = ["eu-central-1", "us-east-1"];
const SCAN: &str = "scan --policy DIR/policy.yaml --org --role-name r --region all --list";

fn place(account: &str, code: &str) -> Place {
    Place { account: AccountId::parse(account).unwrap(), region: region(code) }
}

fn surface(kind: SurfaceKind, id: &str, http_tokens: Option<HttpTokens>) -> Surface {
    let hop_limit = Some(3);
    let http_endpoint = (kind == SurfaceKind::LightsailInstance).then_some(Switch::Enabled);
    Surface {
        arn: Some(format!("arn:aws:test:::{id}")),
        created_at: Some("2024-01-01T00:00:00Z".parse().unwrap()),
        options: StatedOptions { http_tokens, http_endpoint, hop_limit, ..StatedOptions::default() },
        ..Surface::new(kind, id.to_owned())
    }
}

/// A good, a bad and an exempt surface of each kind in each account and Region.
fn estate() -> FakeAws {
    let mut aws = FakeAws::default().at_home(REGIONS[0]).enabled(&REGIONS).members(&[
        (ACCOUNTS[0], "own"),
        (ACCOUNTS[1], "shop"),
        (ACCOUNTS[2], "payments"),
    ]);
    for at in ACCOUNTS.iter().flat_map(|account| REGIONS.iter().map(|code| place(account, code))) {
        for kind in SurfaceKind::ALL.iter().copied() {
            let word = kind.about().kind.word;
            let mut exempt = surface(kind, &format!("{word}-exempt"), Some(HttpTokens::Optional));
            exempt.tags.insert("app".to_owned(), "legacy".to_owned());
            let bad = surface(kind, &format!("{word}-bad"), Some(HttpTokens::Optional));
            let good = surface(kind, &format!("{word}-good"), Some(HttpTokens::Required));
            aws = aws.surface(&at, good).surface(&at, exempt).surface(&at, bad);
        }
    }
    aws.surface_calls("lightsail-instance-bad", 0)
}

fn world(aws: FakeAws) -> FakeWorld {
    FakeWorld::with(aws).file("policy.yaml", POLICY)
}

#[test]
fn one_scan_names_each_bad_and_exempt_surface_in_every_account_and_region() {
    let world = world(estate());
    let run = world.run(&format!("{SCAN} --output json"));
    assert_eq!(run.exit.code(), 10, "{}", run.err);
    let json = run.json();
    for kind in SurfaceKind::ALL.iter().copied() {
        let word = kind.about().kind.word;
        for (what, verdict) in [("bad", "violation"), ("exempt", "exempt")] {
            let named = json["findings"].as_array().unwrap().iter().filter(|finding| {
                finding["kind"] == word
                    && finding["id"] == format!("{word}-{what}")
                    && finding["verdict"] == verdict
            });
            assert_eq!(named.count(), ACCOUNTS.len() * REGIONS.len(), "{word} {what}");
        }
    }
    assert!(!run.out.contains("-good"), "compliant surfaces are not listed");
    assert_eq!(world.aws.changes(), [""; 0]);
}

#[test]
fn every_format_names_each_kind() {
    for format in ["table", "csv", "ndjson", "sarif", "asff", "ocsf", "html"] {
        let run = world(estate()).run(&format!("{SCAN} --output {format}"));
        for kind in SurfaceKind::ALL.iter().copied() {
            let id = format!("{}-bad", kind.about().kind.word);
            assert!(run.out.contains(&id), "{format} lacks {id}: {}", run.err);
        }
    }
}

#[test]
fn a_kind_is_selected_by_its_word() {
    for kind in ResourceKind::selectable() {
        let run = world(estate()).run(&format!("{SCAN} --kind {} --output json", kind.word()));
        let named: Vec<_> = run.json()["findings"].as_array().unwrap().clone();
        assert!(named.iter().all(|it| it["kind"] == kind.word()), "{}", kind.word());
        assert_eq!(!named.is_empty(), matches!(kind, ResourceKind::Surface(_)), "{}", kind.word());
    }
}

/// The options that every surface states.
fn options(aws: &FakeAws) -> Vec<(String, StatedOptions)> {
    aws.surfaces_now().into_iter().map(|(at, it)| (format!("{at} {}", it.id), it.options)).collect()
}

#[test]
fn enforce_fixes_what_can_be_fixed_and_rollback_restores_it() {
    let world = world(estate());
    let before = options(&world.aws);
    let enforce = "enforce --policy DIR/policy.yaml --org --role-name r --region all --yes --journal DIR/journal.ndjson";
    let run = world.run(enforce);
    for (at, it) in world.aws.surfaces_now() {
        let is_fixable = match it.kind.about().fix {
            SurfaceFix::BehindUsageGate | SurfaceFix::InPlace => it.id.ends_with("-bad"),
            SurfaceFix::Report(_) => false,
        };
        let closed = it.options.http_tokens == Some(HttpTokens::Required);
        assert_eq!(closed, is_fixable || it.id.ends_with("-good"), "{at} {}: {}", it.id, run.err);
        assert_eq!(it.options.hop_limit, Some(3), "{at} {}", it.id);
    }
    assert_eq!(world.read("journal.ndjson").lines().count(), 2 * ACCOUNTS.len() * REGIONS.len());
    let changes = world.aws.changes().len();
    let other =
        "enforce --policy DIR/policy.yaml --org --role-name r --region all --yes --journal DIR/second.ndjson";
    world.run(other);
    assert_eq!(world.aws.changes().len(), changes, "a second run changes nothing");
    let run = world.run("rollback DIR/journal.ndjson --role-name r --yes");
    assert_eq!(run.exit.code(), 0, "{}{}", run.out, run.err);
    assert_eq!(options(&world.aws), before);
    let run = world.run("rollback DIR/journal.ndjson --role-name r --yes");
    assert_eq!(options(&world.aws), before, "{}", run.out);
}

#[test]
fn rollback_leaves_a_surface_that_was_created_since() {
    let at = place(ACCOUNT, REGIONS[0]);
    let old = surface(SurfaceKind::InfrastructureConfiguration, "golden", Some(HttpTokens::Optional));
    let made = world(FakeAws::default().at_home(REGIONS[0]).surface(&at, old.clone()));
    made.run("enforce --policy DIR/policy.yaml --yes --journal DIR/journal.ndjson");
    let mut new = old;
    new.options.http_tokens = Some(HttpTokens::Required);
    new.created_at = Some("2026-11-20T12:00:00Z".parse().unwrap());
    let later = FakeWorld::with(FakeAws::default().at_home(REGIONS[0]).surface(&at, new))
        .file("journal.ndjson", &made.read("journal.ndjson"));
    let run = later.run("rollback DIR/journal.ndjson --yes");
    assert_eq!(later.aws.changes(), [""; 0], "{}", run.out);
    assert!(run.out.contains("another resource"), "{}", run.out);
}

#[test]
fn a_surface_that_changed_since_the_plan_is_left() {
    let at = place(ACCOUNT, REGIONS[0]);
    let it = surface(SurfaceKind::InfrastructureConfiguration, "golden", Some(HttpTokens::Optional));
    // The first read is that of the plan.
    let aws = FakeAws::default().at_home(REGIONS[0]).surface(&at, it).before(
        "imagebuilder:GetInfrastructureConfiguration",
        1,
        |aws| aws.change_surfaces(|it| it.options.hop_limit = Some(1)),
    );
    let world = world(aws);
    let run = world.run("enforce --policy DIR/policy.yaml --yes --journal DIR/journal.ndjson");
    assert_eq!(world.aws.changes(), [""; 0], "{}", run.out);
    assert!(run.out.contains("changed since"), "{}", run.out);
}

#[test]
fn a_kind_that_cannot_be_read_makes_the_run_incomplete_and_keeps_no_other_from_being_read() {
    let aws = estate().failing("lightsail:GetInstances", None, Kind::Denied, "AccessDenied", "no");
    let run = world(aws).run(&format!("{SCAN} --output json"));
    assert_eq!(run.exit.code(), 3, "{}", run.err);
    let json = run.json();
    let kinds =
        |word: &str| json["findings"].as_array().unwrap().iter().filter(|it| it["kind"] == word).count();
    assert_eq!(kinds("lightsail-instance"), 0);
    assert_eq!(kinds("emr-security-configuration"), 12);
}
