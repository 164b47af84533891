//! What v2only decides about one resource.

use crate::Tags;
use crate::finding::{DefaultFinding, Finding};
use crate::plan::{DefaultsChange, EnforcementBar, Hold, ImageChange, Plan, Step};
use crate::usage::Usage;
use crate::verdict::{Note, Verdict};

/// A verdict with its notes, and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Decision {
    /// Whether the resource is as the policy says.
    pub verdict: Verdict,
    /// What else a reader must know.
    pub notes: Vec<Note>,
    /// What to do.
    pub plan: Plan,
    /// Tags of this product that are written before the plan is applied, whatever the plan is. A later decision needs
    /// them, for example [`crate::drift::REVERTED_TAG`].
    pub remember: Tags,
}

impl Decision {
    /// A decision that asks for nothing.
    pub const fn nothing_to_do(verdict: Verdict) -> Self {
        Self { verdict, notes: Vec::new(), plan: Plan::Nothing, remember: Tags::new() }
    }

    /// Whether evidence of IMDSv1 use decides, and nobody has read it yet.
    pub const fn wants_usage(&self) -> bool {
        matches!(self.plan, Plan::Hold { why: Hold::UsageGate(Usage::NotRead), .. })
    }

    /// Whether the IMDSv1 use of siblings decides, and nobody has read it yet.
    pub const fn wants_siblings(&self) -> bool {
        matches!(self.plan, Plan::Hold { why: Hold::SiblingsNotRead(None), .. })
    }

    /// The decision before somebody agreed to changes that nobody can undo: the document alone is not enough.
    #[must_use]
    pub fn without_consent(mut self) -> Self {
        if let Plan::Act(step @ Step::Image(ImageChange::MarkV2)) = self.plan {
            self.plan = Plan::Hold { why: Hold::Irreversible, would: Some(step) };
        }
        self
    }

    /// The decision once it is known that launches from so many sources in use would fail under `HttpTokensEnforced`: it
    /// waits, and only what else `change` asks for is done.
    #[must_use]
    pub fn without_enforcement(mut self, change: DefaultsChange, sources: usize) -> Self {
        let bar = EnforcementBar::Failing { sources };
        let findings = self.verdict.findings();
        let tokens = |it: &Finding| matches!(it, Finding::Default(DefaultFinding::Tokens { .. }));
        let change = DefaultsChange { enforce: false, require_tokens: findings.iter().any(tokens), ..change };
        if change != DefaultsChange::default() {
            self.notes.push(Note::EnforcementWaits(bar));
            self.plan = Plan::Act(Step::AccountDefaults(change));
        } else {
            self.plan = Plan::Hold { why: Hold::Enforcement(bar), would: None };
        }
        self
    }

    /// The decision after somebody agreed to changes that nobody can undo.
    #[must_use]
    pub fn with_consent(mut self) -> Self {
        if let Plan::Hold { why: Hold::Irreversible, would: Some(step) } = self.plan {
            self.plan = Plan::Act(step);
        }
        self
    }
}
