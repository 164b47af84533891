//! Options of instances that exist, and account defaults. `ec2:Attribute/<name>` is what the request asks
//! for, and `ec2:Metadata…` is what the instance has now.

use v2only_policy::settings::HopLimitRule;

use super::{Rule, Spared};
use crate::settings::Settings;
use crate::statement::Statement;

const MODIFY: &str = "ec2:ModifyInstanceMetadataOptions";
const ASKED_TOKENS: &str = "ec2:Attribute/HttpTokens";
const ASKED_ENDPOINT: &str = "ec2:Attribute/HttpEndpoint";
const ASKED_HOPS: &str = "ec2:Attribute/HttpPutResponseHopLimit";

const WHO_MAY_GO_BACK: &[Spared] = &[Spared::Exempt, Spared::Rollback];
const WHO_MAY_MODIFY: &[Spared] =
    &[Spared::Owners, Spared::Ec2Enforcer, Spared::Sweeper, Spared::Rollback, Spared::Automation];
const WHO_MAY_MODIFY_DEFAULTS: &[Spared] = &[Spared::Owners, Spared::Ec2Enforcer, Spared::Rollback];

/// No way back to what a launch may not have.
pub fn no_way_back(settings: &Settings) -> Vec<Rule> {
    let deny = |sid| Statement::deny(sid, [MODIFY], [settings.arn("ec2", "instance/*")]);
    let tokens = deny("NoWayBackToV1")
        .when("StringNotEquals", ASKED_TOKENS, ["required"])
        // A request that is about another option does not carry the key.
        .when_present(ASKED_TOKENS);
    // An instance whose endpoint is off may have optional tokens. Enabling the endpoint opens IMDSv1 without a
    // word about tokens. Any value but `disabled` counts, so that no other spelling of `enabled` passes.
    let endpoint = deny("NoWayBackThroughTheEndpoint")
        .when_present(ASKED_ENDPOINT)
        .when("StringNotEquals", ASKED_ENDPOINT, ["disabled"])
        .when("StringNotEquals", ASKED_TOKENS, ["required"])
        .when("StringNotEquals", "ec2:MetadataHttpTokens", ["required"]);
    let allowed: Vec<u8> = match settings.hop_limit {
        HopLimitRule::Keep => Vec::new(),
        HopLimitRule::Max(max) => (1..=max.get()).collect(),
        HopLimitRule::Exactly(hops) => vec![hops.get()],
    };
    // A list of words and not a number: AWS documents `ec2:Attribute/…` as text.
    let hops = deny("NoRaisingTheHopLimit")
        .when("StringNotEquals", ASKED_HOPS, allowed.iter().map(u8::to_string))
        .when_present(ASKED_HOPS);
    let mut rules = vec![tokens, endpoint];
    if !allowed.is_empty() {
        rules.push(hops);
    }
    rules.into_iter().map(|statement| Rule { statement, spares: WHO_MAY_GO_BACK }).collect()
}

/// Nobody but the owners and this product touches options and account defaults at all.
pub fn only_owners(settings: &Settings) -> Vec<Rule> {
    let options = Statement::deny("OnlyOwnersModifyOptions", [MODIFY], [settings.arn("ec2", "instance/*")]);
    // The action has no type of resource.
    let defaults = Statement::deny("OnlyOwnersModifyDefaults", ["ec2:ModifyInstanceMetadataDefaults"], ["*"]);
    vec![
        Rule { statement: options, spares: WHO_MAY_MODIFY },
        Rule { statement: defaults, spares: WHO_MAY_MODIFY_DEFAULTS },
    ]
}
