//! What every handler can reach.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::extract::FromRef;
use market_core::Market;

use crate::{
    caller::Web, edge::Door, health::Health, limits::Limits, provider::Providers, streams::Streams,
};

/// A market that is being served. Cheap to clone.
#[derive(Debug, Clone, FromRef)]
pub struct App {
    market: Market,
    health: Health,
    web: Web,
    door: Arc<Door>,
    streams: Streams,
    watching: Watching,
    providers: Providers,
}

/// Who watches what is served; nobody, unless it is asked for.
#[derive(Debug, Clone, Default)]
struct Watching(Arc<Watched>);

#[derive(Debug, Default)]
struct Watched {
    is_measured: AtomicBool,
    is_traced: AtomicBool,
}

impl App {
    /// Serves a market, with the usual limits.
    pub fn new(market: Market) -> Self {
        Self::with_limits(market, Limits::default())
    }

    /// Serves a market with limits of one's own.
    pub fn with_limits(market: Market, limits: Limits) -> Self {
        let health = Health::new(&limits.ready);
        let streams = Streams::new(&limits);
        let door = Arc::new(Door::new(limits));
        let (web, watching, providers) =
            (Web::default(), Watching::default(), Providers::default());
        Self { market, health, web, door, streams, watching, providers }
    }

    /// Says how browsers reach the server.
    #[must_use]
    pub fn reached(self, web: Web) -> Self {
        Self { web, ..self }
    }

    /// Lets people sign in by other providers, those that the market knows.
    #[must_use]
    pub fn vouched_by(self, providers: Providers) -> Self {
        Self { providers, ..self }
    }

    pub(crate) const fn providers(&self) -> &Providers {
        &self.providers
    }

    pub(crate) const fn web(&self) -> Web {
        self.web
    }

    /// Tells those who ask whether we are ready that searches see what is in the database.
    pub fn searchable(&self) {
        self.health.searchable();
    }

    /// Tells those who ask whether we are ready that we are about to end.
    pub fn stop(&self) {
        self.health.stop();
    }

    /// Counts and times requests from now on, for whoever has installed a recorder of metrics.
    pub fn measure(&self) {
        self.watching.0.is_measured.store(true, Ordering::Relaxed);
    }

    /// Lets requests go on with the traces that callers began.
    pub fn trace(&self) {
        self.watching.0.is_traced.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_measured(&self) -> bool {
        self.watching.0.is_measured.load(Ordering::Relaxed)
    }

    pub(crate) fn is_traced(&self) -> bool {
        self.watching.0.is_traced.load(Ordering::Relaxed)
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

    pub(crate) const fn health(&self) -> &Health {
        &self.health
    }

    pub(crate) fn door(&self) -> &Door {
        &self.door
    }
}
