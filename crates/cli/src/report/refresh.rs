//! The groups whose running instances an instance refresh closes: those that launch a fixed version now and have instances that
//! answer IMDSv1.

use std::collections::BTreeSet;

use v2only_enforcer::{Outcome, ResourceId};
use v2only_installation::command::Command;
use v2only_policy::instance::GROUP_TAG;
use v2only_policy::source::{ConsumerKind, ConsumerUse, VersionChoice};
use v2only_policy::{Place, Plan, Step, Subject};

use crate::report::item::Item;
use crate::run::found::Findings;
use crate::run::spool;
use crate::term::text::one_line;

/// What is left to do by hand after launch templates and groups were changed: running instances keep their options.
///
/// Where the run read instances, a group is named if one of its instances still violates the policy. Otherwise a group is
/// named if it has instances.
pub(crate) fn advice(findings: Findings<'_>, read_instances: bool) -> spool::Result<Vec<String>> {
    let mut refreshed = BTreeSet::new();
    let entries = findings.estate.entries().iter().enumerate();
    for (number, _) in entries.filter(|(_, it)| it.source && it.acts) {
        findings.one(number, &mut |item: &Item<'_>| {
            let place = &item.record.place;
            let groups = groups(item).into_iter().filter(|(_, instances)| read_instances || *instances > 0);
            refreshed.extend(groups.map(|(name, _)| (place.clone(), name)));
            spool::Result::Ok(())
        })?;
    }
    if read_instances && !refreshed.is_empty() {
        let open = open_groups(findings)?;
        refreshed.retain(|it| open.contains(it));
    }
    Ok(refreshed.iter().map(|(place, group)| hint(place, group)).collect())
}

/// The groups that launch a version that requires tokens since this change, with the number of their instances.
fn groups(it: &Item<'_>) -> Vec<(String, usize)> {
    let is_changed = matches!(it.record.outcome, Outcome::Fixed | Outcome::Advanced);
    let (Some(subject), Some(Plan::Act(step)), true) =
        (it.judged.map(|it| &it.subject), it.record.plan(), is_changed)
    else {
        return Vec::new();
    };
    match (subject, step) {
        (Subject::TemplateVersion { template, number, .. }, Step::LaunchTemplate(step))
            if step.change.is_some() =>
        {
            // A group that names the old version by number would launch from that version again.
            let follows = |user: &&ConsumerUse| {
                user.kind == ConsumerKind::AutoScalingGroup
                    && matches!(user.version, VersionChoice::Default | VersionChoice::Latest)
            };
            let users = template.users(*number).filter(follows);
            users.map(|it| (it.consumer.clone(), it.instances)).collect()
        }
        (Subject::Consumer { consumer, .. }, Step::Group(_)) => {
            vec![(consumer.id.clone(), consumer.instances)]
        }
        _ => Vec::new(),
    }
}

/// The groups of the instances that still violate the policy.
fn open_groups(findings: Findings<'_>) -> spool::Result<BTreeSet<(Place, String)>> {
    let mut open = BTreeSet::new();
    findings.each(|item| {
        let is_open =
            matches!(item.record.resource, ResourceId::Instance(_)) && item.record.leaves_violation();
        let group = item.tags().and_then(|it| it.get(GROUP_TAG)).filter(|_| is_open);
        open.extend(group.map(|group| (item.record.place.clone(), group.clone())));
        spool::Result::Ok(())
    })?;
    Ok(open)
}

fn hint(place: &Place, group: &str) -> String {
    let group = one_line(group);
    let refresh = Command::aws("autoscaling", "start-instance-refresh")
        .option("auto-scaling-group-name", &group)
        .at(place);
    format!(
        "running instances of group {group} keep their options; replace them with `{refresh}`, or let `instances` be enforced"
    )
}
