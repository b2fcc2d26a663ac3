//! How often one may ask: buckets that fill by themselves, kept in memory.
//!
//! Every request takes from the bucket of its address, and one with a good token takes from that of
//! its actor as well. Each node counts for itself: of three nodes, a caller gets three times as
//! much.

use std::{
    hash::Hash,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue, request::Parts};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, MonotonicClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};
use market_core::{Actor, Party, id::PersonId};

use super::{
    class::Class,
    client::{Crowded, network},
};
use crate::{
    limits::{Limits, Rate, Rates},
    problem::{Code, Problem},
};

// As draft-ietf-httpapi-ratelimit-headers has them since its eighth version.
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// So many buckets of a kind are kept before neighbours share one.
const CROWD: usize = 100_000;
/// After so many requests, buckets that are full again are thrown away.
const TIDY: u32 = 4_096;

/// The buckets of every address and every actor.
#[derive(Debug)]
pub(crate) struct Buckets {
    addresses: [Shelf<IpAddr>; 4],
    actors: [Shelf<(PersonId, Party)>; 4],
}

impl Buckets {
    /// The buckets that limits ask for, if any.
    pub(crate) fn of(limits: &Limits) -> Option<Self> {
        limits.rates.then(|| Self {
            addresses: shelves("address", &limits.per_address),
            actors: shelves("actor", &limits.per_actor),
        })
    }

    /// Takes from the bucket of an address.
    pub(crate) fn ask(&self, class: Class, client: IpAddr) -> Option<Standing> {
        let kept = &self.addresses[class.place()?];
        let crowded = if kept.limiter.len() < CROWD { Crowded::No } else { Crowded::Yes };
        Some(kept.ask(&network(client, crowded)))
    }

    /// Takes from the bucket of an actor.
    fn ask_as(&self, class: Class, actor: &Actor) -> Option<Standing> {
        Some(self.actors[class.place()?].ask(&(actor.person, actor.party.clone())))
    }
}

fn shelves<K: Hash + Eq + Clone>(whose: &str, rates: &Rates) -> [Shelf<K>; 4] {
    Class::LIMITED.map(|class| {
        let rate = match class {
            Class::Search => rates.search,
            Class::Write => rates.write,
            Class::Upload => rates.upload,
            Class::Read | Class::Probe => rates.read,
        };
        Shelf::new(&format!("{whose}-{}", class.name()), rate, MonotonicClock)
    })
}

/// The buckets of one class, and of one kind of owner.
struct Shelf<K: Hash + Eq + Clone, C: Clock + Clone = MonotonicClock> {
    limiter: RateLimiter<K, DashMapStateStore<K>, C, StateInformationMiddleware>,
    clock: C,
    rate: Rate,
    /// The rate, as a header says it.
    policy: HeaderValue,
    name: String,
    /// How many requests came since buckets were last thrown away.
    asked: AtomicU32,
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> std::fmt::Debug for Shelf<K, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shelf").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Shelf<K, C> {
    fn new(name: &str, rate: Rate, clock: C) -> Self {
        let quota = Quota::with_period(rate.period())
            .unwrap_or_else(|| Quota::per_minute(rate.per_minute))
            .allow_burst(rate.burst);
        let limiter = RateLimiter::dashmap_with_clock(quota, clock.clone());
        let policy = format!("\"{name}\";q={};w={}", rate.burst, seconds(whole(rate)));
        let policy = HeaderValue::try_from(policy);
        Self {
            limiter: limiter.with_middleware(),
            clock,
            rate,
            policy: policy.unwrap_or(HeaderValue::from_static("")),
            name: name.to_owned(),
            asked: AtomicU32::new(0),
        }
    }

    fn ask(&self, key: &K) -> Standing {
        if self.asked.fetch_add(1, Ordering::Relaxed) == TIDY {
            self.asked.store(0, Ordering::Relaxed);
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        let (remaining, wait) = match self.limiter.check_key(key) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(until) => (0, Some(until.wait_time_from(self.clock.now()))),
        };
        let full =
            self.rate.period() * (self.rate.burst.get() - remaining.min(self.rate.burst.get()));
        let limit = format!("\"{}\";r={remaining};t={}", self.name, seconds(wait.unwrap_or(full)));
        Standing { policy: self.policy.clone(), limit, wait }
    }
}

/// How long an empty bucket takes to be full.
fn whole(rate: Rate) -> Duration {
    rate.period() * rate.burst.get()
}

/// Whole seconds, never fewer than it takes, and at least one.
fn seconds(time: Duration) -> u64 {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1)
}

/// How a bucket stands after a request.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    policy: HeaderValue,
    limit: String,
    /// How long until one may ask again, where one may not now.
    wait: Option<Duration>,
}

impl Standing {
    /// The refusal, where there is one.
    pub(crate) fn refusal(&self) -> Option<Problem> {
        let wait = seconds(self.wait?);
        let detail = format!("{}: ask again in {wait} s", self.policy.to_str().unwrap_or_default());
        Some(Problem::new(Code::TOO_MANY_REQUESTS, detail).after(wait))
    }

    /// Tells the caller.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        headers.insert(POLICY, self.policy.clone());
        if let Ok(limit) = HeaderValue::from_str(&self.limit) {
            headers.insert(LIMIT, limit);
        }
    }
}

/// What a request takes with it to where its actor gets known.
#[derive(Debug, Clone)]
pub(crate) struct Meter(Arc<Metered>);

#[derive(Debug)]
struct Metered {
    buckets: Arc<Buckets>,
    class: Class,
    /// The bucket of the actor, once he is known; before that, that of the address.
    standing: Mutex<(Standing, Whose)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Address,
    Actor,
}

impl Meter {
    pub(crate) fn new(buckets: Arc<Buckets>, class: Class, standing: Standing) -> Self {
        Self(Arc::new(Metered { buckets, class, standing: Mutex::new((standing, Whose::Address)) }))
    }

    /// How the caller stands.
    pub(crate) fn standing(&self) -> Standing {
        self.0.standing.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// Takes from the bucket of an actor, once for each request.
    fn charge(&self, actor: &Actor) -> Result<(), Problem> {
        let Metered { buckets, class, standing } = &*self.0;
        let mut standing = standing.lock().unwrap_or_else(PoisonError::into_inner);
        if standing.1 == Whose::Actor {
            return Ok(());
        }
        let Some(charged) = buckets.ask_as(*class, actor) else { return Ok(()) };
        *standing = (charged, Whose::Actor);
        match standing.0.refusal() {
            Some(refused) => {
                metrics::counter!("market_http_limited_total", "class" => class.name(), "by" => "actor")
                    .increment(1);
                Err(refused)
            }
            None => Ok(()),
        }
    }
}

/// Takes from the bucket of the actor of a request.
pub(crate) fn charge(parts: &Parts, actor: &Actor) -> Result<(), Problem> {
    parts.extensions.get::<Meter>().map_or(Ok(()), |meter| meter.charge(actor))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use governor::clock::FakeRelativeClock;

    use super::*;

    fn rate(per_minute: u32, burst: u32) -> Rate {
        let number = |n| NonZeroU32::new(n).unwrap();
        Rate { per_minute: number(per_minute), burst: number(burst) }
    }

    #[test]
    fn exactly_as_many_as_agreed() {
        let clock = FakeRelativeClock::default();
        let shelf = Shelf::new("actor-write", rate(6, 5), clock.clone());
        for left in (0..5).rev() {
            let standing = shelf.ask(&"li");
            assert!(standing.refusal().is_none());
            assert!(standing.limit.contains(&format!(";r={left};")), "{}", standing.limit);
        }
        let refused = shelf.ask(&"li");
        assert_eq!(
            (refused.wait, &refused.limit[..]),
            (Some(Duration::from_secs(10)), "\"actor-write\";r=0;t=10")
        );
        assert_eq!(refused.policy, "\"actor-write\";q=5;w=50");
        assert!(shelf.ask(&"wang").refusal().is_none(), "everybody has a bucket of his own");

        clock.advance(Duration::from_millis(9_999));
        assert!(shelf.ask(&"li").refusal().is_some());
        clock.advance(Duration::from_millis(1));
        assert!(shelf.ask(&"li").refusal().is_none());
        assert!(shelf.ask(&"li").refusal().is_some());
        clock.advance(Duration::from_hours(1));
        for _ in 0..5 {
            assert!(shelf.ask(&"li").refusal().is_none());
        }
        assert!(shelf.ask(&"li").refusal().is_some(), "no more than a bucket full");
    }

    #[test]
    fn buckets_that_are_full_again_are_thrown_away() {
        let clock = FakeRelativeClock::default();
        let shelf = Shelf::new("address-read", rate(60, 5), clock.clone());
        for n in 0..TIDY {
            shelf.ask(&n);
        }
        assert_eq!(shelf.limiter.len(), TIDY as usize);
        clock.advance(Duration::from_mins(1));
        shelf.ask(&u32::MAX);
        assert_eq!(shelf.limiter.len(), 1);
    }

    #[test]
    fn a_hundred_at_once_share_one_bucket() {
        let shelf = Shelf::new("actor-write", rate(1, 10), FakeRelativeClock::default());
        let let_in = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..10 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        let passed = shelf.ask(&"li").refusal().is_none();
                        let_in.fetch_add(u32::from(passed), Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(let_in.into_inner(), 10);
    }
}
