//! `GetMetricData`, by JSON; by CBOR it is read and written in the same way.

use serde_json::{Value, json};

use super::client::{ACCOUNT, Aws, REGION, Reply, aws};

const DAY: i64 = 24 * 60 * 60;
/// 2026-11-20T00:00:00Z.
const TODAY: i64 = 1_795_132_800;
const ID: &str = "i-0a1b2c3d4e5f60001";

fn query(id: &str, instance: &str) -> Value {
    let dimension = json!({ "Name": "InstanceId", "Value": instance });
    let metric =
        json!({ "Namespace": "AWS/EC2", "MetricName": "MetadataNoToken", "Dimensions": [dimension] });
    json!({ "Id": id, "MetricStat": { "Metric": metric, "Period": DAY, "Stat": "Sum" } })
}

fn request(queries: &[Value]) -> Value {
    json!({ "MetricDataQueries": queries, "StartTime": TODAY - 3 * DAY, "EndTime": TODAY + 3600 })
}

fn with(mut request: Value, name: &str, value: Value) -> Value {
    request[name] = value;
    request
}

fn ask(aws: &Aws, request: &Value) -> Reply {
    aws.json("monitoring", "GraniteServiceVersion20100801.GetMetricData", request)
}

/// Counts on the evening and the morning of the days before today; none on the day before
/// yesterday.
fn counted() -> Aws {
    let aws = aws();
    let at = |seconds: i64| jiff::Timestamp::from_second(TODAY + seconds).unwrap();
    let points = [(-4 * DAY, 9.0), (-3 * DAY, 1.0), (-DAY - 60, 0.0), (-DAY, 2.0), (-60, 3.0), (60, 0.0)];
    let points = points.map(|(seconds, value)| (at(seconds), value));
    aws.sandbox.put_datapoints(ACCOUNT, REGION, ID, "MetadataNoToken", points);
    aws
}

#[test]
fn sums_are_by_day_newest_first_and_days_without_data_are_not_there() {
    let aws = counted();
    let answer = ask(&aws, &request(&[query("m0", ID), query("m1", "i-0a1b2c3d4e5f60002")])).document();
    let results = &answer["MetricDataResults"];
    assert_eq!(results[0]["Timestamps"], json!([TODAY, TODAY - DAY, TODAY - 2 * DAY, TODAY - 3 * DAY]));
    assert_eq!(results[0]["Values"], json!([0.0, 5.0, 0.0, 1.0]));
    assert_eq!((&results[0]["StatusCode"], &results[0]["Id"]), (&json!("Complete"), &json!("m0")));
    assert_eq!((&results[1]["Values"], &results[1]["StatusCode"]), (&json!([]), &json!("Complete")));
    assert_eq!(answer.get("NextToken"), None);
    let ascending = with(request(&[query("m0", ID)]), "ScanBy", json!("TimestampAscending"));
    assert_eq!(
        ask(&aws, &ascending).document()["MetricDataResults"][0]["Values"],
        json!([1.0, 0.0, 5.0, 0.0])
    );
}

#[test]
fn a_page_that_is_full_says_so_and_the_next_goes_on() {
    let aws = counted();
    let mut request = with(request(&[query("m0", ID), query("m1", ID)]), "MaxDatapoints", json!(3));
    let mut seen = Vec::new();
    loop {
        let answer = ask(&aws, &request).document();
        for it in answer["MetricDataResults"].as_array().unwrap() {
            let values = it["Values"].as_array().unwrap().len();
            seen.push((it["Id"].clone(), values, it["StatusCode"].clone()));
        }
        let Some(next) = answer.get("NextToken") else { break };
        request["NextToken"] = next.clone();
    }
    let told = |id: &str, values: usize, status: &str| (json!(id), values, json!(status));
    assert_eq!(
        seen,
        [
            told("m0", 3, "PartialData"),
            told("m0", 1, "Complete"),
            told("m1", 2, "PartialData"),
            told("m1", 2, "Complete"),
        ]
    );
    request["NextToken"] = json!("7.0");
    assert_eq!(ask(&aws, &request).document()["__type"], "InvalidNextToken");
}

#[test]
fn what_cannot_be_read_is_an_internal_error_of_its_result() {
    let aws = counted();
    aws.sandbox.break_metric(ACCOUNT, REGION, ID, "MetadataNoToken");
    let answer = ask(&aws, &request(&[query("m0", ID)])).document();
    assert_eq!(answer["MetricDataResults"][0]["StatusCode"], "InternalError");
}

#[test]
fn what_cloudwatch_refuses() {
    let aws = counted();
    let too_many: Vec<Value> = (0..501).map(|number| query(&format!("m{number}"), ID)).collect();
    assert!(ask(&aws, &request(&too_many[..500])).status == 200);
    for refused in [
        request(&too_many),
        request(&[]),
        request(&[query("m0", ID), query("m0", ID)]),
        request(&[query(ID, ID)]),
        with(request(&[query("m0", ID)]), "EndTime", json!(0)),
    ] {
        let reply = ask(&aws, &refused);
        assert_eq!((reply.status, &reply.document()["__type"]), (400, &json!("ValidationError")));
    }
    let other = ask(&aws, &with(request(&[query("m0", ID)]), "Colour", json!("red")));
    assert_eq!((other.status, &other.document()["__type"]), (501, &json!("NotSimulated")));
    let unknown = aws.json("monitoring", "GraniteServiceVersion20100801.PutMetricData", &json!({}));
    assert_eq!(unknown.status, 501);
}
