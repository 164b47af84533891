//! `RunInstances`: the one event whose record may settle everything without a call.

use v2only_policy::exemption::UNTIL_TAG;
use v2only_policy::{InstanceId, Tags};

use crate::instances::id_in;
use crate::json::Node;
use crate::{Launched, Malformed, RequestedOptions, Subject, options};

/// What was launched. Never fails: a launch that succeeded launched something, whatever its record says.
pub(crate) fn launched(request: &Node<'_>, response: &Node<'_>, unreadable: &mut Vec<Malformed>) -> Subject {
    let requested = requested(request);
    let mut instances: Vec<Launched> = Vec::new();
    for entry in response.field("instancesSet").entries() {
        match id_in(&entry) {
            Ok(id) => add(&mut instances, instance(id, &entry)),
            Err(error) => unreadable.push(error),
        }
    }
    if instances.is_empty() {
        let client_token = request.field("clientToken").text().map(Into::into);
        return Subject::LaunchedUnnamed { client_token, at_least: at_least(request), requested };
    }
    Subject::Launched { instances, requested }
}

/// Keeps each instance once. Of one that is described in two ways nothing is believed.
fn add(instances: &mut Vec<Launched>, new: Launched) {
    match instances.iter_mut().find(|known| known.id == new.id) {
        None => instances.push(new),
        Some(known) if *known == new => {}
        Some(known) => *known = Launched::unknown(new.id),
    }
}

fn instance(id: InstanceId, entry: &Node<'_>) -> Launched {
    let options = entry.field("metadataOptions");
    Launched {
        id,
        http_tokens: options::tokens(&options),
        http_endpoint: options::switch(&options.field("httpEndpoint")),
        hop_limit: options::hop_limit(&options),
        switches: options::switches(&options),
        managed_by: managed_by(&entry.field("operator")),
        image: entry.field("imageId").label(),
        tags: entry.field("tagSet").tags(),
    }
}

/// The service that manages an instance, where one does.
fn managed_by(operator: &Node<'_>) -> Option<String> {
    let unnamed = || "a service that is not named".to_owned();
    operator.field("managed").is_true().then(|| operator.field("principal").label().unwrap_or_else(unnamed))
}

fn requested(request: &Node<'_>) -> RequestedOptions {
    let template = request.field("launchTemplate");
    let name = || template.field("launchTemplateName").label();
    RequestedOptions {
        launch_template: template.field("launchTemplateId").label().or_else(name),
        exemption_tag: requested_tags(request).contains_key(UNTIL_TAG),
        launch_template_version: template.field("version").label(),
        image: request.field("instancesSet").entries().iter().find_map(|it| it.field("imageId").label()),
        ..options::requested(&request.field("metadataOptions"))
    }
}

/// The readable tags that `tagSpecificationSet` gives to instances.
pub(crate) fn requested_tags(request: &Node<'_>) -> Tags {
    let specifications = request.field("tagSpecificationSet").entries();
    let of_instances =
        specifications.iter().filter(|it| it.field("resourceType").text().is_none_or(|it| it == "instance"));
    let tags = of_instances.flat_map(|it| it.field("tags").entries());
    tags.filter_map(|tag| {
        let value = tag.field("value").text().unwrap_or_default();
        Some((tag.field("key").text()?.into_owned(), value.into_owned()))
    })
    .collect()
}

/// `minCount`, which stands in the only entry of the request's `instancesSet`.
fn at_least(request: &Node<'_>) -> u32 {
    let entries = request.field("instancesSet").entries();
    entries.iter().find_map(|entry| entry.field("minCount").number()).unwrap_or(1).max(1)
}
