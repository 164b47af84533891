//! Account defaults: what they were, and what was changed.

use serde::Deserialize;
use serde_json::Value;
use v2only_enforcer::rollback::What;
use v2only_policy::settings::HopLimit;
use v2only_policy::source::DefaultsOwner;
use v2only_policy::{AccountDefaults, DefaultsChange, Disabled, Preference, Switch};

use super::options::{Options, hops, part, switch};

/// What an account default becomes that is cleared.
const NO_PREFERENCE: &str = "no-preference";

#[derive(Deserialize)]
struct Before {
    #[serde(flatten)]
    options: Options,
    http_tokens_enforced: Option<String>,
}

#[derive(Deserialize)]
struct Change {
    http_tokens: Option<String>,
    hop_limit: Option<Value>,
    http_endpoint: Option<String>,
    metadata_tags: Option<String>,
    http_tokens_enforced: Option<String>,
}

pub(super) fn read(before: Value, change: Value) -> Result<What, String> {
    let before: Before = part("before", before)?;
    let change: Change = part("change", change)?;
    let enforced = switch("before.http_tokens_enforced", before.http_tokens_enforced.as_deref())?;
    Ok(What::Defaults {
        before: AccountDefaults {
            options: before.options.stated()?,
            enforced: enforced.unwrap_or(Switch::Unknown),
            owner: DefaultsOwner::Account,
        },
        change: DefaultsChange {
            require_tokens: change.http_tokens.is_some(),
            hop_limit: change.hop_limit.map(hop_limit).transpose()?,
            http_endpoint: match change.http_endpoint.as_deref() {
                None => None,
                Some(NO_PREFERENCE) => Some(Preference::Clear),
                Some("disabled") => Some(Preference::Set(Disabled)),
                Some(other) => return Err(format!("`change.http_endpoint` is `{other}`, not disabled")),
            },
            metadata_tags: match change.metadata_tags.as_deref() {
                Some(NO_PREFERENCE) => Some(Preference::Clear),
                word => switch("change.metadata_tags", word)?
                    .map(|state| Preference::Set(state == Switch::Enabled)),
            },
            enforce: change.http_tokens_enforced.is_some(),
        },
    })
}

fn hop_limit(value: Value) -> Result<Preference<HopLimit>, String> {
    if value == NO_PREFERENCE {
        return Ok(Preference::Clear);
    }
    hops(part("change.hop_limit", value)?).map(Preference::Set)
}
