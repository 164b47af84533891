//! Where people act, and their calls.

use v2only_sandbox::{Actor, ActorCall};
use v2only_tests::{HOME, MEMBER};

/// Few, so that people meet the functions at the same instances.
pub const REGIONS: [&str; 2] = ["eu-central-1", "us-east-1"];
/// The last day of an exemption: within 365 days after the start of the clock.
pub const EXEMPTION_DAY: &str = "2027-08-28";
/// Where people act.
pub const PLACES: [(&str, &str); 4] =
    [(HOME, REGIONS[0]), (HOME, REGIONS[1]), (MEMBER, REGIONS[0]), (MEMBER, REGIONS[1])];

/// Who does it.
pub fn mallory() -> Actor {
    Actor::User("mallory".to_owned())
}

/// A call of somebody, which AWS may refuse.
pub fn call(account: &str, region: &str, action: &str, parameters: &[(&str, &str)]) -> ActorCall {
    ActorCall::new(account, region, mallory()).query("ec2", action, parameters.iter().copied())
}
