//! Whether the program runs, and whether it can answer.

use axum::extract::State;
use market_core::Market;

use crate::{
    app::Health,
    problem::{Code, Problem},
};

/// `/healthz`: the program runs. It asks nothing else, so that a slow database restarts nothing.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// `/readyz`: the database answers, searches see what is in it, and we are not about to end.
pub(crate) async fn ready(
    State(market): State<Market>,
    State(health): State<Health>,
) -> Result<&'static str, Problem> {
    if health.is_stopping() {
        return Err(Problem::new(Code::BUSY, "about to end"));
    }
    if !health.is_searchable() {
        return Err(Problem::new(Code::BUSY, "search is not ready"));
    }
    let asked = market.feed().last().await;
    asked.map_err(|_| Problem::new(Code::BUSY, "the database does not answer"))?;
    Ok("ok\n")
}
