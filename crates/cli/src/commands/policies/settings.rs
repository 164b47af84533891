//! Whose policies they are: the document, the partition, the roles.

use clap::ValueEnum;
use v2only_guardrails::check::Attachment;
use v2only_guardrails::settings::{Principals, RolePattern, Settings};
use v2only_policy::Partition;

use crate::run::policy_file;
use crate::run::session::Session;
use crate::term::problem::Problem;
use crate::world::World;

/// Flags of `render` and `check`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// The partition of every ARN: `aws`, `aws-us-gov` or `aws-cn`
    #[arg(long, value_enum, default_value_t = PartitionArg::Aws, value_name = "PARTITION", hide_possible_values = true, help_heading = "Input")]
    partition: PartitionArg,

    /// A role that installs and changes v2only; may be repeated [default: arn:aws:iam::*:role/v2only-owner]
    #[arg(long = "owner", value_name = "ARN", help_heading = "Input")]
    owners: Vec<String>,

    /// A role that may still use IMDSv1; may be repeated
    #[arg(long = "exempt", value_name = "ARN", help_heading = "Input")]
    exempt: Vec<String>,
}

/// A partition, as it is typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum PartitionArg {
    Aws,
    AwsUsGov,
    AwsCn,
}

/// What a policy is attached as, as it is typed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Attached {
    /// To an organizational unit or an account.
    Scp,
    /// To an organizational unit or an account, for its resources.
    Rcp,
    /// To a user or a role.
    Identity,
}

impl From<Attached> for Attachment {
    fn from(it: Attached) -> Self {
        match it {
            Attached::Scp => Self::Scp,
            Attached::Rcp => Self::Rcp,
            Attached::Identity => Self::Identity,
        }
    }
}

impl Args {
    /// The settings, and whether they are the user's own.
    pub(super) fn read<W: World>(&self, session: &mut Session<'_, W>) -> Result<(Settings, bool), Problem> {
        let partition = match self.partition {
            PartitionArg::Aws => Partition::Aws,
            PartitionArg::AwsUsGov => Partition::AwsUsGov,
            PartitionArg::AwsCn => Partition::AwsCn,
        };
        let mut principals = Principals::default();
        if !self.owners.is_empty() {
            principals.owners = roles("--owner", &self.owners)?;
        }
        principals.exempt = roles("--exempt", &self.exempt)?;
        let own = session.shared.policy.is_some() || !self.owners.is_empty() || !self.exempt.is_empty();
        let settings = match session.shared.policy.as_deref() {
            Some(path) => {
                let loaded = policy_file::load(path, session.world, &mut session.talk)?;
                Settings::from_policy(&loaded.policy, partition, principals)
            }
            None => Settings { partition, principals, ..Settings::shipped() },
        };
        Ok((settings, own))
    }
}

fn roles(flag: &str, arns: &[String]) -> Result<Vec<RolePattern>, Problem> {
    let parsed = |arn: &String| {
        RolePattern::parse(arn).map_err(|why| {
            Problem::usage(format!("{flag}: {why}"), format!("type {flag} 'arn:aws:iam::*:role/break-glass'"))
        })
    };
    arns.iter().map(parsed).collect()
}
