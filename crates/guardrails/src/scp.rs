//! Service control policies: one file a topic, and all topics in as few files as they fit in.

use crate::pack::{self, TooLarge};
use crate::rules::{
    Rule, credentials, image_builder, launch, launch_configurations, notebooks, open_instances, options,
    protection,
};
use crate::settings::Settings;
use crate::statement::Statement;
use crate::{File, Kind};

/// A topic in the order of roll-out, and whether it is part of the whole.
type Topic = (&'static str, Vec<Rule>, Whole);

#[derive(PartialEq, Eq)]
enum Whole {
    Part,
    /// Interrupts what runs, needs a network that was built for it, or replaces another topic.
    Apart,
}

fn topics(settings: &Settings) -> [Topic; 12] {
    [
        ("protect-v2only", protection::of_ourselves(settings), Whole::Part),
        ("only-owners-modify", options::only_owners(settings), Whole::Part),
        ("no-way-back", options::no_way_back(settings), Whole::Part),
        ("require-v2-at-launch", vec![launch::require_v2(settings)], Whole::Part),
        ("hop-limit-at-launch", launch::hop_limit(settings).into_iter().collect(), Whole::Part),
        ("notebooks-v2", notebooks::v2(settings), Whole::Part),
        ("no-launch-configurations", launch_configurations::none(), Whole::Part),
        ("credentials-delivered-by-v2", vec![credentials::delivered_by_v2()], Whole::Part),
        ("image-builder-v2", vec![image_builder::v2()], Whole::Part),
        ("optional-closed-before-start", open_instances::closed_first(settings), Whole::Apart),
        ("optional-launch-configurations-v2", vec![launch_configurations::v2()], Whole::Apart),
        ("optional-credentials-from-own-network", credentials::from_own_network(), Whole::Apart),
    ]
}

/// The files, those of topics without a rule left out.
pub fn files(settings: &Settings) -> Result<Vec<File>, TooLarge> {
    let mut files = Vec::new();
    let mut all: Vec<Statement> = Vec::new();
    for (name, rules, whole) in topics(settings) {
        let statements: Vec<Statement> =
            rules.into_iter().map(|rule| rule.for_organization(settings)).collect();
        files.extend(pack::files(Kind::Scp, name, &statements)?);
        if whole == Whole::Part {
            all.extend(statements);
        }
    }
    files.extend(pack::files(Kind::Scp, "everything", &all)?);
    Ok(files)
}
