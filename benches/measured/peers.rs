//! The same work done by the databases themselves: `SQLite` FTS5, and `PostgreSQL` with trigrams.
//!
//! FTS5 gets our pairs of characters as words, since it cannot cut Chinese itself, and looks for
//! any of a text's; `pg_trgm` gets the text. Each asks for the best twenty, for how many there
//! are, and for how many of each service item: one facet where our search counts all.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use market_core::{
    Env,
    search::judge::{ItemMark, JudgedDocument},
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

use super::{documents::Source, texts::Typed};
use crate::figures::{Table, Times, rate, say};

/// A peer is asked for so long, or with every text once.
const ASKED: Duration = Duration::from_secs(10);
/// Where trigrams are measured: at more, it would take too long.
const TRIGRAMS: usize = 10_000;

/// How a peer went.
struct Measured {
    filled: f64,
    times: Times,
    speed: f64,
}

/// Measures the peers over so many listings, beside what our search does in a second.
pub(crate) async fn measure(source: &Source, count: usize, typed: &[Typed], ours: f64) {
    say(format_args!("\n# Peers, {count} listings, one at a time: text, count, one facet"));
    let mut table = Table::new(&[
        "peer",
        "rows filled/s",
        "mean ms",
        "p50 ms",
        "p99 ms",
        "searches/s",
        "ours, all facets",
        "ratio",
    ]);
    let folder = tempfile::tempdir().unwrap();
    let mut row = |name: &str, measured: &Measured| {
        let Measured { filled, times, speed } = measured;
        let [mean, p50, p99] = times.cells();
        let ratio = format!("{:.0} ×", ours / speed);
        let filled = format!("{filled:.0}");
        let (speed, ours) = (format!("{speed:.1}"), format!("{ours:.0}"));
        table.row([name.to_owned(), filled, mean, p50, p99, speed, ours, ratio]);
    };
    row("SQLite FTS5, pairs", &full_text(folder.path(), source, count, typed).await);
    match std::env::var("MARKET_BENCH_POSTGRES") {
        Ok(server) if count <= TRIGRAMS => {
            row("PostgreSQL pg_trgm", &trigrams(&server, source, count, typed).await);
        }
        Ok(_) => say(format_args!("PostgreSQL is measured at {TRIGRAMS} listings only")),
        Err(_) => say("MARKET_BENCH_POSTGRES is not set: PostgreSQL is NOT measured"),
    }
    table.print();
}

/// What a document is found by.
fn whole_text(document: &JudgedDocument) -> String {
    let JudgedDocument { title, agency, desc, item_name, region_name, .. } = document;
    [title, agency, item_name, region_name, desc].map(String::as_str).join(" ")
}

fn item(document: &JudgedDocument) -> &str {
    match &document.item {
        Some(ItemMark::Code(code)) => code,
        _ => "",
    }
}

fn id(document: &JudgedDocument) -> i64 {
    i64::try_from(document.id).unwrap()
}

/// A text's pairs of characters, and its words in letters.
fn pairs(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let mut pairs = Vec::new();
    for run in text.split(|letter: char| !letter.is_alphanumeric()) {
        let letters: Vec<char> = run.chars().collect();
        for same in letters.chunk_by(|a, b| a.is_ascii() == b.is_ascii()) {
            if same[0].is_ascii() || same.len() == 1 {
                pairs.push(same.iter().collect());
            } else {
                pairs.extend(same.windows(2).map(|pair| pair.iter().collect::<String>()));
            }
        }
    }
    pairs
}

/// Asks with each text in turn, until the time is over.
async fn ask(texts: Vec<String>, mut one: impl AsyncFnMut(String)) -> (Times, f64) {
    let began = Instant::now();
    let mut took = Vec::new();
    for text in texts {
        if began.elapsed() > ASKED {
            break;
        }
        let asked = Instant::now();
        one(text).await;
        took.push(asked.elapsed());
    }
    let speed = rate(took.len(), began.elapsed());
    (Times::of(took), speed)
}

async fn full_text(folder: &Path, source: &Source, count: usize, typed: &[Typed]) -> Measured {
    const FOUND: &str =
        "select rowid from found where found match $1 order by bm25(found) limit 20";
    const COUNT: &str = "select count(*) from found where found match $1";
    const FACET: &str = "select listings.item, count(*) from found
        join listings on listings.id = found.rowid where found match $1 group by listings.item";
    let url = format!("sqlite:{}?mode=rwc", folder.join("peer.sqlite").display());
    let mut conn = SqliteConnection::connect(&url).await.unwrap();
    for statement in [
        "pragma journal_mode = wal",
        "pragma synchronous = off",
        "pragma cache_size = -262144",
        "create table listings (id integer primary key, item text not null)",
        "create virtual table found using fts5(words, content='', tokenize='unicode61')",
    ] {
        conn.execute(statement).await.unwrap();
    }
    let began = Instant::now();
    for part in source.parts(count) {
        let mut tx = conn.begin().await.unwrap();
        for document in &part {
            let insert = sqlx::query("insert into listings (id, item) values ($1, $2)");
            insert.bind(id(document)).bind(item(document)).execute(&mut *tx).await.unwrap();
            let insert = sqlx::query("insert into found (rowid, words) values ($1, $2)");
            let words = pairs(&whole_text(document)).join(" ");
            insert.bind(id(document)).bind(words).execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
    conn.execute("insert into found (found) values ('optimize')").await.unwrap();
    let filled = rate(count, began.elapsed());
    let quoted = |typed: &Typed| {
        let pairs = pairs(&typed.text);
        pairs.iter().map(|pair| format!("\"{pair}\"")).collect::<Vec<_>>().join(" OR ")
    };
    let (times, speed) = ask(typed.iter().map(quoted).collect(), async |text: String| {
        for statement in [FOUND, COUNT, FACET] {
            sqlx::query(statement).bind(&text).fetch_all(&mut conn).await.unwrap();
        }
    })
    .await;
    Measured { filled, times, speed }
}

async fn trigrams(server: &str, source: &Source, count: usize, typed: &[Typed]) -> Measured {
    const FILL: &str = "insert into listings
        select * from unnest($1::bigint[], $2::text[], $3::text[])";
    const FOUND: &str = "select id from listings where $1 <% words
        order by word_similarity($1, words) desc limit 20";
    const COUNT: &str = "select count(*) from listings where $1 <% words";
    const FACET: &str = "select item, count(*) from listings where $1 <% words group by item";
    let server = server.trim_end_matches('/');
    let name = format!("bench_{}", Env::real().id().simple());
    let mut admin = PgConnection::connect(&format!("{server}/postgres")).await.unwrap();
    // In the plain locale no Chinese character is a letter, and nothing would be found.
    let create = format!("create database {name} template template0 locale 'C.UTF-8'");
    admin.execute(AssertSqlSafe(create)).await.unwrap();
    let mut conn = PgConnection::connect(&format!("{server}/{name}")).await.unwrap();
    conn.execute("create extension pg_trgm").await.unwrap();
    let table = "create table listings (id bigint primary key, item text, words text)";
    conn.execute(table).await.unwrap();
    let began = Instant::now();
    for part in source.parts(count) {
        let fill = sqlx::query(FILL)
            .bind(part.iter().map(id).collect::<Vec<_>>())
            .bind(part.iter().map(|document| item(document).to_owned()).collect::<Vec<_>>())
            .bind(part.iter().map(whole_text).collect::<Vec<_>>());
        fill.execute(&mut conn).await.unwrap();
    }
    conn.execute("create index found on listings using gin (words gin_trgm_ops)").await.unwrap();
    conn.execute("analyze listings").await.unwrap();
    let filled = rate(count, began.elapsed());
    let texts = typed.iter().map(|typed| typed.text.clone()).collect();
    let (times, speed) = ask(texts, async |text: String| {
        for statement in [FOUND, COUNT, FACET] {
            sqlx::query(statement).bind(&text).fetch_all(&mut conn).await.unwrap();
        }
    })
    .await;
    conn.close().await.unwrap();
    admin.execute(AssertSqlSafe(format!("drop database {name}"))).await.unwrap();
    Measured { filled, times, speed }
}
