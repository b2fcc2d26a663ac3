//! Watching the journal, with a position of its own that the database keeps in the same commit as
//! the alarms.

use std::{convert::Infallible, time::Duration};

use tokio::time::{sleep, timeout};

use super::{Alarms, Found};
use crate::{Error, id::AlarmId, store::retry};

/// How often the journal is read without a sign: other nodes write too.
const POLL: Duration = Duration::from_secs(1);
/// So many entries are read at once.
const ENTRIES: i64 = 100;
/// Entries that alarm nobody are passed over without a commit, but not more of them.
const PASSED_OVER: i64 = 1000;

impl Alarms<'_> {
    /// Watches until it is dropped. What fails is tried again.
    pub async fn follow(&self) -> Infallible {
        let mut seen = 0;
        loop {
            let changed = self.0.wake.notified();
            let step = async {
                self.0.number().await?;
                self.step(&mut seen).await
            };
            match step.await {
                Ok(0) => drop(timeout(POLL, changed).await),
                Ok(_) => {}
                Err(why) => {
                    tracing::warn!("alarms do not follow the journal: {why}");
                    sleep(POLL).await;
                }
            }
        }
    }

    /// Looks into everything that is committed until now.
    pub async fn catch_up(&self) -> Result<(), Error> {
        self.0.number().await?;
        let mut seen = 0;
        while self.step(&mut seen).await? > 0 {}
        Ok(())
    }

    /// Reads some entries after those that were seen, and says how many.
    async fn step(&self, seen: &mut i64) -> Result<usize, Error> {
        let db = &self.0.db;
        let stored = db.alarms_position().await?;
        *seen = stored.max(*seen);
        let entries = db.journal_after(*seen, false, ENTRIES).await?;
        let Some(last) = entries.last() else { return Ok(0) };
        let mut found = Vec::new();
        for entry in &entries {
            found.extend(self.found_by(entry).await?);
        }
        if found.is_empty() && last.pos - stored < PASSED_OVER {
            *seen = last.pos;
            return Ok(entries.len());
        }
        if retry(|| self.raise(stored, last.pos, &found)).await? {
            *seen = last.pos;
        }
        Ok(entries.len())
    }

    /// Writes alarms together with the new position, and says whether it did. Where another node
    /// has gone on from the old position, that one has raised them.
    async fn raise(&self, from: i64, to: i64, found: &[Found]) -> Result<bool, Error> {
        let mut tx = self.0.work().await?;
        if !tx.advance_alarms(from, to).await? {
            return Ok(false);
        }
        for one in found {
            tx.raise_alarm(AlarmId(self.0.env.id()), one).await?;
        }
        tx.finish(true).await
    }
}
