//! Evidence of who still uses IMDSv1, and the gate that wants it.
//!
//! `MetadataNoToken` counts successful version-1 calls. It is published as zero while an instance runs and
//! makes none; a stopped or new instance publishes nothing. So no data is not zero.

use crate::settings::{GateScope, UsageGate};

/// What CloudWatch said of `MetadataNoToken` over the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// Nobody asked CloudWatch.
    NotRead,
    /// Data on every day of the window, and their sum is zero.
    Quiet {
        /// Days with data.
        days: u16,
    },
    /// Somebody uses version 1.
    Busy {
        /// Sum of version-1 calls over the window.
        calls: u64,
    },
    /// Some days of the window have no data.
    Gaps {
        /// Days with data.
        days: u16,
    },
}

/// Whether the gate lets a change through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateAnswer {
    /// It does not bind this resource, or the evidence is there.
    Open,
    /// It binds, and this is not the evidence it wants.
    Shut(Usage),
}

impl UsageGate {
    /// Whether version 1 may be closed on a resource with this evidence.
    pub const fn asks(&self, new: bool, usage: Usage) -> GateAnswer {
        let binds = match self.applies_to {
            GateScope::All => true,
            GateScope::Existing => !new,
            GateScope::None => false,
        };
        match usage {
            Usage::Quiet { days } if days >= self.quiet_days => GateAnswer::Open,
            _ if !binds => GateAnswer::Open,
            other => GateAnswer::Shut(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::a_new_launch_needs_no_evidence(GateScope::Existing, true, Usage::NotRead, true)]
    #[case::existing_and_quiet(GateScope::Existing, false, Usage::Quiet { days: 14 }, true)]
    #[case::existing_and_quiet_for_less(GateScope::Existing, false, Usage::Quiet { days: 13 }, false)]
    #[case::existing_and_busy(GateScope::Existing, false, Usage::Busy { calls: 1 }, false)]
    #[case::no_data_is_not_zero(GateScope::Existing, false, Usage::Gaps { days: 0 }, false)]
    #[case::nobody_asked(GateScope::Existing, false, Usage::NotRead, false)]
    #[case::gate_for_all_binds_launches(GateScope::All, true, Usage::NotRead, false)]
    #[case::no_gate(GateScope::None, false, Usage::Busy { calls: 9 }, true)]
    fn the_gate_opens_only_on_evidence(
        #[case] applies_to: GateScope,
        #[case] new: bool,
        #[case] usage: Usage,
        #[case] open: bool,
    ) {
        let gate = UsageGate { quiet_days: 14, applies_to };
        assert_eq!(gate.asks(new, usage) == GateAnswer::Open, open);
    }
}
