//! Instances. Source of every shape: Amazon EC2 API Reference.

use std::time::Duration;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::operation::RequestId as _;
use aws_sdk_ec2::types::{self as sdk, Filter};
use v2only_enforcer::ports::{
    Admission as _, Answer, Changed, DescribeInstances, ListInstances, ListRegions, Listing, Page,
    TagInstance, TightenInstance, TryAgain, Turns,
};
use v2only_enforcer::{Failure, Kind};
use v2only_policy::instance::{GROUP_TAG, Instance, InstanceState, Switch, TEMPLATE_TAG};
use v2only_policy::usage::Kinship;
use v2only_policy::{
    AccountId, ImageId, InstanceChange, InstanceId, Partition, Place, Region, ResourceKind, SurfaceKind, Tags,
};

use crate::call::Call;
use crate::connect::Aws;
use crate::options;

/// AWS takes at most 200 values in one filter.
const IDS_PER_CALL: usize = 200;
/// The largest page `DescribeInstances` gives.
const PAGE: i32 = 1000;
/// The pause after the first attempt of a function to change an instance. Later ones are longer.
const PAUSE: Duration = Duration::from_millis(500);

impl Aws {
    pub(crate) async fn ec2(&self, place: &Place) -> Answer<Client> {
        if let Some(client) = self.ec2.get(place) {
            return Ok(client);
        }
        let client = Client::new(&self.config(place).await?);
        self.ec2.keep(place, client.clone());
        Ok(client)
    }

    /// The client, after waiting for the turn of the call.
    pub(crate) async fn ec2_in_turn(&self, place: &Place, call: Call) -> Answer<Client> {
        let client = self.ec2(place).await?;
        self.turn(Some(place), call).await?;
        Ok(client)
    }

    /// The Regions enabled for an account, from `DescribeRegions`.
    ///
    /// # Errors
    /// The call failed.
    pub async fn enabled_regions(&self, from: &Place) -> Answer<Vec<Region>> {
        let call = Call::DescribeRegions;
        let client = self.ec2_in_turn(from, call).await?;
        let answer = client.describe_regions().send().await.map_err(|it| self.failure(from, call, &it))?;
        let unknown = |why: String| Failure::new(Kind::Unknown, call.iam_action(), why);
        let mut regions: Vec<Region> = answer
            .regions()
            .iter()
            .map(|it| Region::parse(it.region_name().unwrap_or_default()))
            .collect::<Result<_, _>>()
            .map_err(|it| unknown(it.to_string()))?;
        if regions.is_empty() {
            // Every account has some: what is not listed would not be read.
            return Err(unknown("AWS listed no enabled Region".to_owned()));
        }
        regions.sort();
        Ok(regions)
    }

    /// A page of instances, each read as it is taken out of the answer: the SDK's own form takes kilobytes.
    async fn one_page<T>(
        &self,
        place: &Place,
        filters: Vec<Filter>,
        next: Option<String>,
        read: impl Fn(&sdk::Instance) -> Option<T>,
    ) -> Answer<Page<T>> {
        let call = Call::DescribeInstances;
        let client = self.ec2(place).await?;
        // Instances of other services may be hidden, and would then look gone. The younger partitions may
        // not know the word yet.
        let hidden_too = (place.region.partition() == Partition::Aws).then_some(true);
        let request = client
            .describe_instances()
            .set_filters(Some(filters))
            .set_include_managed_resources(hidden_too)
            .max_results(PAGE)
            .set_next_token(next);
        let answer = self.in_turn(place, call, || request.clone().send()).await?;
        let next = answer.next_token.filter(|it| !it.is_empty());
        let reservations = answer.reservations.unwrap_or_default().into_iter();
        let described = reservations.flat_map(|it| it.instances.unwrap_or_default());
        Ok(Page { items: described.filter_map(|it| read(&it)).collect(), next })
    }

    async fn all_pages<T>(
        &self,
        place: &Place,
        filters: Vec<Filter>,
        read: impl Fn(&sdk::Instance) -> Option<T>,
    ) -> Answer<Vec<T>> {
        let mut items = Vec::new();
        let mut next = None;
        loop {
            let page = self.one_page(place, filters.clone(), next, &read).await?;
            items.extend(page.items);
            next = page.next;
            if next.is_none() {
                return Ok(items);
            }
        }
    }
}

impl ListRegions for Aws {
    /// Asked in our own Region.
    async fn regions(&self, account: &AccountId) -> Answer<Vec<Region>> {
        let Some(region) = self.region() else {
            let why = "no Region is set to ask in";
            return Err(Failure::new(Kind::Invalid, Call::DescribeRegions.iam_action(), why));
        };
        let from = Place { account: account.clone(), region };
        self.admit(&from).await?;
        self.enabled_regions(&from).await
    }
}

/// A page of a listing. AWS may answer an empty token on the last page.
pub(crate) fn page<S, T>(
    listed: Option<Vec<S>>,
    next: Option<String>,
    read: impl Fn(&S) -> Option<T>,
) -> Page<T> {
    let items = listed.unwrap_or_default().iter().filter_map(read).collect();
    Page { items, next: next.filter(|it| !it.is_empty()) }
}

pub(crate) fn filter(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().map(Into::into).collect())).build()
}

impl DescribeInstances for Aws {
    /// By filter and not by `InstanceIds`: one id that AWS does not show yet would fail the whole call.
    async fn instances(&self, place: &Place, ids: &[InstanceId]) -> Answer<Vec<Instance>> {
        let mut found = Vec::new();
        for some in ids.chunks(IDS_PER_CALL) {
            let by_id = filter("instance-id", some.iter().map(InstanceId::as_str));
            found.extend(self.all_pages(place, vec![by_id], instance).await?);
        }
        Ok(found)
    }

    async fn launched_with(&self, place: &Place, tokens: &[String]) -> Answer<Vec<(String, Instance)>> {
        let with_token = |it: &sdk::Instance| Some((it.client_token()?.to_owned(), instance(it)?));
        let mut found = Vec::new();
        for some in tokens.chunks(IDS_PER_CALL) {
            found.extend(self.all_pages(place, vec![filter("client-token", some)], with_token).await?);
        }
        Ok(found)
    }
}

impl ListInstances for Aws {
    async fn page(
        &self,
        place: &Place,
        listing: Listing<'_>,
        next: Option<String>,
    ) -> Answer<Page<Instance>> {
        let alive = || filter("instance-state-name", ["pending", "running", "stopping", "stopped"]);
        let filters = match listing {
            Listing::All => vec![alive()],
            Listing::AnsweringVersion1 => vec![
                alive(),
                filter("metadata-options.http-tokens", ["optional"]),
                filter("metadata-options.http-endpoint", ["enabled"]),
            ],
            Listing::Siblings(kinship) => vec![
                filter("instance-state-name", ["running"]),
                match kinship {
                    Kinship::Group(name) => filter(&format!("tag:{GROUP_TAG}"), [name]),
                    Kinship::Template(id) => filter(&format!("tag:{TEMPLATE_TAG}"), [id.as_str()]),
                    Kinship::Image(id) => filter("image-id", [id.as_str()]),
                },
            ],
        };
        self.one_page(place, filters, next, instance).await
    }
}

impl TightenInstance for Aws {
    async fn tighten(&self, place: &Place, id: &InstanceId, change: InstanceChange) -> Answer<Changed> {
        let call = Call::ModifyInstanceMetadataOptions;
        let client = self.ec2(place).await?;
        let request = client.modify_instance_metadata_options().instance_id(id.as_str());
        let request = match change {
            InstanceChange::DisableEndpoint => {
                request.http_endpoint(sdk::InstanceMetadataEndpointState::Disabled)
            }
            InstanceChange::RequireTokens { hop_limit, switches } => {
                let request = request
                    .http_tokens(sdk::HttpTokensState::Required)
                    .http_endpoint(sdk::InstanceMetadataEndpointState::Enabled)
                    .set_http_put_response_hop_limit(hop_limit.map(|hops| i32::from(hops.get())));
                options::set_switches(request, switches.map(|enable| enable.map(Switch::on)))
            }
        };
        let sending = request.customize().config_override(once()).send();
        let answer = self.once_in_turn(place, call, sending).await?;
        Ok(Changed {
            options: options::described(answer.instance_metadata_options()),
            request_id: answer.request_id().map(str::to_owned),
        })
    }
}

impl TryAgain for Aws {
    /// Up to as many attempts as the SDK makes of other calls (`AWS_MAX_ATTEMPTS`, by default 3), half a second and a second apart.
    async fn try_again(&self, failure: &Failure, attempts: u32) -> bool {
        let is_for_now = match failure.kind {
            // Without an answer of AWS, our own pacing refused the call.
            Kind::Throttled => failure.code.is_some(),
            kind => matches!(kind, Kind::Unavailable | Kind::Unreachable),
        };
        let most = self.base().retry_config().map_or(1, RetryConfig::max_attempts);
        if !is_for_now || attempts >= most {
            return false;
        }
        tokio::time::sleep(PAUSE * attempts).await;
        true
    }
}

/// For changes, which the SDK does not repeat: it would neither wait for a turn nor describe the instance again.
pub(crate) fn once() -> aws_sdk_ec2::config::Builder {
    aws_sdk_ec2::config::Builder::new().retry_config(RetryConfig::disabled())
}

/// The call by which resources of a kind are changed in turns of their own.
const fn changed_in_turns(kind: ResourceKind) -> Option<Call> {
    match kind {
        ResourceKind::Instance => Some(Call::ModifyInstanceMetadataOptions),
        ResourceKind::Surface(SurfaceKind::LightsailInstance) => Some(Call::UpdateLightsailMetadataOptions),
        ResourceKind::Surface(SurfaceKind::InfrastructureConfiguration) => {
            Some(Call::UpdateInfrastructureConfiguration)
        }
        _ => None,
    }
}

impl Turns for Aws {
    async fn turn(&self, place: &Place, kind: ResourceKind) {
        if let Some(call) = changed_in_turns(kind) {
            // Where no turn comes, the change itself says so.
            let _reserved = self.pace.reserve(place, call).await;
        }
    }

    fn pass(&self, place: &Place, kind: ResourceKind) {
        if let Some(call) = changed_in_turns(kind) {
            self.pace.release(place, call);
        }
    }

    fn insists(&self, kind: ResourceKind, failure: &Failure) -> bool {
        let is_change = changed_in_turns(kind).is_some_and(|call| call.iam_action() == failure.action);
        is_change && self.pace.is_patient()
    }
}

impl TagInstance for Aws {
    async fn tag_instance(&self, place: &Place, id: &InstanceId, key: &str, value: &str) -> Answer<()> {
        let call = Call::CreateTags;
        if !key.starts_with(v2only_policy::TAG_PREFIX) {
            return Err(Failure::new(
                Kind::Invalid,
                call.iam_action(),
                format!("`{key}` is not a tag of ours"),
            ));
        }
        let client = self.ec2(place).await?;
        let tag = sdk::Tag::builder().key(key).value(value).build();
        let request = client.create_tags().resources(id.as_str()).tags(tag);
        self.in_turn(place, call, || request.clone().send()).await.map(|_| ())
    }
}

/// An instance as described; `None` only if AWS left out its id.
fn instance(it: &sdk::Instance) -> Option<Instance> {
    Some(Instance {
        id: InstanceId::parse(it.instance_id()?).ok()?,
        state: state(it.state().and_then(|it| it.name())),
        options: options::described(it.metadata_options()),
        managed_by: managed_by(it.operator()),
        created_at: created_at(it),
        started_at: it.launch_time().and_then(|it| jiff::Timestamp::from_second(it.secs()).ok()),
        instance_type: it.instance_type().map(|it| it.as_str().to_owned()),
        image: it.image_id().and_then(|it| ImageId::parse(it).ok()),
        profile: it.iam_instance_profile().and_then(|it| it.arn()).map(str::to_owned),
        public_address: it.public_ip_address().is_some(),
        tags: tags(it.tags()),
    })
}

pub(crate) fn managed_by(operator: Option<&sdk::OperatorResponse>) -> Option<String> {
    let managed = operator.filter(|it| it.managed() == Some(true))?;
    Some(managed.principal().unwrap_or("an AWS service").to_owned())
}

pub(crate) fn tags(described: &[sdk::Tag]) -> Tags {
    let tag = |tag: &sdk::Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    described.iter().filter_map(tag).collect()
}

fn state(name: Option<&sdk::InstanceStateName>) -> InstanceState {
    match name {
        Some(sdk::InstanceStateName::Pending) => InstanceState::Pending,
        Some(sdk::InstanceStateName::Running) => InstanceState::Running,
        Some(sdk::InstanceStateName::Stopping) => InstanceState::Stopping,
        Some(sdk::InstanceStateName::Stopped) => InstanceState::Stopped,
        Some(sdk::InstanceStateName::ShuttingDown | sdk::InstanceStateName::Terminated) => {
            InstanceState::Gone
        }
        Some(_) | None => InstanceState::Unknown,
    }
}

/// The earliest moment anything was attached, which is when the instance was first launched; `LaunchTime`
/// moves with every start.
fn created_at(it: &sdk::Instance) -> Option<jiff::Timestamp> {
    let interfaces =
        it.network_interfaces().iter().filter_map(|it| it.attachment()).filter_map(|it| it.attach_time());
    let volumes =
        it.block_device_mappings().iter().filter_map(|it| it.ebs()).filter_map(|it| it.attach_time());
    let earliest = interfaces.chain(volumes).map(|it| it.secs()).min();
    // An instance without either keeps its launch time: too young an age could only skip the usage gate, so
    // it is not used then.
    jiff::Timestamp::from_second(earliest?).ok()
}
