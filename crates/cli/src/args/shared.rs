//! The flags of every command.

use std::path::PathBuf;

use clap::Args;

use super::format::{Colour, Format};

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub struct Shared {
    /// The policy document; `-` reads standard input
    #[arg(long, global = true, value_name = "FILE", help_heading = "Input")]
    pub policy: Option<PathBuf>,

    /// A profile of the AWS configuration files
    #[arg(long, global = true, value_name = "NAME", help_heading = "AWS")]
    pub profile: Option<String>,

    /// A Region, or `all` enabled ones; may be repeated [default: the environment's or the profile's]
    #[arg(long = "region", global = true, value_name = "REGION", help_heading = "AWS")]
    pub regions: Vec<String>,

    /// Every active account of the organization, entered by `--role-name`
    #[arg(long, global = true, conflicts_with = "accounts", help_heading = "AWS")]
    pub org: bool,

    /// These accounts, entered by `--role-name`, separated by commas [default: the credentials' own]
    #[arg(long, global = true, value_delimiter = ',', value_name = "ID", help_heading = "AWS")]
    pub accounts: Vec<String>,

    /// The role in other accounts, with its path if it has one
    #[arg(long, global = true, value_name = "NAME", help_heading = "AWS")]
    pub role_name: Option<String>,

    /// The external id that the trust policy of that role asks for
    #[arg(long, global = true, value_name = "TEXT", help_heading = "AWS")]
    pub external_id: Option<String>,

    /// How to print results
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        default_value_t = Format::Table,
        hide_possible_values = true,
        help_heading = "Output",
        help = "How to print results: `table`, `json`, `ndjson`, `csv`, `sarif`, `github` (annotations), `asff` \
                (AWS Security Finding Format), `ocsf` (Compliance Finding) or `html` (a report)"
    )]
    pub output: Format,

    /// When to colour: `auto`, `always` or `never`
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t = Colour::Auto,
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub color: Colour,

    /// Print only results, questions and errors
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,

    /// Name every place, resource and request
    #[arg(short, long, global = true, help_heading = "Output")]
    pub verbose: bool,
}
