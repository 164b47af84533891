//! Renders the preventive policies: what keeps version 1 from coming back, for those who want AWS itself to
//! say no.
//!
//! Read in this order: [`settings`] is what a rendering depends on, and how it follows from the policy
//! document; [`statement`] is one sentence of a policy; `rules` holds the sentences by topic, each with those
//! it spares; `scp`, `rcp`, `iam` and `declarative` put them into files; `pack` keeps a file within the size AWS
//! accepts.
//!
//! Tokens, the hop limit and the minimum version of notebooks are denied. What else the document may ask for
//! (the endpoint, IPv6, tags in metadata) is left to the functions.
//!
//! INVARIANT (no lock-out): whatever these policies deny, the enforcers can still tighten, the owners can
//! still change the product, and the rollback role can still restore.
//!
//! Knows: the policy document after validation, the grammar of IAM policies, their condition keys and limits.
//! Must never know: files, the environment, the clock, the network, an AWS account.

pub mod check;
pub mod deploy;
pub mod iac;
pub mod settings;
pub mod statement;

mod rules;

mod declarative;
mod file;
mod iam;
mod pack;
mod rcp;
mod scp;

pub use file::{File, Kind};
pub use pack::TooLarge;
pub use settings::Settings;
pub use v2only_document::tree::{Mark, Word};

/// Renders every policy, in the order of their paths.
///
/// The same settings give the same bytes.
///
/// # Errors
/// A single statement does not fit into a policy: there are too many principals to be named in it.
pub fn render(settings: &Settings) -> Result<Vec<File>, TooLarge> {
    let mut files = scp::files(settings)?;
    files.extend(rcp::files(settings)?);
    files.extend(iam::files(settings)?);
    files.extend(declarative::files(settings)?);
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}
