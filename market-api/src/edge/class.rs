//! What kind of work a request is.

use axum::http::{HeaderMap, Method, Uri, header::CONTENT_TYPE};
use market_core::document::MAX_VERIFIED;

/// A kind of work; each has limits of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Whether the program runs: always answered.
    Probe,
    /// Whatever changes nothing, searches apart.
    Read,
    /// Searches and suggestions.
    Search,
    /// Whatever changes something.
    Write,
    /// Files.
    Upload,
}

impl Class {
    /// The classes that have limits, in the order in which limits are kept.
    pub(crate) const LIMITED: [Self; 4] = [Self::Read, Self::Search, Self::Write, Self::Upload];

    /// The class of a request, as far as its head says.
    pub(crate) fn of(method: &Method, path: &str, headers: &HeaderMap) -> Self {
        if is_probe(path) {
            return Self::Probe;
        }
        if method.is_safe() {
            let path = path.strip_prefix("/api/v1").unwrap_or(path);
            let searches = ["/search", "/suggestions"];
            return if searches.contains(&path) { Self::Search } else { Self::Read };
        }
        if path.ends_with("/deliverables") || is_file(headers) { Self::Upload } else { Self::Write }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Read => "read",
            Self::Search => "search",
            Self::Write => "write",
            Self::Upload => "upload",
        }
    }

    /// Its place among limits; none for those that have none.
    pub(crate) fn place(self) -> Option<usize> {
        Self::LIMITED.iter().position(|limited| *limited == self)
    }
}

/// Whether a path asks how the server is.
pub(crate) fn is_probe(path: &str) -> bool {
    ["/livez", "/readyz", "/healthz"].contains(&path)
}

/// What a form says beside the file in it, at most.
const FORM: u64 = 64 << 10;

/// How large a file is at most that anybody may send to a path, without saying who they are.
pub(crate) fn taken_of_anybody(path: &str) -> Option<u64> {
    match path {
        "/api/v1/verifications" => Some(MAX_VERIFIED),
        "/verify" => Some(MAX_VERIFIED + FORM),
        _ => None,
    }
}

/// Whether a request waits for what happens: it reads a stream, or a feed with `wait`.
pub(crate) fn waits(uri: &Uri) -> bool {
    match uri.path().strip_prefix("/api/v1") {
        Some("/feed/stream" | "/me/feed/stream") => true,
        Some("/feed" | "/me/feed") => {
            let mut given = uri.query().unwrap_or_default().split('&');
            given.any(|one| one.starts_with("wait=") && !one[5..].bytes().all(|b| b == b'0'))
        }
        _ => false,
    }
}

/// Whether a body is neither JSON nor a form.
fn is_file(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE) else { return false };
    let kind = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    !["application/json", "application/x-www-form-urlencoded"]
        .iter()
        .any(|plain| kind.eq_ignore_ascii_case(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_says_so() {
        for (uri, does) in [
            ("/api/v1/feed/stream", true),
            ("/api/v1/me/feed/stream?after=3", true),
            ("/api/v1/feed?after=3&wait=25", true),
            ("/api/v1/me/feed?wait=1", true),
            ("/api/v1/me/feed?wait=0&after=1", false),
            ("/api/v1/feed?wait=", false),
            ("/api/v1/feed", false),
            ("/api/v1/orders?wait=25", false),
            ("/feed/stream", false),
        ] {
            assert_eq!(waits(&uri.parse().unwrap()), does, "{uri}");
        }
    }

    #[test]
    fn the_head_of_a_request_tells_its_class() {
        for (method, path, kind, class) in [
            (Method::GET, "/livez", "", Class::Probe),
            (Method::GET, "/readyz", "", Class::Probe),
            (Method::GET, "/api/v1/orders", "", Class::Read),
            (Method::HEAD, "/", "", Class::Read),
            (Method::OPTIONS, "/api/v1/orders", "", Class::Read),
            (Method::GET, "/api/v1/search", "", Class::Search),
            (Method::GET, "/api/v1/suggestions", "", Class::Search),
            (Method::GET, "/search", "", Class::Search),
            (Method::GET, "/api/v1/search/hot", "", Class::Read),
            (Method::POST, "/api/v1/orders", "application/json; charset=utf-8", Class::Write),
            (Method::POST, "/api/v1/orders", "", Class::Write),
            (Method::DELETE, "/api/v1/sessions/1", "", Class::Write),
            (Method::POST, "/login", "application/x-www-form-urlencoded", Class::Write),
            (Method::POST, "/api/v1/orders/1/deliverables", "", Class::Upload),
            (Method::POST, "/api/v1/anything", "application/pdf", Class::Upload),
        ] {
            let mut headers = HeaderMap::new();
            if !kind.is_empty() {
                headers.insert(CONTENT_TYPE, kind.parse().unwrap());
            }
            assert_eq!(Class::of(&method, path, &headers), class, "{method} {path} {kind}");
        }
    }
}
