//! CBOR, as the Smithy RPC v2 protocol uses it, from and to JSON values.
//!
//! What JSON cannot say is a time, which is a tagged number here: reading takes the tag off, and
//! writing puts it on by the name of the member.

use minicbor::data::{IanaTag, Type};
use minicbor::decode::Error;
use minicbor::{Decoder, Encoder};
use serde_json::{Map, Number, Value};

/// Members of answers that hold times.
const TIMES: [&str; 1] = ["Timestamps"];
/// A request nested deeper than this is refused.
const DEPTH: u8 = 32;

/// Reads one value.
pub(super) fn read(bytes: &[u8]) -> Result<Value, String> {
    if bytes.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    value(&mut Decoder::new(bytes), DEPTH).map_err(|error| error.to_string())
}

fn value(from: &mut Decoder<'_>, depth: u8) -> Result<Value, Error> {
    let Some(depth) = depth.checked_sub(1) else { return Err(Error::message("nested too deep")) };
    Ok(match from.datatype()? {
        Type::Bool => Value::Bool(from.bool()?),
        Type::Null => {
            from.null()?;
            Value::Null
        }
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => Value::from(from.u64()?),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 => Value::from(from.i64()?),
        Type::F16 | Type::F32 | Type::F64 => Number::from_f64(from.f64()?).map_or(Value::Null, Value::Number),
        Type::String | Type::StringIndef => {
            let parts: Result<Vec<&str>, Error> = from.str_iter()?.collect();
            Value::String(parts?.concat())
        }
        Type::Array | Type::ArrayIndef => {
            let mut items = Vec::new();
            let mut left = from.array()?;
            while more(from, &mut left)? {
                items.push(value(from, depth)?);
            }
            Value::Array(items)
        }
        Type::Map | Type::MapIndef => {
            let mut members = Map::new();
            let mut left = from.map()?;
            while more(from, &mut left)? {
                let name: Result<Vec<&str>, Error> = from.str_iter()?.collect();
                members.insert(name?.concat(), value(from, depth)?);
            }
            Value::Object(members)
        }
        Type::Tag => {
            from.tag()?;
            value(from, depth)?
        }
        other => return Err(Error::type_mismatch(other)),
    })
}

/// Whether a list of this length goes on; one of unknown length ends with a break.
fn more(from: &mut Decoder<'_>, left: &mut Option<u64>) -> Result<bool, Error> {
    match left {
        Some(0) => Ok(false),
        Some(number) => {
            *number -= 1;
            Ok(true)
        }
        None if from.datatype()? == Type::Break => from.skip().map(|()| false),
        None => Ok(true),
    }
}

/// Writes one value.
pub(super) fn write(value: &Value) -> Vec<u8> {
    let mut out = Encoder::new(Vec::new());
    // Memory takes everything that is written to it.
    let _infallible = put(&mut out, value, false);
    out.into_writer()
}

type Written = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

fn put(out: &mut Encoder<Vec<u8>>, value: &Value, time: bool) -> Written {
    match value {
        Value::Null => out.null()?,
        Value::Bool(it) => out.bool(*it)?,
        Value::Number(it) => {
            if time {
                out.tag(IanaTag::Timestamp)?;
            }
            match (it.as_u64(), it.as_i64()) {
                (Some(it), _) => out.u64(it)?,
                (None, Some(it)) => out.i64(it)?,
                (None, None) => out.f64(it.as_f64().unwrap_or_default())?,
            }
        }
        Value::String(it) => out.str(it)?,
        Value::Array(items) => {
            out.array(length(items.len()))?;
            for item in items {
                put(out, item, time)?;
            }
            out
        }
        Value::Object(members) => {
            out.map(length(members.len()))?;
            for (name, member) in members {
                out.str(name)?;
                put(out, member, TIMES.contains(&name.as_str()))?;
            }
            out
        }
    };
    Ok(())
}

fn length(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_come_back_as_they_were_written() {
        let all = json!({
            "Text": "ä", "Yes": true, "Nothing": null, "Whole": 7, "Negative": -7, "Half": 0.5, "Zero": 0.0,
            "List": [1, [2, {}]], "Timestamps": [1_795_132_800, 0.25],
        });
        assert_eq!(read(&write(&all)), Ok(all));
    }

    /// A map and a list of unknown length, a tagged time, a half float: bytes by RFC 8949, appendix
    /// A.
    #[test]
    fn what_others_may_write_is_read() {
        let bytes = [
            &[0xbf_u8][..],
            &[0x61, b'T', 0xc1, 0x1a, 0x51, 0x4b, 0x67, 0xb0],
            &[0x61, b'L', 0x9f, 0x01, 0xf9, 0x3e, 0x00, 0xff],
            &[0x61, b'S', 0x7f, 0x61, b'a', 0x61, b'b', 0xff],
            &[0xff],
        ];
        assert_eq!(read(&bytes.concat()), Ok(json!({ "T": 1_363_896_240, "L": [1, 1.5], "S": "ab" })));
    }

    #[test]
    fn times_are_tagged_and_other_numbers_are_not() {
        assert_eq!(write(&json!({ "Timestamps": [1] })), b"\xa1\x6aTimestamps\x81\xc1\x01");
        assert_eq!(write(&json!({ "Values": [1] })), b"\xa1\x66Values\x81\x01");
    }

    #[test]
    fn what_is_no_value_is_refused() {
        assert!(read(&[0xa1, 0x61]).is_err(), "cut short");
        assert!(read(&[0x81; 40]).is_err(), "nested too deep");
        assert!(read(&[0x41, 0x00]).is_err(), "bytes");
    }
}
