//! How many orders are placed in a second, beside the bare transaction of the same database in the
//! same run: what the rules of the market cost.
//!
//! `cargo bench --bench place_order`; PostgreSQL too with `MARKET_BENCH_POSTGRES=postgres://…`.

#![expect(clippy::unwrap_used, reason = "a measurement stops at the first surprise")]

mod support;

use std::{sync::Arc, time::Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use market_core::{
    Actor, Call, Market, Options, Paging, Party,
    agency::{Listing, ListingFilter, ListingState},
    applicant::{ApplicantKind, NewApplicant},
    case::{Fund, NewCase},
    id::CaseId,
    order::NewOrder,
};
use sqlx::{Connection, PgPool, SqliteConnection, sqlite::SqliteConnectOptions};
use support::Engine;
use tokio::{runtime::Runtime, sync::Mutex, task::JoinSet};

const ITEM: &str = "fire-facility-inspection";

/// Callers at once.
const CALLERS: [usize; 2] = [1, 32];

/// Who buys what.
struct Buyer {
    market: Market,
    call: Call,
    listing: Listing,
}

impl Buyer {
    async fn new(market: Market) -> Arc<Self> {
        let operator = Actor::system().into();
        let new = NewApplicant {
            kind: ApplicantKind::Other,
            name: "测量".to_owned(),
            uscc: None,
            phone: "0574-0000-0000".to_owned(),
        };
        let applicant = market.applicants().register(&operator, new).await.unwrap();
        let person = Actor::system().person;
        let call = Actor::new(person, Party::Applicant(applicant.id)).into();
        let filter = ListingFilter {
            item: Some(ITEM.parse().unwrap()),
            state: Some(ListingState::Published),
            ..ListingFilter::default()
        };
        let paging = Paging { after: None, limit: 100 };
        let listings = market.listings().list(None, &filter, &paging).await.unwrap().items;
        let case = open(&market, &call).await;
        for listing in listings {
            let asked = market.orders();
            if asked.eligibility(&call.actor, case, listing.id).await.unwrap().eligible {
                return Arc::new(Self { market, call, listing });
            }
        }
        panic!("no listing can be bought");
    }

    async fn place(&self, case: CaseId) {
        let new = NewOrder {
            case_id: case,
            item: self.listing.item.clone(),
            listing_id: self.listing.id,
            listing_number: self.listing.number,
            price: self.listing.terms.price,
        };
        self.market.orders().place(&self.call, new).await.unwrap();
    }
}

async fn open(market: &Market, call: &Call) -> CaseId {
    let new = NewCase {
        matter: "open-restaurant".parse().unwrap(),
        title: "测量".to_owned(),
        region: "330282".parse().unwrap(),
        fund: Fund::Social,
    };
    market.cases().open(call, new).await.unwrap().id
}

/// The same number of callers, each with its share of the work.
async fn shared<F: Future<Output = ()> + Send + 'static>(
    callers: usize,
    work: Vec<impl FnOnce() -> F + Send + 'static>,
) -> std::time::Duration {
    let queue = Arc::new(std::sync::Mutex::new(work));
    let began = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..callers {
        let queue = queue.clone();
        running.spawn(async move {
            loop {
                let Some(next) = queue.lock().unwrap().pop() else { break };
                next().await;
            }
        });
    }
    running.join_all().await;
    began.elapsed()
}

/// The least that a durable write can be: one row, one commit.
#[derive(Clone)]
enum Bare {
    Sqlite(Arc<Mutex<SqliteConnection>>),
    Postgres(PgPool),
}

impl Bare {
    async fn new(engine: Engine, url: &str) -> Self {
        const TABLE: &str = "create table bare (id bigint primary key, body text not null)";
        match engine {
            Engine::Sqlite => {
                let options: SqliteConnectOptions = url.parse().unwrap();
                let options = options
                    .create_if_missing(true)
                    .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
                    .synchronous(sqlx::sqlite::SqliteSynchronous::Full);
                let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
                sqlx::query(TABLE).execute(&mut conn).await.unwrap();
                Self::Sqlite(Arc::new(Mutex::new(conn)))
            }
            Engine::Postgres => {
                let pool = PgPool::connect(url).await.unwrap();
                sqlx::query(TABLE).execute(&pool).await.unwrap();
                Self::Postgres(pool)
            }
        }
    }

    async fn write(&self, id: i64) {
        const INSERT: &str = "insert into bare (id, body) values ($1, $2)";
        match self {
            Self::Sqlite(conn) => {
                let mut conn = conn.lock().await;
                let mut tx = conn.begin().await.unwrap();
                sqlx::query(INSERT).bind(id).bind("x").execute(&mut *tx).await.unwrap();
                tx.commit().await.unwrap();
            }
            Self::Postgres(pool) => {
                let mut tx = pool.begin().await.unwrap();
                sqlx::query(INSERT).bind(id).bind("x").execute(&mut *tx).await.unwrap();
                tx.commit().await.unwrap();
            }
        }
    }
}

fn place_order(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for engine in Engine::available() {
        let options = Options::new(runtime.block_on(engine.fresh(folder.path())));
        let market = runtime.block_on(support::market(options, 301));
        let buyer = runtime.block_on(Buyer::new(market));
        let bare =
            runtime.block_on(async { Bare::new(engine, &engine.fresh(folder.path()).await).await });
        let mut next = 0_i64;
        let mut group = c.benchmark_group(format!("place_order/{}", engine.name()));
        group.throughput(Throughput::Elements(1)).sample_size(10);
        for callers in CALLERS {
            group.bench_with_input(BenchmarkId::new("bare", callers), &callers, |b, callers| {
                b.iter_custom(|times| {
                    let ids: Vec<i64> = (0..times).map(|n| next + n.cast_signed()).collect();
                    next += times.cast_signed();
                    let write = |id| {
                        let bare = bare.clone();
                        move || async move { bare.write(id).await }
                    };
                    runtime.block_on(shared(*callers, ids.into_iter().map(write).collect()))
                });
            });
            group.bench_with_input(BenchmarkId::new("order", callers), &callers, |b, callers| {
                b.iter_custom(|times| {
                    let cases = runtime.block_on(async {
                        let mut cases = Vec::new();
                        for _ in 0..times {
                            cases.push(open(&buyer.market, &buyer.call).await);
                        }
                        cases
                    });
                    let place = |case| {
                        let buyer = buyer.clone();
                        move || async move { buyer.place(case).await }
                    };
                    runtime.block_on(shared(*callers, cases.into_iter().map(place).collect()))
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, place_order);
criterion_main!(benches);
