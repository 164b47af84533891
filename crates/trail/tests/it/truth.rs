//! Prediction against truth: launches with every precedence of request, template, account default and image run in the
//! embedded AWS, their records predict what a switch does, and the same launches run again with the switch on.

use std::collections::{BTreeMap, BTreeSet};

use v2only_events::recorded_launch;
use v2only_policy::{AccountId, HttpTokens as Tokens, Place, Region, StatedOptions};
use v2only_sandbox::{
    AMAZON_LINUX_2, AMAZON_LINUX_2023, Actor, ActorCall, Caller, Config, HttpTokens, LaunchSpec,
    MetadataDefaults, MetadataOptions, MetadataRequest, Sandbox, Toggle,
};
use v2only_trail::{
    Counts, Effect, EnforcementSwitch, GroupKnowledge, LaunchFacts, LaunchPath, Missing, Recording,
    TemplateOptions, effect, forecast, launch_tags,
};

const REGION: &str = "eu-central-1";
const HOP_LIMIT: u8 = 2;
const TOKENS: [Option<HttpTokens>; 3] = [None, Some(HttpTokens::Optional), Some(HttpTokens::Required)];
const IMAGES: [&str; 2] = [AMAZON_LINUX_2, AMAZON_LINUX_2023];
const PATHS: [(&str, LaunchPath); 12] = [
    ("console", LaunchPath::Console),
    ("cli", LaunchPath::Cli),
    ("template", LaunchPath::Sdk),
    ("group", LaunchPath::AutoScaling),
    ("mixed", LaunchPath::AutoScaling),
    ("fleet", LaunchPath::Fleet),
    ("spot", LaunchPath::Spot),
    ("eks", LaunchPath::EksNodeGroup),
    ("batch", LaunchPath::Batch),
    ("emr", LaunchPath::Emr),
    ("beanstalk", LaunchPath::ElasticBeanstalk),
    ("builder", LaunchPath::ImageBuilder),
];

/// The defaults of each account: all tokens with all hop limits, and one that switches the service off.
fn defaults() -> Vec<(AccountId, MetadataDefaults)> {
    let hop_limits = [None, Some(1), Some(3)];
    let all = TOKENS.iter().flat_map(|tokens| hop_limits.map(|hops| (*tokens, hops)));
    let mut all: Vec<MetadataDefaults> = all
        .map(|(http_tokens, hop_limit)| MetadataDefaults {
            http_tokens,
            hop_limit,
            ..MetadataDefaults::default()
        })
        .collect();
    all.push(MetadataDefaults { http_endpoint: Some(Toggle::Disabled), ..MetadataDefaults::default() });
    all.into_iter().enumerate().map(|(index, it)| (account(index), it)).collect()
}

fn account(index: usize) -> AccountId {
    AccountId::parse(&format!("1111222233{index:02}")).unwrap()
}

fn caller(role: &str, service: Option<&str>, user_agent: &str) -> Actor {
    Actor::Caller(Caller {
        role: role.to_owned(),
        session: "alice".to_owned(),
        service: service.map(|it| format!("{it}.amazonaws.com")),
        user_agent: user_agent.to_owned(),
        role_delivery: None,
    })
}

/// Who launches by a path, and what the service adds.
fn by(path: &str, spec: LaunchSpec, serial: usize) -> (Actor, LaunchSpec) {
    let group = || Actor::AutoScaling(format!("{path}-group"));
    match path {
        "console" => (caller("Developer", None, "AWS Internal"), spec),
        "cli" => (caller("Developer", None, "aws-cli/2.31.0 md/Botocore#1.40"), spec),
        "template" => (caller("Pipeline", None, "Boto3/1.40.0 md/Botocore#1.40.0"), spec),
        "group" => (group(), spec),
        "mixed" => {
            (group(), spec.tag("aws:ec2:fleet-id", "fleet-1").client_token(&format!("fleet-{serial}-0")))
        }
        "fleet" => (Actor::Fleet("Developer".to_owned()), spec),
        "spot" => (Actor::SpotService, spec),
        "eks" => (group(), spec.tag("eks:nodegroup-name", "nodes").tag("eks:cluster-name", "shop")),
        "batch" => (group(), spec.tag("AWSBatchServiceTag", "batch")),
        "emr" => {
            let spec = spec.tag("aws:elasticmapreduce:job-flow-id", &format!("j-{serial}"));
            (caller("EMR_DefaultRole_V2", Some("elasticmapreduce"), ""), spec)
        }
        "beanstalk" => (group(), spec.tag("elasticbeanstalk:environment-name", "shop")),
        "builder" => {
            let spec = spec.tag("CreatedBy", "EC2 Image Builder");
            (
                caller(
                    "aws-service-role/imagebuilder.amazonaws.com/AWSServiceRoleForImageBuilder",
                    Some("imagebuilder"),
                    "",
                ),
                spec,
            )
        }
        other => panic!("{other}"),
    }
}

/// One launch: what is requested, and from which template.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    account: usize,
    path: &'static str,
    image: usize,
    requested: Option<HttpTokens>,
    hop_limit: Option<i64>,
    endpoint: Option<Toggle>,
    /// `None` is no template; else what it states.
    template: Option<usize>,
}

fn wanted() -> Vec<Wanted> {
    let mut all = Vec::new();
    let accounts = defaults().len();
    for account in 0..accounts {
        for (path, _) in PATHS {
            for image in 0..IMAGES.len() {
                for requested in TOKENS {
                    for hop_limit in [None, Some(4)] {
                        for endpoint in [None, Some(Toggle::Disabled)] {
                            for template in [None, Some(0), Some(1), Some(2)] {
                                all.push(Wanted {
                                    account,
                                    path,
                                    image,
                                    requested,
                                    hop_limit,
                                    endpoint,
                                    template,
                                });
                            }
                        }
                    }
                }
            }
        }
    }
    all
}

/// An AWS with these defaults, and the templates of each account: one for each image and each statement on tokens.
struct Stage {
    aws: Sandbox,
    templates: BTreeMap<(usize, usize, usize), String>,
    options: TemplateOptions,
}

fn place(account: &AccountId) -> Place {
    Place { account: account.clone(), region: Region::parse(REGION).unwrap() }
}

impl Stage {
    fn with(change: impl Fn(&mut MetadataDefaults)) -> Self {
        let aws = Sandbox::start(Config { keep_events: 4, ..Config::default() }).unwrap();
        let (mut templates, mut options) = (BTreeMap::new(), TemplateOptions::default());
        for (index, (account, mut defaults)) in defaults().into_iter().enumerate() {
            change(&mut defaults);
            aws.set_metadata_defaults(account.as_str(), REGION, defaults);
            for (image, name) in IMAGES.iter().enumerate() {
                for (state, tokens) in TOKENS.iter().enumerate() {
                    let id =
                        create_template(&aws, account.as_str(), &format!("t-{image}-{state}"), name, *tokens);
                    let stated = StatedOptions {
                        http_tokens: tokens.map(judged),
                        hop_limit: tokens.map(|_| 3),
                        ..StatedOptions::default()
                    };
                    options.add(&place(&account), &id, "1", stated);
                    templates.insert((index, image, state), id);
                }
            }
        }
        Self { aws, templates, options }
    }

    /// Launches; `None` if AWS refuses.
    fn launch(&self, index: usize, wanted: &Wanted) -> Option<MetadataOptions> {
        let account = account(wanted.account);
        let spec = match wanted.template {
            None => LaunchSpec::of_image(IMAGES[wanted.image]),
            Some(state) => {
                LaunchSpec::of_template(&self.templates[&(wanted.account, wanted.image, state)], "$Latest")
            }
        };
        let request = MetadataRequest {
            http_tokens: wanted.requested,
            hop_limit: wanted.hop_limit,
            http_endpoint: wanted.endpoint,
            ..MetadataRequest::default()
        };
        let (actor, spec) = by(wanted.path, spec.metadata(request), index);
        match self.aws.launch_as(account.as_str(), REGION, &actor, spec) {
            Ok(ids) => self.aws.instance(account.as_str(), REGION, &ids[0]).map(|it| it.metadata),
            Err(error) => {
                assert_eq!(error.code, "UnsupportedOperation", "{wanted:?}");
                None
            }
        }
    }

    /// The record of the last launch.
    fn record(&self) -> serde_json::Value {
        let events = self.aws.events();
        events.into_iter().rfind(|it| it["detail"]["eventName"] == "RunInstances").unwrap()
    }
}

fn judged(tokens: HttpTokens) -> Tokens {
    match tokens {
        HttpTokens::Optional => Tokens::Optional,
        HttpTokens::Required => Tokens::Required,
    }
}

fn create_template(
    aws: &Sandbox,
    account: &str,
    name: &str,
    image: &str,
    tokens: Option<HttpTokens>,
) -> String {
    let mut parameters = vec![("LaunchTemplateName", name), ("LaunchTemplateData.ImageId", image)];
    if let Some(tokens) = tokens {
        parameters.push(("LaunchTemplateData.MetadataOptions.HttpTokens", tokens.as_str()));
        parameters.push(("LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit", "3"));
    }
    let call = ActorCall::new(account, REGION, Actor::User("admin".to_owned()));
    let answer = aws.answer_as(&call.query("ec2", "CreateLaunchTemplate", parameters)).unwrap();
    let (_, rest) = answer.split_once("<launchTemplateId>").unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}

/// What the switch really did.
fn truth(switch: EnforcementSwitch, before: MetadataOptions, after: Option<MetadataOptions>) -> Effect {
    let Some(after) = after else { return Effect::Refused };
    let differs = match switch {
        EnforcementSwitch::HopLimit(_) => before.hop_limit != after.hop_limit,
        _ => before.http_tokens != after.http_tokens,
    };
    let answers = after.http_endpoint == Toggle::Enabled;
    if differs && answers { Effect::Changed } else { Effect::Unchanged }
}

fn switch_on(switch: EnforcementSwitch, defaults: &mut MetadataDefaults) {
    let required = Some(HttpTokens::Required);
    match switch {
        EnforcementSwitch::AccountDefault => defaults.http_tokens = required,
        EnforcementSwitch::HopLimit(limit) => defaults.hop_limit = Some(limit.into()),
        EnforcementSwitch::Enforced => defaults.http_tokens_enforced = Some(Toggle::Enabled),
        EnforcementSwitch::EnforcedWithDefault => {
            (defaults.http_tokens, defaults.http_tokens_enforced) = (required, Some(Toggle::Enabled));
        }
        EnforcementSwitch::DeclarativePolicy => {
            (defaults.http_tokens, defaults.http_tokens_enforced) = (required, Some(Toggle::Enabled));
            defaults.managed_by_policy = Some("IMDSv2 is required".to_owned());
        }
        EnforcementSwitch::Scp => panic!("judged by an IAM simulator"),
    }
}

/// Switches that act on different options, or in the same way, are tried in the same run.
const SWITCHES: [&[EnforcementSwitch]; 3] = [
    &[EnforcementSwitch::AccountDefault, EnforcementSwitch::HopLimit(HOP_LIMIT)],
    &[EnforcementSwitch::Enforced],
    &[EnforcementSwitch::EnforcedWithDefault, EnforcementSwitch::DeclarativePolicy],
];

#[test]
fn every_prediction_is_what_happens() {
    let wanted = wanted();
    assert!(wanted.len() >= 10_000, "{}", wanted.len());
    let before = Stage::with(|_| {});
    let mut recording = Recording::default();
    let launches: Vec<(MetadataOptions, LaunchFacts)> = wanted
        .iter()
        .enumerate()
        .map(|(index, launch_path)| {
            let options = before.launch(index, launch_path);
            let record = before.record();
            let launch = recorded_launch(&record).unwrap().unwrap();
            let tags = launch_tags(&launch);
            let path = PATHS.iter().find(|(name, _)| *name == launch_path.path).unwrap().1;
            assert_eq!(LaunchPath::of(&launch, &tags), path, "{launch_path:?}");
            recording.add(record);
            (options.unwrap(), LaunchFacts::of(&launch, &tags))
        })
        .collect();
    assert_eq!((recording.launches, recording.unreadable), (wanted.len() as u64, 0));
    let paths: BTreeSet<LaunchPath> = recording.groups.keys().map(|it| it.path).collect();
    assert_eq!(paths.len(), 11, "the two Auto Scaling paths are one");

    for switches in SWITCHES {
        let after = Stage::with(|defaults| switches.iter().for_each(|it| switch_on(*it, defaults)));
        let now: Vec<Option<MetadataOptions>> =
            wanted.iter().enumerate().map(|(index, it)| after.launch(index, it)).collect();
        for switch in switches {
            let truth = launches.iter().zip(&now).map(|((before, _), after)| truth(*switch, *before, *after));
            let counts = compare(*switch, &wanted, &launches, &truth.collect::<Vec<_>>(), &before.options);
            let mut by_group = Counts::default();
            for (key, group) in &recording.groups {
                by_group.merge(&forecast(key, group, *switch, &before.options, None).recorded);
            }
            assert_eq!(by_group, counts, "{switch:?}");
        }
    }
}

/// Compares predictions with what happened, and returns what was predicted.
fn compare(
    switch: EnforcementSwitch,
    wanted: &[Wanted],
    launches: &[(MetadataOptions, LaunchFacts)],
    truth: &[Effect],
    templates: &TemplateOptions,
) -> Counts {
    let none = TemplateOptions::default();
    let (mut missed, mut false_alarms, mut other) = (0, 0, 0);
    let mut counts = Counts::default();
    for ((it, (_, facts)), truth) in wanted.iter().zip(launches).zip(truth) {
        let place = place(&account(it.account));
        let knowing =
            |templates| GroupKnowledge { place: &place, templates, service_linked: false, management: None };
        let predicted = effect(facts, switch, &knowing(templates));
        counts.add(predicted, 1);
        match predicted {
            Effect::Undecided(Missing::Configuration) => assert!(facts.by_configuration, "{it:?}"),
            Effect::Undecided(missing) => panic!("{missing:?}: {it:?}"),
            Effect::Unchanged if *truth != Effect::Unchanged => missed += 1,
            Effect::Changed | Effect::Refused if *truth == Effect::Unchanged => false_alarms += 1,
            predicted if predicted != *truth => other += 1,
            _ => {}
        }
        // Without the templates fewer launches are decided, and none of them wrongly.
        match effect(facts, switch, &knowing(&none)) {
            Effect::Undecided(_) => {}
            predicted => assert_eq!(predicted, *truth, "{switch:?} {it:?}"),
        }
    }
    assert_eq!((missed, false_alarms, other), (0, 0, 0), "{switch:?}");
    counts
}

#[test]
fn the_record_of_a_refused_launch_names_the_enforcement() {
    let stage = Stage::with(|defaults| switch_on(EnforcementSwitch::Enforced, defaults));
    let open = wanted().into_iter().find(|it| it.requested == Some(HttpTokens::Optional)).unwrap();
    assert_eq!(stage.launch(0, &open), None);
    assert!(recorded_launch(&stage.record()).unwrap().unwrap().is_refused_by_enforcement());
}
