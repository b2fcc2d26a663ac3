//! What the owner of a purchase does: hands it in, corrects it, gives it up, buys
//! again, chooses.

use serde::{Deserialize, Serialize};

use super::{
    Notice, Purchase, Purchases,
    opening::{OWNER, PLATFORM},
    proof::{Later, check_scores},
    steps::Moved,
};
use crate::{
    Call, Error, Refusal,
    catalog::ServiceItem,
    draw::{Bytes32, Commitment},
    id::{PurchaseId, RegistrationId},
    kernel::{
        sealing::{self, OpeningCode, OpeningKey, PlatformHalf},
        text::check_reason,
    },
    rules::Clock,
    selection::Score,
    store::{Tx, begin, retry},
};

/// With what an owner hands a purchase in.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PurchaseSubmission))]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// The opening code (开标码): 64 random hexadecimal digits that the owner makes and keeps until
    /// the close. Without it nobody can read the quotes, the marketplace included.
    #[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^[0-9a-f]{64}$"))]
    pub opening_code: OpeningCode,
}

/// Whom an owner chooses, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PurchaseChoice))]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The one that is picked from a short list; not where scores decide.
    #[serde(default)]
    pub registration_id: Option<RegistrationId>,
    /// What every candidate gets by every criterion, where scores decide.
    #[serde(default)]
    pub scores: Vec<Score>,
    /// Why, 1 to 500 characters; it is published.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 500))]
    pub reason: String,
}

impl Purchases<'_> {
    /// Hands a draft in: it is published, or reviewed first where the region's profile says so.
    pub async fn submit(
        &self,
        call: &Call,
        id: PurchaseId,
        new: Submission,
    ) -> Result<Purchase, Error> {
        let code = new.opening_code;
        if let Err(why) = code.is_hard_to_guess() {
            return Err(Error::invalid("/opening_code", "weak", why.to_string()));
        }
        let check = code.check(id);
        retry(|| async {
            let mut tx = begin!(self.0, call, "purchases.submit", &(id, &check));
            let draft = tx.purchase(id).await?;
            draft.owned_by(&call.actor)?;
            let case = tx.case_for_update(draft.case_id).await?;
            let (purchase, clock) = tx.purchase_of(call, id).await?;
            case.admits(&purchase.item)?;
            let item = tx.service_item_version(&purchase.item, purchase.item_version).await?;
            purchase.check_budget(&item)?;
            purchase.notice.check_number("/notice")?;
            let rules = &clock.policy.selection;
            let selection = purchase.notice.selection("/notice", rules, purchase.fund)?;
            let moved = purchase.submit(selection, &clock)?;
            tx.keep_secrets(self, &moved.purchase, &code, &check).await?;
            let purchase = tx.save_purchase(moved, &clock).await?;
            let under_way = case.clone().purchasing(&purchase.item, id);
            tx.save_requirement(&case, under_way, "requirement_purchasing", &purchase, &clock)
                .await?;
            tx.finish(purchase).await
        })
        .await
    }

    /// Corrects a published notice; registration stays open for as long as the rules ask.
    pub async fn correct(
        &self,
        call: &Call,
        id: PurchaseId,
        notice: Notice,
    ) -> Result<Purchase, Error> {
        notice.check("", self.0.env.now())?;
        self.step(call, id, "purchases.correct", &notice, |purchase, clock| {
            purchase.owned_by(&call.actor)?;
            purchase.check_correctable(clock.now)?;
            Ok(purchase.correct(notice.clone(), clock)?)
        })
        .await
    }

    /// Gives a purchase up, before its list is sealed.
    pub async fn void(&self, call: &Call, id: PurchaseId, reason: &str) -> Result<Purchase, Error> {
        check_reason(reason)?;
        retry(|| async {
            let mut tx = begin!(self.0, call, "purchases.void", &(id, reason));
            let (purchase, clock) = tx.purchase_with_case(call, id).await?;
            purchase.owned_by(&call.actor)?;
            let moved = purchase.void(reason.to_owned(), clock.now)?;
            let purchase = tx.save_ended(moved, &clock).await?;
            tx.finish(purchase).await
        })
        .await
    }

    /// Drafts a purchase anew that came to nothing (重新采购): of the same requirement, with the same
    /// notice, which its owner may then rewrite.
    pub async fn repurchase(&self, call: &Call, id: PurchaseId) -> Result<Purchase, Error> {
        retry(|| async {
            let mut tx = begin!(self.0, call, "purchases.repurchase", &id);
            let (before, clock) = tx.purchase_with_case(call, id).await?;
            before.owned_by(&call.actor)?;
            tx.check_repeatable(&before).await?;
            let case = tx.case_for_update(before.case_id).await?;
            let item_version = case.admits(&before.item)?.item_version;
            let (id, new) = (PurchaseId(self.0.env.id()), before.repeated(&clock));
            let moved = Purchase::draft_of(id, &new, item_version, &case, clock.now);
            let purchase = tx.insert_purchase(moved, &clock).await?;
            tx.finish(purchase).await
        })
        .await
    }

    /// The owner chooses: one of the short list, or by scores of every candidate.
    pub async fn choose(
        &self,
        call: &Call,
        id: PurchaseId,
        choice: Choice,
    ) -> Result<Purchase, Error> {
        check_reason(&choice.reason)?;
        retry(|| async {
            let mut tx = begin!(self.0, call, "purchases.choose", &(id, &choice));
            let (purchase, clock) = tx.purchase_with_case(call, id).await?;
            purchase.owned_by(&call.actor)?;
            let moved = tx.choose(purchase, &choice, &clock).await?;
            let purchase = tx.save_ended(moved, &clock).await?;
            tx.finish(purchase).await
        })
        .await
    }

    /// Loads, moves and saves: the path of every plain step.
    pub(super) async fn step(
        &self,
        call: &Call,
        id: PurchaseId,
        action: &'static str,
        input: &impl Serialize,
        by: impl Fn(Purchase, &Clock) -> Result<Moved, Error>,
    ) -> Result<Purchase, Error> {
        retry(|| async {
            let mut tx = begin!(self.0, call, action, &(id, input));
            let (purchase, clock) = tx.purchase_of(call, id).await?;
            let moved = by(purchase, &clock)?;
            let purchase = tx.save_purchase(moved, &clock).await?;
            tx.finish(purchase).await
        })
        .await
    }
}

impl Purchase {
    /// Whether a service item may still be bought, for as much as this.
    fn check_budget(&self, item: &ServiceItem) -> Result<(), Refusal> {
        if item.withdrawn {
            return Err(Refusal::ItemWithdrawn);
        }
        match item.price_cap {
            Some(cap) if self.notice.price.budget() > cap => Err(Refusal::PriceOverCap),
            _ => Ok(()),
        }
    }
}

impl Tx {
    /// Makes the key of a purchase from the owner's code and a half of the platform's, and keeps
    /// all but the code: its check, its deposit, and what both parties promise for the draw.
    async fn keep_secrets(
        &mut self,
        purchases: &Purchases<'_>,
        purchase: &Purchase,
        code: &OpeningCode,
        check: &str,
    ) -> Result<(), Error> {
        let env = &purchases.0.env;
        let half = PlatformHalf::new(env);
        let key = OpeningKey::derive(code, &half, purchase.id).public();
        let matter = self.matter_of_case(purchase.case_id).await?;
        let supervisor = self.department(&matter.lead).await?;
        let supervisor = supervisor.ok_or(Error::Inconsistent("matter"))?;
        let deposit = match &supervisor.opening_key {
            Some(key) => {
                let deposit = sealing::deposit(code, key, purchase.id, env)?;
                Some((deposit, supervisor.code.to_string()))
            }
            None => None,
        };
        let kept = self.half_to_keep(purchase.id, &half, env)?;
        self.put_secrets(purchase.id, &key, &kept, check, deposit).await?;
        for (party, value) in
            [(OWNER, code.draw_value(purchase.id)), (PLATFORM, half.draw_value(purchase.id))]
        {
            let commitment = Commitment::to(purchase.id, party, &Bytes32(value));
            self.put_commitment(purchase.id, &commitment).await?;
        }
        Ok(())
    }

    /// Whether somebody on the short list may still take part.
    async fn check_pick(
        &mut self,
        purchase: &Purchase,
        picked: RegistrationId,
        clock: &Clock,
    ) -> Result<(), Error> {
        let registrations = self.registrations(purchase.id).await?;
        let picked = registrations.iter().find(|one| one.id == picked);
        let picked = picked.ok_or(Error::Inconsistent("short list"))?;
        let entrant = self.entrant(picked.agency_id).await?;
        let named = Some(picked.practitioners.as_slice());
        let reasons = self.reasons_against(purchase, &entrant, named, clock).await?;
        if reasons.is_empty() { Ok(()) } else { Err(Error::Ineligible(reasons)) }
    }

    async fn choose(
        &mut self,
        purchase: Purchase,
        choice: &Choice,
        clock: &Clock,
    ) -> Result<Moved, Error> {
        let choosing = purchase.choosing()?.clone();
        let reason = Some(choice.reason.clone());
        match (choice.registration_id, purchase.notice.mode.is_scored()) {
            (Some(picked), false) if choice.scores.is_empty() => {
                if !choosing.candidates.contains(&picked) {
                    return Err(Refusal::NotACandidate.into());
                }
                self.check_pick(&purchase, picked, clock).await?;
                let others = choosing.candidates.iter().filter(|one| **one != picked);
                let ranking = std::iter::once(&picked).chain(others).copied().collect();
                self.award_to(purchase, ranking, reason, clock).await
            }
            (None, true) => {
                let sealed = self.sealed(purchase.id).await?;
                let opened = self.opened_quotes(&purchase).await?;
                check_scores(&sealed, &opened, &choice.scores)?;
                let later = Later { scores: choice.scores.clone(), ..Later::default() };
                self.decide_purchase(purchase, later, reason, clock).await
            }
            (_, true) => {
                let message = "scores decide in this mode: name nobody";
                Err(Error::invalid("/registration_id", "mode", message))
            }
            (None, false) => {
                Err(Error::invalid("/registration_id", "missing", "name one of the short list"))
            }
            (Some(_), false) => {
                Err(Error::invalid("/scores", "mode", "no scores decide in this mode"))
            }
        }
    }
}
