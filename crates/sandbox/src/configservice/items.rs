//! Configuration items.

use serde_json::{Value, json};

use crate::identity::Place;
use crate::world::World;

/// The configuration items of the instances, in the order of accounts, Regions and launches.
pub(super) fn items(world: &World, recorded: &[Place]) -> Vec<Value> {
    let of = |place: &Place| {
        let place = place.clone();
        crate::ec2::recorded(world, &place).into_iter().map(move |(id, options)| {
            json!({
                "resourceId": id,
                "resourceType": "AWS::EC2::Instance",
                "accountId": place.account,
                "awsRegion": place.region,
                "configuration": { "metadataOptions": {
                    "httpTokens": options.http_tokens.as_str(),
                    "httpEndpoint": options.http_endpoint.as_str(),
                } },
            })
        })
    };
    recorded.iter().flat_map(of).collect()
}
