//! What is found, of documents that are put straight into the index.

use proptest::{
    prelude::any,
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

use super::{asking::*, *};
use crate::{
    Error,
    agency::{Exited, Suspended},
    search::{MAX_TEXT, SearchQuery, Sort, Subject, answers::Basis, published::Published},
};

/// Four agencies:
/// - 慈溪绿源 does environmental assessment in Cixi (qualified until the end of 2026) and a soil
///   survey in Zhejiang;
/// - 宁波甬安 tests fire equipment in Ningbo;
/// - 温州华测 surveys land everywhere, for which nothing is required;
/// - 余姚停牌 is suspended until 2026-12-31.
async fn put_all(market: &Market) {
    let green = agency(market, "慈溪绿源环境科技有限公司");
    let safe = agency(market, "宁波甬安消防技术有限公司");
    let land = agency(market, "温州华测GIS测绘院");
    let mut paused = agency(market, "余姚停牌环保咨询有限公司");
    paused.state = AgencyState::Suspended(Suspended {
        until: "2026-12-31".parse().unwrap(),
        reason: "逾期".to_owned(),
    });
    let held = |agency: &Agency, kind: &str, until: &str| {
        qualification(market, agency, kind, "2024-01-01", until)
    };
    let l = |agency: &Agency, item: &str, title: &str, yuan, regions: &[&str]| {
        listing(market, agency, item, title, yuan, regions)
    };
    put(
        market,
        vec![
            Published {
                qualifications: vec![
                    held(&green, "environment", "2026-12-31"),
                    held(&green, "soil", "2028-12-31"),
                ],
                listings: vec![
                    l(&green, "environment", "环境影响报告表编制", 12_000, &["330282"]),
                    l(&green, "soil", "土壤污染状况初步调查", 30_000, &["330000"]),
                ],
                agency: green,
                standing: Standing::default(),
            },
            Published {
                qualifications: vec![held(&safe, "fire-testing", "2030-12-31")],
                listings: vec![
                    l(&safe, "fire-testing", "建筑消防设施年度检测", 5_000, &["330200"]),
                    Listing {
                        state: ListingState::OffShelf,
                        ..l(&safe, "fire-testing", "已下架的检测", 1_000, &["330200"])
                    },
                ],
                agency: safe,
                standing: Standing::default(),
            },
            Published {
                qualifications: Vec::new(),
                listings: vec![l(&land, "survey", "宗地图测绘", 2_000, &["100000"])],
                agency: land,
                standing: Standing::default(),
            },
            Published {
                qualifications: vec![held(&paused, "environment", "2027-06-30")],
                listings: vec![l(&paused, "environment", "环评报告书", 20_000, &["330281"])],
                agency: paused,
                standing: Standing::default(),
            },
        ],
    )
    .await;
}

pub(super) async fn searched() -> Market {
    let market = market_with_catalogue("sqlite::memory:").await;
    put_all(&market).await;
    market
}

const REPORT: &str = "环境影响报告表编制";
const SOIL: &str = "土壤污染状况初步调查";
const FIRE: &str = "建筑消防设施年度检测";
const LAND: &str = "宗地图测绘";
pub(super) const GREEN: &str = "慈溪绿源环境科技有限公司";
const SAFE: &str = "宁波甬安消防技术有限公司";
const SURVEYORS: &str = "温州华测GIS测绘院";

#[tokio::test]
async fn listings_are_found_by_title_item_alias_and_agency() {
    let market = searched().await;
    for (text, first) in [
        (REPORT, REPORT),
        ("报告表", REPORT),
        ("环评", REPORT),
        ("環境影响", REPORT),
        ("量地", LAND),
        ("ＧＩＳ", LAND),
        ("gis 测绘", LAND),
        ("甬安", FIRE),
        ("消检", FIRE),
        ("土壤污染状况调查", SOIL),
        ("建筑消防设施年度捡测", FIRE),
        ("慈溪环评", REPORT),
    ] {
        let titles = titles(&market, &listings(text)).await;
        assert_eq!(titles.first().map(String::as_str), Some(first), "{text}");
    }
}

#[tokio::test]
async fn agencies_are_found_by_any_part_of_their_name_and_by_what_they_offer() {
    let market = searched().await;
    for (text, expected) in [
        ("绿源环境", GREEN),
        ("消防技术有限公司", SAFE),
        ("测绘院", SURVEYORS),
        ("环评", GREEN),
        ("量地", SURVEYORS),
    ] {
        let titles = titles(&market, &agencies(text)).await;
        assert_eq!(titles.first().map(String::as_str), Some(expected), "{text}");
    }
    let by_code = titles(&market, &agencies("91350100m000100y43")).await;
    assert_eq!(by_code.len(), 3);
}

#[tokio::test]
async fn one_character_finds_words_that_begin_or_end_with_it() {
    let market = searched().await;
    assert_eq!(titles(&market, &listings("绘")).await, [LAND]);
    assert_eq!(sorted(&market, &listings("环")).await, [SOIL, REPORT]);
    assert_eq!(titles(&market, &listings("壤")).await, [SOIL]);
    assert_eq!(titles(&market, &listings("土 表")).await, [""; 0]);
}

#[tokio::test]
async fn nothing_is_found_where_nothing_fits() {
    let market = searched().await;
    for text in ["飞船发射", "zzz", "，。！", "\"(*^~:/", "AND OR NOT", "title:环评^9"] {
        let hits = find(&market, &listings(text)).await;
        let expected = u64::from(text.contains("环评"));
        assert_eq!((hits.total, hits.items.len() as u64), (expected, expected), "{text}");
    }
}

#[tokio::test]
async fn no_text_finds_everything_that_is_open() {
    let market = searched().await;
    let all = find(&market, &of(Subject::Listings)).await;
    assert_eq!((all.total, all.items.len(), all.next), (4, 4, None));
    assert!(all.items.iter().all(|hit| hit.score.is_none()));
    assert_eq!(find(&market, &agencies("  ")).await.total, 3);
}

#[tokio::test]
async fn who_serves_a_region_serves_what_is_in_it() {
    let market = searched().await;
    let in_region =
        |code: &str| SearchQuery { regions: vec![code.parse().unwrap()], ..of(Subject::Listings) };
    assert_eq!(sorted(&market, &in_region("330282")).await, [SOIL, LAND, FIRE, REPORT]);
    assert_eq!(sorted(&market, &in_region("330281")).await, [SOIL, LAND, FIRE]);
    assert_eq!(sorted(&market, &in_region("330300")).await, [SOIL, LAND]);
    assert_eq!(titles(&market, &in_region("100000")).await, [LAND]);
}

#[tokio::test]
async fn filters_narrow_together() {
    let market = searched().await;
    let yuan = |yuan: i64| Money::from_fen(yuan * 100);
    let band =
        SearchQuery { min_price: yuan(5_000), max_price: yuan(12_000), ..of(Subject::Listings) };
    assert_eq!(sorted(&market, &band).await, [FIRE, REPORT]);
    let band = SearchQuery { categories: vec!["protection".parse().unwrap()], ..band };
    assert_eq!(titles(&market, &band).await, [REPORT]);
    let band = SearchQuery { items: vec!["soil".parse().unwrap()], ..band };
    assert_eq!(find(&market, &band).await.total, 0);
    let with_text =
        SearchQuery { max_price: yuan(12_000), ..listings("污染 检测 环评 测绘") };
    assert_eq!(sorted(&market, &with_text).await, [LAND, FIRE, REPORT]);
}

#[tokio::test]
async fn agencies_are_narrowed_by_one_listing_that_fits_all() {
    let market = searched().await;
    let offering = |item: &str, region: &str| SearchQuery {
        items: vec![item.parse().unwrap()],
        regions: vec![region.parse().unwrap()],
        ..of(Subject::Agencies)
    };
    assert_eq!(titles(&market, &offering("environment", "330282")).await, [GREEN]);
    assert_eq!(titles(&market, &offering("soil", "330300")).await, [GREEN]);
    // It serves Wenzhou, and assesses the environment, but not there.
    assert_eq!(titles(&market, &offering("environment", "330300")).await, [""; 0]);
}

#[tokio::test]
async fn time_alone_opens_and_closes() {
    let market = searched().await;
    let environment = |day: &str| SearchQuery {
        items: vec!["environment".parse().unwrap()],
        eligible_on: Some(day.parse().unwrap()),
        ..of(Subject::Listings)
    };
    assert_eq!(titles(&market, &environment("2026-12-31")).await, [REPORT]);
    assert_eq!(titles(&market, &environment("2027-01-01")).await, ["环评报告书"]);
    assert_eq!(titles(&market, &environment("2027-07-01")).await, [""; 0]);
    assert_eq!(titles(&market, &environment("2023-12-31")).await, [""; 0]);
    assert_eq!(find(&market, &agencies("停牌")).await.items.len(), 0);

    market.env.set("2027-01-01T01:00:00Z".parse().unwrap());
    assert_eq!(titles(&market, &listings("环评")).await.first().unwrap(), "环评报告书");
    assert_eq!(titles(&market, &agencies("停牌")).await, ["余姚停牌环保咨询有限公司"]);
}

#[tokio::test]
async fn what_is_not_for_sale_is_not_found() {
    let market = searched().await;
    assert!(!titles(&market, &listings("已下架的检测")).await.contains(&"已下架的检测".to_owned()));
    let mut gone = agency(&market, "已退出的公司");
    gone.state = AgencyState::Exited(Exited { reason: "自愿".to_owned() });
    let listings = vec![listing(&market, &gone, "survey", "退出后的测绘", 1_000, &["330282"])];
    put(
        &market,
        vec![Published {
            agency: gone,
            qualifications: Vec::new(),
            listings,
            standing: Standing::default(),
        }],
    )
    .await;
    assert_eq!(find(&market, &of(Subject::Listings)).await.total, 4);
    assert_eq!(find(&market, &of(Subject::Agencies)).await.total, 3);
}

#[tokio::test]
async fn listings_are_sorted_by_price_and_turnaround() {
    let market = searched().await;
    for sort in [Sort::Price, Sort::Days] {
        let query = SearchQuery { sort, ..of(Subject::Listings) };
        assert_eq!(titles(&market, &query).await, [LAND, FIRE, REPORT, SOIL], "{sort}");
    }
}

#[tokio::test]
async fn pages_hold_every_hit_once_in_order() {
    let market = searched().await;
    let land = agency(&market, "多图测绘");
    let many = (0..120).map(|i| {
        listing(&market, &land, "survey", &format!("测绘{}", i % 7), 1_000 * (i % 9), &["330282"])
    });
    let many = many.collect();
    put(
        &market,
        vec![Published {
            agency: land,
            qualifications: Vec::new(),
            listings: many,
            standing: Standing::default(),
        }],
    )
    .await;
    for base in [
        of(Subject::Listings),
        listings("测绘"),
        listings("测绘3号院落"),
        SearchQuery { sort: Sort::Price, ..listings("测绘") },
        SearchQuery { sort: Sort::Days, ..of(Subject::Listings) },
    ] {
        let whole = find(&market, &SearchQuery { limit: 100, ..base.clone() }).await;
        let (mut query, mut paged) = (SearchQuery { limit: 7, ..base }, Vec::new());
        loop {
            let hits = find(&market, &query).await;
            assert_eq!((hits.total, hits.relaxed), (whole.total, whole.relaxed));
            paged.extend(hits.items);
            query.after = hits.next;
            if query.after.is_none() {
                break;
            }
        }
        assert_eq!(paged.len() as u64, whole.total);
        assert_eq!(paged[..whole.items.len()], whole.items, "{:?}", query.text);
        let mut ids: Vec<_> = paged.iter().map(|hit| hit.found.key()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), paged.len());
    }
}

#[tokio::test]
async fn too_few_hits_are_followed_by_looser_ones() {
    let market = searched().await;
    let hits = find(&market, &listings("消防设施检测和土壤污染")).await;
    let titles: Vec<_> = hits.items.iter().map(|hit| hit.found.title()).collect();
    assert_eq!(titles, [FIRE, SOIL]);
    assert!(hits.relaxed);
    let paged = SearchQuery { limit: 1, ..listings("消防设施检测和土壤污染") };
    let first = find(&market, &paged).await;
    let second = find(&market, &SearchQuery { after: first.next.clone(), ..paged }).await;
    assert_eq!([&first.items[..], &second.items[..]].concat(), hits.items);
    assert_eq!(second.next, None);
}

#[tokio::test]
async fn bad_input_is_named() {
    let market = searched().await;
    assert_eq!(faults(&market, &listings(&"环".repeat(10_000))).await, ["text"]);
    assert_eq!(faults(&market, &listings("环\u{0}评")).await, ["text"]);
    let strange = SearchQuery {
        categories: vec!["x".parse().unwrap()],
        items: vec!["x".parse().unwrap()],
        regions: vec!["x".parse().unwrap()],
        min_price: Money::from_fen(2),
        max_price: Money::from_fen(1),
        sort: Sort::Price,
        limit: 0,
        ..of(Subject::Agencies)
    };
    assert_eq!(
        faults(&market, &strange).await,
        ["category", "item", "region", "max_price", "sort", "limit"]
    );
    let after = |text: &str| SearchQuery {
        after: Some(crate::Cursor::given(text)),
        ..of(Subject::Listings)
    };
    assert_eq!(faults(&market, &after("???")).await, ["after"]);
    let first = find(&market, &SearchQuery { limit: 1, ..of(Subject::Listings) }).await;
    let other = SearchQuery { after: first.next, sort: Sort::Price, ..of(Subject::Listings) };
    assert_eq!(faults(&market, &other).await, ["after"]);
}

#[tokio::test]
async fn the_longest_text_is_answered() {
    let market = searched().await;
    let text: String = ('一'..).step_by(7).take(MAX_TEXT).collect();
    assert_eq!(find(&market, &listings(&text)).await.total, 0);
    assert_eq!(faults(&market, &listings(&(text + "丁"))).await, ["text"]);
    assert_eq!(find(&market, &listings(&"\u{fdfa}".repeat(MAX_TEXT))).await.total, 0);
}

#[tokio::test]
async fn any_text_is_answered_or_refused() {
    let market = searched().await;
    let mut runner = TestRunner::deterministic();
    for _ in 0..300 {
        let text = any::<String>().new_tree(&mut runner).unwrap().current();
        match market.search().find(&listings(&text)).await {
            Ok(hits) => assert!(hits.total <= 4),
            Err(Error::Invalid(faults)) => assert_eq!(faults[0].pointer, "text"),
            Err(why) => panic!("{text:?}: {why}"),
        }
    }
    for text in ["𠮷", "𠮷祥", "\u{301}", "é", "ﷺ", "①", "㈱"] {
        find(&market, &listings(text)).await;
    }
}

#[tokio::test]
async fn an_answer_is_kept_until_something_changes() {
    let market = searched().await;
    let query = listings("环评");
    let basis = async || Basis {
        view: market.index.serving().view(),
        catalogue: market.search().catalogue().await.unwrap(),
        day: market.env.now().day(),
    };
    let kept = async || market.index.answers.find(&basis().await, &query).is_some();
    assert!(!kept().await);
    let first = find(&market, &query).await;
    assert!(kept().await);
    assert_eq!(find(&market, &query).await, first);
    assert_eq!(find(&market, &listings("测绘")).await.items[0].found.title(), LAND);
    put(&market, Vec::new()).await;
    assert!(!kept().await, "another commit may answer otherwise");
    assert_eq!(find(&market, &query).await, first);
}
