//! The index outlives crashes, damage and changes of its form.

use std::{fs, path::Path, sync::Arc};

use proptest::prelude::*;
use tantivy::TantivyError;

use super::{writing::*, *};
use crate::{
    Error,
    agency::Leaving,
    search::{
        Difference, Home, Progress, SearchQuery, Subject, Why, follower::on_writer, index::Mark,
    },
};

/// The same market, in a process that keeps its index in a folder.
fn with_index_in(market: &Market, folder: &Path) -> Market {
    let index = Arc::new(Home::open(Some(folder.to_owned())).unwrap());
    Market { index, ..market.clone() }
}

async fn market_with_listings() -> Market {
    let market = market_with_catalogue("sqlite::memory:").await;
    for (n, name) in [(1, "慈溪测绘院"), (2, "余姚勘测院")] {
        let agency = join(&market, n, name).await;
        offer(&market, agency, "l1", "survey", "地籍图").await;
        offer(&market, agency, "l2", "survey", "房产图").await;
    }
    market
}

async fn count(market: &Market) -> u64 {
    let everything = SearchQuery::new(Subject::Listings);
    market.search().find(&everything).await.unwrap().total
}

/// Writes documents without committing them, as a process does that is killed just then.
async fn write_half(market: &Market) {
    let search = market.search();
    let turn = search.turn().await.unwrap();
    let agencies = market.db.agency_ids(None, 100).await.unwrap();
    let replace = move |writing: &mut crate::search::Writing| {
        let nothing: Vec<_> = agencies.into_iter().map(|id| (id, Vec::new())).collect();
        writing.writer.replace(&nothing)
    };
    drop(on_writer(turn, replace).await.unwrap());
}

#[tokio::test]
async fn a_process_that_dies_before_its_commit_has_done_nothing() {
    let (folder, base) = (tempfile::tempdir().unwrap(), market_with_listings().await);
    let market = with_index_in(&base, folder.path());
    market.search().catch_up().await.unwrap();
    let position = market.search().position().unwrap();
    let agency = join(&market, 3, "宁海测绘院").await;
    offer(&market, agency, "l1", "survey", "地籍图").await;
    write_half(&market).await;
    drop(market);

    let market = with_index_in(&base, folder.path());
    assert_eq!((count(&market).await, market.search().position().unwrap()), (4, position));
    assert!(market.search().verify().await.unwrap().behind > 0);
    assert_eq!(market.search().verify().await.unwrap().differences, []);
    // Only what was missed is read again.
    assert_eq!(market.search().catch_up().await.unwrap(), 4);
    in_step(&market).await;
    assert_eq!(count(&market).await, 5);
}

/// One thing after another that may happen to a folder.
type Damage = fn(&Path);

#[tokio::test]
async fn a_damaged_index_is_built_anew() {
    let damages: [(&str, Damage); 6] = [
        ("meta", |generation| fs::write(generation.join("meta.json"), "{").unwrap()),
        ("no meta", |generation| fs::remove_file(generation.join("meta.json")).unwrap()),
        ("cut", |generation| each_segment_file(generation, |path| fs::write(path, "").unwrap())),
        ("flipped", |generation| {
            each_segment_file(generation, |path| {
                let mut bytes = fs::read(path).unwrap();
                bytes[0] ^= 1;
                fs::write(path, bytes).unwrap();
            });
        }),
        ("no files", |generation| fs::remove_dir_all(generation).unwrap()),
        ("no name", |generation| {
            fs::write(generation.parent().unwrap().join("current"), "nowhere").unwrap();
        }),
    ];
    let base = market_with_listings().await;
    for (name, damage) in damages {
        let folder = tempfile::tempdir().unwrap();
        let market = with_index_in(&base, folder.path());
        market.search().catch_up().await.unwrap();
        drop(market);
        damage(&folder.path().join("1"));
        let market = with_index_in(&base, folder.path());
        market.search().catch_up().await.unwrap();
        in_step(&market).await;
        assert_eq!(count(&market).await, 4, "{name}");
    }
}

fn each_segment_file(generation: &Path, change: impl Fn(&Path)) {
    for entry in fs::read_dir(generation).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().len() > 36 {
            change(&path);
        }
    }
}

#[tokio::test]
async fn an_index_of_another_form_or_another_market_is_built_anew() {
    let folder = tempfile::tempdir().unwrap();
    let base = market_with_listings().await;
    let market = with_index_in(&base, folder.path());
    market.search().catch_up().await.unwrap();
    let turn = market.search().turn().await.unwrap();
    let forge = |writing: &mut crate::search::Writing| {
        let mark = Mark { schema: 0, ..writing.mark.clone() };
        writing.commit(mark)
    };
    drop(on_writer(turn, forge).await.unwrap());
    drop(market);

    let market = with_index_in(&base, folder.path());
    // The old one serves until then.
    assert_eq!(count(&market).await, 4);
    market.search().catch_up().await.unwrap();
    in_step(&market).await;
    assert!(folder.path().join("2").is_dir() && !folder.path().join("1").exists());
    drop(market);

    let other = market_with_catalogue("sqlite::memory:").await;
    for n in 0..9 {
        join(&other, n, "别处的机构").await;
    }
    let other = with_index_in(&other, folder.path());
    other.search().catch_up().await.unwrap();
    in_step(&other).await;
    assert_eq!(count(&other).await, 0);
}

#[tokio::test]
async fn one_process_writes_and_others_read() {
    let folder = tempfile::tempdir().unwrap();
    let base = market_with_listings().await;
    let first = with_index_in(&base, folder.path());
    first.search().catch_up().await.unwrap();
    let second = with_index_in(&base, folder.path());
    assert_eq!(count(&second).await, 4);
    for refused in [
        second.search().catch_up().await.map(drop),
        second.search().reindex(|_| {}).await,
        second.search().follow().await.map(drop),
    ] {
        let Err(Error::Search(TantivyError::LockFailure(_, Some(why)))) = refused else {
            panic!("{refused:?}");
        };
        assert!(why.contains("another process writes the index"), "{why}");
    }
    drop(first);
    second.search().catch_up().await.unwrap();
}

#[tokio::test]
async fn a_rebuild_tells_its_progress_while_the_old_index_serves() {
    let folder = tempfile::tempdir().unwrap();
    let base = market_with_listings().await;
    let market = with_index_in(&base, folder.path());
    market.search().catch_up().await.unwrap();
    let (mut told, mut serving) = (Vec::new(), Vec::new());
    let progress = |progress| {
        told.push(progress);
        serving.push(market.index.serving().searcher().num_docs());
    };
    market.search().reindex(progress).await.unwrap();
    assert_eq!(told, [Progress { done: 0, total: 2 }, Progress { done: 2, total: 2 }]);
    assert_eq!(serving, [6, 6]);
    in_step(&market).await;
}

#[tokio::test]
async fn differences_are_named() {
    let market = market_with_listings().await;
    let search = market.search();
    search.catch_up().await.unwrap();
    let agencies = market.db.agency_ids(None, 100).await.unwrap();
    let catalogue = search.catalogue().await.unwrap();
    let documents = search.documents(&agencies, &catalogue).await.unwrap();
    let twice: Vec<_> = documents[1].1.iter().chain(&documents[1].1).cloned().collect();
    let mut published = market.db.published(agencies[0]).await.unwrap();
    let missing = published.listings.remove(1).id;
    published.listings[0].terms.title = "旧的名称".to_owned();
    let stale = published.listings[0].id;
    let forged = vec![
        (agencies[0], published.documents(&catalogue)),
        (agencies[1], twice),
        (AgencyId(uuid::Uuid::nil()), documents[1].1.clone()),
    ];
    let extra = {
        let mut published = market.db.published(agencies[0]).await.unwrap();
        published.agency.id = AgencyId(uuid::Uuid::from_u128(1));
        published.listings.clear();
        (published.agency.id, published.documents(&catalogue))
    };
    let turn = search.turn().await.unwrap();
    let write = move |writing: &mut crate::search::Writing| {
        writing.writer.replace(&forged)?;
        writing.writer.replace(&[extra])?;
        writing.commit(writing.mark.clone())
    };
    drop(on_writer(turn, write).await.unwrap());
    let differences = search.verify().await.unwrap().differences;
    let of = |why: Why| {
        let found = differences.iter().filter(|difference| difference.why == why);
        found.map(|Difference { id, .. }| *id).collect::<Vec<_>>()
    };
    assert_eq!(of(Why::Missing), [missing.0]);
    assert_eq!(of(Why::Stale), [stale.0]);
    assert_eq!(of(Why::Extra), [uuid::Uuid::from_u128(1)]);
    assert_eq!(of(Why::Twice).len(), 6);

    search.reindex(|_| {}).await.unwrap();
    in_step(&market).await;
}

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
                let new =
                    crate::agency::NewListing {
                        code, item, terms: terms(&format!("服务{count}"))
                    };
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
                let suspension =
                    crate::agency::Suspension { months: 3, reason: "逾期".to_owned() };
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
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(16) })]

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
