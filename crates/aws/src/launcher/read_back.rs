//! What AWS says of a resource, in its own words.

use aws_sdk_ec2::types as ec2;

/// An instance as `DescribeInstances` or `RunInstances` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenInstance {
    /// Its id.
    pub id: String,
    /// Its state.
    pub state: String,
    /// `HttpTokens`.
    pub tokens: String,
    /// `HttpEndpoint`.
    pub endpoint: String,
    /// `HttpPutResponseHopLimit`.
    pub hops: Option<i32>,
}

/// A notebook instance as `DescribeNotebookInstance` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenNotebook {
    /// Its name.
    pub name: String,
    /// Its status.
    pub status: String,
    /// `MinimumInstanceMetadataServiceVersion`; `None` where AWS does not say.
    pub minimum_version: Option<String>,
    /// Its platform.
    pub platform: String,
}

impl SeenInstance {
    /// `None` only if AWS left out the id.
    pub(super) fn of(it: &ec2::Instance) -> Option<Self> {
        let options = it.metadata_options();
        let text = |word: Option<&str>| word.unwrap_or("not described").to_owned();
        Some(Self {
            id: it.instance_id()?.to_owned(),
            state: text(it.state().and_then(|it| it.name()).map(|it| it.as_str())),
            tokens: text(options.and_then(|it| it.http_tokens()).map(|it| it.as_str())),
            endpoint: text(options.and_then(|it| it.http_endpoint()).map(|it| it.as_str())),
            hops: options.and_then(|it| it.http_put_response_hop_limit()),
        })
    }
}
