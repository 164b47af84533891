//! What a person types so that a group or fleet launches a version that requires tokens.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use v2only_installation::command::Command;
use v2only_policy::source::{Consumer, ConsumerKind, TemplateSlot, TemplateUse, VersionChoice};
use v2only_policy::subject::OpenVersion;
use v2only_policy::{Hold, Place, Subject};

use crate::report::item::Item;
use crate::run::found::Findings;
use crate::run::spool;
use crate::term::text::one_line;

/// How to let the groups and fleets that name a violating version by number launch from `$Default`: one hint for each.
#[derive(Debug, Default)]
pub(crate) struct Advice(BTreeSet<String>);

impl Advice {
    /// Of all findings.
    pub(crate) fn of(findings: Findings<'_>) -> spool::Result<Self> {
        let mut advice = Self::default();
        let entries = findings.estate.entries().iter().enumerate();
        for (number, _) in entries.filter(|(_, it)| it.source) {
            findings.one(number, &mut |item: &Item<'_>| {
                advice.add(item);
                spool::Result::Ok(())
            })?;
        }
        Ok(advice)
    }

    /// Adds one resource.
    pub(crate) fn add(&mut self, it: &Item<'_>) {
        self.0.extend(advice(it));
    }

    /// The hints.
    pub(crate) fn hints(self) -> impl Iterator<Item = String> {
        self.0.into_iter()
    }
}

/// What to do about a consumer, one sentence for each violating version that the consumer names by number. Empty for other
/// resources and for consumers that are changed where their owner is.
pub(crate) fn advice(item: &Item<'_>) -> Vec<String> {
    let Some(Subject::Consumer { consumer, open, .. }) = item.judged.map(|it| &it.subject) else {
        return Vec::new();
    };
    let is_owned = matches!(item.record.hold(), Some(Hold::OwnedBy(_) | Hold::Managed(_)));
    if is_owned || !item.record.leaves_violation() {
        return Vec::new();
    }
    let place = &item.record.place;
    match consumer.kind {
        ConsumerKind::AutoScalingGroup => {
            let uses = open.iter().flat_map(|it| uses(consumer, it).map(move |part| (it, part)));
            uses.map(|(open, part)| of_group(consumer, open, part.part, place)).collect()
        }
        ConsumerKind::Fleet | ConsumerKind::SpotFleet if open.is_empty() => Vec::new(),
        ConsumerKind::Fleet | ConsumerKind::SpotFleet => vec![of_fleet(consumer, open, place)],
    }
}

/// The parts of a consumer that name this version.
fn uses<'a>(consumer: &'a Consumer, open: &'a OpenVersion) -> impl Iterator<Item = &'a TemplateUse> {
    consumer.templates.iter().filter(|it| is_open(it, open))
}

fn is_open(it: &TemplateUse, open: &OpenVersion) -> bool {
    open.template.is_named(&it.template) && it.version == VersionChoice::Number(open.number)
}

fn of_group(consumer: &Consumer, open: &OpenVersion, part: TemplateSlot, place: &Place) -> String {
    let (group, id, number) = (one_line(&consumer.id), &open.template.id, open.number);
    let update =
        Command::aws("autoscaling", "update-auto-scaling-group").option("auto-scaling-group-name", &group);
    let update = match part {
        TemplateSlot::Own | TemplateSlot::Config => {
            update.option("launch-template", &format!("LaunchTemplateId={id},Version=$Default")).at(place)
        }
        TemplateSlot::Mixed if !consumer.has_overrides => {
            let specification = json!({ "LaunchTemplateId": id.as_str(), "Version": "$Default" });
            let policy = json!({ "LaunchTemplate": { "LaunchTemplateSpecification": specification } });
            update.json("mixed-instances-policy", &policy).at(place)
        }
        TemplateSlot::Mixed | TemplateSlot::Override => {
            let show = Command::aws("autoscaling", "describe-auto-scaling-groups")
                .option("auto-scaling-group-names", &group)
                .at(place);
            let what = if part == TemplateSlot::Mixed { "the mixed instances policy" } else { "an override" };
            return format!(
                "{what} of group {group} names version {number} of {id} by number; write `\"Version\": \"$Default\"` into \
                 the mixed instances policy that `{show}` shows, and give all of it to `aws autoscaling \
                 update-auto-scaling-group --mixed-instances-policy`"
            );
        }
    };
    format!(
        "group {group} names version {number} of {id} by number and goes on launching from that version; once $Default \
         requires tokens, type `{update}`"
    )
}

fn of_fleet(consumer: &Consumer, open: &[OpenVersion], place: &Place) -> String {
    let (kind, id) = (consumer.kind.noun(), one_line(&consumer.id));
    let versions: Vec<String> =
        open.iter().map(|it| format!("version {} of {}", it.number, it.template.id)).collect();
    let names = format!("{kind} {id} names {} by number", versions.join(", "));
    if !consumer.is_modifiable {
        return format!(
            "{names} and AWS takes another version only for fleets of type maintain; create a fleet that names \
             $Default, and delete this one"
        );
    }
    let (modify, show, option, query) = match consumer.kind {
        ConsumerKind::SpotFleet => (
            "modify-spot-fleet-request",
            Command::aws("ec2", "describe-spot-fleet-requests").option("spot-fleet-request-ids", &id),
            "spot-fleet-request-id",
            "SpotFleetRequestConfigs[0].SpotFleetRequestConfig.LaunchTemplateConfigs",
        ),
        ConsumerKind::Fleet | ConsumerKind::AutoScalingGroup => (
            "modify-fleet",
            Command::aws("ec2", "describe-fleets").option("fleet-ids", &id),
            "fleet-id",
            "Fleets[0].LaunchTemplateConfigs",
        ),
    };
    let modify = Command::aws("ec2", modify).option(option, &id);
    if consumer.has_overrides {
        let file = format!("{id}.json");
        let show = show.option("query", query).option("output", "json").at(place);
        let modify = modify.option("launch-template-configs", &format!("file://{file}")).at(place);
        return format!(
            "{names}; once $Default requires tokens, type `{show} > {file}`, write `\"Version\": \"$Default\"` in place of \
             the number into {file}, and type `{modify}`"
        );
    }
    let configs: Vec<Value> = consumer.templates.iter().map(|it| config(it, open)).collect();
    let modify = modify.json("launch-template-configs", &Value::Array(configs)).at(place);
    format!("{names}; once $Default requires tokens, type `{modify}`")
}

/// One member of `LaunchTemplateConfigs`, with `$Default` in place of an open version.
fn config(it: &TemplateUse, open: &[OpenVersion]) -> Value {
    let key = if it.template.starts_with("lt-") { "LaunchTemplateId" } else { "LaunchTemplateName" };
    let version = match it.version {
        VersionChoice::Number(number) if !open.iter().any(|open| is_open(it, open)) => number.to_string(),
        VersionChoice::Latest => "$Latest".to_owned(),
        VersionChoice::Number(_) | VersionChoice::Default | VersionChoice::Unknown => "$Default".to_owned(),
    };
    json!({ "LaunchTemplateSpecification": { key: it.template, "Version": version } })
}
