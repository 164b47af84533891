//! Reading what was journalled as it is now, and deciding what to restore of it.

use std::collections::{BTreeMap, BTreeSet};

use v2only_policy::source::{Consumer, LaunchTemplate};
use v2only_policy::{Instance, InstanceId, LaunchTemplateId, Place};

use super::{Looked, Recorded, Restoration, Step, What, decide};
use crate::failure::Failure;
use crate::ports::{
    Admission, ChangeLaunchTemplate, DescribeInstances, DescribeNotebook, ReadSurfaces, RepointGroup,
    RestoreDefaults, RestoreInstance, RestoreNotebook, RestoreSurface, SourceReader, TagInstance,
    TagNotebook, Turns, together,
};
use crate::record::Posture;
use crate::sources::read;

together! {
    /// All that a rollback needs.
    pub trait Restorer:
        Admission, DescribeInstances, DescribeNotebook, SourceReader, ChangeLaunchTemplate, RepointGroup, RestoreInstance,
        RestoreNotebook, RestoreDefaults, ReadSurfaces, RestoreSurface, TagInstance, TagNotebook, Turns, Sync
}

/// Describes every resource that the journal names in one account and Region. Makes one call for all instances, and changes
/// nothing.
///
/// `recorded` has each resource once, see [`Recorded::resource`].
pub async fn look(
    ports: &impl Restorer,
    place: &Place,
    recorded: Vec<Recorded>,
    even_if_changed: bool,
) -> Vec<Looked> {
    if let Err(failure) = ports.admit(place).await {
        return recorded.into_iter().map(|it| failed(it, failure.clone())).collect();
    }
    let here = Here::describe(ports, place, &recorded).await;
    let mut looked = Vec::new();
    for it in recorded {
        looked.push(one(ports, place, it, &here, even_if_changed).await);
    }
    repeat_once(&mut looked);
    looked
}

/// Several lines of one launch template may find that its `$Latest` is to be repeated: the last of them does it.
fn repeat_once(looked: &mut [Looked]) {
    let mut repeated = BTreeSet::new();
    for it in looked.iter_mut().rev() {
        let What::Template(line) = &it.recorded.what else { continue };
        let Ok(Restoration::Restore(Step::Template { default, latest: latest @ Some(_) })) =
            &mut it.restoration
        else {
            continue;
        };
        if !repeated.insert(line.id.clone()) {
            *latest = None;
            if default.is_none() {
                it.restoration = Ok(Restoration::AsBefore);
            }
        }
    }
}

fn failed(recorded: Recorded, failure: Failure) -> Looked {
    Looked { recorded, now: None, restoration: Err(failure) }
}

/// What can be described together.
pub(super) struct Here {
    instances: Result<BTreeMap<InstanceId, Instance>, Failure>,
    templates: Result<BTreeMap<LaunchTemplateId, LaunchTemplate>, Failure>,
    /// Groups by name; one that is gone is left out.
    groups: Result<BTreeMap<String, Consumer>, Failure>,
}

impl Here {
    pub(super) async fn describe(ports: &impl Restorer, place: &Place, recorded: &[Recorded]) -> Self {
        let ids: Vec<InstanceId> = recorded
            .iter()
            .filter_map(|change| match &change.what {
                What::Instance { id, .. } => Some(id.clone()),
                _ => None,
            })
            .collect();
        let groups = groups(ports, place, recorded).await;
        let any_template = recorded.iter().any(|it| matches!(it.what, What::Template(_) | What::Group(_)));
        // The versions that the groups name are read with the templates.
        let mut consumers: Vec<Consumer> = groups.iter().flatten().cloned().collect();
        let instances = if ids.is_empty() { Ok(Vec::new()) } else { ports.instances(place, &ids).await };
        let templates = if any_template {
            read::launch_templates(ports, place, &mut consumers).await
        } else {
            Ok(Vec::new())
        };
        Self {
            instances: instances.map(|all| all.into_iter().map(|it| (it.id.clone(), it)).collect()),
            templates: templates.map(|all| all.into_iter().map(|it| (it.id.clone(), it)).collect()),
            groups: groups.map(|all| all.into_iter().map(|it| (it.id.clone(), it)).collect()),
        }
    }
}

/// The groups that the journal names, as they are now.
async fn groups(
    ports: &impl Restorer,
    place: &Place,
    recorded: &[Recorded],
) -> Result<Vec<Consumer>, Failure> {
    let mut groups = Vec::new();
    for it in recorded {
        if let What::Group(line) = &it.what {
            groups.extend(ports.group(place, &line.group.id).await?);
        }
    }
    Ok(groups)
}

pub(super) async fn one(
    ports: &impl Restorer,
    place: &Place,
    recorded: Recorded,
    here: &Here,
    even_if_changed: bool,
) -> Looked {
    let (now, restoration) = match &recorded.what {
        What::Instance { id, before, change } => match &here.instances {
            Err(failure) => return failed(recorded, failure.clone()),
            Ok(all) => {
                let now = all.get(id);
                let restoration = decide::instance(before, *change, now, even_if_changed);
                (now.map(|it| Posture::Options(it.options)), restoration)
            }
        },
        What::Template(line) => match &here.templates {
            Err(failure) => return failed(recorded, failure.clone()),
            Ok(all) => (None, decide::template(line, all.get(&line.id), even_if_changed)),
        },
        What::Group(line) => match (&here.groups, &here.templates) {
            (Err(failure), _) | (_, Err(failure)) => return failed(recorded, failure.clone()),
            (Ok(groups), Ok(templates)) => {
                let now = groups.get(&line.group.id);
                (None, decide::named_versions(line, now, templates, even_if_changed))
            }
        },
        What::Notebook { name, before, created } => match ports.notebook(place, name).await {
            Err(failure) => return failed(recorded, failure),
            Ok(now) => {
                let restoration = decide::notebook(*before, *created, now.as_ref(), even_if_changed);
                (now.as_ref().map(Posture::from), restoration)
            }
        },
        What::Defaults { before, change } => match ports.defaults(place).await {
            Err(failure) => return failed(recorded, failure),
            Ok(now) => {
                let restoration = decide::defaults(before, *change, &now, even_if_changed);
                (Some(Posture::from(&now)), restoration)
            }
        },
        What::Surface(before) => match ports.surface(place, before.kind, &before.id).await {
            Err(failure) => return failed(recorded, failure),
            Ok(now) => {
                let restoration = decide::surface(before, now.as_ref(), even_if_changed);
                (now.map(|it| Posture::Options(it.described())), restoration)
            }
        },
        What::Image(_) => (None, Restoration::Held(super::Held::Irreversible)),
    };
    Looked { recorded, now, restoration: Ok(restoration) }
}
