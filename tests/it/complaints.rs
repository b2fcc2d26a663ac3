//! Complaints about purchases, and alarms, over HTTP.

use market_core::{
    Actor, Call, Mode, Party,
    agency::NewQualification,
    applicant::{ApplicantKind, NewApplicant},
    case::{Fund, NewCase},
    draw::Bytes32,
    id::AgencyId,
    purchase::{
        Contact, NewPurchase, NewQuote, NewRegistration, Notice, Price, Purchase, Submission,
    },
    sealing::OpeningCode,
    selection::Quote,
};
use serde_json::{Value, json};

use crate::{
    fixtures::admitted_agency,
    harness::{TestApp, on_both},
};

/// What the case needs.
const ITEM: &str = "environmental-monitoring";
const CANARY: &str = "金丝雀";

/// A purchase of an owner, for which one agency has registered.
struct Open {
    purchase: Purchase,
    owner: Call,
    owner_token: String,
    agency_token: String,
    operator: String,
}

fn acting(party: Party) -> Call {
    Actor::new(Actor::system().person, party).into()
}

fn code() -> OpeningCode {
    "e091b493a7576895eb502eb4e7bf9bdeaf76800e1b1d80b90af8e800a8a0e4f5".parse().unwrap()
}

fn notice() -> Notice {
    Notice {
        title: "油烟噪声检测".to_owned(),
        content: "开业前检测".to_owned(),
        scale: String::new(),
        project_code: String::new(),
        mode: Mode::LowestPrice,
        price: Price::Amount { low: "1".parse().unwrap(), high: "20000".parse().unwrap() },
        service_days: 20,
        criteria: Vec::new(),
        long_list: None,
        short_list: None,
        rounds: None,
        practitioners: 0,
        other_requirements: String::new(),
        closes_at: "2026-11-27T16:00:00Z".parse().unwrap(),
        contact: Contact { name: "李明".to_owned(), phone: "0574-0000-1111".to_owned() },
        complaint_phone: "0574-0000-2222".to_owned(),
        avoid: Vec::new(),
        witnesses: Vec::new(),
        witness_department: None,
        beacon: None,
    }
}

async fn open(app: &TestApp) -> Open {
    let (market, system) = (&app.market, Call::from(Actor::system()));
    let operator = app.operator().await;
    let (path, _) = admitted_agency(app, &operator).await;
    let agency_id: AgencyId = path.rsplit('/').next().unwrap().parse().unwrap();
    let agency = acting(Party::Agency(agency_id));
    // A session would end before the purchase is closed.
    let agency_token = app.person("complainant", agency.actor.party.clone()).await;
    let item = market.catalog().item(&ITEM.parse().unwrap()).await.unwrap();
    let required = item.requirements.first().unwrap();
    let certificate = NewQualification {
        kind: required.kind.clone(),
        level: required.level.clone(),
        majors: required.major.iter().cloned().collect(),
        number: "证书-1".to_owned(),
        issuer: "某某部门".to_owned(),
        valid_from: "2026-01-01".parse().unwrap(),
        valid_until: "2027-12-31".parse().unwrap(),
    };
    market.agencies().add_qualification(&agency, agency_id, certificate).await.unwrap();
    let new = NewApplicant {
        kind: ApplicantKind::Natural,
        name: "李明".to_owned(),
        uscc: None,
        phone: "13800000000".to_owned(),
    };
    let applicant = market.applicants().register(&system, new).await.unwrap();
    let owner = acting(Party::Applicant(applicant.id));
    let owner_token = app.person("owner", owner.actor.party.clone()).await;
    let new = NewCase {
        matter: "open-restaurant".parse().unwrap(),
        title: "开一家面馆".to_owned(),
        region: "330282".parse().unwrap(),
        fund: Fund::Social,
    };
    let case = market.cases().open(&owner, new).await.unwrap();
    let purchases = market.purchases();
    let new = NewPurchase {
        case_id: case.id,
        item: ITEM.parse().unwrap(),
        notice: notice(),
        predecessor: None,
    };
    let draft = purchases.create(&owner, new).await.unwrap();
    let submission = Submission { opening_code: code() };
    let purchase = purchases.submit(&owner, draft.id, submission).await.unwrap();
    let registration = NewRegistration { practitioners: Vec::new() };
    purchases.register(&agency, purchase.id, registration).await.unwrap();
    let quote = Quote::Amount("300".parse().unwrap());
    let quote = NewQuote { quote, plan: None, nonce: Bytes32([7; 32]) };
    purchases.quote(&agency, purchase.id, quote).await.unwrap();
    Open { purchase, owner, owner_token, agency_token, operator }
}

/// Runs a purchase to the publicity of its award.
async fn publish(app: &TestApp, open: &Open) {
    let purchases = app.market.purchases();
    app.market.env().set(open.purchase.notice.closes_at);
    assert_eq!(purchases.run_due().await.unwrap(), 1);
    let award = purchases.open(&open.owner, open.purchase.id, &code()).await.unwrap();
    assert_eq!(award.state.name(), "publicity");
}

async fn state(app: &TestApp, open: &Open) -> &'static str {
    let purchases = app.market.purchases();
    purchases.get(Some(&open.owner.actor), open.purchase.id).await.unwrap().state.name()
}

fn letter() -> Value {
    json!({
        "facts": format!("{CANARY}：评审标准有倾向性"),
        "demand": "重新选取",
        "contact": { "name": format!("{CANARY}某"), "phone": "0574-3333-4444" },
    })
}

async fn department(app: &TestApp, code: &str) -> String {
    app.person(code, Party::Department(code.parse().unwrap())).await
}

on_both! {
    loaded:

    async fn a_complaint_runs_from_its_filing_to_its_decision(app: &TestApp) {
        let open = open(app).await;
        publish(app, &open).await;
        let complaining = format!("/api/v1/purchases/{}/complaints", open.purchase.id);
        let handler = department(app, "market-regulation").await;
        let fire = department(app, "fire-rescue").await;
        let stranger = app.applicant("stranger").await;
        app.post(&complaining, &letter()).meets(401, "anonymous").await;
        app.post(&complaining, &letter()).by(&stranger).meets(409, "not-party-to-purchase").await;
        let bad = json!({ "facts": "", "demand": "x", "contact": { "name": "王", "phone": "1" } });
        let bad = app.post(&complaining, &bad).by(&open.agency_token).meets(422, "invalid").await;
        let pointers = [bad.text_at("/errors/0/pointer"), bad.text_at("/errors/1/pointer")];
        assert_eq!(pointers, ["/facts", "/contact/phone"]);

        let keyed = || app.post(&complaining, &letter()).by(&open.agency_token);
        let filed = keyed().header("idempotency-key", "k1").gives(201).await;
        let again = keyed().header("idempotency-key", "k1").gives(201).await;
        assert_eq!(filed.json, again.json);
        keyed().meets(409, "complaint-exists").await;
        let path = filed.headers["location"].to_str().unwrap().to_owned();
        assert_eq!(filed.json["state"]["state"], "filed");
        assert_eq!(filed.json["complainant"]["kind"], "agency");
        for other in [&open.owner_token, &stranger, &fire] {
            app.get(&path).by(other).meets(404, "not-found").await;
            let list = app.get("/api/v1/complaints").by(other).gives(200).await;
            assert_eq!(list.json["items"], json!([]));
        }
        let received = app.get(&path).by(&open.operator).gives(200).await;
        assert_eq!((&received.json["complainant"], &received.json["letter"]), (&Value::Null, &Value::Null));
        assert!(!received.text.contains(CANARY));
        let decided = app.get(&path).by(&handler).gives(200).await;
        assert!(decided.text.contains(CANARY));

        let accept = format!("{path}/accept");
        let stale = app.post(&accept, &json!({})).by(&handler).header("if-match", "\"9\"");
        stale.meets(412, "stale").await;
        app.post(&accept, &json!({})).by(&open.operator).meets(409, "other-side").await;
        let accepted = app.post(&accept, &json!({})).by(&handler).gives(200).await;
        assert_eq!((&accepted.headers["etag"], state(app, &open).await), (&"\"2\"".parse().unwrap(), "suspended"));
        let told = app.get(&path).by(&open.owner_token).gives(200).await;
        assert!(!told.text.contains(CANARY) && told.json["complainant"].is_null());
        let actions = app.get(&format!("{path}/actions")).by(&handler).gives(200).await;
        assert_eq!(actions.json["items"][3], json!({ "name": "dismiss", "allowed": true }));

        let due = accepted.text_at("/due_at").parse().unwrap();
        app.market.env().set(due);
        let late = app.get("/api/v1/complaints?overdue=true").by(&handler).gives(200).await;
        assert_eq!(late.json["items"][0]["overdue"], true);
        app.get("/api/v1/complaints?state=lost").by(&handler).meets(422, "invalid").await;
        let decision = json!({ "decision": "查无实据" });
        let dismiss = app.post(&format!("{path}/dismiss"), &decision).by(&handler);
        assert_eq!(dismiss.gives(200).await.json["state"]["decision"], "查无实据");
        assert_eq!(state(app, &open).await, "publicity");
        let withdraw = app.post(&format!("{path}/withdraw"), &json!({})).by(&open.agency_token);
        withdraw.meets(409, "complaint-over").await;

        let feed = json!(app.feed().await).to_string();
        assert!(feed.contains("purchase_suspended") && feed.contains("purchase_resumed"));
        assert!(!feed.contains("complaint_filed") && !feed.contains(CANARY));
    }

    async fn an_upheld_or_refused_complaint_is_decided(app: &TestApp) {
        let open = open(app).await;
        publish(app, &open).await;
        let file = format!("/api/v1/purchases/{}/complaints", open.purchase.id);
        let handler = department(app, "market-regulation").await;
        let file = async |token: &str| {
            let filed = app.post(&file, &letter()).by(token).gives(201).await;
            filed.headers["location"].to_str().unwrap().to_owned()
        };
        let first = file(&open.agency_token).await;
        let why = json!({ "reason": "材料不齐" });
        app.post(&format!("{first}/refuse"), &why).by(&open.owner_token).meets(404, "not-found").await;
        let refused = app.post(&format!("{first}/refuse"), &why).by(&handler).gives(200).await;
        assert_eq!(refused.json["state"]["state"], "not_accepted");
        let second = file(&open.owner_token).await;
        app.post(&format!("{second}/accept"), &json!({})).by(&handler).gives(200).await;
        let empty = json!({ "decision": "" });
        app.post(&format!("{second}/uphold"), &empty).by(&handler).meets(422, "invalid").await;
        let decision = json!({ "decision": "成立" });
        app.post(&format!("{second}/uphold"), &decision).by(&handler).gives(200).await;
        assert_eq!(state(app, &open).await, "failed");
    }

    async fn supervisors_read_alarms_and_acknowledge_them(app: &TestApp) {
        let open = open(app).await;
        let purchases = app.market.purchases();
        purchases.void(&open.owner, open.purchase.id, "计划调整").await.unwrap();
        app.market.alarms().catch_up().await.unwrap();
        app.get("/api/v1/alarms").meets(401, "anonymous").await;
        app.get("/api/v1/alarms").by(&open.owner_token).meets(403, "supervisors-only").await;
        let (fire, other) =
            (department(app, "fire-rescue").await, department(app, "civil-affairs").await);
        let list = app.get("/api/v1/alarms?open=true").by(&open.operator).gives(200).await;
        let alarm = &list.json["items"][0];
        assert_eq!(alarm["rule"], "voided_after_registrations");
        assert_eq!(alarm["evidence"], json!({ "registered": 1, "reason": "计划调整" }));
        let path = format!("/api/v1/alarms/{}", alarm["id"].as_str().unwrap());
        let mut shown = app.get(&path).by(&fire).gives(200).await.json;
        shown.as_object_mut().unwrap().remove("actions").unwrap();
        assert_eq!(shown, *alarm);
        app.get(&path).by(&other).meets(404, "not-found").await;
        let other_rule = "/api/v1/alarms?rule=splitting";
        assert_eq!(app.get(other_rule).by(&fire).gives(200).await.json["items"], json!([]));
        app.get("/api/v1/alarms?rule=nonsense").by(&fire).meets(422, "invalid").await;

        let acknowledge = format!("{path}/acknowledge");
        let note = json!({ "note": "已约谈业主" });
        let empty = app.post(&acknowledge, &json!({ "note": "" })).by(&fire);
        assert_eq!(empty.meets(422, "invalid").await.text_at("/errors/0/pointer"), "/note");
        app.post(&acknowledge, &note).by(&open.agency_token).meets(403, "supervisors-only").await;
        let noted = app.post(&acknowledge, &note).by(&fire).gives(200).await;
        assert_eq!(noted.json["acknowledged"]["note"], "已约谈业主");
        app.post(&acknowledge, &note).by(&open.operator).meets(409, "alarm-acknowledged").await;
        let actions = app.get(&format!("{path}/actions")).by(&fire).gives(200).await;
        assert_eq!(actions.json["items"][0]["refusal"], "alarm-acknowledged");
        let list = app.get("/api/v1/alarms?open=true").by(&open.operator).gives(200).await;
        assert_eq!(list.json["items"], json!([]));
    }
}
