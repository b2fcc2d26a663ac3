//! What agencies do in a purchase: ask whether they may take part, register, quote, withdraw, and
//! confirm or decline an award.

use serde::{Deserialize, Serialize};

use super::{
    Purchase, Purchases, Registration, RegistrationEligibility, RegistrationState,
    eligibility::{Asked, Entrant},
    proof::quote_text,
    registration::Enclosed,
};
use crate::{
    Actor, Call, Error, Fault, Mode, Page, Paging, Refusal, Timestamp,
    draw::{Bytes32, quote_commitment},
    id::{AgencyId, PractitionerId, PurchaseId, RegistrationId},
    kernel::{
        authority::{Act, Reach, act},
        sealing,
        text::check_lines,
    },
    rules::Clock,
    selection::Quote,
    store::{Tx, begin, retry},
};

/// An agency's registration, as it is made or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewRegistration {
    /// The practitioners who would do the work, up to 100.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub practitioners: Vec<PractitionerId>,
}

/// A quote on its way into its envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewQuote {
    /// What the agency asks.
    pub quote: Quote,
    /// How it would do the work, where plans are compared: 1 to 4000 characters.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 4000))]
    pub plan: Option<String>,
    /// 64 random hexadecimal digits of the agency's own. With them it can prove what it quoted;
    /// without them nobody can guess it from the commitment.
    pub nonce: Bytes32,
}

/// What an agency keeps of its quote, together with what it sent: see [`super::receipt`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuoteReceipt {
    /// The purchase.
    pub purchase_id: PurchaseId,
    /// Its registration.
    pub registration_id: RegistrationId,
    /// The round that it was made in.
    pub round: u32,
    /// What it is bound to by: the digest of registration, quote and nonce.
    pub commitment: String,
    /// When it came in.
    pub at: Timestamp,
}

/// In which context the envelope of a quote opens.
pub(super) fn context(purchase: PurchaseId, registration: RegistrationId, round: u32) -> String {
    format!("{purchase} {registration} {round}")
}

/// To ask whether to take part, to register, and to ask questions.
pub(super) const ENTER: Act = act("purchase.enter");
pub(super) const QUOTE: Act = act("registration.change");
const SHOW: Act = act("registration.show");
const LIST: Act = act("registration.list");
const LIST_OWN: Act = act("registration.list-own");

/// The most practitioners that a registration names.
const MOST_PRACTITIONERS: usize = 100;

impl Purchases<'_> {
    /// Whether the actor's agency may take part, and every reason why not, as things stand now.
    pub async fn eligibility(
        &self,
        actor: &Actor,
        id: PurchaseId,
    ) -> Result<RegistrationEligibility, Error> {
        ENTER.admits(actor)?;
        let agency_id = actor.agency()?;
        self.get(Some(actor), id).await?;
        let mut tx = self.0.work_as(actor).await?;
        let purchase = tx.purchase(id).await?;
        tx.settle_time().await?;
        let clock = tx.clock_of_purchase(&purchase).await?;
        let entrant = tx.entrant(agency_id).await?;
        let reasons = tx.reasons_against(&purchase, &entrant, None, &clock).await?;
        tx.finish(()).await?;
        let eligible = reasons.is_empty();
        Ok(RegistrationEligibility { purchase_id: id, agency_id, eligible, reasons })
    }

    /// Registers the actor's agency, or changes whom it names. An agency that withdrew may register
    /// again while registration is open.
    pub async fn register(
        &self,
        call: &Call,
        id: PurchaseId,
        new: NewRegistration,
    ) -> Result<Registration, Error> {
        if new.practitioners.len() > MOST_PRACTITIONERS {
            let message = format!("must be {MOST_PRACTITIONERS} at most");
            return Err(Error::invalid("/practitioners", "length", message));
        }
        retry(|| async {
            ENTER.admits(&call.actor)?;
            let agency_id = call.actor.agency()?;
            let mut tx = begin!(self.0, call, "purchases.register", &(id, &new));
            let purchase = tx.hold_purchase(id).await?;
            purchase.permits(ENTER, &call.actor)?;
            purchase.open_at(tx.at)?;
            let clock = tx.clock_of_purchase(&purchase).await?;
            let entrant = tx.entrant(agency_id).await?;
            let named = Some(new.practitioners.as_slice());
            let reasons = tx.reasons_against(&purchase, &entrant, named, &clock).await?;
            if !reasons.is_empty() {
                return Err(Error::Ineligible(reasons));
            }
            let before = tx.registration_of(id, agency_id).await?;
            let registration = if let Some(before) = before {
                tx.renew_registration(call, before, &new, &clock).await?
            } else if call.expected.is_some() {
                return Err(Error::Stale("registration"));
            } else {
                let fresh = RegistrationId(self.0.env.id());
                tx.insert_registration(fresh, id, agency_id, &new, &clock).await?
            };
            tx.finish(registration).await
        })
        .await
    }

    /// Withdraws the registration of the actor's agency: it is not on the list, and its quote is
    /// never opened.
    pub async fn withdraw(&self, call: &Call, id: PurchaseId) -> Result<Registration, Error> {
        retry(|| async {
            QUOTE.admits(&call.actor)?;
            let agency_id = call.actor.agency()?;
            let mut tx = begin!(self.0, call, "purchases.withdraw", &id);
            let purchase = tx.hold_purchase(id).await?.known()?;
            purchase.open_at(tx.at)?;
            let clock = tx.clock_of_purchase(&purchase).await?;
            let before = tx.registration_of(id, agency_id).await?.registered()?;
            let before = before.expected(call)?;
            let withdrawn = RegistrationState::Withdrawn;
            let event = "registration_withdrawn";
            let saved = tx.move_registration(before, withdrawn, event, &clock).await?;
            tx.finish(saved).await
        })
        .await
    }

    /// Quotes, or replaces the agency's quote, before the close; in a round, quotes again.
    ///
    /// The quote is sealed before it is written down. Neither it nor its nonce is in the receipt,
    /// since the receipt is kept under the call's key.
    pub async fn quote(
        &self,
        call: &Call,
        id: PurchaseId,
        new: NewQuote,
    ) -> Result<QuoteReceipt, Error> {
        retry(|| self.quote_once(call, id, &new)).await
    }

    async fn quote_once(
        &self,
        call: &Call,
        id: PurchaseId,
        new: &NewQuote,
    ) -> Result<QuoteReceipt, Error> {
        QUOTE.admits(&call.actor)?;
        let agency_id = call.actor.agency()?;
        let mut tx = begin!(self.0, call, "purchases.quote", &(id, new));
        let purchase = tx.hold_purchase(id).await?.known()?;
        if !purchase.notice.mode.wants_quotes() {
            return Err(Refusal::QuoteNotWanted.into());
        }
        let round = purchase.round_at(tx.at)?;
        new.check(&purchase)?;
        let registration = match round {
            0 => tx.registration_of(id, agency_id).await?.registered()?,
            _ => tx.registration_of(id, agency_id).await?.listed()?,
        };
        let registration = registration.expected(call)?;
        if round > 0 {
            tx.check_round(&purchase, &registration, round, new.quote).await?;
        }
        let key = tx.public_key_of(id).await?;
        let NewQuote { quote, plan, nonce } = new.clone();
        let text = quote_text(quote, plan.as_deref());
        let commitment = quote_commitment(registration.id, &text, &nonce).to_string();
        let enclosed = Enclosed { quote, plan, nonce };
        let enclosed = serde_json::to_vec(&enclosed).map_err(|_| Error::Inconsistent("quote"))?;
        let context = context(id, registration.id, round);
        let sealed = sealing::seal(&key, &context, &enclosed, &self.0.env)?;
        let at = tx.at;
        tx.put_quote(&registration, round, &sealed, &commitment).await?;
        let registration_id = registration.id;
        let receipt = QuoteReceipt { purchase_id: id, registration_id, round, commitment, at };
        tx.finish(receipt).await
    }

    /// The registration of the actor's agency in a purchase.
    pub async fn own_registration(
        &self,
        actor: &Actor,
        id: PurchaseId,
    ) -> Result<Registration, Error> {
        SHOW.admits(actor)?;
        let agency_id = actor.agency()?;
        self.get(Some(actor), id).await?;
        let found = self.0.db.registration_of(id, agency_id).await?;
        found.ok_or(Error::NotFound("registration"))
    }

    /// The registrations of the actor's agency, newest first.
    pub async fn own_registrations(
        &self,
        actor: &Actor,
        paging: &Paging,
    ) -> Result<Page<Registration>, Error> {
        LIST_OWN.admits(actor)?;
        let agency_id = actor.agency()?;
        let found = self.0.db.registrations_of_agency(agency_id, paging).await?;
        Ok(paging.page(found, |registration| registration.id.to_string()))
    }

    /// Who registered, with their quotes, for those who may know: nobody before the quotes are
    /// open, then the owner, the operator and departments of the case; an agency its own alone.
    pub async fn registrations(
        &self,
        actor: &Actor,
        id: PurchaseId,
    ) -> Result<Vec<Registration>, Error> {
        let purchase = self.get(Some(actor), id).await?;
        let relation = self.0.db.relation_to(actor, &purchase).await?;
        match LIST.permits(actor, relation, purchase.state.stands())? {
            Reach::Own => Ok(vec![self.own_registration(actor, id).await?]),
            Reach::All if !purchase.is_opened() => Err(Refusal::PurchaseNotOpening.into()),
            Reach::All => self.0.db.registrations(id).await,
        }
    }
}

impl NewQuote {
    /// Whether it keeps the limits of the notice, and has a plan just where plans are compared.
    fn check(&self, purchase: &Purchase) -> Result<(), Error> {
        let mut faults = Vec::new();
        if let Some(limits) = purchase.notice.price.limits()
            && let Err(off) = self.quote.check(&limits)
        {
            faults.push(Fault::new("/quote", off.code(), off.to_string()));
        }
        match (&self.plan, purchase.notice.mode.is_scored()) {
            (Some(plan), true) => check_lines("/plan", plan, 1, 4000, &mut faults),
            (None, true) => faults.push(Fault::new("/plan", "missing", "this mode needs a plan")),
            (Some(_), false) => {
                faults.push(Fault::new("/plan", "mode", "this mode has no use for a plan"));
            }
            (None, false) => {}
        }
        Error::unless_faultless(faults)
    }
}

/// A registration that is there, in the state that a step starts from.
pub(super) trait Narrow {
    /// One that takes part, before the close.
    fn registered(self) -> Result<Registration, Refusal>;
    /// One on the sealed list.
    fn listed(self) -> Result<Registration, Refusal>;
}

impl Narrow for Option<Registration> {
    fn registered(self) -> Result<Registration, Refusal> {
        let is_registered = |one: &Registration| one.state == RegistrationState::Registered;
        self.filter(is_registered).ok_or(Refusal::NotRegistered)
    }

    fn listed(self) -> Result<Registration, Refusal> {
        let is_listed = |one: &Registration| one.state == RegistrationState::Listed;
        self.filter(is_listed).ok_or(Refusal::NotRegistered)
    }
}

impl Registration {
    /// The registration, unless the call expects another version of it.
    pub(super) fn expected(self, call: &Call) -> Result<Self, Error> {
        match call.expected {
            Some(version) if version != self.version => Err(Error::Stale("registration")),
            _ => Ok(self),
        }
    }
}

impl Purchase {
    /// The purchase, unless the call expects another version of it.
    pub(super) fn expected(self, call: &Call) -> Result<Self, Error> {
        match call.expected {
            Some(version) if version != self.version => Err(Error::Stale("purchase")),
            _ => Ok(self),
        }
    }

    /// The purchase, if it is published: to agencies another one is not there.
    pub(super) fn known(self) -> Result<Self, Error> {
        if self.state.is_public() { Ok(self) } else { Err(Error::NotFound("purchase")) }
    }

    /// In which round a quote that comes at a time is made.
    pub(super) fn round_at(&self, now: Timestamp) -> Result<u32, Refusal> {
        match self.rounds() {
            Ok(rounds) if now < rounds.until => Ok(rounds.round),
            Ok(_) => Err(Refusal::RegistrationClosed),
            Err(_) => self.open_at(now).map(|_| 0),
        }
    }

    /// Whether the quotes are open, so that its owner may read who registered.
    pub(super) fn is_opened(&self) -> bool {
        use super::PurchaseState::{
            Awarded, Choosing, Failed, Ordered, Publicity, Rounds, Suspended,
        };
        matches!(
            self.state,
            Rounds(_)
                | Choosing(_)
                | Publicity(_)
                | Suspended(_)
                | Awarded(_)
                | Ordered(_)
                | Failed(_)
        )
    }
}

impl Tx {
    /// An agency with what decides whether it may take part.
    pub(super) async fn entrant(&mut self, agency: AgencyId) -> Result<Entrant, Error> {
        let found = self.agency(agency).await?;
        Ok(Entrant {
            agency: found.as_of(self.at.day()),
            qualifications: self.qualifications(agency).await?,
            practitioners: self.practitioners(agency).await?,
        })
    }

    /// Every reason against an agency's taking part.
    pub(super) async fn reasons_against(
        &mut self,
        purchase: &Purchase,
        entrant: &Entrant,
        named: Option<&[PractitionerId]>,
        clock: &Clock,
    ) -> Result<Vec<crate::Reason>, Error> {
        let item = self.service_item_version(&purchase.item, purchase.item_version).await?;
        let types = self.qualification_types().await?;
        let matter = self.matter_of_case(purchase.case_id).await?;
        let owner = self.applicant(purchase.applicant_id).await?.uscc;
        let owner = owner.as_ref();
        let asked = Asked { purchase, item: &item, types: &types, matter: &matter, owner, clock };
        Ok(asked.reasons(entrant, named))
    }

    /// Whether an agency may quote in a round: below its last quote, and in the first half of a
    /// round of negotiation only once the owner has replied. Whom the owner passes over has the
    /// second half.
    async fn check_round(
        &mut self,
        purchase: &Purchase,
        registration: &Registration,
        round: u32,
        quote: Quote,
    ) -> Result<(), Error> {
        let waits_for_reply = purchase.notice.mode == Mode::Negotiation
            && self.at < purchase.rounds()?.half_of(purchase.since);
        if waits_for_reply && !self.has_reply(registration.id, round).await? {
            return Err(Refusal::NoReplyYet.into());
        }
        match registration.latest() {
            Some(before) if quote.size() >= before.size() => Err(Refusal::QuoteNotLower.into()),
            _ => Ok(()),
        }
    }
}
