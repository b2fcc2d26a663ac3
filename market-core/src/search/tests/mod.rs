//! A small market to search in.

mod agreement;
mod asking;
mod chance;
mod exact;
mod finding;
mod following;
mod hostile;
mod keeping;
mod narrowing;
mod ordered;
mod passing;
mod ranked;
mod suggesting;
mod trading;
mod world;
pub(crate) mod writing;

use crate::{
    Error, Market, Money, PolicyFile,
    agency::{
        Admitted, Agency, AgencyNature, AgencyState, Listing, ListingState, Origin, Profile,
        Qualification, Terms,
    },
    catalog::{
        Category, DeliverableKind, Level, Nature, PriceMode, QualificationType, Requirement, Rule,
        ServiceItem,
    },
    department::NewDepartment,
    id::{AgencyId, ListingId, QualificationId},
    order::Standing,
    rules::NewRegion,
    testing::market,
};

/// Code, name, aliases and category of each service item; of each, a certificate of the kind of
/// the same code is required, except for surveying.
const ITEMS: [(&str, &str, &[&str], &str); 4] = [
    ("environment", "环境影响评价", &["环评", "环境影响报告"], "protection"),
    ("fire-testing", "消防设施检测", &["消检"], "testing"),
    ("soil", "土壤污染状况调查", &["土调"], "protection"),
    ("survey", "地籍测绘", &["量地"], "testing"),
];

const REGIONS: [(&str, &str, Option<&str>); 6] = [
    ("100000", "全国", None),
    ("330000", "浙江省", Some("100000")),
    ("330200", "宁波市", Some("330000")),
    ("330281", "余姚市", Some("330200")),
    ("330282", "慈溪市", Some("330200")),
    ("330300", "温州市", Some("330000")),
];

fn category(code: &str, position: i64) -> Category {
    Category {
        code: code.parse().unwrap(),
        name: code.to_owned(),
        position,
        description: String::new(),
    }
}

fn department(code: &str) -> NewDepartment {
    NewDepartment {
        code: code.parse().unwrap(),
        name: code.to_owned(),
        region: "330282".parse().unwrap(),
        phone: String::new(),
    }
}

fn level(level: &str, rank: i64) -> Level {
    Level { level: level.parse().unwrap(), name: level.to_owned(), rank }
}

fn qualification_type(kind: &str) -> QualificationType {
    QualificationType {
        kind: kind.parse().unwrap(),
        name: kind.to_owned(),
        issuer: "省级主管部门".to_owned(),
        majors: vec!["监测".to_owned()],
        levels: vec![level("first", 1), level("second", 2)],
    }
}

fn service_item((code, name, aliases, category): (&str, &str, &[&str], &str)) -> ServiceItem {
    let requirement =
        Requirement { kind: code.parse().unwrap(), level: "second".parse().unwrap(), major: None };
    ServiceItem {
        code: code.parse().unwrap(),
        version: 0,
        name: name.to_owned(),
        category: category.parse().unwrap(),
        department: "planning".parse().unwrap(),
        aliases: aliases.iter().map(|&alias| alias.to_owned()).collect(),
        nature: Nature::Statutory,
        legal_basis: String::new(),
        rule: Rule::Any,
        requirements: if code == "survey" { Vec::new() } else { vec![requirement] },
        days: 10,
        price_mode: PriceMode::Market,
        price_cap: None,
        price_unit: "元/项".to_owned(),
        deliverable: DeliverableKind::Report,
        withdrawn: false,
    }
}

/// Checks that the index shows all that happened, as the database has it.
async fn in_step(market: &Market) {
    let report = market.search().verify().await.unwrap();
    assert_eq!((report.behind, report.differences), (0, Vec::new()));
}

/// A market with a catalogue, and nobody in it.
pub(crate) async fn market_with_catalogue(url: &str) -> Market {
    let market = market(url).await;
    let mut tx = market.work().await.unwrap();
    let regions = REGIONS.map(|(code, name, parent)| {
        let parent = parent.map(|parent| parent.parse().unwrap());
        NewRegion { code: code.parse().unwrap(), name: name.to_owned(), parent, centre: None }
    });
    tx.put_regions(&regions).await.unwrap();
    tx.put_department(&department("planning")).await.unwrap();
    for (position, code) in ["protection", "testing"].into_iter().enumerate() {
        let position = i64::try_from(position).unwrap();
        tx.put_category(&category(code, position)).await.unwrap();
    }
    let policies: PolicyFile =
        toml::from_str(include_str!("../../../../data/policy.toml")).unwrap();
    for profile in &policies.profiles {
        tx.put_policy(profile).await.unwrap();
    }
    for item in ITEMS {
        tx.put_qualification_type(&qualification_type(item.0)).await.unwrap();
        tx.put_item(&service_item(item)).await.unwrap();
    }
    tx.finish(()).await.unwrap();
    market
}

fn profile() -> Profile {
    Profile {
        nature: AgencyNature::Enterprise,
        legal_representative: "某某".to_owned(),
        address: "慈溪市某路 1 号".to_owned(),
        phone: "0574-0000-0000".to_owned(),
        established_on: "2010-01-01".parse().unwrap(),
        capital: Money::ZERO,
        scope: "环境影响评价、测绘".to_owned(),
    }
}

fn agency(market: &Market, name: &str) -> Agency {
    let now = market.env.now();
    Agency {
        id: AgencyId(market.env.id()),
        uscc: "91350100M000100Y43".parse().unwrap(),
        name: name.to_owned(),
        region: "330282".parse().unwrap(),
        profile: profile(),
        origin: Origin::Demonstration,
        state: AgencyState::Admitted(Admitted {}),
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

fn qualification(
    market: &Market,
    agency: &Agency,
    kind: &str,
    from: &str,
    until: &str,
) -> Qualification {
    Qualification {
        id: QualificationId(market.env.id()),
        agency_id: agency.id,
        kind: kind.parse().unwrap(),
        level: "second".parse().unwrap(),
        majors: Vec::new(),
        number: "1".to_owned(),
        issuer: "省级主管部门".to_owned(),
        valid_from: from.parse().unwrap(),
        valid_until: until.parse().unwrap(),
        revoked: false,
    }
}

fn listing(
    market: &Market,
    agency: &Agency,
    item: &str,
    title: &str,
    yuan: i64,
    regions: &[&str],
) -> Listing {
    let now = market.env.now();
    Listing {
        id: ListingId(market.env.id()),
        agency_id: agency.id,
        code: "l1".parse().unwrap(),
        item: item.parse().unwrap(),
        state: ListingState::Published,
        number: 1,
        terms: Terms {
            title: title.to_owned(),
            summary: "含现场踏勘、报告编制".to_owned(),
            price: Money::from_fen(yuan * 100).unwrap(),
            unit: "元/项".to_owned(),
            regions: regions.iter().map(|code| code.parse().unwrap()).collect(),
            days: u32::try_from(yuan / 1000).unwrap(),
        },
        version: 1,
        created_at: now,
        updated_at: now,
    }
}
