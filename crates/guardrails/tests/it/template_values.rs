//! What functions, parameters and conditions of CloudFormation come to.

use rstest::rstest;
use v2only_guardrails::Settings;
use v2only_guardrails::iac::cloudformation::Template;

use super::templates::findings;

const NOT_STATED: &str = "Error: HttpTokens is not stated, so the account default and the AMI decide";

/// The level and the reason of what is found for one instance with these tokens, beside other keys of a template.
fn tokens(tokens: &str, beside: &str) -> String {
    let text = format!(
        "{beside}\nResources:\n  Web:\n    Type: AWS::EC2::Instance\n    Properties:\n      MetadataOptions:\n        \
         HttpTokens: {tokens}\n"
    );
    let found = findings(&text);
    assert!(found.len() <= 1, "{found:?}");
    found.first().map_or_else(String::new, |it| format!("{:?}: {}", it.level, it.why))
}

#[rstest]
#[case("~", NOT_STATED)]
#[case("null", NOT_STATED)]
#[case("Null", NOT_STATED)]
#[case("NULL", NOT_STATED)]
#[case("!Ref AWS::NoValue", NOT_STATED)]
#[case("''", "Error: HttpTokens is ")]
#[case("'null'", "Error: HttpTokens is null")]
#[case("{a: b}", "Error: HttpTokens is not a text")]
#[case("{Ref: P, b: c}", "Error: Ref stands among other keys, which is no function")]
#[case("{Fn::Sub: a, b: c}", "Error: Fn::Sub stands among other keys, which is no function")]
#[case("{Fn::Transform: a, b: c}", "Error: HttpTokens is not a text")]
#[case("!Ref P", "Note: HttpTokens comes from !Ref (P)")]
#[case("{Ref: P}", "Note: HttpTokens comes from Ref (P)")]
#[case("!Ref [a]", "Note: HttpTokens comes from !Ref")]
#[case("!Ref D", "Note: HttpTokens comes from !Ref (D, by default optional)")]
#[case("!Ref One", "Error: HttpTokens is optional, from !Ref (One)")]
#[case("!Ref Both", "Note: in one case HttpTokens is optional, from !Ref (Both)")]
#[case("!Ref None", "Note: HttpTokens comes from !Ref (None)")]
#[case("!Ref Ssm", "Note: HttpTokens comes from !Ref (Ssm)")]
#[case("!If [C, required, optional]", "Note: in one case HttpTokens is optional, from !If (condition C)")]
#[case("!If [C, optional, optional]", "Error: HttpTokens is optional, from !If (condition C)")]
#[case("!If [C, !Ref P, optional]", "Note: HttpTokens comes from !Ref (P)")]
#[case("!If [C, required]", "Note: HttpTokens comes from !If")]
#[case("!If C", "Note: HttpTokens comes from !If")]
#[case("!If [Same, required, optional]", "")]
#[case("!If [Different, required, optional]", "Error: HttpTokens is optional")]
#[case("!If [Neither, optional, required]", "")]
#[case("!If [Unknown, optional, optional]", "Error: HttpTokens is optional, from !If (condition Unknown)")]
#[case("!If [Part, required, optional]", "Error: HttpTokens is optional")]
#[case("!If [Some, required, optional]", "")]
#[case(
    "!If [Open, required, optional]",
    "Note: in one case HttpTokens is optional, from !If (condition Open)"
)]
#[case(
    "!If [Ring, required, optional]",
    "Note: in one case HttpTokens is optional, from !If (condition Ring)"
)]
#[case("!Sub required", "")]
#[case("!Sub 'a${P}'", "Note: HttpTokens comes from !Sub")]
#[case("!Sub ['${A}d', {A: require}]", "")]
#[case("!Sub 'a${!P}'", "Error: HttpTokens is a${P}")]
#[case("!Sub '${P'", "Note: HttpTokens comes from !Sub")]
#[case("!Join ['-', [a, b]]", "Error: HttpTokens is a-b")]
#[case("!Join ['-', [a, !Ref P]]", "Note: HttpTokens comes from !Join")]
#[case("!Join [a]", "Note: HttpTokens comes from !Join")]
#[case("!Select [1, [a, required]]", "")]
#[case("!Select [M, !Ref P, T]", "Note: HttpTokens comes from !Select")]
#[case("!Select [2, [a, b]]", "Note: HttpTokens comes from !Select")]
#[case("!Select ['0', [!If [Same, required, a], b]]", "")]
#[case("!FindInMap [M, x, T]", "Error: HttpTokens is optional")]
#[case("!FindInMap [M, y, T]", "")]
#[case("!FindInMap [M, !Ref P, T]", "Note: in one case HttpTokens is optional, from the mapping M")]
#[case("!FindInMap [M, !Ref P, U]", "Note: HttpTokens comes from !FindInMap")]
#[case("!FindInMap [N, !Ref P, T]", "Note: HttpTokens comes from !FindInMap")]
#[case("!FindInMap [!Ref P, x, T]", "Note: HttpTokens comes from !FindInMap")]
#[case("!FindInMap [M, x]", "Note: HttpTokens comes from !FindInMap")]
#[case("!GetAtt A.B", "Note: HttpTokens comes from !GetAtt")]
fn tokens_are_what_functions_return(#[case] value: &str, #[case] expected: &str) {
    const BESIDE: &str = "
Parameters:
  P: {Type: String}
  D: {Type: String, Default: optional}
  One: {Type: String, AllowedValues: [optional]}
  Both: {Type: String, AllowedValues: [required, optional]}
  None: {Type: String, AllowedValues: []}
  Ssm: {Type: 'AWS::SSM::Parameter::Value<String>', AllowedValues: [required]}
Mappings:
  M: {x: {T: optional}, y: {T: required, U: a}}
Conditions:
  C: !Equals [!Ref P, a]
  Same: !Equals [a, a]
  Different: !Not [!Condition Same]
  Neither: !Or [!Condition Different, !Equals [a, b]]
  Part: !And [!Condition Different, !Condition C]
  Some: !Or [!Condition Same, !Condition C]
  Open: !Or [!Condition Different, !Condition C]
  Ring: !Not [!Condition Ring]";
    assert_eq!(tokens(value, BESIDE), expected);
}

/// The long form of functions, as the CDK writes it.
#[rstest]
#[case("{Fn::Sub: required}", "")]
#[case("{Fn::Sub: ['${A}d', {A: require}]}", "")]
#[case("{Fn::Join: ['', [option, al]]}", "Error: HttpTokens is optional")]
#[case("{Fn::Select: [1, [a, required]]}", "")]
#[case("{Fn::FindInMap: [M, y, T]}", "")]
#[case("{Fn::FindInMap: [M, {Ref: P}, T]}", "Note: in one case HttpTokens is optional, from the mapping M")]
#[case("{Fn::GetAtt: [A, B]}", "Note: HttpTokens comes from Fn::GetAtt")]
#[case(
    "{Fn::If: [C, required, optional]}",
    "Note: in one case HttpTokens is optional, from Fn::If (condition C)"
)]
#[case("{Fn::If: [Same, required, optional]}", "")]
#[case("{Fn::If: [Different, required, optional]}", "Error: HttpTokens is optional")]
#[case("{Fn::If: [All, required, optional]}", "")]
#[case("{Fn::If: [Any, optional, required]}", "")]
fn a_function_in_the_long_form_is_the_same(#[case] value: &str, #[case] expected: &str) {
    const BESIDE: &str = "
Parameters:
  P: {Type: String}
Mappings:
  M: {x: {T: optional}, y: {T: required}}
Conditions:
  C: {Fn::Equals: [{Ref: P}, a]}
  Same: {Fn::Equals: [a, a]}
  Different: {Fn::Not: [{Condition: Same}]}
  All: {Fn::And: [{Condition: Same}, {Fn::Not: [{Condition: Different}]}]}
  Any: {Fn::Or: [{Condition: Different}, {Fn::Equals: [a, b]}]}";
    assert_eq!(tokens(value, BESIDE), expected);
}

/// A function within others is followed up to a limit.
#[test]
fn functions_within_functions_are_followed_up_to_a_limit() {
    let nested = |depth: usize| {
        let value = (0..depth).fold("optional".to_owned(), |inner, _| format!("!If [C, {inner}, {inner}]"));
        tokens(&value, "")
    };
    // The number of cases doubles with each function.
    assert_eq!(nested(10), "Error: HttpTokens is optional, from !If (condition C)");
    let chosen = |depth: usize, beside: &str| {
        let value = (0..depth).fold("optional".to_owned(), |inner, _| format!("!If [C, {inner}, optional]"));
        tokens(&value, beside)
    };
    assert_eq!(chosen(17, ""), "Error: HttpTokens is optional, from !If (condition C)");
    assert_eq!(chosen(18, ""), "Note: HttpTokens comes from !If");
    let known = "Conditions: {C: !Equals [a, a]}";
    assert_eq!(chosen(17, known), "Error: HttpTokens is optional");
    assert_eq!(chosen(18, known), "Note: HttpTokens comes from !If");
    let joined = |depth: usize| {
        let value = (0..depth).fold("optional".to_owned(), |inner, _| format!("!Join ['', [{inner}]]"));
        tokens(&value, "")
    };
    assert_eq!(joined(16), "Error: HttpTokens is optional");
    assert_eq!(joined(17), "Note: HttpTokens comes from !Join");
}

/// The condition that chooses a map chooses what is in it.
#[test]
fn options_that_a_condition_chooses_name_it() {
    let options = "!If [C, {HttpTokens: optional}, {HttpTokens: required}]";
    let text = format!(
        "Resources: {{A: {{Type: AWS::EC2::Instance, Properties: {{MetadataOptions: {options}}}}}}}\n"
    );
    let whys: Vec<String> = findings(&text).into_iter().map(|it| it.why).collect();
    assert_eq!(whys, ["in one case HttpTokens is optional, from !If (condition C)"]);
}

/// Conditions, and functions within them, count as functions within functions.
#[test]
fn conditions_within_functions_are_followed_up_to_a_limit() {
    fn nested(depth: usize, open: &str, inner: &str, close: &str) -> String {
        format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
    }
    let decides = |value: &str, conditions: &str| {
        let found = tokens(value, &format!("Conditions:\n  C: {conditions}"));
        assert!(found.is_empty() || found.starts_with("Note: "), "{found}");
        found.is_empty()
    };
    let known = |conditions: &str| {
        let [yes, no] = ["!If [C, required, optional]", "!If [C, optional, required]"];
        decides(yes, conditions) || decides(no, conditions)
    };
    let nots = |depth: usize| nested(depth, "!Not [", "!Equals [a, a]", "]");
    assert_eq!((known(&nots(16)), known(&nots(17))), (true, false));
    let joined = "!Join ['', [!If [C, required, required]]]";
    assert_eq!((decides(joined, &nots(14)), decides(joined, &nots(15))), (true, false));
    let named = |depth: usize| {
        let names: String = (1..depth).map(|it| format!("!Condition C{it}\n  C{it}: ")).collect();
        format!("{names}!Equals [a, a]")
    };
    assert_eq!((known(&named(17)), known(&named(18))), (true, false));
    let equal = |depth: usize| {
        let text = nested(depth, "!Join ['', [", "a", "]]");
        (format!("!Equals [a, {text}]"), format!("!Equals [{text}, a]"))
    };
    for (depth, expected) in [(16, true), (17, false)] {
        let (right, left) = equal(depth);
        assert_eq!((known(&right), known(&left)), (expected, expected), "{depth}");
    }
    let substituted = |depth: usize| nested(depth, "!Sub ['${A}', {A: ", "required", "}]");
    assert!(decides(&substituted(16), "!Equals [a, a]") && !decides(&substituted(17), "!Equals [a, a]"));
}

#[test]
fn the_defaults_of_parameters_hold_in_the_body_of_a_stack_set() {
    let text = "Resources:\n  S:\n    Type: AWS::CloudFormation::StackSet\n    Properties:\n      TemplateBody: |\n        \
                Parameters: {P: {Type: String, Default: required}}\n        \
                Resources: {W: {Type: AWS::EC2::Instance, Properties: {MetadataOptions: {HttpTokens: !Ref P}}}}\n";
    let template = Template::read(text).unwrap().unwrap();
    assert_eq!(template.findings(&Settings::shipped()).len(), 1);
    assert_eq!(template.with_parameter_defaults().findings(&Settings::shipped()), []);
}
