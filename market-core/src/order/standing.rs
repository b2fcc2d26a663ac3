//! What its orders say of an agency (履约情况), and the credit (信用分) that follows from it.
//!
//! A graded order has come to its end: completed, or ended by the agency's doing after it was
//! accepted. What is still open, and what the applicant gave up by itself, says nothing yet.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AnyState, Order, Orders, Side};
use crate::{Actor, Day, Error, Kind, Party, Ranking, Recorded, id::AgencyId, store::text_enum};

/// The full points of an order, and of an agency.
const FULL: u64 = 1000;
/// The thousandths of an order.
const WHOLE: u64 = 1000;

/// How many completed orders were returned and late so often: by both numbers.
pub type Outcomes = BTreeMap<(u32, u32), u32>;

/// What the orders of an agency say of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The first day on which it was admitted; none before.
    pub admitted_on: Option<Day>,
    /// How many of its orders are completed, by how often each was returned and how often late.
    pub outcomes: Outcomes,
    /// How many orders came to nothing by its doing after it had accepted them: it ended them
    /// itself, or the applicant did while it was overdue.
    pub terminated: u32,
    /// How many orders it declined.
    pub declined: u32,
    /// How many of its orders have evaluations that count …
    pub evaluated: u32,
    /// … and the points of all of them together, of 1000 each.
    pub evaluation_points: u64,
}

impl Standing {
    /// How many of its orders are completed.
    pub fn completed(&self) -> u32 {
        self.outcomes.values().sum()
    }

    /// How many orders its credit rests on.
    pub fn graded(&self) -> u32 {
        self.completed() + self.terminated
    }

    /// The mean of what the evaluations of its orders say, rounded half up; none, if nobody says
    /// anything.
    pub fn evaluation(&self) -> Option<u32> {
        let orders = u64::from(self.evaluated);
        let mean = (2 * self.evaluation_points + orders).checked_div(2 * orders)?;
        u32::try_from(mean).ok()
    }

    /// How often the deliverables of its completed orders were returned.
    pub fn returned(&self) -> u32 {
        self.outcomes.iter().map(|((returned, _), orders)| returned * orders).sum()
    }

    /// How often the deliverables of its completed orders were handed over late.
    pub fn late(&self) -> u32 {
        self.outcomes.iter().map(|((_, late), orders)| late * orders).sum()
    }

    /// The last day on which it is a newcomer; none before its admission, and once it has
    /// completed enough orders.
    pub fn newcomer_until(&self, ranking: &Ranking) -> Option<Day> {
        let is_known = self.completed() >= ranking.newcomer_orders;
        let last = i64::from(ranking.newcomer_days) - 1;
        self.admitted_on.filter(|_| !is_known && last >= 0).map(|day| day.plus(last))
    }
}

text_enum! {
    /// An agency's grade (信用等级).
    pub enum Grade {
        /// The best.
        A = "A",
        /// Good.
        B = "B",
        /// Fair.
        C = "C",
        /// Poor.
        D = "D",
        /// The worst.
        E = "E",
    }
}

/// The credit (信用分) of an agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credit {
    /// From 0 to 1000.
    pub points: u32,
    /// The grade of those points; none until an order was graded.
    pub grade: Option<Grade>,
}

impl Credit {
    /// The mean of the points of all graded orders, of what those say who evaluated them, and of
    /// as many orders as the ranking has confidence in its prior, each of the prior's points,
    /// rounded half up:
    ///
    /// ```text
    /// (prior × confidence + Σ points + weight × Σ evaluations − declined × penalty)
    ///     ÷ (confidence + graded + weight × evaluated)
    /// ```
    ///
    /// A completed order has 1000 points, less a penalty for each return and each late hand-over;
    /// one that came to nothing by the agency's doing has none. An order that nobody evaluates
    /// adds to neither side of the division. Nothing falls below 0.
    pub fn of(standing: &Standing, ranking: &Ranking) -> Self {
        let points_of = |(returned, late): (u32, u32)| {
            let returned = u64::from(returned) * u64::from(ranking.return_penalty);
            let late = u64::from(late) * u64::from(ranking.late_penalty);
            FULL.saturating_sub(returned + late)
        };
        let earned = standing.outcomes.iter();
        let earned: u64 = earned.map(|(how, orders)| points_of(*how) * u64::from(*orders)).sum();
        let confidence = u64::from(ranking.credit_confidence.max(1));
        let lent = u64::from(ranking.credit_prior) * confidence;
        let lost = u64::from(standing.declined) * u64::from(ranking.decline_penalty);
        // Everything in thousandths, since an evaluation counts for less than its order.
        let weight = u64::from(ranking.evaluation_weight);
        let said = weight * standing.evaluation_points;
        let sum = ((lent + earned) * WHOLE + said).saturating_sub(lost * WHOLE);
        let known = u64::from(standing.graded()) * WHOLE + weight * u64::from(standing.evaluated);
        let orders = confidence * WHOLE + known;
        let points = ((2 * sum + orders) / (2 * orders)).min(FULL);
        let points = u32::try_from(points).unwrap_or(0);
        let is_graded = known > 0;
        Self { points, grade: is_graded.then(|| Grade::of(points, ranking)) }
    }
}

impl Grade {
    fn of(points: u32, ranking: &Ranking) -> Self {
        let reached = ranking.credit_grades.iter().position(|least| points >= *least);
        reached.and_then(|place| Self::ALL.get(place)).copied().unwrap_or(Self::E)
    }
}

/// What anybody may know of an agency's orders, and its credit by the policy of its region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AgencyStanding))]
pub struct PublishedStanding {
    /// The agency.
    pub agency_id: AgencyId,
    /// The first day on which it was admitted.
    pub admitted_on: Option<Day>,
    /// How many of its orders are completed.
    pub completed: u32,
    /// How many orders came to nothing by its doing after it had accepted them.
    pub terminated: u32,
    /// How many orders it declined.
    pub declined: u32,
    /// How often the deliverables of completed orders were returned.
    pub returned: u32,
    /// How often the deliverables of completed orders were handed over late.
    pub late: u32,
    /// How many orders the credit rests on.
    pub graded: u32,
    /// How many of its orders have evaluations that count …
    pub evaluated: u32,
    /// … and the mean of what they say, from 0 to 1000; none, if there is none.
    pub evaluation: Option<u32>,
    /// Its credit, from 0 to 1000.
    pub credit: u32,
    /// Its grade, from A to E; none until an order was graded.
    pub grade: Option<Grade>,
    /// The last day on which it is a newcomer; none if it is none.
    pub newcomer_until: Option<Day>,
    /// The version of the policy profile by which the credit was reckoned.
    pub policy_version: i64,
}

impl Orders<'_> {
    /// What its orders say of an agency; anybody may read it once the agency is admitted.
    pub async fn standing(
        &self,
        actor: Option<&Actor>,
        id: AgencyId,
    ) -> Result<PublishedStanding, Error> {
        let agency = self.0.agencies().get(actor, id).await?;
        let today = self.0.env.now().day();
        let policy = self.0.rules().policy(&agency.region, today).await?;
        let standing = self.0.db.standings(&[id]).await?.remove(&id).unwrap_or_default();
        let Credit { points, grade } = Credit::of(&standing, &policy.ranking);
        Ok(PublishedStanding {
            agency_id: id,
            admitted_on: standing.admitted_on,
            completed: standing.completed(),
            terminated: standing.terminated,
            declined: standing.declined,
            returned: standing.returned(),
            late: standing.late(),
            graded: standing.graded(),
            evaluated: standing.evaluated,
            evaluation: standing.evaluation(),
            credit: points,
            grade,
            newcomer_until: standing.newcomer_until(&policy.ranking).filter(|day| *day >= today),
            policy_version: policy.version,
        })
    }
}

/// The agency whose standing an entry of the journal may have changed. Returns and late
/// hand-overs count once their order is completed, evaluations once their window is closed.
pub fn changes_standing(entry: &Recorded) -> Option<AgencyId> {
    let of_order = || serde_json::from_value(entry.data.get("agency")?.clone()).ok();
    let (old, new) = (entry.old_state.as_deref(), entry.new_state.as_deref());
    match (entry.kind, new) {
        (Kind::Order, Some("completed" | "declined" | "terminated"))
        | (Kind::Evaluation, Some("appealed" | "kept" | "hidden")) => of_order(),
        (Kind::EvaluationWindow, Some("closed")) if !entry.data["points"].is_null() => of_order(),
        (Kind::Agency, Some("admitted" | "suspended" | "exited"))
            if matches!(old, None | Some("applying" | "rejected")) =>
        {
            entry.object.parse().ok()
        }
        _ => None,
    }
}

/// What a step of an order says of its agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// The deliverable was returned.
    pub(super) returned: bool,
    /// The deliverable was handed over after its last day.
    pub(super) late: bool,
    /// The order ended by the agency's doing.
    pub(super) failed: bool,
}

impl Mark {
    /// Of an order before a step, and its state after it.
    pub(super) fn of(before: &Order, after: &AnyState, today: Day) -> Self {
        let agency = [Party::Agency(before.terms.agency_id)];
        let is_overdue = before.holder().is_some_and(|holder| {
            holder.parties == agency && holder.until.is_some_and(|last| last < today)
        });
        let failed = match after {
            AnyState::Declined(_) => true,
            AnyState::Terminated(state) => state.by == Side::Agency || is_overdue,
            _ => false,
        };
        let returned = matches!(after, AnyState::Reworking(_));
        Self { returned, late: is_overdue && matches!(after, AnyState::Delivered(_)), failed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        order::{
            state::Terminated,
            tests::{order, states},
        },
        testing::ranking,
    };

    fn standing(outcomes: &[(u32, u32, u32)]) -> Standing {
        let outcomes =
            outcomes.iter().map(|(returned, late, orders)| ((*returned, *late), *orders));
        Standing { outcomes: outcomes.collect(), ..Standing::default() }
    }

    #[test]
    fn credit_is_the_mean_of_what_is_known_and_what_is_presumed() {
        let credit = |standing: Standing| {
            let Credit { points, grade } = Credit::of(&standing, &ranking());
            (points, grade)
        };
        assert_eq!(credit(Standing::default()), (700, None), "nothing is known");
        assert_eq!(credit(standing(&[(0, 0, 1)])), (750, Some(Grade::B)), "4500 / 6");
        assert_eq!(credit(standing(&[(0, 0, 9)])), (893, Some(Grade::B)), "12500 / 14 = 892.86");
        assert_eq!(credit(standing(&[(0, 0, 10)])), (900, Some(Grade::A)), "13500 / 15");
        assert_eq!(credit(standing(&[(1, 1, 1)])), (683, Some(Grade::C)), "4100 / 6 = 683.3");
        assert_eq!(
            credit(standing(&[(9, 9, 1)])),
            (583, Some(Grade::D)),
            "an order has 0 at least"
        );
        let ended = |terminated, declined| Standing { terminated, declined, ..Standing::default() };
        assert_eq!(credit(ended(2, 0)), (500, Some(Grade::D)), "3500 / 7");
        assert_eq!(credit(ended(5, 0)), (350, Some(Grade::E)), "3500 / 10");
        assert_eq!(credit(ended(0, 1)), (696, None), "3480 / 5: declining is no graded order");
        assert_eq!(credit(ended(0, 9999)), (0, None));
        let evaluated = |evaluated, evaluation_points| Standing {
            evaluated,
            evaluation_points,
            ..standing(&[(0, 0, 1)])
        };
        assert_eq!(credit(evaluated(1, 1000)), (769, Some(Grade::B)), "5000 / 6.5 = 769.2");
        assert_eq!(credit(evaluated(1, 200)), (708, Some(Grade::C)), "4600 / 6.5 = 707.7");
        assert_eq!(credit(evaluated(0, 0)), (750, Some(Grade::B)), "nobody says anything");
        let only = Standing { evaluated: 1, evaluation_points: 200, ..Standing::default() };
        assert_eq!(credit(only), (655, Some(Grade::C)), "3600 / 5.5 = 654.5");
    }

    #[test]
    fn each_order_counts_once_and_what_happened_to_it_as_often_as_it_did() {
        let standing = Standing { terminated: 4, ..standing(&[(0, 0, 7), (2, 1, 3), (0, 1, 1)]) };
        assert_eq!((standing.completed(), standing.graded()), (11, 15));
        assert_eq!((standing.returned(), standing.late()), (6, 4));
    }

    #[test]
    fn a_newcomer_is_one_for_a_time_or_until_it_is_known() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let admitted_on = Some(day("2026-11-24"));
        let until = |orders, ranking: &Ranking| {
            Standing { admitted_on, ..standing(&[(0, 0, orders)]) }.newcomer_until(ranking)
        };
        assert_eq!(until(4, &ranking()), Some(day("2027-11-23")), "365 days with the first");
        assert_eq!(until(5, &ranking()), None);
        assert_eq!(until(0, &Ranking { newcomer_days: 0, ..ranking() }), None);
        assert_eq!(standing(&[]).newcomer_until(&ranking()), None, "not admitted yet");
    }

    /// Days before and after the last day of every state, which is 1 December.
    #[test]
    fn a_step_is_late_or_a_failure_only_by_the_agency() {
        let mark = |before: &str, after: AnyState, today: &str| {
            let before = states().into_iter().find(|state| state.name() == before).unwrap();
            let Mark { returned, late, failed } =
                Mark::of(&order(before), &after, today.parse().unwrap());
            [("returned", returned), ("late", late), ("failed", failed)]
                .into_iter()
                .filter_map(|(name, is)| is.then_some(name))
                .collect::<Vec<_>>()
        };
        let state = |name: &str| states().into_iter().find(|state| state.name() == name).unwrap();
        let (in_time, overdue) = ("2026-12-01", "2026-12-02");
        let AnyState::Delivered(delivered) = state("delivered") else {
            panic!("a delivered order is delivered");
        };
        let delivered = || AnyState::from(delivered.clone());
        for before in ["in_service", "reworking"] {
            assert_eq!(mark(before, delivered(), in_time), [""; 0]);
            assert_eq!(mark(before, delivered(), overdue), ["late"]);
        }
        for before in ["delivered", "signed_off"] {
            assert_eq!(mark(before, state("reworking"), overdue), ["returned"]);
        }
        let ended = |by| {
            AnyState::from(Terminated {
                contract: None,
                deliverable: None,
                by,
                reason: String::new(),
            })
        };
        for (before, by, today, expected) in [
            ("in_service", Side::Agency, in_time, vec!["failed"]),
            ("in_service", Side::Applicant, in_time, vec![]),
            ("in_service", Side::Applicant, overdue, vec!["failed"]),
            ("reworking", Side::Applicant, overdue, vec!["failed"]),
            ("delivered", Side::Applicant, overdue, vec![]),
            ("contracted", Side::Applicant, overdue, vec![]),
        ] {
            assert_eq!(mark(before, ended(by), today), expected, "{before} {by} {today}");
        }
        assert_eq!(mark("placed", state("declined"), in_time), ["failed"]);
        assert_eq!(mark("placed", state("cancelled"), overdue), [""; 0]);
        assert_eq!(mark("signed_off", state("completed"), overdue), [""; 0]);
    }
}
