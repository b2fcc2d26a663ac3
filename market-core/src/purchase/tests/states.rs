//! Every step from every state, on a page that a clerk can read.

use std::fmt::Write;

use uuid::Uuid;

use super::*;
use crate::{
    code::DepartmentCode,
    id::{AgencyId, ApplicantId, ComplaintId, OrderId, PurchaseId, RegistrationId},
    purchase::{
        state::{
            Awarded, Choosing, Draft, Failed, InReview, Open, Opening, Ordered, Publicity, Rounds,
            Suspended, Voided,
        },
        steps::Moved,
    },
    rules::Clock,
    selection::Rule,
    testing::clock,
};

fn award() -> Award {
    Award {
        registration_id: RegistrationId(Uuid::from_u128(1)),
        agency_id: AgencyId(Uuid::nil()),
        amount: "30000".parse().unwrap(),
        quote: None,
        ranking: vec![RegistrationId(Uuid::from_u128(1)), RegistrationId(Uuid::from_u128(2))],
        place: 0,
        reason: None,
        decided_at: clock().now,
    }
}

/// Who handles complaints.
fn handler() -> DepartmentCode {
    "market-regulation".parse().unwrap()
}

fn states() -> Vec<PurchaseState> {
    let until = "2026-12-01".parse().unwrap();
    let at: Timestamp = "2026-12-01T01:00:00Z".parse().unwrap();
    vec![
        Draft { returned: None }.into(),
        InReview { due: until }.into(),
        Open { closes_at: at }.into(),
        Opening {
            sealed_at: clock().now,
            sealed_sha256: String::new(),
            until: at,
            numbers: Vec::new(),
        }
        .into(),
        Rounds { round: 1, of: 2, until: at, lowest: None }.into(),
        Choosing { candidates: award().ranking, until }.into(),
        Publicity { award: award(), until }.into(),
        Suspended {
            award: award(),
            complaint_id: ComplaintId(Uuid::nil()),
            handler: handler(),
            days_left: 2,
        }
        .into(),
        Awarded { award: award(), until: at }.into(),
        Ordered { award: award(), order_id: OrderId(Uuid::nil()) }.into(),
        Failed { failure: Failure::NotOpened }.into(),
        Voided { reason: "不买了".to_owned(), closes_at: Some(at) }.into(),
    ]
}

fn purchase(state: PurchaseState) -> Purchase {
    let at = "2026-11-23T02:00:00Z".parse().unwrap();
    Purchase {
        id: PurchaseId(Uuid::nil()),
        case_id: crate::id::CaseId(Uuid::nil()),
        item: world::ITEM.parse().unwrap(),
        item_version: 1,
        applicant_id: ApplicantId(Uuid::nil()),
        region: "330282".parse().unwrap(),
        fund: Fund::Social,
        notice: notice(Mode::Random, fixed()),
        notice_number: 1,
        selection: None,
        predecessor: None,
        state,
        since: at,
        version: 3,
        created_at: at,
        updated_at: at,
    }
}

type Step = fn(Purchase, &Clock) -> Result<Moved, Refusal>;

const STEPS: [(&str, Step); 14] = [
    ("revise", |purchase, clock| purchase.revise(notice(Mode::Random, fixed()), clock.now)),
    ("submit", |purchase, clock| {
        let selection =
            Selection { rule: Rule::Random { alternates: 2 }, minimum: 3, limits: None };
        purchase.submit(selection, clock)
    }),
    ("approve", |purchase, clock| purchase.approve(clock)),
    ("send-back", |purchase, clock| purchase.send_back(String::new(), clock.now)),
    ("correct", |purchase, clock| purchase.correct(notice(Mode::Random, fixed()), clock)),
    ("void", |purchase, clock| purchase.void(String::new(), clock.now)),
    ("close", |purchase, clock| purchase.close(String::new(), clock)),
    ("note", |purchase, clock| purchase.note("purchase_opened", clock.now)),
    ("fail", |purchase, clock| purchase.fail(Failure::NotOpened, clock.now)),
    ("stand", |purchase, clock| purchase.stand(clock)),
    ("confirm", |purchase, clock| purchase.become_order(OrderId(Uuid::nil()), clock)),
    ("pass on", |purchase, clock| purchase.pass_on("award_declined", Some(award()), clock)),
    ("suspend", |purchase, clock| purchase.suspend(ComplaintId(Uuid::nil()), handler(), clock)),
    ("resume", |purchase, clock| purchase.resume(clock)),
];

#[test]
fn every_step_from_every_state() {
    let mut page = String::new();
    for state in states() {
        writeln!(page, "{}", state.name()).unwrap();
        for (name, step) in STEPS {
            let cell = match step(purchase(state.clone()), &clock()) {
                Ok(moved) => format!("▶ {} ({})", moved.purchase.state.name(), moved.event),
                Err(refusal) => format!("✘ {}", refusal.code()),
            };
            writeln!(page, "  {name:10} {cell}").unwrap();
        }
    }
    insta::assert_snapshot!(page);
}

#[test]
fn a_suspension_stops_the_clock_and_resumes_it() {
    let until = "2026-11-26".parse().unwrap();
    let published = purchase(Publicity { award: award(), until }.into());
    let stopped =
        published.suspend(ComplaintId(Uuid::nil()), handler(), &clock()).unwrap().purchase;
    let PurchaseState::Suspended(state) = &stopped.state else { panic!("{:?}", stopped.state) };
    assert_eq!(state.days_left, 2, "Wednesday and Thursday");
    assert_eq!(stopped.state.due_at(), None);
    // Three weeks later, on a Friday.
    let later = Clock { now: "2026-12-18T01:00:00Z".parse().unwrap(), ..clock() };
    let resumed = stopped.resume(&later).unwrap().purchase;
    let PurchaseState::Publicity(state) = &resumed.state else { panic!("{:?}", resumed.state) };
    assert_eq!(state.until.to_string(), "2026-12-22");
}

/// What is shown as allowed is what the step itself allows.
#[test]
fn actions_agree_with_steps() {
    let owner = acting(Party::Applicant(ApplicantId(Uuid::nil()))).actor;
    for state in states() {
        for (name, step) in STEPS {
            let actor = match name {
                // To the operator a draft is not there.
                "approve" | "send-back" if state.name() == "draft" => continue,
                "approve" | "send-back" => operator().actor,
                "revise" | "submit" | "correct" | "void" => owner.clone(),
                _ => continue,
            };
            let purchase = purchase(state.clone());
            let actions = purchase.actions(&actor, Relation::Party, None, Ok(()), clock().now);
            let action = actions.iter().find(|action| action.name == name).unwrap();
            let outcome = step(purchase.clone(), &clock()).map(drop);
            assert_eq!(action.refusal, outcome.err(), "{name} from {}", state.name());
        }
        let purchase = purchase(state.clone());
        for repeatable in [Ok(()), Err(Refusal::PurchaseRepeated)] {
            let actions = purchase.actions(&owner, Relation::Party, None, repeatable, clock().now);
            let action = actions.iter().find(|action| action.name == "repurchase").unwrap();
            let may = purchase.check_repeatable();
            assert_eq!(
                action.refusal,
                may.and(repeatable).err(),
                "repurchase from {}",
                state.name()
            );
            let over = matches!(state.name(), "failed" | "voided") && state.is_public();
            assert_eq!(may.is_ok(), over, "{}", state.name());
        }
    }
}
