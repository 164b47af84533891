//! What instances take their options from: precedence, truth tables, and what the order of changes is.

use v2only_policy::plan::{EnforcementBar, Hold};
use v2only_policy::scope::Matcher;
use v2only_policy::settings::{ImageFix, LaunchTemplateFix, SwitchRule};
use v2only_policy::source::{
    ConsumerKind, ConsumerUse, DefaultsOwner, Image, LaunchConfiguration, LaunchTemplate, Made, TemplateSlot,
    TemplateVersion, VersionChoice,
};
use v2only_policy::verdict::Note;
use v2only_policy::{
    AccountDefaults, By, Decided, DefaultRule, Disabled, HttpTokens, ImageId, ImdsSupport, Judged,
    LaunchTemplateId, Plan, Policy, Preference, Rules, StatedOptions, Subject, Switch, SwitchOption,
    Switches, Tags, decide_account_defaults, decide_image, decide_launch_configuration,
    decide_launch_template, effective,
};

use crate::words::*;

pub fn says(tokens: Option<HttpTokens>) -> StatedOptions {
    StatedOptions { http_tokens: tokens, ..StatedOptions::default() }
}

const SILENT: Option<HttpTokens> = None;
const REQUIRED: Option<HttpTokens> = Some(HttpTokens::Required);
const OPTIONAL: Option<HttpTokens> = Some(HttpTokens::Optional);

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

fn used_by(mut it: LaunchTemplate, group: &str, version: VersionChoice) -> LaunchTemplate {
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

fn new_versions() -> Rules {
    enforce().edit(|it| it.launch_templates.fix = LaunchTemplateFix::NewVersion)
}

fn number(judged: &Judged) -> String {
    match judged.subject {
        Subject::TemplateVersion { number, .. } => number.to_string(),
        _ => "no version".to_owned(),
    }
}

#[track_caller]
fn check_template(
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

fn wants(tokens: bool, hop_limit: Option<i64>, enforced: bool) -> Rules {
    enforce().edit(|rules| {
        rules.account_defaults.http_tokens_required = tokens;
        if let Some(limit) = hop_limit {
            rules.account_defaults.hop_limit = DefaultRule::Must(Preference::Set(hops(limit)));
        }
        rules.account_defaults.enforced = enforced;
    })
}

#[track_caller]
fn check_defaults(shows: &str, it: &AccountDefaults, failing: usize, policy: impl AsPolicy, expected: &str) {
    let decision = decide_account_defaults(it, failing, &policy.policy(), &seen().circumstances()).unwrap();
    assert_eq!(told(&decision), expected, "{shows}");
}

#[test]
fn account_defaults_are_changed_in_one_call() {
    check_defaults(
        "no opinion",
        &account(SILENT),
        0,
        enforce(),
        "compliant (account defaults are as the policy says) → nothing",
    );
    let all = || wants(true, Some(2), true);
    check_defaults(
        "nothing set",
        &account(SILENT),
        0,
        all(),
        "violation [account-default-tokens account-default-hop-limit http-tokens-enforced] → act: account default \
         HttpTokens=required HttpPutResponseHopLimit=2 HttpTokensEnforced=enabled",
    );
    check_defaults(
        "enforcing says the tokens again",
        &account(REQUIRED),
        0,
        wants(false, None, true),
        "violation [http-tokens-enforced] → act: account default HttpTokens=required HttpTokensEnforced=enabled",
    );
    check_defaults(
        "a default of optional wins over every image",
        &account(OPTIONAL),
        0,
        wants(true, None, false),
        "violation [account-default-tokens] → act: account default HttpTokens=required",
    );
    let done = AccountDefaults { enforced: Switch::Enabled, ..account(REQUIRED) };
    check_defaults(
        "as wanted",
        &done,
        3,
        wants(true, None, true),
        "compliant (account defaults are as the policy says) → nothing",
    );
}

/// Account defaults of the hop limit, the endpoint and tags in metadata.
fn with_defaults(hops: Option<u8>, endpoint: Option<Switch>, tags: Option<Switch>) -> AccountDefaults {
    let mut it = account(REQUIRED);
    it.options.hop_limit = hops;
    it.options.http_endpoint = endpoint;
    it.options.switches[SwitchOption::MetadataTags] = tags;
    it
}

const COMPLIANT: &str = "compliant (account defaults are as the policy says) → nothing";

#[test]
fn defaults_of_endpoint_and_tags_are_set() {
    let rules = || {
        enforce().edit(|rules| {
            rules.account_defaults.http_endpoint = DefaultRule::Must(Preference::Set(Disabled));
            rules.account_defaults.metadata_tags = DefaultRule::Must(Preference::Set(true));
        })
    };
    let both = "violation [account-default-endpoint account-default-metadata-tags] → act: account default \
                HttpEndpoint=disabled InstanceMetadataTags=enabled";
    let rows = [
        ("nothing set", None, None, both),
        ("the opposite", Some(Switch::Enabled), Some(Switch::Disabled), both),
        ("unknown words", Some(Switch::Unknown), Some(Switch::Unknown), both),
        ("as wanted", Some(Switch::Disabled), Some(Switch::Enabled), COMPLIANT),
    ];
    for (shows, endpoint, tags, expected) in rows {
        check_defaults(shows, &with_defaults(None, endpoint, tags), 0, rules(), expected);
    }
    let findings = decide_account_defaults(
        &with_defaults(None, Some(Switch::Enabled), None),
        0,
        &rules().policy(),
        &seen().circumstances(),
    );
    let texts: Vec<String> = findings.unwrap().verdict.findings().iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "the account default for HttpEndpoint is enabled and must be disabled",
            "the account has no default for InstanceMetadataTags, and it must be enabled"
        ]
    );
}

#[test]
fn defaults_are_cleared_and_an_endpoint_stays_disabled() {
    let rules = || {
        enforce().edit(|rules| {
            rules.account_defaults.hop_limit = DefaultRule::Must(Preference::Clear);
            rules.account_defaults.http_endpoint = DefaultRule::Must(Preference::Clear);
            rules.account_defaults.metadata_tags = DefaultRule::Must(Preference::Clear);
        })
    };
    let (on, off, strange) = (Some(Switch::Enabled), Some(Switch::Disabled), Some(Switch::Unknown));
    let rows = [
        ("nothing set", None, None, None, COMPLIANT),
        (
            "everything set",
            Some(2),
            on,
            on,
            "violation [account-default-hop-limit account-default-endpoint account-default-metadata-tags] → act: \
             account default HttpPutResponseHopLimit=no-preference HttpEndpoint=no-preference \
             InstanceMetadataTags=no-preference",
        ),
        ("a disabled endpoint would be enabled", None, off, None, COMPLIANT),
        (
            "only the tags beside a disabled endpoint",
            None,
            off,
            off,
            "violation [account-default-metadata-tags] → act: account default InstanceMetadataTags=no-preference",
        ),
        (
            "a word of tomorrow may be a disabled endpoint",
            None,
            strange,
            None,
            "violation [account-default-endpoint] → hold: endpoint-unknown",
        ),
    ];
    for (shows, hops, endpoint, tags, expected) in rows {
        check_defaults(shows, &with_defaults(hops, endpoint, tags), 0, rules(), expected);
    }
}

#[test]
fn enforcement_waits_until_it_breaks_no_launch() {
    check_defaults(
        "no default",
        &account(SILENT),
        0,
        wants(false, None, true),
        "violation [http-tokens-enforced] → hold: enforcement-without-default",
    );
    check_defaults(
        "templates that say optional",
        &account(REQUIRED),
        2,
        wants(true, None, true),
        "violation [http-tokens-enforced] → hold: enforcement-would-fail-launches",
    );
    check_defaults(
        "the rest does not wait",
        &account(SILENT),
        2,
        wants(true, None, true),
        "violation [account-default-tokens http-tokens-enforced] → act: account default HttpTokens=required; \
         enforcement-waits",
    );
    let note = Note::EnforcementWaits(EnforcementBar::Failing { sources: 1 });
    assert!(note.to_string().contains("1 template version or launch configuration in use says optional"));
}

#[test]
fn defaults_of_a_declarative_policy_are_reported() {
    let message = Some("IMDSv2 is required".to_owned());
    let it = AccountDefaults { owner: DefaultsOwner::DeclarativePolicy(message), ..account(OPTIONAL) };
    let rules = || wants(true, Some(2), true);
    let expected = "violation [account-default-tokens account-default-hop-limit http-tokens-enforced] → hold: \
                    declarative-policy";
    check_defaults("owned by the organization", &it, 0, rules(), expected);
    let hold = Hold::DeclarativePolicy(Some("IMDSv2 is required".to_owned()));
    assert!(hold.to_string().ends_with(": IMDSv2 is required"));
    let strange = AccountDefaults { owner: DefaultsOwner::Unknown("tower".to_owned()), ..account(SILENT) };
    check_defaults(
        "owned by a word of tomorrow",
        &strange,
        0,
        wants(true, None, false),
        "violation [account-default-tokens] → hold: managed",
    );
}

#[test]
fn account_defaults_can_be_exempt_and_overridden() {
    let here = Matcher { regions: regions(&["eu-*"]).regions, ..Matcher::default() };
    let exempt = wants(true, None, false).with(&[exemption(here.clone(), "2027-01-31")]);
    check_defaults(
        "exempt",
        &account(SILENT),
        0,
        exempt,
        "exempt by exemptions[0] through 2027-01-31 [account-default-tokens] → nothing",
    );
    let elsewhere = wants(true, None, false).over(&[(here, observe())]);
    check_defaults(
        "no opinion here",
        &account(SILENT),
        0,
        elsewhere,
        "compliant (account defaults are as the policy says) → nothing",
    );
}

/// What a run that was killed after its first call left: version 3, made from `$Default` while `$Latest` was version 2.
fn interrupted(latest: Option<HttpTokens>, since: &[TemplateVersion]) -> LaunchTemplate {
    let made = TemplateVersion { made: Some(Made { from: 1, latest: 2 }), ..version(9, REQUIRED) };
    let mut it = template(1, 9, vec![version(1, OPTIONAL), made.clone()]);
    assert_eq!(it.seems_displaced(), Some(2));
    let all: Vec<TemplateVersion> =
        [version(2, latest), made].into_iter().chain(since.iter().cloned()).collect();
    it.set_displaced(&all);
    it
}

#[test]
fn what_a_run_that_was_killed_left_undone_is_found_and_planned() {
    let first = "1: violation [http-tokens] → act: version 9, which is version 1 with HttpTokens=required, made the \
                 default";
    let again = "2: violation [latest-displaced] → act: version 2 again, so that it is $Latest";
    let made = "2: violation [http-tokens latest-displaced] → act: new version from version 2 with HttpTokens=required";
    let check = |shows, template: &LaunchTemplate, expected: &[&str]| {
        check_template(shows, template, &account(SILENT), new_versions(), expected);
    };
    check("$Latest was right", &interrupted(REQUIRED, &[]), &[first, again]);
    check("$Latest was wrong, too", &interrupted(OPTIONAL, &[]), &[first, made]);
    let ours = TemplateVersion { made: Some(Made { from: 1, latest: 2 }), ..version(8, REQUIRED) };
    check("two runs at once", &interrupted(REQUIRED, &[ours]), &[first, again]);
    let followed = used_by(interrupted(REQUIRED, &[]), "web", VersionChoice::Latest);
    check("a group launches from $Latest", &followed, &[first, again]);
    let mut chosen = interrupted(REQUIRED, &[]);
    chosen.default = 9;
    let made = TemplateVersion { made: Some(Made { from: 1, latest: 1 }), ..version(2, REQUIRED) };
    check(
        "$Default was $Latest: only the default is left",
        &template(1, 2, vec![version(1, OPTIONAL), made]),
        &[
            "1: violation [http-tokens] → act: version 2, which is version 1 with HttpTokens=required, made the \
             default",
            "2: compliant (HttpTokens is required) → nothing",
        ],
    );
    let compliant = "9: compliant (HttpTokens is required) → nothing";
    check("only the repeat was left", &chosen, &[compliant, again]);
    let report = enforce();
    check_template(
        "the document only reports",
        &chosen,
        &account(SILENT),
        report,
        &[
            compliant,
            "2: violation [latest-displaced] → hold: source-report-only, would version 2 again, so that it is \
           $Latest",
        ],
    );
}

#[test]
fn what_only_a_person_can_tell_is_left_to_one() {
    let first = "1: violation [http-tokens] → act: version 9, which is version 1 with HttpTokens=required, made the \
                 default";
    let held = "9: violation [latest-displaced] → hold: latest-unclear";
    let theirs = interrupted(REQUIRED, &[version(5, REQUIRED)]);
    check_template("somebody made one in between", &theirs, &account(SILENT), new_versions(), &[first, held]);
    let Plan::Hold { why, .. } = &decide_launch_template(
        &theirs,
        &account(SILENT),
        &Policy::plain(new_versions()),
        &seen().circumstances(),
    )
    .unwrap()[1]
        .decision
        .plan
    else {
        panic!();
    };
    assert_eq!(
        why.to_string(),
        "a run that ended early left version 9 as $Latest, which was version 2, and somebody made version 5 meanwhile; \
         make the version that $Latest is to be"
    );
    let mut gone = interrupted(REQUIRED, &[]);
    gone.latest = 9;
    gone.displaced = None;
    gone.versions.retain(|it| it.number != 2);
    gone.set_displaced(&[]);
    check_template("what it was is deleted", &gone, &account(SILENT), new_versions(), &[first, held]);
}

/// A run was killed after its only call, and somebody had made version 3 after the plan. A second version of ours in between is no
/// reason to ask anybody.
#[test]
fn a_version_that_somebody_made_before_our_only_call_is_reported() {
    let made =
        |number, from| TemplateVersion { made: Some(Made { from, latest: 2 }), ..version(number, REQUIRED) };
    let it = template(1, 4, vec![version(1, REQUIRED), made(4, 2)]);
    assert_eq!(it.seems_displaced(), Some(2));
    let with = |between: TemplateVersion| {
        let mut it = it.clone();
        it.set_displaced(&[version(2, OPTIONAL), between, made(4, 2)]);
        it
    };
    let compliant = "1: compliant (HttpTokens is required) → nothing";
    let held = "4: violation [latest-displaced] → hold: latest-unclear";
    let theirs = with(version(3, OPTIONAL));
    check_template("theirs in between", &theirs, &account(SILENT), new_versions(), &[compliant, held]);
    let latest = "4: compliant (HttpTokens is required) → nothing";
    let ours = with(made(3, 1));
    check_template("ours in between", &ours, &account(SILENT), new_versions(), &[compliant, latest]);
    let mut next = it;
    next.latest = 3;
    next.versions = vec![version(1, REQUIRED), made(3, 2)];
    assert_eq!(next.seems_displaced(), None, "nothing lies in between");
}

#[test]
fn a_description_says_what_a_version_was_made_from_and_nobody_elses_is_taken_for_it() {
    let most = Made { from: u64::MAX, latest: u64::MAX };
    assert!(most.changed().len() <= 255, "the most that AWS takes");
    for it in [Made { from: 2, latest: 15 }, Made { from: 3, latest: 3 }, most] {
        assert_eq!(Made::read(&it.changed()), Some(it));
    }
    assert_eq!(Made::read(&Made { from: 2, latest: 15 }.repeated()), Some(Made::again(2)));
    for other in [
        "",
        "web server",
        "v2only: version 2",
        "v2only: version 0 again",
        "v2only: version 02 again",
        "v2only: version +2 again",
        "v2only: version 2 again and again",
        "v2only: version 2, IMDSv2 only",
        "v2only: version 2, IMDSv2 only; $Latest was version ",
        "v2only: version 2, IMDSv2 only; $Latest was version 3; mine",
        "copy of v2only: version 2 again",
    ] {
        assert_eq!(Made::read(other), None, "{other}");
    }
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
