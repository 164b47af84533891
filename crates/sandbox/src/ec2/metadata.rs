//! Instance metadata options: what they are, who decides them at launch.
//!
//! Precedence, for each option by itself:
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html>

use super::quirks::{OptionQuirks, SideOption};
use crate::error::AwsError;
use crate::params::Params;
use crate::shape::Shape;

/// Whether a session token is needed, that is IMDSv2 only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpTokens {
    /// IMDSv1 and IMDSv2.
    Optional,
    /// IMDSv2 only.
    Required,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toggle {
    /// On.
    Enabled,
    /// Off.
    Disabled,
}

/// The options of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetadataOptions {
    /// IMDSv2 only, or both.
    pub http_tokens: HttpTokens,
    /// 1 to 64.
    pub hop_limit: i64,
    /// Whether there is a metadata service at all.
    pub http_endpoint: Toggle,
    /// Whether the metadata service answers on IPv6.
    pub http_protocol_ipv6: Toggle,
    /// Whether the metadata service shows the tags of the instance.
    pub instance_metadata_tags: Toggle,
}

/// Options of a request; `None` is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MetadataRequest {
    /// IMDSv2 only, or both.
    pub http_tokens: Option<HttpTokens>,
    /// 1 to 64.
    pub hop_limit: Option<i64>,
    /// Whether there is a metadata service at all.
    pub http_endpoint: Option<Toggle>,
    /// Whether the metadata service answers on IPv6.
    pub http_protocol_ipv6: Option<Toggle>,
    /// Whether the metadata service shows the tags of the instance.
    pub instance_metadata_tags: Option<Toggle>,
}

/// The defaults of an account in a Region; `None` is no preference.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MetadataDefaults {
    /// IMDSv2 only, or both.
    pub http_tokens: Option<HttpTokens>,
    /// 1 to 64.
    pub hop_limit: Option<i64>,
    /// Whether there is a metadata service at all.
    pub http_endpoint: Option<Toggle>,
    /// Whether the metadata service shows the tags of the instance.
    pub instance_metadata_tags: Option<Toggle>,
    /// Whether launches with IMDSv1, and going back to it, fail.
    pub http_tokens_enforced: Option<Toggle>,
    /// Set while a declarative policy owns the defaults: its exception message.
    pub managed_by_policy: Option<String>,
}

impl HttpTokens {
    /// As on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }
}

impl Toggle {
    /// As on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
        }
    }
}

impl MetadataOptions {
    /// The options of a new instance: the launch decides, then its template, then the account's
    /// defaults, then the image; each option by itself.
    pub(super) fn at_launch(asked: MetadataRequest, defaults: &MetadataDefaults, image_is_v2: bool) -> Self {
        let image_tokens = if image_is_v2 { HttpTokens::Required } else { HttpTokens::Optional };
        let image_hops = if image_is_v2 { 2 } else { 1 };
        Self {
            http_tokens: asked.http_tokens.or(defaults.http_tokens).unwrap_or(image_tokens),
            hop_limit: asked.hop_limit.or(defaults.hop_limit).unwrap_or(image_hops),
            http_endpoint: asked.http_endpoint.or(defaults.http_endpoint).unwrap_or(Toggle::Enabled),
            http_protocol_ipv6: asked.http_protocol_ipv6.unwrap_or(Toggle::Disabled),
            instance_metadata_tags: asked
                .instance_metadata_tags
                .or(defaults.instance_metadata_tags)
                .unwrap_or(Toggle::Disabled),
        }
    }

    /// The options after a change; what is not asked for stays.
    pub(super) fn changed(self, asked: MetadataRequest) -> Self {
        Self {
            http_tokens: asked.http_tokens.unwrap_or(self.http_tokens),
            hop_limit: asked.hop_limit.unwrap_or(self.hop_limit),
            http_endpoint: asked.http_endpoint.unwrap_or(self.http_endpoint),
            http_protocol_ipv6: asked.http_protocol_ipv6.unwrap_or(self.http_protocol_ipv6),
            instance_metadata_tags: asked.instance_metadata_tags.unwrap_or(self.instance_metadata_tags),
        }
    }

    /// The value that the filter `metadata-options.NAME` compares; `None` for a name that is not known.
    pub(super) fn filtered(self, name: &str, applied: bool) -> Option<String> {
        let value = match name {
            "http-endpoint" => self.http_endpoint.as_str(),
            "http-protocol-ipv4" => "enabled",
            "http-protocol-ipv6" => self.http_protocol_ipv6.as_str(),
            "http-put-response-hop-limit" => return Some(self.hop_limit.to_string()),
            "http-tokens" => self.http_tokens.as_str(),
            "instance-metadata-tags" => self.instance_metadata_tags.as_str(),
            "state" if applied => "applied",
            "state" => "pending",
            _ => return None,
        };
        Some(value.to_owned())
    }

    /// `metadataOptions` of an answer.
    pub(super) fn shape(self, applied: bool, quirks: &OptionQuirks) -> Shape {
        let described = |option| !quirks.undescribed.contains(&option);
        let hop_limit = described(SideOption::HttpPutResponseHopLimit).then_some(self.hop_limit);
        let ipv6 = described(SideOption::HttpProtocolIpv6).then(|| self.http_protocol_ipv6.as_str());
        let tags = described(SideOption::InstanceMetadataTags).then(|| self.instance_metadata_tags.as_str());
        Shape::map()
            .with("state", if applied { "applied" } else { "pending" })
            .with("httpTokens", self.http_tokens.as_str())
            .with_some("httpPutResponseHopLimit", hop_limit)
            .with("httpEndpoint", self.http_endpoint.as_str())
            .with("httpProtocolIpv4", Toggle::Enabled.as_str())
            .with_some("httpProtocolIpv6", ipv6)
            .with_some("instanceMetadataTags", tags)
    }
}

impl MetadataRequest {
    /// Reads `HttpTokens`, `HttpEndpoint`, ... from the members of `params`.
    pub(super) fn read(params: &Params) -> Result<Self, AwsError> {
        Ok(Self {
            http_tokens: params.one_of("HttpTokens", &["optional", "required"])?.map(tokens),
            hop_limit: params.int_in("HttpPutResponseHopLimit", 1..=64)?,
            http_endpoint: toggle(params, "HttpEndpoint")?,
            http_protocol_ipv6: toggle(params, "HttpProtocolIpv6")?,
            instance_metadata_tags: toggle(params, "InstanceMetadataTags")?,
        })
    }

    /// Whether the request names a side option.
    pub(super) const fn names(&self, option: SideOption) -> bool {
        match option {
            SideOption::HttpPutResponseHopLimit => self.hop_limit.is_some(),
            SideOption::HttpProtocolIpv6 => self.http_protocol_ipv6.is_some(),
            SideOption::InstanceMetadataTags => self.instance_metadata_tags.is_some(),
        }
    }

    /// These options; an option that is not set here is taken from `other`.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            http_tokens: self.http_tokens.or(other.http_tokens),
            hop_limit: self.hop_limit.or(other.hop_limit),
            http_endpoint: self.http_endpoint.or(other.http_endpoint),
            http_protocol_ipv6: self.http_protocol_ipv6.or(other.http_protocol_ipv6),
            instance_metadata_tags: self.instance_metadata_tags.or(other.instance_metadata_tags),
        }
    }

    /// `metadataOptions` as asked for, in launch templates and CloudTrail; `None` if nothing was.
    pub(super) fn shape(self) -> Option<Shape> {
        (self != Self::default()).then(|| {
            Shape::map()
                .with_some("httpTokens", self.http_tokens.map(HttpTokens::as_str))
                .with_some("httpPutResponseHopLimit", self.hop_limit)
                .with_some("httpEndpoint", self.http_endpoint.map(Toggle::as_str))
                .with_some("httpProtocolIpv6", self.http_protocol_ipv6.map(Toggle::as_str))
                .with_some("instanceMetadataTags", self.instance_metadata_tags.map(Toggle::as_str))
        })
    }
}

impl MetadataDefaults {
    /// Changes what `params` name; `no-preference` and a hop limit of -1 take a preference away.
    pub(super) fn change(&mut self, params: &Params) -> Result<(), AwsError> {
        if let Some(word) = params.one_of("HttpTokens", &["optional", "required", "no-preference"])? {
            self.http_tokens = (word != "no-preference").then(|| tokens(word));
        }
        match params.int("HttpPutResponseHopLimit")? {
            None => {}
            Some(-1) => self.hop_limit = None,
            Some(limit) if (1..=64).contains(&limit) => self.hop_limit = Some(limit),
            Some(other) => {
                let message = format!(
                    "Value ( {other} ) for parameter HttpPutResponseHopLimit is invalid. Expecting -1 or a value \
                     between 1 and 64."
                );
                return Err(AwsError::invalid_value(message));
            }
        }
        for (name, default) in [
            ("HttpEndpoint", &mut self.http_endpoint),
            ("InstanceMetadataTags", &mut self.instance_metadata_tags),
            ("HttpTokensEnforced", &mut self.http_tokens_enforced),
        ] {
            if let Some(word) = params.one_of(name, &["enabled", "disabled", "no-preference"])? {
                *default = (word != "no-preference").then(|| switch(word));
            }
        }
        Ok(())
    }

    /// `accountLevel` of an answer.
    pub(super) fn shape(&self) -> Shape {
        let by = if self.managed_by_policy.is_some() { "declarative-policy" } else { "account" };
        Shape::map()
            .with_some("httpTokens", self.http_tokens.map(HttpTokens::as_str))
            .with_some("httpPutResponseHopLimit", self.hop_limit)
            .with_some("httpEndpoint", self.http_endpoint.map(Toggle::as_str))
            .with_some("instanceMetadataTags", self.instance_metadata_tags.map(Toggle::as_str))
            .with("managedBy", by)
            .with_some("managedExceptionMessage", self.managed_by_policy.as_deref())
            .with_some("httpTokensEnforced", self.http_tokens_enforced.map(Toggle::as_str))
    }

    /// Whether IMDSv1 is refused in this account and Region.
    pub(super) fn enforced(&self) -> bool {
        self.http_tokens_enforced == Some(Toggle::Enabled)
    }
}

/// The refusal of IMDSv1 in an account that enforces tokens; AWS uses it for launches and for
/// changes.
pub(super) fn enforced_refusal() -> AwsError {
    AwsError::client(
        "UnsupportedOperation",
        "You can't launch instances with IMDSv1 because httpTokensEnforced is enabled for this account. \
         Either launch the instance with httpTokens=required or contact your account owner to disable \
         httpTokensEnforced using the ModifyInstanceMetadataDefaults API or the account settings in the \
         EC2 console.",
    )
}

pub(super) fn tokens(word: &str) -> HttpTokens {
    if word == "required" { HttpTokens::Required } else { HttpTokens::Optional }
}

fn toggle(params: &Params, name: &str) -> Result<Option<Toggle>, AwsError> {
    Ok(params.one_of(name, &["enabled", "disabled"])?.map(switch))
}

pub(super) fn switch(word: &str) -> Toggle {
    if word == "enabled" { Toggle::Enabled } else { Toggle::Disabled }
}
