//! The arguments of `policies render`, `policies check` and `policies impact`.

use std::path::PathBuf;

use super::settings;

/// The arguments of `policies render`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct RenderArgs {
    /// Only this one, to standard output
    #[arg(value_name = "NAME", help_heading = "Input")]
    pub(super) name: Option<String>,

    #[command(flatten)]
    pub(super) settings: settings::Args,

    /// The folder to write them to; files that are there are replaced
    #[arg(
        long,
        value_name = "DIR",
        required_unless_present = "name",
        conflicts_with = "name",
        help_heading = "Output"
    )]
    pub(super) out: Option<PathBuf>,
}

/// The arguments of `policies check`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct CheckArgs {
    /// Policies as JSON; `-` reads standard input
    #[arg(value_name = "FILE", required = true, help_heading = "Input")]
    pub(super) files: Vec<PathBuf>,

    /// What they are attached as: `scp`, `rcp` or `identity` [default: by the folder, `rcp` or `iam`, otherwise scp]
    #[arg(long = "as", value_enum, value_name = "WHAT", hide_possible_values = true, help_heading = "Input")]
    pub(super) attachment: Option<settings::Attached>,

    #[command(flatten)]
    pub(super) settings: settings::Args,
}

/// The arguments of `policies impact`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ImpactArgs {
    /// Policies as JSON
    #[arg(value_name = "FILE", required = true, help_heading = "Input")]
    pub(super) files: Vec<PathBuf>,

    /// Recorded calls: files that CloudTrail delivered, folders of them, or what `aws cloudtrail lookup-events`
    /// printed; `.gz` is unpacked, `-` reads standard input
    #[arg(long, value_name = "PATH", required_unless_present = "from_trail", num_args = 1.., help_heading = "Input")]
    pub(super) trail_files: Vec<PathBuf>,

    /// Look the calls of the last 90 days up in CloudTrail, action by action: two calls a second with 50 records each
    #[arg(long, conflicts_with = "trail_files", help_heading = "Input")]
    pub(super) from_trail: bool,

    /// What they are attached as: `scp`, `rcp` or `identity` [default: by the folder, `rcp` or `iam`, otherwise scp]
    #[arg(long = "as", value_enum, value_name = "WHAT", hide_possible_values = true, help_heading = "Input")]
    pub(super) attachment: Option<settings::Attached>,
}
