//! Who looks at a page, and the forms that they fill in.

use std::convert::Infallible;

use axum::{
    body::Bytes,
    extract::{FromRef, FromRequest, FromRequestParts, Request},
    http::{HeaderMap, header::CONTENT_TYPE, request::Parts},
};
use market_core::{Actor, Market, account::Reach, is_same_secret};
use serde::de::DeserializeOwned;

use crate::{
    caller::{Cookies, Holder, proof_of},
    problem::{Code, Problem},
};

/// Who looks at a page: perhaps somebody who is signed in. Every page can be asked by nobody, so
/// nothing fails here; a session that is over is nobody.
#[derive(Debug)]
pub(crate) struct Visitor {
    /// Who acts, and for whom.
    pub(crate) actor: Option<Actor>,
    /// What the page's forms carry, so that no other page can send them.
    pub(crate) proof: Option<String>,
    /// Whether they must set up a second factor before anything else.
    pub(crate) is_enrolling: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor
where
    Market: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let nobody = Self { actor: None, proof: None, is_enrolling: false };
        let Some(token) = Cookies::of(parts).session() else { return Ok(nobody) };
        let Ok(bearer) = Market::from_ref(state).accounts().bearer(&token).await else {
            return Ok(nobody);
        };
        Ok(Self {
            is_enrolling: bearer.reach == Reach::Enrolling,
            actor: Some(bearer.actor),
            proof: Some(proof_of(&token)),
        })
    }
}

/// A form that somebody who is signed in filled in on one of our own pages, and what they may do
/// with it.
#[derive(Debug)]
pub(crate) struct Sent<T> {
    pub(crate) holder: Holder,
    pub(crate) form: T,
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequest<S> for Sent<T>
where
    Market: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let token = Cookies::of(&parts).session().ok_or(Code::ANONYMOUS)?;
        let form = read(Request::from_parts(parts.clone(), body), &token).await?;
        let holder = Holder::identify(&Market::from_ref(state), &parts, token).await?;
        Ok(Self { holder, form })
    }
}

/// A form that somebody filled in before they are signed in.
#[derive(Debug)]
pub(crate) struct Opening<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Opening<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let secret = Cookies::of(&parts).form().ok_or(Code::FORGED)?;
        Ok(Self(read(Request::from_parts(parts, body), &secret).await?))
    }
}

/// What every form of ours carries.
#[derive(serde::Deserialize)]
struct Carried {
    proof: String,
}

/// Whether a request says that its body is of a media type.
pub(super) fn is_sent_as(headers: &HeaderMap, media_type: &str) -> bool {
    let said = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let said = said.and_then(|said| said.split(';').next()).unwrap_or_default().trim();
    said.eq_ignore_ascii_case(media_type)
}

/// What was sent of a form that has no file.
pub(super) async fn form_sent(request: Request) -> Result<Bytes, Problem> {
    if !is_sent_as(request.headers(), "application/x-www-form-urlencoded") {
        return Err(Code::MEDIA_TYPE.into());
    }
    let bytes = Bytes::from_request(request, &()).await;
    bytes.map_err(|why| Code::of_status(why.status()).into())
}

/// Reads a form that carries the proof of a secret.
async fn read<T: DeserializeOwned>(request: Request, secret: &str) -> Result<T, Problem> {
    let bytes = form_sent(request).await?;
    let Ok(Carried { proof }) = serde_urlencoded::from_bytes(&bytes) else {
        return Err(Code::FORGED.into());
    };
    if !is_same_secret(&proof, &proof_of(secret)) {
        return Err(Code::FORGED.into());
    }
    serde_urlencoded::from_bytes(&bytes)
        .map_err(|why| Problem::new(Code::MALFORMED, why.to_string()))
}
