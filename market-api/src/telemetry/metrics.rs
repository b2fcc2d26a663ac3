//! Figures for Prometheus.
//!
//! What happens is counted where it happens, through the crate `metrics`; what is so at a moment
//! (how many wait, how far behind one is) is looked up when somebody asks. The table of
//! docs/operations.md has every figure; a test holds the two together.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{Method, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use market_core::vitals::Heaps;
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::sync::Mutex;

use crate::{App, edge::class::Class, mcp, router::probes};

/// The bounds of times, in seconds.
const SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// The bounds of how many transactions share a commit.
const TRANSACTIONS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// What is told in the format of Prometheus.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How often what grows is counted.
const RECOUNT: Duration = Duration::from_mins(1);
/// How often figures are folded together, asked for or not.
const UPKEEP: Duration = Duration::from_secs(5);
/// The longest that counting may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The figures of this process. There is one set of them.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    handle: PrometheusHandle,
    /// What was counted last, and when.
    heaps: Arc<Mutex<Option<(Instant, Heaps)>>>,
}

#[derive(Debug, Clone)]
struct Asked {
    figures: Figures,
    app: App,
}

impl Figures {
    /// Begins to keep figures, for the whole process.
    pub(crate) fn begin() -> Result<Self, String> {
        let suffix = |text: &str| Matcher::Suffix(text.to_owned());
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(suffix("_seconds"), SECONDS)
            .and_then(|b| b.set_buckets_for_metric(suffix("_transactions"), TRANSACTIONS));
        let handle = builder.and_then(PrometheusBuilder::install_recorder);
        let handle = handle.map_err(|why| format!("figures cannot be kept: {why}"))?;
        describe();
        Ok(Self { handle, heaps: Arc::default() })
    }

    /// What is served at the address of metrics.
    pub(crate) fn router(&self, app: App) -> Router {
        let asked = Asked { figures: self.clone(), app: app.clone() };
        Router::new().route("/metrics", get(show)).with_state(asked).merge(probes(app))
    }

    /// Folds figures together from time to time: they would pile up where nobody asks for them.
    pub(crate) async fn keep(&self) -> std::convert::Infallible {
        loop {
            tokio::time::sleep(UPKEEP).await;
            self.handle.run_upkeep();
        }
    }

    /// What grows, counted now and then; nothing, if the database does not answer.
    async fn heaps(&self, app: &App) -> Option<Heaps> {
        let count = async {
            let mut known = self.heaps.lock().await;
            if let Some((_, heaps)) = known.as_ref().filter(|(at, _)| at.elapsed() < RECOUNT) {
                return Some(heaps.clone());
            }
            let heaps = app.market().vitals().heaps().await.ok()?;
            *known = Some((Instant::now(), heaps.clone()));
            Some(heaps)
        };
        tokio::time::timeout(PATIENCE, count).await.ok().flatten()
    }
}

/// `/metrics`
async fn show(State(Asked { figures, app }): State<Asked>) -> impl IntoResponse {
    look(&figures, &app).await;
    ([(CONTENT_TYPE, TEXT)], figures.handle.render())
}

/// Looks up what is so at this moment.
#[expect(clippy::cast_precision_loss, reason = "figures for people, far below 2^52")]
async fn look(figures: &Figures, app: &App) {
    for class in Class::LIMITED {
        let (running, waiting) = app.door().load(class);
        gauge!("market_http_running", "class" => class.name()).set(running);
        gauge!("market_http_waiting", "class" => class.name()).set(waiting);
    }
    gauge!("market_http_running", "class" => "wait").set(app.streams().load());
    let vitals = app.market().vitals();
    let connections = vitals.connections();
    let of = |state| gauge!("market_db_connections", "state" => state);
    of("open").set(connections.open);
    of("idle").set(connections.idle);
    of("most").set(connections.most);
    gauge!("market_search_documents").set(vitals.documents() as f64);

    let looked = app.health().look(app.market()).await;
    gauge!("market_db_up").set(if looked.is_ok() { 1.0 } else { 0.0 });
    if let Ok(lags) = looked {
        gauge!("market_journal_position").set(lags.journal as f64);
        gauge!("market_search_behind").set(lags.search as f64);
        for (follower, behind) in lags.followers {
            gauge!("market_follower_behind", "follower" => follower).set(behind as f64);
        }
    }
    if let Some(heaps) = figures.heaps(app).await {
        gauge!("market_idempotency_keys").set(heaps.idempotency_keys as f64);
        gauge!("market_journal_unnumbered").set(heaps.unnumbered as f64);
        for (queue, waiting) in heaps.queues {
            gauge!("market_queue_waiting", "queue" => queue).set(waiting as f64);
        }
    }
}

/// A request, as far as figures tell of it: no path that a caller wrote, only the route that it
/// took, so that figures neither grow without end nor hold anybody's secrets.
pub(crate) struct Answered {
    method: &'static str,
    route: MatchedPath,
}

impl Answered {
    /// What figures tell of a request; nothing of one that no route takes.
    pub(crate) fn new(request: &Request) -> Option<Self> {
        let route = request.extensions().get::<MatchedPath>()?.clone();
        let methods = [
            (Method::GET, "GET"),
            (Method::HEAD, "HEAD"),
            (Method::POST, "POST"),
            (Method::PUT, "PUT"),
            (Method::DELETE, "DELETE"),
            (Method::PATCH, "PATCH"),
        ];
        let known = methods.iter().find(|(method, _)| method == request.method());
        Some(Self { method: known.map_or("other", |(_, name)| name), route })
    }

    /// Counts it, with its status and how long it took.
    pub(crate) fn count(self, status: u16, took: Duration) {
        let status = match status / 100 {
            1 => "1xx",
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        };
        let route = self.route.as_str().to_owned();
        counter!("market_http_requests_total",
            "route" => route.clone(), "method" => self.method, "status" => status)
        .increment(1);
        histogram!("market_http_request_seconds", "route" => route, "method" => self.method)
            .record(took);
    }
}

/// Says what each figure is, and lets those that count begin at nothing: an alert on what has never
/// happened yet must find it.
fn describe() {
    let count = |name: &'static str, what: &'static str| describe_counter!(name, what);
    let now = |name: &'static str, what: &'static str| describe_gauge!(name, what);
    let time =
        |name: &'static str, what: &'static str| describe_histogram!(name, Unit::Seconds, what);
    count("market_http_requests_total", "Requests answered, by route, method and class of status");
    time("market_http_request_seconds", "How long requests took, by route and method");
    now("market_http_running", "Requests under way, by class");
    now("market_http_waiting", "Requests that wait for their turn, by class");
    count(
        "market_http_shed_total",
        "Requests sent away because there was too much to do, by class",
    );
    count("market_http_limited_total", "Requests refused because somebody asked too often");
    now("market_connections", "Connections of clients");
    count("market_connections_refused_total", "Connections for which there was no room");
    count("market_connections_cut_total", "Connections cut because a client was too slow");
    now("market_db_up", "Whether the database answers in time");
    now("market_db_connections", "Connections to the database");
    time("market_db_wait_seconds", "How long units of work waited for their turn");
    describe_histogram!("market_db_commit_transactions", "Transactions that shared a commit");
    now("market_journal_position", "The position of the last entry of the journal");
    now("market_journal_unnumbered", "Entries of the journal that wait for their position");
    now("market_follower_behind", "Entries of the journal that a follower has not passed");
    now("market_search_behind", "Entries of the journal that search has not shown");
    now("market_search_documents", "Documents that searches see");
    time("market_search_seconds", "How long searches took that were not answered from memory");
    count("market_search_answers_total", "Searches answered, from memory or from the index");
    count("market_timers_steps_total", "Steps taken because their time had come");
    now("market_idempotency_keys", "Answers kept under idempotency keys");
    count("market_mcp_calls_total", "Tools that assistants called");
    now("market_queue_waiting", "What waits in a queue");
    count("market_mail_total", "Mails that were sent, or failed, by outcome");
    count("market_scan_failures_total", "Files that the scanner said nothing of");

    for class in Class::LIMITED {
        counter!("market_http_shed_total", "class" => class.name()).absolute(0);
        for by in ["address", "actor"] {
            counter!("market_http_limited_total", "class" => class.name(), "by" => by).absolute(0);
        }
    }
    for outcome in ["sent", "failed", "given_up"] {
        counter!("market_mail_total", "outcome" => outcome).absolute(0);
    }
    for why in ["head", "stalled"] {
        counter!("market_connections_cut_total", "why" => why).absolute(0);
    }
    for from in ["index", "memory"] {
        counter!("market_search_answers_total", "from" => from).absolute(0);
    }
    for tool in mcp::names() {
        counter!("market_mcp_calls_total", "tool" => tool).absolute(0);
    }
    counter!("market_connections_refused_total").absolute(0);
    counter!("market_timers_steps_total").absolute(0);
    counter!("market_scan_failures_total").absolute(0);
    gauge!("market_connections").set(0);
}
