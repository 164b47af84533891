//! The findings of `scan` and `enforce`, in every format.

pub(crate) mod asff;
pub(crate) mod causes;
pub(crate) mod csv;
pub(crate) mod exemptions;
pub(crate) mod exposure;
pub(crate) mod findings_v1;
pub(crate) mod formats;
pub(crate) mod headline;
pub(crate) mod html;
pub(crate) mod item;
pub(crate) mod posture_v1;
pub(crate) mod refresh;
pub(crate) mod repoint;
pub(crate) mod resource;
pub(crate) mod roll_out;
pub(crate) mod rollout_v1;
pub(crate) mod sarif;
pub(crate) mod sink;
pub(crate) mod summary;
pub(crate) mod table;
pub(crate) mod tally;
pub(crate) mod totals;

mod exemptions_v1;
mod json;
mod launched_by_v1;
mod list;
mod ocsf;
mod sarif_findings;
