//! From where a request comes.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{header::USER_AGENT, request::Parts},
};
use market_core::account::Origin;

use crate::edge::client::Whence;

/// From where a request comes: its address, and what its program calls itself.
#[derive(Debug)]
pub(crate) struct Client(pub(crate) Origin);

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        let address = parts.extensions.get::<Whence>().map(|whence| whence.0);
        Ok(Self(Origin { address, agent: agent.unwrap_or_default().to_owned() }))
    }
}
