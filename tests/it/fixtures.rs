//! What a test needs to be there.

use std::{fs, path::Path};

use market_core::{
    Actor, Call, Market, Party,
    import::{ImportOptions, Kind, Sheet},
};
use serde_json::{Value, json};

use crate::harness::TestApp;

/// Loads the packs of `data/` without its agencies: the catalogue, the matters and the rules.
pub(crate) async fn load_packs(market: &Market) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
    let call = Call::from(Actor::system());
    for kind in Kind::ALL {
        if matches!(
            kind,
            Kind::Agencies | Kind::AgencyQualifications | Kind::Practitioners | Kind::Listings
        ) {
            continue;
        }
        let bytes = fs::read(folder.join(kind.file())).unwrap();
        let sheet = Sheet::read(&kind.file(), &bytes).unwrap();
        let report = market.import(&call, *kind, &sheet, &ImportOptions::default()).await.unwrap();
        assert!(report.bad.is_empty(), "{kind}: {:?}", report.bad);
    }
}

/// An application for admission.
pub(crate) fn new_agency() -> Value {
    json!({
        "uscc": "91350100M000100Y43",
        "name": "慈溪市某某环境技术有限公司",
        "region": "330282",
        "profile": {
            "nature": "enterprise",
            "legal_representative": "李明",
            "address": "慈溪市某某路1号",
            "phone": "0574-00000001",
            "established_on": "2015-03-01",
            "capital": "1000000.00",
            "scope": "环境影响评价",
        },
    })
}

/// Terms of a listing.
pub(crate) fn terms(price: &str) -> Value {
    json!({
        "title": "餐饮项目环评", "summary": "编制环境影响报告表", "price": price, "unit": "元/项",
        "regions": ["330200"], "days": 10,
    })
}

/// The path of an agency that was admitted, and the token of somebody who acts for it.
pub(crate) async fn admitted_agency(app: &TestApp, operator: &str) -> (String, String) {
    let applicant = app.applicant("agent").await;
    let made = app.post("/api/v1/agencies", &new_agency()).by(&applicant).gives(201).await;
    let path = made.headers["location"].to_str().unwrap().to_owned();
    let admit = app.post(&format!("{path}/admit"), &json!({})).by(operator);
    admit.gives(200).await;
    let party = Party::Agency(made.text_at("/id").parse().unwrap());
    let me = app.get("/api/v1/me").by(&applicant).gives(200).await;
    let person = me.text_at("/id").parse().unwrap();
    let (accounts, call) = (app.market.accounts(), Call::from(Actor::system()));
    let issued = accounts.issue_token(&call, person, &party, "test", None).await;
    (path, issued.unwrap().token)
}
