//! Carrying out what is to be restored.

use std::collections::BTreeMap;
use std::slice;

use jiff::Timestamp;
use v2only_policy::exemption::{REASON_TAG, UNTIL_TAG};
use v2only_policy::{Instance, InstanceId, MetadataOptions, Place, SwitchOption};

use super::look::{Here, Restorer, one};
use super::{Came, Held, Looked, Recorded, Restoration, Step, Told, What};
use crate::failure::{Failure, Kind};
use crate::ports::{DescribeInstances, Repointed};
use crate::record::Posture;
use crate::second_look::{AT_ONCE, Attempts, InTurn, Queue, is_fresh};
use crate::sources::repoint;
use crate::sources::versions::repeat;

/// An exemption written into the tags of instances and notebooks before they are restored; without one, the
/// functions would fix them again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemption {
    /// Its last day, written YYYY-MM-DD.
    pub until: String,
    /// Why.
    pub reason: String,
}

/// Carries out what [`look`](super::look()) found, in one account and Region, and says what came of each.
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
                repeat(ports, place, &line.id, *number).await?;
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
