//! Where `scan` takes its candidates from.

use clap::ValueEnum;
use v2only_enforcer::scan::Kinds;
use v2only_policy::ResourceKind;

use crate::args::format::Format;
use crate::args::kind::KindArg;
use crate::term::problem::Problem;

/// `--inventory` and `--aggregator`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct InventoryArg {
    /// Ask AWS Config which instances to describe, instead of listing all of them: `config`. Covers only what the
    /// aggregator recorded
    #[arg(
        long,
        value_enum,
        value_name = "SOURCE",
        requires = "aggregator",
        hide_possible_values = true,
        help_heading = "Input"
    )]
    inventory: Option<InventorySource>,

    /// With `--inventory config`: the aggregator, in the account and first Region of this run
    #[arg(long, value_name = "NAME", requires = "inventory", help_heading = "Input")]
    aggregator: Option<String>,
}

/// What knows resources besides their own service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InventorySource {
    /// An aggregator of AWS Config.
    Config,
}

impl InventoryArg {
    /// The aggregator, if one is asked for.
    pub(crate) fn aggregator(&self) -> Option<&str> {
        self.inventory.and(self.aggregator.as_deref())
    }

    /// The kinds that a run reads.
    ///
    /// # Errors
    /// The kind, the format or another flag does not go together with an inventory.
    pub(crate) fn kinds(
        &self,
        kind: &KindArg,
        format: Format,
        reads_all: Option<&str>,
    ) -> Result<Kinds, Problem> {
        if self.inventory.is_none() {
            return Ok(kind.kinds());
        }
        if kind.kind.is_some_and(|kind| kind != ResourceKind::Instance) {
            let hint = "leave out `--inventory`, or write `--kind instance`";
            return Err(Problem::usage("`--inventory` finds instances and nothing else", hint));
        }
        if let Some(flag) = reads_all {
            let why =
                format!("`{flag}` needs a scan that reads everything, and `--inventory` reads candidates");
            return Err(Problem::usage(why, format!("leave out `{flag}` or `--inventory`")));
        }
        if !matches!(format, Format::Table | Format::Json) {
            let why = "only tables and JSON say that a scan covers what AWS Config recorded";
            return Err(Problem::usage(why, "type `--output json`, or leave out `--inventory`"));
        }
        Ok(Kinds::Only(ResourceKind::Instance))
    }
}
