//! What is suggested of a small market.

use super::{
    asking::{find, listings, put},
    finding::{GREEN, searched},
    *,
};
use crate::{
    Error,
    search::{
        Correction, NamedBy, Part, SearchQuery, Subject, Suggestion,
        SuggestionKind::{self, Matter, Region},
        published::Published,
    },
};

async fn suggest(market: &Market, text: &str, kinds: &[SuggestionKind]) -> Vec<Suggestion> {
    market.search().suggest(text, 10, kinds).await.unwrap()
}

async fn names(market: &Market, text: &str) -> Vec<String> {
    suggest(market, text, &[]).await.into_iter().map(|it| it.name).collect()
}

#[tokio::test]
async fn what_begins_so_is_suggested_with_how_much_there_is_of_it() {
    let market = searched().await;
    let [item] = &suggest(&market, "环", &[]).await[..] else { panic!("not one") };
    assert_eq!((&*item.key, &*item.name, &*item.text), ("environment", "环境影响评价", "环评"));
    // Of two offers one is suspended.
    assert_eq!(item.count, 1);

    let [region, agency] = &suggest(&market, "慈溪", &[]).await[..] else { panic!("not two") };
    assert_eq!((&*region.key, &*region.name), ("330282", "浙江省宁波市慈溪市"));
    assert_eq!((&*region.text, region.count), ("慈溪", 4));
    assert_eq!((agency.kind, &*agency.name, agency.count), (SuggestionKind::Agency, GREEN, 2));
    let part = |text: &str, hit| Part { text: text.to_owned(), hit };
    assert_eq!(agency.marks, [part("慈溪", true), part("绿源环境科技有限公司", false)]);
    assert_eq!(suggest(&market, "慈溪", &[Region]).await.as_slice(), std::slice::from_ref(region));
    assert_eq!(
        suggest(&market, "慈溪", &[SuggestionKind::Agency]).await.as_slice(),
        std::slice::from_ref(agency)
    );
    assert_eq!(suggest(&market, "慈溪", &[Matter]).await, []);
}

#[tokio::test]
async fn only_what_is_found_is_suggested() {
    let market = searched().await;
    assert_eq!(names(&market, "lvyuan").await, [GREEN]);
    assert_eq!(names(&market, "tingpai").await, [""; 0]);
    assert_eq!(names(&market, "停牌").await, [""; 0]);
    assert_eq!(names(&market, "？！").await, [""; 0]);
}

#[tokio::test]
async fn suggestions_follow_what_searches_see() {
    let market = searched().await;
    assert_eq!(names(&market, "新来").await, [""; 0]);
    let agency = agency(&market, "宁波新来测绘有限公司");
    let listings = vec![listing(&market, &agency, "survey", "量地", 1_000, &["330200"])];
    let new =
        Published { agency, listings, qualifications: Vec::new(), standing: Standing::default() };
    put(&market, vec![new]).await;
    market.search().refresh_suggestions().await.unwrap();
    assert_eq!(names(&market, "xinl").await, ["宁波新来测绘有限公司"]);
    let survey = &suggest(&market, "量地", &[]).await[0];
    assert_eq!((&*survey.key, survey.count), ("survey", 2));

    let mut tx = market.work().await.unwrap();
    tx.put_item(&service_item(("soil", "土壤污染状况调查", &["查地"], "protection")))
        .await
        .unwrap();
    tx.finish(()).await.unwrap();
    market.search().reload_catalogue().await.unwrap();
    market.search().refresh_suggestions().await.unwrap();
    assert_eq!(names(&market, "chad").await, ["土壤污染状况调查"]);
}

#[tokio::test]
async fn what_cannot_be_completed_is_refused() {
    let market = searched().await;
    let long = "环".repeat(41);
    for (text, limit, pointer) in [
        ("", 10, "text"),
        (" ", 10, "text"),
        (&long, 10, "text"),
        ("环", 0, "limit"),
        ("环", 21, "limit"),
    ] {
        let refused = market.search().suggest(text, limit, &[]).await;
        let Err(Error::Invalid(faults)) = refused else { panic!("{text} {limit}") };
        assert_eq!((faults.len(), &*faults[0].pointer), (1, pointer));
    }
    assert!(market.search().suggest(&long[..120], 20, &[]).await.unwrap().is_empty());
}

async fn corrections(market: &Market, text: &str) -> Vec<Correction> {
    market.search().corrections(text).await.unwrap()
}

#[tokio::test]
async fn a_text_that_names_nothing_is_corrected() {
    let market = searched().await;
    for (text, expected) in [
        ("土壤污染状况调察", "土壤污染状况调查"),
        ("消防设施检侧", "消防设施检测"),
        ("慈溪消防设施检侧", "慈溪 消防设施检测"),
    ] {
        let first = &corrections(&market, text).await[0];
        assert_eq!((&*first.text, first.named.by), (expected, NamedBy::Slip), "{text}");
    }
    for text in ["环评", "消防设施检测", "慈溪", "完全没有的东西"] {
        assert_eq!(corrections(&market, text).await, [], "{text}");
    }
    let like = corrections(&market, "污染状况调查").await;
    let named: Vec<_> = like.iter().map(|it| (&*it.named.kind, &*it.named.code)).collect();
    assert_eq!(named, [("service_item", "soil"), ("category", "protection")]);
    assert!(like.iter().all(|it| it.named.by == NamedBy::Likeness));
}

/// A search says so, too: what was meant, and what is nearest where nothing was found.
#[tokio::test]
async fn a_search_says_what_was_meant_and_what_is_nearest() {
    let market = searched().await;
    let slipped = find(&market, &listings("慈溪消防设施检侧")).await;
    assert_eq!(slipped.corrections[0].text, "慈溪 消防设施检测");
    assert_eq!(slipped.corrections, corrections(&market, "慈溪消防设施检侧").await);
    for text in ["环评", "消防设施检测", GREEN] {
        let hits = find(&market, &listings(text)).await;
        assert!(hits.corrections.is_empty() && hits.nearest.is_empty(), "{text}: {hits:?}");
    }

    let nowhere = |text: &str| SearchQuery { max_price: Money::from_fen(1), ..listings(text) };
    for (text, expected) in [
        ("消防设施检测", [("service_item", "fire-testing"), ("category", "testing")]),
        // It shares one character with what is said of it, which is too little to be taken for it.
        ("壤质怎样", [("service_item", "soil"), ("category", "protection")]),
    ] {
        let hits = find(&market, &nowhere(text)).await;
        let nearest: Vec<_> = hits.nearest.iter().map(|it| (&*it.kind, &*it.code)).collect();
        assert_eq!(nearest, expected, "{text}: {:?}", hits.nearest);
    }
    let chosen = SearchQuery {
        items: vec!["soil".parse().unwrap()],
        max_price: Money::from_fen(1),
        ..SearchQuery::new(Subject::Listings)
    };
    assert_eq!(find(&market, &chosen).await.nearest[0].code, "soil");
    assert!(find(&market, &nowhere("!?")).await.nearest.is_empty());
}
