//! Signed documents: only the exact text under the exact key is accepted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use rstest::rstest;

use crate::{PublicKey, SIGNATURE_MARK, parse};

const DOCUMENT: &str = "version: 1\nmode: enforce\nexemptions: []\n";

fn pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn pem_line(key: &[u8]) -> String {
    let mut der = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    der.extend(key);
    STANDARD.encode(der)
}

fn public(seed: u8) -> PublicKey {
    PublicKey::parse(&pem_line(pair(seed).public_key().as_ref())).unwrap()
}

fn signature(document: &str, seed: u8) -> String {
    format!("{SIGNATURE_MARK}{}", STANDARD.encode(pair(seed).sign(document.as_bytes())))
}

fn signed(document: &str, seed: u8) -> String {
    format!("{document}{}\n", signature(document, seed))
}

fn refusal(text: &str) -> String {
    public(1).verify(text).unwrap_err().to_string()
}

#[rstest]
#[case::as_signed(signed(DOCUMENT, 1))]
#[case::without_a_last_line_break(signed(DOCUMENT, 1).trim_end().to_owned())]
#[case::with_blank_lines_at_the_end(format!("{}\n \n", signed(DOCUMENT, 1)))]
#[case::windows_line_breaks(signed("version: 1\r\nmode: observe\r\n", 1))]
#[case::json(signed("{\"version\": 1, \"mode\": \"observe\"}\n", 1))]
fn the_signed_text_is_accepted_and_still_a_document(#[case] text: String) {
    assert_eq!(public(1).verify(&text), Ok(()));
    assert!(parse(&text).is_ok());
}

#[rstest]
#[case::missing(DOCUMENT.to_owned(), "is not signed")]
#[case::empty(String::new(), "is not signed")]
#[case::another_key(signed(DOCUMENT, 2), "does not fit")]
#[case::another_document(signed(DOCUMENT, 1).replace("enforce", "observe"), "does not fit")]
#[case::a_rule_after_the_signature(format!("{}mode: observe\n", signed(DOCUMENT, 1)), "is not signed")]
#[case::a_comment_after_the_signature(format!("{}# reviewed\n", signed(DOCUMENT, 1)), "is not signed")]
#[case::a_second_signature(format!("{}{}", signed(DOCUMENT, 1), signature(DOCUMENT, 1)), "does not fit")]
#[case::truncated_signature(signed(DOCUMENT, 1).trim_end()[..100].to_owned(), "64 bytes")]
#[case::no_base64(format!("{DOCUMENT}{SIGNATURE_MARK}!!!\n"), "64 bytes")]
#[case::empty_signature(format!("{DOCUMENT}{SIGNATURE_MARK}\n"), "is not signed")]
#[case::indented(format!("{DOCUMENT} {}\n", signature(DOCUMENT, 1)), "is not signed")]
#[case::on_the_same_line(format!("{}{}\n", DOCUMENT.trim_end(), signature(DOCUMENT, 1)), "is not signed")]
fn every_other_text_is_refused(#[case] text: String, #[case] why: &str) {
    let message = refusal(&text);
    assert!(message.contains(why), "{message}");
}

#[test]
fn a_document_that_is_cut_off_anywhere_is_refused() {
    let text = signed(DOCUMENT, 1);
    let complete = text.trim_end().len();
    for end in 0..complete {
        assert!(public(1).verify(&text[..end]).is_err(), "cut off at {end}");
    }
}

#[test]
fn a_refusal_names_the_last_line() {
    assert!(refusal(&signed(DOCUMENT, 2)).starts_with("4:1: "), "{}", refusal(&signed(DOCUMENT, 2)));
}

#[rstest]
#[case::empty("")]
#[case::no_base64("-----BEGIN PUBLIC KEY-----")]
#[case::short(&pem_line(&[1; 31]))]
#[case::long(&pem_line(&[1; 33]))]
#[case::bare(&STANDARD.encode([1; 32]))]
// An X25519 key, which cannot sign.
#[case::another_kind(&pem_line(&[1; 32]).replacen("MCowBQYDK2VwAyEA", "MCowBQYDK2VuAyEA", 1))]
fn only_an_ed25519_key_in_pem_is_a_key(#[case] text: &str) {
    assert!(PublicKey::parse(text).is_err());
}

/// What `openssl genpkey -algorithm ed25519`, `openssl pkeyutl -sign -rawin` and `openssl base64 -A` made.
#[test]
fn a_signature_of_openssl_is_accepted() {
    let key = PublicKey::parse(include_str!("signature/public.txt")).unwrap();
    assert_eq!(key.verify(include_str!("signature/policy.yaml")), Ok(()));
}

proptest! {
    /// One changed byte anywhere in the text, the line break at its end excepted.
    #[test]
    fn any_other_byte_is_noticed(at in 0_usize..1000, byte in 0x21_u8..0x7f) {
        let text = signed(DOCUMENT, 1);
        let mut bytes = text.trim_end().as_bytes().to_vec();
        let at = at % bytes.len();
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        prop_assert!(public(1).verify(&String::from_utf8(bytes).unwrap()).is_err());
    }
}
