//! What people are told (通知): by their saved searches, of what happens to the things of the
//! parties for which they act, and of deadlines that are near or have passed.
//!
//! Read `event` for who is told of what happens, `due` for deadlines. Both may run on any number of
//! nodes: everybody is told of everything once. Notices are swept after a year.

mod due;
mod event;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Action, Actor, Call, Error, Kind, Market, Page, Paging, Party, Timestamp, feed,
    id::{NoticeId, SavedSearchId},
    store::{begin, retry, text_enum},
};

text_enum! {
    /// Why somebody is told of something.
    pub enum Topic {
        /// It is new, and found by a saved search.
        SavedSearch = "saved_search",
        /// Something happened to it.
        Event = "event",
        /// Somebody has to do something about it within a day.
        DueSoon = "due_soon",
        /// Somebody should have done something about it.
        Overdue = "overdue",
    }
}

/// A notice (通知).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// Why you are told.
    pub topic: Topic,
    /// The saved search, if one found it.
    pub saved_search: Option<SavedSearchId>,
    /// What you call the saved search.
    pub name: Option<String>,
    /// What kind of thing it is about.
    pub kind: Kind,
    /// Its id.
    pub object: Uuid,
    /// What happened, as the journal has it.
    pub event: Option<String>,
    /// Until when something has to be done.
    pub until: Option<Timestamp>,
    /// When you were told.
    pub at: Timestamp,
    /// When it was read, if it was.
    pub read_at: Option<Timestamp>,
}

impl Notice {
    /// Its version: it changes once, when it is read.
    pub const fn version(&self) -> i64 {
        if self.read_at.is_some() { 2 } else { 1 }
    }

    /// What whoever was told may do with it.
    pub fn actions(&self) -> Vec<Action> {
        vec![Action::of("read", Ok(())), Action::of("read_up_to", Ok(()))]
    }
}

/// Which notices are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NoticeFilter {
    /// All of them.
    #[default]
    All,
    /// Those that were not read yet.
    Unread,
}

/// How many notices somebody has not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unread {
    /// How many; of more than 1000, 1000.
    pub unread: i64,
}

/// Whether a person is told of what happens to things of a kind, when they act for a party, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = NoticePreference))]
#[serde(deny_unknown_fields)]
pub struct Preference {
    /// The kind of thing.
    #[cfg_attr(feature = "openapi", schema(schema_with = told_kind))]
    pub kind: Kind,
    /// Whether.
    pub told: bool,
    /// Whether by mail, too, once they have a mailbox; as before, if it is not said.
    #[serde(default)]
    pub mailed: Option<bool>,
}

/// One of [`KINDS`], as the API describes it.
#[cfg(feature = "openapi")]
fn told_kind() -> utoipa::openapi::Object {
    feed::one_of(KINDS)
}

/// The kinds of things of which people are told.
pub const KINDS: &[Kind] = &[
    Kind::Case,
    Kind::Order,
    Kind::EvaluationWindow,
    Kind::Evaluation,
    Kind::Purchase,
    Kind::Registration,
    Kind::Complaint,
    Kind::Document,
    Kind::Agency,
    Kind::Webhook,
];

/// Whether those who have not said otherwise are told: who buys and who sells of all, departments
/// of complaints, appeals and their webhooks, for the rest is their daily work; the operator of nothing.
const fn is_told_by_default(party: &Party, kind: Kind) -> bool {
    match party {
        Party::Applicant(_) | Party::Agency(_) => true,
        Party::Department(_) => {
            matches!(kind, Kind::Complaint | Kind::Evaluation | Kind::Webhook)
        }
        Party::Operator => matches!(kind, Kind::Webhook),
    }
}

/// What somebody is told of, of all kinds: what they said, and else as usual.
fn completed(party: &Party, said: &[Preference]) -> Vec<Preference> {
    let complete = |kind: &Kind| {
        let said = said.iter().find(|one| one.kind == *kind);
        let told = said.map_or_else(|| is_told_by_default(party, *kind), |one| one.told);
        let mailed = said.and_then(|one| one.mailed).unwrap_or(true);
        Preference { kind: *kind, told, mailed: Some(mailed) }
    };
    KINDS.iter().map(complete).collect()
}

/// What people are told.
#[derive(Debug, Clone, Copy)]
pub struct Notices<'a>(pub(crate) &'a Market);

impl Notices<'_> {
    /// The actor's notices, newest first.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: NoticeFilter,
        paging: &Paging,
    ) -> Result<Page<Notice>, Error> {
        self.0.db.notices(actor, filter, paging).await
    }

    /// A notice of the actor's.
    pub async fn get(&self, actor: &Actor, id: NoticeId) -> Result<Notice, Error> {
        self.0.db.notice(actor, id).await?.ok_or(Error::NotFound("notice"))
    }

    /// How many notices the actor has not read.
    pub async fn unread(&self, actor: &Actor) -> Result<Unread, Error> {
        Ok(Unread { unread: self.0.db.count_unread(actor).await? })
    }

    /// Notes that the actor has read a notice; once read, it stays so.
    pub async fn read(&self, call: &Call, id: NoticeId) -> Result<Notice, Error> {
        retry(|| self.read_once(call, id)).await
    }

    async fn read_once(&self, call: &Call, id: NoticeId) -> Result<Notice, Error> {
        let mut tx = begin!(self.0, call, "notices.read", &id);
        let before = tx.notice_for_update(id).await?.ok_or(Error::NotFound("notice"))?;
        if call.expected.is_some_and(|expected| expected != before.version()) {
            return Err(Error::Stale("notice"));
        }
        let notice = tx.read_notice(before).await?;
        tx.finish(notice).await
    }

    /// Notes that the actor has read every notice up to one, and says how many are left.
    pub async fn read_up_to(&self, call: &Call, id: NoticeId) -> Result<Unread, Error> {
        retry(|| async {
            let mut tx = begin!(self.0, call, "notices.read_up_to", &id);
            tx.notice_for_update(id).await?.ok_or(Error::NotFound("notice"))?;
            tx.read_notices_up_to(id).await?;
            let unread = tx.count_unread().await?;
            tx.finish(Unread { unread }).await
        })
        .await
    }

    /// Of what the actor is told.
    pub async fn preferences(&self, actor: &Actor) -> Result<Vec<Preference>, Error> {
        Ok(completed(&actor.party, &self.0.db.preferences(actor).await?))
    }

    /// Says of what the actor is told from now on; kinds that are not named stay as they are.
    pub async fn prefer(
        &self,
        call: &Call,
        given: &[Preference],
    ) -> Result<Vec<Preference>, Error> {
        let kinds: Vec<Kind> = given.iter().map(|one| one.kind).collect();
        let mut faults = Vec::new();
        feed::check_kinds(&kinds, KINDS, |index| format!("/{index}/kind"), &mut faults);
        Error::unless_faultless(faults)?;
        retry(|| async {
            let mut tx = begin!(self.0, call, "notices.prefer", &given);
            for one in given {
                tx.put_preference(*one).await?;
            }
            let said = tx.preferences().await?;
            tx.finish(completed(&call.actor.party, &said)).await
        })
        .await
    }
}
