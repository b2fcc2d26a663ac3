//! Search finds a listing on just those days on which an order of it would be taken.

use proptest::prelude::*;

use super::*;
use crate::{
    Calendar, Day,
    agency::{Exited, Offer, Suspended},
    case::Fund,
    order::eligibility::{Wanted, reasons},
    rules::{Clock, Region},
    search::{
        catalogue::Catalogue,
        catalogue::Parts,
        days::number,
        documents::{Document, ListingDocument},
        published::Published,
    },
};

/// A day of 2026, by its number.
fn day(n: i64) -> Day {
    "2026-01-01".parse::<Day>().unwrap().plus(n)
}

fn state() -> impl Strategy<Value = AgencyState> {
    prop_oneof![
        3 => Just(AgencyState::Admitted(Admitted {})),
        2 => (0i64..20).prop_map(|n| {
            AgencyState::Suspended(Suspended { until: day(n), reason: String::new() })
        }),
        1 => Just(AgencyState::Exited(Exited { reason: String::new() })),
    ]
}

fn major() -> impl Strategy<Value = Option<String>> {
    prop::option::weighted(0.2, Just("监测".to_owned()))
}

fn kind() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["soil", "environment"])
}

fn level() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["first", "second"])
}

/// Kind, level, major, first and last day, and whether it is revoked.
type Certificate = (&'static str, &'static str, Option<String>, i64, i64, bool);

fn certificate() -> impl Strategy<Value = Certificate> {
    (kind(), level(), major(), 0i64..15, 0i64..15, prop::bool::weighted(0.1))
}

fn requirement() -> impl Strategy<Value = Requirement> {
    (kind(), level(), major()).prop_map(|(kind, level, major)| Requirement {
        kind: kind.parse().unwrap(),
        level: level.parse().unwrap(),
        major,
    })
}

fn certified(market: &Market, agency: &Agency, of: &Certificate) -> Qualification {
    let (kind, level, major, first, length, revoked) = of;
    Qualification {
        level: level.parse().unwrap(),
        majors: major.iter().cloned().collect(),
        valid_from: day(*first),
        valid_until: day(first + length),
        revoked: *revoked,
        ..qualification(market, agency, kind, "2026-01-01", "2026-01-01")
    }
}

fn regions() -> Vec<Region> {
    let path = |mut code: &'static str| {
        let mut path = vec![code.parse().unwrap()];
        while let Some((.., Some(parent))) = REGIONS.iter().find(|region| region.0 == code) {
            code = parent;
            path.insert(0, code.parse().unwrap());
        }
        path
    };
    let region = |(code, name, parent): (&'static str, &str, Option<&str>)| Region {
        code: code.parse().unwrap(),
        name: name.to_owned(),
        parent: parent.map(|parent| parent.parse().unwrap()),
        path: path(code),
        centre: None,
    };
    REGIONS.map(region).into()
}

/// Whether search finds a listing for a region on a day.
fn is_found(listing: &ListingDocument, region: &Region, on: Day) -> bool {
    let serves = listing.regions.iter().any(|served| region.path.contains(served));
    let is_open = |span: &crate::search::days::Span| (span.first..=span.last).contains(&number(on));
    serves && listing.open.spans().iter().any(is_open)
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(300)
    })]

    #[test]
    fn what_search_finds_may_be_bought(
        state in state(),
        published in prop::bool::weighted(0.8),
        withdrawn in prop::bool::weighted(0.1),
        cap in prop::option::of(4_000i64..6_000),
        rule in prop::sample::select(vec![Rule::Any, Rule::All]),
        requirements in prop::collection::vec(requirement(), 0..3),
        held in prop::collection::vec(certificate(), 0..5),
        served in prop::sample::select(REGIONS.map(|region| region.0).to_vec()),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let market = runtime.block_on(market("sqlite::memory:"));
        let agency = Agency { state, ..agency(&market, "绿源") };
        let listing = Listing {
            state: if published { ListingState::Published } else { ListingState::OffShelf },
            ..listing(&market, &agency, "soil", "土调", 5_000, &[served])
        };
        let cap = cap.and_then(|yuan| Money::from_fen(yuan * 100));
        let item = ServiceItem {
            rule, requirements, withdrawn, price_cap: cap, ..service_item(ITEMS[2])
        };
        let types = ["soil", "environment"].map(qualification_type);
        let items = if withdrawn { Vec::new() } else { vec![item.clone()] };
        let parts = Parts {
            regions: regions(), items, qualifications: types.to_vec(), ..Parts::default()
        };
        let catalogue = Catalogue::new(parts, day(0));
        let qualifications: Vec<_> =
            held.iter().map(|held| certified(&market, &agency, held)).collect();
        let standing = Standing::default();
        let listings = vec![listing.clone()];
        let published = Published { agency, qualifications, listings, standing };
        let document = published.documents(&catalogue).into_iter().find_map(|document| {
            if let Document::Listing(listing) = document { Some(listing) } else { None }
        });
        let Published { agency, qualifications, .. } = published;
        let offer = Offer { listing, agency, qualifications };
        let policies: PolicyFile =
            toml::from_str(include_str!("../../../../data/policy.toml")).unwrap();
        for region in regions() {
            for n in 0..30 {
                // Noon, so that the day in China is the same.
                let now = format!("{}T04:00:00Z", day(n)).parse().unwrap();
                let policy = policies.profiles[0].clone();
                let clock = Clock { now, calendar: Calendar::default(), policy };
                let wanted = Wanted {
                    item: &item, types: &types, region: &region, fund: Fund::Social, clock: &clock,
                };
                let why_not = reasons(&offer, &wanted);
                let found = document.as_ref().is_some_and(|doc| is_found(doc, &region, day(n)));
                prop_assert_eq!(found, why_not.is_empty(), "{} {}: {:?}", day(n), region.name, why_not);
            }
        }
    }
}
