//! Whether a file may be given out: where a scanner is set, not before it was scanned and nothing
//! was found in it.

use super::Files;
use crate::{
    Error, Refusal,
    store::{Tx, text_enum},
};

text_enum! {
    /// Whether a file may be given out.
    pub enum ScanState {
        /// It was not scanned yet.
        Waiting = "waiting",
        /// Nothing was found in it.
        Clean = "clean",
        /// Something was found in it: it is withheld.
        Infected = "infected",
    }
}

/// A file that is to be scanned.
#[derive(Debug, Clone)]
pub(crate) struct DueScan {
    pub(crate) sha256: String,
    /// How often it was tried before.
    pub(crate) tries: i64,
}

impl Files<'_> {
    /// Whether files are scanned here.
    pub(crate) const fn are_scanned(self) -> bool {
        self.0.scanner.is_some()
    }

    /// Refuses to give out what was not scanned, or what something was found in.
    pub(crate) async fn check_clean(&self, sha256: &str) -> Result<(), Error> {
        Ok(may_go(self.0.db.scan_state(sha256).await?, self.are_scanned())?)
    }
}

/// Whether a file may be given out or handed over. What was found once stays withheld, whether
/// files are scanned still or not.
fn may_go(state: Option<ScanState>, are_scanned: bool) -> Result<(), Refusal> {
    match state {
        Some(ScanState::Infected) => Err(Refusal::FileInfected),
        Some(ScanState::Waiting) | None if are_scanned => Err(Refusal::FileNotScanned),
        Some(ScanState::Clean | ScanState::Waiting) | None => Ok(()),
    }
}

impl Tx {
    /// How a file stands that comes in now: where files are scanned, it waits, unless it was here
    /// before.
    pub(crate) async fn scan_of_new(
        &mut self,
        sha256: &str,
        are_scanned: bool,
    ) -> Result<Option<ScanState>, Error> {
        if are_scanned {
            self.await_scan(sha256).await?;
        }
        self.scan_state(sha256).await
    }

    /// Refuses to hand over what was not scanned, or what something was found in.
    pub(crate) async fn check_clean(
        &mut self,
        sha256: &str,
        are_scanned: bool,
    ) -> Result<(), Error> {
        Ok(may_go(self.scan_state(sha256).await?, are_scanned)?)
    }
}
