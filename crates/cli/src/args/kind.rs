//! The kinds of resources that `--kind` names.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use v2only_enforcer::scan::Kinds;
use v2only_policy::ResourceKind;

/// Reads a kind by its published word.
pub(crate) fn parser() -> impl TypedValueParser<Value = ResourceKind> {
    let value = |kind: ResourceKind| PossibleValue::new(kind.word()).help(kind.about().help);
    PossibleValuesParser::new(ResourceKind::selectable().map(value))
        .try_map(|word| ResourceKind::of(&word).ok_or("no kind of resource"))
}

/// All kinds, or only the one that was named.
pub(crate) fn kinds(only: Option<ResourceKind>) -> Kinds {
    only.map_or(Kinds::All, Kinds::Only)
}
