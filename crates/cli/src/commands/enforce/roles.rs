//! The roles of runbooks, and where executions for several accounts and Regions are started.

use v2only_policy::Place;

use crate::term::problem::Problem;
use crate::world::Cloud;

/// The role in each account, unless another one is named: what AWS's own documents call it.
pub(super) const EXECUTION_ROLE: &str = "AWS-SystemsManager-AutomationExecutionRole";
/// How long the name of a role may be in a location.
const LONGEST: usize = 64;

/// Where executions for several accounts and Regions are started, and under which role.
#[derive(Debug)]
pub(super) struct Central {
    /// Our own account, in the Region to start from.
    pub(super) place: Place,
    pub(super) administration: String,
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

    /// Where executions for several accounts and Regions are started, if that is wanted.
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
