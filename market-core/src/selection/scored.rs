//! The modes in which the owner's scores decide.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use serde::{Deserialize, Serialize};

use super::{Bid, Criterion, Facts, Outcome, Priced, Selection, Total, rank};
use crate::{Error, Fault, draw::Lottery, id::RegistrationId, kernel::text::check_text};

/// What the owner thinks of one candidate by one criterion (评分).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// The candidate.
    pub registration: RegistrationId,
    /// The criterion's key.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[a-z0-9_]{1,32}$"))]
    pub criterion: String,
    /// 0 to 100.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 100))]
    pub points: u32,
    /// Why.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 500))]
    pub reason: String,
}

/// The most points by one criterion.
const MOST_POINTS: u32 = 100;

/// Chooses by the owner's scores: the highest total wins; of equals the lower quote, and of equal
/// quotes one by lot. Every candidate has one score by every criterion, with its reason.
///
/// Fails as [`decide`](super::decide) does where there are too few candidates.
pub fn choose(
    selection: &Selection,
    bids: &[Bid],
    scores: &[Score],
    lottery: &mut dyn Lottery,
) -> Result<Outcome, Error> {
    let Some(criteria) = selection.rule.criteria() else {
        return Err(Error::invalid("/scores", "choice", "no scores decide in this mode"));
    };
    let candidates = match selection.priced(bids) {
        Ok(candidates) => candidates,
        Err(reason) => return Ok(Outcome::Failed { reason }),
    };
    let totals = totals(criteria, &candidates, scores)?;
    let total = |registration| totals.get(&registration).copied().unwrap_or_default();
    let entrants = candidates
        .iter()
        .map(|bid| ((Reverse(total(bid.registration)), bid.quote.size()), bid.registration))
        .collect();
    let ranking = rank(entrants, lottery);
    let totals = ranking
        .iter()
        .map(|&registration| Total { registration, hundredths: total(registration) })
        .collect();
    Ok(Outcome::Winner { ranking, facts: Facts::Scores { totals } })
}

/// What each candidate's weighted points sum up to, in hundredths of a point.
fn totals(
    criteria: &[Criterion],
    candidates: &[Priced],
    scores: &[Score],
) -> Result<BTreeMap<RegistrationId, u32>, Error> {
    let mut faults = Vec::new();
    let mut totals: BTreeMap<_, _> =
        candidates.iter().map(|candidate| (candidate.registration, 0)).collect();
    let mut seen = BTreeSet::new();
    for (index, score) in scores.iter().enumerate() {
        let place = |field: &str| format!("/scores/{index}/{field}");
        let total = totals.get_mut(&score.registration);
        let criterion = criteria.iter().find(|criterion| criterion.key == score.criterion);
        if total.is_none() {
            faults.push(Fault::new(place("registration"), "unknown", "is not a candidate"));
        }
        if criterion.is_none() {
            faults.push(Fault::new(place("criterion"), "unknown", "the notice has no such one"));
        }
        if score.points > MOST_POINTS {
            let message = format!("must be between 0 and {MOST_POINTS}");
            faults.push(Fault::new(place("points"), "range", message));
        }
        check_text(&place("reason"), &score.reason, 1, 500, &mut faults);
        let (Some(total), Some(criterion)) = (total, criterion) else { continue };
        if seen.insert((score.registration, &criterion.key)) {
            *total += score.points.min(MOST_POINTS).saturating_mul(criterion.weight);
        } else {
            let message = "the candidate is scored by it already";
            faults.push(Fault::new(place("criterion"), "duplicate", message));
        }
    }
    for candidate in totals.keys() {
        let missing: Vec<_> = criteria
            .iter()
            .filter(|criterion| !seen.contains(&(*candidate, &criterion.key)))
            .map(|criterion| criterion.key.as_str())
            .collect();
        if !missing.is_empty() {
            let message = format!("{candidate} has no score by {}", missing.join(", "));
            faults.push(Fault::new("/scores", "missing", message));
        }
    }
    Error::unless_faultless(faults)?;
    Ok(totals)
}
