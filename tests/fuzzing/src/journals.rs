//! The journal of `enforce`, as `rollback` reads it back.

use std::collections::HashSet;

use crate::corpus;
use crate::marks::harmless_in_print;
use reader::{Journal, is_named, read, text};

// The command line keeps its journal to itself, and with it comes the AWS SDK. The reader alone needs neither.
#[path = "../../../crates/cli/src/run/journal/read.rs"]
mod reader;

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    corpus::literals(&["crates/cli/src/run", "crates/cli/tests", "tests/it"], &["v2only.journal.v1"])
        .into_iter()
        .chain([LINES.as_bytes().to_vec()])
        .collect()
}

/// A line of each kind, as `enforce` writes them.
const LINES: &str = r#"{"schema":"v2only.journal.v1","time":"2026-11-20T10:15:00Z","account":"111122223333","region":"eu-central-1","kind":"instance","id":"i-0000000000000000a","before":{"http_tokens":"optional","http_endpoint":"enabled","hop_limit":3,"ipv6_endpoint":"disabled","metadata_tags":null},"change":{"http_tokens":"required","http_endpoint":"enabled","hop_limit":2}}
{"schema":"v2only.journal.v1","time":"2026-11-20T10:15:01Z","account":"111122223333","region":"eu-central-1","kind":"notebook","id":"research","before":{"minimum_version":"1","status":"Stopped","platform":"amazon-linux-2","created_at":"2026-01-01T00:00:00Z"},"change":{"step":"update","minimum_version":"2","upgrade_platform":false}}
{"schema":"v2only.journal.v1","time":"2026-11-20T10:15:02Z","account":"111122223333","region":"eu-central-1","kind":"launch-template","id":"lt-0000000000000000a:3","before":{"http_tokens":null,"http_endpoint":null,"hop_limit":null,"ipv6_endpoint":null,"metadata_tags":null,"default_version":3,"latest_version":4},"change":{"from_version":3,"http_tokens":"required","make_default":true}}
{"schema":"v2only.journal.v1","time":"2026-11-20T10:15:03Z","account":"111122223333","region":"eu-central-1","kind":"account-default","id":"account-default","before":{"http_tokens":null,"http_endpoint":null,"hop_limit":null,"ipv6_endpoint":null,"metadata_tags":null,"http_tokens_enforced":null},"change":{"http_tokens":"required","hop_limit":2}}
{"schema":"v2only.journal.v1","time":"2026-11-20T10:15:04Z","account":"111122223333","region":"eu-central-1","kind":"image","id":"ami-0000000000000000a","before":{"imds_support":null},"change":{"imds_support":"v2.0"}}
{"schema":"v2only.journal.v1","time":"2026-11-20T10:15:05Z","account":"111122223333","region":"eu-central-1","kind":"auto-scaling-group","id":"größe-é","before":{"arn":null,"launch_templates":[{"part":"own","template":"lt-0000000000000000a","version":"$Latest"}]},"change":{"name_fixed_versions":[{"template":"lt-0000000000000000a","from_version":3}]}}
"#;

/// Each resource of a journal is there once; a journal that is cut off anywhere is read up to its last complete line.
pub(crate) fn run(bytes: &[u8]) {
    let Ok(whole) = text(bytes.to_vec()) else {
        return assert!(std::str::from_utf8(bytes).is_err());
    };
    let journal = match read(&whole) {
        Ok(journal) => journal,
        Err(why) => {
            assert!((1..=whole.lines().count()).contains(&why.line), "line {}", why.line);
            return harmless_in_print(&why.why);
        }
    };
    let resources: HashSet<_> = journal.recorded.iter().map(|it| (it.place.clone(), it.resource())).collect();
    assert_eq!(resources.len(), journal.recorded.len(), "a resource is there twice");
    assert!(resources.iter().all(|(_, resource)| is_named(resource, &resource.to_string())));
    if journal.cut_off {
        assert!(!bytes.ends_with(b"\n"), "the last line is complete");
        return;
    }
    // The oldest state and the newest change count, so reading the journal twice changes nothing.
    let end = if whole.is_empty() || whole.ends_with('\n') { "" } else { "\n" };
    assert_eq!(read(&format!("{whole}{end}{whole}")).as_ref(), Ok(&journal));
    for cut in cuts(bytes) {
        let kept = bytes.get(..cut).unwrap_or_default();
        let complete = kept.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let so_far = recorded(kept.get(..complete).unwrap_or_default());
        let all = recorded(kept);
        // The last line may be complete but for its end.
        assert!(all.recorded.len() - so_far.recorded.len() <= 1 && !so_far.cut_off);
    }
}

/// A journal that was killed while it was written can be read.
fn recorded(bytes: &[u8]) -> Journal {
    let text = text(bytes.to_vec());
    assert!(text.is_ok(), "not readable after {} bytes", bytes.len());
    let journal = read(&text.unwrap_or_default());
    assert!(journal.is_ok(), "{journal:?} after {} bytes", bytes.len());
    journal.unwrap_or_default()
}

/// Some places to cut at: all of a short journal, and a few of a long one.
fn cuts(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let step = (bytes.len() / 16).max(1);
    let letters = bytes.iter().position(|byte| !byte.is_ascii());
    (0..bytes.len()).step_by(step).chain(letters.map(|at| at + 1))
}
