//! What people are told.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Action, Actor, Call, Error, Kind, Market, Page, Paging, Timestamp,
    id::{NoticeId, SavedSearchId},
    store::{begin, retry},
};

/// A notice (通知): something new is found by a saved search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// The saved search.
    pub saved_search: SavedSearchId,
    /// What its owner calls the saved search.
    pub name: String,
    /// What is new: `agency`, `listing` or `purchase`.
    pub kind: Kind,
    /// Its id.
    pub object: Uuid,
    /// When its owner was told.
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
        vec![Action::of("read", Ok(()))]
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
}
