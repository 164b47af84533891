//! Resources that a run is about and that it does not find.

use v2only_document::spelling;
use v2only_enforcer::existing::{Existing, existing};
use v2only_enforcer::ports::{DescribeInstances, ListNotebooks, ReadSurfaces, SourceReader};
use v2only_enforcer::scan::Kinds;
use v2only_policy::{InstanceId, ResourceKind};

use crate::args::selection::Unmatched;
use crate::run::regions::Places;
use crate::term::messages::Talk;

/// What `--only` names and none of the accounts and Regions has.
#[derive(Debug)]
pub(crate) struct Absent {
    /// As it was typed.
    pub(crate) text: String,
    /// What exists and is called nearly the same.
    nearest: Option<String>,
}

/// The resources of `--only` that are in none of the accounts and Regions that can be read.
///
/// A scan lists violations only, so that a misspelt name would look compliant. Costs nothing if a violation was found for each
/// name; otherwise a call for each account and Region, and the listings of the kinds that are not instances.
pub(crate) async fn absent<P>(ports: &P, places: &Places, kinds: Kinds, unmatched: Unmatched) -> Vec<Absent>
where
    P: DescribeInstances + ListNotebooks + SourceReader + ReadSurfaces,
{
    let (mut ids, mut names) = (Vec::new(), Vec::new());
    for text in unmatched.into_texts() {
        match InstanceId::parse(&text) {
            Ok(id) if kinds.contains(ResourceKind::Instance) => ids.push(id),
            _ => names.push(text),
        }
    }
    let mut known = Vec::new();
    for place in &places.known {
        if ids.is_empty() && names.is_empty() {
            break;
        }
        // A failure leaves the name unfound, and the run incomplete. The survey meets it as well, and reports it.
        if !ids.is_empty() {
            let found = ports.instances(place, &ids).await.unwrap_or_default();
            ids.retain(|id| !found.iter().any(|instance| instance.id == *id));
        }
        if !names.is_empty() {
            let here = existing(ports, place, kinds).await.unwrap_or_default();
            names.retain(|name| !here.iter().any(|it| it.id == *name));
            known.extend(here);
        }
    }
    let ids = ids.into_iter().map(|id| Absent { text: id.to_string(), nearest: None });
    let names = names.into_iter().map(|text| Absent { nearest: nearest(&text, &known), text });
    ids.chain(names).collect()
}

/// The resource that is called nearly like this, by its id.
fn nearest(text: &str, known: &[Existing]) -> Option<String> {
    if let Some(named) = known.iter().find(|it| it.name.as_deref() == Some(text)) {
        return Some(named.id.clone());
    }
    let ids = known.iter().map(|it| it.id.as_str());
    spelling::nearest_within(text, ids, text.chars().count().div_ceil(4)).map(str::to_owned)
}

/// Reports them.
pub(crate) fn say(talk: &mut Talk<'_>, absent: &[Absent]) {
    for Absent { text, nearest } in absent {
        let nearest = nearest.as_ref().map(|it| format!("; did you mean `{it}`?")).unwrap_or_default();
        talk.error(&format!("--only: {text} is in none of the accounts and Regions that were read{nearest}"));
    }
    if !absent.is_empty() {
        talk.hint(
            "correct the id or name, or name its Region with `--region` and its account with `--accounts`; \
             `--name` selects by the `Name` tag",
        );
    }
}
