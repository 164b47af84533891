//! What several commands do: find the accounts and Regions, read the policy document, survey, keep what was
//! found, write and read the journal.

pub(crate) mod absent;
pub(crate) mod accounts;
pub(crate) mod baseline;
pub(crate) mod controls;
pub(crate) mod earlier_plan;
pub(crate) mod event_files;
pub(crate) mod exemptions;
pub(crate) mod found;
pub(crate) mod gate;
pub(crate) mod import;
pub(crate) mod installation;
pub(crate) mod inventory;
pub(crate) mod journal;
pub(crate) mod launched;
pub(crate) mod output_file;
pub(crate) mod policy_file;
pub(crate) mod profiles;
pub(crate) mod regions;
pub(crate) mod rollout;
pub(crate) mod session;
pub(crate) mod spool;
pub(crate) mod survey;
pub(crate) mod trace_targets;
pub(crate) mod traced;
pub(crate) mod traced_group;
pub(crate) mod trail_evidence;
pub(crate) mod trail_lookup;
