//! What single commands print: tables for people, and published JSON shapes that share no type with the rest
//! of the product, so that nothing can change them by accident.

pub(crate) mod check_v1;
pub(crate) mod doctor;
pub(crate) mod doctor_v1;
pub(crate) mod documents;
pub(crate) mod gate;
pub(crate) mod gate_v1;
pub(crate) mod github;
pub(crate) mod impact;
pub(crate) mod impact_v1;
pub(crate) mod plan;
pub(crate) mod policies_v1;
pub(crate) mod posture;
pub(crate) mod readiness;
pub(crate) mod readiness_v1;
pub(crate) mod recorded;
pub(crate) mod recorded_html;
pub(crate) mod recorded_v1;
pub(crate) mod replay;
pub(crate) mod replay_v1;
pub(crate) mod rollback;
pub(crate) mod rollback_v1;
pub(crate) mod rollout;
pub(crate) mod rollout_v1;
pub(crate) mod sheet;
pub(crate) mod trace;
pub(crate) mod trace_at_boot;
pub(crate) mod trace_v1;
