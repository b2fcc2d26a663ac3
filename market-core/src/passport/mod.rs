//! The passport of a deliverable (成果护照): a file, signed by the market, that says which file it
//! is, in which version, who handed it over with which certificates, for which order, and which
//! departments have used it. Anybody can check it without the market; `docs/passport.md` has every
//! byte.

mod reading;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::reading::NotAPassport;
use crate::{
    Actor, Day, Error, Market, Timestamp,
    code::{DepartmentCode, ItemCode, MatterCode, RegionCode},
    draw::canonical,
    id::{OrderId, PurchaseId},
    order::{AnyState, Deliverable, HandedOver, Order, Use},
};

/// What every passport of this kind begins with, and what is signed with it.
pub const FORMAT: &str = "market-passport-v1";

/// A passport.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Passport {
    /// Which kind of passport it is: `market-passport-v1`.
    pub format: String,
    /// The market that signs it, as it publishes.
    pub market: String,
    /// The file.
    pub deliverable: PassportFile,
    /// Every version that was uploaded until then, itself at the end.
    pub versions: Vec<PassportVersion>,
    /// Who handed it over, as they were then; nothing of one that is not handed over, or was before
    /// this was kept.
    pub handed_over: Option<HandedOver>,
    /// The order that it was made for.
    pub order: PassportOrder,
    /// The day on which the applicant accepted it.
    pub accepted_on: Option<Day>,
    /// The departments that need it, and when each used it.
    pub uses: Vec<PassportUse>,
    /// When what it says became so: the last change of the order.
    pub as_of: Timestamp,
    /// The public part of the key that signs it: `whpk_` and 32 bytes (Ed25519).
    pub key: String,
    /// The signature, in base64.
    pub signature: String,
}

/// The file of a passport.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PassportFile {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size, in bytes.
    pub size: i64,
    /// The SHA-256 of its content, in lower-case hexadecimal.
    pub sha256: String,
}

/// A version of a deliverable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PassportVersion {
    /// Its number within the order, from 1.
    pub number: i64,
    /// The SHA-256 of its content.
    pub sha256: String,
    /// When it was uploaded.
    pub uploaded_at: Timestamp,
    /// When it was handed over, if it was and that is known.
    pub handed_over_at: Option<Timestamp>,
}

/// The order that a deliverable was made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PassportOrder {
    /// Its id.
    pub id: OrderId,
    /// The version of the order that the passport tells of.
    pub version: i64,
    /// The name of its state.
    pub state: String,
    /// The service item …
    pub item: ItemCode,
    /// … as of this version …
    pub item_version: i64,
    /// … and its name.
    pub item_name: String,
    /// The matter for whose approvals it was made …
    pub matter: MatterCode,
    /// … as of this version.
    pub matter_version: i64,
    /// The region.
    pub region: RegionCode,
    /// The purchase that awarded it, unless a listing was bought.
    pub purchase_id: Option<PurchaseId>,
    /// The number of the contract.
    pub contract: Option<String>,
    /// When it was placed.
    pub placed_at: Timestamp,
}

/// A department that needs a deliverable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PassportUse {
    /// The department …
    pub department: DepartmentCode,
    /// … and its name.
    pub name: String,
    /// When it used it, if it has.
    pub used_at: Option<Timestamp>,
}

/// The largest file that is read as a passport, in bytes.
pub const MAX_PASSPORT: u64 = 256 << 10;

/// How often a passport is drawn up again because its order moved on meanwhile.
const TRIES: u32 = 8;

/// The passports of a market.
#[derive(Debug, Clone, Copy)]
pub struct Passports<'m>(pub(crate) &'m Market);

impl Passports<'_> {
    /// The passport of a deliverable that the actor may read, as it is now. Of the same version of
    /// an order it is always the same, byte for byte, as long as the market has the same key, and
    /// it and the departments have the same names.
    pub async fn of(&self, actor: &Actor, order: OrderId, number: i64) -> Result<Passport, Error> {
        let mut tries = 0;
        loop {
            let passport = self.of_now(actor, order, number).await?;
            // What the order went through meanwhile would stand beside what it was.
            if self.0.orders().get(actor, order).await?.version == passport.order.version {
                return Ok(passport);
            }
            tries += 1;
            if tries == TRIES {
                return Err(Error::Busy);
            }
        }
    }

    /// Reads a passport that somebody has, for anybody, and says why it is none of this market's if
    /// it is not: its own keys count, those that sign no more, too.
    pub async fn verify(&self, bytes: &[u8]) -> Result<Result<Passport, NotAPassport>, Error> {
        let passport = match Passport::from_bytes(bytes) {
            Ok(passport) => passport,
            Err(why) => return Ok(Err(why)),
        };
        let keys = self.0.signing().keys().await?;
        let keys: Vec<String> = keys.into_iter().map(|key| key.public_key).collect();
        Ok(passport.is_signed_by(&keys).map(|()| passport))
    }

    async fn of_now(&self, actor: &Actor, order: OrderId, number: i64) -> Result<Passport, Error> {
        let order = self.0.orders().get(actor, order).await?;
        let versions = self.0.deliverables().versions(actor, order.id, number).await?;
        let this = versions.last().ok_or(Error::NotFound("deliverable"))?;
        let (accepted_on, uses) = accepted(&order, number);
        let mut told = Vec::with_capacity(uses.len());
        for Use { department, at, .. } in uses {
            let name = self.0.departments().get(department).await?.name;
            told.push(PassportUse { department: department.clone(), name, used_at: *at });
        }
        let key = self.0.signing().newest().await?;
        let mut passport = Passport {
            format: FORMAT.to_owned(),
            market: self.0.publisher.name.clone(),
            deliverable: PassportFile {
                name: this.name.clone(),
                media_type: this.media_type.clone(),
                size: this.size,
                sha256: this.sha256.clone(),
            },
            versions: versions.iter().map(PassportVersion::from).collect(),
            handed_over: this.handed_over.clone(),
            order: self.order(&order).await?,
            accepted_on,
            uses: told,
            as_of: order.updated_at,
            key: key.public(),
            signature: String::new(),
        };
        passport.signature = key.sign(&passport.signed()?);
        Ok(passport)
    }

    async fn order(&self, order: &Order) -> Result<PassportOrder, Error> {
        let terms = &order.terms;
        let item = self.0.catalog().item_version(&terms.item, terms.item_version).await?;
        let case = self.0.db.case(terms.case_id).await?;
        Ok(PassportOrder {
            id: order.id,
            version: order.version,
            state: order.state.name().to_owned(),
            item: terms.item.clone(),
            item_version: terms.item_version,
            item_name: item.name,
            matter: case.matter,
            matter_version: case.matter_version,
            region: case.region,
            purchase_id: terms.purchase_id,
            contract: order.state.contract().map(|contract| contract.number.clone()),
            placed_at: order.placed_at,
        })
    }
}

/// When a deliverable was accepted, and which departments use it: of one that was mended, nothing.
fn accepted(order: &Order, number: i64) -> (Option<Day>, &[Use]) {
    match &order.state {
        AnyState::SignedOff(state) if state.deliverable == number => {
            (Some(state.accepted_on), &state.uses)
        }
        AnyState::Completed(state) if state.deliverable == number => {
            (Some(state.accepted_on), &state.uses)
        }
        _ => (None, &[]),
    }
}

impl From<&Deliverable> for PassportVersion {
    fn from(one: &Deliverable) -> Self {
        Self {
            number: one.number,
            sha256: one.sha256.clone(),
            uploaded_at: one.uploaded_at,
            handed_over_at: one.handed_over.as_ref().map(|handed_over| handed_over.at),
        }
    }
}

impl Passport {
    /// The bytes of its file: canonical JSON (RFC 8785).
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        canonical(self).map_err(|_| Error::Inconsistent("passport"))
    }

    /// What is signed: its kind, and the file without the signature.
    fn signed(&self) -> Result<Vec<u8>, Error> {
        let bytes = Self { signature: String::new(), ..self.clone() }.to_bytes()?;
        Ok([FORMAT.as_bytes(), b".", &bytes].concat())
    }
}
