//! Room for connections: so many in all, so many from one address, and some that are only told
//! that there is no room.

use std::{
    collections::HashMap,
    fs,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ipnet::IpNet;

use crate::{
    edge::client::{Crowded, is_trusted, network},
    limits::Limits,
};

/// So many connections are told that there is no room, or how the server is. Others are dropped.
const TOLD: u32 = 64;
/// So many descriptors are left to everything that is no connection.
const OTHER_FILES: u32 = 256;

/// Room for connections.
#[derive(Debug)]
pub(super) struct Places {
    most: u32,
    per_address: u32,
    trusted: Vec<IpNet>,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    whole: u32,
    told: u32,
    by_address: HashMap<IpAddr, u32>,
}

/// What a connection may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// Whatever is served.
    Whole,
    /// To be told that there is no room, and how the server is.
    Probes,
}

/// A connection's place, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    places: Arc<Places>,
    /// None of a proxy, behind which many are.
    address: Option<IpAddr>,
    room: Room,
}

impl Places {
    pub(super) fn new(limits: &Limits) -> Self {
        let connections = &limits.connections;
        let most = connections.most.get();
        let most = match descriptors().map(|most| most.saturating_sub(OTHER_FILES + TOLD).max(16)) {
            Some(fewer) if fewer < most => {
                tracing::warn!(
                    "this process may open few files (ulimit -n): it takes {fewer} connections, \
                     not {most}"
                );
                fewer
            }
            _ => most,
        };
        Self {
            most,
            per_address: connections.per_address.get(),
            trusted: limits.trusted_proxies.clone(),
            taken: Mutex::default(),
        }
    }

    /// A place for a connection from an address, if there is any.
    pub(super) fn take(self: &Arc<Self>, peer: IpAddr) -> Option<Seat> {
        let address =
            (!is_trusted(peer, &self.trusted)).then(|| network(peer.to_canonical(), Crowded::No));
        let mut taken = self.taken();
        let of_address = address.map_or(0, |one| taken.by_address.get(&one).copied().unwrap_or(0));
        let room = if taken.whole < self.most && of_address < self.per_address {
            taken.whole += 1;
            Room::Whole
        } else {
            metrics::counter!("market_connections_refused_total").increment(1);
            if taken.told >= TOLD {
                return None;
            }
            taken.told += 1;
            Room::Probes
        };
        if let Some(address) = address.filter(|_| room == Room::Whole) {
            *taken.by_address.entry(address).or_default() += 1;
        }
        metrics::gauge!("market_connections").increment(1);
        Some(Seat { places: self.clone(), address, room })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    pub(super) const fn room(&self) -> Room {
        self.room
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        match self.room {
            Room::Probes => taken.told -= 1,
            Room::Whole => {
                taken.whole -= 1;
                if let Some(address) = self.address
                    && let Some(count) = taken.by_address.get_mut(&address)
                {
                    *count -= 1;
                    if *count == 0 {
                        taken.by_address.remove(&address);
                    }
                }
            }
        }
        metrics::gauge!("market_connections").decrement(1);
    }
}

/// How many descriptors this process may have, where that can be read.
fn descriptors() -> Option<u32> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(most: u32, per_address: u32) -> Arc<Places> {
        let mut limits = Limits::default();
        limits.connections.most = most.try_into().unwrap();
        limits.connections.per_address = per_address.try_into().unwrap();
        limits.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        Arc::new(Places::new(&limits))
    }

    fn take(places: &Arc<Places>, peer: &str) -> Option<Seat> {
        places.take(peer.parse().unwrap())
    }

    #[test]
    fn who_finds_no_room_is_told_so() {
        let places = places(2, 2);
        let first = take(&places, "192.0.2.1").unwrap();
        let _second = take(&places, "192.0.2.2").unwrap();
        let told: Vec<_> = (0..TOLD).map(|_| take(&places, "192.0.2.3").unwrap()).collect();
        assert!(told.iter().all(|seat| seat.room() == Room::Probes));
        assert!(take(&places, "192.0.2.3").is_none());
        drop(first);
        assert_eq!(take(&places, "192.0.2.3").unwrap().room(), Room::Whole);
        drop(told);
        assert_eq!(places.taken().told, 0);
    }

    #[test]
    fn no_address_takes_all_the_room_but_a_proxy_may() {
        let places = places(4, 2);
        let seats: Vec<_> = (0..3).map(|_| take(&places, "192.0.2.1").unwrap()).collect();
        assert_eq!(seats[2].room(), Room::Probes);
        assert_eq!(take(&places, "192.0.2.2").unwrap().room(), Room::Whole);
        drop(seats);
        assert!(places.taken().by_address.is_empty());
        let seats: Vec<_> = (0..4).map(|_| take(&places, "10.0.0.1").unwrap()).collect();
        assert!(seats.iter().all(|seat| seat.room() == Room::Whole));
    }
}
