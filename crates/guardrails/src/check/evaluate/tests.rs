//! Each operator as a truth table, by the IAM User Guide, "Condition operators".

use rstest::rstest;

use super::*;
use crate::check::read;

/// A request for an instance that carries these values of `ec2:Key`. Every other `ec2:` key is missing.
fn request(carried: Option<&[&str]>) -> Request {
    let values = carried.map(|it| it.iter().map(|it| (*it).to_owned()).collect());
    Request {
        action: "ec2:RunInstances".to_owned(),
        resource: "arn:aws:ec2:eu-central-1:111122223333:instance/i-0abc".to_owned(),
        context: values.map(|it| ("ec2:key".to_owned(), it)).into_iter().collect(),
        known: &["ec2:"],
    }
}

/// What a denial of all launches answers, with these elements beside `Effect`.
fn answer(elements: &str, request: &Request) -> Answer {
    let text = format!("{{\"Statement\": [{{\"Effect\": \"Deny\", {elements}}}]}}");
    applies(read::read(&text).unwrap().statements.first().unwrap(), request)
}

fn tested(condition: &str, request: &Request) -> Answer {
    answer(&format!(r#""Action": "*", "Resource": "*", "Condition": {{{condition}}}"#), request)
}

fn depends(keys: &[&str]) -> Answer {
    Answer::Depends(keys.iter().map(|it| (*it).to_owned()).collect())
}

/// The wanted value; carried values for which the operator holds, and for which it does not; whether it holds for
/// a request without the key.
#[rstest]
#[case("StringEquals", "b", &["b"], &["a", "B", "bb"], false)]
#[case("StringNotEquals", "b", &["a", "B", "bb"], &["b"], true)]
#[case("StringEqualsIgnoreCase", "b", &["b", "B"], &["a"], false)]
#[case("StringNotEqualsIgnoreCase", "b", &["a"], &["b", "B"], true)]
#[case("StringLike", "b*", &["b", "bc"], &["a", "Bc"], false)]
#[case("StringNotLike", "b*", &["a", "Bc"], &["b", "bc"], true)]
#[case("ArnEquals", "arn:aws:iam::*:role/b", &["arn:aws:iam::1:role/b"], &["arn:aws:iam::1:role/a", "arn:aws:iam::role/b"], false)]
#[case("ArnLike", "arn:aws:iam::*:role/b*", &["arn:aws:iam::1:role/bc"], &["arn:aws:iam::1:role/a"], false)]
#[case("ArnLike", "*", &["arn:aws:iam::1:role/b"], &[], false)]
#[case("ArnNotEquals", "arn:aws:iam::*:role/b", &["arn:aws:iam::1:role/a"], &["arn:aws:iam::1:role/b"], true)]
#[case("ArnNotLike", "arn:aws:iam::*:role/b", &["arn:aws:iam::1:role/a"], &["arn:aws:iam::1:role/b"], true)]
#[case("NumericEquals", "2", &["2", "2.0"], &["1", "0", "3", "two"], false)]
#[case("NumericEquals", "1", &["1"], &["1.0000000000000002"], false)]
#[case("NumericNotEquals", "2", &["1", "0", "3", "two"], &["2", "2.0"], true)]
#[case("NumericLessThan", "2", &["1", "1.9"], &["2", "3", "two"], false)]
#[case("NumericLessThanEquals", "2", &["1", "2"], &["3", "two"], false)]
#[case("NumericGreaterThan", "2", &["3", "2.1"], &["2", "1", "two"], false)]
#[case("NumericGreaterThanEquals", "2", &["3", "2"], &["1", "two"], false)]
#[case("Bool", "true", &["true", "True"], &["false"], false)]
fn an_operator_compares_as_iam_does(
    #[case] operator: &str,
    #[case] wanted: &str,
    #[case] holds: &[&str],
    #[case] does_not: &[&str],
    #[case] without_the_key: bool,
) {
    let test = |operator: &str, request: &Request| {
        tested(&format!(r#""{operator}": {{"ec2:Key": "{wanted}"}}"#), request)
    };
    for (values, expected) in [(holds, Answer::Yes), (does_not, Answer::No)] {
        for value in values {
            let request = request(Some(&[value]));
            assert_eq!(test(operator, &request), expected, "{operator} {wanted}: {value}");
            assert_eq!(test(&operator.to_uppercase(), &request), expected, "{operator} {wanted}: {value}");
            assert_eq!(test(&format!("{operator}IfExists"), &request), expected, "{operator}: {value}");
        }
    }
    for missing in [request(None), request(Some(&[]))] {
        assert_eq!(test(operator, &missing), Answer::of(without_the_key), "{operator} without the key");
        assert_eq!(test(&format!("{operator}IfExists"), &missing), Answer::Yes, "{operator} without the key");
    }
    let unknown = Request { known: &[], ..request(None) };
    assert_eq!(test(operator, &unknown), depends(&["ec2:Key"]), "{operator}");
}

#[rstest]
#[case("DateEquals", false)]
#[case("DateNotEquals", true)]
#[case("DateLessThan", false)]
#[case("DateLessThanEquals", false)]
#[case("DateGreaterThan", false)]
#[case("DateGreaterThanEquals", false)]
#[case("BinaryEquals", false)]
#[case("IpAddress", false)]
#[case("NotIpAddress", true)]
#[case("StringEqual", false)]
fn an_operator_that_is_not_followed_depends_on_its_key(#[case] operator: &str, #[case] not: bool) {
    let condition = format!(r#""{operator}": {{"ec2:Key": "1"}}"#);
    assert_eq!(tested(&condition, &request(Some(&["1"]))), depends(&["ec2:Key"]));
    let parsed = Operator::parse(operator);
    assert_eq!(parsed.map(|it| it.not), (operator != "StringEqual").then_some(not));
}

/// Several carried values, by the IAM User Guide, "Set operators for multivalued context keys".
#[rstest]
#[case("StringEquals", &["a"], true)]
#[case("StringEquals", &["c", "b"], true)]
#[case("StringEquals", &["c"], false)]
#[case("ForAnyValue:StringEquals", &["c", "a"], true)]
#[case("ForAnyValue:StringEquals", &["c"], false)]
#[case("ForAnyValue:StringEquals", &[], false)]
#[case("ForAnyValue:StringEqualsIfExists", &[], true)]
#[case("ForAnyValue:StringNotEquals", &["a", "c"], true)]
#[case("ForAnyValue:StringNotEquals", &["a", "b"], false)]
#[case("ForAllValues:StringEquals", &["a", "b"], true)]
#[case("ForAllValues:StringEquals", &["a", "c"], false)]
#[case("ForAllValues:StringEquals", &[], true)]
#[case("ForAllValues:StringNotEquals", &["c", "d"], true)]
#[case("ForAllValues:StringNotEquals", &["c", "a"], false)]
fn several_values_are_compared_with_each_of_the_list(
    #[case] operator: &str,
    #[case] carried: &[&str],
    #[case] holds: bool,
) {
    let condition = format!(r#""{operator}": {{"ec2:Key": ["a", "b"]}}"#);
    assert_eq!(tested(&condition, &request(Some(carried))), Answer::of(holds), "{operator} {carried:?}");
}

#[rstest]
#[case("true", None, true)]
#[case("TRUE", None, true)]
#[case("false", None, false)]
#[case("true", Some("a"), false)]
#[case("false", Some("a"), true)]
fn null_asks_whether_the_key_is_missing(
    #[case] wanted: &str,
    #[case] carried: Option<&str>,
    #[case] holds: bool,
) {
    let values: Option<Vec<&str>> = carried.map(|it| vec![it]);
    let condition = format!(r#""Null": {{"ec2:Key": "{wanted}"}}"#);
    assert_eq!(tested(&condition, &request(values.as_deref())), Answer::of(holds));
}

#[test]
fn what_does_not_apply_wins_over_what_is_not_known() {
    let request = request(Some(&["a"]));
    let unknown = r#""StringEquals": {"aws:One": "1", "aws:Other": "1"}"#;
    assert_eq!(tested(unknown, &request), depends(&["aws:One", "aws:Other"]));
    let test = |value: &str| tested(&format!(r#"{unknown}, "Bool": {{"ec2:Key": "{value}"}}"#), &request);
    assert_eq!((test("a"), test("b")), (depends(&["aws:One", "aws:Other"]), Answer::No));
    let variable = r#""StringEquals": {"ec2:Key": ["b", "${aws:username}"]}"#;
    assert_eq!(tested(variable, &request), depends(&["ec2:Key"]));
}

#[rstest]
#[case::named(r#""Action": "ec2:runinstances", "Resource": "*""#, Answer::Yes)]
#[case::another_action(r#""Action": "ec2:StartInstances", "Resource": "*""#, Answer::No)]
#[case::all_actions_but_this(r#""NotAction": "ec2:Run*", "Resource": "*""#, Answer::No)]
#[case::all_actions_but_others(r#""NotAction": "s3:*", "Resource": "*""#, Answer::Yes)]
#[case::instances(
    r#""Action": "*", "Resource": ["arn:aws:s3:::*", "arn:aws:ec2:*:*:instance/*"]"#,
    Answer::Yes
)]
#[case::images(r#""Action": "*", "Resource": "arn:aws:ec2:*::image/*""#, Answer::No)]
#[case::all_but_instances(r#""Action": "*", "NotResource": "arn:aws:ec2:*:*:instance/*""#, Answer::No)]
#[case::all_but_images(r#""Action": "*", "NotResource": "arn:aws:ec2:*::image/*""#, Answer::Yes)]
fn a_statement_is_about_actions_and_resources(#[case] elements: &str, #[case] expected: Answer) {
    assert_eq!(answer(elements, &request(None)), expected);
}

#[test]
fn a_resource_that_is_not_known_is_only_covered_by_everything() {
    let unknown = Request { resource: String::new(), ..request(None) };
    let of_everything = Request { resource: "*".to_owned(), ..request(None) };
    for (resource, of_unknown, of_all) in [
        (r#""Resource": ["arn:aws:ec2:*:*:instance/*", "*"]"#, Answer::Yes, Answer::Yes),
        (r#""Resource": "arn:aws:ec2:*:*:instance/*""#, depends(&["the resource"]), Answer::No),
        (r#""Resource": "arn:*""#, depends(&["the resource"]), Answer::No),
        (r#""NotResource": "*""#, Answer::No, Answer::No),
        (r#""NotResource": "arn:*""#, depends(&["the resource"]), Answer::Yes),
    ] {
        let elements = format!(r#""Action": "*", {resource}"#);
        assert_eq!(answer(&elements, &unknown), of_unknown, "{resource}");
        assert_eq!(answer(&elements, &of_everything), of_all, "{resource}");
    }
}
