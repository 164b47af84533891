//! From a place to credentials and clients.
//!
//! One HTTP client with one TLS stack (ring) serves every account and Region. Sessions in member accounts
//! are assumed once and kept until shortly before they expire; clients are kept by account and Region.

mod endpoints;
mod memo;

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::identity::SharedIdentityCache;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::Timestamp;
use tokio::time::Instant;
use v2only_enforcer::ports::{Actor, DeliveredByV1};
use v2only_enforcer::{Failure, Kind};
use v2only_policy::{AccountId, OuId, Place, Region};

pub use self::endpoints::environment_is_plain_http;
#[cfg(feature = "launcher")]
pub(crate) use self::endpoints::is_on_this_machine;
pub(crate) use self::endpoints::{http, https};
use self::endpoints::{only_loopback, variables};
pub(crate) use self::memo::{Expiring, Memo};
use crate::call::{Call, CallLog};
use crate::classify;
use crate::pace::Pace;
use crate::settings::{Membership, Settings};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the CLI repeats a call after AWS was unavailable or unreachable.
const EXTRA_ATTEMPTS: u32 = 2;
/// The pause before each of these repeated calls.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// AWS, as far as this product knows it. Implements the ports of `v2only-enforcer`.
#[derive(Debug)]
pub struct Aws {
    base: SdkConfig,
    membership: Option<Membership>,
    sweep_queue: Option<String>,
    own_account: OnceLock<AccountId>,
    /// The name of the Lambda function that this process is.
    own_function: OnceLock<String>,
    pub(crate) pace: Pace,
    pub(crate) log: Arc<CallLog>,
    accounts: tokio::sync::Mutex<HashMap<AccountId, SdkConfig>>,
    /// Accounts whose session AWS refused: the next call assumes the role again.
    refused: Memo<AccountId, ()>,
    pub(crate) ec2: Memo<Place, aws_sdk_ec2::Client>,
    pub(crate) autoscaling: Memo<Place, aws_sdk_autoscaling::Client>,
    pub(crate) cloudwatch: Memo<Place, aws_sdk_cloudwatch::Client>,
    pub(crate) sagemaker: Memo<Place, aws_sdk_sagemaker::Client>,
    pub(crate) admitted: Expiring<AccountId, ()>,
    pub(crate) names: Memo<AccountId, String>,
    /// The management account of the organization, once the organization was listed.
    pub(crate) management: OnceLock<AccountId>,
    /// Recorded evidence that stands beside the metrics.
    pub(crate) delivered: DeliveredByV1,
    pub(crate) above: Expiring<AccountId, Vec<OuId>>,
}

/// The name of the sessions that this product opens in member accounts.
const MEMBER_SESSION: &str = "v2only";

/// How a person or a function reaches AWS.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// A profile of the shared configuration files.
    pub profile: Option<String>,
    /// The Region to start from.
    pub region: Option<Region>,
    /// For how long a call may wait for its turn.
    pub patience: Duration,
    /// Whether every endpoint is `http`, as those of an embedded AWS are. Then the machine needs no root certificates.
    pub plain_http: bool,
    /// An embedded AWS in the process of the caller. Without it, calls go to the network.
    pub embedded: Option<EmbeddedAws>,
}

/// An embedded AWS that is called without a connection, on a clock that stands still during a call. Calls neither wait for
/// their turn nor depend on the machine's clock, so that a test can repeat a run exactly.
#[derive(Debug, Clone)]
pub struct EmbeddedAws {
    /// Carries the requests.
    pub client: SharedHttpClient,
    /// The clock by which requests are signed and sessions expire.
    pub time: SharedTimeSource,
}

impl Aws {
    /// Prepares to reach AWS; makes no call.
    ///
    /// # Errors
    /// Only this machine may be talked to, and no endpoint on it is given.
    pub async fn connect(settings: &Settings, access: Access) -> Result<Self, Failure> {
        if settings.loopback_only {
            only_loopback(variables())?;
        }
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let embedded = access.embedded;
        let pace = embedded.as_ref().map_or_else(|| Pace::waiting_at_most(access.patience), |_| Pace::off());
        let (client, time) = match embedded {
            Some(EmbeddedAws { client, time }) => (client, time),
            None if access.plain_http => (http(), SharedTimeSource::default()),
            None => (https(), SharedTimeSource::default()),
        };
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(client)
            .time_source(time)
            .identity_cache(identity_cache(&pace))
            .timeout_config(timeouts);
        if let Some(profile) = &access.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = access.region.as_ref().or(settings.region.as_ref()) {
            loader = loader.region(aws_config::Region::new(region.as_str().to_owned()));
        }
        Ok(Self {
            base: loader.load().await,
            membership: settings.membership.clone(),
            sweep_queue: settings.sweep_queue.clone(),
            own_account: OnceLock::new(),
            own_function: OnceLock::new(),
            pace,
            log: Arc::default(),
            accounts: tokio::sync::Mutex::default(),
            refused: Memo::default(),
            ec2: Memo::default(),
            autoscaling: Memo::default(),
            cloudwatch: Memo::default(),
            sagemaker: Memo::default(),
            admitted: Expiring::default(),
            names: Memo::default(),
            management: OnceLock::new(),
            delivered: DeliveredByV1::new(),
            above: Expiring::default(),
        })
    }

    /// The calls made so far.
    pub fn calls(&self) -> Arc<CallLog> {
        Arc::clone(&self.log)
    }

    /// The Region to start from, if flags, environment or profile name one.
    pub fn region(&self) -> Option<Region> {
        self.base.region().and_then(|it| Region::parse(it.as_ref()).ok())
    }

    /// Tells which account is our own, where that is known without asking. The first word counts.
    pub fn set_own_account(&self, account: AccountId) {
        // A second word is the same word: a process never changes accounts.
        let _kept = self.own_account.set(account);
    }

    /// Tells which Lambda function this process is.
    pub fn set_own_function(&self, name: String) {
        let _kept = self.own_function.set(name);
    }

    /// Whether this process's role made a call in an account. At home that is the role of the function, which has the name of
    /// the function in every shipped template, as Lambda names its session; elsewhere it is the member role. A role of
    /// another name is not recognized, because anybody may choose the name of a session.
    pub(crate) fn is_own_session(&self, place: &Place, actor: &Actor) -> bool {
        if self.own_account.get() == Some(&place.account) {
            return self
                .own_function
                .get()
                .is_some_and(|name| actor.is_session_of(&place.account, name, name));
        }
        self.membership
            .as_ref()
            .is_some_and(|it| actor.is_session_of(&place.account, &it.role, MEMBER_SESSION))
    }

    /// Our own account; asks STS unless told.
    ///
    /// # Errors
    /// `sts:GetCallerIdentity` failed, which means that the credentials are no good.
    pub async fn own_account(&self) -> Result<AccountId, Failure> {
        if let Some(known) = self.own_account.get() {
            return Ok(known.clone());
        }
        let call = Call::GetCallerIdentity;
        self.turn(None, call).await?;
        let answer = aws_sdk_sts::Client::new(&self.base)
            .get_caller_identity()
            .send()
            .await
            .map_err(|it| classify::failure(call, &it))?;
        let account = AccountId::parse(answer.account().unwrap_or_default())
            .map_err(|it| Failure::new(Kind::Unknown, call.iam_action(), it.to_string()))?;
        Ok(self.own_account.get_or_init(|| account).clone())
    }

    /// Waits for a call's turn and counts it. Returns when it counts as sent.
    pub(crate) async fn turn(&self, place: Option<&Place>, call: Call) -> Result<Instant, Failure> {
        let sent = self.pace.take(place, call).await?;
        self.log.count(call);
        Ok(sent)
    }

    /// Makes a call in its turn. Where a person waits, one that is throttled takes another turn, however often: what others
    /// do in the same account makes a run longer, and not incomplete.
    pub(crate) async fn in_turn<T, E, Sending>(
        &self,
        place: &Place,
        call: Call,
        send: impl Fn() -> Sending + Send + Sync,
    ) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata + StdError + 'static,
        Sending: Future<Output = Result<T, SdkError<E, Response>>> + Send,
    {
        let first = Instant::now();
        let mut extra_attempts = EXTRA_ATTEMPTS;
        loop {
            let failure = match self.once_in_turn(place, call, send()).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let again = match failure.kind {
                Kind::Throttled => self.pace.insists(first),
                Kind::Unavailable | Kind::Unreachable if self.pace.is_patient() && extra_attempts > 0 => {
                    extra_attempts -= 1;
                    tokio::time::sleep(RETRY_DELAY).await;
                    true
                }
                _ => false,
            };
            if !again {
                return Err(failure);
            }
        }
    }

    /// Makes a call in its turn, once. Later ones are further apart after one that was throttled, and closer again after others.
    /// Changes are made by this: their caller describes the resource again before another attempt.
    pub(crate) async fn once_in_turn<T, E>(
        &self,
        place: &Place,
        call: Call,
        sending: impl Future<Output = Result<T, SdkError<E, Response>>> + Send,
    ) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let sent = self.turn(Some(place), call).await?;
        let answer = sending.await.map_err(|error| self.failure(place, call, &error));
        let throttled = answer.as_ref().is_err_and(|it| it.kind == Kind::Throttled);
        self.pace.answered(place, call, sent, throttled);
        answer
    }

    /// What a call at a place failed with. A session that AWS no longer takes (it expired by AWS's clock, its
    /// role was made anew) is not used again, so that the next try assumes the role again.
    pub(crate) fn failure<E>(&self, place: &Place, call: Call, error: &SdkError<E, Response>) -> Failure
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let failure = classify::failure(call, error);
        if failure.kind == Kind::Credentials {
            self.refused.keep(&place.account, ());
            self.ec2.forget(|it| it.account == place.account);
            self.autoscaling.forget(|it| it.account == place.account);
            self.cloudwatch.forget(|it| it.account == place.account);
            self.sagemaker.forget(|it| it.account == place.account);
        }
        failure
    }

    /// The present, by the clock of the connection.
    pub(crate) fn now(&self) -> Timestamp {
        let time = self.base.time_source().unwrap_or_default().now();
        Timestamp::try_from(time).unwrap_or(Timestamp::MAX)
    }

    pub(crate) const fn base(&self) -> &SdkConfig {
        &self.base
    }

    pub(crate) const fn membership(&self) -> Option<&Membership> {
        self.membership.as_ref()
    }

    pub(crate) fn sweep_queue(&self) -> Option<&str> {
        self.sweep_queue.as_deref()
    }

    /// The configuration for a place: our own credentials at home, a member session elsewhere.
    ///
    /// # Errors
    /// [`Kind::ForeignAccount`] if there is no way into that account.
    pub(crate) async fn config(&self, place: &Place) -> Result<SdkConfig, Failure> {
        let region = aws_config::Region::new(place.region.as_str().to_owned());
        if self.own_account.get() == Some(&place.account) {
            return Ok(self.base.to_builder().region(region).build());
        }
        let Some(membership) = &self.membership else {
            return Err(Failure::new(
                Kind::ForeignAccount,
                Call::AssumeRole.iam_action(),
                format!("account {} is not our own, and no member role is set", place.account),
            ));
        };
        // Held over the await, so that two callers do not both assume the role.
        let mut accounts = self.accounts.lock().await;
        if self.refused.take(&place.account).is_some() {
            accounts.remove(&place.account);
        }
        if let Some(known) = accounts.get(&place.account) {
            return Ok(known.to_builder().region(region).build());
        }
        self.turn(None, Call::AssumeRole).await?;
        let arn = place.role_arn(&membership.role);
        let mut role = AssumeRoleProvider::builder(arn).session_name(MEMBER_SESSION).configure(&self.base);
        if let Some(external_id) = &membership.external_id {
            role = role.external_id(external_id);
        }
        let provider = SharedCredentialsProvider::new(role.build().await);
        // A cache of its own, shared by all Regions of the account.
        let cache = identity_cache(&self.pace);
        let config = self.base.to_builder().credentials_provider(provider).identity_cache(cache).build();
        accounts.insert(place.account.clone(), config.clone());
        Ok(config.to_builder().region(region).build())
    }
}

/// Keeps credentials until shortly before they expire. Where a run must repeat itself exactly, until they expire: the SDK moves
/// the end by a random share of the time between.
fn identity_cache(pace: &Pace) -> SharedIdentityCache {
    let cache = IdentityCache::lazy();
    if pace.is_on() { cache.build() } else { cache.buffer_time(Duration::ZERO).build() }
}
