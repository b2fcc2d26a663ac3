//! Whether the program runs, and whether it can answer.

use axum::extract::State;
use market_core::Market;

use crate::{
    app::Stopping,
    problem::{Code, Problem},
};

/// `/healthz`: the program runs. It asks nothing else, so that a slow database restarts nothing.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// `/readyz`: the database answers, and we are not about to end.
pub(crate) async fn ready(
    State(market): State<Market>,
    State(stopping): State<Stopping>,
) -> Result<&'static str, Problem> {
    if stopping.is_near() {
        return Err(Problem::new(Code::BUSY, "about to end"));
    }
    let asked = market.feed().last().await;
    asked.map_err(|_| Problem::new(Code::BUSY, "the database does not answer"))?;
    Ok("ok\n")
}
