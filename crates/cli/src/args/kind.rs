//! The kinds of resources that `--kind` names.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use v2only_enforcer::scan::Kinds;
use v2only_policy::ResourceKind;

/// `--kind`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct KindArg {
    #[arg(
        long,
        value_parser = parser(),
        value_name = "KIND",
        help = help(),
        hide_possible_values = true,
        help_heading = "Input"
    )]
    pub(crate) kind: Option<ResourceKind>,
}

impl KindArg {
    /// All kinds, or only the one that was named.
    pub(crate) fn kinds(&self) -> Kinds {
        self.kind.map_or(Kinds::All, Kinds::Only)
    }
}

/// Reads a kind by its published word.
fn parser() -> impl TypedValueParser<Value = ResourceKind> {
    let value = |kind: ResourceKind| PossibleValue::new(kind.word()).help(kind.about().help);
    PossibleValuesParser::new(ResourceKind::selectable().map(value))
        .try_map(|word| ResourceKind::of(&word).ok_or("no kind of resource"))
}

/// The help of `--kind`: the words of the registry.
fn help() -> String {
    let words: Vec<String> = ResourceKind::selectable().map(|kind| format!("`{}`", kind.word())).collect();
    match words.split_last() {
        Some((last, others)) => format!("Only this kind of resource: {} or {last}", others.join(", ")),
        None => "Only this kind of resource".to_owned(),
    }
}
