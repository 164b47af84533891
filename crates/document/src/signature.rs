//! The signature of a policy document: Ed25519 over all text before the last line, which holds the signature as a comment.
//!
//! ```text
//! version: 1
//! mode: enforce
//! # v2only-signature: c2lnbmF0dXJl…
//! ```
//!
//! One text holds both, so that a document and its signature cannot be read at different times. A signature says who wrote a
//! document, and not that no newer one exists.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, UnparsedPublicKey};

use crate::problem::{Invalid, Problem};

/// What the last line of a signed document begins with.
pub const SIGNATURE_MARK: &str = "# v2only-signature: ";

/// What precedes the 32 bytes of an Ed25519 key in a `SubjectPublicKeyInfo` (RFC 8410).
const PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const KEY_BYTES: usize = 32;
const SIGNATURE_BYTES: usize = 64;

/// An Ed25519 public key, which verifies documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey([u8; KEY_BYTES]);

/// A text that is not a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an Ed25519 public key: expected the line between `BEGIN PUBLIC KEY` and `END PUBLIC KEY` of \
     `openssl pkey -pubout`, which begins with `MCowBQYDK2VwAyEA`"
)]
pub struct NoPublicKey;

impl PublicKey {
    /// Reads the base64 line of a key in PEM.
    ///
    /// # Errors
    /// The text is not base64, or the key is of another kind.
    pub fn parse(text: &str) -> Result<Self, NoPublicKey> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| NoPublicKey)?;
        let key = bytes.strip_prefix(&PREFIX).ok_or(NoPublicKey)?;
        key.try_into().map(Self).map_err(|_| NoPublicKey)
    }

    /// Checks the signature of a document. Whether the document is valid is another question.
    ///
    /// # Errors
    /// The last line is not a signature, or not one by this key over the text before that line.
    pub fn verify(&self, text: &str) -> Result<(), Invalid> {
        let signed = text.trim_end();
        let start = signed.rfind('\n').map_or(0, |at| at + 1);
        let (document, last) = signed.split_at(start);
        let line = document.matches('\n').count() + 1;
        let refuse = |message: &str, hint: &str| {
            let (message, hint) = (message.to_owned(), Some(hint.to_owned()));
            Invalid::new(vec![Problem { line, column: 1, path: String::new(), message, hint }])
        };
        let Some(encoded) = last.strip_prefix(SIGNATURE_MARK) else {
            let message = "the document is not signed: its last line is not a signature";
            return Err(refuse(message, "sign the document, or install the function without a public key"));
        };
        let signature = STANDARD.decode(encoded).ok().filter(|it| it.len() == SIGNATURE_BYTES);
        let Some(signature) = signature else {
            let message = "the signature is not 64 bytes in base64";
            return Err(refuse(
                message,
                "sign the document again; see the chapter Deploy of the documentation",
            ));
        };
        UnparsedPublicKey::new(&ED25519, &self.0).verify(document.as_bytes(), &signature).map_err(|_| {
            let message = "the signature does not fit the document and the public key";
            refuse(
                message,
                "sign the document as it is now, with the private key that belongs to this public key",
            )
        })
    }
}
