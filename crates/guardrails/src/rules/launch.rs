//! Launches. The resource is always `instance/*`: `RunInstances` is asked once for each type of resource, and
//! only there do the keys exist. On any other type "not equal" holds for a key that is missing, which denies
//! every launch.

use v2only_policy::settings::HopLimitRule;

use super::{Rule, Spared};
use crate::settings::Settings;
use crate::statement::Statement;

const ENDPOINT: &str = "ec2:MetadataHttpEndpoint";
const HOPS: &str = "ec2:MetadataHttpPutResponseHopLimit";

/// Tokens are required, or there is no endpoint that would answer.
pub fn require_v2(settings: &Settings) -> Rule {
    let statement =
        Statement::deny("RequireV2AtLaunch", ["ec2:RunInstances"], [settings.arn("ec2", "instance/*")])
            .when("StringNotEquals", "ec2:MetadataHttpTokens", ["required"])
            .when("StringNotEquals", ENDPOINT, ["disabled"]);
    Rule { statement, spares: &[Spared::Exempt] }
}

/// The hop limit, where the document has an opinion. A launch that does not state one passes.
pub fn hop_limit(settings: &Settings) -> Option<Rule> {
    let statement = Statement::deny(
        "HopLimitAtLaunch",
        ["ec2:RunInstances"],
        [settings.arn("ec2", "instance/*")],
    )
    .when("StringNotEquals", ENDPOINT, ["disabled"]);
    let statement = match settings.hop_limit {
        HopLimitRule::Keep => return None,
        HopLimitRule::Max(max) => statement.when("NumericGreaterThan", HOPS, [max.get().to_string()]),
        HopLimitRule::Exactly(hops) => {
            statement.when("NumericNotEquals", HOPS, [hops.get().to_string()]).when_present(HOPS)
        }
    };
    Some(Rule { statement, spares: &[Spared::Exempt] })
}
