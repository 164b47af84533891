//! SageMaker notebook instances.

use super::{Rule, Spared};
use crate::settings::Settings;
use crate::statement::Statement;

/// The key for what a request asks for; absent where it does not say.
pub const VERSION: &str = "sagemaker:MinimumInstanceMetadataServiceVersion";

/// Version 2 when a notebook is made, and whenever an update speaks of it.
pub fn v2(settings: &Settings) -> Vec<Rule> {
    let deny = |sid, action| {
        Statement::deny(sid, [action], [settings.arn("sagemaker", "notebook-instance/*")]).when(
            "StringNotEquals",
            VERSION,
            ["2"],
        )
    };
    // What AWS takes for a silent Create is documented both ways, so silence is denied.
    let create = deny("NotebookV2AtCreate", "sagemaker:CreateNotebookInstance");
    let update = deny("NotebookV2AtUpdate", "sagemaker:UpdateNotebookInstance").when_present(VERSION);
    vec![
        Rule { statement: create, spares: &[Spared::Exempt] },
        Rule { statement: update, spares: &[Spared::Exempt, Spared::Rollback] },
    ]
}
