//! Bytes as text: UTF-8 and UTF-16, with or without a byte order mark.

/// The bytes are neither UTF-8 nor UTF-16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is neither UTF-8 nor UTF-16")]
pub struct UnknownEncoding;

/// The text in the bytes, without its byte order mark.
///
/// The encoding follows from the first bytes, as the YAML 1.2 specification describes in chapter 5.2. UTF-16
/// without a byte order mark is recognized by an ASCII character at the start.
///
/// # Errors
/// The bytes are neither UTF-8 nor UTF-16.
pub fn decode(bytes: &[u8]) -> Result<String, UnknownEncoding> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [first, 0, ..] if *first != 0 => utf16(bytes, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => utf16(bytes, u16::from_be_bytes),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: &[u8]) -> Result<String, UnknownEncoding> {
    String::from_utf8(bytes.to_vec()).map_err(|_| UnknownEncoding)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, UnknownEncoding> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let text = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<String, _>>();
    text.ok().filter(|_| odd.is_empty()).ok_or(UnknownEncoding)
}
