//! The names of the metadata options, and those of them that are on or off.

use std::ops::{Index, IndexMut};

use strum::VariantArray as _;

/// A metadata option that is `enabled` or `disabled`, and that v2only keeps unless the policy document sets it.
/// `HttpEndpoint` is not one of them: v2only never enables an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SwitchOption {
    /// `HttpProtocolIpv6`.
    Ipv6Endpoint,
    /// `InstanceMetadataTags`.
    MetadataTags,
}

impl SwitchOption {
    /// Every one of them, in the order in which they are written.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The name of the request parameter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ipv6Endpoint => "HttpProtocolIpv6",
            Self::MetadataTags => "InstanceMetadataTags",
        }
    }

    /// The key in policy documents, journals and JSON output.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Ipv6Endpoint => "ipv6_endpoint",
            Self::MetadataTags => "metadata_tags",
        }
    }

    /// The flag of `aws ec2 modify-instance-metadata-options`.
    pub const fn flag(self) -> &'static str {
        match self {
            Self::Ipv6Endpoint => "--http-protocol-ipv6",
            Self::MetadataTags => "--instance-metadata-tags",
        }
    }

    /// Whether an account can set a default for it.
    ///
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceMetadataDefaults.html>
    pub const fn has_account_default(self) -> bool {
        match self {
            Self::Ipv6Endpoint => false,
            Self::MetadataTags => true,
        }
    }
}

/// One value for each [`SwitchOption`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Switches<T> {
    ipv6_endpoint: T,
    metadata_tags: T,
}

impl<T> Switches<T> {
    /// What `value` returns for each option.
    pub fn each(mut value: impl FnMut(SwitchOption) -> T) -> Self {
        Self {
            ipv6_endpoint: value(SwitchOption::Ipv6Endpoint),
            metadata_tags: value(SwitchOption::MetadataTags),
        }
    }

    /// The options with their values.
    pub fn iter(&self) -> impl Iterator<Item = (SwitchOption, &T)> {
        SwitchOption::ALL.iter().map(|option| (*option, &self[*option]))
    }
}

impl<T: Copy> Switches<T> {
    /// The same value for every option.
    pub const fn all(value: T) -> Self {
        Self { ipv6_endpoint: value, metadata_tags: value }
    }

    /// These values, with another one for one option.
    #[must_use]
    pub fn with(mut self, option: SwitchOption, value: T) -> Self {
        self[option] = value;
        self
    }

    /// What `value` makes of each value.
    pub fn map<U>(self, mut value: impl FnMut(T) -> U) -> Switches<U> {
        Switches::each(|option| value(self[option]))
    }
}

impl<T> Index<SwitchOption> for Switches<T> {
    type Output = T;

    fn index(&self, option: SwitchOption) -> &T {
        match option {
            SwitchOption::Ipv6Endpoint => &self.ipv6_endpoint,
            SwitchOption::MetadataTags => &self.metadata_tags,
        }
    }
}

impl<T> IndexMut<SwitchOption> for Switches<T> {
    fn index_mut(&mut self, option: SwitchOption) -> &mut T {
        match option {
            SwitchOption::Ipv6Endpoint => &mut self.ipv6_endpoint,
            SwitchOption::MetadataTags => &mut self.metadata_tags,
        }
    }
}

/// A metadata option of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MetadataOption {
    /// `HttpTokens`.
    HttpTokens,
    /// `HttpEndpoint`.
    HttpEndpoint,
    /// `HttpPutResponseHopLimit`.
    HopLimit,
    /// One that is on or off.
    Switch(SwitchOption),
}

impl MetadataOption {
    /// Every metadata option.
    pub fn all() -> impl Iterator<Item = Self> {
        let switches = SwitchOption::ALL.iter().copied().map(Self::Switch);
        [Self::HttpTokens, Self::HttpEndpoint, Self::HopLimit].into_iter().chain(switches)
    }

    /// The name of the request parameter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HttpTokens => "HttpTokens",
            Self::HttpEndpoint => "HttpEndpoint",
            Self::HopLimit => "HttpPutResponseHopLimit",
            Self::Switch(option) => option.as_str(),
        }
    }

    /// Whether it is an option beside `HttpTokens` and `HttpEndpoint`. If AWS refuses such an option, IMDSv1 can still
    /// be closed without it.
    pub const fn is_side_option(self) -> bool {
        match self {
            Self::HttpTokens | Self::HttpEndpoint => false,
            Self::HopLimit | Self::Switch(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_option_has_a_value_of_its_own() {
        let keys = Switches::each(SwitchOption::key);
        for (option, key) in keys.iter() {
            assert_eq!(*key, option.key());
            let changed = Switches::all(0).with(option, 1);
            assert_eq!(changed.iter().map(|(_, value)| value).sum::<i32>(), 1);
            assert_eq!(changed[option], 1);
        }
        assert_eq!(keys.iter().count(), SwitchOption::ALL.len());
    }
}
