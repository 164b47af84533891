//! Policies that others wrote, and what went wrong with them in the field.

use rstest::rstest;
use v2only_guardrails::check::{Against, Attachment, CODES, Finding, Level, Outcome, Report, check};
use v2only_guardrails::{Kind, Settings, render};

fn checked(text: &str, attachment: Attachment) -> Report {
    check(text, Against { settings: &Settings::shipped(), own: false, attachment }).unwrap()
}

fn scp(statement: &str) -> String {
    format!("{{\"Version\":\"2012-10-17\",\"Statement\":[\n{statement}\n]}}")
}

fn found(text: &str) -> Vec<Finding> {
    checked(text, Attachment::Scp).findings
}

fn outcome(text: &str, id: &str) -> Outcome {
    let effects = checked(text, Attachment::Scp).effects;
    effects.into_iter().find(|it| it.id == id).unwrap().outcome
}

fn denied(text: &str, id: &str) -> bool {
    matches!(outcome(text, id), Outcome::Denied(_))
}

const MISSPELT: &str = r#"{"Sid":"Launch","Effect":"Deny","Action":"ec2:RunInstances","Resource":"arn:aws:ec2:*:*:instance/*",
 "Condition":{"StringNotEquals":
  {"ec2:MetadataHttpsTokens":"required"}}}"#;

#[test]
fn a_misspelt_key_is_named_with_its_line_and_the_right_spelling() {
    let text = scp(MISSPELT);
    let [finding] = found(&text).try_into().unwrap();
    assert_eq!((finding.code, finding.at.line, finding.at.column), ("unknown-condition-key", 4, 4));
    assert_eq!(finding.statement.as_deref(), Some("Launch"));
    assert!(finding.message.contains("`ec2:MetadataHttpsTokens`"), "{}", finding.message);
    assert_eq!(finding.instead, "did you mean `ec2:MetadataHttpTokens`?");
    assert!(denied(&text, "launch-v2"), "which is what is so bad about it");
}

const NOT_REQUIRED: &str = r#""Condition":{"StringNotEquals":{"ec2:MetadataHttpTokens":"required"}}"#;

#[rstest]
#[case::everything(r#""*""#)]
#[case::launch_templates(r#"["arn:aws:ec2:*:*:instance/*","arn:aws:ec2:*:*:launch-template/*"]"#)]
#[case::images(r#"["arn:aws:ec2:*::image/*"]"#)]
fn a_key_that_a_resource_type_lacks_denies_every_launch(#[case] resource: &str) {
    let text = scp(&format!(
        r#"{{"Sid":"L","Effect":"Deny","Action":"ec2:RunInstances","Resource":{resource},{NOT_REQUIRED}}}"#
    ));
    let findings = found(&text);
    assert_eq!(findings.iter().map(|it| it.code).collect::<Vec<_>>(), ["key-not-on-resource"]);
    assert!(findings[0].instead.contains("instance/*"));
    assert!(denied(&text, "launch-template-v2"));
}

#[test]
fn a_notebook_policy_that_is_an_allow_restricts_nothing() {
    let text = scp(
        r#"{"Sid":"Notebooks","Effect":"Allow","Action":["sagemaker:CreateNotebookInstance"],"Resource":"*",
        "Condition":{"StringEquals":{"sagemaker:MinimumInstanceMetadataServiceVersion":"2"}}}"#,
    );
    assert_eq!(found(&text)[0].code, "allow-restricts-nothing");
    assert!(!denied(&text, "notebook-create-v1"));
    assert_eq!(found(&scp(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#)), []);
}

#[test]
fn a_policy_that_blocks_remediation_is_named() {
    let text =
        scp(r#"{"Sid":"Admins","Effect":"Deny","Action":"ec2:ModifyInstanceMetadataOptions","Resource":"*",
        "Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/admins"}}}"#);
    let findings = found(&text);
    assert!(findings.iter().all(|it| it.code == "locks-out-remediation" && it.level == Level::Error));
    assert!(
        findings[0].instead.contains("arn:aws:iam::*:role/v2only-ec2-enforcer"),
        "{}",
        findings[0].instead
    );
    assert!(denied(&text, "fix-instance") && denied(&text, "restore-instance"));
}

#[rstest]
#[case::tokens("ec2:ModifyInstanceMetadataOptions", "ec2:Attribute/HttpTokens", "required", "hop-limit-only")]
#[case::notebooks(
    "sagemaker:UpdateNotebookInstance",
    "sagemaker:MinimumInstanceMetadataServiceVersion",
    "2",
    "notebook-update-other"
)]
fn a_missing_guard_denies_what_has_nothing_to_do_with_it(
    #[case] action: &str,
    #[case] key: &str,
    #[case] value: &str,
    #[case] other: &str,
) {
    let with = |more: &str| {
        scp(&format!(
            r#"{{"Sid":"S","Effect":"Deny","Action":"{action}","Resource":"*","Condition":{{"StringNotEquals":{{"{key}":"{value}"}}{more}}}}}"#
        ))
    };
    let findings = found(&with(""));
    let guard = findings.iter().find(|it| it.code == "missing-null-guard").unwrap();
    assert!(guard.instead.contains(&format!("\"Null\": {{\"{key}\": \"false\"}}")), "{}", guard.instead);
    assert!(denied(&with(""), other));
    let guarded = with(&format!(r#","Null":{{"{key}":"false"}}"#));
    assert!(found(&guarded).iter().all(|it| it.code != "missing-null-guard"));
    assert!(!denied(&guarded, other));
    // `IfExists` does not help: it makes a test hold for what is missing.
    let if_exists = with("").replace("StringNotEquals", "StringNotEqualsIfExists");
    assert!(found(&if_exists).iter().any(|it| it.code == "missing-null-guard"));
}

#[rstest]
#[case::text_for_a_number("StringNotEquals", "ec2:MetadataHttpPutResponseHopLimit", "2", "wrong-operator")]
#[case::number_for_a_text("NumericNotEquals", "ec2:MetadataHttpTokens", "1", "wrong-operator")]
#[case::role_delivery("StringEquals", "ec2:RoleDelivery", "1.0", "wrong-operator")]
#[case::operator("StringNotEqual", "ec2:MetadataHttpTokens", "required", "unknown-operator")]
#[case::value("StringNotEquals", "ec2:MetadataHttpTokens", "v2", "impossible-value")]
fn operators_and_values_that_do_not_fit(
    #[case] operator: &str,
    #[case] key: &str,
    #[case] value: &str,
    #[case] code: &str,
) {
    let text = scp(&format!(
        r#"{{"Sid":"S","Effect":"Deny","Action":"ec2:RunInstances","Resource":"arn:aws:ec2:*:*:instance/*","Condition":{{"{operator}":{{"{key}":"{value}"}}}}}}"#
    ));
    assert!(found(&text).iter().any(|it| it.code == code), "{:?}", found(&text));
}

#[test]
fn what_is_only_nearly_right_is_named() {
    let text = scp(r#"{"Sid":"S","Effect":"Deny","Action":"ec2:RunInstance","Resource":"*"}"#);
    assert_eq!(found(&text)[0].instead, "did you mean `ec2:RunInstances`?");
    let text = scp(
        r#"{"Sid":"S","Effect":"Deny","Action":"ec2:RunInstances","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}}}"#,
    );
    assert_eq!(found(&text)[0].code, "exempts-everybody");
    let text =
        scp(r#"{"Sid":"S","Effect":"Deny","Action":"ec2:StopInstances","Resource":"*","Principal":"*"}"#);
    assert_eq!(found(&text).iter().map(|it| it.code).collect::<Vec<_>>(), ["principal-in-policy"]);
}

#[test]
fn a_role_that_the_document_does_not_know_is_named_when_there_is_one() {
    let text = scp(
        r#"{"Sid":"S","Effect":"Deny","Action":"ec2:ModifyInstanceMetadataDefaults","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":["arn:aws:iam::*:role/v2only-owner","arn:aws:iam::*:role/left-years-ago"]}}}"#,
    );
    let settings = Settings::shipped();
    let against = |own| Against { settings: &settings, own, attachment: Attachment::Scp };
    assert_eq!(check(&text, against(false)).unwrap().findings, []);
    let findings = check(&text, against(true)).unwrap().findings;
    assert_eq!(findings.iter().map(|it| it.code).collect::<Vec<_>>(), ["exempt-role-unknown"]);
    assert!(findings[0].message.contains("left-years-ago"));
}

#[test]
fn a_policy_over_the_limit_is_named() {
    let long = scp(&format!(
        r#"{{"Sid":"S","Effect":"Deny","Action":"ec2:StopInstances","Resource":"{}"}}"#,
        "a".repeat(11_000)
    ));
    assert_eq!((found(&long)[0].code, found(&long)[0].level), ("too-large", Level::Error));
    let before = scp(&format!(
        r#"{{"Sid":"S","Effect":"Deny","Action":"ec2:StopInstances","Resource":"{}"}}"#,
        "a".repeat(6_000)
    ));
    assert_eq!(found(&before)[0].level, Level::Note);
}

#[rstest]
#[case::no_json("{", 1, 1, "not JSON: EOF while parsing an object")]
#[case::a_comma("{\n \"Statement\": [,]}", 2, 16, "not JSON: expected value")]
#[case::wide_characters("{\n \"\u{1d54f}é\": ,}", 2, 8, "not JSON: expected value")]
#[case::an_end_behind_a_wide_character("{\"\u{1d54f}", 1, 3, "not JSON: EOF while parsing a string")]
#[case::no_policy("{\n  \"a\": 1}", 2, 3, "unknown element `a`")]
#[case::no_effect("{\"Statement\":[\n{\"Action\":\"a\"}]}", 2, 1, "statement 1 has no `Effect`")]
#[case::misspelt(
    "{\"Statement\":[{\"Effect\":\"Deny\",\"Actoin\":\"a\"}]}",
    1,
    32,
    "unknown element `Actoin`"
)]
#[case::a_list("[1]", 1, 1, "a policy is a JSON object")]
fn what_is_no_policy_is_refused_with_its_place(
    #[case] text: &str,
    #[case] line: usize,
    #[case] column: usize,
    #[case] message: &str,
) {
    let settings = Settings::shipped();
    let against = Against { settings: &settings, own: false, attachment: Attachment::Scp };
    let invalid = check(text, against).unwrap_err();
    assert_eq!((invalid.at.line, invalid.at.column, invalid.message.as_str()), (line, column, message));
}

/// What a policy cannot tell alone is said, and not guessed.
#[test]
fn what_depends_on_another_key_is_said_to() {
    let text = scp(
        r#"{"Sid":"S","Effect":"Deny","Action":"ec2:RunInstances","Resource":"arn:aws:ec2:*:*:instance/*","Condition":{"StringNotEquals":{"ec2:MetadataHttpTokens":"required"},"StringEquals":{"aws:RequestedRegion":"us-east-1"}}}"#,
    );
    assert_eq!(outcome(&text, "launch-v1"), Outcome::Depends(["aws:RequestedRegion".to_owned()].into()));
    assert_eq!(outcome(&text, "launch-v2"), Outcome::Allowed);
}

#[test]
fn what_is_shipped_has_no_errors_and_does_what_it_says() {
    for file in render(&Settings::shipped()).unwrap() {
        let attachment = match file.kind {
            Kind::Scp => Attachment::Scp,
            Kind::Rcp => Attachment::Rcp,
            Kind::Iam => Attachment::Identity,
            Kind::Declarative => continue,
        };
        let report = checked(&file.json, attachment);
        assert_eq!(report.findings, [], "{}", file.path);
        let ours: Vec<_> = report.effects.iter().filter(|it| it.ours).collect();
        assert!(ours.len() >= 6 || file.kind == Kind::Rcp);
        if file.kind == Kind::Scp {
            for case in ours {
                assert!(!matches!(case.outcome, Outcome::Denied(_)), "{}: {case:?}", file.path);
            }
        }
    }
}

#[test]
fn every_code_is_declared_once() {
    let mut codes: Vec<&str> = CODES.iter().map(|(code, _)| *code).collect();
    let before = codes.clone();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes, before, "in the order of the alphabet, and once");
}

fn rcp(statement: &str) -> Report {
    checked(&scp(statement), Attachment::Rcp)
}

#[test]
fn a_resource_control_policy_is_understood() {
    let right = r#"{"Sid":"S","Effect":"Deny","Principal":"*","Action":["s3:*","sqs:*"],"Resource":"*",
        "Condition":{"NumericLessThan":{"ec2:RoleDelivery":"2.0"}}}"#;
    let report = rcp(right);
    assert_eq!(report.findings, []);
    let outcomes: Vec<_> = report.effects.into_iter().map(|it| (it.id, it.outcome)).collect();
    assert_eq!(outcomes, [("data-v1", Outcome::Denied(vec!["S".to_owned()])), ("data-v2", Outcome::Allowed)]);
    // As a service control policy its Principal is a mistake, and the hint names the option.
    let finding = &found(&scp(right))[0];
    assert_eq!(finding.code, "principal-in-policy");
    assert!(finding.instead.contains("--as rcp"), "{}", finding.instead);
}

#[rstest]
#[case::no_principal(r#"{"Effect":"Deny","Action":"s3:*","Resource":"*"}"#, "malformed")]
#[case::one_principal(
    r#"{"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"s3:*","Resource":"*"}"#,
    "malformed"
)]
#[case::not_principal(r#"{"Effect":"Deny","NotPrincipal":"*","Action":"s3:*","Resource":"*"}"#, "malformed")]
#[case::an_allow(r#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}"#, "malformed")]
#[case::every_action(r#"{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}"#, "malformed")]
#[case::not_action(r#"{"Effect":"Deny","Principal":"*","NotAction":"s3:*","Resource":"*"}"#, "malformed")]
#[case::launches(
    r#"{"Effect":"Deny","Principal":"*","Action":"ec2:RunInstances","Resource":"*"}"#,
    "unsupported-service"
)]
#[case::notebooks(
    r#"{"Effect":"Deny","Principal":"*","Action":"sagemaker:*","Resource":"*"}"#,
    "unsupported-service"
)]
fn what_a_resource_control_policy_cannot_say_is_an_error(#[case] statement: &str, #[case] code: &str) {
    let findings = rcp(statement).findings;
    assert_eq!(findings.iter().map(|it| (it.code, it.level)).collect::<Vec<_>>(), [(code, Level::Error)]);
}

#[test]
fn the_full_access_of_aws_is_no_mistake_in_a_resource_control_policy() {
    assert_eq!(rcp(r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#).findings, []);
}

#[test]
fn an_allow_list_is_understood_by_what_it_leaves_out() {
    let list =
        scp(r#"{"Sid":"List","Effect":"Allow","Action":["s3:*","ec2:*","sagemaker:*"],"Resource":"*"},
           {"Sid":"V2","Effect":"Deny","Action":"ec2:RunInstances","Resource":"arn:aws:ec2:*:*:instance/*",
            "Condition":{"StringNotEquals":{"ec2:MetadataHttpTokens":"required"}}}"#);
    let findings = found(&list);
    assert_eq!(
        findings.iter().map(|it| (it.code, it.level)).collect::<Vec<_>>(),
        [("allow-list", Level::Note)]
    );
    assert_eq!(outcome(&list, "launch-v2"), Outcome::Allowed);
    assert!(denied(&list, "launch-v1"));
    // Not on the list.
    assert_eq!(outcome(&list, "image-builder-v1"), Outcome::NotGranted);

    let narrow = scp(r#"{"Sid":"List","Effect":"Allow","Action":["s3:*","ec2:*"],"Resource":"*"}"#);
    let locked: Vec<Finding> =
        found(&narrow).into_iter().filter(|it| it.code == "locks-out-remediation").collect();
    assert!(locked.iter().any(|it| it.instead.contains("sagemaker:UpdateNotebookInstance")), "{locked:?}");
    assert_eq!(outcome(&narrow, "notebook-create-v1"), Outcome::NotGranted);
}

#[test]
fn a_conditioned_grant_restricts_an_allow_list_unless_a_wider_one_is_beside_it() {
    const LAUNCH: &str = r#"{"Sid":"Launch","Effect":"Allow","Action":"ec2:RunInstances","Resource":"arn:aws:ec2:*:*:instance/*",
        "Condition":{"StringEquals":{"ec2:MetadataHttpTokens":"required"}}}"#;
    let list = |actions: &str| {
        scp(&format!(r#"{{"Sid":"List","Effect":"Allow","Action":{actions},"Resource":"*"}},{LAUNCH}"#))
    };
    let wide = found(&list(r#"["ec2:*","sagemaker:*"]"#));
    assert!(
        wide.iter().any(|it| it.code == "allow-restricts-nothing" && it.level == Level::Warning),
        "{wide:?}"
    );
    let narrow = found(&list(r#"["ec2:Describe*","ec2:Modify*","ec2:CreateTags","sagemaker:*"]"#));
    assert!(narrow.iter().all(|it| it.code != "allow-restricts-nothing"), "{narrow:?}");
}

#[rstest]
#[case::a_statement(r#"{"Effect":"Deny","Action":"ec2:RunInstances","Resource":"*"}"#)]
#[case::a_statement_that_begins_with_its_principal(
    r#"{"Principal":"*","Effect":"Deny","Action":"s3:*","Resource":"*"}"#
)]
#[case::a_list_of_statements(r#"[{"Effect":"Deny","Action":"ec2:RunInstances","Resource":"*"}]"#)]
fn a_bare_statement_is_to_be_wrapped(#[case] text: &str) {
    let settings = Settings::shipped();
    let invalid =
        check(text, Against { settings: &settings, own: false, attachment: Attachment::Scp }).unwrap_err();
    assert!(invalid.instead.starts_with("wrap it: "), "{invalid:?}");
}
