//! Approval departments (审批部门).

use serde::{Deserialize, Serialize};

use crate::{
    Action, Actor, Call, Error, Market, Party, Refusal, Timestamp,
    code::{DepartmentCode, RegionCode},
    kernel::authority::{Act, Relation, act},
    sealing::PublicKey,
    store::{begin, retry},
};

pub(crate) mod store;
#[cfg(test)]
mod tests;

/// An approval department (审批部门).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Department {
    /// Its code.
    pub code: DepartmentCode,
    /// Its name.
    pub name: String,
    /// Where it decides.
    pub region: RegionCode,
    /// Its telephone.
    pub phone: String,
    /// Its opening key (开标公钥): opening codes are deposited to it, and the department alone
    /// can open them.
    pub opening_key: Option<PublicKey>,
    /// Grows by one with every change.
    pub version: i64,
    /// When it became what it is.
    pub updated_at: Timestamp,
}

/// What a department is to be. Its opening key is its own business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewDepartment {
    /// Its code.
    pub(crate) code: DepartmentCode,
    /// Its name.
    pub(crate) name: String,
    /// Where it decides.
    pub(crate) region: RegionCode,
    /// Its telephone.
    pub(crate) phone: String,
}

/// How an actor stands to a department: itself, or a stranger.
fn itself(actor: &Actor, code: &DepartmentCode) -> Relation {
    Relation::party_if(matches!(&actor.party, Party::Department(own) if own == code))
}

impl Department {
    /// What an actor may do with it, and why not.
    pub fn actions(&self, actor: &Actor) -> Vec<Action> {
        let may = SET_KEY.allows(actor.role(), itself(actor, &self.code), "");
        vec![Action::of("set_opening_key", may)]
    }

    fn is_just(&self, new: &NewDepartment) -> bool {
        let NewDepartment { code, name, region, phone } = new;
        self.code == *code && self.name == *name && self.region == *region && self.phone == *phone
    }

    /// Refuses a call that expects another version.
    fn expected(&self, version: Option<i64>) -> Result<(), Error> {
        let is_seen = version.is_none_or(|version| version == self.version);
        if is_seen { Ok(()) } else { Err(Error::Stale("department")) }
    }
}

const SET_KEY: Act = act("department.set-opening-key");

/// The approval departments of a market.
#[derive(Debug, Clone, Copy)]
pub struct Departments<'a>(pub(crate) &'a Market);

impl Departments<'_> {
    /// Every department, by code.
    pub async fn list(&self) -> Result<Vec<Department>, Error> {
        self.0.db.departments().await
    }

    /// A department by its code.
    pub async fn get(&self, code: &DepartmentCode) -> Result<Department, Error> {
        self.0.db.department(code).await
    }

    /// Sets a department's opening key; the department itself does. What was deposited to an
    /// earlier key stays with that key. Doing so again changes nothing.
    pub async fn set_opening_key(
        &self,
        call: &Call,
        code: &DepartmentCode,
        key: &PublicKey,
    ) -> Result<Department, Error> {
        SET_KEY.permits(&call.actor, itself(&call.actor, code), "")?;
        retry(|| self.set_opening_key_once(call, code, key)).await
    }

    /// Takes a department's opening key back; the department itself does. Purchases that are handed
    /// in from now on have no deposit. As long as a purchase may have to be opened from a deposit of
    /// the department, the key stays: agencies rely on it that the owner gains nothing by silence.
    /// Another key may be set at any time. Doing so again changes nothing.
    pub async fn clear_opening_key(
        &self,
        call: &Call,
        code: &DepartmentCode,
    ) -> Result<Department, Error> {
        SET_KEY.permits(&call.actor, itself(&call.actor, code), "")?;
        retry(|| self.clear_opening_key_once(call, code)).await
    }

    async fn clear_opening_key_once(
        &self,
        call: &Call,
        code: &DepartmentCode,
    ) -> Result<Department, Error> {
        let mut tx = begin!(self.0, call, "department.clear_opening_key", code);
        // Held from here on, so that no purchase makes a deposit meanwhile.
        let department = tx.department(code).await?.ok_or(Error::NotFound("department"))?;
        department.expected(call.expected)?;
        if department.opening_key.is_some() && tx.has_deposit_in_need(code).await? {
            return Err(Refusal::OpeningKeyNeeded.into());
        }
        let department = tx.clear_opening_key(department).await?;
        tx.finish(department).await
    }

    async fn set_opening_key_once(
        &self,
        call: &Call,
        code: &DepartmentCode,
        key: &PublicKey,
    ) -> Result<Department, Error> {
        let mut tx = begin!(self.0, call, "department.set_opening_key", &(code, key));
        let department = tx.department(code).await?.ok_or(Error::NotFound("department"))?;
        department.expected(call.expected)?;
        let department = tx.set_opening_key(department, key).await?;
        tx.finish(department).await
    }
}
