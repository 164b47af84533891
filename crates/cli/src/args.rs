//! What can be typed. Nothing here has side effects; the commands resolve and check what was typed.

pub mod format;
pub(crate) mod inventory;
pub mod kind;
pub mod readiness;
pub mod selection;
pub mod shared;

mod help;

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
/// out; `rollback` takes it back; `readiness` says who still uses IMDSv1; `plan` lists the steps to enforcement,
/// and `gate` answers whether `HttpTokensEnforced` may be switched on; `replay` says what saved events
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
    /// List who still uses IMDSv1, and what would fail without it; changes no setting
    Readiness(self::readiness::Args),
    /// Print what stands between today and enforcement, step by step; changes nothing
    Plan(commands::plan::Args),
    /// Answer whether `HttpTokensEnforced` may be switched on now, yes or no; changes nothing
    Gate(commands::gate::Args),
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
    /// Compare two scans: what is new, and what is fixed
    Diff(commands::diff::Args),
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
        let name = match self {
            Self::Scan(_) => "scan",
            Self::Enforce(_) => "enforce",
            Self::Rollback(_) => "rollback",
            Self::Readiness(args) if args.traces() => "readiness --trace",
            Self::Readiness(args) if args.from_trail => "readiness --from-trail",
            Self::Readiness(_) => "readiness",
            Self::Plan(_) => "plan",
            Self::Gate(_) => "gate",
            Self::Doctor(_) => "doctor",
            Self::UninstallPlan(_) => "uninstall-plan",
            Self::Check(_) => "check",
            Self::Policies(args) if args.finds() => "policies check",
            Self::Policies(_) => "policies",
            Self::Demo(_) => "demo",
            Self::Sandbox(_) => "sandbox",
            Self::Completions(_) => "completions",
            Self::Man(_) => "man",
            Self::Replay(_) => "replay",
            Self::Validate(_) => "validate",
            Self::Diff(_) => "diff",
        };
        (name, formats(name))
    }

    /// Whether it reads a policy document, so that the one of the environment or the folder is meant.
    pub(crate) fn reads_policy(&self) -> bool {
        match self {
            Self::Scan(_) | Self::Enforce(_) | Self::Readiness(_) | Self::Doctor(_) | Self::Replay(_) => true,
            Self::Check(_) | Self::Plan(_) | Self::Gate(_) => true,
            Self::Validate(args) => args.names_none(),
            Self::Policies(args) => args.reads_policy(),
            Self::Rollback(_) | Self::UninstallPlan(_) | Self::Demo(_) | Self::Diff(_) => false,
            Self::Sandbox(_) | Self::Completions(_) | Self::Man(_) => false,
        }
    }
}

/// The formats that a command can print.
const fn formats(name: &str) -> &'static [Format] {
    use Format::{Asff, Csv, Github, Html, Json, Ndjson, Ocsf, Sarif, Table};
    match name.as_bytes() {
        b"scan" | b"enforce" => &[Table, Json, Ndjson, Csv, Sarif, Asff, Ocsf, Html],
        b"rollback" | b"readiness" => &[Table, Json, Ndjson, Csv],
        b"check" | b"policies check" => &[Table, Json, Sarif, Github],
        b"completions" | b"man" => &[Table],
        b"readiness --from-trail" => &[Table, Json, Ndjson, Html],
        b"readiness --trace" => &[Table, Json, Ndjson],
        _ => &[Table, Json],
    }
}
