//! The fault campaign: other people act at random beside the functions, the sweep, `enforce` and `rollback`, on a clock of its own.
//!
//! People launch, exempt, switch off and on, flip, tag, stop, start and terminate instances, and do the same to notebooks. They
//! edit launch templates and account-level defaults, and put the policy into `mode: observe` and back. Some act in the middle of
//! a run: before a description or a change takes effect. Beside that, events get lost, doubled and late, calls are throttled,
//! refused, cut off and not answered, and functions are killed.
//!
//! The invariants, checked after every round of two minutes:
//!
//! - the audit of every scenario: only tightened, nothing disabled becomes enabled;
//! - an instance or notebook that is exempt, managed or observed stays as it is, and such a notebook keeps running;
//! - no violation stays open longer than [`bounds::LONGEST`], unless it is on hold for a reason that is still true, or
//!   alarmed;
//! - a launch template or account-level default that lets launches use version 1 is reported within the same time, and `enforce`
//!   closes all that no service owns;
//! - a notebook that the functions stopped runs again in the end, and none that its owner stopped is started.
//!
//! The functions run in the process of the test: see [`v2only_tests::in_process`]. The seed decides everything: what people do,
//! which call meets a fault, and in which order the functions' calls reach AWS. `V2ONLY_CAMPAIGN_SEED` chooses another one, and a
//! campaign that fails prints what people did.

mod bounds;
mod calls;
mod notebooks;
mod operator;
mod people;
mod sources;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use v2only_sandbox::{AwsError, Chaos, ClockMode, DEFAULT_START, Effect, Fault};
use v2only_tests::in_process::isolated;
use v2only_tests::wire::assert_same;
use v2only_tests::{Dice, Hosting, SECOND, Setup, Stage};

use bounds::Ledger;
use calls::REGIONS;
use notebooks::{NotebookLedger, Owners};
use operator::Operator;
use people::Crowd;
use sources::SourceLedger;

/// A round.
const ROUND: Duration = Duration::from_mins(2);
/// How many rounds lie between two sweeps.
const SWEEP_EVERY: usize = 15;
/// How many rounds lie between two runs of `enforce`.
const ENFORCE_EVERY: usize = 25;
/// How many rounds a campaign has; `V2ONLY_CAMPAIGN` says otherwise.
const ROUNDS: u64 = 60;
const SEED: u64 = 20_261_127;
/// How many rounds are compared with each other.
const EXACT_ROUNDS: usize = 30;
const PARAMETER: &str = "/v2only/policy";

const RULES: &str = "\nlaunch_templates: { fix: new-version }\naccount_defaults: { http_tokens: required }\n\
                     overrides:\n  - match: { tag: { key: stage, value: trial } }\n    mode: observe\n";

/// Whether old instances need evidence before they are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    /// They do; only those that were v2-only are closed without it.
    Existing,
    /// They do not.
    None,
}

struct Campaign {
    stage: Stage,
    dice: Dice,
    gate: Gate,
    ledger: Ledger,
    notebooks: NotebookLedger,
    sources: SourceLedger,
    operator: Operator,
    /// Since when `mode: enforce` is in force; `None` while it is not.
    enforced_since: Option<Timestamp>,
    rounds: usize,
    /// What people did, for the person who has to understand a failure.
    plan: Vec<String>,
}

impl Campaign {
    fn new(seed: u64, gate: Gate, port: u16) -> Self {
        let mut setup = Setup { policy: None, ..Setup::default() }
            .without_sdk_retries()
            .cross_account()
            .variable("V2ONLY_POLICY_PARAMETER", PARAMETER)
            .hosted(Hosting::InProcess, port);
        setup.config.clock = ClockMode::Manual(DEFAULT_START);
        setup.config.seed = seed;
        setup.config.throttling = true;
        setup.config.regions = REGIONS.map(str::to_owned).into();
        setup.config.ec2.visible_after = SECOND * 2;
        setup.max_receives = 10;
        setup.timeout = SECOND * 30;
        let stage = setup.closed();
        let kill = stage.killer();
        stage.aws.on_call(move |call| {
            if call.error.as_deref() == Some("NoAnswer") {
                kill();
            }
        });
        stage.install();
        stage.install_sweeper();
        let operator = Operator::new(&stage.aws, stage.wire());
        let mut campaign = Self {
            stage,
            dice: Dice::new(seed),
            gate,
            ledger: Ledger::default(),
            notebooks: NotebookLedger::default(),
            sources: SourceLedger::default(),
            operator,
            enforced_since: None,
            rounds: 0,
            plan: Vec::new(),
        };
        campaign.set_mode("enforce");
        campaign
    }

    fn document(&self, mode: &str) -> String {
        let gate = match self.gate {
            Gate::Existing => "existing",
            Gate::None => "none",
        };
        format!("version: 1\nmode: {mode}\ninstances: {{ usage_gate: {{ applies_to: {gate} }} }}{RULES}")
    }

    fn set_mode(&mut self, mode: &str) {
        self.note(&format!("mode: {mode}"));
        people::put_parameter(&self.stage.aws, PARAMETER, &self.document(mode));
        self.enforced_since = (mode == "enforce").then(|| self.stage.aws.now());
    }

    fn note(&mut self, what: &str) {
        self.plan.push(format!("{} round {}: {what}", self.stage.aws.now(), self.rounds));
    }

    /// The trouble of a round. What was ordered and did not happen is taken back.
    fn trouble(&self) {
        self.stage.aws.clear_faults();
        self.stage.aws.set_chaos(Chaos { drop: 0.05, duplicate: 0.1, reorder: 0.1, delay: Duration::ZERO });
        let before =
            |code, status| Effect::ErrorBefore(AwsError::client(code, "campaign").with_status(status));
        let after = |code, status| Effect::ErrorAfter(AwsError::client(code, "campaign").with_status(status));
        let faults = [
            Fault::anywhere(before("InternalError", 500)).chance(0.01),
            Fault::anywhere(after("Unavailable", 503)).chance(0.01),
            Fault::anywhere(Effect::DropBefore).chance(0.005),
            Fault::anywhere(Effect::DropAfter).chance(0.01),
            Fault::anywhere(before("RequestLimitExceeded", 503)).in_service("ec2").chance(0.02),
            Fault::anywhere(before("ThrottlingException", 400)).in_service("cloudtrail").chance(0.05),
            Fault::anywhere(before("ThrottlingException", 400)).in_service("sagemaker").chance(0.02),
            Fault::anywhere(before("UnauthorizedOperation", 403)).in_service("ec2").chance(0.003),
            Fault::anywhere(before("IncorrectInstanceState", 400)).in_service("ec2").chance(0.005),
        ];
        faults.into_iter().for_each(|it| self.stage.aws.inject(it));
    }

    fn crowd(&mut self) -> Crowd<'_> {
        Crowd { aws: &self.stage.aws, dice: &mut self.dice, ledger: &mut self.ledger }
    }

    fn owners(&mut self) -> Owners<'_> {
        Owners { aws: &self.stage.aws, dice: &mut self.dice, ledger: &mut self.notebooks }
    }

    /// What the owners of notebooks do in a round.
    fn notebooks(&mut self) {
        for _ in 0..1 + self.dice.below(3) {
            let what = self.owners().act();
            self.note(&what);
        }
        if self.dice.roll(40) {
            let what = self.owners().insist();
            self.note(&what);
        }
        if self.dice.roll(30) {
            let what = self.owners().act_meanwhile();
            self.note(&what);
        }
    }

    /// People act, the functions work, and two minutes pass.
    fn round(&mut self) {
        self.rounds += 1;
        self.trouble();
        for _ in 0..1 + self.dice.below(4) {
            let what = self.crowd().act();
            self.note(&what);
        }
        if self.dice.roll(70) {
            let what = self.crowd().insist();
            self.note(&what);
        }
        if self.dice.roll(40) {
            let what = self.crowd().act_meanwhile();
            self.note(&what);
        }
        self.notebooks();
        if self.dice.roll(5) {
            self.set_mode(if self.enforced_since.is_some() { "observe" } else { "enforce" });
        }
        if self.dice.roll(20) {
            self.note("a call is not answered, and the functions are killed");
            let nth = 1 + self.dice.below(8);
            let fault = Fault::anywhere(Effect::HoldAfter).from_call(nth.try_into().unwrap()).times(1);
            self.stage.aws.inject(fault);
        }
        if self.rounds.is_multiple_of(SWEEP_EVERY) {
            self.note("the schedule starts a sweep");
            self.stage.send_to_sweeper(&json!({"task": "sweep"}));
        }
        self.pass();
        if self.rounds.is_multiple_of(ENFORCE_EVERY) && self.enforced_since.is_some() {
            self.enforce_and_roll_back();
        }
    }

    /// Lets a round pass, and holds what happened against the invariants.
    fn pass(&mut self) {
        let protected = self.ledger.protected(&self.stage.aws);
        let protected_notebooks = self.notebooks.protected(&self.stage.aws);
        self.stage.pass(ROUND);
        let lines = self.stage.take_lines();
        self.ledger.hear(&lines);
        self.notebooks.hear(&lines);
        self.sources.hear(&lines);
        self.ledger.check_untouched(&self.stage.aws, &protected);
        self.notebooks.check_untouched(&self.stage.aws, &protected_notebooks);
        self.ledger.check_bounds(&self.stage, self.enforced_since);
        self.notebooks.check_bounds(&self.stage, self.enforced_since);
        self.sources.check_reported(&self.stage.aws);
    }

    /// The command line: `enforce` of everything at home, and sometimes a rollback with an exemption.
    fn enforce_and_roll_back(&mut self) {
        self.note("enforce");
        self.stage.aws.clear_faults();
        let document = self.document("enforce");
        let protected = self.ledger.protected(&self.stage.aws);
        let protected_notebooks = self.notebooks.protected(&self.stage.aws);
        let owned = sources::owned_defaults(&self.stage.aws);
        let changed = self.operator.enforce(&self.stage.aws, &document);
        self.ledger.check_untouched(&self.stage.aws, &protected);
        self.notebooks.check_untouched(&self.stage.aws, &protected_notebooks);
        assert_eq!(sources::owned_defaults(&self.stage.aws), owned, "a service owns these launch templates");
        assert_eq!(sources::open_at_home(&self.stage.aws), [], "`enforce` left these open");
        if self.dice.roll(50) && !changed.is_empty() {
            self.note(&format!("rollback of {} changes", changed.len()));
            self.operator.roll_back(&self.stage.aws, changed);
        }
    }

    /// The trouble ends, and everything that can be closed has to be.
    fn calm(&mut self) {
        self.stage.aws.clear_faults();
        self.stage.aws.set_chaos(Chaos::default());
        // CloudTrail's 2 calls a second would never come back within a run, because the sandbox's clock stands still in it.
        self.stage.aws.set_throttling(false);
        self.stage.aws.bus().flush();
        self.set_mode("enforce");
        for _ in 0..6 {
            self.rounds += 1;
            self.stage.send_to_sweeper(&json!({"task": "sweep"}));
            (0..SWEEP_EVERY).for_each(|_| self.pass());
        }
    }
}

/// Says which campaign it was, and what people did, when it fails.
impl Drop for Campaign {
    #[expect(clippy::print_stderr, reason = "for the person who has to play it again")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let last = self.plan.len().saturating_sub(200);
            eprintln!("{}", self.plan[last..].join("\n"));
        }
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

fn campaign(seed: u64, gate: Gate, port: u16) {
    let mut campaign = Campaign::new(seed, gate, port);
    campaign.note(&format!("seed {seed}, {gate:?}"));
    for _ in 0..number("V2ONLY_CAMPAIGN", ROUNDS) {
        campaign.round();
    }
    campaign.calm();
    campaign.ledger.check_all_closed(&campaign.stage);
    campaign.notebooks.check_all_closed(&campaign.stage.aws);

    // Another sweep changes nothing.
    campaign.stage.aws.clear_calls();
    campaign.stage.send_to_sweeper(&json!({"task": "sweep"}));
    campaign.pass();
    let calls = campaign.stage.calls().into_iter();
    let changes =
        calls.filter(|it| ["Modify", "Update", "Stop", "Start"].iter().any(|word| it.contains(word)));
    assert_eq!(changes.collect::<Vec<_>>(), [] as [String; 0]);
    let (fixed, waited) = (campaign.ledger.count("act fixed"), campaign.ledger.count("wait waiting"));
    assert!(fixed > 10 && waited > 0, "little happened: {fixed} fixed, {waited} paused");
    let steps = campaign.notebooks.count("act fixed") + campaign.notebooks.count("act advanced");
    assert!(steps > 10, "little happened to notebooks: {steps} steps");
}

/// Every call of the functions and of `enforce`, byte for byte, and every act of people, by the same seed. Sweeps, `enforce`, a
/// rollback, kills and lost answers are part of so many rounds.
#[test]
fn the_same_seed_gives_the_same_calls() {
    isolated("campaign::the_same_seed_gives_the_same_calls", |port| {
        let seed = number("V2ONLY_CAMPAIGN_SEED", SEED);
        let [first, second, other] = [seed, seed, seed + 1].map(|seed| {
            let mut campaign = Campaign::new(seed, Gate::None, port);
            (0..EXACT_ROUNDS).for_each(|_| campaign.round());
            (campaign.stage.wire().unwrap().record(), std::mem::take(&mut campaign.plan))
        });
        assert_same(&first.0, &second.0);
        assert_same(&first.1, &second.1);
        assert_ne!(first.0, other.0, "the seed decides nothing");
        for action in
            ["ModifyInstanceMetadataOptions", "UpdateNotebookInstance", "AssumeRole", "LookupEvents"]
        {
            assert!(first.0.iter().any(|it| it.contains(action)), "no call of {action}");
        }
    });
}

#[test]
fn no_violation_stays_open_beyond_its_bound_while_people_act() {
    isolated("campaign::no_violation_stays_open_beyond_its_bound_while_people_act", |port| {
        campaign(number("V2ONLY_CAMPAIGN_SEED", SEED), Gate::None, port);
    });
}

#[test]
fn no_instance_that_was_v2_only_is_sheltered_while_people_act() {
    isolated("campaign::no_instance_that_was_v2_only_is_sheltered_while_people_act", |port| {
        campaign(number("V2ONLY_CAMPAIGN_SEED", SEED) + 1, Gate::Existing, port);
    });
}
