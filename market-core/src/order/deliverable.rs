//! Deliverables (服务成果): the files that an agency hands over, kept under their digests.

use std::ops::Range;

use bytes::Bytes;
use futures::Stream;
use serde::{Deserialize, Serialize};

use super::{AnyState, HandedOver, Order, sides::side_of, steps::Step};
use crate::{
    Actor, Call, Error, Fault, Intent, Market, Refusal, Timestamp,
    file::{Received, ScanState},
    id::{DeliverableId, OrderId, PersonId},
    kernel::{
        authority::{Act, Relation, act},
        text::check_text,
    },
    store::{begin, retry},
};

/// A deliverable (服务成果): one version of what an order hands over. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Deliverable {
    /// Its id.
    pub id: DeliverableId,
    /// The order that it belongs to.
    pub order_id: OrderId,
    /// Its number within the order, from 1.
    pub number: i64,
    /// The file's name.
    pub name: String,
    /// The file's media type.
    pub media_type: String,
    /// The file's size, in bytes.
    pub size: i64,
    /// The SHA-256 of the content, in lower-case hexadecimal.
    pub sha256: String,
    /// Who uploaded it.
    pub uploaded_by: PersonId,
    /// When.
    pub uploaded_at: Timestamp,
    /// Who handed it over, as they were then; nothing of one that was not, or was before this was
    /// kept.
    pub handed_over: Option<HandedOver>,
    /// Whether it was scanned, and what came of it; nothing where files were never scanned.
    pub scan: Option<ScanState>,
}

/// What an agency says of a file that it uploads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewDeliverable {
    /// The file's name, 1 to 200 characters, without a path.
    pub name: String,
    /// The file's media type.
    pub media_type: String,
    /// The SHA-256 that the content must have, in lower-case hexadecimal.
    pub sha256: String,
}

impl NewDeliverable {
    fn check(&self) -> Result<(), Error> {
        let mut faults = Vec::new();
        check_text("/name", &self.name, 1, 200, &mut faults);
        if self.name.contains(['/', '\\']) || self.name.starts_with('.') {
            faults.push(Fault::new("/name", "path", "a file name without a path"));
        }
        check_text("/media_type", &self.media_type, 3, 100, &mut faults);
        let is_type = |c: char| c.is_ascii_alphanumeric() || "/.+-;= ".contains(c);
        if !self.media_type.chars().all(is_type) || !self.media_type.contains('/') {
            faults.push(Fault::new("/media_type", "media-type", "such as application/pdf"));
        }
        let is_digest = self.sha256.len() == 64
            && self.sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !is_digest {
            faults.push(Fault::new("/sha256", "digest", "64 lower-case hexadecimal digits"));
        }
        Error::unless_faultless(faults)
    }
}

const READ: Act = act("deliverable.read");

/// The deliverables of a market.
#[derive(Debug, Clone, Copy)]
pub struct Deliverables<'m>(pub(crate) &'m Market);

impl Deliverables<'_> {
    /// Keeps a file for an order in service. It counts once it is handed over
    /// ([`super::Orders::deliver`]).
    pub async fn upload(
        &self,
        call: &Call,
        order: OrderId,
        new: NewDeliverable,
        content: Bytes,
    ) -> Result<Deliverable, Error> {
        let limit = self.limit(&call.actor, order).await?;
        let file = self.0.files().take(content, limit).await?;
        self.take(call, order, new, &file).await
    }

    /// The same with a file that was received.
    pub async fn take(
        &self,
        call: &Call,
        order: OrderId,
        new: NewDeliverable,
        file: &Received,
    ) -> Result<Deliverable, Error> {
        new.check()?;
        let limit = self.limit(&call.actor, order).await?;
        file.check_filled()?;
        if file.size() > limit {
            return Err(Error::FileTooLarge(limit));
        }
        if file.sha256() != new.sha256 {
            return Err(Refusal::DigestMismatch.into());
        }
        let media_type = self.0.files().inspect(file, &new.name, &new.media_type).await?;
        if call.intent == Intent::Do {
            self.0.files().keep(file).await?;
        }
        let kept = retry(|| self.record(call, order, &new, &media_type, file.size())).await?;
        if call.intent == Intent::Do {
            self.0.files().keep_still(file).await?;
        }
        Ok(kept)
    }

    /// The largest file that may be uploaded to an order now, in bytes.
    pub async fn limit(&self, actor: &Actor, order: OrderId) -> Result<u64, Error> {
        let order = self.0.db.order(order).await?;
        check_uploader(actor, &order)?;
        let case = self.0.db.case(order.terms.case_id).await?;
        let region = self.0.db.region(&case.region).await?;
        let clock = self.0.db.clock(&region, self.0.env.now()).await?;
        Ok(clock.policy.deliverable_max_bytes)
    }

    async fn record(
        &self,
        call: &Call,
        order: OrderId,
        new: &NewDeliverable,
        media_type: &str,
        size: u64,
    ) -> Result<Deliverable, Error> {
        let mut tx = begin!(self.0, call, "deliverables.upload", &(order, new));
        let held = tx.hold_order(call, order).await?;
        check_uploader(&call.actor, &held.order)?;
        let last = tx.last_deliverable(order).await?;
        if last >= i64::from(self.0.file_rules.per_order) {
            return Err(Refusal::TooManyUploads.into());
        }
        let deliverable = Deliverable {
            id: DeliverableId(self.0.env.id()),
            order_id: order,
            number: last + 1,
            name: new.name.clone(),
            media_type: media_type.to_owned(),
            size: i64::try_from(size).unwrap_or(i64::MAX),
            sha256: new.sha256.clone(),
            uploaded_by: call.actor.person,
            uploaded_at: held.clock.now,
            handed_over: None,
            scan: tx.scan_of_new(&new.sha256, self.0.files().are_scanned()).await?,
        };
        tx.insert_deliverable(&deliverable, &held.order).await?;
        tx.finish(deliverable).await
    }

    /// The deliverables of an order that the actor may see, oldest first.
    pub async fn list(&self, actor: &Actor, order: OrderId) -> Result<Vec<Deliverable>, Error> {
        let order = self.0.orders().get(actor, order).await?;
        let all = self.0.db.deliverables(order.id).await?;
        Ok(all.into_iter().filter(|one| may_read(actor, &order, one.number)).collect())
    }

    /// A deliverable that the actor may see.
    pub async fn get(
        &self,
        actor: &Actor,
        order: OrderId,
        number: i64,
    ) -> Result<Deliverable, Error> {
        let found = self.list(actor, order).await?.into_iter().find(|one| one.number == number);
        found.ok_or(Error::NotFound("deliverable"))
    }

    /// A deliverable that the actor may see, after every version that came before it.
    pub(crate) async fn versions(
        &self,
        actor: &Actor,
        order: OrderId,
        number: i64,
    ) -> Result<Vec<Deliverable>, Error> {
        self.get(actor, order, number).await?;
        let all = self.0.db.deliverables(order).await?;
        Ok(all.into_iter().filter(|one| one.number <= number).collect())
    }

    /// The content of a deliverable that the actor was given, or a part of it.
    pub async fn content(
        &self,
        deliverable: &Deliverable,
        range: Option<Range<u64>>,
    ) -> Result<impl Stream<Item = Result<Bytes, Error>> + Send + use<>, Error> {
        self.0.files().check_clean(&deliverable.sha256).await?;
        self.0.files().content(&deliverable.sha256, range).await
    }
}

/// Only the order's agency uploads, while it works.
fn check_uploader(actor: &Actor, order: &Order) -> Result<(), Error> {
    Step::Upload.check_side(side_of(actor, order)?)?;
    Ok(order.check_uploadable()?)
}

/// The agency sees what it uploads, the applicant what was handed over, the departments of the
/// case what the applicant has accepted.
fn may_read(actor: &Actor, order: &Order, number: i64) -> bool {
    let is_accepted = matches!(order.state, AnyState::SignedOff(_) | AnyState::Completed(_));
    let stands = match order.state.handed_over() {
        Some(last) if is_accepted && number == last => "accepted",
        Some(last) if number <= last => "handed_over",
        _ => "uploaded",
    };
    READ.permits(actor, Relation::Party, stands).is_ok()
}
