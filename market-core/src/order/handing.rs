//! How an agency hands a deliverable over, and what is kept of who did.

use serde::{Deserialize, Serialize};

use super::{Order, Orders, sides::side_of, steps::Step};
use crate::{
    Call, Day, Error, Refusal, Timestamp, Uscc,
    agency::{Agency, Practitioner, Qualification},
    code::{LevelCode, QualificationKind},
    id::{OrderId, PractitionerId},
    store::{Tx, begin, retry},
};

/// What an agency hands over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewHandOver {
    /// The number of an uploaded deliverable.
    pub deliverable: i64,
    /// The practitioner who answers for it, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub practitioner: Option<PractitionerId>,
}

/// Who handed a deliverable over, as they were then. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HandedOver {
    /// When.
    pub at: Timestamp,
    /// The agency's registered name.
    pub agency: String,
    /// Its unified social credit code.
    pub uscc: Uscc,
    /// The practitioner who answers for it.
    pub practitioner: Option<Signatory>,
    /// The certificates of the agency that were valid on that day.
    pub certificates: Vec<CertificateThen>,
}

/// A practitioner who answers for a deliverable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Signatory {
    /// Their name.
    pub name: String,
    /// What they are certified for.
    pub specialty: QualificationKind,
    /// The certificate's number.
    pub certificate: String,
    /// The last day it is valid.
    pub valid_until: Day,
}

/// A certificate of an agency, as it was when a deliverable was handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CertificateThen {
    /// Its kind.
    pub kind: QualificationKind,
    /// Its level.
    pub level: LevelCode,
    /// The majors that it carries.
    pub majors: Vec<String>,
    /// The certificate's number.
    pub number: String,
    /// Who issued it.
    pub issuer: String,
    /// The first day it is valid.
    pub valid_from: Day,
    /// The last day it is valid.
    pub valid_until: Day,
}

impl Orders<'_> {
    /// The agency hands over a deliverable that it has uploaded, by its number.
    pub async fn deliver(
        &self,
        call: &Call,
        id: OrderId,
        deliverable: i64,
    ) -> Result<Order, Error> {
        self.hand_over(call, id, NewHandOver { deliverable, practitioner: None }).await
    }

    /// The same, and says which of its practitioners answers for it.
    pub async fn hand_over(
        &self,
        call: &Call,
        id: OrderId,
        new: NewHandOver,
    ) -> Result<Order, Error> {
        retry(|| async {
            let mut tx = begin!(self.0, call, "orders.deliver", &(id, &new));
            let held = tx.hold_order(call, id).await?;
            Step::Deliver.check_side(side_of(&call.actor, &held.order)?)?;
            let moved = held.order.clone().deliver(new.deliverable, &held.clock)?;
            let uploaded = tx.deliverable_sha256(id, new.deliverable).await?;
            let sha256 = uploaded.ok_or(Refusal::NoSuchUpload)?;
            tx.check_clean(&sha256, self.0.files().are_scanned()).await?;
            let by = tx.handed_over_by(&held.order, new.practitioner, moved.order.since).await?;
            tx.keep_handed_over(id, new.deliverable, &by).await?;
            let order = tx.save_move(moved, held).await?;
            tx.finish(order).await
        })
        .await
    }
}

impl Tx {
    /// Who hands a deliverable over, as they are now.
    async fn handed_over_by(
        &mut self,
        order: &Order,
        practitioner: Option<PractitionerId>,
        at: Timestamp,
    ) -> Result<HandedOver, Error> {
        let Agency { id, name, uscc, .. } = self.agency_shared(order.terms.agency_id).await?;
        let valid = self.qualifications(id).await?.into_iter();
        let valid = valid.filter(|one| one.is_valid_on(at.day()));
        let certificates = valid.map(CertificateThen::from).collect();
        let practitioner = match practitioner {
            None => None,
            Some(wanted) => {
                let all = self.practitioners(id).await?;
                let found = all.into_iter().find(|one| one.id == wanted);
                let fit = found.filter(|one| one.valid_until >= at.day());
                Some(fit.ok_or(Refusal::PractitionerUnfit)?.into())
            }
        };
        Ok(HandedOver { at, agency: name, uscc, practitioner, certificates })
    }
}

impl From<Practitioner> for Signatory {
    fn from(one: Practitioner) -> Self {
        let Practitioner { name, specialty, certificate, valid_until, .. } = one;
        Self { name, specialty, certificate, valid_until }
    }
}

impl From<Qualification> for CertificateThen {
    fn from(one: Qualification) -> Self {
        let Qualification { kind, level, majors, number, issuer, valid_from, valid_until, .. } =
            one;
        Self { kind, level, majors, number, issuer, valid_from, valid_until }
    }
}
