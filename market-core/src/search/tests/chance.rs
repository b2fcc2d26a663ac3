//! Whatever happens, in whatever order, the index ends in step.

use std::fs;

use proptest::prelude::*;

use super::{
    keeping::{with_index_in, write_half},
    writing::*,
    *,
};
use crate::agency::{Leaving, NewListing, Suspension};

/// Something that happens, to the agency and listing of a number where it is about one.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Join,
    Offer(usize),
    Rename(usize),
    Retitle(usize),
    TakeOff(usize),
    Publish(usize),
    Suspend(usize),
    Reinstate(usize),
    Leave(usize),
    Certify(usize),
    ChangeItem,
    CatchUp,
    DieHalfWay,
    Die,
    LoseIndex,
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening as H;
    prop_oneof![
        3 => Just(H::Join),
        6 => any::<usize>().prop_map(H::Offer),
        2 => any::<usize>().prop_map(H::Rename),
        3 => any::<usize>().prop_map(H::Retitle),
        2 => any::<usize>().prop_map(H::TakeOff),
        2 => any::<usize>().prop_map(H::Publish),
        2 => any::<usize>().prop_map(H::Suspend),
        2 => any::<usize>().prop_map(H::Reinstate),
        1 => any::<usize>().prop_map(H::Leave),
        3 => any::<usize>().prop_map(H::Certify),
        1 => Just(H::ChangeItem),
        4 => Just(H::CatchUp),
        2 => Just(H::DieHalfWay),
        1 => Just(H::Die),
        1 => Just(H::LoseIndex),
    ]
}

/// A market to which things happen.
struct World {
    base: Market,
    folder: tempfile::TempDir,
    market: Market,
    agencies: Vec<AgencyId>,
    listings: Vec<(AgencyId, ListingId)>,
    count: u32,
}

impl World {
    async fn new() -> Self {
        let base = market_with_catalogue("sqlite::memory:").await;
        let folder = tempfile::tempdir().unwrap();
        let market = with_index_in(&base, folder.path());
        Self { base, folder, market, agencies: Vec::new(), listings: Vec::new(), count: 0 }
    }

    fn restart(&mut self) {
        self.market = self.base.clone();
        self.market = with_index_in(&self.base, self.folder.path());
    }

    /// Lets something happen; what the market's rules refuse does not.
    async fn let_happen(&mut self, happening: Happening) {
        self.count += 1;
        let (count, market) = (self.count, self.market.clone());
        let agency = |n: usize| self.agencies.get(n % self.agencies.len().max(1)).copied();
        let listing = |n: usize| self.listings.get(n % self.listings.len().max(1)).copied();
        match happening {
            Happening::Join => {
                self.agencies.push(join(&market, count, &format!("机构{count}号")).await);
            }
            Happening::Offer(n) => {
                let Some(agency) = agency(n) else { return };
                let item = ITEMS[n % ITEMS.len()].0.parse().unwrap();
                let code = format!("l{count}").parse().unwrap();
                let new = NewListing { code, item, terms: terms(&format!("服务{count}")) };
                let call = on_behalf_of(agency);
                if let Ok(draft) = market.listings().create(&call, new).await {
                    self.listings.push((agency, draft.id));
                    drop(market.listings().publish(&call, draft.id).await);
                }
            }
            Happening::Rename(n) => {
                let Some(id) = agency(n) else { return };
                let details = details(&format!("改名{count}"));
                drop(market.agencies().change(&on_behalf_of(id), id, details).await);
            }
            Happening::Retitle(n) => {
                let Some((agency, id)) = listing(n) else { return };
                let terms = terms(&format!("新服务{count}"));
                drop(market.listings().change(&on_behalf_of(agency), id, terms).await);
            }
            Happening::TakeOff(n) => {
                let Some((agency, id)) = listing(n) else { return };
                drop(market.listings().take_off(&on_behalf_of(agency), id).await);
            }
            Happening::Publish(n) => {
                let Some((agency, id)) = listing(n) else { return };
                drop(market.listings().publish(&on_behalf_of(agency), id).await);
            }
            Happening::Suspend(n) => {
                let Some(id) = agency(n) else { return };
                let suspension = Suspension { months: 3, reason: "逾期".to_owned() };
                drop(market.agencies().suspend(&operator(), id, suspension).await);
            }
            Happening::Reinstate(n) => {
                let Some(id) = agency(n) else { return };
                drop(market.agencies().reinstate(&operator(), id).await);
            }
            Happening::Leave(n) => {
                let Some(id) = agency(n) else { return };
                let leaving = Leaving { reason: "自愿".to_owned() };
                drop(market.agencies().leave(&operator(), id, leaving).await);
            }
            Happening::Certify(n) => {
                let Some(id) = agency(n) else { return };
                let new = certificate(ITEMS[n % 4].0, &count.to_string(), "2027-12-31");
                drop(market.agencies().add_qualification(&operator(), id, new).await);
            }
            Happening::ChangeItem => {
                change_item(&market, |item| item.aliases = vec![format!("别名{count}")]).await;
            }
            Happening::CatchUp => {
                market.search().catch_up().await.unwrap();
                in_step(&market).await;
            }
            Happening::DieHalfWay => {
                write_half(&market).await;
                drop(market);
                self.restart();
            }
            Happening::Die => {
                drop(market);
                self.restart();
            }
            Happening::LoseIndex => {
                drop(market);
                self.market = self.base.clone();
                drop(fs::remove_dir_all(self.folder.path()));
                self.restart();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn whatever_happens_the_index_ends_in_step(
        happenings in prop::collection::vec(happening(), 1..60)
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for happening in happenings {
                world.let_happen(happening).await;
            }
            world.market.search().catch_up().await.unwrap();
            in_step(&world.market).await;
        });
    }
}
