//! What AWS says of a resource, in its own words.

use aws_sdk_ec2::types as ec2;
use v2only_policy::Place;

use super::{Done, Launcher, refused};

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

impl Launcher {
    /// `DescribeInstances`, all pages, hidden instances too.
    ///
    /// # Errors
    /// AWS refused.
    pub async fn instances(&self, place: &Place) -> Done<Vec<SeenInstance>> {
        let client = self.ec2(place);
        let mut seen = Vec::new();
        let mut next = None;
        loop {
            let request = client
                .describe_instances()
                .include_managed_resources(true)
                .max_results(1000)
                .set_next_token(next);
            let page = request.send().await.map_err(|it| refused("ec2:DescribeInstances", &it))?;
            seen.extend(
                page.reservations().iter().flat_map(|it| it.instances()).filter_map(SeenInstance::of),
            );
            next = page.next_token.filter(|it| !it.is_empty());
            if next.is_none() {
                return Ok(seen);
            }
        }
    }

    /// `DescribeNotebookInstance`.
    ///
    /// # Errors
    /// AWS refused.
    pub async fn notebook(&self, place: &Place, name: &str) -> Done<SeenNotebook> {
        let request = self.sagemaker(place).describe_notebook_instance().notebook_instance_name(name);
        let it = request.send().await.map_err(|it| refused("sagemaker:DescribeNotebookInstance", &it))?;
        let version = it.instance_metadata_service_configuration();
        Ok(SeenNotebook {
            name: it.notebook_instance_name().unwrap_or(name).to_owned(),
            status: it.notebook_instance_status().map(|it| it.as_str().to_owned()).unwrap_or_default(),
            minimum_version: version
                .and_then(|it| it.minimum_instance_metadata_service_version())
                .map(str::to_owned),
            platform: it.platform_identifier().unwrap_or_default().to_owned(),
        })
    }
}
