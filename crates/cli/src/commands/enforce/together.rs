//! Runbooks for all accounts and Regions of a wave, started in the central one.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use v2only_enforcer::ResourceId;
use v2only_enforcer::automation::locations::{Joined, Together, automate_apart, automate_together};
use v2only_enforcer::enforce::Bound;
use v2only_policy::{Judged, Place};

use super::rollout::{Part, Rolled, Run};
use crate::problem::{Problem, sentence};
use crate::talk::{Talk, count};
use crate::world::{Cloud, World};

/// The role in each account, unless another one is named: what AWS's own documents call it.
const EXECUTION_ROLE: &str = "AWS-SystemsManager-AutomationExecutionRole";
/// How long the name of a role may be in a location.
const LONGEST: usize = 64;

/// Where executions for several places are started, and under which roles.
#[derive(Debug)]
pub(super) struct Central {
    /// Our own account, in the Region to start from.
    pub(super) place: Place,
    administration: String,
}

/// The roles of runbooks, as they were typed.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Roles {
    /// The role that runbooks of Systems Manager take on in each account, where the policy says
    /// `remediate_with: ssm-automation` [default: none, and yours is used]
    #[arg(long, value_name = "NAME", value_parser = role, help_heading = "AWS")]
    automation_role: Option<String>,

    /// The role of your own account that takes on `--automation-role` in each account: one execution, started in your own
    /// account, is then for up to 100 accounts and Regions, and the role in each is
    /// `AWS-SystemsManager-AutomationExecutionRole` unless named [default: none, and each gets executions of its own]
    #[arg(long, value_name = "NAME", value_parser = role, help_heading = "AWS")]
    administration_role: Option<String>,
}

/// Reads the name of a role.
fn role(text: &str) -> Result<String, String> {
    let legal = |it: char| it.is_ascii_alphanumeric() || "_+=,.@/-".contains(it);
    if let Some((_, name)) = text.split_once(":role/").filter(|_| text.starts_with("arn:")) {
        return Err(format!("expected the name of a role, and not its ARN: type `{name}`"));
    }
    if text.is_empty() || text.starts_with('/') || !text.chars().all(legal) {
        return Err("expected the name of a role, with its path if it has one, such as `v2only-automation`"
            .to_owned());
    }
    Ok(text.to_owned())
}

impl Roles {
    /// The role in each account, if there is one.
    pub(super) fn role(&self) -> Option<&str> {
        let central = self.administration_role.as_ref().map(|_| EXECUTION_ROLE);
        self.automation_role.as_deref().or(central)
    }

    /// Refuses what AWS would, before anything is asked of it.
    pub(super) fn check(&self) -> Result<(), Problem> {
        match (&self.administration_role, &self.automation_role) {
            (Some(_), Some(role)) if role.len() > LONGEST => Err(Problem::usage(
                format!(
                    "--automation-role: an execution for several accounts takes names of at most {LONGEST} characters, \
                     its path included, and this one has {}; nothing was changed",
                    role.len()
                ),
                "name a role without a path, or leave `--administration-role` out",
            )),
            _ => Ok(()),
        }
    }

    /// Where executions for several places are started, if that is wanted.
    pub(super) async fn central(&self, aws: &impl Cloud) -> Result<Option<Central>, Problem> {
        let Some(administration) = self.administration_role.clone() else { return Ok(None) };
        let region = aws.home_region().ok_or_else(|| {
            Problem::usage(
                "no Region is named in which executions would be started; nothing was changed",
                "type `--region eu-central-1`, once for each Region: executions are started in the first",
            )
        })?;
        let place = Place { account: aws.account().await?, region };
        Ok(Some(Central { place, administration }))
    }
}

impl<W: World> Run<'_, W> {
    /// Has runbooks change instances of several places in one execution, or place by place where AWS does not take that.
    /// Instances are named by their numbers.
    pub(super) async fn together(
        &self,
        central: &Central,
        numbers: Vec<usize>,
        bound: &Bound,
        rolled: &mut Rolled,
        talk: &mut Talk<'_>,
    ) -> io::Result<Part> {
        let instances = numbers.len();
        let mut judged: Vec<(&Place, Vec<Judged>)> = Vec::new();
        let mut number_of: BTreeMap<&Place, BTreeMap<ResourceId, usize>> = BTreeMap::new();
        for number in numbers {
            let Some((place, it)) = self.found(number)? else { continue };
            number_of.entry(place).or_default().insert((&it.subject).into(), number);
            match judged.last_mut().filter(|(there, _)| *there == place) {
                Some((_, here)) => here.push(it),
                None => judged.push((place, vec![it])),
            }
        }
        let _shown = self.progress.begin(format!(
            "changing {} in {}",
            count(instances, "instance"),
            count(judged.len(), "place")
        ));
        let wait = async |time: Duration| self.world.sleep(time).await;
        let role = self.role.unwrap_or(EXECUTION_ROLE);
        let (central, administration) = (&central.place, central.administration.as_str());
        let it = Together { central, administration, role, judged, bound };
        let Joined { mut carried, refused } = automate_together(self.aws, self.journal, it, &wait).await;
        if let Some(refused) = refused {
            rolled.apart = true;
            talk.note(&format!(
                "AWS did not take one execution for several accounts and Regions, and started nothing ({}); each of them \
                 gets its own",
                sentence(&refused.why)
            ));
            carried.extend(automate_apart(self.aws, self.journal, refused, bound, &wait).await);
        }
        let mut part = Part::default();
        for (place, it) in &carried {
            let number = |id: &ResourceId| number_of.get(place)?.get(id).copied();
            self.keep(it, number, &mut part)?;
        }
        Ok(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_named_and_not_given_as_arns() {
        for name in ["v2only-automation", "path/of/Role", "AWS-SystemsManager-AutomationAdministrationRole"] {
            assert_eq!(role(name).as_deref(), Ok(name));
        }
        let arn = role("arn:aws:iam::111122223333:role/ops/Central").unwrap_err();
        assert!(arn.ends_with("type `ops/Central`"), "{arn}");
        for text in ["", "/Role", "two roles", "arn:aws:iam::111122223333:user/alice"] {
            assert!(role(text).unwrap_err().contains("such as `v2only-automation`"), "{text}");
        }
    }
}
