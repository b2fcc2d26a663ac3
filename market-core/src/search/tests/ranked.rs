//! The published formula is what hits are ordered by: each part moves them, and nothing else does.

use super::{asking::*, *};
use crate::{
    matter::{Matter, Need},
    search::{
        Explanation, Hit, Hits, SearchQuery, Subject,
        published::Published,
        ranking::{ANYTHING, ITEM, ITSELF, NEEDED, PLACE, PLACE_ALONE, QUALIFICATION},
    },
};

const PAGE: &str = include_str!("../../../../docs/decisions/0011-ranking.md");

/// An agency that was admitted so long ago that it is no newcomer, with so many faultless orders.
fn seller(market: &Market, orders: u32, offers: &[(&str, &str, i64, &[&str])]) -> Published {
    let agency = agency(market, "甲乙丙公司");
    let offers = offers.iter();
    let listings =
        offers.map(|(item, title, yuan, at)| listing(market, &agency, item, title, *yuan, at));
    let listings = listings.collect();
    let standing = Standing {
        admitted_on: Some("2020-01-01".parse().unwrap()),
        outcomes: [((0, 0), orders)].into(),
        ..Standing::default()
    };
    Published { agency, qualifications: Vec::new(), listings, standing }
}

/// One who surveys land in Cixi.
fn surveyor(market: &Market, orders: u32) -> Published {
    seller(market, orders, &[("survey", "测绘", 1_000, &["330282"])])
}

fn admitted(on: &str, mut published: Published) -> Published {
    published.standing.admitted_on = Some(on.parse().unwrap());
    published
}

/// A matter that needs a soil survey.
fn farm() -> Matter {
    let need = Need { item: "soil".parse().unwrap(), steps: Vec::new(), why: String::new() };
    Matter {
        code: "open-farm".parse().unwrap(),
        version: 0,
        name: "开办农场".to_owned(),
        lead: "planning".parse().unwrap(),
        audience: "企业".to_owned(),
        statutory_days: 20,
        promised_days: 10,
        steps: Vec::new(),
        materials: Vec::new(),
        needs: vec![need],
        withdrawn: false,
    }
}

async fn explained(market: &Market, kind: Subject, text: &str) -> Hits {
    let text = (!text.is_empty()).then(|| text.to_owned());
    find(market, &SearchQuery { text, explain: true, ..of(kind) }).await
}

fn parts(hit: &Hit) -> Explanation {
    hit.explanation.unwrap()
}

fn near(a: f32, b: f32) -> bool {
    (a - b).abs() <= 1e-3 * a.abs().max(b.abs())
}

/// Each part of two hits, credit and being new for each point of fit.
fn compared(a: &Hit, b: &Hit) -> Vec<&'static str> {
    let each = |hit: &Hit| {
        let Explanation { words, names, place, qualification, fit, credit, newcomer, .. } =
            parts(hit);
        [
            ("words", words),
            ("names", names),
            ("place", place),
            ("qualification", qualification),
            ("credit", credit / fit),
            ("newcomer", newcomer / fit),
        ]
    };
    let pairs = each(a).into_iter().zip(each(b));
    pairs.filter(|(a, b)| !near(a.1, b.1)).map(|(a, _)| a.0).collect()
}

/// Checks that of two offers the better comes first, by the part alone, though the other is newer.
async fn moves(part: &str, text: &str, better: impl Fn(&Market) -> [Published; 2]) {
    let market = market_with_catalogue("sqlite::memory:").await;
    let both = better(&market);
    let first = both[0].listings[0].id;
    put(&market, both.into()).await;
    let hits = explained(&market, Subject::Listings, text).await.items;
    assert_eq!(hits.len(), 2, "{part}");
    assert_eq!(hits[0].found.id(), Some(first.0), "{part}: {hits:?}");
    assert!(parts(&hits[0]).score > parts(&hits[1]).score, "{part}");
    assert_eq!(compared(&hits[0], &hits[1]), [part], "{hits:?}");
}

#[tokio::test]
async fn each_part_alone_moves_a_hit() {
    moves("words", "宗地图 测绘", |market| {
        let offer = |title| seller(market, 0, &[("survey", title, 1_000, &["330282"])]);
        [offer("宗地图绘制"), offer("地形图绘制")]
    })
    .await;
    // 量地 is what people say for a survey; it stands in no text.
    moves("names", "量地 制图", |market| {
        let offer = |item| {
            let mut one = seller(market, 0, &[(item, "制图", 1_000, &["330282"])]);
            let soil = qualification(market, &one.agency, "soil", "2024-01-01", "2030-01-01");
            one.qualifications.push(soil);
            one
        };
        [offer("survey"), offer("soil")]
    })
    .await;
    // Who serves all of Zhejiang serves Yuyao, and has no word of its name.
    moves("place", "余姚 测绘", |market| {
        let offer = |region: &str| seller(market, 0, &[("survey", "测绘", 1_000, &[region])]);
        [offer("330000"), offer("330300")]
    })
    .await;
    moves("qualification", "environment 测绘", |market| {
        let offer = |until| {
            let mut one = surveyor(market, 0);
            let held = qualification(market, &one.agency, "environment", "2024-01-01", until);
            one.qualifications.push(held);
            one
        };
        [offer("2026-11-24"), offer("2026-11-23")]
    })
    .await;
    moves("credit", "测绘", |market| [surveyor(market, 9), surveyor(market, 8)]).await;
    moves("credit", "", |market| [surveyor(market, 9), surveyor(market, 0)]).await;
    // A newcomer is one for 365 days, as its standing tells.
    moves("newcomer", "测绘", |market| {
        [admitted("2025-11-25", surveyor(market, 0)), admitted("2025-11-24", surveyor(market, 0))]
    })
    .await;
}

#[tokio::test]
async fn nothing_else_moves_a_hit() {
    let market = market_with_catalogue("sqlite::memory:").await;
    let all: Vec<Published> = (0..6u32)
        .map(|n| {
            let mut one = surveyor(&market, 7);
            // What it costs, how long it takes, how old, rich and large the agency is, and where
            // it sits.
            let terms = &mut one.listings[0].terms;
            terms.price = Money::from_fen(i64::from(n * 77 % 5) * 100_000).unwrap();
            terms.days = 1 + n * 5 % 7;
            terms.unit = format!("元/{n}");
            one.listings[0].version += i64::from(n % 3);
            one.agency.region = if n % 2 == 0 { "330282" } else { "330300" }.parse().unwrap();
            one.agency.profile.capital =
                Money::from_fen(i64::from(n * 31 % 7) * 1_000_000).unwrap();
            one.agency.profile.established_on = format!("20{:02}-01-01", n * 3).parse().unwrap();
            admitted(&format!("2021-0{}-01", n * 5 % 6 + 1), one)
        })
        .collect();
    let newest_first: Vec<_> = all.iter().rev().map(|one| Some(one.listings[0].id.0)).collect();
    put(&market, all).await;
    for text in ["测绘", "慈溪测绘", "量地", ""] {
        let hits = explained(&market, Subject::Listings, text).await.items;
        let ids: Vec<_> = hits.iter().map(|hit| hit.found.id()).collect();
        assert_eq!(ids, newest_first, "{text}");
        let score = |hit: &Hit| parts(hit).score.to_bits();
        assert!(hits.iter().all(|hit| score(hit) == score(&hits[0])), "{text}");
    }
}

#[tokio::test]
async fn the_parts_add_up_to_what_hits_are_ordered_by() {
    let market = market_with_catalogue("sqlite::memory:").await;
    let mut tx = market.work().await.unwrap();
    tx.put_matter(&farm()).await.unwrap();
    tx.finish(()).await.unwrap();
    market.search().catch_up().await.unwrap();
    let titles = ["土壤污染状况调查", "宗地图测绘", "余姚测绘", "环境影响报告", "房产GIS测绘"];
    for n in 0..30u32 {
        let title = titles[n as usize % titles.len()];
        let item = ITEMS[n as usize % 4].0;
        let region = REGIONS[n as usize % 6].0;
        let offers: [(&str, &str, i64, &[&str]); 2] = [
            (item, title, i64::from(n) * 1_000, &[region]),
            ("survey", "测绘", 1_000, &["330282"]),
        ];
        let mut one = seller(&market, n % 7, &offers);
        let held = qualification(&market, &one.agency, item, "2024-01-01", "2030-01-01");
        one.qualifications.push(held);
        // Several segments.
        put(&market, vec![admitted(&format!("202{}-11-24", 2 + n % 5), one)]).await;
    }
    let mut seen = [false; 6];
    for text in [
        "测绘",
        "土壤",
        "量地",
        "开办农场",
        "余姚 量地",
        "慈溪",
        "soil 调查",
        "gis",
        "dijicehui",
        "djch",
        "土壤污染状况初步凋查",
        "宗地图和土壤污染状况和房产",
        "绘",
        "",
    ] {
        for kind in
            [Subject::All, Subject::Listings, Subject::Agencies, Subject::Items, Subject::Matters]
        {
            let hits = explained(&market, kind, text).await;
            let mut before = f32::INFINITY;
            for hit in &hits.items {
                let Explanation {
                    words,
                    names,
                    place,
                    qualification,
                    fit,
                    credit,
                    newcomer,
                    score,
                } = parts(hit);
                let what = format!("{text} {kind}: {hit:?}");
                assert!(near(words + names + place + qualification, fit), "{what}");
                assert!(near(fit + credit + newcomer, score), "{what}");
                assert_eq!(hit.score.is_some(), !text.is_empty(), "{what}");
                assert!(near(hit.score.unwrap_or(score), score), "{what}");
                // What has only some of the words follows, in an order of its own.
                assert!(hits.relaxed || score <= before * 1.001, "{what} after {before}");
                before = score;
                let each = [words, names, place, qualification, credit, newcomer];
                seen.iter_mut().zip(each).for_each(|(seen, part)| *seen |= part > 0.0);
            }
        }
    }
    assert_eq!(seen, [true; 6]);
}

#[tokio::test]
async fn a_matter_leads_to_what_it_needs() {
    let market = market_with_catalogue("sqlite::memory:").await;
    let mut tx = market.work().await.unwrap();
    tx.put_matter(&farm()).await.unwrap();
    tx.finish(()).await.unwrap();
    market.search().catch_up().await.unwrap();
    let mut one = seller(
        &market,
        0,
        &[("soil", "取样", 9_000, &["330282"]), ("survey", "测绘", 1_000, &["330282"])],
    );
    let held = qualification(&market, &one.agency, "soil", "2024-01-01", "2030-01-01");
    one.qualifications.push(held);
    put(&market, vec![one]).await;
    assert_eq!(titles(&market, &listings("开办农场")).await, ["取样"]);
    let all = explained(&market, Subject::All, "开办农场").await.items;
    assert_eq!(all[0].found.title(), "开办农场", "itself first");
    let titles: Vec<_> = all.iter().map(|hit| hit.found.title()).collect();
    assert!(titles.contains(&"取样") && titles.contains(&"土壤污染状况调查"), "{titles:?}");
    let all = explained(&market, Subject::All, "土壤污染状况调查").await.items;
    assert_eq!(all[0].found.title(), "土壤污染状况调查", "itself first");
    assert!(all.iter().any(|hit| hit.found.title() == "取样"));
    for (kind, expected) in [(Subject::Items, "土壤污染状况调查"), (Subject::Matters, "开办农场")]
    {
        let hits = explained(&market, kind, expected).await.items;
        assert_eq!(hits[0].found.title(), expected);
        let of_kind = hits.iter().all(|hit| hit.found.kind() == hits[0].found.kind());
        assert!(of_kind, "{hits:?}");
    }
}

/// At most a sixth is added to what fits, so that no merit outweighs what was asked for.
#[tokio::test]
async fn a_newcomer_is_not_last_and_fades_with_its_orders() {
    let market = market_with_catalogue("sqlite::memory:").await;
    let mut all = vec![surveyor(&market, 200), surveyor(&market, 0)];
    all.extend((0..6).map(|orders| admitted("2026-11-01", surveyor(&market, orders))));
    let known: Vec<_> = all.iter().map(|one| one.agency.id.0).collect();
    put(&market, all).await;
    let hits = explained(&market, Subject::Agencies, "").await.items;
    let of = |at: usize| parts(hits.iter().find(|hit| hit.found.id() == Some(known[at])).unwrap());
    let shares: Vec<_> = (2..8).map(|at| (of(at).newcomer * 1000.0).round()).collect();
    assert_eq!(shares, [60.0, 48.0, 36.0, 24.0, 12.0, 0.0], "as data/policy.toml says");
    assert!(of(2).score > of(0).score && of(0).score > of(1).score);
    assert!(hits.iter().all(|hit| parts(hit).score <= 1.0 + 1.0 / 6.0));
}

#[test]
fn the_page_publishes_the_numbers() {
    for (what, points) in [
        ("offers the service item", ITEM),
        ("offers what the matter needs", NEEDED),
        ("is the item or matter itself", ITSELF),
        ("serves the place, beside other words", PLACE),
        ("serves the place, alone", PLACE_ALONE),
        ("holds the qualification", QUALIFICATION),
        ("nothing was asked in words", ANYTHING),
    ] {
        let row = format!("| {what} | {points} ");
        assert!(PAGE.contains(&row), "{row}");
    }
    assert!(PAGE.lines().count() <= 40);
}
