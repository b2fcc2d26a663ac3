//! A unit of work: made for one call, committed with its answer.

use std::{sync::Arc, time::Instant};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sqlx::{Postgres, SqlSafeStr, Transaction, postgres::PgArguments, types::Json};
use tokio::sync::Notify;

use super::{
    Connected, Db,
    journal::Done,
    query::{Query, Record, Rows, Run},
    statements,
    waiting::{Asked, Meaning, Place, Waiting},
    writer::WriteTx,
};
use crate::{
    Error, Refusal,
    kernel::{
        actor::Actor,
        call::{Call, Intent, Outcome, Went},
        env::Env,
        sealing::ServerKey,
        secret::sha256_hex,
        time::Timestamp,
    },
    reference::Kept,
};

#[derive(Debug)]
pub(super) enum Driver {
    Pg(Transaction<'static, Postgres>),
    Lite(WriteTx),
}

/// A unit of work on either database. Dropped without [`Tx::finish`], it never happened.
#[derive(Debug)]
pub(crate) struct Tx {
    pub(super) driver: Driver,
    /// Who does it; every journal entry names them.
    pub(crate) actor: Actor,
    /// When it is done.
    pub(crate) at: Timestamp,
    env: Env,
    /// What this process knows of the database.
    pub(crate) kept: Kept,
    server_key: Option<Arc<ServerKey>>,
    /// The id of its rules and catalogue, where a statement has told it.
    pub(crate) reference_id: Option<String>,
    key: Option<(String, String)>,
    /// Statements that are not run yet.
    waiting: Box<Waiting>,
    /// Journal entries that are not written yet.
    pub(super) unwritten: Vec<Done>,
    intent: Intent,
    outcome: Outcome,
    wake: Arc<Notify>,
}

/// A call's unit of work, or the answer that the same call got before.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is made")]
pub(crate) enum Begun<T> {
    Fresh(Tx),
    Done(T),
}

/// Begins a call's unit of work; a call that was answered before returns that answer at once.
macro_rules! begin {
    ($market:expr, $call:expr, $action:expr, $input:expr) => {
        match $market.begin($call, $action, $input).await? {
            $crate::store::Begun::Fresh(tx) => tx,
            $crate::store::Begun::Done(answer) => return Ok(answer),
        }
    };
}
pub(crate) use begin;

statements! {
    CLAIM = "\
        insert into idempotency (scope, key, fingerprint, result, at) values ($1, $2, $3, null, $4) \
        on conflict do nothing returning (select id from reference_head where one = 1)";
    CLAIMED = "select fingerprint, result from idempotency where scope = $1 and key = $2";
    ANSWER = "update idempotency set result = $3 where scope = $1 and key = $2";
}

/// An answer as it is kept: databases index into JSON objects, so it is wrapped in one.
#[derive(Serialize, Deserialize)]
struct Answer<T> {
    answer: T,
}

impl Db {
    /// Begins a unit of work for an actor.
    pub(crate) async fn begin(
        &self,
        actor: Actor,
        env: Env,
        wake: Arc<Notify>,
    ) -> Result<Tx, Error> {
        let at = env.now();
        let asked = Instant::now();
        let driver = match &self.driver {
            Connected::Pg(pool) => Driver::Pg(pool.begin().await?),
            Connected::Lite { writer, .. } | Connected::Memory(writer) => {
                Driver::Lite(writer.begin().await?)
            }
        };
        metrics::histogram!("market_db_wait_seconds").record(asked.elapsed());
        Ok(Tx {
            driver,
            actor,
            at,
            env,
            kept: self.kept.clone(),
            server_key: self.server_key.clone(),
            reference_id: None,
            key: None,
            waiting: Box::default(),
            unwritten: Vec::new(),
            intent: Intent::Do,
            outcome: Outcome::default(),
            wake,
        })
    }

    /// Begins a call's unit of work that is not kept under the call's key.
    pub(crate) async fn begin_unkept(
        &self,
        call: &Call,
        env: Env,
        wake: Arc<Notify>,
    ) -> Result<Tx, Error> {
        let tx = self.begin(call.actor.clone(), env, wake).await?;
        Ok(Tx { intent: call.intent, outcome: call.outcome.clone(), ..tx })
    }

    /// Begins a call's unit of work under its idempotency key, if it has one. A rehearsal neither
    /// asks for its key nor uses it: the call that is meant comes later, under the same.
    pub(crate) async fn begin_call<T: DeserializeOwned>(
        &self,
        call: &Call,
        action: &'static str,
        input: &impl Serialize,
        env: Env,
        wake: Arc<Notify>,
    ) -> Result<Begun<T>, Error> {
        let mut tx = self.begin_unkept(call, env, wake).await?;
        let (Some(key), Intent::Do) = (&call.key, call.intent) else {
            return Ok(Begun::Fresh(tx));
        };
        // A path is as long as its caller likes, a key of an index is not.
        let scope = format!("{} {} {}", call.actor.party, call.actor.person, call.place);
        let scope = if scope.len() > 400 { sha256_hex(scope.as_bytes()) } else { scope };
        let input =
            serde_json::to_string(&(action, input)).map_err(|_| Error::Inconsistent("request"))?;
        let fingerprint = sha256_hex(input.as_bytes());
        let at = tx.at;
        let claim = tx.query(CLAIM).bind(&scope).bind(key).bind(&fingerprint).bind(at);
        // On PostgreSQL, whoever comes while the first call is under way waits for its end here.
        let claimed: Option<(String,)> = claim.optional().await.map_err(running)?;
        if let Some((reference,)) = claimed {
            tx.key = Some((scope, key.clone()));
            tx.reference_id = Some(reference);
            return Ok(Begun::Fresh(tx));
        }
        let (before, answer): (String, Option<Json<Answer<serde_json::Value>>>) =
            tx.query(CLAIMED).bind(&scope).bind(key).one().await?;
        if before != fingerprint {
            return Err(Refusal::KeyReused.into());
        }
        let answer = answer.ok_or(Error::Inconsistent("idempotency key"))?.0.answer;
        // The first call may still wait for the disk, on `SQLite`: so does whoever repeats it.
        tx.finish(()).await?;
        call.outcome.note(Went::Replayed);
        let answer = serde_json::from_value(answer);
        answer.map(Begun::Done).map_err(|_| Error::Inconsistent("answer"))
    }
}

/// What it means that a key could not be claimed: after so long a wait, that its first call is
/// still under way.
fn running(why: Error) -> Error {
    if matches!(why, Error::Busy) { Refusal::KeyInUse.into() } else { why }
}

impl Tx {
    /// A statement inside this unit of work.
    pub(crate) fn query(&mut self, sql: impl SqlSafeStr) -> Query<'_> {
        match &mut self.driver {
            Driver::Pg(tx) => Query::new(sql, Run::PgTx(tx, PgArguments::default())),
            Driver::Lite(tx) => Query::new(sql, Run::LiteTx(tx, &mut self.waiting)),
        }
    }

    /// Every row that was asked for.
    pub(crate) async fn all<T: Record>(&mut self, asked: Asked<T>) -> Result<Vec<T>, Error> {
        match asked.rows {
            Place::Here(rows) => rows.read(),
            Place::Coming(place) => {
                self.run_waiting().await?;
                let rows = self.waiting.take(place).ok_or(Error::Inconsistent("statement"))?;
                Rows::Lite(rows).read()
            }
        }
    }

    /// The row that was asked for, if there is one.
    pub(crate) async fn optional<T: Record>(
        &mut self,
        asked: Asked<T>,
    ) -> Result<Option<T>, Error> {
        self.all(asked).await.map(|mut rows| rows.pop())
    }

    /// Runs the statements that wait.
    async fn run_waiting(&mut self) -> Result<(), Error> {
        match &mut self.driver {
            Driver::Lite(tx) if !self.waiting.is_empty() => {
                self.waiting.run(tx, "").await.map(drop)
            }
            _ => Ok(()),
        }
    }

    /// The key of the servers of this market, where they have one.
    pub(crate) fn server_key(&self) -> Option<&ServerKey> {
        self.server_key.as_deref()
    }

    /// Moves the unit of work to the time that the database says. Called once what decides is held,
    /// so that neither a wait nor the clock of a node lets anything in late.
    pub(crate) async fn settle_time(&mut self) -> Result<(), Error> {
        self.at = match &mut self.driver {
            Driver::Pg(tx) if self.env.is_real() => {
                let now = sqlx::query_as("select clock_timestamp()");
                let (at,): (Timestamp,) = now.fetch_one(&mut **tx).await?;
                at
            }
            _ => self.env.now(),
        };
        Ok(())
    }

    /// When a change after `previous` happens: now, but never before what it follows.
    pub(crate) fn at_after(&self, previous: Timestamp) -> Timestamp {
        self.at.max(previous.next())
    }

    /// Keeps the answer with the call's key, and commits both with everything done. Of a rehearsal
    /// nothing is left but its answer.
    pub(crate) async fn finish<T: Serialize>(mut self, answer: T) -> Result<T, Error> {
        self.write_journal().await?;
        if let Some((scope, key)) = self.key.take() {
            let kept = Json(Answer { answer: &answer });
            self.query(ANSWER).bind(scope).bind(key).bind(kept).soon(Meaning::default()).await?;
        }
        self.run_waiting().await?;
        match (self.driver, self.intent) {
            (Driver::Pg(tx), Intent::Do) => {
                tx.commit().await?;
                metrics::histogram!("market_db_commit_transactions").record(1.0);
            }
            (Driver::Lite(tx), Intent::Do) => tx.commit().await?,
            (Driver::Pg(tx), Intent::Rehearse) => tx.rollback().await?,
            (Driver::Lite(tx), Intent::Rehearse) => tx.undo().await?,
        }
        match self.intent {
            Intent::Do => self.wake.notify_waiters(),
            Intent::Rehearse => self.outcome.note(Went::Rehearsed),
        }
        Ok(answer)
    }
}
