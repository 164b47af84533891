//! Widths, cards and pipes.

use super::*;

/// Three rows: one short, one with a long name and a text, one with wide characters.
fn sheet(terminal: Option<u16>) -> Sheet {
    let columns = [
        Column::text("NAME"),
        Column::short("ACCOUNT/REGION"),
        Column::short("STATE"),
        Column::text("WHY"),
        Column::text("NEXT"),
    ];
    let mut sheet = Sheet::new(columns, terminal);
    let words = "the account default does not require tokens and no launch template sets them";
    for (name, why) in [
        ("web", "HttpTokens is optional"),
        ("batch-processing-of-nightly-invoices-primary-worker-0001", words),
        ("決済サーバー", "実行中"),
    ] {
        sheet.row(vec![
            Entry::Lines(vec![name.to_owned(), "i-0123456789abcdef0".to_owned()]),
            "111122223333/ap-southeast-2".to_owned().into(),
            Entry::Word("violation".to_owned()),
            Entry::Lines(vec![why.to_owned(), "image ami-0123456789abcdef0".to_owned()]),
            "HttpTokens=required HttpPutResponseHopLimit=2".to_owned().into(),
        ]);
    }
    sheet
}

fn shown(terminal: Option<u16>) -> String {
    anstream::adapter::strip_str(&sheet(terminal).text()).to_string()
}

#[test]
fn no_word_is_broken_and_no_line_is_wider_than_the_terminal() {
    let whole = shown(None);
    for terminal in 60..=200 {
        let text = shown(Some(terminal));
        for line in text.lines() {
            assert!(line.width() <= usize::from(terminal), "{terminal}: {line}");
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        for word in whole.split_whitespace().filter(|it| !it.chars().all(char::is_uppercase)) {
            let word = word.trim_end_matches(';');
            assert!(
                words.iter().any(|it| it.trim_end_matches(',') == word) || word.contains("ACCOUNT/"),
                "{terminal}: {word}\n{text}"
            );
        }
    }
}

#[test]
fn a_narrow_terminal_gets_cards_and_a_wide_one_columns() {
    assert!(shown(Some(80)).starts_with(" web  i-0123456789abcdef0  violation\n   account/region 1111"));
    assert!(shown(Some(200)).starts_with(" NAME"));
}

#[test]
fn a_pipe_gets_one_line_for_each_row_and_short_padding() {
    let text = shown(None);
    let lines: Vec<&str> = text.lines().collect();
    let [_, short, long, _] = lines[..] else { panic!("{text}") };
    assert!(short.width() + WIDEST_PADDING < long.width(), "{text}");
}

#[test]
fn a_column_without_text_is_not_shown() {
    let mut sheet = Sheet::new([Column::text("NAME"), Column::short("EMPTY"), Column::short("N")], None);
    sheet.row(vec!["a".to_owned().into(), String::new().into(), "1".to_owned().into()]);
    assert_eq!(anstream::adapter::strip_str(&sheet.text()).to_string(), " NAME  N\n a     1");
}

#[test]
fn wide_characters_count_twice() {
    let mut sheet = Sheet::new([Column::text("NAME"), Column::short("N")], Some(80));
    sheet.row(vec!["決済".to_owned().into(), "1".to_owned().into()]);
    sheet.row(vec!["abcd".to_owned().into(), "2".to_owned().into()]);
    assert_eq!(anstream::adapter::strip_str(&sheet.text()).to_string(), " NAME  N\n 決済  1\n abcd  2");
}
