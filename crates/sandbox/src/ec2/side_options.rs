//! Metadata options that AWS does not take everywhere, and the rules for them.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/work-with-tags-in-IMDS.html>
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-types.html#instance-hypervisor-type>

use super::metadata::{MetadataRequest, Toggle};
use super::quirks::{OptionQuirks, UnknownOption};
use super::tags::Tags;
use crate::error::AwsError;

/// Families of instance types that run on Xen; all others run on the Nitro System.
const XEN: [&str; 26] = [
    "c1", "c3", "c4", "cc2", "cr1", "d2", "f1", "g2", "g3", "g3s", "h1", "hs1", "i2", "i3", "m1", "m2", "m3",
    "m4", "p2", "p3", "r3", "r4", "t1", "t2", "x1", "x1e",
];

/// Refuses a request that names an option which is unknown in its Region.
pub(super) fn check_known(quirks: &OptionQuirks, asked: MetadataRequest) -> Result<(), AwsError> {
    let Some(option) = quirks.unknown.iter().find(|option| asked.names(**option)) else { return Ok(()) };
    let name = format!("{option:?}");
    Err(match quirks.refusal {
        UnknownOption::UnsupportedOperation => AwsError::client(
            "UnsupportedOperation",
            format!(
                "Specifying {name} in the metadata options of an instance is not supported in this region."
            ),
        ),
        UnknownOption::UnknownParameter => {
            AwsError::client("UnknownParameter", format!("The parameter {name} is not recognized"))
        }
        UnknownOption::InvalidParameterValue => {
            AwsError::invalid_value(format!("The parameter {name} is not valid in this region"))
        }
    })
}

/// Refuses `HttpProtocolIpv6=enabled` for an instance type that is not built on the Nitro System.
pub(super) fn check_ipv6(asked: MetadataRequest, kind: &str) -> Result<(), AwsError> {
    let family = kind.split('.').next().unwrap_or_default();
    if asked.http_protocol_ipv6 == Some(Toggle::Enabled) && XEN.contains(&family) && !kind.ends_with(".metal")
    {
        let message = "The HttpProtocolIpv6 metadata option cannot be enabled for Xen-backed instance types.";
        return Err(AwsError::client("UnsupportedOperation", message));
    }
    Ok(())
}

/// Refuses tag keys that the metadata service cannot show, where it shows the tags of the instance.
pub(super) fn check_tag_keys(in_metadata: Toggle, tags: &Tags) -> Result<(), AwsError> {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || "-_+=,.@:".contains(letter);
    let legal = |key: &str| key.chars().all(letter) && ![".", "..", "_index"].contains(&key);
    let Some(key) = tags.keys().find(|key| !legal(key)) else { return Ok(()) };
    if in_metadata == Toggle::Disabled {
        return Ok(());
    }
    Err(AwsError::invalid_value(format!(
        "'{key}' is not a valid tag key. Tag keys must match pattern ([0-9a-zA-Z\\-_+=,.@:]{{1,255}}), and must \
         not be a reserved name ('.', '..', '_index')"
    )))
}
