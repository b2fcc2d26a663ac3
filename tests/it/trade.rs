//! A market in which an applicant is about to buy a service.

use market_api::demo;
use market_core::{
    Day, Paging, Party,
    agency::{Listing, ListingFilter, ListingState},
    id::AgencyId,
    sha256_hex,
};
use serde_json::{Value, json};

use crate::{asking::Answer, harness::TestApp};

/// What the restaurant needs, and the fire department uses.
pub(crate) const INSPECTION: &str = "fire-facility-inspection";

/// What the restaurant needs, and two departments use.
pub(crate) const APPRAISAL: &str = "house-safety-appraisal";

/// What the restaurant needs, and somebody in a small market offers.
pub(crate) const WATER: &str = "drainage-water-testing";

/// Somebody on each side, a case, and a listing that it may buy.
#[derive(Debug, Clone)]
pub(crate) struct Trade {
    pub(crate) applicant: String,
    pub(crate) agency: String,
    pub(crate) fire: String,
    pub(crate) operator: String,
    pub(crate) case: String,
    pub(crate) listing: Listing,
}

/// Loads the catalogue and some agencies, and opens a case.
pub(crate) async fn trade(app: &TestApp) -> Trade {
    trade_in(app, INSPECTION).await
}

/// The same, with a listing of another service.
pub(crate) async fn trade_in(app: &TestApp, item: &str) -> Trade {
    trade_among(app, 120, item).await
}

/// The same, with so many agencies.
pub(crate) async fn trade_among(app: &TestApp, agencies: usize, item: &str) -> Trade {
    let today: Day = app.market.env().now().day();
    demo::load_catalogue(&app.market).await.unwrap();
    demo::load_agencies(&app.market, agencies, today).await.unwrap();
    let applicant = app.applicant("applicant").await;
    let fire = app.person("fire", Party::Department("fire-rescue".parse().unwrap())).await;
    let case = open(app, &applicant, "open-restaurant").await;
    let listing = eligible(app, &applicant, &case, item).await;
    let agency = app.person("agency", Party::Agency(listing.agency_id)).await;
    let operator = app.operator().await;
    Trade { applicant, agency, fire, operator, case, listing }
}

pub(crate) async fn open(app: &TestApp, applicant: &str, matter: &str) -> String {
    let new =
        json!({ "matter": matter, "title": "开一家面馆", "region": "330282", "fund": "social" });
    let case = app.post("/api/v1/cases", &new).by(applicant).gives(201).await;
    case.text_at("/id").to_owned()
}

/// A listing that the market says may be bought for the case.
pub(crate) async fn eligible(app: &TestApp, applicant: &str, case: &str, item: &str) -> Listing {
    let filter = ListingFilter {
        item: Some(item.parse().unwrap()),
        state: Some(ListingState::Published),
        ..ListingFilter::default()
    };
    let paging = Paging { after: None, limit: 100 };
    for listing in app.market.listings().list(None, &filter, &paging).await.unwrap().items {
        let path = format!("/api/v1/cases/{case}/eligibility?listing={}", listing.id);
        let answer = app.get(&path).by(applicant).gives(200).await;
        if answer.json["eligible"] == true {
            return listing;
        }
    }
    panic!("no listing of {item} may be bought");
}

impl Trade {
    /// What the applicant would send to buy the listing.
    pub(crate) fn order(&self) -> Value {
        json!({
            "case_id": self.case,
            "item": self.listing.item,
            "listing_id": self.listing.id,
            "listing_number": self.listing.number,
            "price": self.listing.terms.price,
        })
    }

    pub(crate) async fn place(&self, app: &TestApp) -> String {
        let order = app.post("/api/v1/orders", &self.order()).by(&self.applicant).gives(201).await;
        order.text_at("/id").to_owned()
    }

    pub(crate) fn contract(&self) -> Value {
        json!({
            "number": "HT-2026-001", "amount": self.listing.terms.price,
            "signed_on": "2026-11-24", "starts_on": "2026-11-25", "ends_on": "2026-12-31",
            "content": "按服务内容执行",
        })
    }

    /// Takes an order to where the agency works.
    pub(crate) async fn in_service(&self, app: &TestApp) -> String {
        let order = self.place(app).await;
        step(app, &order, "accept", &self.agency, None).await;
        step(app, &order, "record-contract", &self.agency, Some(self.contract())).await;
        step(app, &order, "confirm-contract", &self.applicant, None).await;
        order
    }

    /// Uploads a text and hands it over.
    pub(crate) async fn deliver(&self, app: &TestApp, order: &str, text: &'static str) -> i64 {
        let number = upload(app, order, &self.agency, text).await.json["number"].as_i64().unwrap();
        let what = json!({ "deliverable": number });
        step(app, order, "deliver", &self.agency, Some(what)).await;
        number
    }

    /// Takes an order to where the departments use it.
    pub(crate) async fn signed_off(&self, app: &TestApp) -> String {
        let order = self.in_service(app).await;
        self.deliver(app, &order, "检测报告").await;
        step(app, &order, "sign-off", &self.applicant, None).await;
        order
    }

    /// The party of the agency.
    pub(crate) fn agency_id(&self) -> AgencyId {
        self.listing.agency_id
    }
}

/// Things follow one another.
fn a_minute_passes(app: &TestApp) {
    app.market.env().set(app.market.env().now().plus_seconds(60));
}

/// Takes a step that must succeed.
pub(crate) async fn step(
    app: &TestApp,
    order: &str,
    name: &str,
    token: &str,
    body: Option<Value>,
) -> Answer {
    a_minute_passes(app);
    let path = format!("/api/v1/orders/{order}/{name}");
    let asking = match body {
        Some(body) => app.post(&path, &body),
        None => app.ask(axum::http::Method::POST, &path),
    };
    asking.by(token).gives(200).await
}

pub(crate) async fn upload(app: &TestApp, order: &str, token: &str, text: &'static str) -> Answer {
    a_minute_passes(app);
    let path = format!("/api/v1/orders/{order}/deliverables?name=report.txt&media_type=text/plain");
    let asking = app.ask(axum::http::Method::POST, &path).body("application/octet-stream", text);
    asking.header("x-content-sha256", &sha256_hex(text.as_bytes())).by(token).gives(201).await
}
