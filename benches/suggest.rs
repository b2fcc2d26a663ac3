//! How long a suggestion takes among 300 and 33,000 agencies, beside a scan of all names in the
//! same run. Also tells the slowest of a hundred suggestions, and how long it takes to make them.
//!
//! `cargo bench --bench suggest`. Nothing is read from the database, so one is enough.

#![expect(clippy::unwrap_used, reason = "a measurement stops at the first surprise")]

mod support;

use std::{hint::black_box, time::Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use market_core::{Market, Options, Paging, agency::AgencyFilter};
use support::Engine;
use tokio::runtime::Runtime;

/// What people have typed when they look up.
const TYPED: [&str; 12] =
    ["环", "h", "hp", "nb", "huanp", "hjyx", "宁波", "慈溪", "cixi", "ningbo", "消防设施", "环jyx"];
/// So many suggestions are timed one by one.
const TIMED: usize = 12_000;

async fn suggest_all(market: &Market) {
    for text in TYPED {
        black_box(market.search().suggest(text, 10, &[]).await.unwrap());
    }
}

/// The names of all agencies.
async fn names(market: &Market) -> Vec<String> {
    let mut paging = Paging { limit: 100, ..Paging::default() };
    let mut names = Vec::new();
    loop {
        let filter = AgencyFilter::default();
        let page = market.agencies().list(None, &filter, &paging).await.unwrap();
        names.extend(page.items.into_iter().map(|agency| agency.name));
        let Some(next) = page.next else { return names };
        paging.after = Some(next);
    }
}

/// The first names that hold a text.
fn scan<'a>(names: &'a [String], text: &str) -> Vec<&'a String> {
    let mut found: Vec<_> = names.iter().filter(|name| name.contains(text)).collect();
    found.truncate(10);
    found
}

/// Tells the time that all but one in a hundred suggestions keep to.
async fn tell_slowest(market: &Market, agencies: usize) {
    let mut times = Vec::with_capacity(TIMED);
    for text in TYPED.iter().cycle().take(TIMED) {
        let began = Instant::now();
        black_box(market.search().suggest(text, 10, &[]).await.unwrap());
        times.push(began.elapsed());
    }
    times.sort_unstable();
    let at = |share: usize| times[TIMED * share / 100];
    eprintln!("{agencies} agencies: p50 {:?}, p99 {:?}", at(50), at(99));
}

fn suggest(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    // Nothing is read from the database.
    let engine = Engine::available()[0];
    let mut group = c.benchmark_group(format!("suggest/{}", engine.name()));
    group.throughput(Throughput::Elements(TYPED.len() as u64)).sample_size(20);
    for agencies in [300, 33_000] {
        let url = runtime.block_on(engine.fresh(folder.path()));
        let market = runtime.block_on(support::market(Options::new(url), agencies));
        runtime.block_on(market.search().catch_up()).unwrap();
        for read in ["first", "again"] {
            let began = Instant::now();
            runtime.block_on(market.search().refresh_suggestions()).unwrap();
            eprintln!("{agencies} agencies: made {read} in {:?}", began.elapsed());
        }
        let names = runtime.block_on(names(&market));
        group.bench_function(BenchmarkId::new("scan", agencies), |b| {
            b.iter(|| TYPED.map(|text| scan(black_box(&names), text).len()));
        });
        group.bench_function(BenchmarkId::new("suggest", agencies), |b| {
            b.to_async(&runtime).iter(|| suggest_all(&market));
        });
        runtime.block_on(tell_slowest(&market, agencies));
    }
    group.finish();
}

criterion_group!(benches, suggest);
criterion_main!(benches);
