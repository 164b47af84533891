//! Looking at what was journalled, and carrying the restoration out.

use std::collections::{BTreeMap, BTreeSet};
use std::slice;

use jiff::Timestamp;
use v2only_policy::exemption::{REASON_TAG, UNTIL_TAG};
use v2only_policy::source::{Consumer, LaunchTemplate};
use v2only_policy::{Instance, InstanceId, LaunchTemplateId, MetadataOptions, Place, SwitchOption};

use super::{Came, Held, Looked, Recorded, Restoration, Step, Told, What, decide};
use crate::failure::{Failure, Kind};
use crate::ports::{
    Admission, ChangeLaunchTemplate, DescribeInstances, DescribeNotebook, ReadSurfaces, RepointGroup,
    Repointed, RestoreDefaults, RestoreInstance, RestoreNotebook, RestoreSurface, SourceReader, TagInstance,
    TagNotebook, Turns, WantedVersion, together,
};
use crate::record::Posture;
use crate::second_look::{AT_ONCE, Attempts, InTurn, Queue, is_fresh};
use crate::sources::{read, repoint};

together! {
    /// All that a rollback needs.
    pub trait Restorer:
        Admission, DescribeInstances, DescribeNotebook, SourceReader, ChangeLaunchTemplate, RepointGroup, RestoreInstance,
        RestoreNotebook, RestoreDefaults, ReadSurfaces, RestoreSurface, TagInstance, TagNotebook, Turns, Sync
}

/// An exemption written into the tags of instances and notebooks before they are restored; without one, the
/// functions would fix them again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemption {
    /// Its last day, written YYYY-MM-DD.
    pub until: String,
    /// Why.
    pub reason: String,
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
struct Here {
    instances: Result<BTreeMap<InstanceId, Instance>, Failure>,
    templates: Result<BTreeMap<LaunchTemplateId, LaunchTemplate>, Failure>,
    /// Groups by name; one that is gone is left out.
    groups: Result<BTreeMap<String, Consumer>, Failure>,
}

impl Here {
    async fn describe(ports: &impl Restorer, place: &Place, recorded: &[Recorded]) -> Self {
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

async fn one(
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

/// Carries out what [`look`] found, in one account and Region, and says what came of each.
///
/// Each resource is read once more right before it is restored: see [`second_look`](crate::second_look). A resource that
/// changed since the plan was shown is left alone. With an `exemption`, instances and notebooks get its tags first, so that no function
/// fixes them in between. Instances are described once more at the end; one that AWS then describes otherwise counts as failed.
/// Repeating it is harmless.
pub async fn restore(
    ports: &impl Restorer,
    place: &Place,
    looked: Vec<Looked>,
    even_if_changed: bool,
    exemption: Option<&Exemption>,
    now: &(impl Fn() -> Timestamp + Sync),
) -> Vec<Told> {
    let mut told = Vec::with_capacity(looked.len());
    let in_turn = InTurn {
        ports,
        place,
        kind: |it: &Looked| it.recorded.resource().in_registry().filter(|_| it.acts()),
    };
    let restored = async |mut target: Looked| {
        if !target.acts() {
            return Told { looked: target, came: Came::Left, after: None };
        }
        let kind = target.recorded.resource().in_registry();
        let begun = now();
        // First, so that no function fixes in between what is to stay.
        if let Some(exemption) = exemption
            && let Err(failure) = exempt(ports, place, &target.recorded, exemption).await
        {
            return Told { looked: target, came: Came::Failed(failure), after: None };
        }
        let mut attempts = Attempts::since(begun);
        // The tags may have taken so long that the description is too old.
        let mut is_described = is_fresh(begun, now());
        loop {
            if !is_described {
                let here = Here::describe(ports, place, slice::from_ref(&target.recorded)).await;
                target = again(ports, place, target, &here, even_if_changed).await;
            }
            let Ok(Restoration::Restore(step)) = &target.restoration else {
                if let Some(kind) = kind {
                    ports.pass(place, kind);
                }
                return Told { looked: target, came: Came::Left, after: None };
            };
            let failure = match carry_out(ports, place, &target.recorded, step).await {
                Ok(after) => return Told { looked: target, came: Came::Restored, after },
                Err(failure) => failure,
            };
            let Some(kind) = kind.filter(|kind| attempts.again(ports, *kind, &failure, now())) else {
                return Told { looked: target, came: Came::Failed(failure), after: None };
            };
            ports.turn(place, kind).await;
            is_described = false;
        }
    };
    let is_slow =
        |it: &Looked| it.acts() && matches!(it.recorded.what, What::Notebook { .. } | What::Surface(_));
    let mut rest = Queue::new(looked, AT_ONCE);
    while !rest.is_empty() {
        let chunk = rest.next_chunk(is_slow);
        in_turn.first(&chunk).await;
        let chunk = look_again(ports, place, chunk, even_if_changed).await;
        told.extend(in_turn.while_fresh(chunk, &mut rest, now, &restored).await);
    }
    confirm(ports, place, told).await
}

/// Looks once more at what is to be restored. What would be restored otherwise by now, or from another state, is on hold.
async fn look_again(
    ports: &impl Restorer,
    place: &Place,
    looked: Vec<Looked>,
    even_if_changed: bool,
) -> Vec<Looked> {
    let acting: Vec<Recorded> = looked.iter().filter(|it| it.acts()).map(|it| it.recorded.clone()).collect();
    let here = Here::describe(ports, place, &acting).await;
    let mut seen = Vec::with_capacity(looked.len());
    for then in looked {
        seen.push(if then.acts() { again(ports, place, then, &here, even_if_changed).await } else { then });
    }
    seen
}

/// The same of one resource, beside what was described together.
async fn again(
    ports: &impl Restorer,
    place: &Place,
    then: Looked,
    here: &Here,
    even_if_changed: bool,
) -> Looked {
    let now = one(ports, place, then.recorded.clone(), here, even_if_changed).await;
    match &now.restoration {
        // If several lines of a template are restored, the plan leaves parts to the last of them.
        Ok(Restoration::Restore(_)) if is_as_planned(&then, &now) => then,
        Ok(Restoration::Restore(_)) => {
            Looked { restoration: Ok(Restoration::Held(Held::ChangedSince)), ..now }
        }
        Ok(_) | Err(_) => now,
    }
}

fn is_as_planned(then: &Looked, now: &Looked) -> bool {
    let step = |looked: &Looked| match &looked.restoration {
        Ok(Restoration::Restore(step)) => Some(step.clone()),
        Ok(_) | Err(_) => None,
    };
    match (step(then), step(now)) {
        (Some(Step::Template { default, latest }), Some(Step::Template { default: d, latest: l })) => {
            default == d && (latest == l || latest.is_none())
        }
        (then_step, now_step) => then_step == now_step && then.now == now.now,
    }
}

async fn carry_out(
    ports: &impl Restorer,
    place: &Place,
    recorded: &Recorded,
    step: &Step,
) -> Result<Option<Posture>, Failure> {
    match (&recorded.what, step) {
        (What::Instance { id, .. }, Step::Options(options)) => {
            let changed = ports.restore_options(place, id, options).await?;
            Ok(Some(Posture::Options(changed.options)))
        }
        (What::Notebook { name, .. }, Step::Version1) => {
            ports.allow_version_1(place, name).await?;
            Ok(None)
        }
        (What::Template(line), Step::Template { default, latest }) => {
            // What `$Default` means comes first: more is launched from it.
            if let Some(number) = default {
                ports.make_default(place, &line.id, *number).await?;
            }
            if let Some(number) = latest {
                ports.new_version(place, &line.id, WantedVersion::again(*number)).await?;
            }
            Ok(None)
        }
        (What::Group(_), Step::Group { now, versions }) => {
            match ports.repoint(place, now, versions).await? {
                Repointed::Changed { .. } => repoint::confirm(ports, place, now, versions).await?,
                Repointed::ChangedSince => {
                    let why = "somebody changed the group since it was read; it stays as it is";
                    return Err(Failure::new(Kind::Refused, "autoscaling:DescribeAutoScalingGroups", why));
                }
            }
            Ok(None)
        }
        (What::Surface(before), Step::Surface { now, options }) => {
            ports.restore_surface(place, now, options).await?;
            let is = ports.surface(place, before.kind, &before.id).await?;
            if is.as_ref().is_none_or(|it| it.options != *options) {
                let why = "AWS accepted the change, and describes the resource otherwise";
                return Err(Failure::new(Kind::Unverified, before.kind.about().read_action, why));
            }
            Ok(is.map(|it| Posture::Options(it.described())))
        }
        (What::Defaults { .. }, Step::Defaults(step)) => {
            ports.restore_defaults(place, *step).await?;
            let is = ports.defaults(place).await?;
            let as_asked = step.http_tokens.is_none_or(|it| it == is.options.http_tokens)
                && step.hop_limit.is_none_or(|it| it == is.options.hop_limit)
                && step.http_endpoint.is_none_or(|it| it == is.options.http_endpoint)
                && step.metadata_tags.is_none_or(|it| it == is.options.switches[SwitchOption::MetadataTags])
                && !(step.stop_enforcing && is.enforced == v2only_policy::Switch::Enabled);
            if !as_asked {
                let why = "AWS accepted the change, and describes the defaults otherwise";
                return Err(Failure::new(Kind::Unverified, "ec2:GetInstanceMetadataDefaults", why));
            }
            Ok(Some(Posture::from(&is)))
        }
        _ => Err(Failure::new(Kind::Invalid, "rollback", "the step does not fit the resource")),
    }
}

async fn exempt(
    ports: &impl Restorer,
    place: &Place,
    recorded: &Recorded,
    exemption: &Exemption,
) -> Result<(), Failure> {
    // The day comes last: without a reason beside it, it exempts nothing.
    let tags = [(REASON_TAG, &exemption.reason), (UNTIL_TAG, &exemption.until)];
    match &recorded.what {
        What::Instance { id, .. } => {
            for (key, value) in tags {
                ports.tag_instance(place, id, key, value).await?;
            }
        }
        What::Notebook { name, .. } => {
            let Some(notebook) = ports.notebook(place, name).await? else {
                let why = format!("notebook {name} does not exist any more");
                return Err(Failure::new(Kind::Gone, "sagemaker:DescribeNotebookInstance", why));
            };
            for (key, value) in tags {
                ports.tag_notebook(place, &notebook.arn, key, value).await?;
            }
        }
        // Exempt by the document only.
        What::Template(_) | What::Defaults { .. } | What::Image(_) | What::Group(_) | What::Surface(_) => {}
    }
    Ok(())
}

/// Describes restored instances again, all in one call.
async fn confirm(ports: &impl DescribeInstances, place: &Place, mut told: Vec<Told>) -> Vec<Told> {
    let restored = |told: &Told| match (&told.came, &told.looked.recorded.what, &told.looked.restoration) {
        (Came::Restored, What::Instance { id, .. }, Ok(Restoration::Restore(Step::Options(options)))) => {
            Some((id.clone(), *options))
        }
        _ => None,
    };
    let ids: Vec<InstanceId> = told.iter().filter_map(restored).map(|(id, _)| id).collect();
    if ids.is_empty() {
        return told;
    }
    let described: BTreeMap<InstanceId, Instance> = match ports.instances(place, &ids).await {
        Ok(found) => found.into_iter().map(|it| (it.id.clone(), it)).collect(),
        Err(failure) => {
            for it in told.iter_mut().filter(|it| restored(it).is_some()) {
                it.came = Came::Failed(failure.clone());
            }
            return told;
        }
    };
    for it in &mut told {
        let Some((id, asked)) = restored(it) else { continue };
        let Some(is) = described.get(&id) else {
            let why = "AWS does not show the instance any more, so the change is not confirmed; run it again";
            it.came = Came::Failed(Failure::new(Kind::NotVisibleYet, "ec2:DescribeInstances", why));
            continue;
        };
        it.after = Some(Posture::Options(is.options));
        if (MetadataOptions { pending: false, ..is.options }) != asked {
            let why = "AWS accepted the change, and describes the instance otherwise";
            it.came = Came::Failed(Failure::new(Kind::Unverified, "ec2:DescribeInstances", why));
        }
    }
    told
}
