use std::collections::{HashMap, HashSet};

use time::{Date, Month};

use super::uscc::{check, organisation_check};
use super::*;

const ITEMS: &str = "\
code,name,category,department,aliases,nature,legal_basis,qualification_rule,qualifications,days,price_mode,price_cap,price_unit,deliverable
eia-form,环境影响报告表编制,environment-service,ecology,环评|环评报告表,statutory,依据,any,,15,market,,元/项,form
fire-facility-inspection,建筑消防设施检测,fire-service,fire,消检,technical,依据,any,fire:registered:检测,7,market,20000.00,元/项,test_report
land-boundary-survey,土地勘测定界,surveying,natural,勘界,technical,依据,all,survey:grade-b:不动产|survey:grade-b:工程,7,market,,元/项,survey_result
lift-check,电梯检验,lifts,market,,statutory,依据,any,lifts:registered,5,fixed,1000.00,元/台,test_report
";
const QUALIFICATIONS: &str = "\
kind,kind_name,level,level_name,rank,issuer,majors
fire,消防,registered,不分级,1,省级部门,检测|评估
lifts,电梯,registered,不分级,1,省级部门,
survey,测绘资质,grade-a,甲级,1,部门,不动产|工程|海洋
survey,测绘资质,grade-b,乙级,2,部门,不动产|工程|海洋
survey,测绘资质,grade-c,丙级,3,部门,不动产|工程|海洋
";
const REGIONS: &str = "\
code,name,parent
100000,全国,
310000,上海市,100000
310101,黄浦区,310000
330000,浙江省,100000
330100,杭州市,330000
330106,西湖区,330100
330200,宁波市,330000
330203,海曙区,330200
330281,余姚市,330200
330282,慈溪市,330200
";

fn catalog() -> Catalog {
    let bytes = [ITEMS, QUALIFICATIONS, REGIONS].map(str::as_bytes);
    Catalog::parse(bytes[0], bytes[1], bytes[2]).unwrap()
}

fn today() -> Date {
    Date::from_calendar_date(2026, Month::November, 24).unwrap()
}

fn pack(count: usize) -> Pack {
    generate(&catalog(), count, 2017, today())
}

#[test]
fn the_same_seed_makes_the_same_pack() {
    assert_eq!(pack(120), pack(120));
    assert_ne!(pack(120), generate(&catalog(), 120, 2018, today()));
    assert_eq!(pack(0), Pack::default());
}

#[test]
fn a_smaller_pack_is_part_of_a_larger_one() {
    let (small, mut large) = (pack(150), pack(600));
    let kept: HashSet<String> = small.agencies.iter().map(|row| row.uscc.clone()).collect();
    large.agencies.retain(|row| kept.contains(&row.uscc));
    large.qualifications.retain(|row| kept.contains(&row.uscc));
    large.practitioners.retain(|row| kept.contains(&row.uscc));
    large.listings.retain(|row| kept.contains(&row.uscc));
    assert_eq!(small, large);
}

#[test]
fn codes_are_valid_and_names_unique() {
    let pack = pack(3000);
    let codes: HashSet<_> = pack.agencies.iter().map(|row| &row.uscc).collect();
    let names: HashSet<_> = pack.agencies.iter().map(|row| &row.name).collect();
    assert_eq!((codes.len(), names.len()), (3000, 3000));
    for row in &pack.agencies {
        assert_eq!(row.uscc.len(), 18);
        assert_eq!(row.uscc[2..8], row.region);
        assert_eq!(row.uscc.chars().nth(16), Some(organisation_check(&row.uscc[8..16])));
        assert_eq!(row.uscc.chars().nth(17), Some(check(&row.uscc)));
        let head = match row.nature.as_str() {
            "enterprise" => "91",
            "institution" => "12",
            "social" => "51",
            _ => "92",
        };
        assert!(row.uscc.starts_with(head), "{row:?}");
    }
}

#[test]
fn rows_are_in_the_order_of_their_files() {
    let pack = pack(400);
    assert!(pack.agencies.is_sorted_by_key(|row| &row.uscc));
    assert!(
        pack.qualifications
            .is_sorted_by(|a, b| { (&a.uscc, &a.kind, &a.number) < (&b.uscc, &b.kind, &b.number) })
    );
    assert!(
        pack.practitioners
            .is_sorted_by(|a, b| (&a.uscc, &a.certificate) < (&b.uscc, &b.certificate))
    );
    assert!(pack.listings.is_sorted_by(|a, b| (&a.uscc, &a.code) < (&b.uscc, &b.code)));
}

#[test]
fn rows_refer_to_what_exists() {
    let (catalog, pack) = (catalog(), pack(400));
    let agencies: HashSet<_> = pack.agencies.iter().map(|row| row.uscc.as_str()).collect();
    let regions: HashSet<_> = catalog.regions.iter().map(|region| region.code.as_str()).collect();
    let kind = |code: &str| catalog.kinds.iter().find(|kind| kind.code == code);
    assert!(pack.agencies.iter().all(|row| regions.contains(row.region.as_str())));
    for row in &pack.qualifications {
        let kind = kind(&row.kind).unwrap();
        assert!(agencies.contains(row.uscc.as_str()));
        assert!(kind.levels.iter().any(|level| level.code == row.level));
        let known = |major: &str| kind.majors.iter().any(|known| known == major);
        assert!(row.majors.split('|').all(|major| major.is_empty() || known(major)));
        assert!(row.valid_from < row.valid_until && row.valid_from <= today().to_string());
    }
    for row in &pack.practitioners {
        assert!(agencies.contains(row.uscc.as_str()) && kind(&row.specialty).is_some());
    }
    for row in &pack.listings {
        let item = catalog.items.iter().find(|item| item.code == row.item).unwrap();
        assert!(agencies.contains(row.uscc.as_str()));
        assert_eq!(row.unit, item.price_unit);
        assert!(row.regions.split('|').all(|code| regions.contains(code)));
        assert!(row.days.parse::<i64>().unwrap() >= 1);
    }
}

#[test]
fn listings_stay_within_the_categories_of_the_agency() {
    let (catalog, today) = (catalog(), today());
    let market = Market::new(&catalog);
    let places = Places::new(&catalog);
    let pack = pack(200);
    let mut offered: HashMap<&str, Vec<&str>> = HashMap::new();
    for row in &pack.listings {
        offered.entry(&row.uscc).or_default().push(&row.item);
    }
    for number in 0..200 {
        let mut draw = Draw::new(2017, number);
        let county = places.draw(&mut draw);
        let steady = number == DAY_AFTER || LAST_DAY.contains(&number);
        let work = market.draw(steady, &mut draw);
        let tail = |row: &&AgencyRow| row.phone == Places::phone(county, number);
        let agency = pack.agencies.iter().find(tail).unwrap();
        let categories: Vec<&str> = work.items.iter().map(|i| i.category.as_str()).collect();
        for code in &offered[agency.uscc.as_str()] {
            let item = catalog.items.iter().find(|item| item.code == *code).unwrap();
            assert!(categories.contains(&item.category.as_str()), "{agency:?} {code} {today}");
        }
    }
}

#[test]
fn certificates_end_today_and_yesterday_where_wanted() {
    let pack = pack(12);
    let ending = |day: &str| pack.qualifications.iter().filter(|r| r.valid_until == day).count();
    assert_eq!(ending("2026-11-24"), 2);
    assert_eq!(ending("2026-11-23"), 1);
}

#[test]
fn no_price_breaks_a_cap() {
    let (catalog, pack) = (catalog(), pack(3000));
    for row in &pack.listings {
        let item = catalog.items.iter().find(|item| item.code == row.item).unwrap();
        let fen: i64 = row.price.replace('.', "").parse().unwrap();
        assert!(item.price_cap.is_none_or(|cap| fen <= cap), "{} {}", row.uscc, row.code);
    }
}

#[test]
fn standing_goes_with_its_reason() {
    let pack = pack(3000);
    for row in &pack.agencies {
        assert_eq!(row.origin, "demonstration");
        assert_eq!(row.state == "admitted", row.state_reason.is_empty());
        assert_eq!(row.state == "suspended", !row.suspended_until.is_empty());
        assert!(row.established_on < today().to_string());
    }
    let suspended = pack.agencies.iter().filter(|row| row.state == "suspended").count();
    assert!((50..150).contains(&suspended), "{suspended}");
}
