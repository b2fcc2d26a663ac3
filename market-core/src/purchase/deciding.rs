//! Deciding: quotes are opened, the rule of the purchase runs over them, the proof is kept, and the
//! award follows.

use super::{
    Award, Failure, Purchase, Registration, RegistrationState,
    proof::{Came, Later, bytes_of, quote_text, run},
    registering::context,
    registration::Enclosed,
    steps::Moved,
};
use crate::{
    Error,
    draw::{Entropy, Lot, Lottery, Opened, Proof, Reveal, quote_commitment},
    id::RegistrationId,
    kernel::sealing::{self, OpeningCode, OpeningKey},
    rules::Clock,
    selection::{FailureReason, Outcome},
    store::Tx,
};

impl Tx {
    /// Opens the quotes, and runs the rule of the purchase, or begins its rounds.
    pub(super) async fn select(
        &mut self,
        purchase: Purchase,
        clock: &Clock,
    ) -> Result<Moved, Error> {
        let opened = self.open_round(&purchase, 0).await?;
        let mode = purchase.notice.mode;
        if mode.has_rounds() || mode.is_scored() {
            let sealed = self.sealed(purchase.id).await?;
            let came = run(&sealed, &opened, &Later::default(), &mut NoLottery);
            match outcome(came)?.result {
                Outcome::Failed { .. } => {}
                Outcome::ToChoose { candidates } => {
                    return Ok(purchase.let_choose(candidates, clock));
                }
                Outcome::Winner { .. } | Outcome::ShortList { .. } => {
                    let of = purchase.notice.rounds.unwrap_or(0);
                    let lowest = self.lowest_quote(purchase.id).await?;
                    return Ok(purchase.begin_round(1, of, lowest, clock));
                }
            }
        }
        self.decide_purchase(purchase, Later::default(), None, clock).await
    }

    /// Draws and decides, keeps the proof, and moves the purchase on.
    pub(super) async fn decide_purchase(
        &mut self,
        purchase: Purchase,
        later: Later,
        reason: Option<String>,
        clock: &Clock,
    ) -> Result<Moved, Error> {
        let sealed = self.sealed(purchase.id).await?;
        let promises = self.promises(purchase.id).await?;
        let mut reveals = Vec::new();
        for promise in promises {
            if let Some(value) = promise.value {
                reveals.push(Reveal { party: promise.party, value: bytes_of(&value)? });
            }
        }
        let beacon = self.secrets(purchase.id).await?.beacon;
        let opened = self.opened_quotes(&purchase).await?;
        let proof =
            Proof::draw(sealed, Entropy { reveals, beacon }, opened, |sealed, opened, lots| {
                run(sealed, opened, &later, lots)
            });
        let proof = proof.map_err(|flaws| {
            tracing::error!(purchase = %purchase.id, ?flaws, "a selection could not be proved");
            Error::Inconsistent("proof")
        })?;
        self.prove(purchase.id, &proof).await?;
        match outcome(Ok(proof.outcome))?.result {
            Outcome::Winner { ranking, .. } => {
                self.award_to(purchase, ranking, reason, clock).await
            }
            Outcome::ShortList { candidates, .. } | Outcome::ToChoose { candidates } => {
                Ok(purchase.let_choose(candidates, clock))
            }
            Outcome::Failed { reason } => {
                let failure = match reason {
                    FailureReason::TooFewRegistrants => Failure::TooFewRegistrants,
                    FailureReason::TooFewQuotes => Failure::TooFewQuotes,
                    FailureReason::NoValidQuote => Failure::NoValidQuote,
                };
                Ok(purchase.fail(failure, clock.now)?)
            }
        }
    }

    /// The move to the award: to the first in line who may still take it on.
    pub(super) async fn award_to(
        &mut self,
        purchase: Purchase,
        ranking: Vec<RegistrationId>,
        reason: Option<String>,
        clock: &Clock,
    ) -> Result<Moved, Error> {
        match self.next_award(&purchase, ranking, 0, reason, clock).await? {
            Some(award) => {
                self.tell_registrations(&purchase, &award, clock).await?;
                Ok(purchase.select(award, clock))
            }
            None => Ok(purchase.fail(Failure::NobodyLeft, clock.now)?),
        }
    }

    /// The award from a place in the line on: whoever may take part no longer at this instant,
    /// suspended or with a certificate that has expired, is passed over with every reason.
    pub(super) async fn next_award(
        &mut self,
        purchase: &Purchase,
        ranking: Vec<RegistrationId>,
        from: u32,
        reason: Option<String>,
        clock: &Clock,
    ) -> Result<Option<Award>, Error> {
        let registrations = self.registrations(purchase.id).await?;
        for (place, id) in (0..).zip(&ranking).skip(from as usize) {
            let chosen = registrations.iter().find(|one| one.id == *id);
            let chosen = chosen.ok_or(Error::Inconsistent("award"))?.clone();
            let entrant = self.entrant(chosen.agency_id).await?;
            let named = Some(chosen.practitioners.as_slice());
            let reasons = self.reasons_against(purchase, &entrant, named, clock).await?;
            if !reasons.is_empty() {
                let (to, event) = (RegistrationState::Ineligible, "registration_excluded");
                let excluded = Registration { reasons, ..chosen };
                self.move_registration(excluded, to, event, clock).await?;
                continue;
            }
            let quote = chosen.latest();
            let amount = purchase.amount_of(quote).ok_or(Error::Inconsistent("award"))?;
            return Ok(Some(Award {
                registration_id: chosen.id,
                agency_id: chosen.agency_id,
                amount,
                quote,
                ranking,
                place,
                reason,
                decided_at: clock.now,
            }));
        }
        Ok(None)
    }

    /// Says to every listed registration what came of it.
    async fn tell_registrations(
        &mut self,
        purchase: &Purchase,
        award: &Award,
        clock: &Clock,
    ) -> Result<(), Error> {
        let ahead = |id: &RegistrationId| award.ranking.iter().position(|one| one == id);
        for registration in self.registrations(purchase.id).await? {
            let place = ahead(&registration.id);
            let (to, event) = if registration.id == award.registration_id {
                (RegistrationState::Won, "registration_won")
            } else if place.is_some_and(|place| place > award.place as usize) {
                (RegistrationState::RunnerUp, "registration_next_in_line")
            } else {
                (RegistrationState::Lost, "registration_lost")
            };
            let is_open = matches!(
                registration.state,
                RegistrationState::Listed | RegistrationState::RunnerUp
            );
            if is_open && registration.state != to {
                self.move_registration(registration, to, event, clock).await?;
            }
        }
        Ok(())
    }

    /// Opens every envelope of a round. One that does not open, or does not hold what it is bound
    /// to, stays closed: its quote does not count.
    pub(super) async fn open_round(
        &mut self,
        purchase: &Purchase,
        round: u32,
    ) -> Result<Vec<Opened>, Error> {
        let secrets = self.secrets(purchase.id).await?;
        let code: OpeningCode = secrets.code()?.ok_or(Error::Inconsistent("opening code"))?;
        let half = self.half_of(purchase.id, &secrets)?;
        let key = OpeningKey::derive(&code, &half, purchase.id);
        let registrations = self.registrations(purchase.id).await?;
        let is_listed = |id: RegistrationId| {
            let found = registrations.iter().find(|one| one.id == id);
            found.is_some_and(|one: &Registration| one.state == RegistrationState::Listed)
        };
        let mut opened = Vec::new();
        for row in self.sealed_quotes(purchase.id, round).await? {
            if !is_listed(row.registration_id) {
                continue;
            }
            let context = context(purchase.id, row.registration_id, round);
            let bytes = sealing::open(&key, &context, &row.sealed);
            let enclosed = bytes.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
            let Some(enclosed): Option<Enclosed> = enclosed else { continue };
            let text = quote_text(enclosed.quote, enclosed.plan.as_deref());
            let commitment = quote_commitment(row.registration_id, &text, &enclosed.nonce);
            if commitment.to_string() != row.commitment {
                continue;
            }
            self.open_quote(row.registration_id, round, &enclosed).await?;
            let (registration, nonce) = (row.registration_id, enclosed.nonce);
            opened.push(Opened { registration, quote: text, nonce });
        }
        opened.sort_by_key(|quote| quote.registration);
        Ok(opened)
    }

    /// The quotes from before the close, as they were opened.
    pub(super) async fn opened_quotes(
        &mut self,
        purchase: &Purchase,
    ) -> Result<Vec<Opened>, Error> {
        let mut opened = Vec::new();
        for row in self.sealed_quotes(purchase.id, 0).await? {
            if let (Some(quote), Some(nonce)) = (row.quote, row.nonce) {
                let quote = quote_text(quote.0, row.plan.as_deref());
                let (registration, nonce) = (row.registration_id, bytes_of(&nonce)?);
                opened.push(Opened { registration, quote, nonce });
            }
        }
        opened.sort_by_key(|quote| quote.registration);
        Ok(opened)
    }
}

/// What a run of the rule came to.
fn outcome(came: Result<serde_json::Value, String>) -> Result<Came, Error> {
    let came = came.map_err(|why| {
        tracing::error!(why, "the rule of a purchase could not be run");
        Error::Inconsistent("rule")
    })?;
    serde_json::from_value(came).map_err(|_| Error::Inconsistent("outcome"))
}

/// Where it is only asked whether enough take part, nothing is drawn.
pub(super) struct NoLottery;

impl Lottery for NoLottery {
    fn draw(&mut self, _: &str, lots: &[Lot], take: usize) -> Vec<String> {
        lots.iter().take(take).map(|lot| lot.key.clone()).collect()
    }
}
