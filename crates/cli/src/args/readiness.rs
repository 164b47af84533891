//! The arguments of `readiness`.

use std::path::PathBuf;

use v2only_enforcer::ports::AtBoot;

use crate::args::selection::Selection;

const EXAMPLES: &str = "\
States:
  busy      answers IMDSv1, and somebody used it in the window, or tried to
  unknown   answers IMDSv1, and there is not data on every day of the window: no data is not zero
  ready     answers IMDSv1, and nobody used it on any day of the window
  required  requires tokens already; shown where its software still tries IMDSv1

Examples:
  v2only readiness --region eu-central-1
  v2only readiness --region all --days 30 --tag app
  v2only readiness --output json | jq '.if_enforced'
  v2only readiness --trace i-0123456789abcdef0 --trace-seconds 300
  v2only readiness --trace asg:web --canary 5
  v2only readiness --trace asg:web --at-boot --policy policy.yaml
  v2only readiness --trace asg:web --at-boot collect
  v2only readiness --region all --trail-files cloudtrail-logs/
  v2only readiness --from-trail --region all
  v2only readiness --from-trail --trail-files cloudtrail-logs/

Leaves with 10 if something would fail, or may: busy and unknown instances, and sources that say optional.
With `--trace` it leaves with 10 if IMDSv1 was called, or may have been.
With `--from-trail` it leaves with 10 if the latest launch of a group answers IMDSv1, or may, or if
software still uses credentials that were delivered to IMDSv1 calls.";

/// The arguments of `readiness`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Length of the window [default: `instances.usage_gate.quiet_days` of the policy document, or 14]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=455), help_heading = "Input")]
    pub(crate) days: Option<u16>,

    #[command(flatten)]
    pub(crate) selection: Selection,

    /// Only instances with this tag; or, without a value, group instances by the value of this tag as well
    #[arg(long, value_name = "KEY[=VALUE]", help_heading = "Input")]
    pub(crate) tag: Vec<String>,

    /// Look on these instances for who calls IMDSv1, by a Systems Manager command that changes nothing. `asg:NAME`,
    /// `template:lt-…` and `tag:KEY=VALUE` stand for a few running instances of a group
    #[arg(
        long,
        value_name = "INSTANCE|GROUP",
        num_args = 1..,
        conflicts_with_all = ["days", "tag"],
        help_heading = "Trace"
    )]
    pub(crate) trace: Vec<String>,

    /// How many running instances of each group to look on
    #[arg(
        long,
        value_name = "N",
        default_value_t = 3,
        requires = "trace",
        value_parser = clap::value_parser!(u16).range(1..=50),
        help_heading = "Trace"
    )]
    pub(crate) canary: u16,

    /// For how long to look, up to 900 seconds [default: 60; with `--at-boot`, 300]
    #[arg(
        long,
        value_name = "N",
        requires = "trace",
        value_parser = clap::value_parser!(u16).range(1..=900),
        help_heading = "Trace"
    )]
    pub(crate) trace_seconds: Option<u16>,

    /// Trace the next boot in place of the running system, on Linux with systemd: `install` a unit that runs once and removes
    /// itself, `collect` its result, or `remove` it. The policy document must allow it with `instances.trace_at_boot: allow`
    #[arg(
        long,
        value_name = "WHAT",
        num_args = 0..=1,
        default_missing_value = "install",
        hide_possible_values = true,
        requires = "trace",
        help_heading = "Trace"
    )]
    at_boot: Option<AtBootArg>,

    /// Install the trace at boot without a question
    #[arg(long, requires = "at_boot", help_heading = "Trace")]
    pub(crate) yes: bool,

    /// Judge the launches of the last 90 days that CloudTrail recorded: which of them each enforcement switch would have
    /// changed or refused
    #[arg(long, conflicts_with_all = ["days", "tag", "trace"], help_heading = "Recorded launches")]
    pub(crate) from_trail: bool,

    /// Read records from these files in place of `LookupEvents`: log files of CloudTrail (also `.json.gz`), and rows of
    /// CloudTrail Lake and Athena as lines of JSON; a directory stands for the files in it, `-` for standard input. Without
    /// `--from-trail`, calls whose credentials IMDSv1 delivered are evidence beside `MetadataNoToken`
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with = "trace", help_heading = "Recorded launches")]
    pub(crate) trail_files: Vec<PathBuf>,
}

/// The value of `--at-boot`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum AtBootArg {
    /// Install a unit that traces the next boot
    Install,
    /// Read the result of a trace at boot and remove it
    Collect,
    /// Remove the unit or the result
    Remove,
}

impl Args {
    /// What to do with the trace of the next boot; `None` traces now.
    pub(crate) fn at_boot(&self) -> Option<AtBoot> {
        self.at_boot.map(|action| match action {
            AtBootArg::Install => AtBoot::Install,
            AtBootArg::Collect => AtBoot::Collect,
            AtBootArg::Remove => AtBoot::Remove,
        })
    }

    /// How long a trace looks on.
    pub(crate) fn seconds(&self) -> u16 {
        self.trace_seconds.unwrap_or(if self.at_boot.is_some() { 300 } else { 60 })
    }

    /// The tag by whose value instances are grouped.
    pub(crate) fn grouped_by(&self) -> Option<&str> {
        self.tag.iter().find(|it| !it.contains('=')).map(String::as_str)
    }

    /// Whether instances are looked on, rather than their metrics.
    pub(crate) const fn traces(&self) -> bool {
        !self.trace.is_empty()
    }
}
