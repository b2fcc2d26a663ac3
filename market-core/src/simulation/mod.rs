//! What other policy would have decided (政策推演): a profile is held against the purchases and
//! direct orders that there were. Nothing is written.
//!
//! Only what can be reckoned again is told: whether a purchase would have been admitted, whether
//! enough took part, whom the same quotes, scores and seed would have chosen, and which deadlines
//! would have been others. Who would have registered in a longer window nobody knows.

mod told;

pub use self::told::{Came, Difference, Simulated, Simulation, Subject};
use crate::{
    Actor, Day, Error, Kind, PolicyProfile, Recorded, Refusal, SelectionRules, Timestamp,
    code::RegionCode,
    draw::Proof,
    kernel::{authority::act, fund::Fund},
    order::Order,
    purchase::{Failure, Purchase, PurchaseState, Purchases, RegistrationState, proof::rerun},
    rules::Clock,
};

/// How many things are read at once.
const BATCH: i64 = 200;

/// How many purchases, and how many orders, are looked at while somebody waits for it.
pub const TRIED: usize = 2_000;

/// A period of a profile.
enum Period {
    Days(fn(&PolicyProfile) -> u32),
    Hours(fn(&PolicyProfile) -> u32),
}

/// The periods that begin with an event of a purchase.
const OF_PURCHASES: &[(&str, Period)] = &[
    ("purchase_submitted", Period::Days(|policy| policy.selection.review_days)),
    ("registration_closed", Period::Hours(|policy| policy.selection.opening_hours)),
    ("candidates_found", Period::Days(|policy| policy.selection.choosing_days)),
    ("award_published", Period::Days(|policy| policy.selection.publicity_days)),
    ("award_stands", Period::Hours(|policy| policy.selection.confirm_hours)),
];
/// The periods that begin with an event of an order.
const OF_ORDERS: &[(&str, Period)] = &[
    ("order_placed", Period::Days(|policy| policy.accept_days)),
    ("order_accepted", Period::Days(|policy| policy.contract_days)),
    ("contract_recorded", Period::Days(|policy| policy.confirm_contract_days)),
    ("order_delivered", Period::Days(|policy| policy.sign_off_days)),
];

impl Period {
    fn end(&self, clock: &Clock) -> Timestamp {
        match self {
            Self::Days(days) => clock.within(days(&clock.policy)).end(),
            Self::Hours(hours) => clock.now.plus_seconds(i64::from(hours(&clock.policy)) * 3600),
        }
    }
}

impl Purchases<'_> {
    /// What a profile would have decided otherwise of the purchases that were drafted, and the
    /// direct orders that were placed, from a day on, wherever it would have applied.
    pub async fn simulate(&self, profile: &PolicyProfile, since: Day) -> Result<Simulation, Error> {
        self.hold_all_against(profile, since, usize::MAX).await
    }

    /// The same for an actor who waits for it: of the earliest [`TRIED`] purchases, and of as many
    /// orders.
    pub async fn try_out(
        &self,
        actor: &Actor,
        profile: &PolicyProfile,
        since: Day,
    ) -> Result<Simulation, Error> {
        const { act("policy.show") }.admits(actor)?;
        self.hold_all_against(profile, since, TRIED).await
    }

    async fn hold_all_against(
        &self,
        profile: &PolicyProfile,
        since: Day,
        most: usize,
    ) -> Result<Simulation, Error> {
        self.0.db.region(&profile.region).await?;
        let from = since.plus(-1).end();
        let mut simulation = Simulation {
            region: profile.region.clone(),
            version: profile.version,
            since,
            purchases: 0,
            orders: 0,
            is_whole: true,
            otherwise: Vec::new(),
        };
        let (mut after, mut looked) = (None, 0);
        loop {
            let mut found = self.0.db.purchases_since(from, after, BATCH).await?;
            simulation.cut(&mut found, &mut looked, most);
            let Some(last) = found.last() else { break };
            after = Some(last.id);
            for purchase in found.iter().filter(|purchase| purchase.state.is_public()) {
                let Some(held) =
                    self.hold_against(profile, &purchase.region, purchase.created_at).await?
                else {
                    continue;
                };
                simulation.purchases += 1;
                let differences = self.of_purchase(purchase, &held).await?;
                simulation.add(Simulated {
                    subject: Subject::Purchase(purchase.id),
                    title: purchase.notice.title.clone(),
                    mode: Some(purchase.notice.mode),
                    state: purchase.state.name().to_owned(),
                    differences,
                });
            }
        }
        let (mut after, mut looked) = (None, 0);
        loop {
            let mut found = self.0.db.direct_orders_since(from, after, BATCH).await?;
            simulation.cut(&mut found, &mut looked, most);
            let Some(last) = found.last() else { break };
            after = Some(last.id);
            for order in &found {
                let case = self.0.db.case(order.terms.case_id).await?;
                let Some(held) = self.hold_against(profile, &case.region, order.placed_at).await?
                else {
                    continue;
                };
                simulation.orders += 1;
                let differences = self.of_order(order, case.fund, &held).await?;
                simulation.add(Simulated {
                    subject: Subject::Order(order.id),
                    title: order.terms.item.to_string(),
                    mode: None,
                    state: order.state.name().to_owned(),
                    differences,
                });
            }
        }
        Ok(simulation)
    }

    /// The clocks of both profiles where and when something was, if the new one would have applied:
    /// not where a nearer region has one of its own.
    async fn hold_against(
        &self,
        profile: &PolicyProfile,
        region: &RegionCode,
        at: Timestamp,
    ) -> Result<Option<Held>, Error> {
        let region = self.0.db.region(region).await?;
        let was = self.0.db.clock(&region, at).await?;
        let depth = |code: &RegionCode| region.path.iter().position(|one| one == code);
        let applies = depth(&profile.region)
            .is_some_and(|new| depth(&was.policy.region).is_none_or(|old| old <= new));
        let would_be = Clock { policy: profile.clone(), ..was.clone() };
        Ok(applies.then_some(Held { was, would_be }))
    }

    async fn of_purchase(
        &self,
        purchase: &Purchase,
        held: &Held,
    ) -> Result<Vec<Difference>, Error> {
        let rules = &held.would_be.policy.selection;
        let entries = self.0.db.journal_of(Kind::Purchase, &purchase.id.to_string()).await?;
        let mut found = Vec::new();
        if let Err(refusal) = purchase.notice.admitted_by(rules, purchase.fund) {
            found.push(refused(refusal));
        }
        found.extend(review(rules, purchase.fund, &entries));
        found.extend(window(purchase, held, &entries));
        found.extend(self.selection(purchase, rules).await?);
        found.extend(held.deadlines(OF_PURCHASES, &entries));
        Ok(found)
    }

    /// What the rule would have come to.
    async fn selection(
        &self,
        purchase: &Purchase,
        rules: &SelectionRules,
    ) -> Result<Option<Difference>, Error> {
        let selection = match purchase.notice.selection("/notice", rules, purchase.fund) {
            Ok(selection) => selection,
            Err(Error::Invalid(faults)) => {
                let faults = faults.iter().map(|one| format!("{}: {}", one.pointer, one.message));
                return Ok(Some(Difference::Invalid { faults: faults.collect() }));
            }
            Err(why) => return Err(why),
        };
        match self.proof(purchase.id).await {
            Ok(proof) => {
                let proof = Proof::from_bytes(proof.as_bytes());
                let proof = proof.map_err(|_| Error::Inconsistent("proof"))?;
                let (was, would_be) =
                    rerun(&proof, selection).map_err(|_| Error::Inconsistent("proof"))?;
                let (was, would_be) = (Came::from(was), Came::from(would_be));
                Ok((was != would_be).then_some(Difference::Outcome { was, would_be }))
            }
            Err(Error::NotFound(_)) if purchase.state.is_sealed() => {
                self.minimum(purchase, selection.minimum).await
            }
            Err(Error::NotFound(_)) => Ok(None),
            Err(why) => Err(why),
        }
    }

    /// Whether enough were on the list, where nothing was drawn from it.
    async fn minimum(
        &self,
        purchase: &Purchase,
        minimum: usize,
    ) -> Result<Option<Difference>, Error> {
        let failure = match &purchase.state {
            PurchaseState::Failed(failed) => Some(failed.failure),
            PurchaseState::Voided(_) => return Ok(None),
            _ => None,
        };
        let registrations = self.0.db.registrations(purchase.id).await?;
        let is_out = [
            RegistrationState::Registered,
            RegistrationState::Withdrawn,
            RegistrationState::Ineligible,
        ];
        let had = registrations.iter().filter(|one| !is_out.contains(&one.state)).count();
        let was_enough = failure != Some(Failure::TooFewRegistrants);
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let difference = Difference::Minimum { had: number(had), minimum: number(minimum) };
        Ok((was_enough != (had >= minimum)).then_some(difference))
    }

    async fn of_order(
        &self,
        order: &Order,
        fund: Fund,
        held: &Held,
    ) -> Result<Vec<Difference>, Error> {
        let limit = held.would_be.policy.direct_limit_fiscal;
        let amount = order.terms.amount;
        let entries = self.0.db.journal_of(Kind::Order, &order.id.to_string()).await?;
        let mut differences = Vec::new();
        if fund == Fund::Fiscal && amount >= limit {
            differences.push(Difference::OverLimit { limit, amount });
        }
        differences.extend(held.deadlines(OF_ORDERS, &entries));
        Ok(differences)
    }
}

impl Simulation {
    /// Leaves of what was found only as much as may still be looked at.
    fn cut<T>(&mut self, found: &mut Vec<T>, looked: &mut usize, most: usize) {
        let left = most.saturating_sub(*looked);
        if found.len() > left {
            self.is_whole = false;
            found.truncate(left);
        }
        *looked += found.len();
    }

    fn add(&mut self, simulated: Simulated) {
        if !simulated.differences.is_empty() {
            self.otherwise.push(simulated);
        }
    }
}

/// The clocks of the two profiles.
struct Held {
    was: Clock,
    would_be: Clock,
}

impl Held {
    /// The deadlines that would have been others.
    fn deadlines(&self, periods: &[(&str, Period)], entries: &[Recorded]) -> Vec<Difference> {
        let moved = |entry: &Recorded| {
            let (_, period) = periods.iter().find(|(event, _)| *event == entry.event)?;
            let end = |clock: &Clock| period.end(&Clock { now: entry.at, ..clock.clone() });
            let (was, would_be) = (end(&self.was), end(&self.would_be));
            let event = entry.event.clone();
            (was != would_be).then_some(Difference::Deadline { event, was, would_be })
        };
        entries.iter().filter_map(moved).collect()
    }
}

fn refused(refusal: Refusal) -> Difference {
    Difference::Refused { code: refusal.code().to_owned() }
}

/// Whether the formal review would have come in or gone.
fn review(rules: &SelectionRules, fund: Fund, entries: &[Recorded]) -> Option<Difference> {
    let was = entries.iter().any(|entry| entry.new_state.as_deref() == Some("in_review"));
    let would_be = rules.reviewed.contains(&fund);
    (was != would_be).then_some(Difference::Review { was, would_be })
}

/// Whether registration would have had to stay open for longer.
fn window(purchase: &Purchase, held: &Held, entries: &[Recorded]) -> Option<Difference> {
    let published = entries.iter().find(|entry| entry.event == "purchase_published")?;
    let clock = Clock { now: published.at, ..held.would_be.clone() };
    let (was, would_be) = (purchase.notice.closes_at, Purchase::earliest_close(&clock));
    let event = published.event.clone();
    (was < would_be).then_some(Difference::Deadline { event, was, would_be })
}
