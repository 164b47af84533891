//! The work for a text grows with its length, and not with the square of it.

use std::fs;
use std::time::{Duration, Instant};

use v2only_fuzz::target;

/// Twice four times the text may take so many times the work: 4 is linear, 16 is quadratic.
const MOST: u32 = 10;
/// Shorter times are noise.
const LEAST: Duration = Duration::from_millis(4);

/// The processor time of this thread; of another system than Linux, the time on the clock.
fn processor_time(started: Instant) -> Duration {
    let spent = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let spent = spent.and_then(|text| text.split(' ').next()?.parse().ok());
    spent.map_or_else(|| started.elapsed(), Duration::from_nanos)
}

fn work(name: &str, text: &[u8]) -> Duration {
    let target = target(name).unwrap_or_else(|| panic!("no target {name}"));
    let started = Instant::now();
    let runs = (0..2).map(|_| {
        let before = processor_time(started);
        (target.run)(text);
        processor_time(started).saturating_sub(before)
    });
    runs.min().unwrap_or_default()
}

/// A text of about this many bytes: a start, a part again and again with its number, and an end.
fn long((start, part, end): (&str, &str, &str), bytes: usize) -> Vec<u8> {
    let mut text = start.to_owned();
    for number in 0..bytes / part.len() {
        text.push_str(&part.replace('§', &number.to_string()));
    }
    text.push_str(end);
    text.into_bytes()
}

const SHAPES: &[(&str, (&str, &str, &str))] = &[
    ("events", ("[", "{\"detail-type\":\"§\"},", "{}]")),
    ("events", ("{\"detail\":\"", "\\u0041§", "\"}")),
    (
        "batches",
        ("{\"Records\":[", "{\"messageId\":\"§\",\"eventSource\":\"aws:sqs\",\"body\":\"{}\"},", "0]}"),
    ),
    (
        "document",
        ("version: 1\nmode: observe\nexemptions:\n", "  - { match: { account: \"§\" }, reason: a }\n", ""),
    ),
    ("document", ("version: 1\n", "key§: &a§ [*a§, 1]\n", "")),
    ("document", ("", "#§\n", "")),
    ("document", ("a: \"", "\\x41§", "\"")),
    (
        "policies",
        (
            "{\"Statement\":[",
            "{\"Sid\":\"S§\",\"Effect\":\"Deny\",\"Action\":\"ec2:Run*\",\"Resource\":\"*\"},",
            "{}]}",
        ),
    ),
    (
        "policies",
        (
            "{\"Statement\":{\"Effect\":\"Deny\",\"Resource\":\"*\",\"Action\":[",
            "\"ec2:RunInstances\",",
            "\"*\"]}}",
        ),
    ),
    (
        "policies",
        (
            "{\"Statement\":{\"Effect\":\"Deny\",\"Resource\":\"",
            "*a?",
            "\",\"Action\":\"ec2:RunInstances\"}}",
        ),
    ),
    ("cloudformation", ("Resources:\n", "  R§:\n    Type: AWS::EC2::Instance\n", "")),
    (
        "cloudformation",
        (
            "Resources:\n",
            "  R§: {Type: AWS::EC2::Instance, Properties: {LaunchTemplate: {LaunchTemplateId: !Ref T}}}\n",
            "  T: {Type: AWS::EC2::LaunchTemplate}\n",
        ),
    ),
    ("cloudformation", ("Parameters:\n", "  P§: {Type: String, Default: a}\n", "Resources: {}\n")),
    (
        "kubernetes",
        ("", "---\napiVersion: karpenter.k8s.aws/v1\nkind: EC2NodeClass\nmetadata: {name: n§}\n", ""),
    ),
    ("kubernetes", ("{\"builders\": [", "{\"type\": \"amazon-ebs\", \"name\": \"§\"},", "{}]}")),
    (
        "plans",
        (
            "{\"resource_changes\":[",
            "{\"address\":\"aws_instance.a§\",\"type\":\"aws_instance\",\"mode\":\"managed\",\"change\":{\"actions\":[\"create\"],\"after\":{}}},",
            "{}]}",
        ),
    ),
    ("hcl", ("", "resource \"aws_instance\" \"a§\" {}\n", "")),
    ("hcl", ("", "variable \"v§\" { default = \"a\" }\n", "")),
    ("hcl", ("locals {\n", "  l§ = \"${local.l0}-§\"\n", "}\n")),
    ("hcl", ("a = [", "\"§\", ", "]\n")),
    ("hcl-json", ("{\"resource\":{\"aws_instance\":{", "\"a§\":{},", "\"b\":{}}}}")),
    ("records", ("{\"Records\":[", "{\"eventName\":\"RunInstances\",\"eventID\":\"§\"},", "0]}")),
    ("requests", ("ec2 form\nAction=DescribeInstances", "&InstanceId.§=i-§", "")),
    ("requests", ("ec2 form\nAction=DescribeInstances&", "a.", "")),
    ("requests", ("ssm AmazonSSM.PutParameter\n{\"Value\":\"", "x§", "\"}")),
    (
        "journals",
        (
            "",
            "{\"schema\":\"v2only.journal.v1\",\"account\":\"111122223333\",\"region\":\"eu-central-1\",\"kind\":\"image\",\"id\":\"ami-§\",\"before\":{},\"change\":{}}\n",
            "",
        ),
    ),
];

#[test]
fn work_grows_with_the_text() {
    let mut slow = Vec::new();
    for (name, shape) in SHAPES {
        let bytes = 4 * 1024;
        let (short, again) = (work(name, &long(*shape, bytes)), work(name, &long(*shape, 4 * bytes)));
        if again > short.max(LEAST) * MOST {
            slow.push(format!("{name}, {:?}: {short:?} and {again:?}", shape.1));
        }
    }
    assert_eq!(slow, Vec::<String>::new());
}

/// Brackets without an end are refused before they exhaust the stack.
#[test]
fn brackets_within_brackets_are_refused() {
    let nested = [
        "[",
        "{\"a\":",
        "(",
        "${",
        "- ",
        "? ",
        "a:\n ",
        "{{",
        "!x ",
        "a.",
        "[[",
        "{\"Fn::If\":[",
        "-",
        "!",
        "a ? ",
        "%{if a}",
        "\"${",
    ];
    for target in &v2only_fuzz::TARGETS {
        for part in nested {
            for start in ["", "a = ", "Resources: ", "ec2 form\n", "locals {\n a = "] {
                (target.run)(format!("{start}{}", part.repeat(4_000)).as_bytes());
            }
        }
    }
}
