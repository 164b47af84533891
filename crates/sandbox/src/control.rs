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
//! | `POST inject` | orders a fault, see [`FaultOrder`] |
//! | `POST reset-faults` | cancels all faults |
//! | `POST before` | lets somebody else act before a call, see [`BeforeOrder`] |
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

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::call_filter::CallFilter;
use crate::core::Core;
use crate::ec2::{Actor, HttpTokens, LaunchSpec, OptionQuirks, launch_as};
use crate::error::AwsError;
use crate::faults::{Effect, Fault};
use crate::identity::Place;
use crate::interventions::Intervention;
use crate::organizations::{AccountState, MemberAccount, Organization, OrganizationalUnit};
use crate::others::ActorCall;

type Reply = Result<Response, NotUnderstood>;

/// An order that is not one, with what is wrong with it.
struct NotUnderstood(String);

impl IntoResponse for NotUnderstood {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, format!("not understood: {}\n", self.0)).into_response()
    }
}

/// The routes.
pub(crate) fn routes() -> Router<Arc<Core>> {
    Router::new()
        .route("/calls", get(async |State(core): State<Arc<Core>>| text(&json!(core.calls()))))
        .route("/events", get(async |State(core): State<Arc<Core>>| text(&json!(core.bus.published()))))
        .route("/reset-calls", post(reset_calls))
        .route("/reset-events", post(reset_events))
        .route("/reset-faults", post(reset_faults))
        .route("/advance", post(advance))
        .route("/throttling", post(throttling))
        .route("/inject", post(inject))
        .route("/before", post(before))
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

fn faults(core: &Core) -> std::sync::MutexGuard<'_, crate::faults::Faults> {
    core.faults.lock().unwrap_or_else(PoisonError::into_inner)
}

fn text(value: &Value) -> Response {
    ([("content-type", "application/json")], value.to_string()).into_response()
}

fn done() -> Response {
    text(&json!({}))
}

async fn reset_calls(State(core): State<Arc<Core>>) -> Response {
    core.clear_calls();
    done()
}

async fn reset_events(State(core): State<Arc<Core>>) -> Response {
    core.bus.clear();
    done()
}

async fn reset_faults(State(core): State<Arc<Core>>) -> Response {
    faults(&core).clear();
    done()
}

/// Reads the request, strictly: a misspelt member must not pick a default.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, NotUnderstood> {
    serde_json::from_slice(body).map_err(|error| NotUnderstood(error.to_string()))
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

/// A fault. `effect` is `error-before`, `error-after` (both with `status`, `code`, `message`),
/// `drop-before`, `drop-after`, `hold-after` or `latency` (with `millis`).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultOrder {
    service: Option<String>,
    action: Option<String>,
    account: Option<String>,
    region: Option<String>,
    #[serde(default = "one")]
    from_call: u64,
    times: Option<u64>,
    chance: Option<f64>,
    effect: EffectName,
    #[serde(default)]
    status: u16,
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    millis: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum EffectName {
    ErrorBefore,
    ErrorAfter,
    DropBefore,
    DropAfter,
    HoldAfter,
    Latency,
}

const fn one() -> u64 {
    1
}

async fn inject(State(core): State<Arc<Core>>, body: Bytes) -> Reply {
    let order: FaultOrder = read(&body)?;
    let error =
        || AwsError::client(order.code.clone(), order.message.clone()).with_status(order.status.max(400));
    let effect = match order.effect {
        EffectName::ErrorBefore => Effect::ErrorBefore(error()),
        EffectName::ErrorAfter => Effect::ErrorAfter(error()),
        EffectName::DropBefore => Effect::DropBefore,
        EffectName::DropAfter => Effect::DropAfter,
        EffectName::HoldAfter => Effect::HoldAfter,
        EffectName::Latency => Effect::Latency(Duration::from_millis(order.millis)),
    };
    let mut fault = Fault::anywhere(effect).from_call(order.from_call);
    if let Some(service) = &order.service {
        fault = fault.in_service(service);
    }
    if let Some(action) = &order.action {
        fault = fault.of_action(action);
    }
    if let Some(account) = &order.account {
        fault = fault.in_account(account);
    }
    if let Some(region) = &order.region {
        fault = fault.in_region(region);
    }
    if let Some(times) = order.times {
        fault = fault.times(times);
    }
    if let Some(chance) = order.chance {
        fault = fault.chance(chance);
    }
    faults(&core).add(fault);
    Ok(done())
}

/// Calls of somebody else (`calls`), made once and in order, immediately before the nth (`call`,
/// from 1) call of `service` and `action` takes effect. A refused call of somebody else ends the
/// sequence.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BeforeOrder {
    service: String,
    action: String,
    account: Option<String>,
    region: Option<String>,
    #[serde(default = "one")]
    call: u64,
    calls: Vec<CallOrder>,
}

/// `parameters` are those of the wire, `{"Tag.1.Key": "team"}`; `document` is the request of a JSON service.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CallOrder {
    account: String,
    region: String,
    actor: ActorName,
    service: String,
    action: String,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    document: Option<Value>,
}

impl CallOrder {
    fn build(self) -> ActorCall {
        let call = ActorCall::new(&self.account, &self.region, self.actor.build());
        match self.document {
            Some(document) => call.json(&self.service, &self.action, document),
            None => {
                let pairs = self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                call.query(&self.service, &self.action, pairs)
            }
        }
    }
}

async fn before(State(core): State<Arc<Core>>, body: Bytes) -> Reply {
    let order: BeforeOrder = read(&body)?;
    let mut filter = CallFilter::of(&order.service, &order.action);
    if let Some(account) = &order.account {
        filter = filter.in_account(account);
    }
    if let Some(region) = &order.region {
        filter = filter.in_region(region);
    }
    let calls: Vec<ActorCall> = order.calls.into_iter().map(CallOrder::build).collect();
    let weak = Arc::downgrade(&core);
    let act = Box::new(move || {
        let Some(core) = weak.upgrade() else { return };
        // The refused call is in CloudTrail, where a test can see it.
        let _refused = calls.iter().try_for_each(|call| call.perform(&core).map(|_| ()));
    });
    core.interventions.lock().unwrap_or_else(PoisonError::into_inner).push(Intervention {
        filter,
        skip: order.call.saturating_sub(1),
        act,
    });
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
enum ActorName {
    User(String),
    Role(String, String),
    AutoScaling(String),
    SpotService,
    Fleet(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TokensName {
    Optional,
    Required,
}

impl ActorName {
    fn build(self) -> Actor {
        match self {
            Self::User(name) => Actor::User(name),
            Self::Role(role, session) => Actor::Role(role, session),
            Self::AutoScaling(group) => Actor::AutoScaling(group),
            Self::SpotService => Actor::SpotService,
            Self::Fleet(role) => Actor::Fleet(role),
        }
    }
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
