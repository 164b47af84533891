//! Launch configurations: immutable, so that one which allows version 1 can never be fixed.

use super::{Rule, Spared};
use crate::statement::Statement;

/// New launch configurations require version 2. For accounts that cannot do without launch configurations.
pub fn v2() -> Rule {
    let statement =
        Statement::deny("LaunchConfigurationRequiresV2", ["autoscaling:CreateLaunchConfiguration"], ["*"])
            .when("StringNotEquals", "autoscaling:MetadataHttpTokens", ["required"])
            .when("StringNotEquals", "autoscaling:MetadataHttpEndpoint", ["disabled"]);
    Rule { statement, spares: &[Spared::Exempt] }
}

/// None are made, and no group starts using one.
pub fn none() -> Vec<Rule> {
    let create = Statement::deny("NoLaunchConfigurations", ["autoscaling:CreateLaunchConfiguration"], ["*"]);
    let groups = Statement::deny(
        "NoGroupsFromLaunchConfigurations",
        ["autoscaling:CreateAutoScalingGroup", "autoscaling:UpdateAutoScalingGroup"],
        ["*"],
    )
    .when_present("autoscaling:LaunchConfigurationName");
    [create, groups].map(|statement| Rule { statement, spares: &[Spared::Exempt] }).into()
}
