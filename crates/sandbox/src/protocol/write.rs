//! From an answer or an error to an HTTP response.

use axum::body::Bytes;
use serde_json::{Value, json};

use super::{EC2_NAMESPACE, cbor};
use crate::call::{Answer, Protocol};
use crate::error::AwsError;
use crate::shape::{Shape, element, escape};

/// A response, ready to be sent.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

const XML_HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Writes a successful answer.
pub(crate) fn write_answer(protocol: Protocol, action: &str, request_id: &str, answer: Answer) -> Written {
    match answer {
        Answer::Xml(shape) => {
            let body = match protocol {
                Protocol::Query(namespace) => query_document(action, namespace, request_id, &shape),
                _ => ec2_document(action, request_id, &shape),
            };
            written(200, "text/xml;charset=UTF-8".to_owned(), request_id, body)
        }
        Answer::Json(value) if protocol == Protocol::Cbor => written_cbor(200, request_id, &value),
        Answer::Json(value) => written(200, json_type(protocol), request_id, value.to_string()),
    }
}

/// Writes an error answer.
pub(crate) fn write_error(protocol: Protocol, request_id: &str, error: &AwsError) -> Written {
    let (code, message, id) = (escape(&error.code), escape(&error.message), escape(request_id));
    let xml = "text/xml;charset=UTF-8".to_owned();
    let mut response = match protocol {
        Protocol::Ec2 => {
            let body = format!(
                "{XML_HEAD}<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error>\
                 </Errors><RequestID>{id}</RequestID></Response>"
            );
            written(error.status, xml, request_id, body)
        }
        Protocol::Query(namespace) => {
            let side = if error.status >= 500 { "Receiver" } else { "Sender" };
            let body = format!(
                "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{side}</Type><Code>{code}</Code>\
                 <Message>{message}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>"
            );
            written(error.status, xml, request_id, body)
        }
        Protocol::Cbor => {
            let body = json!({ "__type": error.code, "message": error.message });
            let mut response = written_cbor(error.status, request_id, &body);
            // For clients that knew the service when it spoke the query protocol.
            let side = if error.status >= 500 { "Receiver" } else { "Sender" };
            response.headers.push(("x-amzn-query-error", format!("{};{side}", error.code)));
            response
        }
        Protocol::Json(_) | Protocol::Other => {
            let body = json!({ "__type": error.code, "message": error.message });
            let mut response = written(error.status, json_type(protocol), request_id, body.to_string());
            response.headers.push(("x-amzn-errortype", error.code.clone()));
            response
        }
    };
    response.headers.extend(error.headers.iter().cloned());
    response
}

fn written(status: u16, content_type: String, request_id: &str, body: String) -> Written {
    let headers = vec![("content-type", content_type), ("x-amzn-requestid", request_id.to_owned())];
    Written { status, headers, body: Bytes::from(body) }
}

fn written_cbor(status: u16, request_id: &str, body: &Value) -> Written {
    let mut response = written(status, "application/cbor".to_owned(), request_id, String::new());
    response.headers.push(("smithy-protocol", "rpc-v2-cbor".to_owned()));
    Written { body: Bytes::from(cbor::write(body)), ..response }
}

fn json_type(protocol: Protocol) -> String {
    match protocol {
        Protocol::Json(version) => format!("application/x-amz-json-{version}"),
        _ => "application/json".to_owned(),
    }
}

fn ec2_document(action: &str, request_id: &str, shape: &Shape) -> String {
    let mut out = format!("{XML_HEAD}<{action}Response xmlns=\"{EC2_NAMESPACE}\">");
    element(&mut out, "requestId", &Shape::from(request_id), "item");
    shape.write_xml(&mut out, "item");
    out.push_str(&format!("</{action}Response>"));
    out
}

fn query_document(action: &str, namespace: &str, request_id: &str, shape: &Shape) -> String {
    let mut out = format!("<{action}Response xmlns=\"{namespace}\"><{action}Result>");
    shape.write_xml(&mut out, "member");
    out.push_str(&format!("</{action}Result><ResponseMetadata>"));
    element(&mut out, "RequestId", &Shape::from(request_id), "member");
    out.push_str(&format!("</ResponseMetadata></{action}Response>"));
    out
}
