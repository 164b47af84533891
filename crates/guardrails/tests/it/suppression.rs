//! Suppressions in templates: which findings they excuse, until when, and what is reported about them.

use jiff::civil::{Date, date};
use rstest::rstest;
use v2only_guardrails::Settings;
use v2only_guardrails::iac::cloudformation::Template;
use v2only_guardrails::iac::suppression::Judged;
use v2only_policy::exemption::TagExemptions;

const TODAY: Date = date(2026, 11, 20);

fn judged_with(text: &str, limit: TagExemptions) -> Judged {
    let template = Template::read(text).unwrap().unwrap();
    Judged::of(template.findings(&Settings::shipped()), &template.directives(text), limit, TODAY)
}

fn judged(text: &str) -> Judged {
    judged_with(text, TagExemptions::default())
}

/// Addresses and codes of findings.
type Listed = Vec<(String, &'static str)>;

/// What remains, and what is suppressed.
fn outcome(text: &str) -> (Listed, Listed) {
    let judged = judged(text);
    let remain = judged.findings.into_iter().map(|it| (it.address, it.code)).collect();
    let suppressed = judged.suppressed.into_iter().map(|it| (it.finding.address, it.finding.code)).collect();
    (remain, suppressed)
}

const REST: &str = "http-tokens-not-required until=2027-01-31 reason=vendor agent";

/// Two open instances; `above` stands above the second, `beside` beside its tokens.
fn stack(above: &str, beside: &str) -> String {
    format!(
        "Resources:\n  First:\n    Type: AWS::EC2::Instance\n    Properties:\n      MetadataOptions:\n        HttpTokens: optional\n\
         {above}\n  Second:\n    Type: AWS::EC2::Instance\n    Properties:\n      MetadataOptions:\n        HttpTokens: optional{beside}\n"
    )
}

#[rstest]
#[case::above_the_resource(&format!("  # v2only:ignore {REST}"), "")]
#[case::with_other_comments_between(&format!("  # v2only:ignore {REST}\n  # the vendor promised a fix"), "")]
#[case::beside_the_value("", &format!(" # v2only:ignore {REST}"))]
#[case::without_a_space("", &format!(" #v2only:ignore {REST}"))]
#[case::last_day("", " # v2only:ignore http-tokens-not-required until=2026-11-20 reason=x")]
#[case::several_rules("", " # v2only:ignore hop-limit,http-tokens-not-required reason=x until=2026-12-01")]
fn a_comment_suppresses_findings_of_its_resource(#[case] above: &str, #[case] beside: &str) {
    let (remain, suppressed) = outcome(&stack(above, beside));
    assert_eq!(remain, [("First".to_owned(), "http-tokens-not-required")]);
    assert_eq!(suppressed, [("Second".to_owned(), "http-tokens-not-required")]);
}

#[rstest]
#[case::expired("http-tokens-not-required until=2026-11-19 reason=x", "suppression-expired")]
#[case::no_end("http-tokens-not-required reason=x", "suppression-invalid")]
#[case::no_reason("http-tokens-not-required until=2027-01-31", "suppression-invalid")]
#[case::empty_reason("http-tokens-not-required until=2027-01-31 reason=", "suppression-invalid")]
#[case::not_a_day("http-tokens-not-required until=soon reason=x", "suppression-invalid")]
#[case::too_far_away("http-tokens-not-required until=2028-01-31 reason=x", "suppression-invalid")]
#[case::no_rule("until=2027-01-31 reason=x", "suppression-invalid")]
#[case::a_rule_that_is_none("http-token until=2027-01-31 reason=x", "suppression-invalid")]
#[case::another_rule("hop-limit until=2027-01-31 reason=x", "suppression-unused")]
fn a_suppression_that_does_not_hold_is_reported_and_suppresses_no_finding(
    #[case] comment: &str,
    #[case] code: &str,
) {
    let (remain, suppressed) = outcome(&stack("", &format!(" # v2only:ignore {comment}")));
    assert_eq!(suppressed, []);
    let of_second: Vec<&str> = remain.iter().filter(|it| it.0 == "Second").map(|it| it.1).collect();
    assert_eq!(of_second.len(), 2, "{of_second:?}");
    assert!(of_second.contains(&"http-tokens-not-required") && of_second.contains(&code), "{of_second:?}");
}

#[test]
fn a_word_in_a_text_is_no_comment() {
    let (_, suppressed) = outcome(&stack("", &format!("\n      UserData: 'x#v2only:ignore {REST}'")));
    assert_eq!(suppressed, []);
}

#[test]
fn metadata_suppresses_findings_in_json() {
    let entry =
        r#"{"rule": "http-tokens-not-stated", "until": "2027-01-31", "reason": "vendor agent"}"#.to_owned();
    let rules = entry.replace("\"http-tokens-not-stated\"", r#"["hop-limit", "http-tokens-not-stated"]"#);
    for ignore in [entry.clone(), format!("[{entry}]"), rules] {
        let text = format!(
            r#"{{"Resources": {{"Web": {{"Type": "AWS::EC2::Instance", "Metadata": {{"v2only": {{"ignore": {ignore}}}}}}}}}}}"#
        );
        let judged = judged(&text);
        assert_eq!(judged.findings, []);
        let one = &judged.suppressed[0];
        assert_eq!((one.reason.as_str(), one.until), ("vendor agent", date(2027, 1, 31)));
    }
}

#[test]
fn a_comment_outside_of_the_resources_is_about_the_file_and_no_resource() {
    let comment =
        "# v2only:ignore cannot-tell,http-tokens-not-required until=2027-01-31 reason=our own macro\n";
    let (remain, suppressed) = outcome(&format!("{comment}Transform: Mine\n{}", stack("", "")));
    assert_eq!(suppressed, [("template".to_owned(), "cannot-tell")]);
    assert_eq!(remain.len(), 2);
}

#[test]
fn the_policy_can_refuse_suppressions_as_it_refuses_exemption_tags() {
    let text = stack("", &format!(" # v2only:ignore {REST}"));
    let judged = judged_with(&text, TagExemptions::Ignore);
    assert_eq!(judged.suppressed, []);
    assert!(judged.findings.iter().any(|it| it.code == "suppression-invalid"));
}

#[test]
fn a_suppression_may_last_as_long_as_an_exemption_tag() {
    for (until, holds) in [("2026-11-30", true), ("2026-12-01", false)] {
        let text = stack("", &format!(" # v2only:ignore http-tokens-not-required until={until} reason=x"));
        let judged = judged_with(&text, TagExemptions::Allow { max_days: 10 });
        assert_eq!(judged.suppressed.len(), usize::from(holds), "{until}: {:?}", judged.findings);
    }
}

#[test]
fn a_comment_in_a_loop_belongs_to_the_resource_in_its_body() {
    let text = format!(
        "Resources:\n  Fn::ForEach::All:\n    - N\n    - [A, B]\n    - 'Web${{N}}':\n        Type: AWS::EC2::Instance\n        \
         Properties: {{MetadataOptions: {{HttpTokens: optional}}}} # v2only:ignore {REST}\n"
    );
    assert_eq!(outcome(&text), (vec![], vec![("Web${N}".to_owned(), "http-tokens-not-required")]));
}
