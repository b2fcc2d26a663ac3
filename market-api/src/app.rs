//! What every handler can reach.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::extract::FromRef;
use market_core::Market;

use crate::caller::Web;

/// A market that is being served. Cheap to clone.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    market: Market,
    health: Health,
    web: Web,
}

/// What decides, beside the database, whether requests should come here.
#[derive(Debug, Clone, Default)]
pub(crate) struct Health(Arc<Facts>);

#[derive(Debug, Default)]
struct Facts {
    searchable: AtomicBool,
    stopping: AtomicBool,
}

impl Health {
    /// Whether searches see what is in the database.
    pub(crate) fn is_searchable(&self) -> bool {
        self.0.searchable.load(Ordering::Relaxed)
    }

    /// Whether the program is about to end.
    pub(crate) fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Relaxed)
    }
}

impl App {
    /// Serves a market.
    pub fn new(market: Market) -> Self {
        Self { market, health: Health::default(), web: Web::default() }
    }

    /// Says how browsers and proxies reach the server.
    #[must_use]
    pub fn reached(self, web: Web) -> Self {
        Self { web, ..self }
    }

    pub(crate) const fn web(&self) -> &Web {
        &self.web
    }

    /// Tells those who ask whether we are ready that searches see what is in the database.
    pub fn searchable(&self) {
        self.health.0.searchable.store(true, Ordering::Relaxed);
    }

    /// Tells those who ask whether we are ready that we are about to end.
    pub fn stop(&self) {
        self.health.0.stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) const fn market(&self) -> &Market {
        &self.market
    }
}
