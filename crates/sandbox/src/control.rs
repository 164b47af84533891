//! The control API under `/_sandbox/`, for tests that are no Rust. JSON in, JSON out.
//!
//! | request | does |
//! |---|---|
//! | `GET calls` | the call log |
//! | `POST reset-calls` | forgets it |
//! | `GET events` | the published events |
//! | `POST reset-events` | forgets them |
//! | `POST advance` `{"seconds": 5}` | moves a manual clock |
//! | `POST throttling` `{"enforced": true}` | token buckets on or off |
//! | `POST inject` | orders a fault, see [`faults`] |
//! | `POST reset-faults` | cancels all faults |
//! | `POST before` | lets somebody else act before a call, see [`faults`] |
//! | `POST launch-as` | launches as another actor, see [`LaunchOrder`] |
//! | `POST option-quirks` `{"region", "quirks": {"unknown"?, "refusal"?, "undescribed"?}}` | what a Region makes of metadata options |
//! | `POST metric-data` `{"account", "region", "instance_id", "metric", "start", "every_seconds", "values"}` | datapoints |
//! | `POST lightsail-metric-data` `{"account", "region", "name", "start", "every_seconds", "values"}` | metadata calls without a token |
//! | `POST config-aggregator` `{"account", "region", "name", "recorded": [{"account", "region"}], "frozen"?}` | an aggregator of AWS Config |
//! | `POST roles` `{"account", "name", "external_id"?}` | registers a role |
//! | `POST managed-instance` `{"account", "region", "instance_id", "does": {"platform", "status"?, "output"?, "errors"?}}` | Systems Manager manages it |
//! | `POST command-document` `{"account", "region", "name", "steps": [["step", "platform"]]}` | a document to send |
//! | `POST control-finding` `{"account", "region", "control", "resource", "status"}` | what AWS's own control found |
//! | `POST organization` | sets the organization, see [`UnitOrder`] |

mod faults;
mod order;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;

use self::order::{ActorName, Reply, done, read, text};
use crate::core::Core;
use crate::ec2::{HttpTokens, LaunchSpec, OptionQuirks, launch_as};
use crate::identity::Place;
use crate::organizations::{AccountState, MemberAccount, Organization, OrganizationalUnit};

/// The routes.
pub(crate) fn routes() -> Router<Arc<Core>> {
    Router::new()
        .route("/calls", get(async |State(core): State<Arc<Core>>| text(&json!(core.calls()))))
        .route("/events", get(async |State(core): State<Arc<Core>>| text(&json!(core.bus.published()))))
        .route("/reset-calls", post(reset_calls))
        .route("/reset-events", post(reset_events))
        .route("/reset-faults", post(faults::reset_faults))
        .route("/advance", post(advance))
        .route("/throttling", post(throttling))
        .route("/inject", post(faults::inject))
        .route("/before", post(faults::before))
        .route("/launch-as", post(launch))
        .route("/option-quirks", post(option_quirks))
        .route("/roles", post(role))
        .route("/managed-instance", post(managed_instance))
        .route("/command-document", post(command_document))
        .route("/organization", post(organization))
        .merge(crate::cloudwatch::routes())
        .merge(crate::configservice::routes())
        .merge(crate::lightsail::routes())
        .merge(crate::sagemaker::routes())
        .merge(crate::securityhub::control_routes())
}

async fn reset_calls(State(core): State<Arc<Core>>) -> Response {
    core.clear_calls();
    done()
}

async fn reset_events(State(core): State<Arc<Core>>) -> Response {
    core.bus.clear();
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceOrder {
    seconds: f64,
}

async fn advance(State(core): State<Arc<Core>>, body: Bytes) -> Reply {
    let order: AdvanceOrder = read(&body)?;
    core.advance(Duration::try_from_secs_f64(order.seconds).unwrap_or(Duration::ZERO));
    Ok(text(&json!({ "now": core.clock.now() })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ThrottlingOrder {
    enforced: bool,
}

async fn throttling(State(core): State<Arc<Core>>, body: Bytes) -> Reply {
    let order: ThrottlingOrder = read(&body)?;
    let mut world = core.world();
    world.throttle.enforced = order.enforced;
    world.throttle.refill();
    Ok(done())
}

/// A launch. `actor` is `{"user": "name"}`, `{"role": ["name", "session"]}`, `{"auto-scaling":
/// "group"}`,
/// `"spot-service"` or `{"fleet": "role"}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LaunchOrder {
    account: String,
    region: String,
    actor: ActorName,
    image: Option<String>,
    template: Option<String>,
    version: Option<String>,
    count: Option<i64>,
    tokens: Option<TokensName>,
    managed_by: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TokensName {
    Optional,
    Required,
}

async fn launch(State(core): State<Arc<Core>>, body: Bytes) -> Reply {
    let order: LaunchOrder = read(&body)?;
    let actor = order.actor.build();
    let mut spec = match &order.template {
        Some(template) => LaunchSpec::of_template(template, order.version.as_deref().unwrap_or("$Default")),
        None => LaunchSpec::of_image(order.image.as_deref().unwrap_or(crate::ec2::AMAZON_LINUX_2)),
    };
    spec = spec.count(order.count.unwrap_or(1));
    spec = match order.tokens {
        None => spec,
        Some(TokensName::Optional) => spec.tokens(HttpTokens::Optional),
        Some(TokensName::Required) => spec.tokens(HttpTokens::Required),
    };
    if let Some(principal) = &order.managed_by {
        spec = spec.managed_by(principal);
    }
    let place = Place::new(order.account, order.region);
    let mut guard = core.world();
    match launch_as(&mut guard, &place, &actor, spec) {
        Ok(ids) => Ok(text(&json!({ "instance_ids": ids }))),
        Err(error) => Ok((
            StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST),
            json!({ "code": error.code, "message": error.message }).to_string(),
        )
            .into_response()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuirksOrder {
    region: String,
    quirks: OptionQuirks,
}

async fn option_quirks(State(core): State<Arc<Core>>, body: Bytes) -> Reply {
    let order: QuirksOrder = read(&body)?;
    core.world().ec2.quirks.insert(order.region, order.quirks);
    Ok(done())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ManagedOrder {
    account: String,
    region: String,
    instance_id: String,
    does: crate::ssm::ManagedInstance,
}

async fn managed_instance(State(core): State<Arc<Core>>, body: Bytes) -> Reply {
    let order: ManagedOrder = read(&body)?;
    crate::ssm::manage(&mut core.world(), &order.account, &order.region, &order.instance_id, order.does);
    Ok(done())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentOrder {
    account: String,
    region: String,
    name: String,
    steps: Vec<(String, String)>,
}

async fn command_document(State(core): State<Arc<Core>>, body: Bytes) -> Reply {
    let order: DocumentOrder = read(&body)?;
    crate::ssm::put_document(&mut core.world(), &order.account, &order.region, &order.name, order.steps);
    Ok(done())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleOrder {
    account: String,
    name: String,
    external_id: Option<String>,
}

async fn role(State(core): State<Arc<Core>>, body: Bytes) -> Reply {
    let order: RoleOrder = read(&body)?;
    core.world().iam.add_role(&order.account, &order.name, order.external_id.as_deref());
    Ok(done())
}

/// A unit of the organization; the outermost is the root and names the management account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitOrder {
    management: Option<String>,
    id: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    accounts: Vec<AccountOrder>,
    #[serde(default)]
    units: Vec<UnitOrder>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountOrder {
    id: String,
    name: String,
    #[serde(default)]
    suspended: bool,
}

impl AccountOrder {
    fn build(&self) -> MemberAccount {
        let state = if self.suspended { AccountState::Suspended } else { AccountState::Active };
        MemberAccount::new(&self.id, &self.name).in_state(state)
    }
}

impl UnitOrder {
    fn build(&self) -> OrganizationalUnit {
        let mut unit = match &self.id {
            Some(id) => OrganizationalUnit::with_id(id, &self.name),
            None => OrganizationalUnit::named(&self.name),
        };
        for account in &self.accounts {
            unit = unit.account(account.build());
        }
        self.units.iter().fold(unit, |unit, inner| unit.unit(inner.build()))
    }
}

async fn organization(State(core): State<Arc<Core>>, body: Bytes) -> Reply {
    let order: UnitOrder = read(&body)?;
    let management = order.management.as_deref().unwrap_or(&core.config.home_account);
    let mut organization = Organization::managed_by(management);
    for account in &order.accounts {
        organization = organization.account(account.build());
    }
    for unit in &order.units {
        organization = organization.unit(unit.build());
    }
    core.world().organization = Some(organization);
    Ok(done())
}
