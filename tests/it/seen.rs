//! What a server tells of itself: figures, traces and logs; and that it tells no secrets.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::TcpListener,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, routing::post};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    harness::{PASSWORD, Place},
    program::get,
    server::{Client, Request, Server, Site, market},
};

/// A code that only its owner knows.
const OPENING_CODE: &str = "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c";

/// What nobody may read in a log, a figure or a trace.
struct Secrets(Vec<String>);

impl Secrets {
    fn are_not_in(&self, what: &str, text: &str) {
        for secret in &self.0 {
            assert!(!text.contains(secret.as_str()), "{what} has {secret}");
        }
    }
}

/// An address that nobody listens at.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// A server that tells figures, and writes its log to a file.
struct Watched {
    server: Server,
    metrics: String,
    folder: TempDir,
}

impl Watched {
    async fn over(place: &Place, environment: &[(&str, &str)]) -> Self {
        let (folder, metrics) = (tempfile::tempdir().unwrap(), free_address());
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut command = market(folder.path());
        command.env("MARKET_DATABASE", place.url()).env("MARKET_METRICS_LISTEN", &metrics);
        command.env("MARKET_LOG", "debug").env("MARKET_LOG_JSON", "true").stderr(Stdio::from(log));
        command.envs(environment.iter().copied());
        Self { server: Server::ready(command).await, metrics, folder }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    fn metrics(&self) -> String {
        let answer = get(&self.metrics, "/metrics", "nobody");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

/// Somebody of every kind does something, well and badly.
async fn busy(site: &Site, client: &Client) -> Secrets {
    let trade = &site.trade;
    let ask = async |request: Request| client.ask(&request).await.unwrap();
    for case in &site.cases {
        let mut order = trade.order();
        order["case_id"] = json!(case);
        let place = Request::post("/api/v1/orders", &trade.applicant, Some(order)).once(case);
        assert_eq!(ask(place.clone()).await.0, 201);
        assert_eq!(ask(place).await.0, 201);
    }
    for _ in 0..2 {
        ask(Request::get("/api/v1/search?text=%E7%8E%AF%E8%AF%84", "")).await;
        ask(Request::get("/api/v1/me", &trade.agency)).await;
        ask(Request::get("/nowhere", "")).await;
    }
    let sign_in = |password: &str| {
        let body = json!({ "login": "applicant", "password": password });
        Request::post("/api/v1/sessions", "", Some(body))
    };
    let wrong = "wrong horse, quite wrong";
    assert_eq!(ask(sign_in(wrong)).await.0, 401);
    let (status, signed) = ask(sign_in(PASSWORD)).await;
    assert_eq!(status, 201, "{signed}");
    let fresh = signed["token"].as_str().unwrap().to_owned();
    ask(Request::get("/api/v1/me", &fresh)).await;
    let guessed = "mkt_0123456789abcdefghijklmnopqrstuvwxyz0123456";
    assert_eq!(ask(Request::get("/api/v1/me", guessed)).await.0, 401);
    let nowhere = "/api/v1/purchases/00000000-0000-7000-8000-000000000000/open";
    let code = json!({ "opening_code": OPENING_CODE });
    let opened = ask(Request::post(nowhere, &trade.applicant, Some(code))).await;
    assert!(opened.0 >= 400, "{opened:?}");
    let broken = json!({ "opening_code": [OPENING_CODE], "login": PASSWORD });
    assert!(ask(Request::post(nowhere, &trade.applicant, Some(broken))).await.0 >= 400);
    let texts = [PASSWORD, wrong, &fresh, guessed, OPENING_CODE];
    let tokens = [&trade.applicant, &trade.agency, &trade.operator, &site.seller];
    let texts = texts.into_iter().chain(tokens.map(String::as_str));
    Secrets(texts.map(str::to_owned).collect())
}

/// The figures that are told, without what they count by.
fn told(metrics: &str) -> BTreeSet<String> {
    let lines = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    lines.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

/// Every name of a figure of ours in a text.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = words.filter(|word| word.starts_with("market_"));
    let family = |word: &str| {
        let plain = ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end));
        plain.unwrap_or(word).to_owned()
    };
    ours.map(family).collect()
}

/// A file of the repository.
fn ours(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

async fn watch(place: Place) {
    let site = Site::prepare(place, 3).await;
    let watched = Watched::over(&site.place, &[]).await;
    let client = Client::of(&watched.server);
    let secrets = busy(&site, &client).await;

    let metrics = watched.metrics();
    let told = told(&metrics);
    let described = ours("docs/operations.md");
    let table = described.lines().filter(|line| line.starts_with("| `market_")).collect::<String>();
    assert_eq!(named(&table), told, "docs/operations.md, and what is told");
    for path in ["ops/grafana/market.json", "ops/alerts.yml"] {
        let text = ours(path);
        assert!(!named(&text).is_empty());
        let unknown: Vec<_> = named(&text).difference(&told).cloned().collect();
        assert!(unknown.is_empty(), "{path} asks for {unknown:?}");
    }
    let value = |line: &str| -> u64 {
        let found = metrics.lines().find_map(|one| one.strip_prefix(line)?.strip_prefix(' '));
        found.unwrap_or_else(|| panic!("{line} in\n{metrics}")).parse().unwrap()
    };
    let placed =
        "market_http_requests_total{route=\"/api/v1/orders\",method=\"POST\",status=\"2xx\"}";
    assert_eq!(value(placed), 6);
    assert_eq!(value("market_db_up"), 1);
    assert!(value("market_idempotency_keys") >= 3);
    assert!(value("market_journal_position") > 0);
    assert!(value("market_search_documents") > 0);
    assert!(value("market_search_answers_total{from=\"memory\"}") >= 1);
    assert!(!metrics.contains("/nowhere"), "no path that a caller wrote");
    assert!(get(&watched.metrics, "/livez", "").starts_with("HTTP/1.1 200"));
    assert!(get(&watched.metrics, "/readyz", "").starts_with("HTTP/1.1 200"));
    let elsewhere = get(&watched.metrics, "/api/v1/statistics", "");
    assert!(!elsewhere.starts_with("HTTP/1.1 200"), "{elsewhere}");
    let (status, _) = client.ask(&Request::get("/metrics", "")).await.unwrap();
    assert_eq!(status, 404, "the public is told nothing");
    secrets.are_not_in("a figure", &metrics);

    watched.server.terminate();
    assert_eq!(watched.server.code(), Some(0));
    let log = watched.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let answered = lines.iter().filter(|line| line["fields"]["message"] == "answered").count();
    assert!(answered > 10, "{answered} lines of requests");
    secrets.are_not_in("the log", &log);
    site.place.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_those_of_the_docs_and_nothing_tells_secrets_on_sqlite() {
    watch(Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_those_of_the_docs_and_nothing_tells_secrets_on_postgres() {
    watch(Place::postgres().await).await;
}

#[test]
fn the_dashboard_and_the_alerts_are_whole() {
    let dashboard: Value = serde_json::from_str(&ours("ops/grafana/market.json")).unwrap();
    let mut ids = BTreeMap::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        *ids.entry(panel["id"].as_i64().unwrap()).or_insert(0) += 1;
        assert!(panel["title"].is_string() && panel["type"].is_string(), "{panel}");
        let is_row = panel["type"] == "row";
        let targets = panel["targets"].as_array().map_or(0, Vec::len);
        assert!(is_row || targets > 0, "{panel}");
    }
    assert!(ids.values().all(|count| *count == 1), "{ids:?}");

    let alerts = ours("ops/alerts.yml");
    let described = ours("docs/operations.md");
    let names: Vec<_> =
        alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(names.len() >= 8, "{names:?}");
    for name in names {
        assert!(described.contains(&format!("### {name}")), "docs/operations.md has no {name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn traces_go_on_where_callers_began_them() {
    let received = Arc::new(Mutex::new(Vec::<u8>::new()));
    let kept = received.clone();
    let take = move |body: Bytes| {
        kept.lock().unwrap().extend_from_slice(&body);
        async {}
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let collector = format!("http://{}", listener.local_addr().unwrap());
    let collect = Router::new().route("/v1/traces", post(take));
    tokio::spawn(async move { axum::serve(listener, collect).await });

    let site = Site::prepare(Place::sqlite(), 1).await;
    let watched = Watched::over(&site.place, &[("MARKET_OTLP_ENDPOINT", &collector)]).await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let asked = format!("{}\r\ntraceparent: 00-{trace}-00f067aa0ba902b7-01", site.trade.applicant);
    let answer = get(&watched.server.address, "/api/v1/me", &asked);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let secrets = busy(&site, &Client::of(&watched.server)).await;
    watched.server.terminate();
    assert_eq!(watched.server.code(), Some(0));

    let received = received.lock().unwrap().clone();
    let id: Vec<u8> = (0..trace.len() / 2)
        .map(|at| u8::from_str_radix(&trace[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let has = |what: &[u8]| received.windows(what.len()).any(|some| some == what);
    assert!(has(&id), "no span of the caller's trace among {} bytes", received.len());
    assert!(has(b"request") && has(b"/api/v1/orders") && has(b"service.name"));
    secrets.are_not_in("a trace", &String::from_utf8_lossy(&received));
    site.place.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_is_no_trouble() {
    let nobody = format!("http://{}", free_address());
    let place = Place::sqlite();
    let watched = Watched::over(&place, &[("MARKET_OTLP_ENDPOINT", &nobody)]).await;
    let client = Client::of(&watched.server);
    for _ in 0..20 {
        client.read("/api/v1/statistics", "").await;
    }
    watched.server.terminate();
    assert_eq!(watched.server.code(), Some(0));
}
