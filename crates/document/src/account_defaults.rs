//! The section `account_defaults`.

use v2only_policy::settings::{AccountDefaultRules, HopLimit};
use v2only_policy::{DefaultRule, Disabled, Preference};

use crate::instances::HOPS;
use crate::keys;
use crate::reader::{Reader, Words, set};
use crate::spot::Spot;

/// What clears a default, as in the API.
const NO_PREFERENCE: &str = "no-preference";
/// Declarative policies have an underscore.
const SPELLING: &str = "did you mean `no-preference`?";
const TOKENS: Words<bool> = Words {
    all: &[("required", true), ("keep", false)],
    told: &[
        ("optional", "version 1 is never allowed by a rule; write `keep` to have no opinion"),
        (NO_PREFERENCE, "the default for tokens is never cleared; write `keep` to have no opinion"),
    ],
};
const ENDPOINT: Words<DefaultRule<Disabled>> = Words {
    all: &[
        ("keep", DefaultRule::Keep),
        ("disabled", DefaultRule::Must(Preference::Set(Disabled))),
        (NO_PREFERENCE, DefaultRule::Must(Preference::Clear)),
    ],
    told: &[
        ("enabled", "no endpoint is ever switched on; `no-preference` clears a default of `enabled`"),
        ("no_preference", SPELLING),
    ],
};
const TAGS: Words<DefaultRule<bool>> = Words {
    all: &[
        ("keep", DefaultRule::Keep),
        ("enabled", DefaultRule::Must(Preference::Set(true))),
        ("disabled", DefaultRule::Must(Preference::Set(false))),
        (NO_PREFERENCE, DefaultRule::Must(Preference::Clear)),
    ],
    told: &[
        ("true", "did you mean `enabled`?"),
        ("false", "did you mean `disabled`?"),
        ("no_preference", SPELLING),
    ],
};
const ENFORCED: Words<bool> = Words {
    all: &[("keep", false), ("enabled", true)],
    told: &[
        ("true", "did you mean `enabled`?"),
        ("disabled", "nothing is ever loosened; write `keep` to have no opinion"),
    ],
};

pub(super) fn lay(reader: &mut Reader, spot: &Spot<'_>, rules: &mut AccountDefaultRules) {
    let Some(fields) = reader.fields(spot, &keys::ACCOUNT_DEFAULTS) else { return };
    set(&mut rules.http_tokens_required, reader.word(&fields, "http_tokens", &TOKENS));
    set(&mut rules.http_endpoint, reader.word(&fields, "http_endpoint", &ENDPOINT));
    set(&mut rules.metadata_tags, reader.word(&fields, "metadata_tags", &TAGS));
    set(&mut rules.enforced, reader.word(&fields, "enforced", &ENFORCED));
    if let Some(spot) = fields.get("hop_limit") {
        let rule = match spot.text() {
            Some("keep") => Some(DefaultRule::Keep),
            Some(NO_PREFERENCE) => Some(DefaultRule::Must(Preference::Clear)),
            _ => {
                let hops = reader.number_at(&spot, &HOPS, "`keep`, `no-preference` or ");
                let hops = hops.and_then(|it| HopLimit::new(i64::from(it)).ok());
                hops.map(|hops| DefaultRule::Must(Preference::Set(hops)))
            }
        };
        set(&mut rules.hop_limit, rule);
    }
}
