//! What every handler can reach.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::extract::FromRef;
use market_core::Market;

/// A market that is being served. Cheap to clone.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    market: Market,
    stopping: Stopping,
}

/// Whether the program is about to end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stopping(Arc<AtomicBool>);

impl Stopping {
    pub(crate) fn is_near(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl App {
    /// Serves a market.
    pub fn new(market: Market) -> Self {
        Self { market, stopping: Stopping::default() }
    }

    /// Tells those who ask whether we are ready that we are about to end.
    pub fn stop(&self) {
        self.stopping.0.store(true, Ordering::Relaxed);
    }

    pub(crate) const fn market(&self) -> &Market {
        &self.market
    }
}
