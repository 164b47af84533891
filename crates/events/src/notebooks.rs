//! SageMaker notebook instances.

use v2only_policy::{MinimumVersion, NotebookName, NotebookStatus, Place};

use crate::json::Node;
use crate::{Ignored, Malformed, NotebookCause, Stop, Subject};

/// `CreateNotebookInstance`.
pub(crate) fn created(request: &Node<'_>, response: &Node<'_>, place: &Place) -> Result<Subject, Stop> {
    let name = name(&request.field("notebookInstanceName"), &[response.field("notebookInstanceArn")], place)?;
    Ok(Subject::Notebook {
        name,
        cause: NotebookCause::Created { minimum_version: minimum_version(request) },
    })
}

/// `UpdateNotebookInstance`, which answers nothing.
pub(crate) fn updated(request: &Node<'_>, place: &Place) -> Result<Subject, Stop> {
    let name = name(&request.field("notebookInstanceName"), &[], place)?;
    Ok(Subject::Notebook {
        name,
        cause: NotebookCause::Updated { minimum_version: minimum_version(request) },
    })
}

/// `StartNotebookInstance`, which answers nothing.
pub(crate) fn started(request: &Node<'_>, place: &Place) -> Result<Subject, Stop> {
    Ok(Subject::Notebook {
        name: name(&request.field("notebookInstanceName"), &[], place)?,
        cause: NotebookCause::Started,
    })
}

/// `SageMaker Notebook Instance State Change`.
pub(crate) fn state_changed(
    detail: &Node<'_>,
    resources: &[Node<'_>],
    place: &Place,
) -> Result<Subject, Stop> {
    let mut arns = vec![detail.field("NotebookInstanceArn")];
    arns.extend_from_slice(resources);
    let name = name(&detail.field("NotebookInstanceName"), &arns, place)?;
    let status = detail.field("NotebookInstanceStatus");
    let word = status.label().ok_or_else(|| status.malformed("the status of a notebook instance"))?;
    let status = match word.as_str() {
        "Pending" => NotebookStatus::Pending,
        "InService" => NotebookStatus::InService,
        "Stopping" => NotebookStatus::Stopping,
        "Stopped" => NotebookStatus::Stopped,
        "Failed" => NotebookStatus::Failed,
        "Updating" => NotebookStatus::Updating,
        "Deleting" | "Deleted" => return Err(Ignored::NotebookStatus { name, status: word }.into()),
        _ => NotebookStatus::Unknown,
    };
    let cause = NotebookCause::StateChanged { status, word, tags: detail.field("Tags").tags() };
    Ok(Subject::Notebook { name, cause })
}

/// The name, else what the ARNs call it: those are in lower case, and API calls want the case kept.
///
/// An ARN of another account or Region is refused (one place).
fn name(name: &Node<'_>, arns: &[Node<'_>], place: &Place) -> Result<NotebookName, Malformed> {
    let mut in_arn = None;
    for arn in arns {
        let Some(text) = arn.text() else { continue };
        let mut parts = text.splitn(6, ':').skip(3);
        let (region, account, resource) = (parts.next(), parts.next(), parts.next());
        let Some(resource) = resource.and_then(|it| it.strip_prefix("notebook-instance/")) else { continue };
        if region != Some(place.region.as_str()) || account != Some(place.account.as_str()) {
            return Err(arn.malformed(format!("an ARN in {place}")));
        }
        in_arn = in_arn.or_else(|| NotebookName::parse(resource).ok());
    }
    match in_arn {
        Some(in_arn) if name.is_absent() => Ok(in_arn),
        _ => name.id(),
    }
}

fn minimum_version(request: &Node<'_>) -> Option<MinimumVersion> {
    let node =
        request.field("instanceMetadataServiceConfiguration").field("minimumInstanceMetadataServiceVersion");
    if node.is_absent() {
        return None;
    }
    Some(match node.text().as_deref() {
        Some("1") => MinimumVersion::One,
        Some("2") => MinimumVersion::Two,
        _ => MinimumVersion::Unknown,
    })
}
