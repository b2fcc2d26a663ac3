//! What is counted, and what is shown of it.

use super::{waiting::MOST, *};
use crate::{
    Refusal,
    id::PersonId,
    search::{Subject, tests::market_with_catalogue},
    testing::{market, on_both},
};

/// Asks a text so often, found or not.
fn ask(market: &Market, text: &str, times: usize, hits: u64) {
    for _ in 0..times {
        market.asked().count(text, hits, &[]);
    }
}

async fn hot(market: &Market) -> Vec<(String, i64)> {
    let hot = market.asked().hot(7, 10).await.unwrap();
    hot.into_iter().map(|asked| (asked.text, asked.times)).collect()
}

fn of(text: &str, times: i64) -> (String, i64) {
    (text.to_owned(), times)
}

/// Another node of the same market.
async fn another(url: &str, market: &Market) -> Market {
    if url.starts_with("postgres") {
        crate::testing::market(url).await.with_env(market.env().clone())
    } else {
        Market { asking: std::sync::Arc::new(Asking::new(180)), ..market.clone() }
    }
}

on_both! {
    async fn what_all_nodes_are_asked_is_added(url: &str) {
        let one = market(url).await;
        let other = another(url, &one).await;
        for round in 1..=5 {
            for text in ["环评", "消防检测", "测绘"] {
                ask(&one, text, 2, 1);
                ask(&other, text, 1, 1);
            }
            ask(&other, " 环评 ", 1, 0);
            let (here, there) = (one.asked(), other.asked());
            let (here, there) = tokio::join!(here.flush(), there.flush());
            here.unwrap();
            there.unwrap();
            let expected = [of("环评", 4 * round), of("测绘", 3 * round), of("消防检测", 3 * round)];
            let mut found = hot(&one).await;
            found.sort_by_key(|(text, times)| (-times, text.clone()));
            let mut expected = expected.to_vec();
            expected.sort_by_key(|(text, times)| (-times, text.clone()));
            assert_eq!(found, expected);
        }
        one.asked().flush().await.unwrap();
        assert_eq!(hot(&other).await[0], of("环评", 20), "what is written is not written again");
    }

    async fn what_few_ask_and_what_finds_nothing_is_not_shown(url: &str) {
        let market = market(url).await;
        ask(&market, "环评", 3, 5);
        ask(&market, "某某的秘密", 2, 5);
        ask(&market, "没有的东西", 9, 0);
        ask(&market, "13800000000", 9, 5);
        market.asked().flush().await.unwrap();
        assert_eq!(hot(&market).await, [of("环评", 3)]);
        assert_eq!(market.asked().hot(7, 0).await.unwrap(), []);
        for days in [0, 91] {
            assert!(matches!(market.asked().hot(days, 10).await, Err(Error::Invalid(_))));
        }
    }

    async fn the_operator_sees_what_never_found_anything(url: &str) {
        let market = market(url).await;
        ask(&market, "b", 2, 0);
        ask(&market, "a", 2, 0);
        ask(&market, "c d", 7, 0);
        ask(&market, "e", 5, 0);
        ask(&market, "e", 1, 3);
        market.asked().flush().await.unwrap();
        let mut paging = Paging { after: None, limit: 1 };
        let mut seen = Vec::new();
        loop {
            let page = market.asked().misses(&Actor::system(), 7, &paging).await.unwrap();
            seen.extend(page.items.into_iter().map(|asked| (asked.text, asked.times)));
            let Some(next) = page.next else { break };
            paging.after = Some(next);
        }
        assert_eq!(seen, [of("c d", 7), of("a", 2), of("b", 2)]);

        let agency = crate::Party::Agency(crate::id::AgencyId(market.env().id()));
        let somebody = Actor::new(PersonId(market.env().id()), agency);
        let refused = market.asked().misses(&somebody, 7, &Paging::default()).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::OperatorOnly))));
    }

    async fn windows_end_and_what_is_old_is_forgotten(url: &str) {
        let market = market(url).await;
        let (env, start) = (market.env().clone(), market.env().now());
        let day = |n: i64| start.plus_seconds(n * DAY_SECONDS);
        ask(&market, "环评", 3, 1);
        market.asked().flush().await.unwrap();
        env.set(day(8));
        assert_eq!(hot(&market).await, []);
        assert_eq!(market.asked().hot(9, 10).await.unwrap().len(), 1);
        for (days, kept) in [(180, 1), (182, 0)] {
            env.set(day(days));
            market.asked().flush().await.unwrap();
            env.set(start);
            assert_eq!(hot(&market).await.len(), kept, "after {days} days");
        }
    }

    async fn searches_count_for_their_service_item(url: &str) {
        let market = market_with_catalogue(url).await;
        let items = ["soil", "survey", "unheard-of"].map(|code| code.parse::<ItemCode>().unwrap());
        ask(&market, "测绘", 1, 1);
        market.asked().count("测绘", 1, &items[1..]);
        market.asked().count("土调 测绘", 1, &items);
        market.asked().flush().await.unwrap();
        let hot = market.asked().hot_items(7, 10).await.unwrap();
        let shown: Vec<_> = hot.iter().map(|hot| (hot.item.as_str(), hot.searches)).collect();
        assert_eq!(shown, [("survey", 2), ("soil", 1)]);
        assert_eq!(hot[0].name, "地籍测绘");
    }

    async fn an_overview_is_a_minute_old_at_most(url: &str) {
        let market = market(url).await;
        let shown = async || market.asked().overview(7, 10).await.unwrap().queries.len();
        assert_eq!(shown().await, 0);
        ask(&market, "环评", 3, 1);
        market.asked().flush().await.unwrap();
        assert_eq!(shown().await, 0);
        market.env().set(market.env().now().plus_seconds(OVERVIEW_SECONDS));
        assert_eq!(shown().await, 1);
    }
}

#[tokio::test]
async fn memory_is_bounded_and_everything_in_it_is_written() {
    let market = market("sqlite::memory:").await;
    for n in 0..=MOST {
        ask(&market, &format!("w{n}"), 1, 0);
    }
    ask(&market, "w0", 1, 0);
    assert_eq!(locked(&market.asking.waiting).texts.len(), MOST);
    market.asked().flush().await.unwrap();
    assert!(locked(&market.asking.waiting).is_empty());
    let all = market.db.missed_texts(Timestamp::from_micros(0), &Paging::default()).await.unwrap();
    assert_eq!((all.items[0].text.as_str(), all.items[0].times), ("w0", 2));
}

#[tokio::test]
async fn only_first_pages_with_a_text_are_counted() {
    let market = market_with_catalogue("sqlite::memory:").await;
    market.search().catch_up().await.unwrap();
    let any = SearchQuery::new(Subject::Listings);
    let hits = market.search().find(&any).await.unwrap();
    let count = |query: SearchQuery| {
        market.asked().count_search(&query, &hits);
        locked(&market.asking.waiting).texts.values().map(|count| count.times).sum::<i64>()
    };
    let text = Some("环评".to_owned());
    assert_eq!(count(any.clone()), 0);
    let later = Some(crate::Cursor::after("x"));
    assert_eq!(count(SearchQuery { text: text.clone(), after: later, ..any.clone() }), 0);
    let soil = vec!["soil".parse().unwrap()];
    assert_eq!(count(SearchQuery { text, items: soil, ..any }), 1);
    assert_eq!(locked(&market.asking.waiting).items.len(), 1);
}

#[test]
fn what_is_counted_while_others_are_written_stays() {
    let mut waiting = Waiting::default();
    let at = Timestamp::from_micros(0);
    waiting.count("环评".to_owned(), at, false, &[]);
    let written = waiting.first(1);
    waiting.count("环评".to_owned(), at, true, &[]);
    waiting.subtract(&written);
    assert_eq!(waiting.texts.values().map(|c| (c.times, c.missed)).collect::<Vec<_>>(), [(1, 1)]);
    let written = waiting.first(1);
    waiting.subtract(&written);
    assert!(waiting.is_empty());
}
