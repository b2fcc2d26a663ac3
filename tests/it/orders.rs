//! The main job: a case needs services, they are bought, delivered and used, and the case moves on.

use axum::http::Method;
use market_core::Party;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    harness::{TestApp, on_both},
    trade::{APPRAISAL, INSPECTION, eligible, open, step, trade, trade_in, upload},
};

/// The steps of a case with their states, on one line.
fn steps(progress: &Value) -> String {
    let steps = progress["steps"].as_array().unwrap().iter();
    let line = |step: &Value| format!("{} {}", step["step"], step["state"]).replace('"', "");
    steps.map(line).collect::<Vec<_>>().join(", ")
}

fn requirement<'v>(progress: &'v Value, item: &str) -> &'v Value {
    let all = progress["requirements"].as_array().unwrap();
    all.iter().find(|one| one["item"] == item).unwrap()
}

on_both! {
    async fn an_order_runs_from_placing_to_use_and_the_case_moves_on(app: &TestApp) {
        let trade = trade(app).await;
        let case = format!("/api/v1/cases/{}", trade.case);
        let progress = app.get(&case).by(&trade.applicant).gives(200).await.json;
        let before = steps(&progress);
        let needed = requirement(&progress, INSPECTION);
        assert_eq!(needed["consumers"], json!(["fire-rescue"]));
        assert!(needed["why"].as_str().unwrap().len() > 5, "{needed}");
        assert_eq!(needed["holder"]["parties"][0]["kind"], "applicant");

        let order = trade.place(app).await;
        let progress = app.get(&case).by(&trade.applicant).gives(200).await.json;
        let needed = requirement(&progress, INSPECTION);
        assert_eq!(needed["order"]["id"], order);
        assert_eq!(needed["holder"]["parties"][0]["kind"], "agency");
        assert_eq!(needed["holder"]["until"], "2026-11-26", "two working days to answer");

        let answer = step(app, &order, "accept", &trade.agency, None).await;
        assert_eq!(answer.headers["etag"], "\"2\"");
        step(app, &order, "record-contract", &trade.agency, Some(trade.contract())).await;
        step(app, &order, "confirm-contract", &trade.applicant, None).await;
        trade.deliver(app, &order, "第一版").await;
        let why = json!({ "code": "incomplete", "note": "缺少照片" });
        step(app, &order, "return-for-rework", &trade.applicant, Some(why)).await;
        let second = trade.deliver(app, &order, "第二版").await;
        let signed_off = step(app, &order, "sign-off", &trade.applicant, None).await.json;
        assert_eq!(signed_off["state"]["state"], "signed_off");

        let path = format!("/api/v1/orders/{order}/deliverables/{second}/content");
        let file = app.get(&path).by(&trade.fire).gives(200).await;
        assert_eq!(file.text, "第二版");
        assert!(file.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));

        let completed = step(app, &order, "use", &trade.fire, None).await.json;
        assert_eq!(completed["state"]["state"], "completed");
        let progress = app.get(&case).by(&trade.fire).gives(200).await.json;
        assert!(requirement(&progress, INSPECTION)["satisfied"].as_bool().unwrap());
        assert_ne!(steps(&progress), before);
        let step = |key: &str| {
            let all = progress["steps"].as_array().unwrap();
            all.iter().find(|one| one["step"] == key).unwrap().clone()
        };
        assert_eq!(step("s3")["state"], "in_review");
        assert_eq!(step("s3")["holder"]["parties"][0]["id"], "fire-rescue");

        let approve = format!("{case}/steps/s3/approve");
        app.ask(Method::POST, &approve).by(&trade.fire).gives(200).await;
        app.ask(Method::POST, &approve).by(&trade.fire).meets(409, "step-done").await;

        let timeline = app.get(&format!("{case}/timeline")).by(&trade.applicant).gives(200).await;
        let entry = |one: &Value| {
            let text = |field: &str| one[field].as_str().unwrap_or("-").to_owned();
            let states = format!("{} > {}", text("old_state"), text("new_state"));
            format!("{} {} {states} by {}", text("kind"), text("event"), one["party"]["kind"])
        };
        let entries: Vec<_> = timeline.json["items"].as_array().unwrap().iter().map(entry).collect();
        insta::assert_snapshot!("timeline", entries.join("\n"));
    }

    async fn twenty_at_once_order_a_need_once(app: &TestApp) {
        let trade = trade(app).await;
        let mut calls = JoinSet::new();
        for _ in 0..20 {
            let asking = app.post("/api/v1/orders", &trade.order()).by(&trade.applicant);
            calls.spawn(async move { asking.send().await });
        }
        let answers = calls.join_all().await;
        let placed = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(placed, 1);
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            assert_eq!((answer.status, &answer.json["code"]), (409, &json!("already-ordered")));
        }
        let orders = app.get("/api/v1/orders").by(&trade.applicant).gives(200).await.json;
        assert_eq!(orders["items"].as_array().unwrap().len(), 1);
    }

    async fn one_key_places_one_order_with_one_answer(app: &TestApp) {
        let trade = trade(app).await;
        let mut calls = JoinSet::new();
        for _ in 0..10 {
            let asking = app.post("/api/v1/orders", &trade.order()).by(&trade.applicant);
            let asking = asking.header("idempotency-key", "buy-1");
            calls.spawn(async move { asking.gives(201).await.text });
        }
        let answers = calls.join_all().await;
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        let mut other = trade.order();
        other["item"] = json!(APPRAISAL);
        let asking = app.post("/api/v1/orders", &other).by(&trade.applicant);
        asking.header("idempotency-key", "buy-1").meets(422, "idempotency-key-reused").await;
    }

    async fn the_price_and_the_terms_must_be_those_that_were_seen(app: &TestApp) {
        let trade = trade(app).await;
        let mut cheaper = trade.order();
        cheaper["price"] = json!("0.01");
        app.post("/api/v1/orders", &cheaper).by(&trade.applicant).meets(409, "listing-changed").await;

        let mut terms = serde_json::to_value(&trade.listing.terms).unwrap();
        terms["days"] = json!(trade.listing.terms.days + 1);
        let path = format!("/api/v1/listings/{}/terms", trade.listing.id);
        app.put(&path, &terms).by(&trade.agency).gives(200).await;
        let asking = app.post("/api/v1/orders", &trade.order()).by(&trade.applicant);
        asking.meets(409, "listing-changed").await;
    }

    async fn eligibility_is_asked_again_when_the_order_is_placed(app: &TestApp) {
        let trade = trade(app).await;
        let suspend = format!("/api/v1/agencies/{}/suspend", trade.agency_id());
        let why = json!({ "months": 3, "reason": "虚假材料" });
        app.post(&suspend, &why).by(&trade.operator).gives(200).await;
        let asking = app.post("/api/v1/orders", &trade.order()).by(&trade.applicant);
        let problem = asking.meets(409, "ineligible").await.json;
        let codes: Vec<_> =
            problem["reasons"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
        assert_eq!(codes, ["agency-suspended"]);

        let path = format!("/api/v1/cases/{}/eligibility?listing={}", trade.case, trade.listing.id);
        let answer = app.get(&path).by(&trade.applicant).gives(200).await.json;
        assert_eq!((&answer["eligible"], &answer["reasons"]), (&json!(false), &problem["reasons"]));
    }

    async fn each_side_takes_its_own_steps_and_strangers_see_nothing(app: &TestApp) {
        let trade = trade(app).await;
        let order = trade.place(app).await;
        let path = |name: &str| format!("/api/v1/orders/{order}/{name}");
        let post = |name: &str| app.ask(Method::POST, &path(name));
        post("accept").by(&trade.applicant).meets(409, "other-side").await;
        post("use").by(&trade.fire).meets(409, "order-not-signed-off").await;
        post("use").by(&trade.agency).meets(403, "departments-only").await;
        post("accept").send().await;

        let stranger = app.applicant("stranger").await;
        post("accept").by(&stranger).meets(404, "not-found").await;
        let show = format!("/api/v1/orders/{order}");
        app.get(&show).by(&stranger).meets(404, "not-found").await;
        app.get(&format!("/api/v1/cases/{}", trade.case)).by(&stranger).meets(404, "not-found").await;
        let other = Party::Department("water-resources".parse().unwrap());
        let other = app.person("water", other).await;
        app.get(&show).by(&other).meets(404, "not-found").await;
        app.get(&show).meets(401, "anonymous").await;

        let actions = app.get(&path("actions")).by(&trade.agency).gives(200).await.json;
        let accept = actions["items"].as_array().unwrap().iter().find(|one| one["name"] == "accept");
        assert_eq!(accept.unwrap()["allowed"], true);
    }

    async fn a_department_returns_what_it_cannot_use_and_all_use_the_next_version(app: &TestApp) {
        let trade = trade_in(app, APPRAISAL).await;
        let order = trade.signed_off(app).await;
        let officer = |code: &str| Party::Department(code.parse().unwrap());
        let shown = app.get(&format!("/api/v1/orders/{order}")).by(&trade.applicant).gives(200).await;
        let uses = shown.json["state"]["uses"].as_array().unwrap().clone();
        assert_eq!(uses.len(), 2, "{uses:?}");
        let codes: Vec<_> = uses.iter().map(|one| one["department"].as_str().unwrap()).collect();
        let first = app.person("first", officer(codes[0])).await;
        let second = app.person("second", officer(codes[1])).await;
        step(app, &order, "use", &first, None).await;
        let path = format!("/api/v1/orders/{order}");
        app.ask(Method::POST, &format!("{path}/use")).by(&first).meets(409, "already-used").await;
        let fire = app.ask(Method::POST, &format!("{path}/use")).by(&trade.fire);
        fire.meets(409, "not-a-consumer").await;

        let why = json!({ "code": "substandard", "note": "点位不足" });
        let returned = step(app, &order, "return", &second, Some(why)).await.json;
        assert_eq!(returned["state"]["state"], "reworking");
        assert_eq!(returned["state"]["returned"]["by"]["id"], codes[1]);
        trade.deliver(app, &order, "第二版").await;
        step(app, &order, "sign-off", &trade.applicant, None).await;
        step(app, &order, "use", &second, None).await;
        let done = step(app, &order, "use", &first, None).await.json;
        assert_eq!(done["state"]["state"], "completed");
    }

    async fn an_order_that_comes_to_nothing_frees_its_need(app: &TestApp) {
        let trade = trade(app).await;
        let why = json!({ "reason": "不再需要" });
        let first = trade.place(app).await;
        step(app, &first, "decline", &trade.agency, Some(why.clone())).await;
        let second = trade.place(app).await;
        step(app, &second, "cancel", &trade.applicant, Some(why.clone())).await;
        let third = trade.in_service(app).await;
        let path = format!("/api/v1/orders/{third}/cancel");
        app.post(&path, &why).by(&trade.applicant).meets(409, "order-not-cancellable").await;
        step(app, &third, "terminate", &trade.agency, Some(why)).await;
        trade.place(app).await;
    }

    async fn an_upload_must_be_what_it_says(app: &TestApp) {
        let trade = trade(app).await;
        let order = trade.in_service(app).await;
        let path = format!("/api/v1/orders/{order}/deliverables?name=report.txt");
        let sent = |digest: &str| {
            let asking = app.ask(Method::POST, &path).body("application/octet-stream", "报告");
            asking.header("x-content-sha256", digest)
        };
        let wrong = "0".repeat(64);
        sent(&wrong).by(&trade.agency).meets(422, "digest-mismatch").await;
        sent("abc").by(&trade.agency).meets(422, "invalid").await;
        sent(&wrong).by(&trade.applicant).meets(409, "other-side").await;
        let empty = app.ask(Method::POST, &path).header("x-content-sha256", &wrong);
        empty.by(&trade.agency).meets(422, "file-empty").await;
        let bad_name = path.replace("report.txt", "..%2Fetc%2Fpasswd");
        let asking = app.ask(Method::POST, &bad_name).body("application/octet-stream", "x");
        asking.header("x-content-sha256", &wrong).by(&trade.agency).meets(422, "invalid").await;
        let none = app.post(&format!("/api/v1/orders/{order}/deliver"), &json!({ "deliverable": 1 }));
        none.by(&trade.agency).meets(409, "no-such-upload").await;

        let kept = upload(app, &order, &trade.agency, "报告").await.json;
        assert_eq!((&kept["number"], &kept["size"]), (&json!(1), &json!(6)));
        let unseen = format!("/api/v1/orders/{order}/deliverables/1/content");
        app.get(&unseen).by(&trade.applicant).meets(404, "not-found").await;
        app.get(&unseen).by(&trade.agency).gives(200).await;
    }

    async fn a_completed_order_serves_another_case_of_its_applicant(app: &TestApp) {
        let trade = trade(app).await;
        let order = trade.signed_off(app).await;
        let other = open(app, &trade.applicant, "open-restaurant").await;
        let path = format!("/api/v1/cases/{other}/requirements/{INSPECTION}/link");
        let link = json!({ "order_id": order });
        app.post(&path, &link).by(&trade.fire).meets(409, "not-reusable").await;
        step(app, &order, "use", &trade.fire, None).await;
        app.post(&path, &link).by(&trade.applicant).meets(403, "departments-only").await;
        let case = app.post(&path, &link).by(&trade.fire).gives(200).await.json;
        let linked = requirement(&case, INSPECTION);
        assert_eq!((&linked["order_id"], &linked["linked_by"]), (&json!(order), &json!("fire-rescue")));
        let again = json!({
            "case_id": other, "item": INSPECTION, "listing_id": trade.listing.id,
            "listing_number": trade.listing.number, "price": trade.listing.terms.price,
        });
        app.post("/api/v1/orders", &again).by(&trade.applicant).meets(409, "already-ordered").await;

        let nothing = json!({ "order_id": uuid::Uuid::nil() });
        app.post(&path, &nothing).by(&trade.fire).meets(409, "not-reusable").await;
        let why = json!({ "reason": "改期" });
        let withdraw = format!("/api/v1/cases/{other}/withdraw");
        app.post(&withdraw, &why).by(&trade.applicant).gives(200).await;
        app.post(&path, &link).by(&trade.fire).meets(409, "case-closed").await;
    }

    async fn what_a_step_was_told_is_checked_with_its_place(app: &TestApp) {
        let trade = trade(app).await;
        let place = |field: &str, value: Value| {
            let mut order = trade.order();
            order[field] = value;
            app.post("/api/v1/orders", &order).by(&trade.applicant)
        };
        for (field, value) in [
            ("price", json!("12.345")),
            ("price", json!(12.5)),
            ("price", json!("-1")),
            ("item", json!("环评")),
            ("listing_id", json!("x")),
            ("listing_number", json!("1")),
            ("surprise", json!(1)),
        ] {
            let problem = place(field, value.clone()).meets(422, "invalid").await.json;
            assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"), "{value}");
        }
        place("listing_id", json!(uuid::Uuid::nil())).meets(404, "not-found").await;
        place("item", json!("audit-nobody-needs")).meets(409, "not-needed").await;
        let new = json!({ "matter": "no-such", "title": "\u{0}", "region": "330282", "fund": "social" });
        app.post("/api/v1/cases", &new).by(&trade.applicant).meets(422, "invalid").await;
        let new = json!({ "matter": "no-such", "title": "x", "region": "330282", "fund": "social" });
        let problem = app.post("/api/v1/cases", &new).by(&trade.applicant).meets(422, "invalid").await;
        assert_eq!(problem.json["errors"][0]["pointer"], "/matter");
        let order = trade.place(app).await;
        let stale = app.ask(Method::POST, &format!("/api/v1/orders/{order}/accept"));
        stale.by(&trade.agency).header("if-match", "\"7\"").meets(412, "stale").await;
    }

    async fn fiscal_money_over_the_limit_is_not_spent_directly(app: &TestApp) {
        let trade = trade_in(app, "environmental-monitoring").await;
        let mut terms = serde_json::to_value(&trade.listing.terms).unwrap();
        terms["price"] = json!("100000.00");
        let path = format!("/api/v1/listings/{}/terms", trade.listing.id);
        app.put(&path, &terms).by(&trade.agency).gives(200).await;
        let new = json!({
            "matter": "open-restaurant", "title": "机关食堂", "region": "330282", "fund": "fiscal",
        });
        let case = app.post("/api/v1/cases", &new).by(&trade.applicant).gives(201).await;
        let case = case.text_at("/id");
        let path = format!("/api/v1/cases/{case}/eligibility?listing={}", trade.listing.id);
        let answer = app.get(&path).by(&trade.applicant).gives(200).await.json;
        assert_eq!(answer["reasons"].as_array().unwrap().len(), 1, "{answer}");
        assert_eq!(answer["reasons"][0]["code"], "direct-over-limit");
        eligible(app, &trade.applicant, &trade.case, "environmental-monitoring").await;
    }
}
