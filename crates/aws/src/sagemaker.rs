//! Notebook instances. Source of every shape: Amazon SageMaker API Reference.

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::operation::RequestId as _;
use aws_sdk_sagemaker::types as sdk;
use v2only_enforcer::ports::{
    Answer, DescribeNotebook, ListNotebooks, Page, StartNotebook, StopNotebook, TagNotebook, UpdateNotebook,
};
use v2only_enforcer::{Failure, Kind};
use v2only_policy::notebook::{AL2023_PLATFORM, MinimumVersion, Notebook, NotebookStatus, Platform};
use v2only_policy::{NotebookName, Place, Tags};

use crate::call::Call;
use crate::connect::Aws;

/// The largest page of notebooks and of tags.
const PAGE: i32 = 100;

impl Aws {
    /// The client, after waiting for the call's turn.
    pub(crate) async fn sagemaker(&self, place: &Place, call: Call) -> Answer<Client> {
        let client = match self.sagemaker.get(place) {
            Some(client) => client,
            None => {
                let client = Client::new(&self.config(place).await?);
                self.sagemaker.keep(place, client.clone());
                client
            }
        };
        self.turn(Some(place), call).await?;
        Ok(client)
    }
}

impl DescribeNotebook for Aws {
    async fn notebook(&self, place: &Place, name: &NotebookName) -> Answer<Option<Notebook>> {
        let call = Call::DescribeNotebookInstance;
        let client = self.sagemaker(place, call).await?;
        let request = client.describe_notebook_instance().notebook_instance_name(name.as_str());
        let it = match request.send().await.map_err(|it| self.failure(place, call, &it)) {
            Ok(it) => it,
            Err(failure) if failure.kind == Kind::Gone => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let configuration = it.instance_metadata_service_configuration();
        let minimum_version = configuration.and_then(|it| it.minimum_instance_metadata_service_version());
        Ok(Some(Notebook {
            name: name.clone(),
            arn: it.notebook_instance_arn().unwrap_or_default().to_owned(),
            status: status(it.notebook_instance_status()),
            minimum_version: match minimum_version {
                Some("1") => MinimumVersion::One,
                Some("2") => MinimumVersion::Two,
                Some(_) | None => MinimumVersion::Unknown,
            },
            platform: Platform::from_identifier(it.platform_identifier()),
            instance_type: it.instance_type().map(|it| it.as_str().to_owned()).unwrap_or_default(),
            created_at: it.creation_time().and_then(|it| jiff::Timestamp::from_second(it.secs()).ok()),
            failure_reason: it.failure_reason().filter(|it| !it.is_empty()).map(str::to_owned),
            tags: Tags::new(),
        }))
    }

    async fn notebook_tags(&self, place: &Place, arn: &str) -> Answer<Tags> {
        let call = Call::ListNotebookTags;
        let mut tags = Tags::new();
        let mut next = None;
        loop {
            let client = self.sagemaker(place, call).await?;
            let request = client.list_tags().resource_arn(arn).max_results(PAGE).set_next_token(next);
            let page = request.send().await.map_err(|it| self.failure(place, call, &it))?;
            tags.extend(page.tags().iter().map(tag));
            next = page.next_token.filter(|it| !it.is_empty());
            if next.is_none() {
                return Ok(tags);
            }
        }
    }
}

fn tag(it: &sdk::Tag) -> (String, String) {
    (it.key().unwrap_or_default().to_owned(), it.value().unwrap_or_default().to_owned())
}

impl ListNotebooks for Aws {
    async fn notebook_names(&self, place: &Place, next: Option<String>) -> Answer<Page<NotebookName>> {
        let call = Call::ListNotebookInstances;
        let client = self.sagemaker(place, call).await?;
        let request = client.list_notebook_instances().max_results(PAGE).set_next_token(next);
        let page = request.send().await.map_err(|it| self.failure(place, call, &it))?;
        let names = page.notebook_instances().iter().filter_map(|it| it.notebook_instance_name());
        Ok(Page {
            items: names.filter_map(|it| NotebookName::parse(it).ok()).collect(),
            next: page.next_token.filter(|it| !it.is_empty()),
        })
    }
}

impl StopNotebook for Aws {
    async fn stop(&self, place: &Place, name: &NotebookName) -> Answer<Option<String>> {
        let call = Call::StopNotebookInstance;
        let client = self.sagemaker(place, call).await?;
        let request = client.stop_notebook_instance().notebook_instance_name(name.as_str());
        let answer = request.send().await.map_err(|it| self.failure(place, call, &it))?;
        Ok(answer.request_id().map(str::to_owned))
    }
}

impl UpdateNotebook for Aws {
    async fn require_version_2(
        &self,
        place: &Place,
        name: &NotebookName,
        upgrade_platform: bool,
    ) -> Answer<Option<String>> {
        let call = Call::UpdateNotebookInstance;
        let client = self.sagemaker(place, call).await?;
        let version_2 = sdk::InstanceMetadataServiceConfiguration::builder()
            .minimum_instance_metadata_service_version("2")
            .build();
        let request = client
            .update_notebook_instance()
            .notebook_instance_name(name.as_str())
            .instance_metadata_service_configuration(version_2)
            .set_platform_identifier(upgrade_platform.then(|| AL2023_PLATFORM.to_owned()));
        let answer = request.send().await.map_err(|it| self.failure(place, call, &it))?;
        Ok(answer.request_id().map(str::to_owned))
    }
}

impl StartNotebook for Aws {
    async fn start(&self, place: &Place, name: &NotebookName) -> Answer<Option<String>> {
        let call = Call::StartNotebookInstance;
        let client = self.sagemaker(place, call).await?;
        let request = client.start_notebook_instance().notebook_instance_name(name.as_str());
        let answer = request.send().await.map_err(|it| self.failure(place, call, &it))?;
        Ok(answer.request_id().map(str::to_owned))
    }
}

impl TagNotebook for Aws {
    async fn tag_notebook(&self, place: &Place, arn: &str, key: &str, value: &str) -> Answer<()> {
        let call = Call::AddNotebookTags;
        ours(key, call)?;
        let client = self.sagemaker(place, call).await?;
        let tag = sdk::Tag::builder().key(key).value(value).build();
        let request = client.add_tags().resource_arn(arn).tags(tag);
        request.send().await.map(|_| ()).map_err(|it| self.failure(place, call, &it))
    }

    async fn untag_notebook(&self, place: &Place, arn: &str, key: &str) -> Answer<()> {
        let call = Call::DeleteNotebookTags;
        ours(key, call)?;
        let client = self.sagemaker(place, call).await?;
        let request = client.delete_tags().resource_arn(arn).tag_keys(key);
        request.send().await.map(|_| ()).map_err(|it| self.failure(place, call, &it))
    }
}

/// Refuses to touch a tag that is not of this product.
fn ours(key: &str, call: Call) -> Answer<()> {
    if key.starts_with(v2only_policy::TAG_PREFIX) {
        return Ok(());
    }
    Err(Failure::new(Kind::Invalid, call.iam_action(), format!("`{key}` is not a tag of ours")))
}

fn status(it: Option<&sdk::NotebookInstanceStatus>) -> NotebookStatus {
    match it {
        Some(sdk::NotebookInstanceStatus::Pending) => NotebookStatus::Pending,
        Some(sdk::NotebookInstanceStatus::InService) => NotebookStatus::InService,
        Some(sdk::NotebookInstanceStatus::Stopping) => NotebookStatus::Stopping,
        Some(sdk::NotebookInstanceStatus::Stopped) => NotebookStatus::Stopped,
        Some(sdk::NotebookInstanceStatus::Failed) => NotebookStatus::Failed,
        Some(sdk::NotebookInstanceStatus::Updating) => NotebookStatus::Updating,
        Some(sdk::NotebookInstanceStatus::Deleting) => NotebookStatus::Gone,
        Some(_) | None => NotebookStatus::Unknown,
    }
}
