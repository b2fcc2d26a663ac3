//! `SQLite`'s single writer with group commit.
//!
//! Transactions queue for one connection. Each runs inside a savepoint of a shared
//! `BEGIN IMMEDIATE`; one that is done lets go of the connection and queues again: whoever gets the
//! connection back first commits for everybody that finished in between, with one fsync. The mutex
//! is fair, so a batch is exactly the transactions that were waiting.
//!
//! Every statement that is waited for costs two changes of threads. So a savepoint is released, and
//! the next one set, together with the first statements of the transaction that it is for, and one
//! that holds nothing is used again.

use std::{
    fmt::Display,
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

use sqlx::SqliteConnection;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use super::waiting::{Batch, Ran, Stopped};
use crate::Error;

/// How long a transaction waits for its turn before the caller is told to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// The one connection that writes.
#[derive(Debug, Clone)]
pub(crate) struct Writer(Arc<Mutex<Shared>>);

#[derive(Debug)]
pub(super) struct Shared {
    conn: SqliteConnection,
    /// How far the shared transaction is.
    at: Stage,
    /// Those who have finished and wait for the shared commit.
    waiting: Vec<oneshot::Sender<Result<(), String>>>,
}

/// How far a shared transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// There is none.
    Closed,
    /// Nothing was done in it, and whether there is a savepoint is unknown: whoever opened it went
    /// away meanwhile.
    Opened,
    /// Nobody knows: a task that moved the savepoint did not come to its end.
    Lost,
    /// There is a savepoint that holds nothing.
    Clear,
    /// The savepoint holds a transaction that has finished.
    Finished,
    /// The savepoint holds a transaction that goes on, or was dropped.
    Underway,
}

/// One transaction's turn at the connection.
#[derive(Debug)]
pub(crate) struct WriteTx {
    shared: Option<OwnedMutexGuard<Shared>>,
    home: Arc<Mutex<Shared>>,
    /// Whether the savepoint is its own; before its first statements it may be that of the
    /// transaction before it.
    is_set: bool,
}

impl Shared {
    async fn run(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        sqlx::query(sql).execute(&mut self.conn).await.map(drop)
    }

    /// Undoes what a dropped transaction left behind. If that cannot be done, the database has
    /// undone the whole batch by itself.
    async fn tidy(&mut self) {
        match self.at {
            Stage::Underway => match self.run("rollback to t").await {
                Ok(()) => self.at = Stage::Clear,
                Err(why) => self.abandon(&why).await,
            },
            Stage::Lost => self.abandon(&"the transaction was lost").await,
            Stage::Closed | Stage::Opened | Stage::Clear | Stage::Finished => {}
        }
    }

    /// Opens a shared transaction where there is none.
    async fn open(&mut self) -> Result<(), sqlx::Error> {
        self.tidy().await;
        let sql = match self.at {
            Stage::Closed => "begin immediate; savepoint t",
            Stage::Opened => "savepoint t",
            _ => return Ok(()),
        };
        self.at = Stage::Opened;
        match self.run(sql).await {
            Ok(()) => self.at = Stage::Clear,
            Err(why) => {
                self.abandon(&why).await;
                return Err(why);
            }
        }
        Ok(())
    }

    /// Commits the shared transaction and tells everybody who waits for it.
    async fn finish(&mut self) {
        self.tidy().await;
        if self.at == Stage::Closed {
            return;
        }
        match self.run("commit").await {
            Ok(()) => self.end(&Ok(())),
            Err(why) => self.abandon(&why).await,
        }
    }

    /// Undoes the shared transaction and tells everybody who waits for it.
    async fn abandon(&mut self, why: &impl Display) {
        // Where the database has undone it by itself, there is nothing left to undo.
        let _ = self.run("rollback").await;
        self.end(&Err(why.to_string()));
    }

    fn end(&mut self, done: &Result<(), String>) {
        self.at = Stage::Closed;
        #[expect(clippy::cast_precision_loss, reason = "a few hundred at most")]
        metrics::histogram!("market_db_commit_transactions").record(self.waiting.len() as f64);
        for waiter in self.waiting.drain(..) {
            let _ = waiter.send(done.clone());
        }
    }
}

impl Writer {
    pub(super) fn new(conn: SqliteConnection) -> Self {
        Self(Arc::new(Mutex::new(Shared { conn, at: Stage::Closed, waiting: Vec::new() })))
    }

    /// Waits for a turn.
    pub(super) async fn begin(&self) -> Result<WriteTx, Error> {
        let mut shared = self.turn().await?;
        shared.open().await?;
        let is_set = shared.at == Stage::Clear;
        if is_set {
            shared.at = Stage::Underway;
        }
        Ok(WriteTx { shared: Some(shared), home: self.0.clone(), is_set })
    }

    /// The connection itself, for reading where it is the only one (a database in memory).
    pub(super) async fn turn(&self) -> Result<OwnedMutexGuard<Shared>, Error> {
        let turn = tokio::time::timeout(PATIENCE, self.0.clone().lock_owned()).await;
        let mut shared = turn.map_err(|_| Error::Busy)?;
        shared.tidy().await;
        Ok(shared)
    }

    /// Commits what has finished and folds the log into the database file.
    pub(super) async fn close(&self) -> Result<(), Error> {
        let mut shared = self.turn().await?;
        shared.finish().await;
        Ok(shared.run("pragma wal_checkpoint(truncate)").await?)
    }
}

impl WriteTx {
    /// Runs statements of the transaction, the first of them after setting its savepoint.
    pub(super) async fn run(&mut self, batch: Batch) -> Result<Ran, Error> {
        if self.is_set {
            let shared = self.shared.as_mut().ok_or(Error::Inconsistent("transaction"))?;
            return batch.run(&mut shared.conn).await.map_err(|stopped| stopped.why);
        }
        // A task of its own: given up in the middle, nobody would know which savepoint there is.
        let mine = Self { shared: self.shared.take(), home: self.home.clone(), is_set: false };
        let task = tokio::spawn(mine.set(batch));
        let (mut mine, ran) = task.await.map_err(|_| Error::Inconsistent("transaction"))?;
        std::mem::swap(self, &mut mine);
        ran
    }

    async fn set(mut self, batch: Batch) -> (Self, Result<Ran, Error>) {
        let Some(shared) = self.shared.as_mut() else {
            return (self, Err(Error::Inconsistent("transaction")));
        };
        shared.at = Stage::Lost;
        let ran = batch.placed(["release t", "savepoint t"]).run(&mut shared.conn).await;
        let ran = match ran {
            Err(Stopped { why, placed: false }) => {
                shared.abandon(&why).await;
                return (self, Err(why));
            }
            Err(Stopped { why, placed: true }) => Err(why),
            Ok(ran) => Ok(ran),
        };
        shared.at = Stage::Underway;
        self.is_set = true;
        (self, ran)
    }

    /// Takes back what the transaction did. What it saw may be its batch mates', who have not
    /// committed yet: it returns once that is on disk.
    pub(super) async fn undo(mut self) -> Result<(), Error> {
        if self.is_set {
            let shared = self.shared.as_mut().ok_or(Error::Inconsistent("transaction"))?;
            shared.run("rollback to t").await?;
        }
        self.commit().await
    }

    /// Returns once the transaction is on disk.
    pub(super) async fn commit(mut self) -> Result<(), Error> {
        let Some(mut shared) = self.shared.take() else {
            return Err(Error::Inconsistent("transaction"));
        };
        let (tell, mut told) = oneshot::channel();
        shared.at = Stage::Finished;
        shared.waiting.push(tell);
        drop(shared);
        let home = self.home.clone();
        // A task of its own: a cancelled request does not leave its batch half done.
        let done = tokio::spawn(async move {
            tokio::select! {
                biased;
                done = &mut told => return done.map_err(|_| GONE.to_owned())?,
                mut shared = home.lock_owned() => shared.finish().await,
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
