//! Passwords, as they are typed.

use serde::Deserialize;

use super::token;
use crate::{
    Call, Error, Fault, Intent, Market,
    kernel::{
        secret::{hash_password, slow_digest},
        text::check_text,
    },
};

/// A password as it was typed; it can be read and checked, but neither printed nor stored.
#[derive(Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = Password, min_length = 8, max_length = 128))]
#[serde(transparent)]
pub struct Password(pub(super) String);

impl Password {
    /// A password as typed.
    pub fn new(typed: impl Into<String>) -> Self {
        Self(typed.into())
    }

    pub(super) fn check(&self, pointer: &str, faults: &mut Vec<Fault>) {
        check_text(pointer, &self.0, 8, 128, faults);
    }

    /// What tells it from another password under the key of a call; nothing without a key, or if
    /// the call is not meant.
    pub(super) async fn apart(&self, call: &Call) -> Result<Option<String>, Error> {
        let (Some(key), Intent::Do) = (&call.key, call.intent) else { return Ok(None) };
        let with = format!("{} {} {key}", call.actor.person, call.place);
        let typed = self.0.clone();
        token::slowly(move || slow_digest(&typed, &with)).await?.map(Some)
    }

    /// What is kept of it. Made off the threads that serve requests, for it is slow on purpose.
    pub(crate) async fn hash(self, market: &Market) -> Result<String, Error> {
        let env = market.env.clone();
        token::slowly(move || hash_password(&env, &self.0)).await?
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}
