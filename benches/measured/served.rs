//! The real server over a market in `SQLite`: asked over HTTP, in process, and while listings
//! change.

use std::{
    fmt::Write,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use market_api::{
    App, Limits, Served, demo,
    generate::{Catalog, generate},
    serve as serve_at,
};
use market_core::{
    Actor, Call, Durability, Market, Money, Options, Paging, Party,
    agency::{Listing, ListingFilter, ListingState},
    import::{ImportOptions, Kind, Sheet},
    search::{SearchQuery, Subject},
};
use serde::Serialize;
use tokio::{net::TcpListener, runtime, task::JoinSet, time::interval};

use super::{
    documents::data,
    needs::{Memory, process_time},
    texts::Typed,
};
use crate::{
    client::Connection,
    figures::{Table, Times, milliseconds, number, rate, say, target, whole},
};

/// So many agencies are made of one seed, and loaded together: no sheet that is imported holds more
/// than 200,000 rows.
const PACK: usize = 40_000;
const CONNECTIONS: usize = 8;
const TASKS: usize = 2;
const WARM_UP: Duration = Duration::from_secs(3);
const MEASURED: Duration = Duration::from_secs(15);
/// From one write to the next: 50 a second.
const PACE: Duration = Duration::from_millis(20);
/// The first of the lowest prices, in fen: hardly anything costs less.
const LOWEST: i64 = 10_000;
/// So many different listings are changed in turn.
const CHANGED: usize = 1000;

/// How a run went.
struct Run {
    times: Times,
    wall: Duration,
    /// The processor time of the whole process.
    cpu: Duration,
}

/// Measures the server over a market in which about so many listings can be found.
pub(crate) fn measure(listings: usize, typed: &[Typed]) {
    let folder = tempfile::tempdir().unwrap();
    // The server's own; those who ask over HTTP have a thread of their own.
    let serving = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let serving = serving.unwrap();
    serving.block_on(load(folder.path(), listings));
    let before = Memory::now();
    let market = serving.block_on(open(folder.path(), Durability::Full));
    let (address, server) = serving.block_on(serve(market.clone()));
    let fresh = Questions::fresh(typed);
    let again = Questions::again(typed);
    let everything = SearchQuery::new(Subject::Listings);
    let found = serving.block_on(market.search().find(&everything)).unwrap().total;
    say(format_args!("\n# Served: text, region, all facets, highlights; {found} listings found"));

    let mut table = Table::new(&["asked", "searches/s", "mean ms", "p50 ms", "p99 ms", "CPU ms"]);
    let http = over_http(address, &fresh);
    row(&mut table, "HTTP, 8 connections", &http);
    let direct = serving.block_on(in_process(&market, &fresh));
    row(&mut table, "in process, 2 tasks", &direct);
    row(&mut table, "HTTP, 8 connections, asked before", &over_http(address, &again));
    let writes = Arc::new(AtomicUsize::new(0));
    let changing = serving.block_on(begin_changing(&market, writes.clone()));
    let busy = over_http(address, &fresh);
    assert!(!changing.is_finished(), "a write failed");
    changing.abort();
    row(&mut table, "HTTP, 8 connections, 50 writes/s", &busy);
    table.print();
    let after = Memory::now();
    let changed = rate(writes.load(Ordering::Relaxed), WARM_UP + busy.wall);
    say(format_args!("{changed:.0} writes a second were made"));
    say(format_args!(
        "memory of the whole process, with all parts before: {} MB, {} of its own ({} before the \
         market was opened)",
        after.all, after.own, before.own
    ));
    targets(listings, &http, &direct, &busy);
    server.abort();
}

/// Loads a market, and says how long that took.
async fn load(folder: &Path, listings: usize) {
    // Of 3.75 listings each, 2.9 can be found: published, and the certificates valid.
    let agencies = listings * 10 / 29;
    let market = open(folder, Durability::Relaxed).await;
    let began = Instant::now();
    demo::load_catalogue(&market).await.unwrap();
    let catalog = Catalog::read(&data()).unwrap();
    for (seed, begin) in (0..).zip((0..agencies).step_by(PACK)) {
        let today = market.env().now().day().date();
        let pack = generate(&catalog, PACK.min(agencies - begin), seed, today);
        import(&market, Kind::Agencies, &pack.agencies).await;
        import(&market, Kind::AgencyQualifications, &pack.qualifications).await;
        import(&market, Kind::Practitioners, &pack.practitioners).await;
        import(&market, Kind::Listings, &pack.listings).await;
    }
    let loaded = began.elapsed();
    let began = Instant::now();
    market.search().catch_up().await.unwrap();
    let indexed = began.elapsed();
    say(format_args!(
        "\n# A market of {agencies} agencies: loaded in {:.0} s, indexed in {:.0} s",
        loaded.as_secs_f64(),
        indexed.as_secs_f64()
    ));
    market.close().await.unwrap();
}

async fn import(market: &Market, kind: Kind, rows: &[impl Serialize]) {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).unwrap();
    }
    let sheet = Sheet::read(&kind.file(), &writer.into_inner().unwrap()).unwrap();
    let call = Call::from(Actor::system());
    let report = market.import(&call, kind, &sheet, &ImportOptions::default()).await.unwrap();
    assert_eq!(report.bad, []);
}

async fn open(folder: &Path, durability: Durability) -> Market {
    let database = format!("sqlite:{}", folder.join("market.sqlite").display());
    let index = Some(folder.join("index"));
    Market::open(Options { index, durability, ..Options::new(database) }).await.unwrap()
}

/// Serves a market, and keeps its index in step.
async fn serve(market: Market) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    market.search().catch_up().await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = App::with_limits(market.clone(), Limits::without_rates());
    app.searchable();
    let server = tokio::spawn(async move {
        tokio::select! {
            () = serve_at(listener, Served::market(&app), std::future::pending()) => {}
            followed = async { market.search().follow().await } => panic!("{followed:?}"),
        }
    });
    (address, server)
}

/// What is asked: every text in its city. The lowest price moves on from one question to the next,
/// so that none has an answer that was kept, or stays, so that all have but the first of each.
struct Questions {
    texts: Vec<SearchQuery>,
    /// So many were asked; none where prices stay.
    asked: Option<AtomicUsize>,
}

impl Questions {
    fn again(typed: &[Typed]) -> Arc<Self> {
        Arc::new(Self { texts: typed.iter().map(query).collect(), asked: None })
    }

    fn fresh(typed: &[Typed]) -> Arc<Self> {
        let asked = Some(AtomicUsize::new(0));
        Arc::new(Self { texts: typed.iter().map(query).collect(), asked })
    }

    fn question(&self, at: usize) -> SearchQuery {
        let Some(asked) = &self.asked else { return self.texts[at % self.texts.len()].clone() };
        let before = asked.fetch_add(1, Ordering::Relaxed);
        let lowest = LOWEST + i64::from(number(before / self.texts.len()));
        SearchQuery {
            min_price: Money::from_fen(lowest),
            ..self.texts[before % self.texts.len()].clone()
        }
    }
}

fn query(typed: &Typed) -> SearchQuery {
    SearchQuery {
        text: Some(typed.text.clone()),
        regions: vec![typed.region.clone()],
        facets: true,
        ..SearchQuery::new(Subject::Listings)
    }
}

/// Lets many ask one after another, and keeps what began after the warm-up.
async fn run<F: Future<Output = Vec<Duration>> + Send + 'static>(
    who: usize,
    asks: impl Fn(usize, Instant) -> F,
) -> Run {
    let begins = Instant::now() + WARM_UP;
    let mut asking = JoinSet::new();
    for one in 0..who {
        asking.spawn(asks(one, begins));
    }
    tokio::time::sleep_until(begins.into()).await;
    let cpu = process_time();
    let took = asking.join_all().await.concat();
    let (wall, cpu) = (begins.elapsed(), process_time().saturating_sub(cpu));
    Run { times: Times::of(took), wall, cpu }
}

fn over_http(address: SocketAddr, questions: &Arc<Questions>) -> Run {
    let questions = questions.clone();
    let asking = thread::spawn(move || {
        let asking = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        asking.block_on(run(CONNECTIONS, |one, begins| {
            let questions = questions.clone();
            async move {
                let mut connection = Connection::open(address).await;
                let mut took = Vec::new();
                let mut next = one * questions.texts.len() / CONNECTIONS;
                while begins.elapsed() < MEASURED {
                    let request = request(&questions.question(next));
                    let began = Instant::now();
                    connection.ask(&request).await;
                    if began >= begins {
                        took.push(began.elapsed());
                    }
                    next += 1;
                }
                took
            }
        }))
    });
    asking.join().unwrap()
}

async fn in_process(market: &Market, questions: &Arc<Questions>) -> Run {
    run(TASKS, |one, begins| {
        let (market, questions) = (market.clone(), questions.clone());
        async move {
            let mut took = Vec::new();
            let mut next = one * questions.texts.len() / TASKS;
            while begins.elapsed() < MEASURED {
                let question = questions.question(next);
                let began = Instant::now();
                market.search().find(&question).await.unwrap();
                if began >= begins {
                    took.push(began.elapsed());
                }
                next += 1;
            }
            took
        }
    })
    .await
}

/// Changes listings, 50 a second, until it is stopped.
async fn begin_changing(market: &Market, writes: Arc<AtomicUsize>) -> tokio::task::JoinHandle<()> {
    let mut listings = Vec::new();
    let mut after = None;
    while listings.len() < CHANGED {
        let filter =
            ListingFilter { state: Some(ListingState::Published), ..ListingFilter::default() };
        let page = market.listings().list(None, &filter, &Paging { after, limit: 100 }).await;
        let page = page.unwrap();
        listings.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let market = market.clone();
    tokio::spawn(async move {
        let mut pace = interval(PACE);
        for round in 1.. {
            for listing in &listings {
                pace.tick().await;
                change(&market, listing, round).await;
                writes.fetch_add(1, Ordering::Relaxed);
            }
        }
    })
}

async fn change(market: &Market, listing: &Listing, round: u32) {
    let seller = Party::Agency(listing.agency_id);
    let call = Call::from(Actor::new(Actor::system().person, seller));
    let mut terms = listing.terms.clone();
    terms.days = terms.days % 900 + round;
    market.listings().change(&call, listing.id, terms).await.unwrap();
}

/// The request of a query: its text, regions and lowest price, with all facets.
fn request(query: &SearchQuery) -> String {
    let mut path = "/api/v1/search?facets=true".to_owned();
    let mut add = |name: &str, value: &str| {
        write!(path, "&{name}=").unwrap();
        value.bytes().for_each(|byte| write!(path, "%{byte:02X}").unwrap());
    };
    if let Some(text) = &query.text {
        add("text", text);
    }
    for region in &query.regions {
        add("region", region.as_str());
    }
    if let Some(price) = query.min_price {
        add("min_price", &price.to_string());
    }
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")
}

/// The processor time of a search.
fn each(run: &Run) -> Duration {
    run.cpu / number(run.times.count().max(1))
}

fn row(table: &mut Table, name: &str, run: &Run) {
    let head = [name.to_owned(), whole(rate(run.times.count(), run.wall))];
    table.row(head.into_iter().chain(run.times.cells()).chain([milliseconds(each(run))]));
}

fn targets(listings: usize, http: &Run, direct: &Run, busy: &Run) {
    let (least, most) = if listings < 1_000_000 { (1000.0, 20) } else { (250.0, 60) };
    let speed = |run: &Run| rate(run.times.count(), run.wall);
    let met = speed(http) >= least;
    target("HTTP", &format!("{:.0}/s", speed(http)), &format!("at least {least}/s"), met);
    for (what, run) in [("HTTP p99", http), ("HTTP p99 while writing", busy)] {
        let p99 = run.times.at(99);
        let met = p99 < Duration::from_millis(most);
        target(what, &format!("{} ms", milliseconds(p99)), &format!("under {most} ms"), met);
    }
    // By processor time: it counts those who ask, but not what else runs on the machine.
    let overhead = (each(http).as_secs_f64() / each(direct).as_secs_f64() - 1.0) * 100.0;
    let measured = format!("{overhead:.0} % of processor time");
    target("HTTP overhead", &measured, "under 30 %", overhead < 30.0);
}
