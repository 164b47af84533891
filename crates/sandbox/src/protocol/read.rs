//! From an HTTP request to service, action, scope and body.

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use serde_json::Value;

use super::{AUTOSCALING_NAMESPACE, BEANSTALK_NAMESPACE, IAM_NAMESPACE, STS_NAMESPACE, cbor};
use crate::call::{Body, Protocol};
use crate::error::AwsError;
use crate::identity::Scope;
use crate::params::Params;

/// A request, read but not yet attributed to anyone.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) service: String,
    pub(crate) action: String,
    pub(crate) scope: Option<Scope>,
    pub(crate) protocol: Protocol,
    pub(crate) body: Result<Body, AwsError>,
}

/// Reads a request. The service is the one of the credential scope; without a scope it is guessed
/// from the target or the version, so that even the error comes in the right protocol.
pub(crate) fn read(parts: &Parts, body: Bytes) -> Incoming {
    let scope = header(&parts.headers, "authorization").and_then(Scope::parse);
    let signed_for = scope.as_ref().map(|scope| scope.service.clone());
    if let Some(target) = header(&parts.headers, "x-amz-target") {
        return read_json(parts, target, signed_for, scope, &body);
    }
    if let Some(protocol) = header(&parts.headers, "smithy-protocol") {
        if protocol == "rpc-v2-cbor" && signed_for.as_deref() == Some("monitoring") {
            return read_cbor(parts, scope, &body);
        }
        let what = format!("protocol {protocol} ({})", parts.uri.path());
        return Incoming {
            service: signed_for.unwrap_or_else(|| "unknown".to_owned()),
            action: parts.uri.path().rsplit('/').next().unwrap_or_default().to_owned(),
            scope,
            protocol: Protocol::Json("1.0"),
            body: Err(AwsError::not_simulated(what)),
        };
    }
    let form = header(&parts.headers, "content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let in_query = parts.uri.query().is_some_and(|query| query.contains("Action="));
    if let Some(action) = rest_operation(signed_for.as_deref(), parts) {
        return Incoming {
            service: signed_for.unwrap_or_default(),
            action: action.to_owned(),
            scope,
            protocol: Protocol::Other,
            body: rest_document(parts, &body).map(Body::Json),
        };
    }
    if !form && !in_query {
        return Incoming {
            service: signed_for.unwrap_or_else(|| "unknown".to_owned()),
            action: format!("{} {}", parts.method, parts.uri.path()),
            scope,
            protocol: Protocol::Other,
            body: Ok(Body::Unread),
        };
    }
    let params = match parts.uri.query() {
        Some(query) if in_query => Params::parse(query.as_bytes()),
        _ => Params::parse(&body),
    };
    let service = signed_for.unwrap_or_else(|| {
        let service = match params.text("Version") {
            Some("2011-06-15") => "sts",
            Some("2011-01-01") => "autoscaling",
            Some("2010-05-08") => "iam",
            Some("2010-12-01") => "elasticbeanstalk",
            _ => "ec2",
        };
        service.to_owned()
    });
    let protocol = match service.as_str() {
        "ec2" => Protocol::Ec2,
        "autoscaling" => Protocol::Query(AUTOSCALING_NAMESPACE),
        "iam" => Protocol::Query(IAM_NAMESPACE),
        "elasticbeanstalk" => Protocol::Query(BEANSTALK_NAMESPACE),
        _ => Protocol::Query(STS_NAMESPACE),
    };
    let action = params.text("Action").unwrap_or_default().to_owned();
    Incoming { service, action, scope, protocol, body: Ok(Body::Query(params)) }
}

/// Services that tell operations apart by method and path, and write JSON.
fn rest_operation(service: Option<&str>, parts: &Parts) -> Option<&'static str> {
    match service {
        Some("securityhub") => crate::securityhub::operation(parts.method.as_str(), parts.uri.path()),
        Some("imagebuilder") => crate::imagebuilder::operation(parts.method.as_str(), parts.uri.path()),
        _ => None,
    }
}

/// The document of a REST request; what stands in the query is a member of it.
fn rest_document(parts: &Parts, body: &[u8]) -> Result<Value, AwsError> {
    let mut document = if body.is_empty() { Value::Object(serde_json::Map::new()) } else { parse(body)? };
    if let Some(members) = document.as_object_mut() {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        members.extend(pairs.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))));
    }
    Ok(document)
}

fn read_json(
    parts: &Parts,
    target: &str,
    signed_for: Option<String>,
    scope: Option<Scope>,
    body: &[u8],
) -> Incoming {
    let (prefix, action) = target.rsplit_once('.').unwrap_or(("", target));
    let guess = match prefix {
        "AWSOrganizationsV20161128" => "organizations",
        "GraniteServiceVersion20100801" => "monitoring",
        "CloudTrail_20131101" | "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101" => "cloudtrail",
        "AmazonSSM" => "ssm",
        "AmazonSQS" => "sqs",
        "SageMaker" => "sagemaker",
        "StarlingDoveService" => "config",
        "Lightsail_20161128" => "lightsail",
        "ElasticMapReduce" => "elasticmapreduce",
        other => other,
    };
    let version = match header(&parts.headers, "content-type") {
        Some("application/x-amz-json-1.0") => "1.0",
        _ => "1.1",
    };
    let document = if body.is_empty() { Ok(Value::Object(serde_json::Map::new())) } else { parse(body) };
    Incoming {
        service: signed_for.unwrap_or_else(|| guess.to_owned()),
        action: action.to_owned(),
        scope,
        protocol: Protocol::Json(version),
        body: document.map(Body::Json),
    }
}

/// `/service/<name>/operation/<operation>`.
fn read_cbor(parts: &Parts, scope: Option<Scope>, body: &[u8]) -> Incoming {
    let document = cbor::read(body).map_err(|error| {
        AwsError::client("SerializationException", format!("the request is not a CBOR document: {error}"))
    });
    Incoming {
        service: "monitoring".to_owned(),
        action: parts.uri.path().rsplit('/').next().unwrap_or_default().to_owned(),
        scope,
        protocol: Protocol::Cbor,
        body: document.map(Body::Json),
    }
}

fn parse(body: &[u8]) -> Result<Value, AwsError> {
    serde_json::from_slice(body).map_err(|error| {
        AwsError::client("SerializationException", format!("the request is not a JSON document: {error}"))
    })
}

pub(crate) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
