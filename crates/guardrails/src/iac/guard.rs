//! The CloudFormation Guard rules, for pipelines that run Guard. `check` judges without Guard.

use v2only_policy::settings::HopLimitRule;

use crate::Settings;

/// A rule file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFile {
    /// Where it lies below `policies/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl RuleFile {
    /// The names of the rules in it.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        self.text.lines().filter_map(|it| it.strip_prefix("rule ")?.split(' ').next())
    }
}

/// The rule files for some settings. The one about hop limits is left out where the document has no opinion.
pub fn files(settings: &Settings) -> Vec<RuleFile> {
    let file = |name: &str, text: String| RuleFile { path: format!("guard/{name}.guard"), text };
    let mut files = vec![
        file("ec2-instance", EC2_INSTANCE.to_owned()),
        file("launch-configuration", LAUNCH_CONFIGURATION.to_owned()),
        file("launch-template", LAUNCH_TEMPLATE.to_owned()),
        file("resources", RESOURCES.to_owned()),
        file("sagemaker-notebook", SAGEMAKER_NOTEBOOK.to_owned()),
    ];
    let test = match settings.hop_limit {
        HopLimitRule::Keep => return files,
        HopLimitRule::Max(hops) => format!("<= {}", hops.get()),
        HopLimitRule::Exactly(hops) => format!("== {}", hops.get()),
    };
    files.push(file("hop-limit", HOP_LIMIT.replace("TEST", &test)));
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

const EC2_INSTANCE: &str = include_str!("guard/ec2-instance.guard");
const LAUNCH_CONFIGURATION: &str = include_str!("guard/launch-configuration.guard");
const LAUNCH_TEMPLATE: &str = include_str!("guard/launch-template.guard");
const RESOURCES: &str = include_str!("guard/resources.guard");
const SAGEMAKER_NOTEBOOK: &str = include_str!("guard/sagemaker-notebook.guard");
const HOP_LIMIT: &str = include_str!("guard/hop-limit.guard");
