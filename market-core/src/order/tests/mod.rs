//! The rules of an order, on pages that a clerk can read.

mod acquaintance;
mod awarding;
mod buying;
mod dealings;
mod lapsing;
pub(crate) mod world;

use std::fmt::Write;

use uuid::Uuid;

use super::{
    contract::{Contract, ReturnCode, Returned, Side, Use, UseState},
    state::{
        Accepted, AnyState, Cancelled, Completed, Contracted, Declined, Delivered, InService,
        Placed, Reworking, SignedOff, Terminated,
    },
    steps::Moved,
    *,
};
use crate::{Day, code::DepartmentCode, id::PersonId, testing::clock};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn department(code: &str) -> DepartmentCode {
    code.parse().unwrap()
}

fn contract() -> Contract {
    Contract {
        number: "HT-1".to_owned(),
        amount: "3000".parse().unwrap(),
        signed_on: day("2026-11-24"),
        starts_on: day("2026-11-25"),
        ends_on: day("2026-12-25"),
        content: String::new(),
        agreed_payment_days: None,
        agreed_interest_per_myriad_day: None,
        milestones: Vec::new(),
    }
}

pub(super) fn order(state: AnyState) -> Order {
    let terms = OrderTerms {
        case_id: CaseId(Uuid::nil()),
        item: "fire-facility-inspection".parse().unwrap(),
        item_version: 1,
        listing_id: Some(ListingId(Uuid::nil())),
        listing_number: Some(1),
        purchase_id: None,
        agency_id: AgencyId(Uuid::nil()),
        applicant_id: ApplicantId(Uuid::nil()),
        amount: "3000".parse().unwrap(),
        service_days: 10,
        policy_version: 7,
    };
    let at = "2026-11-23T02:00:00Z".parse().unwrap();
    let id = OrderId(Uuid::nil());
    Order { id, terms, state, since: at, version: 3, placed_at: at, updated_at: at }
}

fn returned() -> Returned {
    let at = clock().now;
    Returned { by: Party::Operator, code: ReturnCode::Wrong, note: "重做".to_owned(), at }
}

pub(super) fn states() -> Vec<AnyState> {
    let due = day("2026-12-01");
    let accepted_on = day("2026-11-30");
    let uses = vec![
        Use::pending(department("fire-rescue")),
        Use { state: UseState::Used, ..Use::pending(department("market-regulation")) },
    ];
    let reason = || "不再需要".to_owned();
    vec![
        Placed { due }.into(),
        Accepted { due, rejected: None }.into(),
        Contracted { contract: contract(), recorded_by: Side::Agency, due }.into(),
        InService { contract: contract(), due }.into(),
        Delivered { contract: contract(), deliverable: 1, due, deemed: true }.into(),
        Reworking { contract: contract(), deliverable: 1, returned: returned(), due }.into(),
        SignedOff { contract: contract(), deliverable: 1, uses: uses.clone(), accepted_on, due }
            .into(),
        Completed { contract: contract(), deliverable: 1, uses, accepted_on }.into(),
        Declined { reason: reason() }.into(),
        Cancelled { by: Some(Side::Applicant), reason: reason() }.into(),
        Terminated {
            contract: Some(contract()),
            deliverable: None,
            by: Side::Agency,
            reason: reason(),
        }
        .into(),
    ]
}

type Outcome = Result<Moved<AnyState>, Refusal>;

type Step = fn(Order) -> Outcome;

/// Every step, taken by the side or department that it belongs to.
fn steps() -> Vec<(&'static str, Step)> {
    vec![
        ("accept", |order| Ok(order.placed()?.accept(&clock()).any())),
        ("decline", |order| Ok(order.placed()?.decline(String::new(), &clock()).any())),
        ("cancel", |order| order.cancel(Side::Applicant, String::new(), &clock())),
        ("record contract", |order| {
            let order = order.accepted()?;
            Ok(order.record_contract(contract(), Side::Agency, &clock())?.any())
        }),
        ("confirm contract", |order| {
            Ok(order.contracted()?.confirm_contract(Side::Applicant, &clock())?.any())
        }),
        ("reject contract", |order| {
            Ok(order
                .contracted()?
                .reject_contract(Side::Applicant, "金额有误".to_owned(), &clock())?
                .any())
        }),
        ("deliver", |order| order.deliver(2, &clock())),
        ("return for rework", |order| {
            Ok(order.delivered()?.return_for_rework(returned(), &clock()).any())
        }),
        ("sign off", |order| {
            let consumers = vec![department("fire-rescue")];
            Ok(order.delivered()?.sign_off(consumers, &clock()))
        }),
        ("use", |order| order.signed_off()?.use_deliverable(&department("fire-rescue"), &clock())),
        ("return", |order| {
            let order = order.signed_off()?;
            Ok(order.return_deliverable(&department("fire-rescue"), returned(), &clock())?.any())
        }),
        ("terminate", |order| order.terminate(Side::Applicant, String::new(), &clock())),
    ]
}

/// Long after every deadline.
fn late() -> Clock {
    Clock { now: "2026-12-24T01:00:00Z".parse().unwrap(), ..clock() }
}

#[test]
fn every_step_from_every_state() {
    let mut page = String::new();
    for state in states() {
        writeln!(page, "{}", state.name()).unwrap();
        let lapse: Step = |order| order.lapse(vec![department("fire-rescue")], &late());
        for (name, step) in steps().into_iter().chain([("lapse", lapse)]) {
            let cell = match step(order(state.clone())) {
                Ok(moved) => format!("▶ {} ({})", moved.order.state.name(), moved.event),
                Err(refusal) => format!("✘ {}", refusal.code()),
            };
            writeln!(page, "  {name:18} {cell}").unwrap();
        }
    }
    insta::assert_snapshot!(page);
}

/// What is shown as allowed is what the step itself allows.
#[test]
fn actions_agree_with_steps() {
    let applicant = Actor::new(PersonId(Uuid::nil()), Party::Applicant(ApplicantId(Uuid::nil())));
    let agency = Actor::new(PersonId(Uuid::nil()), Party::Agency(AgencyId(Uuid::nil())));
    let fire = Actor::new(PersonId(Uuid::nil()), Party::Department(department("fire-rescue")));
    for state in states() {
        for (name, step) in steps() {
            let actor = match name {
                "accept" | "decline" | "deliver" => &agency,
                "use" | "return" => &fire,
                _ => &applicant,
            };
            let actions = order(state.clone()).actions(actor);
            let name = name.replace(' ', "-");
            let action = actions.iter().find(|action| action.name == name);
            let action = action.unwrap_or_else(|| panic!("{name} is an action"));
            let outcome = step(order(state.clone())).map(drop);
            assert_eq!(action.refusal, outcome.err(), "{name} from {}", state.name());
        }
    }
}

#[test]
fn a_step_takes_the_deadline_of_its_policy() {
    let moved = order(states().remove(0)).placed().unwrap().accept(&clock());
    assert_eq!(moved.order.state.due, day("2026-12-08"));
    let contracted = order(states().remove(2)).contracted().unwrap();
    let moved = contracted.confirm_contract(Side::Applicant, &clock()).unwrap();
    assert_eq!(moved.order.state.due, day("2026-12-08"), "ten days of service");
}

#[test]
fn a_contract_keeps_the_price_and_is_confirmed_by_the_other_side() {
    let dearer = Contract { amount: "3000.01".parse().unwrap(), ..contract() };
    let accepted = order(states().remove(1)).accepted().unwrap();
    let outcome = accepted.record_contract(dearer, Side::Agency, &clock());
    assert_eq!(outcome.err(), Some(Refusal::AmountDiffers));
    let contracted = order(states().remove(2)).contracted().unwrap();
    let outcome = contracted.confirm_contract(Side::Agency, &clock());
    assert_eq!(outcome.err(), Some(Refusal::OwnContract));
}

#[test]
fn what_was_returned_is_not_handed_over_again() {
    let outcome = order(states().remove(5)).deliver(1, &clock());
    assert_eq!(outcome.err(), Some(Refusal::AlreadyDelivered));
}

#[test]
fn only_departments_that_need_it_use_it_and_once() {
    let signed_off = || order(states().remove(6)).signed_off().unwrap();
    let by = |code: &str| signed_off().use_deliverable(&department(code), &clock());
    assert_eq!(by("water-resources").err(), Some(Refusal::NotAConsumer));
    assert_eq!(by("market-regulation").err(), Some(Refusal::AlreadyUsed));
    assert_eq!(by("fire-rescue").unwrap().order.state.name(), "completed");
}

#[test]
fn a_deliverable_that_no_department_needs_completes_its_order() {
    let delivered = order(states().remove(4)).delivered().unwrap();
    assert_eq!(delivered.sign_off(Vec::new(), &clock()).order.state.name(), "completed");
}

#[test]
fn days_of_a_contract_are_near() {
    let today = day("2026-11-24");
    contract().check(today).unwrap();
    let (early, late) = (day("2006-11-01"), day("2046-12-31"));
    for (wrong, pointer) in [
        (Contract { signed_on: day("2026-11-25"), ..contract() }, "/signed_on"),
        (Contract { signed_on: day("2226-11-24"), ..contract() }, "/signed_on"),
        (Contract { signed_on: early, ..contract() }, "/signed_on"),
        (Contract { starts_on: early, ..contract() }, "/starts_on"),
        (Contract { ends_on: late, ..contract() }, "/ends_on"),
        (Contract { starts_on: day("2026-12-26"), ..contract() }, "/ends_on"),
    ] {
        let Err(Error::Invalid(faults)) = wrong.check(today) else { panic!("{wrong:?}") };
        assert_eq!(faults[0].pointer, pointer);
    }
    let years = Contract { ends_on: day("2046-11-24"), ..contract() };
    years.check(today).unwrap();
}
