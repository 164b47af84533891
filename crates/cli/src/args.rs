//! What can be typed. Nothing here has side effects; the commands resolve and check what was typed.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Style, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;
use crate::term::exit;

const HEADING: Style = AnsiColor::Green.on_default().bold();
const STYLES: Styles = Styles::styled()
    .header(HEADING)
    .usage(HEADING)
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Makes EC2 instances and SageMaker notebooks answer IMDSv2 only
///
/// `scan` shows what violates the policy and changes nothing; `enforce` shows a plan, asks, and carries it
/// out; `rollback` takes it back; `readiness` says who still uses IMDSv1; `replay` says what saved events
/// would lead to; `validate` checks a policy document; `check` looks
/// at infrastructure code before it is deployed; `policies` are for AWS itself to say no; `demo` shows it
/// all on this machine, without an account.
#[derive(Debug, Clone, Parser)]
#[command(name = "v2only", version, styles = STYLES, max_term_width = 100, after_help = exit::table())]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// Flags of every command.
    #[command(flatten)]
    pub shared: Shared,
}

/// The commands.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// List what violates the policy, and why; changes nothing
    Scan(commands::scan::Args),
    /// Show what the policy would have changed, ask, and change it
    Enforce(commands::enforce::Args),
    /// Restore what `enforce` changed, exactly as its journal recorded it
    Rollback(commands::rollback::Args),
    /// List who still uses IMDSv1, and what would fail without it; changes nothing
    Readiness(commands::readiness::Args),
    /// See whether an installation is whole, and how to mend it; changes nothing
    Doctor(commands::doctor::Args),
    /// List what taking an installation out consists of, in order; changes nothing
    UninstallPlan(commands::uninstall_plan::Args),
    /// Show everything at work in an embedded AWS: no account, no credentials, no network
    Demo(crate::commands::demo::Args),
    /// Run saved EventBridge or CloudTrail events through the functions' own code
    Replay(commands::replay::Args),
    /// Check a policy document
    Validate(commands::validate::Args),
    /// Check infrastructure code before it is deployed: CloudFormation templates and Terraform plans
    Check(commands::check::Args),
    /// Preventive policies: service control, IAM and declarative policies, yours and ours
    Policies(commands::policies::Args),
}

impl Command {
    /// What it is called, and the formats it can print.
    pub(crate) const fn formats(&self) -> (&'static str, &'static [Format]) {
        use Format::{Asff, Csv, Html, Json, Ndjson, Ocsf, Sarif, Table};
        const FINDINGS: &[Format] = &[Table, Json, Ndjson, Csv, Sarif, Asff, Ocsf, Html];
        const ROWS: &[Format] = &[Table, Json, Ndjson, Csv];
        const FILES: &[Format] = &[Table, Json, Sarif];
        const TRACES: &[Format] = &[Table, Json, Ndjson];
        const PLAIN: &[Format] = &[Table, Json];
        match self {
            Self::Scan(_) => ("scan", FINDINGS),
            Self::Enforce(_) => ("enforce", FINDINGS),
            Self::Rollback(_) => ("rollback", ROWS),
            Self::Readiness(args) if args.traces() => ("readiness --trace", TRACES),
            Self::Readiness(_) => ("readiness", ROWS),
            Self::Doctor(_) => ("doctor", PLAIN),
            Self::UninstallPlan(_) => ("uninstall-plan", PLAIN),
            Self::Check(_) => ("check", FILES),
            Self::Policies(args) if args.finds() => ("policies check", FILES),
            Self::Policies(_) => ("policies", PLAIN),
            Self::Demo(_) => ("demo", PLAIN),
            Self::Replay(_) => ("replay", PLAIN),
            Self::Validate(_) => ("validate", PLAIN),
        }
    }
}

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
        help = "How to print results: `table`, `json`, `ndjson`, `csv`, `sarif`, `asff` (AWS Security Finding Format), \
                `ocsf` (Compliance Finding) or `html` (a report)"
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

    /// Say nothing but results, questions and errors
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,

    /// Name every place, resource and request
    #[arg(short, long, global = true, help_heading = "Output")]
    pub verbose: bool,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs; the shape is only ever added to.
    Json,
    /// For programs, one finding a line.
    Ndjson,
    /// For spreadsheets.
    Csv,
    /// For code scanning.
    Sarif,
    /// For Security Hub.
    Asff,
    /// For security lakes, and for the Security Hub that speaks it.
    Ocsf,
    /// For people who were not there: a report in one file.
    Html,
}

impl Format {
    /// As it is typed.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Sarif => "sarif",
            Self::Asff => "asff",
            Self::Ocsf => "ocsf",
            Self::Html => "html",
        }
    }
}

/// When output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl From<Colour> for anstream::ColorChoice {
    fn from(colour: Colour) -> Self {
        match colour {
            Colour::Auto => Self::Auto,
            Colour::Always => Self::Always,
            Colour::Never => Self::Never,
        }
    }
}
