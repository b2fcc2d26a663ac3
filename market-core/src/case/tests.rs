//! How a case moves on.

use uuid::Uuid;

use super::{state::StepState, *};
use crate::{
    Day,
    code::ItemCode,
    id::OrderId,
    matter::{Need, Step},
    testing::clock,
};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn key(text: &str) -> StepKey {
    text.parse().unwrap()
}

fn item(text: &str) -> ItemCode {
    text.parse().unwrap()
}

fn department(text: &str) -> DepartmentCode {
    text.parse().unwrap()
}

fn step(name: &str, by: &str, after: &[&str]) -> Step {
    Step {
        key: key(name),
        name: name.to_owned(),
        department: department(by),
        after: after.iter().map(|name| key(name)).collect(),
        statutory_days: 20,
        promised_days: 5,
        note: String::new(),
    }
}

/// Two steps in parallel, one of which needs an inspection; a third after both.
fn matter() -> Matter {
    Matter {
        code: "open-restaurant".parse().unwrap(),
        version: 1,
        name: "开办餐馆".to_owned(),
        lead: department("market-regulation"),
        audience: String::new(),
        statutory_days: 40,
        promised_days: 10,
        steps: vec![
            step("s1", "market-regulation", &[]),
            step("s2", "fire-rescue", &[]),
            step("s3", "market-regulation", &["s1", "s2"]),
        ],
        materials: Vec::new(),
        needs: vec![Need {
            item: item("inspection"),
            steps: vec![key("s2"), key("s3")],
            why: String::new(),
        }],
        withdrawn: false,
    }
}

fn case() -> Case {
    let new = NewCase {
        matter: "open-restaurant".parse().unwrap(),
        title: "开一家面馆".to_owned(),
        region: "330282".parse().unwrap(),
        fund: Fund::Social,
    };
    let needs = vec![(item("inspection"), 1)];
    let id = CaseId(Uuid::nil());
    Case::open(id, ApplicantId(Uuid::nil()), &new, &matter(), needs, &clock())
}

fn states(case: &Case) -> Vec<StepState> {
    case.steps.iter().map(|step| step.state).collect()
}

fn used(case: Case, by: &[&str]) -> Case {
    let by = by.iter().map(|code| department(code)).collect();
    case.used(&item("inspection"), by, &matter(), &clock())
}

#[test]
fn a_new_case_starts_with_what_needs_nothing() {
    let case = case();
    assert_eq!(states(&case), [StepState::InReview, StepState::Waiting, StepState::Waiting]);
    assert_eq!(case.steps[0].due_on, Some(day("2026-12-01")), "five promised working days");
    assert_eq!(case.waits_for(&key("s2"), &matter()), (vec![], vec![item("inspection")]));
}

#[test]
fn a_used_deliverable_lets_its_department_begin_and_a_returned_one_stops_it() {
    let case = used(case(), &["fire-rescue"]);
    assert_eq!(case.steps[1].state, StepState::InReview);
    let case = used(case, &[]);
    assert_eq!((case.steps[1].state, case.steps[1].due_on), (StepState::Waiting, None));
}

#[test]
fn the_last_approval_completes_the_case() {
    let (matter, clock) = (matter(), clock());
    let (market, fire) = (department("market-regulation"), department("fire-rescue"));
    let case = used(case(), &["fire-rescue", "market-regulation"]);
    let case = case.approve(&market, &key("s1"), &matter, &clock).unwrap();
    assert_eq!(case.steps[2].state, StepState::Waiting, "s2 is still open");
    let case = case.approve(&fire, &key("s2"), &matter, &clock).unwrap();
    assert_eq!(case.steps[2].state, StepState::InReview);
    let case = case.approve(&market, &key("s3"), &matter, &clock).unwrap();
    assert_eq!(case.state, CaseState::Completed);
    assert_eq!(case.withdraw(&matter).err(), Some(Refusal::CaseClosed));
}

#[test]
fn an_approved_step_stays_approved_when_its_deliverable_is_replaced() {
    let case = used(case(), &["fire-rescue"]);
    let case = case.approve(&department("fire-rescue"), &key("s2"), &matter(), &clock()).unwrap();
    assert_eq!(used(case, &[]).steps[1].state, StepState::Approved);
}

#[test]
fn only_its_department_decides_a_step_and_only_when_it_is_ready() {
    let case = case();
    let decides = |by: &str, step: &str| case.reviewed(&department(by), &key(step)).map(drop);
    assert_eq!(decides("fire-rescue", "s1"), Err(Refusal::NotYourStep));
    assert_eq!(decides("fire-rescue", "s2"), Err(Refusal::StepNotReady));
    assert_eq!(decides("fire-rescue", "s9"), Err(Refusal::NoSuchStep));
    assert_eq!(decides("market-regulation", "s1"), Ok(()));
}

#[test]
fn a_returned_step_comes_back_with_a_new_deadline() {
    let (matter, clock) = (matter(), clock());
    let by = department("market-regulation");
    let case = case().return_step(&by, &key("s1"), "缺少签字", &clock).unwrap();
    assert_eq!(case.steps[0].state, StepState::Returned);
    assert_eq!(case.steps[0].reason.as_deref(), Some("缺少签字"));
    let case = case.resubmit(&key("s1"), &matter, &clock).unwrap();
    assert_eq!(case.steps[0].state, StepState::InReview);
    assert_eq!(case.steps[0].due_on, Some(day("2026-12-01")));
    assert_eq!(case.returned(&key("s1")).err(), Some(Refusal::StepNotReturned));
}

#[test]
fn a_requirement_takes_one_order_at_a_time() {
    let order = OrderId(Uuid::nil());
    let case = case().ordered(&item("inspection"), order, None).unwrap();
    assert_eq!(case.admits(&item("inspection")).err(), Some(Refusal::AlreadyOrdered));
    assert_eq!(case.admits(&item("audit")).err(), Some(Refusal::NotNeeded));
    assert_eq!(case.clone().withdraw(&matter()).err(), Some(Refusal::CaseHasOrders));
    let case = case.released(&item("inspection"));
    assert!(case.admits(&item("inspection")).is_ok());
}

#[test]
fn a_linked_order_of_another_case_does_not_hold_the_case() {
    let (order, fire) = (OrderId(Uuid::nil()), department("fire-rescue"));
    let case = case().ordered(&item("inspection"), order, Some(fire)).unwrap();
    let case = used(case, &["fire-rescue"]).withdraw(&matter()).unwrap();
    assert_eq!(case.state, CaseState::Withdrawn);
    assert_eq!(case.is_open(), Err(Refusal::CaseClosed));
}
