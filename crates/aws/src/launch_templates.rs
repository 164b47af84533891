//! Launch templates. Source of every shape: Amazon EC2 API Reference.

use aws_sdk_ec2::operation::RequestId as _;
use aws_sdk_ec2::types as sdk;
use v2only_enforcer::ports::{
    Answer, ChangeLaunchTemplate, ListLaunchTemplates, NewVersion, Page, WantedVersion,
};
use v2only_enforcer::{Failure, Kind};
use v2only_policy::exemption::UNTIL_TAG;
use v2only_policy::source::{LaunchTemplate, Made, TemplateVersion};
use v2only_policy::{
    HttpTokens, ImdsSupport, LaunchTemplateId, Partition, Place, StatedOptions, Switch, Tags,
};

use crate::call::Call;
use crate::connect::Aws;
use crate::ec2::{managed_by, once, page, tags};
use crate::options;

/// The largest page of templates and of versions.
const PAGE: i32 = 200;

/// Which versions are described.
enum Which<'a> {
    /// `$Default` and `$Latest` of every template.
    Current,
    /// These of one template.
    Numbers(&'a LaunchTemplateId, &'a [u64]),
    /// Those of one template from this number on.
    From(&'a LaunchTemplateId, u64),
}

impl Aws {
    async fn describe_versions(
        &self,
        place: &Place,
        which: &Which<'_>,
        next: Option<String>,
    ) -> Answer<Page<sdk::LaunchTemplateVersion>> {
        let call = Call::DescribeLaunchTemplateVersions;
        let client = self.ec2_in_turn(place, call).await?;
        let request = client
            .describe_launch_template_versions()
            .set_include_managed_resources(hidden_too(place))
            .set_next_token(next);
        let request = match which {
            Which::Current => request.versions("$Default").versions("$Latest").max_results(PAGE),
            Which::Numbers(id, numbers) => request
                .launch_template_id(id.as_str())
                .set_versions(Some(numbers.iter().map(ToString::to_string).collect())),
            // "The version number after which": one that is not meant is left out by the caller.
            Which::From(id, first) => request
                .launch_template_id(id.as_str())
                .min_version(first.saturating_sub(1).max(1).to_string())
                .max_results(PAGE),
        };
        let answer = request.send().await.map_err(|it| self.failure(place, call, &it))?;
        let next = answer.next_token.filter(|it| !it.is_empty());
        Ok(Page { items: answer.launch_template_versions.unwrap_or_default(), next })
    }

    /// These versions of one template, from every page.
    async fn numbered(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        numbers: &[u64],
    ) -> Answer<Vec<TemplateVersion>> {
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let page = self.describe_versions(place, &Which::Numbers(id, numbers), next).await?;
            found.extend(page.items.iter().filter_map(version));
            next = page.next;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    /// One version, with all that it says.
    async fn one_version(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        number: u64,
    ) -> Answer<sdk::ResponseLaunchTemplateData> {
        let page = self.describe_versions(place, &Which::Numbers(id, &[number]), None).await?;
        let data = page.items.into_iter().next().and_then(|it| it.launch_template_data);
        data.ok_or_else(|| {
            let action = Call::DescribeLaunchTemplateVersions.iam_action();
            Failure::new(Kind::Gone, action, format!("{id} has no version {number} any more"))
        })
    }
}

/// Templates of other services may be hidden. The younger partitions may not know the word yet.
fn hidden_too(place: &Place) -> Option<bool> {
    (place.region.partition() == Partition::Aws).then_some(true)
}

impl ListLaunchTemplates for Aws {
    async fn launch_templates(&self, place: &Place, next: Option<String>) -> Answer<Page<LaunchTemplate>> {
        let call = Call::DescribeLaunchTemplates;
        let client = self.ec2_in_turn(place, call).await?;
        let answer = client
            .describe_launch_templates()
            .set_include_managed_resources(hidden_too(place))
            .max_results(PAGE)
            .set_next_token(next)
            .send()
            .await
            .map_err(|it| self.failure(place, call, &it))?;
        Ok(page(answer.launch_templates, answer.next_token, template))
    }

    async fn current_versions(
        &self,
        place: &Place,
        next: Option<String>,
    ) -> Answer<Page<(LaunchTemplateId, TemplateVersion)>> {
        let page = self.describe_versions(place, &Which::Current, next).await?;
        let both = |template_version: &sdk::LaunchTemplateVersion| {
            Some((
                LaunchTemplateId::parse(template_version.launch_template_id()?).ok()?,
                version(template_version)?,
            ))
        };
        Ok(Page { items: page.items.iter().filter_map(both).collect(), next: page.next })
    }

    async fn launch_template(&self, place: &Place, id: &LaunchTemplateId) -> Answer<Option<LaunchTemplate>> {
        let call = Call::DescribeLaunchTemplates;
        let client = self.ec2_in_turn(place, call).await?;
        let answer = client
            .describe_launch_templates()
            .set_include_managed_resources(hidden_too(place))
            .launch_template_ids(id.as_str())
            .send()
            .await
            .map_err(|it| self.failure(place, call, &it));
        match answer {
            Ok(answer) => Ok(answer.launch_templates().iter().find_map(template)),
            Err(failure) if failure.kind == Kind::Gone => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    async fn versions_since(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        first: u64,
    ) -> Answer<Vec<TemplateVersion>> {
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let page = match self.describe_versions(place, &Which::From(id, first), next).await {
                Ok(page) => page,
                Err(failure) if failure.kind == Kind::Gone => return Ok(Vec::new()),
                Err(failure) => return Err(failure),
            };
            found.extend(page.items.iter().filter_map(version).filter(|it| it.number >= first));
            next = page.next;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    async fn template_versions(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        numbers: &[u64],
    ) -> Answer<Vec<TemplateVersion>> {
        match self.numbered(place, id, numbers).await {
            // One version that is gone fails the call for all, so each is then described by itself.
            Err(failure) if failure.kind == Kind::Gone && numbers.len() > 1 => {
                let mut found = Vec::new();
                for number in numbers {
                    match self.numbered(place, id, &[*number]).await {
                        Err(failure) if failure.kind == Kind::Gone => {}
                        one => found.extend(one?),
                    }
                }
                Ok(found)
            }
            Err(failure) if failure.kind == Kind::Gone => Ok(Vec::new()),
            all => all,
        }
    }
}

/// A template as listed; `None` only if AWS left out its id or its versions' numbers.
fn template(it: &sdk::LaunchTemplate) -> Option<LaunchTemplate> {
    Some(LaunchTemplate {
        id: LaunchTemplateId::parse(it.launch_template_id()?).ok()?,
        name: it.launch_template_name().unwrap_or_default().to_owned(),
        default: u64::try_from(it.default_version_number()?).ok()?,
        latest: u64::try_from(it.latest_version_number()?).ok()?,
        displaced: None,
        versions: Vec::new(),
        consumers: Vec::new(),
        managed_by: managed_by(it.operator()),
        created_by: it.created_by().map(str::to_owned),
        tags: tags(it.tags()),
    })
}

/// The tags that instances of a version get.
fn instance_tags(data: &sdk::ResponseLaunchTemplateData) -> Tags {
    let of_instances =
        |it: &&sdk::LaunchTemplateTagSpecification| it.resource_type() == Some(&sdk::ResourceType::Instance);
    data.tag_specifications().iter().filter(of_instances).flat_map(|it| tags(it.tags())).collect()
}

fn version(it: &sdk::LaunchTemplateVersion) -> Option<TemplateVersion> {
    let data = it.launch_template_data();
    let instance_tags = data.map(instance_tags).unwrap_or_default();
    Some(TemplateVersion {
        number: u64::try_from(it.version_number()?).ok()?,
        options: options::of_template(data.and_then(|it| it.metadata_options())),
        instance_type: data.and_then(|it| it.instance_type()).map(|it| it.as_str().to_owned()),
        image: data.and_then(|it| it.image_id()).map(str::to_owned),
        imds_support: ImdsSupport::Unknown,
        made: it.version_description().and_then(Made::read),
        exempts: instance_tags.contains_key(UNTIL_TAG),
        instance_tags,
    })
}

impl ChangeLaunchTemplate for Aws {
    type Source = sdk::ResponseLaunchTemplateData;

    async fn source(&self, place: &Place, id: &LaunchTemplateId, number: u64) -> Answer<Self::Source> {
        self.one_version(place, id, number).await
    }

    async fn new_version(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        wanted: WantedVersion,
        source: Self::Source,
    ) -> Answer<NewVersion> {
        let from = wanted.from;
        let options = asked(&source, wanted);
        let call = Call::CreateLaunchTemplateVersion;
        let unknown = Some(Switch::Unknown);
        if options.http_tokens == Some(HttpTokens::Unknown)
            || options.http_endpoint == unknown
            || options.switches.iter().any(|(_, is)| *is == unknown)
        {
            let why = format!("version {from} of {id} says something that this release cannot repeat");
            return Err(Failure::new(Kind::Refused, call.iam_action(), why));
        }
        let mut data =
            sdk::RequestLaunchTemplateData::builder().metadata_options(options::for_template(&options));
        let snapshots = source
            .block_device_mappings()
            .iter()
            .any(|it| it.ebs().is_some_and(|ebs| ebs.snapshot_id().is_some()));
        if snapshots {
            // AWS takes over everything but snapshots, unless the mappings are given again.
            data = data.set_block_device_mappings(Some(
                source.block_device_mappings().iter().map(mapping).collect(),
            ));
        }
        if options == StatedOptions::default() && !snapshots {
            // AWS wants at least one parameter: those that every template has are said again.
            data = data
                .set_image_id(source.image_id().map(str::to_owned))
                .set_instance_type(source.instance_type().cloned())
                .set_user_data(source.user_data().map(str::to_owned));
        }
        let client = self.ec2_in_turn(place, call).await?;
        let answer = client
            .create_launch_template_version()
            .launch_template_id(id.as_str())
            .source_version(from.to_string())
            .version_description(described(wanted))
            .launch_template_data(data.build())
            .send()
            .await
            .map_err(|it| self.failure(place, call, &it))?;
        let request_id = answer.request_id().map(str::to_owned);
        let unverified = |why: String| Failure {
            request_id: request_id.clone(),
            ..Failure::new(Kind::Unverified, call.iam_action(), why)
        };
        let made = answer.launch_template_version().and_then(|it| Some((version(it)?, it)));
        let Some((made, described)) = made else {
            return Err(unverified("AWS did not say which version it made".to_owned()));
        };
        let source = rest(source);
        let mut same = described.launch_template_data().cloned().map(rest).as_ref() == Some(&source);
        if !same {
            // The answer may be written otherwise than the description, and the description counts.
            same = rest(self.one_version(place, id, made.number).await?) == source;
        }
        if made.options != options || !same {
            return Err(unverified(differs(id, wanted, made.number)));
        }
        Ok(NewVersion { version: made, request_id })
    }

    async fn made_version(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        wanted: WantedVersion,
        number: u64,
    ) -> Answer<NewVersion> {
        let call = Call::DescribeLaunchTemplateVersions;
        let source = self.one_version(place, id, wanted.from).await?;
        let page = self.describe_versions(place, &Which::Numbers(id, &[number]), None).await?;
        let made = page.items.into_iter().find_map(|it| Some((version(&it)?, it.launch_template_data?)));
        let Some((made, data)) = made else {
            let why = format!("{id} has no version {number} any more");
            return Err(Failure::new(Kind::Gone, call.iam_action(), why));
        };
        if made.options != asked(&source, wanted) || rest(data) != rest(source) {
            let why = differs(id, wanted, number);
            return Err(Failure::new(Kind::Unverified, call.iam_action(), why));
        }
        Ok(NewVersion { version: made, request_id: None })
    }

    async fn make_default(
        &self,
        place: &Place,
        id: &LaunchTemplateId,
        version: u64,
    ) -> Answer<Option<String>> {
        let call = Call::ModifyLaunchTemplate;
        let client = self.ec2_in_turn(place, call).await?;
        let answer = client
            .modify_launch_template()
            .launch_template_id(id.as_str())
            .default_version(version.to_string())
            .customize()
            .config_override(once())
            .send()
            .await
            .map_err(|it| self.failure(place, call, &it))?;
        Ok(answer.request_id().map(str::to_owned))
    }
}

fn described(wanted: WantedVersion) -> String {
    let WantedVersion { from, change, latest } = wanted;
    match change {
        Some(_) => Made { from, latest }.changed(),
        None => Made::again(from).repeated(),
    }
}

/// The options of the version that is wanted.
fn asked(source: &sdk::ResponseLaunchTemplateData, wanted: WantedVersion) -> StatedOptions {
    let options = options::of_template(source.metadata_options());
    wanted.change.map_or(options, |change| options.tightened(change))
}

/// All but the options.
fn rest(mut it: sdk::ResponseLaunchTemplateData) -> sdk::ResponseLaunchTemplateData {
    it.metadata_options = None;
    it
}

fn differs(id: &LaunchTemplateId, wanted: WantedVersion, number: u64) -> String {
    format!(
        "version {number} of {id}, made from version {}, differs from it in more than was asked for; \
         compare the two, and delete version {number}",
        wanted.from
    )
}

fn mapping(it: &sdk::LaunchTemplateBlockDeviceMapping) -> sdk::LaunchTemplateBlockDeviceMappingRequest {
    let ebs = it.ebs().map(|ebs| {
        sdk::LaunchTemplateEbsBlockDeviceRequest::builder()
            .set_encrypted(ebs.encrypted())
            .set_delete_on_termination(ebs.delete_on_termination())
            .set_iops(ebs.iops())
            .set_kms_key_id(ebs.kms_key_id().map(str::to_owned))
            .set_snapshot_id(ebs.snapshot_id().map(str::to_owned))
            .set_volume_size(ebs.volume_size())
            .set_volume_type(ebs.volume_type().cloned())
            .set_throughput(ebs.throughput())
            .set_volume_initialization_rate(ebs.volume_initialization_rate())
            .set_ebs_card_index(ebs.ebs_card_index())
            .build()
    });
    sdk::LaunchTemplateBlockDeviceMappingRequest::builder()
        .set_device_name(it.device_name().map(str::to_owned))
        .set_virtual_name(it.virtual_name().map(str::to_owned))
        .set_ebs(ebs)
        .set_no_device(it.no_device().map(str::to_owned))
        .build()
}
