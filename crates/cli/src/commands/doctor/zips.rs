//! Zips on this machine, by what Lambda would say of them.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use v2only_installation::expected::FUNCTIONS;
use v2only_installation::judge::Zip;

use crate::term::problem::Problem;

/// What `infra/build` names its folders; `infra/package` has none.
const FOLDERS: [&str; 3] = ["", "x86_64", "arm64"];

/// By function and architecture. A folder without any zip of ours is a mistake in what was typed.
pub(super) fn read(folder: &Path) -> Result<BTreeMap<(String, String), Zip>, Problem> {
    let mut zips = BTreeMap::new();
    for it in FUNCTIONS {
        for architecture in FOLDERS {
            let path = folder.join(architecture).join(format!("{}.zip", it.folder));
            if !path.is_file() {
                continue;
            }
            let bytes = std::fs::read(&path)
                .map_err(|why| Problem::unreadable(&path, &why, "name the folder that the zips are in"))?;
            let zip = Zip { path: path.display().to_string(), sha256: base64(&Sha256::digest(&bytes)) };
            zips.insert((it.folder.to_owned(), architecture.to_owned()), zip);
        }
    }
    if zips.is_empty() {
        let first = FUNCTIONS.first().map_or("", |it| it.folder);
        return Err(Problem::usage(
            format!("--zip: there is no zip of a function in {}", folder.display()),
            format!("name the folder with {first}.zip, or with x86_64/{first}.zip and arm64/{first}.zip"),
        ));
    }
    Ok(zips)
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |bits: u32| {
        let index = usize::try_from(bits & 63).unwrap_or_default();
        ALPHABET.get(index).map_or('=', |it| char::from(*it))
    };
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let at = |index: usize| u32::from(three.get(index).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        text.push(digit(bits >> 18));
        text.push(digit(bits >> 12));
        text.push(if three.len() > 1 { digit(bits >> 6) } else { '=' });
        text.push(if three.len() > 2 { digit(bits) } else { '=' });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_vectors_of_the_standard() {
        let vectors = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
        ];
        for (plain, encoded) in vectors {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
        assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
    }
}
