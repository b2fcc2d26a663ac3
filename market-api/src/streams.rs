//! Those who wait for what happens: each holds a place until the answer ends, and there are only
//! so many.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many may wait at once on one server.
const PLACES: usize = 256;

/// Places of those who wait. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Streams(Arc<Semaphore>);

/// A place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Waiting {
    _permit: OwnedSemaphorePermit,
}

impl Default for Streams {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(PLACES)))
    }
}

impl Streams {
    /// A place, if one is free.
    pub(crate) fn enter(&self) -> Option<Waiting> {
        let permit = self.0.clone().try_acquire_owned().ok()?;
        Some(Waiting { _permit: permit })
    }
}
