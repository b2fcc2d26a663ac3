//! What an owner buys (采购拆分): purchases that add up over a limit which each of them stays below.

use serde_json::{Value, json};

use super::{AlarmObject, AlarmRule, Alarms, Found};
use crate::{
    Error, Kind, Mode, Money, Recorded, Timestamp,
    code::{ItemCode, RegionCode},
    id::{ApplicantId, CaseId},
    kernel::fund::Fund,
    order::Order,
    purchase::Purchase,
    sha256_hex,
};

/// How a thing was bought, which decides which limit it stays below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// An order of a listing.
    Direct,
    /// A purchase by lot.
    Lot,
    /// A purchase in another mode; no limit is avoided by it.
    Open,
}

/// One thing that an owner bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bought {
    pub(super) kind: Kind,
    pub(super) id: String,
    pub(super) case: CaseId,
    pub(super) way: Way,
    pub(super) amount: Money,
    pub(super) at: Timestamp,
}

/// A limit, and the ways of buying that are only allowed below it.
struct Limit {
    name: &'static str,
    amount: Money,
    below: &'static [Way],
}

/// Those that are below a limit each and reach it together, if at least one of them was bought in a
/// way that is only allowed below it.
fn over<'b>(bought: &'b [Bought], limit: &Limit) -> Option<(Vec<&'b Bought>, i64)> {
    let small: Vec<_> = bought.iter().filter(|one| one.amount < limit.amount).collect();
    let sum: i64 = small.iter().map(|one| one.amount.fen()).sum();
    let avoids = small.iter().any(|one| limit.below.contains(&one.way));
    (avoids && small.len() > 1 && sum >= limit.amount.fen()).then_some((small, sum))
}

/// What was bought, and where: the question that is asked again for every purchase.
struct Asked<'a> {
    owner: ApplicantId,
    item: &'a ItemCode,
    region: &'a RegionCode,
}

impl Alarms<'_> {
    /// Asks about an owner after a purchase was handed in.
    pub(super) async fn split_by_purchase(
        &self,
        entry: &Recorded,
        purchase: &Purchase,
    ) -> Result<Vec<Found>, Error> {
        if purchase.fund != Fund::Fiscal {
            return Ok(Vec::new());
        }
        let Purchase { applicant_id: owner, item, region, .. } = purchase;
        let found = self.split(entry, Asked { owner: *owner, item, region }).await?;
        let purchase_id = Some(purchase.id);
        Ok(found.into_iter().map(|one| Found { purchase: purchase_id, ..one }).collect())
    }

    /// Asks about an owner after a listing was ordered.
    pub(super) async fn split_by_order(
        &self,
        entry: &Recorded,
        order: &Order,
    ) -> Result<Vec<Found>, Error> {
        let case = self.0.db.case(order.terms.case_id).await?;
        if case.fund != Fund::Fiscal {
            return Ok(Vec::new());
        }
        let (owner, item, region) = (order.terms.applicant_id, &order.terms.item, &case.region);
        self.split(entry, Asked { owner, item, region }).await
    }

    async fn split(&self, entry: &Recorded, asked: Asked<'_>) -> Result<Vec<Found>, Error> {
        let db = &self.0.db;
        let region = db.region(asked.region).await?;
        let policy = db.policy(&region, entry.at.day()).await?;
        let days = policy.selection.splitting_days;
        let since = entry.at.plus_seconds(-i64::from(days) * 24 * 3600);
        let bought = db.bought(asked.owner, asked.item, since, entry.at).await?;
        let limits = [
            Limit {
                name: "direct_limit_fiscal",
                amount: policy.direct_limit_fiscal,
                below: &[Way::Direct],
            },
            Limit {
                name: "selection.random_limit",
                amount: policy.selection.random_limit,
                below: &[Way::Direct, Way::Lot],
            },
        ];
        let found = limits.iter().filter_map(|limit| {
            let (small, sum) = over(&bought, limit)?;
            Some(told(&asked, limit, &small, sum, days))
        });
        Ok(found.collect())
    }
}

fn told(asked: &Asked<'_>, limit: &Limit, small: &[&Bought], sum: i64, days: u32) -> Found {
    let mut objects: Vec<_> = small.iter().map(|one| AlarmObject::new(one.kind, &one.id)).collect();
    objects.sort_unstable();
    objects.dedup();
    let ids: Vec<_> = objects.iter().map(|one| one.id.as_str()).collect();
    let key = format!("splitting {} {}", limit.name, sha256_hex(ids.join(" ").as_bytes()));
    let bought: Vec<Value> = small
        .iter()
        .map(|one| json!({ "kind": one.kind, "id": one.id, "amount": one.amount, "at": one.at }))
        .collect();
    let evidence = json!({
        "owner": asked.owner,
        "item": asked.item,
        "limit": limit.name,
        "limit_amount": limit.amount,
        "sum": Money::from_fen(sum),
        "days": days,
        "bought": bought,
    });
    let mut cases: Vec<_> = small.iter().map(|one| one.case).collect();
    cases.sort_unstable();
    cases.dedup();
    Found { rule: AlarmRule::Splitting, key, purchase: None, cases, objects, evidence }
}

/// What a purchase counts as.
pub(super) const fn way_of(mode: Mode) -> Way {
    match mode {
        Mode::Random => Way::Lot,
        _ => Way::Open,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn bought(way: Way, yuan: &str) -> Bought {
        Bought {
            kind: Kind::Order,
            id: yuan.to_owned(),
            case: CaseId(Uuid::nil()),
            way,
            amount: yuan.parse().unwrap(),
            at: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn several_below_a_limit_reach_it_together() {
        use Way::{Direct, Lot, Open};
        let limit = |below| Limit { name: "limit", amount: "100000".parse().unwrap(), below };
        for (given, sum) in [
            (&[(Direct, "50000"), (Direct, "50000")][..], Some(10_000_000)),
            (&[(Direct, "50000"), (Direct, "49999.99")], None),
            (&[(Direct, "100000"), (Direct, "10")], None),
            (&[(Direct, "60000"), (Open, "60000")], Some(12_000_000)),
            (&[(Open, "60000"), (Open, "60000")], None),
            (&[(Lot, "60000"), (Lot, "60000")], None),
            (&[(Direct, "99999.99")], None),
        ] {
            let given: Vec<_> = given.iter().map(|(way, yuan)| bought(*way, yuan)).collect();
            let found = over(&given, &limit(&[Way::Direct])).map(|(_, sum)| sum);
            assert_eq!(found, sum, "{given:?}");
        }
        let lots = [bought(Lot, "60000"), bought(Lot, "60000")];
        assert!(over(&lots, &limit(&[Way::Direct, Way::Lot])).is_some());
    }
}
