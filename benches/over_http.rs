//! Reads and orders over HTTP, and what limits, figures and traces cost: a server without them, one
//! with limits and figures, and one with traces and a log as well, turn by turn in the same run.
//!
//! `cargo bench --bench over_http`, and with
//! - `MARKET_BENCH_REQUESTS=10000`: so many reads in each turn, and half as many orders;
//! - `MARKET_BENCH_POSTGRES=postgres://…`: `PostgreSQL` beside `SQLite`.
//!
//! Those who ask share the processors with the server.

#![expect(clippy::unwrap_used, reason = "a measurement stops at the first surprise")]

#[path = "support/client.rs"]
mod client;
#[path = "support/figures.rs"]
mod figures;
mod support;

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, routing::post};
use client::Connection;
use figures::{Table, Times, rate, say, target, whole};
use market_core::{
    Actor, Call, Market, Options, Paging, Party,
    account::NewPerson,
    agency::{Listing, ListingFilter, ListingState},
    applicant::{ApplicantKind, NewApplicant},
    case::{Fund, NewCase},
};
use serde_json::json;
use support::Engine;
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Runtime, task::JoinSet};

const ITEM: &str = "fire-facility-inspection";
/// Callers at once.
const CALLERS: usize = 32;
/// Every server has so many turns, the first of which warms it up.
const TURNS: usize = 4;

/// What a server does besides.
const KINDS: [&str; 3] = ["bare", "limits and figures", "traces and log as well"];

/// A server with a market of its own, and what is asked of it.
struct Server {
    child: Child,
    address: SocketAddr,
    metrics: Option<String>,
    read: String,
    orders: Mutex<Vec<String>>,
    _folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// What was asked of a server in all turns: how long all took, and how long each.
#[derive(Default)]
struct Asked {
    wall: Duration,
    each: Vec<Duration>,
}

/// How that went.
struct Figures {
    a_second: f64,
    times: Times,
}

impl Asked {
    fn figures(self) -> Figures {
        let times = Times::of(self.each);
        Figures { a_second: rate(times.count(), self.wall), times }
    }
}

/// Fills a database, and says what to ask: one listing, and so many orders.
async fn fill(url: &str, orders: usize) -> (String, Vec<String>) {
    let market = support::market(Options::new(url), 301).await;
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
    let token = token.unwrap().token;
    let call: Call = Actor::new(person, party).into();
    let cases = open_cases(&market, &call, orders).await;
    let listing = eligible(&market, &call, cases[0]).await;
    let head = format!("host: localhost\r\nauthorization: Bearer {token}\r\n");
    let read = format!("GET /api/v1/listings/{} HTTP/1.1\r\n{head}\r\n", listing.id);
    let place = |case| {
        let body = json!({
            "case_id": case, "item": listing.item, "listing_id": listing.id,
            "listing_number": listing.number, "price": listing.terms.price,
        });
        let (body, key) = (body.to_string(), market.env().id());
        format!(
            "POST /api/v1/orders HTTP/1.1\r\n{head}idempotency-key: {key}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let orders = cases.into_iter().map(place).collect();
    market.close().await.unwrap();
    (read, orders)
}

async fn open_cases(market: &Market, call: &Call, count: usize) -> Vec<market_core::id::CaseId> {
    let (mut opening, mut cases) = (JoinSet::new(), Vec::new());
    for at in 0..count {
        if at >= CALLERS {
            cases.push(opening.join_next().await.unwrap().unwrap());
        }
        let (market, call) = (market.clone(), call.clone());
        opening.spawn(async move {
            let new = NewCase {
                matter: "open-restaurant".parse().unwrap(),
                title: "测量".to_owned(),
                region: "330282".parse().unwrap(),
                fund: Fund::Social,
            };
            market.cases().open(&call, new).await.unwrap().id
        });
    }
    cases.extend(opening.join_all().await);
    cases
}

async fn eligible(market: &Market, call: &Call, case: market_core::id::CaseId) -> Listing {
    let filter = ListingFilter {
        item: Some(ITEM.parse().unwrap()),
        state: Some(ListingState::Published),
        ..ListingFilter::default()
    };
    let paging = Paging { after: None, limit: 100 };
    for listing in market.listings().list(None, &filter, &paging).await.unwrap().items {
        let asked = market.orders().eligibility(&call.actor, case, listing.id).await.unwrap();
        if asked.eligible {
            return listing;
        }
    }
    panic!("no listing can be bought")
}

async fn start(engine: Engine, kind: usize, orders: usize, collector: &str) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let database = engine.fresh(folder.path()).await;
    let (read, orders) = fill(&database, orders).await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_market"));
    command.args(["serve", "--listen", "127.0.0.1:0"]).env("MARKET_DATA", folder.path());
    command.env("MARKET_DATABASE", database);
    command.env("MARKET_LOG", "warn").stdout(Stdio::piped()).stderr(Stdio::null());
    let metrics = watch(&mut command, kind, folder.path(), collector);
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
    let address = url.trim_start_matches("http://").parse().unwrap();
    Server { child, address, metrics, read, orders: Mutex::new(orders), _folder: folder }
}

/// Switches on what a kind of server does besides, and says where it tells its figures.
fn watch(command: &mut Command, kind: usize, folder: &Path, collector: &str) -> Option<String> {
    if kind == 0 {
        command.env("MARKET_RATE_LIMITS", "false");
        return None;
    }
    let limit = "{ per_minute = 100000000, burst = 100000000 }";
    let limits = format!("read = {limit}\nwrite = {limit}\n");
    let text = format!("[limits.per_address]\n{limits}[limits.per_actor]\n{limits}");
    fs::write(folder.join("market.toml"), text).unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    command.env("MARKET_METRICS_LISTEN", free.to_string());
    if kind == 2 {
        command.env("MARKET_OTLP_ENDPOINT", collector).env("MARKET_LOG", "info");
    }
    Some(format!("http://{free}/metrics"))
}

/// Lets callers ask so many times, each on a connection of its own.
async fn ask(server: &Arc<Server>, times: usize, next: fn(&Server) -> String, asked: &mut Asked) {
    let requests = (0..times).map(|_| next(server)).collect();
    let requests: Arc<Mutex<Vec<String>>> = Arc::new(Mutex::new(requests));
    let mut connections = Vec::new();
    for _ in 0..CALLERS {
        connections.push(Connection::open(server.address).await);
    }
    let began = Instant::now();
    let mut callers = JoinSet::new();
    for mut connection in connections {
        let requests = requests.clone();
        callers.spawn(async move {
            let mut took = Vec::new();
            loop {
                let Some(request) = requests.lock().unwrap().pop() else { break took };
                let began = Instant::now();
                connection.ask(&request).await;
                took.push(began.elapsed());
            }
        });
    }
    asked.each.extend(callers.join_all().await.into_iter().flatten());
    asked.wall += began.elapsed();
}

fn read(server: &Server) -> String {
    server.read.clone()
}

fn order(server: &Server) -> String {
    server.orders.lock().unwrap().pop().unwrap()
}

async fn measure(engine: Engine, requests: usize, collector: &str) {
    let orders = requests / 2;
    let mut servers = Vec::new();
    for kind in 0..KINDS.len() {
        servers.push(Arc::new(start(engine, kind, orders * TURNS, collector).await));
    }
    let scraped: Vec<_> = servers.iter().filter_map(|server| server.metrics.clone()).collect();
    let scraping = tokio::spawn(async move {
        let mut pace = tokio::time::interval(Duration::from_secs(1));
        loop {
            pace.tick().await;
            for metrics in &scraped {
                drop(reqwest::get(metrics).await);
            }
        }
    });
    let mut asked = KINDS.map(|_| (Asked::default(), Asked::default()));
    for turn in 0..TURNS {
        for (server, (reads, placed)) in servers.iter().zip(&mut asked) {
            if turn == 1 {
                (*reads, *placed) = Default::default();
            }
            ask(server, requests, read, reads).await;
            ask(server, orders, order, placed).await;
        }
    }
    scraping.abort();
    tell(engine, asked);
}

fn tell(engine: Engine, asked: [(Asked, Asked); KINDS.len()]) {
    let kinds = asked.map(|(reads, placed)| (reads.figures(), placed.figures()));
    let [bare, _, all] = &kinds;
    let (reads, placed) = (all.0.times.count(), all.1.times.count());
    let name = engine.name();
    say(format_args!("\n# {name}: {CALLERS} callers, {reads} reads and {placed} orders of each"));
    let mut table = Table::new(&["server", "asked", "a second", "mean ms", "p50 ms", "p99 ms"]);
    for (kind, (reads, placed)) in KINDS.iter().zip(&kinds) {
        for (what, figures) in [("reads", reads), ("orders", placed)] {
            let head = [(*kind).to_owned(), what.to_owned(), whole(figures.a_second)];
            table.row(head.into_iter().chain(figures.times.cells()));
        }
    }
    table.print();
    let least = if engine == Engine::Sqlite { 2000.0 } else { 1200.0 };
    let speed = all.1.a_second;
    let wanted = format!("at least {least}/s");
    target("orders with everything on", &format!("{speed:.0}/s"), &wanted, speed >= least);
    for (what, bare, all) in [("reads", &bare.0, &all.0), ("orders", &bare.1, &all.1)] {
        let cost = (bare.a_second / all.a_second - 1.0) * 100.0;
        target(&format!("cost to {what}"), &format!("{cost:.0} %"), "under 25 %", cost < 25.0);
    }
}

fn main() {
    market_api::tls::ready();
    let requests = std::env::var("MARKET_BENCH_REQUESTS").map(|text| text.parse().unwrap());
    let requests: usize = requests.unwrap_or(4_000);
    Runtime::new().unwrap().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let collector = format!("http://{}", listener.local_addr().unwrap());
        let collect = Router::new().route("/v1/traces", post(|| async {}));
        tokio::spawn(async move { axum::serve(listener, collect).await });
        for engine in Engine::available() {
            measure(engine, requests, &collector).await;
        }
    });
}
