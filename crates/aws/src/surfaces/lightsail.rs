//! Lightsail instances. Source of every shape: Amazon Lightsail API Reference.

use aws_sdk_lightsail::Client;
use aws_sdk_lightsail::operation::RequestId as _;
use aws_sdk_lightsail::types as sdk;
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use v2only_enforcer::ports::{Answer, Page};
use v2only_enforcer::{Failure, Kind};
use v2only_policy::usage::Counted;
use v2only_policy::{HttpTokens, Place, StatedOptions, Surface, SurfaceKind, Switch, SwitchOption, Switches};

use super::answers::{body, following, is_without_lightsail, moment, unless_absent, without_id};
use crate::call::Call;
use crate::connect::Aws;
use crate::options;

/// One datapoint a day.
const DAY: i32 = 24 * 60 * 60;

async fn client(aws: &Aws, place: &Place) -> Answer<Client> {
    Ok(Client::new(&aws.surface_config(place).await?))
}

/// One page of the instances of a Region.
pub(super) async fn page(aws: &Aws, place: &Place, next: Option<String>) -> Answer<Page<Surface>> {
    let call = Call::GetLightsailInstances;
    let client = client(aws, place).await?;
    let request = client.get_instances().set_page_token(next.clone());
    let answer = match aws.in_turn(place, call, || request.clone().send()).await {
        Err(failure) if is_without_lightsail(place, &failure) => {
            return Ok(Page { items: Vec::new(), next: None });
        }
        answer => answer?,
    };
    let one = |instance| surface(instance).ok_or_else(|| without_id(call));
    let items = answer.instances().iter().map(one).collect::<Answer<_>>()?;
    Ok(Page { items, next: following(call, next.as_deref(), answer.next_page_token)? })
}

/// One instance by name.
pub(super) async fn one(aws: &Aws, place: &Place, name: &str) -> Answer<Option<Surface>> {
    let request = client(aws, place).await?.get_instance().instance_name(name);
    let call = Call::GetLightsailInstance;
    let answer = unless_absent(aws.in_turn(place, call, || request.clone().send()).await)?;
    let described = |instance| surface(&instance).ok_or_else(|| without_id(call));
    answer.map(|answer| body(call, answer.instance).and_then(described)).transpose()
}

fn surface(instance: &sdk::Instance) -> Option<Surface> {
    let tag = |tag: &sdk::Tag| {
        (tag.key().unwrap_or_default().to_owned(), tag.value().unwrap_or_default().to_owned())
    };
    Some(Surface {
        arn: instance.arn().map(str::to_owned),
        created_at: moment(instance.created_at()),
        options: instance.metadata_options().map(stated).unwrap_or_default(),
        tags: instance.tags().iter().map(tag).collect(),
        ..Surface::new(SurfaceKind::LightsailInstance, instance.name()?.to_owned())
    })
}

fn stated(described: &sdk::InstanceMetadataOptions) -> StatedOptions {
    StatedOptions {
        http_tokens: options::tokens(described.http_tokens().map(|word| word.as_str())),
        http_endpoint: options::said(described.http_endpoint().map(|word| word.as_str())),
        hop_limit: described.http_put_response_hop_limit().and_then(options::hops),
        switches: Switches::each(|option| match option {
            SwitchOption::Ipv6Endpoint => {
                options::said(described.http_protocol_ipv6().map(|word| word.as_str()))
            }
            // Lightsail has no tags in metadata.
            SwitchOption::MetadataTags => None,
        }),
    }
}

/// Requires tokens. Lightsail keeps the endpoint, the hop limit and IPv6 where a request leaves them out.
pub(super) async fn tighten(aws: &Aws, place: &Place, name: &str) -> Answer<Option<String>> {
    let request = client(aws, place).await?.update_instance_metadata_options();
    let request = request.instance_name(name).http_tokens(sdk::HttpTokens::Required);
    let call = Call::UpdateLightsailMetadataOptions;
    let answer = aws.once_in_turn(place, call, request.send()).await?;
    check(call, answer.operation())?;
    Ok(answer.request_id().map(str::to_owned))
}

/// Writes recorded options back. `httpTokens` is always sent: Lightsail turns it to optional where a request leaves it out. Of the
/// other options only those are sent that differ, because Lightsail refuses IPv6 in most Regions, whatever its value.
pub(super) async fn restore(aws: &Aws, place: &Place, now: &Surface, recorded: &StatedOptions) -> Answer<()> {
    let call = Call::UpdateLightsailMetadataOptions;
    let tokens = recorded.http_tokens.and_then(HttpTokens::word);
    let tokens = tokens.ok_or_else(|| {
        Failure::new(Kind::Invalid, call.iam_action(), "it is not recorded what HttpTokens was")
    })?;
    let changed =
        |then: Option<Switch>, now: Option<Switch>| then.filter(|_| then != now).and_then(Switch::word);
    let ipv6 = SwitchOption::Ipv6Endpoint;
    let hop_limit = recorded.hop_limit.filter(|limit| Some(*limit) != now.options.hop_limit);
    let request = client(aws, place).await?.update_instance_metadata_options().instance_name(&now.id);
    let request = request
        .http_tokens(tokens.into())
        .set_http_endpoint(changed(recorded.http_endpoint, now.options.http_endpoint).map(Into::into))
        .set_http_put_response_hop_limit(hop_limit.map(i32::from))
        .set_http_protocol_ipv6(changed(recorded.switches[ipv6], now.options.switches[ipv6]).map(Into::into));
    let answer = aws.once_in_turn(place, call, request.send()).await?;
    check(call, answer.operation())
}

/// Lightsail answers with an operation, which may have failed.
fn check(call: Call, operation: Option<&sdk::Operation>) -> Answer<()> {
    let Some(operation) =
        operation.filter(|operation| operation.status() == Some(&sdk::OperationStatus::Failed))
    else {
        return Ok(());
    };
    let why = operation.error_details().unwrap_or("Lightsail gave no reason");
    let code = operation.error_code().filter(|code| !code.is_empty()).map(str::to_owned);
    Err(Failure { code, ..Failure::new(Kind::Unknown, call.iam_action(), why) })
}

/// The daily sums of `MetadataNoToken`. The answer of Lightsail has no pages, and says of no day that it is not complete.
pub(super) async fn usage(
    aws: &Aws,
    place: &Place,
    name: &str,
    since: Date,
    now: Timestamp,
) -> Answer<Counted> {
    let call = Call::GetLightsailMetricData;
    let start = since
        .to_zoned(TimeZone::UTC)
        .map_err(|error| Failure::new(Kind::Invalid, call.iam_action(), error.to_string()))?;
    let request = client(aws, place).await?.get_instance_metric_data();
    let request = request
        .instance_name(name)
        .metric_name(sdk::InstanceMetricName::MetadataNoToken)
        .period(DAY)
        .start_time(DateTime::from_secs(start.timestamp().as_second()))
        .end_time(DateTime::from_secs(now.as_second()))
        .unit(sdk::MetricUnit::Count)
        .statistics(sdk::MetricStatistic::Sum);
    let answer = aws.in_turn(place, call, || request.clone().send()).await?;
    Ok(counted(answer.metric_data()))
}

fn counted(points: &[sdk::MetricDatapoint]) -> Counted {
    let mut counted = Counted { complete: true, ..Counted::default() };
    for point in points {
        let day = moment(point.timestamp()).map(|time| time.to_zoned(TimeZone::UTC).date());
        match (day, point.sum().and_then(crate::cloudwatch::calls)) {
            (Some(day), Some(calls)) => {
                let sum: &mut u64 = counted.days.entry(day).or_default();
                *sum = sum.saturating_add(calls);
            }
            _ => counted.complete = false,
        }
    }
    counted
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn point(second: i64, sum: Option<f64>) -> sdk::MetricDatapoint {
        sdk::MetricDatapoint::builder().timestamp(DateTime::from_secs(second)).set_sum(sum).build()
    }

    #[test]
    fn datapoints_are_counted_by_day() {
        // 2026-11-20.
        let today = 1_795_132_800;
        let counted =
            counted(&[point(today, Some(2.0)), point(today + 3600, Some(0.5)), point(today - 60, Some(0.0))]);
        assert_eq!(counted.days, [(date(2026, 11, 19), 0), (date(2026, 11, 20), 3)].into());
        assert!(counted.complete);
    }

    #[test]
    fn a_datapoint_that_cannot_be_read_is_no_quiet_day() {
        for strange in [None, Some(f64::NAN), Some(-1.0)] {
            assert!(!counted(&[point(0, strange)]).complete, "{strange:?}");
        }
    }

    #[test]
    fn a_failed_operation_is_a_failure() {
        let operation = |status| sdk::Operation::builder().status(status).error_code("Blocked").build();
        let call = Call::UpdateLightsailMetadataOptions;
        assert!(check(call, Some(&operation(sdk::OperationStatus::Succeeded))).is_ok());
        let failed = check(call, Some(&operation(sdk::OperationStatus::Failed))).unwrap_err();
        assert_eq!(failed.code.as_deref(), Some("Blocked"));
    }
}
