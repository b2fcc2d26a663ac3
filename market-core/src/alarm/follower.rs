//! Watching the journal.

use std::convert::Infallible;

use super::{Alarms, Found};
use crate::{
    Error, Market, Recorded,
    followers::{self, Follower},
    id::AlarmId,
    store::Tx,
};

impl Alarms<'_> {
    /// Watches until it is dropped. What fails is tried again.
    pub async fn follow(&self) -> Infallible {
        followers::follow(self).await
    }

    /// Looks into everything that is committed until now.
    pub async fn catch_up(&self) -> Result<(), Error> {
        followers::catch_up(self).await
    }
}

impl Follower for Alarms<'_> {
    const NAME: &'static str = "alarms";
    type Made = Vec<Found>;

    fn market(&self) -> &Market {
        self.0
    }

    async fn make(&self, entries: &[Recorded]) -> Result<Option<Vec<Found>>, Error> {
        let mut found = Vec::new();
        for entry in entries {
            found.extend(self.found_by(entry).await?);
        }
        Ok(Some(found).filter(|found| !found.is_empty()))
    }

    async fn write(&self, tx: &mut Tx, found: &Vec<Found>) -> Result<(), Error> {
        for one in found {
            tx.raise_alarm(AlarmId(self.0.env.id()), one).await?;
        }
        Ok(())
    }
}
