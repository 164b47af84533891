//! Without a trail that records management events there are no events of API calls.

use serde_json::{Map, Value, json};

use crate::command::Command;
use crate::finding::{Report, State};
use crate::ports::{AdvancedSelector, BasicSelector, FieldSelector, Selectors};
use crate::snapshot::TrailSnapshot;
use v2only_enforcer::ports::Answer;

const PIECE: &str = "trail";
/// Whose calls the rules ask for.
const SOURCES: [&str; 2] = ["ec2.amazonaws.com", "sagemaker.amazonaws.com"];

/// One trail that records them is enough; otherwise each trail has a finding.
pub(super) fn judge(report: &mut Report<'_>, trails: &Answer<Vec<TrailSnapshot>>) {
    let trails = match trails {
        Ok(trails) => trails,
        Err(failure) => return report.unread(PIECE, "(any)", failure),
    };
    if let Some(good) = trails.iter().find(|it| records(it)) {
        let home = if good.trail.multi_region { "all Regions" } else { "this Region" };
        return report.ok(PIECE, name(good), format!("records the calls that write, of {home}"));
    }
    if trails.is_empty() {
        let make = Command::aws("cloudtrail", "create-trail")
            .option("name", "v2only")
            .option("s3-bucket-name", "A-BUCKET-WHOSE-POLICY-LETS-CLOUDTRAIL-WRITE")
            .flag("is-multi-region-trail")
            .at(report.place);
        let start = Command::aws("cloudtrail", "start-logging").option("name", "v2only").at(report.place);
        let why = "no trail records this Region: there are no events of API calls";
        return report.problem(PIECE, "(any)", why, make.then(&start));
    }
    for it in trails {
        each(report, it);
    }
}

fn name(it: &TrailSnapshot) -> &str {
    it.trail.arn.rsplit('/').next().unwrap_or(&it.trail.arn)
}

fn records(it: &TrailSnapshot) -> bool {
    matches!(it.logging, Ok(true)) && it.selectors.as_ref().is_ok_and(|it| missed(it).is_none())
}

fn each(report: &mut Report<'_>, it: &TrailSnapshot) {
    let at_home = |command: Command| command.option("region", &it.trail.home);
    match &it.logging {
        Err(failure) => report.unread(PIECE, name(it), failure),
        Ok(false) => {
            let start = Command::aws("cloudtrail", "start-logging").option("name", &it.trail.arn);
            report.problem(
                PIECE,
                name(it),
                "is switched off: there are no events of API calls",
                at_home(start),
            );
        }
        Ok(true) => {}
    }
    match &it.selectors {
        Err(failure) => report.unread(PIECE, name(it), failure),
        Ok(selectors) => {
            if let Some(why) = missed(selectors) {
                let put =
                    Command::aws("cloudtrail", "put-event-selectors").option("trail-name", &it.trail.arn);
                // AWS replaces all selectors, so the command repeats the existing ones.
                let put = match selectors {
                    Selectors::Basic(all) => put.json("event-selectors", &basic_with_writes(all)),
                    Selectors::Advanced(all) => {
                        put.json("advanced-event-selectors", &advanced_with_writes(all))
                    }
                };
                report.say(PIECE, name(it), State::Problem, why, Some(at_home(put)));
            }
        }
    }
}

/// Why calls of the control plane that write are not recorded; nothing if they are.
fn missed(selectors: &Selectors) -> Option<String> {
    match selectors {
        Selectors::Basic(all) => {
            let takes = |selector: &BasicSelector| {
                selector.management
                    && selector.read_write != "ReadOnly"
                    && !selector.excluded.iter().any(|it| SOURCES.contains(&it.as_str()))
            };
            (!all.iter().any(takes)).then(|| "does not record management events that write".to_owned())
        }
        Selectors::Advanced(all) => {
            if all.iter().any(|it| it.fields.iter().all(holds) && is_management(it)) {
                return None;
            }
            let narrowed = all
                .iter()
                .filter(|it| is_management(it))
                .find_map(|it| it.fields.iter().find(|it| !holds(it)));
            Some(match narrowed {
                Some(field) => format!("leaves out management events by `{}`", field.field),
                None => "does not record management events".to_owned(),
            })
        }
    }
}

fn is_management(it: &AdvancedSelector) -> bool {
    it.fields.iter().any(|it| it.field == "eventCategory" && holds(it))
}

/// Whether a condition lets everything through that the rules ask for. One of a field that is not known here lets
/// through what cannot be told, and so it does not.
fn holds(it: &FieldSelector) -> bool {
    let wanted: &[&str] = match it.field.as_str() {
        "eventCategory" => &["Management"],
        "readOnly" => &["false"],
        "eventSource" => &SOURCES,
        "eventType" => &["AwsApiCall"],
        _ => return false,
    };
    wanted.iter().all(|value| {
        it.operators.iter().all(|(operator, values)| {
            let any = |test: fn(&str, &str) -> bool| values.iter().any(|it| test(value, it));
            match *operator {
                "Equals" => any(|value, it| value == it),
                "StartsWith" => any(|value, it| value.starts_with(it)),
                "EndsWith" => any(|value, it| value.ends_with(it)),
                "NotEquals" => !any(|value, it| value == it),
                "NotStartsWith" => !any(|value, it| value.starts_with(it)),
                "NotEndsWith" => !any(|value, it| value.ends_with(it)),
                _ => false,
            }
        })
    })
}

fn basic_with_writes(all: &[BasicSelector]) -> Value {
    let one = |selector: &BasicSelector, writes: bool| {
        let data = selector.data.iter().map(|(kind, values)| json!({ "Type": kind, "Values": values }));
        let excluded: Vec<&String> =
            selector.excluded.iter().filter(|it| !SOURCES.contains(&it.as_str())).collect();
        json!({
            "ReadWriteType": if writes { "All" } else { selector.read_write.as_str() },
            "IncludeManagementEvents": writes || selector.management,
            "DataResources": data.collect::<Vec<_>>(),
            "ExcludeManagementEventSources": excluded,
        })
    };
    // The first one is widened: AWS wants management events in one selector only.
    let nothing = [BasicSelector::default()];
    let all = if all.is_empty() { &nothing } else { all };
    let already = all.iter().position(|it| it.management).unwrap_or_default();
    all.iter().enumerate().map(|(number, it)| one(it, number == already)).collect()
}

fn advanced_with_writes(all: &[AdvancedSelector]) -> Value {
    let one = |advanced: &AdvancedSelector| {
        let fields = advanced.fields.iter().map(|field| {
            let mut said = Map::new();
            said.insert("Field".to_owned(), json!(field.field));
            said.extend(field.operators.iter().map(|(name, values)| ((*name).to_owned(), json!(values))));
            Value::Object(said)
        });
        let mut selector = Map::new();
        if let Some(name) = &advanced.name {
            selector.insert("Name".to_owned(), json!(name));
        }
        selector.insert("FieldSelectors".to_owned(), fields.collect());
        Value::Object(selector)
    };
    let ours = json!({
        "Name": "v2only: management events that write",
        "FieldSelectors": [
            { "Field": "eventCategory", "Equals": ["Management"] },
            { "Field": "readOnly", "Equals": ["false"] },
        ],
    });
    all.iter().map(one).chain([ours]).collect()
}
