//! How many searches are answered in a second over the listings of 301 and of 3,000 agencies,
//! beside a single read of the database in the same run.
//!
//! `cargo bench --bench search`; PostgreSQL too with `MARKET_BENCH_POSTGRES=postgres://…`.

#![expect(clippy::unwrap_used, reason = "a measurement stops at the first surprise")]

mod support;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use market_core::{
    Market, Options,
    search::{SearchQuery, Subject},
};
use support::Engine;
use tokio::runtime::Runtime;

/// What people type, from a name to a sentence.
const TEXTS: [&str; 6] = [
    "消防设施检测",
    "环评",
    "慈溪 测绘",
    "建设项目环境影响报告表编制",
    "审图",
    "开办餐馆需要的检测报告",
];

fn query(text: &str) -> SearchQuery {
    SearchQuery { text: Some(text.to_owned()), ..SearchQuery::new(Subject::Listings) }
}

async fn search_all(market: &Market) {
    for text in TEXTS {
        market.search().find(&query(text)).await.unwrap();
    }
}

fn search(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for engine in Engine::available() {
        let mut group = c.benchmark_group(format!("search/{}", engine.name()));
        group.throughput(Throughput::Elements(TEXTS.len() as u64)).sample_size(20);
        for agencies in [301, 3_000] {
            let options = Options::new(runtime.block_on(engine.fresh(folder.path())));
            let market = runtime.block_on(support::market(options, agencies));
            runtime.block_on(market.search().catch_up()).unwrap();
            let item = "fire-facility-inspection".parse().unwrap();
            group.bench_function(BenchmarkId::new("one read", agencies), |b| {
                b.to_async(&runtime).iter(|| async {
                    for _ in TEXTS {
                        market.catalog().item(&item).await.unwrap();
                    }
                });
            });
            group.bench_function(BenchmarkId::new("text", agencies), |b| {
                b.to_async(&runtime).iter(|| search_all(&market));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, search);
criterion_main!(benches);
