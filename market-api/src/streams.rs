//! Those who wait for what happens: each holds a place until the answer ends. There are only so
//! many, in all and for one address, and they take no place of those who read.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{extract::FromRequestParts, http::request::Parts};
use ipnet::IpNet;

use crate::{
    App,
    edge::client::{Crowded, NOWHERE, Peer, client, network},
    limits::{Limits, Waiting as Most},
    problem::{Code, Problem},
};

/// Places of those who wait. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Streams(Arc<Places>);

#[derive(Debug)]
struct Places {
    most: Most,
    trusted: Vec<IpNet>,
    taken: Mutex<HashMap<IpAddr, u32>>,
}

/// Where a request comes from that may wait for what happens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiter(IpAddr);

/// A place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Waiting {
    places: Arc<Places>,
    address: IpAddr,
}

impl FromRequestParts<App> for Waiter {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<Peer>().map_or(NOWHERE, |peer| peer.0);
        let address = client(peer, &parts.headers, &app.streams().0.trusted);
        Ok(Self(network(address, Crowded::No)))
    }
}

impl Streams {
    pub(crate) fn new(limits: &Limits) -> Self {
        let (most, trusted) = (limits.waiting.clone(), limits.trusted_proxies.clone());
        Self(Arc::new(Places { most, trusted, taken: Mutex::default() }))
    }

    /// A place, if one is free.
    pub(crate) fn enter(&self, Waiter(address): Waiter) -> Result<Waiting, Problem> {
        let mut taken = self.0.taken();
        let all: u32 = taken.values().sum();
        let own = taken.entry(address).or_default();
        if all >= self.0.most.most.get() || *own >= self.0.most.per_address.get() {
            if *own == 0 {
                taken.remove(&address);
            }
            metrics::counter!("market_http_shed_total", "class" => "wait").increment(1);
            return Err(Problem::new(Code::BUSY, "too many wait for what happens"));
        }
        *own += 1;
        Ok(Waiting { places: self.0.clone(), address })
    }

    /// How many wait.
    pub(crate) fn load(&self) -> u32 {
        self.0.taken().values().sum()
    }
}

impl Places {
    fn taken(&self) -> MutexGuard<'_, HashMap<IpAddr, u32>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        if let Some(own) = taken.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_all_places_and_places_are_given_back() {
        let waiting = Most { most: 3.try_into().unwrap(), per_address: 2.try_into().unwrap() };
        let limits = Limits { waiting, ..Limits::default() };
        let streams = Streams::new(&limits);
        let waiter = |last| Waiter(IpAddr::from([192, 0, 2, last]));
        let first = streams.enter(waiter(1)).unwrap();
        let _second = streams.enter(waiter(1)).unwrap();
        assert!(streams.enter(waiter(1)).is_err());
        let _third = streams.enter(waiter(2)).unwrap();
        assert!(streams.enter(waiter(3)).is_err());
        drop(first);
        let _fourth = streams.enter(waiter(3)).unwrap();
        assert_eq!(streams.load(), 3);
        assert!(streams.enter(waiter(2)).is_err());
    }
}
