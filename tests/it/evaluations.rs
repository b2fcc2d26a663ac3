//! Evaluations over HTTP: from the end of an order to what everybody sees of its agency.

use axum::http::Method;
use market_core::{Party, Recorded, order::changes_standing};
use serde_json::{Value, json};

use crate::{
    harness::{TestApp, on_both},
    trade::{Trade, step, trade},
};

/// An order that is completed, and the lead of its matter.
async fn completed(app: &TestApp) -> (Trade, String, String) {
    let trade = trade(app).await;
    let order = trade.signed_off(app).await;
    step(app, &order, "use", &trade.fire, None).await;
    let matter = app.market.matters().get(&"open-restaurant".parse().unwrap()).await.unwrap();
    let lead = app.person("lead", Party::Department(matter.lead)).await;
    (trade, order, lead)
}

fn of_agency(mark: u32) -> Value {
    let marks = json!({ "quality": mark, "timeliness": mark, "attitude": mark, "fee": mark });
    json!({ "marks": marks, "comment": "报告清楚，\n提前交付" })
}

fn of_applicant(mark: u32) -> Value {
    json!({ "marks": { "cooperation": mark, "payment": mark } })
}

fn of_deliverable(mark: u32) -> Value {
    json!({ "marks": { "quality": mark, "lawfulness": mark } })
}

fn allowed(actions: &Value) -> Vec<&str> {
    let actions = actions.as_array().unwrap().iter();
    actions.filter(|one| one["allowed"] == true).map(|one| one["name"].as_str().unwrap()).collect()
}

async fn feed(app: &TestApp) -> Vec<Recorded> {
    app.market.feed().catch_up().await.unwrap();
    app.market.feed().public_after(0, 100_000).await.unwrap().items
}

on_both! {
    async fn an_order_is_evaluated_appealed_against_and_decided(app: &TestApp) {
        let (trade, order, lead) = completed(app).await;
        let path = format!("/api/v1/orders/{order}/evaluations");
        let public = format!("/api/v1/agencies/{}/evaluations", trade.agency_id());
        let nothing = app.get(&public).gives(200).await.json;
        assert_eq!((&nothing["orders"], &nothing["points"]), (&json!(0), &Value::Null));
        assert_eq!(nothing["items"], json!([]));

        let seen = app.get(&path).by(&trade.applicant).gives(200).await.json;
        assert_eq!(seen["window"], json!({ "state": "open", "due": "2026-12-15" }));
        assert_eq!(allowed(&seen["actions"]), ["evaluate"]);
        let asked: Vec<_> =
            seen["dimensions"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
        assert_eq!(asked, ["quality", "timeliness", "attitude", "fee"]);
        let due = "/api/v1/deadlines?kind=evaluation";
        let due = app.get(due).by(&trade.agency).gives(200).await.json;
        assert_eq!((&due["items"][0]["id"], &due["items"][0]["then"]),
            (&json!(order), &json!("evaluation_closes")));

        let given = app.post(&path, &of_agency(1)).by(&trade.applicant).gives(201).await;
        let at = given.headers["location"].to_str().unwrap().to_owned();
        assert_eq!(given.headers["etag"], "\"1\"");
        assert_eq!(given.json["state"]["state"], "sealed");
        app.get(&at).by(&trade.agency).meets(404, "not-found").await;
        app.post(&format!("{at}/appeal"), &json!({ "reason": "不实" }))
            .by(&trade.agency).meets(404, "not-found").await;
        let seen = app.get(&path).by(&trade.agency).gives(200).await.json;
        assert_eq!((&seen["evaluations"], &seen["raters"][0]["given"]), (&json!([]), &json!(true)));
        app.post(&path, &of_agency(5)).by(&trade.applicant).meets(409, "already-evaluated").await;

        app.post(&path, &of_applicant(4)).by(&trade.agency).gives(201).await;
        let last = app.post(&path, &of_deliverable(5)).by(&trade.fire).gives(201).await.json;
        assert_eq!(last["state"]["state"], "published");
        let seen = app.get(&path).by(&trade.agency).gives(200).await.json;
        assert_eq!((&seen["window"]["state"], &seen["points"]), (&json!("closed"), &json!(500)));
        assert_eq!(seen["evaluations"].as_array().unwrap().len(), 3);
        assert_eq!(allowed(&seen["evaluations"][0]["actions"]), ["appeal"]);
        assert_eq!(allowed(&seen["evaluations"][1]["actions"]), [""; 0], "its own");

        let found = app.get(&public).gives(200).await.json;
        assert_eq!((&found["orders"], &found["points"]), (&json!(1), &json!(500)));
        let fee = found["dimensions"].as_array().unwrap().iter().find(|one| one["code"] == "fee");
        assert_eq!((&fee.unwrap()["mean"], &fee.unwrap()["count"]), (&json!("1.00"), &json!(1)));
        assert_eq!(found["items"].as_array().unwrap().len(), 2);
        for secret in [&order, &trade.case, "applicant_id", "rater", "fire-rescue"] {
            assert!(!found.to_string().contains(secret), "{secret} in {found}");
        }
        let first = app.get(&format!("{public}?limit=1")).gives(200).await.json;
        let next = format!("{public}?limit=1&after={}", first["next"].as_str().unwrap());
        let second = app.get(&next).gives(200).await.json;
        assert_eq!((&second["items"][0], &second["next"]), (&found["items"][1], &Value::Null));

        let why = json!({ "reason": "与验收记录不符" });
        app.post(&format!("{at}/appeal"), &why).by(&trade.applicant).meets(409, "other-side").await;
        let appeal = app.post(&format!("{at}/appeal"), &why).by(&trade.agency);
        let appealed = appeal.header("if-match", "\"2\"").gives(200).await;
        assert_eq!((&appealed.json["state"]["state"], &appealed.headers["etag"].to_str().unwrap()),
            (&json!("appealed"), &"\"3\""));
        let standing = format!("/api/v1/agencies/{}/standing", trade.agency_id());
        let frozen = app.get(&standing).gives(200).await.json;
        assert_eq!((&frozen["evaluated"], &frozen["evaluation"]), (&json!(1), &json!(1000)));
        let due = "/api/v1/deadlines?kind=evaluation_appeal";
        let due = app.get(due).by(&lead).gives(200).await.json;
        assert_eq!(due["items"][0]["holders"][0]["kind"], "department");
        let shown = app.get(&at).by(&lead).gives(200).await.json;
        assert_eq!(allowed(&shown["actions"]), ["keep", "hide"]);

        let decide = |decision: &str| json!({ "decision": decision, "reason": "已核实" });
        let deciding = format!("{at}/decide");
        app.post(&deciding, &decide("hide")).by(&trade.operator).meets(409, "other-side").await;
        app.post(&deciding, &decide("hide")).by(&trade.agency).meets(409, "other-side").await;
        app.post(&deciding, &decide("keep")).by(&lead).gives(200).await;
        app.post(&deciding, &decide("keep")).by(&lead).meets(409, "evaluation-not-appealed").await;
        app.post(&format!("{at}/appeal"), &why).by(&trade.agency)
            .meets(409, "already-appealed").await;
        let kept = app.get(&standing).gives(200).await.json;
        assert_eq!(kept["evaluation"], 500);
        app.post(&deciding, &decide("hide")).by(&lead).gives(200).await;
        app.post(&deciding, &decide("hide")).by(&lead).meets(409, "evaluation-hidden").await;
        let found = app.get(&public).gives(200).await.json;
        assert_eq!((&found["hidden"], &found["points"]), (&json!(1), &json!(1000)));
        assert!(!found.to_string().contains("提前交付"), "{found}");
        for entry in feed(app).await {
            let text = serde_json::to_string(&entry).unwrap();
            assert!(!text.contains("提前交付") && !text.contains("与验收记录不符"), "{text}");
        }
    }

    async fn bad_evaluations_name_the_field_and_strangers_see_nothing(app: &TestApp) {
        let trade = trade(app).await;
        let open = trade.signed_off(app).await;
        let path = format!("/api/v1/orders/{open}/evaluations");
        app.post(&path, &of_agency(5)).by(&trade.applicant).meets(409, "evaluation-not-open").await;
        let none = app.get(&path).by(&trade.applicant).gives(200).await.json;
        assert_eq!((&none["window"], allowed(&none["actions"])), (&Value::Null, vec![]));
        step(app, &open, "use", &trade.fire, None).await;

        let with = |code: &str, mark: Value| {
            let mut new = of_agency(5);
            new["marks"][code] = mark;
            new
        };
        let without = json!({ "marks": { "quality": 5, "timeliness": 5, "attitude": 5 } });
        let said = |comment: &str| {
            let mut new = of_agency(5);
            new["comment"] = json!(comment);
            new
        };
        for (body, pointer) in [
            (with("quality", json!(0)), "/marks/quality"),
            (with("quality", json!(6)), "/marks/quality"),
            (with("quality", json!(4.5)), "/marks/quality"),
            (with("quality", json!(-1)), "/marks/quality"),
            (with("quality", json!("5")), "/marks/quality"),
            (with("honesty", json!(5)), "/marks/honesty"),
            (with("a/b~", json!(5)), "/marks/a~1b~0"),
            (without, "/marks/fee"),
            (json!({ "comment": "好" }), "/marks"),
            (json!({ "marks": {}, "stars": 5 }), "/stars"),
            (said(&"好".repeat(501)), "/comment"),
            (said("请致电 138 0000 0000"), "/comment"),
            (said("a\u{202e}b"), "/comment"),
        ] {
            let wrong = app.post(&path, &body).by(&trade.applicant).meets(422, "invalid").await;
            assert!(wrong.text.contains(pointer), "{body}: {}", wrong.text);
        }

        let stranger = app.applicant("stranger").await;
        app.get(&path).by(&stranger).meets(404, "not-found").await;
        app.post(&path, &of_agency(5)).by(&stranger).meets(404, "not-found").await;
        let other = Party::Department("water-resources".parse().unwrap());
        let other = app.person("water", other).await;
        app.post(&path, &of_deliverable(5)).by(&other).meets(404, "not-found").await;
        app.get(&path).meets(401, "anonymous").await;
        app.post(&path, &of_agency(5)).meets(401, "anonymous").await;
        app.post(&path, &of_agency(5)).by(&trade.operator).meets(409, "not-a-rater").await;
        let nowhere = "/api/v1/evaluations/01a20dc1-dd0f-74b2-ae2d-a44a141e5665";
        app.get(nowhere).by(&trade.operator).meets(404, "not-found").await;
        app.ask(Method::GET, "/api/v1/evaluations/one").by(&trade.operator)
            .meets(404, "not-found").await;
        let unknown = "/api/v1/agencies/01a20dc1-dd0f-74b2-ae2d-a44a141e5665/evaluations";
        app.get(unknown).meets(404, "not-found").await;
        let agency = format!("/api/v1/agencies/{}/evaluations", trade.agency_id());
        for query in ["limit=0", "limit=101", "after=nonsense", "role=agency"] {
            app.get(&format!("{agency}?{query}")).meets(422, "invalid").await;
        }

        let given = app.post(&path, &of_agency(5)).by(&trade.applicant).gives(201).await;
        let at = given.headers["location"].to_str().unwrap().to_owned();
        app.get(&at).by(&stranger).meets(404, "not-found").await;
        let deadline = "/api/v1/deadlines?kind=evaluation";
        let due = app.get(deadline).by(&trade.operator).gives(200).await.json;
        let until = due["items"][0]["until"].as_str().unwrap().parse().unwrap();
        app.market.env().set(until);
        let later = app.person("later", Party::Agency(trade.agency_id())).await;
        app.post(&path, &of_applicant(5)).by(&later).meets(409, "evaluation-closed").await;
        assert_eq!(app.market.timers().run_due().await.unwrap(), 1);
        app.post(&path, &of_applicant(5)).by(&later).meets(409, "evaluation-closed").await;
        let shown = app.get(&at).by(&later).gives(200).await.json;
        assert_eq!(shown["state"]["appeal_until"], "2026-12-23");
        app.post(&format!("{at}/appeal"), &json!({ "reason": " " })).by(&later)
            .meets(422, "invalid").await;
        app.market.env().set("2026-12-23T16:00:00Z".parse().unwrap());
        let late = app.person("last", Party::Agency(trade.agency_id())).await;
        app.post(&format!("{at}/appeal"), &json!({ "reason": "不实" })).by(&late)
            .meets(409, "appeal-too-late").await;
        app.post(&format!("{at}/decide"), &json!({ "decision": "erase", "reason": "不实" }))
            .by(&late).meets(422, "invalid").await;
    }

    async fn search_and_the_agency_s_page_follow_what_is_said(app: &TestApp) {
        let (trade, order, lead) = completed(app).await;
        let path = format!("/api/v1/orders/{order}/evaluations");
        let page = format!("/agencies/{}", trade.agency_id());
        assert!(app.get(&page).gives(200).await.text.contains("还没有计入的评价"));
        let given = app.post(&path, &of_agency(1)).by(&trade.applicant).gives(201).await;
        app.post(&path, &of_applicant(5)).by(&trade.agency).gives(201).await;
        app.post(&path, &of_deliverable(1)).by(&trade.fire).gives(201).await;
        let shown = app.get(&page).gives(200).await.text;
        for text in ["服务质量", "1.00 / 5", "（1 次）", "提前交付", "委托人", "使用成果的审批部门"]
        {
            assert!(shown.contains(text), "{text} on {page}");
        }

        let standing = format!("/api/v1/agencies/{}/standing", trade.agency_id());
        let credit = app.get(&standing).gives(200).await.json["credit"].clone();
        assert_eq!(credit, 708, "(4500 + 100) ÷ 6.5");
        let name = app.market.agencies().get(None, trade.agency_id()).await.unwrap().name;
        let name: Vec<_> = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let name = name.concat();
        let found = || async {
            app.market.search().catch_up().await.unwrap();
            let found = app.get(&format!("/api/v1/search?text={name}")).gives(200).await.json;
            let id = json!(trade.agency_id());
            let mut hits = found["items"].as_array().unwrap().iter();
            hits.find(|hit| hit["id"] == id || hit["agency_id"] == id).unwrap()["credit"].clone()
        };
        assert_eq!(found().await, credit);
        let at = given.headers["location"].to_str().unwrap().to_owned();
        let hide = json!({ "decision": "hide", "reason": "已核实不实" });
        app.post(&format!("{at}/decide"), &hide).by(&lead).gives(200).await;
        let told = feed(app).await;
        let last = told.iter().rfind(|entry| changes_standing(entry).is_some()).unwrap();
        assert_eq!(last.event, "evaluation_hidden");
        assert_eq!(found().await, app.get(&standing).gives(200).await.json["credit"]);
        let shown = app.get(&page).gives(200).await.text;
        assert!(!shown.contains("提前交付") && shown.contains("1 条评价经监管部门核实后隐藏"));
    }
}
