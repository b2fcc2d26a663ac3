//! No exact part of a name is missed, however it is typed.

use proptest::{prelude::*, sample::select, strategy::ValueTree, test_runner::TestRunner};

use super::{asking::*, *};
use crate::search::{Hits, Part, SearchQuery, Sort, Subject, published::Published};

/// Names as agencies bear them, and titles as they write them.
const NAMES: [&str; 8] = [
    "慈溪市绿源环境科技有限公司",
    "宁波甬安消防技术服务中心",
    "浙江GIS测绘规划设计院",
    "温州A1办理评估事务所",
    "中国电建集团华东勘测设计研究院有限公司(余姚)",
    "三三三工程造价咨询",
    "上海ＴＬＳ检验检测",
    "余姚市土地登记代理",
];
const TITLES: [&str; 8] = [
    "建设项目环境影响报告表编制",
    "建筑消防设施年度检测(500㎡以下)",
    "1:500地形图测绘",
    "GB/T 50228 工程测量",
    "办理需要多少钱的咨询",
    "BIM建模、渲染与动画",
    "危房鉴定A级",
    "需要办理环评的找我",
];

async fn market_of_names() -> Market {
    let market = market_with_catalogue("sqlite::memory:").await;
    market.search().catch_up().await.unwrap();
    let all = NAMES.iter().zip(TITLES).enumerate().map(|(n, (name, title))| {
        let agency = Agency {
            uscc: crate::testing::uscc(u32::try_from(n).unwrap()),
            ..agency(&market, name)
        };
        let listings = vec![listing(&market, &agency, "survey", title, 1_000, &["330282"])];
        Published { agency, qualifications: Vec::new(), listings, standing: Standing::default() }
    });
    put(&market, all.collect()).await;
    market
}

fn is_latin(c: char) -> bool {
    c.is_ascii_alphanumeric() || ('\u{ff10}'..='\u{ff5a}').contains(&c)
}

/// A part of a text, without a run of letters or digits that is cut down to one of them.
fn part(text: &str, runner: &mut TestRunner) -> Option<String> {
    let chars: Vec<char> = text.chars().collect();
    let ends = (0..chars.len(), 1..=chars.len()).new_tree(runner).unwrap().current();
    let part = chars.get(ends.0..(ends.0 + ends.1).min(chars.len()))?;
    let (from, to) = (ends.0, ends.0 + part.len());
    let latin = |at: usize| chars.get(at).is_some_and(|c| is_latin(*c));
    let cut_at = |edge: usize, inner: usize, next: Option<usize>| {
        let alone = latin(inner) && !next.is_some_and(latin);
        alone && latin(edge)
    };
    let cut_first = from > 0 && cut_at(from - 1, from, Some(from + 1).filter(|at| *at < to));
    let cut_last = cut_at(to, to - 1, to.checked_sub(2).filter(|at| *at >= from));
    let says = part.iter().any(|c| c.is_alphanumeric());
    (says && !cut_first && !cut_last).then(|| part.iter().collect())
}

async fn all(market: &Market, query: SearchQuery) -> Hits {
    find(market, &SearchQuery { limit: 100, ..query }).await
}

fn finds(hits: &Hits, what: &str) -> bool {
    hits.items.iter().any(|hit| hit.found.title() == what)
}

#[tokio::test]
async fn no_part_of_a_name_is_missed() {
    let market = market_of_names().await;
    let mut runner = TestRunner::deterministic();
    let mut missed = Vec::new();
    for _ in 0..400 {
        let name = select(&NAMES[..]).new_tree(&mut runner).unwrap().current();
        let title = select(&TITLES[..]).new_tree(&mut runner).unwrap().current();
        if let Some(part) = part(title, &mut runner)
            && !finds(&all(&market, listings(&part)).await, title)
        {
            missed.push(format!("{part} of {title}"));
        }
        if let Some(part) = part(name, &mut runner)
            && !finds(&all(&market, agencies(&part)).await, name)
        {
            missed.push(format!("{part} of {name}"));
        }
    }
    missed.sort_unstable();
    missed.dedup();
    assert_eq!(missed, [""; 0]);
}

#[tokio::test]
async fn no_part_of_a_code_is_missed() {
    let market = market_of_names().await;
    for (n, name) in NAMES.iter().enumerate() {
        let code = crate::testing::uscc(u32::try_from(n).unwrap());
        let code = code.as_str();
        for from in (0..code.len() - 2).step_by(5) {
            for to in [from + 2, from + 5, code.len()] {
                let part = &code[from..to.min(code.len())];
                for part in [part.to_owned(), part.to_lowercase()] {
                    let hits = all(&market, agencies(&part)).await;
                    assert!(finds(&hits, name), "{part} of {code}");
                }
            }
        }
    }
}

#[tokio::test]
async fn another_spelling_is_the_same_text() {
    let market = market_of_names().await;
    for (text, same) in [
        ("ＧＩＳ測繪", "gis测绘"),
        ("環境影響報告", "环境影响报告"),
        ("甬安消防技術服務", "甬安消防技术服务"),
        ("ｂｉｍ建模", "BIM建模"),
        ("１：５００地形圖", "1:500地形图"),
        ("tls檢驗檢測", "TLS检验检测"),
    ] {
        let mut total = 0;
        for kind in [Subject::Listings, Subject::Agencies, Subject::All] {
            let asked = |text: &str| SearchQuery { text: Some(text.to_owned()), ..of(kind) };
            let keys = |hits: Hits| hits.items.iter().map(|h| h.found.key()).collect::<Vec<_>>();
            let (found, expected) =
                (all(&market, asked(text)).await, all(&market, asked(same)).await);
            total += expected.total;
            assert_eq!(keys(found), keys(expected), "{text}");
        }
        assert!(total > 0, "{same}");
    }
}

fn joined(parts: &[Part]) -> String {
    parts.iter().map(|part| part.text.as_str()).collect()
}

fn marked(parts: &[Part]) -> Vec<&str> {
    parts.iter().filter(|part| part.hit).map(|part| part.text.as_str()).collect()
}

#[tokio::test]
async fn what_was_looked_for_is_marked_in_the_text_itself() {
    let market = market_of_names().await;
    let mut runner = TestRunner::deterministic();
    for _ in 0..100 {
        let title = select(&TITLES[..]).new_tree(&mut runner).unwrap().current();
        let Some(part) = part(title, &mut runner) else { continue };
        let hits = all(&market, SearchQuery { sort: Sort::Newest, ..listings(&part) }).await;
        for hit in &hits.items {
            let shown = hit.highlights.as_ref().unwrap();
            assert_eq!(joined(&shown.title), hit.found.title(), "{part}");
            let crate::search::Found::Listing(listing) = &hit.found else { panic!("{hit:?}") };
            assert_eq!(joined(&shown.agency_name), listing.agency_name, "{part}");
            assert_eq!(joined(&shown.summary), listing.summary, "short ones are shown whole");
            if listing.title == title {
                assert!(!marked(&shown.title).is_empty(), "{part} in {title}");
            }
        }
    }
    let hits = all(&market, listings("環境影響")).await;
    let first = hits.items[0].highlights.as_ref().unwrap();
    assert_eq!(marked(&first.title), ["环境影响"]);
    let without_text = all(&market, of(Subject::Listings)).await;
    assert!(without_text.items.iter().all(|hit| hit.highlights.is_none()));
}
