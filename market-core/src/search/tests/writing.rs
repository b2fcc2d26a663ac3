//! Writing to the market as people do.

use super::*;
use crate::{
    Actor, Call, Party, PolicyProfile,
    agency::{Details, NewAgency, NewListing, NewQualification, Suspension},
    id::PersonId,
    testing::uscc,
};

pub(crate) fn operator() -> Call {
    Actor::system().into()
}

pub(crate) fn on_behalf_of(agency: AgencyId) -> Call {
    Actor::new(PersonId(uuid::Uuid::from_u128(7)), Party::Agency(agency)).into()
}

pub(crate) fn details(name: &str) -> Details {
    Details { name: name.to_owned(), region: "330282".parse().unwrap(), profile: profile() }
}

/// An agency applies and is admitted.
pub(crate) async fn join(market: &Market, n: u32, name: &str) -> AgencyId {
    let Details { name, region, profile } = details(name);
    let new = NewAgency { uscc: uscc(n), name, region, profile };
    let call = Actor::new(PersonId(uuid::Uuid::from_u128(7)), Party::Operator).into();
    let applied = market.agencies().apply(&call, new).await.unwrap();
    market.agencies().admit(&operator(), applied.id).await.unwrap().id
}

pub(crate) fn certificate(kind: &str, number: &str, until: &str) -> NewQualification {
    NewQualification {
        kind: kind.parse().unwrap(),
        level: "second".parse().unwrap(),
        majors: Vec::new(),
        number: number.to_owned(),
        issuer: "省级主管部门".to_owned(),
        valid_from: "2024-01-01".parse().unwrap(),
        valid_until: until.parse().unwrap(),
    }
}

pub(crate) fn terms(title: &str) -> Terms {
    Terms {
        title: title.to_owned(),
        summary: String::from("含现场踏勘"),
        price: Money::from_fen(500_000).unwrap(),
        unit: "元/项".to_owned(),
        regions: vec!["330282".parse().unwrap()],
        days: 5,
    }
}

/// An agency makes a listing and publishes it.
pub(crate) async fn offer(
    market: &Market,
    agency: AgencyId,
    code: &str,
    item: &str,
    title: &str,
) -> ListingId {
    let (code, item) = (code.parse().unwrap(), item.parse().unwrap());
    let call = on_behalf_of(agency);
    let new = NewListing { code, item, terms: terms(title) };
    let draft = market.listings().create(&call, new).await.unwrap();
    market.listings().publish(&call, draft.id).await.unwrap().id
}

pub(crate) async fn suspend(market: &Market, agency: AgencyId) {
    let suspension = Suspension { months: 3, reason: "逾期".to_owned() };
    market.agencies().suspend(&operator(), agency, suspension).await.unwrap();
}

/// A service item changes.
pub(crate) async fn change_item(market: &Market, change: impl FnOnce(&mut ServiceItem)) {
    change_item_of(market, "environment", change).await;
}

/// The service item of a code changes.
pub(crate) async fn change_item_of(
    market: &Market,
    code: &str,
    change: impl FnOnce(&mut ServiceItem),
) {
    let mut tx = market.work().await.unwrap();
    let mut item = tx.service_item(&code.parse().unwrap()).await.unwrap();
    change(&mut item);
    tx.put_item(&item).await.unwrap();
    tx.finish(()).await.unwrap();
}

/// The country's profile that the market begins with.
pub(crate) fn policy() -> PolicyProfile {
    let file: PolicyFile = toml::from_str(include_str!("../../../../data/policy.toml")).unwrap();
    file.profiles.into_iter().next().unwrap()
}

/// Gives a profile to every region that has one.
pub(crate) async fn put_policy(market: &Market, profile: &PolicyProfile) {
    let mut tx = market.work().await.unwrap();
    for region in ["100000", "330282"] {
        let region = region.parse().unwrap();
        tx.put_policy(&PolicyProfile { region, ..profile.clone() }).await.unwrap();
    }
    tx.finish(()).await.unwrap();
}
