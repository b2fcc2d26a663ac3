//! Orders, as they end in one way or another.

use super::{writing::on_behalf_of, *};
use crate::{
    Actor, Call, Party,
    agency::Listing,
    applicant::{ApplicantKind, NewApplicant},
    case::{Fund, NewCase},
    id::{OrderId, PersonId},
    kernel::secret::sha256_hex,
    matter::{Matter, Need, Step},
    order::{Contract, NewDeliverable, NewOrder},
};

/// How an order ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ending {
    Declined,
    Terminated,
    Completed,
}

/// A matter that needs a survey.
pub(super) fn matter(code: &str, name: &str) -> Matter {
    let step = Step {
        key: "permit".parse().unwrap(),
        name: "许可".to_owned(),
        department: "planning".parse().unwrap(),
        after: Vec::new(),
        statutory_days: 20,
        promised_days: 5,
        note: String::new(),
    };
    let need =
        Need { item: "survey".parse().unwrap(), steps: Vec::new(), why: "许可".to_owned() };
    Matter {
        code: code.parse().unwrap(),
        version: 0,
        name: name.to_owned(),
        lead: "planning".parse().unwrap(),
        audience: "企业".to_owned(),
        statutory_days: 20,
        promised_days: 5,
        steps: vec![step],
        materials: Vec::new(),
        needs: vec![need],
        withdrawn: false,
    }
}

async fn applicant(market: &Market) -> Result<Call, Error> {
    let operator = Actor::system().into();
    let new = NewApplicant {
        kind: ApplicantKind::Other,
        name: "某工程".to_owned(),
        uscc: None,
        phone: "0574-0000-0000".to_owned(),
    };
    let applicant = market.applicants().register(&operator, new).await?;
    let person = PersonId(uuid::Uuid::from_u128(9));
    Ok(Actor::new(person, Party::Applicant(applicant.id)).into())
}

/// A listing of a survey is bought for a case of a matter, and the order ends.
pub(super) async fn trade(
    market: &Market,
    matter: &str,
    listing: &Listing,
    ending: Ending,
) -> Result<(), Error> {
    let (buyer, seller) = (applicant(market).await?, on_behalf_of(listing.agency_id));
    let case = NewCase {
        matter: matter.parse().unwrap(),
        title: "建房".to_owned(),
        region: "330282".parse().unwrap(),
        fund: Fund::Social,
    };
    let case = market.cases().open(&buyer, case).await?;
    let new = NewOrder {
        case_id: case.id,
        item: listing.item.clone(),
        listing_id: listing.id,
        listing_number: listing.number,
        price: listing.terms.price,
    };
    let orders = market.orders();
    let id = orders.place(&buyer, new).await?.id;
    if matches!(ending, Ending::Declined) {
        return orders.decline(&seller, id, "没有时间").await.map(drop);
    }
    orders.accept(&seller, id).await?;
    let today = market.env.now().day();
    let contract = Contract {
        number: "HT-1".to_owned(),
        amount: listing.terms.price,
        signed_on: today,
        starts_on: today,
        ends_on: today.plus(30),
        content: String::new(),
        agreed_payment_days: None,
        agreed_interest_per_myriad_day: None,
        milestones: Vec::new(),
    };
    orders.record_contract(&seller, id, contract).await?;
    orders.confirm_contract(&buyer, id).await?;
    if matches!(ending, Ending::Terminated) {
        return orders.terminate(&seller, id, "做不了").await.map(drop);
    }
    hand_over(market, &seller, id).await?;
    orders.sign_off(&buyer, id).await.map(drop)
}

async fn hand_over(market: &Market, seller: &Call, id: OrderId) -> Result<(), Error> {
    let file = format!("%PDF-1.7\n测绘成果 {id}");
    let new = NewDeliverable {
        name: "成果.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        sha256: sha256_hex(file.as_bytes()),
    };
    let deliverable = market.deliverables().upload(seller, id, new, file.into()).await?;
    market.orders().deliver(seller, id, deliverable.number).await.map(drop)
}
