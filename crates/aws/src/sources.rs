//! Account defaults and images. Source of every shape: Amazon EC2 API Reference.

use aws_sdk_ec2::operation::RequestId as _;
use aws_sdk_ec2::types as sdk;
use v2only_enforcer::ports::{Answer, ChangeDefaults, ListImages, MarkImage, Page, ReadDefaults};
use v2only_policy::source::{AccountDefaults, DefaultsOwner, Image};
use v2only_policy::{DefaultsChange, Disabled, ImageId, ImdsSupport, Place, Preference, Switch};

use crate::call::Call;
use crate::connect::Aws;
use crate::ec2::{filter, tags};
use crate::options::{self, NO_HOP_LIMIT, switch};

/// The largest page `DescribeImages` gives.
const PAGE: i32 = 1000;
/// AWS takes at most 200 values in one filter.
const IDS_PER_CALL: usize = 200;

impl ReadDefaults for Aws {
    async fn defaults(&self, place: &Place) -> Answer<AccountDefaults> {
        let call = Call::GetInstanceMetadataDefaults;
        let client = self.ec2_in_turn(place, call).await?;
        let answer = client
            .get_instance_metadata_defaults()
            .send()
            .await
            .map_err(|it| self.failure(place, call, &it))?;
        let Some(it) = answer.account_level() else { return Ok(AccountDefaults::UNSET) };
        let message = it.managed_exception_message().map(str::to_owned);
        Ok(AccountDefaults {
            options: options::of_account(it),
            enforced: switch(it.http_tokens_enforced().map(|it| it.as_str())),
            owner: match it.managed_by() {
                // Regions that do not know declarative policies leave it out.
                None | Some(sdk::ManagedBy::Account) => DefaultsOwner::Account,
                Some(sdk::ManagedBy::DeclarativePolicy) => DefaultsOwner::DeclarativePolicy(message),
                Some(other) => DefaultsOwner::Unknown(other.as_str().to_owned()),
            },
        })
    }
}

impl ChangeDefaults for Aws {
    async fn change_defaults(&self, place: &Place, change: DefaultsChange) -> Answer<Option<String>> {
        let call = Call::ModifyInstanceMetadataDefaults;
        let client = self.ec2_in_turn(place, call).await?;
        let answer = client
            .modify_instance_metadata_defaults()
            .set_http_tokens(change.require_tokens.then_some(sdk::MetadataDefaultHttpTokensState::Required))
            .set_http_put_response_hop_limit(
                change.hop_limit.map(|it| it.map(|hops| i32::from(hops.get())).unwrap_or(NO_HOP_LIMIT)),
            )
            .set_http_endpoint(change.http_endpoint.map(|preference| match preference {
                Preference::Set(Disabled) => sdk::DefaultInstanceMetadataEndpointState::Disabled,
                Preference::Clear => sdk::DefaultInstanceMetadataEndpointState::NoPreference,
            }))
            .set_instance_metadata_tags(
                change.metadata_tags.map(|it| options::default_state(it.map(Switch::on)).into()),
            )
            .set_http_tokens_enforced(change.enforce.then_some(sdk::DefaultHttpTokensEnforcedState::Enabled))
            .send()
            .await
            .map_err(|it| self.failure(place, call, &it))?;
        Ok(answer.request_id().map(str::to_owned))
    }
}

impl Aws {
    async fn images(
        &self,
        place: &Place,
        owned: bool,
        ids: &[ImageId],
        next: Option<String>,
    ) -> Answer<Page<sdk::Image>> {
        let call = Call::DescribeImages;
        let client = self.ec2_in_turn(place, call).await?;
        let mut request = client.describe_images().max_results(PAGE).set_next_token(next);
        if owned {
            request = request.owners("self");
        } else {
            // By filter and not by `ImageIds`: one id that AWS does not show would fail the whole call.
            request = request.filters(filter("image-id", ids.iter().map(ImageId::as_str)));
        }
        // Deprecated images can still be launched by those who know their id.
        let answer =
            request.include_deprecated(true).send().await.map_err(|it| self.failure(place, call, &it))?;
        let next = answer.next_token.filter(|it| !it.is_empty());
        Ok(Page { items: answer.images.unwrap_or_default(), next })
    }
}

impl ListImages for Aws {
    async fn own_images(&self, place: &Place, next: Option<String>) -> Answer<Page<Image>> {
        let page = self.images(place, true, &[], next).await?;
        Ok(Page { items: page.items.iter().filter_map(image).collect(), next: page.next })
    }

    async fn imds_support(&self, place: &Place, ids: &[ImageId]) -> Answer<Vec<(ImageId, ImdsSupport)>> {
        let mut found = Vec::new();
        for some in ids.chunks(IDS_PER_CALL) {
            let mut next = None;
            loop {
                let page = self.images(place, false, some, next).await?;
                found.extend(page.items.iter().filter_map(image).map(|it| (it.id, it.imds_support)));
                next = page.next;
                if next.is_none() {
                    break;
                }
            }
        }
        Ok(found)
    }
}

/// An image as described; `None` only if AWS left out its id.
fn image(it: &sdk::Image) -> Option<Image> {
    Some(Image {
        id: ImageId::parse(it.image_id()?).ok()?,
        name: it.name().unwrap_or_default().to_owned(),
        imds_support: match it.imds_support() {
            None => ImdsSupport::Unmarked,
            Some(sdk::ImdsSupportValues::V20) => ImdsSupport::V2,
            Some(_) => ImdsSupport::Unknown,
        },
        tags: tags(it.tags()),
    })
}

impl MarkImage for Aws {
    async fn mark_v2(&self, place: &Place, id: &ImageId) -> Answer<Option<String>> {
        let call = Call::ModifyImageAttribute;
        let client = self.ec2_in_turn(place, call).await?;
        let answer = client
            .modify_image_attribute()
            .image_id(id.as_str())
            .imds_support(sdk::AttributeValue::builder().value("v2.0").build())
            .send()
            .await
            .map_err(|it| self.failure(place, call, &it))?;
        Ok(answer.request_id().map(str::to_owned))
    }
}
