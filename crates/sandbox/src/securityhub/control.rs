//! Findings of AWS's own controls, which a test puts in: the embedded AWS runs no AWS Config rules.
//!
//! The shape is that of consolidated control findings: AWS Security Hub User Guide, "Sample control findings".

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::core::Core;
use crate::identity::Place;

/// What a control found of one resource. A finding that is there keeps what customers changed, as at AWS.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ControlFindingOrder {
    account: String,
    region: String,
    control: String,
    resource: String,
    status: String,
}

pub(crate) fn routes() -> Router<Arc<Core>> {
    Router::new().route("/control-finding", post(put))
}

async fn put(State(core): State<Arc<Core>>, body: Bytes) -> Result<String, (StatusCode, String)> {
    let order: ControlFindingOrder =
        serde_json::from_slice(&body).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    let place = Place { account: order.account.clone(), region: order.region.clone() };
    let now = core.clock.now().to_string();
    let mut world = core.world();
    let product = format!("arn:aws:securityhub:{}::product/aws/securityhub", order.region);
    let id = format!(
        "arn:aws:securityhub:{}:{}:security-control/{}/finding/{}",
        order.region, order.account, order.control, order.resource
    );
    let here = world.securityhub.places.entry(place).or_default();
    let key = (product.clone(), id.clone());
    let kept = |name: &str| here.get(&key).and_then(|it: &Value| it.get(name)).cloned();
    let (note, workflow) = (kept("Note"), kept("Workflow"));
    let mut finding = json!({
        "SchemaVersion": "2018-10-08",
        "Id": id,
        "ProductArn": product,
        "ProductName": "Security Hub",
        "CompanyName": "AWS",
        "Region": order.region,
        "GeneratorId": format!("security-control/{}", order.control),
        "AwsAccountId": order.account,
        "CreatedAt": now,
        "UpdatedAt": now,
        "Title": order.control,
        "Description": order.control,
        "Resources": [{ "Type": "Other", "Id": order.resource, "Partition": "aws", "Region": order.region }],
        "Compliance": { "Status": order.status, "SecurityControlId": order.control },
        "Workflow": workflow.unwrap_or_else(|| json!({ "Status": "NEW" })),
        "RecordState": "ACTIVE",
    });
    if let (Some(note), Some(members)) = (note, finding.as_object_mut()) {
        members.insert("Note".to_owned(), note);
    }
    here.insert(key, finding);
    Ok("{}".to_owned())
}
