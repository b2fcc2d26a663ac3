//! Who is calling.

use axum::{
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
};
use market_core::{Actor, Market};

use crate::{
    edge::rates::charge,
    problem::{Code, Problem},
};

/// The actor behind a request's bearer token; nobody else gets in.
#[derive(Debug)]
pub(crate) struct Caller(pub(crate) Actor);

/// The bearer token itself, where it is needed: to sign out.
#[derive(Debug)]
pub(crate) struct Bearer(pub(crate) String);

/// What the `Authorization` header gives as a bearer token.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

impl<S: Send + Sync> FromRequestParts<S> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).ok_or(Code::ANONYMOUS)?;
        Ok(Self(token.to_owned()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Market: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let token = bearer(&parts.headers).ok_or(Code::ANONYMOUS)?;
        let actor = Market::from_ref(state).accounts().authenticate(token).await?;
        charge(parts, &actor)?;
        Ok(Self(actor))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Caller
where
    Market: FromRef<S>,
{
    type Rejection = Problem;

    /// Nobody, where there is no `Authorization` header. A bad token is not nobody: it is refused.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Problem> {
        if !parts.headers.contains_key(AUTHORIZATION) {
            return Ok(None);
        }
        <Self as FromRequestParts<S>>::from_request_parts(parts, state).await.map(Some)
    }
}
