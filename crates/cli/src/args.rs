//! What can be typed. Nothing here has side effects; the commands resolve and check what was typed.

pub mod format;
pub mod kind;
pub mod readiness;
pub mod shared;

use clap::builder::styling::{AnsiColor, Style, Styles};
use clap::{Parser, Subcommand};

use self::format::Format;
use self::shared::Shared;
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
/// would lead to; `validate` checks a policy document; `check` reads infrastructure code
/// before it is deployed; `policies` are policies with which AWS itself blocks IMDSv1; `demo` shows
/// everything on this machine, without an account; `sandbox` starts the embedded AWS of the demo for
/// your own tests.
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
    Readiness(self::readiness::Args),
    /// Check whether an installation is complete, and print how to fix it; changes nothing
    Doctor(commands::doctor::Args),
    /// List what taking an installation out consists of, in order; changes nothing
    UninstallPlan(commands::uninstall_plan::Args),
    /// Show everything at work in an embedded AWS: no account, no credentials, no network
    Demo(crate::commands::demo::Args),
    /// Start the embedded AWS for your own tests, and print how to reach it
    Sandbox(commands::sandbox::Args),
    /// Run saved EventBridge or CloudTrail events through the functions' own code
    Replay(commands::replay::Args),
    /// Check a policy document
    Validate(commands::validate::Args),
    /// Check infrastructure code before it is deployed: CloudFormation templates and Terraform plans
    Check(commands::check::Args),
    /// Preventive policies: service control, IAM and declarative policies, yours and ours
    Policies(commands::policies::Args),
    /// Print a script with which a shell completes commands and flags
    Completions(commands::completions::Args),
    /// Print the manual page of a command
    Man(commands::man::Args),
}

impl Command {
    /// What it is called, and the formats it can print.
    pub(crate) const fn formats(&self) -> (&'static str, &'static [Format]) {
        use Format::{Asff, Csv, Github, Html, Json, Ndjson, Ocsf, Sarif, Table};
        const FINDINGS: &[Format] = &[Table, Json, Ndjson, Csv, Sarif, Asff, Ocsf, Html];
        const ROWS: &[Format] = &[Table, Json, Ndjson, Csv];
        const FILES: &[Format] = &[Table, Json, Sarif, Github];
        const TEXT: &[Format] = &[Table];
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
            Self::Sandbox(_) => ("sandbox", PLAIN),
            Self::Completions(_) => ("completions", TEXT),
            Self::Man(_) => ("man", TEXT),
            Self::Replay(_) => ("replay", PLAIN),
            Self::Validate(_) => ("validate", PLAIN),
        }
    }
}
