//! A market on two nodes, to which things happen.

use std::{fs, path::PathBuf, task::Poll};

use super::{
    keeping::{with_index_in, write_half},
    trading::{Ending, matter, trade},
    writing::*,
    *,
};
use crate::{
    PolicyProfile,
    agency::{Leaving, NewListing, Suspension},
    search::{SearchQuery, Subject},
    testing::until,
    vocabulary::{NewSynonym, SynonymKind},
};

/// Something that happens, to the thing or on the node of a number where it is about one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Happening {
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
    /// An order ends, in one of all ways.
    Trade(usize),
    RenameItem(usize),
    WithdrawItem(usize),
    Requirements(usize),
    Category(usize),
    Matter(usize),
    Synonym(usize),
    RenameRegion(usize),
    /// A profile that weighs otherwise, from today or from a later day.
    Policy(usize),
    DaysPass(usize),
    SearchNow,
    CatchUp(usize),
    DieHalfWay(usize),
    Die(usize),
    /// A node goes so many steps of catching up, and dies.
    DieCatchingUp(usize, usize),
    DieRebuilding(usize, usize),
    /// A node has built an index, and dies before it is named as the one that serves.
    DieBeforeNaming(usize),
    LoseName(usize),
    LoseIndex(usize),
}

/// A market to which things happen, on two nodes with an index each.
pub(super) struct World {
    base: Market,
    folders: [tempfile::TempDir; 2],
    nodes: [Market; 2],
    policy: PolicyProfile,
    agencies: Vec<AgencyId>,
    listings: Vec<(AgencyId, ListingId)>,
    count: u32,
}

/// Goes on with something for so many steps, and gives it up.
async fn give_up_after(mut steps: usize, work: impl Future) {
    let mut work = std::pin::pin!(work);
    std::future::poll_fn(|context| {
        if steps == 0 {
            return Poll::Ready(());
        }
        steps -= 1;
        work.as_mut().poll(context).map(drop)
    })
    .await;
}

impl World {
    pub(super) async fn new(url: &str) -> Self {
        let base = market_with_catalogue(url).await;
        let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let nodes = [0, 1].map(|at: usize| with_index_in(&base, folders[at].path()));
        let (agencies, listings) = (Vec::new(), Vec::new());
        Self { base, folders, nodes, policy: policy(), agencies, listings, count: 0 }
    }

    pub(super) const fn nodes(&self) -> &[Market; 2] {
        &self.nodes
    }

    /// Starts a node again, once what was left of it is gone.
    async fn restart(&mut self, node: usize) {
        let folder = self.folders[node].path();
        self.nodes[node] = self.base.clone();
        fs::create_dir_all(folder).unwrap();
        until(async || fs::File::create(folder.join("lock")).unwrap().try_lock().is_ok()).await;
        self.nodes[node] = with_index_in(&self.base, folder);
    }

    fn agency(&self, n: usize) -> Option<AgencyId> {
        self.agencies.get(n % self.agencies.len().max(1)).copied()
    }

    fn listing(&self, n: usize) -> Option<(AgencyId, ListingId)> {
        self.listings.get(n % self.listings.len().max(1)).copied()
    }

    /// Lets something happen; what the market's rules refuse does not.
    pub(super) async fn let_happen(&mut self, happening: Happening) {
        self.count += 1;
        if !self.index_happens(happening).await && !self.catalogue_happens(happening).await {
            let _ = self.agency_happens(happening).await;
        }
    }

    /// What agencies, their operator and their buyers do.
    async fn agency_happens(&mut self, happening: Happening) -> Option<()> {
        use Happening as H;
        let (count, market) = (self.count, self.base.clone());
        let (agencies, listings) = (market.agencies(), market.listings());
        match happening {
            H::Join => self.agencies.push(join(&market, count, &format!("机构{count}号")).await),
            H::Offer(n) => {
                let agency = self.agency(n)?;
                let item = ITEMS[n % ITEMS.len()].0.parse().unwrap();
                let code = format!("l{count}").parse().unwrap();
                let new = NewListing { code, item, terms: terms(&format!("服务{count}")) };
                let call = on_behalf_of(agency);
                let draft = listings.create(&call, new).await.ok()?;
                self.listings.push((agency, draft.id));
                listings.publish(&call, draft.id).await.ok()?;
            }
            H::Rename(n) => {
                let (id, details) = (self.agency(n)?, details(&format!("改名{count}")));
                agencies.change(&on_behalf_of(id), id, details).await.ok()?;
            }
            H::Retitle(n) => {
                let ((agency, id), terms) = (self.listing(n)?, terms(&format!("新服务{count}")));
                listings.change(&on_behalf_of(agency), id, terms).await.ok()?;
            }
            H::TakeOff(n) => {
                let (agency, id) = self.listing(n)?;
                listings.take_off(&on_behalf_of(agency), id).await.ok()?;
            }
            H::Publish(n) => {
                let (agency, id) = self.listing(n)?;
                listings.publish(&on_behalf_of(agency), id).await.ok()?;
            }
            H::Suspend(n) => {
                let suspension = Suspension { months: 3, reason: "逾期".to_owned() };
                agencies.suspend(&operator(), self.agency(n)?, suspension).await.ok()?;
            }
            H::Reinstate(n) => {
                agencies.reinstate(&operator(), self.agency(n)?).await.ok()?;
            }
            H::Leave(n) => {
                let leaving = Leaving { reason: "自愿".to_owned() };
                agencies.leave(&operator(), self.agency(n)?, leaving).await.ok()?;
            }
            H::Certify(n) => {
                let until = ["2026-12-31", "2027-03-31", "2028-12-31"][n / 4 % 3];
                let new = certificate(ITEMS[n % 4].0, &count.to_string(), until);
                agencies.add_qualification(&operator(), self.agency(n)?, new).await.ok()?;
            }
            H::Trade(n) => {
                let (agency, _) = self.listing(n)?;
                let (call, code) = (on_behalf_of(agency), format!("t{count}").parse().unwrap());
                let item = "survey".parse().unwrap();
                let new = NewListing { code, item, terms: terms("测绘") };
                let survey = listings.create(&call, new).await.ok()?;
                let survey = listings.publish(&call, survey.id).await.ok()?;
                let endings = [Ending::Completed, Ending::Declined, Ending::Terminated];
                put_matter(&market, "build", "建房", false).await;
                trade(&market, "build", &survey, endings[n % 3]).await.ok()?;
            }
            _ => {}
        }
        Some(())
    }

    /// What clerks do, and time.
    async fn catalogue_happens(&mut self, happening: Happening) -> bool {
        use Happening as H;
        let (count, market) = (self.count, self.base.clone());
        let item = |n: usize| ITEMS[n % ITEMS.len()].0;
        match happening {
            H::RenameItem(n) => {
                change_item_of(&market, item(n), |item| {
                    item.name = format!("事项{count}");
                    item.aliases = vec![format!("别名{count}")];
                })
                .await;
            }
            H::WithdrawItem(n) => {
                change_item_of(&market, item(n), |item| item.withdrawn = !item.withdrawn).await;
            }
            H::Requirements(n) => {
                let mut kind = qualification_type(item(n));
                kind.levels[n % 2].rank = i64::from(count);
                let mut tx = market.work().await.unwrap();
                tx.put_qualification_type(&kind).await.unwrap();
                tx.finish(()).await.unwrap();
            }
            H::Category(n) => {
                let mut tx = market.work().await.unwrap();
                let name = format!("类别{count}");
                let code = ["protection", "testing"][n % 2];
                tx.put_category(&Category { name, ..category(code, 1) }).await.unwrap();
                tx.finish(()).await.unwrap();
            }
            H::Matter(n) => {
                let (code, name) = (format!("matter-{}", n % 3), format!("一件事{count}"));
                put_matter(&market, &code, &name, n / 3 % 2 == 0).await;
            }
            H::Synonym(n) => {
                let (phrase, vocabulary) = (format!("说法{}", n % 3), market.vocabulary());
                if vocabulary.remove(&operator(), &phrase).await.is_err() {
                    let names = vec![format!("意思{count}")];
                    let new = NewSynonym { phrase, kind: SynonymKind::Saying, names };
                    vocabulary.put(&operator(), new).await.unwrap();
                }
            }
            H::RenameRegion(n) => {
                let (code, name, parent) = REGIONS[1 + n % (REGIONS.len() - 1)];
                let name = format!("{name}{count}");
                let parent = parent.map(|parent| parent.parse().unwrap());
                let region = NewRegion { code: code.parse().unwrap(), name, parent, centre: None };
                let mut tx = market.work().await.unwrap();
                tx.put_regions(&[region]).await.unwrap();
                tx.finish(()).await.unwrap();
            }
            H::Policy(n) => {
                let policy = &mut self.policy;
                policy.version += 1;
                policy.ranking.credit_prior = 500 + u32::try_from(n % 400).unwrap();
                policy.effective_from = market.env.now().day().plus([0, 1, 30][n % 3]);
                put_policy(&market, policy).await;
            }
            H::DaysPass(n) => {
                let days = [1_i64, 29, 92][n % 3];
                market.env.set(market.env.now().plus_seconds(days * 24 * 60 * 60));
            }
            _ => return false,
        }
        true
    }

    /// What happens to the index of a node.
    async fn index_happens(&mut self, happening: Happening) -> bool {
        use Happening as H;
        let node = |n: usize| n % 2;
        match happening {
            H::SearchNow => {
                for market in &self.nodes {
                    market.search().find(&SearchQuery::new(Subject::All)).await.unwrap();
                }
            }
            H::CatchUp(n) => {
                let market = &self.nodes[node(n)];
                market.search().catch_up().await.unwrap();
                in_step(market).await;
            }
            H::DieHalfWay(n) => {
                write_half(&self.nodes[node(n)]).await;
                self.restart(node(n)).await;
            }
            H::Die(n) => self.restart(node(n)).await,
            H::DieCatchingUp(n, steps) => {
                give_up_after(steps, self.nodes[node(n)].search().catch_up()).await;
                self.restart(node(n)).await;
            }
            H::DieRebuilding(n, steps) => {
                give_up_after(steps, self.nodes[node(n)].search().reindex(|_| {})).await;
                self.restart(node(n)).await;
            }
            H::DieBeforeNaming(n) => {
                let opened = self.nodes[node(n)].index.place.create().unwrap();
                drop(opened);
                self.restart(node(n)).await;
            }
            H::LoseName(n) => {
                drop(fs::remove_file(self.folder(n).join("current")));
                self.restart(node(n)).await;
            }
            H::LoseIndex(n) => {
                self.nodes[node(n)] = self.base.clone();
                drop(fs::remove_dir_all(self.folder(n)));
                self.restart(node(n)).await;
            }
            _ => return false,
        }
        true
    }

    fn folder(&self, node: usize) -> PathBuf {
        self.folders[node % 2].path().to_owned()
    }
}

async fn put_matter(market: &Market, code: &str, name: &str, withdrawn: bool) {
    let mut tx = market.work().await.unwrap();
    let matter = crate::matter::Matter { withdrawn, ..matter(code, name) };
    tx.put_matter(&matter).await.unwrap();
    tx.finish(()).await.unwrap();
}
