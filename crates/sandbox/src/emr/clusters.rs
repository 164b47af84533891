//! <https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html>
//! <https://docs.aws.amazon.com/emr/latest/APIReference/API_TerminateJobFlows.html>
//! <https://docs.aws.amazon.com/emr/latest/APIReference/API_DescribeCluster.html>
//! <https://docs.aws.amazon.com/emr/latest/APIReference/API_ListClusters.html>

use serde_json::{Map, Value, json};

use super::cluster::Cluster;
use super::state::PAGE;
use crate::call::Call;
use crate::error::AwsError;
use crate::members::{Members, page, tag_list};
use crate::trail::Trail;
use crate::world::World;

const STATES: [&str; 7] = [
    "STARTING",
    "BOOTSTRAPPING",
    "RUNNING",
    "WAITING",
    "TERMINATING",
    "TERMINATED",
    "TERMINATED_WITH_ERRORS",
];

pub(super) fn run(
    world: &mut World,
    call: &Call,
    input: &Members<'_>,
    trail: &mut Trail,
) -> Result<Value, AwsError> {
    let known = [
        "Name",
        "ReleaseLabel",
        "Instances",
        "SecurityConfiguration",
        "Tags",
        "JobFlowRole",
        "ServiceRole",
        "VisibleToAllUsers",
    ];
    let (name, security) = (input.required("Name")?, input.text("SecurityConfiguration")?);
    trail.request(json!({ "name": name, "securityConfiguration": security }));
    input.only(&call.action, &known)?;
    input.structure("Instances")?.ok_or_else(|| input.refusal("The request must contain Instances"))?;
    let there = |name: &str| {
        let known = world.emr.configurations.get(&call.place);
        known.is_some_and(|known| known.contains_key(name))
    };
    if let Some(missing) = security.filter(|name| !there(name)) {
        return Err(input.refusal(format!("Security configuration with name '{missing}' does not exist.")));
    }
    let id = format!("j-{}", world.ids.hex(13).to_uppercase());
    let arn = call.place.arn("elasticmapreduce", &format!("cluster/{id}"));
    let cluster = Cluster {
        id: id.clone(),
        arn: arn.clone(),
        name: name.to_owned(),
        release: input.text("ReleaseLabel")?.map(str::to_owned),
        security_configuration: security.map(str::to_owned),
        tags: input.tags("Tags", "Key", "Value")?,
        created: call.at,
        ended: None,
    };
    world.emr.clusters.entry(call.place.clone()).or_default().insert(id.clone(), cluster);
    trail.response(json!({ "jobFlowId": id, "clusterArn": arn }));
    Ok(json!({ "JobFlowId": id, "ClusterArn": arn }))
}

pub(super) fn terminate(
    world: &mut World,
    call: &Call,
    input: &Members<'_>,
    trail: &mut Trail,
) -> Result<Value, AwsError> {
    input.only(&call.action, &["JobFlowIds"])?;
    let ids = input.texts("JobFlowIds")?;
    trail.request(json!({ "jobFlowIds": ids }));
    let clusters = world.emr.clusters.entry(call.place.clone()).or_default();
    if let Some(missing) = ids.iter().find(|id| !clusters.contains_key(*id)) {
        return Err(invalid_id(input, missing));
    }
    for id in &ids {
        if let Some(cluster) = clusters.get_mut(id) {
            cluster.ended = Some(call.at);
        }
    }
    Ok(json!({}))
}

pub(super) fn describe(world: &World, call: &Call, input: &Members<'_>) -> Result<Value, AwsError> {
    input.only(&call.action, &["ClusterId"])?;
    let id = input.required("ClusterId")?;
    let cluster = world.emr.clusters.get(&call.place).and_then(|clusters| clusters.get(id));
    let cluster = cluster.ok_or_else(|| invalid_id(input, id))?;
    let mut members = cluster.head();
    let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
    set("Tags", tag_list(&cluster.tags, "Key", "Value"));
    if let Some(release) = &cluster.release {
        set("ReleaseLabel", json!(release));
    }
    if let Some(name) = &cluster.security_configuration {
        set("SecurityConfiguration", json!(name));
    }
    Ok(json!({ "Cluster": members }))
}

pub(super) fn list(world: &World, call: &Call, input: &Members<'_>) -> Result<Value, AwsError> {
    input.only(&call.action, &["ClusterStates", "Marker"])?;
    let states = input.texts("ClusterStates")?;
    if let Some(wrong) = states.iter().find(|state| !STATES.contains(&state.as_str())) {
        return Err(input.refusal(format!("Value '{wrong}' is no cluster state")));
    }
    let all = world.emr.clusters.get(&call.place).into_iter().flat_map(|clusters| clusters.values());
    let asked =
        all.filter(|cluster| states.is_empty() || states.iter().any(|state| state == cluster.state()));
    let (found, next) =
        page(asked, input.text("Marker")?, PAGE).ok_or_else(|| input.refusal("Marker is not valid."))?;
    let mut answer = Map::new();
    answer.insert("Clusters".to_owned(), found.into_iter().map(Cluster::head).collect());
    if let Some(next) = next {
        answer.insert("Marker".to_owned(), next.into());
    }
    Ok(Value::Object(answer))
}

fn invalid_id(input: &Members<'_>, id: &str) -> AwsError {
    input.refusal(format!("Cluster id '{id}' is not valid."))
}
