//! How much is done at once: each class of work has so many places and so many seats to wait in.
//!
//! Whoever finds neither is sent away at once, which costs next to nothing: that keeps a server
//! that has too much to do at what it does best. Reads and searches cannot take the places of
//! writes, so that orders are placed however many look around.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::class::Class;
use crate::limits::{Budget, Budgets};

/// The places of every class.
#[derive(Debug)]
pub(crate) struct Admission {
    lanes: [Lane; 4],
    patience: Duration,
}

#[derive(Debug)]
struct Lane {
    places: Arc<Semaphore>,
    budget: Budget,
    /// How many wait.
    waiting: AtomicU32,
}

/// A place, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: Option<OwnedSemaphorePermit>,
}

/// There is no place, and no seat to wait in; or the wait was too long.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// A seat to wait in, given back when it is dropped.
struct Seat<'l>(&'l Lane);

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Lane {
    fn new(budget: Budget) -> Self {
        let places = budget.running.get() as usize;
        Self { places: Arc::new(Semaphore::new(places)), budget, waiting: AtomicU32::new(0) }
    }

    fn seat(&self) -> Option<Seat<'_>> {
        let sit = |waiting: u32| (waiting < self.budget.waiting).then_some(waiting + 1);
        let seated = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sit);
        seated.is_ok().then(|| Seat(self))
    }
}

impl Admission {
    pub(crate) fn new(budgets: &Budgets) -> Self {
        let Budgets { read, search, write, upload, wait_millis } = budgets;
        Self {
            lanes: [read, search, write, upload].map(|budget| Lane::new(*budget)),
            patience: Duration::from_millis(*wait_millis),
        }
    }

    /// Waits for a place.
    pub(crate) async fn enter(&self, class: Class) -> Result<Place, Full> {
        let Some(at) = class.place() else { return Ok(Place { _permit: None }) };
        let lane = &self.lanes[at];
        if let Ok(place) = lane.places.clone().try_acquire_owned() {
            return Ok(Place { _permit: Some(place) });
        }
        let _seat = lane.seat().ok_or(Full)?;
        match timeout(self.patience, lane.places.clone().acquire_owned()).await {
            Ok(Ok(place)) => Ok(Place { _permit: Some(place) }),
            Ok(Err(_)) | Err(_) => Err(Full),
        }
    }

    /// How many of a class are under way, and how many wait.
    pub(crate) fn load(&self, class: Class) -> (u32, u32) {
        let Some(at) = class.place() else { return (0, 0) };
        let lane = &self.lanes[at];
        let free = u32::try_from(lane.places.available_permits()).unwrap_or(u32::MAX);
        let running = lane.budget.running.get().saturating_sub(free);
        (running, lane.waiting.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn admission(running: u32, waiting: u32) -> Arc<Admission> {
        let budget = Budget { running: running.try_into().unwrap(), waiting };
        let usual = Limits::default().at_once;
        Arc::new(Admission::new(&Budgets { read: budget, search: budget, ..usual }))
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_seat_is_sent_away_at_once() {
        let admission = admission(2, 3);
        let enter = || {
            let admission = admission.clone();
            tokio::spawn(async move { admission.enter(Class::Read).await })
        };
        let mut inside = vec![enter().await.unwrap().unwrap(), enter().await.unwrap().unwrap()];
        let waiting: Vec<_> = (0..3).map(|_| enter()).collect();
        tokio::task::yield_now().await;
        assert_eq!(admission.load(Class::Read), (2, 3));
        let asked = tokio::time::Instant::now();
        assert_eq!(enter().await.unwrap().unwrap_err(), Full);
        assert_eq!(asked.elapsed(), Duration::ZERO);

        inside.clear();
        for (n, one) in waiting.into_iter().enumerate() {
            // Two go in as the two leave; the third waits in vain, since those two stay.
            match one.await.unwrap() {
                Ok(place) => inside.push(place),
                Err(Full) => assert_eq!(n, 2),
            }
        }
        assert_eq!((inside.len(), admission.load(Class::Read)), (2, (2, 0)));
        assert_eq!(asked.elapsed(), Duration::from_secs(2), "no wait is endless");
    }

    #[tokio::test]
    async fn reads_and_searches_take_no_place_of_a_write() {
        let admission = admission(1, 0);
        let _read = admission.enter(Class::Read).await.unwrap();
        let _search = admission.enter(Class::Search).await.unwrap();
        assert!(admission.enter(Class::Read).await.is_err());
        assert!(admission.enter(Class::Search).await.is_err());
        for _ in 0..10 {
            admission.enter(Class::Write).await.unwrap();
            admission.enter(Class::Probe).await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_goes_away_leaves_his_seat() {
        let admission = admission(1, 1);
        let inside = admission.enter(Class::Read).await.unwrap();
        let waits = timeout(Duration::from_millis(1), admission.enter(Class::Read));
        assert!(waits.await.is_err());
        assert_eq!(admission.load(Class::Read), (1, 0));
        drop(inside);
        assert_eq!(admission.load(Class::Read), (0, 0));
    }
}
