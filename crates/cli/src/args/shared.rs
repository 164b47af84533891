//! The flags of every command.

use std::path::PathBuf;

use clap::Args;

use v2only_installation::command::Command;

use super::format::{Colour, Format};

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub struct Shared {
    /// The policy document; `-` reads standard input [default: `$V2ONLY_POLICY`, or ./policy.yaml if it exists]
    #[arg(short, long, global = true, value_name = "FILE", help_heading = "Input")]
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

    /// With `--org`: only accounts in this organizational unit, at any depth; may be repeated
    #[arg(long, global = true, value_name = "OU", requires = "org", help_heading = "AWS")]
    pub ou: Vec<String>,

    /// None of these accounts, separated by commas
    #[arg(long, global = true, value_delimiter = ',', value_name = "ID", help_heading = "AWS")]
    pub exclude_accounts: Vec<String>,

    /// The role in other accounts, with its path if it has one
    #[arg(long, global = true, value_name = "NAME", help_heading = "AWS")]
    pub role_name: Option<String>,

    /// The external id that the trust policy of that role asks for
    #[arg(long, global = true, value_name = "TEXT", help_heading = "AWS")]
    pub external_id: Option<String>,

    /// How to print results
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        default_value_t = Format::Table,
        hide_possible_values = true,
        help_heading = "Output",
        help = "How to print results: `table`, `json`, `ndjson`, `csv`, `sarif`, `asff` \
                (AWS Security Finding Format), `ocsf` (Compliance Finding) or `html` (a report)"
    )]
    pub output: Format,

    /// Write results to this file instead of standard output; it is replaced once the run is complete
    #[arg(long, global = true, value_name = "FILE", help_heading = "Output")]
    pub output_file: Option<PathBuf>,

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

    /// Name every resource and request as well
    #[arg(short, long, global = true, help_heading = "Output")]
    pub verbose: bool,
}

impl Shared {
    /// A command with the flags that say where this run read, and as whom.
    pub(crate) fn scope(&self, command: Command) -> Command {
        let policy = self.policy.as_ref().map(|path| path.display().to_string());
        let mut command = self.as_whom(with(command, ("policy", policy.as_ref())));
        if self.org {
            command = command.flag("org");
        }
        for (name, ids) in [("accounts", &self.accounts), ("exclude-accounts", &self.exclude_accounts)] {
            let ids = ids.join(",");
            command = with(command, (name, (!ids.is_empty()).then_some(&ids)));
        }
        command = self.ou.iter().fold(command, |command, ou| command.option("ou", ou));
        self.regions.iter().fold(command, |command, region| command.option("region", region))
    }

    /// A command with the flags that say whose credentials are used, and by which role other accounts are entered.
    pub(crate) fn as_whom(&self, command: Command) -> Command {
        let options = [
            ("profile", self.profile.as_ref()),
            ("role-name", self.role_name.as_ref()),
            ("external-id", self.external_id.as_ref()),
        ];
        options.into_iter().fold(command, with)
    }
}

fn with(command: Command, (name, value): (&str, Option<&String>)) -> Command {
    match value {
        Some(value) => command.option(name, value),
        None => command,
    }
}
