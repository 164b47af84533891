//! The section `account_defaults`.

use v2only_policy::settings::{AccountDefaultRules, HopLimit};

use crate::instances::HOPS;
use crate::keys;
use crate::reader::{Reader, Words, set};
use crate::spot::Spot;

const TOKENS: Words<bool> = Words {
    all: &[("required", true), ("keep", false)],
    told: &[("optional", "version 1 is never allowed by a rule; write `keep` to have no opinion")],
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
    set(&mut rules.enforced, reader.word(&fields, "enforced", &ENFORCED));
    match fields.get("hop_limit") {
        Some(spot) if spot.text() == Some("keep") => rules.hop_limit = None,
        Some(spot) => {
            let hops = reader.number_at(&spot, &HOPS, "`keep` or ");
            if let Some(hops) = hops.and_then(|it| HopLimit::new(i64::from(it)).ok()) {
                rules.hop_limit = Some(hops);
            }
        }
        None => {}
    }
}
