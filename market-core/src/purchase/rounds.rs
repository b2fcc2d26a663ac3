//! Rounds after the opening: falling quotes by the clock, or the owner's replies and new quotes.

use serde::{Deserialize, Serialize};

use super::{
    Purchase, Purchases,
    proof::{Later, RoundQuote, quote_text},
    registering::Narrow,
    state::Rounds,
    steps::Moved,
};
use crate::{
    Actor, Call, Error, Mode, Refusal, Timestamp,
    id::{PurchaseId, RegistrationId},
    kernel::{
        authority::{Act, Reach, act},
        text::check_lines,
    },
    rules::Clock,
    selection::Quote,
    store::{Tx, begin, retry},
};

/// What an owner replies to an agency in a round of negotiation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewReply {
    /// To whom.
    pub registration_id: RegistrationId,
    /// What, 1 to 2000 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 2000))]
    pub text: String,
}

/// A reply of an owner in a negotiation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reply {
    /// To whom.
    pub registration_id: RegistrationId,
    /// In which round.
    pub round: u32,
    /// What.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

impl Rounds {
    /// When the half of a round is over that began at a time.
    pub(super) fn half_of(&self, began: Timestamp) -> Timestamp {
        Timestamp::from_micros(began.micros().midpoint(self.until.micros()))
    }
}

const REPLIES: Act = act("reply.list");

impl Purchases<'_> {
    /// The owner replies to an agency, which may then quote again in this round. Replies come in its
    /// first half: afterwards everybody may quote, replied to or not.
    pub async fn reply(
        &self,
        call: &Call,
        id: PurchaseId,
        new: NewReply,
    ) -> Result<Purchase, Error> {
        let mut faults = Vec::new();
        check_lines("/text", &new.text, 1, 2000, &mut faults);
        Error::unless_faultless(faults)?;
        retry(|| async {
            let mut tx = begin!(self.0, call, "purchases.reply", &(id, &new));
            let purchase = tx.hold_purchase(id).await?;
            purchase.owned_by(&call.actor)?;
            let purchase = purchase.expected(call)?;
            if purchase.notice.mode != Mode::Negotiation {
                return Err(Refusal::PurchaseNotInRounds.into());
            }
            let round = purchase.rounds()?.round;
            if purchase.round_at(tx.at)? != round {
                return Err(Refusal::RegistrationClosed.into());
            }
            if tx.at >= purchase.rounds()?.half_of(purchase.since) {
                return Err(Refusal::ReplyTooLate.into());
            }
            let found = tx.registrations(id).await?;
            let found = found.into_iter().find(|one| one.id == new.registration_id);
            let registration = found.listed().map_err(|_| Refusal::NotACandidate)?;
            tx.put_reply(&registration, round, &new.text).await?;
            tx.finish(purchase).await
        })
        .await
    }

    /// What the owner replied: to itself all, to an agency what it was told.
    pub async fn replies(&self, actor: &Actor, id: PurchaseId) -> Result<Vec<Reply>, Error> {
        let purchase = self.get(Some(actor), id).await?;
        let relation = self.0.db.relation_to(actor, &purchase).await?;
        let own = match REPLIES.permits(actor, relation, purchase.state.stands())? {
            Reach::Own => Some(self.own_registration(actor, id).await?.id),
            Reach::All => None,
        };
        let rows = self.0.db.replies(id).await?;
        let rows = rows.into_iter().filter(|row| own.is_none_or(|own| row.registration_id == own));
        let reply = |row: super::registration_store::ReplyRow| Reply {
            registration_id: row.registration_id,
            round: u32::try_from(row.round).unwrap_or(0),
            text: row.text,
            at: row.at,
        };
        Ok(rows.map(reply).collect())
    }
}

impl Tx {
    /// A round is over: the next one begins, or the lowest quote wins.
    pub(super) async fn end_round(
        &mut self,
        purchase: Purchase,
        clock: &Clock,
    ) -> Result<Moved, Error> {
        let rounds = purchase.rounds()?.clone();
        self.open_round(&purchase, rounds.round).await?;
        if rounds.round < rounds.of {
            let lowest = self.lowest_quote(purchase.id).await?;
            return Ok(purchase.begin_round(rounds.round + 1, rounds.of, lowest, clock));
        }
        let mut quotes = Vec::new();
        for row in self.all_quotes(purchase.id).await? {
            let round = u32::try_from(row.round).unwrap_or(0);
            if let (Some(quote), 1..) = (row.quote, round) {
                let quote = quote_text(quote.0, row.plan.as_deref());
                let (registration, at) = (row.registration_id, row.at);
                quotes.push(RoundQuote { round, registration, quote, at });
            }
        }
        quotes.sort_by_key(|quote| (quote.round, quote.registration));
        let later = Later { rounds: quotes, ..Later::default() };
        self.decide_purchase(purchase, later, None, clock).await
    }

    /// The lowest quote of a purchase that is open.
    pub(super) async fn lowest_quote(&mut self, id: PurchaseId) -> Result<Option<Quote>, Error> {
        let registrations = self.registrations(id).await?;
        let quotes = registrations.iter().filter_map(super::Registration::latest);
        Ok(quotes.min_by_key(|quote| quote.size()))
    }
}
