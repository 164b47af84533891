//! Every way in which records are saved gives the same count.

use std::io::{self, Read};

use rstest::rstest;
use serde_json::{Value, json};
use v2only_trail::{LaunchPath, Recording, read_records};

use crate::paths::record;

fn read(text: &str) -> Recording {
    let mut recording = Recording::default();
    read_records(text.as_bytes(), &mut recording);
    recording
}

fn one() -> Value {
    record("1", "aws-cli/2", None, &[])
}

fn two() -> Value {
    record("2", "aws-cli/2", None, &[])
}

fn looked_up() -> Vec<Value> {
    [other(), one(), two()].iter().map(|it| json!({ "CloudTrailEvent": it.to_string() })).collect()
}

fn other() -> Value {
    json!({ "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets", "eventID": "9" })
}

fn athena(record: &Value) -> Value {
    let fields = record.as_object().unwrap().iter().map(|(key, value)| {
        let value = match key.as_str() {
            "requestParameters" | "responseElements" => Value::from(value.to_string()),
            "userIdentity" => json!({
                "type": value["type"], "arn": value["arn"], "accountid": value["accountId"],
                "sessioncontext": { "sessionissuer": { "arn": value["sessionContext"]["sessionIssuer"]["arn"] } },
            }),
            _ => value.clone(),
        };
        (key.to_lowercase(), value)
    });
    Value::Object(fields.collect())
}

fn lake(record: &Value) -> Value {
    let mut row = record.clone();
    row["eventTime"] = "2026-11-01 10:00:00.000".into();
    for field in ["requestParameters", "responseElements"] {
        let texts = record[field].as_object().unwrap().iter();
        row[field] =
            Value::Object(texts.map(|(key, value)| (key.clone(), Value::from(value.to_string()))).collect());
    }
    row
}

#[rstest]
#[case::log_file(json!({ "Records": [other(), one(), two()] }).to_string())]
#[case::list(json!([other(), one(), two()]).to_string())]
#[case::lines(format!("{}\n{}\n\n{}\n", other(), one(), two()))]
#[case::one_after_the_other(format!("{:#}{:#}{:#}", other(), one(), two()))]
#[case::looked_up(json!({ "Events": looked_up() }).to_string())]
#[case::envelopes([other(), one(), two()].map(|record| {
    json!({ "detail-type": "AWS API Call via CloudTrail", "source": "aws.ec2", "id": "0", "detail": record }).to_string()
}).join("\n"))]
#[case::athena([other(), one(), two()].iter().map(|record| {
    if record["eventID"] == "9" { record.to_string() } else { athena(record).to_string() }
}).collect::<Vec<_>>().join("\n"))]
#[case::lake([other(), lake(&one()), lake(&two())].map(|it| it.to_string()).join("\n"))]
#[case::lake_json([other(), one(), two()].map(|it| json!({ "eventJson": it.to_string() }).to_string()).join("\n"))]
#[case::lake_results(json!({ "QueryStatus": "FINISHED", "QueryResultRows": [
    [{ "eventJson": other().to_string() }], [{ "eventJson": one().to_string() }], [{ "eventJson": two().to_string() }],
] }).to_string())]
#[case::notifications([other(), one(), two()].map(|record| {
    json!({ "Type": "Notification", "TopicArn": "arn:aws:sns:eu-central-1:111122223333:trail", "Message": record.to_string() })
        .to_string()
}).join("\n"))]
fn records_are_read_from(#[case] text: String) {
    let recording = read(&text);
    assert_eq!(recording.reasons, []);
    assert_eq!((recording.records, recording.launches, recording.unreadable), (3, 2, 0));
    let (key, group) = recording.groups.iter().next().unwrap();
    assert_eq!((recording.groups.len(), key.path, group.answering_v1()), (1, LaunchPath::Cli, 2));
    assert_eq!(key.principal, "arn:aws:iam::111122223333:role/Deploy");
    assert_eq!(group.first.unwrap().to_string(), "2026-11-01T10:00:00Z");
}

#[rstest]
#[case::empty("", 0)]
#[case::not_json("hello", 0)]
#[case::scalar("7", 0)]
#[case::cut(&json!({ "Records": [one(), two()] }).to_string().replacen("request-2", "", 1).trim_end_matches(['}', ']']).to_owned(), 1)]
#[case::no_account(&{
    let mut record = one();
    record.as_object_mut().unwrap().remove("recipientAccountId");
    record["userIdentity"].as_object_mut().unwrap().remove("accountId");
    format!("{record}\n{}", two())
}, 1)]
#[case::lake_json_that_is_none(&format!("{}\n{}", json!({ "eventJson": "RunInstances {" }), two()), 1)]
fn what_cannot_be_read_is_counted_as_unreadable(#[case] text: &str, #[case] launches: u64) {
    let recording = read(text);
    assert_eq!((recording.unreadable, recording.launches), (1, launches), "{:?}", recording.reasons);
}

/// Log files are read into memory up to 16 MiB, and beyond that record by record.
#[test]
fn a_log_file_of_any_size_is_read_to_its_end() {
    let large = json!({ "eventName": "PutObject", "requestParameters": { "body": "a".repeat(1024 * 1024) } });
    let mut records = vec![large; 17];
    records.extend([one(), two()]);
    let recording = read(&json!({ "Records": records }).to_string());
    assert_eq!((recording.records, recording.launches, recording.unreadable), (19, 2, 0));
}

/// A compressed file that ends early.
struct Damaged<'a>(&'a [u8]);

impl Read for Damaged<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.read(into)? {
            0 => Err(io::Error::other("corrupt deflate stream")),
            read => Ok(read),
        }
    }
}

#[test]
fn what_a_damaged_file_holds_counts_and_the_damage_is_named() {
    let text = format!("{}\n{}", one(), two());
    let mut recording = Recording::default();
    read_records(Damaged(&text.as_bytes()[..text.len() - 1]), &mut recording);
    assert_eq!((recording.launches, recording.unreadable), (1, 1));
    assert!(recording.reasons[0].found.contains("corrupt deflate stream"), "{:?}", recording.reasons);
}
