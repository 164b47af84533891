//! In which Regions AWS knows and describes which metadata options.

use serde::Deserialize;

/// A metadata option other than `HttpTokens` and `HttpEndpoint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum SideOption {
    /// `HttpPutResponseHopLimit`.
    HttpPutResponseHopLimit,
    /// `HttpProtocolIpv6`.
    HttpProtocolIpv6,
    /// `InstanceMetadataTags`.
    InstanceMetadataTags,
}

/// How a Region refuses an option that it does not know. Isolated Regions were seen to answer
/// `UnsupportedOperation`; AWS documents none of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum UnknownOption {
    /// `UnsupportedOperation`.
    #[default]
    UnsupportedOperation,
    /// `UnknownParameter`.
    UnknownParameter,
    /// `InvalidParameterValue`.
    InvalidParameterValue,
}

/// What differs in one Region. The default is a Region that knows and describes every option.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OptionQuirks {
    /// Options that are refused in every request, whatever their value.
    pub unknown: Vec<SideOption>,
    /// The refusal of an unknown option.
    pub refusal: UnknownOption,
    /// Options that are left out of every description of an instance.
    pub undescribed: Vec<SideOption>,
}
