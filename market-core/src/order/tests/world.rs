//! A market in which somebody is about to buy a service: the packs of `data/`, an agency, a case.

use super::*;
use crate::{
    Call, Env,
    agency::{AgencyNature, Listing, NewAgency, NewListing, NewQualification, Profile, Terms},
    applicant::{ApplicantKind, NewApplicant},
    case::{Fund, NewCase},
    id::PurchaseId,
    import::{ImportOptions, Kind as Pack, Sheet},
    kernel::secret::sha256_hex,
    order::NewDeliverable,
    purchase::{Contact, NewPurchase},
    testing::market,
};

/// What the case needs.
pub(crate) const ITEM: &str = "fire-facility-inspection";

/// Two sides, the case of the one, and the listing of the other.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) market: Market,
    pub(crate) applicant: Call,
    pub(crate) agency: Call,
    pub(crate) case: Case,
    pub(crate) listing: Listing,
    /// Somebody's purchase, from which an award may be said to come.
    pub(crate) purchase: PurchaseId,
}

/// A call on a party's behalf.
pub(crate) fn acting(party: Party) -> Call {
    Actor::new(PersonId(Uuid::from_u128(3)), party).into()
}

impl World {
    pub(crate) async fn new(url: &str, fund: Fund) -> Self {
        let market = market(url).await;
        for pack in &Pack::ALL[..8] {
            let path = format!("{}/../data/{}", env!("CARGO_MANIFEST_DIR"), pack.file());
            let sheet = Sheet::read(&pack.file(), &std::fs::read(path).unwrap()).unwrap();
            let (operator, options) = (acting(Party::Operator), ImportOptions::default());
            let report = market.import(&operator, *pack, &sheet, &options).await.unwrap();
            assert_eq!(report.bad, []);
        }
        let applicant = applicant(&market).await;
        let new = NewCase {
            matter: "open-restaurant".parse().unwrap(),
            title: "开一家面馆".to_owned(),
            region: "330282".parse().unwrap(),
            fund,
        };
        let case = market.cases().open(&applicant, new).await.unwrap();
        let (agency, listing) = agency(&market).await;
        let purchase = purchase(&market, &applicant, &case).await;
        Self { market, applicant, agency, case, listing, purchase }
    }

    pub(crate) const fn env(&self) -> &Env {
        self.market.env()
    }

    /// Lets so many days pass.
    pub(crate) fn pass(&self, days: i64) {
        self.env().set(self.env().now().plus_seconds(days * 24 * 3600));
    }

    /// Buys the listing.
    pub(crate) async fn place(&self) -> Result<Order, Error> {
        let new = NewOrder {
            case_id: self.case.id,
            item: self.listing.item.clone(),
            listing_id: self.listing.id,
            listing_number: self.listing.number,
            price: self.listing.terms.price,
        };
        self.market.orders().place(&self.applicant, new).await
    }

    /// What a purchase would award to the agency.
    pub(crate) fn award_terms(&self) -> OrderTerms {
        let need = self.case.requirements.iter().find(|need| need.item.as_str() == ITEM).unwrap();
        OrderTerms {
            case_id: self.case.id,
            item: need.item.clone(),
            item_version: need.item_version,
            listing_id: None,
            listing_number: None,
            purchase_id: Some(self.purchase),
            agency_id: self.listing.agency_id,
            applicant_id: self.case.applicant_id,
            amount: self.listing.terms.price,
            service_days: 20,
            policy_version: 1,
        }
    }

    /// Has a purchase award an order.
    pub(crate) async fn award(&self) -> Result<Order, Error> {
        let mut tx = self.market.work().await?;
        let region = tx.region(&self.case.region).await?;
        let clock = tx.clock(&region).await?;
        let id = OrderId(self.env().id());
        let order = tx.insert_awarded_order(id, self.award_terms(), &clock).await?;
        tx.finish(order).await
    }

    /// A contract from today on, over two working weeks.
    pub(crate) fn contract(&self) -> Contract {
        let today = self.env().now().day();
        Contract {
            amount: self.listing.terms.price,
            signed_on: today,
            starts_on: today,
            ends_on: today.plus(14),
            ..contract()
        }
    }

    /// Takes an accepted order to where the agency works.
    pub(crate) async fn in_service(&self, order: Order, contract: Contract) -> Order {
        let orders = self.market.orders();
        orders.record_contract(&self.agency, order.id, contract).await.unwrap();
        orders.confirm_contract(&self.applicant, order.id).await.unwrap()
    }

    /// Uploads a file, and hands it over.
    pub(crate) async fn deliver(&self, order: &Order) -> Order {
        let file = format!("%PDF-1.7\n检测报告 {}", self.env().now());
        let new = NewDeliverable {
            name: "报告.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            sha256: sha256_hex(file.as_bytes()),
        };
        let files = self.market.deliverables();
        let kept = files.upload(&self.agency, order.id, new, file.into()).await.unwrap();
        self.market.orders().deliver(&self.agency, order.id, kept.number).await.unwrap()
    }

    /// The events of an order, oldest first.
    pub(crate) async fn events(&self, order: &Order) -> Vec<String> {
        let orders = self.market.orders();
        let timeline = orders.timeline(&self.applicant.actor, order.id).await.unwrap();
        timeline.into_iter().map(|entry| entry.event).collect()
    }
}

async fn applicant(market: &Market) -> Call {
    let new = NewApplicant {
        kind: ApplicantKind::Natural,
        name: "李明".to_owned(),
        uscc: None,
        phone: "13800000000".to_owned(),
    };
    let applicant = market.applicants().register(&acting(Party::Operator), new).await.unwrap();
    acting(Party::Applicant(applicant.id))
}

/// A draft of a purchase for the case.
async fn purchase(market: &Market, applicant: &Call, case: &Case) -> PurchaseId {
    let contact = Contact { name: "李明".to_owned(), phone: "13800000000".to_owned() };
    let notice = serde_json::from_value(serde_json::json!({
        "title": "消防设施检测",
        "content": "现场检测，出具检测报告",
        "mode": "random",
        "price": { "kind": "fixed", "amount": "3000.00" },
        "service_days": 20,
        "closes_at": market.env().now().plus_seconds(30 * 24 * 3600),
        "contact": contact,
        "complaint_phone": "0574-0000-0003",
    }));
    let item = ITEM.parse().unwrap();
    let new = NewPurchase { case_id: case.id, item, notice: notice.unwrap(), predecessor: None };
    market.purchases().create(applicant, new).await.unwrap().id
}

/// An agency with the certificate that the service requires, and its listing.
async fn agency(market: &Market) -> (Call, Listing) {
    let new = NewAgency {
        uscc: "91350100M000100Y43".parse().unwrap(),
        name: "某某消防技术服务有限公司".to_owned(),
        region: "330282".parse().unwrap(),
        profile: Profile {
            nature: AgencyNature::Enterprise,
            legal_representative: "王某".to_owned(),
            address: "浙江省慈溪市某路1号".to_owned(),
            phone: "0574-0000-0000".to_owned(),
            established_on: day("2020-01-01"),
            capital: "1000000.00".parse().unwrap(),
            scope: "消防技术服务".to_owned(),
            attached_to: None,
        },
    };
    let operator = acting(Party::Operator);
    let agency = market.agencies().apply(&operator, new).await.unwrap();
    market.agencies().admit(&operator, agency.id).await.unwrap();
    let call = acting(Party::Agency(agency.id));
    let item = market.catalog().item(&ITEM.parse().unwrap()).await.unwrap();
    let required = item.requirements.first().unwrap();
    let certificate = NewQualification {
        kind: required.kind.clone(),
        level: required.level.clone(),
        majors: required.major.iter().cloned().collect(),
        number: "证书-001".to_owned(),
        issuer: "某某部门".to_owned(),
        valid_from: day("2026-01-01"),
        valid_until: day("2028-12-31"),
    };
    market.agencies().add_qualification(&call, agency.id, certificate).await.unwrap();
    let terms = Terms {
        title: "餐饮场所消防设施检测".to_owned(),
        summary: "现场检测，出具检测报告".to_owned(),
        price: "3000.00".parse().unwrap(),
        unit: "元/项".to_owned(),
        regions: vec!["330200".parse().unwrap()],
        days: 10,
    };
    let new = NewListing { code: "l1".parse().unwrap(), item: item.code, terms };
    let draft = market.listings().create(&call, new).await.unwrap();
    let listing = market.listings().publish(&call, draft.id).await.unwrap();
    (call, listing)
}
