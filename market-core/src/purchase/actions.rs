//! What an actor may do with a purchase, and why not the rest.

use super::{
    OWN, Purchase, Purchases, Registration, RegistrationState,
    awarding::TAKE,
    opening::{BEACON, OPEN},
    registering::{ENTER, QUOTE},
    review::REVIEW,
};
use crate::{
    Action, Actor, Error, Mode, Party, Refusal, Timestamp,
    draw::Beacon,
    id::PurchaseId,
    kernel::authority::{Act, Relation},
    store::Db,
};

impl Db {
    /// Whether what else there is of the requirement of a purchase lets it be repeated.
    pub(super) async fn repeatable(
        &self,
        purchase: &Purchase,
    ) -> Result<Result<(), Refusal>, Error> {
        if purchase.check_repeatable().is_err() {
            return Ok(Ok(()));
        }
        if self.repetition(purchase.id).await?.is_some() {
            return Ok(Err(Refusal::PurchaseRepeated));
        }
        let case = self.case(purchase.case_id).await?;
        Ok(case.admits(&purchase.item).map(drop))
    }

    /// How an actor stands to a purchase: its owner, the agencies that registered and the
    /// departments of its case are party to it, the one that leads the matter supervises it.
    pub(super) async fn relation_to(
        &self,
        actor: &Actor,
        purchase: &Purchase,
    ) -> Result<Relation, Error> {
        Ok(match &actor.party {
            Party::Department(code) => {
                let case = self.case(purchase.case_id).await?;
                self.matter_version(&case.matter, case.matter_version).await?.relation(code)
            }
            Party::Agency(id) => {
                Relation::party_if(self.registration_of(purchase.id, *id).await?.is_some())
            }
            Party::Applicant(_) | Party::Operator => purchase.owner(Some(actor)),
        })
    }
}

/// What concerns an agency's registration, of all that may be done with a purchase.
const OF_A_REGISTRATION: [&str; 5] = ["register", "withdraw", "quote", "confirm", "decline"];

impl Purchases<'_> {
    /// What the actor's agency may do with its registration in a purchase, and why not the rest.
    pub async fn registration_actions(
        &self,
        actor: &Actor,
        id: PurchaseId,
    ) -> Result<Vec<Action>, Error> {
        let mut actions = self.actions(actor, id).await?;
        actions.retain(|one| OF_A_REGISTRATION.contains(&one.name.as_str()));
        Ok(actions)
    }
}

impl Purchase {
    /// What an actor may do with the purchase now, from the same checks as the steps themselves;
    /// whether what else there is of its requirement lets it be repeated, is looked up before.
    pub fn actions(
        &self,
        actor: &Actor,
        relation: Relation,
        own: Option<&Registration>,
        repeatable: Result<(), Refusal>,
        now: Timestamp,
    ) -> Vec<Action> {
        let may = |act: Act| act.allows(actor.role(), relation, self.state.stands());
        let (owner, operator, opener) = (may(OWN), may(REVIEW), may(OPEN));
        let (enters, quotes, takes) = (may(ENTER), QUOTE.admits(actor), TAKE.admits(actor));
        let open = self.open_at(now).map(drop);
        let is = |wanted: RegistrationState, refusal: Refusal| {
            let found = own.filter(|one| one.state == wanted);
            found.map(drop).ok_or(refusal)
        };
        let registered = is(RegistrationState::Registered, Refusal::NotRegistered);
        let won = match self.state.award() {
            Some(award) if own.is_some_and(|own| own.id == award.registration_id) => Ok(()),
            Some(_) => Err(Refusal::OtherSide),
            None => Err(Refusal::PurchaseNotAwarded),
        };
        let awarded = self.awarded().and_then(|state| {
            if now < state.until { Ok(()) } else { Err(Refusal::PurchaseNotAwarded) }
        });
        let opening = self.opening().map(drop);
        vec![
            Action::of("revise", owner.and(self.check_revisable())),
            Action::of("submit", owner.and(self.draft().map(drop))),
            Action::of("approve", operator.and(self.in_review().map(drop))),
            Action::of("send-back", operator.and(self.in_review().map(drop))),
            Action::of("correct", owner.and(self.check_correctable(now))),
            Action::of("void", owner.and(self.check_voidable(now))),
            Action::of("repurchase", owner.and(self.check_repeatable()).and(repeatable)),
            Action::of("register", enters.and(open)),
            Action::of("withdraw", quotes.and(open).and(registered)),
            Action::of("quote", quotes.and(self.quotable(own, now))),
            Action::of("ask", enters.and(open)),
            Action::of("answer", owner.and(open)),
            Action::of("open", opener.and(opening)),
            Action::of("beacon", may(BEACON).and(self.check_number_wanted(now))),
            Action::of("reply", owner.and(self.repliable(now))),
            Action::of("choose", owner.and(self.choosing().map(drop))),
            Action::of("confirm", takes.and(awarded).and(won)),
            Action::of("decline", takes.and(awarded).and(won)),
        ]
    }

    /// Whether the public number may be written down now.
    fn check_number_wanted(&self, now: Timestamp) -> Result<(), Refusal> {
        self.opening()?;
        match self.notice.beacon.as_ref().ok_or(Refusal::BeaconNotNamed)? {
            Beacon::Number(number) if now < number.known_at => Err(Refusal::BeaconNotKnown),
            Beacon::Number(_) | Beacon::Words(_) => Ok(()),
        }
    }

    /// Whether an agency may quote now.
    fn quotable(&self, own: Option<&Registration>, now: Timestamp) -> Result<(), Refusal> {
        if !self.notice.mode.wants_quotes() {
            return Err(Refusal::QuoteNotWanted);
        }
        let wanted = match self.round_at(now)? {
            0 => RegistrationState::Registered,
            _ => RegistrationState::Listed,
        };
        let found = own.filter(|one| one.state == wanted);
        found.map(drop).ok_or(Refusal::NotRegistered)
    }

    /// Whether the owner may reply to agencies now.
    fn repliable(&self, now: Timestamp) -> Result<(), Refusal> {
        let rounds = self.rounds()?;
        if self.notice.mode != Mode::Negotiation {
            return Err(Refusal::PurchaseNotInRounds);
        }
        if now < rounds.until { Ok(()) } else { Err(Refusal::RegistrationClosed) }
    }
}
