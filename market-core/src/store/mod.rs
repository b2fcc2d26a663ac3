//! Where everything is kept: one SQL text on `SQLite` and `PostgreSQL`.
//!
//! This folder is the only place that names a driver. [`Db`] is either database, [`Tx`] a unit of
//! work on it, [`Query`] a statement. Read `writer` for how `SQLite` commits in groups, `journal`
//! for how every change is recorded and followed, `migrate` for how one folder serves both.

mod checked;
mod codec;
pub(crate) mod events;
pub(crate) mod expiry;
mod hearing;
pub(crate) mod journal;
mod kind;
mod migrate;
mod parties;
mod private;
mod put;
mod query;
#[cfg(test)]
mod tests;
pub(crate) mod tx;
mod waiting;
mod writer;

use std::{sync::Arc, time::Duration};

use sqlx::{
    Connection, Executor, PgPool, SqlSafeStr, SqliteConnection, SqlitePool,
    postgres::{PgArguments, PgConnectOptions, PgPoolOptions},
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions,
        SqliteSynchronous,
    },
};

/// The statements of a file: a constant for each, and a list of all for the test that prepares
/// every one on both databases.
macro_rules! statements {
    ($($name:ident = $sql:expr;)*) => {
        $(const $name: &str = $sql;)*
        /// Every statement of this file, by name.
        pub(crate) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}
pub(crate) use statements;

pub use self::private::private_folder;
pub(crate) use self::{
    codec::text_enum,
    put::Put,
    query::Query,
    tx::{Begun, Tx, begin},
    waiting::{Asked, Meaning},
};
use self::{query::Run, writer::Writer};
use crate::{Error, kernel::sealing::ServerKey, reference::Kept};

/// What an acknowledged write survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// A power cut: every commit waits for the disk.
    #[default]
    Full,
    /// A crash of the program; a power cut may take the last commits. For loading packs and for
    /// tests, on `SQLite`.
    Relaxed,
}

/// A database, and what this process knows of it.
#[derive(Debug, Clone)]
pub(crate) struct Db {
    driver: Connected,
    kept: Kept,
    /// What opens that which is kept in it and only servers may read.
    pub(crate) server_key: Option<Arc<ServerKey>>,
}

/// A database of either kind.
#[derive(Debug, Clone)]
enum Connected {
    Pg(PgPool),
    Lite { writer: Writer, readers: SqlitePool },
    Memory(Writer),
}

/// Connections to a database, as a pool has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// How many are open.
    pub open: u32,
    /// How many of them nobody uses.
    pub idle: u32,
    /// How many there may be.
    pub most: u32,
}

/// Longest wait for a connection before the caller is told to come back.
const ACQUIRE: Duration = Duration::from_secs(5);

/// How many statements each connection keeps prepared: more than the program has that run often.
const PREPARED: usize = 500;

/// How long a connection to a `PostgreSQL` is trusted to be alive without being asked: it was alive
/// when it was put back, and asking costs as much as most statements do.
const TRUSTED: Duration = Duration::from_secs(1);

/// The most connections to a `PostgreSQL`.
const PG_CONNECTIONS: u32 = 16;

/// The most connections that read a `SQLite` database.
const READERS: u32 = 4;

impl Db {
    /// Opens a database by its URL and brings its tables up to date.
    pub(crate) async fn open(
        url: &str,
        durability: Durability,
        server_key: Option<ServerKey>,
    ) -> Result<Self, Error> {
        let driver = if url.starts_with("postgres") {
            Self::open_postgres(url).await?
        } else {
            Self::open_sqlite(url, durability).await?
        };
        Ok(Self { driver, kept: Kept::default(), server_key: server_key.map(Arc::new) })
    }

    async fn open_postgres(url: &str) -> Result<Connected, Error> {
        let options: PgConnectOptions = url.parse()?;
        let options = options.statement_cache_capacity(PREPARED).options([
            ("statement_timeout", "15s"),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "30s"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(PG_CONNECTIONS)
            .acquire_timeout(ACQUIRE)
            .test_before_acquire(false)
            .before_acquire(|conn, known| {
                Box::pin(async move {
                    if known.idle_for > TRUSTED {
                        conn.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await?;
        migrate::MIGRATIONS.run(&pool).await.map_err(sqlx::Error::from)?;
        Ok(Connected::Pg(pool))
    }

    async fn open_sqlite(url: &str, durability: Durability) -> Result<Connected, Error> {
        let synchronous = match durability {
            Durability::Full => SqliteSynchronous::Full,
            Durability::Relaxed => SqliteSynchronous::Normal,
        };
        let in_memory = url.contains(":memory:");
        let journal = if in_memory { SqliteJournalMode::Memory } else { SqliteJournalMode::Wal };
        let options = url
            .parse::<SqliteConnectOptions>()?
            .create_if_missing(true)
            .journal_mode(journal)
            .synchronous(synchronous)
            .busy_timeout(Duration::from_secs(10))
            .foreign_keys(true)
            .statement_cache_capacity(PREPARED)
            .pragma("cache_size", "-65536")
            .pragma("mmap_size", "268435456")
            .pragma("temp_store", "memory");
        if !in_memory && let Err(why) = private::private_file(options.get_filename()) {
            tracing::debug!("the database's file cannot be made: {why}");
        }
        let mut conn = SqliteConnection::connect_with(&options).await?;
        migrate::for_sqlite().run(&mut conn).await.map_err(sqlx::Error::from)?;
        let writer = Writer::new(conn);
        if in_memory {
            return Ok(Connected::Memory(writer));
        }
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(ACQUIRE)
            .test_before_acquire(false)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Connected::Lite { writer, readers })
    }

    /// A single statement outside any transaction; reads only, on `SQLite`.
    pub(crate) fn query(&self, sql: impl SqlSafeStr) -> Query<'_> {
        let run = match &self.driver {
            Connected::Pg(pool) => Run::Pg(pool, PgArguments::default()),
            Connected::Lite { readers, .. } => Run::Lite(readers, SqliteArguments::default()),
            Connected::Memory(writer) => Run::Memory(writer, SqliteArguments::default()),
        };
        Query::new(sql, run)
    }

    /// What this process knows of it.
    pub(crate) fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Has the database check a statement, without running it.
    pub(crate) async fn prepare(&self, sql: &'static str) -> Result<(), Error> {
        let sql = sql.into_sql_str();
        match &self.driver {
            Connected::Pg(pool) => pool.prepare(sql).await.map(drop)?,
            Connected::Lite { readers, .. } => readers.prepare(sql).await.map(drop)?,
            Connected::Memory(writer) => {
                (&mut **writer.turn().await?).prepare(sql).await.map(drop)?;
            }
        }
        Ok(())
    }

    /// The version of the tables that this program knows.
    pub(crate) fn schema_known() -> i64 {
        migrate::MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
    }

    /// The connections that serve reads, on `SQLite`, or everything, on `PostgreSQL`.
    pub(crate) fn connections(&self) -> Connections {
        let of = |open, idle, most| Connections {
            open,
            idle: u32::try_from(idle).unwrap_or(u32::MAX),
            most,
        };
        match &self.driver {
            Connected::Pg(pool) => of(pool.size(), pool.num_idle(), PG_CONNECTIONS),
            Connected::Lite { readers, .. } => of(readers.size(), readers.num_idle(), READERS),
            Connected::Memory(_) => of(1, 0, 1),
        }
    }

    /// Lets go of the database, with everything committed and folded in.
    pub(crate) async fn close(&self) -> Result<(), Error> {
        match &self.driver {
            Connected::Pg(pool) => pool.close().await,
            Connected::Lite { writer, readers } => {
                readers.close().await;
                writer.close().await?;
            }
            Connected::Memory(_) => {}
        }
        Ok(())
    }
}

/// Says what a unique index that stood in the way means.
pub(crate) trait OnDuplicate<T> {
    fn on_duplicate(self, refusal: crate::Refusal) -> Result<T, Error>;
}

impl<T> OnDuplicate<T> for Result<T, Error> {
    fn on_duplicate(self, refusal: crate::Refusal) -> Result<T, Error> {
        self.map_err(|why| if why.is_duplicate() { refusal.into() } else { why })
    }
}

impl Error {
    /// Whether a unique index stood in the way.
    pub(crate) fn is_duplicate(&self) -> bool {
        let Self::Storage(sqlx::Error::Database(database)) = self else { return false };
        database.is_unique_violation()
    }

    /// Whether a row was found that is not what the program writes.
    pub(crate) const fn is_unreadable(&self) -> bool {
        use sqlx::Error::{ColumnDecode, Decode};
        matches!(self, Self::Storage(ColumnDecode { .. } | Decode(_)))
    }

    /// Whether the database asked for the whole command again (serialization, deadlock).
    fn is_transient(&self) -> bool {
        let Self::Storage(sqlx::Error::Database(database)) = self else { return false };
        matches!(database.code().as_deref(), Some("40001" | "40P01"))
    }
}

/// How often a command is run again before its caller hears of it.
const RETRIES: u32 = 8;

/// Runs a command again when the database asks for it.
pub(crate) async fn retry<T, F>(mut command: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut tries = 0;
    loop {
        match command().await {
            Err(why) if why.is_transient() && tries < RETRIES => {
                tokio::time::sleep(Duration::from_millis(1 << tries)).await;
                tries += 1;
            }
            done => return done,
        }
    }
}
