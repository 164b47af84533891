//! Declarative policies for EC2: the account defaults of every Region, which bind service-linked roles too.

use serde_json::json;
use v2only_policy::{Disabled, Switch};

use crate::pack::{self, TooLarge};
use crate::settings::Settings;
use crate::{File, Kind};

/// With the default alone, and with `HttpTokensEnforced` on top of it.
pub fn files(settings: &Settings) -> Result<Vec<File>, TooLarge> {
    [("instance-metadata-defaults", None), ("instance-metadata-defaults-enforced", Some("enabled"))]
        .into_iter()
        .map(|(name, enforced)| {
            pack::fitting(File {
                path: format!("{}/{name}.json", Kind::Declarative.folder()),
                kind: Kind::Declarative,
                json: format!("{}\n", pack::json(&policy(settings, enforced))),
            })
        })
        .collect()
}

/// An underscore stands here where the API has a hyphen. -1 is the hop limit without preference.
const NO_PREFERENCE: &str = "no_preference";

fn policy(settings: &Settings, enforced: Option<&str>) -> serde_json::Value {
    let hops = settings.default_hop_limit.map_or_else(|| "-1".to_owned(), |it| it.get().to_string());
    let endpoint = settings.default_endpoint.map_or(NO_PREFERENCE, |Disabled| "disabled");
    let tags = settings.default_metadata_tags.map(Switch::on).and_then(Switch::word);
    // In the order of the alphabet, which is the order that every build of serde_json writes.
    json!({
        "ec2_attributes": {
            "exception_message": { "@@assign": settings.exception_message },
            "instance_metadata_defaults": {
                "http_endpoint": { "@@assign": endpoint },
                "http_put_response_hop_limit": { "@@assign": hops },
                "http_tokens": { "@@assign": "required" },
                "http_tokens_enforced": { "@@assign": enforced.unwrap_or(NO_PREFERENCE) },
                "instance_metadata_tags": { "@@assign": tags.unwrap_or(NO_PREFERENCE) },
            },
        },
    })
}
