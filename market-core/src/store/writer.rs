//! `SQLite`'s single writer with group commit.
//!
//! Transactions queue for one connection. Each runs inside a savepoint of a shared
//! `BEGIN IMMEDIATE`; on commit it releases its savepoint, lets go of the connection and queues
//! again: whoever gets the connection back first commits for everybody that finished in between,
//! with one fsync. The mutex is fair, so a batch is exactly the transactions that were waiting.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

use sqlx::SqliteConnection;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use crate::Error;

/// How long a transaction waits for its turn before the caller is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// The one connection that writes.
#[derive(Debug, Clone)]
pub(crate) struct Writer(Arc<Mutex<Shared>>);

#[derive(Debug)]
pub(super) struct Shared {
    conn: SqliteConnection,
    /// A shared transaction is open.
    open: bool,
    /// A savepoint was left behind by a dropped transaction.
    dirty: bool,
    /// Those who have finished and wait for the shared commit.
    waiting: Vec<oneshot::Sender<Result<(), String>>>,
}

/// One transaction's turn at the connection.
#[derive(Debug)]
pub(crate) struct WriteTx {
    shared: Option<OwnedMutexGuard<Shared>>,
    home: Arc<Mutex<Shared>>,
}

impl Shared {
    async fn run(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        sqlx::query(sql).execute(&mut self.conn).await.map(drop)
    }

    /// Undoes what a dropped transaction left behind.
    async fn tidy(&mut self) -> Result<(), sqlx::Error> {
        if std::mem::take(&mut self.dirty) {
            self.run("rollback to t").await?;
            self.run("release t").await?;
        }
        Ok(())
    }

    /// Commits the shared transaction and tells everybody who waits for it.
    async fn finish(&mut self) {
        let done = match self.tidy().await {
            Ok(()) => self.run("commit").await,
            Err(why) => Err(why),
        };
        if done.is_err() {
            let _ = self.run("rollback").await;
        }
        self.open = false;
        #[expect(clippy::cast_precision_loss, reason = "a few hundred at most")]
        metrics::histogram!("market_db_commit_transactions").record(self.waiting.len() as f64);
        let done = done.map_err(|why| why.to_string());
        for waiter in self.waiting.drain(..) {
            let _ = waiter.send(done.clone());
        }
    }
}

impl Writer {
    pub(super) fn new(conn: SqliteConnection) -> Self {
        Self(Arc::new(Mutex::new(Shared { conn, open: false, dirty: false, waiting: Vec::new() })))
    }

    /// Waits for a turn and opens a savepoint.
    pub(super) async fn begin(&self) -> Result<WriteTx, Error> {
        let mut shared = self.turn().await?;
        if !shared.open {
            shared.open = true;
            if let Err(why) = shared.run("begin immediate").await {
                shared.open = false;
                return Err(why.into());
            }
        }
        shared.run("savepoint t").await?;
        shared.dirty = true;
        Ok(WriteTx { shared: Some(shared), home: self.0.clone() })
    }

    /// The connection itself, for reading where it is the only one (a database in memory).
    pub(super) async fn turn(&self) -> Result<OwnedMutexGuard<Shared>, Error> {
        let turn = tokio::time::timeout(PATIENCE, self.0.clone().lock_owned()).await;
        let mut shared = turn.map_err(|_| Error::Busy)?;
        shared.tidy().await?;
        Ok(shared)
    }

    /// Commits what has finished and folds the log into the database file.
    pub(super) async fn close(&self) -> Result<(), Error> {
        let mut shared = self.turn().await?;
        if shared.open {
            shared.finish().await;
        }
        Ok(shared.run("pragma wal_checkpoint(truncate)").await?)
    }
}

impl WriteTx {
    /// Takes back what the transaction did. What it saw may be its batch mates', who have not
    /// committed yet: it returns once that is on disk.
    pub(super) async fn undo(mut self) -> Result<(), Error> {
        sqlx::query("rollback to t").execute(&mut *self).await?;
        self.commit().await
    }

    /// Returns once the transaction is on disk.
    pub(super) async fn commit(mut self) -> Result<(), Error> {
        let Some(mut shared) = self.shared.take() else {
            return Err(Error::Inconsistent("transaction"));
        };
        let home = self.home.clone();
        // A task of its own: a cancelled request leaves neither savepoint nor batch half done.
        let done = tokio::spawn(async move {
            if let Err(why) = shared.run("release t").await {
                if shared.waiting.is_empty() {
                    shared.finish().await;
                }
                return Err(why.to_string());
            }
            shared.dirty = false;
            let (tell, mut told) = oneshot::channel();
            shared.waiting.push(tell);
            drop(shared);
            tokio::select! {
                biased;
                done = &mut told => return done.map_err(|_| GONE.to_owned())?,
                mut shared = home.lock_owned() => if shared.open { shared.finish().await },
            }
            told.await.map_err(|_| GONE.to_owned())?
        });
        let done = done.await.unwrap_or_else(|why| Err(why.to_string()));
        done.map_err(|why| Error::Storage(sqlx::Error::Protocol(why)))
    }
}

const GONE: &str = "the writer is gone";

impl Drop for WriteTx {
    /// Rolls back. Whoever is queued behind tidies; with nobody behind, a task does.
    fn drop(&mut self) {
        let Some(mut shared) = self.shared.take() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current()
            && shared.waiting.is_empty()
        {
            runtime.spawn(async move { shared.finish().await });
        }
    }
}

impl Deref for Shared {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.conn
    }
}

impl DerefMut for Shared {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.conn
    }
}

impl Deref for WriteTx {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.shared.as_ref().expect("a transaction holds its connection until it ends").conn
    }
}

impl DerefMut for WriteTx {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.shared.as_mut().expect("a transaction holds its connection until it ends").conn
    }
}
