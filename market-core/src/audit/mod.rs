//! The audit log (审计日志): the journal as who did what to what when, the newest first. Reads only.
//!
//! Nobody reads of what they could not read there: entries are told to whom the feed tells them
//! (`journal_parties`), and to the operator those of what is nobody else's. Registrations are left
//! out, since nobody may know of them before the quotes are open; so is what people search for. Of
//! an entry its details are left out: they are read at the thing. Who complains is told to nobody.

pub(crate) mod store;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::{
    Actor, Cursor, Day, Error, Kind, Market, Page, Paging, Party, Recorded, Refusal, Timestamp,
    feed::PARTIES,
    id::{CaseId, PersonId},
    kernel::{
        authority::{Act, Reach, Relation, act},
        text::check_text,
    },
};

const LIST: Act = act("audit.list");

/// So many positions of the journal are looked through at once, …
const WINDOW: i64 = 5_000;
/// … and so many times for one page: where nothing was found by then, the next page goes on.
const LOOKS: usize = 20;
/// An entry may be numbered so many seconds later than one that happened after it.
const SLACK: i64 = 3_600;

/// Which entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only of things of this kind.
    pub kind: Option<Kind>,
    /// Only of the thing with this id or code; of the kind, which must be given.
    pub object: Option<String>,
    /// Only what this person did.
    pub person: Option<PersonId>,
    /// Only what was done on this party's behalf.
    pub party: Option<Party>,
    /// Only from this day on.
    pub since: Option<Day>,
    /// Only up to this day.
    pub until: Option<Day>,
}

/// That somebody did something to a thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Its position in the journal.
    pub pos: i64,
    /// When.
    pub at: Timestamp,
    /// What kind of thing changed.
    pub kind: Kind,
    /// Which one: its id or code.
    pub object: String,
    /// The version that the change made.
    pub version: i64,
    /// What happened.
    pub event: String,
    /// Who did it, to the operator; nobody, where that is not for its reader.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// On whose behalf; nobody's, where that is not for its reader.
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
}

impl AuditFilter {
    fn check(&self) -> Result<(), Error> {
        let mut faults = Vec::new();
        if let Some(object) = &self.object {
            check_text("object", object, 1, 100, &mut faults);
            if self.kind.is_none() {
                faults.push(crate::Fault::new("kind", "missing", "must be given with an object"));
            }
        }
        if let (Some(since), Some(until)) = (self.since, self.until)
            && until < since
        {
            faults.push(crate::Fault::new("until", "order", "must not be before since"));
        }
        Error::unless_faultless(faults)
    }
}

/// Who did things, and to what, for those who supervise.
#[derive(Debug, Clone, Copy)]
pub struct Audit<'m>(pub(crate) &'m Market);

impl Audit<'_> {
    /// What happened, newest first: to the operator, everything that it may read of; to a
    /// department, what it takes part in and what is public, without persons. A page may be empty
    /// and not the last.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: &AuditFilter,
        paging: &Paging,
    ) -> Result<Page<AuditEntry>, Error> {
        LIST.admits(actor)?;
        let reach = LIST.permits(actor, Relation::Stranger, "")?;
        filter.check()?;
        if filter.person.is_some() && reach == Reach::Own {
            return Err(Refusal::OperatorOnly.into());
        }
        let db = &self.0.db;
        let noted = db.follower_position(PARTIES).await?;
        // No position is negative.
        let before = paging.key::<u64>()?.map(|before| i64::try_from(before).unwrap_or(i64::MAX));
        let mut top = before.map_or(noted, |before| noted.min(before - 1));
        if let Some(until) = filter.until {
            let end = until.end().plus_seconds(SLACK);
            top = top.min(db.last_entry_until(end, noted).await?);
        }
        let floor = match filter.since {
            Some(since) => {
                db.last_entry_until(since.plus(-1).end().plus_seconds(-SLACK), noted).await?
            }
            None => 0,
        };
        let wanted = usize::try_from(paging.fetch()).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        for _ in 0..LOOKS {
            // Of one thing there are few entries, and an index of them.
            let low = if filter.object.is_some() { floor } else { floor.max(top - WINDOW) };
            let left = i64::try_from(wanted - found.len()).unwrap_or(0);
            found.extend(db.audited(actor, reach, filter, (low, top), left).await?);
            top = low;
            if found.len() >= wanted || top <= floor {
                break;
            }
        }
        let is_full = found.len() >= wanted;
        let mut page = paging.page(found, |entry| entry.pos.to_string());
        if !is_full && top > floor {
            page.next = Some(Cursor::after(&(top + 1).to_string()));
        }
        Ok(page.map(|entry| told(entry, reach, &actor.party)))
    }
}

/// Whether a party is an office, of which it may be known what it does.
const fn is_office(party: &Party) -> bool {
    matches!(party, Party::Operator | Party::Department(_))
}

/// What is told of an entry: who complains, and who owns a purchase or offers something, is not
/// told where it is not for its reader.
fn told(entry: Recorded, reach: Reach, own: &Party) -> AuditEntry {
    let Recorded { pos, at, kind, object, version, event, person, party, .. } = entry;
    let Recorded { case_id, old_state, new_state, policy_version, .. } = entry;
    let shows = party.as_ref().is_some_and(|party| {
        is_office(party)
            || match reach {
                Reach::All => kind != Kind::Complaint,
                Reach::Own => party == own || [Kind::Case, Kind::Order].contains(&kind),
            }
    });
    AuditEntry {
        pos,
        at,
        kind,
        object,
        version,
        event,
        person: person.filter(|_| shows && reach == Reach::All),
        party: party.filter(|_| shows),
        case_id,
        old_state,
        new_state,
        policy_version,
    }
}
