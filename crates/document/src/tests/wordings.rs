//! Which values a message shows, and which it leaves out.

use rstest::rstest;

use super::super::parse;
use super::observing;

#[track_caller]
fn messages(text: &str) -> String {
    parse(text).unwrap_err().render("policy.yaml", text)
}

#[rstest]
#[case("[]", "found an empty list")]
#[case("[a]", "found a list")]
#[case("{}", "found an empty map")]
#[case("{a: b}", "found a map")]
#[case("\"5\"", "found the text `\"5\"`")]
#[case("\"true\"", "found the text `\"true\"`")]
#[case("\"null\"", "found the text `\"null\"`")]
#[case("\"word\"", "found `word`")]
#[case("\" \"", "found empty text")]
#[case("~", "found nothing")]
fn a_value_is_named_as_it_was_written(#[case] value: &str, #[case] found: &str) {
    let messages = messages(&format!("version: 1\nmode: {value}\n"));
    assert!(messages.contains(found), "{messages}");
}

#[test]
fn quotes_are_named_only_where_the_value_is_right_without_them() {
    assert!(messages("version: \"1\"\nmode: observe\n").contains("write `1` without the quotes"));
    assert!(!messages("version: \"2\"\nmode: observe\n").contains("without the quotes"));
}

#[rstest]
#[case("yes", "did you mean `true`?")]
#[case("Enabled", "did you mean `true`?")]
#[case("no", "did you mean `false`?")]
#[case("keep", "did you mean `false`?")]
#[case("maybe", "expected `true` or `false`, found `maybe`")]
fn a_switch_takes_true_or_false(#[case] word: &str, #[case] hint: &str) {
    let messages = messages(&observing(&format!("notebooks: {{ upgrade_platform: {word} }}\n")));
    assert!(messages.contains(hint), "{messages}");
    assert_eq!(messages.contains("did you mean"), hint.starts_with("did"), "{messages}");
}

#[test]
fn of_two_documents_only_the_first_is_judged() {
    let messages = messages("version: 1\nversion: 1\nmode: observe\n---\nmode: observe\nmode: observe\n");
    assert!(messages.contains("duplicate key `version`"), "{messages}");
    assert!(!messages.contains("duplicate key `mode`"), "{messages}");
}

#[test]
fn json_that_nests_too_deeply_is_not_blamed_on_an_alias() {
    let json = format!("{}1{}", "{\"a\": ".repeat(40), "}".repeat(40));
    let messages = messages(&json);
    assert!(messages.contains("lists and maps are nested too deeply"), "{messages}");
}

#[test]
fn a_document_may_have_256_kib_and_no_byte_more() {
    let text = observing("");
    let full = format!("{text}{}", "#".repeat(256 * 1024 - text.len()));
    assert!(parse(&full).is_ok());
    assert!(messages(&format!("{full}#")).contains("at most 256 KiB"));
}

#[rstest]
#[case("Sunday 2:00 - 4:00", "did you mean `Sun 02:00-04:00`?")]
#[case("Sunday 4:00 - 2:00", "times have four digits")]
#[case("Sunday 2:00 - 2:00", "times have four digits")]
#[case("Sun 2x:00-04:00", "times have four digits")]
#[case("Sun 002:00-04:00", "times have four digits")]
#[case("Sun 04:00-04:00", "the window ends before it begins")]
fn a_window_is_corrected_only_to_one_that_fits(#[case] window: &str, #[case] words: &str) {
    let text = observing(&format!("notebooks: {{ in_service: window, window: \"{window}\" }}\n"));
    let messages = messages(&text);
    assert!(messages.contains(words), "{messages}");
}

#[rstest]
#[case("2027/01/31", Some("2027-01-31"))]
#[case("2027-1-31", Some("2027-01-31"))]
#[case("31.01.2027", Some("2027-01-31"))]
#[case("13.01.2027", Some("2027-01-13"))]
#[case("12.01.2027", None)]
#[case("31.01.27", None)]
#[case("27-01-31", None)]
fn a_day_is_corrected_where_day_and_month_are_clear(#[case] until: &str, #[case] day: Option<&str>) {
    let entry = format!("exemptions: [{{ match: {{ resource: i-1 }}, reason: r, until: \"{until}\" }}]\n");
    let messages = messages(&observing(&entry));
    let hint = day.map_or("did you mean `20".to_owned(), |day| format!("did you mean `{day}`?"));
    assert_eq!(messages.contains(&hint), day.is_some(), "{messages}");
}

#[rstest]
#[case("1111-2222-3333", "did you mean `\"111122223333\"`?")]
#[case("123456789", "if leading zeros were lost")]
#[case("12345678", "an AWS account id (12 digits)")]
#[case("12345678x", "an AWS account id (12 digits)")]
#[case("1234-5678", "an AWS account id (12 digits)")]
fn an_account_is_corrected_where_it_can_be(#[case] account: &str, #[case] words: &str) {
    let text = format!("overrides: [{{ match: {{ accounts: [\"{account}\"] }}, mode: enforce }}]\n");
    let messages = messages(&observing(&text));
    assert!(messages.contains(words), "{messages}");
    assert_eq!(messages.contains("hint"), !words.starts_with("an AWS"), "{messages}");
}

#[test]
fn a_tag_value_has_at_most_256_characters() {
    let document = |length: usize| {
        let value = "v".repeat(length);
        observing(&format!(
            "overrides: [{{ match: {{ tag: {{ key: k, value: {value} }} }}, mode: enforce }}]\n"
        ))
    };
    assert!(parse(&document(256)).is_ok());
    assert!(messages(&document(257)).contains("up to 256 characters"));
}

#[test]
fn json_has_as_few_values_as_yaml() {
    // The map and the list count as well.
    let json = |items: usize| format!("{{\"mode\": [{}1]}}", "1,".repeat(items - 1));
    assert!(!messages(&json(49_998)).contains("at most 50000 values"));
    assert!(messages(&json(49_999)).contains("at most 50000 values"));
}

#[test]
fn a_window_shorter_than_the_time_between_sweeps_is_noticed() {
    let notices = |window: &str| {
        let text = observing(&format!("notebooks: {{ in_service: window, window: \"{window}\" }}\n"));
        parse(&text).unwrap().notices.len()
    };
    assert_eq!((notices("Sun 02:00-08:00"), notices("Sun 02:00-07:59")), (0, 1));
}
