//! What follows from a journalled change and the state now. Pure.

use std::collections::BTreeMap;

use v2only_policy::instance::{HttpTokens, Instance, InstanceState, Switch};
use v2only_policy::notebook::{MinimumVersion, Notebook, NotebookStatus};
use v2only_policy::source::{Consumer, DefaultsOwner, LaunchTemplate, VersionChoice};
use v2only_policy::{
    AccountDefaults, DefaultsChange, InstanceChange, LaunchTemplateId, MetadataOptions, StatedOptions,
    Surface, SwitchOption,
};

use super::{Created, DefaultsStep, GroupLine, Held, Restoration, Step, TemplateLine};

/// Of an instance. `even_if_changed` takes back what somebody changed since, too.
pub fn instance(
    before: &MetadataOptions,
    change: InstanceChange,
    now: Option<&Instance>,
    even_if_changed: bool,
) -> Restoration {
    let Some(now) = now.filter(|it| it.state != InstanceState::Gone) else { return Restoration::Gone };
    if let Some(option) = unrecorded(before) {
        return Restoration::Held(Held::NotRecorded(option));
    }
    // What is still `pending` was accepted, and counts.
    let is = MetadataOptions { pending: false, ..now.options };
    let was = MetadataOptions { pending: false, ..before.completed_from(&is) };
    if is == was {
        return Restoration::AsBefore;
    }
    if is != tightened(was, change) && !even_if_changed {
        return Restoration::Held(Held::ChangedSince);
    }
    Restoration::Restore(Step::Options(was))
}

/// The first of the options about which the journal is silent. IPv6 and tags may be: some Regions do not
/// describe them, and what is not described is not changed.
const fn unrecorded(before: &MetadataOptions) -> Option<&'static str> {
    match before {
        MetadataOptions { http_tokens: HttpTokens::Unknown, .. } => Some("HttpTokens"),
        MetadataOptions { http_endpoint: Switch::Unknown, .. } => Some("HttpEndpoint"),
        MetadataOptions { hop_limit: None, .. } => Some("HttpPutResponseHopLimit"),
        _ => None,
    }
}

/// What the journalled change made of options.
fn tightened(was: MetadataOptions, change: InstanceChange) -> MetadataOptions {
    StatedOptions::default().tightened(change).over(was)
}

/// Of a notebook. One that was created since is another notebook, and is never changed. `even_if_changed` restores one of
/// which the journal does not say when it was created, too.
pub fn notebook(
    before: MinimumVersion,
    created: Created,
    now: Option<&Notebook>,
    even_if_changed: bool,
) -> Restoration {
    let Some(now) = now.filter(|it| it.status != NotebookStatus::Gone) else { return Restoration::Gone };
    match (created, now.created_at) {
        (Created::At(then), Some(at)) if then.as_second() != at.as_second() => {
            return Restoration::Held(Held::Recreated);
        }
        (Created::Before(then), Some(at)) if at > then => return Restoration::Held(Held::Recreated),
        (Created::At(_) | Created::Before(_), Some(_)) => {}
        (Created::Unknown, _) | (_, None) if even_if_changed => {}
        (Created::Unknown, _) | (_, None) => return Restoration::Held(Held::NotRecorded("CreationTime")),
    }
    if before == MinimumVersion::Two || now.minimum_version != MinimumVersion::Two {
        return Restoration::AsBefore;
    }
    match now.status {
        NotebookStatus::Stopped | NotebookStatus::Failed => Restoration::Restore(Step::Version1),
        other => Restoration::Held(Held::NotStopped(other)),
    }
}

/// Of a surface. One that was created since is another surface, and is never changed.
pub fn surface(before: &Surface, now: Option<&Surface>, even_if_changed: bool) -> Restoration {
    let Some(now) = now else { return Restoration::Gone };
    if !now.is_same(before.arn.as_deref(), before.created_at) {
        return Restoration::Held(Held::Recreated);
    }
    if now.options == before.options {
        return Restoration::AsBefore;
    }
    let tightened = StatedOptions { http_tokens: Some(HttpTokens::Required), ..before.options };
    if now.options != tightened && !even_if_changed {
        return Restoration::Held(Held::ChangedSince);
    }
    Restoration::Restore(Step::Surface { now: now.clone(), options: before.options })
}

/// Of a launch template: what `$Default` and `$Latest` say.
pub fn template(line: &TemplateLine, now: Option<&LaunchTemplate>, even_if_changed: bool) -> Restoration {
    let Some(now) = now else { return Restoration::Gone };
    let made = line.change.map_or(line.says, |change| line.says.tightened(change));
    let version = |number: u64| now.versions.iter().find(|it| it.number == number);
    let says = |number: u64| version(number).map(|it| it.options);
    // A version that we made says so, and says what we asked for. An earlier run may have made it, and been killed.
    let ours = |number: u64| {
        let by_us = version(number).and_then(|it| it.made).is_some_and(|it| it.from == line.from);
        by_us && says(number) == Some(made)
    };
    let latest_now = now.described_latest();
    let latest_is_ours = latest_now > line.latest && ours(latest_now);
    let mut changed_since = false;
    let mut step = |was_ours: bool, is_as_before: bool, back_to: u64| match (was_ours, is_as_before) {
        (_, true) => None,
        (true, false) => Some(back_to),
        (false, false) => {
            changed_since = true;
            even_if_changed.then_some(back_to)
        }
    };
    let default = if line.made_default {
        step(ours(now.default), now.default == line.default, line.default)
    } else {
        None
    };
    let latest = if let Some(displaced) = now.displaced {
        // A new version of `$Default` is `$Latest` until that is repeated, and a run was killed in between.
        step(displaced.unclear.is_none(), false, displaced.was)
    } else if line.from == line.latest {
        step(latest_is_ours, latest_now == line.latest || says(latest_now) == Some(line.says), line.latest)
    } else {
        latest_is_ours.then_some(line.latest)
    };
    match (default, latest) {
        _ if changed_since && !even_if_changed => Restoration::Held(Held::ChangedSince),
        (None, None) => Restoration::AsBefore,
        (default, latest) => Restoration::Restore(Step::Template { default, latest }),
    }
}

/// Of an Auto Scaling group. Only the versions that it was changed from are restored, and only where the group still names
/// the version that was made from them. `templates` has the launch templates with the versions that the group names.
pub fn named_versions(
    line: &GroupLine,
    now: Option<&Consumer>,
    templates: &BTreeMap<LaunchTemplateId, LaunchTemplate>,
    even_if_changed: bool,
) -> Restoration {
    let Some(now) = now else { return Restoration::Gone };
    let was = &line.group;
    if was.arn.is_some() && was.arn != now.arn {
        return Restoration::Held(Held::Recreated);
    }
    let names =
        |it: &Consumer| it.templates.iter().map(|it| (it.template.clone(), it.part)).collect::<Vec<_>>();
    if names(was) != names(now) {
        return Restoration::Held(Held::ChangedSince);
    }
    let mut changed_since = false;
    let mut versions = Vec::with_capacity(now.templates.len());
    for (then, is) in was.templates.iter().zip(&now.templates) {
        let open = line.open.iter().find(|(id, number)| {
            templates.get(id).is_some_and(|it| it.is_named(&then.template))
                && then.version == VersionChoice::Number(*number)
        });
        let back = match (open, is.version) {
            (None, stays) => stays,
            (Some(_), same) if same == then.version => same,
            (Some((id, from)), VersionChoice::Number(number))
                if is_made_from(templates, id, *from, number) =>
            {
                then.version
            }
            (Some(_), other) => {
                changed_since = true;
                if even_if_changed { then.version } else { other }
            }
        };
        versions.push(back);
    }
    if changed_since && !even_if_changed {
        return Restoration::Held(Held::ChangedSince);
    }
    if now.templates.iter().map(|it| it.version).eq(versions.iter().copied()) {
        return Restoration::AsBefore;
    }
    Restoration::Restore(Step::Group { now: now.clone(), versions })
}

/// Whether a version is ours and was made from this one.
fn is_made_from(
    templates: &BTreeMap<LaunchTemplateId, LaunchTemplate>,
    id: &LaunchTemplateId,
    from: u64,
    number: u64,
) -> bool {
    let version = templates.get(id).and_then(|it| it.versions.iter().find(|it| it.number == number));
    number != from && version.and_then(|it| it.made).is_some_and(|it| it.from == from)
}

/// Of the account defaults: only what was changed is read, and restored.
pub fn defaults(
    before: &AccountDefaults,
    change: DefaultsChange,
    now: &AccountDefaults,
    even_if_changed: bool,
) -> Restoration {
    if now.owner != DefaultsOwner::Account {
        return Restoration::Held(Held::DeclarativePolicy);
    }
    let after = change.applied_to(before).options;
    let (was, is) = (&before.options, &now.options);
    let mut changed_since = false;
    let tags = SwitchOption::MetadataTags;
    let step = DefaultsStep {
        http_tokens: back(
            change.require_tokens,
            [was.http_tokens, after.http_tokens, is.http_tokens],
            &mut changed_since,
        ),
        hop_limit: back(
            change.hop_limit.is_some(),
            [was.hop_limit, after.hop_limit, is.hop_limit],
            &mut changed_since,
        ),
        http_endpoint: back(
            change.http_endpoint.is_some(),
            [was.http_endpoint, after.http_endpoint, is.http_endpoint],
            &mut changed_since,
        ),
        metadata_tags: back(
            change.metadata_tags.is_some(),
            [was.switches[tags], after.switches[tags], is.switches[tags]],
            &mut changed_since,
        ),
        // Whatever it was, it was not enabled.
        stop_enforcing: change.enforce && now.enforced == Switch::Enabled,
    };
    match step {
        _ if step == DefaultsStep::default() => Restoration::AsBefore,
        _ if changed_since && !even_if_changed => Restoration::Held(Held::ChangedSince),
        step => Restoration::Restore(Step::Defaults(step)),
    }
}

/// What a default is to become again, if it was changed and is not as it was. Notes whether it is not as it was left either.
fn back<T: PartialEq + Copy>(
    is_changed: bool,
    [was, after, is]: [T; 3],
    changed_since: &mut bool,
) -> Option<T> {
    (is_changed && is != was).then(|| {
        *changed_since |= is != after;
        was
    })
}
