//! Launch configurations: immutable, so that one which allows version 1 can never be mended.

use super::{Rule, Spared};
use crate::statement::Statement;

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
