//! What is left to do by hand about Auto Scaling groups whose launch templates are or will be fixed.

use std::collections::BTreeSet;

use serde_json::json;
use v2only_enforcer::Outcome;
use v2only_installation::command::Command;
use v2only_policy::source::{GroupPart, GroupUse, LaunchTemplate, VersionChoice};
use v2only_policy::{Hold, Place, Plan, Step, Subject};

use crate::report::item::Item;
use crate::run::found::Findings;
use crate::run::spool;
use crate::term::text::one_line;

/// What is left to do by hand after launch templates were fixed: running instances keep their options.
pub(crate) fn refresh_advice(findings: Findings<'_>) -> spool::Result<Vec<String>> {
    let mut advice = Vec::new();
    let entries = findings.estate.entries().iter().enumerate();
    for (number, _) in entries.filter(|(_, it)| it.source && it.acts) {
        findings.one(number, &mut |it: &Item<'_>| {
            let (
                Some(Subject::TemplateVersion { template, number, .. }),
                Some(Plan::Act(Step::LaunchTemplate(step))),
            ) = (it.judged.map(|it| &it.subject), it.record.plan())
            else {
                return spool::Result::Ok(());
            };
            let is_changed = matches!(it.record.outcome, Outcome::Fixed | Outcome::Advanced);
            if step.change.is_none() || !is_changed {
                return Ok(());
            }
            // A group that names the old version by number would launch from that version again.
            let follows = |user: &&GroupUse| !matches!(user.version, VersionChoice::Number(_));
            for user in template.users(*number).filter(follows) {
                let refresh = Command::aws("autoscaling", "start-instance-refresh")
                    .option("auto-scaling-group-name", &one_line(&user.group))
                    .at(&it.record.place);
                advice.push(format!(
                    "running instances of group {} keep their options; replace them with `{refresh}`, or let `instances` be \
                     enforced",
                    one_line(&user.group)
                ));
            }
            Ok(())
        })?;
    }
    Ok(advice)
}

/// How to let the groups that name a violating version by number launch from `$Default`: one hint for each group.
#[derive(Debug, Default)]
pub(crate) struct RepointAdvice(BTreeSet<String>);

impl RepointAdvice {
    /// Of all findings.
    pub(crate) fn of(findings: Findings<'_>) -> spool::Result<Self> {
        let mut advice = Self::default();
        let entries = findings.estate.entries().iter().enumerate();
        for (number, _) in entries.filter(|(_, it)| it.source) {
            findings.one(number, &mut |it: &Item<'_>| {
                advice.add(it);
                spool::Result::Ok(())
            })?;
        }
        Ok(advice)
    }

    /// Adds the groups of one template version.
    pub(crate) fn add(&mut self, it: &Item<'_>) {
        let Some(Subject::TemplateVersion { template, number, .. }) = it.judged.map(|it| &it.subject) else {
            return;
        };
        let is_owned = matches!(it.record.hold(), Some(Hold::OwnedBy(_) | Hold::Managed(_)));
        if it.record.is_violation() && !is_owned {
            self.0.extend(template.pinned(*number).map(|user| repoint(template, user, &it.record.place)));
        }
    }

    /// The hints.
    pub(crate) fn hints(self) -> impl Iterator<Item = String> {
        self.0.into_iter()
    }
}

fn repoint(template: &LaunchTemplate, user: &GroupUse, place: &Place) -> String {
    let (group, id, number) = (one_line(&user.group), &template.id, template.number(user.version));
    let update =
        Command::aws("autoscaling", "update-auto-scaling-group").option("auto-scaling-group-name", &group);
    let update = match user.part {
        GroupPart::Own => {
            update.option("launch-template", &format!("LaunchTemplateId={id},Version=$Default")).at(place)
        }
        GroupPart::Mixed => {
            let specification = json!({ "LaunchTemplateId": id.as_str(), "Version": "$Default" });
            let policy = json!({ "LaunchTemplate": { "LaunchTemplateSpecification": specification } });
            update.json("mixed-instances-policy", &policy).at(place)
        }
        GroupPart::Override => {
            let show = Command::aws("autoscaling", "describe-auto-scaling-groups")
                .option("auto-scaling-group-names", &group)
                .at(place);
            return format!(
                "an override of group {group} names version {number} of {id} by number; write `\"Version\": \
                 \"$Default\"` into that override, which `{show}` shows, and give all overrides to `aws autoscaling \
                 update-auto-scaling-group --mixed-instances-policy`"
            );
        }
    };
    format!(
        "group {group} names version {number} of {id} by number and goes on launching from that version; once $Default \
         requires tokens, type `{update}`"
    )
}
