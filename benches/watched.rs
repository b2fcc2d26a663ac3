//! What limits, figures and traces cost: reads and orders over HTTP by a server without them, one
//! with limits and figures, and one with traces and a log as well, turn by turn in the same run.
//!
//! `cargo bench --bench watched`. `MARKET_BENCH_REQUESTS=10000` asks more of each.

#![expect(clippy::unwrap_used, reason = "a measurement stops at the first surprise")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{Router, routing::post};
use market_api::demo;
use market_core::{
    Actor, Call, Market, Options, Paging, Party,
    account::NewPerson,
    agency::{ListingFilter, ListingState},
    applicant::{ApplicantKind, NewApplicant},
    case::{Fund, NewCase},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinSet};

const ITEM: &str = "fire-facility-inspection";
/// Callers at once.
const CALLERS: usize = 16;
/// Every server has so many turns, the first of which warms it up.
const TURNS: usize = 4;

/// What a server is asked for besides.
const KINDS: [&str; 3] = ["bare", "limits and figures", "traces and log as well"];

/// A server with a market of its own, and what is asked of it.
struct Server {
    child: Child,
    url: String,
    metrics: Option<String>,
    token: String,
    orders: Mutex<Vec<Value>>,
    read: String,
    _folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Fills a folder, and says who may ask for what.
async fn fill(folder: &Path, orders: usize) -> (String, Vec<Value>, String) {
    let url = format!("sqlite:{}/market.db", folder.display());
    let market = Market::open(Options::new(url)).await.unwrap();
    demo::load_catalogue(&market).await.unwrap();
    demo::load_agencies(&market, 301, market.env().now().day()).await.unwrap();
    let operator: Call = Actor::system().into();
    let new = NewPerson { login: "li".to_owned(), name: "李".to_owned(), password: None };
    let person = market.accounts().create_person(&operator, new).await.unwrap().id;
    let new = NewApplicant {
        kind: ApplicantKind::Other,
        name: "测量".to_owned(),
        uscc: None,
        phone: "0574-0000-0000".to_owned(),
    };
    let party = Party::Applicant(market.applicants().register(&operator, new).await.unwrap().id);
    market.accounts().grant(&operator, person, party.clone()).await.unwrap();
    let token = market.accounts().issue_token(&operator, person, &party, "bench", None).await;
    let call: Call = Actor::new(person, party).into();
    let filter = ListingFilter {
        item: Some(ITEM.parse().unwrap()),
        state: Some(ListingState::Published),
        ..ListingFilter::default()
    };
    let paging = Paging { after: None, limit: 100 };
    let listings = market.listings().list(None, &filter, &paging).await.unwrap().items;
    let (mut asked, mut chosen) = (Vec::new(), None);
    for _ in 0..orders {
        let new = NewCase {
            matter: "open-restaurant".parse().unwrap(),
            title: "测量".to_owned(),
            region: "330282".parse().unwrap(),
            fund: Fund::Social,
        };
        let case = market.cases().open(&call, new).await.unwrap().id;
        for listing in &listings {
            if chosen.is_some() {
                break;
            }
            let orders = market.orders();
            if orders.eligibility(&call.actor, case, listing.id).await.unwrap().eligible {
                chosen = Some(listing.clone());
            }
        }
        let listing = chosen.as_ref().unwrap();
        asked.push(json!({
            "case_id": case, "item": listing.item, "listing_id": listing.id,
            "listing_number": listing.number, "price": listing.terms.price,
        }));
    }
    let read = format!("/api/v1/listings/{}", chosen.unwrap().id);
    market.close().await.unwrap();
    (token.unwrap().token, asked, read)
}

async fn start(kind: usize, orders: usize, collector: &str) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let (token, asked, read) = fill(folder.path(), orders).await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_market"));
    command.args(["serve", "--listen", "127.0.0.1:0"]).env("MARKET_DATA", folder.path());
    command.env("MARKET_LOG", "warn").stdout(Stdio::piped()).stderr(Stdio::null());
    let mut metrics = None;
    if kind == 0 {
        command.env("MARKET_RATE_LIMITS", "false");
    } else {
        let rate = "{ per_minute = 100000000, burst = 100000000 }";
        let rates = format!("read = {rate}\nwrite = {rate}\n");
        let text = format!("[limits.per_address]\n{rates}[limits.per_actor]\n{rates}");
        fs::write(folder.path().join("market.toml"), text).unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        command.env("MARKET_METRICS_LISTEN", free.to_string());
        metrics = Some(format!("http://{free}/metrics"));
    }
    if kind == 2 {
        command.env("MARKET_OTLP_ENDPOINT", collector).env("MARKET_LOG", "info");
    }
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.split_whitespace().last().unwrap().trim_end_matches('/').to_owned();
    let ready = format!("{url}/readyz");
    let began = Instant::now();
    while reqwest::get(&ready).await.map_or(0, |answer| answer.status().as_u16()) != 200 {
        assert!(began.elapsed() < Duration::from_mins(1), "the server does not get ready");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Server { child, url, metrics, token, orders: Mutex::new(asked), read, _folder: folder }
}

/// Lets callers ask so many times, and says how long each took and all took.
async fn ask(
    server: &Arc<Server>,
    times: usize,
    what: fn(&Server, &reqwest::Client) -> reqwest::RequestBuilder,
) -> (Duration, Vec<Duration>) {
    let (left, began) = (Arc::new(AtomicUsize::new(times)), Instant::now());
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (server, left) = (server.clone(), left.clone());
        callers.spawn(async move {
            let (client, mut took) = (reqwest::Client::new(), Vec::new());
            let take = |left: usize| left.checked_sub(1);
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
                let began = Instant::now();
                let answer = what(&server, &client).send().await.unwrap();
                assert!(answer.status().is_success(), "{}", answer.status());
                answer.bytes().await.unwrap();
                took.push(began.elapsed());
            }
            took
        });
    }
    let took = callers.join_all().await.into_iter().flatten().collect();
    (began.elapsed(), took)
}

fn read(server: &Server, client: &reqwest::Client) -> reqwest::RequestBuilder {
    client.get(format!("{}{}", server.url, server.read)).bearer_auth(&server.token)
}

fn order(server: &Server, client: &reqwest::Client) -> reqwest::RequestBuilder {
    let order = server.orders.lock().unwrap().pop().unwrap();
    client.post(format!("{}/api/v1/orders", server.url)).bearer_auth(&server.token).json(&order)
}

/// Requests in a second, and the 99th of a hundred in milliseconds.
fn figures(runs: &[(Duration, Vec<Duration>)]) -> (f64, f64) {
    let all: Duration = runs.iter().map(|(all, _)| *all).sum();
    let mut each: Vec<_> = runs.iter().flat_map(|(_, each)| each).copied().collect();
    each.sort_unstable();
    let count = u32::try_from(each.len()).unwrap();
    let p99 = each[each.len() * 99 / 100];
    (f64::from(count) / all.as_secs_f64(), p99.as_secs_f64() * 1e3)
}

#[tokio::main]
async fn main() {
    market_api::tls::ready();
    let requests = std::env::var("MARKET_BENCH_REQUESTS").map(|text| text.parse().unwrap());
    let requests: usize = requests.unwrap_or(4_000);
    let orders = requests / 8;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let collector = format!("http://{}", listener.local_addr().unwrap());
    let collect = Router::new().route("/v1/traces", post(|| async {}));
    tokio::spawn(async move { axum::serve(listener, collect).await });

    let mut servers = Vec::new();
    for kind in 0..KINDS.len() {
        servers.push(Arc::new(start(kind, orders * TURNS, &collector).await));
    }
    let scraped: Vec<_> = servers.iter().filter_map(|server| server.metrics.clone()).collect();
    tokio::spawn(async move {
        loop {
            for metrics in &scraped {
                drop(reqwest::get(metrics).await);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let mut reads: Vec<Vec<_>> = KINDS.map(|_| Vec::new()).into();
    let mut placed: Vec<Vec<_>> = KINDS.map(|_| Vec::new()).into();
    for turn in 0..TURNS {
        for (kind, server) in servers.iter().enumerate() {
            let (some, more) =
                (ask(server, requests, read).await, ask(server, orders, order).await);
            if turn > 0 {
                reads[kind].push(some);
                placed[kind].push(more);
            }
        }
    }
    eprintln!("{CALLERS} callers, {} reads and {} orders of each", requests * 3, orders * 3);
    for (kind, name) in KINDS.iter().enumerate() {
        let ((reading, read_p99), (placing, placed_p99)) =
            (figures(&reads[kind]), figures(&placed[kind]));
        eprintln!(
            "{name:24} reads {reading:6.0}/s p99 {read_p99:5.1} ms   orders {placing:5.0}/s p99 \
             {placed_p99:5.1} ms"
        );
    }
}
