//! What its orders say of an agency, as anybody reads it.

use market_core::{Party, Recorded, order::changes_standing};
use serde_json::{Value, json};

use crate::{
    fixtures::new_agency,
    harness::{TestApp, on_both},
    trade::{Trade, step, trade},
};

async fn standing(app: &TestApp, trade: &Trade) -> Value {
    let path = format!("/api/v1/agencies/{}/standing", trade.agency_id());
    app.get(&path).gives(200).await.json
}

/// The numbers of a standing, in the order of the assertion's words.
fn numbers(standing: &Value) -> [u64; 6] {
    ["completed", "terminated", "declined", "returned", "late", "credit"]
        .map(|name| standing[name].as_u64().unwrap())
}

/// Everything that happened to an order, oldest first.
async fn entries(app: &TestApp, trade: &Trade, order: &str) -> Vec<Recorded> {
    let path = format!("/api/v1/orders/{order}/timeline");
    let timeline = app.get(&path).by(&trade.operator).gives(200).await.json;
    serde_json::from_value(timeline["items"].clone()).unwrap()
}

/// Whether the last entry of an order says that the standing changed, which it must say truly.
async fn told(app: &TestApp, trade: &Trade, order: &str, before: &mut Value) -> bool {
    let after = standing(app, trade).await;
    let entries = entries(app, trade, order).await;
    let last = entries.last().unwrap();
    let changed = changes_standing(last);
    assert_eq!(changed.is_some(), after != *before, "{}: {before} to {after}", last.event);
    assert!(changed.is_none_or(|id| id == trade.agency_id()));
    *before = after;
    changed.is_some()
}

on_both! {
    async fn a_standing_changes_when_an_order_ends_and_the_journal_says_so(app: &TestApp) {
        let trade = trade(app).await;
        let mut seen = standing(app, &trade).await;
        assert_eq!(numbers(&seen), [0, 0, 0, 0, 0, 700]);
        assert_eq!((&seen["grade"], &seen["admitted_on"]), (&Value::Null, &json!("2026-11-24")));
        assert_eq!(seen["newcomer_until"], "2027-11-23");

        let order = trade.place(app).await;
        let mut told_by = Vec::new();
        let contract = Some(trade.contract());
        let wrong = || Some(json!({ "code": "incomplete", "note": "缺少照片" }));
        let steps = [
            ("accept", &trade.agency, None),
            ("record-contract", &trade.agency, contract),
            ("confirm-contract", &trade.applicant, None),
            ("deliver", &trade.agency, None),
            ("return-for-rework", &trade.applicant, wrong()),
            ("deliver", &trade.agency, None),
            ("sign-off", &trade.applicant, None),
            ("return", &trade.fire, wrong()),
            ("deliver", &trade.agency, None),
            ("sign-off", &trade.applicant, None),
            ("use", &trade.fire, None),
        ];
        for (name, token, body) in steps {
            match name {
                "deliver" => drop(trade.deliver(app, &order, "检测报告").await),
                _ => drop(step(app, &order, name, token, body).await),
            }
            if told(app, &trade, &order, &mut seen).await {
                told_by.push(name);
            }
        }
        assert_eq!(told_by, ["use"]);
        assert_eq!(numbers(&seen), [1, 0, 0, 2, 0, 667], "(3500 + 500) / 6");
        assert_eq!((&seen["graded"], &seen["grade"]), (&json!(1), &json!("C")));
    }

    async fn what_an_agency_drops_counts_against_it_and_what_others_drop_does_not(app: &TestApp) {
        let trade = trade(app).await;
        let mut seen = standing(app, &trade).await;
        let why = || Some(json!({ "reason": "不再需要" }));
        let order = trade.place(app).await;
        step(app, &order, "decline", &trade.agency, why()).await;
        assert!(told(app, &trade, &order, &mut seen).await);
        assert_eq!(numbers(&seen), [0, 0, 1, 0, 0, 696]);
        let order = trade.place(app).await;
        step(app, &order, "cancel", &trade.applicant, why()).await;
        assert!(!told(app, &trade, &order, &mut seen).await);
        let order = trade.in_service(app).await;
        step(app, &order, "terminate", &trade.agency, why()).await;
        assert!(told(app, &trade, &order, &mut seen).await);
        assert_eq!(numbers(&seen), [0, 1, 1, 0, 0, 580], "3480 / 6");

        let order = trade.in_service(app).await;
        let before = standing(app, &trade).await;
        step(app, &order, "terminate", &trade.applicant, why()).await;
        assert_eq!(standing(app, &trade).await, before, "the applicant gave it up");
    }

    async fn what_is_handed_over_after_its_last_day_is_late(app: &TestApp) {
        let trade = trade(app).await;
        let order = trade.in_service(app).await;
        let shown = app.get(&format!("/api/v1/orders/{order}")).by(&trade.operator).gives(200).await;
        let applicant = shown.json["terms"]["applicant_id"].as_str().unwrap().parse().unwrap();
        app.market.env().set("2027-06-01T01:00:00Z".parse().unwrap());
        let applicant = app.person("later", Party::Applicant(applicant)).await;
        trade.deliver(app, &order, "检测报告").await;
        assert_eq!(numbers(&standing(app, &trade).await)[4], 0, "not while it is open");
        step(app, &order, "sign-off", &applicant, None).await;
        step(app, &order, "use", &trade.fire, None).await;
        assert_eq!(numbers(&standing(app, &trade).await), [1, 0, 0, 0, 1, 725], "4350 / 6");
    }
}

on_both! {
    loaded:

    async fn an_agency_has_a_standing_from_its_admission(app: &TestApp) {
        let operator = app.operator().await;
        let agent = app.applicant("agent").await;
        let made = app.post("/api/v1/agencies", &new_agency()).by(&agent).gives(201).await;
        let path = made.headers["location"].to_str().unwrap().to_owned();
        let standing = format!("{path}/standing");
        app.get(&standing).meets(404, "not-found").await;
        let early = app.get(&standing).by(&operator).gives(200).await.json;
        assert_eq!((&early["admitted_on"], &early["newcomer_until"]), (&Value::Null, &Value::Null));
        app.market.env().set("2026-11-26T01:00:00Z".parse().unwrap());
        app.post(&format!("{path}/admit"), &json!({})).by(&operator).gives(200).await;
        let seen = app.get(&standing).gives(200).await.json;
        assert_eq!(seen["admitted_on"], "2026-11-26");
        app.market.env().set("2026-12-01T01:00:00Z".parse().unwrap());
        let month = json!({ "months": 3, "reason": "超时限未交付" });
        app.post(&format!("{path}/suspend"), &month).by(&operator).gives(200).await;
        app.post(&format!("{path}/reinstate"), &json!({})).by(&operator).gives(200).await;
        assert_eq!(app.get(&standing).gives(200).await.json, seen, "the first admission counts");
    }
}
