//! The embedded AWS, as an organization would set it up: accounts, roles, rules, queues, functions.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use v2only_aws::launcher::Launcher;
use v2only_aws::settings::{EXTERNAL_ID, LOOPBACK_ONLY, MEMBER_ROLE, ORGANIZATION_ID, POLICY};
use v2only_policy::{AccountId, Place, Region};
use v2only_sandbox::lambda::{
    EventSource, Function, FunctionConfig, FunctionHost, Pattern, Rule, Target, Wiring,
};
use v2only_sandbox::sqs::{Draft, QueueName, RedrivePolicy, Settings};
use v2only_sandbox::{
    ClockMode, Config, Ec2Config, HttpTokens, MemberAccount, MetadataDefaults, Organization, Sandbox, Toggle,
};

use super::failure::broken;
use super::functions::{Program, Programs};
use super::said;
use crate::function::{EC2, NOTEBOOK};
use crate::term::problem::Problem;

/// The policy document of the demo.
pub(super) const POLICY_DOCUMENT: &str = include_str!("policy.yaml");
/// The account of the functions.
pub(super) const HOME: &str = "111122223333";
/// Another account of the organization.
pub(super) const MEMBER: &str = "222233334444";
const MANAGEMENT: &str = "999988887777";
pub(super) const FRANKFURT: &str = "eu-central-1";
pub(super) const VIRGINIA: &str = "us-east-1";

const ORGANIZATION: &str = "o-a1b2c3d4e5";
const ROLE: &str = "v2only-member";
const SECRET: &str = "demo-external-id";
/// What people of the demo are.
const DEVELOPER: &str = "developer";

/// Above the reserve that a function keeps for its answer, and short, because a message that goes back to
/// its queue waits for as long.
const TIMEOUT: Duration = Duration::from_secs(6);
/// How long an instance takes to start or stop, and a notebook for each of its steps.
const INSTANCE_STEP: Duration = Duration::from_millis(50);
const NOTEBOOK_STEP: Duration = Duration::from_millis(150);
/// How long the last lines of a function may take, and how often to look for them.
const LAST_LINES: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// Nothing here takes as long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running AWS with the functions in it.
pub(super) struct Stage {
    pub(super) aws: Sandbox,
    wiring: Wiring,
    pub(super) hosts: [FunctionHost; 2],
    queues: [QueueName; 2],
    dead_letters: QueueName,
    pub(super) ana: Launcher,
    pub(super) ben: Launcher,
    auditors: [Launcher; 2],
}

pub(super) fn place(account: &str, region: &str) -> Result<Place, Problem> {
    let account = AccountId::parse(account).map_err(broken)?;
    Ok(Place { account, region: Region::parse(region).map_err(broken)? })
}

impl Stage {
    /// Starts AWS. No event reaches a function before [`Self::install`].
    pub(super) async fn set(programs: &Programs) -> Result<Self, Problem> {
        let aws = Sandbox::start(Config {
            clock: ClockMode::System,
            home_account: HOME.to_owned(),
            regions: [FRANKFURT, VIRGINIA].map(str::to_owned).to_vec(),
            ec2: Ec2Config {
                transition: INSTANCE_STEP,
                metadata_applied_after: Duration::ZERO,
                ..Ec2Config::default()
            },
            ..Config::default()
        })
        .map_err(broken)?;
        aws.set_organization(
            Organization::managed_by(MANAGEMENT)
                .account(MemberAccount::new(HOME, "security"))
                .account(MemberAccount::new(MEMBER, "shop"))
                .delegated_administrator(HOME),
        );
        aws.add_role(MEMBER, ROLE, Some(SECRET));
        for account in [HOME, MEMBER] {
            aws.add_role(account, DEVELOPER, None);
            aws.add_role(account, "auditor", None);
        }
        let defaults = MetadataDefaults {
            http_tokens: Some(HttpTokens::Required),
            hop_limit: Some(2),
            http_endpoint: Some(Toggle::Enabled),
            ..MetadataDefaults::default()
        };
        aws.set_metadata_defaults(MEMBER, VIRGINIA, defaults);
        aws.notebooks().configure(|timing| {
            (timing.starting, timing.stopping, timing.updating) =
                (NOTEBOOK_STEP, NOTEBOOK_STEP, NOTEBOOK_STEP);
        });

        let queue = |name: &str| QueueName::new(HOME, FRANKFURT, name);
        let dead_letters = queue("v2only-dead-letters");
        aws.sqs().create(&dead_letters, Settings::default());
        let queues = [EC2, NOTEBOOK].map(queue);
        for name in &queues {
            let redrive = RedrivePolicy { dead_letters: dead_letters.clone(), max_receives: 5 };
            let settings = Settings { visibility: TIMEOUT, redrive: Some(redrive), ..Settings::default() };
            aws.sqs().create(name, settings);
        }
        let hosts = [(EC2, &programs.ec2), (NOTEBOOK, &programs.notebook)]
            .map(|(name, program)| aws.deploy(function(name, program)));
        let endpoint = aws.endpoint();
        let person = async |account: &str, role, name| {
            let account = AccountId::parse(account).map_err(broken)?;
            Launcher::assuming(&endpoint, &account, role, name).await.map_err(broken)
        };
        Ok(Self {
            ana: person(HOME, DEVELOPER, "ana").await?,
            ben: person(MEMBER, DEVELOPER, "ben").await?,
            auditors: [person(HOME, "auditor", "reader").await?, person(MEMBER, "auditor", "reader").await?],
            wiring: aws.wiring(),
            aws,
            hosts,
            queues,
            dead_letters,
        })
    }

    /// Lets events through to the functions: from now on v2only is installed.
    pub(super) fn install(&self) -> Result<(), Problem> {
        let [ec2, notebook] = &self.hosts;
        let [for_ec2, for_notebook] = &self.queues;
        for (host, queue, source) in [(ec2, for_ec2, "aws.ec2"), (notebook, for_notebook, "aws.sagemaker")] {
            let pattern = Pattern::parse(&json!({ "source": [source] })).map_err(broken)?;
            self.wiring.add_rule(Rule::new(source, pattern, Target::Queue(queue.clone())));
            let function = Function::binary(host.clone(), TIMEOUT);
            self.wiring.map(queue, function, EventSource::default()).map_err(broken)?;
        }
        Ok(())
    }

    /// Waits until everything that follows from what was done has happened, retries too.
    pub(super) async fn settle(&self) -> Result<(), Problem> {
        let begun = Instant::now();
        loop {
            let settled = self.wiring.settle(PATIENCE).await;
            self.functions_start()?;
            settled.map_err(|it| Problem { details: self.complaints(), ..broken(it) })?;
            // A message that goes back to its queue is hidden for a while, and that counts as settled.
            let (_, waiting) = self.left_over();
            if waiting == 0 || begun.elapsed() > PATIENCE {
                break;
            }
            tokio::time::sleep(INSTANCE_STEP).await;
        }
        // What was written last may still be on its way here.
        let begun = Instant::now();
        while !self.hosts.iter().all(said::is_complete) && begun.elapsed() < LAST_LINES {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// A function that was invoked and never got as far as asking for work will not get there later.
    fn functions_start(&self) -> Result<(), Problem> {
        let broken = |it: &&FunctionHost| it.invocations() > 0 && it.init_durations().is_empty();
        let Some(host) = self.hosts.iter().find(broken) else { return Ok(()) };
        let config = host.config();
        let message = format!("the function `{}` does not start: {}", config.name, config.binary.display());
        let outcome = self.wiring.ledger().attempts.back().map(|it| it.outcome.to_string());
        Err(Problem { details: self.complaints().or(outcome), ..Problem::internal(message) })
    }

    /// What the functions wrote to standard error, where they never write.
    pub(super) fn complaints(&self) -> Option<String> {
        use v2only_sandbox::lambda::LogStream::Stderr;
        let lines = self.hosts.iter().flat_map(FunctionHost::logs).filter(|it| it.stream == Stderr);
        let text: Vec<String> = lines.map(|it| it.text).collect();
        (!text.is_empty()).then(|| text.join("\n"))
    }

    /// The person who works in the account of a place.
    pub(super) fn person(&self, place: &Place) -> &Launcher {
        if place.account == *self.ben.account() { &self.ben } else { &self.ana }
    }

    /// A caller that may read everything in an account, with AWS's own words.
    pub(super) fn auditor(&self, place: &Place) -> Result<&Launcher, Problem> {
        let mut auditors = self.auditors.iter();
        auditors
            .find(|it| *it.account() == place.account)
            .ok_or_else(|| Problem::internal(format!("nobody may read account {}", place.account)))
    }

    /// Delivers an event again, as EventBridge may at any time.
    pub(super) fn deliver_again(&self, event: Value) {
        self.aws.bus().deliver(event);
    }

    /// Puts a message that is no event into the queue of the function for instances.
    pub(super) fn send_rubbish(&self) {
        let [queue, _] = &self.queues;
        let body = r#"{"detail-type": "AWS API Call via Cloud"#.to_owned();
        let _message = self.aws.sqs().send(queue, Draft { body, ..Draft::default() });
    }

    /// How many messages and events came back to be tried again.
    pub(super) fn retried(&self) -> u64 {
        self.wiring.ledger().failed
    }

    /// How many messages were handled.
    pub(super) fn handled(&self) -> u64 {
        self.wiring.ledger().delivered
    }

    /// How many messages were given up, and how many still wait.
    pub(super) fn left_over(&self) -> (usize, usize) {
        let all = |name: &QueueName| {
            let counts = self.aws.sqs().counts(name).unwrap_or_default();
            counts.visible + counts.in_flight + counts.delayed
        };
        (all(&self.dead_letters), self.queues.iter().map(all).sum())
    }
}

fn function(name: &str, program: &Program) -> FunctionConfig {
    let config = FunctionConfig { args: program.args.clone(), ..FunctionConfig::new(name, &program.binary) };
    config
        .located_in(HOME, FRANKFURT)
        .variable(POLICY, POLICY_DOCUMENT)
        .variable(LOOPBACK_ONLY, "1")
        .variable(MEMBER_ROLE, ROLE)
        .variable(EXTERNAL_ID, SECRET)
        .variable(ORGANIZATION_ID, ORGANIZATION)
}

/// Whether a caller, by its ARN, is one of the functions.
pub(super) fn is_ours(principal: &str) -> bool {
    let sessions = [&format!("/{EC2}-role/"), &format!("/{NOTEBOOK}-role/"), &format!("/{ROLE}/")];
    principal.contains(":assumed-role/") && sessions.iter().any(|it| principal.contains(it.as_str()))
}
