//! Notebooks in the control API under `/_sandbox/`, for tests that are no Rust.
//!
//! | request | does |
//! |---|---|
//! | `POST notebooks` | puts a notebook there, see [`NotebookOrder`] |
//! | `POST notebook-trouble` | fails, hangs or releases one, see [`TroubleOrder`] |
//! | `POST notebook-settings` | how all of them behave, see [`SettingsOrder`] |

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use serde::Deserialize;
use serde_json::json;

use super::{DefaultVersion, Notebooks, Platform, Seed, Status, UnsupportedType, UpdateVisible};
use crate::core::Core;
use crate::identity::Place;

type Reply = Result<String, (StatusCode, String)>;

/// The routes.
pub(crate) fn routes() -> Router<Arc<Core>> {
    Router::new()
        .route("/notebooks", post(add))
        .route("/notebook-trouble", post(trouble))
        .route("/notebook-settings", post(settings))
}

/// A notebook that is simply there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NotebookOrder {
    account: String,
    region: String,
    name: String,
    /// For example `Stopped`; `InService` if absent.
    status: Option<String>,
    /// For example `notebook-al2-v2`; `notebook-al2023-v1` if absent.
    platform: Option<String>,
    /// "1" or "2"; absent is a notebook from before the setting.
    minimum_version: Option<String>,
    age_seconds: Option<f64>,
    instance_type: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

async fn add(State(core): State<Arc<Core>>, body: Bytes) -> Reply {
    let order: NotebookOrder = read(&body)?;
    let mut seed = Seed::new(&order.name);
    if let Some(id) = order.status {
        seed = seed.status(status(&id)?);
    }
    if let Some(id) = order.platform {
        seed = seed.platform(Platform::parse(&id).ok_or_else(|| wrong(&format!("no platform `{id}`")))?);
    }
    if let Some(version) = order.minimum_version {
        seed = seed.minimum_version(&version);
    }
    if let Some(age) = order.age_seconds {
        seed = seed.age(seconds(age)?);
    }
    if let Some(kind) = order.instance_type {
        seed = seed.instance_type(&kind);
    }
    for (key, value) in &order.tags {
        seed = seed.tag(key, value);
    }
    let arn = Notebooks::of(&core).add(&Place::new(order.account, order.region), seed);
    Ok(json!({"arn": arn}).to_string())
}

/// What goes wrong with a notebook: `"trouble": {"hang_in": "Stopping"}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TroubleOrder {
    account: String,
    region: String,
    name: String,
    trouble: Trouble,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Trouble {
    /// The reason.
    FailNextStart(String),
    /// The reason.
    FailNextUpdate(String),
    /// The reason.
    FailNow(String),
    /// The status it stays in.
    HangIn(String),
    /// Moves on at once.
    Release,
}

async fn trouble(State(core): State<Arc<Core>>, body: Bytes) -> Reply {
    let order: TroubleOrder = read(&body)?;
    let (place, name) = (Place::new(order.account, order.region), order.name.as_str());
    let notebooks = Notebooks::of(&core);
    let known = match order.trouble {
        Trouble::FailNextStart(reason) => notebooks.fail_next_start(&place, name, &reason),
        Trouble::FailNextUpdate(reason) => notebooks.fail_next_update(&place, name, &reason),
        Trouble::FailNow(reason) => notebooks.fail_now(&place, name, &reason),
        Trouble::HangIn(id) => notebooks.hang_in(&place, name, status(&id)?),
        Trouble::Release => notebooks.release(&place, name),
    };
    if known { Ok("{}".to_owned()) } else { Err(wrong(&format!("there is no notebook `{name}`"))) }
}

/// Changes what is given and keeps the rest.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SettingsOrder {
    starting_seconds: Option<f64>,
    stopping_seconds: Option<f64>,
    updating_seconds: Option<f64>,
    deleting_seconds: Option<f64>,
    /// "1", "2" or "absent".
    default_version: Option<String>,
    /// Whether an update is seen only when it has ended.
    update_visible_at_the_end: Option<bool>,
    /// Whether an unsupported instance type is refused at the start only.
    unsupported_type_at_start: Option<bool>,
    notices: Option<u32>,
}

async fn settings(State(core): State<Arc<Core>>, body: Bytes) -> Reply {
    let order: SettingsOrder = read(&body)?;
    let delay = |it: Option<f64>| it.map(seconds).transpose();
    let delays = (
        delay(order.starting_seconds)?,
        delay(order.stopping_seconds)?,
        delay(order.updating_seconds)?,
        delay(order.deleting_seconds)?,
    );
    let default_version = match order.default_version.as_deref() {
        None => None,
        Some("1") => Some(DefaultVersion::One),
        Some("2") => Some(DefaultVersion::Two),
        Some("absent") => Some(DefaultVersion::Absent),
        Some(other) => return Err(wrong(&format!("no default version `{other}`"))),
    };
    Notebooks::of(&core).configure(|settings| {
        settings.starting = delays.0.unwrap_or(settings.starting);
        settings.stopping = delays.1.unwrap_or(settings.stopping);
        settings.updating = delays.2.unwrap_or(settings.updating);
        settings.deleting = delays.3.unwrap_or(settings.deleting);
        settings.default_version = default_version.unwrap_or(settings.default_version);
        settings.notices = order.notices.unwrap_or(settings.notices);
        if let Some(late) = order.update_visible_at_the_end {
            settings.update_visible = if late { UpdateVisible::AtTheEnd } else { UpdateVisible::AtOnce };
        }
        if let Some(late) = order.unsupported_type_at_start {
            settings.unsupported_type =
                if late { UnsupportedType::AtStart } else { UnsupportedType::AtUpdate };
        }
    });
    Ok("{}".to_owned())
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, (StatusCode, String)> {
    serde_json::from_slice(body).map_err(|error| wrong(&error.to_string()))
}

fn wrong(what: &str) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, format!("not understood: {what}\n"))
}

fn status(id: &str) -> Result<Status, (StatusCode, String)> {
    Status::parse(id).ok_or_else(|| wrong(&format!("no status `{id}`")))
}

fn seconds(number: f64) -> Result<Duration, (StatusCode, String)> {
    Duration::try_from_secs_f64(number).map_err(|error| wrong(&error.to_string()))
}
