use std::path::Path;

use super::*;

/// Enough of a speller to tell what happens with it.
fn spell(letter: char) -> Option<&'static str> {
    match letter {
        '环' | '还' => Some("huan"),
        '评' | '平' => Some("ping"),
        '消' => Some("xiao"),
        '检' | '简' => Some("jian"),
        _ => None,
    }
}

fn sources() -> Sources {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
    let read = Sources::read(&data, "要过环保这一关\teia-form|eia-report\n", spell).unwrap();
    Sources { agencies: 80, ..read }
}

fn asked<'a>(set: &'a JudgedSet, class: &str, text: &str) -> &'a Asked {
    set.queries.iter().find(|query| query.class == class && query.text == text).unwrap()
}

#[test]
fn the_same_seed_makes_the_same_set() {
    let sources = sources();
    let set = judged(&sources, 1);
    assert_eq!(judged(&sources, 1), set);
    assert_ne!(judged(&sources, 2), set);
}

#[test]
fn worth_comes_from_what_a_listing_is() {
    let sources = sources();
    let set = judged(&sources, 1);
    let item = |document: usize| &sources.catalog.items[set.documents[document].item];
    for query in [asked(&set, "alias", "环评"), asked(&set, "saying", "要过环保这一关")] {
        for (document, grade) in &query.grades {
            let wanted = ["eia-form", "eia-report"].contains(&item(*document).code.as_str());
            assert_eq!(*grade, if wanted { 3 } else { 1 });
            assert_eq!(item(*document).category, "environment-service");
        }
        let offered = set
            .documents
            .iter()
            .filter(|one| sources.catalog.items[one.item].category == "environment-service");
        assert_eq!(query.grades.len(), offered.count());
    }
    let matter = asked(&set, "matter", "既有住宅加装电梯");
    assert!(matter.grades.values().all(|grade| *grade == 2) && matter.grades.len() > 10);
    let agency = set.queries.iter().find(|query| query.class == "agency").unwrap();
    for (place, document) in set.documents.iter().enumerate() {
        assert_eq!(agency.grades.contains_key(&place), document.row.agency == agency.text);
    }
}

#[test]
fn names_are_shortened_as_people_do() {
    let sources = sources();
    let core = |name: &str| {
        let item = sources.catalog.items.iter().find(|item| item.name == name).unwrap();
        Named::new(item).core
    };
    for (name, expected) in [
        ("建设项目环境影响报告表编制", "环境影响"),
        ("固定资产投资项目节能报告编制", "节能报告"),
        ("可行性研究报告编制", "可行性研究"),
        ("环境监测（噪声、油烟、废气、废水）", "环境监测"),
        ("验资", "验资"),
    ] {
        assert_eq!(core(name), expected);
    }
    let short = names::formless("宁波北仑溯润生态环境科技研究所");
    assert_eq!(names::placeless(short, &sources.catalog), "溯润生态环境科技");
}

#[test]
fn names_are_mistyped_in_one_place() {
    let mut draw = Draw::new(1, 1);
    let pool = ['还', '平', '评', '甲'];
    for _ in 0..50 {
        let swapped = slips::swapped("消防检测", &mut draw).unwrap();
        assert_ne!(swapped, "消防检测");
        assert_eq!(slips::shortened("消防检测", &mut draw).chars().count(), 3);
        let other = slips::substituted("消防检测", &pool, &mut draw);
        assert_eq!(other.chars().zip("消防检测".chars()).filter(|(a, b)| a != b).count(), 1);
        let misheard = spelling::misheard("环评师", &pool, spell, &mut draw).unwrap();
        assert!(["还评师", "环平师"].contains(&misheard.as_str()), "{misheard}");
        let mixed = spelling::mixed("环评", spell, &mut draw);
        assert!(["huan评", "环ping", "huanping"].contains(&mixed.as_str()), "{mixed}");
    }
    assert_eq!(slips::swapped("检检", &mut draw), None);
    assert_eq!(spelling::spelled("环评（A1）", spell), "huanpinga1");
    assert_eq!(spelling::initials("环评检", spell), "hpj");
}

#[test]
fn a_saying_of_no_item_is_refused() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
    for sayings in ["量地\n", "量地\tno-such-item\n"] {
        assert!(Sources::read(&data, sayings, spell).is_err());
    }
}
