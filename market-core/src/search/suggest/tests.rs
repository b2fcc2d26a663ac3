//! What begins with a text, beside a scan of every name.

use std::collections::BTreeSet;

use proptest::prelude::*;
use uuid::Uuid;

use super::{
    gather::Suggester,
    names::{Known, counted, starts},
    table::{Key, Named, Table, Thing},
    *,
};
use crate::search::{catalogue::Catalogue, text::syllables};

fn thing(kind: SuggestionKind, texts: &[&str], count: u32) -> Named {
    let key = Key::Code(texts[0].into());
    let others = texts[1..].iter().map(|text| Some((*text).into()));
    Named {
        thing: Thing { kind, key, name: texts[0].into(), count },
        texts: std::iter::once(None).chain(others).collect(),
    }
}

fn places() -> Known {
    Known::new(["慈溪市", "慈溪", "慈图", "宁波", "西安"])
}

fn inside() -> Known {
    Known::new(["环境", "测绘", "消防"])
}

fn table() -> Table {
    use SuggestionKind::{Agency, Matter, Region, ServiceItem};
    let things = vec![
        thing(ServiceItem, &["环境影响评价", "环评"], 9),
        thing(ServiceItem, &["环境监测"], 30),
        thing(ServiceItem, &["施工图设计文件审查", "审图"], 5),
        thing(Matter, &["开办餐馆"], 3),
        thing(Region, &["慈溪市", "慈溪"], 50),
        thing(Region, &["西安市", "西安"], 1),
        thing(Agency, &["慈溪绿源环境科技有限公司"], 4),
        thing(Agency, &["宁波GIS测绘院"], 2),
        thing(Agency, &["先行检测有限公司"], 7),
    ];
    Table::new(things, &places(), &inside())
}

fn find(table: &Table, text: &str) -> Vec<String> {
    let heard = Heard::of(text).unwrap();
    let found = table.find(&heard, 10, SuggestionKind::ALL);
    found.into_iter().map(|it| it.text).collect()
}

#[test]
fn names_are_found_however_they_begin() {
    let table = table();
    for (typed, expected) in [
        ("huanp", &["环评"][..]),
        ("hp", &["环评"]),
        ("hjyx", &["环境影响评价"]),
        ("huanjingyx", &["环境影响评价"]),
        ("环jyx", &["环境影响评价"]),
        ("环jingying", &["环境影响评价"]),
        ("環評", &["环评"]),
        ("ＨＰ", &["环评"]),
        ("huan ping", &["环评"]),
        ("hua nping", &[]),
        ("审图", &["审图"]),
        ("kbcg", &["开办餐馆"]),
        ("慈溪绿", &["慈溪绿源环境科技有限公司"]),
        ("lvyuan", &["慈溪绿源环境科技有限公司"]),
        ("lyhj", &["慈溪绿源环境科技有限公司"]),
        ("gis测", &["宁波GIS测绘院"]),
        ("gisch", &["宁波GIS测绘院"]),
        ("nbg", &["宁波GIS测绘院"]),
        ("xian", &["先行检测有限公司", "西安"]),
        ("xi'an", &["西安"]),
        ("cihuan", &[]),
    ] {
        assert_eq!(find(&table, typed), expected, "{typed}");
    }
    // What there is more of comes first; then what begins so only inside.
    assert_eq!(find(&table, "环境"), ["环境监测", "环境影响评价", "慈溪绿源环境科技有限公司"]);
    assert_eq!(find(&table, "h"), ["环境监测", "环评", "慈溪绿源环境科技有限公司"]);
}

#[test]
fn tens_of_thousands_of_agencies_take_little_memory() {
    let coined = |n: u32| char::from_u32(0x4e00 + n * 7919 % 20_000).unwrap();
    let places = ["宁波市", "慈溪", "杭州余杭", "温州", "北京市通州区", "厦门"];
    let trades = ["环境检测技术", "测绘科技", "消防技术服务", "工程造价咨询"];
    let agencies = (0..33_000_u32).map(|n| {
        let place = places[n as usize % places.len()];
        let trade = trades[n as usize / 7 % trades.len()];
        let name = format!("{place}{}{}{trade}有限责任公司", coined(n), coined(n / 3 + 5));
        let key = Key::Agency(Uuid::from_u128(n.into()));
        let kind = SuggestionKind::Agency;
        Named { thing: Thing { kind, key, name: name.into(), count: n % 40 }, texts: vec![None] }
    });
    let known = Known::new(["宁波市", "慈溪", "杭州", "余杭", "温州", "北京市", "通州区", "厦门"]);
    let inside = Known::new(["环境检测", "测绘", "消防技术", "造价咨询"]);
    let table = Table::new(agencies.collect(), &known, &inside);
    assert!(table.bytes() < 25 << 20, "{} bytes", table.bytes());
    let found = find(&table, "nb");
    assert_eq!(found.len(), 10);
    assert!(found.iter().all(|name| name.starts_with("宁波市")), "{found:?}");
}

#[test]
fn agencies_come_after_the_catalogue() {
    use SuggestionKind::{Agency, ServiceItem};
    let catalogue = Catalogue::new(crate::search::catalogue::Parts::default(), day());
    let items = vec![thing(ServiceItem, &["测绘"], 1), thing(ServiceItem, &["测量"], 2)];
    let agencies = (0..30).map(|n| thing(Agency, &[&format!("测{n}所")], 100 + n)).collect();
    let suggester = Suggester::of(items, agencies, &catalogue);
    let heard = Heard::of("测").unwrap();
    let found = suggester.suggest(&heard, 4, SuggestionKind::ALL);
    let found: Vec<_> = found.iter().map(|it| &*it.text).collect();
    assert_eq!(found, ["测量", "测绘", "测29所", "测28所"]);
    assert_eq!(suggester.suggest(&heard, 20, &[Agency]).len(), 20);
    assert_eq!(suggester.suggest(&heard, 2, SuggestionKind::ALL).len(), 2);
    assert!(suggester.bytes() > 0);
}

fn day() -> crate::Day {
    "2026-11-24".parse().unwrap()
}

/// Characters that have one reading, so that a name is spelt in one way.
const PLAIN: &str = "环境评测绘慈图消防";

#[test]
fn plain_characters_have_one_reading() {
    assert!(PLAIN.chars().all(|c| syllables(c).len() == 1));
}

fn name() -> impl Strategy<Value = String> {
    "[环境评测绘慈图消防ga1]{2,7}"
}

fn typed() -> impl Strategy<Value = String> {
    let letters = "[huanjigpcextuif1a]{1,7}";
    let syllables =
        "((huan|jing|ping|ce|hui|ci|tu|xi|xiao|fang|h|j|p|c|x|f|g|a|1|环|境|测)'?){1,4}";
    prop_oneof![letters, syllables, "[环境评测绘慈图消防ga1]{1,3}"]
}

/// Whether a name begins so, at one of the places where it may.
fn begins(heard: &Heard, text: &str) -> bool {
    let chars = counted(text);
    let typed = heard.chars();
    starts(&chars, &places(), &inside())
        .iter()
        .any(|at| chars[*at..].starts_with(typed) || heard.fit(&chars[*at..]).is_some())
}

proptest! {
    #[test]
    fn all_that_begins_so_is_found_and_nothing_else(
        names in proptest::collection::btree_set(name(), 1..12),
        texts in proptest::collection::vec(typed(), 20),
    ) {
        let things = names.iter().map(|it| thing(SuggestionKind::Agency, &[it.as_str()], 1));
        let table = Table::new(things.collect(), &places(), &inside());
        for text in texts {
            let Some(heard) = Heard::of(&text) else { continue };
            let found = table.find(&heard, 20, SuggestionKind::ALL);
            let found: BTreeSet<_> = found.into_iter().map(|it| it.name).collect();
            let expected = names.iter().filter(|name| begins(&heard, name)).cloned();
            prop_assert_eq!(found, expected.collect::<BTreeSet<_>>(), "{}", text);
        }
    }

    #[test]
    fn any_text_is_answered_and_its_marks_are_the_text(text in any::<String>(), limit in 1..20_usize) {
        if let Some(heard) = Heard::of(&text) {
            for found in table().find(&heard, limit, SuggestionKind::ALL) {
                prop_assert!(begins(&heard, &found.text), "{} {}", text, found.text);
                let joined: String = found.marks.iter().map(|part| part.text.as_str()).collect();
                prop_assert_eq!(joined, found.text);
            }
        }
    }
}
