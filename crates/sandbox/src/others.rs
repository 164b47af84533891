//! What other people and services do between two calls of the code under test.
//!
//! ```
//! use v2only_sandbox::{Actor, ActorCall, CallFilter, Config, Sandbox};
//!
//! let aws = Sandbox::start(Config::default())?;
//! // Immediately before the first ModifyLaunchTemplate, somebody else makes version 2 the default.
//! let parameters = [("LaunchTemplateName", "web"), ("SetDefaultVersion", "2")];
//! let change = ActorCall::new("111122223333", "eu-central-1", Actor::User("mallory".to_owned()))
//!     .query("ec2", "ModifyLaunchTemplate", parameters);
//! aws.before_call(CallFilter::of("ec2", "ModifyLaunchTemplate"), 1, move |aws| {
//!     aws.call_as(&change).unwrap();
//! });
//! # Ok::<(), v2only_sandbox::StartError>(())
//! ```

use std::sync::{Arc, PoisonError};

use serde_json::Value;

use crate::call::{Answer, Body, Call};
use crate::call_filter::CallFilter;
use crate::core::Core;
use crate::ec2::Actor;
use crate::error::AwsError;
use crate::identity::Place;
use crate::interventions::Intervention;
use crate::params::Params;
use crate::sandbox::Sandbox;
use crate::services;

/// One API call of somebody else.
#[derive(Debug, Clone)]
pub struct ActorCall {
    place: Place,
    actor: Actor,
    service: String,
    action: String,
    input: Input,
}

#[derive(Debug, Clone)]
enum Input {
    Query(Vec<(String, String)>),
    Json(Value),
}

impl ActorCall {
    /// A call in this account and Region by this actor. Name the operation by [`Self::query`] or
    /// [`Self::json`].
    pub fn new(account: &str, region: &str, actor: Actor) -> Self {
        let (service, action) = (String::new(), String::new());
        Self { place: Place::new(account, region), actor, service, action, input: Input::Json(Value::Null) }
    }

    /// An operation of EC2, Auto Scaling or STS with the parameters as on the wire: `("Tag.1.Key",
    /// "team")`.
    #[must_use]
    pub fn query<'a>(
        mut self,
        service: &str,
        action: &str,
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        (self.service, self.action) = (service.to_owned(), action.to_owned());
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        self.input = Input::Query(parameters.into_iter().map(owned).collect());
        self
    }

    /// An operation of a service with a JSON request, for example `sagemaker`, `ssm` or `sqs`.
    #[must_use]
    pub fn json(mut self, service: &str, action: &str, document: Value) -> Self {
        (self.service, self.action) = (service.to_owned(), action.to_owned());
        self.input = Input::Json(document);
        self
    }

    pub(crate) fn perform(&self, core: &Core) -> Result<Answer, AwsError> {
        let (request_id, now) = {
            let world = &mut core.world();
            (world.ids.uuid(), world.now())
        };
        let call = Call {
            service: self.service.clone(),
            action: self.action.clone(),
            place: self.place.clone(),
            principal: self.actor.principal(&self.place, now),
            access_key: Some("ASIAEXAMPLE000000000".to_owned()),
            request_id,
            at: now,
            user_agent: self.actor.user_agent(),
            source_ip: "203.0.113.10".to_owned(),
            body: match &self.input {
                Input::Query(pairs) => Body::Query(Params::from_pairs(pairs.clone())),
                Input::Json(document) => Body::Json(document.clone()),
            },
        };
        services::perform(core, &call)
    }
}

impl Sandbox {
    /// Runs `act` once, immediately before the nth call (from 1) that `filter` matches takes
    /// effect. Actions for the same call run in the order in which they were given. A call that a
    /// fault stops before its effect counts as well.
    pub fn before_call(&self, filter: CallFilter, nth: u64, act: impl FnOnce(&Sandbox) + Send + 'static) {
        let core = Arc::downgrade(self.core());
        let (address, runtime) = (self.address, self.runtime().clone());
        let act = Box::new(move || {
            if let Some(core) = core.upgrade() {
                act(&Sandbox { core, address, runtime, stop: None, thread: None, own: None });
            }
        });
        let intervention = Intervention { filter, skip: nth.saturating_sub(1), act };
        self.core().interventions.lock().unwrap_or_else(PoisonError::into_inner).push(intervention);
    }

    /// Calls the API as somebody else. The call leaves its CloudTrail event; it is not in the call
    /// log, meets no fault and takes no token.
    ///
    /// # Errors
    /// The error that AWS would answer.
    pub fn call_as(&self, call: &ActorCall) -> Result<(), AwsError> {
        call.perform(self.core()).map(|_| ())
    }

    /// As [`Self::call_as`], with the members of the answer as text: XML or JSON.
    ///
    /// # Errors
    /// The error that AWS would answer.
    pub fn answer_as(&self, call: &ActorCall) -> Result<String, AwsError> {
        Ok(match call.perform(self.core())? {
            Answer::Xml(shape) => {
                let mut text = String::new();
                shape.write_xml(&mut text, if call.service == "ec2" { "item" } else { "member" });
                text
            }
            Answer::Json(document) => document.to_string(),
        })
    }
}
