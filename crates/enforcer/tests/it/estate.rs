//! The listings of the AWS in memory, and its queue. Instances live in one Region of one account.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use v2only_enforcer::ports::*;
use v2only_enforcer::{Failure, Kind};
use v2only_policy::instance::{HttpTokens, Instance, Switch};
use v2only_policy::source::{
    AccountDefaults, Consumer, Image, LaunchConfiguration, LaunchTemplate, TemplateVersion,
};
use v2only_policy::usage::{Counted, Kinship, Lately};
use v2only_policy::*;

use crate::fake::{ACCOUNT, Fake, REGION, World};

fn is_ours(place: &Place) -> bool {
    place.account.as_str() == ACCOUNT && place.region.as_str() == REGION
}

impl ListAccounts for Fake {
    async fn accounts(&self) -> Answer<Vec<AccountId>> {
        self.call("organizations:ListAccounts", "", |world| {
            let all = world.other_accounts.iter().map(String::as_str).chain([ACCOUNT]);
            let mut all: Vec<AccountId> = all.map(|it| AccountId::parse(it).unwrap()).collect();
            all.sort();
            Ok(all)
        })
    }
}

impl ListRegions for Fake {
    async fn regions(&self, account: &AccountId) -> Answer<Vec<Region>> {
        self.call("ec2:DescribeRegions", account.as_str(), |_| {
            Ok([REGION, "us-east-1"].map(|it| Region::parse(it).unwrap()).to_vec())
        })
    }
}

/// One page of what a listing finds now. Its token is a number of items, so that what leaves the listing between
/// two pages moves the rest: the worst that AWS could do.
pub fn page<T>(all: Vec<T>, size: usize, next: Option<String>) -> Answer<Page<T>> {
    let Ok(from) = next.as_deref().unwrap_or("0").parse::<usize>() else {
        return Err(Failure::new(Kind::Invalid, "ec2:DescribeInstances", "InvalidNextToken"));
    };
    let size = if size == 0 { all.len().max(1) } else { size };
    let more = all.len() > from + size;
    let items = all.into_iter().skip(from).take(size).collect();
    Ok(Page { items, next: more.then(|| (from + size).to_string()) })
}

impl ListInstances for Fake {
    async fn page(
        &self,
        place: &Place,
        listing: Listing<'_>,
        next: Option<String>,
    ) -> Answer<Page<Instance>> {
        let target = format!("listed {place} {}", next.as_deref().unwrap_or("first"));
        self.call("ec2:DescribeInstances", &target, |world| {
            if world.forgets_pages && next.is_some() {
                return Err(Failure::new(Kind::Invalid, "ec2:DescribeInstances", "InvalidNextToken"));
            }
            let wanted = |instance: &&Instance| {
                let v1 = instance.options.http_tokens == HttpTokens::Optional
                    && instance.options.http_endpoint == Switch::Enabled;
                let listed = match listing {
                    Listing::All => true,
                    Listing::AnsweringVersion1 => v1,
                    Listing::Siblings(kinship) => {
                        instance.state == InstanceState::Running && Kinship::of(instance).contains(kinship)
                    }
                };
                is_ours(place) && listed
            };
            page(world.instances.values().filter(wanted).cloned().collect(), world.page_size, next)
        })
    }
}

impl ListNotebooks for Fake {
    async fn notebook_names(&self, place: &Place, next: Option<String>) -> Answer<Page<NotebookName>> {
        self.call("sagemaker:ListNotebookInstances", &place.to_string(), |world| {
            let names = world.notebooks.values().map(|it| it.name.clone());
            page(names.filter(|_| is_ours(place)).collect(), 0, next)
        })
    }
}

impl ReadUsage for Fake {
    async fn daily(
        &self,
        _: &Place,
        _: Metric,
        ids: &[InstanceId],
        _: Date,
        _: Timestamp,
    ) -> Answer<BTreeMap<InstanceId, Counted>> {
        self.call("cloudwatch:GetMetricData", &ids.len().to_string(), |world| {
            let today = jiff::tz::Offset::UTC.to_datetime(crate::fake::now()).date();
            let counted = |id: &InstanceId| Counted {
                days: world
                    .version_1_calls
                    .get(id.as_str())
                    .map(|calls| (today, *calls))
                    .into_iter()
                    .collect(),
                complete: !world.counts_in_part,
                ..Counted::default()
            };
            Ok(ids.iter().map(|id| (id.clone(), counted(id))).collect())
        })
    }

    async fn lately(
        &self,
        _: &Place,
        _: Metric,
        ids: &[InstanceId],
        _: Timestamp,
        _: Timestamp,
    ) -> Answer<BTreeMap<InstanceId, Lately>> {
        panic!("no sweep goes in waves: {ids:?}");
    }
}

impl ReadDefaults for Fake {
    async fn defaults(&self, place: &Place) -> Answer<AccountDefaults> {
        self.call("ec2:GetInstanceMetadataDefaults", &place.to_string(), |world| {
            Ok(world.defaults.clone().filter(|_| is_ours(place)).unwrap_or(AccountDefaults::UNSET))
        })
    }
}

impl ListLaunchTemplates for Fake {
    async fn launch_templates(&self, _: &Place, _: Option<String>) -> Answer<Page<LaunchTemplate>> {
        self.call("ec2:DescribeLaunchTemplates", "", |world| {
            Ok(Page { items: world.templates.clone(), next: None })
        })
    }

    async fn current_versions(
        &self,
        _: &Place,
        _: Option<String>,
    ) -> Answer<Page<(LaunchTemplateId, TemplateVersion)>> {
        Ok(Page { items: vec![], next: None })
    }

    async fn launch_template(&self, _: &Place, id: &LaunchTemplateId) -> Answer<Option<LaunchTemplate>> {
        Ok(self.0.lock().unwrap().templates.iter().find(|it| it.id == *id).cloned())
    }

    async fn versions_since(
        &self,
        _: &Place,
        id: &LaunchTemplateId,
        first: u64,
    ) -> Answer<Vec<TemplateVersion>> {
        let mut versions = self.0.lock().unwrap().template(id).versions.clone();
        versions.retain(|it| it.number >= first);
        Ok(versions)
    }

    async fn template_versions(
        &self,
        _: &Place,
        id: &LaunchTemplateId,
        numbers: &[u64],
    ) -> Answer<Vec<TemplateVersion>> {
        let mut versions = self.0.lock().unwrap().template(id).versions.clone();
        versions.retain(|it| numbers.contains(&it.number));
        Ok(versions)
    }
}

impl ListImages for Fake {
    async fn own_images(&self, place: &Place, _: Option<String>) -> Answer<Page<Image>> {
        self.call("ec2:DescribeImages", "", |world| {
            let numbers = 0..if is_ours(place) { world.images } else { 0 };
            let items = numbers.map(|number| Image {
                id: ImageId::parse(&format!("ami-{number:08x}")).unwrap(),
                name: "golden".to_owned(),
                imds_support: ImdsSupport::Unmarked,
                tags: Tags::new(),
            });
            Ok(Page { items: items.collect(), next: None })
        })
    }

    async fn imds_support(&self, _: &Place, _: &[ImageId]) -> Answer<Vec<(ImageId, ImdsSupport)>> {
        Ok(vec![])
    }
}

impl ListGroups for Fake {
    async fn groups(&self, _: &Place, _: Option<String>) -> Answer<Page<Consumer>> {
        self.call("autoscaling:DescribeAutoScalingGroups", "", |world| {
            Ok(Page { items: world.groups.clone(), next: None })
        })
    }

    async fn group(&self, _: &Place, name: &str) -> Answer<Option<Consumer>> {
        Ok(self.0.lock().unwrap().groups.iter().find(|it| it.id == name).cloned())
    }

    async fn launch_configurations(&self, _: &Place, _: Option<String>) -> Answer<Page<LaunchConfiguration>> {
        Ok(Page { items: vec![], next: None })
    }
}

impl ListFleets for Fake {
    async fn fleets(&self, _: &Place, _: Option<String>) -> Answer<Page<Consumer>> {
        Ok(Page { items: vec![], next: None })
    }

    async fn spot_fleets(&self, _: &Place, _: Option<String>) -> Answer<Page<Consumer>> {
        Ok(Page { items: vec![], next: None })
    }
}

impl SendTasks for Fake {
    async fn send(&self, texts: &[String], delay: Duration) -> Answer<()> {
        for text in texts {
            self.call("sqs:SendMessage", "", |world: &mut World| {
                world.queue.push((text.clone(), delay.as_secs()));
                Ok(())
            })?;
        }
        Ok(())
    }
}

impl PostponeMessages for Fake {
    async fn postpone(&self, _: &str, messages: &[Postponed]) -> Answer<()> {
        let rests: Vec<String> =
            messages.iter().map(|it| format!("{}={}s", it.receipt, it.rest.as_secs())).collect();
        self.call("sqs:ChangeMessageVisibility", &rests.join(" "), |_| Ok(()))
    }
}
