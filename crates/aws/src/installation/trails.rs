//! Trails. Source: AWS CloudTrail API Reference, `DescribeTrails`, `GetTrailStatus`, `GetEventSelectors`.

use std::collections::BTreeMap;

use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::types::{AdvancedEventSelector, AdvancedFieldSelector, EventSelector};
use v2only_enforcer::ports::Answer;
use v2only_installation::ports::{AdvancedSelector, BasicSelector, FieldSelector, Selectors, Trail};
use v2only_policy::Place;

use super::unusable;
use crate::call::Call;
use crate::connect::Aws;

impl Aws {
    pub(super) async fn read_trails(&self, place: &Place) -> Answer<Vec<Trail>> {
        let call = Call::DescribeTrails;
        let client = Client::new(&self.config(place).await?);
        self.turn(Some(place), call).await?;
        // Shadow trails are those of other Regions and of the organization that record this Region as well.
        let request = client.describe_trails().include_shadow_trails(true);
        let answer = request.send().await.map_err(|it| self.failure(place, call, &it))?;
        let trail = |sdk_trail: &aws_sdk_cloudtrail::types::Trail| {
            Ok(Trail {
                arn: sdk_trail.trail_arn().ok_or_else(|| unusable(call, "the ARN of a trail"))?.to_owned(),
                home: sdk_trail.home_region().unwrap_or_default().to_owned(),
                multi_region: sdk_trail.is_multi_region_trail().unwrap_or_default(),
            })
        };
        answer.trail_list().iter().map(trail).collect()
    }

    pub(super) async fn read_is_logging(&self, place: &Place, arn: &str) -> Answer<bool> {
        let call = Call::GetTrailStatus;
        let client = Client::new(&self.config(place).await?);
        self.turn(Some(place), call).await?;
        let answer = client.get_trail_status().name(arn).send().await;
        let answer = answer.map_err(|it| self.failure(place, call, &it))?;
        answer.is_logging().ok_or_else(|| unusable(call, "whether the trail is logging"))
    }

    pub(super) async fn read_selectors(&self, place: &Place, arn: &str) -> Answer<Selectors> {
        let call = Call::GetEventSelectors;
        let client = Client::new(&self.config(place).await?);
        self.turn(Some(place), call).await?;
        let answer = client.get_event_selectors().trail_name(arn).send().await;
        let answer = answer.map_err(|it| self.failure(place, call, &it))?;
        let advanced = answer.advanced_event_selectors();
        Ok(if advanced.is_empty() {
            Selectors::Basic(answer.event_selectors().iter().map(basic).collect())
        } else {
            Selectors::Advanced(advanced.iter().map(self::advanced).collect())
        })
    }
}

fn basic(it: &EventSelector) -> BasicSelector {
    let data = |resource: &aws_sdk_cloudtrail::types::DataResource| {
        (resource.r#type().unwrap_or_default().to_owned(), resource.values().to_vec())
    };
    BasicSelector {
        // AWS documents both defaults.
        read_write: it.read_write_type().map_or("All", |it| it.as_str()).to_owned(),
        management: it.include_management_events().unwrap_or(true),
        data: it.data_resources().iter().map(data).collect(),
        excluded: it.exclude_management_event_sources().to_vec(),
    }
}

fn advanced(it: &AdvancedEventSelector) -> AdvancedSelector {
    AdvancedSelector {
        name: it.name().map(str::to_owned),
        fields: it.field_selectors().iter().map(field).collect(),
    }
}

fn field(it: &AdvancedFieldSelector) -> FieldSelector {
    let operators = [
        ("Equals", it.equals()),
        ("StartsWith", it.starts_with()),
        ("EndsWith", it.ends_with()),
        ("NotEquals", it.not_equals()),
        ("NotStartsWith", it.not_starts_with()),
        ("NotEndsWith", it.not_ends_with()),
    ];
    let said = operators.into_iter().filter(|(_, values)| !values.is_empty());
    let operators: BTreeMap<&'static str, Vec<String>> =
        said.map(|(operator, values)| (operator, values.to_vec())).collect();
    FieldSelector { field: it.field().to_owned(), operators }
}
