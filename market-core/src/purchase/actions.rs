//! What an actor may do with a purchase, and why not the rest.

use super::{Purchase, Purchases, Registration, RegistrationState};
use crate::{Action, Actor, Error, Mode, Party, Refusal, Timestamp, code::DepartmentCode, id::PurchaseId};

impl Purchases<'_> {
    /// Whether a department decides in the case of a purchase.
    pub(super) async fn decides(
        &self,
        department: &DepartmentCode,
        purchase: &Purchase,
    ) -> Result<bool, Error> {
        let case = self.0.db.case(purchase.case_id).await?;
        let matter = self.0.db.matter_version(&case.matter, case.matter_version).await?;
        Ok(matter.involves(department))
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
    /// What an actor may do with the purchase now, from the same checks as the steps themselves.
    pub fn actions(
        &self,
        actor: &Actor,
        own: Option<&Registration>,
        now: Timestamp,
    ) -> Vec<Action> {
        let owner = self.owner(actor);
        let operator = actor.operator();
        let agency = actor.agency().map(drop);
        let department = actor.department().map(drop);
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
        let opener = owner.or(department);
        vec![
            Action::of("revise", owner.and(self.draft().map(drop))),
            Action::of("submit", owner.and(self.draft().map(drop))),
            Action::of("approve", operator.and(self.in_review().map(drop))),
            Action::of("send-back", operator.and(self.in_review().map(drop))),
            Action::of("correct", owner.and(open)),
            Action::of("void", owner.and(self.check_voidable(now))),
            Action::of("register", agency.and(open)),
            Action::of("withdraw", agency.and(open).and(registered)),
            Action::of("quote", agency.and(self.quotable(own, now))),
            Action::of("ask", agency.and(open)),
            Action::of("answer", owner.and(open)),
            Action::of("open", opener.and(opening)),
            Action::of("reply", owner.and(self.repliable(now))),
            Action::of("choose", owner.and(self.choosing().map(drop))),
            Action::of("confirm", agency.and(awarded).and(won)),
            Action::of("decline", agency.and(awarded).and(won)),
        ]
    }

    fn owner(&self, actor: &Actor) -> Result<(), Refusal> {
        match &actor.party {
            Party::Applicant(id) if *id == self.applicant_id => Ok(()),
            _ => Err(Refusal::OtherSide),
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
