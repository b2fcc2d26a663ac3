//! The opening (开标): the code is given after the list was sealed, quotes are read, the parties'
//! secrets make the seed, and the rule runs.

use serde::{Deserialize, Serialize};

use super::{Failure, GivenNumber, Purchase, Purchases, steps::Moved};
use crate::{
    Actor, Call, Error, Fault, Party, Refusal,
    code::DepartmentCode,
    draw::{Beacon, Bytes32, Commitment, PublicNumber},
    id::PurchaseId,
    kernel::{
        authority::{Act, Relation, act},
        sealing::OpeningCode,
        text::check_text,
    },
    rules::Clock,
    store::{Tx, begin, retry},
};

/// The names of the parties of a draw.
pub(super) const PLATFORM: &str = "platform";
/// The owner, in a draw.
pub(super) const OWNER: &str = "owner";

/// The name of a department, in a draw.
pub(super) fn department_party(code: &DepartmentCode) -> String {
    format!("department:{code}")
}

/// What a party of a draw reveals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewReveal {
    /// The value that was promised: 64 hexadecimal digits.
    pub value: Bytes32,
}

pub(super) const OPEN: Act = act("purchase.open");
pub(super) const BEACON: Act = act("purchase.beacon");
const DEPOSIT: Act = act("purchase.deposit");
const WITNESS: Act = act("purchase.witness");

impl Purchases<'_> {
    /// Gives the opening code, after the close: the owner, or a department that had it from the
    /// deposit. Quotes are opened, and the agency is found as soon as every promise is kept.
    pub async fn open(
        &self,
        call: &Call,
        id: PurchaseId,
        code: &OpeningCode,
    ) -> Result<Purchase, Error> {
        let check = code.check(id);
        retry(|| async {
            let mut tx = begin!(self.0, call, "purchases.open", &(id, &check));
            let (purchase, clock) = tx.purchase_with_case(call, id).await?;
            tx.check_opener(OPEN, call, &purchase).await?;
            let secrets = tx.secrets(id).await?;
            if secrets.code_check != check {
                return Err(Refusal::WrongOpeningCode.into());
            }
            if !tx.give_code(id, code, &call.actor.party).await? {
                return Err(Refusal::AlreadyOpened.into());
            }
            let value = Bytes32(code.draw_value(id));
            tx.reveal(id, OWNER, &value).await?;
            let half = tx.half_of(id, &secrets)?;
            tx.reveal(id, PLATFORM, &Bytes32(half.draw_value(id))).await?;
            let purchase = tx.proceed(purchase, "purchase_opened", &clock).await?;
            tx.finish(purchase).await
        })
        .await
    }

    /// The deposit of the opening code, for the department with whose key it was made.
    pub async fn deposit(&self, actor: &Actor, id: PurchaseId) -> Result<String, Error> {
        let purchase = self.get(Some(actor), id).await?;
        let secrets = self.0.db.secrets(purchase.id).await?;
        let deposit = secrets.and_then(|secrets| secrets.deposit.zip(secrets.deposit_for));
        let is_for =
            |of: &str| matches!(&actor.party, Party::Department(own) if own.as_str() == of);
        let relation = match (&actor.party, &deposit) {
            (Party::Department(_), Some((_, of))) if is_for(of) => Relation::Supervisor,
            _ => purchase.owner(Some(actor)),
        };
        DEPOSIT.permits_of("deposit", actor, relation, purchase.state.stands())?;
        deposit.map(|(deposit, _)| deposit).ok_or(Error::NotFound("deposit"))
    }

    /// The public key to which the quotes of a purchase are sealed.
    pub async fn public_key(&self, actor: Option<&Actor>, id: PurchaseId) -> Result<String, Error> {
        self.get(actor, id).await?;
        self.0.db.public_key(id).await?.ok_or(Error::NotFound("public key"))
    }

    /// What parties have promised for the draw of a purchase; what they reveal is in its proof.
    pub async fn commitments(
        &self,
        actor: Option<&Actor>,
        id: PurchaseId,
    ) -> Result<Vec<Commitment>, Error> {
        self.get(actor, id).await?;
        let promises = self.0.db.promises(id).await?;
        promises.iter().map(super::secret_store::Promise::commitment).collect()
    }

    /// The witnessing department promises a secret of its own, before the close.
    pub async fn commit(
        &self,
        call: &Call,
        id: PurchaseId,
        sha256: Bytes32,
    ) -> Result<Purchase, Error> {
        retry(|| async {
            let mut tx = begin!(self.0, call, "purchases.commit", &(id, sha256));
            let purchase = tx.hold_purchase(id).await?;
            let party = department_party(purchase.witness(&call.actor)?);
            let purchase = purchase.expected(call)?;
            purchase.open_at(tx.at)?;
            if !tx.put_commitment(id, &Commitment { party, sha256 }).await? {
                return Err(Refusal::AlreadyOpened.into());
            }
            tx.finish(purchase).await
        })
        .await
    }

    /// The witnessing department reveals what it promised, after the close.
    pub async fn reveal(
        &self,
        call: &Call,
        id: PurchaseId,
        new: NewReveal,
    ) -> Result<Purchase, Error> {
        retry(|| async {
            let mut tx = begin!(self.0, call, "purchases.reveal", &(id, &new));
            let (purchase, clock) = tx.purchase_with_case(call, id).await?;
            let party = department_party(purchase.witness(&call.actor)?);
            purchase.opening()?;
            let promises = tx.promises(id).await?;
            let promise = promises.iter().find(|one| one.party == party);
            let promise = promise.ok_or(Refusal::NotAParticipant)?.commitment()?;
            if Commitment::to(id, &party, &new.value) != promise {
                return Err(Refusal::RevealMismatch.into());
            }
            if !tx.reveal(id, &party, &new.value).await? {
                return Err(Refusal::AlreadyOpened.into());
            }
            let purchase = tx.proceed(purchase, "secret_revealed", &clock).await?;
            tx.finish(purchase).await
        })
        .await
    }

    /// The public number that the notice named is written down once it is known, by the owner, the
    /// operator or a department of the case; anybody can check it where it was published. It counts
    /// when two of them gave the same. What was named in words alone counts at once.
    pub async fn give_beacon(
        &self,
        call: &Call,
        id: PurchaseId,
        value: &str,
    ) -> Result<Purchase, Error> {
        let mut faults = Vec::new();
        check_text("/value", value, 1, 200, &mut faults);
        Error::unless_faultless(faults)?;
        retry(|| async {
            let mut tx = begin!(self.0, call, "purchases.beacon", &(id, value));
            let (mut purchase, clock) = tx.purchase_with_case(call, id).await?;
            tx.check_opener(BEACON, call, &purchase).await?;
            let is_settled = match purchase.notice.beacon.clone() {
                None => return Err(Refusal::BeaconNotNamed.into()),
                Some(Beacon::Words(_)) => true,
                Some(Beacon::Number(number)) => {
                    if clock.now < number.known_at {
                        return Err(Refusal::BeaconNotKnown.into());
                    }
                    check_value(&number, value)?;
                    let (by, at) = (party_of(&call.actor.party)?, clock.now);
                    if tx.secrets(id).await?.beacon.is_some() {
                        return Err(Refusal::BeaconGiven.into());
                    }
                    purchase.give_number(GivenNumber { by, value: value.to_owned(), at })?
                }
            };
            if is_settled && !tx.give_beacon(id, value).await? {
                return Err(Refusal::BeaconGiven.into());
            }
            let purchase = tx.proceed(purchase, "beacon_given", &clock).await?;
            tx.finish(purchase).await
        })
        .await
    }
}

/// The name of a party that opens a purchase, in a draw.
fn party_of(party: &Party) -> Result<String, Refusal> {
    match party {
        Party::Applicant(_) => Ok(OWNER.to_owned()),
        Party::Operator => Ok(PLATFORM.to_owned()),
        Party::Department(code) => Ok(department_party(code)),
        Party::Agency(_) => Err(Refusal::NotAParticipant),
    }
}

/// Whether a value is written in the one way in which the number is.
fn check_value(number: &PublicNumber, value: &str) -> Result<(), Error> {
    let mut faults = Vec::new();
    if !number.admits(value) {
        let message = format!(
            "must be a decimal number with exactly {} decimals, without blanks, signs but a minus, \
             separators or leading zeros",
            number.decimals
        );
        faults.push(Fault::new("/value", "format", message));
    }
    Error::unless_faultless(faults)
}

impl Purchase {
    /// The department that adds a secret to the draw, if the actor is it.
    fn witness(&self, actor: &Actor) -> Result<&DepartmentCode, Error> {
        let witness = self.notice.witness_department.as_ref();
        let is_it = matches!(&actor.party, Party::Department(code) if witness == Some(code));
        WITNESS.permits(actor, Relation::party_if(is_it), self.state.stands())?;
        Ok(witness.ok_or(Refusal::NotAParticipant)?)
    }
}

impl Tx {
    /// Whether a party may give what an opening waits for, now.
    async fn check_opener(
        &mut self,
        act: Act,
        call: &Call,
        purchase: &Purchase,
    ) -> Result<(), Error> {
        let relation = match &call.actor.party {
            Party::Department(code) => self.matter_of_case(purchase.case_id).await?.relation(code),
            _ => purchase.owner(Some(&call.actor)),
        };
        act.permits(&call.actor, relation, purchase.state.stands())?;
        Ok(purchase.opening().map(drop)?)
    }

    /// Goes on with an opening as far as what was given allows: as long as a promise or the named
    /// number is missing, the purchase waits.
    async fn proceed(
        &mut self,
        purchase: Purchase,
        event: &'static str,
        clock: &Clock,
    ) -> Result<Purchase, Error> {
        let secrets = self.secrets(purchase.id).await?;
        let promises = self.promises(purchase.id).await?;
        let is_complete = secrets.code.is_some()
            && promises.iter().all(|promise| promise.value.is_some())
            && purchase.notice.beacon.is_some() == secrets.beacon.is_some();
        let moved = if is_complete {
            self.select(purchase, clock).await?
        } else {
            purchase.note(event, clock.now)?
        };
        self.save_ended(moved, clock).await
    }

    /// The time of an opening is over: what was given decides, or the purchase fails.
    pub(super) async fn end_opening(
        &mut self,
        purchase: Purchase,
        clock: &Clock,
    ) -> Result<Moved, Error> {
        let secrets = self.secrets(purchase.id).await?;
        if secrets.code.is_none() {
            return Ok(purchase.fail(Failure::NotOpened, clock.now)?);
        }
        let revealed = self.promises(purchase.id).await?;
        let revealed = revealed.iter().filter(|promise| promise.value.is_some()).count();
        let too_few = revealed < self.sealed(purchase.id).await?.min_reveals;
        if too_few || purchase.notice.beacon.is_some() != secrets.beacon.is_some() {
            return Ok(purchase.fail(Failure::TooFewReveals, clock.now)?);
        }
        self.select(purchase, clock).await
    }
}
