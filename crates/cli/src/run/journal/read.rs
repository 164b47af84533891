//! Reading a journal back.

// By path, because `tests/fuzzing` includes this file by path.
#[path = "read/defaults.rs"]
mod defaults;
#[path = "read/options.rs"]
mod options;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::str::Utf8Error;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use v2only_enforcer::ResourceId;
use v2only_enforcer::rollback::{Created, GroupLine, Recorded, TemplateLine, What};
use v2only_policy::notebook::MinimumVersion;
use v2only_policy::source::{Consumer, TemplateSlot, TemplateUse, VersionChoice};
use v2only_policy::{
    AccountId, ImageId, InstanceId, LaunchTemplateId, NotebookName, Place, Region, Surface, SurfaceKind,
};

use self::options::{Options, part};

/// What the lines say that this release reads.
const SCHEMA: &str = "v2only.journal.v1";

/// What a journal holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Journal {
    /// Each resource once: as it was before the first of its changes, with the last of them.
    pub(crate) recorded: Vec<Recorded>,
    /// Whether the last line is cut off. It was never acted on: a line is on disk before its change is made.
    pub(crate) cut_off: bool,
}

/// A line that cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) line: usize,
    pub(crate) why: String,
}

#[derive(Deserialize)]
struct Line {
    schema: String,
    time: Option<Timestamp>,
    account: String,
    region: String,
    kind: String,
    id: String,
    before: Value,
    change: Value,
}

#[derive(Deserialize)]
struct TemplateBefore {
    #[serde(flatten)]
    options: Options,
    default_version: u64,
    latest_version: u64,
}

#[derive(Deserialize)]
struct TemplateChanged {
    from_version: u64,
    #[serde(flatten)]
    options: Options,
    make_default: bool,
}

#[derive(Deserialize)]
struct NotebookBefore {
    minimum_version: Option<String>,
    created_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct NotebookChanged {
    step: String,
}

#[derive(Deserialize)]
struct GroupBefore {
    arn: Option<String>,
    launch_templates: Vec<NamedTemplate>,
}

#[derive(Deserialize)]
struct NamedTemplate {
    part: String,
    template: String,
    version: Option<String>,
}

#[derive(Deserialize)]
struct GroupChanged {
    name_fixed_versions: Vec<OpenVersion>,
}

#[derive(Deserialize)]
struct OpenVersion {
    template: String,
    from_version: u64,
}

#[derive(Deserialize)]
struct SurfaceBefore {
    #[serde(flatten)]
    options: Options,
    arn: Option<String>,
    created_at: Option<Timestamp>,
}

/// The text of a journal. If a killed run ended its last line within a character, the text ends before that character.
///
/// # Errors
/// The bytes are not UTF-8.
pub(crate) fn text(bytes: Vec<u8>) -> Result<String, Utf8Error> {
    String::from_utf8(bytes).or_else(|error| {
        let why = error.utf8_error();
        let is_cut = why.error_len().is_none();
        let mut bytes = error.into_bytes();
        bytes.truncate(why.valid_up_to());
        if is_cut { String::from_utf8(bytes).map_err(|it| it.utf8_error()) } else { Err(why) }
    })
}

/// Reads all of it, or says which line is wrong.
pub(crate) fn read(text: &str) -> Result<Journal, Unreadable> {
    let mut journal = Journal::default();
    let mut seen = HashMap::new();
    let whole = text.is_empty() || text.ends_with('\n');
    let last = text.lines().count();
    for (number, line) in (1..).zip(text.lines()) {
        match one(line) {
            Ok(Some(recorded)) => match seen.entry((recorded.place.clone(), recorded.resource())) {
                Entry::Vacant(first) => {
                    first.insert(journal.recorded.len());
                    journal.recorded.push(recorded);
                }
                Entry::Occupied(index) => {
                    if let Some(older) = journal.recorded.get_mut(*index.get()) {
                        merge(older, recorded);
                    }
                }
            },
            Ok(None) => {}
            Err(_) if number == last && !whole => journal.cut_off = true,
            Err(why) => return Err(Unreadable { line: number, why }),
        }
    }
    Ok(journal)
}

/// Keeps the oldest state and the newest change of a resource.
fn merge(older: &mut Recorded, newer: Recorded) {
    match (&mut older.what, newer.what) {
        (What::Instance { change, .. }, What::Instance { change: newer, .. }) => *change = newer,
        (What::Defaults { change, .. }, What::Defaults { change: newer, .. }) => {
            change.require_tokens |= newer.require_tokens;
            change.enforce |= newer.enforce;
            change.hop_limit = newer.hop_limit.or(change.hop_limit);
            change.http_endpoint = newer.http_endpoint.or(change.http_endpoint);
            change.metadata_tags = newer.metadata_tags.or(change.metadata_tags);
        }
        // The first says all there is to say: how it was.
        _ => {}
    }
}

/// `None` for a line that records nothing to take back.
fn one(line: &str) -> Result<Option<Recorded>, String> {
    let line: Line = serde_json::from_str(line).map_err(|it| format!("no line of a journal: {it}"))?;
    if line.schema != SCHEMA {
        return Err(format!("`schema` is `{}`, and this release reads `{SCHEMA}`", line.schema));
    }
    let account = AccountId::parse(&line.account).map_err(|it| format!("`account`: {it}"))?;
    let region = Region::parse(&line.region).map_err(|it| format!("`region`: {it}"))?;
    let id = |why: v2only_policy::ids::IdError| format!("`id`: {why}");
    let what = match line.kind.as_str() {
        "instance" => What::Instance {
            id: InstanceId::parse(&line.id).map_err(id)?,
            before: part::<Options>("before", line.before)?.described()?,
            change: part::<Options>("change", line.change)?.change()?,
        },
        "notebook" => {
            let changed: NotebookChanged = part("change", line.change)?;
            if changed.step != "update" {
                return Ok(None);
            }
            let before: NotebookBefore = part("before", line.before)?;
            What::Notebook {
                name: NotebookName::parse(&line.id).map_err(id)?,
                before: match before.minimum_version.as_deref() {
                    Some("2") => MinimumVersion::Two,
                    Some("1") => MinimumVersion::One,
                    None => MinimumVersion::Unknown,
                    Some(other) => return Err(format!("`before.minimum_version` is `{other}`, not 1 or 2")),
                },
                created: match (before.created_at, line.time) {
                    (Some(at), _) => Created::At(at),
                    (None, Some(written)) => Created::Before(written),
                    (None, None) => Created::Unknown,
                },
            }
        }
        "launch-template" => {
            let before: TemplateBefore = part("before", line.before)?;
            let changed: TemplateChanged = part("change", line.change)?;
            let (template, _) = line.id.split_once(':').unwrap_or((line.id.as_str(), ""));
            What::Template(TemplateLine {
                id: LaunchTemplateId::parse(template).map_err(id)?,
                from: changed.from_version,
                says: before.options.stated()?,
                change: changed.options.change_if_any()?,
                default: before.default_version,
                latest: before.latest_version,
                made_default: changed.make_default,
            })
        }
        "account-default" => defaults::read(line.before, line.change)?,
        "auto-scaling-group" => {
            let before: GroupBefore = part("before", line.before)?;
            let changed: GroupChanged = part("change", line.change)?;
            let templates = before.launch_templates.into_iter().map(NamedTemplate::read);
            let open = changed
                .name_fixed_versions
                .into_iter()
                .map(|it| Ok((LaunchTemplateId::parse(&it.template).map_err(id)?, it.from_version)));
            let group = Consumer {
                arn: before.arn,
                templates: templates.collect::<Result<_, String>>()?,
                ..Consumer::group(line.id)
            };
            What::Group(GroupLine { group, open: open.collect::<Result<_, String>>()? })
        }
        "image" => What::Image(ImageId::parse(&line.id).map_err(id)?),
        other => {
            let unknown = || format!("`kind` is `{other}`, which this release does not know");
            let kind = SurfaceKind::of(other).ok_or_else(unknown)?;
            let before: SurfaceBefore = part("before", line.before)?;
            What::Surface(Surface {
                arn: before.arn,
                created_at: before.created_at,
                options: before.options.stated()?,
                ..Surface::new(kind, line.id)
            })
        }
    };
    Ok(Some(Recorded { place: Place { account, region }, what }))
}

impl NamedTemplate {
    fn read(self) -> Result<TemplateUse, String> {
        let parts = [TemplateSlot::Own, TemplateSlot::Mixed, TemplateSlot::Override];
        let part = parts.into_iter().find(|it| it.code() == self.part);
        let part = part.ok_or_else(|| format!("`before.launch_templates`: `{}` is no part", self.part))?;
        let version = match self.version.as_deref() {
            None => VersionChoice::Unknown,
            Some("$Default") => VersionChoice::Default,
            Some("$Latest") => VersionChoice::Latest,
            Some(number) => VersionChoice::Number(
                number.parse().map_err(|_| format!("`before.launch_templates`: `{number}` is no version"))?,
            ),
        };
        Ok(TemplateUse::plain(self.template, version, part))
    }
}

/// Whether a name on the command line means this resource.
pub(crate) fn is_named(resource: &ResourceId, name: &str) -> bool {
    let text = resource.to_string();
    text == name || text.split(':').next() == Some(name)
}

#[cfg(test)]
mod tests {
    use v2only_policy::settings::HopLimit;
    use v2only_policy::{InstanceChange, Switches};

    use super::*;

    const INSTANCE: &str = r#"{"schema":"v2only.journal.v1","time":"2026-11-20T10:15:00Z","account":"111122223333","region":"eu-central-1","kind":"instance","id":"i-0000000000000000a","before":{"http_tokens":"optional","http_endpoint":"enabled","hop_limit":3,"ipv6_endpoint":"disabled","metadata_tags":null},"change":{"http_tokens":"required","http_endpoint":"enabled","hop_limit":2}}"#;

    #[test]
    fn the_oldest_state_and_the_newest_change_count() {
        let later = INSTANCE.replace("\"hop_limit\":3", "\"hop_limit\":2").replace(":2}}", ":1}}");
        let journal = read(&format!("{INSTANCE}\n{later}\n")).unwrap();
        let [Recorded { what: What::Instance { before, change, .. }, .. }] = &journal.recorded[..] else {
            panic!("{journal:?}");
        };
        assert_eq!(before.hop_limit, Some(3));
        let hop_limit = HopLimit::new(1).ok();
        assert_eq!(*change, InstanceChange::RequireTokens { hop_limit, switches: Switches::all(None) });
    }

    /// Each line is looked up once, so a journal of a large run is read in linear time.
    #[test]
    fn a_journal_of_many_resources_keeps_each_of_them() {
        let lines: Vec<String> =
            (0..20_000).map(|n| INSTANCE.replace("0000000000000000a", &format!("{n:017x}"))).collect();
        let twice = format!("{0}\n{0}\n", lines.join("\n"));
        assert_eq!(read(&twice).unwrap().recorded.len(), 20_000);
    }

    #[test]
    fn a_line_that_is_cut_off_was_never_acted_on() {
        let half = &INSTANCE[..INSTANCE.len() / 2];
        let journal = read(&format!("{INSTANCE}\n{half}")).unwrap();
        assert_eq!((journal.recorded.len(), journal.cut_off), (1, true));
        assert_eq!(read(&format!("{half}\n{INSTANCE}\n")).unwrap_err().line, 1);
    }

    #[test]
    fn a_line_that_is_cut_off_within_a_character_was_never_acted_on() {
        let bytes = format!("{INSTANCE}\n{{\"id\":\"größe").into_bytes();
        let within = bytes.iter().rposition(|it| !it.is_ascii()).unwrap();
        // `ß` has two bytes, and the second one is missing.
        let journal = read(&text(bytes[..within].to_vec()).unwrap()).unwrap();
        assert_eq!((journal.recorded.len(), journal.cut_off), (1, true));
        assert!(text([b"\xff\n", &bytes[..]].concat()).is_err(), "another file");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_field() {
        for (from, to, why) in [
            ("v2only.journal.v1", "v2only.journal.v9", "`schema` is `v2only.journal.v9`"),
            ("111122223333", "1111", "`account`"),
            ("eu-central-1", "Frankfurt", "`region`"),
            ("\"instance\"", "\"volume\"", "`kind` is `volume`"),
            ("i-0000000000000000a", "vol-1", "`id`"),
            ("optional", "perhaps", "`http_tokens` is `perhaps`"),
            ("\"required\"", "\"optional\"", "`change` is none that `enforce` makes"),
            (":2}}", ":65}}", "`65` is not a hop limit (1 to 64)"),
            ("\"before\"", "\"after\"", "missing field `before`"),
        ] {
            let error = read(&format!("{INSTANCE}\n{}\n", INSTANCE.replace(from, to))).unwrap_err();
            assert_eq!(error.line, 2);
            assert!(error.why.contains(why), "{} lacks {why}", error.why);
        }
    }
}
