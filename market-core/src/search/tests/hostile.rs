//! No text costs more than its time, and what cannot be asked is named.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{asking::*, *};
use crate::search::{Home, MAX_TEXT, MAX_VALUES, SearchQuery, Subject, published::Published};

/// More than the time is looked at after.
const MANY: u64 = 6_000;

/// A market with many offers, whose searches may take so long.
async fn large(limit: Duration) -> Market {
    let base = market_with_catalogue("sqlite::memory:").await;
    let market = Market { index: Arc::new(Home::open(None, limit).unwrap()), ..base };
    let one = agency(&market, "测绘大院");
    let listings = (0..MANY).map(|_| listing(&market, &one, "survey", "测绘", 1_000, &["330282"]));
    let listings = listings.collect();
    let (qualifications, standing) = (Vec::new(), Standing::default());
    put(&market, vec![Published { agency: one, qualifications, listings, standing }]).await;
    market
}

#[tokio::test]
async fn a_search_ends_with_its_time_and_says_so() {
    for (limit, complete) in [(Duration::ZERO, false), (Duration::from_mins(5), true)] {
        let market = large(limit).await;
        for query in [of(Subject::Listings), listings("测绘"), listings("测绘 zzzz 检测 环评")]
        {
            let hits = find(&market, &SearchQuery { facets: true, ..query }).await;
            assert_eq!((hits.complete, hits.total == MANY), (complete, complete), "{}", hits.total);
            assert_eq!(hits.items.len(), 20, "what was seen is shown");
        }
        let agencies = SearchQuery { facets: true, ..of(Subject::Agencies) };
        assert_eq!(find(&market, &agencies).await.complete, complete);
    }
}

/// Texts of the longest sort that might cost much, or be taken for a language.
fn hostile() -> Vec<String> {
    let long = |unit: &str| unit.chars().cycle().take(MAX_TEXT).collect::<String>();
    let mut texts: Vec<_> = [
        "(",
        "((a)",
        "[[{",
        ")",
        "\"",
        "'",
        "\\",
        "/",
        "*",
        "?",
        "a*",
        "*a",
        "^~",
        "~9",
        "(a+)+$",
        ".*",
        "[^a]",
        "a|b|",
        "+-",
        "title:",
        "_exists_:",
        "AND OR NOT ",
        "TO ",
        "${jndi:}",
        "<b>",
        "%00",
        "%s",
        "--;",
        "\u{1}",
        "\u{7f}",
        "\u{85}",
        "\u{200b}",
        "\u{200d}",
        "\u{202e}",
        "\u{feff}",
        "\u{fffd}",
        "\u{301}",
        "a\u{301}",
        "\u{10ffff}",
        "😀",
        "👨\u{200d}👩",
        "🇨🇳",
        "ﷺ",
        "İ",
        "ß",
        "ǆ",
        "㋿",
        "\t",
        "\n",
        "\r\n",
        "\u{3000}",
        "测",
        "测绘",
        "测 ",
        "a",
        "a ",
        "zz ",
        "xian",
        "0",
        "1 ",
        "环评，",
        "𠮷",
        "余姚",
        "浙江省宁波市",
        "需要",
        "办理测绘",
        "hp",
        "ng",
        "aeiou",
        "ｇｉｓ",
    ]
    .map(long)
    .into();
    texts.push(('一'..).take(MAX_TEXT).collect());
    texts.push("(".repeat(MAX_TEXT / 2) + &")".repeat(MAX_TEXT / 2));
    texts
}

#[tokio::test]
async fn no_text_costs_more_than_a_moment() {
    let market = large(Duration::from_mins(5)).await;
    market.search().catch_up().await.unwrap();
    for text in hostile() {
        for kind in [Subject::All, Subject::Agencies] {
            let text = Some(text.clone());
            let query = SearchQuery { text, facets: true, explain: true, ..of(kind) };
            // What cannot be seen, or turns the direction of writing.
            let hidden = |c: char| c.is_control() || c == '\u{202e}';
            if query.text.iter().any(|text| text.contains(hidden)) {
                assert_eq!(faults(&market, &query).await, ["text"]);
                continue;
            }
            let began = Instant::now();
            let hits = find(&market, &query).await;
            // Without optimization, beside other tests.
            assert!(
                began.elapsed() < Duration::from_secs(5),
                "{:?} {:?}",
                began.elapsed(),
                query.text
            );
            assert!(hits.complete);
        }
    }
    for text in hostile() {
        assert_eq!(faults(&market, &listings(&format!("{text}x"))).await[0], "text");
        let text: String = text.chars().take(9).collect();
        assert_eq!(faults(&market, &listings(&format!("{text}\0"))).await, ["text"], "{text}");
    }
}

#[tokio::test]
async fn too_many_values_are_named() {
    let market = market_with_catalogue("sqlite::memory:").await;
    let many = |count| SearchQuery {
        items: vec!["survey".parse().unwrap(); count],
        regions: vec!["330282".parse().unwrap(); count],
        categories: vec!["testing".parse().unwrap(); count],
        qualifications: vec!["soil:first".to_owned(); count],
        ..of(Subject::Listings)
    };
    find(&market, &many(MAX_VALUES)).await;
    let expected = ["category", "item", "region", "qualification"];
    assert_eq!(faults(&market, &many(MAX_VALUES + 1)).await, expected);
    for unknown in ["x", "soil:third", "soil:", ":first", "soil:first:second", ""] {
        let query =
            SearchQuery { qualifications: vec![unknown.to_owned()], ..of(Subject::Agencies) };
        assert_eq!(faults(&market, &query).await, ["qualification"], "{unknown}");
    }
}
