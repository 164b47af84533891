//! An AWS in memory behind the ports: what it holds, which calls reached it, and which of them fail.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use v2only_enforcer::ports::*;
use v2only_enforcer::{Failure, Kind};
use v2only_policy::instance::{HttpTokens, Instance, InstanceState, MetadataOptions, Switch};
use v2only_policy::notebook::{MinimumVersion, Notebook, NotebookStatus, Platform};
use v2only_policy::source::{Consumer, LaunchTemplate};
use v2only_policy::*;

use crate::estate::page;

pub const ACCOUNT: &str = "111122223333";
pub const REGION: &str = "eu-central-1";
pub const NOW: &str = "2026-11-20T12:00:00Z";

pub fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// What somebody else does.
pub type Deed = Box<dyn FnOnce(&mut World) + Send>;

#[derive(Default)]
pub struct World {
    pub instances: BTreeMap<String, Instance>,
    pub launched_with: BTreeMap<String, Vec<String>>,
    pub notebooks: BTreeMap<String, Notebook>,
    pub parameter: Option<String>,
    /// Calls as `action target`, in order.
    pub calls: Vec<String>,
    /// Failures by action; taken one at a time, in order.
    pub failures: BTreeMap<&'static str, Vec<Kind>>,
    /// After how many calls nothing answers any more, as if the function had been killed.
    pub dies_after: Option<usize>,
    /// What somebody else does right before a call: the action, how many calls of it come first, and the deed.
    pub meanwhile: Vec<(&'static str, usize, Deed)>,
    /// How far each call moves the clock, in milliseconds.
    pub call_takes: i64,
    /// How many milliseconds have passed.
    pub passed: i64,
    /// Instances to a page; 0 = all on one.
    pub page_size: usize,
    /// Whether every page but the first is one that AWS says it does not know.
    pub forgets_pages: bool,
    /// The side option that AWS refuses, and AWS's words.
    pub refuses: Option<(MetadataOption, &'static str)>,
    /// The side option that AWS accepts and does not set.
    pub ignores: Option<MetadataOption>,
    /// Whether a change that AWS refused for now is worth another turn.
    pub insists: bool,
    /// How often an invocation makes a change that AWS refuses for now; 0 = once.
    pub attempts: u32,
    /// Whether AWS accepts changes and carries none out.
    pub ignores_changes: bool,
    /// Account defaults, where there are any.
    pub defaults: Option<v2only_policy::AccountDefaults>,
    /// Launch templates with all their versions, Auto Scaling groups, and surfaces outside of EC2.
    pub templates: Vec<LaunchTemplate>,
    pub groups: Vec<Consumer>,
    pub surfaces: Vec<Surface>,
    /// How many images that are not marked are owned.
    pub images: u32,
    /// Accounts other than our own.
    pub other_accounts: Vec<String>,
    /// Calls of version 1 today, by instance.
    pub version_1_calls: BTreeMap<String, u64>,
    /// Whether CloudWatch gives a part of its data only.
    pub counts_in_part: bool,
    /// What CloudTrail recorded, the newest first.
    pub history: Vec<serde_json::Value>,
    /// Records to a page of CloudTrail; 0 = all on one.
    pub history_page: usize,
    /// How long CloudTrail takes to show a record.
    pub recorded_late: SignedDuration,
    /// The queue: messages with their delay in seconds.
    pub queue: Vec<(String, u64)>,
}

#[derive(Default)]
pub struct Fake(pub Mutex<World>);

impl Fake {
    pub fn with(build: impl FnOnce(&mut World)) -> Self {
        let mut world = World::default();
        build(&mut world);
        Self(Mutex::new(world))
    }

    /// So many calls of an action fail.
    pub fn fails(&self, action: &'static str, kind: Kind, times: usize) {
        self.0.lock().unwrap().failures.insert(action, vec![kind; times]);
    }

    pub fn calls(&self) -> Vec<String> {
        self.0.lock().unwrap().calls.clone()
    }

    pub fn tokens(&self, id: &str) -> HttpTokens {
        self.0.lock().unwrap().instances[id].options.http_tokens
    }

    pub fn call<T>(
        &self,
        action: &'static str,
        target: &str,
        effect: impl FnOnce(&mut World) -> Answer<T>,
    ) -> Answer<T> {
        let mut world = self.0.lock().unwrap();
        if world.dies_after == Some(0) {
            return Err(Failure::new(Kind::Unreachable, action, "the function was killed"));
        }
        world.dies_after = world.dies_after.map(|it| it - 1);
        world.passed += world.call_takes;
        let before = world.calls.iter().filter(|it| it.starts_with(action)).count();
        world.calls.push(format!("{action} {target}").trim().to_owned());
        while let Some(due) = world.meanwhile.iter().position(|it| it.0 == action && it.1 <= before) {
            (world.meanwhile.remove(due).2)(&mut world);
        }
        if let Some(kinds) = world.failures.get_mut(action)
            && !kinds.is_empty()
        {
            return Err(Failure::new(kinds.remove(0), action, "as the test asked"));
        }
        effect(&mut world)
    }
}

impl World {
    pub fn instance(&mut self, id: &str) -> &mut Instance {
        self.instances.entry(id.to_owned()).or_insert_with(|| Instance {
            id: InstanceId::parse(id).unwrap(),
            state: InstanceState::Running,
            options: MetadataOptions {
                http_tokens: HttpTokens::Optional,
                http_endpoint: Switch::Enabled,
                hop_limit: Some(1),
                switches: Switches::all(Switch::Disabled),
                pending: false,
            },
            managed_by: None,
            created_at: Some(now()),
            started_at: Some(now()),
            image: None,
            instance_type: None,
            profile: None,
            public_address: false,
            tags: Tags::new(),
        })
    }

    pub fn notebook(&mut self, name: &str, status: NotebookStatus) -> &mut Notebook {
        self.notebooks.entry(name.to_owned()).or_insert_with(|| Notebook {
            name: NotebookName::parse(name).unwrap(),
            arn: format!("arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance/{name}"),
            status,
            minimum_version: MinimumVersion::One,
            platform: Platform::AmazonLinux2023,
            instance_type: "ml.t3.medium".to_owned(),
            created_at: Some(now()),
            failure_reason: None,
            tags: Tags::new(),
        })
    }

    /// CloudTrail records that somebody started a notebook now.
    pub fn record_start(&mut self, name: &str, by: &str) {
        let at = now() + SignedDuration::from_millis(self.passed);
        let record = serde_json::json!({
            "eventVersion": "1.11", "eventSource": "sagemaker.amazonaws.com", "eventTime": at.to_string(),
            "eventName": "StartNotebookInstance", "awsRegion": REGION, "eventID": format!("ct-{at}"),
            "recipientAccountId": ACCOUNT, "eventType": "AwsApiCall",
            "userIdentity": { "type": "AssumedRole", "arn": format!("arn:aws:sts::{ACCOUNT}:{by}") },
            "requestParameters": { "notebookInstanceName": name }, "responseElements": null,
        });
        self.history.insert(0, record);
    }

    fn by_arn(&mut self, arn: &str) -> &mut Notebook {
        self.notebooks.values_mut().find(|it| it.arn == arn).unwrap()
    }
}

impl Admission for Fake {
    async fn admit(&self, place: &Place) -> Answer<()> {
        let known = |it: &String| it == place.account.as_str();
        if place.account.as_str() == ACCOUNT || self.0.lock().unwrap().other_accounts.iter().any(known) {
            return Ok(());
        }
        Err(Failure::new(Kind::ForeignAccount, "sts:AssumeRole", "not our own"))
    }
}

impl OrganizationalUnits for Fake {
    async fn above(&self, account: &AccountId) -> Answer<Vec<OuId>> {
        self.call("organizations:ListParents", account.as_str(), |_| Ok(vec![OuId::parse("r-ab12").unwrap()]))
    }
}

impl ReadParameter for Fake {
    async fn parameter(&self, name: &str) -> Answer<String> {
        self.call("ssm:GetParameter", name, |world| {
            world.parameter.clone().ok_or_else(|| Failure::new(Kind::Invalid, "ssm:GetParameter", "none"))
        })
    }
}

impl DescribeInstances for Fake {
    async fn instances(&self, _: &Place, ids: &[InstanceId]) -> Answer<Vec<Instance>> {
        self.call("ec2:DescribeInstances", &ids.len().to_string(), |world| {
            Ok(ids.iter().filter_map(|id| world.instances.get(id.as_str()).cloned()).collect())
        })
    }

    async fn launched_with(&self, _: &Place, tokens: &[String]) -> Answer<Vec<(String, Instance)>> {
        self.call("ec2:DescribeInstances", "by client token", |world| {
            let found = tokens.iter().flat_map(|token| {
                let ids = world.launched_with.get(token).cloned().unwrap_or_default();
                ids.into_iter().map(|id| (token.clone(), world.instances[&id].clone())).collect::<Vec<_>>()
            });
            Ok(found.collect())
        })
    }
}

impl ReadHistory for Fake {
    fn made_by_us(&self, place: &Place, actor: &v2only_events::Actor) -> bool {
        actor.is_session_of(&place.account, "v2only-ec2-enforcer", "v2only-ec2-enforcer")
    }

    async fn history(
        &self,
        _: &Place,
        look_up: LookUp<'_>,
        next: Option<String>,
    ) -> Answer<Page<serde_json::Value>> {
        let (target, word) = match look_up {
            LookUp::Instance(id) => (id.as_str(), id.as_str()),
            LookUp::Notebook(name) => (name.as_str(), name.as_str()),
            LookUp::ModifiedOptions => ("modified options", "ModifyInstanceMetadataOptions"),
            LookUp::Launches => ("launches", "RunInstances"),
            LookUp::Action(name) => (name, name),
        };
        self.call("cloudtrail:LookupEvents", target, |world| {
            let shown = now() + SignedDuration::from_millis(world.passed) - world.recorded_late;
            let is_shown = |record: &&serde_json::Value| {
                let at = record["detail"]["eventTime"].as_str().or_else(|| record["eventTime"].as_str());
                at.unwrap_or(NOW).parse::<Timestamp>().unwrap() <= shown && record.to_string().contains(word)
            };
            page(world.history.iter().filter(is_shown).cloned().collect(), world.history_page, next)
        })
    }
}

impl TightenInstance for Fake {
    async fn tighten(&self, _: &Place, id: &InstanceId, change: InstanceChange) -> Answer<Changed> {
        const MODIFY: &str = "ec2:ModifyInstanceMetadataOptions";
        self.call(MODIFY, id.as_str(), |world| {
            if let Some((refused, words)) = world.refuses
                && change.side_options().iter().any(|(option, _)| *option == refused)
            {
                let code = Some("InvalidParameterValue".to_owned());
                return Err(Failure { code, ..Failure::new(Kind::Invalid, MODIFY, words) });
            }
            if world.ignores_changes {
                let options = MetadataOptions {
                    http_tokens: HttpTokens::Required,
                    pending: true,
                    ..world.instances[id.as_str()].options
                };
                return Ok(Changed { options, request_id: None });
            }
            let request_id = Some(format!("req-{}", world.calls.len()));
            let ignored = world.ignores;
            let options = &mut world.instances.get_mut(id.as_str()).unwrap().options;
            if change.side_options().iter().any(|(option, _)| Some(*option) == ignored) {
                return Ok(Changed { options: *options, request_id });
            }
            match change {
                InstanceChange::DisableEndpoint => options.http_endpoint = Switch::Disabled,
                InstanceChange::RequireTokens { hop_limit, switches } => {
                    options.switches = Switches::each(|option| {
                        switches[option].map_or(options.switches[option], Switch::on)
                    });
                    options.http_tokens = HttpTokens::Required;
                    options.http_endpoint = Switch::Enabled;
                    options.hop_limit = hop_limit.map(|it| it.get()).or(options.hop_limit);
                }
            }
            Ok(Changed { options: MetadataOptions { pending: true, ..*options }, request_id })
        })
    }
}

impl TryAgain for Fake {
    async fn try_again(&self, _: &Failure, attempts: u32) -> bool {
        attempts < self.0.lock().unwrap().attempts
    }
}

impl Turns for Fake {
    async fn turn(&self, _: &Place, _: ResourceKind) {
        if self.0.lock().unwrap().insists {
            // Nothing that a turn does can fail.
            let _turn = self.call("turn", "", |_| Ok(()));
        }
    }

    fn insists(&self, _: ResourceKind, failure: &Failure) -> bool {
        let is_change = ["ec2:ModifyInstanceMetadataOptions", "tighten"].contains(&failure.action.as_ref());
        is_change && self.0.lock().unwrap().insists
    }
}

impl TagInstance for Fake {
    async fn tag_instance(&self, _: &Place, id: &InstanceId, key: &str, value: &str) -> Answer<()> {
        self.call("ec2:CreateTags", id.as_str(), |world| {
            let tags = &mut world.instances.get_mut(id.as_str()).unwrap().tags;
            tags.insert(key.to_owned(), value.to_owned());
            Ok(())
        })
    }
}

impl DescribeNotebook for Fake {
    async fn notebook(&self, _: &Place, name: &NotebookName) -> Answer<Option<Notebook>> {
        self.call("sagemaker:DescribeNotebookInstance", name.as_str(), |world| {
            Ok(world.notebooks.get(name.as_str()).map(|it| Notebook { tags: Tags::new(), ..it.clone() }))
        })
    }

    async fn notebook_tags(&self, _: &Place, arn: &str) -> Answer<Tags> {
        self.call("sagemaker:ListTags", "", |world| Ok(world.by_arn(arn).tags.clone()))
    }
}

impl StopNotebook for Fake {
    async fn stop(&self, _: &Place, name: &NotebookName) -> Answer<Option<String>> {
        self.call("sagemaker:StopNotebookInstance", name.as_str(), |world| {
            let it = world.notebooks.get_mut(name.as_str()).unwrap();
            assert_eq!(it.status, NotebookStatus::InService);
            it.status = NotebookStatus::Stopped;
            Ok(None)
        })
    }
}

impl UpdateNotebook for Fake {
    async fn require_version_2(
        &self,
        _: &Place,
        name: &NotebookName,
        upgrade: bool,
    ) -> Answer<Option<String>> {
        self.call("sagemaker:UpdateNotebookInstance", name.as_str(), |world| {
            let it = world.notebooks.get_mut(name.as_str()).unwrap();
            assert!(matches!(it.status, NotebookStatus::Stopped | NotebookStatus::Failed));
            it.minimum_version = MinimumVersion::Two;
            if upgrade {
                it.platform = Platform::AmazonLinux2023;
            }
            Ok(None)
        })
    }
}

impl StartNotebook for Fake {
    async fn start(&self, _: &Place, name: &NotebookName) -> Answer<Option<String>> {
        self.call("sagemaker:StartNotebookInstance", name.as_str(), |world| {
            let it = world.notebooks.get_mut(name.as_str()).unwrap();
            if !matches!(it.status, NotebookStatus::Stopped | NotebookStatus::Failed) {
                return Err(Failure::new(Kind::WrongState, "sagemaker:StartNotebookInstance", "not stopped"));
            }
            it.status = NotebookStatus::InService;
            world.record_start(name.as_str(), "assumed-role/v2only-ec2-enforcer/v2only-ec2-enforcer");
            Ok(None)
        })
    }
}

impl TagNotebook for Fake {
    async fn tag_notebook(&self, _: &Place, arn: &str, key: &str, value: &str) -> Answer<()> {
        self.call("sagemaker:AddTags", "", |world| {
            world.by_arn(arn).tags.insert(key.to_owned(), value.to_owned());
            Ok(())
        })
    }

    async fn untag_notebook(&self, _: &Place, arn: &str, key: &str) -> Answer<()> {
        self.call("sagemaker:DeleteTags", "", |world| {
            world.by_arn(arn).tags.remove(key);
            Ok(())
        })
    }
}
