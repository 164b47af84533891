//! Its instances.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use v2only_enforcer::ports::{
    Answer, Changed, DescribeInstances, ListInstances, Listing, Metric, Page, PostponeMessages, Postponed,
    ReadUsage, RestoreInstance, TagInstance, TightenInstance, TryAgain, Turns,
};
use v2only_enforcer::record::Posture;
use v2only_policy::instance::{HttpTokens, Instance, MetadataOptions, Switch};
use v2only_policy::usage::{Counted, Lately};
use v2only_policy::{InstanceChange, InstanceId, Place};

use super::{FakeAws, PAGE};

impl ListInstances for FakeAws {
    async fn page(&self, place: &Place, _: Listing<'_>, next: Option<String>) -> Answer<Page<Instance>> {
        self.call("ec2:DescribeInstances", Some(place), "")?;
        let state = self.state();
        let begin = next.map_or(0, |it| it.parse().unwrap());
        let here = state.instances.iter().filter(|((region, _), _)| *region == place.region);
        let mut here = here.skip(begin).map(|(_, it)| it.clone());
        let items: Vec<Instance> = here.by_ref().take(PAGE).collect();
        let next = here.next().map(|_| (begin + PAGE).to_string());
        Ok(Page { items, next })
    }
}

impl ReadUsage for FakeAws {
    async fn daily(
        &self,
        place: &Place,
        metric: Metric,
        ids: &[InstanceId],
        since: Date,
        now: Timestamp,
    ) -> Answer<BTreeMap<InstanceId, Counted>> {
        let which: Vec<&str> = ids.iter().map(InstanceId::as_str).collect();
        let what = format!("{} since {since} until {now}: {}", metric.name(), which.join(" "));
        self.call("cloudwatch:GetMetricData", Some(place), what)?;
        let state = self.state();
        let nothing = Counted { complete: true, ..Counted::default() };
        let of = |id: &InstanceId| state.counted.get(&(id.clone(), metric)).unwrap_or(&nothing).clone();
        Ok(ids.iter().map(|id| (id.clone(), of(id))).collect())
    }

    fn delivered_by_v1(&self, id: &InstanceId) -> BTreeMap<Date, u64> {
        self.state().delivered.get(id).cloned().unwrap_or_default()
    }

    async fn lately(
        &self,
        place: &Place,
        metric: Metric,
        ids: &[InstanceId],
        since: Timestamp,
        now: Timestamp,
    ) -> Answer<BTreeMap<InstanceId, Lately>> {
        let which: Vec<&str> = ids.iter().map(InstanceId::as_str).collect();
        let what = format!("{} from {since} until {now}: {}", metric.name(), which.join(" "));
        self.call("cloudwatch:GetMetricData", Some(place), what)?;
        let state = self.state();
        let nothing = Lately { complete: true, ..Lately::default() };
        Ok(ids.iter().map(|id| (id.clone(), state.lately.get(id).copied().unwrap_or(nothing))).collect())
    }
}

impl DescribeInstances for FakeAws {
    async fn instances(&self, place: &Place, ids: &[InstanceId]) -> Answer<Vec<Instance>> {
        self.call("ec2:DescribeInstances", Some(place), "")?;
        let state = self.state();
        let one = |id: &InstanceId| state.instances.get(&(place.region.clone(), id.clone())).cloned();
        Ok(ids.iter().filter_map(one).collect())
    }

    async fn launched_with(&self, place: &Place, _: &[String]) -> Answer<Vec<(String, Instance)>> {
        self.call("ec2:DescribeInstances", Some(place), "")?;
        Ok(Vec::new())
    }
}

impl TightenInstance for FakeAws {
    async fn tighten(&self, place: &Place, id: &InstanceId, change: InstanceChange) -> Answer<Changed> {
        let what = format!("{} {id} {change}", place.region);
        self.call("ec2:ModifyInstanceMetadataOptions", Some(place), what)?;
        let mut state = self.state();
        let deaf = state.deaf;
        let it = state.instances.get_mut(&(place.region.clone(), id.clone())).unwrap();
        let mut options = it.options;
        match change {
            InstanceChange::DisableEndpoint => options.http_endpoint = Switch::Disabled,
            InstanceChange::RequireTokens { hop_limit, .. } => {
                options.http_tokens = HttpTokens::Required;
                options.hop_limit = hop_limit.map(|it| it.get()).or(options.hop_limit);
            }
        }
        if !deaf {
            it.options = options;
        }
        Ok(Changed { options, request_id: Some("request-1".to_owned()) })
    }
}

impl Turns for FakeAws {}

impl TryAgain for FakeAws {}

impl TagInstance for FakeAws {
    async fn tag_instance(&self, place: &Place, id: &InstanceId, key: &str, value: &str) -> Answer<()> {
        self.call("ec2:CreateTags", Some(place), format!("{} {id} {key}={value}", place.region))
    }
}

impl RestoreInstance for FakeAws {
    async fn restore_options(
        &self,
        place: &Place,
        id: &InstanceId,
        options: &MetadataOptions,
    ) -> Answer<Changed> {
        let what = format!("{} {id} back to {}", place.region, Posture::Options(*options));
        self.call("ec2:ModifyInstanceMetadataOptions", Some(place), what)?;
        let mut state = self.state();
        if !state.deaf {
            state.instances.get_mut(&(place.region.clone(), id.clone())).unwrap().options = *options;
        }
        if state.vanishing {
            state.instances.remove(&(place.region.clone(), id.clone()));
        }
        Ok(Changed { options: *options, request_id: None })
    }
}

impl PostponeMessages for FakeAws {
    async fn postpone(&self, queue: &str, _: &[Postponed]) -> Answer<()> {
        self.call("sqs:ChangeMessageVisibility", None, queue)
    }
}
