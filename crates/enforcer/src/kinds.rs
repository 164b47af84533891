//! Which kinds of resources a scan reads.

/// Which kinds of resources a scan reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds {
    /// EC2 instances.
    pub instances: bool,
    /// SageMaker notebook instances.
    pub notebooks: bool,
    /// Launch templates.
    pub launch_templates: bool,
    /// Launch configurations.
    pub launch_configurations: bool,
    /// Images that the account owns.
    pub images: bool,
    /// Account defaults.
    pub account_defaults: bool,
}

impl Kinds {
    /// Nothing, to be filled in.
    pub const NONE: Self = Self {
        instances: false,
        notebooks: false,
        launch_templates: false,
        launch_configurations: false,
        images: false,
        account_defaults: false,
    };
    /// Everything.
    pub const ALL: Self = Self {
        instances: true,
        notebooks: true,
        launch_templates: true,
        launch_configurations: true,
        images: true,
        account_defaults: true,
    };
}
