//! Security configurations. Source of every shape: Amazon EMR API Reference; of their document: Amazon EMR Management Guide,
//! "Create a security configuration".

use std::collections::BTreeMap;

use aws_sdk_emr::Client;
use aws_sdk_emr::types as sdk;
use jiff::Timestamp;
use serde_json::Value;
use v2only_enforcer::ports::{Answer, Page};
use v2only_policy::{HttpTokens, Place, StatedOptions, Surface, SurfaceKind};

use super::answers::{following, moment, unless_absent, without_id};
use crate::call::Call;
use crate::connect::Aws;

/// The states of clusters with nodes.
const ACTIVE: [sdk::ClusterState; 4] = [
    sdk::ClusterState::Starting,
    sdk::ClusterState::Bootstrapping,
    sdk::ClusterState::Running,
    sdk::ClusterState::Waiting,
];

async fn client(aws: &Aws, place: &Place) -> Answer<Client> {
    Ok(Client::new(&aws.surface_config(place).await?))
}

/// One page of the configurations of a Region, each described by a call of its own, with the clusters that use them.
pub(super) async fn page(aws: &Aws, place: &Place, next: Option<String>) -> Answer<Page<Surface>> {
    let call = Call::ListSecurityConfigurations;
    let request = client(aws, place).await?.list_security_configurations().set_marker(next.clone());
    let answer = aws.in_turn(place, call, || request.clone().send()).await?;
    let name =
        |it: &sdk::SecurityConfigurationSummary| it.name().map(str::to_owned).ok_or_else(|| without_id(call));
    let names = answer.security_configurations().iter().map(name).collect::<Answer<Vec<String>>>()?;
    let mut items = Vec::with_capacity(names.len());
    if !names.is_empty() {
        let users = users(aws, place).await?;
        for name in names {
            let described = described(aws, place, &name).await?;
            let users = users.get(&name).cloned().unwrap_or_default();
            items.extend(described.map(|surface| Surface { users, ..surface }));
        }
    }
    Ok(Page { items, next: following(call, next.as_deref(), answer.marker)? })
}

/// One configuration by name.
pub(super) async fn one(aws: &Aws, place: &Place, name: &str) -> Answer<Option<Surface>> {
    let Some(surface) = described(aws, place, name).await? else { return Ok(None) };
    let users = users(aws, place).await?.remove(name).unwrap_or_default();
    Ok(Some(Surface { users, ..surface }))
}

async fn described(aws: &Aws, place: &Place, name: &str) -> Answer<Option<Surface>> {
    let request = client(aws, place).await?.describe_security_configuration().name(name);
    let answer = aws.in_turn(place, Call::DescribeSecurityConfiguration, || request.clone().send()).await;
    let surface = |document: Option<&str>, created_at: Option<Timestamp>| Surface {
        created_at,
        options: stated(document.unwrap_or_default()),
        ..Surface::new(SurfaceKind::EmrSecurityConfiguration, name.to_owned())
    };
    let answer = unless_absent(answer)?;
    Ok(answer.map(|answer| surface(answer.security_configuration(), moment(answer.creation_date_time()))))
}

/// The options of a security configuration's document. A document that cannot be read is unknown, and never closed.
fn stated(document: &str) -> StatedOptions {
    let unknown = StatedOptions { http_tokens: Some(HttpTokens::Unknown), ..StatedOptions::default() };
    let Ok(Value::Object(document)) = serde_json::from_str(document) else { return unknown };
    let Some(block) = document.get("InstanceMetadataServiceConfiguration") else {
        return StatedOptions::default();
    };
    let number = |name: &str| block.get(name).and_then(Value::as_u64);
    StatedOptions {
        http_tokens: Some(match number("MinimumInstanceMetadataServiceVersion") {
            Some(1) => HttpTokens::Optional,
            Some(2) => HttpTokens::Required,
            _ => HttpTokens::Unknown,
        }),
        hop_limit: number("HttpPutResponseHopLimit").and_then(|limit| u8::try_from(limit).ok()),
        ..StatedOptions::default()
    }
}

/// The active clusters by the security configuration that they name.
async fn users(aws: &Aws, place: &Place) -> Answer<BTreeMap<String, Vec<String>>> {
    let call = Call::ListClusters;
    let client = client(aws, place).await?;
    let mut users: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut next: Option<String> = None;
    loop {
        let request =
            client.list_clusters().set_cluster_states(Some(ACTIVE.to_vec())).set_marker(next.clone());
        let answer = aws.in_turn(place, call, || request.clone().send()).await?;
        for id in answer.clusters().iter().filter_map(|cluster| cluster.id()) {
            let request = client.describe_cluster().cluster_id(id);
            let described = aws.in_turn(place, Call::DescribeCluster, || request.clone().send()).await;
            let cluster = unless_absent(described)?.and_then(|answer| answer.cluster);
            if let Some(name) = cluster.as_ref().and_then(|cluster| cluster.security_configuration()) {
                users.entry(name.to_owned()).or_default().push(id.to_owned());
            }
        }
        next = following(call, next.as_deref(), answer.marker)?;
        if next.is_none() {
            return Ok(users);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(document: &str, tokens: Option<HttpTokens>, hop_limit: Option<u8>) {
        let stated = stated(document);
        assert_eq!((stated.http_tokens, stated.hop_limit), (tokens, hop_limit), "{document}");
    }

    #[test]
    fn the_document_of_a_security_configuration_is_read() {
        let block = |members: &str| format!("{{\"InstanceMetadataServiceConfiguration\": {{{members}}}}}");
        let version = "\"MinimumInstanceMetadataServiceVersion\"";
        check(&block(&format!("{version}: 2")), Some(HttpTokens::Required), None);
        let hops = block(&format!("{version}: 1, \"HttpPutResponseHopLimit\": 3"));
        check(&hops, Some(HttpTokens::Optional), Some(3));
        check("{}", None, None);
        check(&block(&format!("{version}: \"2\"")), Some(HttpTokens::Unknown), None);
        check(&block(""), Some(HttpTokens::Unknown), None);
        check("", Some(HttpTokens::Unknown), None);
        check("[]", Some(HttpTokens::Unknown), None);
    }
}
