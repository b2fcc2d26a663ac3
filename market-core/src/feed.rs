//! The journal as others may follow it: every public fact, in order, without gaps or repeats.

use serde::{Deserialize, Serialize};

use crate::{Error, Market, Recorded};

/// Entries of the journal, and where they stand in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Entries {
    /// The entries, in order.
    pub items: Vec<Recorded>,
    /// Ask for what comes after this position next.
    pub next: i64,
    /// The position of the last entry of all; whoever has reached it has seen everything.
    pub last: i64,
}

/// What happened, in order.
#[derive(Debug, Clone, Copy)]
pub struct Feed<'a>(pub(crate) &'a Market);

impl Feed<'_> {
    /// Gives positions to everything committed until now, so that the feed shows it.
    pub async fn catch_up(&self) -> Result<(), Error> {
        self.0.number().await
    }

    /// The position of the last entry.
    pub async fn last(&self) -> Result<i64, Error> {
        self.0.db.journal_last().await
    }

    /// Public entries after a position, at most so many, without who made them.
    pub async fn public_after(&self, position: i64, limit: u32) -> Result<Entries, Error> {
        // Asked first: what is written meanwhile may be missing below, and must not be passed over.
        let last = self.last().await?;
        let found = self.0.db.journal_after(position, true, limit.into()).await?;
        let is_full = found.len() >= limit as usize;
        let seen = found.last().map_or(position, |entry| entry.pos);
        let next = if is_full { seen } else { seen.max(last) };
        let items = found.into_iter().map(Recorded::anonymous).collect();
        Ok(Entries { items, next, last: last.max(seen) })
    }
}
