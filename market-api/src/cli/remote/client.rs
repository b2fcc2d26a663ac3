//! Requests to a server, sent again where their answers are lost.

use std::{env, time::Duration};

use reqwest::{
    Method, RequestBuilder, Response, StatusCode, Url,
    header::{
        ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
        IF_MATCH, RETRY_AFTER,
    },
    redirect::Policy,
};
use serde_json::Value;
use tokio::time::sleep;

use crate::{
    cli::{
        Failure,
        out::{self, plain},
    },
    tls,
};

/// How often a request is sent, at most.
const TIMES: u32 = 5;
/// How long it is waited before a request is sent again, the first time; then twice as long.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest that a server may have us wait.
const LONGEST_PAUSE: u64 = 10;
const CONNECT: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_mins(1);
/// The largest answer.
const LARGEST: usize = 256 << 20;

/// A server, and as whom it is asked.
#[derive(Debug)]
pub(in crate::cli) struct Client {
    http: reqwest::Client,
    base: Url,
}

/// What a server answered.
#[derive(Debug)]
pub(in crate::cli) struct Answer {
    pub(in crate::cli) json: Value,
    headers: HeaderMap,
}

impl Answer {
    /// The version of what was answered, as its tag has it.
    pub(super) fn version(&self) -> Option<&str> {
        self.headers.get(ETAG)?.to_str().ok()
    }

    /// Whether a header says yes.
    pub(super) fn says(&self, name: &str) -> bool {
        self.headers.get(name).is_some_and(|value| value == "true")
    }
}

/// A change that is asked for.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) path: String,
    pub(super) body: Option<Value>,
    /// The same however often it is sent.
    pub(super) key: String,
    /// The tag of the version that was seen, or `*`.
    pub(super) version: String,
}

/// How a request came out.
enum Came {
    Good(HeaderMap, Vec<u8>),
    /// It may be done another time: after so long, if the server said.
    Later(String, Option<Duration>),
    Refused(Failure),
}

impl Client {
    pub(super) fn new(server: &str, token: Option<String>) -> Result<Self, Failure> {
        let wrong = |why: &str| Failure::Usage(format!("--server {server:?}: {why}"));
        let mut base: Url = server.parse().map_err(|why| wrong(&format!("{why}")))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(wrong("must begin with http:// or https://"));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(wrong("must hold no name or password; give --token"));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(wrong("must end with its path"));
        }
        let path = format!("{}/api/v1", base.path().trim_end_matches('/'));
        base.set_path(&path);
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(language()));
        if let Some(token) = token {
            let mut bearer = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|_| Failure::Usage("the token holds what no token holds".to_owned()))?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
            if base.scheme() == "http" && !is_nearby(&base) {
                out::remark("market: the token goes to the server as it is; https:// hides it");
            }
        }
        tls::ready();
        // A token is for this server and no other.
        let http = reqwest::Client::builder()
            .default_headers(headers)
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .user_agent(concat!("market/", env!("CARGO_PKG_VERSION")))
            .build();
        let http = http.map_err(|why| Failure::Failed(told(&why)))?;
        Ok(Self { http, base })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Reads what is at a path.
    pub(in crate::cli) async fn get(&self, path: &str) -> Result<Answer, Failure> {
        let (headers, bytes) = self.fetch(path).await?;
        read(headers, &bytes)
    }

    /// Reads a file, byte for byte.
    pub(in crate::cli) async fn bytes(&self, path: &str) -> Result<Vec<u8>, Failure> {
        Ok(self.fetch(path).await?.1)
    }

    async fn fetch(&self, path: &str) -> Result<(HeaderMap, Vec<u8>), Failure> {
        let sent = self.send(|| self.http.request(Method::GET, self.url(path))).await;
        sent.map_err(|why| {
            why.unwrap_or_else(|last| Failure::Failed(format!("{}: {last}", self.base)))
        })
    }

    /// Has something changed, once, however often its answer is lost.
    pub(super) async fn change(&self, change: &Change) -> Result<Answer, Failure> {
        let request = || {
            let request = self
                .http
                .request(Method::POST, self.url(&change.path))
                .header("idempotency-key", &change.key)
                .header(IF_MATCH, &change.version);
            match &change.body {
                Some(body) => request
                    .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                    .body(body.to_string()),
                None => request,
            }
        };
        let (headers, bytes) = self.send(request).await.map_err(|why| {
            why.unwrap_or_else(|last| {
                Failure::Failed(format!(
                    "{}: {last}\nwhether it was done is not known: the same command with --key {} \
                     does it once and gives its answer",
                    self.base, change.key
                ))
            })
        })?;
        read(headers, &bytes)
    }

    /// Sends a request until it is answered; what was said last, where it never is.
    async fn send(
        &self,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<(HeaderMap, Vec<u8>), Result<Failure, String>> {
        let (mut pause, mut last) = (PAUSE, String::new());
        for time in 1..=TIMES {
            match self.once(request()).await {
                Came::Good(headers, bytes) => return Ok((headers, bytes)),
                Came::Refused(why) => return Err(Ok(why)),
                Came::Later(why, after) => {
                    last = why;
                    if time < TIMES {
                        sleep(after.unwrap_or(pause)).await;
                        pause *= 2;
                    }
                }
            }
        }
        Err(Err(last))
    }

    async fn once(&self, request: RequestBuilder) -> Came {
        let response = match request.send().await {
            Ok(response) => response,
            Err(why) if why.is_builder() => return Came::Refused(Failure::Usage(told(&why))),
            Err(why) => return Came::Later(told(&why), None),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = match whole(response).await {
            Ok(bytes) => bytes,
            Err(why) => return why,
        };
        if status.is_success() {
            return Came::Good(headers, bytes);
        }
        let problem: Option<Value> = serde_json::from_slice(&bytes).ok();
        let problem = problem.filter(|problem| problem["code"].is_string());
        let said = problem.as_ref().map_or_else(|| bare(status, &bytes), sentence);
        let code = problem.as_ref().and_then(|one| one["code"].as_str()).unwrap_or_default();
        let passes = matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT
        ) || code == "idempotency-key-in-use";
        if passes {
            let after =
                headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            let after = after.map(|seconds: u64| Duration::from_secs(seconds.min(LONGEST_PAUSE)));
            return Came::Later(said, after);
        }
        let is_asked_wrongly = matches!(code, "invalid" | "malformed" | "url-too-long");
        Came::Refused(if is_asked_wrongly { Failure::Usage(said) } else { Failure::Failed(said) })
    }
}

/// The body of a response, if it comes whole.
async fn whole(mut response: Response) -> Result<Vec<u8>, Came> {
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(None) => return Ok(bytes),
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Err(why) => return Err(Came::Later(told(&why), None)),
        }
        if bytes.len() > LARGEST {
            let why = "the answer is larger than any of a market".to_owned();
            return Err(Came::Refused(Failure::Failed(why)));
        }
    }
}

fn read(headers: HeaderMap, bytes: &[u8]) -> Result<Answer, Failure> {
    let json = serde_json::from_slice(bytes);
    let json = json.map_err(|why| Failure::Failed(format!("the answer is not JSON: {why}")))?;
    Ok(Answer { json, headers })
}

/// What an error of the network comes down to.
fn told(why: &reqwest::Error) -> String {
    let mut said = why.to_string();
    let mut next = std::error::Error::source(why);
    while let Some(deeper) = next {
        let text = deeper.to_string();
        if !said.contains(&text) {
            said = format!("{said}: {text}");
        }
        next = deeper.source();
    }
    plain(&said)
}

/// A failure that is none of a market: of another program, or of something in between.
fn bare(status: StatusCode, bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let first = text.lines().next().unwrap_or_default();
    let first: String = first.chars().take(200).collect();
    plain(format!("the server answered {status} {first}").trim_end())
}

/// A problem, with every place that is wrong and every reason.
fn sentence(problem: &Value) -> String {
    let text = |value: &Value, name: &str| plain(value[name].as_str().unwrap_or_default());
    let mut lines = vec![format!("{} ({})", text(problem, "title"), text(problem, "code"))];
    lines.extend(problem["detail"].as_str().map(plain));
    for fault in problem["errors"].as_array().into_iter().flatten() {
        lines.push(format!("{}: {}", text(fault, "pointer"), text(fault, "message")));
    }
    for reason in problem["reasons"].as_array().into_iter().flatten() {
        lines.push(format!("{}: {}", text(reason, "code"), text(reason, "detail")));
    }
    if let Some(instance) = problem["instance"].as_str() {
        lines.push(format!("request {}", plain(instance)));
    }
    lines.join("\n")
}

/// In which language the server is to answer, as the environment has it.
fn language() -> &'static str {
    let named = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    if named.is_some_and(|value| value.starts_with("zh")) { "zh-CN" } else { "en" }
}

/// Whether a server is on this machine.
fn is_nearby(base: &Url) -> bool {
    let host = base.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_server_is_an_address_and_nothing_else() {
        let of = |server: &str| match Client::new(server, None) {
            Ok(client) => client.url("/feed"),
            Err(why) => format!("{why:?}"),
        };
        assert_eq!(of("http://127.0.0.1:8080"), "http://127.0.0.1:8080/api/v1/feed");
        assert_eq!(of("https://a.cn/market/"), "https://a.cn/market/api/v1/feed");
        for (bad, why) in [
            ("127.0.0.1:8080", "--server"),
            ("ftp://a.cn", "http://"),
            ("http://li:pw@a.cn", "--token"),
            ("http://a.cn?x=1", "path"),
            ("", "--server"),
        ] {
            let said = of(bad);
            assert!(said.contains("Usage") && said.contains(why), "{bad}: {said}");
        }
        let token = Client::new("http://a.cn", Some("a\nb".to_owned()));
        assert!(matches!(token, Err(Failure::Usage(_))));
    }

    #[test]
    fn a_problem_is_told_with_its_places() {
        let problem = json!({
            "title": "Wrong", "code": "invalid", "instance": "r-1",
            "errors": [{ "pointer": "/reason", "code": "length", "message": "too \u{1b}[2J short" }],
            "reasons": [{ "code": "level-too-low", "detail": "甲级" }],
        });
        let said = sentence(&problem);
        assert!(said.starts_with("Wrong (invalid)\n/reason: too \u{fffd}[2J short\n"), "{said}");
        assert!(said.ends_with("level-too-low: 甲级\nrequest r-1"), "{said}");
        assert_eq!(
            bare(StatusCode::NOT_FOUND, b"<html>\nno"),
            "the server answered 404 Not Found <html>"
        );
    }
}
