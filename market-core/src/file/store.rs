//! Which files wait for their scan, and what was found.

use sqlx::FromRow;

use super::scanning::{DueScan, ScanState};
use crate::{
    Error, Timestamp,
    store::{Db, Tx, statements},
};

statements! {
    STATE = "select state from file_scans where sha256 = $1";
    AWAIT = "\
        insert into file_scans (sha256, state, tries, due_at) values ($1, 'waiting', 0, $2) \
        on conflict do nothing";
    IS_DUE = "select sha256 from file_scans where state = 'waiting' and due_at <= $1 limit 1";
    DUE = "\
        select sha256, tries from file_scans where state = 'waiting' and due_at <= $1 \
        order by due_at, sha256 limit 1";
    LEASE = "update file_scans set due_at = $2 where sha256 = $1";
    AGAIN = "\
        update file_scans set due_at = $2, tries = tries + 1 \
        where sha256 = $1 and state = 'waiting'";
    SCANNED = "\
        update file_scans set state = $2, found = $3, scanned_at = $4 \
        where sha256 = $1 and state = 'waiting'";
}

#[derive(FromRow)]
struct DueRow {
    sha256: String,
    tries: i64,
}

impl Tx {
    pub(crate) async fn scan_state(&mut self, sha256: &str) -> Result<Option<ScanState>, Error> {
        let row: Option<(ScanState,)> = self.query(STATE).bind(sha256).optional().await?;
        Ok(row.map(|(state,)| state))
    }

    /// Has a file wait for its scan, unless it was scanned.
    pub(crate) async fn await_scan(&mut self, sha256: &str) -> Result<(), Error> {
        let at = self.at;
        self.query(AWAIT).bind(sha256).bind(at).execute().await.map(drop)
    }

    /// Takes a file that is due, so that nobody else does until a time.
    pub(crate) async fn lease_scan(&mut self, until: Timestamp) -> Result<Option<DueScan>, Error> {
        let at = self.at;
        let query = self.query(DUE).bind(at).pg(" for update skip locked");
        let due: Option<DueRow> = query.optional().await?;
        let Some(DueRow { sha256, tries }) = due else { return Ok(None) };
        self.query(LEASE).bind(&sha256).bind(until).execute().await?;
        Ok(Some(DueScan { sha256, tries }))
    }

    pub(crate) async fn scan_again(&mut self, sha256: &str, at: Timestamp) -> Result<(), Error> {
        self.query(AGAIN).bind(sha256).bind(at).execute().await.map(drop)
    }

    /// Writes down a verdict, unless another one came first; whether it did.
    pub(crate) async fn scanned(
        &mut self,
        sha256: &str,
        state: ScanState,
        found: Option<&str>,
    ) -> Result<bool, Error> {
        let at = self.at;
        let query = self.query(SCANNED).bind(sha256).bind(state).bind(found).bind(at);
        Ok(query.execute().await? == 1)
    }
}

impl Db {
    pub(crate) async fn scan_state(&self, sha256: &str) -> Result<Option<ScanState>, Error> {
        let row: Option<(ScanState,)> = self.query(STATE).bind(sha256).optional().await?;
        Ok(row.map(|(state,)| state))
    }

    /// Whether a file is due: asked before anything is locked.
    pub(crate) async fn has_due_scan(&self, now: Timestamp) -> Result<bool, Error> {
        let found: Option<(String,)> = self.query(IS_DUE).bind(now).optional().await?;
        Ok(found.is_some())
    }
}
