//! An AWS on this machine with the built functions in it: rules, queues, dead letters, roles.

mod observed;

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::task::LocalSet;
use v2only_sandbox::lambda::{
    AsyncConfig, EventSource, Function, FunctionConfig, FunctionHost, InvocationOutcome, Pattern, Rule,
    Target, Wiring,
};
use v2only_sandbox::sqs::{Draft, QueueName, RedrivePolicy, Settings};
use v2only_sandbox::{
    AMAZON_LINUX_2, Actor, ClockMode, Config, HttpTokens, LaunchSpec, MemberAccount, Organization, Place,
    Sandbox,
};

use crate::audit::Audit;
use crate::in_process::InProcess;
use crate::rules::{ec2_patterns, notebook_patterns};
use crate::{ENFORCE, HOME, Line, MEMBER, PATIENCE, People, REGION, Wire, binaries};

/// How events reach the functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Through a queue, in batches, as the functions are deployed.
    Queue,
    /// Straight from the rule, one at a time.
    Direct,
}

/// What runs the functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hosting {
    /// The built binaries, on the machine's clock.
    Binaries,
    /// The process of the test, on the sandbox's clock, one step after the other by seed: the same seed gives the same calls.
    /// See [`crate::in_process`] and [`crate::wire`].
    InProcess,
    /// The built binaries, until [`Stage::leave_binaries`]. Then the process of the test.
    BinariesFirst,
}

/// What a stage is built from.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The AWS.
    pub config: Config,
    /// The policy document in the functions' environment; `None` sets none.
    pub policy: Option<String>,
    /// Further variables of the functions; they win.
    pub variables: Vec<(&'static str, String)>,
    /// The Region of the functions.
    pub region: &'static str,
    /// How events reach them.
    pub route: Route,
    /// How often a message is received before it is a dead letter.
    pub max_receives: u32,
    /// The time-out of the functions, in real time.
    pub timeout: Duration,
    /// How many batches are worked on at once.
    pub concurrency: usize,
    /// What runs the functions.
    pub hosting: Hosting,
}

impl Default for Setup {
    /// On a clock that starts now and moves by hand, because the functions go by the machine's.
    fn default() -> Self {
        Self {
            config: Config { clock: ClockMode::Manual(this_second()), ..Config::default() },
            policy: Some(ENFORCE.to_owned()),
            variables: Vec::new(),
            region: REGION,
            route: Route::Queue,
            max_receives: 5,
            timeout: Duration::from_secs(10),
            concurrency: 1,
            hosting: Hosting::Binaries,
        }
    }
}

impl Setup {
    /// In a test that is run by [`crate::in_process::isolated`], which gives it this port.
    #[must_use]
    pub fn hosted(mut self, hosting: Hosting, port: u16) -> Self {
        self.config.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        self.config.driven = hosting == Hosting::InProcess;
        Self { hosting, ..self }
    }

    /// With this policy document.
    pub fn policy(document: &str) -> Self {
        Self { policy: Some(document.to_owned()), ..Self::default() }
    }

    /// With one more variable.
    #[must_use]
    pub fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    /// With the member account in reach: its role, the organization, the external id.
    #[must_use]
    pub fn cross_account(self) -> Self {
        self.variable("V2ONLY_MEMBER_ROLE", "v2only-member")
            .variable("V2ONLY_EXTERNAL_ID", EXTERNAL_ID)
            .variable("V2ONLY_ORGANIZATION_ID", "o-a1b2c3d4e5")
    }

    /// Whose calls that fail go back to the queue at once, without the SDK's own tries in between.
    #[must_use]
    pub fn without_sdk_retries(self) -> Self {
        self.variable("AWS_MAX_ATTEMPTS", "1")
    }

    /// Starts it, with the rules on.
    pub fn open(self) -> Stage {
        let stage = self.closed();
        stage.install();
        stage
    }

    /// Starts it without rules: events are published and reach nobody before [`Stage::install`].
    pub fn closed(self) -> Stage {
        Stage::new(self)
    }
}

/// The URL of a queue at home, as AWS writes it.
fn queue_url(region: &str, name: &str) -> String {
    format!("https://sqs.{region}.amazonaws.com/{HOME}/{name}")
}

/// What the role in the member account asks for.
pub const EXTERNAL_ID: &str = "an-external-id";

/// The machine's clock in whole seconds, as event times are.
pub fn this_second() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap()
}

/// A running AWS with the functions in it. Ends with the audit.
#[derive(Debug)]
pub struct Stage {
    /// The AWS.
    pub aws: Sandbox,
    /// What brings events to the functions.
    pub wiring: Wiring,
    /// The function for instances.
    pub ec2: FunctionHost,
    /// The function for notebooks.
    pub notebook: FunctionHost,
    /// The function for what is already there.
    pub sweeper: FunctionHost,
    /// The three functions in the process of the test, if it hosts them.
    here: Vec<InProcess>,
    /// What takes turns with a driven AWS, and the way to it.
    driven: Option<(LocalSet, Wire)>,
    uses_binaries: Arc<AtomicBool>,
    audit: RefCell<Audit>,
    setup: Setup,
    lines: RefCell<Vec<Line>>,
    torn: RefCell<usize>,
    kills: RefCell<usize>,
}

impl Stage {
    fn new(setup: Setup) -> Self {
        let aws = Sandbox::start(setup.config.clone()).unwrap();
        aws.set_organization(
            Organization::managed_by("999988887777")
                .account(MemberAccount::new(HOME, "security"))
                .account(MemberAccount::new(MEMBER, "shop"))
                .delegated_administrator(HOME),
        );
        aws.add_role(MEMBER, "v2only-member", Some(EXTERNAL_ID));
        let deploy = |name: &str| {
            let binary = if setup.config.driven { PathBuf::from("none") } else { binaries::function(name) };
            let mut config = FunctionConfig::new(name, binary)
                .located_in(HOME, setup.region)
                .variable("V2ONLY_LOOPBACK_ONLY", "1");
            if let Some(policy) = &setup.policy {
                config = config.variable("V2ONLY_POLICY", policy);
            }
            config.concurrency = setup.concurrency;
            if name == "sweeper" {
                config = config.variable("V2ONLY_SWEEP_QUEUE", queue_url(setup.region, name));
            }
            config
                .variables
                .extend(setup.variables.iter().map(|(name, it)| ((*name).to_owned(), it.clone())));
            aws.deploy(config)
        };
        let [ec2, notebook, sweeper] = ["ec2-enforcer", "notebook-enforcer", "sweeper"].map(deploy);
        let driven = setup.config.driven.then(|| (LocalSet::new(), Wire::new(&aws, setup.config.seed)));
        let start = |host| InProcess::start(host, aws.clock(), setup.timeout, driven.as_ref());
        let here = match setup.hosting {
            Hosting::Binaries => Vec::new(),
            Hosting::InProcess | Hosting::BinariesFirst => [&ec2, &notebook, &sweeper].map(start).into(),
        };
        let stage = Self {
            wiring: aws.wiring(),
            here,
            driven,
            uses_binaries: Arc::new(AtomicBool::new(setup.hosting != Hosting::InProcess)),
            ec2,
            notebook,
            sweeper,
            audit: RefCell::default(),
            lines: RefCell::default(),
            torn: RefCell::default(),
            kills: RefCell::default(),
            aws,
            setup,
        };
        stage.aws.sqs().create(&stage.queue("v2only-dead-letters"), Settings::default());
        for host in stage.functions() {
            let redrive = RedrivePolicy {
                dead_letters: stage.queue("v2only-dead-letters"),
                max_receives: stage.setup.max_receives,
            };
            let settings = Settings { redrive: Some(redrive), ..Settings::default() };
            stage.aws.sqs().create(&stage.queue(&host.config().name), settings);
        }
        stage
    }

    /// A queue in the account and Region of the functions.
    pub fn queue(&self, name: &str) -> QueueName {
        QueueName::new(HOME, self.setup.region, name)
    }

    fn functions(&self) -> [&FunctionHost; 3] {
        [&self.ec2, &self.notebook, &self.sweeper]
    }

    /// The function as a target of rules and queues.
    fn function(&self, host: &FunctionHost) -> Function {
        let timeout = self.setup.timeout;
        let binary = Function::binary(host.clone(), timeout);
        let Some(here) = self.here.iter().find(|it| it.name() == host.config().name) else { return binary };
        let (here, uses_binaries) = (here.function(timeout), Arc::clone(&self.uses_binaries));
        let code = move |event: Value| {
            let function = if uses_binaries.load(Ordering::Relaxed) { &binary } else { &here }.clone();
            async move { function.invoke(&event).await }
        };
        Function::code(host.config().name.clone(), code).with_timeout(timeout)
    }

    /// Lets the process of the test run the functions from now on.
    pub fn leave_binaries(&self) {
        self.uses_binaries.store(false, Ordering::Relaxed);
    }

    /// What kills every function, whatever runs it.
    pub fn killer(&self) -> impl Fn() + Send + Sync + 'static {
        let hosts = self.functions().map(Clone::clone);
        let here = self.here.clone();
        move || {
            hosts.iter().for_each(FunctionHost::kill);
            here.iter().for_each(InProcess::kill);
        }
    }

    /// What the schedule does: puts a task into the sweeper's queue.
    pub fn send_to_sweeper(&self, task: &Value) {
        let queue = self.queue(&self.sweeper.config().name);
        let body = task.to_string();
        let draft =
            Draft { body, attributes: Map::default(), delay: None, group: None, sender: HOME.to_owned() };
        self.aws.sqs().send(&queue, draft).unwrap();
    }

    /// Lets the sweeper take from its queue.
    pub fn install_sweeper(&self) {
        let sweeper = self.function(&self.sweeper);
        let source =
            EventSource { batch_size: 1, concurrency: self.setup.concurrency, ..EventSource::default() };
        self.wiring.map(&self.queue(&self.sweeper.config().name), sweeper, source).unwrap();
    }

    /// Adds the rules: from now on events reach the functions.
    pub fn install(&self) {
        for (host, patterns) in [(&self.ec2, ec2_patterns()), (&self.notebook, notebook_patterns())] {
            let function = self.function(host);
            let queue = self.queue(&host.config().name);
            let target = match self.setup.route {
                Route::Direct => {
                    let on_failure = Some(self.queue("v2only-dead-letters"));
                    Target::Function(function, AsyncConfig { on_failure, ..AsyncConfig::default() })
                }
                Route::Queue => {
                    let source =
                        EventSource { concurrency: self.setup.concurrency, ..EventSource::default() };
                    self.wiring.map(&queue, function, source).unwrap();
                    Target::Queue(queue)
                }
            };
            for pattern in patterns {
                let pattern = Pattern::parse(&pattern).unwrap();
                self.wiring.add_rule(Rule::new(&host.config().name, pattern, target.clone()));
            }
        }
    }

    /// Invokes a function once with an event, past rules and queues.
    pub fn invoke(&self, host: &FunctionHost, event: &Value) -> InvocationOutcome {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(host.invoke(event, self.setup.timeout)).unwrap()
    }

    /// Delivers everything that was published so far, as a replay would.
    pub fn replay(&self) {
        for event in self.aws.events() {
            self.aws.bus().deliver(event);
        }
    }

    fn run<T>(&self, future: impl Future<Output = T>) -> T {
        match &self.driven {
            Some((tasks, _)) => self.aws.block_on(tasks.run_until(future)),
            None => self.aws.block_on(future),
        }
    }

    /// The way of the clients to a driven AWS.
    pub fn wire(&self) -> Option<&Wire> {
        self.driven.as_ref().map(|(_, wire)| wire)
    }

    /// Waits until everything that can happen now has happened.
    pub fn settle(&self) {
        if self.run(self.wiring.settle(PATIENCE)).is_err() {
            panic!("it does not come to rest: {:#?}", self.wiring.ledger().attempts);
        }
    }

    /// Lets this much time pass on the sandbox's clock, and everything happen in it.
    pub fn pass(&self, time: Duration) {
        if self.run(self.wiring.advance(time, PATIENCE)).is_err() {
            panic!("it does not come to rest: {:#?}", self.wiring.ledger().attempts);
        }
    }

    /// Launches at home, as a session of a role.
    pub fn launch(&self, spec: LaunchSpec) -> Vec<String> {
        self.launch_at(HOME, REGION, spec)
    }

    /// Launches somewhere.
    pub fn launch_at(&self, account: &str, region: &str, spec: LaunchSpec) -> Vec<String> {
        let actor = Actor::Role("developer".to_owned(), "ana".to_owned());
        self.aws.launch_as(account, region, &actor, spec).unwrap()
    }

    /// Somebody at home, who may loosen.
    pub fn people(&self) -> People {
        People::of(&self.aws, HOME)
    }

    /// The place of the functions.
    pub fn home(&self) -> Place {
        Place::new(HOME, REGION)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.lines();
            self.audit();
        }
    }
}

/// An instance that answers version 1: neither its image nor its launch sets the options.
pub fn v1() -> LaunchSpec {
    LaunchSpec::of_image(AMAZON_LINUX_2)
}

/// An instance that was launched with version 2 only.
pub fn v2() -> LaunchSpec {
    v1().tokens(HttpTokens::Required)
}
