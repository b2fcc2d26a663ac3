//! Who is calling, from where, and whether what they come with lets them make this call.
//!
//! A token comes in the `Authorization` header or, from a browser, in a cookie. Other sites can
//! make a browser send its cookie, so a cookie alone changes nothing: the call must also prove
//! that its sender could read one of our pages ([`csrf`]). What a call needs of a token is decided
//! from its method and path alone, in [`fn@need`].

use axum::{
    extract::{FromRef, FromRequestParts, MatchedPath, OptionalFromRequestParts},
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
};
use market_core::{Actor, Error, Market, account::Bearer, is_same_secret};

pub use self::web::Web;
pub(crate) use self::{client::Client, cookie::Cookies, csrf::proof_of, need::need};
use crate::{
    edge::rates::charge,
    problem::{Code, Problem},
};

mod client;
mod cookie;
mod csrf;
mod need;
mod web;

/// The header in which a script of our own pages proves that it could read one.
const CSRF: &str = "x-csrf-token";

/// The actor behind a request's token; nobody else gets in.
#[derive(Debug)]
pub(crate) struct Caller(pub(crate) Actor);

/// The same with the token itself and what it is, where that is needed: to sign out, to switch.
#[derive(Debug)]
pub(crate) struct Holder {
    pub(crate) bearer: Bearer,
    pub(crate) token: String,
}

/// What a request comes with.
#[derive(Debug)]
enum Shown {
    /// A bearer token.
    Header(String),
    /// The token of a browser's session.
    Cookie(String),
}

impl Shown {
    /// What a request shows, if anything. An `Authorization` header goes before any cookie.
    fn of(parts: &Parts) -> Result<Option<Self>, Problem> {
        if parts.headers.contains_key(AUTHORIZATION) {
            let token = bearer(&parts.headers).ok_or(Code::ANONYMOUS)?;
            return Ok(Some(Self::Header(token.to_owned())));
        }
        Ok(Cookies::of(parts).session().map(Self::Cookie))
    }

    /// The token, unless it is a cookie that would change something and nothing proves that one of
    /// our own pages sent it.
    fn token(self, parts: &Parts) -> Result<String, Problem> {
        match self {
            Self::Header(token) => Ok(token),
            Self::Cookie(token) if parts.method.is_safe() => Ok(token),
            Self::Cookie(token) => {
                let given = parts.headers.get(CSRF).and_then(|value| value.to_str().ok());
                match given {
                    Some(given) if is_same_secret(given, &proof_of(&token)) => Ok(token),
                    _ => Err(Code::FORGED.into()),
                }
            }
        }
    }
}

/// What the `Authorization` header gives as a bearer token.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

impl Holder {
    /// Who holds a token, if it lets them make the call of this method and path.
    pub(crate) async fn identify(
        market: &Market,
        parts: &Parts,
        token: String,
    ) -> Result<Self, Problem> {
        let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let bearer = market.accounts().bearer(&token).await?;
        charge(parts, &bearer.actor)?;
        bearer.reach.allows(need(&parts.method, path))?;
        Ok(Self { bearer, token })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Holder
where
    Market: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let token = Shown::of(parts)?.ok_or(Code::ANONYMOUS)?.token(parts)?;
        Self::identify(&Market::from_ref(state), parts, token).await
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Market: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let holder = <Holder as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        Ok(Self(holder.bearer.actor))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Caller
where
    Market: FromRef<S>,
{
    type Rejection = Problem;

    /// Nobody, where a request comes with nothing. A bad token is not nobody: it is refused. A
    /// cookie of a session that is over is, for a browser sends it on its own.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Problem> {
        match Shown::of(parts)? {
            None => return Ok(None),
            Some(Shown::Cookie(token)) if parts.method.is_safe() => {
                let bearer = Market::from_ref(state).accounts().bearer(&token).await;
                if matches!(bearer, Err(Error::Anonymous)) {
                    return Ok(None);
                }
            }
            Some(_) => {}
        }
        <Self as FromRequestParts<S>>::from_request_parts(parts, state).await.map(Some)
    }
}
