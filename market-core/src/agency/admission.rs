//! Admission: who may apply, admit, suspend and let go.

use serde::{Deserialize, Serialize};

use super::{
    Agencies, Agency, CHANGE, DISCIPLINE, Details, LEAVE, NewAgency, REVIEW, check,
    state::{AgencyState, Moved},
};
use crate::{
    Call, Day, Error, Fault, Party, PolicyProfile, Refusal,
    account::Role,
    code::RegionCode,
    id::AgencyId,
    kernel::{
        error::named_at,
        text::{check_reason, check_text},
    },
    store::{Tx, begin, retry},
};

/// Why the operator returns an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Rejection {
    /// Each reason by itself.
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::kernel::text::reasons))]
    pub reasons: Vec<String>,
}

/// For how long and why the operator suspends an agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Suspension {
    /// One of the lengths that the region's policy profile knows.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 120))]
    pub months: u32,
    /// Why.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 500))]
    pub reason: String,
}

/// Why an agency leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Leaving {
    /// Why.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 500))]
    pub reason: String,
}

impl Rejection {
    fn check(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if !(1..=20).contains(&self.reasons.len()) {
            faults.push(Fault::new("/reasons", "length", "give 1 to 20 reasons"));
        }
        for (place, reason) in self.reasons.iter().enumerate() {
            check_text(&format!("/reasons/{place}"), reason, 1, 500, &mut faults);
        }
        faults
    }
}

impl Agencies<'_> {
    /// Applies for admission. Whoever applies may act for the new agency from then on.
    pub async fn apply(&self, call: &Call, new: NewAgency) -> Result<Agency, Error> {
        Error::unless_faultless(new.check(self.0.env.now().day()))?;
        retry(|| self.apply_once(call, &new)).await
    }

    async fn apply_once(&self, call: &Call, new: &NewAgency) -> Result<Agency, Error> {
        let mut tx = begin!(self.0, call, "agencies.apply", new);
        let (due, policy) = check_due(&mut tx, &new.region).await?;
        let applied = Agency::apply(AgencyId(self.0.env.id()), new, due, tx.at);
        let agency = tx.insert_agency(applied.by_policy(policy)).await?;
        tx.insert_membership(call.actor.person, &Party::Agency(agency.id), Role::Admin).await?;
        tx.finish(agency).await
    }

    /// Passes the formal check of an application.
    pub async fn admit(&self, call: &Call, id: AgencyId) -> Result<Agency, Error> {
        REVIEW.admits(&call.actor)?;
        retry(|| self.admit_once(call, id)).await
    }

    async fn admit_once(&self, call: &Call, id: AgencyId) -> Result<Agency, Error> {
        let mut tx = begin!(self.0, call, "agencies.admit", &id);
        let agency = tx.agency(id).await?.expected(call)?.applying()?;
        finish(tx, agency.admit()).await
    }

    /// Returns an application with reasons.
    pub async fn reject(
        &self,
        call: &Call,
        id: AgencyId,
        rejection: Rejection,
    ) -> Result<Agency, Error> {
        REVIEW.admits(&call.actor)?;
        Error::unless_faultless(rejection.check())?;
        retry(|| self.reject_once(call, id, &rejection)).await
    }

    async fn reject_once(
        &self,
        call: &Call,
        id: AgencyId,
        rejection: &Rejection,
    ) -> Result<Agency, Error> {
        let mut tx = begin!(self.0, call, "agencies.reject", &(id, rejection));
        let agency = tx.agency(id).await?.expected(call)?.applying()?;
        finish(tx, agency.reject(rejection.reasons.clone())).await
    }

    /// Applies again after a rejection, with other details if need be.
    pub async fn reapply(
        &self,
        call: &Call,
        id: AgencyId,
        details: Details,
    ) -> Result<Agency, Error> {
        check(CHANGE, &call.actor, id)?;
        Error::unless_faultless(details.check(self.0.env.now().day()))?;
        retry(|| self.reapply_once(call, id, &details)).await
    }

    async fn reapply_once(
        &self,
        call: &Call,
        id: AgencyId,
        details: &Details,
    ) -> Result<Agency, Error> {
        let mut tx = begin!(self.0, call, "agencies.reapply", &(id, details));
        let agency = tx.agency(id).await?.expected(call)?.rejected()?;
        let (due, policy) = check_due(&mut tx, &details.region).await?;
        finish(tx, agency.reapply(details.clone(), due).by_policy(policy)).await
    }

    /// Corrects what an agency says of itself, at once; the same again changes nothing.
    pub async fn change(
        &self,
        call: &Call,
        id: AgencyId,
        details: Details,
    ) -> Result<Agency, Error> {
        check(CHANGE, &call.actor, id)?;
        Error::unless_faultless(details.check(self.0.env.now().day()))?;
        retry(|| self.change_once(call, id, &details)).await
    }

    async fn change_once(
        &self,
        call: &Call,
        id: AgencyId,
        details: &Details,
    ) -> Result<Agency, Error> {
        let mut tx = begin!(self.0, call, "agencies.change", &(id, details));
        let agency = tx.agency(id).await?.expected(call)?;
        if agency.details() == *details {
            return tx.finish(agency).await;
        }
        let agency = agency.present()?;
        named_at(tx.region(&details.region).await, "/region")?;
        let declared = &agency.profile.attached_to;
        if declared.is_some() && details.profile.attached_to != *declared {
            let message = "is taken back by the operator alone";
            return Err(Error::invalid("/profile/attached_to", "fixed", message));
        }
        finish(tx, agency.change(details.clone())).await
    }

    /// Keeps an agency from taking new orders for a time; what it has begun, it must finish.
    pub async fn suspend(
        &self,
        call: &Call,
        id: AgencyId,
        suspension: Suspension,
    ) -> Result<Agency, Error> {
        DISCIPLINE.admits(&call.actor)?;
        check_reason(&suspension.reason)?;
        retry(|| self.suspend_once(call, id, &suspension)).await
    }

    async fn suspend_once(
        &self,
        call: &Call,
        id: AgencyId,
        suspension: &Suspension,
    ) -> Result<Agency, Error> {
        let mut tx = begin!(self.0, call, "agencies.suspend", &(id, suspension));
        let agency = tx.agency(id).await?.expected(call)?.admitted()?;
        let today = tx.at.day();
        let policy = policy(&mut tx, &agency.region, today).await?;
        if !policy.suspension_months.contains(&suspension.months) {
            let message = format!("must be one of {:?}", policy.suspension_months);
            return Err(Error::invalid("/months", "ladder", message));
        }
        let until = today.plus_months(suspension.months);
        let suspended = agency.suspend(until, suspension.reason.clone());
        finish(tx, suspended.by_policy(policy.version)).await
    }

    /// Ends a suspension before its time.
    pub async fn reinstate(&self, call: &Call, id: AgencyId) -> Result<Agency, Error> {
        DISCIPLINE.admits(&call.actor)?;
        retry(|| self.reinstate_once(call, id)).await
    }

    async fn reinstate_once(&self, call: &Call, id: AgencyId) -> Result<Agency, Error> {
        let mut tx = begin!(self.0, call, "agencies.reinstate", &id);
        let agency = tx.agency(id).await?.expected(call)?.suspended()?;
        finish(tx, agency.reinstate()).await
    }

    /// Leaves the market for good, with no order open.
    pub async fn leave(
        &self,
        call: &Call,
        id: AgencyId,
        leaving: Leaving,
    ) -> Result<Agency, Error> {
        check(LEAVE, &call.actor, id)?;
        check_reason(&leaving.reason)?;
        retry(|| self.leave_once(call, id, &leaving)).await
    }

    async fn leave_once(
        &self,
        call: &Call,
        id: AgencyId,
        leaving: &Leaving,
    ) -> Result<Agency, Error> {
        let mut tx = begin!(self.0, call, "agencies.leave", &(id, leaving));
        let agency = tx.agency(id).await?.expected(call)?.joined()?;
        if tx.has_open_orders(id).await? {
            return Err(Refusal::AgencyHasOrders.into());
        }
        finish(tx, agency.leave(leaving.reason.clone())).await
    }
}

/// Saves an agency's move, which is the call's answer.
async fn finish(mut tx: Tx, moved: Moved<impl Into<AgencyState>>) -> Result<Agency, Error> {
    let agency = tx.save_agency(moved).await?;
    tx.finish(agency).await
}

/// The policy profile in force in a region.
async fn policy(tx: &mut Tx, region: &RegionCode, day: Day) -> Result<PolicyProfile, Error> {
    let region = named_at(tx.region(region).await, "/region")?;
    tx.policy(&region, day).await
}

/// The last day of a formal check that begins today, and the policy profile that says so.
async fn check_due(tx: &mut Tx, region: &RegionCode) -> Result<(Day, i64), Error> {
    let today = tx.at.day();
    let policy = policy(tx, region, today).await?;
    let due = tx.calendar().await?.after(today, policy.formal_check_days);
    Ok((due, policy.version))
}
