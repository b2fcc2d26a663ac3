//! Single things, tagged with their version.

use axum::{
    Extension, Json,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ETAG, IF_NONE_MATCH, LOCATION},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// A thing with its version as its entity tag: `ETag: "3"`.
#[derive(Debug)]
pub(crate) struct Tagged<T>(pub(crate) i64, pub(crate) T);

/// A thing with its version, shown with more than the version tells of, such as what its reader may
/// do now: it is sent again even to those who have seen the version.
#[derive(Debug)]
pub(crate) struct Living<T>(pub(crate) i64, pub(crate) T);

/// Marks a response that changes without its tag.
#[derive(Debug, Clone, Copy)]
struct Alive;

/// A thing just made: where it is, its version, itself.
#[derive(Debug)]
pub(crate) struct Created<T>(pub(crate) String, pub(crate) i64, pub(crate) T);

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let Self(version, body) = self;
        ([(ETAG, format!("\"{version}\""))], Json(body)).into_response()
    }
}

impl<T: Serialize> IntoResponse for Living<T> {
    fn into_response(self) -> Response {
        let Self(version, body) = self;
        (Extension(Alive), Tagged(version, body)).into_response()
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let Self(location, version, body) = self;
        (StatusCode::CREATED, [(LOCATION, location)], Tagged(version, body)).into_response()
    }
}

/// The response without its body, if the caller has it already (`If-None-Match`).
pub(crate) fn unless_known(known: Option<&HeaderValue>, response: Response) -> Response {
    let tag = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
    let known = known.and_then(|known| known.to_str().ok()).unwrap_or_default();
    let same = |tag: &str| {
        let mut listed = known.split(',').map(|one| one.trim().trim_start_matches("W/"));
        listed.any(|one| one == tag || one == "*")
    };
    let is_alive = response.extensions().get::<Alive>().is_some();
    match tag {
        Some(tag) if response.status() == StatusCode::OK && !is_alive && same(tag) => {
            let mut short = StatusCode::NOT_MODIFIED.into_response();
            short.headers_mut().extend(kept(response.headers()));
            short
        }
        _ => response,
    }
}

fn kept(headers: &HeaderMap) -> HeaderMap {
    headers.get(ETAG).map(|tag| (ETAG, tag.clone())).into_iter().collect()
}

/// What a caller says to have already.
pub(crate) fn known(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(IF_NONE_MATCH).cloned()
}
