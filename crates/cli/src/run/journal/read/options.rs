//! Metadata options as a journal has them.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use v2only_policy::instance::{HttpTokens, MetadataOptions, Switch};
use v2only_policy::settings::HopLimit;
use v2only_policy::{InstanceChange, StatedOptions, SwitchOption, Switches};

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Options {
    http_tokens: Option<String>,
    http_endpoint: Option<String>,
    hop_limit: Option<u8>,
    /// The options that are on or off, and whatever else the object holds.
    #[serde(flatten)]
    others: HashMap<String, Value>,
}

impl Options {
    pub(super) fn stated(&self) -> Result<StatedOptions, String> {
        let mut switches = Switches::all(None);
        for option in SwitchOption::ALL {
            let key = option.key();
            switches[*option] = match self.others.get(key) {
                None | Some(Value::Null) => None,
                Some(Value::String(word)) => switch(key, Some(word))?,
                Some(other) => return Err(format!("`{key}` is `{other}`, not enabled or disabled")),
            };
        }
        Ok(StatedOptions {
            http_tokens: match self.http_tokens.as_deref() {
                None => None,
                Some("required") => Some(HttpTokens::Required),
                Some("optional") => Some(HttpTokens::Optional),
                Some(other) => return Err(format!("`http_tokens` is `{other}`, not optional or required")),
            },
            http_endpoint: switch("http_endpoint", self.http_endpoint.as_deref())?,
            hop_limit: self.hop_limit,
            switches,
        })
    }

    pub(super) fn described(&self) -> Result<MetadataOptions, String> {
        Ok(self.stated()?.over(MetadataOptions::UNKNOWN))
    }

    /// `None` of a version that was only repeated.
    pub(super) fn change_if_any(&self) -> Result<Option<InstanceChange>, String> {
        let none = self.stated()? == StatedOptions::default();
        if none { Ok(None) } else { self.change().map(Some) }
    }

    pub(super) fn change(&self) -> Result<InstanceChange, String> {
        let it = self.stated()?;
        match (it.http_tokens, it.http_endpoint) {
            (Some(HttpTokens::Required), _) => Ok(InstanceChange::RequireTokens {
                hop_limit: it.hop_limit.map(hops).transpose()?,
                switches: it.switches.map(|is| is.map(|is| is == Switch::Enabled)),
            }),
            (None, Some(Switch::Disabled)) => Ok(InstanceChange::DisableEndpoint),
            _ => Err("`change` is none that `enforce` makes".to_owned()),
        }
    }
}

pub(super) fn part<T: DeserializeOwned>(name: &str, value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|it| format!("`{name}`: {it}"))
}

pub(super) fn hops(number: u8) -> Result<HopLimit, String> {
    HopLimit::new(i64::from(number)).map_err(|it| format!("`change.hop_limit`: {it}"))
}

pub(super) fn switch(name: &str, word: Option<&str>) -> Result<Option<Switch>, String> {
    match word {
        None => Ok(None),
        Some("enabled") => Ok(Some(Switch::Enabled)),
        Some("disabled") => Ok(Some(Switch::Disabled)),
        Some(other) => Err(format!("`{name}` is `{other}`, not enabled or disabled")),
    }
}
