//! Instances that a run is about and that it does not find.

use v2only_enforcer::ports::DescribeInstances;
use v2only_policy::InstanceId;

use crate::args::selection::Filter;
use crate::run::regions::Places;
use crate::term::messages::Talk;

/// The instances of `--only` that are in none of the accounts and Regions that can be read.
///
/// A scan lists violations only, so that a misspelt id would look compliant. Costs at most a call for each account and Region.
pub(crate) async fn absent(
    ports: &impl DescribeInstances,
    places: &Places,
    filter: &Filter,
) -> Vec<InstanceId> {
    let mut absent = filter.instances();
    for place in &places.known {
        if absent.is_empty() {
            break;
        }
        // The survey meets a failure as well, and reports it.
        let found = ports.instances(place, &absent).await.unwrap_or_default();
        absent.retain(|id| !found.iter().any(|instance| instance.id == *id));
    }
    absent
}

/// Reports them.
pub(crate) fn say(talk: &mut Talk<'_>, absent: &[InstanceId]) {
    for id in absent {
        talk.error(&format!("--only: {id} is in none of the accounts and Regions that were read"));
    }
    if !absent.is_empty() {
        talk.hint("correct the id, or name its Region with `--region` and its account with `--accounts`");
    }
}
