//! The options of a resource in the words of the tables: `v1 open · hop 1`.

use v2only_enforcer::record::Posture;
use v2only_policy::instance::{HttpTokens, Switch};
use v2only_policy::notebook::MinimumVersion;
use v2only_policy::{ImdsSupport, StatedOptions};

/// IMDSv1 is answered.
const OPEN: &str = "v1 open";
/// Tokens are required.
const CLOSED: &str = "v2 only";

/// One posture; nothing where none is known.
pub(crate) fn words(posture: Option<Posture>) -> String {
    let Some(posture) = posture else { return String::new() };
    let parts = match posture {
        Posture::Options(it) if it.http_endpoint == Switch::Disabled => vec!["endpoint off".to_owned()],
        Posture::Options(it) => with_hops(tokens(it.http_tokens), it.hop_limit),
        Posture::Notebook { minimum_version, status } => {
            let version = match minimum_version {
                MinimumVersion::One => OPEN,
                MinimumVersion::Two => CLOSED,
                MinimumVersion::Unknown => "version not described",
            };
            vec![version.to_owned(), status.to_string()]
        }
        Posture::Launch(it) if it.http_endpoint.is == Switch::Disabled => {
            vec![format!("endpoint off ({})", it.http_endpoint.by)]
        }
        Posture::Launch(it) => {
            let hops = it.hop_limit.is.map(|hops| format!("hop {hops} ({})", it.hop_limit.by));
            let first = format!("{} ({})", tokens(it.http_tokens.is), it.http_tokens.by);
            std::iter::once(first).chain(hops).collect()
        }
        Posture::Defaults { options: StatedOptions { http_tokens, hop_limit, .. }, enforced } => {
            let mut parts = with_hops(http_tokens.map_or("no preference", tokens), hop_limit);
            parts.extend((enforced == Switch::Enabled).then(|| "enforced".to_owned()));
            parts
        }
        Posture::Image(ImdsSupport::V2) => vec!["ImdsSupport v2.0".to_owned()],
        Posture::Image(ImdsSupport::Unmarked) => vec!["no ImdsSupport".to_owned()],
        Posture::Image(ImdsSupport::Unknown) => vec!["not described".to_owned()],
    };
    parts.join(" · ")
}

fn with_hops(tokens: &str, hops: Option<u8>) -> Vec<String> {
    std::iter::once(tokens.to_owned()).chain(hops.map(|hops| format!("hop {hops}"))).collect()
}

const fn tokens(is: HttpTokens) -> &'static str {
    match is {
        HttpTokens::Required => CLOSED,
        HttpTokens::Optional => OPEN,
        HttpTokens::Unknown => "not described",
    }
}
