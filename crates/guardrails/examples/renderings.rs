//! For the tests against a foreign simulator: every file, rendered with the settings of each line.
//!
//! A line holds `partition`, `hop_limit` (null, `{"max": n}` or `{"exactly": n}`), `owners` and `exempt` (ARNs
//! of roles), `exempt_tag` (null or `{"key": …, "value": …}`). The answer maps paths to texts.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use serde::Deserialize;
use v2only_guardrails::Settings;
use v2only_guardrails::settings::{PrincipalTag, Principals, RolePattern};
use v2only_policy::settings::{HopLimit, HopLimitRule, Rules};
use v2only_policy::{Mode, Partition, Policy};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    partition: String,
    hop_limit: Option<Hops>,
    owners: Vec<String>,
    exempt: Vec<String>,
    exempt_tag: Option<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Hops {
    Max(i64),
    Exactly(i64),
}

#[derive(Deserialize)]
struct Tag {
    key: String,
    value: String,
}

fn main() -> Result<()> {
    let mut answers = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let settings = settings(serde_json::from_str(&line?)?)?;
        let files: BTreeMap<String, String> =
            v2only_guardrails::render(&settings)?.into_iter().map(|it| (it.path, it.json)).collect();
        serde_json::to_writer(&mut answers, &files)?;
        answers.write_all(b"\n")?;
        answers.flush()?;
    }
    Ok(())
}

fn settings(wanted: Wanted) -> Result<Settings> {
    let mut rules = Rules::new(Mode::Enforce);
    rules.instances.hop_limit = match wanted.hop_limit {
        None => HopLimitRule::Keep,
        Some(Hops::Max(hops)) => HopLimitRule::Max(HopLimit::new(hops)?),
        Some(Hops::Exactly(hops)) => HopLimitRule::Exactly(HopLimit::new(hops)?),
    };
    let partition = [Partition::Aws, Partition::AwsUsGov, Partition::AwsCn]
        .into_iter()
        .find(|it| it.as_str() == wanted.partition)
        .ok_or("no such partition")?;
    let roles = |arns: Vec<String>| {
        arns.iter().map(|it| RolePattern::parse(it)).collect::<std::result::Result<_, _>>()
    };
    let principals = Principals {
        owners: roles(wanted.owners)?,
        exempt: roles(wanted.exempt)?,
        exempt_tag: wanted.exempt_tag.map(|it| PrincipalTag { key: it.key, value: it.value }),
    };
    Ok(Settings::from_policy(&Policy::plain(rules), partition, principals))
}
