//! The templates that deploy policies, and the conformance pack.

use jiff::civil::date;
use v2only_document::tree::{IssueKind, Node, Options, read};
use v2only_guardrails::settings::Principals;
use v2only_guardrails::{Kind, Settings, deploy, render};
use v2only_policy::exemption::Exemption;
use v2only_policy::scope::{Glob, Matcher};
use v2only_policy::settings::Rules;
use v2only_policy::{AccountId, Mode, Partition, Policy};

fn file(settings: &Settings, path: &str) -> String {
    deploy::files(settings).unwrap().into_iter().find(|it| it.path == path).unwrap().text
}

fn resources(text: &str) -> Vec<(String, Node)> {
    let tree = read(text, &Options::TEMPLATE);
    assert!(tree.issues.iter().all(|it| matches!(it.kind, IssueKind::Tag(_))), "{:?}", tree.issues);
    let entries = tree.root().unwrap().get("Resources").unwrap().entries();
    entries.iter().map(|it| (it.key.text.clone(), it.value.clone())).collect()
}

#[test]
fn every_policy_of_the_organization_is_created_once_and_attached_to_nothing() {
    let settings = Settings::shipped();
    let text = file(&settings, "cloudformation/organization-policies.yaml");
    assert!(text.len() < 51_200, "a stack accepts a template of {} bytes only from a bucket", text.len());
    let policies: Vec<(String, Node)> = resources(&text).into_iter().filter(|it| it.0 != "Anchor").collect();
    let rendered: Vec<_> = render(&settings)
        .unwrap()
        .into_iter()
        .filter(|it| it.kind != Kind::Iam && !it.path.starts_with("scp/everything"))
        .collect();
    assert_eq!(policies.len(), rendered.len());
    for ((name, policy), file) in policies.iter().zip(rendered) {
        let properties = policy.get("Properties").unwrap();
        assert!(properties.get("TargetIds").is_none(), "{name}");
        assert!(policy.get("Condition").is_some(), "{name}");
        let kind = properties.get("Type").and_then(Node::text).unwrap();
        let expected = match file.kind {
            Kind::Scp => "SERVICE_CONTROL_POLICY",
            Kind::Rcp => "RESOURCE_CONTROL_POLICY",
            Kind::Declarative => "DECLARATIVE_POLICY_EC2",
            Kind::Iam => panic!("{name} is no policy of the organization"),
        };
        assert_eq!(kind, expected, "{name}");
        assert!(text.contains(&file.json.replace('\n', "")), "{name} has another content than {}", file.path);
    }
    // Each policy waits for the one before it, if both are under the same condition.
    let text_of = |it: &(String, Node), key| it.1.get(key).and_then(Node::text).map(str::to_owned);
    for pair in policies.windows(2) {
        let same = text_of(&pair[0], "Condition") == text_of(&pair[1], "Condition");
        assert_eq!(text_of(&pair[1], "DependsOn").as_ref(), same.then_some(&pair[0].0));
    }
}

fn exempt(resources: &[&str], accounts: &[&str]) -> Exemption {
    Exemption {
        matcher: Matcher {
            resources: resources.iter().map(|it| Glob::new(it)).collect(),
            accounts: accounts.iter().map(|it| AccountId::parse(it).unwrap()).collect(),
            ..Matcher::default()
        },
        reason: "vendor".to_owned(),
        owner: None,
        until: date(2027, 1, 31),
    }
}

#[test]
fn exemptions_by_id_are_the_defaults_of_the_parameters() {
    let mut policy = Policy::plain(Rules::new(Mode::Enforce));
    policy.exemptions = vec![
        exempt(&["i-0123456789abcdef0", "legacy-*"], &[]),
        // An id is unique, and a name is not.
        exempt(&["i-0fedcba9876543210"], &["111122223333"]),
        exempt(&["lab"], &["111122223333"]),
        exempt(&["lab_?.a"], &[]),
    ];
    let settings = Settings::from_policy(&policy, Partition::Aws, Principals::default());
    assert_eq!(settings.exempt_instances, ["i-0123456789abcdef0", "i-0fedcba9876543210"]);
    assert_eq!(settings.exempt_notebooks, ["legacy-*", "lab_?.a"]);
    let pack = file(&settings, "config/conformance-pack.yaml");
    assert!(pack.contains("Default: \"i-0123456789abcdef0|i-0fedcba9876543210\"\n"), "{pack}");
    assert!(pack.contains("Default: \"legacy-.*|lab_.\\\\.a\"\n"), "{pack}");
    let shipped = file(&Settings::shipped(), "config/conformance-pack.yaml");
    assert_eq!(shipped.matches("Default: \"none\"\n").count(), 2);
}

#[test]
fn an_exemption_of_everything_is_one_of_instances_and_of_notebooks() {
    let mut policy = Policy::plain(Rules::new(Mode::Enforce));
    policy.exemptions = vec![exempt(&["*"], &[])];
    let settings = Settings::from_policy(&policy, Partition::Aws, Principals::default());
    assert_eq!((settings.exempt_instances, settings.exempt_notebooks), (vec!["*".into()], vec!["*".into()]));
}

#[test]
fn the_pack_has_the_managed_rules_and_one_of_our_own_for_notebooks() {
    let text = file(&Settings::shipped(), "config/conformance-pack.yaml");
    let source = |rule: &(String, Node)| {
        let source = rule.1.get("Properties").and_then(|it| it.get("Source")).unwrap();
        source.get("SourceIdentifier").or(source.get("Owner")).and_then(Node::text).unwrap().to_owned()
    };
    let sources: Vec<String> = resources(&text).iter().map(source).collect();
    assert_eq!(
        sources,
        [
            "EC2_IMDSV2_CHECK",
            "CUSTOM_POLICY",
            "EC2_LAUNCH_TEMPLATE_IMDSV2_CHECK",
            "AUTOSCALING_LAUNCHCONFIG_REQUIRES_IMDSV2",
            "CUSTOM_POLICY",
        ]
    );
}
