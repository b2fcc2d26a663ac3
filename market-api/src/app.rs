//! What every handler can reach.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::extract::FromRef;
use market_core::Market;

use crate::streams::Streams;

/// A market that is being served. Cheap to clone.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    market: Market,
    health: Health,
    streams: Streams,
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
        Self { market, health: Health::default(), streams: Streams::default() }
    }

    /// Tells those who ask whether we are ready that searches see what is in the database.
    pub fn searchable(&self) {
        self.health.0.searchable.store(true, Ordering::Relaxed);
    }

    /// Tells those who ask whether we are ready that we are about to end.
    pub fn stop(&self) {
        self.health.0.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether we are about to end.
    pub(crate) fn is_stopping(&self) -> bool {
        self.health.is_stopping()
    }

    /// Places of those who wait for what happens.
    pub(crate) const fn streams(&self) -> &Streams {
        &self.streams
    }

    pub(crate) const fn market(&self) -> &Market {
        &self.market
    }
}
