//! The engine by itself: no database, no HTTP.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    hint::black_box,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use market_core::search::{
    Hits, SearchQuery,
    judge::{Collection, Judged},
};

use super::{
    documents::{PART, Source},
    needs::{Memory, process_time, thread_time},
    texts::{Typed, Way, categories},
};
use crate::figures::{Table, Times, milliseconds, number, rate, say, target, whole};

/// Each way of searching is measured for so long, and at least once with every text.
const MEASURED: Duration = Duration::from_secs(2);

/// How one way of searching went.
struct Measured {
    times: Times,
    /// The processor time of one search.
    cpu: Duration,
    alone: f64,
    by_two: f64,
    /// The processor time of one search where two are under way.
    cpu_by_two: Duration,
    hits: u64,
    /// Of all that was answered, so that two builds can be compared.
    digest: u64,
    /// How long each search took, in the order of the queries, again and again.
    took: Vec<Duration>,
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
        "CPU",
        "hits",
        "answers",
    ]);
    let (mut counted, mut full) = (0.0, None);
    for way in Way::ALL {
        let measured = run(&engine, &way.queries(typed, &categories));
        let Measured { times, cpu, alone, by_two, cpu_by_two, hits, digest, .. } = &measured;
        let cells = times.cells().into_iter();
        let speed = [milliseconds(*cpu), whole(*alone), whole(*by_two), milliseconds(*cpu_by_two)];
        let rest = speed.into_iter().chain([hits.to_string(), format!("{digest:016x}")]);
        table.row([way.name().to_owned()].into_iter().chain(cells).chain(rest));
        if way == Way::Counted {
            counted = *alone;
        }
        if way == Way::Full {
            full = Some(measured);
        }
    }
    table.print();
    let full = full.unwrap();
    by_class(&full, typed);
    targets(count, &full.times, full.by_two);
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
    let (mut hits, mut digest) = (0, DefaultHasher::new());
    for query in queries {
        let answer = engine.answer(query).unwrap();
        hits += answer.total;
        // Scores are left out: their last bits depend on the order of a sum.
        let Hits { items, next: _, facets, .. } = &answer;
        let found: Vec<_> = items.iter().map(|hit| (&hit.found, &hit.highlights)).collect();
        let told = (found, answer.total, answer.relaxed, &answer.understood, facets);
        serde_json::to_string(&told).unwrap().hash(&mut digest);
    }
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
    let (by_two, cpu_by_two) = by_two(engine, queries);
    Measured {
        cpu: cpu / number(took.len()),
        alone: rate(took.len(), wall),
        by_two,
        cpu_by_two,
        hits: hits / queries.len() as u64,
        digest: digest.finish(),
        times: Times::of(took.clone()),
        took,
    }
}

/// How many searches two threads do in a second, and the processor time of each.
fn by_two(engine: &Judged, queries: &[SearchQuery]) -> (f64, Duration) {
    let next = AtomicUsize::new(0);
    let (began, cpu) = (Instant::now(), process_time());
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
    let done = next.into_inner();
    let cpu = process_time().saturating_sub(cpu);
    (rate(done, began.elapsed()), cpu / number(done))
}

/// Prints how long full searches took by the kind of their text.
fn by_class(full: &Measured, typed: &[Typed]) {
    let mut classes: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for (took, typed) in full.took.iter().zip(typed.iter().cycle()) {
        classes.entry(typed.class).or_default().push(*took);
    }
    let mut table = Table::new(&["full searches by text", "mean", "p50", "p99"]);
    for (class, took) in classes {
        table.row([class.to_owned()].into_iter().chain(Times::of(took).cells()));
    }
    table.print();
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
    let measured = format!("p99 {} ms, one at a time", milliseconds(p99));
    let met = p99 < Duration::from_millis(most);
    target("full searches", &measured, &format!("under {most} ms"), met);
}
