//! What purchases add up to (采购统计): how many succeed and how fast, what is saved, what is paid,
//! and how many agencies share it. Nothing is told of a group so small that single contracts
//! could be read from it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Publicity;
use crate::{
    Day, Error, Money, Timestamp,
    code::{ItemCode, RegionCode},
    id::AgencyId,
};

/// Over which purchases to count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FiguresFilter {
    /// Only those drafted from a day on.
    pub since: Option<Day>,
    /// Only those drafted up to a day.
    pub until: Option<Day>,
    /// Only those in a region and what lies in it.
    pub region: Option<RegionCode>,
    /// Only those of a service item.
    pub item: Option<ItemCode>,
}

/// What purchases add up to. Shares are in ten-thousandths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PurchaseFigures {
    /// Published purchases.
    pub purchases: i64,
    /// Those in each state.
    pub by_state: BTreeMap<String, i64>,
    /// Those in each mode.
    pub by_mode: BTreeMap<String, i64>,
    /// Of those that came to an order or failed, the share that came to an order; none, while none
    /// has.
    pub success: Option<i64>,
    /// The median of the days from the publication of a notice to that of its award, rounded down.
    pub median_days_to_award: Option<i64>,
    /// From how many orders on a group is told of, by the policy of the region.
    pub k_anonymity: u32,
    /// How many groups of an item in a region were left out, since they have fewer orders.
    pub withheld: i64,
    /// By item and region, what was saved.
    pub savings: Vec<Savings>,
    /// By item and region, what is paid.
    pub prices: Vec<Prices>,
    /// By item and region, how many agencies share what is paid.
    pub concentration: Vec<Concentration>,
}

/// What was saved for an item in a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Savings {
    /// The service item.
    pub item: ItemCode,
    /// The region.
    pub region: RegionCode,
    /// How many orders there are.
    pub orders: i64,
    /// Their budgets together.
    pub budget: Money,
    /// Their prices together.
    pub paid: Money,
    /// The share of the budgets that was saved.
    pub saved: i64,
}

/// What is paid for an item in a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PurchasePrices))]
pub struct Prices {
    /// The service item.
    pub item: ItemCode,
    /// The region.
    pub region: RegionCode,
    /// How many orders there are.
    pub orders: i64,
    /// A quarter of the orders cost this or less.
    pub p25: Money,
    /// Half of them.
    pub p50: Money,
    /// Three quarters of them.
    pub p75: Money,
}

/// How many agencies share what is paid for an item in a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Concentration {
    /// The service item.
    pub item: ItemCode,
    /// The region.
    pub region: RegionCode,
    /// How many orders there are.
    pub orders: i64,
    /// How many agencies have them.
    pub agencies: i64,
    /// The share of the four with the most (CR4).
    pub top_four: i64,
    /// The Herfindahl-Hirschman index, rounded down: 10000 where one agency has all.
    pub hhi: i64,
}

/// The whole, in ten-thousandths.
const WHOLE: i128 = 10_000;

/// Orders of an item in a region by one agency.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Share {
    pub(super) item: ItemCode,
    pub(super) region: RegionCode,
    pub(super) agency_id: AgencyId,
    pub(super) orders: i64,
    pub(super) paid_fen: i64,
    pub(super) budget_fen: i64,
}

/// Orders of an item in a region.
type Group = (ItemCode, RegionCode);

/// The orders by group.
fn grouped(shares: Vec<Share>) -> BTreeMap<Group, Vec<Share>> {
    let mut groups: BTreeMap<Group, Vec<Share>> = BTreeMap::new();
    for share in shares {
        groups.entry((share.item.clone(), share.region.clone())).or_default().push(share);
    }
    groups
}

fn part(of: i128, whole: i128) -> i64 {
    if whole == 0 { 0 } else { i64::try_from(of * WHOLE / whole).unwrap_or(i64::MAX) }
}

fn money(fen: i64) -> Result<Money, Error> {
    Money::from_fen(fen).ok_or(Error::Inconsistent("amount"))
}

impl Savings {
    fn of((item, region): &Group, shares: &[Share]) -> Result<Self, Error> {
        let sum = |of: fn(&Share) -> i64| shares.iter().map(of).sum::<i64>();
        let (budget, paid) = (sum(|one| one.budget_fen), sum(|one| one.paid_fen));
        Ok(Self {
            item: item.clone(),
            region: region.clone(),
            orders: sum(|one| one.orders),
            budget: money(budget)?,
            paid: money(paid)?,
            saved: part(i128::from(budget - paid), budget.into()),
        })
    }
}

impl Concentration {
    fn of((item, region): &Group, shares: &[Share]) -> Self {
        let mut paid: Vec<i128> = shares.iter().map(|one| one.paid_fen.into()).collect();
        paid.sort_unstable_by(|one, other| other.cmp(one));
        let all: i128 = paid.iter().sum();
        let four: i128 = paid.iter().take(4).sum();
        // Squares of up to 10^14 stay far below what i128 holds, ten thousandfold too.
        let squares: i128 = paid.iter().map(|one| one * one).sum();
        Self {
            item: item.clone(),
            region: region.clone(),
            orders: shares.iter().map(|one| one.orders).sum(),
            agencies: i64::try_from(shares.len()).unwrap_or(i64::MAX),
            top_four: part(four, all),
            hhi: part(squares, all * all),
        }
    }
}

/// The median of the days from notice to award, rounded down.
fn median_days(mut spans: Vec<(Timestamp, Timestamp)>) -> Option<i64> {
    const DAY: i64 = 24 * 3600 * 1_000_000;
    spans.sort_unstable_by_key(|(from, to)| to.micros() - from.micros());
    let micros = |at: usize| spans.get(at).map(|(from, to)| to.micros() - from.micros());
    let upper = micros(spans.len() / 2)?;
    let lower = micros(spans.len().checked_sub(1)? / 2)?;
    Some(lower.midpoint(upper) / DAY)
}

impl Publicity<'_> {
    /// What the purchases of a region and window add up to.
    pub async fn figures(&self, filter: &FiguresFilter) -> Result<PurchaseFigures, Error> {
        let db = &self.0.db;
        let regions = match &filter.region {
            Some(region) => Some(db.regions_within(region).await?),
            None => None,
        };
        let k = self.least_group(filter.region.as_ref()).await?;
        let regions = regions.as_deref();
        let counts = db.purchase_counts(filter, regions).await?;
        let (mut by_state, mut by_mode) = (BTreeMap::new(), BTreeMap::new());
        for (state, mode, count) in &counts {
            *by_state.entry(state.clone()).or_insert(0) += count;
            *by_mode.entry(mode.clone()).or_insert(0) += count;
        }
        let in_state = |name: &str| by_state.get(name).copied().unwrap_or(0);
        let (ordered, failed) = (in_state("ordered"), in_state("failed"));
        let over = ordered + failed;
        let groups = grouped(db.purchase_shares(filter, regions).await?);
        let all = groups.len();
        let is_large =
            |shares: &[Share]| shares.iter().map(|one| one.orders).sum::<i64>() >= i64::from(k);
        let groups: Vec<_> = groups.into_iter().filter(|(_, one)| is_large(one)).collect();
        let savings = groups.iter().map(|(group, shares)| Savings::of(group, shares));
        let concentration = groups.iter().map(|(group, one)| Concentration::of(group, one));
        Ok(PurchaseFigures {
            purchases: by_state.values().sum(),
            success: (over > 0).then(|| part(ordered.into(), over.into())),
            median_days_to_award: median_days(db.days_to_award(filter, regions).await?),
            k_anonymity: k,
            withheld: i64::try_from(all - groups.len()).unwrap_or(i64::MAX),
            savings: savings.collect::<Result<_, _>>()?,
            prices: db.purchase_prices(filter, regions, k).await?,
            concentration: concentration.collect(),
            by_state,
            by_mode,
        })
    }

    /// How many orders a group must have to be told of, by the policy of a region; of the whole
    /// market, the most that any policy asks for.
    async fn least_group(&self, region: Option<&RegionCode>) -> Result<u32, Error> {
        if let Some(code) = region {
            let region = self.0.db.region(code).await?;
            let policy = self.0.db.policy(&region, self.0.env.now().day()).await?;
            return Ok(policy.selection.k_anonymity);
        }
        let policies = self.0.db.policies().await?;
        let most = policies.iter().map(|policy| policy.selection.k_anonymity).max();
        most.ok_or(Error::Inconsistent("policy profile"))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn share(agency: u128, orders: i64, paid_fen: i64) -> Share {
        Share {
            item: "i".parse().unwrap(),
            region: "330282".parse().unwrap(),
            agency_id: AgencyId(Uuid::from_u128(agency)),
            orders,
            paid_fen,
            budget_fen: paid_fen * 2,
        }
    }

    #[test]
    fn shares_are_exact() {
        let group = ("i".parse().unwrap(), "330282".parse().unwrap());
        let one = Concentration::of(&group, &[share(1, 7, 100)]);
        assert_eq!((one.agencies, one.top_four, one.hhi), (1, 10_000, 10_000));
        let five: Vec<Share> = (1..=5).map(|n| share(n, 1, 300)).collect();
        let five = Concentration::of(&group, &five);
        assert_eq!((five.agencies, five.top_four, five.hhi), (5, 8_000, 2_000));
        let large = [share(1, 1, 99_999_999_999_999), share(2, 1, 1)];
        assert_eq!(Concentration::of(&group, &large).hhi, 9_999);
        let saved = Savings::of(&group, &[share(1, 1, 100), share(2, 2, 50)]).unwrap();
        assert_eq!((saved.orders, saved.budget.fen(), saved.paid.fen()), (3, 300, 150));
        assert_eq!(saved.saved, 5_000);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        let at = |days: i64| Timestamp::from_micros(days * 24 * 3600 * 1_000_000);
        let spans = |days: &[i64]| days.iter().map(|day| (at(10), at(10 + day))).collect();
        assert_eq!(median_days(Vec::new()), None);
        assert_eq!(median_days(spans(&[9])), Some(9));
        assert_eq!(median_days(spans(&[9, 1, 4])), Some(4));
        assert_eq!(median_days(spans(&[9, 1, 4, 6])), Some(5));
    }
}
