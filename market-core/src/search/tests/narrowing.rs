//! Every count is the count of what is found: totals and facets against counting by hand.

use std::collections::BTreeMap;

use proptest::{
    prelude::*,
    sample::{select, subsequence},
    strategy::ValueTree,
    test_runner::TestRunner,
};

use super::{asking::*, *};
use crate::{
    agency::Suspended,
    code::ItemCode,
    order::Grade,
    search::{
        Dimension, PriceBand, SearchQuery, SelectionMode, Sort, Subject, Turnaround,
        catalogue::Catalogue,
        days::number,
        documents::{AgencyDocument, Bundle, Document, ListingDocument},
        published::Published,
    },
};

/// The day of every search.
const TODAY: &str = "2026-11-24";
/// What fiscal money may not spend without an open selection, in yuan.
const DIRECT_LIMIT: u64 = 100_000;
const WORDS: [&str; 6] = ["检测", "环评", "土壤污染", "测绘", "绿源环境检测", "消防设施检测报告"];

/// What an agency and its listings are drawn from.
type Drawn = (&'static str, Vec<Certificate>, Vec<Offered>, State, Option<u32>);
/// Kind, level, first and last year.
type Certificate = (&'static str, &'static str, i32, i32);
/// Item, title, price in yuan, turnaround, regions.
type Offered = (&'static str, &'static str, i64, u32, Vec<&'static str>);

#[derive(Debug, Clone, Copy)]
enum State {
    Admitted,
    SuspendedUntil(&'static str),
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let names = vec!["绿源环境检测公司", "甬安消防检测站", "华测测绘院", "土壤研究所"];
    let codes: Vec<_> = ITEMS.iter().map(|item| item.0).collect();
    let levels = || select(vec!["first", "second"]);
    let certificate = (select(codes.clone()), levels(), 2024..2028, 2024..2029);
    let titles = vec!["环评报告", "消防设施检测", "土壤污染调查", "宗地测绘", "检测报告"];
    let price =
        prop_oneof![0i64..1_200, 0i64..12_000, select(vec![1_000, 5_000, 100_000, 250_000])];
    let regions = subsequence(REGIONS.map(|region| region.0).to_vec(), 1..4);
    let offered = (select(codes), select(titles), price, 1u32..40, regions);
    let state = prop_oneof![
        4 => Just(State::Admitted),
        1 => select(vec!["2026-11-23", "2026-11-24"]).prop_map(State::SuspendedUntil),
    ];
    (
        select(names),
        prop::collection::vec(certificate, 0..5),
        prop::collection::vec(offered, 0..5),
        state,
        prop::option::of(0u32..12),
    )
}

fn publish(market: &Market, id: AgencyId, drawn: Drawn) -> Published {
    let (name, certificates, offered, state, orders) = drawn;
    let mut agency = Agency { id, ..agency(market, name) };
    if let State::SuspendedUntil(until) = state {
        let until = until.parse().unwrap();
        agency.state = AgencyState::Suspended(Suspended { until, reason: String::new() });
    }
    let held = certificates.into_iter().map(|(kind, level, from, until)| Qualification {
        level: level.parse().unwrap(),
        ..qualification(market, &agency, kind, &format!("{from}-01-01"), &format!("{until}-12-31"))
    });
    let qualifications = held.collect();
    let listings = offered.into_iter().map(|(item, title, yuan, days, regions)| {
        let mut listing = listing(market, &agency, item, title, yuan, &regions);
        listing.terms.days = days;
        listing
    });
    let listings = listings.collect();
    // Some are returned, so that there are several grades.
    let outcomes = orders.map(|orders| ((orders % 4, 0), orders)).into_iter().collect();
    let standing =
        Standing { outcomes, terminated: orders.unwrap_or(0) / 3, ..Standing::default() };
    Published { agency, qualifications, listings, standing }
}

fn query() -> impl Strategy<Value = SearchQuery> {
    let values = |all: &[&'static str], most| subsequence(all.to_vec(), 0..=most);
    let items = ITEMS.map(|item| item.0);
    let held = ["soil", "environment:first", "environment:second", "fire-testing", "survey:first"];
    let codes = (
        values(&["protection", "testing"], 1),
        values(&items, 2),
        values(&REGIONS.map(|region| region.0), 2),
        values(&held, 2),
    );
    let bands = (
        subsequence(PriceBand::ALL.to_vec(), 0..=3),
        subsequence(Turnaround::ALL.to_vec(), 0..=3),
        subsequence(Grade::ALL.to_vec(), 0..=2),
        subsequence(SelectionMode::ALL.to_vec(), 0..=1),
    );
    let prices = (prop::option::of(0i64..3_000), prop::option::of(3_000i64..300_000));
    // Of eight filters few are given, or nothing would be left.
    let given = subsequence((0..9).collect::<Vec<_>>(), 0..4);
    (codes, bands, prices, given, any::<bool>()).prop_map(|(codes, bands, prices, given, both)| {
        let (categories, items, regions, held) = codes;
        let has = |at: i32| given.contains(&at);
        let parse = |codes: Vec<&'static str>, at| if has(at) { codes } else { Vec::new() };
        let fen =
            |yuan: Option<i64>| yuan.filter(|_| has(8)).and_then(|y| Money::from_fen(y * 100));
        SearchQuery {
            categories: parse(categories, 0).iter().map(|c| c.parse().unwrap()).collect(),
            items: parse(items, 1).iter().map(|c| c.parse().unwrap()).collect(),
            regions: parse(regions, 2).iter().map(|c| c.parse().unwrap()).collect(),
            qualifications: parse(held, 3).iter().map(|c| (*c).to_owned()).collect(),
            prices: bands.0.into_iter().filter(|_| has(4)).collect(),
            turnarounds: bands.1.into_iter().filter(|_| has(5)).collect(),
            grades: bands.2.into_iter().filter(|_| has(6)).collect(),
            modes: bands.3.into_iter().filter(|_| has(7)).collect(),
            min_price: fen(prices.0),
            max_price: fen(prices.1),
            facets: true,
            ..of(if both { Subject::Listings } else { Subject::Agencies })
        }
    })
}

fn bands_of_price(fen: u64) -> PriceBand {
    match fen / 100 {
        0..1_000 => PriceBand::Below1000,
        1_000..5_000 => PriceBand::From1000,
        5_000..10_000 => PriceBand::From5000,
        10_000..50_000 => PriceBand::From10000,
        50_000..100_000 => PriceBand::From50000,
        _ => PriceBand::From100000,
    }
}

const fn band_of_days(days: u32) -> Turnaround {
    match days {
        0..=5 => Turnaround::UpTo5,
        6..=10 => Turnaround::UpTo10,
        11..=20 => Turnaround::UpTo20,
        21..=30 => Turnaround::UpTo30,
        _ => Turnaround::Longer,
    }
}

/// Whether a listing has a value of a dimension, by the meaning of the words.
fn has(listing: &ListingDocument, by: Dimension, value: &str, catalogue: &Catalogue) -> bool {
    let fen = u64::try_from(listing.price.fen()).unwrap();
    match by {
        Dimension::Category => listing.category.as_str() == value,
        Dimension::Item => listing.item.as_str() == value,
        Dimension::Region => {
            let path = &catalogue.region(&value.parse().unwrap()).unwrap().path;
            listing.regions.iter().any(|served| path.contains(served))
        }
        Dimension::Price => bands_of_price(fen).as_str() == value,
        Dimension::Turnaround => band_of_days(listing.days).as_str() == value,
        Dimension::Qualification => listing.facts.held.iter().any(|held| {
            let today = TODAY.parse().unwrap();
            let fits = held.what == value || held.what.split(':').next() == Some(value);
            fits && held.from <= today && today <= held.until
        }),
        Dimension::Grade => listing.facts.grade.is_some_and(|grade| grade.as_str() == value),
        Dimension::Mode => (fen < DIRECT_LIMIT * 100) == (value == "direct"),
    }
}

fn chosen(query: &SearchQuery, by: Dimension) -> Vec<String> {
    fn words<T: ToString>(values: &[T]) -> Vec<String> {
        values.iter().map(ToString::to_string).collect()
    }
    match by {
        Dimension::Category => words(&query.categories),
        Dimension::Item => words(&query.items),
        Dimension::Region => words(&query.regions),
        Dimension::Price => words(&query.prices),
        Dimension::Turnaround => words(&query.turnarounds),
        Dimension::Qualification => words(&query.qualifications),
        Dimension::Grade => words(&query.grades),
        Dimension::Mode => words(&query.modes),
    }
}

/// The same search with one value of a dimension alone.
fn choosing(query: &SearchQuery, by: Dimension, value: &str) -> SearchQuery {
    let mut query = SearchQuery { facets: false, ..query.clone() };
    match by {
        Dimension::Category => query.categories = vec![value.parse().unwrap()],
        Dimension::Item => query.items = vec![value.parse().unwrap()],
        Dimension::Region => query.regions = vec![value.parse().unwrap()],
        Dimension::Price => query.prices = vec![value.parse().unwrap()],
        Dimension::Turnaround => query.turnarounds = vec![value.parse().unwrap()],
        Dimension::Qualification => query.qualifications = vec![value.to_owned()],
        Dimension::Grade => query.grades = vec![value.parse().unwrap()],
        Dimension::Mode => query.modes = vec![value.parse().unwrap()],
    }
    query
}

fn is_open(days: &crate::search::days::Days) -> bool {
    let today = number(TODAY.parse().unwrap());
    days.spans().iter().any(|span| (span.first..=span.last).contains(&today))
}

/// What is in the index, by owner.
struct Shelf<'a> {
    catalogue: &'a Catalogue,
    of: BTreeMap<AgencyId, Vec<Document>>,
}

impl Shelf<'_> {
    /// Whether a listing meets all filters but those of one dimension.
    fn meets(
        &self,
        query: &SearchQuery,
        listing: &ListingDocument,
        but: Option<Dimension>,
    ) -> bool {
        let meets = |by: &Dimension| {
            let chosen = chosen(query, *by);
            let has = |value: &String| has(listing, *by, value, self.catalogue);
            Some(*by) == but || chosen.is_empty() || chosen.iter().any(has)
        };
        is_open(&listing.open)
            && query.min_price.is_none_or(|min| min <= listing.price)
            && query.max_price.is_none_or(|max| max >= listing.price)
            && Dimension::ALL.iter().all(meets)
    }

    /// How many of some things a search leaves, where one dimension has one value alone.
    fn count(&self, query: &SearchQuery, among: &[String], only: Option<(Dimension, &str)>) -> u64 {
        let fits = |listing: &ListingDocument| {
            self.meets(query, listing, only.map(|only| only.0))
                && only.is_none_or(|(by, value)| has(listing, by, value, self.catalogue))
        };
        let narrows = only.is_some()
            || query.min_price.or(query.max_price).is_some()
            || Dimension::ALL.iter().any(|by| !chosen(query, *by).is_empty());
        let agency = |agency: &AgencyDocument, all: &[Document]| {
            let offers = |one: &Document| matches!(one, Document::Listing(l) if fits(l));
            is_open(&agency.open) && (!narrows || all.iter().any(offers))
        };
        let is_hit = |one: &Document, all: &[Document]| match (one, query.kind) {
            (Document::Agency(one), Subject::Agencies) => agency(one, all),
            (Document::Listing(one), Subject::Listings) => fits(one),
            _ => false,
        };
        let hits = self.of.values().flat_map(|all| all.iter().filter(|one| is_hit(one, all)));
        u64::try_from(hits.filter(|one| among.contains(&one.name())).count()).unwrap()
    }
}

/// The keys of everything that a text alone finds.
async fn all_keys(market: &Market, query: &SearchQuery) -> Vec<String> {
    let text = query.text.clone();
    let mut query = SearchQuery { text, limit: 100, sort: Sort::Newest, ..of(query.kind) };
    let mut keys = Vec::new();
    loop {
        let hits = find(market, &query).await;
        keys.extend(hits.items.iter().map(|hit| hit.found.key()));
        query.after = hits.next;
        if query.after.is_none() {
            return keys;
        }
    }
}

/// Holds a search's counts against counting by hand.
async fn check(market: &Market, shelf: &Shelf<'_>, query: &SearchQuery) -> u64 {
    let among = all_keys(market, query).await;
    let hits = find(market, query).await;
    assert_eq!(hits.total, shelf.count(query, &among, None), "{query:?}");
    let mut counted = 0;
    for facet in &hits.facets {
        for value in &facet.values {
            let only = Some((facet.by, &*value.value));
            assert_eq!(value.count, shelf.count(query, &among, only), "{only:?} of {query:?}");
            let is_chosen = chosen(query, facet.by).contains(&value.value);
            assert_eq!(value.chosen, is_chosen, "{only:?} of {query:?}");
            let narrowed = find(market, &choosing(query, facet.by, &value.value)).await;
            assert_eq!(narrowed.total, value.count, "{only:?} of {query:?}");
            counted += value.count;
        }
    }
    // What is not shown leaves nothing.
    for (by, value) in ITEMS
        .map(|item| (Dimension::Item, item.0.to_owned()))
        .into_iter()
        .chain(PriceBand::ALL.iter().map(|band| (Dimension::Price, band.to_string())))
    {
        let facet = hits.facets.iter().find(|facet| facet.by == by);
        let is_shown = facet.is_some_and(|f| f.values.iter().any(|v| v.value == value));
        assert!(is_shown || shelf.count(query, &among, Some((by, &value))) == 0, "{value}");
    }
    counted
}

#[tokio::test]
async fn every_count_is_the_count_of_what_is_found() {
    let market = market_with_catalogue("sqlite::memory:").await;
    let catalogue = market.search().catalogue().await.unwrap();
    let mut shelf = Shelf { catalogue: &catalogue, of: BTreeMap::new() };
    let mut runner = TestRunner::deterministic();
    let ids: Vec<_> = (0..60).map(|_| AgencyId(market.env.id())).collect();
    let (mut counted, mut segments) = (0, 0);
    for round in 0..8 {
        // Some come, some change and some go; each commit is a segment of its own.
        let some = subsequence(ids.clone(), 1..16).new_tree(&mut runner).unwrap().current();
        let mut bundles = Vec::new();
        for id in some {
            let goes = round > 3 && id.0.as_u128() % 3 == 0;
            let drawn = drawn().new_tree(&mut runner).unwrap().current();
            let documents =
                if goes { Vec::new() } else { publish(&market, id, drawn).documents(&catalogue) };
            shelf.of.insert(id, documents.clone());
            bundles.push(Bundle { owner: id.0, documents });
        }
        put_bundles(&market, bundles).await;
        segments = market.index.serving().view().columns.len().max(segments);
        for at in 0..20 {
            let mut query = query().new_tree(&mut runner).unwrap().current();
            query.text = (at % 2 == 0).then(|| WORDS[at / 2 % WORDS.len()].to_owned());
            counted += check(&market, &shelf, &query).await;
        }
    }
    assert!(segments > 2 && counted > 2_000, "{segments} segments, {counted} hits");
}

/// Things of the catalogue have no price and no place, and stay whatever is chosen of these.
#[tokio::test]
async fn a_search_for_everything_counts_exactly_too() {
    let market = market_with_catalogue("sqlite::memory:").await;
    market.search().catch_up().await.unwrap();
    let green = agency(&market, "绿源");
    let listings = vec![
        listing(&market, &green, "survey", "测绘", 800, &["330282"]),
        listing(&market, &green, "survey", "地籍测绘", 20_000, &["330000"]),
    ];
    let (qualifications, standing) = (Vec::new(), Standing::default());
    put(&market, vec![Published { agency: green, qualifications, listings, standing }]).await;
    let everything = SearchQuery { facets: true, ..of(Subject::All) };
    let hits = find(&market, &everything).await;
    assert_eq!(hits.total, 4 + 3);
    let dimensions: Vec<_> = hits.facets.iter().map(|facet| facet.by).collect();
    assert!(dimensions.contains(&Dimension::Price) && dimensions.contains(&Dimension::Region));
    for facet in hits.facets {
        for value in facet.values {
            let narrowed = find(&market, &choosing(&everything, facet.by, &value.value)).await;
            assert_eq!(narrowed.total, value.count, "{}: {}", facet.by, value.value);
        }
    }
    let survey: ItemCode = "survey".parse().unwrap();
    let items = SearchQuery { items: vec![survey], ..everything };
    assert_eq!(find(&market, &items).await.total, 1 + 3);
}
