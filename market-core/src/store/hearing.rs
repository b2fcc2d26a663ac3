//! Hearing of what other processes commit, on `PostgreSQL`.
//!
//! Whoever gives journal entries their positions tells all that listen. Not every commit does so:
//! telling takes a lock that would let commits wait for each other. `SQLite` tells nobody; there,
//! and whenever a message is lost, a look at the journal from time to time finds the same.

use std::{convert::Infallible, future::pending, time::Duration};

use sqlx::postgres::PgListener;
use tokio::{sync::Notify, time::sleep};

use super::{Connected, Db, Tx, tx::Driver};
use crate::Error;

/// What those who listen listen to.
const CHANNEL: &str = "market_journal";
/// How long to wait before listening again after a failure.
const AGAIN: Duration = Duration::from_secs(1);

impl Tx {
    /// Tells other processes, with the commit, that the journal has grown.
    pub(super) async fn tell(&mut self) -> Result<(), Error> {
        if let Driver::Pg(tx) = &mut self.driver {
            sqlx::query("select pg_notify($1, '')").bind(CHANNEL).execute(&mut **tx).await?;
        }
        Ok(())
    }
}

impl Db {
    /// Wakes whoever waits, whenever another process says that the journal has grown.
    pub(crate) async fn hear(&self, wake: &Notify) -> Infallible {
        let Connected::Pg(pool) = &self.driver else { return pending().await };
        loop {
            let why = async {
                let mut listener = PgListener::connect_with(pool).await?;
                listener.listen(CHANNEL).await?;
                loop {
                    // A connection that was lost and found again may have missed something.
                    listener.try_recv().await?;
                    wake.notify_waiters();
                }
            };
            let why: Result<Infallible, sqlx::Error> = why.await;
            let Err(why) = why;
            tracing::debug!("does not hear of the journal: {why}");
            sleep(AGAIN).await;
        }
    }
}
