//! Writing back what a journal recorded. Source of every shape: Amazon EC2 API Reference, Amazon SageMaker
//! API Reference.

use aws_sdk_ec2::operation::RequestId as _;
use aws_sdk_ec2::types as ec2;
use aws_sdk_sagemaker::types as sagemaker;
use v2only_enforcer::ports::{Answer, Changed, RestoreDefaults, RestoreInstance, RestoreNotebook};
use v2only_enforcer::rollback::DefaultsStep;
use v2only_policy::instance::{HttpTokens, MetadataOptions};
use v2only_policy::{InstanceId, NotebookName, Place};

use crate::call::Call;
use crate::connect::Aws;
use crate::ec2::once;
use crate::options::{NO_HOP_LIMIT, default_state, described, set_switches};

impl RestoreInstance for Aws {
    async fn restore_options(
        &self,
        place: &Place,
        id: &InstanceId,
        options: &MetadataOptions,
    ) -> Answer<Changed> {
        let call = Call::ModifyInstanceMetadataOptions;
        let client = self.ec2(place).await?;
        let request = client
            .modify_instance_metadata_options()
            .instance_id(id.as_str())
            .set_http_tokens(options.http_tokens.word().map(ec2::HttpTokensState::from))
            .set_http_endpoint(options.http_endpoint.word().map(ec2::InstanceMetadataEndpointState::from))
            .set_http_put_response_hop_limit(options.hop_limit.map(i32::from));
        let request = set_switches(request, options.switches.map(Some));
        let sending = request.customize().config_override(once()).send();
        let answer = self.once_in_turn(place, call, sending).await?;
        Ok(Changed {
            options: described(answer.instance_metadata_options()),
            request_id: answer.request_id().map(str::to_owned),
        })
    }
}

impl RestoreNotebook for Aws {
    async fn allow_version_1(&self, place: &Place, name: &NotebookName) -> Answer<()> {
        let call = Call::UpdateNotebookInstance;
        let client = self.sagemaker(place, call).await?;
        let version_1 = sagemaker::InstanceMetadataServiceConfiguration::builder()
            .minimum_instance_metadata_service_version("1")
            .build();
        let request = client
            .update_notebook_instance()
            .notebook_instance_name(name.as_str())
            .instance_metadata_service_configuration(version_1);
        request.send().await.map(|_| ()).map_err(|it| self.failure(place, call, &it))
    }
}

impl RestoreDefaults for Aws {
    async fn restore_defaults(&self, place: &Place, step: DefaultsStep) -> Answer<()> {
        let call = Call::ModifyInstanceMetadataDefaults;
        let client = self.ec2_in_turn(place, call).await?;
        let http_tokens = step.http_tokens.map(|tokens| match tokens.and_then(HttpTokens::word) {
            Some(word) => ec2::MetadataDefaultHttpTokensState::from(word),
            None => ec2::MetadataDefaultHttpTokensState::NoPreference,
        });
        let disabled = ec2::DefaultHttpTokensEnforcedState::Disabled;
        client
            .modify_instance_metadata_defaults()
            .set_http_tokens(http_tokens)
            .set_http_put_response_hop_limit(step.hop_limit.map(|it| it.map_or(NO_HOP_LIMIT, i32::from)))
            .set_http_endpoint(step.http_endpoint.map(|it| default_state(it).into()))
            .set_instance_metadata_tags(step.metadata_tags.map(|it| default_state(it).into()))
            .set_http_tokens_enforced(step.stop_enforcing.then_some(disabled))
            .send()
            .await
            .map(|_| ())
            .map_err(|it| self.failure(place, call, &it))
    }
}
