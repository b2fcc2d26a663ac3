//! The journal as others may follow it, in order, without gaps or repeats: every public fact for
//! everybody, and for each party what it takes part in.
//!
//! Read `parties` for who takes part in what.

mod parties;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::{Actor, Error, Fault, Kind, Market, Recorded, Timestamp, id::CaseId};

/// The follower that notes who takes part.
pub(crate) const PARTIES: &str = "parties";

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

/// That something happened to a thing that a party takes part in. What, it reads there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnEntry {
    /// Its position in the journal.
    pub pos: i64,
    /// What kind of thing changed.
    pub kind: Kind,
    /// Which one: its id.
    pub object: String,
    /// The version that the change made.
    pub version: i64,
    /// What happened.
    pub event: String,
    /// The case that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case_id: Option<CaseId>,
    /// The state before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_state: Option<String>,
    /// The state after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_state: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl From<Recorded> for OwnEntry {
    fn from(entry: Recorded) -> Self {
        let Recorded {
            pos, kind, object, version, event, case_id, old_state, new_state, at, ..
        } = entry;
        Self { pos, kind, object, version, event, case_id, old_state, new_state, at }
    }
}

/// Entries of a party's own, and where they stand in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnEntries {
    /// The entries, in order.
    pub items: Vec<OwnEntry>,
    /// Ask for what comes after this position next.
    pub next: i64,
    /// The position up to which everything is known; whoever has reached it has seen everything.
    pub last: i64,
}

/// Finds fault with kinds of which nobody is told, and with those that stand there twice.
pub(crate) fn check_kinds(
    kinds: &[Kind],
    told_of: &[Kind],
    pointer: impl Fn(usize) -> String,
    faults: &mut Vec<Fault>,
) {
    for (index, kind) in kinds.iter().enumerate() {
        if !told_of.contains(kind) {
            let message = "is a kind that nobody is told of";
            faults.push(Fault::new(pointer(index), "choice", message));
        } else if kinds[..index].contains(kind) {
            faults.push(Fault::new(pointer(index), "duplicate", "stands there twice"));
        }
    }
}

/// One of these kinds, as the API describes it.
#[cfg(feature = "openapi")]
pub(crate) fn one_of(kinds: &[Kind]) -> utoipa::openapi::Object {
    let words = kinds.iter().map(|kind| kind.as_str());
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::Type::String)
        .enum_values(Some(words))
        .build()
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
        self.public_of_kind_after(None, position, limit).await
    }

    /// The same of one kind of thing, if one is named.
    pub async fn public_of_kind_after(
        &self,
        kind: Option<Kind>,
        position: i64,
        limit: u32,
    ) -> Result<Entries, Error> {
        // Asked first: what is written meanwhile may be missing below, and must not be passed over.
        let last = self.last().await?;
        let found = self.0.db.journal_public_after(position, kind, limit.into()).await?;
        let is_full = found.len() >= limit as usize;
        let seen = found.last().map_or(position, |entry| entry.pos);
        let next = if is_full { seen } else { seen.max(last) };
        let items = found.into_iter().map(Recorded::anonymous).collect();
        Ok(Entries { items, next, last: last.max(seen) })
    }

    /// The position up to which it is known who takes part in what.
    pub async fn last_noted(&self) -> Result<i64, Error> {
        self.0.db.follower_position(PARTIES).await
    }

    /// What the actor's party takes part in, after a position, at most so many entries.
    pub async fn own_after(
        &self,
        actor: &Actor,
        position: i64,
        limit: u32,
    ) -> Result<OwnEntries, Error> {
        let last = self.last_noted().await?;
        let found = self.0.db.entries_of_party(&actor.party, position, last, limit.into()).await?;
        let is_full = found.len() >= limit as usize;
        let seen = found.last().map_or(position, |entry| entry.pos);
        let next = if is_full { seen } else { seen.max(last) };
        Ok(OwnEntries { items: found.into_iter().map(OwnEntry::from).collect(), next, last })
    }
}
