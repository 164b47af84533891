//! For the tests against a foreign simulator: what the judge says of the options that a request ends in.
//!
//! One question a line, one answer a line, both JSON. A question holds `hop_limit` (what the policy document
//! says: null, `{"max": n}` or `{"exactly": n}`) and either `instance` (`http_tokens`, `http_endpoint`,
//! `hop_limit`) or `notebook` (`minimum_version`).

use std::io::{BufRead, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use v2only_policy::settings::{HopLimit, HopLimitRule, Rules};
use v2only_policy::{
    AccountId, Circumstances, History, HttpTokens, Instance, InstanceId, InstanceState, MetadataOptions,
    MinimumVersion, Mode, Notebook, NotebookName, NotebookStatus, Occasion, Place, Platform, Policy, Region,
    Switch, Tags, Verdict, decide_instance, decide_notebook,
    usage::{Siblings, Usage},
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[derive(Deserialize)]
struct Question {
    hop_limit: Option<Hops>,
    #[serde(flatten)]
    about: About,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Hops {
    Max(i64),
    Exactly(i64),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum About {
    Instance { http_tokens: Option<String>, http_endpoint: Option<String>, hop_limit: Option<u8> },
    Notebook { minimum_version: Option<String> },
}

#[derive(Serialize)]
struct Answer {
    verdict: &'static str,
    plan: &'static str,
    findings: Vec<&'static str>,
}

fn main() -> Result<()> {
    let mut answers = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        serde_json::to_writer(&mut answers, &answer(serde_json::from_str(&line?)?)?)?;
        answers.write_all(b"\n")?;
        answers.flush()?;
    }
    Ok(())
}

fn answer(question: Question) -> Result<Answer> {
    let mut rules = Rules::new(Mode::Enforce);
    rules.instances.hop_limit = match question.hop_limit {
        None => HopLimitRule::Keep,
        Some(Hops::Max(hops)) => HopLimitRule::Max(HopLimit::new(hops)?),
        Some(Hops::Exactly(hops)) => HopLimitRule::Exactly(HopLimit::new(hops)?),
    };
    let policy = Policy::plain(rules);
    let place = Place { account: AccountId::parse("111122223333")?, region: Region::parse("eu-central-1")? };
    let circumstances = Circumstances {
        place: &place,
        ous: None,
        now: Timestamp::UNIX_EPOCH,
        occasion: Occasion::Launch,
        usage: Usage::NotRead,
        siblings: Siblings::NotRead,
        history: History::NotRead,
    };
    Ok(match question.about {
        About::Instance { http_tokens, http_endpoint, hop_limit } => {
            let options = MetadataOptions {
                http_tokens: match http_tokens.as_deref() {
                    Some("required") => HttpTokens::Required,
                    Some("optional") => HttpTokens::Optional,
                    _ => HttpTokens::Unknown,
                },
                http_endpoint: match http_endpoint.as_deref() {
                    Some("enabled") => Switch::Enabled,
                    Some("disabled") => Switch::Disabled,
                    _ => Switch::Unknown,
                },
                hop_limit,
                ..MetadataOptions::UNKNOWN
            };
            let decision = decide_instance(&instance(options)?, &policy, &circumstances)?;
            say(&decision.verdict, decision.plan.code())
        }
        About::Notebook { minimum_version } => {
            let version = match minimum_version.as_deref() {
                Some("1") => MinimumVersion::One,
                Some("2") => MinimumVersion::Two,
                _ => MinimumVersion::Unknown,
            };
            let decision = decide_notebook(&notebook(version)?, &policy, &circumstances)?;
            say(&decision.verdict, decision.plan.code())
        }
    })
}

fn say(verdict: &Verdict, plan: &'static str) -> Answer {
    let findings = verdict.findings().iter().map(|it| it.rule().id()).collect();
    Answer { verdict: verdict.code(), plan, findings }
}

fn instance(options: MetadataOptions) -> Result<Instance> {
    Ok(Instance {
        id: InstanceId::parse("i-0123456789abcdef0")?,
        state: InstanceState::Running,
        options,
        managed_by: None,
        created_at: None,
        started_at: None,
        image: None,
        instance_type: None,
        profile: None,
        public_address: false,
        tags: Tags::new(),
    })
}

/// Stopped, so that nothing but its version decides whether the function would act.
fn notebook(minimum_version: MinimumVersion) -> Result<Notebook> {
    Ok(Notebook {
        name: NotebookName::parse("notes")?,
        arn: "arn:aws:sagemaker:eu-central-1:111122223333:notebook-instance/notes".to_owned(),
        status: NotebookStatus::Stopped,
        minimum_version,
        platform: Platform::AmazonLinux2023,
        instance_type: "ml.t3.medium".to_owned(),
        created_at: None,
        failure_reason: None,
        tags: Tags::new(),
    })
}
