//! What instances will be launched from: launch templates and images. Their contents are never read from
//! the event, in which lists of one have become something else.

use crate::json::Node;
use crate::{Malformed, Stop, Subject};

/// `CreateLaunchTemplate`, `CreateLaunchTemplateVersion`, `ModifyLaunchTemplate`.
pub(crate) fn template_changed(request: &Node<'_>, response: &Node<'_>) -> Result<Subject, Stop> {
    let answers = [response.field("launchTemplate"), response.field("launchTemplateVersion")];
    let first = |key: &str| {
        std::iter::once(request).chain(&answers).map(|from| from.field(key)).find(|node| !node.is_absent())
    };
    let id = first("LaunchTemplateId").map(|node| resource_id(&node, "lt-", "a launch template id"));
    let name = first("LaunchTemplateName").map(|node| template_name(&node));
    match (id.transpose()?, name) {
        (None, None) => Err(request.field("LaunchTemplateId").malformed("a launch template id").into()),
        (None, Some(name)) => Ok(Subject::LaunchTemplateChanged { id: None, name: Some(name?) }),
        (id, name) => Ok(Subject::LaunchTemplateChanged { id, name: name.and_then(Result::ok) }),
    }
}

/// `RegisterImage`, `CreateImage`, `CopyImage`.
pub(crate) fn image_changed(response: &Node<'_>) -> Result<Subject, Stop> {
    Ok(Subject::ImageChanged { id: resource_id(&response.field("imageId"), "ami-", "an image id")? })
}

fn resource_id(node: &Node<'_>, prefix: &str, expected: &str) -> Result<String, Malformed> {
    let text = node.text().unwrap_or_default();
    let valid = text.strip_prefix(prefix).is_some_and(|rest| {
        (8..=32).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    if valid {
        Ok(text.into_owned())
    } else {
        Err(node.malformed(format!("{expected} such as `{prefix}0123456789abcdef0`")))
    }
}

fn template_name(node: &Node<'_>) -> Result<String, Malformed> {
    let text = node.text().unwrap_or_default();
    let valid = (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"().-/_".contains(&byte));
    if valid { Ok(text.into_owned()) } else { Err(node.malformed("a launch template name")) }
}
