//! The section `drift`.

use std::ops::RangeInclusive;

use v2only_policy::settings::{DriftRule, WhenContested};

use crate::keys;
use crate::reader::{Reader, Words, set};
use crate::spot::Spot;

/// The moments are kept in one tag value, and more than ten do not fit.
const CONTESTED_AFTER: RangeInclusive<u8> = 1..=10;
/// Up to thirty days.
const WINDOW_HOURS: RangeInclusive<u32> = 1..=720;

const WHEN_CONTESTED: Words<WhenContested> = Words {
    all: &[("keep_closing", WhenContested::KeepClosing), ("report", WhenContested::Report)],
    told: &[],
};

pub(super) fn lay(reader: &mut Reader, spot: &Spot<'_>, rule: &mut DriftRule) {
    let Some(fields) = reader.fields(spot, &keys::DRIFT) else { return };
    set(&mut rule.contested_after, reader.number(&fields, "contested_after", &CONTESTED_AFTER));
    set(&mut rule.window_hours, reader.number(&fields, "window_hours", &WINDOW_HOURS));
    set(&mut rule.when_contested, reader.word(&fields, "when_contested", &WHEN_CONTESTED));
}
