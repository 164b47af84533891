//! Counts of version-1 calls. Source of every shape: Amazon CloudWatch API Reference, `GetMetricData`.
//!
//! Only what CloudWatch says is complete counts as complete: a result may be `PartialData` on one page and go on
//! on the next, and messages name what was left out.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::types as sdk;
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use v2only_enforcer::ports::{Answer, DeliveredByV1, Metric, ReadUsage};
use v2only_enforcer::{Failure, Kind};
use v2only_policy::usage::{Counted, Lately};
use v2only_policy::{InstanceId, Place};

use crate::call::Call;
use crate::connect::Aws;

/// AWS takes at most 500 queries in one call.
const QUERIES: usize = 500;
/// One datapoint a day. CloudWatch keeps hourly values for 455 days and adds them up to days.
const DAY: i32 = 24 * 60 * 60;
/// As finely as EC2 publishes.
const MINUTE: i32 = 60;
/// How coarsely EC2 publishes of instances without detailed monitoring, in seconds.
const COARSE: i64 = 5 * 60;

impl Aws {
    async fn cloudwatch(&self, place: &Place) -> Answer<Client> {
        if let Some(client) = self.cloudwatch.get(place) {
            return Ok(client);
        }
        let client = Client::new(&self.config(place).await?);
        self.cloudwatch.keep(place, client.clone());
        Ok(client)
    }
}

impl ReadUsage for Aws {
    async fn daily(
        &self,
        place: &Place,
        metric: Metric,
        ids: &[InstanceId],
        since: Date,
        now: Timestamp,
    ) -> Answer<BTreeMap<InstanceId, Counted>> {
        // At midnight, where daily periods begin however CloudWatch aligns them.
        let start = since
            .to_zoned(TimeZone::UTC)
            .map_err(|it| Failure::new(Kind::Invalid, Call::GetMetricData.iam_action(), it.to_string()))?
            .timestamp();
        let series = self.series(place, metric, ids, DAY, (start.as_second(), now.as_second())).await?;
        Ok(series.into_iter().map(|(id, it)| (id, it.by_day())).collect())
    }

    fn delivered_by_v1(&self, id: &InstanceId) -> BTreeMap<Date, u64> {
        self.delivered.get(id).cloned().unwrap_or_default()
    }

    async fn lately(
        &self,
        place: &Place,
        metric: Metric,
        ids: &[InstanceId],
        since: Timestamp,
        now: Timestamp,
    ) -> Answer<BTreeMap<InstanceId, Lately>> {
        // Where instances are not monitored in detail, a datapoint stands for the five minutes that begin with it.
        let start = since.as_second() - since.as_second().rem_euclid(COARSE);
        let end = now.as_second().max(start + i64::from(MINUTE));
        let series = self.series(place, metric, ids, MINUTE, (start, end)).await?;
        Ok(series.into_iter().map(|(id, it)| (id, it.in_all())).collect())
    }
}

impl Aws {
    /// Takes recorded calls as evidence beside `MetadataNoToken`.
    pub fn add_delivered_by_v1(&mut self, delivered: DeliveredByV1) {
        self.delivered = delivered;
    }

    /// The sums of a metric by period, of every instance. One call per 500 of them and page.
    async fn series(
        &self,
        place: &Place,
        metric: Metric,
        ids: &[InstanceId],
        period: i32,
        (start, end): (i64, i64),
    ) -> Answer<BTreeMap<InstanceId, Series>> {
        let call = Call::GetMetricData;
        let client = self.cloudwatch(place).await?;
        let mut found = BTreeMap::new();
        for some in ids.chunks(QUERIES) {
            let queries: Vec<sdk::MetricDataQuery> =
                (0..).zip(some).map(|(number, id)| query(number, metric, id, period)).collect();
            let mut answers = Answers::default();
            let mut next: Option<String> = None;
            loop {
                self.turn(Some(place), call).await?;
                let page = client
                    .get_metric_data()
                    .set_metric_data_queries(Some(queries.clone()))
                    .start_time(DateTime::from_secs(start))
                    .end_time(DateTime::from_secs(end))
                    .set_next_token(next.clone())
                    .send()
                    .await
                    .map_err(|it| self.failure(place, call, &it))?;
                answers.warned |= !page.messages().is_empty();
                for result in page.metric_data_results() {
                    answers.add(result);
                }
                let following = page.next_token.filter(|it| !it.is_empty());
                if following.is_some() && following == next {
                    let why = "CloudWatch answered with the same page token again";
                    return Err(Failure::new(Kind::Unknown, call.iam_action(), why));
                }
                next = following;
                if next.is_none() {
                    break;
                }
            }
            for (number, id) in (0..).zip(some) {
                found.insert(id.clone(), answers.take(number));
            }
        }
        Ok(found)
    }
}

/// The sums of one metric of one instance, by the second at which their periods begin.
#[derive(Debug, Default)]
struct Series {
    sums: BTreeMap<i64, u64>,
    /// Whether CloudWatch gave everything it has.
    complete: bool,
}

impl Series {
    fn by_day(self) -> Counted {
        let mut counted = Counted { complete: self.complete, ..Counted::default() };
        for (at, calls) in self.sums {
            match day(at) {
                Some(day) => {
                    let sum = counted.days.entry(day).or_default();
                    *sum = sum.saturating_add(calls);
                }
                None => counted.complete = false,
            }
        }
        counted
    }

    fn in_all(self) -> Lately {
        let calls = self.sums.values().fold(0, |sum: u64, it| sum.saturating_add(*it));
        Lately { calls, datapoints: self.sums.len(), complete: self.complete }
    }
}

/// An instance id is no valid id of a query, so they are numbered.
fn name(number: usize) -> String {
    format!("m{number}")
}

fn query(number: usize, metric: Metric, id: &InstanceId, period: i32) -> sdk::MetricDataQuery {
    let dimension = sdk::Dimension::builder().name("InstanceId").value(id.as_str()).build();
    let metric = sdk::Metric::builder().namespace("AWS/EC2").metric_name(metric.name()).dimensions(dimension);
    let stat = sdk::MetricStat::builder().metric(metric.build()).period(period).stat("Sum").build();
    sdk::MetricDataQuery::builder().id(name(number)).metric_stat(stat).return_data(true).build()
}

/// What the pages of one call said, by query.
#[derive(Debug, Default)]
struct Answers {
    sums: BTreeMap<String, BTreeMap<i64, u64>>,
    /// Those whose last word was that they are complete.
    complete: BTreeSet<String>,
    /// Those that were ever said to be without some of their data, for good.
    broken: BTreeSet<String>,
    /// Whether CloudWatch had something to say about the call as a whole: it did what it could, and no more.
    warned: bool,
}

impl Answers {
    fn add(&mut self, result: &sdk::MetricDataResult) {
        let Some(id) = result.id() else { return };
        match result.status_code() {
            Some(sdk::StatusCode::Complete) => {
                self.complete.insert(id.to_owned());
            }
            // The rest may be on the next page.
            Some(sdk::StatusCode::PartialData) => {
                self.complete.remove(id);
            }
            _ => {
                self.broken.insert(id.to_owned());
            }
        }
        let (times, values) = (result.timestamps(), result.values());
        if !result.messages().is_empty() || times.len() != values.len() {
            self.broken.insert(id.to_owned());
        }
        let sums = self.sums.entry(id.to_owned()).or_default();
        for (time, value) in times.iter().zip(values) {
            match calls(*value) {
                Some(calls) => {
                    let sum = sums.entry(time.secs()).or_default();
                    *sum = sum.saturating_add(calls);
                }
                None => {
                    self.broken.insert(id.to_owned());
                }
            }
        }
    }

    fn take(&mut self, number: usize) -> Series {
        let id = name(number);
        let complete = self.complete.contains(&id) && !self.broken.contains(&id) && !self.warned;
        Series { sums: self.sums.remove(&id).unwrap_or_default(), complete }
    }
}

/// The UTC day of a second.
fn day(second: i64) -> Option<Date> {
    let time = Timestamp::from_second(second).ok()?;
    Some(time.to_zoned(TimeZone::UTC).date())
}

/// A sum as a whole number; a fraction of a call is a call.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be finite and not negative; beyond u64 it saturates"
)]
pub(crate) fn calls(value: f64) -> Option<u64> {
    (value.is_finite() && value >= 0.0).then(|| value.ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const DAY: i64 = 24 * 60 * 60;
    /// 2026-11-20.
    const TODAY: i64 = 1_795_132_800;

    fn page(status: &str, values: &[(i64, f64)]) -> sdk::MetricDataResult {
        sdk::MetricDataResult::builder()
            .id("m0")
            .status_code(status.into())
            .set_timestamps(Some(values.iter().map(|(at, _)| DateTime::from_secs(*at)).collect()))
            .set_values(Some(values.iter().map(|(_, value)| *value).collect()))
            .build()
    }

    fn read(pages: &[sdk::MetricDataResult]) -> Counted {
        let mut answers = Answers::default();
        pages.iter().for_each(|it| answers.add(it));
        answers.take(0).by_day()
    }

    #[test]
    fn datapoints_are_counted_by_day_wherever_in_the_day_they_begin() {
        let counted =
            read(&[page("Complete", &[(TODAY, 2.0), (TODAY + 3600, 1.0), (TODAY - DAY + 60, 0.0)])]);
        assert_eq!(counted.days, [(date(2026, 11, 19), 0), (date(2026, 11, 20), 3)].into());
        assert!(counted.complete);
    }

    #[test]
    fn part_of_the_data_is_complete_once_the_rest_came_and_not_before() {
        let (first, second) = (page("PartialData", &[(TODAY, 0.0)]), page("Complete", &[(TODAY - DAY, 0.0)]));
        assert!(!read(std::slice::from_ref(&first)).complete);
        let both = read(&[first, second]);
        assert_eq!((both.complete, both.days.len()), (true, 2));
    }

    #[test]
    fn what_cloudwatch_could_not_read_is_never_complete() {
        for status in ["InternalError", "Forbidden", "SomethingNew"] {
            assert!(!read(&[page(status, &[]), page("Complete", &[])]).complete, "{status}");
        }
        assert!(!read(&[]).complete, "no word of it at all");
        assert!(read(&[page("Complete", &[])]).complete, "no data, and all of it");
        let strange = read(&[page("Complete", &[(TODAY, f64::NAN), (TODAY - DAY, -1.0)])]);
        assert_eq!((strange.complete, strange.days.len()), (false, 0));
        let lost = sdk::MetricDataResult::builder().id("m0").status_code(sdk::StatusCode::Complete);
        let lost = lost.messages(sdk::MessageData::builder().code("Lost").value("some").build()).build();
        assert!(!read(&[lost]).complete, "with a message");
        let mut answers = Answers { warned: true, ..Answers::default() };
        answers.add(&page("Complete", &[]));
        assert!(!answers.take(0).complete, "a message about the whole call");
    }

    #[test]
    fn a_fraction_of_a_call_is_a_call() {
        assert_eq!([0.0, 0.1, 1.0, 1e30].map(calls), [Some(0), Some(1), Some(1), Some(u64::MAX)]);
    }
}
