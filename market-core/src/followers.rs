//! Following the journal with a position that the database keeps: what is made of entries is written
//! in one commit with the position after them, so that of many nodes one writes it, and once.

use std::{convert::Infallible, time::Duration};

use tokio::{
    sync::futures::Notified,
    time::{sleep, timeout},
};

use crate::{
    Error, Market, Recorded,
    store::{Db, Tx, retry, statements},
};

/// How often it is looked without a sign: other nodes write too.
const POLL: Duration = Duration::from_secs(1);
/// So many entries are read at once.
const ENTRIES: i64 = 100;
/// Entries of which nothing is made are passed over without a commit, but not more of them.
const PASSED_OVER: i64 = 1000;

statements! {
    POSITION = "select pos from followers where name = $1";
    ADVANCE = "update followers set pos = $3 where name = $1 and pos = $2";
}

/// What follows the journal.
pub(crate) trait Follower {
    /// Its name in the table of followers.
    const NAME: &'static str;
    /// What it makes of some entries.
    type Made;

    /// The market that it follows.
    fn market(&self) -> &Market;

    /// Up to where it may go: to the end of the journal, unless it needs what another makes.
    async fn end(&self) -> Result<i64, Error> {
        Ok(i64::MAX)
    }

    /// What it makes of entries, in order; none, if nothing comes of them.
    async fn make(&self, entries: &[Recorded]) -> Result<Option<Self::Made>, Error>;

    /// Writes what it made.
    async fn write(&self, tx: &mut Tx, made: &Self::Made) -> Result<(), Error>;
}

/// Rests after a turn: not at all while there is something to do, and else until the next commit,
/// which `changed` was made to see before the turn. A turn that failed is told of, by what is not
/// done then, and is to be taken again.
pub(crate) async fn rest(turn: Result<bool, Error>, changed: Notified<'_>, undone: &str) {
    match turn {
        Ok(true) => {}
        Ok(false) => drop(timeout(POLL, changed).await),
        Err(why) => {
            tracing::warn!("{undone}: {why}");
            sleep(POLL).await;
        }
    }
}

/// Follows until it is dropped. What fails is tried again.
pub(crate) async fn follow<F: Follower>(follower: &F) -> Infallible {
    let (market, mut seen) = (follower.market(), 0);
    let undone = format!("{} do not follow the journal", F::NAME);
    loop {
        let changed = market.wake.notified();
        let turn = match market.number().await {
            Ok(()) => step(follower, &mut seen).await.map(|entries| entries > 0),
            Err(why) => Err(why),
        };
        rest(turn, changed, &undone).await;
    }
}

/// Follows to everything that is committed until now.
pub(crate) async fn catch_up<F: Follower>(follower: &F) -> Result<(), Error> {
    follower.market().number().await?;
    let mut seen = 0;
    while step(follower, &mut seen).await? > 0 {}
    Ok(())
}

/// Reads some entries after those that were seen, and says how many.
async fn step<F: Follower>(follower: &F, seen: &mut i64) -> Result<usize, Error> {
    let db = &follower.market().db;
    let stored = db.follower_position(F::NAME).await?;
    *seen = stored.max(*seen);
    let end = follower.end().await?;
    let mut entries = db.journal_after(*seen, false, ENTRIES).await?;
    entries.retain(|entry| entry.pos <= end);
    let Some(last) = entries.last() else { return Ok(0) };
    let made = follower.make(&entries).await?;
    if made.is_none() && last.pos - stored < PASSED_OVER {
        *seen = last.pos;
        return Ok(entries.len());
    }
    if retry(|| advance(follower, stored, last.pos, made.as_ref())).await? {
        *seen = last.pos;
    }
    Ok(entries.len())
}

/// Writes what was made together with the new position, and says whether it did. Where another node
/// has gone on from the old position, that one has written it.
async fn advance<F: Follower>(
    follower: &F,
    from: i64,
    to: i64,
    made: Option<&F::Made>,
) -> Result<bool, Error> {
    let mut tx = follower.market().work().await?;
    if !tx.advance_follower(F::NAME, from, to).await? {
        return Ok(false);
    }
    if let Some(made) = made {
        follower.write(&mut tx, made).await?;
    }
    tx.finish(true).await
}

impl Db {
    /// How far a follower has come.
    pub(crate) async fn follower_position(&self, name: &'static str) -> Result<i64, Error> {
        self.query(POSITION).bind(name).one::<(i64,)>().await.map(|(pos,)| pos)
    }
}

impl Tx {
    /// How far a follower has come.
    pub(crate) async fn follower_position(&mut self, name: &'static str) -> Result<i64, Error> {
        self.query(POSITION).bind(name).one::<(i64,)>().await.map(|(pos,)| pos)
    }

    /// Moves a follower on, if it still is where it was.
    async fn advance_follower(
        &mut self,
        name: &'static str,
        from: i64,
        to: i64,
    ) -> Result<bool, Error> {
        Ok(self.query(ADVANCE).bind(name).bind(from).bind(to).execute().await? == 1)
    }
}
