//! Requests rehearsed before they are sent, and what the database holds before and after.

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use crate::asking::{Answer, Asking};

/// Rehearses a request, looks that nothing is left of it, sends it, and holds its answer against
/// the rehearsal's.
pub(crate) async fn before(url: &str, asking: Asking) -> Answer {
    let (meant, rehearsal) = asking.seen().await.twice().await;
    let Some(rehearsal) = rehearsal else { return meant.send_at_once().await };
    let there = rows(url).await;
    let rehearsed = rehearsal.send_at_once().await;
    let left = rows(url).await;
    for (before, after) in there.iter().zip(&left) {
        assert_eq!(before, after, "left behind by a rehearsal: {}", rehearsed.text);
    }
    assert_eq!(there.len(), left.len());
    let done = meant.send_at_once().await;
    if done.headers.contains_key("idempotent-replayed") {
        return done;
    }
    if done.status >= 300 {
        // Keys are no matter of rehearsals.
        if done.json["code"] != "idempotency-key-reused" {
            assert_eq!(rehearsed.status, done.status, "{}\n{}", rehearsed.text, done.text);
            assert_eq!(rehearsed.json, done.json);
            assert!(!rehearsed.headers.contains_key("validate-only"));
        }
        return done;
    }
    assert_eq!(rehearsed.status, 200, "{}", rehearsed.text);
    assert_eq!(rehearsed.headers["validate-only"], "true");
    for absent in ["location", "etag", "idempotent-replayed"] {
        assert!(!rehearsed.headers.contains_key(absent), "{absent}");
    }
    assert!(!done.headers.contains_key("validate-only"));
    alike("", &rehearsed.json, &done.json);
    done
}

/// Holds two answers against each other: they differ in what is made anew for each.
fn alike(at: &str, one: &Value, other: &Value) {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            assert!(one.keys().eq(other.keys()), "{at}: {one:?} {other:?}");
            for (key, value) in one {
                alike(&format!("{at}/{key}"), value, &other[key]);
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            assert_eq!(one.len(), other.len(), "{at}");
            for (n, value) in one.iter().enumerate() {
                alike(&format!("{at}/{n}"), value, &other[n]);
            }
        }
        (Value::String(one), Value::String(other)) if is_new(one) && is_new(other) => {}
        _ => assert_eq!(one, other, "{at}"),
    }
}

/// Whether a text may be an id, a time, a token or its digest, or the number of a receipt.
fn is_new(text: &str) -> bool {
    text.parse::<uuid::Uuid>().is_ok()
        || text.parse::<market_core::Timestamp>().is_ok()
        || text.starts_with("mkt_")
        || text.starts_with("TS2")
        || (text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Every row of every table, as text.
async fn rows(url: &str) -> Vec<(String, Vec<String>)> {
    if url.starts_with("postgres") {
        rows_of_postgres(url).await
    } else {
        rows_of_sqlite(url).await
    }
}

async fn rows_of_postgres(url: &str) -> Vec<(String, Vec<String>)> {
    let mut conn = PgConnection::connect(url).await.unwrap();
    let tables = "select table_name::text from information_schema.tables \
        where table_schema = 'public' order by 1";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut conn).await.unwrap();
    let mut all = Vec::new();
    for table in tables {
        let sql = AssertSqlSafe(format!("select t::text from {table} t order by 1"));
        let rows = sqlx::query_scalar(sql).fetch_all(&mut conn).await.unwrap();
        all.push((table, rows));
    }
    conn.close().await.unwrap();
    all
}

async fn rows_of_sqlite(url: &str) -> Vec<(String, Vec<String>)> {
    let mut conn = SqliteConnection::connect(url).await.unwrap();
    let tables = "select name from sqlite_master where type = 'table' order by 1";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut conn).await.unwrap();
    let mut all = Vec::new();
    for table in tables {
        let columns = AssertSqlSafe(format!("select name from pragma_table_info('{table}')"));
        let columns: Vec<String> = sqlx::query_scalar(columns).fetch_all(&mut conn).await.unwrap();
        let cells: Vec<_> = columns.iter().map(|name| format!("quote(\"{name}\")")).collect();
        let cells = cells.join(" || '|' || ");
        let sql = AssertSqlSafe(format!("select {cells} from \"{table}\" order by 1"));
        let rows = sqlx::query_scalar(sql).fetch_all(&mut conn).await.unwrap();
        all.push((table, rows));
    }
    conn.close().await.unwrap();
    all
}
