//! The main job without a server: open a market, load its packs, admit an agency, and take an
//! order from a case's need to the department that uses the deliverable.
//!
//! `cargo run -p market-core --example embedded` runs it in memory; with a path, in a file.

use bytes::Bytes;
use market_core::{
    Actor, Call, Error, Market, Options, Party,
    account::NewPerson,
    agency::{
        Agency, AgencyNature, Listing, NewAgency, NewListing, NewQualification, Profile, Terms,
    },
    applicant::{ApplicantKind, NewApplicant},
    case::{Case, Fund, NewCase},
    code::DepartmentCode,
    import::{ImportOptions, Kind, Sheet},
    order::{Contract, NewDeliverable, NewOrder, Order},
    sha256_hex,
};

type Done<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Done<()> {
    let url = match std::env::args().nth(1) {
        Some(path) => format!("sqlite:{path}"),
        None => "sqlite::memory:".to_owned(),
    };
    let market = Market::open(Options::new(url)).await?;
    load_packs(&market).await?;

    let (applicant, case) = open_case(&market).await?;
    let need = case.requirements.iter().find(|need| need.item.as_str() == ITEM).ok_or("a need")?;
    let (agency, listing) = admit_agency(&market).await?;
    let answer = market.orders().eligibility(&applicant.actor, case.id, listing.id).await?;
    assert!(answer.eligible, "{:?}", answer.reasons);

    let new = NewOrder {
        case_id: case.id,
        item: need.item.clone(),
        listing_id: listing.id,
        listing_number: listing.number,
        price: listing.terms.price,
    };
    let order = market.orders().place(&applicant, new).await?;
    let order = deliver(&market, &applicant, &agency, order).await?;
    let order = market.orders().sign_off(&applicant, order.id).await?;

    let fire: DepartmentCode = "fire-rescue".parse()?;
    let officer = acting(Party::Department(fire));
    let order = market.orders().use_deliverable(&officer, order.id).await?;
    assert_eq!(order.state.name(), "completed");

    let progress = market.progress().of_case(&applicant.actor, case.id).await?;
    for step in &progress.steps {
        eprintln!("{} {} {}", step.step, step.state, step.name);
    }
    Ok(market.close().await?)
}

/// What a restaurant needs for its fire inspection.
const ITEM: &str = "fire-facility-inspection";

/// The files of `data/`, in the order in which they name one another.
const PACKS: &[(Kind, &str)] = &[
    (Kind::Regions, include_str!("../../data/regions.csv")),
    (Kind::Calendar, include_str!("../../data/calendar.csv")),
    (Kind::Policy, include_str!("../../data/policy.toml")),
    (Kind::Departments, include_str!("../../data/departments.csv")),
    (Kind::Categories, include_str!("../../data/categories.csv")),
    (Kind::Qualifications, include_str!("../../data/qualifications.csv")),
    (Kind::Items, include_str!("../../data/items.csv")),
    (Kind::Matters, include_str!("../../data/matters.csv")),
];

async fn load_packs(market: &Market) -> Done<()> {
    for (kind, text) in PACKS {
        let sheet = Sheet::read(&kind.file(), text.as_bytes())?;
        let report = market.import(&operator(), *kind, &sheet, &ImportOptions::default()).await?;
        assert!(report.bad.is_empty(), "{:?}", report.bad);
    }
    Ok(())
}

fn operator() -> Call {
    Actor::system().into()
}

/// A call on a party's behalf; the program that embeds the market answers for who its people are.
fn acting(party: Party) -> Call {
    Actor::new(Actor::system().person, party).into()
}

async fn open_case(market: &Market) -> Done<(Call, Case)> {
    let person = NewPerson { login: "li".to_owned(), name: "李明".to_owned(), password: None };
    let person = market.accounts().create_person(&operator(), person).await?;
    let new = NewApplicant {
        kind: ApplicantKind::Natural,
        name: "李明".to_owned(),
        uscc: None,
        phone: "13800000000".to_owned(),
    };
    let registering = Actor::new(person.id, Party::Operator).into();
    let applicant = market.applicants().register(&registering, new).await?;
    let call: Call = Actor::new(person.id, Party::Applicant(applicant.id)).into();
    let new = NewCase {
        matter: "open-restaurant".parse()?,
        title: "李记面馆".to_owned(),
        region: "330282".parse()?,
        fund: Fund::Social,
    };
    let case = market.cases().open(&call, new).await?;
    Ok((call, case))
}

/// An agency applies, is admitted, shows its certificate and publishes a listing.
async fn admit_agency(market: &Market) -> Done<(Call, Listing)> {
    let new = NewAgency {
        uscc: "91350100M000100Y43".parse()?,
        name: "某某消防技术服务有限公司".to_owned(),
        region: "330282".parse()?,
        profile: Profile {
            nature: AgencyNature::Enterprise,
            legal_representative: "王某".to_owned(),
            address: "浙江省慈溪市某路1号".to_owned(),
            phone: "0574-0000-0000".to_owned(),
            established_on: "2020-01-01".parse()?,
            capital: "1000000.00".parse()?,
            scope: "消防技术服务".to_owned(),
            attached_to: None,
        },
    };
    let agency: Agency = market.agencies().apply(&operator(), new).await?;
    market.agencies().admit(&operator(), agency.id).await?;
    let call = acting(Party::Agency(agency.id));
    market.agencies().add_qualification(&call, agency.id, certificate(market).await?).await?;
    let draft = market.listings().create(&call, new_listing()?).await?;
    Ok((call.clone(), market.listings().publish(&call, draft.id).await?))
}

/// A certificate that meets the first requirement of the service.
async fn certificate(market: &Market) -> Done<NewQualification> {
    let item = market.catalog().item(&ITEM.parse()?).await?;
    let required = item.requirements.first().ok_or("a requirement")?;
    let today = market.env().now().day();
    Ok(NewQualification {
        kind: required.kind.clone(),
        level: required.level.clone(),
        majors: required.major.iter().cloned().collect(),
        number: "证书-001".to_owned(),
        issuer: "某某部门".to_owned(),
        valid_from: today,
        valid_until: today.plus(365),
    })
}

fn new_listing() -> Done<NewListing> {
    let terms = Terms {
        title: "餐饮场所消防设施检测".to_owned(),
        summary: "现场检测，出具检测报告".to_owned(),
        price: "3000.00".parse()?,
        unit: "元/项".to_owned(),
        regions: vec!["330200".parse()?],
        days: 5,
    };
    Ok(NewListing { code: "l1".parse()?, item: ITEM.parse()?, terms })
}

/// From the agency's answer to the delivered report.
async fn deliver(
    market: &Market,
    applicant: &Call,
    agency: &Call,
    order: Order,
) -> Result<Order, Error> {
    let orders = market.orders();
    let order = orders.accept(agency, order.id).await?;
    let today = market.env().now().day();
    let contract = Contract {
        number: "HT-001".to_owned(),
        amount: order.terms.amount,
        signed_on: today,
        starts_on: today,
        ends_on: today.plus(30),
        content: "按上架服务内容".to_owned(),
        agreed_payment_days: None,
        agreed_interest_per_myriad_day: None,
        milestones: Vec::new(),
    };
    let order = orders.record_contract(agency, order.id, contract).await?;
    let order = orders.confirm_contract(applicant, order.id).await?;
    let report = Bytes::from_static(b"report");
    let new = NewDeliverable {
        name: "report.txt".to_owned(),
        media_type: "text/plain".to_owned(),
        sha256: sha256_hex(&report),
    };
    let kept = market.deliverables().upload(agency, order.id, new, report).await?;
    orders.deliver(agency, order.id, kept.number).await
}
