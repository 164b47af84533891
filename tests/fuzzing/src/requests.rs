//! Requests to the embedded AWS, in the query, JSON, CBOR and REST protocols.
//!
//! An input is a list of requests, separated by lines `--`: the first line of a request is `SERVICE HOW`, what follows is
//! the body. `HOW` is `form`, `cbor OPERATION`, the `X-Amz-Target` of a JSON protocol, or method and target of REST.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;
use v2only_sandbox::{Config, DirectAnswer, DirectSandbox};

/// More requests in one input add no new state.
const MOST_REQUESTS: usize = 12;

/// Each line is an input, with `\n` for the line breaks in it.
const SEEDS: &str = include_str!("requests.txt");

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    SEEDS.lines().map(|line| line.replace("\\n", "\n").into_bytes()).collect()
}

/// Every request has an answer in its protocol; the same requests have the same answers.
pub(crate) fn run(bytes: &[u8]) {
    let answers = answers(bytes);
    assert_eq!(answers, self::answers(bytes), "the same seed gives other answers");
    for answer in answers {
        well_formed(&answer);
    }
}

fn answers(bytes: &[u8]) -> Vec<DirectAnswer> {
    let aws = DirectSandbox::new(Config::default());
    let requests = split(bytes, b"\n--\n").into_iter().take(MOST_REQUESTS);
    requests.filter_map(|request| answer(&aws, request)).collect()
}

fn split<'a>(bytes: &'a [u8], by: &[u8]) -> Vec<&'a [u8]> {
    let (mut parts, mut rest) = (Vec::new(), bytes);
    while let Some(at) = rest.windows(by.len()).position(|part| part == by) {
        let (before, after) = rest.split_at(at);
        parts.push(before);
        rest = after.get(by.len()..).unwrap_or_default();
    }
    parts.push(rest);
    parts
}

fn answer(aws: &DirectSandbox, request: &[u8]) -> Option<DirectAnswer> {
    let end = request.iter().position(|byte| *byte == b'\n').unwrap_or(request.len());
    let (head, body) = request.split_at(end);
    let body = body.get(1..).unwrap_or_default().to_vec();
    let mut words = std::str::from_utf8(head).ok()?.split(' ');
    let (service, how, more) = (words.next()?, words.next()?, words.next().unwrap_or("/"));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261101/eu-central-1/{service}/aws4_request, SignedHeaders=host, \
         Signature=0"
    );
    let signed = ("authorization", authorization.as_str());
    match how {
        "form" => {
            let form = ("content-type", "application/x-www-form-urlencoded");
            aws.answer("POST", "/", &[signed, form], body)
        }
        "cbor" => {
            let target = format!("/service/GraniteServiceVersion20100801/operation/{more}");
            aws.answer("POST", &target, &[signed, ("smithy-protocol", "rpc-v2-cbor")], body)
        }
        "GET" | "POST" | "PUT" | "PATCH" => aws.answer(how, more, &[signed], body),
        target => {
            let json = ("content-type", "application/x-amz-json-1.1");
            aws.answer("POST", "/", &[signed, ("x-amz-target", target), json], body)
        }
    }
}

/// The body is what its media type promises, and the status is one that AWS sends on purpose.
fn well_formed(answer: &DirectAnswer) {
    let (DirectAnswer { status, body, .. }, content_type) = (answer, answer.content_type());
    let shown = String::from_utf8_lossy(body);
    assert!(matches!(status, 200..=499 | 501), "{status}: {shown}");
    if content_type.contains("xml") {
        xml(&shown);
    } else if content_type.contains("json") {
        assert!(serde_json::from_slice::<Value>(body).is_ok(), "no JSON: {shown}");
    }
}

/// XML 1.0, which has no control characters besides tab and line breaks.
fn xml(text: &str) {
    let legal =
        |letter: char| !letter.is_control() || matches!(letter, '\t' | '\n' | '\r' | '\u{7f}'..='\u{9f}');
    assert!(
        text.chars().all(|letter| legal(letter) && !matches!(letter, '\u{fffe}' | '\u{ffff}')),
        "{text:?}"
    );
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => return,
            read => assert!(read.is_ok(), "{read:?} in {text}"),
        }
    }
}
