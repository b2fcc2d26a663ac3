//! Calls that change something, with what guards them.
//!
//! [`Guarded`] changes what there is, [`Once`] makes something new, and [`Seen`] and [`Unguarded`]
//! are for the few operations of [`EXCEPTIONS`]. Each of them can be rehearsed.

use axum::{
    extract::{FromRef, FromRequestParts, Query},
    http::{HeaderMap, HeaderName, HeaderValue, header::IF_MATCH, request::Parts},
};
use market_core::{Call, Fault, Intent, Market, Outcome};
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::{
    caller::Caller,
    parameters::query,
    problem::{Code, Problem},
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The parameter that makes a rehearsal of a request.
pub(crate) const VALIDATE_ONLY: &str = "validate_only";

/// The header that guards a call which makes something.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only described; Once reads it")]
pub(crate) struct Key {
    /// Any text of your own, new for each call that you mean. Repeated with the same key, the call
    /// gives the first answer again and changes nothing.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 255,
        pattern = "^[!-~]+$",
        example = "6f1c2f0e-1b0a-4a52-8d5c-2f2b8d0d7c11"
    )]
    key: String,
}

/// The headers that guard a call which changes something.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only described; Guarded reads them")]
pub(crate) struct Guards {
    /// Any text of your own, new for each call that you mean. Repeated with the same key, the call
    /// gives the first answer again and changes nothing.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 255,
        pattern = "^[!-~]+$",
        example = "6f1c2f0e-1b0a-4a52-8d5c-2f2b8d0d7c11"
    )]
    key: String,
    /// The `ETag` of what was seen: the call is refused (412) if the thing has changed since. `*`
    /// is for whatever version there is.
    #[param(rename = "If-Match", pattern = r#"^("[0-9]{1,18}"|\*)$"#, example = "\"3\"")]
    expected: String,
}

/// The header that guards a call which changes something that no key can guard.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only described; Seen reads it")]
pub(crate) struct Version {
    /// The `ETag` of what was seen: the call is refused (412) if the thing has changed since. `*`
    /// is for whatever version there is.
    #[param(rename = "If-Match", pattern = r#"^("[0-9]{1,18}"|\*)$"#, example = "\"3\"")]
    expected: String,
}

/// What guards calls, or keeps them from being meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// `Idempotency-Key`.
    Key,
    /// `If-Match`.
    Version,
    /// `validate_only`.
    Rehearsal,
}

impl Guard {
    /// The name of its parameter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Key => "Idempotency-Key",
            Self::Version => "If-Match",
            Self::Rehearsal => VALIDATE_ONLY,
        }
    }
}

/// An operation that changes something without a guard that all others have, and why.
#[derive(Debug, Clone, Copy)]
pub struct Exception {
    /// The operation's id in the description of the API.
    pub operation: &'static str,
    /// What it goes without.
    pub without: Guard,
    /// Why.
    pub because: &'static str,
}

macro_rules! exceptions {
    ($($operation:literal $guard:ident $because:literal;)*) => {
        /// Every operation that goes without a guard.
        pub const EXCEPTIONS: &[Exception] = &[$(Exception {
            operation: $operation,
            without: Guard::$guard,
            because: $because,
        }),*];
    };
}

exceptions! {
    "accounts_sign_up" Key "there is nobody yet whose key it could be, and the login stands for it: repeated, the call meets `login-taken` and makes nothing";
    "accounts_sign_in" Rehearsal "whether a password is right is told only with a token";
    "accounts_sign_in" Key "the answer is a secret, which is never kept; each sign-in is a session of its own";
    "accounts_sign_out" Key "afterwards the token is no good, so nobody could ask for the answer; repeated, nothing more happens";
    "accounts_sign_out" Rehearsal "nothing of it could be refused";
    "accounts_sign_out" Version "a session has no versions: it has ended or it has not";
    "accounts_change_password" Key "afterwards the token is no good, so nobody could ask for the answer; and what is kept of a password must not be quick to compute";
    "accounts_refresh" Key "the answer is a secret, which is never kept; a refresh token is itself good once";
    "accounts_refresh" Rehearsal "to look at a refresh token is to use it";
    "accounts_switch" Key "the answer is a secret, which is never kept; afterwards the token is no good";
    "accounts_switch" Rehearsal "whether a person may act for a party is told only with a token";
    "accounts_end_sessions" Key "afterwards the token is no good, so nobody could ask for the answer; repeated, nothing more happens";
    "accounts_end_sessions" Version "a session has no versions: it has ended or it has not";
    "accounts_end_session" Key "a session that has ended stays ended: repeated, the call changes nothing and answers the same";
    "accounts_end_session" Version "a session has no versions: it has ended or it has not";
    "accounts_enrol_second_factor" Key "the answer is a secret, which is never kept; repeated, it begins anew";
    "accounts_confirm_second_factor" Key "the answer is a secret, which is never kept; a code is itself good once";
    "accounts_confirm_second_factor" Rehearsal "to look at a code is to use it";
    "accounts_give_up_second_factor" Key "a code is itself good once, and what is kept of a call could be used to guess it";
    "accounts_give_up_second_factor" Rehearsal "to look at a code is to use it";
    "accounts_unlink" Version "an identity has no versions: it is linked or it is not";
    "members_set_role" Version "a membership has no versions: a role is what was set last";
    "members_remove" Version "a membership has no versions: it is there or it is not";
    "members_invite" Key "the answer is a secret, which is never kept; repeated, the call makes another invitation";
    "members_invite" Version "an invitation is made for a party, and changes nothing that was seen";
    "members_revoke_invitation" Key "an invitation that was taken back stays so: repeated, the call changes nothing and answers the same";
    "members_revoke_invitation" Version "an invitation has no versions: it awaits its answer or it does not";
    "members_look" Key "it only looks at an invitation: repeated, the call answers as things stand then";
    "members_look" Rehearsal "it changes nothing";
    "members_join" Key "there is nobody yet whose key it could be, and the code stands for it: it is good once";
    "api-keys_make" Key "the answer is a secret, which is never kept; repeated, the call makes another key";
    "api-keys_revoke" Key "a revoked key stays revoked: repeated, the call changes nothing and answers the same";
    "api-keys_revoke" Version "a key has no versions: it is revoked or it is not";
    "people_issue" Key "the answer is a secret, which is never kept; repeated, the call makes another token";
    "people_issue" Version "a token is made for a person, who stays what they are";
    "people_revoke_token" Key "a revoked token stays revoked: repeated, the call changes nothing and answers the same";
    "people_revoke_token" Version "a token has no versions: it is revoked or it is not";
    "documents_verify_file" Key "it only compares the file with what was issued: repeated, the call answers as things stand then";
    "documents_verify_file" Rehearsal "it changes nothing";
    "purchases_ask" Version "a question changes nothing that was seen";
    "notices_read_up_to" Version "whatever has come since, what was told before is read";
    "notices_prefer" Version "what somebody wants to be told has no versions: each kind that is named is set";
    "mail_confirm" Rehearsal "whether a code is right is told only when it counts";
    "webhooks_register" Key "the answer is a secret, which is never kept; repeated, the call registers another webhook";
    "webhooks_rotate_secret" Key "the answer is a secret, which is never kept; repeated, the call meets another version";
    "webhooks_ping" Version "a test message changes nothing that was seen";
    "purchases_repurchase" Version "a purchase is made of its own, and the one that it repeats is over: it changes no more";
    "complaints_file" Version "a complaint is made of its own, and changes nothing that was seen";
}

/// A caller's call that changes what there is: guarded by its `Idempotency-Key` and `If-Match`
/// headers.
#[derive(Debug)]
pub(crate) struct Guarded(pub(crate) Call);

/// The same, with parameters of its own in the query.
#[derive(Debug)]
pub(crate) struct GuardedWith<Q>(pub(crate) Call, pub(crate) Q);

/// A caller's call that makes something: guarded by its `Idempotency-Key` header.
#[derive(Debug)]
pub(crate) struct Once(pub(crate) Call);

/// The same, with parameters of its own in the query.
#[derive(Debug)]
pub(crate) struct OnceWith<Q>(pub(crate) Call, pub(crate) Q);

/// A caller's call that no key can guard, as [`EXCEPTIONS`] says, but its `If-Match` header does.
#[derive(Debug)]
pub(crate) struct Seen(pub(crate) Call);

/// A caller's call that nothing guards, as [`EXCEPTIONS`] says.
#[derive(Debug)]
pub(crate) struct Unguarded(pub(crate) Call);

/// Whether a call of somebody who is nobody yet is meant, and whom to tell how it went.
#[derive(Debug)]
pub(crate) struct Meant(pub(crate) Intent, pub(crate) Outcome);

/// A request that is always meant: whoever asks to rehearse it is refused.
#[derive(Debug)]
pub(crate) struct AlwaysMeant;

macro_rules! calls {
    ($($name:ident $parts:ident $call:ident => $guarded:expr;)*) => {$(
        impl<S: Send + Sync> FromRequestParts<S> for $name
        where
            Market: FromRef<S>,
        {
            type Rejection = Problem;

            async fn from_request_parts($parts: &mut Parts, state: &S) -> Result<Self, Problem> {
                let $call = call($parts, state).await?;
                nothing_else($parts)?;
                $guarded.map(Self)
            }
        }
    )*};
}

calls! {
    Guarded parts call => keyed(parts, call).and_then(|call| versioned(parts, call));
    Once parts call => keyed(parts, call);
    Seen parts call => versioned(parts, call);
    Unguarded parts call => Ok(call);
}

impl<S: Send + Sync, Q: DeserializeOwned> FromRequestParts<S> for GuardedWith<Q>
where
    Market: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let call = call(parts, state).await?;
        let call = keyed(parts, call).and_then(|call| versioned(parts, call))?;
        Ok(Self(call, query(&own(parts))?))
    }
}

impl<S: Send + Sync, Q: DeserializeOwned> FromRequestParts<S> for OnceWith<Q>
where
    Market: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let call = call(parts, state).await?;
        let call = keyed(parts, call)?;
        Ok(Self(call, query(&own(parts))?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Meant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        nothing_else(parts)?;
        Ok(Self(intent(parts)?, outcome(parts)))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AlwaysMeant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        nothing_else(parts)?;
        match intent(parts)? {
            Intent::Do => Ok(Self),
            Intent::Rehearse => Err(parameter("unsupported", "this cannot be rehearsed")),
        }
    }
}

/// The caller's call, without its guards.
async fn call<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<Call, Problem>
where
    Market: FromRef<S>,
{
    let Caller(actor) = <Caller as FromRequestParts<S>>::from_request_parts(parts, state).await?;
    let place = format!("{} {}", parts.method, parts.uri.path());
    let (intent, outcome) = (intent(parts)?, outcome(parts));
    Ok(Call { place, intent, outcome, ..Call::from(actor) })
}

/// Where the edge looks how a call went.
fn outcome(parts: &Parts) -> Outcome {
    parts.extensions.get::<Outcome>().cloned().unwrap_or_default()
}

fn parameter(code: &'static str, message: &str) -> Problem {
    Problem::invalid(vec![Fault::new(VALIDATE_ONLY, code, message)])
}

/// Whether the request is meant, or a rehearsal.
fn intent(parts: &Parts) -> Result<Intent, Problem> {
    let values: Vec<_> =
        pairs(parts)?.into_iter().filter(|(name, _)| name == VALIDATE_ONLY).collect();
    match values.as_slice() {
        [] => Ok(Intent::Do),
        [(_, value)] if value == "false" => Ok(Intent::Do),
        [(_, value)] if value == "true" => Ok(Intent::Rehearse),
        [_] => Err(parameter("format", "must be true or false")),
        _ => Err(parameter("duplicate", "is given more than once")),
    }
}

/// Refuses every parameter but [`VALIDATE_ONLY`]: a slip in its name would make a rehearsal meant.
fn nothing_else(parts: &Parts) -> Result<(), Problem> {
    let others = pairs(parts)?.into_iter().filter(|(name, _)| name != VALIDATE_ONLY);
    let faults: Vec<_> =
        others.map(|(name, _)| Fault::new(name, "unknown", "there is no such parameter")).collect();
    if faults.is_empty() { Ok(()) } else { Err(Problem::invalid(faults)) }
}

fn pairs(parts: &Parts) -> Result<Vec<(String, String)>, Problem> {
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    pairs.map(|Query(pairs)| pairs).map_err(|_| malformed("the query cannot be read"))
}

/// The query without [`VALIDATE_ONLY`].
fn own(parts: &Parts) -> String {
    let parameters = parts.uri.query().unwrap_or_default().split('&');
    let own = parameters.filter(|one| one.split('=').next() != Some(VALIDATE_ONLY));
    own.collect::<Vec<_>>().join("&")
}

fn keyed(parts: &Parts, call: Call) -> Result<Call, Problem> {
    key(&parts.headers).map(|key| call.once(key))
}

fn versioned(parts: &Parts, call: Call) -> Result<Call, Problem> {
    Ok(Call { expected: expected(&parts.headers)?, ..call })
}

fn malformed(detail: &str) -> Problem {
    Problem::new(Code::MALFORMED, detail)
}

/// The only value of a header that may be given once.
fn once<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h HeaderValue>, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (only, None) => Ok(only),
        _ => Err(malformed(&format!("{name} is given more than once"))),
    }
}

fn key(headers: &HeaderMap) -> Result<String, Problem> {
    let value = once(headers, &IDEMPOTENCY_KEY)?.ok_or(Code::KEY_MISSING)?;
    let key = value.as_bytes();
    if !(1..=255).contains(&key.len()) || !key.iter().all(u8::is_ascii_graphic) {
        return Err(malformed("Idempotency-Key must have 1 to 255 visible ASCII characters"));
    }
    Ok(String::from_utf8_lossy(key).into_owned())
}

fn expected(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let value = once(headers, &IF_MATCH)?.ok_or(Code::UNCONDITIONAL)?;
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let tag = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let version = tag.filter(|tag| tag.bytes().all(|b| b.is_ascii_digit()));
    version
        .and_then(|version| version.parse().ok())
        .map(Some)
        .ok_or_else(|| malformed("If-Match must be one entity tag of ours, such as \"3\", or *"))
}

#[cfg(test)]
mod tests;
