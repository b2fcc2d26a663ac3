//! The national record of intermediary services in approvals (中介服务事项办理信息), for those who
//! supervise and for exchange with the approval platform.
//!
//! A row is a service that a step of a case needs, with what is known of it: who provides it, by
//! what contract, what was handed over and used. What is not known is told as missing and never
//! made up. Read `field` for what a row may hold, `row` for where each value comes from, this file
//! for who may read what, and `store` for how changes are found.
//!
//! Nothing is kept: rows are made of the tables when they are asked for, and the journal says which
//! cases have changed since a position. So a row comes again whenever it may have changed, and
//! whoever keeps the last one of each key has what is true now.

mod field;
mod row;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use self::{field::Field, row::csv};
use self::{row::Facts, store::Place};
use crate::{
    Actor, Cursor, Error, Market, Page, Paging,
    code::{ItemCode, StepKey},
    id::CaseId,
    kernel::{
        authority::{Act, act},
        page::MAX_LIMIT,
    },
};

/// A service that a step of a case needs, as the national record has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceRecord {
    /// What stays the same however often the row comes again.
    pub key: String,
    /// The case.
    pub case_id: CaseId,
    /// The step, whose department uses the deliverable.
    pub step: StepKey,
    /// The service item.
    pub item: ItemCode,
    /// What is known, by field; money is in yuan, days are days in China.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, String>))]
    pub values: BTreeMap<Field, String>,
    /// What should be there by now, and is not known.
    pub missing: Vec<Field>,
    /// What is known, and not for whoever asks.
    pub masked: Vec<Field>,
}

/// Rows that have changed, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceRecords {
    /// All rows of some cases, as they are now.
    pub items: Vec<ServiceRecord>,
    /// Ask for what comes after this next, now or another day.
    pub next: Cursor,
    /// Whether there is more already.
    pub more: bool,
}

/// How often a field is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldCount {
    /// The field …
    pub field: Field,
    /// … and its name in the national record, or here.
    pub name: String,
    /// In how many rows it is missing …
    pub missing: u64,
    /// … of so many in which it should be there by now.
    pub of: u64,
}

/// A row in which something is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Incomplete {
    /// The key of the row.
    pub key: String,
    /// What is missing.
    pub missing: Vec<Field>,
}

/// Whether the rows of some cases have all that they should have by now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Completeness {
    /// How many rows were looked at.
    pub rows: u64,
    /// How many of them lack nothing.
    pub complete: u64,
    /// Every field that should be in some row by now, and how often it is missing.
    pub counts: Vec<FieldCount>,
    /// The rows that lack something.
    pub incomplete: Vec<Incomplete>,
    /// Where the next page of cases begins; none on the last.
    pub next: Option<Cursor>,
}

/// What a field is, for whoever reads rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldNames {
    /// The field.
    pub field: Field,
    /// The column of the national exchange table that it belongs in; none of what only this market
    /// tells.
    pub column: Option<String>,
    /// Its name in Chinese.
    pub zh: String,
    /// What it is, in English.
    pub en: String,
    /// From when on it should be there.
    pub when: String,
}

const LIST: Act = act("record.list");

/// The records of a market.
#[derive(Debug, Clone, Copy)]
pub struct Records<'m>(pub(crate) &'m Market);

impl Records<'_> {
    /// Every field that a row may have, in the order of a sheet's columns.
    pub fn fields(&self) -> Vec<FieldNames> {
        let names = |field: &Field| FieldNames {
            field: *field,
            column: field.column().map(str::to_owned),
            zh: field.zh().to_owned(),
            en: field.en().to_owned(),
            when: field.when().as_str().to_owned(),
        };
        Field::ALL.iter().map(names).collect()
    }

    /// The rows of the cases that have changed since a page before, at most so many cases: of those
    /// that the actor's department takes part in, or of all, for the operator.
    pub async fn changed(&self, actor: &Actor, paging: &Paging) -> Result<ServiceRecords, Error> {
        LIST.admits(actor)?;
        let from = paging.key()?.unwrap_or(Place { pos: 0, told: None });
        self.0.number().await?;
        // Asked first: what is written meanwhile may be missing below, and must not be passed over.
        let last = self.0.db.journal_last().await?;
        let limit = paging.limit.clamp(1, MAX_LIMIT) as usize;
        let (touched, next) = self.touched(actor, from, limit).await?;
        let more = next.is_some();
        let next = next.unwrap_or_else(|| {
            let seen = touched.last().map_or(from.pos, |(pos, _)| *pos);
            Place { pos: seen.max(last), told: None }
        });
        let cases: BTreeSet<CaseId> = touched.into_iter().map(|(_, case)| case).collect();
        let linked = self.0.db.cases_linked_to(&cases).await?;
        let items = self.rows_of(actor, cases.into_iter().chain(linked).collect()).await?;
        Ok(ServiceRecords { items, next: Cursor::after(&next.to_string()), more })
    }

    /// The cases that have changed after a place, in the order of their last changes, and where to
    /// go on if there may be more.
    async fn touched(
        &self,
        actor: &Actor,
        from: Place,
        limit: usize,
    ) -> Result<(Vec<(i64, CaseId)>, Option<Place>), Error> {
        let entries = self.0.db.record_entries(&actor.party, from, limit).await?;
        let mut touched = Vec::new();
        for entry in &entries {
            let Some(agency) = entry.agency()? else {
                touched.extend(entry.case_id.map(|case| (entry.pos, case)));
                if touched.len() == limit {
                    return Ok((touched, Some(Place { pos: entry.pos, told: None })));
                }
                continue;
            };
            // An agency may have served more cases than a page holds.
            let told = from.told.filter(|_| entry.pos == from.pos);
            let room = limit - touched.len();
            let cases = self.0.db.cases_served_by(&actor.party, agency, told, room).await?;
            touched.extend(cases.iter().map(|case| (entry.pos, *case)));
            if cases.len() == room {
                let told = cases.last().copied();
                return Ok((touched, Some(Place { pos: entry.pos, told })));
            }
        }
        let is_full = entries.len() == limit;
        let next = entries.last().filter(|_| is_full);
        Ok((touched, next.map(|entry| Place { pos: entry.pos, told: None })))
    }

    /// Which fields are missing in the rows of a page of cases, the newest case first.
    pub async fn check(&self, actor: &Actor, paging: &Paging) -> Result<Completeness, Error> {
        LIST.admits(actor)?;
        let found = self.0.db.record_cases(&actor.party, paging).await?;
        let Page { items: cases, next } = paging.page(found, CaseId::to_string);
        let rows = self.rows_of(actor, cases.into_iter().collect()).await?;
        Ok(Completeness { next, ..Completeness::of(&rows) })
    }

    /// The rows of cases as they are now, as far as an actor may know of them.
    async fn rows_of(
        &self,
        actor: &Actor,
        cases: BTreeSet<CaseId>,
    ) -> Result<Vec<ServiceRecord>, Error> {
        let mut rows = Vec::new();
        // Cases that were linked come on top of a page, and are few.
        let cases: Vec<CaseId> = cases.into_iter().collect();
        for some in cases.chunks(MAX_LIMIT as usize) {
            let facts = Facts::gather(self.0, some).await?;
            rows.extend(facts.rows(actor));
        }
        Ok(rows)
    }
}

impl Completeness {
    /// What is missing in rows.
    fn of(rows: &[ServiceRecord]) -> Self {
        let mut all = Self::default();
        let mut counts: BTreeMap<Field, (u64, u64)> = BTreeMap::new();
        for row in rows {
            for field in row.values.keys().chain(&row.masked) {
                counts.entry(*field).or_default().1 += 1;
            }
            for field in &row.missing {
                let count = counts.entry(*field).or_default();
                *count = (count.0 + 1, count.1 + 1);
            }
            if !row.missing.is_empty() {
                let (key, missing) = (row.key.clone(), row.missing.clone());
                all.incomplete.push(Incomplete { key, missing });
            }
        }
        let number = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        all.rows = number(rows.len());
        all.complete = all.rows - number(all.incomplete.len());
        let count = |(field, (missing, of)): (Field, (u64, u64))| FieldCount {
            field,
            name: field.zh().to_owned(),
            missing,
            of,
        };
        all.counts = counts.into_iter().map(count).collect();
        all
    }

    /// Adds what was found in other cases.
    pub fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.complete += other.complete;
        self.incomplete.extend(other.incomplete);
        self.next = other.next;
        for count in other.counts {
            match self.counts.iter_mut().find(|one| one.field == count.field) {
                Some(one) => {
                    one.missing += count.missing;
                    one.of += count.of;
                }
                None => self.counts.push(count),
            }
        }
        self.counts.sort_by_key(|one| one.field);
    }
}
