//! What instances take their options from: precedence, truth tables, and what the order of changes is.

use v2only_policy::plan::Hold;
use v2only_policy::settings::{ImageFix, LaunchTemplateFix, SwitchRule};
use v2only_policy::source::{
    ConsumerKind, ConsumerUse, Image, LaunchConfiguration, LaunchTemplate, TemplateSlot, TemplateVersion,
    VersionChoice,
};
use v2only_policy::verdict::Note;
use v2only_policy::{
    AccountDefaults, By, Decided, HttpTokens, ImageId, ImdsSupport, Judged, LaunchTemplateId, Plan, Policy,
    Rules, StatedOptions, Subject, Switch, SwitchOption, Switches, Tags, decide_image,
    decide_launch_configuration, decide_launch_template, effective,
};

use crate::words::*;

pub fn says(tokens: Option<HttpTokens>) -> StatedOptions {
    StatedOptions { http_tokens: tokens, ..StatedOptions::default() }
}

pub const SILENT: Option<HttpTokens> = None;
pub const REQUIRED: Option<HttpTokens> = Some(HttpTokens::Required);
pub const OPTIONAL: Option<HttpTokens> = Some(HttpTokens::Optional);

pub fn account(tokens: Option<HttpTokens>) -> AccountDefaults {
    AccountDefaults { options: says(tokens), ..AccountDefaults::UNSET }
}

pub fn version(number: u64, tokens: Option<HttpTokens>) -> TemplateVersion {
    TemplateVersion {
        number,
        options: says(tokens),
        instance_type: None,
        instance_tags: Tags::new(),
        image: Some("ami-0123456789abcdef0".to_owned()),
        imds_support: ImdsSupport::Unmarked,
        made: None,
        exempts: false,
    }
}

/// A template whose `$Default` and `$Latest` are these.
pub fn template(default: u64, latest: u64, versions: Vec<TemplateVersion>) -> LaunchTemplate {
    LaunchTemplate {
        id: LaunchTemplateId::parse("lt-0123456789abcdef0").unwrap(),
        name: "web".to_owned(),
        default,
        latest,
        displaced: None,
        versions,
        consumers: Vec::new(),
        managed_by: None,
        created_by: None,
        tags: Tags::new(),
    }
}

pub fn used_by(mut it: LaunchTemplate, group: &str, version: VersionChoice) -> LaunchTemplate {
    let kind = ConsumerKind::AutoScalingGroup;
    it.consumers.push(ConsumerUse {
        kind,
        consumer: group.to_owned(),
        version,
        part: TemplateSlot::Own,
        instances: 0,
        is_repointed: false,
    });
    it
}

pub fn new_versions() -> Rules {
    enforce().edit(|it| it.launch_templates.fix = LaunchTemplateFix::NewVersion)
}

fn number(judged: &Judged) -> String {
    match judged.subject {
        Subject::TemplateVersion { number, .. } => number.to_string(),
        _ => "no version".to_owned(),
    }
}

#[track_caller]
pub fn check_template(
    shows: &str,
    it: &LaunchTemplate,
    account: &AccountDefaults,
    policy: impl AsPolicy,
    expected: &[&str],
) {
    let decided = decide_launch_template(it, account, &policy.policy(), &seen().circumstances()).unwrap();
    let lines: Vec<String> =
        decided.iter().map(|it| format!("{}: {}", number(it), told(&it.decision))).collect();
    assert_eq!(lines, expected, "{shows}");
}

#[test]
fn each_option_is_decided_by_the_first_who_says_something() {
    use ImdsSupport::{Unknown, Unmarked, V2};
    let rows = [
        (REQUIRED, OPTIONAL, Unmarked, HttpTokens::Required, By::Source),
        (OPTIONAL, REQUIRED, V2, HttpTokens::Optional, By::Source),
        (SILENT, REQUIRED, Unmarked, HttpTokens::Required, By::AccountDefault),
        (SILENT, OPTIONAL, V2, HttpTokens::Optional, By::AccountDefault),
        (SILENT, SILENT, V2, HttpTokens::Required, By::Image),
        (SILENT, SILENT, Unmarked, HttpTokens::Optional, By::Nobody),
        (SILENT, SILENT, Unknown, HttpTokens::Unknown, By::Image),
    ];
    for (source, default, image, is, by) in rows {
        let tokens = effective(&says(source), &account(default), image).http_tokens;
        assert_eq!((tokens.is, tokens.by), (is, by), "{source:?}, {default:?}, {image:?}");
    }
}

#[test]
fn an_account_hop_limit_of_1_wins_over_the_2_of_an_image() {
    let mut defaults = account(SILENT);
    defaults.options.hop_limit = Some(1);
    let effective = effective(&says(SILENT), &defaults, ImdsSupport::V2);
    assert_eq!((effective.http_tokens.is, effective.http_tokens.by), (HttpTokens::Required, By::Image));
    assert_eq!((effective.hop_limit.is, effective.hop_limit.by), (Some(1), By::AccountDefault));
}

#[test]
fn an_account_decides_tags_in_metadata_and_never_the_ipv6_endpoint() {
    let mut account = account(SILENT);
    account.options.switches = Switches::all(Some(Switch::Enabled));
    let decided = effective(&says(SILENT), &account, ImdsSupport::Unmarked).switches;
    let tags = Decided { is: Switch::Enabled, by: By::AccountDefault };
    let ipv6 = Decided { is: Switch::Disabled, by: By::Nobody };
    assert_eq!((decided[SwitchOption::MetadataTags], decided[SwitchOption::Ipv6Endpoint]), (tags, ipv6));
}

#[test]
fn a_template_is_judged_by_what_it_comes_to() {
    let rows: [(Option<HttpTokens>, Option<HttpTokens>, &str); 4] = [
        (REQUIRED, SILENT, "1: compliant (HttpTokens is required) → nothing"),
        (SILENT, REQUIRED, "1: compliant (HttpTokens is required) → nothing"),
        (
            OPTIONAL,
            REQUIRED,
            "1: violation [http-tokens] → act: new version from version 1 with HttpTokens=required, made the \
             default",
        ),
        (
            SILENT,
            SILENT,
            "1: violation [http-tokens] → act: new version from version 1 with HttpTokens=required, made the \
             default",
        ),
    ];
    for (tokens, default, expected) in rows {
        let it = template(1, 1, vec![version(1, tokens)]);
        check_template("one version", &it, &account(default), new_versions(), &[expected]);
    }
    let mut off = template(1, 1, vec![version(1, OPTIONAL)]);
    off.versions[0].options.http_endpoint = Some(Switch::Disabled);
    let expected = ["1: compliant (HttpEndpoint is disabled) → nothing"];
    check_template("no metadata service at all", &off, &account(SILENT), new_versions(), &expected);
}

/// Prowler passed a template without metadata options, and one with a single good version among bad ones.
#[test]
fn silence_and_one_good_version_are_no_excuse() {
    let it = template(1, 2, vec![version(1, SILENT), version(2, REQUIRED)]);
    check_template(
        "a silent default beside a good latest",
        &it,
        &account(SILENT),
        new_versions(),
        &[
            "1: violation [http-tokens] → act: new version from version 1 with HttpTokens=required, made the \
             default; then version 2 again, so that it stays $Latest",
            "2: compliant (HttpTokens is required) → nothing",
        ],
    );
}

#[test]
fn an_image_that_was_not_described_is_no_evidence() {
    let mut it = template(1, 1, vec![version(1, SILENT)]);
    it.versions[0].imds_support = ImdsSupport::Unknown;
    check_template(
        "unknown image",
        &it,
        &account(SILENT),
        enforce(),
        &["1: violation [http-tokens] → hold: source-report-only, would new version from version 1 with \
           HttpTokens=required, made the default"],
    );
}

#[test]
fn default_comes_before_latest_and_latest_keeps_its_meaning() {
    let it = template(2, 5, vec![version(5, OPTIONAL), version(3, OPTIONAL), version(2, OPTIONAL)]);
    let it = used_by(it, "batch", VersionChoice::Number(3));
    check_template(
        "three versions in use",
        &it,
        &account(SILENT),
        new_versions(),
        &[
            "2: violation [http-tokens] → act: new version from version 2 with HttpTokens=required, made the \
             default",
            "3: violation [http-tokens] → hold: pinned",
            "5: violation [http-tokens] → act: new version from version 5 with HttpTokens=required",
        ],
    );
    let followed = used_by(it, "web", VersionChoice::Latest);
    check_template(
        "a group launches from $Latest",
        &followed,
        &account(SILENT),
        new_versions(),
        &[
            "2: violation [http-tokens] → hold: latest-in-use",
            "3: violation [http-tokens] → hold: pinned",
            "5: violation [http-tokens] → act: new version from version 5 with HttpTokens=required",
        ],
    );
}

#[test]
fn what_the_document_says_of_other_options_holds_for_templates_too() {
    let mut it = template(1, 1, vec![version(1, REQUIRED)]);
    it.versions[0].options.hop_limit = Some(5);
    check_template(
        "no opinion",
        &it,
        &account(SILENT),
        new_versions(),
        &["1: compliant (HttpTokens is required) → nothing"],
    );
    check_template(
        "at most 2",
        &it,
        &account(SILENT),
        new_versions().hops_at_most(2),
        &["1: violation [hop-limit] → act: new version from version 1 with HttpTokens=required \
         HttpPutResponseHopLimit=2, made the default"],
    );
    check_template(
        "no metadata service",
        &it,
        &account(SILENT),
        new_versions().endpoint_off(),
        &[
            "1: violation [http-endpoint] → act: new version from version 1 with HttpEndpoint=disabled, made the \
         default",
        ],
    );
}

#[test]
fn a_template_gets_no_option_that_would_make_its_launches_fail() {
    let rules = || {
        new_versions().edit(|rules| {
            rules.instances.switches[SwitchOption::MetadataTags] = SwitchRule::Enabled;
            rules.instances.switches[SwitchOption::Ipv6Endpoint] = SwitchRule::Enabled;
        })
    };
    let mut it = template(1, 1, vec![version(1, OPTIONAL)]);
    it.versions[0].instance_type = Some("t2.micro".to_owned());
    it.versions[0].instance_tags.insert("Patch Group".to_owned(), "a".to_owned());
    check_template(
        "tokens alone",
        &it,
        &account(SILENT),
        rules(),
        &["1: violation [http-tokens ipv6-endpoint metadata-tags] → act: new version from version 1 with \
           HttpTokens=required, made the default; ipv6-instance-type; metadata-tag-key"],
    );
    it.versions[0].options.http_tokens = REQUIRED;
    check_template(
        "nothing is left to change",
        &it,
        &account(SILENT),
        rules(),
        &["1: violation [ipv6-endpoint metadata-tags] → hold: ipv6-instance-type; metadata-tag-key"],
    );
}

#[test]
fn templates_are_exempt_managed_or_only_observed() {
    let it = || template(1, 1, vec![version(1, OPTIONAL)]);
    let mut exempt = it();
    exempt.tags.insert("v2only:exempt-until".to_owned(), "2026-11-20".to_owned());
    exempt.tags.insert("v2only:exempt-reason".to_owned(), "vendor".to_owned());
    check_template(
        "its last day",
        &exempt,
        &account(SILENT),
        new_versions(),
        &["1: exempt by tag through 2026-11-20 [http-tokens] → nothing"],
    );
    let mut managed = it();
    managed.managed_by = Some("eks.amazonaws.com".to_owned());
    check_template(
        "managed",
        &managed,
        &account(SILENT),
        new_versions(),
        &["1: violation [http-tokens] → hold: managed"],
    );
    let observed = new_versions().edit(|it| it.mode = v2only_policy::Mode::Observe);
    check_template(
        "observed",
        &it(),
        &account(SILENT),
        observed,
        &["1: violation [http-tokens] → hold: observe-mode, would new version from version 1 with \
         HttpTokens=required, made the default"],
    );
}

#[test]
fn a_launch_configuration_is_reported_with_its_groups() {
    let it = |tokens, groups: &[&str]| LaunchConfiguration {
        name: "web-2019".to_owned(),
        options: says(tokens),
        groups: groups.iter().map(|it| (*it).to_owned()).collect(),
    };
    let decide = |configuration: &LaunchConfiguration| {
        let policy = Policy::plain(enforce());
        decide_launch_configuration(configuration, &policy, &seen().circumstances()).unwrap().decision
    };
    assert_eq!(told(&decide(&it(SILENT, &["web"]))), "violation [http-tokens] → hold: immutable");
    assert_eq!(told(&decide(&it(OPTIONAL, &[]))), "violation [http-tokens] → hold: immutable");
    assert_eq!(told(&decide(&it(REQUIRED, &["web"]))), "compliant (HttpTokens is required) → nothing");
    let Plan::Hold { why, .. } = decide(&it(SILENT, &["web", "batch"])).plan else { panic!() };
    assert_eq!(
        why.to_string(),
        "launch configurations cannot be changed; move web, batch to a launch template"
    );
}

pub fn image(support: ImdsSupport) -> Image {
    Image {
        id: ImageId::parse("ami-0123456789abcdef0").unwrap(),
        name: "golden".to_owned(),
        imds_support: support,
        tags: Tags::new(),
    }
}

#[test]
fn an_image_is_marked_only_where_document_and_person_agree() {
    let decide = |support, rules: Rules| {
        decide_image(&image(support), &Policy::plain(rules), &seen().circumstances()).unwrap()
    };
    let marking = || enforce().edit(|it| it.images = ImageFix::MarkV2);
    assert_eq!(told(&decide(ImdsSupport::V2, marking())), "compliant (ImdsSupport is v2.0) → nothing");
    assert_eq!(
        told(&decide(ImdsSupport::Unmarked, enforce())),
        "violation [image-imds-support] → hold: source-report-only"
    );
    let act = decide(ImdsSupport::Unmarked, marking());
    assert_eq!(told(&act), "violation [image-imds-support] → act: ImdsSupport=v2.0 (irreversible)");
    assert_eq!(
        told(&act.clone().without_consent()),
        "violation [image-imds-support] → hold: irreversible, would ImdsSupport=v2.0 (irreversible)"
    );
    assert_eq!(act.clone().without_consent().with_consent(), act);
    let reported = decide(ImdsSupport::Unmarked, enforce());
    assert_eq!(reported.clone().with_consent(), reported, "consent does not go beyond the document");
    assert_eq!(reported.clone().without_consent(), reported, "consent is asked only for what would be done");
}

#[test]
fn a_group_that_names_the_default_by_number_is_reported_with_the_plan_and_held_after_it() {
    let pinned = used_by(template(1, 1, vec![version(1, OPTIONAL)]), "web", VersionChoice::Number(1));
    let decided =
        decide_launch_template(&pinned, &account(SILENT), &new_versions().policy(), &seen().circumstances());
    let decision = &decided.unwrap()[0].decision;
    assert!(decision.plan.acts());
    assert_eq!(decision.notes, [Note::Pinned { number: 1, groups: vec!["web".to_owned()] }]);
    let versions = vec![version(1, OPTIONAL), version(2, REQUIRED)];
    let after = used_by(template(2, 2, versions), "web", VersionChoice::Number(1));
    let decided =
        decide_launch_template(&after, &account(SILENT), &new_versions().policy(), &seen().circumstances());
    let decided = decided.unwrap();
    let first = decided.iter().find(|it| number(it) == "1").unwrap();
    assert_eq!(first.decision.plan.hold(), Some(&Hold::Pinned { groups: vec!["web".to_owned()] }));
}
