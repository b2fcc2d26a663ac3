//! Time that passes for a purchase in a market whose clock is real.
//!
//! The windows of a purchase are hours and days, and no test waits for them. Nothing of the program
//! is changed for that: the purchase's own stored time is brought nearer, in its row, and all else
//! (who looks when it is due, by whose clock, who of many takes the step) is what it always is.

use market_core::{Env, Timestamp, id::PurchaseId};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, SqliteConnection, types::Json};

use crate::harness::Place;

const READ: &str = "select detail from purchases where id = $1";
const WRITE: &str = "update purchases set detail = $2, due_at = $3 where id = $1";

/// Sets when the purchase moves by itself.
pub(crate) async fn bring_nearer(place: &Place, purchase: &str, due: Timestamp) {
    let id: PurchaseId = purchase.parse().unwrap();
    let url = place.url();
    // What is due by the day is due when the day is over.
    if url.starts_with("sqlite:") {
        let mut conn = SqliteConnection::connect(&url).await.unwrap();
        let (detail,): (Json<Value>,) =
            sqlx::query_as(READ).bind(id).fetch_one(&mut conn).await.unwrap();
        let write = sqlx::query(WRITE).bind(id).bind(Json(nearer(detail.0, due))).bind(due);
        assert_eq!(write.execute(&mut conn).await.unwrap().rows_affected(), 1);
        conn.close().await.unwrap();
    } else {
        let mut conn = PgConnection::connect(&url).await.unwrap();
        let (detail,): (Json<Value>,) =
            sqlx::query_as(READ).bind(id).fetch_one(&mut conn).await.unwrap();
        let write = sqlx::query(WRITE).bind(id).bind(Json(nearer(detail.0, due))).bind(due);
        assert_eq!(write.execute(&mut conn).await.unwrap().rows_affected(), 1);
        conn.close().await.unwrap();
    }
}

/// Makes the purchase due now.
pub(crate) async fn make_due(place: &Place, purchase: &str) {
    bring_nearer(place, purchase, Env::real().now()).await;
}

/// A state that ends at a time, or with the day before it.
fn nearer(mut state: Value, due: Timestamp) -> Value {
    let name = if state["closes_at"].is_string() { "closes_at" } else { "until" };
    let is_day = state[name].as_str().unwrap().len() == "2026-11-24".len();
    state[name] = if is_day { json!(due.plus_seconds(-24 * 60 * 60).day()) } else { json!(due) };
    state
}
