//! EC2 Image Builder. A service-linked role launches its instances, so only its own key can stop them.

use super::{Rule, Spared};
use crate::statement::Statement;

/// Build and test instances require version 2.
pub fn v2() -> Rule {
    let actions =
        ["imagebuilder:CreateInfrastructureConfiguration", "imagebuilder:UpdateInfrastructureConfiguration"];
    let statement = Statement::deny("ImageBuilderRequiresV2", actions, ["*"]).when(
        "StringNotEquals",
        "imagebuilder:Ec2MetadataHttpTokens",
        ["required"],
    );
    Rule { statement, spares: &[Spared::Exempt] }
}
