//! The protocols themselves: errors in the right shape, what is not simulated, the call log.

use std::net::SocketAddr;

use super::client::aws;
use crate::{Config, Sandbox, StartError};

#[test]
fn the_sandbox_listens_on_loopback_only() {
    let listen: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let refused = Sandbox::start(Config { listen, ..Config::default() });
    assert!(matches!(refused, Err(StartError::NotLoopback(_))));
}

#[test]
fn a_taken_port_is_an_error() {
    let first = Sandbox::start(Config::default()).unwrap();
    let listen: SocketAddr = first.endpoint().trim_start_matches("http://").parse().unwrap();
    let second = Sandbox::start(Config { listen, ..Config::default() });
    assert!(matches!(second, Err(StartError::Listen { .. })));
    drop(first);
    Sandbox::start(Config { listen, ..Config::default() }).unwrap();
}

#[test]
fn an_ec2_error_has_the_shape_of_ec2() {
    let aws = aws();
    let refused = aws.ec2("DescribeInstances", &[("InstanceId.1", "i-<&>")]);
    assert_eq!(refused.status, 400);
    let id = refused.text("RequestID");
    let wanted = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>InvalidInstanceID.Malformed\
         </Code><Message>Invalid id: \"i-&lt;&amp;&gt;\" (expecting \"i-...\")</Message></Error>\
         </Errors><RequestID>{id}</RequestID></Response>"
    );
    assert_eq!(refused.body, wanted);
}

/// XML 1.0 has no control characters, not even escaped.
#[test]
fn an_answer_never_repeats_a_control_character() {
    let aws = aws();
    let refused = aws.ec2("DescribeInstances", &[("InstanceId.1", "i-\u{1}\u{1b}[2J\u{ffff}")]);
    assert_eq!(refused.message(), "Invalid id: \"i-\u{fffd}\u{fffd}[2J\u{fffd}\" (expecting \"i-...\")");
}

/// Each dot opens a level. A name of a megabyte once exhausted the stack of the sandbox.
#[test]
fn a_parameter_with_endless_levels_is_not_recognized() {
    let aws = aws();
    let refused = aws.ec2("DescribeInstances", &[("a.".repeat(500_000).as_str(), "1")]);
    assert_eq!((refused.status, refused.code().as_str()), (400, "UnknownParameter"));
    assert_eq!(aws.ec2("DescribeInstances", &[]).status, 200);
}

#[test]
fn what_is_not_simulated_is_named() {
    let aws = aws();
    let refused = aws.ec2("DescribeVpcs", &[]);
    assert_eq!((refused.status, refused.code().as_str()), (501, "NotSimulated"));
    assert!(refused.message().contains("sandbox does not simulate operation DescribeVpcs of ec2"));
    let refused = aws.json("dynamodb", "DynamoDB_20120810.GetItem", &serde_json::json!({}));
    assert_eq!(
        refused.document()["message"],
        "v2only's sandbox does not simulate service dynamodb (operation GetItem)"
    );
}

#[test]
fn an_unsigned_request_is_refused_in_its_protocol() {
    let aws = aws();
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let ec2 = aws.send(form, "Action=DescribeInstances&Version=2016-11-15").unwrap();
    assert_eq!((ec2.status, ec2.code().as_str()), (401, "AuthFailure"));
    let sts = aws.send(form, "Action=GetCallerIdentity&Version=2011-06-15").unwrap();
    assert_eq!((sts.status, sts.code().as_str()), (403, "MissingAuthenticationToken"));
    let json = "Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: AmazonSSM.GetParameter\r\n";
    let ssm = aws.send(json, "{}").unwrap();
    assert_eq!((ssm.status, ssm.code().as_str()), (400, "MissingAuthenticationTokenException"));
}

#[test]
fn a_broken_document_is_refused() {
    let aws = aws();
    let headers = "Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: AmazonSSM.GetParameter\r\n\
                   Authorization: AWS4-HMAC-SHA256 Credential=111122223333/20261101/eu-west-1/ssm/aws4_request\r\n";
    assert_eq!(aws.send(headers, "{").unwrap().code(), "SerializationException");
}

#[test]
fn every_answer_carries_the_id_that_the_log_has() {
    let aws = aws();
    let launched = aws.launch(&[]).ok();
    let refused = aws.ec2("DescribeInstances", &[("InstanceId.1", "i-1")]);
    let calls = aws.sandbox.calls();
    assert_eq!(calls[0].request_id, launched.text("requestId"));
    assert!(launched.head.contains(&format!("x-amzn-requestid: {}", calls[0].request_id)));
    assert_eq!((calls[0].name().as_str(), calls[0].error.as_deref()), ("ec2:RunInstances", None));
    assert_eq!(calls[1].request_id, refused.text("RequestID"));
    assert_eq!(calls[1].error.as_deref(), Some("InvalidInstanceID.Malformed"));
    assert_eq!((calls[0].account.as_str(), calls[0].region.as_str()), (aws.account, aws.region));
    aws.sandbox.clear_calls();
    assert!(aws.sandbox.calls().is_empty());
}
