//! How the market fares, for those who run it: how far everything that follows the journal has
//! come, and how much there is of what must not pile up.
//!
//! What happens by the thousand is told where it happens, through the `metrics` crate, which does
//! nothing unless the program that embeds this library installs a recorder.

use crate::{
    Error, Market,
    store::{Connections, Db, statements},
};

/// Rows are counted up to here, and no further: counting them must not become a load.
pub const COUNTED: i64 = 1_000_000;

/// What a market that fares well answers soon, and has little of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lags {
    /// The version of the database's tables.
    pub schema: i64,
    /// The version that this program knows.
    pub schema_known: i64,
    /// The position of the last numbered entry of the journal.
    pub journal: i64,
    /// How many numbered entries search has not shown yet.
    pub search: i64,
    /// How many entries each follower with a position in the database has not passed yet. It writes
    /// its position down at the latest after a thousand entries that are nothing to it.
    pub followers: Vec<(String, i64)>,
}

impl Lags {
    /// Whether the tables are those that this program needs: those of a newer program will do,
    /// since migrations never take away what the release before needs.
    pub const fn is_migrated(&self) -> bool {
        self.schema >= self.schema_known
    }

    /// The follower that is furthest behind.
    pub fn slowest(&self) -> Option<&(String, i64)> {
        self.followers.iter().max_by_key(|(_, behind)| *behind)
    }
}

/// What grows, and should not for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heaps {
    /// Answers kept under idempotency keys, counted up to [`COUNTED`].
    pub idempotency_keys: i64,
    /// Entries of the journal that wait for their position, counted up to [`COUNTED`].
    pub unnumbered: i64,
    /// What waits in a queue, by the queue's name.
    pub queues: Vec<(&'static str, i64)>,
}

/// How a market fares.
#[derive(Debug, Clone, Copy)]
pub struct Vitals<'m>(pub(crate) &'m Market);

statements! {
    SCHEMA = "select max(version) as version from _sqlx_migrations where success";
    FOLLOWERS = "select name, pos from followers order by name";
    KEYS = "select cast(count(*) as bigint) from (select key from idempotency limit 1000000) as kept";
    MESSAGES = "\
        select cast(count(*) as bigint) from \
        (select message from webhook_messages where state = 'waiting' limit 1000000) as waiting";
    MAIL = "\
        select cast(count(*) as bigint) from \
        (select id from notices where mailing limit 1000000) as waiting";
    SCANS = "\
        select cast(count(*) as bigint) from \
        (select sha256 from file_scans where state = 'waiting' limit 1000000) as waiting";
    UNNUMBERED = "\
        select cast(count(*) as bigint) from \
        (select kind from journal where pos is null limit 1000000) as fresh";
}

impl Vitals<'_> {
    /// How far everything has come; fails when the database does not answer.
    pub async fn lags(&self) -> Result<Lags, Error> {
        let db = &self.0.db;
        let (schema,): (Option<i64>,) = db.query(SCHEMA).one().await?;
        // Asked before the journal's end, so that nobody seems to be ahead of it.
        let followers: Vec<(String, i64)> = db.query(FOLLOWERS).all().await?;
        let shown = self.0.search().position()?;
        let journal = db.journal_last().await?;
        let behind = |pos: i64| (journal - pos).max(0);
        Ok(Lags {
            schema: schema.unwrap_or(0),
            schema_known: Db::schema_known(),
            journal,
            search: behind(shown),
            followers: followers.into_iter().map(|(name, pos)| (name, behind(pos))).collect(),
        })
    }

    /// How much there is of what grows. It counts: ask now and then, not all the time.
    pub async fn heaps(&self) -> Result<Heaps, Error> {
        let db = &self.0.db;
        let (idempotency_keys,): (i64,) = db.query(KEYS).one().await?;
        let (unnumbered,): (i64,) = db.query(UNNUMBERED).one().await?;
        let (messages,): (i64,) = db.query(MESSAGES).one().await?;
        let (mail,): (i64,) = db.query(MAIL).one().await?;
        let (scans,): (i64,) = db.query(SCANS).one().await?;
        let asked = i64::try_from(self.0.asking.waiting()).unwrap_or(i64::MAX);
        Ok(Heaps {
            idempotency_keys,
            unnumbered,
            queues: vec![
                ("asked", asked),
                ("scans", scans),
                ("webhooks", messages),
                ("mail", mail),
            ],
        })
    }

    /// The connections to the database.
    pub fn connections(&self) -> Connections {
        self.0.db.connections()
    }

    /// How many documents searches see.
    pub fn documents(&self) -> u64 {
        self.0.search().documents()
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{market, on_both};

    on_both! {
        async fn a_market_tells_how_far_everything_has_come(url: &str) {
            let market = market(url).await;
            market.search().catch_up().await.unwrap();
            let lags = market.vitals().lags().await.unwrap();
            assert!(lags.is_migrated() && lags.schema == lags.schema_known, "{lags:?}");
            assert!(lags.followers.iter().any(|(name, _)| name == "alarms"), "{lags:?}");
            assert_eq!(lags.search, 0, "{lags:?}");
            let heaps = market.vitals().heaps().await.unwrap();
            assert_eq!((heaps.idempotency_keys, heaps.unnumbered), (0, 0), "{heaps:?}");
            assert!(market.vitals().connections().open > 0);
        }

        async fn what_nobody_follows_is_a_lag(url: &str) {
            let market = market(url).await;
            market.search().catch_up().await.unwrap();
            let mut tx = market.work().await.unwrap();
            let at = tx.at;
            for version in 1..=3 {
                let entry = crate::store::journal::Entry::new(
                    crate::Kind::Account, &"somebody", version, "account_changed",
                );
                tx.record(entry, at).await.unwrap();
            }
            tx.finish(()).await.unwrap();
            assert_eq!(market.vitals().heaps().await.unwrap().unnumbered, 3);
            market.number().await.unwrap();
            let before = market.vitals().lags().await.unwrap();
            assert_eq!(before.search, 3, "{before:?}");
            assert!(before.slowest().is_some_and(|(_, behind)| *behind >= 3), "{before:?}");
            assert_eq!(market.vitals().heaps().await.unwrap().unnumbered, 0);
            market.search().catch_up().await.unwrap();
            assert_eq!(market.vitals().lags().await.unwrap().search, 0);
        }
    }
}
