//! How somebody reads: in large type, if they chose it at the foot of a page. A cookie remembers it
//! for a year; every page is told of it while its request is answered.

use axum::{
    Form,
    extract::Request,
    http::{
        HeaderMap, HeaderValue, Method,
        header::{COOKIE, SET_COOKIE},
    },
    middleware::Next,
    response::Response,
};
use serde::Deserialize;

use super::{account::own, signed::go};

/// The cookie of those who read in large type.
const COOKIE_OF_LARGE: &str = "reading=large";

tokio::task_local! {
    static READING: Reading;
}

/// How a page is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(super) is_large: bool,
    /// Where it is, to come back to.
    pub(super) at: String,
}

impl Reading {
    /// How the page is read that is being answered.
    pub(super) fn now() -> Self {
        READING.try_with(Self::clone).unwrap_or_default()
    }

    pub(crate) fn of(request: &Request) -> Self {
        let path = request.uri().path_and_query().map_or("/", |place| place.as_str());
        // Where a provider sends a browser back to is an address of one time, with a code in it.
        let again = request.method() == Method::GET && !path.starts_with("/sign-in/with/");
        let at = if again { path } else { "/" };
        Self { is_large: is_large(request.headers()), at: at.to_owned() }
    }
}

impl Reading {
    /// Renders something outside of the portal, such as the page of a failure, as it is read.
    pub(crate) fn within<T>(self, render: impl FnOnce() -> T) -> T {
        READING.sync_scope(self, render)
    }
}

fn is_large(headers: &HeaderMap) -> bool {
    let texts = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    texts.flat_map(|line| line.split(';')).any(|one| one.trim() == COOKIE_OF_LARGE)
}

/// Answers a request with how its page is read at hand.
pub(super) async fn told(request: Request, next: Next) -> Response {
    let reading = Reading::of(&request);
    READING.scope(reading, next.run(request)).await
}

/// What the foot of a page sends.
#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    size: String,
    back: String,
}

/// Changes the size, and goes back. It changes nothing but how this browser shows pages, so that it
/// needs no proof of where it comes from.
pub(super) async fn choose(Form(chosen): Form<Chosen>) -> Response {
    let cookie = match chosen.size.as_str() {
        "large" => "reading=large; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax",
        _ => "reading=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax",
    };
    let mut response = go(&own(Some(&chosen.back)));
    response.headers_mut().append(SET_COOKIE, HeaderValue::from_static(cookie));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cookie_among_others_chooses_large_type() {
        for (cookie, expected) in [
            ("reading=large", true),
            ("a=b; reading=large", true),
            ("reading=larger", false),
            ("not-reading=large", false),
        ] {
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(cookie))]);
            assert_eq!(is_large(&headers), expected, "{cookie}");
        }
    }
}
