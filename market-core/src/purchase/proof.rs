//! How a selection is proved: what goes into the sealed list, how the rule of a purchase runs over
//! it, and where anybody reads the proof.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Purchases, deciding::NoLottery};
use crate::{
    Error, Mode, Page, Paging, Timestamp,
    draw::{Bytes32, Draws, Flaw, FlawKind, Lottery, Opened, Proof, Sealed, Verified},
    id::{PurchaseId, RegistrationId},
    selection::{self, Bid, Outcome, Quote, Score, Selection},
    sha256_hex,
};

/// A quote letter by letter as it is committed to: yuan, or percent; where plans are compared,
/// with the digest of the plan.
pub(super) fn quote_text(quote: Quote, plan: Option<&str>) -> String {
    let quote = match quote {
        Quote::Amount(amount) => amount.to_string(),
        Quote::Discount(rate) => format!("{rate}%"),
    };
    match plan {
        Some(plan) => format!("{quote} sha256:{}", sha256_hex(plan.as_bytes())),
        None => quote,
    }
}

/// The quote of such a text; nothing, if it is none.
fn quote_of(text: &str) -> Option<Quote> {
    let quote = text.split(' ').next()?;
    match quote.strip_suffix('%') {
        Some(rate) => rate.parse().map(Quote::Discount).ok(),
        None => quote.parse().map(Quote::Amount).ok(),
    }
}

/// What the sealed list holds of the rule: its numbers, and what of each registrant it looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SealedRule {
    pub(super) selection: Selection,
    pub(super) entrants: Vec<SealedEntrant>,
}

/// What the rule looks at of a registrant besides its quote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SealedEntrant {
    pub(super) registration: RegistrationId,
    /// Points of credit.
    pub(super) credit: u32,
    /// When it quoted, or registered where nobody quotes.
    pub(super) at: Timestamp,
}

/// A quote of a later round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoundQuote {
    pub(super) round: u32,
    pub(super) registration: RegistrationId,
    pub(super) quote: String,
    pub(super) at: Timestamp,
}

/// What came in after the opening and decided, too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Later {
    /// The owner's scores.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) scores: Vec<Score>,
    /// The quotes of the rounds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) rounds: Vec<RoundQuote>,
}

/// The outcome of a proof: what the rule came to, and what came in after the opening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Came {
    pub(super) result: Outcome,
    #[serde(flatten)]
    pub(super) later: Later,
}

/// The rule of a purchase over a sealed list, the opened quotes and what came in later.
pub(super) fn run(
    sealed: &Sealed,
    opened: &[Opened],
    later: &Later,
    lottery: &mut dyn Lottery,
) -> Result<Value, String> {
    let rule: SealedRule = serde_json::from_value(sealed.rule.clone())
        .map_err(|why| format!("the rule of the sealed list cannot be read: {why}"))?;
    let faults = rule.selection.validate("/sealed/rule/selection");
    if let Some(fault) = faults.first() {
        return Err(format!("{}: {}", fault.pointer, fault.message));
    }
    let bids = bids(sealed, &rule, opened, later)?;
    let result = if later.scores.is_empty() {
        selection::decide(&rule.selection, &bids, lottery)
    } else {
        selection::choose(&rule.selection, &bids, &later.scores, lottery)
            .map_err(|why| format!("the scores do not decide: {why}"))?
    };
    serde_json::to_value(Came { result, later: later.clone() }).map_err(|why| why.to_string())
}

/// Finds fault with scores that do not decide, each fault with its place.
pub(super) fn check_scores(
    sealed: &Sealed,
    opened: &[Opened],
    scores: &[Score],
) -> Result<(), Error> {
    let rule: SealedRule =
        serde_json::from_value(sealed.rule.clone()).map_err(|_| Error::Inconsistent("rule"))?;
    let bids = bids(sealed, &rule, opened, &Later::default());
    let bids = bids.map_err(|_| Error::Inconsistent("sealed list"))?;
    selection::choose(&rule.selection, &bids, scores, &mut NoLottery).map(drop)
}

/// What each registrant of a sealed list brings to the rule.
fn bids(
    sealed: &Sealed,
    rule: &SealedRule,
    opened: &[Opened],
    later: &Later,
) -> Result<Vec<Bid>, String> {
    let entrants: BTreeMap<_, _> =
        rule.entrants.iter().map(|entrant| (entrant.registration, entrant)).collect();
    let opened: BTreeMap<_, _> =
        opened.iter().map(|quote| (quote.registration, quote.quote.as_str())).collect();
    let bid = |registration: RegistrationId| {
        let entrant = entrants.get(&registration);
        let entrant = entrant.ok_or_else(|| format!("{registration} is not among the entrants"))?;
        let first = opened.get(&registration).and_then(|text| quote_of(text));
        let of_rounds = later.rounds.iter().filter(|one| one.registration == registration);
        let last = of_rounds.max_by_key(|one| one.round);
        let (quote, quoted_at) = match last {
            Some(last) => (quote_of(&last.quote), last.at),
            None => (first, entrant.at),
        };
        Ok(Bid { registration, quote, quoted_at, credit: entrant.credit })
    };
    sealed.list.iter().map(|candidate| bid(candidate.registration)).collect()
}

/// Verifies a proof whole: its digests, its promises, its draws, and that the rule of the purchase
/// comes to its outcome. Nothing else than the proof is needed.
///
/// A proof whose sealed rule names no selection is none of a purchase: [`Proof::verify`] checks the
/// draws of such a one, and no more.
pub fn verify(proof: &Proof) -> Result<Verified, Vec<Flaw>> {
    if proof.sealed.rule.get("selection").is_none() {
        let mut flaws = proof.verify().err().unwrap_or_default();
        let place = "/sealed/rule/selection".to_owned();
        flaws.push(Flaw { place, kind: FlawKind::NoRule, detail: String::new() });
        return Err(flaws);
    }
    let came: Result<Came, _> = serde_json::from_value(proof.outcome.clone());
    let later = came.map(|came| came.later).unwrap_or_default();
    proof.verify_with(|sealed, opened, lottery| run(sealed, opened, &later, lottery))
}

/// What the rule of a proof came to, and what it would have come to with another selection: by the
/// same list, quotes, scores and seed.
pub(crate) fn rerun(proof: &Proof, selection: Selection) -> Result<(Outcome, Outcome), String> {
    let came: Came =
        serde_json::from_value(proof.outcome.clone()).map_err(|why| why.to_string())?;
    let rule: SealedRule =
        serde_json::from_value(proof.sealed.rule.clone()).map_err(|why| why.to_string())?;
    let rule = SealedRule { selection, ..rule };
    let rule = serde_json::to_value(rule).map_err(|why| why.to_string())?;
    let sealed = Sealed { rule, ..proof.sealed.clone() };
    let again = run(&sealed, &proof.opened, &came.later, &mut Draws::over(proof.seed))?;
    let again: Came = serde_json::from_value(again).map_err(|why| why.to_string())?;
    Ok((came.result, again.result))
}

/// A proved selection, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublishedDraw {
    /// The purchase.
    pub purchase_id: PurchaseId,
    /// Its title.
    pub title: String,
    /// How its agency was chosen.
    pub mode: Mode,
    /// When the list was sealed.
    pub sealed_at: Timestamp,
    /// The digest of the sealed list.
    pub sealed_sha256: String,
    /// When the selection was proved.
    pub proved_at: Timestamp,
}

impl Purchases<'_> {
    /// Every proved selection, the latest purchase first.
    pub async fn draws(&self, paging: &Paging) -> Result<Page<PublishedDraw>, Error> {
        let found = self.0.db.draws(paging).await?;
        Ok(paging.page(found, |draw| draw.purchase_id.to_string()))
    }

    /// The proof of a selection, byte for byte as it was made.
    pub async fn proof(&self, id: PurchaseId) -> Result<String, Error> {
        self.0.db.draw_proof(id).await
    }
}

/// Where a drawn registration's quote is bound.
pub(super) fn bytes_of(text: &str) -> Result<Bytes32, Error> {
    text.parse().map_err(|_| Error::Inconsistent("digest"))
}
