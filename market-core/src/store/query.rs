//! A statement and its parameters, run on whichever database is open.

use sqlx::{
    Arguments, Encode, FromRow, PgConnection, PgPool, Postgres, SqlSafeStr, SqlStr, Sqlite,
    SqlitePool, Type,
    error::BoxDynError,
    postgres::{PgArguments, PgRow},
    query_with,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::{
    waiting::{Asked, Meaning, Place, Waiting},
    writer::{WriteTx, Writer},
};
use crate::Error;

/// Anything that both drivers take as a parameter.
pub(crate) trait Param<'q>:
    Encode<'q, Postgres> + Type<Postgres> + Encode<'q, Sqlite> + Type<Sqlite>
{
}

impl<'q, T> Param<'q> for T where
    T: Encode<'q, Postgres> + Type<Postgres> + Encode<'q, Sqlite> + Type<Sqlite>
{
}

/// Anything that both drivers read from a row: `#[derive(FromRow)]` and tuples.
pub(crate) trait Record:
    for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow>
{
}

impl<T> Record for T where T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> {}

pub(super) enum Run<'c> {
    Pg(&'c PgPool, PgArguments),
    PgTx(&'c mut PgConnection, PgArguments),
    Lite(&'c SqlitePool, SqliteArguments),
    LiteTx(&'c mut WriteTx, &'c mut Waiting),
    Memory(&'c Writer, SqliteArguments),
}

pub(super) enum Rows {
    Pg(Vec<PgRow>),
    Lite(Vec<SqliteRow>),
}

impl Rows {
    pub(super) fn read<T: Record>(self) -> Result<Vec<T>, Error> {
        let rows: sqlx::Result<_> = match self {
            Self::Pg(rows) => rows.iter().map(T::from_row).collect(),
            Self::Lite(rows) => rows.iter().map(T::from_row).collect(),
        };
        Ok(rows?)
    }
}

/// A statement and its parameters, `$1..$n` in both databases. Its text grows only by literals,
/// so no input ever becomes SQL.
pub(crate) struct Query<'c> {
    sql: SqlStr,
    text: Option<String>,
    run: Run<'c>,
    /// The number of the parameter before its first.
    before: usize,
    bound: usize,
    failed: Option<Error>,
}

impl<'c> Query<'c> {
    pub(super) fn new(sql: impl SqlSafeStr, run: Run<'c>) -> Self {
        let sql = sql.into_sql_str();
        let (before, text) = match &run {
            Run::LiteTx(_, waiting) if waiting.bound > 0 => {
                (waiting.bound, Some(waiting.numbered(sql.as_str())))
            }
            _ => (0, None),
        };
        Self { sql, text, run, before, bound: before, failed: None }
    }

    /// Gives the next parameter its value.
    pub(crate) fn bind<'q, T: Param<'q>>(mut self, value: T) -> Self {
        self.add(value);
        self
    }

    fn add<'q, T: Param<'q>>(&mut self, value: T) {
        self.bound += 1;
        let added: Result<(), BoxDynError> = match &mut self.run {
            Run::Pg(_, args) | Run::PgTx(_, args) => args.add(value),
            Run::Lite(_, args) | Run::Memory(_, args) => args.add(value),
            Run::LiteTx(_, waiting) => waiting.bind(value),
        };
        if let Err(why) = added {
            self.failed.get_or_insert(sqlx::Error::Encode(why).into());
        }
    }

    /// Appends literal SQL.
    pub(crate) fn push(mut self, sql: &'static str) -> Self {
        self.text.get_or_insert_with(|| self.sql.as_str().to_owned()).push_str(sql);
        self
    }

    /// Appends literal SQL on `PostgreSQL` only: row locks, which `SQLite`'s one writer has no
    /// need of.
    pub(crate) fn pg(self, sql: &'static str) -> Self {
        if matches!(self.run, Run::Pg(..) | Run::PgTx(..)) { self.push(sql) } else { self }
    }

    /// Appends literal SQL and a placeholder for a value.
    pub(crate) fn with<'q, T: Param<'q>>(mut self, sql: &'static str, value: T) -> Self {
        use std::fmt::Write;
        self.add(value);
        let bound = self.bound;
        let mut query = self.push(sql);
        if let Some(text) = &mut query.text {
            let _ = write!(text, "${bound}");
        }
        query
    }

    /// Appends literal SQL and a placeholder when there is a value: optional filters.
    pub(crate) fn when<'q, T: Param<'q>>(self, sql: &'static str, value: Option<T>) -> Self {
        match value {
            Some(value) => self.with(sql, value),
            None => self,
        }
    }

    /// Appends literal SQL and a parenthesised list of placeholders, which nothing is in when the
    /// list is empty.
    pub(crate) fn within<'q, T: Param<'q>>(
        self,
        before: &'static str,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        let mut values = values.into_iter();
        let Some(first) = values.next() else { return self.push(before).push(" (null)") };
        let opened = self.push(before).with(" (", first);
        values.fold(opened, |query, value| query.with(", ", value)).push(")")
    }

    fn done(self) -> Result<(SqlStr, Run<'c>), Error> {
        if let Some(why) = self.failed {
            return Err(why);
        }
        let sql = match self.text {
            Some(text) => sqlx::AssertSqlSafe(text).into_sql_str(),
            None => self.sql,
        };
        debug_assert_eq!(
            highest_placeholder(sql.as_str()),
            if self.bound == self.before { 0 } else { self.bound },
            "{}",
            sql.as_str()
        );
        Ok((sql, self.run))
    }

    /// Has the statement run before the next one of this unit of work that is waited for. If it
    /// fails, that one does.
    pub(crate) async fn soon(self, meaning: Meaning) -> Result<(), Error> {
        match self.done()? {
            (sql, Run::LiteTx(_, waiting)) => {
                waiting.judge(sql.as_str(), meaning);
                Ok(())
            }
            (sql, run) => {
                let changed =
                    Box::pin(Self::run(sql, run)).await.map_err(|why| meaning.failed(why))?;
                meaning.changed(changed)
            }
        }
    }

    /// Asks for rows that are looked at later, by [`Tx::all`](super::Tx::all).
    pub(crate) async fn ask<T: Record>(self) -> Result<Asked<T>, Error> {
        match self.done()? {
            (sql, Run::LiteTx(_, waiting)) => Ok(Asked::new(waiting.ask(sql.as_str()))),
            (sql, run) => Ok(Asked::new(Place::Here(Box::pin(Self::fetch(sql, run)).await?))),
        }
    }

    /// How many rows the statement changed.
    pub(crate) async fn execute(self) -> Result<u64, Error> {
        let (sql, run) = self.done()?;
        Box::pin(Self::run(sql, run)).await
    }

    /// Boxed by its callers, as is the other: it is part of everything that a change does.
    async fn run(sql: SqlStr, run: Run<'c>) -> Result<u64, Error> {
        Ok(match (sql, run) {
            (sql, Run::Pg(pool, args)) => {
                query_with(sql, args).execute(pool).await?.rows_affected()
            }
            (sql, Run::PgTx(conn, args)) => {
                query_with(sql, args).execute(conn).await?.rows_affected()
            }
            (sql, Run::Lite(pool, args)) => {
                query_with(sql, args).execute(pool).await?.rows_affected()
            }
            (sql, Run::LiteTx(tx, waiting)) => waiting.run(tx, sql.as_str()).await?.changed,
            (sql, Run::Memory(writer, args)) => {
                let mut conn = writer.turn().await?;
                query_with(sql, args).execute(&mut **conn).await?.rows_affected()
            }
        })
    }

    /// Not generic over the record, so it is compiled once.
    async fn rows(self) -> Result<Rows, Error> {
        let (sql, run) = self.done()?;
        Box::pin(Self::fetch(sql, run)).await
    }

    async fn fetch(sql: SqlStr, run: Run<'c>) -> Result<Rows, Error> {
        Ok(match (sql, run) {
            (sql, Run::Pg(pool, args)) => Rows::Pg(query_with(sql, args).fetch_all(pool).await?),
            (sql, Run::PgTx(conn, args)) => Rows::Pg(query_with(sql, args).fetch_all(conn).await?),
            (sql, Run::Lite(pool, args)) => {
                Rows::Lite(query_with(sql, args).fetch_all(pool).await?)
            }
            (sql, Run::LiteTx(tx, waiting)) => {
                Rows::Lite(waiting.run(tx, sql.as_str()).await?.rows)
            }
            (sql, Run::Memory(writer, args)) => {
                let mut conn = writer.turn().await?;
                Rows::Lite(query_with(sql, args).fetch_all(&mut **conn).await?)
            }
        })
    }

    /// Every row.
    pub(crate) async fn all<T: Record>(self) -> Result<Vec<T>, Error> {
        self.rows().await?.read()
    }

    /// The row, if there is one.
    pub(crate) async fn optional<T: Record>(self) -> Result<Option<T>, Error> {
        Ok(self.all().await?.pop())
    }

    /// The row of a statement that always gives one.
    pub(crate) async fn one<T: Record>(self) -> Result<T, Error> {
        self.optional().await?.ok_or(Error::Storage(sqlx::Error::RowNotFound))
    }
}

/// The largest `$n` of a statement. `SQLite` reads a placeholder without a value as NULL, silently.
fn highest_placeholder(sql: &str) -> usize {
    sql.split('$')
        .skip(1)
        .filter_map(|rest| {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            rest[..digits].parse().ok()
        })
        .max()
        .unwrap_or(0)
}
