//! Hits are sorted by what was asked for, and pages hold still while the index changes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{prelude::*, sample::select, strategy::ValueTree, test_runner::TestRunner};
use uuid::Uuid;

use super::{asking::*, *};
use crate::{
    Degrees, Point,
    search::{Hit, SearchQuery, Sort, Subject, documents::Bundle, published::Published},
};

/// A surveyor with a listing, so many completed orders, some of them returned, and a seat.
fn surveyor(market: &Market, name: &str, yuan: i64, orders: (u32, u32), seat: &str) -> Published {
    let agency = Agency { region: seat.parse().unwrap(), ..agency(market, name) };
    let listings = vec![listing(market, &agency, "survey", name, yuan, &["100000"])];
    let outcomes = [((0, 0), orders.0), ((1, 0), orders.1)].into();
    let standing = Standing { outcomes, ..Standing::default() };
    Published { agency, qualifications: Vec::new(), listings, standing }
}

fn point(latitude: &str, longitude: &str) -> Point {
    let degrees = |text: &str| text.parse::<Degrees>().unwrap();
    Point::new(degrees(latitude), degrees(longitude)).unwrap()
}

/// A market whose regions have centres, but for 330281.
async fn market_with_centres() -> Market {
    let market = market_with_catalogue("sqlite::memory:").await;
    let mut tx = market.work().await.unwrap();
    let centres = [
        ("330282", point("30.17", "121.24")),
        ("330200", point("29.87", "121.55")),
        ("330300", point("28", "120.7")),
    ];
    let regions = REGIONS.iter().filter_map(|(code, name, parent)| {
        let centre = centres.iter().find(|centre| centre.0 == *code)?.1;
        let parent = parent.map(|parent| parent.parse().unwrap());
        Some(NewRegion {
            code: code.parse().unwrap(),
            name: (*name).to_owned(),
            parent,
            centre: Some(centre),
        })
    });
    tx.put_regions(&regions.collect::<Vec<_>>()).await.unwrap();
    tx.finish(()).await.unwrap();
    market.search().catch_up().await.unwrap();
    market
}

#[tokio::test]
async fn hits_are_sorted_by_what_is_asked_for() {
    let market = market_with_centres().await;
    put(
        &market,
        vec![
            surveyor(&market, "甲测绘", 3_000, (9, 0), "330300"),
            surveyor(&market, "乙测绘", 1_000, (0, 12), "330281"),
            surveyor(&market, "丙测绘", 2_000, (0, 0), "330282"),
            surveyor(&market, "丁测绘", 9_000, (3, 0), "330200"),
        ],
    )
    .await;
    let near = Some(point("30.2", "121.2"));
    for (sort, expected) in [
        (Sort::Price, "乙丙甲丁"),
        (Sort::Days, "乙丙甲丁"),
        // 893, 812, 735 and 700 points.
        (Sort::Credit, "甲丁乙丙"),
        (Sort::Completed, "乙甲丁丙"),
        (Sort::Distance, "丙丁甲乙"),
        (Sort::Newest, "丁丙乙甲"),
    ] {
        for kind in [Subject::Listings, Subject::Agencies] {
            let of_listings = matches!(sort, Sort::Price | Sort::Days);
            if of_listings && kind == Subject::Agencies {
                continue;
            }
            for text in [None, Some("测绘".to_owned())] {
                let query = SearchQuery { text, near, sort, ..of(kind) };
                let hits = find(&market, &query).await.items;
                let order: String =
                    hits.iter().filter_map(|h| h.found.title().chars().next()).collect();
                assert_eq!(order, expected, "{sort} {kind}");
                assert!(hits.iter().all(|hit| hit.score.is_none()), "{sort} {kind}");
            }
        }
    }
    let near = SearchQuery { sort: Sort::Distance, near, ..of(Subject::Agencies) };
    let hits = find(&market, &near).await.items;
    let metres: Vec<_> = hits.iter().map(|hit| hit.distance).collect();
    assert!(metres[0].unwrap() < 6_000 && metres[0] < metres[1] && metres[1] < metres[2]);
    assert_eq!(metres[3], None, "nobody knows where it is");
}

#[tokio::test]
async fn a_sort_that_does_not_fit_is_named() {
    let market = market_with_catalogue("sqlite::memory:").await;
    let near = Some(point("30", "120"));
    for kind in Subject::ALL {
        for sort in Sort::ALL {
            let fits = match sort {
                Sort::Relevance | Sort::Newest => true,
                Sort::Price | Sort::Days => *kind == Subject::Listings,
                Sort::Credit | Sort::Completed | Sort::Distance => {
                    matches!(kind, Subject::Listings | Subject::Agencies)
                }
            };
            let query = SearchQuery { sort: *sort, near, ..of(*kind) };
            if fits {
                find(&market, &query).await;
            } else {
                assert_eq!(faults(&market, &query).await, ["sort"], "{kind} {sort}");
            }
        }
    }
    let nowhere = SearchQuery { sort: Sort::Distance, ..of(Subject::Agencies) };
    assert_eq!(faults(&market, &nowhere).await, ["near"]);
}

/// What may be read, changed and removed between two pages.
struct Changing {
    market: Market,
    runner: TestRunner,
    there: BTreeMap<Uuid, Published>,
    /// Those that are never touched.
    lasting: BTreeSet<Uuid>,
}

impl Changing {
    async fn new() -> Self {
        let market = market_with_catalogue("sqlite::memory:").await;
        let (runner, there) = (TestRunner::deterministic(), BTreeMap::new());
        let mut changing = Self { market, runner, there, lasting: BTreeSet::new() };
        for _ in 0..60 {
            let one = changing.draw();
            changing.there.insert(one.agency.id.0, one);
        }
        let ids: Vec<_> = changing.there.keys().copied().collect();
        changing.lasting = ids.into_iter().step_by(2).collect();
        put(&changing.market, changing.all()).await;
        changing
    }

    fn all(&self) -> Vec<Published> {
        self.there.values().map(copy).collect()
    }

    fn draw(&mut self) -> Published {
        let name = select(vec!["测绘一院", "地籍测绘", "房产测绘与评估", "评估测算", "宗地图绘制"]);
        let drawn = (name, 0i64..9, 0u32..9, 0u32..3).new_tree(&mut self.runner).unwrap().current();
        let (name, yuan, orders, returned) = drawn;
        surveyor(&self.market, name, yuan * 1_000, (orders, returned), "330282")
    }

    /// The keys of those hits that are there all the time, in order.
    fn lasting_of(&self, hits: &[Hit]) -> Vec<String> {
        let lasting = hits.iter().filter(|hit| self.lasting.contains(&owner(hit)));
        lasting.map(|hit| hit.found.key()).collect()
    }

    /// Some come, some go, some become others; in a commit of their own.
    async fn change(&mut self) {
        let catalogue = self.market.search().catalogue().await.unwrap();
        let is_fleeting = |id: &&Uuid| !self.lasting.contains(id);
        let fleeting: Vec<_> = self.there.keys().filter(is_fleeting).copied().collect();
        let mut bundles = Vec::new();
        for _ in 0..3 {
            let id = select(fleeting.clone()).new_tree(&mut self.runner).unwrap().current();
            let other = self.draw();
            match (0u8..3).new_tree(&mut self.runner).unwrap().current() {
                0 => {
                    self.there.remove(&id);
                    bundles.push(Bundle { owner: id, documents: Vec::new() });
                }
                1 => {
                    let Some(one) = self.there.get_mut(&id) else { continue };
                    one.standing = other.standing;
                    one.listings[0].terms = other.listings[0].terms.clone();
                    bundles.push(one.bundle(&catalogue));
                }
                _ => {
                    bundles.push(other.bundle(&catalogue));
                    self.there.insert(other.agency.id.0, other);
                }
            }
        }
        // Some are written again as they are, which moves them to another segment.
        let again = self.there.values().filter(|one| one.agency.id.0.as_u128() % 5 == 0);
        bundles.extend(again.map(|one| one.bundle(&catalogue)));
        put_bundles(&self.market, bundles).await;
    }
}

fn copy(one: &Published) -> Published {
    Published {
        agency: one.agency.clone(),
        qualifications: one.qualifications.clone(),
        listings: one.listings.clone(),
        standing: one.standing.clone(),
    }
}

fn owner(hit: &Hit) -> Uuid {
    match &hit.found {
        crate::search::Found::Listing(listing) => listing.agency_id.0,
        found => found.id().unwrap(),
    }
}

#[tokio::test]
async fn pages_hold_still_while_the_index_changes() {
    let mut changing = Changing::new().await;
    for (kind, text, sort) in [
        (Subject::Listings, Some("测绘"), Sort::Relevance),
        (Subject::Listings, Some("地籍测绘评估"), Sort::Relevance),
        (Subject::Agencies, Some("测绘院"), Sort::Relevance),
        (Subject::Listings, None, Sort::Relevance),
        (Subject::Listings, Some("测绘"), Sort::Price),
        (Subject::Listings, None, Sort::Price),
        (Subject::Agencies, None, Sort::Credit),
        (Subject::Listings, None, Sort::Newest),
    ] {
        let base = SearchQuery { text: text.map(str::to_owned), sort, ..of(kind) };
        let whole = find(&changing.market, &SearchQuery { limit: 100, ..base.clone() }).await;
        assert!(whole.next.is_none() && whole.items.len() > 20, "{base:?}: {}", whole.total);
        let expected = changing.lasting_of(&whole.items);
        let mut query = SearchQuery { limit: 4, ..base };
        let mut pages: Vec<Hit> = Vec::new();
        loop {
            let hits = find(&changing.market, &query).await;
            pages.extend(hits.items);
            query.after = hits.next;
            if query.after.is_none() {
                break;
            }
            changing.change().await;
        }
        assert_eq!(changing.lasting_of(&pages), expected, "{query:?}");
        // What has changed may stand elsewhere now; what is as it was is told once.
        for (at, hit) in pages.iter().enumerate() {
            assert!(pages[..at].iter().all(|before| before.found != hit.found), "{hit:?}");
        }
    }
}

/// What follows the first page was announced with it, and comes, though more has been found since.
#[tokio::test]
async fn looser_hits_that_were_announced_follow() {
    let market = market_with_catalogue("sqlite::memory:").await;
    let named = |name: &str| surveyor(&market, name, 1_000, (0, 0), "330282");
    put(&market, vec![named("飞机场灯光保养维修"), named("飞机场"), named("保养维修")]).await;
    let query = SearchQuery { limit: 1, ..listings("飞机场灯光保养维修站") };
    let first = find(&market, &query).await;
    assert!(first.relaxed && first.total == 3, "{first:?}");
    put(&market, (0..12).map(|_| named("飞机场灯光保养维修")).collect()).await;
    let mut rest = Vec::new();
    let mut query = SearchQuery { after: first.next, ..query };
    while query.after.is_some() {
        let hits = find(&market, &query).await;
        rest.extend(hits.items.into_iter().map(|hit| hit.found.title().to_owned()));
        query.after = hits.next;
    }
    for title in ["飞机场", "保养维修"] {
        assert_eq!(rest.iter().filter(|one| *one == title).count(), 1, "{rest:?}");
    }
}

/// Who types an agency's name, or a part of it, means that agency.
#[tokio::test]
async fn nothing_looser_follows_an_agency_that_is_named() {
    let market = market_with_catalogue("sqlite::memory:").await;
    let named = |name: &str| surveyor(&market, name, 1_000, (0, 0), "330282");
    put(&market, vec![named("飞机场灯光保养维修"), named("飞机场"), named("保养维修")]).await;
    for (text, total) in [
        ("飞机场灯光保养维修", 1),
        ("灯光保养维修", 2),
        ("飞机场灯光", 2),
        // It has most of the words, but not all.
        ("飞机场灯光保养维修站", 3),
    ] {
        let hits = find(&market, &listings(text)).await;
        assert_eq!((hits.total, hits.relaxed), (total, total == 3), "{text}");
    }
}
