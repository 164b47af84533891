//! Instances that still answer IMDSv1: no credentials for them, and no start.

use super::{Rule, Spared};
use crate::settings::Settings;
use crate::statement::Statement;

/// No role onto an open instance, and no start of one. These actions carry the present options.
pub fn closed_first(settings: &Settings) -> Vec<Rule> {
    let deny = |sid, actions: &[&str]| {
        let instances = [settings.arn("ec2", "instance/*")];
        let statement = Statement::deny(sid, actions.iter().copied(), instances)
            .when("StringNotEquals", "ec2:MetadataHttpTokens", ["required"])
            .when("StringNotEquals", "ec2:MetadataHttpEndpoint", ["disabled"]);
        Rule { statement, spares: &[Spared::Exempt] }
    };
    vec![
        deny(
            "NoRoleOntoOpenInstance",
            &["ec2:AssociateIamInstanceProfile", "ec2:ReplaceIamInstanceProfileAssociation"],
        ),
        deny("NoStartOfOpenInstance", &["ec2:StartInstances"]),
    ]
}
