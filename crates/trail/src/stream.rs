//! Records from a stream, one at a time. A log file of CloudTrail is one JSON object with up to hundreds of megabytes of
//! records, so the list of records is read element by element.

use std::fmt;
use std::io::{self, BufReader, Read};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use v2only_events::{Malformed, saved_events};

use crate::recording::Recording;

/// The lists that are read element by element: log files, `aws cloudtrail lookup-events`, and
/// `aws cloudtrail get-query-results`.
const LISTS: [&str; 3] = ["Records", "Events", "QueryResultRows"];

/// A stream of fewer bytes is read into memory first: JSON is read much faster from there than byte by byte.
const IN_MEMORY: u64 = 16 * 1024 * 1024;

/// Counts all records of a stream: log files of CloudTrail, lists, lines, and the envelopes that [`saved_events`] knows. What
/// follows a part that is no JSON cannot be read, and is counted as unreadable.
pub fn read_records(mut reader: impl Read, recording: &mut Recording) {
    let mut first = Vec::new();
    let read = reader.by_ref().take(IN_MEMORY).read_to_end(&mut first);
    let rest: Box<dyn Read + '_> = match read {
        Ok(_) if u64::try_from(first.len()).is_ok_and(|length| length < IN_MEMORY) => {
            return read_values(serde_json::Deserializer::from_slice(&first), recording);
        }
        Ok(_) => Box::new(reader),
        Err(error) => Box::new(Broken(Some(error))),
    };
    let buffered = BufReader::new(first.chain(rest));
    read_values(serde_json::Deserializer::from_reader(buffered), recording);
}

/// Where a stream that was read to an error goes on.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

fn read_values<'de, R: serde_json::de::Read<'de>>(
    mut values: serde_json::Deserializer<R>,
    recording: &mut Recording,
) {
    if values.end().is_ok() {
        return recording.add_unreadable(not_json("empty".to_owned()));
    }
    loop {
        let value = TopLevel { recording: &mut *recording };
        if let Err(error) = value.deserialize(&mut values) {
            return recording.add_unreadable(not_json(format!("not ({error})")));
        }
        if values.end().is_ok() {
            return;
        }
    }
}

fn not_json(found: String) -> Malformed {
    Malformed { field: "file".to_owned(), expected: "JSON".to_owned(), found }
}

/// Counts the record, or the records in an envelope, whose text this is.
fn add(recording: &mut Recording, list: Option<&str>, text: &str) {
    if !Recording::can_matter(text) {
        recording.add_other();
        return;
    }
    let value = match serde_json::from_str::<Value>(text) {
        Ok(value) => value,
        Err(error) => return recording.add_unreadable(not_json(format!("not ({error})"))),
    };
    let wrapped = match list {
        Some("QueryResultRows") => return recording.add(row_of(value)),
        Some(list) => Value::Object(Map::from_iter([(list.to_owned(), Value::Array(vec![value]))])),
        None => value,
    };
    for event in saved_events(wrapped) {
        match event {
            Ok(event) => recording.add(event),
            Err(malformed) => recording.add_unreadable(malformed),
        }
    }
}

/// A row of `get-query-results`: a list of objects with one column each.
fn row_of(value: Value) -> Value {
    let Value::Array(columns) = value else { return value };
    let fields = columns.into_iter().filter_map(|value| match value {
        Value::Object(column) => Some(column),
        _ => None,
    });
    Value::Object(fields.flatten().collect())
}

/// One value of the stream.
struct TopLevel<'a> {
    recording: &'a mut Recording,
}

impl<'de> DeserializeSeed<'de> for TopLevel<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TopLevel<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("records of CloudTrail")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(record) = list.next_element::<Box<RawValue>>()? {
            add(self.recording, None, record.get());
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut fields: Vec<(String, Box<RawValue>)> = Vec::new();
        let mut streamed = false;
        while let Some(key) = map.next_key::<String>()? {
            if LISTS.contains(&key.as_str()) {
                map.next_value_seed(List { name: &key, recording: self.recording })?;
                streamed = true;
            } else {
                fields.push((key, map.next_value()?));
            }
        }
        if !streamed {
            let mut text = String::from("{");
            for (index, (key, value)) in fields.iter().enumerate() {
                let comma = if index == 0 { "" } else { "," };
                text.push_str(&format!("{comma}{}:{}", Value::from(key.as_str()), value.get()));
            }
            text.push('}');
            add(self.recording, None, &text);
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.scalar("a boolean")
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.scalar("a number")
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.scalar("a number")
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.scalar("a number")
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.scalar("a text")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.scalar("null")
    }
}

impl TopLevel<'_> {
    fn scalar<E>(self, found: &str) -> Result<(), E> {
        let expected = "a record of CloudTrail".to_owned();
        self.recording.add_unreadable(Malformed {
            field: "file".to_owned(),
            expected,
            found: found.to_owned(),
        });
        Ok(())
    }
}

/// A list that is read element by element.
struct List<'a> {
    name: &'a str,
    recording: &'a mut Recording,
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of {}", self.name)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(record) = list.next_element::<Box<RawValue>>()? {
            add(self.recording, Some(self.name), record.get());
        }
        Ok(())
    }
}
