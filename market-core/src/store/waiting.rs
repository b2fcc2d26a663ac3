//! Statements that a unit of work need not wait for. On `SQLite`, where every wait costs two changes
//! of threads, they are run together with the next one that it does wait for; on `PostgreSQL` at
//! once.

use std::{fmt::Write, marker::PhantomData};

use futures::TryStreamExt;
use sqlx::{
    AssertSqlSafe, Either, Executor, SqliteConnection, query_with,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::query::Rows;
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

/// The statements that wait, in their order, with the parameters of all of them.
#[derive(Default)]
pub(super) struct Waiting {
    text: String,
    pub(super) args: SqliteArguments,
    /// How many parameters there are.
    pub(super) bound: usize,
    follows: Vec<Follows>,
    answers: Vec<Option<Vec<SqliteRow>>>,
}

/// What follows from a statement that waits.
enum Follows {
    Judged(Meaning),
    Answers(usize),
}

/// How the last of some statements went.
pub(super) struct Last {
    pub(super) changed: u64,
    pub(super) rows: Vec<SqliteRow>,
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting").field("text", &self.text).finish_non_exhaustive()
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
        self.follows.is_empty()
    }

    fn add(&mut self, sql: &str, follows: Follows) {
        self.text.push_str(sql);
        self.text.push(';');
        self.follows.push(follows);
    }

    /// Has a statement wait that is judged once it was run.
    pub(super) fn judge(&mut self, sql: &str, meaning: Meaning) {
        self.add(sql, Follows::Judged(meaning));
    }

    /// Has a statement wait whose rows are wanted.
    pub(super) fn ask(&mut self, sql: &str) -> Place {
        let place = self.answers.len();
        self.answers.push(None);
        self.add(sql, Follows::Answers(place));
        Place::Coming(place)
    }

    /// The rows that came to a place.
    pub(super) fn take(&mut self, place: usize) -> Option<Vec<SqliteRow>> {
        self.answers.get_mut(place)?.take()
    }

    /// Runs what waits, and then a statement; an empty one is none.
    pub(super) async fn run(
        &mut self,
        conn: &mut SqliteConnection,
        last: &str,
    ) -> Result<Last, Error> {
        let mut text = std::mem::take(&mut self.text);
        text.push_str(last);
        let args = std::mem::take(&mut self.args);
        self.bound = 0;
        let mut follows = std::mem::take(&mut self.follows).into_iter();
        let mut now = follows.next();
        let mut outcome = Last { changed: 0, rows: Vec::new() };
        let query = query_with(AssertSqlSafe(text), args);
        let mut coming = conn.fetch_many(query);
        loop {
            match coming.try_next().await {
                Ok(Some(Either::Right(row))) => outcome.rows.push(row),
                Ok(Some(Either::Left(done))) => match now {
                    Some(Follows::Judged(meaning)) => {
                        meaning.changed(done.rows_affected())?;
                        now = follows.next();
                    }
                    Some(Follows::Answers(place)) => {
                        self.answers[place] = Some(std::mem::take(&mut outcome.rows));
                        now = follows.next();
                    }
                    None => outcome.changed = done.rows_affected(),
                },
                Ok(None) => return Ok(outcome),
                Err(why) => {
                    return Err(match now {
                        Some(Follows::Judged(meaning)) => meaning.failed(why.into()),
                        _ => why.into(),
                    });
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
