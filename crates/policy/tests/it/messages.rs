//! What people read of a plan: each message names what it is about.

use jiff::civil::{Time, Weekday, time};
use v2only_policy::cause::Setter;
use v2only_policy::plan::{
    EnforcementBar, GroupChange, Hold, InstanceChange, OpenLaunch, OptionBar, Step, Wait,
};
use v2only_policy::rollout::{Evidence, RolloutStage, StageState};
use v2only_policy::settings::Window;
use v2only_policy::source::{ConsumerKind, Displaced, TemplateSlot, Unclear, VersionChoice};
use v2only_policy::surface::SurfaceKind;
use v2only_policy::usage::Usage;
use v2only_policy::{
    By, ContainerHost, Decision, LaunchTemplateId, NotebookStatus, Plan, ResourceKind, SwitchOption, Verdict,
};

fn template() -> LaunchTemplateId {
    LaunchTemplateId::parse("lt-0123456789abcdef0").unwrap()
}

/// The code of a hold, and words of its message.
#[test]
fn a_hold_says_why_nothing_is_changed() {
    let text = str::to_owned;
    let groups = |names: &[&str]| names.iter().map(|name| text(name)).collect::<Vec<_>>();
    let unclear = |unclear| Hold::LatestUnclear(Displaced { by: 5, was: 4, unclear });
    let surface = |kind, users: &[&str]| Hold::SurfaceReportOnly { kind, users: groups(users) };
    for (hold, code, message) in [
        (Hold::Observe, "observe-mode", "the policy says observe"),
        (Hold::Managed(text("ecs")), "managed", "managed by ecs; only that service can change it"),
        (
            Hold::UsageGate(Usage::NotRead),
            "usage-gate",
            "existed already, and whether it uses IMDSv1 was not read",
        ),
        (
            Hold::UsageGate(Usage::Busy { calls: 7 }),
            "usage-gate",
            "still makes IMDSv1 calls (7 in the window)",
        ),
        (
            Hold::UsageGate(Usage::Gaps { days: 3 }),
            "usage-gate",
            "MetadataNoToken has data on only 3 days of the window",
        ),
        (
            Hold::SiblingsNotRead(None),
            "siblings-not-read",
            "a new launch, and whether its siblings use IMDSv1 was not read",
        ),
        (
            Hold::Contested { times: 3, hours: 24 },
            "contested",
            "contested: corrected 3 times within 24 hours and turned back again",
        ),
        (Hold::SsmAutomation, "ssm-automation", "left to Systems Manager Automation by the policy"),
        (Hold::UntilStopped, "in-service", "running; updated the next time it is stopped"),
        (Hold::OutsideWindow, "outside-window", "running; stopped only inside the maintenance window"),
        (Hold::ReportOnly, "report-only", "running; the policy only reports it"),
        (
            Hold::InstanceType(text("ml.p2.xlarge")),
            "instance-type",
            "ml.p2.xlarge does not run Amazon Linux 2023 notebooks",
        ),
        (Hold::PlatformUnknown(String::new()), "platform-unknown", "its platform was not described"),
        (
            Hold::PlatformUnknown(text("al9")),
            "platform-unknown",
            "platform `al9` is not known to this release",
        ),
        (Hold::StatusUnknown, "status-unknown", "its status is not known to this release"),
        (
            Hold::UpdateHadNoEffect { tries: 2, reason: String::new() },
            "update-had-no-effect",
            "updated 2 times, and still described as before",
        ),
        (
            Hold::UpdateHadNoEffect { tries: 2, reason: text("x") },
            "update-had-no-effect",
            "updated 2 times without effect: x",
        ),
        (
            Hold::RestartFailed(text("x")),
            "restart-failed",
            "ran before it was stopped, and could not be started: x",
        ),
        (
            Hold::TemplatesReportOnly,
            "source-report-only",
            "the policy only reports it (`launch_templates.fix`)",
        ),
        (Hold::ImagesReportOnly, "source-report-only", "the policy only reports it (`images.fix`)"),
        (
            Hold::DeclarativePolicy(Some(text("ask the owners"))),
            "declarative-policy",
            "a declarative policy of the organization owns the account defaults: ask the owners",
        ),
        (
            Hold::DeclarativePolicy(None),
            "declarative-policy",
            "a declarative policy of the organization owns the account defaults",
        ),
        (
            Hold::Immutable { groups: Vec::new() },
            "immutable",
            "launch configurations cannot be changed; no group uses it, so it can be deleted",
        ),
        (
            Hold::Immutable { groups: groups(&["a", "b"]) },
            "immutable",
            "launch configurations cannot be changed; move a, b to a launch template",
        ),
        (
            Hold::Pinned { groups: groups(&["a"]) },
            "pinned",
            "a names the version by number; let the group name $Default",
        ),
        (
            Hold::Pinned { groups: groups(&["a", "b"]) },
            "pinned",
            "a, b name the version by number; let the group name $Default",
        ),
        (
            Hold::LatestInUse { groups: groups(&["a"]) },
            "latest-in-use",
            "a new version would become $Latest, which a launch from; choose the default by hand",
        ),
        (
            unclear(None),
            "latest-unclear",
            "a run that ended early left version 5 as $Latest, which was version 4; make the version that $Latest is to be",
        ),
        (Hold::Irreversible, "irreversible", "nobody can undo it; `--accept-irreversible` agrees to that"),
        (
            Hold::ChangedSince,
            "changed-since",
            "it was changed since the plan was made; the next run decides anew",
        ),
        (Hold::WaveStopped { because: text("of errors") }, "wave-stopped", "wave stopped because of errors"),
        (
            surface(SurfaceKind::LightsailInstance, &["a", "b"]),
            "surface-report-only",
            "v2only only reports it (used by a, b)",
        ),
    ] {
        assert_eq!((hold.code(), hold.to_string().as_str()), (code, message));
        assert_eq!(hold.usage().is_some(), matches!(hold, Hold::UsageGate(_)), "{code}");
    }
    assert!(unclear(Some(Unclear::Meanwhile(6))).to_string().contains('6'));
    let advice = surface(SurfaceKind::EmrSecurityConfiguration, &[]).to_string();
    assert!(
        advice.starts_with("v2only only reports it: security configurations cannot be changed"),
        "{advice}"
    );
    for (bar, words) in [
        (EnforcementBar::NoDefault, "the default is not required"),
        (
            EnforcementBar::Failing { sources: 1 },
            "waits: 1 template version or launch configuration in use says optional",
        ),
        (
            EnforcementBar::Failing { sources: 2 },
            "waits: 2 template versions or launch configurations in use say optional",
        ),
    ] {
        assert!(Hold::Enforcement(bar).to_string().contains(words), "{bar}");
    }
}

#[test]
fn an_open_launch_names_what_is_launched() {
    let hold = |launches| Hold::OpenLaunches { kind: ConsumerKind::SpotFleet, launches };
    let version = VersionChoice::Number(7);
    for (launch, words) in [
        (
            OpenLaunch::Pinned { template: template(), number: 7 },
            "names version 7 of lt-0123456789abcdef0 by number",
        ),
        (
            OpenLaunch::Image { template: template(), image: "ami-1".to_owned() },
            "an override launches ami-1 in place of",
        ),
        (
            OpenLaunch::Inline { image: None },
            "a launch specification (with no image) cannot state HttpTokens",
        ),
        (
            OpenLaunch::NotDescribed { template: "web".to_owned(), version },
            "names version 7 of web, which AWS does not show",
        ),
    ] {
        let it = hold(vec![launch.clone()]);
        assert_eq!(it.code(), launch.code());
        assert!(it.to_string().starts_with(&format!("this Spot Fleet request {words}")), "{it}");
        assert_eq!(launch.is_pinned(), launch.code() == "pinned");
    }
    let two = hold(vec![
        OpenLaunch::Inline { image: None },
        OpenLaunch::Pinned { template: template(), number: 1 },
    ]);
    assert!(two.to_string().contains("; names version 1"), "{two}");
    let words =
        [VersionChoice::Default, VersionChoice::Latest, VersionChoice::Unknown].map(|it| it.to_string());
    assert_eq!(words, ["$Default", "$Latest", "a version that this release does not know"]);
}

#[test]
fn what_a_plan_waits_for_is_named() {
    let stopping = Wait::Notebook(NotebookStatus::Stopping).to_string();
    assert_eq!(stopping, "notebook is Stopping; its next state-change event continues");
    let until = "2026-11-20T09:01:00Z".parse().unwrap();
    let pause = Wait::Contested { until, then: InstanceChange::DisableEndpoint.into() }.to_string();
    assert_eq!(pause, "v2only corrects it again at 2026-11-20T09:01:00Z");
}

#[test]
fn a_step_or_its_bar_names_what_is_changed() {
    let tag = OptionBar::TagKey("cost center".to_owned()).to_string();
    assert!(tag.contains("InstanceMetadataTags") && tag.contains("`cost center`"), "{tag}");
    let old_type = OptionBar::InstanceType("t2.micro".to_owned()).to_string();
    assert!(old_type.contains("HttpProtocolIpv6") && old_type.contains("t2.micro"), "{old_type}");
    let step = Step::from(GroupChange::NameFixedVersions).to_string();
    assert!(step.contains("the version with HttpTokens=required"), "{step}");
}

#[test]
fn words_for_scripts_are_stable() {
    let slots = [TemplateSlot::Own, TemplateSlot::Mixed, TemplateSlot::Override, TemplateSlot::Config];
    assert_eq!(
        slots.map(TemplateSlot::code),
        ["launch-template", "mixed-instances-policy", "override", "launch-template-config"]
    );
    let kinds = [ConsumerKind::AutoScalingGroup, ConsumerKind::Fleet, ConsumerKind::SpotFleet];
    assert_eq!(kinds.map(ConsumerKind::code), ["auto-scaling-group", "ec2-fleet", "spot-fleet"]);
    assert!(!Plan::Nothing.acts());
    let setters = [
        Setter::Source,
        Setter::AccountDefault,
        Setter::Image,
        Setter::Nobody,
        Setter::Elsewhere,
        Setter::Unknown,
    ];
    assert_eq!(
        setters.map(|setter| setter.code()),
        ["source", "account-default", "image", "nobody", "elsewhere", "unknown"]
    );
    let deciders = [By::Source, By::AccountDefault, By::Image, By::Nobody];
    assert_eq!(deciders.map(By::code), ["source", "account-default", "image", "nobody"]);
    assert_eq!(
        deciders.map(|by| by.to_string()),
        ["said here", "by account default", "by the image", "not set"]
    );
    assert_eq!(
        RolloutStage::ALL.iter().map(|stage| stage.code()).collect::<Vec<_>>(),
        [
            "observe",
            "account-defaults",
            "launch-sources",
            "instances-and-notebooks",
            "service-control-policies",
            "enforcement"
        ]
    );
    let states = [StageState::Done, StageState::Open, StageState::NotRead];
    assert_eq!(states.map(StageState::code), ["done", "open", "not-read"]);
    let evidence = [Evidence::NotNeeded, Evidence::Complete, Evidence::Missing(3), Evidence::NotRead];
    assert_eq!(evidence.map(Evidence::code), ["not-needed", "complete", "missing", "not-read"]);
    assert_eq!(evidence.map(|it| it.risk().code()), ["none", "low", "high", "medium"]);
    for kind in SurfaceKind::ALL {
        assert_eq!(SurfaceKind::of(kind.about().kind.word), Some(*kind));
    }
    assert_eq!(SurfaceKind::of("instance"), None);
    assert_eq!(
        SwitchOption::ALL.iter().map(|it| it.key()).collect::<Vec<_>>(),
        ["ipv6_endpoint", "metadata_tags"]
    );
    assert_eq!(
        SwitchOption::ALL.iter().map(|it| it.flag()).collect::<Vec<_>>(),
        ["--http-protocol-ipv6", "--instance-metadata-tags"]
    );
    let statuses = [NotebookStatus::InService, NotebookStatus::Gone, NotebookStatus::Unknown];
    assert_eq!(statuses.map(NotebookStatus::code), [Some("InService"), Some("Deleting"), None]);
    assert_eq!(statuses.map(|it| it.to_string()), ["InService", "Deleting", "Unknown"]);
    let hints = [
        ContainerHost::Tag("eks:cluster-name".to_owned()),
        ContainerHost::Profile("ecsInstanceRole".to_owned()),
    ];
    assert_eq!(hints.map(|it| it.to_string()), ["tag eks:cluster-name", "instance profile ecsInstanceRole"]);
}

#[test]
fn a_window_is_written_as_in_the_document() {
    let window = |day, to| Window { day, from: time(2, 5, 0, 0), to };
    for (day, code) in [
        (Weekday::Monday, "Mon"),
        (Weekday::Tuesday, "Tue"),
        (Weekday::Wednesday, "Wed"),
        (Weekday::Thursday, "Thu"),
        (Weekday::Friday, "Fri"),
        (Weekday::Saturday, "Sat"),
        (Weekday::Sunday, "Sun"),
    ] {
        let short = window(day, time(4, 0, 0, 0));
        assert_eq!((short.to_string(), short.minutes()), (format!("{code} 02:05-04:00"), 115));
    }
    let until_midnight = window(Weekday::Sunday, Time::MAX);
    assert_eq!(
        (until_midnight.to_string(), until_midnight.minutes()),
        ("Sun 02:05-24:00".to_owned(), 21 * 60 + 55)
    );
}

#[test]
fn a_kind_answers_metadata_requests_or_is_launched_from() {
    for kind in ResourceKind::selectable() {
        let surface = matches!(kind, ResourceKind::Surface(_));
        let lightsail = kind == ResourceKind::Surface(SurfaceKind::LightsailInstance);
        let runs = matches!(kind, ResourceKind::Instance | ResourceKind::Notebook) || lightsail;
        assert_eq!(kind.is_instance(), runs, "{kind:?}");
        assert_eq!(kind.is_launch_source(), !runs && !surface, "{kind:?}");
    }
}

#[test]
fn a_decision_asks_for_the_evidence_that_decides() {
    let wants = |why| {
        let plan = Plan::Hold { why, would: None };
        let decision = Decision { plan, ..Decision::nothing_to_do(Verdict::Gone) };
        (decision.wants_usage(), decision.wants_siblings())
    };
    assert_eq!(wants(Hold::UsageGate(Usage::NotRead)), (true, false));
    assert_eq!(wants(Hold::UsageGate(Usage::Partial)), (false, false));
    assert_eq!(wants(Hold::SiblingsNotRead(None)), (false, true));
    assert_eq!(wants(Hold::Observe), (false, false));
}
