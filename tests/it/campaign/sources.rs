//! What launches take their options from: account-level defaults and launch templates. The functions report them, and only `enforce`
//! changes them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use v2only_sandbox::{AMAZON_LINUX_2, HttpTokens, Sandbox};
use v2only_tests::{Dice, HOME, Line};

use super::bounds::LONGEST;
use super::calls::{PLACES, REGIONS, call};

/// Account, Region, and the resource as the functions name it.
type Source = (String, String, String);

/// Every violating source, and when it was reported last.
#[derive(Debug, Default)]
pub struct SourceLedger {
    open_since: BTreeMap<Source, Timestamp>,
    reported: BTreeMap<Source, Timestamp>,
    /// What sweeps read and could not read, for the person who has to understand a failure.
    sweeps: Vec<String>,
}

impl SourceLedger {
    /// Remembers when each source was reported to be on hold.
    pub fn hear(&mut self, lines: &[Line]) {
        for line in lines.iter().filter(|it| it.is("held")) {
            // A launch template is reported with the number of its version.
            let source = ["account", "region", "resource"].map(|key| line.text(key).split(':').next());
            let source = source.map(|it| it.unwrap_or_default().to_owned());
            let time = line.text("time").parse().unwrap();
            self.reported.insert(source.into(), time);
        }
        let about_sweeps =
            lines.iter().filter(|it| ["swept", "unswept", "sweep-begun"].iter().any(|word| it.is(word)));
        self.sweeps.extend(about_sweeps.map(|it| it.0.to_string()));
    }

    /// Holds that no source has been open for longer than [`LONGEST`] without a report of it.
    pub fn check_reported(&mut self, aws: &Sandbox) {
        let now = aws.now();
        let open = open(aws);
        self.open_since.retain(|it, _| open.contains(it));
        for source in open {
            let since = *self.open_since.entry(source.clone()).or_insert(now);
            let reported = self.reported.get(&source).copied().filter(|it| *it >= since);
            let silent_for = now.duration_since(reported.unwrap_or(since));
            assert!(
                silent_for <= LONGEST,
                "{source:?} has been open and not reported for {silent_for:#}:\n{}",
                self.sweeps.join("\n")
            );
        }
    }
}

/// The sources that launch instances with version 1.
fn open(aws: &Sandbox) -> Vec<Source> {
    let defaults = PLACES.into_iter().filter(|(account, region)| {
        aws.metadata_defaults(account, region).http_tokens != Some(HttpTokens::Required)
    });
    let named =
        |(account, region): (&str, &str), resource: String| (account.to_owned(), region.to_owned(), resource);
    let defaults = defaults.map(|it| named(it, "account-default".to_owned()));
    let templates = REGIONS.into_iter().flat_map(|region| {
        let open = TEMPLATES.into_iter().filter_map(move |name| open_template(aws, region, name));
        open.map(move |id| named((HOME, region), id))
    });
    defaults.chain(templates).collect()
}

const TEMPLATES: [&str; 3] = ["web-0", "web-1", "web-2"];

/// The id of this launch template if its default version states `optional`.
fn open_template(aws: &Sandbox, region: &str, name: &str) -> Option<String> {
    let which = [("LaunchTemplateName", name), ("LaunchTemplateVersion.1", "$Default")];
    let described = aws.answer_as(&call(HOME, region, "DescribeLaunchTemplateVersions", &which)).ok()?;
    let id = described.split("<launchTemplateId>").nth(1)?.split('<').next()?;
    described.contains("<httpTokens>optional<").then(|| id.to_owned())
}

/// What `enforce` may change at home and did not.
pub fn open_at_home(aws: &Sandbox) -> Vec<Source> {
    open(aws).into_iter().filter(|(account, ..)| account == HOME).collect()
}

/// What AWS describes of the launch templates that a service owns.
pub fn owned_defaults(aws: &Sandbox) -> Vec<String> {
    let filter = [("Filter.1.Name", "launch-template-name"), ("Filter.1.Value.1", "eks-nodes")];
    let describe = |region: &str| aws.answer_as(&call(HOME, region, "DescribeLaunchTemplates", &filter));
    REGIONS.iter().filter_map(|region| describe(region).ok()).collect()
}

/// Somebody lets the account-level default of an account and Region state no preference or `optional`.
pub fn open_default(aws: &Sandbox, dice: &mut Dice) -> String {
    let (account, region) = *dice.pick(&PLACES);
    let tokens = *dice.pick(&["optional", "no-preference"]);
    let done =
        aws.call_as(&call(account, region, "ModifyInstanceMetadataDefaults", &[("HttpTokens", tokens)]));
    format!("account-level default {tokens} in {account} {region}, refused: {:?}", done.err())
}

/// Somebody creates a launch template that states `optional`, or makes such a version the default of an existing one.
pub fn edit_template(aws: &Sandbox, dice: &mut Dice) -> String {
    let region = *dice.pick(&REGIONS);
    let name = if dice.roll(30) { "eks-nodes" } else { *dice.pick(&TEMPLATES) };
    let kind = if name == "eks-nodes" { "eks:nodegroup-name" } else { "team" };
    let create = [
        ("LaunchTemplateName", name),
        ("LaunchTemplateData.ImageId", AMAZON_LINUX_2),
        ("LaunchTemplateData.MetadataOptions.HttpTokens", "optional"),
        ("TagSpecification.1.ResourceType", "launch-template"),
        ("TagSpecification.1.Tag.1.Key", kind),
        ("TagSpecification.1.Tag.1.Value", "nodes"),
    ];
    if aws.call_as(&call(HOME, region, "CreateLaunchTemplate", &create)).is_err() {
        let version = [
            ("LaunchTemplateName", name),
            ("SourceVersion", "1"),
            ("LaunchTemplateData.InstanceType", "t3.large"),
        ];
        let made = aws.call_as(&call(HOME, region, "CreateLaunchTemplateVersion", &version));
        let default = [("LaunchTemplateName", name), ("SetDefaultVersion", "1")];
        let chosen = aws.call_as(&call(HOME, region, "ModifyLaunchTemplate", &default));
        assert!(made.is_ok() && chosen.is_ok(), "{made:?} {chosen:?}");
    }
    format!("launch template {name} in {region} states optional")
}
