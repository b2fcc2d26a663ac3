//! How soon a write is found, and what searches cost meanwhile: 50 writes in a second for 20
//! seconds (listings revised and taken off, agencies suspended), on markets of 10,000 and 100,000
//! listings; and how fast their index is built.
//!
//! `cargo bench --bench in_step`; PostgreSQL too with `MARKET_BENCH_POSTGRES=postgres://…`. Other
//! sizes with `MARKET_BENCH_LISTINGS=1000000`, several with commas between.

#![expect(clippy::unwrap_used, reason = "a measurement stops at the first surprise")]

mod support;

use std::{
    collections::{HashMap, VecDeque},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use market_core::{
    Actor, Call, Market, Money, Options, Party,
    agency::Suspension,
    id::{AgencyId, ListingId},
    search::{Found, ListingFound, MAX_WITHIN, SearchQuery, Subject},
};
use support::Engine;

/// So many writes are made, so far apart.
const WRITES: usize = 1000;
const APART: Duration = Duration::from_millis(20);
/// How often it is looked whether a write is found: by so much figures may be too high.
const LOOK: Duration = Duration::from_millis(5);
/// So many agencies of the demonstration have ten listings, about.
const AGENCIES_OF_TEN: usize = 3;

const TEXTS: [&str; 6] = [
    "消防设施检测",
    "环评",
    "慈溪 测绘",
    "建设项目环境影响报告表编制",
    "审图",
    "开办餐馆需要的检测报告",
];

/// A write that is to be found: of which listing, what its title is then, and since when.
struct Written {
    id: ListingId,
    title: Option<String>,
    at: Instant,
}

/// What a run is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Nobody searches.
    Quiet,
    /// One searcher asks all the time.
    Searched,
    /// Writes come from another process.
    OtherNode,
}

async fn listings(market: &Market, query: SearchQuery) -> Vec<ListingFound> {
    let hits = market.search().find(&query).await.unwrap();
    let found = hits.items.into_iter().filter_map(|hit| match hit.found {
        Found::Listing(listing) => Some(listing),
        _ => None,
    });
    found.collect()
}

/// Listings that can be bought, by agency.
async fn sold(market: &Market) -> Vec<(AgencyId, Vec<ListingFound>)> {
    let (mut query, mut sold) = (SearchQuery::new(Subject::Listings), HashMap::new());
    query.limit = 100;
    query.sort = market_core::search::Sort::Newest;
    for _ in 0..80 {
        let hits = market.search().find(&query).await.unwrap();
        for hit in hits.items {
            let Found::Listing(listing) = hit.found else { continue };
            sold.entry(listing.agency_id).or_insert_with(Vec::new).push(listing);
        }
        query.after = hits.next;
        if query.after.is_none() {
            break;
        }
    }
    let mut sold: Vec<_> = sold.into_iter().collect();
    sold.sort_unstable_by_key(|(id, _)| *id);
    sold
}

/// Makes one write, and says what is to be found then.
async fn write(
    market: &Market,
    n: usize,
    sold: &mut Vec<(AgencyId, Vec<ListingFound>)>,
) -> Option<Written> {
    let operator: Call = Actor::system().into();
    if n.is_multiple_of(20) {
        let (agency, listings) = sold.pop()?;
        let suspension = Suspension { months: 3, reason: "逾期".to_owned() };
        market.agencies().suspend(&operator, agency, suspension).await.unwrap();
        return Some(Written { id: listings[0].id, title: None, at: Instant::now() });
    }
    let at = n % (sold.len() / 2);
    let (agency, listings) = &mut sold[at];
    if n % 20 == 10 && listings.len() > 1 {
        let listing = listings.pop()?;
        market.listings().take_off(&operator, listing.id).await.unwrap();
        return Some(Written { id: listing.id, title: None, at: Instant::now() });
    }
    let of_agency = listings.len();
    let id = listings[n % of_agency].id;
    let mut terms = market.listings().get(None, id).await.unwrap().terms;
    terms.title = format!("{} {n}", terms.title.split(' ').next().unwrap());
    let title = terms.title.clone();
    let call = Actor::new(Actor::system().person, Party::Agency(*agency)).into();
    market.listings().change(&call, id, terms).await.unwrap();
    Some(Written { id, title: Some(title), at: Instant::now() })
}

/// Looks for what was written until all of it is found; how long each took.
async fn look(
    market: Market,
    pending: Arc<Mutex<VecDeque<Written>>>,
    done: Arc<AtomicBool>,
) -> Vec<Duration> {
    let mut took = Vec::new();
    loop {
        let last = done.load(Ordering::Relaxed);
        let ids: Vec<_> =
            pending.lock().unwrap().iter().take(MAX_WITHIN).map(|written| written.id.0).collect();
        if ids.is_empty() && last {
            return took;
        }
        if !ids.is_empty() {
            let query = SearchQuery {
                within: Some(ids.clone()),
                limit: 100,
                ..SearchQuery::new(Subject::Listings)
            };
            let shown = listings(&market, query).await;
            let is_shown = |written: &Written| {
                let listing = shown.iter().find(|listing| listing.id == written.id);
                listing.map(|listing| &listing.title) == written.title.as_ref()
            };
            let (now, mut pending) = (Instant::now(), pending.lock().unwrap());
            for _ in ids {
                let written = pending.pop_front().unwrap();
                if is_shown(&written) {
                    took.push(now - written.at);
                } else {
                    pending.push_back(written);
                }
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Searches without pause; how long each took.
async fn ask(market: Market, done: Arc<AtomicBool>) -> Vec<Duration> {
    let mut took = Vec::new();
    // The lowest price moves on, so that no answer was kept.
    for (text, lowest) in TEXTS.iter().cycle().zip(0..) {
        if done.load(Ordering::Relaxed) {
            break;
        }
        let query = SearchQuery {
            text: Some((*text).to_owned()),
            min_price: Money::from_fen(lowest),
            facets: true,
            ..SearchQuery::new(Subject::Listings)
        };
        let began = Instant::now();
        market.search().find(&query).await.unwrap();
        took.push(began.elapsed());
        tokio::task::yield_now().await;
    }
    took
}

fn figures(mut took: Vec<Duration>) -> String {
    if took.is_empty() {
        return "-".to_owned();
    }
    took.sort_unstable();
    let at = |part: usize| took[(took.len() * part / 100).min(took.len() - 1)].as_secs_f64() * 1e3;
    format!("p50 {:6.1} ms  p99 {:6.1} ms  of {}", at(50), at(99), took.len())
}

async fn run(name: &str, writer: &Market, reader: &Market, mode: Mode) {
    let mut sold = sold(reader).await;
    let follower = tokio::spawn({
        let market = reader.clone();
        async move { market.search().follow().await }
    });
    let done = Arc::new(AtomicBool::new(false));
    let pending = Arc::<Mutex<VecDeque<Written>>>::default();
    let looks = tokio::spawn(look(reader.clone(), pending.clone(), done.clone()));
    let asks = (mode != Mode::Quiet).then(|| tokio::spawn(ask(reader.clone(), done.clone())));
    let (began, mut clock) = (Instant::now(), tokio::time::interval(APART));
    for n in 0..WRITES {
        clock.tick().await;
        let written = write(writer, n, &mut sold).await;
        pending.lock().unwrap().extend(written);
    }
    let rate = f64::from(u32::try_from(WRITES).unwrap()) / began.elapsed().as_secs_f64();
    done.store(true, Ordering::Relaxed);
    let found = figures(looks.await.unwrap());
    let asked = match asks {
        Some(asks) => figures(asks.await.unwrap()),
        None => "-".to_owned(),
    };
    eprintln!("{name}: {rate:.0} writes/s, found after {found}; searches {asked}");
    follower.abort();
    let report = reader.search().verify().await.unwrap();
    assert_eq!(report.differences, []);
    reader.search().catch_up().await.unwrap();
}

async fn measure(engine: Engine, folder: &Path, wanted: usize) {
    let url = engine.fresh(folder).await;
    let open = |node: &str| Options {
        index: Some(folder.join(format!("{}-{wanted}-{node}", engine.name()))),
        ..Options::new(&url)
    };
    let market = support::market(open("one"), wanted / 10 * AGENCIES_OF_TEN).await;
    let mut agencies = 0;
    let began = Instant::now();
    market.search().reindex(|progress| agencies = progress.total).await.unwrap();
    let took = began.elapsed().as_secs_f64();
    let checked = market.search().verify().await.unwrap().checked;
    let documents = f64::from(u32::try_from(checked).unwrap());
    let rate = f64::from(u32::try_from(agencies).unwrap()) / took;
    let name = format!("{} {documents} documents", engine.name());
    eprintln!(
        "{name}: rebuilt in {took:.1} s, {rate:.0} agencies/s, {:.0} documents/s",
        documents / took
    );
    if wanted > 100_000 {
        return;
    }
    run(&format!("{name}, quiet"), &market, &market, Mode::Quiet).await;
    run(&format!("{name}, searched"), &market, &market, Mode::Searched).await;
    let other = Market::open(open("two")).await.unwrap();
    other.search().catch_up().await.unwrap();
    run(&format!("{name}, searched on another node"), &market, &other, Mode::OtherNode).await;
    other.close().await.unwrap();
    market.close().await.unwrap();
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sizes = std::env::var("MARKET_BENCH_LISTINGS").unwrap_or("10000,100000".to_owned());
    let folder = tempfile::tempdir().unwrap();
    for size in sizes.split(',') {
        for engine in Engine::available() {
            runtime.block_on(measure(engine, folder.path(), size.parse().unwrap()));
        }
    }
}
