//! The journal: one entry for every change, in the change's own transaction.
//!
//! Entries are written without a position. A numbering step, one node at a time, gives positions
//! to entries whose transactions have committed, so that positions have no gaps and a reader that
//! asks for what comes after a position never misses a late one.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{FromRow, types::Json};

pub use super::kind::Kind;
use super::{
    Db, Meaning, Query, Tx,
    events::{Event, KINDS},
    statements,
};
use crate::{
    Error,
    kernel::{
        actor::Party,
        id::{CaseId, PersonId},
        time::Timestamp,
    },
};

/// An entry to be written.
#[derive(Debug)]
pub(crate) struct Entry {
    kind: Kind,
    object: String,
    version: i64,
    event: &'static str,
    case: Option<CaseId>,
    old: Option<&'static str>,
    new: Option<&'static str>,
    policy: Option<i64>,
    public: bool,
    data: Value,
}

impl Entry {
    /// What happened (noun and participle) to which thing, and the version that it made of it.
    pub(crate) fn new(
        kind: Kind,
        object: &impl ToString,
        version: i64,
        event: &'static str,
    ) -> Self {
        Self {
            kind,
            object: object.to_string(),
            version,
            event,
            case: None,
            old: None,
            new: None,
            policy: None,
            public: false,
            data: Value::Object(serde_json::Map::new()),
        }
    }

    /// Whether its event stands in the table of those that others are told of.
    fn is_known(&self) -> bool {
        !KINDS.contains(&self.kind) || Event::named(self.kind, self.event).is_some()
    }

    /// The case that it belongs to.
    pub(crate) fn case(mut self, case: CaseId) -> Self {
        self.case = Some(case);
        self
    }

    /// The states before and after, of things that have states.
    pub(crate) fn moved(mut self, old: Option<&'static str>, new: &'static str) -> Self {
        self.old = old;
        self.new = Some(new);
        self
    }

    /// The version of the policy profile that decided.
    pub(crate) fn policy(mut self, version: i64) -> Self {
        self.policy = Some(version);
        self
    }

    /// Lets anybody read it.
    pub(crate) fn public(mut self) -> Self {
        self.public = true;
        self
    }

    /// What else is worth telling, as an object; nothing that a reader of the entry may not see.
    pub(crate) fn data(mut self, data: Value) -> Self {
        self.data = data;
        self
    }
}

/// An entry to be written, and who did what it tells when.
#[derive(Debug)]
pub(super) struct Done {
    entry: Entry,
    person: PersonId,
    party: String,
    at: Timestamp,
}

/// An entry as it stands in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Recorded {
    /// Its position: 1, 2, 3 … without gaps.
    pub pos: i64,
    /// What kind of thing changed.
    pub kind: Kind,
    /// Which one: its id or code.
    pub object: String,
    /// The version that the change made.
    pub version: i64,
    /// What happened.
    pub event: String,
    /// Who did it; none in public views.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// On whose behalf; none in public views.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party: Option<Party>,
    /// The case that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case_id: Option<CaseId>,
    /// The state before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_state: Option<String>,
    /// The state after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_state: Option<String>,
    /// The version of the policy profile that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_version: Option<i64>,
    /// Details.
    pub data: Value,
    /// When.
    pub at: Timestamp,
}

impl Recorded {
    /// The entry without who did it, as anybody may read it.
    #[must_use]
    pub fn anonymous(self) -> Self {
        Self { person: None, party: None, ..self }
    }
}

#[derive(FromRow)]
struct EntryRow {
    pos: Option<i64>,
    kind: Kind,
    object: String,
    version: i64,
    event: String,
    person_id: PersonId,
    party: String,
    case_id: Option<CaseId>,
    old_state: Option<String>,
    new_state: Option<String>,
    policy_version: Option<i64>,
    data: Json<Value>,
    at: Timestamp,
}

impl From<EntryRow> for Recorded {
    fn from(row: EntryRow) -> Self {
        Self {
            pos: row.pos.unwrap_or(0),
            kind: row.kind,
            object: row.object,
            version: row.version,
            event: row.event,
            person: Some(row.person_id),
            party: row.party.parse().ok(),
            case_id: row.case_id,
            old_state: row.old_state,
            new_state: row.new_state,
            policy_version: row.policy_version,
            data: row.data.0,
            at: row.at,
        }
    }
}

/// What it means that a version of a thing is told of already: that somebody else has made it
/// meanwhile.
fn overtaken() -> Error {
    Error::Stale("marketplace's data")
}

/// The entries that a statement finds.
pub(crate) async fn entries(query: Query<'_>) -> Result<Vec<Recorded>, Error> {
    let rows: Vec<EntryRow> = query.all().await?;
    Ok(rows.into_iter().map(Recorded::from).collect())
}

/// The most entries that one statement writes: each number of them is a statement of its own, which
/// the database keeps prepared.
const WRITTEN_AT_ONCE: usize = 8;

/// The most entries that one numbering step takes, as [`NUMBER`] says.
pub(crate) const NUMBERED_AT_ONCE: u64 = 1000;

statements! {
    INSERT = "\
        insert into journal (kind, object, version, event, person_id, party, case_id, old_state, \
        new_state, policy_version, public, data, at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    AFTER = "\
        select pos, kind, object, version, event, person_id, party, case_id, old_state, new_state, \
        policy_version, data, at from journal where pos > $1";
    OF_CASE = "\
        select pos, kind, object, version, event, person_id, party, case_id, old_state, new_state, \
        policy_version, data, at from journal where case_id = $1 order by at, kind, object, version \
        limit 1000";
    OF_OBJECT = "\
        select pos, kind, object, version, event, person_id, party, case_id, old_state, new_state, \
        policy_version, data, at from journal where kind = $1 and object = $2 order by version \
        limit 1000";
    HEAD = "select last from journal_head where one = 1";
    NUMBER = "\
        update journal set pos = n.pos \
        from (select kind, object, version, $1 + row_number() over (order by at, kind, object, version) \
              as pos from (select kind, object, version, at from journal where pos is null \
                           order by at, kind, object, version limit 1000) as fresh) as n \
        where journal.kind = n.kind and journal.object = n.object and journal.version = n.version";
    ADVANCE = "update journal_head set last = $1 where one = 1";
    UNNUMBERED = "select kind from journal where pos is null limit 1";
}

impl Tx {
    /// Has an entry written with what this unit of work does: at its end, a few entries with each
    /// statement.
    pub(crate) async fn record(&mut self, entry: Entry, at: Timestamp) -> Result<(), Error> {
        self.record_all(vec![entry], at).await
    }

    /// Has entries written with what this unit of work does.
    pub(crate) async fn record_all(
        &mut self,
        entries: Vec<Entry>,
        at: Timestamp,
    ) -> Result<(), Error> {
        debug_assert!(entries.iter().all(Entry::is_known), "an event in no table: {entries:?}");
        let (person, party) = (self.actor.person, self.actor.party.to_string());
        let by = entries.into_iter().map(|entry| Done { entry, person, party: party.clone(), at });
        self.unwritten.extend(by);
        while self.unwritten.len() >= WRITTEN_AT_ONCE {
            let rest = self.unwritten.split_off(WRITTEN_AT_ONCE);
            let full = std::mem::replace(&mut self.unwritten, rest);
            self.write_entries(full).await?;
        }
        Ok(())
    }

    /// Writes the entries that wait, for whoever reads the journal inside this unit of work.
    pub(crate) async fn write_journal(&mut self) -> Result<(), Error> {
        let waiting = std::mem::take(&mut self.unwritten);
        self.write_entries(waiting).await
    }

    async fn write_entries(&mut self, entries: Vec<Done>) -> Result<(), Error> {
        let mut entries = entries.into_iter();
        let Some(Done { entry: first, person, party, at }) = entries.next() else { return Ok(()) };
        let mut query = self
            .query(INSERT)
            .bind(first.kind)
            .bind(first.object)
            .bind(first.version)
            .bind(first.event)
            .bind(person)
            .bind(party)
            .bind(first.case)
            .bind(first.old)
            .bind(first.new)
            .bind(first.policy)
            .bind(first.public)
            .bind(Json(first.data))
            .bind(at);
        for Done { entry, person, party, at } in entries {
            query = query
                .with(", (", entry.kind)
                .with(", ", entry.object)
                .with(", ", entry.version)
                .with(", ", entry.event)
                .with(", ", person)
                .with(", ", party)
                .with(", ", entry.case)
                .with(", ", entry.old)
                .with(", ", entry.new)
                .with(", ", entry.policy)
                .with(", ", entry.public)
                .with(", ", Json(entry.data))
                .with(", ", at)
                .push(")");
        }
        query.soon(Meaning::default().on_duplicate(overtaken)).await
    }

    /// Gives positions to entries that have none, and says to how many; none while another node
    /// is at it.
    pub(crate) async fn number_journal(&mut self) -> Result<u64, Error> {
        let head = self.query(HEAD).pg(" for update skip locked");
        let Some((last,)): Option<(i64,)> = head.optional().await? else { return Ok(0) };
        let numbered = self.query(NUMBER).bind(last).execute().await?;
        if numbered > 0 {
            let last = last + i64::try_from(numbered).unwrap_or(0);
            self.query(ADVANCE).bind(last).execute().await?;
            self.tell().await?;
        }
        Ok(numbered)
    }

    /// Public entries between two positions, in order.
    pub(crate) async fn journal_public_between(
        &mut self,
        after: i64,
        to: i64,
        limit: i64,
    ) -> Result<Vec<Recorded>, Error> {
        let query = self.query(AFTER).bind(after).push(" and public").with(" and pos <= ", to);
        entries(query.with(" order by pos limit ", limit)).await
    }
}

impl Db {
    /// Whether entries wait for their positions.
    pub(crate) async fn has_unnumbered(&self) -> Result<bool, Error> {
        let fresh: Option<(Kind,)> = self.query(UNNUMBERED).optional().await?;
        Ok(fresh.is_some())
    }

    /// The position of the last numbered entry.
    pub(crate) async fn journal_last(&self) -> Result<i64, Error> {
        self.query(HEAD).one::<(i64,)>().await.map(|(last,)| last)
    }

    /// Entries after a position, in order; only public ones, if so asked.
    pub(crate) async fn journal_after(
        &self,
        pos: i64,
        public_only: bool,
        limit: i64,
    ) -> Result<Vec<Recorded>, Error> {
        let query = self.query(AFTER).bind(pos);
        let query = if public_only { query.push(" and public") } else { query };
        entries(query.with(" order by pos limit ", limit)).await
    }

    /// Public entries after a position, in order; only those of a kind, if one is named.
    pub(crate) async fn journal_public_after(
        &self,
        pos: i64,
        kind: Option<Kind>,
        limit: i64,
    ) -> Result<Vec<Recorded>, Error> {
        let query = self.query(AFTER).bind(pos).push(" and public").when(" and kind = ", kind);
        entries(query.with(" order by pos limit ", limit)).await
    }

    /// What happened in a case, oldest first.
    pub(crate) async fn journal_of_case(&self, case: CaseId) -> Result<Vec<Recorded>, Error> {
        entries(self.query(OF_CASE).bind(case)).await
    }

    /// What happened to one thing, oldest first.
    pub(crate) async fn journal_of(
        &self,
        kind: Kind,
        object: &str,
    ) -> Result<Vec<Recorded>, Error> {
        entries(self.query(OF_OBJECT).bind(kind).bind(object)).await
    }
}
