//! Anything that anybody may try, in any order: whatever happens, the market's promises hold.

use std::collections::BTreeSet;

use super::*;
use crate::{
    Call,
    agency::{AgencyState, Suspension},
    id::{AgencyId, RegistrationId},
    sha256_hex,
    testing::START,
};

/// Where chance comes from, the same for the same seed.
struct Chance {
    seed: u32,
    asked: u32,
}

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.asked += 1;
        let digits = sha256_hex(format!("{} {}", self.seed, self.asked).as_bytes());
        usize::from_str_radix(&digits[..8], 16).unwrap() % bound
    }
}

const AGENCIES: usize = 5;
const STEPS: usize = 70;

/// A mode that can be run without anything else in its notice.
fn some_notice(seed: u32) -> Notice {
    match seed % 5 {
        0 => notice(Mode::Random, fixed()),
        1 => notice(Mode::LowestPrice, limits()),
        2 => notice(Mode::BestPrice, limits()),
        3 => Notice { rounds: Some(2), ..notice(Mode::MultiRound, limits()) },
        _ => Notice {
            long_list: Some(4),
            short_list: Some(2),
            ..notice(Mode::CreditPreferred, fixed())
        },
    }
}

/// One thing that somebody tries; it may be refused.
async fn try_something(world: &World, id: PurchaseId, chance: &mut Chance) {
    let at = chance.below(AGENCIES);
    let agency: &Call = world.agency(at);
    let purchases = world.market.purchases();
    match chance.below(16) {
        0 | 1 => drop(world.register(at, id).await),
        2 => drop(purchases.withdraw(agency, id).await),
        3..=5 => {
            let fen = 100 + chance.below(20_000_000);
            let quote = format!("{}.{:02}", fen / 100, fen % 100);
            drop(world.quote(at, id, amount(&quote)).await);
        }
        6 => {
            let suspension = Suspension { months: 3, reason: "逾期".to_owned() };
            let suspended = world.agencies[at].0;
            drop(world.market.agencies().suspend(&operator(), suspended, suspension).await);
        }
        7 => drop(world.quote(at, id, amount("150")).await),
        8 => {
            // Mostly whoever is awarded it: others are refused, whatever the state.
            let awarded = world.get(id).await.state.award().map(|award| award.agency_id);
            let awarded = world.agencies.iter().find(|(agency, _)| Some(*agency) == awarded);
            let by = awarded.filter(|_| chance.below(4) > 0).map_or(agency, |(_, call)| call);
            drop(purchases.confirm(by, id).await);
        }
        9 => drop(purchases.decline(agency, id, "排不开").await),
        10 => {
            if let PurchaseState::Choosing(state) = &world.get(id).await.state {
                let picked = state.candidates[chance.below(state.candidates.len())];
                let reason = "业绩较多".to_owned();
                let choice = Choice { registration_id: Some(picked), scores: Vec::new(), reason };
                drop(purchases.choose(&world.owner, id, choice).await);
            }
        }
        11 => {
            if let PurchaseState::Ordered(state) = &world.get(id).await.state {
                let orders = world.market.orders();
                drop(orders.cancel(&world.owner, state.order_id, "未按期签约").await);
            }
        }
        12..=13 => drop(purchases.open(&world.owner, id, &code()).await),
        _ => {
            let due = world.get(id).await.state.due_at();
            let next = due.filter(|_| chance.below(2) == 0);
            let at = next.unwrap_or_else(|| world.now().plus_seconds(3600 * 7)).max(world.now());
            world.until(at).await;
        }
    }
}

/// What is always true of a purchase.
async fn holds(world: &World, id: PurchaseId) {
    let purchase = world.get(id).await;
    let registrations = world.market.db.registrations(id).await.unwrap();
    let entries = world.market.db.journal_of(Kind::Purchase, &id.to_string()).await.unwrap();
    let mut state = None;
    for entry in &entries {
        assert_eq!(entry.old_state, state, "{}", entry.event);
        state.clone_from(&entry.new_state);
    }
    assert_eq!(state.as_deref(), Some(purchase.state.name()), "history folds to the state");
    assert_eq!(i64::try_from(entries.len()).unwrap(), purchase.version);
    if !purchase.state.is_sealed() {
        assert!(registrations.iter().flat_map(|one| &one.quotes).all(|one| one.quote.is_none()));
    }
    let case = world.market.cases().get(&world.owner.actor, world.case.id).await.unwrap();
    let need = case.requirements.iter().find(|need| need.item == purchase.item).unwrap();
    assert_eq!(need.purchase_id.is_some(), purchase.state.is_live());
    assert!(need.order_id.is_none() || need.purchase_id.is_none());
    let won: BTreeSet<RegistrationId> = registrations
        .iter()
        .filter(|one| one.state == RegistrationState::Won)
        .map(|one| one.id)
        .collect();
    let Some(award) = purchase.state.award() else {
        assert_eq!(won.len(), 0, "nobody has won what nobody is awarded");
        return;
    };
    assert_eq!(won, [award.registration_id].into());
    let text = world.market.purchases().proof(id).await.unwrap();
    let proof = Proof::from_bytes(text.as_bytes()).unwrap();
    verify(&proof).unwrap();
    let selection = purchase.selection.as_ref().unwrap();
    assert!(proof.sealed.list.len() >= selection.minimum, "never below the minimum");
    assert!(proof.sealed.list.iter().any(|one| one.registration == award.registration_id));
    assert!(award.amount <= purchase.notice.price.budget());
    if let Some((quote, limits)) = award.quote.zip(purchase.notice.price.limits()) {
        quote.check(&limits).unwrap();
    }
    if let PurchaseState::Ordered(state) = &purchase.state {
        let order = world.market.orders().get(&world.owner.actor, state.order_id).await.unwrap();
        assert_eq!(order.terms.amount, award.amount);
        assert_eq!(order.terms.agency_id, award.agency_id);
    }
}

/// Whoever has just won was not suspended then.
async fn won_fairly(world: &World, before: Option<AgencyId>, id: PurchaseId) -> Option<AgencyId> {
    let winner = world.get(id).await.state.award().map(|award| award.agency_id);
    if let Some(winner) = winner.filter(|winner| Some(*winner) != before) {
        let agency = world.market.agencies().get(None, winner).await.unwrap();
        assert!(matches!(agency.state, AgencyState::Admitted(_)), "{:?}", agency.state);
    }
    winner
}

on_both! {
    async fn promises_hold_whatever_happens(url: &str) {
        let mut reached = BTreeSet::new();
        let world = World::new(url, Fund::Social, 0).await;
        for seed in 0..20 {
            let mut chance = Chance { seed, asked: 0 };
            let mut world = world.clone();
            world.env().set(START.parse().unwrap());
            world.case = open_case(&world.market, &world.owner, Fund::Social).await;
            for n in 1..=u32::try_from(AGENCIES).unwrap() {
                world.join(100 * seed + n, &format!("0574-2{seed:03}-{n:04}")).await;
            }
            let closes_at = world.now().plus_seconds(10 * 24 * 3600);
            let new = Notice { closes_at, ..some_notice(seed) };
            let id = world.publish(new).await.unwrap().id;
            let mut winner = None;
            for at in 0..2 + chance.below(3) {
                world.register(at, id).await.unwrap();
                drop(world.quote(at, id, amount(&format!("{}", 100 + chance.below(900)))).await);
            }
            for _ in 0..STEPS {
                try_something(&world, id, &mut chance).await;
                holds(&world, id).await;
                winner = won_fairly(&world, winner, id).await;
                reached.insert(world.get(id).await.state.name());
                if world.get(id).await.state.is_over() {
                    break;
                }
            }
        }
        for state in ["open", "opening", "rounds", "choosing", "publicity", "awarded", "ordered", "failed"] {
            assert!(reached.contains(state), "{state} was never reached: {reached:?}");
        }
    }
}
