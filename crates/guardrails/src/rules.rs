//! The sentences, by topic, each with those it spares.

pub mod launch;
pub mod options;

pub mod credentials;
pub mod image_builder;
pub mod launch_configurations;
pub mod notebooks;
pub mod open_instances;

pub mod protection;

use crate::settings::{RolePattern, Settings};
use crate::statement::Statement;

/// Somebody a rule does not bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spared {
    /// Who may still use version 1, by name and by tag.
    Exempt,
    /// Who installs and changes this product.
    Owners,
    /// The role that tightens instances.
    Ec2Enforcer,
    /// The role that tightens notebooks.
    NotebookEnforcer,
    /// The role that sweeps, and tightens both.
    Sweeper,
    /// The role that restores; without it a rollback would be denied by the very policy it undoes.
    Rollback,
    /// The role that a Systems Manager runbook tightens instances with.
    Automation,
    /// The role that the schedules send with.
    Schedule,
    /// The role that EC2 itself takes on for an instance, to mount encrypted volumes for one. It is not
    /// service-linked, so service control policies bind it.
    Ec2Infrastructure,
}

/// A denying statement, and whom it spares where it is a service control policy. In an identity policy or a
/// boundary it spares nobody: not being attached to somebody is what spares him there.
pub struct Rule {
    /// What it denies to everybody it binds.
    pub statement: Statement,
    /// Whom it does not bind.
    pub spares: &'static [Spared],
}

impl Rule {
    /// As a statement of a service control policy.
    pub fn for_organization(self, settings: &Settings) -> Statement {
        let names = &settings.names;
        let mut statement = self.statement;
        for spared in self.spares {
            let roles: &[RolePattern] = match spared {
                Spared::Exempt => &settings.principals.exempt,
                Spared::Owners => &settings.principals.owners,
                Spared::Ec2Enforcer => std::slice::from_ref(&names.ec2_enforcer),
                Spared::NotebookEnforcer => std::slice::from_ref(&names.notebook_enforcer),
                Spared::Sweeper => std::slice::from_ref(&names.sweeper),
                Spared::Rollback => std::slice::from_ref(&names.rollback),
                Spared::Automation => std::slice::from_ref(&names.automation),
                Spared::Schedule => std::slice::from_ref(&names.schedule),
                Spared::Ec2Infrastructure => &[],
            };
            let mut arns: Vec<String> = roles.iter().map(|role| role.arn(settings.partition)).collect();
            if *spared == Spared::Ec2Infrastructure {
                arns.push(format!("arn:{}:iam::*:role/aws:ec2-infrastructure", settings.partition.as_str()));
            }
            if !arns.is_empty() {
                statement = statement.when("ArnNotLike", "aws:PrincipalArn", arns);
            }
            if *spared == Spared::Exempt
                && let Some(tag) = &settings.principals.exempt_tag
            {
                let key = format!("aws:PrincipalTag/{}", tag.key);
                statement = statement.when("StringNotEquals", &key, [tag.value.as_str()]);
            }
        }
        statement
    }
}
