//! How fast search is, and what it needs, beside what the databases can do themselves in the same
//! run. `docs/search-speed.md` says what is measured and what was.
//!
//! `cargo bench --bench search`, and with
//! - `MARKET_BENCH_LISTINGS=10000,100000,1000000`: the sizes in process, by default the first two,
//!   and none with 0;
//! - `MARKET_BENCH_SERVED=50000`: the listings of the market that is served, by default 100,000,
//!   and none with 0;
//! - `MARKET_BENCH_PEERS=0`: no peers;
//! - `MARKET_BENCH_POSTGRES=postgres://…`: `PostgreSQL` beside.

#![expect(clippy::unwrap_used, reason = "a measurement stops at the first surprise")]

#[path = "support/client.rs"]
mod client;
#[path = "support/figures.rs"]
mod figures;
mod measured;

use std::env;

use figures::say;
use measured::{
    documents::{PART, Source},
    in_process, peers, served, texts,
};
use tokio::runtime;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Peers are asked up to here: with more they take too long.
const PEERS: usize = 100_000;

fn numbers(name: &str, default: &str) -> Vec<usize> {
    let text = env::var(name).unwrap_or_else(|_| default.to_owned());
    let numbers = text.split(',').map(|number| number.trim().parse().unwrap());
    numbers.filter(|&number| number > 0).collect()
}

fn main() {
    let source = Source::read();
    let typed = texts::texts(&source.parts(PART).next().unwrap());
    say(format_args!("{} texts", typed.len()));
    let alone = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for count in numbers("MARKET_BENCH_LISTINGS", "10000,100000") {
        let ours = in_process::measure(&source, count, &typed);
        if count <= PEERS && env::var("MARKET_BENCH_PEERS").as_deref() != Ok("0") {
            alone.block_on(peers::measure(&source, count, &typed, ours));
        }
    }
    for listings in numbers("MARKET_BENCH_SERVED", "100000") {
        served::measure(listings, &typed);
    }
}
