//! People of a make-believe AWS: they launch, stop and start, and turn version 1 back on.
//!
//! For the demo and the tests, and in no released function (feature `launcher`). Besides a
//! rollback it is the only code that may loosen anything, and it refuses every endpoint that is not on this machine. It reads back in AWS's
//! own words, past the adapters that are to be checked with it.

mod read_back;

use std::fmt;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ec2::types as ec2;
use aws_sdk_sagemaker::types as sagemaker;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use v2only_policy::{AccountId, Place};

pub use read_back::{SeenInstance, SeenNotebook};

use crate::connect::{http, is_on_this_machine};

/// Somebody with a role in one account.
#[derive(Debug, Clone)]
pub struct Launcher {
    config: SdkConfig,
    account: AccountId,
}

/// What is to be launched.
#[derive(Debug, Clone, Default)]
pub struct Launch {
    /// The image.
    pub image: String,
    /// How many; zero counts as one.
    pub count: u16,
    /// The metadata options asked for; where they are silent AWS decides.
    pub options: Options,
    /// Tags of the instances.
    pub tags: Vec<(String, String)>,
    /// Only ask whether it would be allowed.
    pub dry_run: bool,
}

/// Metadata options in AWS's words; `None` is not sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// `HttpTokens`.
    pub tokens: Option<&'static str>,
    /// `HttpEndpoint`.
    pub endpoint: Option<&'static str>,
    /// `HttpPutResponseHopLimit`.
    pub hops: Option<u8>,
}

/// A notebook instance to create.
#[derive(Debug, Clone, Default)]
pub struct NewNotebook {
    /// Its name.
    pub name: String,
    /// Its platform.
    pub platform: String,
    /// `MinimumInstanceMetadataServiceVersion`; `None` is not sent.
    pub minimum_version: Option<&'static str>,
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The call.
    pub action: &'static str,
    /// AWS's error code, if AWS answered.
    pub code: Option<String>,
    /// What AWS, or the client, said.
    pub message: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.as_deref().unwrap_or("no answer");
        write!(f, "{}: {code}: {}", self.action, self.message)
    }
}

impl std::error::Error for Refused {}

/// What a call comes to.
pub type Done<T> = Result<T, Refused>;

impl Launcher {
    /// Somebody who assumes `role` of `account` under the name `who`, at an AWS on this machine.
    ///
    /// # Errors
    /// The endpoint is not on this machine; no call is made then. Or AWS refused.
    pub async fn assuming(endpoint: &str, account: &AccountId, role: &str, who: &str) -> Done<Self> {
        if !is_on_this_machine(endpoint) {
            let message = format!("`{endpoint}` is not on this machine, and this code may loosen");
            return Err(Refused { action: "connect", code: None, message });
        }
        // Nothing of the environment and its files is read: this is not the caller's AWS.
        let keys = Credentials::new(account.as_str(), "local", None, None, "launcher");
        let base = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http())
            .endpoint_url(endpoint)
            .region(aws_config::Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .identity_cache(aws_config::identity::IdentityCache::lazy().build())
            .build();
        let arn = format!("arn:aws:iam::{account}:role/{role}");
        let request = aws_sdk_sts::Client::new(&base).assume_role().role_arn(arn).role_session_name(who);
        let answer = request.send().await.map_err(|it| refused("sts:AssumeRole", &it))?;
        // Never renewed: nobody of these lives for as long as a session does.
        let session = answer.credentials().map(|keys| {
            let token = Some(keys.session_token().to_owned());
            Credentials::new(keys.access_key_id(), keys.secret_access_key(), token, None, "launcher")
        });
        let session = session.unwrap_or_else(|| Credentials::new("", "", None, None, "launcher"));
        let config = base
            .to_builder()
            .credentials_provider(SharedCredentialsProvider::new(session))
            .identity_cache(aws_config::identity::IdentityCache::lazy().build())
            .build();
        Ok(Self { config, account: account.clone() })
    }

    /// The account this one acts in.
    pub const fn account(&self) -> &AccountId {
        &self.account
    }

    fn ec2(&self, place: &Place) -> aws_sdk_ec2::Client {
        aws_sdk_ec2::Client::new(&self.at(place))
    }

    fn sagemaker(&self, place: &Place) -> aws_sdk_sagemaker::Client {
        aws_sdk_sagemaker::Client::new(&self.at(place))
    }

    fn at(&self, place: &Place) -> SdkConfig {
        let region = aws_config::Region::new(place.region.as_str().to_owned());
        self.config.to_builder().region(region).build()
    }

    /// `RunInstances`. Returns the new instances as the answer shows them.
    ///
    /// # Errors
    /// AWS refused; a dry run always does.
    pub async fn launch(&self, place: &Place, launch: &Launch) -> Done<Vec<SeenInstance>> {
        let count = i32::from(launch.count.max(1));
        let tag = |(key, value): &(String, String)| ec2::Tag::builder().key(key).value(value).build();
        let tags = (!launch.tags.is_empty()).then(|| {
            ec2::TagSpecification::builder()
                .resource_type(ec2::ResourceType::Instance)
                .set_tags(Some(launch.tags.iter().map(tag).collect()))
                .build()
        });
        let options = launch.options;
        let asked = (options != Options::default()).then(|| {
            ec2::InstanceMetadataOptionsRequest::builder()
                .set_http_tokens(options.tokens.map(Into::into))
                .set_http_endpoint(options.endpoint.map(Into::into))
                .set_http_put_response_hop_limit(options.hops.map(i32::from))
                .build()
        });
        let request = self
            .ec2(place)
            .run_instances()
            .image_id(&launch.image)
            .instance_type(ec2::InstanceType::T3Micro)
            .min_count(count)
            .max_count(count)
            .set_metadata_options(asked)
            .set_tag_specifications(tags.map(|it| vec![it]))
            .set_dry_run(launch.dry_run.then_some(true));
        let answer = request.send().await.map_err(|it| refused("ec2:RunInstances", &it))?;
        Ok(answer.instances().iter().filter_map(SeenInstance::of).collect())
    }

    /// `ModifyInstanceMetadataOptions`, in any direction.
    ///
    /// # Errors
    /// AWS refused.
    pub async fn set_options(&self, place: &Place, id: &str, options: Options) -> Done<()> {
        let request = self
            .ec2(place)
            .modify_instance_metadata_options()
            .instance_id(id)
            .set_http_tokens(options.tokens.map(Into::into))
            .set_http_endpoint(options.endpoint.map(Into::into))
            .set_http_put_response_hop_limit(options.hops.map(i32::from));
        let answer = request.send().await;
        answer.map(|_| ()).map_err(|it| refused("ec2:ModifyInstanceMetadataOptions", &it))
    }

    /// `CreateLaunchTemplate`, of a template that names an image and sets no metadata options.
    ///
    /// # Errors
    /// AWS refused.
    pub async fn create_launch_template(&self, place: &Place, name: &str, image: &str) -> Done<()> {
        let data = ec2::RequestLaunchTemplateData::builder().image_id(image).build();
        let request = self.ec2(place).create_launch_template().launch_template_name(name);
        let answer = request.launch_template_data(data).send().await;
        answer.map(|_| ()).map_err(|it| refused("ec2:CreateLaunchTemplate", &it))
    }

    /// `StopInstances`.
    ///
    /// # Errors
    /// AWS refused.
    pub async fn stop(&self, place: &Place, id: &str) -> Done<()> {
        let answer = self.ec2(place).stop_instances().instance_ids(id).send().await;
        answer.map(|_| ()).map_err(|it| refused("ec2:StopInstances", &it))
    }

    /// `StartInstances`.
    ///
    /// # Errors
    /// AWS refused.
    pub async fn start(&self, place: &Place, id: &str) -> Done<()> {
        let answer = self.ec2(place).start_instances().instance_ids(id).send().await;
        answer.map(|_| ()).map_err(|it| refused("ec2:StartInstances", &it))
    }

    /// `CreateNotebookInstance`.
    ///
    /// # Errors
    /// AWS refused.
    pub async fn create_notebook(&self, place: &Place, new: &NewNotebook) -> Done<()> {
        let action = "sagemaker:CreateNotebookInstance";
        let version = new.minimum_version.map(|version| {
            sagemaker::InstanceMetadataServiceConfiguration::builder()
                .minimum_instance_metadata_service_version(version)
                .build()
        });
        let role = format!("arn:aws:iam::{}:role/service-role/notebooks", self.account);
        let request = self
            .sagemaker(place)
            .create_notebook_instance()
            .notebook_instance_name(&new.name)
            .instance_type(sagemaker::InstanceType::MlT3Medium)
            .role_arn(role)
            .platform_identifier(&new.platform)
            .set_instance_metadata_service_configuration(version);
        request.send().await.map(|_| ()).map_err(|it| refused(action, &it))
    }

    /// `StopNotebookInstance`.
    ///
    /// # Errors
    /// AWS refused.
    pub async fn stop_notebook(&self, place: &Place, name: &str) -> Done<()> {
        let answer = self.sagemaker(place).stop_notebook_instance().notebook_instance_name(name).send().await;
        answer.map(|_| ()).map_err(|it| refused("sagemaker:StopNotebookInstance", &it))
    }

    /// `StartNotebookInstance`.
    ///
    /// # Errors
    /// AWS refused.
    pub async fn start_notebook(&self, place: &Place, name: &str) -> Done<()> {
        let answer =
            self.sagemaker(place).start_notebook_instance().notebook_instance_name(name).send().await;
        answer.map(|_| ()).map_err(|it| refused("sagemaker:StartNotebookInstance", &it))
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

fn refused<E: ProvideErrorMetadata + std::error::Error + 'static>(
    action: &'static str,
    error: &SdkError<E, Response>,
) -> Refused {
    let meta = error.as_service_error().map(ProvideErrorMetadata::meta);
    let said = meta.and_then(|it| it.message()).map(str::to_owned);
    Refused {
        action,
        code: meta.and_then(|it| it.code()).map(str::to_owned),
        message: said.unwrap_or_else(|| crate::classify::innermost(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_refuses_the_real_aws() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let account = AccountId::parse("111122223333").unwrap();
        for endpoint in ["https://ec2.eu-central-1.amazonaws.com", "http://127.0.0.1.example.com:80", ""] {
            let refusal = runtime.block_on(Launcher::assuming(endpoint, &account, "developer", "ana"));
            assert!(refusal.unwrap_err().message.contains("not on this machine"), "{endpoint}");
        }
    }
}
