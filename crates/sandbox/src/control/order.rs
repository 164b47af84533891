//! How an order is read and answered.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::ec2::Actor;

pub(super) type Reply = Result<Response, NotUnderstood>;

/// An order that is not one, with what is wrong with it.
pub(super) struct NotUnderstood(String);

impl IntoResponse for NotUnderstood {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, format!("not understood: {}\n", self.0)).into_response()
    }
}

pub(super) fn text(value: &Value) -> Response {
    ([("content-type", "application/json")], value.to_string()).into_response()
}

pub(super) fn done() -> Response {
    text(&json!({}))
}

/// Reads the request, strictly: a misspelt member must not pick a default.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, NotUnderstood> {
    serde_json::from_slice(body).map_err(|error| NotUnderstood(error.to_string()))
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ActorName {
    User(String),
    Role(String, String),
    AutoScaling(String),
    SpotService,
    Fleet(String),
}

impl ActorName {
    pub(super) fn build(self) -> Actor {
        match self {
            Self::User(name) => Actor::User(name),
            Self::Role(role, session) => Actor::Role(role, session),
            Self::AutoScaling(group) => Actor::AutoScaling(group),
            Self::SpotService => Actor::SpotService,
            Self::Fleet(role) => Actor::Fleet(role),
        }
    }
}
