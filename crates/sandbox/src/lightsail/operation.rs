//! The operation that every change of Lightsail answers with.

use serde_json::{Value, json};

use super::instance::Instance;
use crate::call::Call;
use crate::world::World;

/// An operation that succeeded at once.
pub(super) fn succeeded(world: &mut World, call: &Call, kind: &str, instance: &Instance) -> Value {
    let now = world.now().as_second();
    json!({
        "id": world.ids.uuid(),
        "resourceName": instance.name,
        "resourceType": "Instance",
        "createdAt": now,
        "location": { "availabilityZone": instance.zone, "regionName": call.place.region },
        "isTerminal": true,
        "operationType": kind,
        "status": "Succeeded",
        "statusChangedAt": now,
    })
}
