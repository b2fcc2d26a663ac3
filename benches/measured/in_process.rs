//! The engine by itself: no database, no HTTP.

use std::{
    hint::black_box,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use market_core::search::{
    SearchQuery,
    judge::{Collection, Judged},
};

use super::{
    documents::{PART, Source},
    figures::{Memory, Table, Times, number, rate, say, target, thread_time, whole},
    texts::{Typed, Way, categories},
};

/// Each way of searching is measured for so long, and at least once with every text.
const MEASURED: Duration = Duration::from_secs(2);

/// How one way of searching went.
struct Measured {
    times: Times,
    /// The processor time of one search.
    cpu: Duration,
    alone: f64,
    by_two: f64,
    hits: u64,
}

/// Measures an index of so many listings; answers how many searches it does in a second that
/// find by text and count all facets, with one thread.
pub(crate) fn measure(source: &Source, count: usize, typed: &[Typed]) -> f64 {
    let before = Memory::now();
    let began = Instant::now();
    let engine = build(source, count);
    let built = began.elapsed();
    let after = Memory::now();
    let size = engine.size().unwrap();
    say(format_args!("\n# In process, {} listings", size.documents));
    say(format_args!(
        "built in {:.1} s with the making of listings; index {} MB in {} segments",
        built.as_secs_f64(),
        size.bytes >> 20,
        size.segments
    ));
    say(format_args!(
        "memory before: {} MB, {} of its own; after: {} MB, {} of its own",
        before.all, before.own, after.all, after.own
    ));
    let categories = categories(&engine);
    let mut table = Table::new(&[
        "milliseconds a search",
        "mean",
        "p50",
        "p99",
        "CPU",
        "1 thread /s",
        "2 threads /s",
        "hits",
    ]);
    let mut counted = 0.0;
    for way in Way::ALL {
        let Measured { times, cpu, alone, by_two, hits } =
            run(&engine, &way.queries(typed, &categories));
        let cells = times.cells().into_iter();
        let rest =
            [super::figures::milliseconds(cpu), whole(alone), whole(by_two), hits.to_string()];
        table.row([way.name().to_owned()].into_iter().chain(cells).chain(rest));
        if way == Way::Counted {
            counted = alone;
        }
        if way == Way::Full {
            targets(count, &times, by_two);
        }
    }
    table.print();
    if count == 100_000 {
        let own = after.own.saturating_sub(before.own);
        target("memory of the index", &format!("{own} MB"), "at most 300 MB", own <= 300);
    }
    counted
}

/// An index of so many listings, of which only a part is there at a time.
fn build(source: &Source, count: usize) -> Judged {
    let mut parts = source.parts(count);
    let documents = parts.next().unwrap();
    assert!(documents.len() <= PART);
    let first = Collection { documents, ..Collection::default() };
    Judged::over_parts(&first, parts, &market_api::words::built_in().unwrap()).unwrap()
}

fn run(engine: &Judged, queries: &[SearchQuery]) -> Measured {
    let hits: u64 = queries.iter().map(|query| engine.answer(query).unwrap().total).sum();
    let mut took = Vec::new();
    let (began, cpu) = (Instant::now(), thread_time());
    while began.elapsed() < MEASURED {
        for query in queries {
            let asked = Instant::now();
            black_box(engine.answer(query).unwrap());
            took.push(asked.elapsed());
        }
    }
    let (wall, cpu) = (began.elapsed(), thread_time().saturating_sub(cpu));
    Measured {
        cpu: cpu / number(took.len()),
        alone: rate(took.len(), wall),
        by_two: by_two(engine, queries),
        hits: hits / queries.len() as u64,
        times: Times::of(took),
    }
}

/// How many searches two threads do in a second.
fn by_two(engine: &Judged, queries: &[SearchQuery]) -> f64 {
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while began.elapsed() < MEASURED {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    black_box(engine.answer(&queries[at % queries.len()]).unwrap());
                }
            });
        }
    });
    rate(next.into_inner(), began.elapsed())
}

fn targets(count: usize, times: &Times, by_two: f64) {
    let (least, most) = match count {
        100_000 => (1000.0, 20),
        1_000_000 => (250.0, 60),
        _ => return,
    };
    let measured = format!("{by_two:.0}/s with 2 threads, without HTTP");
    target("full searches", &measured, &format!("at least {least}/s"), by_two >= least);
    let p99 = times.at(99);
    let measured = format!("p99 {} ms, one at a time", super::figures::milliseconds(p99));
    let met = p99 < Duration::from_millis(most);
    target("full searches", &measured, &format!("under {most} ms"), met);
}
