//! Statements that a unit of work need not wait for. On `SQLite`, where every wait costs two changes
//! of threads, they are run together with the next one that it does wait for; on `PostgreSQL` at
//! once.

use std::{collections::VecDeque, fmt::Write, marker::PhantomData};

use futures::TryStreamExt;
use sqlx::{
    Arguments, AssertSqlSafe, Either, Encode, Executor, Sqlite, SqliteConnection, Type,
    error::BoxDynError,
    query_with,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::{query::Rows, writer::WriteTx};
use crate::Error;

/// What it means how a statement went whose result nobody looks at.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Meaning {
    duplicate: Option<fn() -> Error>,
    not_one: Option<fn() -> Error>,
}

impl Meaning {
    /// What a unique index that stands in the way means.
    pub(crate) fn on_duplicate(self, why: fn() -> Error) -> Self {
        Self { duplicate: Some(why), ..self }
    }

    /// What it means that not exactly one row was changed.
    pub(crate) fn unless_one(self, why: fn() -> Error) -> Self {
        Self { not_one: Some(why), ..self }
    }

    /// How a statement went that changed so many rows.
    pub(super) fn changed(self, rows: u64) -> Result<(), Error> {
        match self.not_one {
            Some(why) if rows != 1 => Err(why()),
            _ => Ok(()),
        }
    }

    /// Why a statement failed.
    pub(super) fn failed(self, why: Error) -> Error {
        match self.duplicate {
            Some(means) if why.is_duplicate() => means(),
            _ => why,
        }
    }
}

/// Rows that were asked for: they are there, or come with the next statement that is waited for.
#[must_use]
pub(crate) struct Asked<T> {
    pub(super) rows: Place,
    record: PhantomData<T>,
}

pub(super) enum Place {
    Here(Rows),
    Coming(usize),
}

impl<T> Asked<T> {
    pub(super) fn new(rows: Place) -> Self {
        Self { rows, record: PhantomData }
    }
}

/// The statements that wait.
#[derive(Default)]
pub(super) struct Waiting {
    batch: Batch,
    /// How many parameters they have.
    pub(super) bound: usize,
    answers: Vec<Option<Vec<SqliteRow>>>,
}

/// Statements that are run together, in their order, with the parameters of all of them.
#[derive(Default)]
pub(super) struct Batch {
    text: String,
    args: SqliteArguments,
    follows: VecDeque<Follows>,
}

/// What follows from a statement of a batch; nothing does from the last, which is waited for.
enum Follows {
    /// The batch's place in the shared transaction is one statement nearer.
    Placed,
    Judged(Meaning),
    Answers(usize),
}

/// What came of a batch.
#[derive(Default)]
pub(super) struct Ran {
    /// How many rows its last statement changed.
    pub(super) changed: u64,
    /// The rows of its last statement.
    pub(super) rows: Vec<SqliteRow>,
    answers: Vec<(usize, Vec<SqliteRow>)>,
}

/// Why a batch was not run to its end.
pub(super) struct Stopped {
    pub(super) why: Error,
    /// Whether it had its place before.
    pub(super) placed: bool,
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting").field("text", &self.batch.text).finish_non_exhaustive()
    }
}

impl Waiting {
    /// A statement as it stands among others: its parameters come after theirs.
    pub(super) fn numbered(&self, sql: &str) -> String {
        let mut parts = sql.split('$');
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            let (number, rest) = part.split_at(digits);
            match number.parse::<usize>() {
                Ok(number) => drop(write!(text, "${}{rest}", number + self.bound)),
                Err(_) => drop(write!(text, "${part}")),
            }
        }
        text
    }

    pub(super) fn is_empty(&self) -> bool {
        self.batch.follows.is_empty()
    }

    /// Keeps a parameter.
    pub(super) fn bind<'q, T: Encode<'q, Sqlite> + Type<Sqlite>>(
        &mut self,
        value: T,
    ) -> Result<(), BoxDynError> {
        self.bound += 1;
        self.batch.args.add(value)
    }

    /// Has a statement wait that is judged once it was run.
    pub(super) fn judge(&mut self, sql: &str, meaning: Meaning) {
        self.batch.add(sql, Follows::Judged(meaning));
    }

    /// Has a statement wait whose rows are wanted.
    pub(super) fn ask(&mut self, sql: &str) -> Place {
        let place = self.answers.len();
        self.answers.push(None);
        self.batch.add(sql, Follows::Answers(place));
        Place::Coming(place)
    }

    /// The rows that came to a place.
    pub(super) fn take(&mut self, place: usize) -> Option<Vec<SqliteRow>> {
        self.answers.get_mut(place)?.take()
    }

    /// Runs what waits, and then a statement; an empty one is none.
    pub(super) async fn run(&mut self, tx: &mut WriteTx, last: &str) -> Result<Ran, Error> {
        let mut batch = std::mem::take(&mut self.batch);
        self.bound = 0;
        batch.text.push_str(last);
        let mut ran = tx.run(batch).await?;
        for (place, rows) in ran.answers.drain(..) {
            self.answers[place] = Some(rows);
        }
        Ok(ran)
    }
}

impl Batch {
    fn add(&mut self, sql: &str, follows: Follows) {
        self.text.push_str(sql);
        self.text.push(';');
        self.follows.push_back(follows);
    }

    /// The batch after the statements that give it its place.
    pub(super) fn placed(mut self, by: [&str; 2]) -> Self {
        self.text.insert_str(0, &format!("{};{};", by[0], by[1]));
        for _ in by {
            self.follows.push_front(Follows::Placed);
        }
        self
    }

    pub(super) async fn run(self, conn: &mut SqliteConnection) -> Result<Ran, Stopped> {
        let Self { text, args, mut follows } = self;
        let mut follow = follows.pop_front();
        let mut ran = Ran::default();
        let mut coming = conn.fetch_many(query_with(AssertSqlSafe(text), args));
        loop {
            match coming.try_next().await {
                Ok(Some(Either::Right(row))) => ran.rows.push(row),
                Ok(Some(Either::Left(done))) => {
                    match follow {
                        Some(Follows::Placed) => {}
                        Some(Follows::Judged(meaning)) => meaning
                            .changed(done.rows_affected())
                            .map_err(|why| Stopped { why, placed: true })?,
                        Some(Follows::Answers(place)) => {
                            ran.answers.push((place, std::mem::take(&mut ran.rows)));
                        }
                        None => ran.changed = done.rows_affected(),
                    }
                    follow = follows.pop_front();
                }
                Ok(None) => return Ok(ran),
                Err(why) => {
                    let placed = !matches!(follow, Some(Follows::Placed));
                    let why = match follow {
                        Some(Follows::Judged(meaning)) => meaning.failed(why.into()),
                        _ => why.into(),
                    };
                    return Err(Stopped { why, placed });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_on() {
        let mut waiting = Waiting { bound: 12, ..Waiting::default() };
        let sql = "update a set b = $2 where c = $1 and d = '$'";
        assert_eq!(waiting.numbered(sql), "update a set b = $14 where c = $13 and d = '$'");
        waiting.bound = 0;
        assert_eq!(waiting.numbered(sql), sql);
    }
}
