//! Requests of tests, and their answers.

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{examples, harness::unique, rehearsal};

/// A request about to be sent.
#[derive(Debug)]
pub(crate) struct Asking {
    router: Router,
    request: Request<Body>,
    /// Whether it goes without guards of the harness's own.
    bare: bool,
    /// The database, where the request is rehearsed before it is sent.
    rehearsing: Option<String>,
}

impl Asking {
    pub(crate) fn new(
        router: Router,
        method: Method,
        path: &str,
        rehearsing: Option<String>,
    ) -> Self {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap();
        Self { router, request, bare: false, rehearsing }
    }

    /// Sends it to another server of the same market.
    pub(crate) fn at(self, router: &Router) -> Self {
        Self { router: router.clone(), ..self }
    }

    /// Sends it with a token.
    pub(crate) fn by(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        let name = HeaderName::from_static(name);
        self.request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub(crate) fn body(mut self, kind: &str, body: impl Into<Body>) -> Self {
        *self.request.body_mut() = body.into();
        self.header("content-type", kind)
    }

    /// Without the guards that it would have otherwise: a key of its own, and any version.
    pub(crate) fn bare(self) -> Self {
        Self { bare: true, ..self }
    }

    fn guarded(mut self) -> Self {
        let is_safe = self.request.method().is_safe();
        let headers = self.request.headers_mut();
        if !is_safe && !self.bare {
            let key = unique("key").parse().unwrap();
            headers.entry("idempotency-key").or_insert(key);
            headers.entry("if-match").or_insert(HeaderValue::from_static("*"));
        }
        self
    }

    pub(crate) async fn send(self) -> Answer {
        match self.rehearsing.clone() {
            Some(url) => rehearsal::before(&url, self).await,
            None => self.send_at_once().await,
        }
    }

    /// With the version that its sender sees, in the place of any version.
    pub(crate) async fn seen(self) -> Self {
        let mut asking = self.guarded();
        let of = thing(asking.request.uri().path());
        let headers = asking.request.headers().clone();
        let (Some(of), true) = (of, headers.get("if-match").is_some_and(|tag| tag == "*")) else {
            return asking;
        };
        let mut look = Self::new(asking.router.clone(), Method::GET, &of, None);
        for name in ["authorization", "x-request-id"] {
            if let Some(value) = headers.get(name) {
                look.request.headers_mut().insert(name, value.clone());
            }
        }
        let seen = look.send_at_once().await;
        if seen.status == 200 {
            let tag = seen.headers.get("etag").unwrap_or_else(|| panic!("{of} has no tag"));
            asking.request.headers_mut().insert("if-match", tag.clone());
        }
        asking
    }

    /// The request twice: as it is, and as a rehearsal of it. Nothing, where it cannot be rehearsed.
    pub(crate) async fn twice(self) -> (Self, Option<Self>) {
        let Self { router, request, bare, .. } = self.guarded();
        let (head, body) = request.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let of = |uri: &str| {
            let mut request = Request::new(Body::from(bytes.clone()));
            *request.method_mut() = head.method.clone();
            *request.headers_mut() = head.headers.clone();
            *request.uri_mut() = uri.parse().unwrap();
            Self { router: router.clone(), request, bare, rehearsing: None }
        };
        let uri = head.uri.to_string();
        let joint = if uri.contains('?') { '&' } else { '?' };
        let always = ["/sessions", "/second-factor/", "/invitations/look", "validate_only"];
        let is_meant = head.method.is_safe() || always.iter().any(|part| uri.contains(part));
        let rehearsal = (!is_meant).then(|| of(&format!("{uri}{joint}validate_only=true")));
        (of(&uri), rehearsal)
    }

    /// Sends it; its answer is a file.
    pub(crate) async fn bytes(self) -> (u16, Vec<u8>) {
        let Self { router, request, .. } = self.guarded();
        let response = router.oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        (status, response.into_body().collect().await.unwrap().to_bytes().to_vec())
    }

    pub(crate) async fn send_at_once(self) -> Answer {
        let Self { router, request, .. } = self.guarded();
        let (asked, sent) = request.into_parts();
        let sent = sent.collect().await.unwrap().to_bytes();
        let request = Request::from_parts(asked.clone(), Body::from(sent.clone()));
        let response = router.oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let is_file =
            head.headers.get("content-type").is_some_and(|kind| kind == "application/pdf");
        assert!(is_file || text.as_bytes() == bytes, "the answer is no text");
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        let status = head.status.as_u16();
        assert!(status < 400 || !tells_of_inside(&text), "{text}");
        assert!(head.headers.contains_key("x-request-id"));
        let answer = Answer { status, headers: head.headers, text, bytes, json };
        examples::keep(&asked, &sent, &answer);
        answer
    }

    /// Sends it, and takes nothing but this status for an answer.
    pub(crate) async fn gives(self, status: u16) -> Answer {
        let answer = self.send().await;
        assert_eq!(answer.status, status, "{}", answer.text);
        answer
    }

    /// Sends it, and takes nothing but this problem for an answer.
    pub(crate) async fn meets(self, status: u16, code: &str) -> Answer {
        let answer = self.gives(status).await;
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        let problem = &answer.json;
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["type"], json!(format!("/problems/{code}")));
        assert_eq!(problem["status"], status);
        assert_eq!(problem["instance"], "test");
        answer
    }
}

/// The path of what a request changes: of the thing that its path names first, unless it has a
/// version of its own. Whoever posts to a list changes nothing.
fn thing(path: &str) -> Option<String> {
    let parts: Vec<_> = path.trim_start_matches("/api/v1/").split('/').collect();
    match parts.as_slice() {
        ["me", ..] => Some("/api/v1/me".to_owned()),
        ["tokens" | "sessions", ..] | [_] | [] => None,
        ["purchases", id, "registration" | "quote"] => {
            Some(format!("/api/v1/purchases/{id}/registration"))
        }
        [noun, id, ..] => Some(format!("/api/v1/{noun}/{id}")),
    }
}

/// Whether a failure tells of what is inside.
fn tells_of_inside(text: &str) -> bool {
    let inside = ["sqlx", "/home", "src/", "panicked", "SELECT ", "target/", "relation \"", ".rs:"];
    inside.iter().any(|one| text.contains(one))
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// The body, as it came.
    pub(crate) bytes: Bytes,
    /// The body, where it is JSON.
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) fn text_at(&self, pointer: &str) -> &str {
        self.json.pointer(pointer).and_then(Value::as_str).unwrap()
    }
}
