//! Openings over HTTP: the code that an owner withholds, and others who take part in the draw.

use market_core::{
    Env, Party, Timestamp,
    draw::{Bytes32, Commitment, Proof},
    purchase,
    sealing::{SupervisorKey, open_deposit},
    sha256_hex,
};
use serde_json::{Value, json};

use crate::{
    browsing::{Browser, form},
    harness::{TestApp, on_both},
    portal::has,
    purchase::{Parties, code, notice},
    purchases::{PURCHASES, case, id, in_a_week, published, register},
    trade::INSPECTION,
    world::World,
};

/// The department that leads in the opening of restaurants.
const LEAD: &str = "market-regulation";

async fn lead(app: &TestApp) -> String {
    app.person("lead", Party::Department(LEAD.parse().unwrap())).await
}

async fn registered(app: &TestApp, parties: &Parties, path: &str) {
    for bidder in &parties.bidders {
        register(app, path, &bidder.token).await;
    }
}

/// The path of a published purchase by lot, whose notice says something more.
async fn published_with(app: &TestApp, parties: &Parties, more: &[(&str, Value)]) -> String {
    let case = case(app, parties).await;
    let mut notice = notice("random", &in_a_week(app));
    for (name, value) in more {
        notice[name] = value.clone();
    }
    let new = json!({ "case_id": case, "item": INSPECTION, "notice": notice });
    let made = app.post(PURCHASES, &new).by(&parties.applicant).gives(201).await;
    let path = made.headers["location"].to_str().unwrap().to_owned();
    let code = json!({ "opening_code": code(0) });
    app.post(&format!("{path}/submit"), &code).by(&parties.applicant).gives(200).await;
    path
}

async fn proof(app: &TestApp, path: &str) -> Proof {
    let proof = app.get(&format!("/api/v1/draws/{}/proof", id(path))).gives(200).await;
    let proof = Proof::from_bytes(proof.text.as_bytes()).unwrap();
    assert!(purchase::verify(&proof).unwrap().followed_rule);
    proof
}

on_both! {
    async fn a_department_opens_what_an_owner_withholds(app: &TestApp) {
        let parties = Parties::gather(app, 3).await;
        let lead = lead(app).await;
        let key = SupervisorKey::new(&Env::real());
        let put = json!({ "opening_key": key.public() });
        let path = format!("/api/v1/departments/{LEAD}/opening-key");
        app.put(&path, &put).by(&lead).gives(200).await;

        let path = published(app, &parties, "random").await;
        registered(app, &parties, &path).await;
        let deposit = format!("{path}/deposit");
        app.get(&deposit).by(&parties.fire).meets(404, "not-found").await;
        app.get(&deposit).by(&parties.applicant).meets(403, "departments-only").await;
        let deposit = app.get(&deposit).by(&lead).gives(200).await;
        assert!(!deposit.text.contains(&code(0)), "{}", deposit.text);
        let purchase = id(&path).parse().unwrap();
        let opened = open_deposit(&key, purchase, deposit.text_at("/deposit")).unwrap();
        assert_eq!(*opened.reveal(), code(0));

        World::time_passes(app, id(&path)).await;
        let open = json!({ "opening_code": *opened.reveal() });
        let won = app.post(&format!("{path}/open"), &open).by(&lead).gives(200).await;
        assert_eq!(won.text_at("/state/state"), "publicity");
        let again = app.post(&format!("{path}/open"), &open).by(&parties.applicant);
        again.meets(409, "purchase-not-opening").await;
        proof(app, &path).await;
    }

    async fn a_witness_and_a_public_number_become_part_of_the_draw(app: &TestApp) {
        let parties = Parties::gather(app, 3).await;
        let closes_at: Timestamp = in_a_week(app).parse().unwrap();
        let known_at = closes_at.plus_seconds(3600);
        let number = json!({
            "name": "上证指数 2026-12-02 收盘", "known_at": known_at, "decimals": 2,
        });
        let more = [("witness_department", json!("fire-rescue")), ("beacon", number)];
        let path = published_with(app, &parties, &more).await;
        registered(app, &parties, &path).await;
        let purchase = id(&path).parse().unwrap();
        let value: Bytes32 = sha256_hex(b"the witness's value").parse().unwrap();
        let promise = Commitment::to(purchase, "department:fire-rescue", &value);
        let commitments = format!("{path}/commitments");
        let promise = json!({ "sha256": promise.sha256 });
        let lead = lead(app).await;
        app.post(&commitments, &promise).by(&lead).meets(409, "not-a-participant").await;
        app.post(&commitments, &promise).by(&parties.fire).gives(200).await;
        app.post(&commitments, &promise).by(&parties.fire).meets(409, "already-opened").await;
        let shown = app.get(&commitments).gives(200).await.json;
        assert_eq!(shown["items"].as_array().unwrap().len(), 3);
        let value = json!({ "value": value });
        let reveal = format!("{path}/reveal");
        app.post(&reveal, &value).by(&parties.fire).meets(409, "purchase-not-opening").await;

        World::time_passes(app, id(&path)).await;
        app.post(&commitments, &promise).by(&parties.fire).meets(409, "purchase-not-open").await;
        let open = json!({ "opening_code": code(0) });
        let open = app.post(&format!("{path}/open"), &open).by(&parties.applicant);
        assert_eq!(open.gives(200).await.text_at("/state/state"), "opening");
        let wrong = json!({ "value": code(7) });
        app.post(&reveal, &wrong).by(&parties.fire).meets(409, "reveal-mismatch").await;
        let revealed = app.post(&reveal, &value).by(&parties.fire).gives(200).await;
        assert_eq!(revealed.text_at("/state/state"), "opening", "the number is missing");
        let beacon = json!({ "value": "3210.98" });
        let given = format!("{path}/beacon");
        app.post(&given, &beacon).by(&parties.operator).meets(409, "beacon-not-known").await;
        app.market.env().set(known_at);
        for value in ["3210.980", "3210.9", " 3210.98", "3,210.98"] {
            let asked = app.post(&given, &json!({ "value": value })).by(&parties.operator);
            assert_eq!(asked.meets(422, "invalid").await.text_at("/errors/0/pointer"), "/value");
        }
        let one = app.post(&given, &beacon).by(&parties.operator).gives(200).await;
        assert_eq!(one.text_at("/state/numbers/0/by"), "platform");
        app.post(&given, &beacon).by(&parties.operator).meets(409, "beacon-given").await;
        let other = app.post(&given, &json!({ "value": "3210.89" })).by(&parties.fire);
        assert_eq!(other.gives(200).await.text_at("/state/numbers/1/value"), "3210.89");
        let settled = app.post(&given, &beacon).by(&parties.applicant).gives(200).await;
        assert_eq!(settled.text_at("/state/state"), "publicity");
        let proof = proof(app, &path).await;
        assert_eq!(proof.beacon.as_deref(), Some("3210.98"));
        assert_eq!((proof.reveals.len(), proof.withheld.len()), (3, 0));
    }

    async fn what_a_witness_withholds_stops_nothing(app: &TestApp) {
        let parties = Parties::gather(app, 3).await;
        let more = [("witness_department", json!("fire-rescue"))];
        let path = published_with(app, &parties, &more).await;
        registered(app, &parties, &path).await;
        let promise = json!({ "sha256": sha256_hex(b"nobody knows of what") });
        app.post(&format!("{path}/commitments"), &promise).by(&parties.fire).gives(200).await;
        World::time_passes(app, id(&path)).await;
        let open = json!({ "opening_code": code(0) });
        let open = app.post(&format!("{path}/open"), &open).by(&parties.applicant);
        assert_eq!(open.gives(200).await.text_at("/state/state"), "opening");
        let after = World::time_passes(app, id(&path)).await;
        assert_eq!(after["state"]["state"], "publicity", "{after}");
        assert_eq!(proof(app, &path).await.withheld, ["department:fire-rescue"]);
    }

    async fn a_public_number_is_written_down_on_pages(app: &TestApp) {
        let parties = Parties::gather(app, 3).await;
        let closes_at: Timestamp = in_a_week(app).parse().unwrap();
        let known_at = closes_at.plus_seconds(3600);
        let number = json!({
            "name": "上证指数 2026-12-02 收盘", "known_at": known_at, "decimals": 2,
        });
        let path = published_with(app, &parties, &[("beacon", number)]).await;
        registered(app, &parties, &path).await;
        World::time_passes(app, id(&path)).await;
        let open = json!({ "opening_code": code(0) });
        app.post(&format!("{path}/open"), &open).by(&parties.applicant).gives(200).await;
        app.market.env().set(known_at);

        let purchase = id(&path);
        let desk = Browser::acting(app, "clerk", Party::Operator).await;
        let at = format!("/desk/purchases/{purchase}");
        has(&desk.see(&at).await, &["登记公共数"]);
        let asked = form(&desk.see(&format!("{at}/beacon")).await);
        desk.done(&asked.with("value", "3210.98")).await;
        let me = app.get("/api/v1/me").by(&parties.applicant).gives(200).await.json;
        let owner: Party = serde_json::from_value(me["party"].clone()).unwrap();
        let browser = Browser::acting(app, "owning", owner).await;
        let at = format!("/purchases/{purchase}/manage");
        has(&browser.see(&at).await, &["登记公共数"]);
        let asked = form(&browser.see(&format!("{at}/beacon")).await);
        let wrong = browser.back(&asked.clone().with("value", "3210.980"), 422).await;
        let told = ["上证指数 2026-12-02 收盘", "正好 2 位小数", "id=\"value-wrong\"", "格式不对"];
        has(&wrong, &told);
        browser.done(&asked.with("value", "3210.98")).await;
        let settled = app.get(&path).by(&parties.applicant).gives(200).await;
        assert_eq!(settled.text_at("/state/state"), "publicity");
    }

    async fn a_number_that_is_not_named_is_not_taken(app: &TestApp) {
        let parties = Parties::gather(app, 3).await;
        let path = published(app, &parties, "random").await;
        registered(app, &parties, &path).await;
        World::time_passes(app, id(&path)).await;
        let beacon = app.post(&format!("{path}/beacon"), &json!({ "value": "1" }));
        beacon.by(&parties.applicant).meets(409, "beacon-not-named").await;
        let beacon = app.post(&format!("{path}/beacon"), &json!({ "value": "" }));
        let problem = beacon.by(&parties.applicant).meets(422, "invalid").await;
        assert_eq!(problem.text_at("/errors/0/pointer"), "/value");
    }

    async fn a_key_that_a_purchase_needs_is_replaced_and_not_taken_back(app: &TestApp) {
        let parties = Parties::gather(app, 3).await;
        let lead = lead(app).await;
        let at = format!("/api/v1/departments/{LEAD}/opening-key");
        let (key, other) = (SupervisorKey::new(&Env::real()), SupervisorKey::new(&Env::real()));
        let put = async |key: &SupervisorKey| {
            app.put(&at, &json!({ "opening_key": key.public() })).by(&lead).gives(200).await
        };
        put(&key).await;
        app.delete(&at).meets(401, "anonymous").await;
        app.delete(&at).by(&parties.operator).meets(403, "departments-only").await;
        app.delete(&at).by(&parties.fire).meets(403, "other-department").await;
        app.delete(&at).by(&lead).header("if-match", "\"1\"").meets(412, "stale").await;

        let path = published(app, &parties, "random").await;
        registered(app, &parties, &path).await;
        app.delete(&at).by(&lead).meets(409, "opening-key-needed").await;
        // Another key is for purchases to come; this one still opens by the first.
        put(&other).await;
        app.delete(&at).by(&lead).meets(409, "opening-key-needed").await;
        World::time_passes(app, id(&path)).await;
        app.delete(&at).by(&lead).meets(409, "opening-key-needed").await;
        let deposit = app.get(&format!("{path}/deposit")).by(&lead).gives(200).await;
        let purchase = id(&path).parse().unwrap();
        let opened = open_deposit(&key, purchase, deposit.text_at("/deposit")).unwrap();
        let open = json!({ "opening_code": *opened.reveal() });
        app.post(&format!("{path}/open"), &open).by(&lead).gives(200).await;

        let cleared = app.delete(&at).by(&lead).gives(200).await;
        assert_eq!(cleared.json["opening_key"], Value::Null);
        let again = app.delete(&at).by(&lead).gives(200).await;
        assert_eq!(again.json, cleared.json, "nothing changes");
        let mut told = app.feed().await;
        told.retain(|entry| entry["event"] == "department_opening_key_cleared");
        assert_eq!(told.len(), 1);
        assert_eq!(told[0]["data"], json!({ "opening_key": null }));
        let path = published(app, &parties, "random").await;
        app.get(&format!("{path}/deposit")).by(&lead).meets(404, "not-found").await;
        put(&key).await;
        let back = app.delete(&at).by(&lead).gives(200).await;
        assert_eq!(back.json["opening_key"], Value::Null, "no purchase holds a deposit");
    }
}
