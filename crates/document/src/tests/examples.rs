//! The examples at the root of the repository.

use std::fs;
use std::path::Path;

use super::super::parse;

#[test]
#[expect(clippy::disallowed_methods, reason = "the test reads the published examples")]
fn every_example_is_accepted_without_a_notice_and_says_what_it_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/policy");
    let mut read = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        match parse(&text) {
            Ok(document) => assert_eq!(document.notices, [], "{name}"),
            Err(invalid) => panic!("{}", invalid.render(&name, &text)),
        }
        assert!(text.starts_with("# "), "{name} opens with a comment");
        assert!(super::schema::allows(&text), "{name} is as the schema wants it");
        read += 1;
    }
    assert_eq!(read, 6);
}
