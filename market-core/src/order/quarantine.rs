//! Quarantine: where a scanner is set, no file is given out before it was scanned and nothing was
//! found in it. While the scanner is away, files wait.

use std::convert::Infallible;

use super::Deliverables;
use crate::{
    Error,
    file::{DueScan, NotScanned, ScanState, Scanner, Verdict},
    followers,
    store::retry,
};

/// For so long one node has a file, in seconds, before another may take it: longer than a scan may
/// take.
const LEASE: i64 = 600;

/// How soon a file is tried again, in seconds, by how often it was tried; then always as late as
/// the last.
const AGAIN: [i64; 5] = [5, 15, 60, 300, 900];

impl Deliverables<'_> {
    /// Scans what is to be scanned, until it is dropped. Any number of nodes may do this at once.
    pub async fn follow(&self) -> Infallible {
        let Some(scanner) = &self.0.scanner else { return std::future::pending().await };
        let mut has_older = true;
        loop {
            let changed = self.0.wake.notified();
            let turn = self.scan_turn(scanner, &mut has_older).await;
            followers::rest(turn, changed, "files are not scanned").await;
        }
    }

    async fn scan_turn(&self, scanner: &Scanner, has_older: &mut bool) -> Result<bool, Error> {
        if *has_older {
            self.await_older().await?;
            *has_older = false;
        }
        self.scan_next(scanner).await
    }

    /// Scans everything that is due now; how many files.
    pub async fn scan_due(&self) -> Result<usize, Error> {
        let Some(scanner) = &self.0.scanner else { return Ok(0) };
        self.await_older().await?;
        let mut count = 0;
        while self.scan_next(scanner).await? {
            count += 1;
        }
        Ok(count)
    }

    /// Has files wait that were uploaded before there was a scanner.
    async fn await_older(&self) -> Result<(), Error> {
        retry(|| async {
            let mut tx = self.0.work().await?;
            tx.await_scans_of_older().await?;
            tx.finish(()).await
        })
        .await
    }

    /// Scans a file, if one is due.
    async fn scan_next(&self, scanner: &Scanner) -> Result<bool, Error> {
        let now = self.0.env.now();
        if !self.0.db.has_due_scan(now).await? {
            return Ok(false);
        }
        let leased = retry(|| async {
            let mut tx = self.0.work().await?;
            let until = tx.at.plus_seconds(LEASE);
            let due = tx.lease_scan(until).await?;
            tx.finish(()).await.map(|()| due)
        });
        let Some(due) = leased.await? else { return Ok(false) };
        let verdict = match self.0.files().content(&due.sha256, None).await {
            Ok(content) => scanner.scan(content).await,
            Err(why) => Err(NotScanned::Unread(why)),
        };
        retry(|| self.conclude(&due, &verdict)).await?;
        Ok(true)
    }

    /// Writes down what came of a scan.
    async fn conclude(
        &self,
        due: &DueScan,
        verdict: &Result<Verdict, NotScanned>,
    ) -> Result<(), Error> {
        let mut tx = self.0.work().await?;
        match verdict {
            Ok(Verdict::Clean) => {
                tx.scanned(&due.sha256, ScanState::Clean, None).await?;
            }
            Ok(Verdict::Infected(found)) => {
                tracing::warn!(sha256 = due.sha256, found, "a file is withheld");
                if tx.scanned(&due.sha256, ScanState::Infected, Some(found)).await? {
                    tx.withhold(&due.sha256, found).await?;
                }
            }
            Err(why) => {
                metrics::counter!("market_scan_failures_total").increment(1);
                tracing::warn!(sha256 = due.sha256, "a file waits for its scan: {why}");
                let tries = usize::try_from(due.tries).unwrap_or(usize::MAX);
                let again = AGAIN.get(tries).unwrap_or(&AGAIN[AGAIN.len() - 1]);
                let at = tx.at.plus_seconds(*again);
                tx.scan_again(&due.sha256, at).await?;
            }
        }
        tx.finish(()).await
    }
}
